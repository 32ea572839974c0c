"""Wilson's interval against published values, scipy and the exact binomial distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from cellwarden.measure.proportion import wilson


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_ends_are_those_of_newcombe(successes: int, trials: int, lower: float, upper: float) -> None:
    # R. Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3
    assert wilson(successes, trials) == pytest.approx((lower, upper), abs=5e-5)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_it_is_scipys_and_holds_the_share(counts: tuple[int, int], confidence: float) -> None:
    successes, trials = counts
    interval = wilson(successes, trials, confidence)
    theirs = binomtest(successes, trials).proportion_ci(confidence, "wilson")
    assert interval == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert 0 <= interval.lower <= successes / trials <= interval.upper <= 1


def test_it_covers_as_stated_and_is_narrower_than_the_exact_one() -> None:
    n, shares = 40, np.linspace(0.02, 0.98, 97)
    ours = [wilson(k, n) for k in range(n + 1)]
    exact = [binomtest(k, n).proportion_ci(0.95, "exact") for k in range(n + 1)]
    covered = [sum(binom.pmf(k, n, p) for k in range(n + 1) if ours[k].lower <= p <= ours[k].upper) for p in shares]
    # The score interval covers 95 % on average over p, the Clopper-Pearson one at least 95 % everywhere (Brown 2001).
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)
    # At k = 0 and n the Wilson interval is the wider one; elsewhere it is not.
    assert all(a.upper - a.lower < b.high - b.low for a, b in list(zip(ours, exact, strict=True))[1:-1])


def test_nothing_tried_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)
