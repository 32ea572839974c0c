"""A guided walk: each cell once, long rooms at several places, none outside; and stays that `survey` reads."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cellwarden.errors import ReadingsError
from cellwarden.locate.site import Floor, Room, Site, room_at
from cellwarden.locate.survey import read_stays
from cellwarden.locate.survey_guide import EACH_M, done, stands, stays, stood
from cellwarden.simulate.prison import remand_wing

SITE = remand_wing()


def test_every_cell_has_one_place_and_long_rooms_several() -> None:
    places = stands(SITE)
    visited = [one.room for one in places]
    for room in SITE.rooms:
        wide = float(np.ptp(np.array(room.outline_m), axis=0).max())
        due = 0 if room.kind in ("yard", "outside") else 1 if room.kind == "cell" else max(1, round(wide / EACH_M))
        assert visited.count(room.name) == due, room.name
    for one in places:
        found = room_at(SITE, *one.place_m)
        assert found is not None and found.name == one.room


def test_the_nearest_place_that_is_left_comes_next_and_floors_follow_each_other() -> None:
    places = stands(SITE)
    assert [one.floor for one in places] == sorted(one.floor for one in places)
    for n, (a, b) in enumerate(pairwise(places)):
        if a.floor == b.floor:
            later = [np.hypot(*np.subtract(a.place_m, c.place_m)[:2]) for c in places[n + 1 :] if c.floor == a.floor]
            assert np.hypot(*np.subtract(a.place_m, b.place_m)[:2]) == pytest.approx(min(later))


def test_a_room_that_bends_or_holds_another_has_its_places_within_itself() -> None:
    bent = Room("L", "room", 0, ((0, 0), (20, 0), (20, 1), (1, 1), (1, 12), (0, 12)))
    hall = Room("hall", "room", 0, ((30, 0), (60, 0), (60, 30), (30, 30)))
    desk = Room("desk", "office", 0, ((40, 10), (50, 10), (50, 20), (40, 20)))
    site = Site("s", (Floor(0, "0", 0.0, 3.0),), (bent, hall, desk), (), ())
    places = stands(site)
    assert {one.room for one in places} == {"L", "hall", "desk"}
    for one in places:
        found = room_at(site, *one.place_m)
        assert found is not None and found.name == one.room


def test_stays_are_what_survey_reads(tmp_path: Path) -> None:
    path, places = tmp_path / "stays.csv", stands(SITE)
    for n, place in enumerate(places[:5]):
        stood(path, place, 1.7e9 + 60 * n, 1.7e9 + 60 * n + 30)
    walked = stays(path)
    assert [done(one, walked) for one in places] == [True] * 5 + [False] * (len(places) - 5)
    read = read_stays(path, SITE)
    assert read.end_s[4] == 1.7e9 + 270 and np.allclose(read.place_m, [one.place_m for one in places[:5]])


@pytest.mark.parametrize(("begin", "end"), [(100.0, 105.0), (100.0, 9999.0), (100.0, 90.0), (20.0, 60.0)])
def test_a_stay_that_is_none_is_not_kept(tmp_path: Path, begin: float, end: float) -> None:
    path, place = tmp_path / "stays.csv", stands(SITE)[0]
    stood(path, place, 0.0, 30.0)
    with pytest.raises(ReadingsError, match="stay"):
        stood(path, place, begin, end)
    assert len(stays(path)) == 1
