"""How often noise alone exceeds a score: the tail of what was observed, carried beyond what was observed.

Above a high threshold u the excesses y = score - u of noise follow a generalised Pareto distribution, and the times of
the exceedances a Poisson process (peaks over threshold):

    P(score > x | score > u) = (1 + xi (x - u) / sigma)^(-1 / xi)         shape xi, scale sigma
                             = exp(-(x - u) / sigma)                      for xi = 0
    rate(x) = zeta_u P(score > x | score > u)                             zeta_u = exceedances of u per second

xi > 0 is a heavy tail, xi < 0 one that ends at u - sigma / xi. Estimates are of maximum likelihood; intervals are those
of the profile likelihood (`tail_profile`), which follow the tail's asymmetry where +/- 2 standard errors do not.
Exceedances must be independent: give one score for each cluster, not each sample of it.

Source: S. Coles, An Introduction to Statistical Modeling of Extreme Values (2001) chapter 4.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from cellwarden.measure.count import poisson
from cellwarden.measure.interval import Estimate

SHAPE_RANGE = (-0.5, 1.0)
"""Below -0.5 maximum likelihood is not regular (Coles §4.3.2); above 1 the mean excess is infinite."""
FEWEST = 10
"""Exceedances below which a tail is guessed, not fitted."""


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """A fitted tail; times in seconds, scores and scale in the score's unit."""

    threshold: float
    excesses: NDArray[np.float64]
    """score - threshold of the scores above it, rising, shape (n,)."""
    duration_s: float
    rate_per_s: float
    """Exceedances of the threshold per second, n / duration."""
    shape: float
    scale: float
    shape_is_fixed: bool
    """The shape was given as 0 (exponential tail), not estimated."""


def fit_tail(scores: ArrayLike, threshold: float, duration_s: float, *, exponential: bool = False) -> Tail:
    """Fit the tail above `threshold` of the scores, shape (n,), that noise alone brought in `duration_s`.

    exponential: hold the shape at 0. Raises ValueError where fewer than FEWEST scores exceed the threshold.
    """
    score = np.asarray(scores, np.float64)
    excesses = np.sort(score[score > threshold] - threshold)
    if excesses.size < FEWEST or duration_s <= 0:
        raise ValueError(f"{excesses.size} scores exceed {threshold} in {duration_s} s; a tail needs {FEWEST}")
    shape, scale = (0.0, float(excesses.mean())) if exponential else _most_likely(excesses)
    rate = excesses.size / duration_s
    return Tail(threshold, excesses, duration_s, rate, shape, scale, shape_is_fixed=exponential)


def log_likelihood(excesses: NDArray[np.float64], shape: float, scale: float) -> float:
    """Log-likelihood of a generalised Pareto distribution (Coles equation 4.10); -inf outside its support."""
    if scale <= 0 or 1 + shape * excesses[-1] / scale <= 0:
        return -math.inf
    if abs(shape) < 1e-9:
        return float(-excesses.size * math.log(scale) - excesses.sum() / scale)
    return float(-excesses.size * math.log(scale) - (1 + 1 / shape) * np.log1p(shape * excesses / scale).sum())


def _most_likely(excesses: NDArray[np.float64]) -> tuple[float, float]:
    """Shape and scale of maximum likelihood, by one search along theta = xi / sigma.

    For a given theta the likeliest shape is xi = mean log(1 + theta y), and l = -n (log(xi / theta) + xi + 1)
    (R. Davison 1984; S. Grimshaw, Technometrics 35 (1993) 185).
    """
    mean, largest = float(excesses.mean()), float(excesses[-1])

    def shape_at(theta: float) -> float:
        return float(np.log1p(theta * excesses).mean())

    def loss(theta: float) -> float:
        if abs(theta * mean) < 1e-9:
            return math.log(mean)
        shape = shape_at(theta)
        return math.log(shape / theta) + shape

    def theta_of(shape: float, low: float, high: float) -> float:
        return float(scipy.optimize.brentq(lambda theta: shape_at(theta) - shape, low, high))

    # The shape rises with theta, so that its range is a range of theta.
    end = -(1 - 1e-12) / largest
    lowest = theta_of(SHAPE_RANGE[0], end, 0.0) if shape_at(end) < SHAPE_RANGE[0] else end
    top = 1 / mean
    while shape_at(top) < SHAPE_RANGE[1]:
        top *= 2
    highest = theta_of(SHAPE_RANGE[1], 0.0, top)
    grid = np.concatenate((np.linspace(lowest, 0, 24), np.linspace(0, highest, 25)[1:]))
    best = int(np.argmin([loss(float(theta)) for theta in grid]))
    around = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)]))
    theta = float(
        scipy.optimize.minimize_scalar(loss, bounds=around, method="bounded", options={"xatol": 1e-9 / mean}).x
    )
    if abs(theta * mean) < 1e-9:
        return 0.0, mean
    shape = shape_at(theta)
    return shape, shape / theta


def survival(excess: ArrayLike, shape: float, scale: float) -> NDArray[np.float64]:
    """P(score > u + excess | score > u); excess: any shape."""
    y = np.asarray(excess, np.float64) / scale
    if abs(shape) < 1e-9:
        return np.asarray(np.exp(-y), np.float64)
    # Beyond the end of a bounded tail the probability is 0.
    return np.asarray(np.exp(-scipy.special.xlog1py(1 / shape, np.maximum(shape * y, -1.0))), np.float64)


def excess_at(log_survival: ArrayLike, shape: float, scale: float) -> NDArray[np.float64]:
    """The inverse: the excess that is exceeded with exp(log_survival); any shape."""
    fall = -np.asarray(log_survival, np.float64)
    return np.asarray(scale * (fall if abs(shape) < 1e-9 else np.expm1(shape * fall) / shape), np.float64)


def rate_interval(tail: Tail, confidence: float = 0.95) -> Estimate:
    """Exceedances of the threshold per second with the exact interval of their count."""
    lower, upper = poisson(tail.excesses.size, confidence)
    return Estimate(tail.rate_per_s, lower / tail.duration_s, upper / tail.duration_s)


def anderson_darling(tail: Tail) -> float:
    """A² = -n - 1/n sum (2 i - 1) (log F(y_i) + log(1 - F(y_{n+1-i}))): distance of fit and data, tails weighing most.

    Source: T. Anderson and D. Darling, J. Am. Stat. Assoc. 49 (1954) 765. See `goodness_of_fit` for what is too much.
    """
    n = tail.excesses.size
    beyond = np.clip(survival(tail.excesses, tail.shape, tail.scale), 1e-300, 1 - 1e-16)
    odd = 2 * np.arange(1, n + 1) - 1
    return float(-n - (odd * (np.log1p(-beyond) + np.log(beyond[::-1]))).sum() / n)


def goodness_of_fit(tail: Tail, *, seed: int, replicates: int = 200) -> float:
    """Share of samples of the fitted tail, each fitted anew, that lie farther from their fit (Anderson-Darling).

    A parametric bootstrap: below 0.05 the tail is no generalised Pareto one, and the threshold is to be raised.
    """
    rng = np.random.default_rng(seed)
    observed = anderson_darling(tail)
    farther = 0
    for _ in range(replicates):
        drawn = excess_at(np.log1p(-rng.random(tail.excesses.size)), tail.shape, tail.scale)
        again = fit_tail(drawn, 0.0, tail.duration_s, exponential=tail.shape_is_fixed)
        farther += anderson_darling(again) > observed
    return farther / replicates
