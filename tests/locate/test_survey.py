"""A survey from a walk with a test phone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.locate.heard import SITE

from cellwarden.errors import ReadingsError
from cellwarden.locate.readings import Readings, read_survey
from cellwarden.locate.survey import coverage, lines, read_stays

HEAD = "start_s,end_s,x_m,y_m,z_m\n"
STAYS = "10,20,2,2,1\n30,40,7,2,1\n50,60,12,2,1\n70,80,2,7,1\n"


def heard_at(*times_s: float) -> Readings:
    """One reading at each time, of the sensors in turn."""
    count = len(times_s)
    return Readings(np.array(times_s), np.arange(count) % 6, np.linspace(-60.0, -70.0, count), 0.0, 0)


def stays(folder: Path, text: str) -> Path:
    path = folder / "stays.csv"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_what_was_heard_during_a_stay_is_a_level_at_its_place_and_the_rest_is_left_out(tmp_path: Path) -> None:
    walk = read_stays(stays(tmp_path, STAYS), SITE)
    readings = heard_at(9.9, 10.0, 20.0, 25.0, 35.0, 55.0, 79.0, 90.0)
    path = tmp_path / "survey.csv"
    path.write_text("".join(lines(SITE, walk, readings)), encoding="utf-8")
    made = read_survey(path, SITE)
    assert made.place_m.tolist() == [[2, 2, 1], [7, 2, 1], [12, 2, 1], [2, 7, 1]]
    assert made.count.sum(axis=1).tolist() == [2, 1, 1, 1]
    assert made.mean_dbm[0, 1] == pytest.approx(readings.level_dbm[1], abs=0.05)


def test_a_sensors_calibration_is_counted_once(tmp_path: Path) -> None:
    site = replace(SITE, sensors=tuple(replace(sensor, offset_db=7.0) for sensor in SITE.sensors))
    walk = read_stays(stays(tmp_path, STAYS), site)
    readings = heard_at(15.0, 35.0, 55.0, 75.0)
    path = tmp_path / "survey.csv"
    path.write_text("".join(lines(site, walk, readings)), encoding="utf-8")
    assert np.nanmax(read_survey(path, site).mean_dbm) == pytest.approx(readings.level_dbm.max(), abs=0.05)


def test_cells_that_were_not_visited_and_sensors_that_heard_nothing_are_told(tmp_path: Path) -> None:
    walk = read_stays(stays(tmp_path, STAYS), SITE)
    told = coverage(SITE, walk, heard_at(15.0, 25.0, 35.0))
    assert (told.places, told.levels, told.between) == (2, 2, 1)
    assert len(told.cells) == 10 and "C00" not in told.cells and "C10" not in told.cells
    assert told.silent == ("S1", "S3", "S4", "S5")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10,5,2,2,1\n" + STAYS, "line 2: the stay ends before"),
        (STAYS + "75,90,2,2,1\n", "line 6: the stay begins before"),
        (STAYS + "90,95,200,2,1\n", "line 6: the place is in no room"),
        ("10,20,2,2,1\n", "levels at 1 places are no survey"),
        ("10,x,2,2,1\n" + STAYS, "line 2: end_s is 'x'"),
    ],
)
def test_a_walk_that_cannot_be_is_told_with_its_line(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ReadingsError, match=problem):
        read_stays(stays(tmp_path, text), SITE)
