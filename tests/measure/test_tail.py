"""Fitted tails against the distributions that drew them, and intervals against how often they hold the truth."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import anderson, genpareto, poisson

from cellwarden.measure.tail import (
    FEWEST,
    Tail,
    anderson_darling,
    excess_at,
    fit_tail,
    goodness_of_fit,
    log_likelihood,
    rate_interval,
    survival,
)
from cellwarden.measure.tail_profile import exceedance_rate, scale_interval, shape_interval

THRESHOLD, SCALE, DURATION_S = 5.0, 2.0, 100.0


def drawn(shape: float, count: int, seed: int, *, exponential: bool = False) -> Tail:
    """A fit to about `count` exceedances of a known tail, and as many scores below the threshold."""
    rng = np.random.default_rng(seed)
    above = genpareto.rvs(shape, scale=SCALE, size=rng.poisson(count), random_state=rng)
    scores = np.concatenate((THRESHOLD + above, rng.uniform(0, THRESHOLD, count)))
    return fit_tail(rng.permutation(scores), THRESHOLD, DURATION_S, exponential=exponential)


@pytest.mark.parametrize("shape", [-0.3, -0.1, 0.0, 0.2, 0.5])
def test_the_fit_recovers_the_tail_within_its_uncertainty(shape: float) -> None:
    tail = drawn(shape, 4000, seed=1)
    at, scale, rate = shape_interval(tail, 0.999), scale_interval(tail, 0.999), rate_interval(tail, 0.999)
    assert at.lower < shape < at.upper and at.upper - at.lower < 0.3
    assert scale.lower < SCALE < scale.upper and scale.upper - scale.lower < 0.5
    assert rate.lower < 40.0 < rate.upper
    # Coles §4.3.2: the standard error of the shape is (1 + xi) / sqrt(n).
    half = (at.upper - at.lower) / 2
    assert half == pytest.approx(3.29 * (1 + shape) / math.sqrt(tail.excesses.size), rel=0.2)


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.3])
def test_no_other_parameters_are_likelier(shape: float) -> None:
    tail = drawn(shape, 300, seed=3)
    best = log_likelihood(tail.excesses, tail.shape, tail.scale)
    assert best == pytest.approx(genpareto.logpdf(tail.excesses, tail.shape, scale=tail.scale).sum())
    grid = [(a, b) for a in np.linspace(-0.49, 0.99, 60) for b in np.linspace(0.5, 5, 60)]
    assert max(log_likelihood(tail.excesses, float(a), float(b)) for a, b in grid) <= best + 1e-9


def test_an_exponential_tail_is_its_mean_excess() -> None:
    tail = drawn(0.0, 500, seed=4, exponential=True)
    assert tail.scale == pytest.approx(tail.excesses.mean())
    assert shape_interval(tail) == (0.0, 0.0, 0.0)
    # rate(x) = n / T exp(-(x - u) / mean)
    expected = tail.rate_per_s * math.exp(-15.0 / tail.scale)
    assert exceedance_rate(tail, THRESHOLD + 15.0).value == pytest.approx(expected)


@pytest.mark.long
@pytest.mark.parametrize(
    ("shape", "exponential"),
    [*(pytest.param(shape, False, marks=pytest.mark.long) for shape in (-0.2, 0.1)), (0.0, True)],
)
def test_intervals_hold_the_truth_as_often_as_stated(shape: float, exponential: bool) -> None:
    # A hundred times beyond the rate of the threshold, in 80 drawings. Profile likelihood is asymptotic: with 200
    # excesses 95 % intervals hold in 0.95 +/- 3.3 * 0.0244 of the drawings, less one or two percent.
    rate = 2.0 / 100
    score = THRESHOLD + float(genpareto.isf(0.01, shape, scale=SCALE))
    held = 0
    for seed in range(80):
        tail = drawn(shape, 200, seed, exponential=exponential)
        found = exceedance_rate(tail, score)
        held += found.lower <= rate <= found.upper
    assert 68 <= held < 80


def test_rates_fall_and_grow_less_sure_beyond_the_data() -> None:
    tail = drawn(0.1, 300, seed=7)
    found = [exceedance_rate(tail, THRESHOLD + depth) for depth in (0.0, 2.0, 6.0, 12.0, 24.0)]
    assert found[0] == rate_interval(tail)
    assert all(a.value > b.value for a, b in pairwise(found))
    widths = [math.log(one.upper / one.lower) for one in found]
    assert widths == sorted(widths)


def test_beyond_the_end_of_a_bounded_tail_only_the_upper_end_is_above_zero() -> None:
    tail = drawn(-0.3, 300, seed=8)
    beyond = THRESHOLD - tail.scale / tail.shape + 0.5
    found = exceedance_rate(tail, beyond)
    assert found.value == 0.0 == found.lower
    assert 0 <= found.upper < tail.rate_per_s / tail.excesses.size
    nearer = exceedance_rate(tail, beyond - 0.6)
    assert found.upper < nearer.upper


def test_the_rate_interval_is_the_exact_one_of_a_count() -> None:
    tail = drawn(0.0, 30, seed=9)
    n = tail.excesses.size
    rate = rate_interval(tail)
    assert poisson.sf(n - 1, rate.lower * DURATION_S) == pytest.approx(0.025)
    assert poisson.cdf(n, rate.upper * DURATION_S) == pytest.approx(0.025)


# scipy divides by the shape, which fails next to zero
@given(st.floats(-0.5, 1).map(lambda shape: round(shape, 6)), st.floats(0.1, 10), st.floats(-20, -1e-3))
def test_survival_and_its_inverse_are_scipys(shape: float, scale: float, log_survival: float) -> None:
    excess = float(excess_at(log_survival, shape, scale))
    assert float(survival(excess, shape, scale)) == pytest.approx(math.exp(log_survival), rel=1e-4)
    assert float(survival(excess / 2, shape, scale)) == pytest.approx(
        genpareto.sf(excess / 2, shape, scale=scale), rel=1e-4
    )


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1e6), min_size=0, max_size=40), st.booleans())
def test_any_scores_are_fitted_or_refused(scores: list[float], exponential: bool) -> None:
    above = [score for score in scores if score > 1.0]
    if len(above) < FEWEST:
        with pytest.raises(ValueError, match="a tail needs"):
            fit_tail(scores, 1.0, 60.0, exponential=exponential)
        return
    tail = fit_tail(scores, 1.0, 60.0, exponential=exponential)
    assert tail.scale > 0 and -0.5 - 1e-6 <= tail.shape <= 1 + 1e-6
    assert math.isfinite(log_likelihood(tail.excesses, tail.shape, tail.scale))


def test_the_distance_of_anderson_and_darling_is_scipys_for_an_exponential_tail() -> None:
    tail = drawn(0.0, 200, seed=10, exponential=True)
    assert anderson_darling(tail) == pytest.approx(anderson(tail.excesses, "expon", method="interpolate").statistic)


def test_a_true_tail_fits_and_a_false_one_does_not() -> None:
    assert goodness_of_fit(drawn(0.15, 300, seed=11), seed=1) > 0.05
    heavy = drawn(0.4, 500, seed=12, exponential=True)  # an exponential forced on a heavy tail
    assert goodness_of_fit(heavy, seed=1) < 0.01
    two_humps = np.concatenate(
        (np.random.default_rng(1).normal(7, 0.2, 200), np.random.default_rng(2).normal(12, 0.2, 200))
    )
    assert goodness_of_fit(fit_tail(two_humps, THRESHOLD, 60.0), seed=1) < 0.01


def test_what_the_fit_cannot_say_is_refused() -> None:
    tail = drawn(0.0, 100, seed=14)
    with pytest.raises(ValueError, match="below the threshold"):
        exceedance_rate(tail, THRESHOLD - 1)
