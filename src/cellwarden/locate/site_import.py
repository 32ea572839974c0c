"""A site from a GeoJSON file (RFC 7946), and what imports of any kind share.

Polygons are rooms, lines are walls, points are sensors. Their properties: `name` (or `ref`), `kind` (or `indoor` and
`room`, as OpenStreetMap tags indoor maps), `floor` (or `level`), `material` of walls, `height_m` of sensors above their
floor. Kinds and materials may be French words. A room with a hole is its outer outline, where other rooms fill the
hole: a place is in the smallest room that holds it. A feature without geometry is left out, and named.

Coordinates are longitude and latitude as the standard has it, or metres where they span more than degrees of a prison
could.
"""

import json
import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.locate.site import KINDS, OUTDOOR, Floor, Room, Sensor, Site, Wall

SENSOR_M = 2.5
"""Height of a sensor above its floor where nothing tells it."""
MATERIAL = "concrete"
"""What walls are made of where nothing tells it: prisons are."""
WIDEST_DEGREES = 0.1
"""A site that spans less on both axes is in degrees: 0.1° are some 10 km, and 0.1 m is no prison."""
WORDS = {
    "cell": "cell", "cells": "cell", "cellule": "cell", "cellules": "cell",
    "corridor": "corridor", "corridors": "corridor", "couloir": "corridor", "couloirs": "corridor",
    "office": "office", "offices": "office", "bureau": "office", "bureaux": "office",
    "privileged": "privileged", "lawyer": "privileged", "avocat": "privileged", "avocats": "privileged",
    "room": "room", "rooms": "room", "local": "room", "locaux": "room",
    "yard": "yard", "yards": "yard", "cour": "yard", "cours": "yard",
    "outside": "outside", "exterieur": "outside",
    "wall": "wall", "walls": "wall", "mur": "wall", "murs": "wall",
    "sensor": "sensor", "sensors": "sensor", "capteur": "sensor", "capteurs": "sensor",
}  # fmt: skip
MATERIAL_WORDS = {
    "ouvert": "open", "beton": "concrete", "brique": "brick", "platre": "plasterboard", "bois": "wood",
    "verre": "glass", "acier": "steel",
}  # fmt: skip
"""French words for materials, without accents."""
FILLED = 0.75
"""Of a hole that the rooms in it cover at least: the walls between them may take the rest."""
KIND_OF_TAG = {"prison_cell": "cell", "area": "room", "hall": "room"}
RADIUS_M, FLATTENING = 6_378_137.0, 1 / 298.257223563
"""WGS 84."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Found:
    """What a drawing holds; floors by whatever number it gives them, heights above the floor."""

    name: str
    rooms: tuple[Room, ...]
    walls: tuple[Wall, ...]
    sensors: tuple[tuple[int, Sensor], ...]
    floors: tuple[Floor, ...] = ()
    aside: tuple[str, ...] = ()
    """Layers of which nothing is taken, and those of rooms with outlines that are not closed."""
    unplaced: tuple[str, ...] = ()
    """Features that have no geometry, by their numbers and names."""


def site_of(found: Found, floor_height_m: float, walls_of: str | None) -> Site:
    """Count floors from 0 and stack them; make walls of rooms' outlines, of this material, where it is asked for."""
    drawn = {room.floor for room in found.rooms} | {wall.floor for wall in found.walls}
    drawn |= {floor for floor, _sensor in found.sensors}
    named = {floor.number: floor for floor in found.floors}
    numbers = sorted(drawn | set(named))
    new = {number: at for at, number in enumerate(numbers)}
    floors = tuple(
        Floor(at, named[n].name, named[n].base_m, named[n].height_m)
        if n in named
        else Floor(at, str(n), at * floor_height_m, floor_height_m)
        for at, n in enumerate(numbers)
    )
    rooms = tuple(Room(room.name, room.kind, new[room.floor], room.outline_m) for room in found.rooms)
    walls = tuple(Wall(new[wall.floor], wall.start_m, wall.end_m, wall.material) for wall in found.walls)
    sensors = tuple(
        replace(sensor, place_m=(x, y, round(z + floors[new[n]].base_m, 3)))
        for n, sensor in found.sensors
        for x, y, z in [sensor.place_m]
    )
    if walls_of is not None:
        walls = (*walls, *walls_from(rooms, walls_of))
    return Site(found.name, floors, rooms, walls, sensors)


def walls_from(rooms: Sequence[Room], material: str) -> Iterator[Wall]:
    """The outlines of all rooms under a roof as walls, an edge that two rooms share once."""
    for floor in sorted({room.floor for room in rooms}):
        outlines = [
            shapely.LinearRing(room.outline_m) for room in rooms if room.floor == floor and room.kind not in OUTDOOR
        ]
        merged = shapely.line_merge(shapely.union_all(outlines, grid_size=0.001))
        for line in shapely.get_parts(shapely.simplify(merged, 0.001)):
            corners = [(round(x, 3), round(y, 3)) for x, y in shapely.get_coordinates(line).tolist()]
            for start, end in pairwise(corners):
                yield Wall(floor, start, end, material)


def read_geojson(path: Path) -> Found:
    """Raises SiteError, naming the feature."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SiteError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    except (ValueError, RecursionError) as error:
        raise SiteError(_("{path} is no JSON: {why}: mend it").format(path=path, why=error)) from error
    features = tree.get("features") if isinstance(tree, dict) else None
    if not isinstance(features, list) or not features:
        raise SiteError(_("{path} is no GeoJSON: it has no features: name another file").format(path=path))
    unplaced = {at: feature for at, feature in enumerate(features, 1) if _unplaced(feature)}
    parts = [part for at, feature in enumerate(features, 1) if at not in unplaced for part in _parts(path, at, feature)]
    if not parts:
        raise SiteError(_("{path}: no feature has a geometry: draw rooms, and export it again").format(path=path))
    to_m = _projection(np.array([point[:2] for part in parts for point in part.points]))
    rooms: list[Room] = []
    walls: list[Wall] = []
    sensors: list[tuple[int, Sensor]] = []
    for part in parts:
        name = _name(part, len(rooms if part.shape == "Polygon" else sensors) + 1)
        points = [to_m(point) for point in part.points]
        if part.shape == "Polygon":
            corners = points[:-1] if points[0] == points[-1] else points  # some programs do not close their rings
            rooms.append(Room(name, _kind(path, part), part.floor, tuple(corners)))
        elif part.shape == "LineString":
            told = str(part.properties.get("material", MATERIAL))
            material = MATERIAL_WORDS.get(plain(told), told)
            walls += [Wall(part.floor, *ends, material) for ends in pairwise(points)]
        else:
            sensors.append((part.floor, _sensor(path, part, name, points[0])))
    _refuse_empty_holes(path, [part for part in parts if part.shape == "Polygon"], rooms, to_m)
    named = tuple(f"{at} {_words(feature['properties'])}".strip() for at, feature in unplaced.items())
    return Found(str(tree.get("name") or path.stem), tuple(rooms), tuple(walls), tuple(sensors), unplaced=named)


def plain(words: str) -> str:
    """Lower case without accents, as `WORDS` has them."""
    return unicodedata.normalize("NFKD", words.strip().lower()).encode("ascii", "ignore").decode()


def _unplaced(feature: Any) -> bool:
    """Whether it says itself that it is nowhere (RFC 7946 §3.2)."""
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict | None):
        return False
    return feature.get("type") == "Feature" and "geometry" in feature and feature["geometry"] is None


def _refuse_empty_holes(
    path: Path, parts: "Sequence[_Part]", rooms: Sequence[Room], to_m: Callable[[Sequence[float]], Point]
) -> None:
    """Raises SiteError where a room has a hole that no other rooms fill: what lies there would be held for the room."""
    outlines = [shapely.make_valid(shapely.Polygon(room.outline_m)) for room in rooms]
    for at, part in enumerate(parts):
        for ring in part.holes:
            hole = shapely.make_valid(shapely.Polygon([to_m(point) for point in ring]))
            others = [one for n, one in enumerate(outlines) if n != at and rooms[n].floor == part.floor]
            inside = [one for one in others if one.intersection(hole).area >= 0.5 * one.area]
            if shapely.union_all(inside).intersection(hole).area < FILLED * hole.area:
                raise SiteError(
                    _(
                        "{path}: feature {number} has a hole that no other room fills: draw what lies there (kind room"
                        " or yard), or split it into two rooms"
                    ).format(path=path, number=part.number)
                )


@dataclass(frozen=True, slots=True)
class _Part:
    """One simple shape of one feature."""

    number: int
    shape: str
    points: tuple[tuple[float, ...], ...]
    properties: Mapping[str, Any]
    floor: int
    holes: tuple[tuple[tuple[float, ...], ...], ...] = ()
    """Of a polygon."""


def _parts(path: Path, number: int, feature: Any) -> Iterator[_Part]:
    """A feature's shapes: those of several parts are taken apart."""
    try:
        geometry, properties = feature["geometry"], feature.get("properties") or {}
        shape, coordinates = geometry["type"], geometry["coordinates"]
        simple = shape.removeprefix("Multi")
        pieces = coordinates if shape != simple else [coordinates]
        if simple not in ("Polygon", "LineString", "Point"):
            raise SiteError(
                _("{path}: feature {number} is a {shape}: draw polygons, lines and points").format(
                    path=path, number=number, shape=shape
                )
            )
        floor = _floor(path, number, properties)
        for piece in pieces:
            lines = piece if simple == "Polygon" else [[piece]] if simple == "Point" else [piece]
            places, *holes = (tuple(tuple(map(float, point)) for point in points) for points in lines)
            least = {"Polygon": 4, "LineString": 2, "Point": 1}[simple]
            for line in (places, *holes):
                if len(line) < least or not all(len(p) >= 2 and all(map(math.isfinite, p)) for p in line):
                    raise ValueError
            yield _Part(number, simple, places, properties, floor, tuple(holes))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SiteError(
            _("{path}: feature {number} is malformed: mend or leave it out").format(path=path, number=number)
        ) from error


def _floor(path: Path, number: int, properties: Mapping[str, Any]) -> int:
    told = properties.get("floor", properties.get("level", 0))
    try:
        if isinstance(told, bool) or float(told) != int(float(told)):
            raise ValueError
        return int(float(told))
    except (TypeError, ValueError, OverflowError) as error:
        raise SiteError(
            _("{path}: feature {number} has the floor {floor}: write one whole number").format(
                path=path, number=number, floor=told
            )
        ) from error


def _kind(path: Path, part: _Part) -> str:
    told = part.properties.get("kind") or part.properties.get("room") or part.properties.get("indoor") or "room"
    word = plain(str(told))
    kind = KIND_OF_TAG.get(word) or WORDS.get(word, word)
    if kind in KINDS:
        return kind
    if "kind" in part.properties:
        raise SiteError(
            _("{path}: feature {number} has the kind {kind}: write one of {known}").format(
                path=path, number=part.number, kind=told, known=", ".join(KINDS)
            )
        )
    return "room"  # OpenStreetMap knows many kinds of room that make no difference here


def _name(part: _Part, number: int) -> str:
    return _words(part.properties) or {"Polygon": "R", "LineString": "W", "Point": "S"}[part.shape] + f"-{number:03}"


def _words(properties: Mapping[str, Any] | None) -> str:
    """The name that a feature has, if it has one."""
    told = str((properties or {}).get("name") or (properties or {}).get("ref") or "")
    return " ".join("".join(c if c.isprintable() else " " for c in told).split())


def _sensor(path: Path, part: _Part, name: str, point: Point) -> Sensor:
    told = part.points[0][2] if len(part.points[0]) > 2 else SENSOR_M
    height_m, offset_db = (_told(path, part, *pair) for pair in (("height_m", told), ("offset_db", 0.0)))
    return Sensor(name, (*point, height_m), offset_db=offset_db)


def _told(path: Path, part: _Part, key: str, otherwise: float) -> float:
    """A number among a feature's properties."""
    value = part.properties.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e4:
        raise SiteError(
            _("{path}: feature {number} has a {key} that is no number: mend it").format(
                path=path, number=part.number, key=key
            )
        )
    return float(value)


def _projection(points: NDArray[np.float64]) -> Callable[[Sequence[float]], Point]:
    """From the file's coordinates to metres, to the millimetre.

    Degrees become metres on the plane that touches the ellipsoid at the site's corner: over a kilometre it is some
    decimetres off at its far edge, which moves no cell against its neighbour.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    if np.any(high - low >= WIDEST_DEGREES) or np.any(np.abs(points) > (180, 90)):
        return lambda point: (round(point[0], 3), round(point[1], 3))
    squared = FLATTENING * (2 - FLATTENING)
    latitude = math.radians(float(low[1] + high[1]) / 2)
    root = math.sqrt(1 - squared * math.sin(latitude) ** 2)
    east_m = math.radians(RADIUS_M / root * math.cos(latitude))
    north_m = math.radians(RADIUS_M * (1 - squared) / root**3)
    return lambda point: (round((point[0] - low[0]) * east_m, 3), round((point[1] - low[1]) * north_m, 3))
