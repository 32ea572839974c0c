"""Curves against the normal distribution and against counting pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from cellwarden.measure.roc import area, area_between, operating_point, roc


def test_two_normal_distributions_give_the_known_curve() -> None:
    # Noise N(0, 1), signal N(2, 1): area Phi(2 / sqrt 2), P_d at P_fa 1 % is Phi(2 - Phi^-1(0.99)).
    rng = np.random.default_rng(5)
    n = 40_000
    curve = roc(np.concatenate((rng.normal(2, 1, n), rng.normal(0, 1, n))), np.arange(2 * n) < n)
    assert area(curve) == pytest.approx(norm.cdf(2 / np.sqrt(2)), abs=0.004)  # 4 standard errors, 0.001 each
    point = operating_point(curve, 0.01)
    assert point.threshold == pytest.approx(norm.isf(0.01), abs=0.08)
    assert point.false_alarm <= 0.01
    assert point.detection == pytest.approx(norm.cdf(2 - norm.isf(0.01)), abs=0.03)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30))
def test_the_area_counts_pairs_and_every_point_is_a_count(pairs: list[tuple[int, bool]]) -> None:
    scores, labels = [score for score, _ in pairs], [label for _, label in pairs]
    signals = [score for score, label in pairs if label]
    noises = [score for score, label in pairs if not label]
    if not signals or not noises:
        with pytest.raises(ValueError, match="signals and noise"):
            roc(scores, labels)
        return
    curve = roc(scores, labels)
    wins = sum((s > n) + 0.5 * (s == n) for s in signals for n in noises)
    assert area(curve) == pytest.approx(wins / (len(signals) * len(noises)))
    assert (np.diff(curve.thresholds) < 0).all()
    for threshold, false_alarm, detection in zip(curve.thresholds, curve.false_alarms, curve.detections, strict=True):
        assert false_alarm == pytest.approx(np.mean(np.array(noises) >= threshold))
        assert detection == pytest.approx(np.mean(np.array(signals) >= threshold))


def test_no_false_alarm_allowed_is_what_stands_above_all_noise() -> None:
    curve = roc([5, 4, 3, 2, 1], [True, True, False, True, False])
    assert operating_point(curve, 0.0) == (4.0, 0.0, pytest.approx(2 / 3))
    assert operating_point(curve, 1.0).detection == 1.0
    hidden = roc([1, 2], [True, False])
    assert operating_point(hidden, 0.0) == (np.inf, 0.0, 0.0)


def test_an_areas_interval_holds_it_as_often_as_it_says() -> None:
    rng, inside, signal = np.random.default_rng(6), 0, np.arange(70) < 30
    true = norm.cdf(1 / np.sqrt(2))
    for _ in range(800):
        found = area_between(area(roc(rng.normal(signal * 1.0, 1.0), signal)), 30, 40)
        inside += found.lower <= true <= found.upper
    # 95 % within three standard errors of 800 draws; the method holds a little more than it says.
    assert 0.925 < inside / 800 < 0.985


def test_an_area_of_one_is_not_certain() -> None:
    found = area_between(1.0, 20, 20)
    assert found.upper == 1.0
    # Of 20 signals none lay below a noise; a share of which 20 of 20 were seen begins at 0.84.
    assert 0.75 < found.lower < 0.95
    assert area_between(0.0, 20, 20).upper == pytest.approx(1 - found.lower)
