"""Purity and completeness against a table worked out by hand."""

import pytest

from cellwarden.measure.groups import completeness, purity

# cluster 0: a a a b, cluster 1: b b, cluster 2: a
PAIRS = [(0, "a"), (0, "a"), (0, "a"), (0, "b"), (1, "b"), (1, "b"), (2, "a")]


def test_purity_counts_each_clusters_commonest_class() -> None:
    assert purity(PAIRS) == pytest.approx((3 + 2 + 1) / 7)


def test_completeness_counts_each_classes_largest_cluster() -> None:
    assert completeness(PAIRS) == pytest.approx((3 + 2) / 7)


def test_clusters_of_one_are_pure_and_one_of_all_is_complete() -> None:
    assert purity((n, "a") for n in range(5)) == 1.0
    assert completeness((0, n % 2) for n in range(6)) == 1.0
    assert purity((0, n % 2) for n in range(6)) == 0.5


def test_of_nothing_there_is_no_purity() -> None:
    with pytest.raises(ValueError, match="nothing"):
        purity([])
