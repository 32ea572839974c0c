"""The search at unlock: which rooms to visit for the alerts that are open, and in which order.

```
 alert: A-104 83 %, A-106 9 %, A-102 4 %       A-104 ──nothing──► A-106 ──nothing──► no room is left: not found
                                                 └──found──► find                     (A-102 is below LEAST)
```

Alerts of one room are one visit. The shares stay as radio gave them: how well a room was searched is not known, so none
is made to look surer by another's being empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from cellwarden.locate.whereabouts import OUTSIDE
from cellwarden.model import Alert, Search, State
from cellwarden.watch.rules import ORDER

LEAST = 0.05
"""A room less probable than this is not searched for one alert: there is always a little everywhere."""
MOST = 3
"""Rooms that are searched for one alert."""
Order: TypeAlias = Literal["severity", "time", "room"]


class Due(NamedTuple):
    """An alert for which a room is to be searched."""

    alert: Alert
    state: State
    share: float
    """How probable that room was."""
    then: str
    """Room to go on with where nothing is there; empty where none is left."""
    searched: tuple[Search, ...]
    """Rooms that were searched for it in vain."""


class Visit(NamedTuple):
    """A room, and all for which it is searched."""

    room: str
    """Empty where the place is not known."""
    due: tuple[Due, ...]
    """The gravest first."""


def visits(
    open_alerts: Iterable[tuple[Alert, State]], searched: Mapping[str, Sequence[Search]], by: Order
) -> list[Visit]:
    """What is to be searched: by severity (then the newest first), by time (the oldest first), or by room."""
    rooms: dict[str, list[Due]] = {}
    for alert, state in open_alerts:
        done = tuple(searched.get(alert.name, ()))
        left = rooms_left(alert, done)
        room, share = left[0] if left else ("", 0.0)
        rooms.setdefault(room, []).append(Due(alert, state, share, left[1][0] if left[1:] else "", done))
    found = [Visit(room, tuple(sorted(due, key=_gravest))) for room, due in rooms.items()]
    if by == "room":
        return sorted(found, key=lambda visit: (visit.room == "", visit.room))
    if by == "time":
        return sorted(found, key=lambda visit: min(one.alert.told_ns for one in visit.due))
    return sorted(found, key=lambda visit: _gravest(visit.due[0]))


def rooms_left(alert: Alert, searched: Sequence[Search]) -> list[tuple[str, float]]:
    """Rooms worth a search that were not searched for it, the most probable first."""
    done = {one.room for one in searched}
    worth = [pair for pair in alert.odds if pair[0] != OUTSIDE and pair[1] >= LEAST]
    return [pair for pair in sorted(worth, key=lambda pair: -pair[1])[:MOST] if pair[0] not in done]


def _gravest(one: Due) -> tuple[int, int]:
    return -ORDER.index(one.alert.severity), -one.alert.told_ns
