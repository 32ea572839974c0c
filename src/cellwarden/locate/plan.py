"""Floor plans: rooms with their names, walls by material, sensors, a scale, and a legend, floor above floor.

The map goes as far as what is not `outside`, and a little further. A room's name stands where it is free: in its
middle, or away from the rooms and sensors that lie in it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.document.sheet import Area, Dot, Line, Mark, Point, Sheet, Text, text_width
from cellwarden.language import gettext as _
from cellwarden.language import mark, number
from cellwarden.locate.site import Floor, Room, Sensor, Site, floors_at, rooms_at

LETTERS_PX = 10.0
LEAST_LETTERS_PX = 7.0
HEADING_PX = 17.0
MARGIN_PX = 24.0
BESIDE_M = 1.0
"""A sensor this far above the highest floor is on its roof."""
AROUND_M = 2.0
"""How far the map goes beyond the rooms."""
SCALES_PX_M = 6.0, 40.0
LEAST_WIDTH_PX = 820.0
GRID = 48
"""Places on a side among which a free one for a name is looked for."""

FILLS = {
    "cell": "#f6ecd2",
    "corridor": "#ffffff",
    "office": "#dfe9f3",
    "privileged": "#eedff0",
    "room": "#ececec",
    "yard": "#e3eedb",
    "outside": "#f7f7f5",
}
KIND_WORDS = {
    "cell": mark("cell"),
    "corridor": mark("corridor"),
    "office": mark("office"),
    "privileged": mark("privileged talk"),
    "room": mark("room"),
    "yard": mark("yard"),
    "outside": mark("outside"),
}
MATERIAL_WORDS = {
    "open": mark("opening"),
    "light": mark("light wall"),
    "heavy": mark("heavy wall"),
    "concrete": mark("concrete, 20 cm"),
    "thick_concrete": mark("concrete, 30 cm"),
    "thin_concrete": mark("concrete, 10 cm"),
    "brick": mark("brick, 12 cm"),
    "thick_brick": mark("brick, 25 cm"),
    "plasterboard": mark("plasterboard"),
    "wood": mark("wood"),
    "glass": mark("glass"),
    "steel": mark("steel door"),
}
STROKES = {
    "open": ("#c9c9c9", 1.0),
    "light": ("#9a9a9a", 1.5),
    "heavy": ("#4d4d4d", 3.0),
    "concrete": ("#6b6f76", 3.0),
    "thick_concrete": ("#2b2e33", 4.5),
    "thin_concrete": ("#8f949c", 2.0),
    "brick": ("#b5523b", 2.0),
    "thick_brick": ("#8c3420", 3.5),
    "plasterboard": ("#b9b29a", 1.5),
    "wood": ("#a9783f", 2.5),
    "glass": ("#4aa3df", 3.0),
    "steel": ("#6a3d9a", 3.5),
}
STRANGE = ("#e0218a", 2.0)
"""A material that is not known must be seen."""
SENSOR = "#c1121f"


@dataclass(frozen=True, slots=True)
class Frame:
    """Where metres of one floor lie on the sheet."""

    left_px: float
    bottom_px: float
    x_m: float
    y_m: float
    scale_px_m: float

    def at(self, place_m: tuple[float, ...]) -> Point:
        x, y = place_m[:2]
        return self.left_px + (x - self.x_m) * self.scale_px_m, self.bottom_px - (y - self.y_m) * self.scale_px_m


Over = Callable[[Floor, Frame], Iterator[Mark]]
"""What else is drawn on a floor: fixes, a radio map."""


def plan(site: Site, floors: tuple[Floor, ...], over: Over | None = None) -> Sheet:
    """The plan of some floors, the highest first, as houses stand."""
    x0, _y0, x1, _y1 = corners_m(site, floors)
    scale = _scale(site, x1 - x0)
    width = (x1 - x0) * scale + 2 * MARGIN_PX
    marks: list[Mark] = [Text((MARGIN_PX, MARGIN_PX), site.name, HEADING_PX, anchor="start")]
    y = MARGIN_PX + HEADING_PX
    for floor in sorted(floors, key=lambda floor: -floor.base_m):
        _x0, y0, _x1, y1 = corners_m(site, (floor,))
        y += 1.5 * HEADING_PX
        marks.append(Text((MARGIN_PX, y - HEADING_PX / 2), floor.name, LETTERS_PX + 3, anchor="start"))
        y += (y1 - y0) * scale + HEADING_PX / 2
        frame = Frame(MARGIN_PX, y, x0, y0, scale)
        marks += _floor(site, floor, frame, (x0, y0, x1, y1))
        marks += over(floor, frame) if over is not None else ()
    legend, y = _legend(site, floors, y + HEADING_PX, width, scale)
    return Sheet(width, y + MARGIN_PX, (*marks, *legend), site.name)


def corners_m(site: Site, floors: tuple[Floor, ...]) -> tuple[float, float, float, float]:
    """x and y of the map's corners for some floors, metres."""
    numbers = {floor.number for floor in floors}
    rooms = [room for room in site.rooms if room.floor in numbers]
    points = [point for room in rooms if room.kind != "outside" for point in room.outline_m]
    points += [sensor.place_m[:2] for floor in floors for sensor in sensors_on(site, floor)]
    points += [end for wall in site.walls if wall.floor in numbers for end in (wall.start_m, wall.end_m)]
    points = points or [point for room in rooms for point in room.outline_m] or [(0.0, 0.0), (1.0, 1.0)]
    places = np.array(points)
    (x0, y0), (x1, y1) = places.min(axis=0) - AROUND_M, places.max(axis=0) + AROUND_M
    return float(x0), float(y0), float(x1), float(y1)


def _scale(site: Site, width_m: float) -> float:
    """Pixels a metre, such that names fit into most cells and the whole is neither tiny nor vast."""
    needed = [LEAST_WIDTH_PX / width_m]
    for room in site.rooms:
        if room.kind == "cell":
            longer = max(np.ptp(np.array(room.outline_m), axis=0))
            needed.append((text_width(room.name, LETTERS_PX) + 6) / max(longer, 0.5))
    least, most = SCALES_PX_M
    return float(np.clip(max(needed[0], float(np.percentile(needed, 90))), least, most))


def _floor(site: Site, floor: Floor, frame: Frame, extent: tuple[float, float, float, float]) -> Iterator[Mark]:
    x0, y0, x1, y1 = extent
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    yield Area(tuple(map(frame.at, corners)), FILLS["outside"])
    rooms = [(at, room) for at, room in enumerate(site.rooms) if room.floor == floor.number]
    for _at, room in sorted(rooms, key=lambda pair: -_box_area(pair[1])):
        if room.kind != "outside":
            words = f"{room.name} ({_(KIND_WORDS[room.kind])})"
            yield Area(tuple(map(frame.at, room.outline_m)), FILLS[room.kind], "#b8b8b8", words)
    for wall in site.walls:
        if wall.floor == floor.number:
            yield Line(frame.at(wall.start_m), frame.at(wall.end_m), *STROKES.get(wall.material, STRANGE))
    sensors = sensors_on(site, floor)
    here = [room for _at, room in rooms]
    owners = _owners(site, floor, np.array([np.mean(room.outline_m, axis=0) for room in here]).reshape(-1, 2))
    for (at, room), owner in zip(rooms, owners, strict=True):
        yield label(site, at, room, floor, sensors, frame, extent if owner != at or room.kind == "outside" else None)
    lines = _samples(site, floor)
    for sensor in sensors:
        yield from _sensor(sensor, frame, lines)


def _owners(site: Site, floor: Floor, points_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """The index of the room of each point of a floor, float64, shape (n, 2)."""
    heights = np.full((len(points_m), 1), floor.base_m + floor.height_m / 2)
    return rooms_at(site, np.hstack([points_m, heights]))


def _samples(site: Site, floor: Floor) -> NDArray[np.float64]:
    """Points along all walls of a floor, float64, shape (n, 2): what words should not lie on."""
    ends = np.array([(*w.start_m, *w.end_m) for w in site.walls if w.floor == floor.number]).reshape(-1, 2, 2)
    share = np.linspace(0, 1, 25)[:, None, None]
    return (ends[:, 0] * (1 - share) + ends[:, 1] * share).reshape(-1, 2)


def sensors_on(site: Site, floor: Floor) -> list[Sensor]:
    """Those on a floor, and on its roof where that is the highest one."""
    low, high = (
        floors_at(site, np.array([sensor.place_m[2] - beside for sensor in site.sensors])) for beside in (0, BESIDE_M)
    )
    numbers = np.where(low >= 0, low, high)
    return [sensor for sensor, number in zip(site.sensors, numbers, strict=True) if number == floor.number]


def _sensor(sensor: Sensor, frame: Frame, lines_m: NDArray[np.float64]) -> Iterator[Mark]:
    """A dot, and its name on that side of it where the fewest walls are."""
    x, y = frame.at(sensor.place_m)
    metres = ", ".join(number(value, 2) for value in sensor.place_m)
    yield Dot((x, y), 4.0, SENSOR, f"{sensor.name} ({metres} m)")
    size = LETTERS_PX - 1
    wide = text_width(sensor.name, size)
    walls = np.array([(x, y)]) + (lines_m - sensor.place_m[:2]) * (frame.scale_px_m, -frame.scale_px_m)
    walls = walls[np.abs(walls - (x, y)).max(axis=1) < 2 * wide + size + 12]  # of a large prison few are near
    sides = [(x + across * (8 + wide / 2), y + down) for down in (0, 7, -7) for across in (1, -1)]
    sides += [(x, y + 12), (x, y - 12)]
    met = [int(np.sum(np.all(np.abs(walls - side) < (wide / 2 + 1, size / 2 + 1), axis=1))) for side in sides]
    yield Text(sides[int(np.argmin(met))], sensor.name, size, SENSOR, halo="#ffffff")


def label(
    site: Site, at: int, room: Room, floor: Floor, sensors: list[Sensor], frame: Frame,
    extent: tuple[float, float, float, float] | None,
) -> Text:  # fmt: skip
    """The room's name in its middle, or within `extent` where it is free: upright or in smaller letters if it must."""
    outline = np.array(room.outline_m)
    wide, high = np.ptp(outline, axis=0) * frame.scale_px_m - 4
    size = LETTERS_PX
    needed = text_width(room.name, size)
    upright = bool(needed > wide and high > wide)
    if needed > (room_px := high if upright else wide):
        size = max(LEAST_LETTERS_PX, size * room_px / needed)
    middle = outline.mean(axis=0)
    half = np.array([needed / 2, size / 2 + 2]) / frame.scale_px_m
    taken = np.array([sensor.place_m[:2] for sensor in sensors]).reshape(-1, 2)
    shadow = 2 * half + [half[0], 0]  # a sensor's name stands beside it
    if extent is None and room.kind != "cell" and np.any(np.all(np.abs(taken - middle) < shadow, axis=1)):
        extent = (-np.inf, -np.inf, np.inf, np.inf)
    if extent is not None:
        middle = _free(site, at, room, floor, taken, extent, half)
    return Text(frame.at(tuple(middle)), room.name, size, upright=upright)


def _free(
    site: Site, at: int, room: Room, floor: Floor, taken_m: NDArray[np.float64],
    extent: tuple[float, float, float, float], half_m: NDArray[np.float64],
) -> NDArray[np.float64]:  # fmt: skip
    """The place in a room, within the map, that is farthest from other rooms, from sensors and from the room's edge.

    Distance is measured in halves of the name's size, so that a wide name finds a wide place.
    """
    outline = np.array(room.outline_m)
    low, high = np.maximum(outline.min(axis=0), extent[:2]), np.minimum(outline.max(axis=0), extent[2:])
    steps = (np.arange(GRID) + 0.5) / GRID
    x, y = (low + np.outer(steps, high - low)).T
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    free = _owners(site, floor, grid) == at
    if not free.any():
        return outline.mean(axis=0)
    apart = (np.minimum(grid[free] - low, high - grid[free]) / half_m).min(axis=1)
    for others, most in ((grid[~free], 1.0), (taken_m, 2.0)):  # beside a sensor stands its name
        for other in others:
            apart = np.minimum(apart, np.abs((grid[free] - other) / half_m).max(axis=1) / most)
    return grid[free][np.argmax(apart)]


def _legend(
    site: Site, floors: tuple[Floor, ...], top_px: float, width_px: float, scale_px_m: float
) -> tuple[list[Mark], float]:
    """What the colours mean, and a scale; and where it ends."""
    numbers = {floor.number for floor in floors}
    kinds = [kind for kind in FILLS if any(room.kind == kind and room.floor in numbers for room in site.rooms)]
    materials = sorted({wall.material for wall in site.walls if wall.floor in numbers})
    patch = ((0.0, -6.0), (18.0, -6.0), (18.0, 6.0), (0.0, 6.0))
    entries: list[tuple[Mark, str]] = [(Area(patch, FILLS[kind], "#b8b8b8"), _(KIND_WORDS[kind])) for kind in kinds]
    for material in materials:
        words = _(MATERIAL_WORDS[material]) if material in MATERIAL_WORDS else material
        entries.append((Line((0, 0), (18, 0), *STROKES.get(material, STRANGE)), words))
    entries.append((Dot((9, 0), 4.0, SENSOR), _("sensor")))
    metres = next(m for m in (1, 2, 5, 10, 20, 50, 100, 200) if m * scale_px_m >= 50)
    marks: list[Mark] = []
    x, y = MARGIN_PX, top_px + LETTERS_PX
    for sign, words in (*entries, (Line((0, 0), (metres * scale_px_m, 0), "#1d1d1b", 2.0), f"{metres} m")):
        sign_px = max(18.0, metres * scale_px_m if words == f"{metres} m" else 0.0)
        wide = sign_px + 6 + text_width(words, LETTERS_PX) * 1.1
        if x + wide > width_px - MARGIN_PX and x > MARGIN_PX:
            x, y = MARGIN_PX, y + 2 * LETTERS_PX
        marks += [_moved(sign, x, y), Text((x + sign_px + 6, y), words, LETTERS_PX, anchor="start")]
        x += wide + 16
    return marks, y + LETTERS_PX


def _moved(sign: Mark, x: float, y: float) -> Mark:
    match sign:
        case Area(points, fill, edge, words):
            return Area(tuple((px + x, py + y) for px, py in points), fill, edge, words)
        case Line(start, end, colour, width):
            return Line((start[0] + x, start[1] + y), (end[0] + x, end[1] + y), colour, width)
        case Dot(centre, radius, fill, words):
            return Dot((centre[0] + x, centre[1] + y), radius, fill, words)
        case _:
            return sign


def _box_area(room: Room) -> float:
    return float(np.prod(np.ptp(np.array(room.outline_m), axis=0)))
