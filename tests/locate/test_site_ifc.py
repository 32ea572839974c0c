"""Sites from building models (IFC), written here with the library that reads them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellwarden.errors import SiteError
from cellwarden.locate.site import Room, Site, area_m2
from cellwarden.locate.site_check import faults
from cellwarden.locate.site_ifc import read_ifc
from cellwarden.locate.site_import import site_of
from cellwarden.simulate.prison import remand_wing

ifcopenshell = pytest.importorskip("ifcopenshell", reason="an optional extra: pip install cellwarden[ifc]")

WORDS = {"cell": "Cellule", "corridor": "Couloir", "office": "Bureau", "yard": "Cour", "outside": "Outside", "room": ""}


class Model:
    """A building model with storeys, spaces and walls as boxes."""

    def __init__(self, unit_m: float = 1.0) -> None:
        import ifcopenshell.api.aggregate
        import ifcopenshell.api.context
        import ifcopenshell.api.project
        import ifcopenshell.api.root
        import ifcopenshell.api.unit

        self.api = ifcopenshell.api
        self.file = self.api.project.create_file()
        self.unit_m = unit_m
        project = self.api.root.create_entity(self.file, "IfcProject", name="A project")
        prefix = {1.0: None, 0.001: "MILLI"}[unit_m]
        self.api.unit.assign_unit(
            self.file, [self.api.unit.add_si_unit(self.file, unit_type="LENGTHUNIT", prefix=prefix)]
        )
        context = self.api.context.add_context(self.file, context_type="Model")
        self.body = self.api.context.add_context(
            self.file, context_type="Model", context_identifier="Body", target_view="MODEL_VIEW", parent=context
        )
        self.building = self.api.root.create_entity(self.file, "IfcBuilding", name="Remand wing")
        self.api.aggregate.assign_object(self.file, products=[self.building], relating_object=project)

    def storey(self, name: str, base_m: float) -> Any:
        import ifcopenshell.api.geometry

        made = self.api.root.create_entity(self.file, "IfcBuildingStorey", name=name)
        made.Elevation = base_m / self.unit_m
        place = np.eye(4)
        place[2, 3] = base_m
        ifcopenshell.api.geometry.edit_object_placement(self.file, product=made, matrix=place, is_si=True)
        self.api.aggregate.assign_object(self.file, products=[made], relating_object=self.building)
        return made

    def thing(self, kind: str, name: str, storey: Any, outline_m: Any, base_m: float, high_m: float) -> Any:
        """A prism above an outline, x and y."""
        import ifcopenshell.api.geometry
        import ifcopenshell.api.spatial

        made = self.api.root.create_entity(self.file, kind, name=name)
        f, u = self.file, self.unit_m
        points = [f.createIfcCartesianPoint((float(x) / u, float(y) / u)) for x, y in (*outline_m, outline_m[0])]
        profile = f.createIfcArbitraryClosedProfileDef("AREA", None, f.createIfcPolyline(points))
        up = f.createIfcDirection((0.0, 0.0, 1.0))
        solid = f.createIfcExtrudedAreaSolid(profile, None, up, high_m / u)
        shape = f.createIfcShapeRepresentation(self.body, "Body", "SweptSolid", [solid])
        ifcopenshell.api.geometry.assign_representation(f, product=made, representation=shape)
        place = np.eye(4)
        place[2, 3] = base_m
        ifcopenshell.api.geometry.edit_object_placement(f, product=made, matrix=place, is_si=True)
        if kind == "IfcSpace":
            self.api.aggregate.assign_object(f, products=[made], relating_object=storey)
        elif not kind.startswith("IfcOpening"):
            ifcopenshell.api.spatial.assign_container(f, products=[made], relating_structure=storey)
        return made

    def of(self, thing: Any, material: str) -> None:
        import ifcopenshell.api.material

        made = ifcopenshell.api.material.add_material(self.file, name=material)
        ifcopenshell.api.material.assign_material(self.file, products=[thing], material=made)

    def fill(self, wall: Any, storey: Any, kind: str, outline_m: Any, base_m: float) -> None:
        """A door or window in an opening of a wall."""
        import ifcopenshell.api.feature

        opening = self.thing("IfcOpeningElement", "Opening", storey, outline_m, base_m, 2.0)
        ifcopenshell.api.feature.add_feature(self.file, feature=opening, element=wall)
        filling = self.thing(kind, "Filling", storey, outline_m, base_m, 2.0)
        ifcopenshell.api.feature.add_filling(self.file, opening=opening, element=filling)

    def write(self, path: Path) -> Path:
        self.file.write(str(path))
        return path


def modelled(site: Site, unit_m: float) -> Model:
    """The rooms and sensors of a site."""
    model = Model(unit_m)
    storeys = {floor.number: model.storey(floor.name, floor.base_m) for floor in site.floors}
    bases = {floor.number: floor.base_m for floor in site.floors}
    for room in site.rooms:
        space = model.thing("IfcSpace", room.name, storeys[room.floor], room.outline_m, bases[room.floor], 2.8)
        space.ObjectType = WORDS[room.kind] or None
    for sensor in site.sensors:
        x, y, z = sensor.place_m
        floor = int(z // 3.0)
        box = [(x - 0.1, y - 0.1), (x + 0.1, y - 0.1), (x + 0.1, y + 0.1), (x - 0.1, y + 0.1)]
        model.thing("IfcSensor", sensor.name, storeys[floor], box, z - 0.1, 0.2)
    return model


@pytest.mark.parametrize("unit_m", [1.0, 0.001])
def test_a_site_comes_back_from_its_building_model(unit_m: float, tmp_path: Path) -> None:
    wing = remand_wing()
    made = site_of(read_ifc(modelled(wing, unit_m).write(tmp_path / "wing.ifc")), 3.0, None)
    assert made.name == "Remand wing"
    assert [(f.name, f.base_m, f.height_m) for f in made.floors] == [
        (f.name, f.base_m, f.height_m) for f in wing.floors
    ]

    def told(rooms: tuple[Room, ...]) -> dict[str, tuple[str, int, float]]:
        return {room.name: (room.kind, room.floor, round(area_m2(room), 2)) for room in rooms}

    assert told(made.rooms) == told(wing.rooms)
    assert {s.name: pytest.approx(s.place_m, abs=0.002) for s in wing.sensors} == {
        s.name: s.place_m for s in made.sensors
    }
    assert not faults(made, {})


def test_walls_are_middle_lines_cut_by_doors_and_windows(tmp_path: Path) -> None:
    model = Model()
    ground = model.storey("Ground", 0.0)
    wall = model.thing("IfcWall", "W1", ground, [(0, 0), (6, 0), (6, 0.2), (0, 0.2)], 0.0, 3.0)
    model.of(wall, "Béton armé")
    model.fill(wall, ground, "IfcDoor", [(1, 0), (1.9, 0), (1.9, 0.2), (1, 0.2)], 0.0)
    model.fill(wall, ground, "IfcWindow", [(4, 0), (5, 0), (5, 0.2), (4, 0.2)], 0.9)
    other = model.thing("IfcWall", "W2", ground, [(0, 0), (0.26, 0), (0.26, 4), (0, 4)], 0.0, 3.0)
    model.of(other, "Masonry - brick")
    found = read_ifc(model.write(tmp_path / "walls.ifc"))
    pieces = {(w.material, *sorted((w.start_m, w.end_m))) for w in found.walls}
    assert pieces == {
        ("concrete", (0.0, 0.1), (1.0, 0.1)),
        ("steel", (1.0, 0.1), (1.9, 0.1)),
        ("concrete", (1.9, 0.1), (4.0, 0.1)),
        ("glass", (4.0, 0.1), (5.0, 0.1)),
        ("concrete", (5.0, 0.1), (6.0, 0.1)),
        ("thick_brick", (0.13, 0.0), (0.13, 4.0)),
    }


def test_a_file_that_is_no_model_and_an_empty_one_are_told(tmp_path: Path) -> None:
    path = tmp_path / "plan.ifc"
    path.write_text("nonsense", encoding="utf-8")
    with pytest.raises(SiteError, match=r"plan\.ifc cannot be read as IFC"):
        read_ifc(path)
    with pytest.raises(SiteError, match="no space, wall or sensor"):
        read_ifc(Model().write(path))


def test_storeys_of_one_height_are_one_floor_in_several_buildings(tmp_path: Path) -> None:
    import ifcopenshell.api.aggregate
    import ifcopenshell.api.root

    model = Model()
    for wing, x in enumerate((0.0, 40.0)):
        if wing:
            project = model.file.by_type("IfcProject")[0]
            model.building = ifcopenshell.api.root.create_entity(model.file, "IfcBuilding", name="Wing B")
            ifcopenshell.api.aggregate.assign_object(model.file, products=[model.building], relating_object=project)
        for number, name in enumerate(("Ground", "First")):
            storey = model.storey(name, 3.0 * number + 0.05 * wing)  # five centimetres of another screed
            outline = [(x, 0.0), (x + 3.0, 0.0), (x + 3.0, 4.0), (x, 4.0)]
            model.thing("IfcSpace", f"Cell {wing}{number}", storey, outline, 3.0 * number, 2.8)
            model.thing("IfcSensor", f"S{wing}{number}", storey, outline, 3.0 * number + 2.4, 0.1)
    path = tmp_path / "plan.ifc"
    model.file.write(str(path))
    made = site_of(read_ifc(path), 3.0, None)
    assert [(floor.name, floor.base_m, floor.height_m) for floor in made.floors] == [
        ("Ground", 0.0, 3.0),
        ("First", 3.0, 3.0),
    ]
    assert {(room.name, room.floor) for room in made.rooms} == {(f"Cell {w}{n}", n) for w in (0, 1) for n in (0, 1)}
    assert faults(made, {}) == ()
