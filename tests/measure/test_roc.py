"""Curves against the normal distribution and against counting pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from cellwarden.measure.roc import area, operating_point, roc


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
