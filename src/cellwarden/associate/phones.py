"""Trains of several nodes that are of one phone.

Each node joins the bursts of a phone to a train by itself. Two trains of different nodes are of one phone where some
part of the bursts of the shorter one, in some window, are bursts of the other too: much less than half where both hear
it faintly, while two phones' bursts hardly ever meet. So a phone whose train one node tore apart is mended by another
node that heard it through.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

Train = tuple[int, int]
"""Node and number."""
SHARED = 0.15
FEWEST = 3
"""Shared bursts, or all there are: one may be chance."""


class Phones:
    """Which trains are of one phone, so far: sets of trains that grow together. The one thing here that changes."""

    def __init__(self) -> None:
        self._parent: dict[Train, Train] = {}
        self._number: dict[Train, int] = {}

    def learn(self, groups: Iterable[Sequence[Train]]) -> None:
        """Take in the bursts of a window, each told by the trains that it belongs to at the nodes that heard it."""
        alone: Counter[Train] = Counter()
        shared: Counter[tuple[Train, Train]] = Counter()
        for trains in groups:
            alone.update(trains)
            shared.update(combinations(sorted(trains), 2))
        for (one, other), count in shared.items():
            least = min(alone[one], alone[other])
            if count >= max(min(FEWEST, least), SHARED * least):
                self._join(one, other)

    def of(self, train: Train) -> int:
        """The phone of a train, numbered from 1 in the order of being asked."""
        root = self._root(train)
        return self._number.setdefault(root, 1 + max(self._number.values(), default=0))

    def _root(self, train: Train) -> Train:
        while (parent := self._parent.setdefault(train, train)) != train:
            self._parent[train] = train = self._parent[parent]
        return train

    def _join(self, one: Train, other: Train) -> None:
        a, b = self._root(one), self._root(other)
        if a == b:
            return
        if self._number.get(b, 1 << 62) < self._number.get(a, 1 << 62):
            a, b = b, a  # the name that was given first stays
        self._parent[b] = a
