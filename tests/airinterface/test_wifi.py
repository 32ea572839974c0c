"""The Wi-Fi recognisers against generators that obey the standard, its printed samples, and recordings."""

import math
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import wifi
from cellwarden.airinterface.wifi_kernels import coherence, despread, folded, folded_peak, training_nats
from cellwarden.airinterface.wifi_waveform import (
    BARKER,
    LONG_SEED,
    Rate,
    cck_chips,
    dsss_chips,
    generate_dsss,
    generate_ofdm,
    long_training,
    scrambled,
    short_training,
    tones_at,
)
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.waves import gaussian, tone

OFDM_HZ, DSSS_HZ = 16.6e6, 16e6


def recognised(
    wave: np.ndarray,
    snr_db: float,
    width_hz: float,
    rng: np.random.Generator,
    rate: float,
    *,
    centre: float | None = None,
    offset: float = 0.0,
    late_s: float = 0.0,
) -> tuple[list[Emission], int]:
    """What is recognised in a wave of power 1 in noise, boxed to 3 µs; and where it begins."""
    margin, density = round(60e-6 * rate), 2 / rate
    iq = rng.normal(size=(len(wave) + 2 * margin, 2))
    loud = wave * math.sqrt(10 ** (snr_db / 10) * density * width_hz)
    iq[margin : margin + len(wave)] += np.stack([loud.real, loud.imag], axis=1)
    block = Block(iq.astype(np.float32), 1.0, 0, Segment(0, len(iq), rate, centre))
    start = margin + round((late_s + rng.uniform(-3e-6, 3e-6)) * rate)
    low, high = max(offset - width_hz / 2, -rate / 2), min(offset + width_hz / 2, rate / 2)
    box = Burst(start, margin + len(wave) - start, low, high, snr_db, 10 * math.log10(density))
    return wifi.recognise(box, block), margin


def echoed(wave: np.ndarray, rate: float, spread_s: float, rng: np.random.Generator) -> np.ndarray:
    """Through echoes of an exponential delay profile, each Rayleigh distributed; power 1."""
    delays = np.arange(max(1, round(5 * spread_s * rate))) / rate
    taps = rng.normal(size=(len(delays), 2)).view(np.complex128)[:, 0] * np.exp(-delays / spread_s / 2)
    heard = np.convolve(wave, taps)
    return heard / math.sqrt(np.mean(np.abs(heard) ** 2))


def test_training_fields_are_those_the_standard_prints() -> None:
    # IEEE 802.11-2020 annex I, tables of the short and long training sequences' first samples in time
    t = np.arange(4) / 20e6
    short, long = tones_at(short_training(), t) / 64, tones_at(long_training(), t) / 64
    np.testing.assert_allclose(short, [0.046 + 0.046j, -0.132 + 0.002j, -0.013 - 0.079j, 0.143 - 0.013j], atol=8e-4)
    np.testing.assert_allclose(long, [0.156, -0.005 - 0.120j, 0.040 - 0.111j, 0.097 + 0.083j], atol=8e-4)


def test_barker_code_has_its_autocorrelation() -> None:
    full = np.correlate(BARKER, BARKER, "full")
    assert full[10] == 11
    assert max(abs(np.delete(full, 10))) == 1


def test_scrambler_undoes_itself_and_fills_sync_with_its_sequence() -> None:
    bits = scrambled(np.ones(200, np.int64), LONG_SEED)
    plain = bits[7:] ^ bits[3:-4] ^ bits[:-7]
    assert plain.all()
    assert 40 < bits[:127].sum() < 90


def test_complementary_codes_are_complementary() -> None:
    # §16.3.6.6: chips of one codeword; the products of neighbours share one phase, with two signs
    chips = cck_chips(np.random.default_rng(1).integers(0, 2, 80), 8, 0).reshape(-1, 8)
    products = chips[:, ::2] * chips[:, 1::2].conj() * np.array([1, -1, 1, -1])
    np.testing.assert_allclose(products, products[:, :1] * np.ones(4), atol=1e-12)


@pytest.mark.parametrize("rate", ["1", "2", "5.5", "11"])
def test_frames_last_as_long_as_the_standard_says(rate: Rate) -> None:
    rng = np.random.default_rng(2)
    assert len(dsss_chips(rng, rate, 110, False)) == 11 * 192 + 11 * 880 / float(rate)
    if rate != "1":
        assert len(dsss_chips(rng, rate, 110, True)) == 11 * 96 + 11 * 880 / float(rate)


@pytest.mark.parametrize("rate", [20e6, 25e6, 30.72e6])
def test_ofdm_is_named_timed_and_tuned_at_any_rate(rate: float) -> None:
    rng = np.random.default_rng(int(rate / 1e4))
    for cfo in rng.uniform(-1.2e5, 1.2e5, 5):
        wave, start = generate_ofdm(rng, rate_hz=rate, carrier_offset_hz=1e6 + cfo, delay_samples=rng.random())
        (emission,), first = recognised(wave, 12.0, OFDM_HZ, rng, rate, centre=2.411e9, offset=1e6)
        assert emission.label == "wifi:ofdm"
        began = emission.sample_start + (emission.timing_samples or 0.0)
        assert began == pytest.approx(first + start, abs=0.1e-6 * rate)
        assert emission.cfo_hz == pytest.approx(cfo, abs=6e3)
        assert emission.snr_db == pytest.approx(12.0, abs=1.0)


@pytest.mark.parametrize("channels", [1, 2])
def test_ofdm_is_named_at_the_published_level(channels: int) -> None:
    # The target is 0.97 at 5 dB; 40 trials of that probability fall below 36 hits once in 100 runs.
    rng, rate, hits = np.random.default_rng(3), 25e6 * channels, 0
    width = OFDM_HZ + 20e6 * (channels - 1)
    for _ in range(40):
        wave, _ = generate_ofdm(rng, rate_hz=rate, channels=channels, symbols=int(rng.integers(3, 40)))
        emissions, _ = recognised(wave, 5.0, width, rng, rate)
        hits += [e.label for e in emissions] == ["wifi:ofdm"]
    assert hits >= 36


@pytest.mark.parametrize("late_s", [0.0, 40e-6])
def test_ofdm_is_named_through_echoes_from_its_beginning_or_amid_it(late_s: float) -> None:
    rng, hits = np.random.default_rng(4), 0
    for _ in range(30):
        wave, _ = generate_ofdm(rng, rate_hz=20e6, symbols=int(rng.integers(16, 60)), order=16)
        wave = echoed(wave, 20e6, rng.uniform(30e-9, 300e-9), rng)
        emissions, _ = recognised(wave, 15.0, OFDM_HZ, rng, 20e6, late_s=late_s)
        hits += [e.label for e in emissions] == ["wifi:ofdm"]
    assert hits >= 28


def test_frames_packed_sixteen_microseconds_apart_in_one_box_come_out_one_by_one() -> None:
    rng = np.random.default_rng(5)
    first, _ = generate_ofdm(rng, rate_hz=20e6, symbols=20)
    second, _ = generate_ofdm(rng, rate_hz=20e6, symbols=3)
    both = np.concatenate([first, np.zeros(320 - 4), second])
    emissions, start = recognised(both, 20.0, OFDM_HZ, rng, 20e6)
    starts = sorted(e.sample_start - start for e in emissions)
    assert starts == pytest.approx([2, len(first) + 318], abs=3)
    longer = min(emissions, key=lambda e: e.sample_start)
    assert longer.sample_count == pytest.approx(len(first), abs=60)


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("rate", ["1", "2", "5.5", "11"])
def test_direct_sequence_is_named_at_the_published_level(rate: Rate, short: bool) -> None:
    rng, hits = np.random.default_rng(6), 0
    for _ in range(12):
        cfo = rng.uniform(-8e4, 8e4)
        wave, start = generate_dsss(
            rng, rate_hz=25e6, rate=rate, short=short and rate != "1", carrier_offset_hz=cfo, delay_samples=rng.random()
        )
        emissions, first = recognised(wave, 5.0, DSSS_HZ, rng, 25e6, centre=2.437e9)
        hits += [e.label for e in emissions] == ["wifi:dsss"]
        for e in emissions:
            assert e.details["preamble"] == ("short" if short and rate != "1" else "long")
            assert e.sample_start + (e.timing_samples or 0.0) == pytest.approx(first + start, abs=0.15e-6 * 25e6)
            assert e.cfo_hz == pytest.approx(cfo, abs=3e3)
    assert hits == 12


def test_nothing_is_looked_for_where_no_wifi_band_is() -> None:
    rng = np.random.default_rng(7)
    wave, _ = generate_ofdm(rng, rate_hz=20e6)
    assert recognised(wave, 20.0, OFDM_HZ, rng, 20e6, centre=1.8e9)[0] == []


@pytest.mark.parametrize("snr_db", [2.0, 12.0, 30.0])
def test_other_wide_signals_are_no_wifi(snr_db: float) -> None:
    rng, rate = np.random.default_rng(8), 25e6
    for _ in range(12):
        count = round(rng.uniform(60e-6, 800e-6) * rate)
        t = np.arange(count) / rate
        lte = np.fft.ifft(np.exp(0.5j * np.pi * rng.integers(0, 4, (12, 1668))) * (np.abs(np.arange(1668) - 834) > 300))
        period = rng.uniform(5e-6, 50e-6)
        for width, wave in {
            16e6: gaussian(count, rate, rng, 16e6),
            6e6: tone(count, rate, rng),
            9e6: np.tile(np.concatenate([lte[:, -117:], lte], axis=1).ravel() * 55, 3)[:count],
            15e6: np.exp(1j * np.pi * (15e6 / period) * ((t % period) - period / 2) ** 2),
            12e6: np.exp(2j * np.pi * np.outer(t, np.arange(-6, 7) * 1e6) + 6.28j * rng.random(13)).sum(axis=1) / 3.6,
        }.items():
            assert recognised(wave, snr_db, width, rng, rate)[0] == []


def test_nats_of_training_fields_are_the_plain_ones() -> None:
    rng = np.random.default_rng(77)
    fields = [rng.normal(0.0, 0.5, (300, 2)).astype(np.float32).view(np.complex64)[:, 0] for _ in range(4)]
    out = np.empty(300)
    training_nats(*fields, (144.0, 96.0), 0.3, 0.5, out)
    short, long, early, late = (np.abs(field) for field in fields)
    plain = sum(-(d - 1) * np.log1p(-np.minimum(r.astype(float) ** 2, 1 - 1e-9)) for r, d in ((short, 144), (long, 96)))
    weaker = np.minimum(np.minimum(short, long), np.maximum(early, late))
    plain[(weaker < 0.3) | (np.minimum(early, late) < 0.5 * np.maximum(early, late))] = 0.0
    assert 0 < np.count_nonzero(plain) < 300
    assert np.allclose(out, plain, rtol=1e-4)


def test_kernels_agree_with_their_plain_twins() -> None:
    rng = np.random.default_rng(9)
    y = rng.normal(size=(700, 2)).view(np.complex128)[:, 0].astype(np.complex64)
    wide = y.astype(np.complex128)
    for lag, window in ((16, 144), (64, 1), (600, 100), (600, 101)):
        told = coherence(y, lag, window)
        plain = []
        for t in range(len(y) - lag - window + 1):
            a, b = wide[t : t + window], wide[t + lag : t + lag + window]
            plain.append(np.vdot(b, a) / math.sqrt(np.sum(np.abs(a) ** 2) * np.sum(np.abs(b) ** 2)))
        np.testing.assert_allclose(told, plain, atol=1e-5)
    cross, power = np.empty(80, np.complex128), np.empty(80)
    folded(y, 64, 80, cross, power)
    product, both = wide[:-64] * wide[64:].conj(), (np.abs(wide[:-64]) ** 2 + np.abs(wide[64:]) ** 2) / 2
    np.testing.assert_allclose(cross, [product[i::80].sum() for i in range(80)], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(power, [both[i::80].sum() for i in range(80)], rtol=1e-5)
    code = np.exp(0.3j * np.arange(11)) * np.array(BARKER)
    z = despread(y, code.astype(np.complex64), 2)
    spaced = np.zeros(21, np.complex128)
    spaced[::2] = code
    np.testing.assert_allclose(z, np.correlate(wide, spaced, "valid"), atol=1e-4)
    rows = np.abs(z[: len(z) // 22 * 22].reshape(-1, 22).astype(np.complex128)) ** 2
    fold = (rows / rows.mean(axis=1, keepdims=True)).mean(axis=0)
    top = int(fold.argmax())
    beside = np.delete(fold, [(top + i) % 22 for i in range(-3, 4)]).mean()
    np.testing.assert_allclose(folded_peak(z, 22, 3), [fold[top], beside, rows[:, top].mean(), top], rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "label", "count"),
    [("real/wifi_dot11n_65mbps", "wifi:ofdm", 16), ("reference/wifi_dsss_1m", "wifi:dsss", 16)],
)
def test_shared_frames_are_all_named(shared: Path, name: str, label: str, count: int) -> None:
    emissions = list(scan(open_recording(shared / "recordings" / f"{name}.sigmf-meta")))
    assert [e.label for e in emissions] == [label] * count


@pytest.mark.parametrize("name", ["lte/lte_dl25_s4", "lte/lte_ul50_s3", "reference/nr_pusch_30", "real/lte_uplink_30M"])
def test_no_other_shared_recording_has_wifi_in_it(shared: Path, name: str) -> None:
    emissions = scan(open_recording(shared / "recordings" / f"{name}.sigmf-meta"))
    assert not [e for e in emissions if e.label.startswith("wifi:")]
