"""Is a confidence a probability? Of what was said with 0.8, four in five must be right.

    ECE = sum over bins  n_k / n  | share right in k - mean confidence of k |

and a map from a score to a probability, fitted to labelled scores by likelihood with Platt's softened labels:

    P(right | s) = 1 / (1 + exp(-(a s + b)))

Sources: J. Platt, Advances in Large Margin Classifiers (1999) 61; C. Guo and others, ICML 2017 (ECE).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from cellwarden.measure.interval import Interval
from cellwarden.measure.proportion import wilson


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims of like confidence."""

    low: float
    high: float
    count: int
    mean_confidence: float
    share_right: float
    interval: Interval
    """Wilson interval of `share_right`."""


def reliability(confidences: ArrayLike, right: ArrayLike, bins: int = 10, confidence: float = 0.95) -> tuple[Bin, ...]:
    """Claims in bins of equal width, empty ones left out. Confidences in 0…1 and whether each was right, shape (n,)."""
    said = np.asarray(confidences, np.float64)
    was = np.asarray(right, np.bool_)
    if not ((said >= 0) & (said <= 1)).all():
        raise ValueError("a confidence lies between 0 and 1")
    place = np.minimum((said * bins).astype(np.int64), bins - 1)  # a confidence of 1 belongs to the last bin
    found = []
    for k in np.unique(place):
        inside = place == k
        count, hits = int(inside.sum()), int(was[inside].sum())
        mean = float(said[inside].mean())
        found.append(
            Bin(float(k / bins), float((k + 1) / bins), count, mean, hits / count, wilson(hits, count, confidence))
        )
    return tuple(found)


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean distance of claim and truth, each claim weighing the same; 0 is perfect."""
    claims = sum(one.count for one in bins)
    return sum(one.count * abs(one.share_right - one.mean_confidence) for one in bins) / claims


@dataclass(frozen=True, slots=True)
class Logistic:
    """P = 1 / (1 + exp(-(slope * score + intercept)))."""

    slope: float
    intercept: float

    def probability(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Probability of each score, same shape."""
        return np.asarray(scipy.special.expit(self.slope * np.asarray(scores, np.float64) + self.intercept), np.float64)


def fit_logistic(scores: ArrayLike, labels: ArrayLike) -> Logistic:
    """Maximum likelihood on labels softened to (n+ + 1) / (n+ + 2) and 1 / (n- + 2), which keeps separable data finite.

    scores and labels: shape (n,). Raises ValueError where one of the two kinds is absent or all scores are the same.
    """
    score = np.asarray(scores, np.float64)
    label = np.asarray(labels, np.bool_)
    spread = float(score.std())
    if label.all() or not label.any() or spread == 0:
        raise ValueError("a calibration needs right and wrong claims of different scores")
    hits, misses = int(label.sum()), int((~label).sum())
    target = np.where(label, (hits + 1) / (hits + 2), 1 / (misses + 2))
    middle = float(score.mean())
    x = (score - middle) / spread  # scaled, so that both parameters are of order one

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = parameters[0] * x + parameters[1]
        slack = scipy.special.expit(z) - target
        return float(np.mean(np.logaddexp(0, z) - target * z)), np.array([np.mean(slack * x), np.mean(slack)])

    a, b = scipy.optimize.minimize(loss, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-9}).x
    return Logistic(float(a / spread), float(b - a * middle / spread))
