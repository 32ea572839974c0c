"""How well things were put together again: clusters that were found against the classes that made them.

    purity        part of all things that are of their cluster's commonest class: 1 where no cluster mixes classes
    completeness  part of all things that are in their class's largest cluster: 1 where no class is scattered

Either alone is easily 1: the first by clusters of one thing, the second by one cluster of all.
Source: C. Manning, P. Raghavan, H. Schütze, Introduction to Information Retrieval (2008) §16.3.
"""

from collections import Counter
from collections.abc import Hashable, Iterable


def purity(pairs: Iterable[tuple[Hashable, Hashable]]) -> float:
    """Purity of (cluster, class) pairs, one a thing. Raises ValueError where there is none."""
    counts: dict[Hashable, Counter[Hashable]] = {}
    for cluster, of in pairs:
        counts.setdefault(cluster, Counter())[of] += 1
    total = sum(c.total() for c in counts.values())
    if not total:
        raise ValueError("purity of nothing")
    return sum(max(c.values()) for c in counts.values()) / total


def completeness(pairs: Iterable[tuple[Hashable, Hashable]]) -> float:
    """Completeness of (cluster, class) pairs: purity with the two exchanged."""
    return purity((of, cluster) for cluster, of in pairs)
