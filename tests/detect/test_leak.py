"""The line at zero that a receiver's oscillator leaves is measured and taken out, and nothing else is."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwarden.detect.bursts import bursts
from cellwarden.detect.finds import finds
from cellwarden.detect.leak import PIECES, SILENT, leak, needs_fractions, piece_means, take_out, take_out_course
from cellwarden.detect.suppress import without_shadows
from cellwarden.model import Block, Burst, Segment

RATE = 5e6


def noise(count: int, seed: int, deviation: float = 100.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 2)) * deviation


def pairs(wave: np.ndarray) -> np.ndarray:
    return np.stack([wave.real, wave.imag], 1).astype(np.float32)


def boxed(iq: np.ndarray, size: int) -> list[Burst]:
    refused: Counter[str] = Counter()
    segment = Segment(0, len(iq), RATE)
    parts = [Block(iq[k : k + size], 2**-15, k, segment) for k in range(0, len(iq), size)]
    return [b for find in finds(parts, refused) for n in range(len(find.regions)) for b in bursts(find, n, refused)]


def test_a_leak_is_measured_to_the_error_of_a_median() -> None:
    i, q, power, wanders = leak(np.add(noise(500_000, 1), (37.0, -12.0)).astype(np.float32))
    assert not wanders and power == pytest.approx(2 * 100**2, rel=0.6)
    # σ √(π/2) of 32 means over 2048 samples each
    assert (i, q) == pytest.approx((37.0, -12.0), abs=4 * 100 * np.sqrt(np.pi / 2 / (32 * 2048)))


@pytest.mark.parametrize("seed", range(8))
def test_noise_and_carriers_beside_zero_do_not_leak(seed: int) -> None:
    wave = noise(500_000, seed) @ [1, 1j]
    assert leak(pairs(wave))[:2] == (0, 0) and not leak(pairs(wave)).wanders
    wave += 1000 * np.exp(2j * np.pi * 2e3 / RATE * np.arange(len(wave)))  # a station 2 kHz beside the middle
    assert leak(pairs(wave))[:2] == (0, 0) and not leak(pairs(wave)).wanders


@pytest.mark.parametrize("seed", range(8))
def test_calls_in_the_middle_do_not_wander(seed: int) -> None:
    rng, count = np.random.default_rng(seed), 300_000
    symbols = np.repeat(rng.choice([-1.0, 1.0], count // 18 + 1), 18)[:count]
    sent = 2000 * np.exp(0.5j * np.pi / 18 * np.cumsum(symbols))  # keyed at 278 kBd, in one slot of eight
    sent[np.arange(count) // 2885 % 8 > 0] = 0
    assert not leak(pairs(sent + noise(count, seed) @ [1, 1j])).wanders


def hum(count: int, strength: float) -> np.ndarray:
    """Of the mains, other on both axes."""
    t = np.arange(count) / RATE
    return strength * (np.cos(2 * np.pi * 50 * t) + 0.5j * np.sin(2 * np.pi * 100 * t))


@pytest.mark.parametrize("strength", [50.0, 300.0, 1000.0])
def test_a_leak_that_wanders_is_followed(strength: float) -> None:
    """Between places 0.8 ms apart the curve errs by less than 2 % of the hum; half of the means’ own noise is added."""
    count = 262_144
    iq = pairs(hum(count, strength) + noise(count, 8) @ [1, 1j])
    assert leak(iq).wanders
    lost = slice(100_000, 100_200)
    part = iq.copy()
    part[lost] = 0
    take_out_course(part)
    assert not part[lost].any() and np.abs(part).max() < np.abs(iq).max()
    take_out_course(iq)
    assert not leak(iq).wanders
    left = iq.reshape(-1, 1024, 2).mean(axis=1)
    assert np.sum(np.var(left, axis=0)) < 1.5 * 2 * 100**2 / 1024 + (0.02 * strength) ** 2


@pytest.mark.parametrize("apart", [64, 500])
def test_means_of_pieces_are_the_plain_ones(apart: int) -> None:
    iq = noise(PIECES * apart, 3).astype(np.int16)
    plain = iq.reshape(PIECES, apart, 2)[:, :50].mean(axis=1)
    np.testing.assert_allclose(piece_means(iq, apart, 50), plain, rtol=1e-9, atol=1e-9)


@given(
    runs=st.lists(st.tuples(st.booleans(), st.integers(1, 3 * SILENT)), min_size=1, max_size=8),
    whole=st.booleans(),
    i=st.floats(-40_000, 40_000),
)
@settings(max_examples=60)
def test_a_leak_is_taken_out_of_all_but_long_zeros(runs: list[tuple[bool, int]], whole: bool, i: float) -> None:
    loud = np.concatenate([np.full(count, sound) for sound, count in runs])
    iq = np.where(loud[:, None], np.array([[7, -7]]), 0).astype(np.int16 if whole else np.float32)
    edges = np.flatnonzero(np.diff(np.concatenate([[True], loud, [True]]).astype(int)))
    expected = iq.astype(np.float64) - ([np.round(i), 3.0] if whole else [i, 3.4])
    for start, end in edges.reshape(-1, 2):
        if end - start >= SILENT:
            expected[start:end] = 0
    take_out(iq, i, 3.4)
    np.testing.assert_allclose(iq, np.clip(expected, -32768, 32767) if whole else expected, rtol=1e-6, atol=1e-3)


def test_rounding_is_refused_where_it_would_leave_a_line() -> None:
    assert needs_fractions(2.5, 0.0, 2.0)  # 8 bits whose noise is one step: a quarter is left, of two
    assert not needs_fractions(2.5, 0.0, 2e4)
    assert not needs_fractions(3.0, -1.0, 2.0)


@pytest.mark.parametrize(("deviation", "dtype"), [(100.0, np.int16), (1.0, np.int16), (100.0, np.float32)])
def test_a_burst_across_a_strong_leak_is_boxed_as_without_it(deviation: float, dtype: type) -> None:
    rng = np.random.default_rng(5)
    wave = noise(400_000, 6, deviation) @ [1, 1j]
    sent = np.fft.fft(rng.normal(size=(5000, 2)) @ [1, 1j]) * (np.abs(np.fft.fftfreq(5000)) < 0.1)
    wave[200_000:205_000] += np.fft.ifft(sent) * deviation * np.sqrt(5)  # 1 MHz of 7 dB
    leaking = wave + deviation * (4.3 + 3.1j)  # 11 dB over all of the noise
    boxes = [boxed(np.stack([w.real, w.imag], 1).round().astype(dtype), 1 << 18) for w in (wave, leaking)]
    (plain,), (found,) = boxes
    assert (found.sample_start, found.sample_count) == pytest.approx((plain.sample_start, plain.sample_count), abs=30)
    assert found.low_offset_hz == pytest.approx(-500e3, abs=40e3)
    assert found.high_offset_hz == pytest.approx(500e3, abs=40e3)
    assert found.snr_db == pytest.approx(7.0, abs=0.7)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_a_burst_across_a_leak_that_wanders_is_boxed_as_without_it(dtype: type) -> None:
    rng, count = np.random.default_rng(5), 500_000
    wave = noise(count, 6) @ [1, 1j]
    sent = np.fft.fft(rng.normal(size=(5000, 2)) @ [1, 1j]) * (np.abs(np.fft.fftfreq(5000)) < 0.1)
    wave[200_000:205_000] += np.fft.ifft(sent) * 100 * np.sqrt(5)
    boxes = [boxed(pairs(w).round().astype(dtype), 1 << 18) for w in (wave, wave + hum(count, 300.0))]
    (plain,), (found,) = boxes
    assert (found.sample_start, found.sample_count) == pytest.approx((plain.sample_start, plain.sample_count), abs=30)
    assert (found.low_offset_hz, found.high_offset_hz) == pytest.approx((-500e3, 500e3), abs=40e3)


@pytest.mark.parametrize("strength", [0.0, 4.0])
def test_how_the_stream_is_cut_does_not_show_in_what_is_taken_out(strength: float) -> None:
    wave = noise(700_000, 7, 2.0) @ [1, 1j] + 9.4 - 3.7j + hum(700_000, strength)
    wave[300_000:304_000] += 30 * np.exp(2j * np.pi * np.cumsum(0.05 * np.sin(np.arange(4000) / 60)))
    iq = np.stack([wave.real, wave.imag], 1).round().astype(np.int16)
    whole = boxed(iq, len(iq))
    assert any(abs(b.sample_start - 300_000) < 3000 and b.sample_count > 4000 for b in whole)
    assert len(whole) == (2 if strength else 1)  # beside hum that strong a splash of 90 samples stays
    assert boxed(iq, 37_001) == whole


def test_the_swing_back_of_a_receivers_middle_after_a_strong_burst_is_its_shadow() -> None:
    floor, rate = -150.0, 30.72e6
    strong = Burst(100_000, 30_000, -4.5e6, -3.0e6, 68.0, floor)
    for after_s, snr_db, kept in ((0.12e-3, 18.0, False), (0.12e-3, 30.0, True), (0.4e-3, 18.0, True)):
        swing = Burst(100_300, 29_700 + round(after_s * rate), -0.5e6, 0.5e6, snr_db, floor)
        left = without_shadows([strong, swing], [], rate, Counter())
        assert left == ([strong, swing] if kept else [strong])
