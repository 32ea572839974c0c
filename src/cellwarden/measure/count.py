"""How sure a count is: the exact interval of a Poisson mean (F. Garwood, Biometrika 28 (1936) 437)."""

import scipy

from cellwarden.measure.interval import Interval


def poisson(count: int, confidence: float = 0.95) -> Interval:
    """Interval of the mean of which `count` events were seen once; without an event its lower end is 0."""
    miss = (1 - confidence) / 2
    lower = float(scipy.stats.chi2.ppf(miss, 2 * count)) / 2 if count else 0.0
    return Interval(lower, float(scipy.stats.chi2.isf(miss, 2 * count + 2)) / 2)
