"""Differences of shares against published examples and against coverage."""

import math

import numpy as np
import pytest

from cellwarden.measure.difference import estimated, holm, independent, paired, squared_and_added
from cellwarden.measure.interval import Estimate


# R. Newcombe, Stat. Med. 17 (1998) 873, table II, method 10.
@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [((56, 48), (70, 80), 0.0524, 0.3339), ((9, 3), (10, 10), 0.1705, 0.8090)],
)
def test_a_difference_has_newcombes_interval(
    hits: tuple[int, int], trials: tuple[int, int], low: float, high: float
) -> None:
    found = independent(hits, trials)
    assert (found.lower, found.upper) == pytest.approx((low, high), abs=5e-5)


def test_a_paired_difference_has_newcombes_interval() -> None:
    # R. Newcombe, Stat. Med. 17 (1998) 2635, table II, method 10: 36, 12, 2 and 0 of 50.
    one = [True] * 36 + [True] * 12 + [False] * 2
    other = [True] * 36 + [False] * 12 + [True] * 2
    found = paired(one, other)
    assert found.value == pytest.approx(0.2)
    assert (found.lower, found.upper) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    # McNemar, exact: 12 of 14 one way, twice (C(14,0) + C(14,1) + C(14,2)) / 2^14.
    assert found.p == pytest.approx(2 * (1 + 14 + 91) / 2**14)


def test_fishers_test_is_that_of_the_lady_tasting_tea() -> None:
    # Three of four right: one-sided 17/70, two-sided 34/70 (R. Fisher, The Design of Experiments, 1935).
    assert independent((3, 1), (4, 4)).p == pytest.approx(34 / 70)


@pytest.mark.parametrize("draws", [500, pytest.param(2000, marks=pytest.mark.long)])
def test_the_interval_holds_the_truth_as_often_as_it_says(draws: int) -> None:
    rng, inside = np.random.default_rng(1), 0
    for _ in range(draws):
        one, other = int(rng.binomial(30, 0.8)), int(rng.binomial(40, 0.6))
        found = independent((one, other), (30, 40))
        inside += found.lower <= 0.2 <= found.upper
    # 95 % within four standard errors.
    assert inside / draws == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / draws))


def test_equal_answers_leave_no_difference() -> None:
    answers = [True, False, True]
    assert paired(answers, answers)[0] == 0 and paired(answers, answers).p == 1


def test_paired_shares_of_other_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="same trials"):
        paired([True], [True, False])


def test_an_end_that_is_unknown_stays_unknown() -> None:
    assert squared_and_added(Estimate(1, 0, np.inf), Estimate(0, -1, 1)).upper == np.inf


def test_without_a_trial_a_share_may_be_anything() -> None:
    assert estimated(0, 0)[1:] == (0.0, 1.0)


def test_holm_steps_down() -> None:
    # Smallest times 4, next times 3, …; never falling.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
