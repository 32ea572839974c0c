"""Days that are over, in files."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from benchmarks.history import day
from sqlalchemy import Engine
from tests.store.values import SECOND, sighting

from cellwarden.errors import StoreDamagedError, StoreFullError
from cellwarden.model import Sighting
from cellwarden.store import history
from cellwarden.watch import queries

MONDAY = date(2026, 11, 23)
START = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp()) * SECOND
HOUR = 3600


def at(hours: float, cell: str = "A-001", phone: str = "P-1") -> Sighting:
    """A sighting so many hours after Monday began (UTC)."""
    return replace(sighting(phone=phone, cell=cell), start_ns=START + int(hours * HOUR) * SECOND, end_ns=START)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Three days: 24 sightings on Monday, 2 on Tuesday, 1 on Wednesday."""
    with engine.begin() as c:
        queries.keep_sightings(c, [at(h + 0.5) for h in reversed(range(24))])
        queries.keep_sightings(c, [replace(at(24.0, "A-002"), offset_hz=None), at(47.99, "Ä'\"2"), at(48)])
    return engine


def test_a_closed_day_comes_back_whole_and_in_order(filled: Engine, tmp_path: Path) -> None:
    with filled.begin() as c:
        before = list(queries.sightings(c, START, START + 72 * HOUR * SECOND))
        assert history.close_days(c, tmp_path, MONDAY + timedelta(days=2)) == [MONDAY, MONDAY + timedelta(days=1)]
        assert (tmp_path / "date=2026-11-23" / "part.parquet").is_file()
        assert history.days(tmp_path) == [MONDAY, MONDAY + timedelta(days=1)]
        assert history.thin(c, tmp_path, MONDAY + timedelta(days=1)) == 24
        assert len(list(queries.sightings(c, 0, 2**62))) == 3
        assert list(history.kept(c, tmp_path, START, START + 72 * HOUR * SECOND)) == before
        some = list(history.kept(c, tmp_path, START + 10 * HOUR * SECOND, START + 25 * HOUR * SECOND))
        assert some == [
            one for one in before if START + 10 * HOUR * SECOND <= one.start_ns < START + 25 * HOUR * SECOND
        ]
        assert history.close_days(c, tmp_path, MONDAY + timedelta(days=2)) == []


def test_what_came_late_joins_its_day_and_nothing_is_counted_twice(filled: Engine, tmp_path: Path) -> None:
    with filled.begin() as c:
        assert history.close_day(c, tmp_path, MONDAY) == 24
        assert history.close_day(c, tmp_path, MONDAY) == 24
        queries.keep_sighting(c, at(3.3, phone="late"))
        assert history.thin(c, tmp_path, MONDAY + timedelta(days=1)) == 25
        queries.keep_sighting(c, at(3.4, phone="later still"))
        assert history.thin(c, tmp_path, MONDAY + timedelta(days=1)) == 1
        told = list(history.kept(c, tmp_path, START, START + 24 * HOUR * SECOND))
    assert len(told) == 26 and [one.phone for one in told[3:6]] == ["late", "later still", "P-1"]


def test_a_file_of_a_program_that_knew_no_offsets_is_read_and_joined(engine: Engine, tmp_path: Path) -> None:
    import duckdb

    older = replace(at(3.0), offset_hz=None, offset_error_hz=0.0)
    with engine.begin() as c:
        queries.keep_sighting(c, older)
        history.close_day(c, tmp_path, MONDAY)
        file = history.part(tmp_path, MONDAY)
        with duckdb.connect() as duck:
            without = f"SELECT * EXCLUDE (offset_hz, offset_error_hz) FROM read_parquet('{file}')"
            duck.execute(f"COPY ({without}) TO '{file}.older' (FORMAT parquet)")
        file.with_name(f"{file.name}.older").replace(file)
        kept = (c, tmp_path, START, START + 24 * HOUR * SECOND)
        assert list(history.kept(*kept)) == [older]
        queries.keep_sighting(c, at(4.0))
        assert history.close_day(c, tmp_path, MONDAY) == 2
        assert list(history.kept(*kept)) == [older, at(4.0)]


def test_a_day_without_sightings_has_no_file(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as c:
        assert history.close_day(c, tmp_path, MONDAY) == 0
        assert history.close_days(c, tmp_path, MONDAY) == []
        assert history.heat(c, tmp_path, MONDAY, MONDAY + timedelta(days=1)) == {}
    assert history.days(tmp_path) == [] and history.days(tmp_path / "none") == []


@pytest.mark.parametrize("closed", [0, 1, 3])
def test_a_heat_map_is_the_same_from_the_store_and_from_files(filled: Engine, tmp_path: Path, closed: int) -> None:
    due = {"A-001": np.zeros((7, 24), int), "A-002": np.zeros((7, 24), int), "Ä'\"2": np.zeros((7, 24), int)}
    due["A-001"][0, :] = 1  # an hour each on Monday
    due["A-001"][2, 0] = 1
    due["A-002"][1, 0] = 1
    due["Ä'\"2"][1, 23] = 1
    with filled.begin() as c:
        history.close_days(c, tmp_path, MONDAY + timedelta(days=closed))
        history.thin(c, tmp_path, MONDAY + timedelta(days=closed))
        made = history.heat(c, tmp_path, MONDAY, MONDAY + timedelta(days=3))
    assert made.keys() == due.keys()
    for cell, counts in due.items():
        np.testing.assert_array_equal(made[cell], counts)


def test_hours_are_those_of_the_zone(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as c:
        queries.keep_sightings(c, [at(23.5), at(0.1)])
        paris = history.heat(c, tmp_path, MONDAY, MONDAY + timedelta(days=1), ZoneInfo("Europe/Paris"))["A-001"]
        delhi = history.heat(c, tmp_path, MONDAY, MONDAY + timedelta(days=1), ZoneInfo("Asia/Kathmandu"))["A-001"]
    assert sorted(zip(*map(list, np.nonzero(paris)), strict=True)) == [(0, 1), (1, 0)]  # an hour ahead in winter
    assert sorted(zip(*map(list, np.nonzero(delhi)), strict=True)) == [(0, 5), (1, 5)]  # 5 h 45 min ahead


def test_a_damaged_file_is_named_with_the_remedy(filled: Engine, tmp_path: Path) -> None:
    with filled.begin() as c:
        history.close_day(c, tmp_path, MONDAY)
        place = history.part(tmp_path, MONDAY)
        place.write_bytes(place.read_bytes()[:-20])
        said = r"date=2026-11-23/part\.parquet is damaged: put a copy"
        with pytest.raises(StoreDamagedError, match=said):
            history.heat(c, tmp_path, MONDAY, MONDAY + timedelta(days=1))
        with pytest.raises(StoreDamagedError, match=said):
            list(history.kept(c, tmp_path, START, START + 1))
        with pytest.raises(StoreDamagedError, match=said):
            history.thin(c, tmp_path, MONDAY + timedelta(days=1))
        assert len(list(queries.sightings(c, START, START + 24 * HOUR * SECOND))) == 24


def test_where_no_file_can_be_written_the_day_stays_in_the_store(filled: Engine, tmp_path: Path) -> None:
    (tmp_path / "history").write_text("in the way")
    with filled.begin() as c:
        with pytest.raises(StoreFullError, match="cannot be written"):
            history.close_days(c, tmp_path / "history", MONDAY + timedelta(days=1))
        assert len(list(queries.sightings(c, 0, 2**62))) == 27


def test_the_measured_heat_maps_count_every_sighting_and_agree() -> None:
    assert day(3000)["both_alike"]
