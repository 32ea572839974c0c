"""What a site's nodes told: when it may be associated, and what is done about what comes late.

```
 message ─┬─ bursts after what was associated already ─► live, with the site's own receivers
          ├─ bursts before it ─► held until every node that is behind has come so far ─► late, among themselves
          └─ state ─► SensorState;   nothing for SILENT_S ─► deaf: no line
```

A line that was cut for an hour brings an hour of bursts within seconds, each node's in its own order. They are
associated with their own times and with clocks that begin as likely those of now; a train that was known before the
cut, or that shares bursts with what another sensor heard in the last KNOWN_S, keeps its phone's name. What has been
told stays told: bursts that were counted in a sighting already help to tell the place of a late one, and are not
counted again.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from cellwarden.associate.observe import CLOCK_ERROR_S, Association, Located
from cellwarden.model import Blind, Observation, SensorState
from cellwarden.model.span import S_NS
from cellwarden.runtime.burst_rows import bursts, start_ns
from cellwarden.runtime.inbox import Inbox
from cellwarden.runtime.outbox import Message
from cellwarden.runtime.signing import Signed
from cellwarden.signature.gallery_file import session_in

SILENT_S = 15.0
"""A node says each second how it is; one that says nothing for so long has no line."""
BEHIND_NS = 3 * S_NS
"""What a node says of how it is, and which is older than this when it comes, is how it was."""
LOST_NS = 3 * S_NS
"""Around a time at which a node says that samples were lost, its silence says nothing."""
PRESENT_NS = S_NS
"""A node says each second up to when it has told what it heard."""
SPEAKS_S = 5.0
HOLD_S = 45.0
"""For which late bursts wait for nodes that are silent: a node calls again each 30 s at least. 60 s are allowed."""
KNOWN_NS = 50 * S_NS
MOST_BLIND, LONGEST_NAME = 16, 20
"""Bands that a node may say it is blind in, and letters of each."""
MOST_TRAINS = 10_000
"""Of a node whose numbers are known."""
CLOCKLESS_S = 0.25
"""One standard deviation of a clock that follows nothing, as far as bursts of others are looked for."""
LEAST_CLOCK_S = 1e-3
DEAF = ("no samples", "jammed", "injection", "base lost", "floor fell", "floor high", "gain low", "frequency", "clock")
"""Of a node's faults those because of which it hears less than it seems to."""


@dataclass(slots=True)
class _Node:
    """One node, as far as it has told."""

    heard_s: float
    """When its last message came, by the steady counter."""
    told_ns: int = 0
    """Up to when it has told what it heard, by its clock."""
    silent: bool = False
    lost: int = 0
    lost_ns: int = 0
    """When it last said that it had lost samples."""
    error_s: float = CLOCK_ERROR_S
    held: list[Located] = field(default_factory=list)
    trains: OrderedDict[tuple[int, int], int] = field(default_factory=OrderedDict)
    """Numbers of trains by run and the node's own number; those that were told last, last."""
    numbers: Iterator[int] = field(default_factory=count)
    untaken: deque[tuple[int, str, int]] = field(default_factory=deque)
    """Of messages that are not done with: end of the last burst, queue, number."""


class Taken(NamedTuple):
    """What a message brings now."""

    fresh: list[Located]
    """Bursts that are associated live."""
    state: SensorState | None = None
    signed: Signed | None = None


class Late(NamedTuple):
    """What came late."""

    observed: list[Observation]
    known: frozenset[int]
    """Identities of emissions in it that were counted already."""


class Intake:
    """The nodes of a site. Used by one thread."""

    def __init__(
        self,
        inbox: Inbox,
        nodes: Iterable[str],
        live: Association,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox, self._live, self._now_s = inbox, live, now_s
        self.nodes = {name: _Node(now_s()) for name in sorted(nodes)}
        self._known: deque[tuple[int, str, Located]] = deque()
        self._late: Association | None = None
        self._held_s = 0.0

    def message(self, name: str, origin: str, message: Message, now_ns: int, done_ns: int) -> Taken:
        """Take a message in: of its bursts those that begin after `done_ns` are fresh."""
        node, body = self.nodes[name], message.body
        node.heard_s, last_ns, fresh, state, signed = self._now_s(), 0, list[Located](), None, None

        def numbered(run: int, train: int) -> int:
            if (run, train) not in node.trains:
                node.trains[run, train] = next(node.numbers)
            node.trains.move_to_end((run, train))
            if len(node.trains) > MOST_TRAINS:
                node.trains.popitem(last=False)
            return node.trains[run, train]

        try:
            if message.kind == "bursts":
                every = bursts(body, numbered)
                self._says(node, int(body["told_ns"]), body["time_error_ns"])
                fresh = [one for one in every if start_ns(*one) >= done_ns]
                if len(fresh) < len(every):
                    if not any(other.held for other in self.nodes.values()):
                        self._held_s = node.heard_s
                    node.held += (one for one in every if start_ns(*one) < done_ns)
                last_ns = max((start_ns(*one) for one in every), default=0)
            elif message.kind == "state":
                self._says(node, int(body["told_ns"]), body.get("time_error_ns"))
                late = now_ns - int(body["time_ns"]) > BEHIND_NS
                state = None if late else self._state(name, node, body, now_ns)
            elif message.kind == "signature":
                session = session_in(body["session"])
                signed = Signed(numbered(int(body["run_ns"]), int(body["train"])), session)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
            pass  # no node of this version says that; it is done with like any other
        node.untaken.append((last_ns, origin, message.number))
        return Taken(fresh, state, signed)

    def _says(self, node: _Node, told_ns: int, error_ns: float | None) -> None:
        node.told_ns = max(node.told_ns, told_ns)
        node.error_s = CLOCKLESS_S if error_ns is None else max(LEAST_CLOCK_S, float(error_ns) * 1e-9)

    def _state(self, name: str, node: _Node, body: dict[str, object], now_ns: int) -> SensorState:
        told = ("floor_dbfs_hz", "time_error_ns", "lost", "faults", "temperature_c")
        floor, error, lost, faults, warm = (body.get(key) for key in told)
        more = max(0, int(lost) - node.lost) if isinstance(lost, int) else 0
        node.lost = int(lost) if isinstance(lost, int) else 0
        node.silent, node.lost_ns = False, now_ns if more else node.lost_ns
        return SensorState(
            name,
            now_ns,
            float(floor) if isinstance(floor, float) else None,
            more,
            float(error) if isinstance(error, int | float) else None,
            next((one for one in DEAF if isinstance(faults, list) and one in faults), ""),
            float(warm) if isinstance(warm, int | float) else None,
            _blind(body.get("blind", [])),
        )

    def silent(self, now_ns: int) -> Iterator[SensorState]:
        """Of nodes that have just fallen silent."""
        for name, node in self.nodes.items():
            if not node.silent and self._now_s() - node.heard_s > SILENT_S:
                node.silent = True
                yield SensorState(name, now_ns, None, 0, None, "no line")

    def told_until(self, name: str, time_ns: int) -> bool:
        """Whether a sensor has told all until a time and lost nothing just before; else its silence says nothing."""
        node = self.nodes.get(name)
        return node is None or (node.told_ns >= time_ns - PRESENT_NS and abs(time_ns - node.lost_ns) > LOST_NS)

    def remember(self, name: str, burst: Located) -> None:
        """A burst that is associated live, by whomever it was heard."""
        self._known.append((start_ns(*burst), name, burst))

    def late(self, now_ns: int) -> Late:
        """What has come late and need not wait any longer."""
        while self._known and self._known[0][0] < now_ns - KNOWN_NS:
            self._known.popleft()
        until_ns = self._until_ns(now_ns)
        ready: list[tuple[str, Located]] = []
        for name, node in self.nodes.items():
            ready += ((name, one) for one in node.held if start_ns(*one) < until_ns)
            node.held = [one for one in node.held if start_ns(*one) >= until_ns]
        if not ready:
            if not any(node.held for node in self.nodes.values()):
                self._late = None  # the next cut begins with the clocks of then
            return Late([], frozenset())
        if self._late is None:
            self._late = self._live.beside()
        times = [start_ns(*one) for _name, one in ready]
        known = [item for item in self._known if min(times) - S_NS <= item[0] <= max(times) + S_NS]
        for name, one in [*ready, *((name, one) for _at, name, one in known)]:
            self._late.add(name, one)
        for name, node in self.nodes.items():
            self._late.clock_errors_s[name] = node.error_s
        ids = frozenset(id(one[0]) for _at, _name, one in known)
        observed = self._late.until(float("inf"))
        fresh = [one for one in observed if any(id(heard.emission) not in ids for heard in one.heard)]
        return Late(fresh, ids)

    def _until_ns(self, now_ns: int) -> int:
        """Up to when all have told that are to be waited for: who speaks, and who may be about to call again."""
        now_s = self._now_s()
        waited = now_s - self._held_s < HOLD_S
        told = [node.told_ns for node in self.nodes.values() if waited or now_s - node.heard_s < SPEAKS_S]
        return min(told, default=now_ns)

    def taken(self, done_ns: int) -> None:
        """What was associated up to then is kept: messages of it need not be told again."""
        for name, node in self.nodes.items():
            least = min((start_ns(*one) for one in node.held), default=done_ns)
            done: dict[str, int] = {}
            while node.untaken and node.untaken[0][0] < least:
                _last, origin, number = node.untaken.popleft()
                done[origin] = number
            for origin, number in done.items():
                self._inbox.taken(name, origin, number)


def _blind(told: object) -> tuple[Blind, ...]:
    """Where a node says that it hears no phone. Raises ValueError or TypeError for what says no such thing."""
    if not isinstance(told, list):
        raise TypeError(told)
    return tuple(Blind(str(band)[:LONGEST_NAME], int(since_ns)) for band, since_ns in told[:MOST_BLIND])
