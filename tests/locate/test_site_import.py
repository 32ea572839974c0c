"""Sites from the files of other programs."""

import json
import math
from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
import pytest

from cellwarden.document.sheet import svg
from cellwarden.errors import SiteError
from cellwarden.locate.plan import plan
from cellwarden.locate.site import Room, Site, area_m2, rooms_at
from cellwarden.locate.site_check import faults
from cellwarden.locate.site_dxf import read_dxf
from cellwarden.locate.site_import import read_geojson, site_of, walls_from
from cellwarden.simulate.prison import remand_wing


def geojson(site: Site, *, origin: tuple[float, float] | None = None, offset: float = 0.0) -> dict[str, Any]:
    """A site in metres, or in degrees around an origin (longitude, latitude), on the sphere's plain formula."""

    def at(place: tuple[float, ...]) -> list[float]:
        if origin is None:
            return [place[0] + offset, place[1] + offset]
        north = 111_132.954 - 559.822 * math.cos(2 * math.radians(origin[1]))
        north += 1.175 * math.cos(4 * math.radians(origin[1]))
        east = 111_412.84 * math.cos(math.radians(origin[1])) - 93.5 * math.cos(3 * math.radians(origin[1]))
        return [origin[0] + place[0] / east, origin[1] + place[1] / north]

    bases = {floor.number: floor.base_m for floor in site.floors}
    features: list[dict[str, Any]] = []
    for room in site.rooms:
        ring = [at(p) for p in (*room.outline_m, room.outline_m[0])]
        features.append(feature("Polygon", [ring], name=room.name, kind=room.kind, floor=room.floor))
    for wall in site.walls:
        ends = [at(wall.start_m), at(wall.end_m)]
        features.append(feature("LineString", ends, material=wall.material, floor=wall.floor))
    for sensor in site.sensors:
        floor = max(n for n, base in bases.items() if base <= sensor.place_m[2])
        height = sensor.place_m[2] - bases[floor]
        features.append(feature("Point", at(sensor.place_m), name=sensor.name, level=str(floor), height_m=height))
    return {"type": "FeatureCollection", "name": site.name, "features": features}


def feature(shape: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": shape, "coordinates": coordinates},
        "properties": properties,
    }


def dxf(site: Site, path: Path, *, unit: int = 4, scale: float = 1000.0) -> None:
    """A drawing in millimetres."""
    drawing = ezdxf.new("R2010")
    drawing.header["$INSUNITS"] = unit
    space = drawing.modelspace()
    for room in site.rooms:
        corners = [(x * scale, y * scale) for x, y in room.outline_m]
        space.add_lwpolyline(corners, close=True, dxfattribs={"layer": f"{room.kind.upper()}_{room.floor}"})
        x, y = (sum(axis) / len(corners) for axis in zip(*corners, strict=True))
        if room.kind not in ("yard", "outside"):
            space.add_text(room.name, dxfattribs={"insert": (x, y), "layer": f"NAMES_{room.floor}"})
    for wall in site.walls:
        ends = [(x * scale, y * scale) for x, y in (wall.start_m, wall.end_m)]
        space.add_line(*ends, dxfattribs={"layer": f"WALL_{wall.material.upper()}_{wall.floor}"})
    for sensor in site.sensors:
        floor = max(f.number for f in site.floors if f.base_m <= sensor.place_m[2])
        x, y, z = sensor.place_m
        layer = {"layer": f"SENSOR_{floor}"}
        space.add_point((x * scale, y * scale, (z - site.floors[floor].base_m) * scale), dxfattribs=layer)
        space.add_text(sensor.name, dxfattribs={"insert": ((x + 0.2) * scale, y * scale), **layer})
    drawing.saveas(path)


def read(tree: Any, folder: Path) -> Site:
    path = folder / "plan.geojson"
    path.write_text(json.dumps(tree), encoding="utf-8")
    return site_of(read_geojson(path), 3.0, None)


def test_a_plan_in_metres_is_imported_as_it_was_drawn(tmp_path: Path) -> None:
    wing = remand_wing()
    made = read(geojson(wing), tmp_path)
    assert made.rooms == wing.rooms and made.walls == wing.walls
    assert [(s.name, s.place_m) for s in made.sensors] == [(s.name, s.place_m) for s in wing.sensors]
    named = plan(made, made.floors), plan(wing, wing.floors)
    assert [m for m in svg(named[0]).splitlines() if "<polygon" in m or "<line" in m or "<circle" in m] == [
        m for m in svg(named[1]).splitlines() if "<polygon" in m or "<line" in m or "<circle" in m
    ]


@pytest.mark.parametrize("origin", [(2.35, 48.85), (-70.6, -33.45), (25.7, 66.5)])
def test_a_plan_in_degrees_keeps_its_lengths_to_a_centimetre(tmp_path: Path, origin: tuple[float, float]) -> None:
    """Against the series for the length of a degree on WGS 84, which the import does not use."""
    wing = remand_wing()
    made = read(geojson(wing, origin=origin), tmp_path)
    corner = np.array(wing.rooms[-1].outline_m).min(axis=0)
    for ours, theirs in zip(made.rooms, wing.rooms, strict=True):
        assert np.array(ours.outline_m) == pytest.approx(np.array(theirs.outline_m) - corner, abs=0.01)
    assert faults(made, {}) == ()


def test_levels_below_ground_become_floors_from_zero(tmp_path: Path) -> None:
    square = [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]
    tree = {
        "type": "FeatureCollection",
        "features": [feature("Polygon", square, level=level) for level in ("-1", 0, 2.0)],
    }
    made = read(tree, tmp_path)
    assert [floor.name for floor in made.floors] == ["-1", "0", "2"]
    assert [room.floor for room in made.rooms] == [0, 1, 2] and made.floors[2].base_m == 6.0
    assert len({room.name for room in made.rooms}) == 3


def test_tags_of_indoor_maps_are_understood(tmp_path: Path) -> None:
    square = [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]
    tags = [
        {"indoor": "corridor"}, {"indoor": "room", "room": "prison_cell"}, {"indoor": "room", "room": "toilet"},
        {"indoor": "room", "room": "office"}, {"kind": "yard"}, {},
    ]  # fmt: skip
    tree = {"features": [feature("Polygon", square, **tag) for tag in tags]}
    assert [room.kind for room in read(tree, tmp_path).rooms] == ["corridor", "cell", "room", "office", "yard", "room"]


SQUARE = [[0, 0], [9, 0], [9, 9], [0, 0]]
WRONG = [
    (feature("Polygon", [SQUARE], kind="dungeon"), "kind dungeon"),
    (feature("Polygon", [SQUARE, SQUARE]), "hole"),
    (feature("Polygon", [SQUARE], floor="1;2"), "floor 1;2"),
    (feature("Polygon", [[[0, 0]]]), "malformed"),
    (feature("Polygon", [[["a", 0]] * 4]), "malformed"),
    (feature("LineString", [[0, 0]]), "malformed"),
    (feature("GeometryCollection", []), "GeometryCollection"),
    (feature("Point", [1, 2], height_m="high"), "height_m"),
    (feature("Point", [1, 2], offset_db="loud"), "offset_db"),
    ({"geometry": None}, "malformed"),
    (7, "malformed"),
]


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def box(x: float, y: float, side: float) -> list[list[float]]:
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]


def test_kinds_and_materials_may_be_french(tmp_path: Path) -> None:
    kinds = ["Cellule", "couloir", "BUREAU", "cour", "extérieur", "Exte\u0301rieur", "local", "avocat"]
    tree = collection(
        *(feature("Polygon", [box(20 * n, 0, 10)], kind=kind, name=f"R{n}") for n, kind in enumerate(kinds)),
        feature("LineString", [[0, 0], [9, 9]], material="béton"),
    )
    made = read(tree, tmp_path)
    assert [room.kind for room in made.rooms] == [
        *("cell", "corridor", "office", "yard", "outside", "outside", "room", "privileged")
    ]
    assert made.walls[0].material == "concrete"


def test_a_hole_is_fine_where_other_rooms_lie_in_it(tmp_path: Path) -> None:
    ring = feature("Polygon", [box(0, 0, 12), box(2, 2, 8)], kind="corridor", name="ring")
    cells = [feature("Polygon", [box(x, y, 3.8)], kind="cell", name=f"{x}{y}") for x in (2.1, 6.1) for y in (2.1, 6.1)]
    made = read(collection(ring, *cells), tmp_path)
    places = np.array([[1.0, 6.0, 1.0], [4.0, 4.0, 1.0]])
    assert [made.rooms[n].name for n in rooms_at(made, places)] == ["ring", "2.12.1"]
    assert [fault for fault in faults(made, {}) if "overlaps" in fault.words] == []
    for others in ([], cells[:2], [feature("Polygon", [box(-5, -5, 30)], kind="yard", name="all")]):
        with pytest.raises(SiteError, match="feature 1 has a hole that no other room fills"):
            read(collection(ring, *others), tmp_path)


def test_features_without_geometry_are_left_out_and_named(tmp_path: Path) -> None:
    nowhere = {"type": "Feature", "geometry": None, "properties": {"name": "C-12"}}
    path = tmp_path / "plan.geojson"
    tree = collection(feature("Polygon", [box(0, 0, 9)]), nowhere, {**nowhere, "properties": None})
    path.write_text(json.dumps(tree), encoding="utf-8")
    found = read_geojson(path)
    assert len(found.rooms) == 1 and found.unplaced == ("2 C-12", "3")
    with pytest.raises(SiteError, match="no feature has a geometry"):
        read(collection(nowhere), tmp_path)


@pytest.mark.parametrize(("wrong", "words"), WRONG, ids=[words for _wrong, words in WRONG])
def test_a_wrong_feature_is_named(tmp_path: Path, wrong: Any, words: str) -> None:
    with pytest.raises(SiteError, match="feature 2") as caught:
        read({"features": [feature("Point", [0, 0]), wrong]}, tmp_path)
    assert words in str(caught.value)


def test_walls_of_outlines_stand_once_where_rooms_share_them() -> None:
    rooms = [Room(str(n), "cell", 0, ((n, 0.0), (n + 1.0, 0.0), (n + 1.0, 1.0), (float(n), 1.0))) for n in range(3)]
    yard = Room("y", "yard", 0, ((-5.0, -5.0), (9.0, -5.0), (9.0, 9.0)))
    walls = list(walls_from([*rooms, yard], "brick"))
    length = sum(np.hypot(*np.subtract(wall.end_m, wall.start_m)) for wall in walls)
    assert length == pytest.approx(3 + 3 + 4) and {wall.material for wall in walls} == {"brick"}


@pytest.mark.parametrize(("unit", "scale"), [(4, 1000.0), (6, 1.0), (2, 1 / 0.3048)])
def test_a_drawing_is_imported_whatever_its_unit(tmp_path: Path, unit: int, scale: float) -> None:
    wing = remand_wing()
    path = tmp_path / "plan.dxf"
    dxf(wing, path, unit=unit, scale=scale)
    made = site_of(read_dxf(path, None), 3.0, None)
    ours = {room.name: room for room in made.rooms}
    for room in wing.rooms[:-2]:  # yard and outside bear no text
        assert ours[room.name].kind == room.kind and ours[room.name].floor == room.floor
        assert np.array(ours[room.name].outline_m) == pytest.approx(np.array(room.outline_m), abs=2e-3)
    assert [wall.material for wall in made.walls] == [wall.material for wall in wing.walls]
    for sensor, theirs in zip(made.sensors, wing.sensors, strict=True):
        assert sensor.name == theirs.name and sensor.place_m == pytest.approx(theirs.place_m, abs=2e-3)


def test_french_layers_and_arcs_are_understood(tmp_path: Path) -> None:
    drawing = ezdxf.new("R2010")
    drawing.header["$INSUNITS"] = 6
    space = drawing.modelspace()
    # a square of two metres with half a disc on one side: a bulge of one is a half circle
    corners = [(0, 0, 0), (2, 0, 1), (2, 2, 0), (0, 2, 0)]
    space.add_lwpolyline(corners, format="xyb", close=True, dxfattribs={"layer": "Niveau-CELLULES-1"})
    space.add_mtext("Cellule 12", dxfattribs={"insert": (1, 1), "layer": "Textes-1"})
    space.add_line((0, 0), (2, 0), dxfattribs={"layer": "MURS_BRICK_1"})
    space.add_circle((1, 1), 0.1, dxfattribs={"layer": "CAPTEURS_1"})
    path = tmp_path / "plan.dxf"
    drawing.saveas(path)
    made = site_of(read_dxf(path, None), 3.0, None)
    assert made.rooms[0].name == "Cellule 12" and made.rooms[0].kind == "cell"
    assert area_m2(made.rooms[0]) == pytest.approx(4 + np.pi / 2, abs=0.1)
    assert made.walls[0].material == "brick" and made.sensors[0].place_m == (1.0, 1.0, 2.5)


def test_a_drawing_without_unit_or_layers_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.dxf"
    dxf(remand_wing(), path, unit=0)
    with pytest.raises(SiteError, match="give --unit"):
        read_dxf(path, None)
    assert read_dxf(path, "mm").rooms
    empty = ezdxf.new("R2010")
    empty.modelspace().add_line((0, 0), (1, 0))
    empty.saveas(path)
    with pytest.raises(SiteError, match="CELL_0"):
        read_dxf(path, "m")
    path.write_text("no drawing")
    with pytest.raises(SiteError, match=r"plan\.dxf"):
        read_dxf(path, "m")


def test_a_ring_that_is_not_closed_keeps_its_last_corner(tmp_path: Path) -> None:
    ring = [[0, 0], [3, 0], [3, 4], [0, 4]]
    tree = {"type": "FeatureCollection", "features": [feature("Polygon", [ring], name="C", kind="cell")]}
    assert area_m2(read(tree, tmp_path).rooms[0]) == pytest.approx(12.0)


def test_french_layers_have_accents_and_materials_and_floors_below_ground(tmp_path: Path) -> None:
    drawing = ezdxf.new("R2010")
    drawing.header["$INSUNITS"] = 6
    space = drawing.modelspace()
    for layer in ("CELLULE_-1", "Extérieur_0"):
        space.add_lwpolyline([(0, 0), (2, 0), (2, 2), (0, 2)], close=True, dxfattribs={"layer": layer})
    for at, layer in enumerate(("MUR_BÉTON_-1", "MUR_BRIQUE_-1", "MUR_0")):
        space.add_line((0, at), (2, at), dxfattribs={"layer": layer})
    path = tmp_path / "plan.dxf"
    drawing.saveas(path)
    found = read_dxf(path, None)
    assert [(room.kind, room.floor) for room in found.rooms] == [("cell", -1), ("outside", 0)]
    assert [(wall.material, wall.floor) for wall in found.walls] == [("concrete", -1), ("brick", -1), ("concrete", 0)]


def test_layers_of_which_nothing_or_not_all_is_taken_are_named(tmp_path: Path) -> None:
    drawing = ezdxf.new("R2010")
    drawing.header["$INSUNITS"] = 6
    space = drawing.modelspace()
    corners = [(0, 0), (2, 0), (2, 2), (0, 2)]
    for layer, closed in (("CELL_0", True), ("ZELLE_0", True), ("OFFICE_0", False)):
        space.add_lwpolyline(corners, close=closed, dxfattribs={"layer": layer})
    space.add_text("12", dxfattribs={"insert": (1, 1), "layer": "NAMES_0"})
    path = tmp_path / "plan.dxf"
    drawing.saveas(path)
    found = read_dxf(path, None)
    assert [room.kind for room in found.rooms] == ["cell"] and found.aside == ("OFFICE_0", "ZELLE_0")
