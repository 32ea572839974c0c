"""What changes in all of the band at once is no burst, and bursts in it are as ever."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.detect import cells, coarse, levels
from cellwarden.detect.bursts import bursts
from cellwarden.detect.finds import finds
from cellwarden.model import Block, Burst, Segment

RATE_HZ = 5e6
SIGMA = 150.0


def noise(seconds: float, seed: int) -> NDArray[np.complex128]:
    rng = np.random.default_rng(seed)
    return SIGMA * (rng.normal(size=round(seconds * RATE_HZ)) + 1j * rng.normal(size=round(seconds * RATE_HZ)))


def placed(wave: NDArray[np.complex128], at_s: float, width_hz: float, seconds: float, snr_db: float) -> None:
    """Add a burst of noise of some width around 1 MHz."""
    rng = np.random.default_rng(7)
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.fft(rng.normal(size=(count, 2)) @ (1, 1j)) * (
        np.abs(np.fft.fftfreq(count, 1 / RATE_HZ)) < width_hz / 2
    )
    sent = np.fft.ifft(spectrum) * SIGMA * np.sqrt(10 ** (snr_db / 10))
    wave[round(at_s * RATE_HZ) :][:count] += sent * np.exp(2j * np.pi * 1e6 / RATE_HZ * np.arange(count))


def boxed(wave: NDArray[np.complex128], dtype: type = np.int16) -> list[Burst]:
    iq = wave.view(np.float64).reshape(-1, 2).round().astype(dtype)
    segment, rejected = Segment(0, len(iq), RATE_HZ, None), Counter[str]()
    found = finds([Block(iq, 2.0**-15, 0, segment)], rejected)
    return [b for find in found for n in range(len(find.regions)) for b in bursts(find, n, rejected)]


@pytest.mark.parametrize(
    "level_db",
    [
        lambda t: 1.0 * (t > 0.4),
        lambda t: 5.0 * ((t > 0.3) & (t < 0.6)),
        lambda t: 2 * t,
        lambda t: np.sin(2 * np.pi * 8 * t),
    ],
    ids=["a step of 1 dB", "5 dB up and down", "2 dB in a second", "1 dB up and down"],
)
def test_a_level_that_changes_everywhere_is_no_burst(level_db) -> None:
    wave = noise(0.9, 3)
    assert boxed(wave * 10 ** (level_db(np.arange(len(wave)) / RATE_HZ) / 20)) == []


@pytest.mark.parametrize(("dtype", "step_db"), [(np.int16, 1.5), (np.float32, 4.0)])
def test_bursts_beyond_a_step_are_boxed_as_without_it(dtype: type, step_db: float) -> None:
    wave = noise(0.9, 4)
    for at_s in (0.2, 0.42, 0.6):
        placed(wave, at_s, 200e3, 1e-3, 12.0)
    stepped = wave.copy()
    stepped[round(0.4 * RATE_HZ) :] *= 10 ** (step_db / 20)
    plain, found = boxed(wave, dtype), boxed(stepped, dtype)
    assert len(plain) == len(found) == 3
    for one, other in zip(plain, found, strict=True):
        assert other.sample_start == pytest.approx(one.sample_start, abs=100)
        assert other.sample_count == pytest.approx(one.sample_count, abs=200)
        assert other.snr_db == pytest.approx(one.snr_db, abs=0.4)


def test_a_signal_that_fills_nine_tenths_of_the_band_is_no_level() -> None:
    wave = noise(0.5, 5)
    rng = np.random.default_rng(8)
    count = round(30e-3 * RATE_HZ)
    inside = np.abs(np.fft.fftfreq(count)) < 0.45
    wave[1_000_000 : 1_000_000 + count] += (
        np.fft.ifft(np.fft.fft(rng.normal(size=(count, 2)) @ (1, 1j)) * inside) * SIGMA
    )
    found = boxed(wave)
    assert sum(b.sample_count for b in found if b.high_offset_hz - b.low_offset_hz > 3e6) > 0.9 * count


def test_levels_of_noise_are_those_that_it_has() -> None:
    rng, parts, bands, units, freedom = np.random.default_rng(6), 40, 80, 1000.0, 1.5
    true = np.repeat([1.0, 1.3], parts // 2)
    ratio = rng.gamma(freedom, 1 / freedom, (parts * levels.ROWS, bands)) * np.repeat(true, levels.ROWS)[:, None]
    ratio[:, :20] *= np.repeat(rng.integers(1, 40, parts), levels.ROWS)[:, None]  # signals in a quarter of the bands
    hot = np.zeros(ratio.shape, np.uint8)
    total = np.empty((len(ratio) + 1, bands + 1), np.int32)
    cells.cumulate(ratio.astype(np.float32), hot, 0, 50.0, units, total)
    told = levels.levels(total, slice(0, bands), units, freedom)
    known = np.isfinite(told)
    assert known.mean() > 0.8
    assert told[known] == pytest.approx(true[known], rel=0.25)
    assert levels.lasting(told, np.ones(0)) == pytest.approx(true, rel=0.07)


def test_where_half_of_the_band_is_busy_no_level_is_known() -> None:
    rng, bands = np.random.default_rng(7), 64
    ratio = rng.gamma(1.5, 1 / 1.5, (8 * levels.ROWS, bands))
    ratio[:, :40] *= 3.0
    total = np.empty((len(ratio) + 1, bands + 1), np.int32)
    cells.cumulate(ratio.astype(np.float32), np.zeros(ratio.shape, np.uint8), 0, 50.0, 1000.0, total)
    told = levels.levels(total, slice(0, bands), 1000.0, 1.5)
    assert np.isnan(told).all()
    assert (levels.lasting(told, np.ones(0)) == 1.0).all()


def test_a_step_within_a_part_lies_where_the_power_has_it() -> None:
    rng = np.random.default_rng(9)
    power = np.repeat([1.0, 1.4], [100, 156]) + rng.normal(size=256) / 20
    row = levels.along(np.array([1.0] * 3 + [1.4] * 5), power)
    assert abs(int(np.argmax(row > 1.2)) - 100) <= 2
    assert coarse.CHUNK_FRAMES % levels.ROWS == 0


def test_a_level_is_the_mean_of_those_around_it_that_agree_with_their_median_with_the_ends_repeated() -> None:
    told = np.random.default_rng(4).uniform(1.1, 1.5, 40)
    told[[3, 17, 18]] = np.nan  # not known: the last one that is counts
    known = [next(told[j] for j in range(i, -1, -1) if np.isfinite(told[j])) for i in range(40)]
    reach = levels.LASTING - 1
    around = [known[0]] * reach + known + [known[-1]] * reach
    wanted = []
    for i in range(40):
        beside = np.array(around[i : i + 2 * reach + 1])
        factor = beside / np.median(beside)
        wanted.append(beside[np.maximum(factor, 1 / factor) < levels.AGREE].mean())
    assert levels.lasting(told[10:], told[:10]) == pytest.approx(wanted[10:], rel=1e-12)
