"""Tables of levels: what is read, what is counted as no reading, and what is told of a broken one."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.locate.heard import SITE

from cellwarden.errors import ReadingsError
from cellwarden.locate.readings import read_readings, read_survey

HEAD = "time_s,sensor,rssi_dbm\n"
PLACES = "x_m,y_m,z_m,sensor,rssi_dbm\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_readings_come_in_the_order_of_time_whatever_the_order_of_lines_and_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "rssi_dbm,extra,time_s,sensor\n-70,x,2.5,S1\n-80,,1,S0\n")
    found = read_readings(path, SITE)
    assert found.time_s.tolist() == [1.0, 2.5] and found.sensor.tolist() == [0, 1]
    assert found.level_dbm.tolist() == [-80.0, -70.0] and found.first_s == 1.0


@pytest.mark.parametrize("level", ["127", "0", "", " ", "127.0", "42", "-200"])
def test_what_is_no_level_is_no_reading_and_is_counted(tmp_path: Path, level: str) -> None:
    found = read_readings(written(tmp_path, f"{HEAD}3,S0,{level}\n4,S0,-60\n"), SITE)
    assert (found.without_level, found.time_s.tolist(), found.first_s) == (1, [4.0], 3.0)


def test_a_sensors_calibration_is_added(tmp_path: Path) -> None:
    site = replace(SITE, sensors=(replace(SITE.sensors[0], offset_db=2.5), *SITE.sensors[1:]))
    found = read_readings(written(tmp_path, f"{HEAD}1,S0,-60\n1,S1,-60\n"), site)
    assert found.level_dbm.tolist() == [-57.5, -60.0]


def test_a_packed_table_is_known_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    found = read_readings(written(tmp_path, gzip.compress(f"{HEAD}1,S0,-60\n".encode())), SITE)
    assert found.level_dbm.tolist() == [-60.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "needs one column time_s, sensor, rssi_dbm"),
        ("sensor,rssi_dbm\nS0,-60\n", "needs one column time_s"),
        ("time_s,time_s,sensor,rssi_dbm\n", "needs one column time_s"),
        (HEAD + "1,S0\n", "line 2: has too few cells"),
        (HEAD + "1,S9,-60\n", "line 2: sensor 'S9' is not in the site, which has S0, S1"),
        (HEAD + "now,S0,-60\n", "line 2: time_s is 'now': write a number"),
        (HEAD + "nan,S0,-60\n", "line 2: time_s is 'nan'"),
        (HEAD + "1,S0,-60\n2,S0,loud\n", "line 3: rssi_dbm is 'loud'"),
        (b"\xff\xfe\x00\x01", "is no table of text"),
        (gzip.compress(HEAD.encode() + b"1,S0,-60\n" * 900, mtime=0)[:40], "is damaged"),
    ],
)
def test_a_broken_table_is_told_with_its_line_and_a_remedy(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(ReadingsError) as error:
        read_readings(written(tmp_path, text), SITE)
    assert told in str(error.value) and "t.csv" in str(error.value)


def test_a_missing_table_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(ReadingsError, match="is no file"):
            read_readings(path, SITE)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.text(alphabet='time_s,snor.rbdm-0123456789S"\r\n', max_size=120).map(lambda t: (HEAD + t).encode())
)
def test_no_table_whatever_raises_anything_but_what_a_person_can_act_on(tmp_path: Path, text: bytes) -> None:
    try:
        found = read_readings(written(tmp_path, text), SITE)
    except ReadingsError:
        return
    assert np.isfinite(found.level_dbm).all() and (np.diff(found.time_s) >= 0).all()


def test_a_survey_tells_mean_power_mean_level_and_scatter_of_each_place(tmp_path: Path) -> None:
    lines = [f"{x},0,1,S0,{level}\n" for x in (0, 1, 2, 3.001) for level in (-60, -70)]
    found = read_survey(written(tmp_path, PLACES + "".join(lines) + "3,0,1,S1,127\n"), SITE)
    assert found.place_m[:, 0].tolist() == [0, 1, 2, 3]
    # Powers of 1 and 0.1 have the mean 0.55, which is 2.6 dB below 1.
    assert found.power_dbm[:, 0] == pytest.approx(-62.596, abs=1e-3)
    assert found.mean_dbm[0, 0] == -65 and found.square_db2[0, 0] == 25
    assert found.count[:, 0].tolist() == [2, 2, 2, 2] and not found.count[:, 1].any()


def test_a_survey_of_too_few_places_is_none(tmp_path: Path) -> None:
    with pytest.raises(ReadingsError, match="levels at 1 places are no survey: walk to 4 or more"):
        read_survey(written(tmp_path, PLACES + "0,0,0,S0,-60\n" * 9), SITE)


def test_a_survey_most_of_whose_places_are_in_no_room_is_of_another_frame(tmp_path: Path) -> None:
    def survey(scale: float, z: float) -> Path:
        places = [(scale * x, scale * y) for x in (1, 6, 11, 16) for y in (1, 6, 11)]
        return written(tmp_path, PLACES + "".join(f"{x},{y},{z},S0,-60\n" for x, y in places))

    assert len(read_survey(survey(1.3, 1.2), SITE).place_m) == 12  # five of twelve stood a step beyond the rooms
    for scale, z in ((1000.0, 1.2), (1.0, -5.0)):
        with pytest.raises(ReadingsError, match="line 2: the place is in no room of the site: are these metres"):
            read_survey(survey(scale, z), SITE)


def test_lines_that_were_written_twice_count_once(tmp_path: Path) -> None:
    lines = "1.5,S0,-70\n1.5,S1,-70\n2.5,S0,-70\n3.5,S1,-60\n3.5,S1,-62\n"
    once = read_readings(written(tmp_path, HEAD + lines), SITE)
    thrice = read_readings(written(tmp_path, HEAD + lines * 3), SITE)
    assert (once.repeated, thrice.repeated) == (0, 10)
    for name in ("time_s", "sensor", "level_dbm"):
        assert getattr(once, name).tolist() == getattr(thrice, name).tolist()
    # By a clock of whole seconds bursts may be alike: two of one level beside one of another are three bursts
    assert read_readings(written(tmp_path, HEAD + "4,S0,-70\n4,S0,-70\n4,S0,-71\n"), SITE).repeated == 0
