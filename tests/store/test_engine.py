"""Opening a store: made, migrated, shared, or refused."""

import stat
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from tests.store.values import alert

from cellwarden.errors import StoreDamagedError, StoreError
from cellwarden.store.engine import address, opened, read_only, reading
from cellwarden.store.migrate import config
from cellwarden.store.tables import METADATA, REVISION
from cellwarden.watch import queries
from cellwarden.watch.deliveries import keep_deliveries
from cellwarden.watch.notify.queue import begun


def test_migrations_make_the_tables_that_the_program_expects(engine: Engine) -> None:
    with engine.connect() as c:
        assert compare_metadata(MigrationContext.configure(c), METADATA) == []
    assert ScriptDirectory.from_config(config()).get_heads() == [REVISION]


def test_what_was_kept_is_there_after_opening_again(place: str) -> None:
    first = opened(place)
    with first.begin() as c:
        queries.keep_alert(c, alert("A-2026-000001"))
    first.dispose()
    second = opened(place)
    with reading(second) as c:
        assert queries.alert(c, "A-2026-000001") == alert("A-2026-000001")
    second.dispose()


def test_a_store_of_the_first_program_is_brought_up_to_date_with_what_it_holds(place: str) -> None:
    made = create_engine(address(place))
    with made.begin() as c:
        command.upgrade(config(c), "0001")
        queries.keep_alert(c, alert("A-2026-000001"))
    made.dispose()
    again = opened(place)
    with again.begin() as c:
        assert compare_metadata(MigrationContext.configure(c), METADATA) == []
        assert queries.alert(c, "A-2026-000001") == alert("A-2026-000001")
        assert keep_deliveries(c, begun("A-2026-000001", ["http://one"], 0)) == 1
        assert keep_deliveries(c, begun("A-2026-000001", ["http://one", "http://two"], 0)) == 1
    again.dispose()


def test_sqlite_writes_ahead_to_the_disk_and_keeps_to_its_keys(tmp_path: Path) -> None:
    engine = opened(str(tmp_path / "site.db"))
    with engine.connect() as c:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        assert [c.exec_driver_sql(f"PRAGMA {one}").scalar() for one in asked] == ["wal", 2, 1]  # 2 is FULL
    engine.dispose()


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    engine = opened(str(tmp_path / "site.db"))
    with engine.begin() as c:
        queries.next_alert_name(c, 2026)
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    engine.dispose()


def test_two_that_open_a_new_store_at_once_both_get_it(place: str) -> None:
    engines: list[Engine] = []
    threads = [threading.Thread(target=lambda: engines.append(opened(place))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(engines) == 4
    for one in engines:
        with one.begin() as c:
            queries.next_alert_name(c, 2026)
        one.dispose()


def test_who_reads_sees_one_state_and_does_not_wait_for_who_writes(engine: Engine) -> None:
    with engine.begin() as writer:
        queries.keep_alert(writer, alert("A-2026-000001"))
        with reading(engine) as reader:
            assert queries.alerts(reader) == []
    with reading(engine) as reader:
        assert len(queries.alerts(reader)) == 1


def test_who_reads_cannot_write_what_nobody_would_keep(engine: Engine) -> None:
    for _ in range(3):
        with pytest.raises((StoreError, DBAPIError), match=r"read.?only"), reading(engine) as c:
            queries.keep_alert(c, alert("A-2026-000001"))
        with engine.begin() as c:  # the same connection of the pool
            queries.keep_alert(c, alert("A-2026-000001"))


def test_who_reads_twice_sees_one_state(engine: Engine) -> None:
    with reading(engine) as reader:
        assert queries.newest_change(reader) == 0
        with engine.begin() as writer:
            queries.keep_alert(writer, alert("A-2026-000001"))
        assert queries.alerts(reader) == []


def test_what_fails_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), engine.begin() as c:
        queries.keep_alert(c, alert(queries.next_alert_name(c, 2026)))
        _ = 1 / 0
    with engine.begin() as c:
        assert queries.alerts(c) == []
        assert queries.next_alert_name(c, 2026) == "A-2026-000001"


def test_a_store_of_a_newer_program_is_refused_and_left_as_it_is(place: str) -> None:
    engine = opened(place)
    with engine.begin() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="newer Cellwarden"):
        opened(place)


@pytest.mark.parametrize("spoilt", ["noise", "pages"])
def test_a_damaged_file_is_refused_with_the_remedy_and_still_opens_read_only(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "site.db"
    engine = opened(str(path))
    with engine.begin() as c:
        for number in range(200):
            queries.keep_alert(c, alert(f"A-2026-{number:06d}"))
    engine.dispose()
    whole = path.read_bytes()
    bad = b"\xa5" * len(whole) if spoilt == "noise" else whole[:-8192] + b"\xa5" * 8192
    path.write_bytes(bad)
    with pytest.raises(StoreDamagedError, match=r"site\.db is damaged: restore a backup by `cellwarden store restore"):
        opened(str(path))
    assert path.read_bytes() == bad
    if spoilt == "pages":
        shown = read_only(str(path))
        with reading(shown) as c:
            assert queries.alert(c, "A-2026-000000") == alert("A-2026-000000")
        with pytest.raises(StoreError, match="cannot be opened"), shown.begin() as c:
            queries.next_alert_name(c, 2026)
        shown.dispose()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nonsense://x", "names no database"),
        ("sqlite://", "a store needs a file"),
        ("/no/such/folder/site.db", "cannot be opened: No such file or directory"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "does not answer"),
    ],
)
def test_a_place_that_cannot_be_used_is_told_in_one_line(place: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as told:
        opened(place)
    assert "\n" not in str(told.value) and "secret" not in str(told.value)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        opened(str(tmp_path))
