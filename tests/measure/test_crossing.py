"""Where a curve reaches a share."""

import math

import numpy as np
import pytest

from cellwarden.measure.crossing import crossing


def test_a_curve_is_read_between_its_points() -> None:
    found = crossing([0, 1, 2], [0, 80, 100], [100, 100, 100], 0.9)
    assert found.value == pytest.approx(1.5)
    assert 1.0 < found.lower < 1.5 < found.upper <= 2.0


def test_a_point_that_falls_back_is_levelled() -> None:
    # 0.6 and 0.4 become 0.5 and 0.5; from there to 1.0 at level 3, half way is 0.75.
    assert crossing([0, 1, 2, 3], [0, 60, 40, 100], [100] * 4, 0.75).value == pytest.approx(2.5)


def test_a_share_that_is_never_reached_lies_beyond_the_curve() -> None:
    assert crossing([0, 1], [0, 5], [10, 10], 0.9).value == math.inf


def test_a_share_that_was_always_reached_lies_before_it() -> None:
    assert crossing([0, 1], [99, 100], [100, 100], 0.5).value == -math.inf


def test_few_trials_cannot_show_that_a_share_is_reached() -> None:
    # Of 20 of 20 the lower end is 0.84: 0.9 is reached, but not surely.
    found = crossing([0, 1], [0, 20], [20, 20], 0.9)
    assert found.value == pytest.approx(0.9)
    assert found.upper == math.inf


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng, levels = np.random.default_rng(2), np.arange(-5.0, 6.0)
    true = 1 / (1 + np.exp(-levels))
    inside = 0
    for _ in range(500):
        found = crossing(levels.tolist(), rng.binomial(100, true).tolist(), [100] * 11, 0.5)
        inside += found.lower <= 0 <= found.upper
    # At least 95 %, less three standard errors; a rising fit shares what its neighbours know, so it may hold more.
    assert inside / 500 > 0.92
