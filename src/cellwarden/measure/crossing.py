"""At which level a share is reached: a rising curve of counts, read from its other axis.

share ┤            ╭──── upper ends     A curve that must rise is the rising fit of least squares to its points; it
 0.9 ─┼─ ─ ─ ─●─ ─●─ ─●─ ─ ─            is a straight line between them. The level at which it reaches a share has
      │      ╱   ╱   ╱                  the interval in which the share lies between the ends of the points' own
      └─────┴───┴───┴──── level         intervals: those levels that a test of each point would not refuse.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.measure.interval import Estimate
from cellwarden.measure.proportion import wilson


def crossing(
    levels: Sequence[float], hits: Sequence[int], trials: Sequence[int], share: float, confidence: float = 0.95
) -> Estimate:
    """The level, in its unit, at which `hits` of `trials` reach `share`; levels rise.

    Infinite where the curve stays below, minus infinite where it begins above: value and ends each by itself.
    """
    level, weight = np.asarray(levels, np.float64), np.asarray(trials, np.float64)
    ends = np.array([wilson(k, n, confidence) for k, n in zip(hits, trials, strict=True)])
    middle = np.asarray(hits, np.float64) / weight
    return Estimate(*(_reached(level, _rising(curve, weight), share) for curve in (middle, ends[:, 1], ends[:, 0])))


def _rising(shares: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(scipy.optimize.isotonic_regression(shares, weights=weights).x, np.float64)


def _reached(levels: NDArray[np.float64], shares: NDArray[np.float64], share: float) -> float:
    above = int(np.searchsorted(shares, share - 1e-12))
    if above == len(shares):
        return math.inf
    if above == 0:
        return float(levels[0]) if math.isclose(shares[0], share) else -math.inf
    part = (share - shares[above - 1]) / (shares[above] - shares[above - 1])
    return float(levels[above - 1] + part * (levels[above] - levels[above - 1]))
