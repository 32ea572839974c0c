"""Intervals of a fitted tail, by profile likelihood (Coles 2001 §2.6.6 and §4.3.3).

A value v of a parameter, or of any function of the parameters, lies in the interval of confidence c where

    D(v) = 2 ( l(best) - max { l(zeta, xi, sigma) : the parameters give v } )  <=  chi-squared quantile of c, 1 degree

The log-likelihood is that of the Poisson count and of the excesses: l = n log zeta - zeta T + sum log density(y_i).
"""

import math
from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.measure.interval import Estimate
from cellwarden.measure.tail import SHAPE_RANGE, Tail, log_likelihood, rate_interval, survival

LEAST_LOG_RATE = -700.0
"""A rate of exp(-700) is no rate: the interval then begins at 0."""
IMPOSSIBLE = 1e9
"""Minus the log-likelihood of what cannot be; finite, for the search compares differences."""


def exceedance_rate(tail: Tail, score: float, confidence: float = 0.95) -> Estimate:
    """How often per second noise exceeds a score, with its interval.

    Raises ValueError below the threshold of the fit, of which the fit says nothing.
    """
    depth = score - tail.threshold
    if depth < 0:
        raise ValueError(f"the score {score} lies below the threshold {tail.threshold} of the fit")
    if depth == 0:
        return rate_interval(tail, confidence)
    value = tail.rate_per_s * float(survival(depth, tail.shape, tail.scale))
    start = math.log(value) if value > math.exp(LEAST_LOG_RATE) else LEAST_LOG_RATE
    excess = _excess_deviance(confidence, lambda log_rate: _deviance(tail, depth, log_rate))
    upper = _crossing(excess, start, 0.5)
    lower = _crossing(excess, start, -0.5, last=LEAST_LOG_RATE)
    return Estimate(value, 0.0 if lower is None else math.exp(lower), math.inf if upper is None else math.exp(upper))


def shape_interval(tail: Tail, confidence: float = 0.95) -> Estimate:
    """The shape with its interval, within SHAPE_RANGE; a fixed shape has none."""
    if tail.shape_is_fixed:
        return Estimate(0.0, 0.0, 0.0)
    best = log_likelihood(tail.excesses, tail.shape, tail.scale)

    def deviance(shape: float) -> float:
        # For xi < 0 the scale has a least value, that at which the support ends at the largest excess.
        least = max(-shape * float(tail.excesses[-1]) * (1 + 1e-9), 0.02 * tail.scale)
        return 2 * (
            best - _maximum(lambda s: log_likelihood(tail.excesses, shape, math.exp(s)), least, 50 * tail.scale)
        )

    excess = _excess_deviance(confidence, deviance)
    lower = _crossing(excess, tail.shape, -0.02, last=SHAPE_RANGE[0])
    upper = _crossing(excess, tail.shape, 0.02, last=SHAPE_RANGE[1])
    return Estimate(tail.shape, SHAPE_RANGE[0] if lower is None else lower, SHAPE_RANGE[1] if upper is None else upper)


def scale_interval(tail: Tail, confidence: float = 0.95) -> Estimate:
    """The scale with its interval, in the score's unit."""
    best = log_likelihood(tail.excesses, tail.shape, tail.scale)

    def deviance(log_scale: float) -> float:
        scale = math.exp(log_scale)
        if tail.shape_is_fixed:
            return 2 * (best - log_likelihood(tail.excesses, 0.0, scale))
        lowest = max(SHAPE_RANGE[0], -scale / float(tail.excesses[-1]) * (1 - 1e-9))
        found = scipy.optimize.minimize_scalar(
            lambda shape: -log_likelihood(tail.excesses, shape, scale),
            bounds=(lowest, SHAPE_RANGE[1]),
            method="bounded",
        )
        return 2 * (best + float(found.fun))

    excess = _excess_deviance(confidence, deviance)
    start = math.log(tail.scale)
    lower, upper = _crossing(excess, start, -0.05), _crossing(excess, start, 0.05)
    return Estimate(
        tail.scale, 0.0 if lower is None else math.exp(lower), math.inf if upper is None else math.exp(upper)
    )


def _maximum(function: Callable[[float], float], low: float, high: float) -> float:
    """Largest value of a function of log x for x in low…high."""
    bounds = (math.log(low), math.log(high))
    return -float(scipy.optimize.minimize_scalar(lambda x: -function(x), bounds=bounds, method="bounded").fun)


def _excess_deviance(confidence: float, deviance: Callable[[float], float]) -> Callable[[float], float]:
    allowed = float(scipy.stats.chi2.ppf(confidence, 1))
    return lambda value: min(deviance(value), 1e6) - allowed


def _crossing(excess: Callable[[float], float], start: float, step: float, last: float | None = None) -> float | None:
    """Where a function negative at `start` first becomes positive, in steps that double; None if not before `last`."""
    near = start
    for _ in range(40):
        far = near + step
        if last is not None and (far - last) * step > 0:
            far = last
        if excess(far) > 0:
            return float(scipy.optimize.brentq(excess, near, far, xtol=1e-6, rtol=1e-6)) if excess(near) < 0 else near
        if far == last:
            return None
        near, step = far, 2 * step
    return None


def _scale_for(depth: float, log_probability: float, shape: float) -> float:
    """The scale with which an excess of `depth` has the log-probability given: sigma = xi depth / (p^-xi - 1)."""
    if abs(shape) < 1e-9:
        return -depth / log_probability
    if -shape * log_probability > 700:
        return 0.0
    return shape * depth / math.expm1(-shape * log_probability)


def _deviance(tail: Tail, depth: float, log_rate: float) -> float:
    """D of the claim that noise exceeds threshold + depth at a rate: largest over zeta and xi, sigma following."""
    n = tail.excesses.size
    log_zeta = math.log(tail.rate_per_s)
    best = n * log_zeta - n + log_likelihood(tail.excesses, tail.shape, tail.scale)

    def loss(parameters: NDArray[np.float64]) -> float:
        shift = float(parameters[0])
        shape = float(parameters[1]) if parameters.size == 2 else 0.0
        log_probability = log_rate - log_zeta - shift
        if log_probability >= 0 or not SHAPE_RANGE[0] <= shape <= SHAPE_RANGE[1]:
            return IMPOSSIBLE
        poisson = n * (log_zeta + shift) - n * math.exp(shift)
        scale = _scale_for(depth, log_probability, shape)
        return min(-poisson - log_likelihood(tail.excesses, shape, scale), IMPOSSIBLE)

    at = min(_starts(tail, log_rate - log_zeta), key=loss)
    # The first simplex is of the parameters' own uncertainty, 1 / sqrt(n).
    size = 1 / math.sqrt(n)
    simplex = np.vstack([at, *(at + size * unit for unit in np.eye(at.size))])
    found = scipy.optimize.minimize(
        loss, at, method="Nelder-Mead", options={"initial_simplex": simplex, "fatol": 1e-4, "xatol": 1e-4 * size}
    )
    return 2 * (best + float(found.fun))


def _starts(tail: Tail, log_probability: float) -> list[NDArray[np.float64]]:
    """Points to begin from: the estimate, and others in case the estimate's shape cannot give the rate claimed."""
    shift = max(0.0, log_probability + 1e-3)  # the probability of the excess stays below 1
    if tail.shape_is_fixed:
        return [np.array([shift])]
    shapes = {tail.shape, -0.3, -0.15, 0.0, 0.15, 0.3, 0.6}
    return [np.array([shift, shape]) for shape in sorted(shapes)]
