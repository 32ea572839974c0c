"""A site: its floors, rooms, walls and sensors, as one file tells them.

```
        y ▲      ┌────┬────┬────┐
          │      │ 01 │ 02 │ 03 │   cells            Room     outline in metres, corners in order
          │      ├────┴────┴────┤
          │      │   corridor ● │   ● sensor         Sensor   place in metres
          │      ├────┬────┬────┤
          │      │ 04 │ 05 │ 06 │   ─ walls          Wall     two ends in metres, and what it is made of
          │      └────┴────┴────┘
          └──────────────────────► x                 Floor    z from base_m to base_m + height_m
```

Places are metres in one right-handed frame for the whole site, z upwards; floors are counted from 0. Rooms may lie
within one another (a building in its yard): a place belongs to the smallest room that holds it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

KINDS = ("cell", "corridor", "office", "privileged", "room", "yard", "outside")
"""What a room can be. `room` is any other one within the walls; `outside` is beyond the prison's wall. In one of
kind `privileged` people speak to their lawyer, doctor or chaplain: what is heard there is dropped (`watch.lawful`)."""
OUTDOOR = ("yard", "outside")
"""Kinds without a roof."""
NOWHERE = -1
"""Index of the room of a place that lies in none."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A storey."""

    number: int
    """From 0, the lowest one."""
    name: str
    base_m: float
    """Height of its floor in the site's frame."""
    height_m: float
    """From its floor to the next one's."""


@dataclass(frozen=True, slots=True)
class Room:
    """A part of one floor: a cell, a corridor, the yard, what lies outside."""

    name: str
    kind: str
    """One of `KINDS`."""
    floor: int
    outline_m: tuple[tuple[float, float], ...]
    """Its corners in order, either way round; the last joins the first."""


@dataclass(frozen=True, slots=True)
class Wall:
    """A straight piece of wall, as high as its floor; doors and windows are pieces of their own."""

    floor: int
    start_m: tuple[float, float]
    end_m: tuple[float, float]
    material: str
    """A name that `propagation.MATERIALS` knows."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """An antenna with its receiver."""

    name: str
    place_m: tuple[float, float, float]
    antenna: str = "omni"
    bands: tuple[str, ...] = ()
    """Names of the bands it hears; none: all."""
    offset_db: float = 0.0
    """Its calibration: what is added to the levels it reports."""


@dataclass(frozen=True, slots=True)
class Site:
    """All that a site's file tells."""

    name: str
    floors: tuple[Floor, ...]
    rooms: tuple[Room, ...]
    walls: tuple[Wall, ...]
    sensors: tuple[Sensor, ...]


def load(path: Path) -> Site:
    """Read a `site.toml`, or the plain `site.json` of recorded walks. Raises SiteError, naming object and line."""
    from cellwarden.locate.site_file import read

    return read(path)[0]


def room_at(site: Site, x_m: float, y_m: float, z_m: float) -> Room | None:
    """The room that holds a place, the smallest where rooms lie within one another; None where none does."""
    index = int(rooms_at(site, np.array([[x_m, y_m, z_m]]))[0])
    return None if index == NOWHERE else site.rooms[index]


def privileged(site: Site) -> frozenset[str]:
    """Sensors in rooms of privileged talk: of what is heard there and cannot be located nothing is kept or shown."""
    there = {sensor.name: room_at(site, *sensor.place_m) for sensor in site.sensors}
    return frozenset(name for name, room in there.items() if room is not None and room.kind == "privileged")


def rooms_at(site: Site, places_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each place, float64, shape (n, 3), the index of its room in `site.rooms`, int64, shape (n,), or NOWHERE."""
    places = np.asarray(places_m, dtype=np.float64).reshape(-1, 3)
    floors = floors_at(site, places[:, 2])
    found = np.full(len(places), NOWHERE, dtype=np.int64)
    smallest = np.full(len(places), np.inf)
    if not len(places):
        return found
    (west, south), (east, north) = places[:, :2].min(axis=0).tolist(), places[:, :2].max(axis=0).tolist()
    storeys = set(floors.tolist())
    for index, room in enumerate(site.rooms):
        x, y = zip(*room.outline_m, strict=True)
        if room.floor not in storeys or max(x) < west or min(x) > east or max(y) < south or min(y) > north:
            continue  # which is most of a large site's rooms where the places lie close together
        area = area_m2(room)
        asked = np.flatnonzero((floors == room.floor) & (area < smallest))
        held = asked[holds(room, places[asked, :2])]
        found[held] = index
        smallest[held] = area
    return found


def floors_at(site: Site, heights_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of the floor that each height lies on, int64, shape (n,); NOWHERE above and below all of them."""
    found = np.full(len(heights_m), NOWHERE, dtype=np.int64)
    for floor in sorted(site.floors, key=lambda floor: floor.base_m):
        found[(heights_m >= floor.base_m) & (heights_m < floor.base_m + floor.height_m)] = floor.number
    return found


def holds(room: Room, points_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the outline holds each point, float64, shape (n, 2): a ray to the right crosses an odd number of edges.

    An edge that two rooms share belongs to one of them, since each edge is open at its upper end.
    """
    x, y = points_m[:, 0], points_m[:, 1]
    inside = np.zeros(len(points_m), dtype=np.bool_)
    for (x0, y0), (x1, y1) in _edges(room):
        if y0 != y1:
            spans = (y0 > y) != (y1 > y)
            inside ^= spans & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside


def area_m2(room: Room) -> float:
    """The area within the outline (the shoelace formula)."""
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _edges(room))) / 2


def _edges(room: Room) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    """Each corner and the next one, around the outline."""
    return zip(room.outline_m, (*room.outline_m[1:], room.outline_m[0]), strict=True)
