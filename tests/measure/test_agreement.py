"""Errors and their resampled intervals against closed forms."""

import numpy as np
import pytest

from cellwarden.measure.agreement import bootstrap, interquartile_range, rmse


def test_figures_of_known_samples() -> None:
    assert rmse([3.0, -4.0]) == pytest.approx(np.sqrt(12.5))
    assert interquartile_range([1, 2, 3, 4, 5]) == 2.0
    normal = np.random.default_rng(1).normal(0, 2.0, 100_000)
    assert interquartile_range(normal) == pytest.approx(2 * 1.349, rel=0.01)  # 2 Phi^-1(3/4) sigma


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    sample = np.random.default_rng(4).normal(10, 3, 400)
    mean, lower, upper = bootstrap(sample, lambda x: float(x.mean()), seed=1)
    half = 1.96 * sample.std() / np.sqrt(400)
    assert mean == sample.mean()
    assert (lower, upper) == pytest.approx((mean - half, mean + half), abs=0.06 * half * 2)


def test_it_covers_as_stated() -> None:
    # 100 samples of 60: a 95 % interval holds the truth in 0.95 +/- 3.3 * 0.0218 of them, and not in all.
    held = 0
    for seed in range(100):
        sample = np.random.default_rng(seed).normal(5, 1, 60)
        one = bootstrap(sample, lambda x: float(x.mean()), seed=seed, replicates=400)
        held += one.lower <= 5 <= one.upper
    assert 88 <= held < 100


def test_rows_stay_together_and_a_seed_decides() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(size=100)
    pairs = np.column_stack((truth, truth + rng.normal(0, 0.5, 100)))

    def error(rows: np.ndarray) -> float:
        return rmse(rows[:, 1] - rows[:, 0])

    one = bootstrap(pairs, error, seed=9)
    assert one == bootstrap(pairs, error, seed=9) != bootstrap(pairs, error, seed=10)
    assert one.lower < 0.5 < one.upper < 0.7  # torn apart, the error would be sqrt(2) or more


def test_an_empty_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        bootstrap([], rmse, seed=1)
