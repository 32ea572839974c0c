"""Detection: what is found must not depend on how the stream is cut, nor be made of noise."""

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwarden.detect.bursts import bursts
from cellwarden.detect.finds import finds
from cellwarden.model import Block, Burst, Segment

RATE = 1e6


def cut(iq: np.ndarray, sizes: list[int]) -> Iterator[Block]:
    segment = Segment(0, len(iq), RATE)
    start, turn = 0, 0
    while start < len(iq):
        size = sizes[turn % len(sizes)]
        yield Block(iq[start : start + size], 2**-15, start, segment)
        start, turn = start + size, turn + 1


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 2)) * 100


def boxed(blocks: Iterable[Block]) -> list[Burst]:
    refused: Counter[str] = Counter()
    made = [b for find in finds(blocks, refused) for n in range(len(find.regions)) for b in bursts(find, n, refused)]
    return sorted(made, key=lambda b: (b.sample_start, b.low_offset_hz))


def found(iq: np.ndarray, sizes: list[int]) -> list[Burst]:
    return boxed(cut(iq, sizes))


@pytest.fixture(scope="module")
def busy() -> np.ndarray:
    rng = np.random.default_rng(8)
    wave = noise(300_000, 7) @ [1, 1j]
    for start in (5_000, 64_900, 65_600, 131_000, 196_000, 262_000):
        n = np.arange(rng.integers(500, 3000))
        wave[start : start + len(n)] += 250 * np.exp(2j * np.pi * (0.2 * n + 10 * np.sin(n / 40)) / 10)
    return np.stack([wave.real, wave.imag], axis=1).astype(np.int16)


@given(sizes=st.lists(st.integers(1, 100_000), min_size=1, max_size=4).filter(lambda s: sum(s) / len(s) > 3000))
@settings(max_examples=12)
def test_cutting_the_stream_differently_changes_nothing(busy: np.ndarray, sizes: list[int]) -> None:
    whole = found(busy, [len(busy)])
    assert len(whole) == 5  # two of the six follow each other within a frame
    assert found(busy, sizes) == whole


def test_white_noise_holds_no_burst() -> None:
    iq = noise(2_000_000, 9).astype(np.int16)
    assert found(iq, [1 << 20]) == []


def test_a_burst_is_boxed_in_time_frequency_and_level() -> None:
    rng = np.random.default_rng(10)
    wave = noise(200_000, 11) @ [1, 1j]
    burst = np.fft.fft(rng.normal(size=(4000, 2)) @ [1, 1j])
    band = np.abs(np.fft.fftfreq(4000) - 0.15) < 0.1  # 50 to 250 kHz
    shaped = np.fft.ifft(burst * band) * 100 * np.sqrt(10) / np.sqrt(1)  # ten times the noise's density
    wave[100_000:104_000] += shaped
    iq = np.stack([wave.real, wave.imag], axis=1).astype(np.int16)
    (box,) = found(iq, [1 << 20])
    assert box.sample_start == pytest.approx(100_000, abs=60)
    assert box.sample_count == pytest.approx(4_000, abs=120)
    assert box.low_offset_hz == pytest.approx(50e3, abs=20e3)
    assert box.high_offset_hz == pytest.approx(250e3, abs=20e3)
    assert box.snr_db == pytest.approx(10.0, abs=1.0)
    # the noise: 2 x 100² over 1 MHz, full scale 2¹⁵
    assert box.floor_dbfs_hz == pytest.approx(10 * np.log10(2e4 / 2**30 / RATE), abs=1.0)


def test_a_steady_carrier_and_clicks_are_no_bursts() -> None:
    wave = noise(300_000, 12) @ [1, 1j]
    wave += 1000 * np.exp(2j * np.pi * 0.11 * np.arange(len(wave)))
    wave[[40_000, 90_000, 200_001]] += 20_000
    iq = np.stack([wave.real, wave.imag], axis=1).astype(np.int16)
    assert found(iq, [1 << 20]) == []


def test_a_frame_is_told_from_the_next_across_half_a_microsecond() -> None:
    # A shorter gap than the filter's own ringing; the second frame is 12 dB weaker, so it is another sender's.
    rng, rate = np.random.default_rng(20), 20e6
    frame = rng.normal(size=2400) + 1j * rng.normal(size=2400)
    frame = np.fft.ifft(np.fft.fft(frame) * (np.abs(np.fft.fftfreq(2400)) < 0.4))
    frame /= np.sqrt(np.mean(np.abs(frame) ** 2))
    wave = 5 * (rng.normal(size=(40_000, 2)) @ [1, 1j])
    wave[20_000:21_200] += 5000 * frame[:1200]
    wave[21_210:22_400] += 1250 * frame[1210:]
    iq = np.stack([wave.real, wave.imag], axis=1).astype(np.int16)
    made = boxed([Block(iq, 1.0, 0, Segment(0, len(iq), rate))])
    assert [b.sample_start for b in made] == pytest.approx([20_000, 21_210], abs=8)
    assert [b.sample_count for b in made] == pytest.approx([1200, 1190], abs=12)


def test_the_peaks_of_a_signal_that_fills_the_band_are_no_clicks() -> None:
    wave = noise(100_000, 21) @ [1, 1j]
    rng = np.random.default_rng(22)
    wave[30_000:30_900] += 3000 * (rng.normal(size=(900, 2)) @ [1, 1j])
    iq = np.stack([wave.real, wave.imag], axis=1).astype(np.int16)
    refused: Counter[str] = Counter()
    list(finds(cut(iq, [len(iq)]), refused))
    assert refused["impulse"] == 0


@pytest.mark.parametrize(("rate", "duration_s"), [(10e6, 60e-6), (20e6, 44e-6), (20e6, 300e-6)])
def test_the_ends_of_short_bursts_that_fill_the_band_are_no_clicks(rate: float, duration_s: float) -> None:
    # At 12 dB half of the samples stand out as a click's do, wherever in a frame a burst begins or ends.
    rng, length, apart = np.random.default_rng(23), round(duration_s * rate), 20_000
    wave = 20 * (rng.normal(size=(50 * apart, 2)) @ [1, 1j])
    sent = np.zeros(len(wave), np.bool_)
    for start in range(5000, len(wave), apart):
        late = start + rng.integers(0, 5000)
        wave[late : late + length] += 80 * (rng.normal(size=(length, 2)) @ [1, 1j])
        sent[late : late + length] = True
    iq = np.stack([wave.real, wave.imag], axis=1).round().astype(np.int16)
    told = (find.samples for find in finds([Block(iq.copy(), 1.0, 0, Segment(0, len(iq), rate))], Counter()))
    for block in told:
        first, end = block.sample_start, block.sample_start + len(block.iq)
        lost = (block.iq == 0).all(axis=1) & iq[first:end].any(axis=1) & sent[first:end]
        assert not lost.any()


@pytest.mark.parametrize("count", [100_000, 100_001, 100_031, 100_063])
def test_a_recording_that_ends_within_a_frame_ends_without_a_burst(count: int) -> None:
    wave = noise(count, 23) + 1500.0  # a strong DC offset
    assert found(wave.astype(np.int16), [count]) == []


@pytest.mark.parametrize("passed", [0.5, 0.67, 0.9])
@pytest.mark.parametrize("slope", [0.005, 0.06])
def test_a_receiver_narrower_than_its_rate_makes_no_bursts_at_its_edges_and_hides_none(
    passed: float, slope: float
) -> None:
    # A filter that passes a part of the band, 80 dB down beyond; a burst of 10 dB lies just within its edge.
    count, rate = 400_000, 8e6
    wave = noise(count, 31) @ [1, 1j]
    burst = np.random.default_rng(32).normal(size=(8000, 2)) @ [1, 1j]
    low, high = passed / 2 - 0.06, passed / 2 - 0.03
    band = (np.fft.fftfreq(8000) > low) & (np.fft.fftfreq(8000) < high)
    wave[200_000:208_000] += np.fft.ifft(np.fft.fft(burst) * band) * 100 * np.sqrt(10)
    beyond = np.clip((np.abs(np.fft.fftfreq(count)) - passed / 2) / slope, 0, 1)
    wave = np.fft.ifft(np.fft.fft(wave) * 10 ** (-4 * beyond))
    wave += np.random.default_rng(33).normal(size=(count, 2)) @ [1, 1j] * 0.5  # what rounding leaves
    iq = np.stack([wave.real, wave.imag], axis=1).astype(np.float32)
    (box,) = boxed([Block(iq, 2**-15, 0, Segment(0, count, rate))])
    assert (box.sample_start, box.sample_count) == pytest.approx((200_000, 8000), abs=400)
    assert (box.low_offset_hz, box.high_offset_hz) == pytest.approx((low * rate, high * rate), abs=40e3)


def test_what_leaks_before_and_after_a_strong_burst_is_none_of_it() -> None:
    # A transmitter that is switched on early: 60 dB below its burst, and still 10 dB over the noise.
    rng, count = np.random.default_rng(34), 200_000
    wave = noise(count, 35) @ [1, 1j] * 0.1
    sent = rng.normal(size=(6000, 2)) @ [1, 1j]
    sent = np.fft.ifft(np.fft.fft(sent) * (np.abs(np.fft.fftfreq(6000)) < 0.1)) * 0.1 * 100 * 10**3.5
    wave[100_000:106_000] += sent * np.where((np.arange(6000) < 1000) | (np.arange(6000) >= 5000), 1e-3, 1.0)
    iq = np.stack([wave.real, wave.imag], axis=1).astype(np.float32)
    (box,) = boxed([Block(iq, 2**-15, 0, Segment(0, count, RATE))])
    assert (box.sample_start, box.sample_count) == pytest.approx((101_000, 4000), abs=40)


@pytest.mark.parametrize("lost", [(0, 60_000), (120_000, 150_000), (130_000, 300_000)])
def test_what_was_lost_and_filled_with_zeros_is_no_floor(lost: tuple[int, int]) -> None:
    wave = noise(300_000, 36) @ [1, 1j]
    wave[100_000:102_000] += 400 * np.exp(2j * np.pi * np.cumsum(0.1 * np.sin(np.arange(2000) / 40)))
    wave[lost[0] : lost[1]] = 0
    iq = np.stack([wave.real, wave.imag], axis=1).astype(np.int16)
    (box,) = found(iq, [1 << 20])
    assert (box.sample_start, box.sample_count) == pytest.approx((100_000, 2000), abs=40)


def test_the_noise_behind_zeros_that_fill_nearly_a_chunk_holds_no_burst() -> None:
    iq = noise(1_110_000, 1).astype(np.int16)
    iq[:510_000] = 0
    assert found(iq, [1 << 20]) == []
