"""LTE's loops against plain numpy twins, and what they say of waves made by the standard."""

import math

import numpy as np
import pytest

from cellwarden.airinterface.lte_kernels import (
    best_stretches,
    cropped,
    prefix_likeness,
    slot_powers,
    symbols_at,
    tones,
    turned,
)
from cellwarden.airinterface.lte_match_kernels import (
    best_pairs,
    best_parts,
    beyond_chance,
    conjugate_products,
    explained_parts,
    largest_parts,
    tone_powers,
)
from cellwarden.airinterface.lte_receiver import Stretch, narrowed, stretch
from cellwarden.airinterface.lte_waveform import generate
from cellwarden.airinterface.nr_likeness import look
from cellwarden.model import Block, Burst, Segment

RATE_HZ = 3.84e6


def twin_stretches(power: np.ndarray, freedom: int, per_block: int, numbers: list[int]) -> list[tuple[float, int]]:
    strong = np.max(np.convolve(power, np.ones(per_block) / per_block, "valid"))
    level = max(1.0, strong / 200)
    gamma = min(max(strong / level - 1.0, 0.3), 20.0) * 0.7
    total = np.concatenate([[0], np.cumsum(freedom * (power / level * gamma / (1 + gamma) - math.log1p(gamma)))])
    sums = [total[n * per_block :] - total[: -n * per_block] for n in numbers]
    return [(float(np.max(s)), int(np.argmax(s))) for s in sums]


@pytest.mark.parametrize("size", [12, 13, 128])
def test_bands_are_those_of_the_twin(size: int) -> None:
    rng = np.random.default_rng(size)
    power = rng.exponential(1.0, size)
    power[size // 4 : size // 2] += 3.0
    numbers = np.array([n for n in (1, 2, 5, 10) if 12 * n <= size])
    nats, first = np.empty(len(numbers)), np.empty(len(numbers), np.int64)
    best_stretches(power, 14, 12, numbers, nats, first)
    for found, at, (expected, place) in zip(nats, first, twin_stretches(power, 14, 12, numbers.tolist()), strict=True):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)
        assert at == place


def test_likeness_is_that_of_the_twin_also_at_the_edges() -> None:
    rng = np.random.default_rng(4)
    y = (rng.normal(size=300) + 1j * rng.normal(size=300)).astype(np.complex64)
    places, offsets, lag, length = np.array([-20, 0, 7, 150, 260]), np.array([0, 60]), 40, 9
    out = np.empty(len(places), np.float32)
    prefix_likeness(y, lag, length, places, offsets, out)
    for place, found in zip(places, out, strict=True):
        at = [t for o in offsets for t in range(place + o, place + o + length) if t >= 0 and t + lag < len(y)]
        here, there = y[at], y[np.array(at, int) + lag]
        energy = np.sum(np.abs(here) ** 2 + np.abs(there) ** 2) / 2 + 1e-30
        assert found == pytest.approx(abs(np.vdot(there, here)) / energy, rel=1e-4, abs=1e-6)


def _box(wave: np.ndarray, snr_db: float, rng: np.random.Generator) -> tuple[Burst, Block]:
    """A wave of power 1 a sample, 1.08 MHz wide, in noise."""
    lead = round(1e-3 * RATE_HZ)
    noise = 10 ** (-snr_db / 10) * RATE_HZ / 1.08e6
    x = rng.normal(size=(len(wave) + 2 * lead, 2)) * math.sqrt(noise / 2)
    x[lead : lead + len(wave)] += np.stack([wave.real, wave.imag], axis=1)
    block = Block(x.astype(np.float32), 1.0, 0, Segment(0, len(x), RATE_HZ))
    return Burst(lead, len(wave), -0.54e6, 0.54e6, snr_db, 10 * math.log10(noise / RATE_HZ)), block


def test_a_subframe_is_like_itself_at_the_lag_of_its_spacing_only() -> None:
    rng = np.random.default_rng(5)
    wave = generate("pusch", rng, rate_hz=RATE_HZ, blocks=6)
    alike = look(*_box(wave, 10.0, rng))
    assert alike.prefixes(1)
    assert not alike.prefixes(2) and not alike.prefixes(4)


def test_noise_as_strong_as_a_burst_is_like_nothing() -> None:
    rng = np.random.default_rng(6)
    wave = np.convolve(rng.normal(size=4000) + 1j * rng.normal(size=4000), np.ones(4) / math.sqrt(8), "same")
    alike = look(*_box(wave, 10.0, rng))
    assert not any(alike.prefixes(m) or alike.repeats(m) for m in (1, 2, 4))


def test_a_stretch_of_a_fast_recording_keeps_a_line_where_it_is_and_no_alias() -> None:
    """Decimation by eight and a cut spectrum: 74 dB between a line in the band and one that would fold onto it."""
    rate, count = 30.72e6, 61440
    t = np.arange(count) / rate
    inside = np.exp(2j * np.pi * (3e6 + 0.2e6) * t)
    folding = np.exp(2j * np.pi * (3e6 + 3.84e6 + 0.1e6) * t)
    iq = np.stack([(inside + folding).real, (inside + folding).imag], axis=1).astype(np.float32)
    block = Block(iq, 1.0, 0, Segment(0, count, rate))
    heard = stretch(Burst(count // 4, count // 2, 0.0, 0.0, 0.0, -150.0), block, 0.0, 3e6, 128)
    assert heard.rate_hz == pytest.approx(1.92e6)
    windowed = np.abs(np.fft.fft(heard.y * np.blackman(len(heard.y)))) ** 2
    hz = np.fft.fftfreq(len(heard.y), 1 / heard.rate_hz)
    line = np.max(windowed[np.abs(hz - 0.2e6) < 5e3])
    assert abs(float(np.mean(np.abs(heard.y) ** 2)) - 1) < 0.01
    assert 10 * math.log10(np.max(windowed[np.abs(hz - 0.1e6) < 5e3]) / line) < -60


@pytest.mark.parametrize("count", [0, 1, 255, 256, 700])
def test_turned_samples_are_the_plain_ones(count: int) -> None:
    rng = np.random.default_rng(count)
    y = rng.normal(size=(count, 2)).astype(np.float32).view(np.complex64)[:, 0]
    out = np.empty(count, np.complex64)
    turned(y, 0.1234, 17.5, out)
    assert np.allclose(out, y * np.exp(-2j * np.pi * 0.1234 * (np.arange(count) - 17.5)), atol=1e-5)


def twin_pairs(beyond: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    count = beyond.shape[-1]
    same = np.where(beyond.min(axis=0) > least, beyond.sum(axis=0), 0.0)
    hopped = beyond.max(axis=-1) - math.log(count)
    two = np.where(hopped.min(axis=0) > least, hopped.sum(axis=0) + math.log(count), 0.0)
    group = np.where(same.max(axis=-1) >= two, same.argmax(axis=-1), beyond[0].argmax(axis=-1))
    return np.maximum(same.max(axis=-1), two), group


def test_pairs_are_those_of_the_twin() -> None:
    beyond = np.random.default_rng(5).normal(3.0, 4.0, (2, 200, 30))
    best, group = np.empty(200), np.empty(200, np.int64)
    best_pairs(beyond, 3.0, best, group)
    expected, groups = twin_pairs(beyond, 3.0)
    assert np.allclose(best, expected)
    assert np.array_equal(group, groups)


@pytest.mark.parametrize("length", [12, 24])
def test_best_parts_are_those_of_the_plain_product(length: int) -> None:
    rng = np.random.default_rng(length)
    bands = rng.normal(size=(9, length, 2)).astype(np.float32).view(np.complex64)[..., 0]
    bank = rng.normal(size=(length, 5 * 3, 2)).astype(np.float32).view(np.complex64)[..., 0]
    out = np.empty((9, 3), np.float32)
    best_parts(bands, bank.real.copy(), bank.imag.copy(), 3, out)
    plain = np.abs(bands @ bank).reshape(9, 5, 3).max(axis=1) ** 2 / np.sum(np.abs(bands) ** 2, axis=1)[:, None]
    assert np.allclose(out, plain, rtol=1e-4)


def test_tones_are_the_plain_sums() -> None:
    rng = np.random.default_rng(6)
    products = rng.normal(size=(2, 40, 2)).astype(np.float32).view(np.complex64)[..., 0]
    turns, starts, out = np.array([0.3, -1.2, 2.9]), np.array([0, 12, 17]), np.empty((3, 3))
    tones(products, turns, starts, 23, out)
    for p, start in enumerate(starts):
        part = products[:, start : start + 23]
        sums = part @ np.exp(1j * turns[None, :] * np.arange(start, start + 23)[:, None])
        plain = (np.abs(sums) ** 2 / np.sum(np.abs(part) ** 2, axis=1)[:, None]).sum(axis=0)
        assert np.allclose(out[p], plain, rtol=1e-4)


def noise(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


@pytest.mark.parametrize(("count", "kept"), [(12, 8), (13, 8), (12, 7), (8, 12), (7, 12), (8, 8)])
def test_a_spectrum_is_cropped_or_filled_up_and_silent_beyond_its_edge(count: int, kept: int) -> None:
    spectrum, out = noise(np.random.default_rng(count), count), np.empty(kept, np.complex64)
    cropped(spectrum, 1.5, 4.0, out)
    for at, k in enumerate(np.fft.fftfreq(kept, 1 / kept).round().astype(int)):
        held = k in np.fft.fftfreq(count, 1 / count).round() and abs(1.5 + k) <= 4.0
        assert out[at] == pytest.approx(spectrum[k] * kept / count if held else 0)


def test_narrowed_samples_hold_the_frequencies_that_are_asked_for() -> None:
    rng = np.random.default_rng(41)
    y = noise(rng, 50)
    hz = np.fft.fftfreq(50, 1 / 100.0)
    for middle, half in ((0.0, 10.0), (-20.0, 5.0), (30.0, 90.0)):
        expected = np.fft.ifft(np.fft.fft(y) * (np.abs(hz - middle) <= half))
        for spectrum in (None, np.fft.fft(y).astype(np.complex64)):
            told = narrowed(Stretch(y, 100.0, 0.0, 1.0, 0.0, 1.0, spectrum), middle, half)
            assert np.allclose(told, expected, atol=1e-5)


def test_windows_are_turned_and_silent_beside_the_samples() -> None:
    y, starts, turns = noise(np.random.default_rng(42), 40), np.array([-50, -5, 0, 30, 70]), np.array([0.0, 0.13])
    out = np.empty((2, 5, 16), np.complex64)
    symbols_at(y, starts, turns, out)
    padded = np.concatenate([np.zeros(60), y, np.zeros(60)])
    expected = padded[60 + starts[:, None] + np.arange(16)] * np.exp(-2j * np.pi * turns[:, None, None] * np.arange(16))
    assert np.allclose(out, expected, atol=1e-5)


def test_parts_of_chosen_sequences_are_those_of_the_twin() -> None:
    rng = np.random.default_rng(43)
    bands, sequences, which = noise(rng, 3, 20), noise(rng, 5, 20), np.array([1, 4])
    products, out = np.empty((6, 40), np.complex64), np.full((3, 5), 7.0)
    conjugate_products(bands, sequences, which, products)
    largest_parts(bands, np.fft.fft(products).astype(np.complex64), which, out)
    delays = np.abs(np.fft.fft(bands[:, None] * sequences[which], 40)) ** 2
    energy = (np.abs(bands) ** 2).sum(axis=-1)[:, None]
    assert np.allclose(out[:, which], delays.max(axis=-1) / energy / 20, rtol=1e-4)
    assert (out[:, [0, 2, 3]] == 7.0).all()


def test_tones_of_products_and_explained_energy_are_those_of_the_twin() -> None:
    rng = np.random.default_rng(44)
    bands, sent, out = noise(rng, 2, 20), noise(rng, 19, 6), np.empty((2, 6), np.float32)
    tone_powers(bands, np.ascontiguousarray(sent.real), np.ascontiguousarray(sent.imag), out)
    assert np.allclose(out, np.abs((bands[:, :-1] * bands[:, 1:].conj()) @ sent) ** 2, rtol=1e-4)
    both, parts, explained = noise(rng, 2, 4, 30), rng.uniform(0, 1.2, (2, 4)), np.empty(4)
    explained_parts(both, parts, 1.0, explained)
    energy = np.mean(np.abs(both) ** 2, axis=-1)
    expected = np.minimum(parts, 0.9999) * energy / np.maximum(energy - 1.0, 0.05 * energy)
    assert np.allclose(explained, expected.min(axis=0), rtol=1e-4)


def test_a_subframe_is_as_strong_as_its_weaker_slot() -> None:
    y, places = noise(np.random.default_rng(45), 400), np.array([-150.0, 0.0, 20.3, 390.0])
    out = np.empty(4)
    slot_powers(y, places, 200.0, out)
    power = np.abs(y) ** 2
    for place, told in zip(places, out, strict=True):
        edges = [np.clip([round(place + b), round(place + b + 160.0)], 0, 400) for b in (20.0, 220.0)]
        assert told == pytest.approx(min(power[a:b].sum() / max(b - a, 1) for a, b in edges), rel=1e-4)


def test_nats_beyond_chance_are_summed_over_symbols() -> None:
    parts = np.random.default_rng(46).uniform(0, 1, (7, 5, 30)).astype(np.float32)
    out = np.empty((5, 30))
    beyond_chance(parts, 11, 2.9, 12.0, out)
    expected = np.clip(-11 * np.log1p(-np.minimum(parts.astype(float), 0.9999)) - 2.9, 0, 12).sum(axis=0)
    assert np.allclose(out, expected, rtol=1e-5)
