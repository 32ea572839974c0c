"""Short wide bursts that fall between two frames of the coarse pass, whose window leaves each a quarter of them.

    frames   │╱‾‾‾╲│╱‾‾‾╲│╱‾‾‾╲│
    burst             ▓▓▓▓               a preamble of one symbol, 54 µs, in frames of 67 µs
    asked        │╱‾‾‾╲│                 a frame more, half a frame later than the first of the two

It is asked only where both frames together are stronger than chance makes them in three places of a thousand, and where
something is in it, it stands for the first of the two.
"""

from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.compiled import exact
from cellwarden.detect import spectrum
from cellwarden.model import Interleaved

SHORTEST_S, WIDTH_HZ = 54e-6, 4.2e6
"""NR's preamble of a single symbol of 30 kHz (3GPP TS 38.211 §6.3.3.1: format C0)."""
ASKED = 0.003
"""Rows of noise, for each place of the width, after which a frame more is asked."""
MOST = 0.05
"""Where more rows than these ask for it, something else is on the air."""
STEPS = 8
"""Places within a width at which sums are looked at."""
SURE = 1e-5
"""Probability that noise is as strong in the frame between."""


def misses(grid: spectrum.Grid) -> bool:
    """Whether a short burst fits between the middles of two frames, and its band into what is recorded."""
    return grid.frame_s > SHORTEST_S and grid.bands >= _width(grid)


def _width(grid: spectrum.Grid) -> int:
    return round(WIDTH_HZ / grid.band_hz)


def fill(
    iq: Interleaved,
    grid: spectrum.Grid,
    weight: NDArray[np.float32],
    total: NDArray[np.int32],
    units: float,
    ratio: NDArray[np.float32],
    first: int,
) -> int:
    """Put what lies between two rows into the first of them, from row `first` on; the first that has changed, or how
    many there are.

    total: sums of `cells.cumulate`, int32, shape (rows + 1, bands + 1), in 1/units; ratio: float32, (rows, bands).
    """
    width, freedom = _width(grid), grid.per_band * grid.freedom
    low, high = (_level(2 * width * freedom, chance) * 2 * width * units for chance in (ASKED, SURE))
    asked = doubtful(total[first:], width, max(1, width // STEPS), round(low), round(high)) + first
    if not 0 < len(asked) <= max(1.0, MOST * (len(ratio) - first)):
        return len(ratio)
    power = spectrum.powers(iq, asked * grid.size + grid.size // 2, grid, weight)
    end = grid.bands * grid.per_band
    between = np.sum([power[:, first : end : grid.per_band] for first in range(grid.per_band)], axis=0)
    sums = np.cumsum(between, axis=1, dtype=np.float64)
    boxes = sums[:, width - 1 :].copy()
    boxes[:, 1:] -= sums[:, :-width]
    there = np.flatnonzero(boxes.max(axis=1) > _level(width * freedom, SURE) * width)
    for n in there.tolist():
        band = int(np.argmax(boxes[n]))
        ratio[asked[n], band : band + width] = between[n, band : band + width]
    return int(asked[there[0]]) if len(there) else len(ratio)


@lru_cache
def _level(freedom: float, chance: float) -> float:
    """Mean power of noise that is exceeded with a probability."""
    return float(scipy.special.gammainccinv(freedom, chance)) / freedom


@exact
def doubtful(total: NDArray[np.int32], width: int, step: int, low: int, high: int) -> NDArray[np.int64]:
    """Rows which, with the one that follows, hold between `low` and `high` at that of the places where they hold most.

    total: int32, shape (rows + 1, bands + 1), of `cells.cumulate`; a place is `width` bands.
    """
    found = np.empty(len(total), np.int64)
    count = 0
    for row in range(len(total) - 2):
        before, after = total[row], total[row + 2]
        most = np.int32(0)
        for band in range(0, len(after) - width, step):
            most = max(most, np.int32(after[band + width] - after[band] - before[band + width] + before[band]))
        if low < most <= high:
            found[count] = row
            count += 1
    return found[:count].copy()
