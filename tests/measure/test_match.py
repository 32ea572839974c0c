"""Boxes that lie on each other."""

import pytest

from cellwarden.measure.match import lying_on
from cellwarden.model import Burst


def box(start: int, count: int, low: float = 0.0, high: float = 100.0) -> Burst:
    return Burst(start, count, low, high, 0.0, 0.0)


@pytest.mark.parametrize(
    ("claim", "lies"),
    [
        (box(50, 100), True),  # covers half
        (box(51, 100), False),
        (box(0, 100, 100.0, 200.0), False),  # touches the band's edge only
        (box(0, 100, 99.0, 200.0), True),
        (box(-1000, 5000), True),
    ],
)
def test_a_claim_covers_half_of_the_time_in_the_band(claim: Burst, lies: bool) -> None:
    assert bool(lying_on([box(0, 100)], [claim])[0]) is lies


def test_each_truth_has_its_own_claims() -> None:
    truths = [box(n * 1000, 100) for n in range(20)]
    claims = [box(n * 1000 + 10, 100) for n in range(0, 20, 2)]
    found = lying_on(truths, claims)
    assert [len(one) for one in found] == [1, 0] * 10
    assert all(one[0].sample_start == 1000 * n + 10 for n, one in enumerate(found) if one)
