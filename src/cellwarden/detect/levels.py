"""Level of the noise along a chunk, where it rises in all bands at once: a gain went up, a lamp was switched on.

    bands  ▁▁▁▁▂▂▂▂▂▂▁▁▁▁     all of them, the emptiest too: no signal is as wide as the receiver, or it is a
           ▁█▁▁▂█▂▂▂▂▁█▁▁     base station's that never stops
           ▁▁▁▁▂▂▂▂▂▂▁▁▁▁
               time

The floor is what the chunks before said, and so a step of a decibel would be a burst of the whole band. Here the
samples are brought down to the floor's level. What is short or strong, and may be a signal, stays; so does what lies
below the floor, which is then overrated, as where a signal filled the band when it was taken.
"""

import math
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.detect.spectrum import Grid
from cellwarden.model import Interleaved

ROWS, GROUPS = 32, 64
"""Rows of a part, and about as many groups of bands."""
ORDERS = np.array([0.04, 0.5])
"""Parts of the groups of bands that have to agree that all have changed: the emptiest, and half of them."""
AGREE = 1.15
"""Factor by which their levels may differ. Where half of a band is busy, nothing is known."""
SEEN = 3.0
"""Times the noise that counts of a band where a step is looked for: bursts are no steps."""
LASTING = 5
"""Parts, at least, that a level lasts."""
LEAST = 10**0.035
"""Factor by which a level has to differ from the floor for anything to be done."""
MOST = 10**0.6
"""Factor above which a level is taken for a signal's. One that fills all bands alike for so long is rare behind echoes,
and a receiver's gain that goes up is not."""
WITHIN = 32
"""Bands of which the sum over a part is within 31 bits, as that of a box is (`coarse.fixed_point`)."""
NARROWEST = 32
"""Bands that a recording has to have, for its emptiest to be empty."""


def may_rise(total: NDArray[np.int32], bands: slice, units: float) -> bool:
    """Whether the mean of a part of ROWS rows, with all that is in it, has risen. total: see `levels`."""
    edges = np.append(np.arange(bands.start, bands.stop, WITHIN), bands.stop)
    sums = np.diff(np.diff(total[::ROWS, edges], axis=0), axis=1).sum(axis=1, dtype=np.int64)
    return bool(np.any(sums > LEAST * units * ROWS * (bands.stop - bands.start)))


def levels(total: NDArray[np.int32], bands: slice, units: float, freedom: float) -> NDArray[np.float64]:
    """Level of parts of ROWS rows over the floor, NaN where it is not known: shape (parts,).

    total: of `cells.cumulate`, shape (rows + 1, bands + 1); freedom: of one cell.
    """
    width = max(1, (bands.stop - bands.start) // GROUPS)
    sums = np.diff(np.diff(total[::ROWS, bands.start : bands.stop + 1 : width], axis=0), axis=1)
    means, count = np.sort(sums, axis=1) / (units * ROWS * width), sums.shape[1]
    places, expected = _orders(count, freedom * ROWS * width)
    low, middle = (means[:, places] / expected).T
    agree = (middle < AGREE * low) & (low < AGREE * middle)
    return np.where(agree, low, np.nan)


@lru_cache
def _orders(count: int, freedom: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Numbers of the ORDERS among so many means of noise in order, and how large these are to be expected."""
    places = (ORDERS * (count - 1)).astype(np.int64)
    return places, scipy.special.gammaincinv(freedom, (places + 2 / 3) / (count + 1 / 3)) / freedom


def lasting(levels: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """Levels that last, 1 where they may be a signal's or none is known. before: the last ones of the chunk before."""
    known = np.flatnonzero(np.isfinite(both := np.concatenate([before, levels])))
    if not len(known):
        return np.ones(len(levels))
    latest = both[known[np.maximum(np.searchsorted(known, np.arange(len(both)), "right") - 1, 0)]]
    around = np.arange(len(before), len(both))[:, None] + np.arange(1 - LASTING, LASTING)
    beside = latest[np.clip(around, 0, len(both) - 1)]
    middle = np.sort(beside, axis=1)[:, LASTING - 1 : LASTING]
    alike = (beside < AGREE * middle) & (middle < AGREE * beside)  # at a step half of them are of another level
    level = np.sum(beside * alike, axis=1) / np.sum(alike, axis=1)
    return np.where((level < MOST) & (level > 1), level, 1.0)


def along(levels: NDArray[np.float64], power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level of each row: steps between parts lie where they fit the power of the rows best. power: shape (rows,)."""
    out = np.repeat(levels, ROWS)[: len(power)]
    out = np.append(out, np.full(len(power) - len(out), levels[-1]))
    for part in np.flatnonzero(np.abs(np.diff(np.log(levels))) > math.log(LEAST)):
        first, end = part * ROWS + ROWS // 2, min(len(power), (part + 1) * ROWS + ROWS // 2)
        low, high = levels[part], levels[part + 1]
        ahead = np.cumsum((power[first:end] - low) ** 2 - (power[first:end] - high) ** 2)
        step = first + int(np.argmin(np.append(0.0, ahead)))
        out[first:step], out[step:end] = low, high
        out[max(first, step - 1) : step + 1] = max(low, high)  # a row within which it steps is no burst
    return out


def bring(iq: Interleaved, levels: NDArray[np.float64], grid: Grid) -> None:
    """Divide whole frames by the square root of their level, in place. iq: shape (n, 2)."""
    frames = iq.reshape(-1, grid.size, 2)
    evened = frames * (1 / np.sqrt(levels)).astype(np.float32)[:, None, None]
    fitting = np.clip(np.rint(evened), -32768, 32767) if iq.dtype == np.int16 else evened
    iq[:] = fitting.reshape(iq.shape)
