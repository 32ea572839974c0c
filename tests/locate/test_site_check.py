"""What is wrong with a site, thing by thing."""

from dataclasses import replace
from pathlib import Path

import pytest

from cellwarden.locate.site import Floor, Room, Sensor, Site, Wall
from cellwarden.locate.site_check import bare_wall, check, faults, shown
from cellwarden.locate.site_write import to_toml
from cellwarden.simulate.prison import large_prison, on_the_wall, remand_wing


def box(x: float, y: float, wide: float = 2.6, high: float = 4.0) -> tuple[tuple[float, float], ...]:
    return (x, y), (x + wide, y), (x + wide, y + high), (x, y + high)


SOUND = Site(
    "s",
    (Floor(0, "Ground", 0.0, 3.0), Floor(1, "First", 3.0, 3.0)),
    (Room("A", "cell", 0, box(0, 0)), Room("B", "cell", 0, box(2.6, 0)), Room("C", "cell", 1, box(0, 0))),
    (Wall(0, (2.6, 0), (2.6, 4), "brick"),),
    (Sensor("S1", (1.0, 1.0, 2.5)), Sensor("S2", (4.0, 1.0, 2.5))),
)


def test_examples_and_a_plain_site_have_no_fault() -> None:
    for site in (SOUND, remand_wing(), remand_wing(places="cells"), large_prison()):
        assert faults(site, {}) == ()


def test_a_wall_is_bare_until_a_sensor_stands_on_its_outer_face() -> None:
    wing = remand_wing()
    assert bare_wall(wing) and not bare_wall(replace(wing, sensors=wing.sensors + on_the_wall(wing)[:1]))
    assert not bare_wall(SOUND)  # it has no outside to be told from


FEET = tuple(replace(r, outline_m=tuple((x / 0.3048, y / 0.3048) for x, y in r.outline_m)) for r in SOUND.rooms)
CASES = [
    ({"rooms": (*SOUND.rooms, Room("D", "cell", 0, box(5.0, 0)))}, "room D overlaps room B", "0.8 m²"),
    ({"rooms": (*SOUND.rooms, Room("D", "cell", 0, box(0.1, 0.1, 1, 1)))}, "room D overlaps room A", "1.0 m²"),
    ({"rooms": (*SOUND.rooms, Room("A", "cell", 0, box(5.2, 0)))}, "room A has the name of another one", "its own"),
    ({"sensors": (*SOUND.sensors, Sensor("S1", (2, 2, 2)))}, "sensor S1 has the name of another one", "its own"),
    ({"sensors": (*SOUND.sensors, Sensor("S3", (9, 9, 2)))}, "sensor S3", "outside of every room"),
    ({"sensors": (*SOUND.sensors, Sensor("S3", (1, 1, 20)))}, "sensor S3", "outside of every room"),
    ({"sensors": (*SOUND.sensors, Sensor("S3", (4, 1, 4)))}, "sensor S3", "outside of every room"),
    ({"sensors": SOUND.sensors[:1]}, "too few sensors (1)", "add some"),
    ({"sensors": ()}, "too few sensors (0)", "add some"),
    ({"sensors": (*SOUND.sensors, Sensor("S3", (1, 2, 2), "yagi"))}, "sensor S3", "antenna yagi"),
    ({"walls": (Wall(0, (0, 0), (1, 0), "cheese"),)}, "wall 1 is made of cheese", "concrete"),
    ({"walls": (Wall(0, (1, 0), (1, 0), "brick"),)}, "wall 1 has no length", "mend"),
    ({"walls": (Wall(7, (0, 0), (1, 0), "brick"),)}, "wall 1 is on floor 7", "mend"),
    ({"rooms": (*SOUND.rooms, Room("D", "cell", 3, box(9, 0)))}, "room D is on floor 3", "mend"),
    (
        {"rooms": (*SOUND.rooms, Room("D", "cell", 0, ((9, 0), (12, 4), (12, 0), (9, 4))))},
        "the outline of room D crosses or touches itself at (10.5, 2)",
        "in order",
    ),
    ({"rooms": (*SOUND.rooms, Room("D", "cell", 0, ((9, 0), (9, 1), (9, 2))))}, "room D", ""),
    ({"rooms": FEET, "floors": SOUND.floors, "sensors": SOUND.sensors}, "112 m², which looks like feet", "0.3048"),
    ({"floors": (SOUND.floors[0], Floor(1, "First", 2.0, 3.0))}, "floor First begins below the top of", "Ground"),
    ({"floors": (*SOUND.floors, Floor(1, "Roof", 6.0, 3.0))}, "floor Roof has the number of another one", "from 0"),
    ({"floors": (), "rooms": (), "walls": ()}, "the site has no floor", "add"),
]


@pytest.mark.parametrize(("changed", "what", "remedy"), CASES, ids=[case[1] for case in CASES])
def test_a_fault_is_named_with_its_thing_and_its_line(
    tmp_path: Path, changed: dict[str, object], what: str, remedy: str
) -> None:
    path = tmp_path / "site.toml"
    path.write_text(to_toml(replace(SOUND, **changed)), encoding="utf-8")  # type: ignore[arg-type]
    _site, found = check(path)
    words = [shown(path, fault) for fault in found]
    told = next((line for line in words if what in line), "")
    assert told and remedy in told, words
    if changed.get("floors") != () and changed.get("sensors") != ():
        number = int(told.removeprefix(f"{path}:").partition(":")[0])
        assert path.read_text().splitlines()[number - 1].startswith("[[")


def test_floors_without_cells_tell_feet_by_their_height() -> None:
    hall = Site("s", (Floor(0, "G", 0.0, 10.0),), (Room("h", "room", 0, box(0, 0, 60, 60)),), (), SOUND.sensors)
    assert "10.0 m high, which looks like feet" in faults(hall, {})[0].words


def test_a_building_may_lie_in_its_yard_but_nothing_in_a_cell() -> None:
    yard = replace(SOUND, rooms=(*SOUND.rooms, Room("Yard", "yard", 0, box(-9, -9, 40, 40))))
    assert faults(yard, {}) == ()
    cell = replace(SOUND, rooms=(*SOUND.rooms, Room("Big", "cell", 0, box(-1, -1, 9, 9))))
    assert sum("overlaps" in fault.words for fault in faults(cell, {})) == 2


def test_rooms_may_overlap_by_the_few_centimetres_of_a_hand_drawn_plan() -> None:
    near = replace(SOUND, rooms=(SOUND.rooms[0], Room("B", "cell", 0, box(2.59, 0))))
    assert faults(near, {}) == ()


@pytest.mark.parametrize(("metres", "told"), [(0.0254, "inches"), (0.01, "centimetres"), (0.001, "millimetres")])
def test_the_unit_that_lengths_look_like_is_named(metres: float, told: str) -> None:
    def drawn(x: float) -> Room:
        return Room(f"C{x}", "cell", 0, tuple((a / metres, b / metres) for a, b in box(x, 0, 2.6, 4.0)))

    cells = replace(SOUND, rooms=(drawn(0.0), drawn(3.0)))
    words = f"looks like {told}: multiply all lengths by {metres}"
    assert any(words in fault.words for fault in faults(cells, {}))
    hall = Site("s", (Floor(0, "G", 0.0, 3.0 / metres),), (Room("h", "room", 0, box(0, 0, 60, 60)),), (), ())
    assert any(words in fault.words for fault in faults(hall, {}))
