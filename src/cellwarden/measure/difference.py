"""Is one share larger than another? Differences with intervals, and tests.

Independent shares p₁ and p₂, each with its Wilson interval (l, u), square and add:

    d = p₁ - p₂      d - sqrt( (p₁ - l₁)² + (u₂ - p₂)² )   …   d + sqrt( (u₁ - p₁)² + (p₂ - l₂)² )

Where both were tried on the same trials, their correlation φ takes 2 φ (p₁ - l₁)(u₂ - p₂) off under the root. Tests are
exact: Fisher's for independent shares, McNemar's (of the trials in which the two differ, half go either way) for paired
ones. Of many tests at once, Holm's step-down keeps the chance of one false finding.

Sources: R. Newcombe, Stat. Med. 17 (1998) 873 (method 10) and 2635 (method 10); S. Holm, Scand. J. Stat. 6 (1979) 65.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import scipy

from cellwarden.measure.interval import Estimate
from cellwarden.measure.proportion import wilson


class Difference(NamedTuple):
    """Of two shares, the first minus the second, with the ends of its interval and the test's p-value."""

    value: float
    lower: float
    upper: float
    p: float


def estimated(successes: int, trials: int, confidence: float = 0.95) -> Estimate:
    """A share with its Wilson interval; without a trial, not a number from 0 to 1."""
    low, high = wilson(successes, trials, confidence)
    return Estimate(successes / trials if trials else math.nan, low, high)


def squared_and_added(one: Estimate, other: Estimate, correlation: float = 0.0) -> Estimate:
    """Interval of `one - other` from their own intervals."""
    (a, below_a, above_a), (b, below_b, above_b) = one, other
    down = _root(a - below_a, above_b - b, correlation)
    up = _root(above_a - a, b - below_b, correlation)
    return Estimate(a - b, a - b - down, a - b + up)


def _root(one: float, other: float, correlation: float) -> float:
    if math.isinf(one) or math.isinf(other):
        return math.inf
    return math.sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))


def independent(hits: tuple[int, int], trials: tuple[int, int], confidence: float = 0.95) -> Difference:
    """Share hits[0] / trials[0] minus hits[1] / trials[1], of trials that have nothing to do with each other."""
    one, other = (estimated(k, n, confidence) for k, n in zip(hits, trials, strict=True))
    table = [[k, n - k] for k, n in zip(hits, trials, strict=True)]
    return Difference(*squared_and_added(one, other), p=float(scipy.stats.fisher_exact(table).pvalue))


def paired(one: Sequence[bool], other: Sequence[bool], confidence: float = 0.95) -> Difference:
    """Share of `one` minus share of `other` over the same trials; raises ValueError where there is none."""
    trials = len(one)
    if not trials or trials != len(other):
        raise ValueError("paired shares need the same trials")
    both = sum(a and b for a, b in zip(one, other, strict=True))
    first, second = sum(one) - both, sum(other) - both
    shares = estimated(sum(one), trials, confidence), estimated(sum(other), trials, confidence)
    interval = squared_and_added(*shares, _correlation(both, first, second, trials - both - first - second))
    differ = first + second
    p = float(scipy.stats.binomtest(first, differ, 0.5).pvalue) if differ else 1.0
    return Difference(*interval, p=p)


def _correlation(both: int, first: int, second: int, neither: int) -> float:
    """φ of the fourfold table, moved towards 0 by half a trial as Newcombe has it."""
    sides = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not sides:
        return 0.0
    product: float = both * neither - first * second
    if product > 0:
        product = max(product - (both + first + second + neither) / 2, 0.0)
    return product / math.sqrt(sides)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of tests made at once, in their order: below 0.05, there is something whatever the others say."""
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    adjusted, most = [0.0] * len(p_values), 0.0
    for rank, n in enumerate(order):
        most = max(most, min(1.0, (len(p_values) - rank) * p_values[n]))
        adjusted[n] = most
    return adjusted
