"""Likelihood ratios: equal-error rate, Cllr, misses at a rate of false accepts, Tippett curves."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from cellwarden.measure import likelihood


def gaussian(apart: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Ratios of two normal kinds whose logarithms are known: x ± apart/2 with variance apart are their own ratios."""
    rng = np.random.default_rng(4)
    same = np.arange(count) % 2 == 0
    return rng.normal(np.where(same, apart / 2, -apart / 2), math.sqrt(apart)), same


def test_the_equal_error_rate_of_two_normal_kinds_is_theirs() -> None:
    score, same = gaussian(4.0)
    expected = norm.cdf(-1.0)  # d' = sqrt(4) = 2, and the errors cross half way
    assert likelihood.equal_error(score, same) == pytest.approx(expected, abs=0.006)  # 10,000 each: 0.0037 is one


def test_an_equal_error_rate_of_few_pairs_lies_between_its_points() -> None:
    assert likelihood.equal_error([3, 2, 1, 0], [True, True, False, False]) == 0
    assert likelihood.equal_error([0, 1, 2, 3], [True, True, False, False]) == 1
    assert likelihood.equal_error([3, 1, 2, 0], [True, True, False, False]) == pytest.approx(0.5)


def test_ratios_that_say_nothing_cost_one_bit() -> None:
    assert likelihood.cost(np.zeros(10), np.arange(10) < 3) == pytest.approx(1.0)


def test_true_ratios_cost_less_than_the_same_ones_bent() -> None:
    score, same = gaussian(4.0)
    honest = likelihood.cost(score, same)
    assert honest < 1
    assert likelihood.cost(3 * score, same) > honest
    assert likelihood.cost(score / 3, same) > honest
    assert likelihood.cost(score + 2, same) > honest
    assert likelihood.cost(-score, same) > 1


def test_misses_are_told_at_the_rate_of_false_accepts() -> None:
    score, same = gaussian(9.0)
    expected = norm.cdf(norm.isf(0.01) - 3.0)
    assert likelihood.missed_at(score, same, 0.01) == pytest.approx(expected, abs=0.03)


def test_tippett_curves_fall_and_begin_at_one() -> None:
    score, same = gaussian(4.0, 400)
    told = likelihood.tippett(score, same)
    for part in (told.same, told.different):
        assert part[0] == 1 and (np.diff(part) <= 0).all()
    assert (told.same >= told.different).mean() > 0.95
    assert told.log10_ratio[-1] == pytest.approx(score.max() / math.log(10))


def test_an_interval_over_sources_holds_the_figure_and_widens_with_fewer() -> None:
    def width(sources: int) -> float:
        values = np.random.default_rng(7).normal(size=sources)
        told = likelihood.over_sources(lambda k: float(values[k].mean()), sources, np.random.default_rng(1))
        assert told.lower < told.value < told.upper
        return told.upper - told.lower

    assert width(400) == pytest.approx(2 * 1.96 / 20, rel=0.3)
    assert width(25) > 2 * width(400)


def test_pairs_of_one_kind_have_no_error_rate() -> None:
    for figure in (likelihood.equal_error, likelihood.cost):
        with pytest.raises(ValueError):
            figure([1.0, 2.0], [True, True])
