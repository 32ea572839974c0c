"""Where to stand with a test phone, one place after the other: each cell once, long rooms every few steps.

```
 ┌────┬────┬────┐
 │ 1  │ 4  │ 5  │     the nearest place that is left comes next; floors from the lowest up
 ├────┴────┴────┤
 │ 2    3    6  │
 └──────────────┘
```
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from cellwarden.errors import ReadingsError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.locate.readings import numbers
from cellwarden.locate.site import OUTDOOR, Room, Site
from cellwarden.locate.survey import STAY_COLUMNS

EACH_M = 6.0
"""Between places in a long room."""
PHONE_M = 1.0
"""Above the floor: in a hand, on a bed, on a table."""
NEAR_M = 0.5
"""A stay so close to a place was there."""
LEAST_S = 10.0
MOST_S = 3600.0
"""Of a stay: longer than that somebody forgot to say that they walked on."""

Place = tuple[float, float, float]


class Stand(NamedTuple):
    """A place to stand at."""

    room: str
    kind: str
    floor: int
    place_m: Place


def stands(site: Site) -> tuple[Stand, ...]:
    """All places, in the order of a walk."""
    made: list[Stand] = []
    for floor in sorted(site.floors, key=lambda one: one.base_m):
        rooms = [room for room in site.rooms if room.floor == floor.number and room.kind not in OUTDOOR]
        left = [
            Stand(room.name, room.kind, floor.number, (round(x, 2), round(y, 2), round(floor.base_m + PHONE_M, 2)))
            for room in rooms
            for x, y in _places(room, [other for other in rooms if other is not room])
        ]
        at = (min((one.place_m[0] for one in left), default=0.0), min((one.place_m[1] for one in left), default=0.0))
        while left:
            made.append(left.pop(min(range(len(left)), key=lambda n: math.dist(left[n].place_m[:2], at))))
            at = made[-1].place_m[:2]
    return tuple(made)


def _places(room: Room, others: Sequence[Room]) -> Iterator[tuple[float, float]]:
    """In a room and in none that lies within it: one, or some every EACH_M along its longer side."""
    whole = shapely.make_valid(shapely.Polygon(room.outline_m))
    within = [
        inner for other in others if (inner := shapely.make_valid(shapely.Polygon(other.outline_m))).area < whole.area
    ]
    free = shapely.difference(whole, shapely.union_all(within)) if within else whole
    if free.is_empty or free.area <= 0:
        return
    x0, y0, x1, y1 = free.bounds
    along = 0 if x1 - x0 >= y1 - y0 else 1
    count = max(1, round((x1 - x0, y1 - y0)[along] / EACH_M)) if room.kind != "cell" else 1
    edges = np.linspace((x0, y0)[along], (x1, y1)[along], count + 1)
    for low, high in pairwise(edges):
        strip = shapely.box(low, y0, high, y1) if along == 0 else shapely.box(x0, low, x1, high)
        piece = shapely.intersection(free, strip)
        if piece.area > 0:
            point = piece.centroid if piece.contains(piece.centroid) else piece.representative_point()
            yield point.x, point.y


def stays(path: Path) -> list[tuple[float, float, Place]]:
    """What was done so far: from when to when somebody stood where; nothing where there is no file yet.

    Raises ReadingsError.
    """
    if not path.exists():
        return []
    return [(begin, end, (x, y, z)) for _line, (begin, end, x, y, z) in numbers(path, STAY_COLUMNS)]


def done(stand: Stand, walked: Sequence[tuple[float, float, Place]]) -> bool:
    """Whether somebody stood there."""
    return any(math.dist(place, stand.place_m) < NEAR_M for _begin, _end, place in walked)


def stood(path: Path, stand: Stand, begin_s: float, end_s: float) -> None:
    """Add a stay to the file. Raises ReadingsError where it cannot be, or cannot be written."""
    if not LEAST_S <= end_s - begin_s <= MOST_S:
        raise ReadingsError(
            _("a stay takes {least} s at least and {most} min at most: stand there again").format(
                least=round(LEAST_S), most=round(MOST_S / 60)
            )
        )
    if any(round(begin_s, 1) < end for _begin, end, _place in stays(path)):
        raise ReadingsError(_("the stay begins before the one before it ends: mend it"))
    x, y, z = stand.place_m
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            if file.tell() == 0:
                file.write(",".join(STAY_COLUMNS) + "\n")
            file.write(f"{begin_s:.1f},{end_s:.1f},{x:.2f},{y:.2f},{z:.2f}\n")
    except OSError as error:
        raise ReadingsError(
            _("{path} cannot be written: {why}: make room, or mend its rights").format(path=path, why=reason_of(error))
        ) from error
