"""The floor of a crowded band, from the pauses that its channels leave.

A quantile of single frames tells the floor where a band is silent most of the time. With calls in two of five slots of
all channels a band is silent, and its neighbours too, for a fifth of the time, and that quantile lies four decibels too
high. Yet each channel falls silent for some slot or other:

    channel n + 1   ▇▇▇▇▇▇▇    ▇▇▇▇▇▇▇▇▇▇▇▇▇▇           ▇▇▇▇▇▇▇
    channel n       ▇▇▇▇▇▇▇▇▇▇▇▇▇▇       ▇▇▇▇▇▇▇    ▇▇▇▇▇▇▇▇▇▇▇▇▇▇
    channel n - 1          ▇▇▇▇▇▇▇▇▇▇▇▇▇▇           ▇▇▇▇▇▇▇▇▇▇▇▇▇▇
                                                ╰──╯ a pause: the mean of so many cells is the floor, to 16 %

Means over so much time and bandwidth differ little in noise, so their lowest few tell the floor nearly as well where
one in ten is silent as where all are.
"""

from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast
from cellwarden.detect import kernels
from cellwarden.detect.spectrum import Grid

PAUSE_S, PAUSE_HZ = 400e-6, 150e3
"""What of a silent slot's 577 µs and 200 kHz is free of ramps and skirts."""
EVERY = 2
"""Rows from one stretch to the next."""
SHARE = 0.02
"""Part of all stretches that are lower than what the floor is taken from."""
LEAST_ROWS = 128
"""In fewer rows the lowest few are too few."""
LOUD, SEEN_ROWS = 4.0, 16
"""A cell is busy that is so far above the floor; each so many-th row is looked at."""
CROWDED, STEADY = 0.15, 2.0
"""A band is crowded where this part of its cells is busy at nearly all times: in nine of ten rows no fewer, and in nine
of ten no more than the mean by this factor. A wide signal that comes and goes is no crowd."""
WIDE_HZ, MOST_BANDS = 1e6, 0.75
"""Least width of a wide signal, and the part of all bands that may lie under such: the others are the witness that the
receiver's level did not change."""
LEAST = 0.8
"""What lowers the floor by less than this factor is chance."""


def crowded(ratio: NDArray[np.float32]) -> bool:
    """Whether so much is on the air that the floor may be too high. ratio: power over noise, shape (rows, bands)."""
    if not len(ratio):
        return False
    busy = np.sort(_busy(ratio))
    tenth, mean = len(busy) // 10, float(busy.mean())
    return bool(mean > CROWDED and busy[tenth] > mean / STEADY and busy[-1 - tenth] < mean * STEADY)


@exact
def _busy(ratio: NDArray[np.float32]) -> NDArray[np.float64]:
    """The part of its cells that is busy in each row that is looked at."""
    rows, bands = (len(ratio) + SEEN_ROWS - 1) // SEEN_ROWS, ratio.shape[1]
    busy = np.empty(rows)
    for i in range(rows):
        row, count = ratio[i * SEEN_ROWS], 0
        for b in range(bands):
            count += row[b] > LOUD
        busy[i] = count / bands
    return busy


def overrated(ratio: NDArray[np.float32], grid: Grid) -> NDArray[np.float32] | None:
    """What each band's floor has to be multiplied with, at most 1: float32, shape (bands,); None in too few rows.

    ratio: power over the floor as it is held to be, float32, shape (rows, bands).
    """
    told = _lowest(ratio, grid)
    return None if told is None else _sure(told)


def overrated_by_wide(ratio: NDArray[np.float32], grid: Grid) -> NDArray[np.float32] | None:
    """The same under wide signals that pause seldom, where the band is not crowded; None where there are none."""
    told = _lowest(ratio, grid)
    if told is None:
        return None
    witness = min(1.0, float(np.quantile(told, (1 + MOST_BANDS) / 2)))
    told = _sure(told / np.float32(witness))
    told = scipy.ndimage.median_filter(told, round(WIDE_HZ / grid.band_hz) | 1, mode="constant", cval=1.0)
    return told if 0 < np.mean(told < 1) < MOST_BANDS else None


def _sure(told: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(told < LEAST, np.maximum(told, np.float32(1e-6)), np.float32(1.0))


def _lowest(ratio: NDArray[np.float32], grid: Grid) -> NDArray[np.float32] | None:
    """The lowest means over a pause in each band, over what noise alone would have; None in too few rows."""
    if len(ratio) < LEAST_ROWS:
        return None
    rows, bands = max(1, round(PAUSE_S / grid.frame_s)), max(1, round(PAUSE_HZ / grid.band_hz)) | 1
    means = stretches(ratio, rows, bands, EVERY)
    least = kernels.lowest(means.view(np.int32), max(1, round(SHARE * len(means))))[-1].view(np.float32)
    # a band is silent with those on either side of it
    least = scipy.ndimage.minimum_filter1d(least, bands, mode="nearest")
    return least / np.float32(_expected(min(bands, grid.bands) * rows * grid.per_band * grid.freedom))


@lru_cache
def _expected(freedom: float) -> float:
    """The quantile SHARE of means over so many exponential values of mean 1."""
    return float(scipy.special.gammaincinv(freedom, SHARE)) / freedom


@fast
def stretches(ratio: NDArray[np.float32], rows: int, bands: int, every: int) -> NDArray[np.float32]:
    """Means over `rows` rows, from each `every`-th one on, and `bands` bands around each: float32, shape (n, bands).

    ratio: float32, shape (m, bands). At the edges there are fewer bands. What was lost, a row of zeros, is no pause.
    """
    count, width = (len(ratio) - rows) // every + 1, ratio.shape[1]
    made = np.empty((count, width), np.float32)
    over_time, summed = np.empty(width, np.float32), np.empty(width + 1)
    reach = bands // 2
    for i in range(count):
        over_time[:] = 0
        lost = False
        for row in ratio[i * every : i * every + rows]:
            lost = lost or row[0] == 0
            for b in range(width):
                over_time[b] += row[b]
        summed[0] = 0
        for b in range(width):
            summed[b + 1] = summed[b] + over_time[b]
        part = made[i]
        for b in range(width):
            low, high = max(0, b - reach), min(width, b + reach + 1)
            part[b] = (summed[high] - summed[low]) / (rows * (high - low))
        if lost:
            part[:] = np.float32(1e30)
    return made
