"""A site from a DXF drawing, by the names of its layers.

```
 CELL_0      closed polylines on floor 0 are cells; likewise CORRIDOR, OFFICE, ROOM, YARD, OUTSIDE
 WALL_CONCRETE_0   lines and polylines are walls of a material that `propagation.MATERIALS` has, else of concrete
 SENSOR_0    points, circles and blocks are sensors
 texts       in a room name it; those of sensors' layers name a sensor within two metres. The floor must be the same
```

The number at a layer's end is the floor, 0 where there is none. French words are understood too (CELLULE, COULOIR,
BUREAU, LOCAL, COUR, EXTERIEUR, MUR, CAPTEUR; BETON, BRIQUE …), with accents or without. Other layers are left aside.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.locate.propagation import MATERIALS
from cellwarden.locate.site import NOWHERE, Room, Sensor, Wall, holds
from cellwarden.locate.site_import import MATERIAL, MATERIAL_WORDS, SENSOR_M, WORDS, Found, Point, plain

UNITS_M = {"in": 0.0254, "ft": 0.3048, "mm": 0.001, "cm": 0.01, "m": 1.0}
UNIT_OF_CODE = {1: "in", 2: "ft", 4: "mm", 5: "cm", 6: "m"}
"""The header's $INSUNITS."""
CURVE_M = 0.02
"""Arcs become straight pieces that stay within this of them."""
BESIDE_M = 2.0
"""A text this near to a sensor is its name."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A text of the drawing."""

    of_sensor: bool
    floor: int
    place_m: Point
    words: str


def read_dxf(path: Path, unit: str | None) -> Found:
    """Raises SiteError where ezdxf is not installed, the file is no DXF, or it tells no unit and none is given."""
    try:
        from ezdxf.filemanagement import readfile
        from ezdxf.lldxf.const import DXFError
    except ImportError as error:
        raise SiteError(
            _("{path}: DXF needs the library ezdxf: install it with pip install cellwarden[dxf]").format(path=path)
        ) from error
    try:
        drawing = readfile(path)
    except (OSError, DXFError, UnicodeDecodeError) as error:
        raise SiteError(
            _("{path} cannot be read as DXF: {why}: save it again").format(path=path, why=reason_of(error))
        ) from error
    unit = unit or UNIT_OF_CODE.get(drawing.units)
    if unit is None:
        raise SiteError(_("{path} does not tell its unit: give --unit m, cm, mm, ft or in").format(path=path))
    entities = list(drawing.modelspace())
    metres = UNITS_M[unit]
    words = [word for entity in entities for word in _words(entity, metres)]
    rooms, walls, sensors = _rooms(entities, words, metres), _walls(entities, metres), _sensors(entities, words, metres)
    if not rooms and not walls and not sensors:
        raise SiteError(
            _("{path} has no layer with rooms, walls or sensors: name layers CELL_0, WALL_CONCRETE_0, SENSOR_0").format(
                path=path
            )
        )
    return Found(path.stem, tuple(rooms), tuple(walls), tuple(sensors), aside=_aside(entities, metres))


def _aside(entities: list[Any], metres: float) -> tuple[str, ...]:
    """Layers whose lines say nothing here, and layers of rooms that hold something else than closed outlines."""
    lost = set()
    for entity in entities:
        kind, _material, _floor = _layer(entity)
        room = kind not in ("", "wall", "sensor")
        drawn = entity.dxftype() in ("LINE", "LWPOLYLINE", "POLYLINE", "INSERT")
        if drawn and (not kind or (room and not _outline(entity, metres))):
            lost.add(str(entity.dxf.layer))
    return tuple(sorted(lost))


def _layer(entity: Any) -> tuple[str, str, int]:
    """What a layer holds (or nothing), which material its name tells, and its floor, below ground as in CELL_-1."""
    name = plain(str(entity.dxf.layer))
    pieces = [piece for piece in re.split(r"[^a-z0-9]+", name) if piece]
    below = re.search(r"[^a-z0-9]-[0-9]+$", name) is not None
    floor = (-1 if below else 1) * int(pieces[-1]) if pieces and pieces[-1].isdecimal() else 0
    kind = next((WORDS[piece] for piece in pieces if piece in WORDS), "")
    words = (MATERIAL_WORDS.get(piece, piece) for piece in pieces if piece not in WORDS and not piece.isdecimal())
    told = "_".join(words)
    return kind, told if told in MATERIALS else MATERIAL, floor


def _line(entity: Any, metres: float) -> list[Point]:
    """The corners of a line or polyline, arcs made straight; empty for other things."""
    from ezdxf import path

    if entity.dxftype() not in ("LINE", "LWPOLYLINE", "POLYLINE"):
        return []
    points = path.make_path(entity).flattening(CURVE_M / metres)
    return [(round(point.x * metres, 3), round(point.y * metres, 3)) for point in points]


def _rooms(entities: list[Any], words: list[_Word], metres: float) -> list[Room]:
    rooms: list[Room] = []
    for entity in entities:
        kind, _material, floor = _layer(entity)
        if kind in ("", "wall", "sensor"):
            continue
        if corners := _outline(entity, metres):
            rooms.append(Room(f"R-{len(rooms) + 1:03}", kind, floor, tuple(corners)))
    return _named(rooms, words)


def _outline(entity: Any, metres: float) -> list[Point]:
    """The corners of a closed polyline, three or more; empty for other things."""
    corners = _line(entity, metres)
    if not corners or not (getattr(entity, "is_closed", False) or corners[0] == corners[-1]):
        return []
    corners = corners[:-1] if corners[0] == corners[-1] else corners
    return corners if len(corners) >= 3 else []


def _named(rooms: list[Room], words: list[_Word]) -> list[Room]:
    """Each text names the smallest room that holds it."""
    sizes = np.array([np.prod(np.ptp(np.array(room.outline_m), axis=0)) for room in rooms])
    names: dict[int, list[str]] = {}
    for word in (word for word in words if not word.of_sensor):
        at = NOWHERE
        for number, room in enumerate(rooms):
            smaller = at == NOWHERE or sizes[number] < sizes[at]
            if room.floor == word.floor and smaller and holds(room, np.array([word.place_m]))[0]:
                at = number
        if at != NOWHERE:
            names.setdefault(at, []).append(word.words)
    return [replace(room, name=" ".join(names.get(at, [room.name]))) for at, room in enumerate(rooms)]


def _walls(entities: list[Any], metres: float) -> list[Wall]:
    walls: list[Wall] = []
    for entity in entities:
        kind, material, floor = _layer(entity)
        if kind == "wall":
            corners = _line(entity, metres)
            walls += [Wall(floor, *ends, material) for ends in pairwise(corners)]
    return walls


def _sensors(entities: list[Any], words: list[_Word], metres: float) -> list[tuple[int, Sensor]]:
    sensors: list[tuple[int, Sensor]] = []
    for entity in entities:
        kind, _material, floor = _layer(entity)
        attribute = {"POINT": "location", "CIRCLE": "center", "INSERT": "insert"}.get(entity.dxftype())
        if kind == "sensor" and attribute is not None:
            place = entity.dxf.get(attribute)
            x, y, z = (round(value * metres, 3) for value in place)
            near = [
                (np.hypot(w.place_m[0] - x, w.place_m[1] - y), w.words)
                for w in words
                if w.of_sensor and w.floor == floor
            ]
            distance, name = min(near, default=(np.inf, ""))
            name = name if distance <= BESIDE_M else f"S-{len(sensors) + 1:02}"
            sensors.append((floor, Sensor(name, (x, y, z or SENSOR_M))))
    return sensors


def _words(entity: Any, metres: float) -> Iterator[_Word]:
    """Texts, and what blocks have written on them."""
    for text in (entity, *(entity.attribs if entity.dxftype() == "INSERT" else ())):
        if text.dxftype() in ("TEXT", "MTEXT", "ATTRIB"):
            plain = text.plain_text() if hasattr(text, "plain_text") else text.dxf.text
            words = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
            place = text.dxf.insert
            if text.dxftype() == "TEXT" and text.dxf.hasattr("align_point"):
                place = text.dxf.align_point
            if words:
                kind, _material, floor = _layer(entity)
                yield _Word(kind == "sensor", floor, (place.x * metres, place.y * metres), words)
