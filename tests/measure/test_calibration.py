"""Reliability by hand, and maps from score to probability against the model that drew the labels."""

import numpy as np
import pytest
from scipy.special import expit

from cellwarden.measure.calibration import expected_calibration_error, fit_logistic, reliability
from cellwarden.measure.proportion import wilson


def test_bins_hold_what_was_said_and_what_was_true() -> None:
    bins = reliability([0.05, 0.62, 0.64, 0.66, 1.0], [False, True, False, True, True])
    assert [(b.low, b.high, b.count) for b in bins] == [(0.0, 0.1, 1), (0.6, 0.7, 3), (0.9, 1.0, 1)]
    assert bins[1].mean_confidence == pytest.approx(0.64)
    assert bins[1].share_right == pytest.approx(2 / 3)
    assert bins[1].interval == wilson(2, 3)
    # (1 * 0.05 + 3 * |2/3 - 0.64| + 1 * 0) / 5
    assert expected_calibration_error(bins) == pytest.approx((0.05 + 3 * (2 / 3 - 0.64)) / 5)


def test_a_confidence_beyond_one_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        reliability([0.5, 1.2], [True, True])


def test_honest_confidences_have_little_error_and_boasts_have_theirs() -> None:
    rng = np.random.default_rng(2)
    said = rng.random(50_000)
    # The mean of |share - p| over ten bins of 5000 is at most 0.8 sqrt(0.25 / 5000) = 0.006.
    assert expected_calibration_error(reliability(said, rng.random(said.size) < said)) < 0.008
    boast = np.full(50_000, 0.99)
    assert expected_calibration_error(reliability(boast, rng.random(boast.size) < 0.8)) == pytest.approx(0.19, abs=0.01)


def test_the_logistic_map_recovers_the_model_that_drew_the_labels() -> None:
    rng = np.random.default_rng(3)
    n, slope, intercept = 20_000, 0.35, -4.0
    scores = rng.normal(12, 6, n)
    truth = expit(slope * scores + intercept)
    fit = fit_logistic(scores, rng.random(n) < truth)
    design = np.column_stack((scores, np.ones(n)))
    spread = np.sqrt(np.diag(np.linalg.inv(design.T @ (design * (truth * (1 - truth))[:, None]))))  # Cramer-Rao
    assert abs(fit.slope - slope) < 4 * spread[0]
    assert abs(fit.intercept - intercept) < 4 * spread[1]
    assert fit.probability(scores) == pytest.approx(truth, abs=0.02)


def test_separable_scores_get_a_finite_slope_and_softened_ends() -> None:
    fit = fit_logistic([0.0, 1.0, 2.0, 3.0], [False, False, True, True])
    # Platt's targets with two of each are 1/4 and 3/4; with both fitted on average, the ends pass them.
    assert np.isfinite([fit.slope, fit.intercept]).all() and fit.slope > 0
    assert fit.probability(1.5) == pytest.approx(0.5, abs=1e-6)
    assert fit.probability([0.0, 3.0]) == pytest.approx([0.2, 0.8], abs=0.06)


@pytest.mark.parametrize(("scores", "labels"), [([1.0, 2.0], [True, True]), ([3.0, 3.0], [True, False])])
def test_what_cannot_be_calibrated_is_refused(scores: list[float], labels: list[bool]) -> None:
    with pytest.raises(ValueError, match="calibration needs"):
        fit_logistic(scores, labels)
