"""Stores that are really damaged: refused, not touched, and what can be read of them read."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.spoilt import PAGE, spoil, write
from tests.store.values import alert

from cellwarden.errors import StoreDamagedError
from cellwarden.store import audit, people
from cellwarden.store.engine import opened, reading
from cellwarden.store.salvage import salvage
from cellwarden.store.wal import spoilt
from cellwarden.watch import queries

ALERTS = 450
LINES = 120


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some hundred pages: alerts on 57 of them, a person, lines of audit."""
    place = tmp_path_factory.mktemp("sound") / "site.db"
    engine = opened(str(place))
    with engine.begin() as c:
        people.accept(c, people.invite(c, "zoe", "officer", 1), "x", "", 1)
        for number in range(ALERTS):
            queries.keep_alert(c, alert(f"A-2026-{number:06d}"))
        for _ in range(LINES):
            audit.audited(c, "zoe", "view", "now")
    engine.dispose()
    return place


def kept(folder: Path) -> dict[str, bytes]:
    """What a store is: its file and its log. What SQLite puts beside it to find its way in the log is neither."""
    return {one.name: whole for one in folder.glob("site.db*") if "shm" not in one.name and (whole := one.read_bytes())}


@pytest.mark.parametrize(
    ("kind", "least", "gaps"),
    [
        ("leaf", ALERTS - 12, ("alerts",)),  # a page of some 600 bytes an alert holds six; a lost row ends a search
        ("branch", 0, ("alerts",)),  # one page leads to all leaves here
        ("root", 0, ("alerts",)),
        ("cut", ALERTS // 3, ("alerts", "audit")),
        ("log", ALERTS, ()),
    ],
)
def test_of_a_damaged_store_all_is_read_but_what_was_damaged_and_its_file_stays(
    sound: Path, tmp_path: Path, kind: str, least: int, gaps: tuple[str, ...]
) -> None:
    place = Path(shutil.copy(sound, tmp_path))
    spoil(place, kind)
    before = kept(tmp_path)
    with pytest.raises(StoreDamagedError, match="is damaged: restore a backup by"):
        opened(str(place))
    folder = tmp_path / "salvaged"
    folder.mkdir()
    found = salvage(place, folder, folder / "site.db")
    assert kept(tmp_path) == before
    assert found.gaps == gaps and found.until_ns > 0
    engine = opened(str(folder / "site.db"))
    with reading(engine) as c:
        told = sorted(one.name for one, _decision in queries.alerts(c, limit=ALERTS * 2))
        assert least <= len(told) == found.rows["alerts"]
        assert all(queries.alert(c, name) == alert(name) for name in told[::20])
        assert [person.name for person in people.persons(c)] == ["zoe"]
        assert (audit.verify(c) is None) == ("audit" not in gaps)
    engine.dispose()
    assert not (folder / "damaged").exists()


def test_a_row_that_became_nonsense_is_lost_and_those_around_it_are_not(sound: Path, tmp_path: Path) -> None:
    place = Path(shutil.copy(sound, tmp_path))
    with closing(sqlite3.connect(place, isolation_level=None)) as c:
        c.execute("UPDATE alerts SET odds = ']' || substr(odds, 2) WHERE name = 'A-2026-000100'")
        c.execute("UPDATE alerts SET told_ns = 'yesterday' WHERE name = 'A-2026-000200'")
    folder = tmp_path / "salvaged"
    folder.mkdir()
    found = salvage(place, folder, folder / "site.db")
    assert found.gaps == ("alerts",) and found.rows["alerts"] == ALERTS - 2


@pytest.mark.parametrize("spoilt_how", ["first page", "people"])
def test_where_nobody_could_sign_in_only_the_remedy_is_told(sound: Path, tmp_path: Path, spoilt_how: str) -> None:
    place = Path(shutil.copy(sound, tmp_path))
    if spoilt_how == "people":
        with closing(sqlite3.connect(place)) as c:
            (page,) = c.execute("SELECT rootpage FROM sqlite_master WHERE name = 'people'").fetchone()
    with place.open("r+b") as file:
        file.seek((page - 1) * PAGE if spoilt_how == "people" else 0)
        file.write(b"\xa5" * PAGE)
    folder = tmp_path / "salvaged"
    folder.mkdir()
    with pytest.raises(StoreDamagedError, match="restore a backup"):
        salvage(place, folder, folder / "site.db")


def test_a_log_that_a_power_cut_tore_is_not_damaged_and_one_with_a_hole_is(sound: Path, tmp_path: Path) -> None:
    place, log = Path(shutil.copy(sound, tmp_path)), tmp_path / "site.db-wal"
    assert not spoilt(log)
    write(place)
    whole = log.read_bytes()
    ends = [at for at in range(32, len(whole), 24 + PAGE) if any(whole[at + 4 : at + 8])]
    middle, last = ends[len(ends) // 2], ends[-1]
    assert len(ends) > 10
    for torn in (whole, whole[: last + 100], spoiled(whole, last - 100), whole[:20], b"", b"\0" * len(whole)):
        log.write_bytes(torn)
        assert not spoilt(log)
    for damaged in (spoiled(whole, middle), spoiled(whole, 8), spoiled(whole, 100)):
        log.write_bytes(damaged)
        assert spoilt(log)


def spoiled(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes(byte ^ 0xFF for byte in whole[at : at + 8]) + whole[at + 8 :]
