"""Trains of several nodes that are of one phone.

Each node joins the bursts of a phone to a train by itself. Two trains of different nodes are of one phone where some
part of the bursts of the shorter one, in some window, are bursts of the other too: much less than half where both hear
it faintly, while two phones' bursts hardly ever meet. So a phone whose train one node tore apart is mended by another
node that heard it through.
"""

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, count

Train = tuple[int, int]
"""Node and number."""
SHARED = 0.15
FEWEST = 3
"""Shared bursts, or all there are: one may be chance."""
MOST = 100_000
"""Trains that are known: those of many hours of a site of 60 sensors."""


@dataclass(slots=True, eq=False)
class _Phone:
    """A phone as far as its trains are known."""

    trains: set[Train]
    number: int | None = None
    """Given when it was first asked for."""


class Phones:
    """Which trains are of one phone, so far: sets of trains that grow together. The one thing here that changes.

    A site runs for years: of its trains the MOST that were met last are known.
    """

    def __init__(self) -> None:
        self._of: OrderedDict[Train, _Phone] = OrderedDict()
        """Trains that were met last, last."""
        self._numbers = count(1)

    def learn(self, groups: Iterable[Sequence[Train]]) -> None:
        """Take in the bursts of a window, each told by the trains that it belongs to at the nodes that heard it."""
        alone: Counter[Train] = Counter()
        shared: Counter[tuple[Train, Train]] = Counter()
        for trains in groups:
            alone.update(trains)
            shared.update(combinations(sorted(trains), 2))
        for (one, other), together in shared.items():
            least = min(alone[one], alone[other])
            if together >= max(min(FEWEST, least), SHARED * least):
                self._join(one, other)

    def of(self, train: Train) -> int:
        """The phone of a train, numbered from 1 in the order of being asked."""
        phone = self._met(train)
        if phone.number is None:
            phone.number = next(self._numbers)
        return phone.number

    def _met(self, train: Train) -> _Phone:
        phone = self._of.setdefault(train, _Phone({train}))
        self._of.move_to_end(train)
        if len(self._of) > MOST:
            oldest, its = self._of.popitem(last=False)
            its.trains.remove(oldest)
        return phone

    def _join(self, one: Train, other: Train) -> None:
        kept, gone = sorted((self._met(one), self._met(other)), key=lambda phone: phone.number or math.inf)
        if kept is gone:
            return
        kept.trains |= gone.trains  # the name that was given first stays
        self._of.update(dict.fromkeys(gone.trains, kept))
