"""A store's file that goes while it is open: what was acknowledged is in the copy, whoever wrote it and when."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from errno import ENOSPC
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cellwarden.errors import StoreError
from cellwarden.store import audit, moved
from cellwarden.store.engine import opened, reading
from cellwarden.store.moved import Followed, Moved, saved

NOW_NS = 1_796_000_000 * 10**9


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "site.db"


@pytest.fixture
def engine(store: Path) -> Iterator[Engine]:
    made = opened(str(store))
    yield made
    made.dispose()


@pytest.fixture
def followed(engine: Engine) -> Iterator[Followed]:
    with closing(Followed(engine, lambda: NOW_NS)) as one:
        yield one


def write(engine: Engine, what: str) -> None:
    with engine.begin() as c:
        audit.audited(c, "somebody", "view", what)


def written(engine: Engine) -> list[str]:
    with reading(engine) as c:
        return [line.what for line in audit.lines(c)]


def kept_in(path: Path) -> list[str]:
    """As somebody finds it who opens the file later."""
    other = opened(str(path))
    try:
        return written(other)
    finally:
        other.dispose()


def test_nothing_is_done_while_the_file_is_where_it_was(engine: Engine, followed: Followed, store: Path) -> None:
    write(engine, "one")
    assert followed.look() is None and saved(store) == [] and written(engine) == ["one"]


@pytest.mark.parametrize("all_of_it", [True, False], ids=["with its log", "alone"])
def test_of_a_file_that_is_deleted_all_is_in_a_copy_where_all_go_on(
    engine: Engine, followed: Followed, store: Path, all_of_it: bool
) -> None:
    write(engine, "before")
    for path in store.parent.iterdir() if all_of_it else (store,):
        path.unlink()
    write(engine, "unnoticed")  # into the file without a name
    found = followed.look()
    assert found is not None and found.path == store and found.since_ns == NOW_NS
    write(engine, "after")
    assert written(engine) == ["before", "unnoticed", "after"]
    assert not store.exists()  # nobody makes an empty one in its place
    assert saved(store) == [found.saved] and found.saved is not None
    assert found.saved.stat().st_mode & 0o777 == 0o600
    assert kept_in(found.saved) == ["before", "unnoticed", "after"]
    assert followed.look() == found


def test_a_file_that_takes_the_place_is_left_as_it_is(engine: Engine, followed: Followed, store: Path) -> None:
    write(engine, "before")
    other = store.with_name("other.db")
    opened(str(other)).dispose()
    held = other.read_bytes()
    other.replace(store)
    write(engine, "unnoticed")
    found = followed.look()
    write(engine, "after")
    assert found is not None and found.saved is not None
    assert kept_in(found.saved) == ["before", "unnoticed", "after"]
    assert store.read_bytes() == held


def test_a_new_connection_finds_out_by_itself(engine: Engine, followed: Followed, store: Path) -> None:
    write(engine, "before")
    store.unlink()
    with reading(engine) as c, reading(engine) as other:  # the second is a connection of now
        assert [len(list(audit.lines(one))) for one in (c, other)] == [1, 1]
    assert followed.moved is not None and not store.exists()


def test_a_copy_that_goes_too_is_copied(engine: Engine, followed: Followed, store: Path) -> None:
    write(engine, "one")
    store.unlink()
    first = followed.look()
    write(engine, "two")
    assert first is not None and first.saved is not None
    first.saved.unlink()
    second = followed.look()
    write(engine, "three")
    assert second is not None and second.saved is not None and second.path == store
    assert kept_in(second.saved) == ["one", "two", "three"]


def test_who_writes_meanwhile_loses_nothing_that_was_acknowledged(
    engine: Engine, followed: Followed, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for the file without a name is told to try again, and writes to the copy then."""
    monkeypatch.setattr("cellwarden.store.engine.WAIT_S", 0.2)
    acknowledged, ended = list[str](), threading.Event()

    def work(name: str) -> None:
        number = 0
        while not ended.is_set():
            try:
                write(engine, f"{name} {number}")
            except StoreError:
                continue
            acknowledged.append(f"{name} {number}")
            number += 1

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    while len(acknowledged) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    store.unlink()
    found, then = followed.look(), len(acknowledged)
    while len(acknowledged) < then + 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    ended.set()
    for thread in threads:
        thread.join()
    assert found is not None and found.saved is not None and len(acknowledged) >= then + 10
    assert sorted(kept_in(found.saved)) == sorted(acknowledged)


def test_what_cannot_be_copied_stays_where_it_is_until_it_can(
    engine: Engine, followed: Followed, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise OSError(ENOSPC, "No space left on device")

    write(engine, "before")
    store.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(moved, "_copied", full)
        assert followed.look() == Moved(store, NOW_NS, None, "No space left on device")
        write(engine, "meanwhile")
    found = followed.look()
    assert found is not None and found.saved is not None
    assert kept_in(found.saved) == ["before", "meanwhile"]


def test_where_the_folder_went_too_the_copy_is_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    place = tmp_path / "folder" / "site.db"
    place.parent.mkdir()
    inside = opened(str(place))
    with closing(Followed(inside, lambda: NOW_NS)) as followed:
        write(inside, "before")
        shutil.rmtree(place.parent)
        write(inside, "unnoticed")
        found = followed.look()
        write(inside, "after")
    inside.dispose()
    assert found is not None and found.saved is not None and found.saved.parent == elsewhere
    assert kept_in(found.saved) == ["before", "unnoticed", "after"]


def test_half_a_copy_is_not_left(
    engine: Engine, followed: Followed, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_path: Path) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(moved, "_held", failing)
    store.unlink()
    assert followed.look() == Moved(store, NOW_NS, None, "disk I/O error") and saved(store) == []
