"""How near estimates lie to the truth, and how sure that figure is.

    RMSE = sqrt(mean (x - truth)²)        IQR = 75th - 25th percentile

Any figure of a sample gets an interval by resampling it with replacement and taking percentiles of the resampled
figures. Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993) §13.3.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellwarden.measure.interval import Estimate


def rmse(errors: ArrayLike) -> float:
    """Root mean square of errors, any shape, in their unit."""
    return float(np.sqrt(np.mean(np.square(np.asarray(errors, np.float64)))))


def interquartile_range(values: ArrayLike) -> float:
    """Distance of the quartiles, in the values' unit; 1.349 sigma of a normal distribution."""
    low, high = np.percentile(np.asarray(values, np.float64), [25, 75])
    return float(high - low)


def bootstrap(
    values: ArrayLike,
    statistic: Callable[[NDArray[np.float64]], float],
    *,
    seed: int,
    confidence: float = 0.95,
    replicates: int = 2000,
) -> Estimate:
    """A statistic of a sample with its percentile interval.

    values: shape (n,) or (n, …), one observation a row, rows are resampled together. Raises ValueError on an empty one.
    """
    sample = np.asarray(values, np.float64)
    if sample.shape[0] == 0:
        raise ValueError("an empty sample has no statistic")
    rng = np.random.default_rng(seed)
    drawn = [statistic(sample[rng.integers(0, sample.shape[0], sample.shape[0])]) for _ in range(replicates)]
    lower, upper = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(float(statistic(sample)), float(lower), float(upper))
