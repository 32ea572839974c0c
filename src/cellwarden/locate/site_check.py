"""What is wrong with a site that can be read: each fault in one line that names the thing, its line and the remedy.

The file's form is `site_file`'s matter; here is what its things say together: rooms that overlap, sensors where no map
is, names used twice, lengths that look like feet or millimetres.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely import STRtree
from shapely.validation import explain_validity

from cellwarden.language import gettext as _
from cellwarden.language import mark, number
from cellwarden.locate.propagation import MATERIALS
from cellwarden.locate.site import Floor, Room, Sensor, Site, Wall, area_m2, floors_at, rooms_at
from cellwarden.locate.site_file import Lines, read, title, where

OVERLAP_M2 = 0.05
OVERLAP_SHARE = 0.01
"""Rooms may overlap by this much of the smaller one, or this area: plans are drawn to a few centimetres."""
AROUND = ("room", "corridor", "yard", "outside")
"""What may hold other rooms: a building in its yard, an office in a hall, cells that a corridor goes round."""
BESIDE_M = 1.0
"""A sensor may stand this far out of every room, or above the highest floor: on a wall, on a roof."""
ANTENNAS = ("omni",)
UNITS = (
    (mark("feet"), 0.3048),
    (mark("inches"), 0.0254),
    (mark("centimetres"), 0.01),
    (mark("millimetres"), 0.001),
)
"""What lengths may be in that are no metres, and what each is in metres."""
CELL_M2, FLOOR_M = 10.0, 3.0
"""About what a cell and a floor have."""
LARGEST_CELL_M2 = 45.0
"""Half of a prison's cells are never larger than this: single ones have 6 to 12 m², in square feet 65 to 130."""
HIGHEST_M = 7.0
"""Where no cell tells, half of the floors are never higher than this: 2.4 to 4 m, in feet 8 to 13."""
LEAST_SENSORS = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend."""

    line: int | None
    words: str


def check(path: Path) -> tuple[Site, tuple[Fault, ...]]:
    """A site and its faults, in the order of the file. Raises SiteError where it cannot even be read."""
    site, lines = read(path)
    return site, faults(site, lines)


def shown(path: Path, fault: Fault) -> str:
    """`site.toml:57: room A-001 …`."""
    return f"{where(path, fault.line)}: {fault.words}"


def faults(site: Site, lines: Lines) -> tuple[Fault, ...]:
    """All faults; those of no line come last."""
    found = [
        *_twice(site, lines),
        *_floors(site, lines),
        *_homeless(site, lines),
        *_outlines(site, lines),
        *_overlaps(site, lines),
        *_walls(site, lines),
        *_sensors(site, lines),
        *_units(site, lines),
    ]
    return tuple(sorted(found, key=lambda fault: fault.line or 1 << 40))


def bare_wall(site: Site) -> bool:
    """Whether a site has an outside, and no sensor in it: then no level tells a phone inside from one in the street
    for sure (`geofence`). A sensor on the outer face of the wall stands outside."""
    outside = [n for n, room in enumerate(site.rooms) if room.kind == "outside"]
    places = np.array([sensor.place_m for sensor in site.sensors], np.float64).reshape(-1, 3)
    return bool(outside) and not np.isin(rooms_at(site, places), outside).any()


def _twice(site: Site, lines: Lines) -> Iterator[Fault]:
    named: dict[str, Sequence[Floor | Room | Sensor]]
    named = {"floor": site.floors, "room": site.rooms, "sensor": site.sensors}
    for kind, things in named.items():
        first: dict[str, int] = {}
        for at, thing in enumerate(things):
            before = first.setdefault(thing.name, at)
            if before != at:
                words = _("{what} has the name of another one{there}: give it its own")
                yield _fault(lines, kind, at, words, what=title(kind, thing.name), there=_on_line(lines, kind, before))


def _floors(site: Site, lines: Lines) -> Iterator[Fault]:
    numbers: set[int] = set()
    below: Floor | None = None
    for at, floor in sorted(enumerate(site.floors), key=lambda pair: pair[1].base_m):
        what = title("floor", floor.name)
        if floor.number in numbers:
            yield _fault(lines, "floor", at, _("{what} has the number of another one: count floors from 0"), what=what)
        numbers.add(floor.number)
        if below is not None and floor.base_m < below.base_m + below.height_m - 1e-6:
            words = _("{what} begins below the top of {other}: mend base_m or height_m")
            yield _fault(lines, "floor", at, words, what=what, other=title("floor", below.name))
        below = floor
    if not site.floors:
        yield Fault(None, _("the site has no floor: add a table [[floor]]"))


def _homeless(site: Site, lines: Lines) -> Iterator[Fault]:
    """Rooms and walls of floors that there are not."""
    numbers = {floor.number for floor in site.floors}
    placed: dict[str, Sequence[Room | Wall]] = {"room": site.rooms, "wall": site.walls}
    for kind, things in placed.items():
        for at, thing in enumerate(things):
            if thing.floor not in numbers:
                words = _("{what} is on floor {floor}, which the site does not have: mend its floor")
                yield _fault(lines, kind, at, words, what=title(kind, _name(thing, at)), floor=thing.floor)


def _outlines(site: Site, lines: Lines) -> Iterator[Fault]:
    for at, room in enumerate(site.rooms):
        polygon = shapely.Polygon(room.outline_m)
        if not polygon.is_valid:
            place = explain_validity(polygon).partition("[")[2].rstrip("]").replace(" ", ", ")
            words = _("the outline of {what} crosses or touches itself at ({place}): give its corners in order")
            yield _fault(lines, "room", at, words, what=title("room", room.name), place=place)
        elif area_m2(room) < OVERLAP_M2:
            words = _("{what} has no area: mend its outline")
            yield _fault(lines, "room", at, words, what=title("room", room.name))


def _overlaps(site: Site, lines: Lines) -> Iterator[Fault]:
    outlines = [shapely.Polygon(room.outline_m) for room in site.rooms]
    sound = [at for at, outline in enumerate(outlines) if outline.is_valid and outline.area > 0]
    asked = np.array([outlines[at] for at in sound], dtype=object)
    pairs = STRtree(asked).query(asked, predicate="intersects").T.tolist()
    for first, second in sorted((sound[one], sound[two]) for one, two in pairs if one < two):
        if site.rooms[first].floor != site.rooms[second].floor:
            continue
        small, large = sorted((first, second), key=lambda at: outlines[at].area)
        shared = outlines[first].intersection(outlines[second]).area
        within = shared >= (1 - OVERLAP_SHARE) * outlines[small].area and site.rooms[large].kind in AROUND
        if shared > max(OVERLAP_M2, OVERLAP_SHARE * outlines[small].area) and not within:
            words = _("{what} overlaps {other}{there} by {area} m²: move their common edge")
            names = (title("room", site.rooms[at].name) for at in (second, first))
            yield _fault(
                lines, "room", second, words, what=next(names), other=next(names), there=_on_line(lines, "room", first),
                area=number(shared, 1),
            )  # fmt: skip


def _walls(site: Site, lines: Lines) -> Iterator[Fault]:
    for at, wall in enumerate(site.walls):
        what = title("wall", str(at + 1))
        if wall.material not in MATERIALS:
            words = _("{what} is made of {material}, whose loss is not known: write one of {known}")
            yield _fault(lines, "wall", at, words, what=what, material=wall.material, known=", ".join(MATERIALS))
        if wall.start_m == wall.end_m:
            yield _fault(lines, "wall", at, _("{what} has no length: mend its ends or take it out"), what=what)


def _sensors(site: Site, lines: Lines) -> Iterator[Fault]:
    if len(site.sensors) < LEAST_SENSORS:
        words = _("too few sensors ({count}) to tell one place from another: add some")
        yield Fault(lines.get(("sensor", 0)), words.format(count=len(site.sensors)))
    if not site.rooms:
        yield Fault(None, _("the site has no room: add tables [[room]]"))
        return
    maps = {
        floor.number: shapely.union_all([_sound(room) for room in site.rooms if room.floor == floor.number])
        for floor in site.floors
    }
    for at, sensor in enumerate(site.sensors):
        what = title("sensor", sensor.name)
        x, y, z = sensor.place_m
        heights = np.array([z, z - BESIDE_M])  # on its floor, or on the roof above it
        if not any(n in maps and maps[n].distance(shapely.Point(x, y)) <= BESIDE_M for n in floors_at(site, heights)):
            words = _("{what} at ({x}, {y}, {z}) m is outside of every room: mend place_m")
            yield _fault(lines, "sensor", at, words, what=what, **_numbers(x=x, y=y, z=z))
        if sensor.antenna not in ANTENNAS:
            words = _("{what} has the antenna {antenna}, whose gain is not known: write {known}")
            yield _fault(lines, "sensor", at, words, what=what, antenna=sensor.antenna, known=", ".join(ANTENNAS))


def _units(site: Site, lines: Lines) -> Iterator[Fault]:
    areas = [area_m2(room) for room in site.rooms if room.kind == "cell"]
    heights = [floor.height_m for floor in site.floors]
    if areas and (half := float(np.median(areas))) > LARGEST_CELL_M2:
        at = next(at for at, room in enumerate(site.rooms) if room.kind == "cell")
        unit, metres = _unit(math.sqrt(half / CELL_M2))
        words = _(
            "half of the cells have more than {area} m², which looks like {unit}: multiply all lengths by {metres}"
        )
        yield _fault(lines, "room", at, words, area=number(half), unit=unit, metres=metres)
    elif not areas and heights and (half := float(np.median(heights))) > HIGHEST_M:
        unit, metres = _unit(half / FLOOR_M)
        words = _("floors are {height} m high, which looks like {unit}: multiply all lengths by {metres}")
        yield _fault(lines, "floor", 0, words, height=number(half, 1), unit=unit, metres=metres)


def _unit(times: float) -> tuple[str, str]:
    """Name and metres of the unit in which lengths are about so many times what they are in metres."""
    name, metres = min(UNITS, key=lambda unit: abs(math.log(times * unit[1])))
    return _(name), number(metres, len(f"{metres}") - 2)


def _sound(room: Room) -> shapely.Geometry:
    return shapely.make_valid(shapely.Polygon(room.outline_m))


def _name(thing: Room | Wall, at: int) -> str:
    return thing.name if isinstance(thing, Room) else str(at + 1)


def _numbers(**values: float) -> dict[str, str]:
    return {key: number(value, 1) for key, value in values.items()}


def _on_line(lines: Lines, kind: str, at: int) -> str:
    line = lines.get((kind, at))
    return _(" (line {line})").format(line=line) if line else ""


def _fault(lines: Lines, kind: str, at: int, words: str, **values: object) -> Fault:
    return Fault(lines.get((kind, at)), words.format(**values))
