"""By how many sensors phones would be heard, as areas of the floors that are drawn, and in words.

Each row of the raster becomes rectangles as long as its places are alike, and these one path for each mark: a plan has
thousands of places, and a page must not have as many elements.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.console.floor import UNITS_M, spots
from cellwarden.locate.coverage import ENOUGH, Raster
from cellwarden.locate.site import Floor, Site

MARKS = ("none", "few", "enough")
"""Heard by no sensor, by fewer than ENOUGH, by so many."""


class Share(NamedTuple):
    """Which parts of a floor or room are heard by how many."""

    name: str
    none: float
    few: float
    enough: float


def marks_of(heard: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index in MARKS of each place."""
    return np.where(heard >= ENOUGH, 2, np.where(heard > 0, 1, 0))


def shades(site: Site, places: Raster, marks: NDArray[np.int64]) -> Mapping[int, tuple[tuple[str, str], ...]]:
    """For each floor's number, a mark and its path, for all marks that there are on it."""
    floors = _floors(site, places)
    found = {}
    for floor in site.floors:
        here = floors == floor.number
        drawn = {mark: "".join(_rectangles(site, floor, places, here & (marks == n))) for n, mark in enumerate(MARKS)}
        found[floor.number] = tuple((mark, path) for mark, path in drawn.items() if path)
    return found


def by_floor(site: Site, places: Raster, marks: NDArray[np.int64]) -> list[Share]:
    """The highest floor first, as plans are drawn."""
    floors = _floors(site, places)
    return [
        _share(floor.name, marks[floors == floor.number]) for floor in sorted(site.floors, key=lambda one: -one.base_m)
    ]


def rooms_unheard(site: Site, places: Raster, marks: NDArray[np.int64]) -> list[Share]:
    """Rooms of which some part is heard by fewer than ENOUGH, the worst first."""
    found = [_share(site.rooms[n].name, marks[places.room == n]) for n in np.unique(places.room[marks < 2])]
    return sorted(found, key=lambda share: (share.enough, -share.none, share.name))


def _floors(site: Site, places: Raster) -> NDArray[np.int64]:
    return np.array([site.rooms[n].floor for n in places.room], np.int64)


def _share(name: str, marks: NDArray[np.int64]) -> Share:
    parts = np.bincount(marks, minlength=len(MARKS)) / max(len(marks), 1)
    return Share(name, *(float(part) for part in parts))


def _rectangles(site: Site, floor: Floor, places: Raster, mine: NDArray[np.bool_]) -> Iterator[str]:
    """Of rows of neighbours, as a path writes them: their upper left corner, then along their edges."""
    at = np.array(spots(site, floor, places.places_m[mine].tolist())).reshape(-1, 2)
    step = places.step_m * UNITS_M
    rows: Sequence[tuple[float, float]] = sorted(zip(at[:, 1].tolist(), at[:, 0].tolist(), strict=True))
    for y, row in groupby(rows, key=lambda spot: spot[0]):
        begin = before = None
        for x in [*(x for _y, x in row), None]:
            if begin is not None and before is not None and (x is None or x - before > 1.5 * step):
                left, upper = begin - step / 2, y - step / 2
                yield f"M{left:.1f} {upper:.1f}h{before - begin + step:.1f}v{step:.1f}H{left:.1f}z"
                begin = None
            begin, before = x if begin is None else begin, x
