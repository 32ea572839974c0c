"""The plan on the search sheet: the rooms to search among their neighbours, and where in the house they lie.

```
 First floor
 ┌─────┬─────┬─────┬─────┐   ┌────────┐      left: large enough that names are read; the first room is filled, the
 │ 119 │█121█│║123║│ 125 │   │  ▭     │      next two are framed, each with its rank
 └──▭──┴──▭──┴──▭──┴──▭──┘   └────────┘      right: the whole floor, and the part that is shown
```

A floor whose names are legible on paper as it is stands alone. All is drawn as lines, which print sharp at any size and
take no picture to be made first.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from fpdf import FPDF

from cellwarden.document.pdf import fit, written
from cellwarden.locate.coverage import BEYOND
from cellwarden.locate.plan import FILLS
from cellwarden.locate.site import Floor, Room, Site, area_m2, rooms_at
from cellwarden.model import Odds

TAKEN = "#b3261e"
LEGIBLE_MM_M = 3.5
"""So large on paper, the name of a cell of 2.6 m by 4 m is read at arm's length."""
MOST_MM_M = 8.0
AROUND_M = 5.0
"""Of the rooms' neighbours that are shown, two cells or so."""
EDGE_M = 0.5
WHOLE_MM = 50.0
"""Width of the whole floor, beside the part."""
GAP_MM = 4.0
TITLE_MM = 5.0
SPOTS = ((0.5, 0.5), (0.5, 0.1), (0.5, 0.9), (0.1, 0.5), (0.9, 0.5))
"""Where in a room its name may stand, the best first."""
LETTERS_PT, LEAST_PT = 9.0, 5.0


class Box(NamedTuple):
    """What of a floor is shown, metres."""

    west: float
    south: float
    east: float
    north: float


class View(NamedTuple):
    """Where it is shown."""

    box: Box
    x_mm: float
    y_mm: float
    scale_mm_m: float

    @property
    def size_mm(self) -> tuple[float, float]:
        west, south, east, north = self.box
        return (east - west) * self.scale_mm_m, (north - south) * self.scale_mm_m

    def at(self, place_m: Sequence[float]) -> tuple[float, float]:
        west, _south, _east, north = self.box
        return self.x_mm + (place_m[0] - west) * self.scale_mm_m, self.y_mm + (north - place_m[1]) * self.scale_mm_m


def plan(pdf: FPDF, site: Site, odds: Odds, wide_mm: float, most_mm: float) -> None:
    """Draw the floor of the most probable room from here on, at most so large; nothing where no room is told."""
    rooms = {room.name: room for room in site.rooms if room.kind != "outside"}
    named = [rooms[name] for name, _p in odds if name in rooms]
    if not named:
        return
    floor = next(floor for floor in site.floors if floor.number == named[0].floor)
    ranks = {room: rank for rank, room in enumerate(named) if room.floor == floor.number}
    inside = [room for room in rooms.values() if room.floor == floor.number and room.kind not in BEYOND]
    whole = _around((*inside, *ranks), EDGE_M)
    x, y = pdf.get_x(), pdf.get_y() + TITLE_MM
    pdf.set_text_color(90)
    pdf.set_font("helvetica", "", LETTERS_PT)
    pdf.text(x + pdf.c_margin, y - 1.5, written(floor.name))
    views = _views(whole, list(ranks), x, y, wide_mm, most_mm - TITLE_MM)
    for view in views:
        _draw(pdf, site, floor, ranks, view)
    if views[1:]:
        _framed(pdf, views[0].box, views[0])
        _framed(pdf, views[0].box, views[1])
    pdf.set_xy(x, y + max(view.size_mm[1] for view in views))


def _views(
    whole: Box, searched: Sequence[Room], x_mm: float, y_mm: float, wide_mm: float, most_mm: float
) -> list[View]:
    """The whole alone where its names are legible; else a part with as many of the rooms as leave it so, and the whole.

    searched: in the order of their ranks.
    """
    alone = _view(whole, x_mm, y_mm, wide_mm, most_mm)
    if alone.scale_mm_m >= LEGIBLE_MM_M:
        return [alone]
    over = _view(whole, x_mm + wide_mm - WHOLE_MM, y_mm, WHOLE_MM, most_mm)
    parts = [_within(_around(searched[:count], AROUND_M), whole) for count in range(len(searched), 0, -1)]
    tried = [_view(part, x_mm, y_mm, wide_mm - WHOLE_MM - GAP_MM, most_mm) for part in parts]
    return [next((view for view in tried if view.scale_mm_m >= LEGIBLE_MM_M), tried[-1]), over]


def _around(rooms: Sequence[Room], beyond_m: float) -> Box:
    corners = np.array([corner for room in rooms for corner in room.outline_m])
    west, south = (corners.min(axis=0) - beyond_m).tolist()
    east, north = (corners.max(axis=0) + beyond_m).tolist()
    return Box(west, south, east, north)


def _within(part: Box, whole: Box) -> Box:
    west, south = max(part.west, whole.west), max(part.south, whole.south)
    return Box(west, south, min(part.east, whole.east), min(part.north, whole.north))


def _view(box: Box, x_mm: float, y_mm: float, wide_mm: float, high_mm: float) -> View:
    """As large as it can be there, in the middle of its width."""
    scale = min(wide_mm / (box.east - box.west), high_mm / (box.north - box.south), MOST_MM_M)
    return View(box, x_mm + (wide_mm - (box.east - box.west) * scale) / 2, y_mm, scale)


def _framed(pdf: FPDF, part: Box, view: View) -> None:
    """What is shown large, by the same frame in both views."""
    (left, top), (right, bottom) = view.at((part.west, part.north)), view.at((part.east, part.south))
    pdf.set_draw_color(0)
    pdf.set_line_width(0.3)
    pdf.rect(left, top, right - left, bottom - top)


def _draw(pdf: FPDF, site: Site, floor: Floor, ranks: dict[Room, int], view: View) -> None:
    """Rooms, the largest first, as they lie upon each other; walls; then what is to be searched."""
    with pdf.rect_clip(view.x_mm, view.y_mm, *view.size_mm):
        rooms = [room for room in site.rooms if room.floor == floor.number and _met(room.outline_m, view.box)]
        pdf.set_line_width(0.1)
        pdf.set_draw_color(150)
        for room in sorted(rooms, key=area_m2)[::-1]:
            pdf.set_fill_color(TAKEN if ranks.get(room) == 0 else FILLS[room.kind])
            pdf.polygon([view.at(corner) for corner in room.outline_m], style="DF")
        _walls(pdf, site, floor, view)
        for room in ranks:
            pdf.set_draw_color(TAKEN)
            pdf.set_line_width(0.9 if view.scale_mm_m >= LEGIBLE_MM_M else 0.4)
            pdf.polygon([view.at(corner) for corner in room.outline_m], style="D")
        for room, spot in zip(rooms, _spots(site, floor, rooms, view.box), strict=True):
            if spot is not None:
                _name(pdf, room, ranks.get(room), view, spot)


def _walls(pdf: FPDF, site: Site, floor: Floor, view: View) -> None:
    """Thick where nobody passes, thin at doors and windows."""
    thick = min(0.7, 0.15 * view.scale_mm_m)
    for wall in site.walls:
        if wall.floor == floor.number and wall.material != "open" and _met((wall.start_m, wall.end_m), view.box):
            thin = wall.material in ("steel", "wood", "glass")
            pdf.set_draw_color("#2f7fb5" if wall.material == "glass" else 60)
            pdf.set_line_width(thick / 3 if thin else thick)
            pdf.line(*view.at(wall.start_m), *view.at(wall.end_m))


def _spots(site: Site, floor: Floor, rooms: Sequence[Room], box: Box) -> list[tuple[float, float] | None]:
    """Where the name of each room stands: in the middle of what is shown of it, or where no smaller one lies in it."""
    tried = []
    for room in rooms:
        west, south, east, north = _within(_around((room,), 0.0), box)
        tried += [(west + a * (east - west), south + b * (north - south), floor.base_m) for a, b in SPOTS]
    owners = rooms_at(site, np.array(tried)).reshape(-1, len(SPOTS))
    places = {room: number for number, room in enumerate(site.rooms)}
    found: list[tuple[float, float] | None] = []
    for at, room in enumerate(rooms):
        free = np.flatnonzero(owners[at] == places[room])
        found.append(tried[at * len(SPOTS) + int(free[0])][:2] if len(free) else None)
    return found


def _name(pdf: FPDF, room: Room, rank: int | None, view: View, spot_m: tuple[float, float]) -> None:
    """At its place, upright if it must be; the rank alone, or nothing, where it would not be legible."""
    seen = _within(_around((room,), 0.0), view.box)
    wide, high = ((seen.east - seen.west) * view.scale_mm_m - 1, (seen.north - seen.south) * view.scale_mm_m - 1)
    text = written(room.name if rank is None else f"{rank + 1}. {room.name}")
    upright = fit(pdf, text, LETTERS_PT, wide, bold=rank is not None) > wide and high > wide
    long, across = (high, wide) if upright else (wide, high)
    needed = fit(pdf, text, LETTERS_PT, long, bold=rank is not None, least=LEAST_PT)
    if needed > long and rank is not None:
        text, upright, long, across = f"{rank + 1}.", False, wide, high
        needed = fit(pdf, text, LETTERS_PT, long, bold=True, least=LEAST_PT)
    if needed > long or across < 0.35 * LEAST_PT:
        return
    pdf.set_text_color(*((255,) * 3 if rank == 0 else (0,) * 3))
    x, y = view.at(spot_m)
    with pdf.rotation(90 if upright else 0, x, y):
        pdf.text(x - needed / 2, y + 0.12 * pdf.font_size_pt, text)


def _met(points_m: Sequence[tuple[float, float]], box: Box) -> bool:
    """Whether what has these corners may lie in the box."""
    x, y = zip(*points_m, strict=True)
    return max(x) >= box.west and min(x) <= box.east and max(y) >= box.south and min(y) <= box.north
