"""Counts and their intervals."""

import pytest
from scipy.stats import poisson as distribution

from cellwarden.measure.count import poisson


@pytest.mark.parametrize("count", [0, 1, 7, 700])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_beyond_each_end_the_count_is_as_improbable_as_was_asked_for(count: int, confidence: float) -> None:
    low, high = poisson(count, confidence)
    assert distribution.cdf(count, high) == pytest.approx((1 - confidence) / 2)
    assert low == 0.0 if count == 0 else distribution.sf(count - 1, low) == pytest.approx((1 - confidence) / 2)
