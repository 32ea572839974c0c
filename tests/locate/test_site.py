"""Rooms of places, and a site's file."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwarden.errors import SiteError
from cellwarden.locate.site import (
    KINDS,
    NOWHERE,
    Floor,
    Room,
    Sensor,
    Site,
    Wall,
    floors_at,
    holds,
    load,
    room_at,
    rooms_at,
)
from cellwarden.locate.site_file import read
from cellwarden.locate.site_write import to_toml
from cellwarden.simulate.prison import PLACE, large_prison, remand_wing

WING = (PLACE / "remand-wing.toml").read_text("utf-8")
SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))


def test_the_plain_file_of_the_recorded_walks_is_read(shared: Path) -> None:
    site = load(shared / "localisation" / "site.json")
    assert len(site.sensors) == 12 and site.sensors[0] == Sensor("sensor10", (7.0, 7.09, 1.22))
    room = room_at(site, 9.0, 9.0, 1.2)
    assert room is not None and room.outline_m[2] == (18.5, 17.9)
    assert room_at(site, 19.0, 9.0, 1.2) is None


@pytest.mark.parametrize(
    ("name", "cells", "sensors", "drawn"),
    [("remand-wing", 60, 12, remand_wing), ("large-prison", 600, 60, large_prison)],
)
def test_an_example_that_ships_is_what_its_seed_draws(name: str, cells: int, sensors: int, drawn: object) -> None:
    site = load(PLACE / f"{name}.toml")
    assert callable(drawn) and site == drawn()
    assert sum(room.kind == "cell" for room in site.rooms) == cells and len(site.sensors) == sensors
    widths = {round(float(np.ptp(np.array(room.outline_m)[:, 0])), 3) for room in site.rooms if room.kind == "cell"}
    assert widths == {2.6} and len(site.floors) == 3


def test_the_middle_of_each_cell_lies_in_it() -> None:
    site = large_prison()
    places = np.array([[*np.mean(room.outline_m, axis=0), 3.0 * room.floor + 1.2] for room in site.rooms[:-2]])
    assert rooms_at(site, places).tolist() == list(range(len(site.rooms) - 2))


def test_a_place_belongs_to_the_smallest_room_that_holds_it() -> None:
    inner = Room("cell", "cell", 0, ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 2.0)))
    site = Site("s", (Floor(0, "G", 0.0, 3.0),), (inner, Room("yard", "yard", 0, SQUARE)), (), ())
    assert room_at(site, 1.5, 1.5, 1.0) is inner
    yard = room_at(site, 3.0, 3.0, 1.0)
    assert yard is not None and yard.name == "yard"
    assert room_at(site, 5.0, 5.0, 1.0) is None and room_at(site, 1.5, 1.5, 3.0) is None


def test_floors_are_told_by_height_and_each_begins_at_its_own_floor() -> None:
    floors = (Floor(1, "1", 3.0, 3.0), Floor(0, "G", 0.0, 3.0))
    site = Site("s", floors, (), (), ())
    assert floors_at(site, np.array([-0.1, 0.0, 2.9, 3.0, 5.9, 6.0])).tolist() == [NOWHERE, 0, 0, 1, 1, NOWHERE]


@given(st.integers(3, 12), st.floats(0.1, 100), st.integers(0, 2**32 - 1))
def test_points_of_a_star_lie_in_it_and_its_mirrored_outline_holds_the_same(n: int, size: float, seed: int) -> None:
    """A star around the origin with radii from half to whole: within half a radius is in, beyond the whole is out."""
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * (np.arange(n) + rng.uniform(-0.2, 0.2, n)) / n
    radii = size * rng.uniform(0.5, 1.0, n)
    corners = tuple(zip((radii * np.cos(angles)).tolist(), (radii * np.sin(angles)).tolist(), strict=True))
    turn = rng.uniform(0, 2 * np.pi, 50)
    around = np.column_stack([np.cos(turn), np.sin(turn)]) * size
    inner = 0.5 * np.cos(np.pi * 1.4 / n) * 0.99  # what the chord between two corners at half radius leaves
    for outline in (corners, corners[::-1]):
        room = Room("s", "room", 0, outline)
        assert inner <= 0 or holds(room, around * inner).all()
        assert not holds(room, around * 1.01).any()


def test_rooms_that_share_an_edge_share_no_place_and_leave_none_out() -> None:
    left = Room("l", "cell", 0, ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)))
    right = Room("r", "cell", 0, ((2.0, 0.0), (4.0, 0.0), (4.0, 2.0), (2.0, 2.0)))
    points = np.array([[2.0, y] for y in np.linspace(0.0, 1.99, 20)])
    assert (holds(left, points) ^ holds(right, points)).all()


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
metres = st.integers(-100_000, 100_000).map(lambda mm: mm / 1000)
heights = st.integers(1, 9_000).map(lambda mm: mm / 1000)
points = st.tuples(metres, metres)
outlines = st.lists(points, min_size=3, max_size=6, unique=True).map(tuple)
floors = st.builds(Floor, st.integers(0, 9), names, metres, heights)
rooms = st.builds(Room, names, st.sampled_from(KINDS), st.integers(0, 9), outlines)
walls = st.builds(Wall, st.integers(0, 9), points, points, names)
bands = st.lists(names, max_size=2).map(tuple)
sensors = st.builds(Sensor, names, st.tuples(metres, metres, metres), names, bands, metres)
sites = st.builds(Site, names, *(st.lists(one, max_size=4).map(tuple) for one in (floors, rooms, walls, sensors)))


@given(sites)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(tmp_path: Path, site: Site) -> None:
    path = tmp_path / "site.toml"
    path.write_text(to_toml(site), encoding="utf-8")
    assert load(path) == site


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_mutated_file_is_read_or_refused_in_one_line_that_names_it(tmp_path: Path, data: st.DataObject) -> None:
    lines = WING.splitlines()[:60] + WING.splitlines()[-30:]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(("drop", "twice", "swap", "value", "cut", "insert")))
        if change == "drop":
            del lines[at]
        elif change == "twice":
            lines.insert(at, lines[at])
        elif change == "swap":
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif change == "value":
            values = ('""', "-1", "true", "nan", "inf", "[]", "[[]]", "{}", '"é\\n"', "1e400", "0x10", "[1, 2, 3, 4]")
            lines[at] = lines[at].partition("=")[0] + "= " + data.draw(st.sampled_from(values))
        elif change == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
        else:
            lines[at] += data.draw(st.text(max_size=5))
    path = tmp_path / "site.toml"
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    try:
        site = load(path)
    except SiteError as error:
        assert str(path) in str(error)
        assert "{" not in str(error).replace("{}", "")  # every placeholder was filled
    else:
        assert len(site.rooms) == len(tomllib.loads(path.read_text("utf-8")).get("room", []))


@pytest.mark.parametrize(
    ("was", "now", "line_of", "words"),
    [
        ('kind = "cell"', 'kind = "dungeon"', '[[room]]\nname = "A-001"', "room A-001: kind dungeon is unknown"),
        ("offset_db", "ofset_db", '[[sensor]]\nname = "A0-S1"', "sensor A0-S1: ofset_db is unknown: write offset_db"),
        ("height_m = 3.0", "height_m = 0", "[[floor]]\nnumber = 0", "height_m must be more than 0"),
        ("base_m = 0.0\n", "", "[[floor]]\nnumber = 0", "floor Ground floor: base_m is missing"),
        ("start_m = [5.2", 'start_m = ["5"', '[[wall]]\nfloor = 0\nstart_m = ["5"', "wall 1: start_m must be 2"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_thing_and_its_line(
    tmp_path: Path, was: str, now: str, line_of: str, words: str
) -> None:
    text = WING.replace(was, now, 1)
    assert text != WING, "the example changed"
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        load(path)
    line = text[: text.index(line_of)].count("\n") + 1
    assert f"site.toml:{line}:" in str(caught.value) and words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "format = 2\nname = 'x'", "format = true", "format = 1", "name = 3\nformat = 1", f"format = {'9' * 5000}"],
)
def test_a_file_that_is_no_site_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(SiteError, match=re.escape(str(path))):
        load(path)


def test_the_mark_that_some_editors_put_before_a_text_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(to_toml(remand_wing()), encoding="utf-8-sig")
    assert load(path) == remand_wing()


def test_lines_are_not_told_where_headings_are_not_as_many_as_things(tmp_path: Path) -> None:
    """Better no line than a wrong one: a heading may stand within a text of several lines."""
    path = tmp_path / "site.toml"
    path.write_text('format = 1\nname = "s"\nsensor = [{name = "A", place_m = [0, 0, 1]}]\n')
    _site, lines = read(path)
    assert lines == {}
