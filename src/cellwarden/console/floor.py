"""Floor plans that live: rooms that take a mark and a colour, and sensors that hear or do not.

```
   ┌────┬────┬────┐      a cell's name in short, the sign of how probable it is (▲ likely, ◆ possible, ● faint),
   │103 │104 │105 │      and the share. The page's script sets marks anew as news comes; the lines stay.
   │    │ ▲  │ ●  │
   │    │83 %│ 7 %│
   ├────┴────┴────┤
   │   corridor ● │      ● sensor; ✕ deaf sensor
   └──────────────┘
```

One unit of the drawing is a decimetre. What lies beyond the building (yard, outside) is many times
larger, and stands in words.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.console.words import LEAST, deaf, deaf_words, level, percent
from cellwarden.locate.coverage import BEYOND
from cellwarden.locate.plan import AROUND_M, Frame, sensors_on
from cellwarden.locate.site import Floor, Room, Site, area_m2
from cellwarden.model import Odds, SensorState

UNITS_M = 10.0
EDGE = 5.0
"""No sensor is drawn nearer to the edge: it would be cut."""


@dataclass(frozen=True, slots=True)
class DrawnRoom:
    """A room as a page draws it."""

    name: str
    short: str
    kind: str
    points: str
    """Corners, as SVG writes them."""
    x: float
    y: float
    """Its middle."""
    size: float
    """Of its letters, units."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFloor:
    """One that is drawn once and shown often: known by its identity, since comparing all of it would take longer."""

    number: int
    name: str
    width: float
    height: float
    rooms: tuple[DrawnRoom, ...]
    """The largest first, as they lie upon each other."""
    walls: tuple[tuple[str, float, float, float, float], ...]
    """Class and two ends."""
    sensors: tuple[tuple[str, float, float], ...]
    beyond: tuple[str, ...]
    """Names of rooms that are told in words, as odds name them."""


def drawn(site: Site) -> tuple[DrawnFloor, ...]:
    """All floors, the highest first, as houses stand."""
    return tuple(_floor(site, floor) for floor in sorted(site.floors, key=lambda floor: -floor.base_m))


def spots(site: Site, floor: Floor, places_m: Sequence[tuple[float, ...]]) -> list[tuple[float, float]]:
    """Where places lie on a floor as it is drawn."""
    frame = _frame(site, floor)[0]
    return [frame.at(place) for place in places_m]


def _frame(site: Site, floor: Floor) -> tuple[Frame, NDArray[np.float64], NDArray[np.float64]]:
    """How a floor is drawn, and the corners of what of it is, metres."""
    rooms = [room for room in site.rooms if room.floor == floor.number]
    inside = [room for room in rooms if room.kind not in BEYOND] or rooms
    corners = np.array([point for room in inside for point in room.outline_m])
    if not len(corners):
        corners = np.array([(0.0, 0.0), (1.0, 1.0)])
    low, high = corners.min(axis=0) - AROUND_M / 2, corners.max(axis=0) + AROUND_M / 2
    return Frame(0.0, float(high[1] - low[1]) * UNITS_M, float(low[0]), float(low[1]), UNITS_M), low, high


def _floor(site: Site, floor: Floor) -> DrawnFloor:
    rooms = [room for room in site.rooms if room.floor == floor.number]
    inside = [room for room in rooms if room.kind not in BEYOND] or rooms
    frame, low, high = _frame(site, floor)
    wide, tall = (high - low) * UNITS_M
    short = _short([room.name for room in inside if room.kind == "cell"])
    walls = tuple(
        (_wall_class(wall.material), *frame.at(wall.start_m), *frame.at(wall.end_m))
        for wall in site.walls
        if wall.floor == floor.number and _within((wall.start_m, wall.end_m), low, high)
    )
    return DrawnFloor(
        floor.number, floor.name, float(wide), float(tall),
        tuple(_room(room, short.get(room.name, room.name), frame) for room in sorted(inside, key=area_m2)[::-1]),
        walls,
        tuple((sensor.name, *_drawn_at(frame.at(sensor.place_m), wide, tall)) for sensor in sensors_on(site, floor)),
        tuple("outside" if room.kind == "outside" else room.name for room in rooms if room not in inside),
    )  # fmt: skip


def _drawn_at(place: tuple[float, float], wide: float, tall: float) -> tuple[float, float]:
    """Where a sensor is drawn: one that hangs farther out, on the prison's wall, at the edge towards it."""
    return min(max(place[0], EDGE), wide - EDGE), min(max(place[1], EDGE), tall - EDGE)


def _within(ends_m: Sequence[tuple[float, float]], low_m: NDArray[np.float64], high_m: NDArray[np.float64]) -> bool:
    """Whether a wall is the building's own, not the prison's around it."""
    return bool(np.all((low_m <= np.array(ends_m)) & (np.array(ends_m) <= high_m)))


def _short(names: Sequence[str]) -> dict[str, str]:
    """What follows the last hyphen, where it tells the cells of a floor apart: `104` of `A-104`."""
    tails = {name: name.rpartition("-")[2] or name for name in names}
    often = Counter(tails.values())
    return {name: tail if often[tail] == 1 else name for name, tail in tails.items()}


def _room(room: Room, short: str, frame: Frame) -> DrawnRoom:
    places = np.array([frame.at(point) for point in room.outline_m])
    x, y = (places.min(axis=0) + places.max(axis=0)) / 2
    wide = float(np.ptp(places[:, 0]))
    size = float(np.clip(1.6 * wide / max(len(short), 1), 4.0, 9.0))
    points = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
    return DrawnRoom(room.name, short, room.kind, points, round(float(x), 1), round(float(y), 1), round(size, 1))


def _wall_class(material: str) -> str:
    """Doors and windows stand out of walls; of what a wall is made an officer need not know."""
    if material in ("steel", "wood"):
        return "door"
    return material if material in ("glass", "open") else "wall"


def marks(odds: Sequence[Odds]) -> dict[str, tuple[str, str]]:
    """For each room worth a look, its mark and its share: the greatest that any alert gives it."""
    most: dict[str, float] = {}
    for those in odds:
        for name, probability in those:
            most[name] = max(probability, most.get(name, 0.0))
    return {name: (level(p), percent(p)) for name, p in most.items() if p >= LEAST}


def sensor_marks(site: Site, states: Sequence[SensorState], now_ns: int) -> dict[str, tuple[str, str]]:
    """For each sensor, why it is deaf (empty where it hears) and the words of it."""
    newest = {state.sensor: state for state in states}
    reasons = {sensor.name: deaf(newest.get(sensor.name), now_ns) for sensor in site.sensors}
    return {name: (reason, f"{name}: {deaf_words(reason)}") for name, reason in reasons.items()}
