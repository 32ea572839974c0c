"""A site from a building model (IFC, ISO 16739-1), by what its things are.

```
 IfcBuildingStorey   floors: name, elevation                     IfcSpace   rooms: what it covers of the ground
 IfcWall             a wall along the middle of its plan         IfcDoor, IfcWindow   pieces of the wall they stand in
 IfcSensor, IfcCommunicationsAppliance                           sensors, at the middle of what is drawn of them
```

What kind a room is, is told by a word in its object type, its long name or its name: those that layers of a DXF may
have (`cell`, `cellule`, `corridor` …); a space without one is a room, and an external one (`PredefinedType`) a yard.
What a wall is made of is told by a word in the names of its materials; brick and concrete are thin or thick by the
wall's own thickness. Doors of steel and of nothing said are steel, as prisons have them, windows glass.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.locate.propagation import MATERIALS, Slab
from cellwarden.locate.site import KINDS, Floor, Room, Sensor, Wall
from cellwarden.locate.site_import import MATERIAL, SENSOR_M, WORDS, Found, Point

SUBSTANCES = {
    "concrete": "concrete", "béton": "concrete", "beton": "concrete", "brick": "brick", "brique": "brick",
    "masonry": "brick", "maçonnerie": "brick", "plaster": "plasterboard", "gypsum": "plasterboard",
    "plâtre": "plasterboard", "wood": "wood", "timber": "wood", "bois": "wood", "glass": "glass", "glazing": "glass",
    "verre": "glass", "vitrage": "glass", "steel": "steel", "metal": "steel", "acier": "steel", "métal": "steel",
}  # fmt: skip
"""Beginnings of words in a material's name, and what they mean."""
FILLING = {"IfcDoor": "steel", "IfcWindow": "glass"}
LEAST_M = 0.05
"""Shorter pieces of wall are left out."""
ROUNDED_M = 0.02
"""Outlines are straightened so far: curves become chords."""
APART_M = 1.0
"""Storeys whose elevations differ by less are one floor."""
TOP_M = 3.0
"""Height of the highest floor where nothing tells it."""

Floats = NDArray[np.float64]


class _Axis(NamedTuple):
    """The middle line of a wall's plan."""

    start_m: Floats
    end_m: Floats
    thickness_m: float


def read_ifc(path: Path) -> Found:
    """Raises SiteError where ifcopenshell is not installed, the file is no IFC, or holds no room, wall or sensor."""
    try:
        import ifcopenshell
        from ifcopenshell.util.element import get_container, get_materials
    except ImportError as error:
        raise SiteError(
            _("{path}: IFC needs the library ifcopenshell: install it with pip install cellwarden[ifc]").format(
                path=path
            )
        ) from error
    try:
        model = ifcopenshell.open(path)
    except (OSError, RuntimeError, ValueError, ifcopenshell.Error) as error:
        why = " ".join(reason_of(error).split())
        raise SiteError(_("{path} cannot be read as IFC: {why}: export it again").format(path=path, why=why)) from error
    floors, number_of = _floors(model)
    places = [floor.base_m for floor in floors]

    def floor_of(thing: Any, points: Floats) -> int:
        """That which holds it, or on whose height its middle lies."""
        container = get_container(thing, ifc_class="IfcBuildingStorey")
        if container is not None:
            return number_of[container.id()]
        middle = float(np.mean(points[:, 2]))
        return max(0, int(np.searchsorted(places, middle, "right")) - 1)

    rooms = tuple(_rooms(model, floor_of))
    walls = tuple(_walls(model, floor_of, get_materials))
    sensors = tuple(_sensors(model, floor_of, floors))
    if not rooms and not walls and not sensors:
        raise SiteError(_("{path} holds no space, wall or sensor: export these too").format(path=path))
    projects = model.by_type("IfcBuilding") or model.by_type("IfcProject")
    return Found(next(filter(None, map(_name, projects)), path.stem), rooms, walls, sensors, floors)


def _floors(model: Any) -> tuple[tuple[Floor, ...], Mapping[int, int]]:
    """Storeys, the lowest first, each as high as the next one's elevation has it, and the floor of each storey.

    Storeys of about one height are one floor: those of several buildings, or a bare and a finished one.
    """
    from ifcopenshell.util.placement import get_storey_elevation
    from ifcopenshell.util.unit import calculate_unit_scale

    metres = calculate_unit_scale(model)
    storeys = model.by_type("IfcBuildingStorey")
    found = sorted((get_storey_elevation(one) * metres, _name(one), one.id()) for one in storeys)
    bases: list[float] = []
    names: list[dict[str, None]] = []
    number_of = {}
    for base, name, storey in found or [(0.0, "", 0)]:
        if not bases or base - bases[-1] >= APART_M:
            bases.append(round(float(base), 3))
            names.append({})
        names[-1] |= {name: None} if name else {}
        number_of[storey] = len(bases) - 1
    named = zip(bases, [*np.diff(bases), TOP_M], names, strict=True)
    floors = tuple(
        Floor(n, ", ".join(words) or str(n), base, round(float(height), 3))
        for n, (base, height, words) in enumerate(named)
    )
    return floors, number_of


def _name(thing: Any) -> str:
    """Its long name, or its name."""
    return str(getattr(thing, "LongName", None) or thing.Name or "").strip()


def _shape(thing: Any) -> tuple[Floats, NDArray[np.int64]] | None:
    """Corners in metres, shape (n, 3), and triangles, shape (t, 3), of what is drawn; None where nothing is."""
    from ifcopenshell import geom

    settings = geom.settings()
    settings.set("use-world-coords", True)
    if thing.Representation is None:
        return None
    try:
        made = geom.create_shape(settings, thing).geometry
    except RuntimeError:  # the library's word for a body that it cannot build: a line, a point
        return None
    corners = np.array(made.verts, np.float64).reshape(-1, 3)
    return (corners, np.array(made.faces, np.int64).reshape(-1, 3)) if len(corners) else None


def _outline(corners: Floats, faces: NDArray[np.int64]) -> Any:
    """What a body covers of the ground, seen from above: a polygon, the largest where it falls apart."""
    triangles = shapely.polygons(corners[faces][:, :, :2])
    seen = shapely.union_all(triangles[shapely.area(triangles) > 1e-6], grid_size=0.001)
    parts = [part for part in shapely.get_parts(seen) if part.geom_type == "Polygon"]
    return max(parts, key=shapely.area, default=None)


def _rooms(model: Any, floor_of: Any) -> Iterator[Room]:
    for number, space in enumerate(model.by_type("IfcSpace"), 1):
        shape = _shape(space)
        outline = _outline(*shape) if shape is not None else None
        if shape is None or outline is None:
            continue
        ring = shapely.get_coordinates(shapely.simplify(outline.exterior, ROUNDED_M))[:-1]
        name = " ".join(filter(None, dict.fromkeys((space.Name, space.LongName)))) or f"R-{number:03}"
        yield Room(name, _kind(space), floor_of(space, shape[0]), tuple(_rounded(point) for point in ring))


def _kind(space: Any) -> str:
    for told in (space.ObjectType, space.LongName, space.Name):
        for word in re.findall(r"[^\W\d_]+", str(told or "").lower()):
            if WORDS.get(word) in KINDS:
                return WORDS[word]
    outer = "EXTERNAL" in (getattr(space, "PredefinedType", None), getattr(space, "InteriorOrExteriorSpace", None))
    return "yard" if outer else "room"


def _walls(model: Any, floor_of: Any, materials_of: Any) -> Iterator[Wall]:
    """Walls, cut where doors and windows fill them."""
    for wall in model.by_type("IfcWall"):
        shape = _shape(wall)
        outline = _outline(*shape) if shape is not None else None
        if shape is None or outline is None:
            continue
        axis = _middle_line(outline)
        material = _material([str(one.Name) for one in materials_of(wall)], axis.thickness_m, MATERIAL)
        floor = floor_of(wall, shape[0])
        for start, end, made_of in _pieces(axis, material, _fillings(wall, axis, materials_of)):
            yield Wall(floor, start, end, made_of)


def _middle_line(outline: Any) -> _Axis:
    """Of the least rectangle about an outline."""
    a, b, c, d = shapely.get_coordinates(shapely.minimum_rotated_rectangle(outline))[:4]
    if np.linalg.norm(b - a) < np.linalg.norm(c - b):
        a, b, c, d = b, c, d, a
    return _Axis((a + d) / 2, (b + c) / 2, float(np.linalg.norm(d - a)))


def _fillings(wall: Any, axis: _Axis, materials_of: Any) -> list[tuple[float, float, str]]:
    """What fills a wall's openings: where along the wall in metres, from and to, and of what."""
    along = axis.end_m - axis.start_m
    along = along / max(float(np.linalg.norm(along)), 1e-9)
    found = []
    for opening in (relation.RelatedOpeningElement for relation in wall.HasOpenings):
        filled = [relation.RelatedBuildingElement for relation in opening.HasFillings]
        shape = _shape(opening) or next(filter(None, map(_shape, filled)), None)
        if shape is None:
            continue
        at = (shape[0][:, :2] - axis.start_m) @ along
        material = "open"
        for filling in filled:
            names = [str(one.Name) for one in materials_of(filling)]
            material = _material(names, 0.0, FILLING.get(filling.is_a(), "open"))
        found.append((float(at.min()), float(at.max()), material))
    return sorted(found)


def _pieces(axis: _Axis, material: str, fillings: list[tuple[float, float, str]]) -> Iterator[tuple[Point, Point, str]]:
    """A wall from its start to its end, piece by piece."""
    length = float(np.linalg.norm(axis.end_m - axis.start_m))
    at = 0.0
    for start, end, filling in (*fillings, (length, length, "")):
        start, end = float(np.clip(start, at, length)), float(np.clip(end, at, length))
        for first, last, made_of in ((at, start, material), (start, end, filling)):
            if last - first >= LEAST_M:
                ends = [axis.start_m + (axis.end_m - axis.start_m) * s / length for s in (first, last)]
                yield _rounded(ends[0]), _rounded(ends[1]), made_of
        at = max(at, end)


def _material(names: list[str], thickness_m: float, otherwise: str) -> str:
    """The material of `MATERIALS` that names tell, of the nearest thickness where there are several."""
    words = re.findall(r"[^\W\d_]+", " ".join(names).lower())
    substance = next((SUBSTANCES[key] for word in words for key in SUBSTANCES if word.startswith(key)), None)
    if substance is None:
        return otherwise
    slabs = {name: kind for name, kind in MATERIALS.items() if isinstance(kind, Slab) and kind.substance == substance}
    if not slabs or thickness_m == 0.0:
        return substance
    return min(slabs, key=lambda name: abs(slabs[name].thickness_m - thickness_m))


def _sensors(model: Any, floor_of: Any, floors: tuple[Floor, ...]) -> Iterator[tuple[int, Sensor]]:
    """Each at the middle of what is drawn, or where it is placed; heights above its floor."""
    from ifcopenshell.util.placement import get_local_placement
    from ifcopenshell.util.unit import calculate_unit_scale

    kinds = () if model.schema == "IFC2X3" else ("IfcSensor", "IfcCommunicationsAppliance")  # which knows no such thing
    things = [one for kind in kinds for one in model.by_type(kind)]
    for number, thing in enumerate(things, 1):
        shape = _shape(thing)
        if shape is not None:
            place = shape[0].mean(axis=0)
        elif thing.ObjectPlacement is not None:
            place = get_local_placement(thing.ObjectPlacement)[:3, 3] * calculate_unit_scale(model)
        else:
            continue
        floor = floor_of(thing, place[None])
        x, y, z = (round(float(value), 3) for value in place)
        above = round(z - floors[floor].base_m, 3)
        yield floor, Sensor(_name(thing) or f"S-{number:02}", (x, y, above or SENSOR_M))


def _rounded(point: Any) -> Point:
    return round(float(point[0]), 3), round(float(point[1]), 3)
