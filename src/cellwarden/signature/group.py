"""Trains: the bursts of one phone, or of one link, put together again as they come.

    gsm_trains     a call: the same slot of each frame, staying or hopping
    lte_trains     a phone of a cell that schedules it: PUSCH, PUCCH and SRS of one oscillator, arrival and level
    slot_trains    a link of Bluetooth or Low Energy that hops by a clock of its own
    box_trains     all others: one band

A train ends after a silence, so that only those of the last moments are in memory.

A train is a hypothesis: two phones that are alike in all that their rules look at, one after the other, look like one.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

from cellwarden.model import Emission, Segment
from cellwarden.signature import box_trains, gsm_trains, lte_trains, slot_trains
from cellwarden.signature.train import Train, View, begun, grown, summed, viewed

SILENCE_S = 2.0
"""A train that was silent for so long is over. A call in discontinuous transmission speaks every 0.48 s."""


class Rules(NamedTuple):
    """How bursts of some labels find their trains."""

    places: Callable[[Train, View], tuple[Hashable, ...]]
    """Under what a train whose last burst it is is filed."""
    near: Callable[[View], Iterable[Hashable]]
    """All places where a burst's train may be filed."""
    cost: Callable[[Train, View], float | None]
    """How badly a burst fits a train; None where it is of another."""
    grow: Callable[[Train, View], None]
    """Take a burst into a train, which may be new."""


GSM = Rules(gsm_trains.places, gsm_trains.near, gsm_trains.cost, gsm_trains.grow)
SLOT = Rules(slot_trains.places, slot_trains.near, slot_trains.cost, slot_trains.grow)
BOX = Rules(box_trains.places, box_trains.near, box_trains.cost, box_trains.grow)


Numbered = list[tuple[Emission, int]]


def _rules(label: str) -> Rules:
    slotted = label.startswith(slot_trains.PREFIXES)
    return GSM if label in gsm_trains.LABELS else SLOT if slotted else BOX


class Grouper:
    """Gives each emission, in the order of time, the number of its train, and hands out trains that are over.

    Most are numbered at once. LTE's wait for others of their half second.
    """

    def __init__(self) -> None:
        self._segment: Segment | None = None
        self._open: OrderedDict[int, Train] = OrderedDict()
        self._filed: dict[Hashable, list[Train]] = {}
        self._numbers = 0
        self._phones = lte_trains.Phones()
        self._waiting: list[View] = []

    def add(self, emission: Emission, segment: Segment) -> tuple[Numbered, list[Emission]]:
        """Emissions with the number of their train, this one among them or later; and trains that ended before it."""
        told: Numbered = []
        over: list[Emission] = []
        if segment != self._segment:
            told, over = self.close()
            self._segment, self._phones = segment, lte_trains.Phones()
        view = viewed(emission, segment)
        if self._waiting and (
            view.start_s > self._waiting[0].start_s + lte_trains.WINDOW_S or len(self._waiting) >= lte_trains.MOST
        ):
            told += self._released()
        over += self._silent(view.start_s)
        if emission.label in lte_trains.LABELS:
            self._waiting.append(view)
        else:
            told.append((emission, self._placed(view)))
        return told, over

    def passed(self, now_s: float) -> tuple[Numbered, list[Emission]]:
        """What is told when nothing was heard up to a time, in seconds since the segment began."""
        due = self._waiting and now_s > self._waiting[0].start_s + lte_trains.WINDOW_S
        told = self._released() if due else []
        return told, self._silent(now_s)

    def close(self) -> tuple[Numbered, list[Emission]]:
        """Emissions that still waited, and the trains that were still open, when nothing more comes."""
        told = self._released()
        return told, [self._end(number) for number in list(self._open)]

    def _silent(self, now_s: float) -> list[Emission]:
        """Trains that are over: they have been silent for too long."""
        over: list[Emission] = []
        while self._open and next(iter(self._open.values())).last_s < now_s - SILENCE_S:
            over.append(self._end(next(iter(self._open))))
        return over

    def _placed(self, view: View) -> int:
        """The number of the train that fits a burst best, or of a new one."""
        rules = _rules(view.emission.label)
        candidates = (train for place in rules.near(view) for train in self._filed.get(place, ()))
        costs = ((rules.cost(train, view), train.number) for train in candidates)
        best = min(((cost, number) for cost, number in costs if cost is not None), default=None)
        train = self._begun(view) if best is None else self._open[best[1]]
        rules.grow(train, view)
        grown(train, view)
        self._open.move_to_end(train.number)
        self._file(train, rules.places(train, view))
        return train.number

    def _released(self) -> Numbered:
        """Trains of the bursts of LTE that waited for each other."""
        views, self._waiting = self._waiting, []
        if not views:
            return []
        known = [train for train in self._open.values() if isinstance(train.memory, lte_trains.Phone)]
        trains: dict[int, Train] = {}
        members: dict[int, list[View]] = {}
        told: Numbered = []
        for view, key in zip(views, self._phones.assigned(views, known), strict=True):
            if isinstance(key, Train):
                train = key
            else:
                train = trains[key] if key in trains else trains.setdefault(key, self._begun(view))
            grown(train, view)
            members.setdefault(train.number, []).append(view)
            self._open.move_to_end(train.number)
            told.append((view.emission, train.number))
        for number, of in members.items():
            self._phones.learn(self._open[number], of)
        return told

    def _begun(self, view: View) -> Train:
        train = begun(self._numbers, view)
        self._numbers += 1
        self._open[train.number] = train
        return train

    def _file(self, train: Train, places: tuple[Hashable, ...]) -> None:
        """Put a train where its next burst will look for it: a wrong clock carries it through the frame."""
        if places == train.filed:
            return
        self._unfile(train)
        train.filed = places
        for place in places:
            self._filed.setdefault(place, []).append(train)

    def _unfile(self, train: Train) -> None:
        for place in train.filed:
            shelf = self._filed[place]
            shelf.remove(train)
            if not shelf:
                del self._filed[place]

    def _end(self, number: int) -> Emission:
        train = self._open.pop(number)
        self._unfile(train)
        return summed(train)


def trains(emissions: Iterable[tuple[Emission, Segment]]) -> Iterator[Emission]:
    """One emission for each train, in the order in which they end, from emissions in the order of their start."""
    grouper = Grouper()
    for emission, segment in emissions:
        yield from grouper.add(emission, segment)[1]
    yield from grouper.close()[1]
