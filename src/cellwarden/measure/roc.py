"""Receiver operating characteristic: what is found against what is falsely found, for every threshold.

    P_d(t)  = share of signals with score >= t        P_fa(t) = share of noise with score >= t

The area θ under it is the probability that a signal's score exceeds a noise's, ties counted half (Mann and Whitney).
Its interval, of m signals and n noises, holds those θ that lie within z standard errors of what was observed, the error
being that which θ itself would have (as Wilson's does for a share):

    V(θ) = θ (1 - θ) / (m n) · (1 + k (1 - θ) / (2 - θ) + k θ / (1 + θ)),    k = (m + n) / 2 - 1

Sources: T. Fawcett, Pattern Recognition Letters 27 (2006) 861; R. Newcombe, Stat. Med. 25 (2006) 559 (method 5).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from cellwarden.measure.interval import Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """One point for each distinct score, from nothing found (threshold infinity) to everything found."""

    thresholds: NDArray[np.float64]
    """Falling, shape (n + 1,)."""
    false_alarms: NDArray[np.float64]
    """P_fa, rising from 0 to 1, same shape."""
    detections: NDArray[np.float64]
    """P_d, rising from 0 to 1, same shape."""


class OperatingPoint(NamedTuple):
    """A threshold and what it brings."""

    threshold: float
    false_alarm: float
    detection: float


def roc(scores: ArrayLike, labels: ArrayLike) -> Roc:
    """The curve of scores, shape (n,), whose labels, shape (n,), are true for signals and false for noise.

    Raises ValueError where one of the two kinds is absent.
    """
    score = np.asarray(scores, np.float64)
    signal = np.asarray(labels, np.bool_)
    if signal.all() or not signal.any():
        raise ValueError("a curve needs signals and noise")
    order = np.argsort(-score, kind="stable")
    score, signal = score[order], signal[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(score)), score.size - 1)
    found, false = np.cumsum(signal)[last_of_tie], np.cumsum(~signal)[last_of_tie]
    return Roc(
        np.concatenate(([np.inf], score[last_of_tie])),
        np.concatenate(([0.0], false / false[-1])),
        np.concatenate(([0.0], found / found[-1])),
    )


def area(curve: Roc) -> float:
    """Area under the curve: 1 separates all, 0.5 is chance."""
    return float(np.trapezoid(curve.detections, curve.false_alarms))


def area_between(value: float, signals: int, noises: int, confidence: float = 0.95) -> Estimate:
    """An area that was observed with so many signals and noises, with its interval."""
    z, k = float(scipy.special.ndtri((1 + confidence) / 2)), (signals + noises) / 2 - 1

    def beyond(t: float) -> float:
        variance = t * (1 - t) / (signals * noises) * (1 + k * (1 - t) / (2 - t) + k * t / (1 + t))
        return float((value - t) ** 2 - z * z * variance)

    lower = 0.0 if value == 0 else float(scipy.optimize.brentq(beyond, 0.0, min(value, 1 - 1e-9)))
    upper = 1.0 if value == 1 else float(scipy.optimize.brentq(beyond, max(value, 1e-9), 1.0))
    return Estimate(value, lower, upper)


def operating_point(curve: Roc, false_alarm: float) -> OperatingPoint:
    """The lowest threshold whose P_fa is at most `false_alarm`: a point that was measured, not interpolated."""
    at = int(np.searchsorted(curve.false_alarms, false_alarm, side="right")) - 1
    return OperatingPoint(float(curve.thresholds[at]), float(curve.false_alarms[at]), float(curve.detections[at]))
