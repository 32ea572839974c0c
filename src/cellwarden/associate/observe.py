"""From many nodes' emissions to observations, window by window: memory does not grow with the length of the input.

```
 node A ─► bursts of a window ─┐             ┌─ clocks ◄──────┐
 node B ─► bursts of a window ─┼─► columns ─►┤                │
 node C ─► bursts of a window ─┘             └─► common time ─┴─► groups ─► phones ─► Observation
```

The node that heard most holds the common clock. The others are set to it one by one, each against all bursts of those
set before, so that two nodes which share no phone are still set by a third. A node whose clock is not known has its
bursts told for themselves.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np

from cellwarden.associate.clocks import Clock, aligned, common_s, recalled
from cellwarden.associate.match import grouped
from cellwarden.associate.phones import Phones
from cellwarden.associate.seen import Floats, Row, Seen, Whole, joined, levels, row, some, table, tabled
from cellwarden.model import Emission, Observation, Reception, Segment
from cellwarden.radio.absolute import middle_hz

Located = tuple[Emission, Segment]
Measured = tuple[Floats, Floats]
"""What was measured, and one standard deviation of it."""

WINDOW_S = 2.0
AHEAD_S = 2.0
"""So much more than is told at once is looked at: a clock that is fast has the same bursts later."""
CLOCK_ERROR_S = 10e-3
"""One standard deviation of a node's clock, where nothing else is said: a computer that asks the network's time."""
CARRIERS = 3
"""So many common bursts tell how far two nodes' oscillators are apart."""


class _Node(NamedTuple):
    """A node's bursts that wait for others', each behind what is kept of it: its time by the node's clock first."""

    name: str
    waiting: list[tuple[Row, Located]]


class Association:
    """What several nodes heard, as far as it was handed in: clocks, phones, and bursts that wait. Changes as it goes.

    `since_ns` is a time near the beginning, from which seconds are counted. Trains that `phones` knows keep theirs.
    """

    def __init__(
        self,
        nodes: Iterable[str],
        since_ns: int,
        clock_error_s: float = CLOCK_ERROR_S,
        phones: Phones | None = None,
    ) -> None:
        self.since_ns, self.phones = since_ns, Phones() if phones is None else phones
        self._nodes = {name: _Node(name, []) for name in sorted(nodes)}
        self.clock_errors_s = dict.fromkeys(self._nodes, clock_error_s)
        """One standard deviation of each node's clock; whoever learns better changes it."""
        self._clocks = [Clock()] * len(self._nodes)
        self._kinds: dict[tuple[str, object], int] = {}

    def beside(self) -> "Association":
        """Another one for bursts of other times: its nodes and phones are these, and its clocks begin as likely these.

        What is known of clocks weighs less there than a window full of bursts: they may have been set since.
        """
        other = Association(self._nodes, self.since_ns, phones=self.phones)
        other._clocks = [recalled(clock) for clock in self._clocks]
        return other

    def add(self, node: str, burst: Located) -> float:
        """Take in a burst, whose segment tells its start; returns its time by its node's clock."""
        told = row(*burst, self.since_ns, self._kinds)
        self._nodes[node].waiting.append((told, burst))
        return told[0]

    def first_s(self) -> float | None:
        """Time of the first burst that waits."""
        return min((told[0] for node in self._nodes.values() for told, _burst in node.waiting[:1]), default=None)

    def until(self, end_s: float) -> list[Observation]:
        """Observations that begin before a time, in its order. Every node has handed in what it heard until then."""
        every = [_Node(node.name, _taken(node.waiting, end_s + AHEAD_S)) for node in self._nodes.values()]
        tables = [table([told for told, _burst in node.waiting]) for node in every]
        heard = [tabled(one) for one in tables]
        self._clocks = set_clocks(self._clocks, heard, [self.clock_errors_s[node.name] for node in every])
        observed = list(
            _window(every, heard, levels(np.concatenate(tables)), self._clocks, self.phones, end_s, self.since_ns)
        )
        for node in every:
            self._nodes[node.name].waiting[:0] = node.waiting
        return observed


def _taken(waiting: list[tuple[Row, Located]], before_s: float) -> list[tuple[Row, Located]]:
    """Take those bursts out of a list that begin before a time, in its order."""
    waiting.sort(key=_time_s)
    count = bisect_left(waiting, before_s, key=_time_s)
    taken, waiting[:count] = waiting[:count], []
    return taken


def _time_s(waits: tuple[Row, Located]) -> float:
    return waits[0][0]


def observations(
    nodes: Mapping[str, Iterable[Located]], since_ns: int, clock_error_s: float = CLOCK_ERROR_S
) -> Iterator[Observation]:
    """What was heard, in windows in the order of time.

    Each node's emissions come in the order of time with segments that tell their start; `since_ns` is as above.
    """
    coming = {name: iter(bursts) for name, bursts in nodes.items()}
    reached = dict.fromkeys(coming, -math.inf)
    together = Association(coming, since_ns, clock_error_s)

    def filled(until_s: float) -> None:
        """Take in bursts until one begins later, by each node's clock."""
        for name, bursts in coming.items():
            while reached[name] <= until_s:
                burst = next(bursts, None)
                reached[name] = math.inf if burst is None else together.add(name, burst)

    filled(-math.inf)
    while (begin := together.first_s()) is not None:
        end = begin + WINDOW_S
        filled(end + 2 * clock_error_s * 4.0)
        yield from together.until(end)


def set_clocks(clocks: list[Clock], columns: list[Seen], clock_errors_s: Sequence[float]) -> list[Clock]:
    """All clocks after a window, the fullest node's first; each may be off from that one by both their errors."""
    order = sorted(range(len(columns)), key=lambda n: (not clocks[n].known, -len(columns[n].time_s)))
    made = list(clocks)
    first = order[0]
    if not made[first].known:
        made[first] = Clock(error_s=0.0, sure=1.0)
    settled = [_shifted(columns[first], made[first])]
    later = order[1:]
    for _turn in range(2):  # whom the first ones do not know, later ones may
        late, later = later, []
        for n in late:
            before = made[n] if _turn == 0 else clocks[n]
            made[n] = aligned(before, columns[n], joined(settled), math.hypot(clock_errors_s[n], clock_errors_s[first]))
            if made[n].known:
                settled.append(_new(_shifted(columns[n], made[n]), settled))
            else:
                later.append(n)
    return made


def _shifted(column: Seen, clock: Clock) -> Seen:
    return Seen(common_s(clock, column.time_s), *(getattr(column, name) for name in Seen.__slots__[1:]))


def _new(column: Seen, settled: list[Seen]) -> Seen:
    """Bursts that none of those before has heard, so that each counts once."""
    both = joined([*settled, column])
    order = np.argsort(both.time_s, kind="stable")
    node = np.repeat([0, 1], [len(both.time_s) - len(column.time_s), len(column.time_s)])
    group = np.empty(len(order), np.int64)
    group[order] = _groups(both, order, node, np.full(len(node), math.nan))
    mine = node == 1
    fresh = ~np.isin(group[mine], group[~mine])
    return some(column, fresh)


def _groups(both: Seen, order: Whole, node: Whole, cfo: Floats) -> Whole:
    """The group of each burst in the order of time."""
    time, error, kind = both.time_s[order], both.error_s[order], both.kind[order]
    frequency, width = both.frequency_hz[order], both.width_hz[order]
    nodes = int(node.max(initial=0)) + 1
    return np.asarray(grouped(time, error, kind, frequency, width, cfo[order], node[order], nodes))


def _window(
    every: list[_Node],
    columns: list[Seen],
    measured: Measured,
    clocks: list[Clock],
    phones: Phones,
    end_s: float,
    since_ns: int,
) -> Iterator[Observation]:
    """Observations that begin before the end; what begins later goes on waiting. `measured`: all bursts' levels."""
    both = joined([_shifted(column, clock) for column, clock in zip(columns, clocks, strict=True)])
    node = np.repeat(np.arange(len(every)), [len(column.time_s) for column in columns])
    errors = np.array([clock.error_s if clock.known else math.inf for clock in clocks])
    members = [np.sort(m) for m in _members(both, node, errors)]  # each by node
    trains = list(zip(node.tolist(), both.train.tolist(), strict=True))
    known = [[trains[i] for i in m.tolist() if trains[i][1] >= 0] for m in members]
    phones.learn(known)  # of what goes on waiting, too: a train that has just begun may not have been shared yet
    heard = [(one.name, burst) for one in every for _told, burst in one.waiting]
    level, level_error = measured
    ready = [both.time_s[m].min() < end_s for m in members]
    for m, its in compress(zip(members, known, strict=True), ready):
        phone = f"P{phones.of(its[0])}" if its else ""
        arrivals = both.time_s[m], np.hypot(both.error_s[m], errors[node[m]])
        yield _observation([heard[i] for i in m.tolist()], (level[m], level_error[m]), arrivals, phone, since_ns)
    waits = np.ones(len(node), np.bool_)
    waits[np.concatenate([*compress(members, ready), np.zeros(0, np.int64)])] = False
    for n, one in enumerate(every):
        one.waiting[:] = compress(one.waiting, waits[node == n])


def _members(both: Seen, node: Whole, errors_s: Floats) -> list[Whole]:
    """Indices of the bursts of each group, the first in time first, groups in the order of time."""
    lost = ~np.isfinite(errors_s)[node]
    both.kind[lost] += (1 + node[lost]) * (1 << 20)  # bursts of a node without a clock meet no others
    order = np.argsort(both.time_s, kind="stable")
    cfo = both.cfo - _oscillators(both, order, node)[node]
    group = _groups(both, order, node, cfo)
    together = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[together])) + 1
    return np.split(order[together], cuts) if len(order) else []


def _oscillators(both: Seen, order: Whole, node: Whole) -> Floats:
    """By how much each node's carrier offsets differ from the means of all, as parts of the carrier; shape (nodes,)."""
    group = np.empty(len(order), np.int64)
    group[order] = _groups(both, order, node, np.full(len(node), math.nan))
    known = np.isfinite(both.cfo)
    off = np.zeros(int(node.max(initial=0)) + 1)
    for _turn in range(3):
        left = np.where(known, both.cfo - off[node], 0.0)
        count = np.bincount(group, known, minlength=len(order))
        mean = np.bincount(group, left, minlength=len(order)) / np.maximum(count, 1)
        told = known & (count[group] >= 2)
        for n in range(len(off)):
            mine = told & (node == n)
            if mine.sum() >= CARRIERS:
                off[n] += float(np.median(left[mine] - mean[group[mine]]))
    return off


def _observation(
    heard: Sequence[tuple[str, Located]], levels: Measured, arrivals: Measured, phone: str, since_ns: int
) -> Observation:
    """One burst as several nodes heard it: its levels in dBFS, its arrivals in seconds by the common clock."""
    first = float(arrivals[0].min())
    columns = (*levels, 1e9 * (arrivals[0] - first), 1e9 * arrivals[1])
    receptions = tuple(
        Reception(name, level, level_error, arrival, arrival_error, emission)
        for (name, (emission, _segment)), level, level_error, arrival, arrival_error in zip(
            heard, *(column.tolist() for column in columns), strict=True
        )
    )
    e, segment = heard[0][1]
    return Observation(since_ns + round(first * 1e9), e.label, middle_hz(e, segment), phone, receptions)
