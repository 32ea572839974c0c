"""Backups of an SQLite store, their restoring, and what a store is checked for. PostgreSQL brings tools of its own.

A backup is one file: the state of one moment, copied while others write, with the photographs that its finds point to
(`backup_photographs`), checked before it gets its name. Restored, it
takes the place of the store, which is kept beside it with its write-ahead log: that belongs to no other file.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from cellwarden.errors import OutputError, StoreDamagedError, StoreError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.store import beside, tables
from cellwarden.store.audit import audited, verify
from cellwarden.store.backup_photographs import looked_at, put_back, taken_in
from cellwarden.store.engine import (
    address,
    damaged,
    file_of,
    named,
    of_kind,
    opened,
    read_only,
    reading,
    refuse_newer,
    refuse_spoilt,
    revision,
)
from cellwarden.store.photographs import folder_of

BESIDE = ("-wal", "-shm", beside.ENDING)
"""What lies beside a store's file and belongs to it: by SQLite, and who looked at what while it was damaged."""


class Checked(NamedTuple):
    """What a sound store holds."""

    alerts: int
    sightings: int
    audit_lines: int
    photographs: int = 0
    lost: int = 0
    """Photographs of finds that are missing, or not as they were taken."""


def check(place: str) -> Checked:
    """Look through a whole store, and change nothing in it.

    Raises StoreDamagedError where the database finds its file wanting, StoreError where the audit log is not as it was
    written or the file is no store.
    """
    name, path = named(address(place)), file_of(address(place))
    if path is not None:
        refuse_spoilt(path)
    with looked_into(place, name) as c:
        _sound(c, name)
        if (broken := verify(c)) is not None:
            raise StoreError(
                _("{path}: line {number} of the audit log is not as it was written: keep the file, ask who").format(
                    path=name, number=broken
                )
            )
        held = _held(c)
    if path is None:
        return held
    there = looked_at(path)
    if there.lost:
        raise StoreError(
            _(
                "{path}: photographs of finds are missing or altered ({count}, the first {name}): restore a backup"
            ).format(path=name, count=len(there.lost), name=f"{there.lost[0][:12]}….jpg")
        )
    return held._replace(photographs=there.sound)


def backup(place: str, output: Path) -> Checked:
    """Copy a store that others may be writing to a file. Raises OutputError where it cannot be written.

    The copy's pages are checked; its audit log may be broken, since who looks into that needs a copy most.
    """
    source = _file(place)
    if not source.is_file():
        raise StoreError(_("{path} does not exist: name a store").format(path=source))
    if output.exists() and output.samefile(source):  # whoever writes to it would go on in a file without a name
        raise OutputError(_("{path} is the store itself: choose another name").format(path=output))
    refuse_spoilt(source)
    with _whole(output) as temporary:
        _copied(source, temporary, output)
        with looked_into(str(temporary), str(source)) as c:
            _sound(c, str(source))
            held = _held(c)
        _within(output, taken_in, temporary, folder_of(source))
        there = looked_at(temporary)
        return held._replace(photographs=there.sound, lost=len(there.lost))


def restore(source: str, place: str, *, who: str) -> Checked:
    """Put a backup where a store is to be. What is there is kept beside it; nobody may be using it.

    Raises StoreError where the backup is not sound or the store is in use, and changes nothing then; also at the end,
    where the audit log that was restored is not as it was written, or photographs are lost.
    """
    target, kept = _file(place), _file(source)
    with _whole(target) as temporary:
        try:
            with looked_into(source, source) as c:
                _sound(c, source)
            _copied(kept, temporary, target)
        except StoreDamagedError as error:
            raise StoreError(_("{path} is damaged: restore another backup").format(path=source)) from error
        engine = opened(str(temporary))  # an older one is brought up to date before it takes the place
        try:
            with engine.begin() as c:
                audited(c, who, "store restored", source, _looked_at(target))
        finally:
            engine.dispose()
        _unused(target)
        _within(target, put_back, temporary, folder_of(target))
        _set_aside(target)
    return check(str(target))


def _looked_at(store: Path) -> str:
    """Where the log ends that was kept beside a damaged store: no line can be taken off it unseen then."""
    path = store.with_name(store.name + beside.ENDING)
    if not path.is_file():
        return ""
    try:
        number, digest = beside.head_of(beside.read(path))
    except (OSError, ValueError):
        return f"{path.name}: not as it was written"
    return f"{path.name}: {number}, {digest}"


@contextmanager
def looked_into(place: str, name: str) -> Iterator[Connection]:
    """A store opened to read as it is, called `name`; raises StoreError where it is none."""
    engine = read_only(place)
    try:
        with reading(engine) as c:
            if (told := revision(c)) is None:
                raise StoreError(_("{path} is no store of Cellwarden: name another file").format(path=name))
            refuse_newer(told, name)
            yield c
    except StoreDamagedError as error:
        raise damaged(name) from error
    except DBAPIError as error:
        raise StoreError(
            _("{path} cannot be read: {why}").format(path=name, why=str(error.orig).partition("\n")[0])
        ) from error
    finally:
        engine.dispose()


def _held(c: Connection) -> Checked:
    counted = (tables.alerts, tables.sightings, tables.audit)
    return Checked(*(c.execute(select(func.count()).select_from(table)).scalar_one() for table in counted))


def _copied(source: Path, temporary: Path, output: Path) -> None:
    """Copy all pages in one step: one state, whoever writes meanwhile; into one file, without a log beside it."""
    try:
        with closing(sqlite3.connect(_read_only(source), uri=True)) as from_, closing(sqlite3.connect(temporary)) as to:
            from_.backup(to)
            to.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        if of_kind(error, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise damaged(source) from error
        raise _unwritable(output, str(error)) from error


def _within(output: Path, work: Callable[[Path, Path], None], copy: Path, folder: Path) -> None:
    """Do something with a copy and a folder of photographs. Raises OutputError where there is no room."""
    try:
        work(copy, folder)
    except sqlite3.Error as error:
        raise _unwritable(output, str(error)) from error


def _file(place: str) -> Path:
    path = file_of(address(place))
    if path is None:
        raise StoreError(
            _("{place} is kept by a server: use its own tools, pg_dump and pg_restore").format(
                place=named(address(place))
            )
        )
    return path


def _read_only(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


def _sound(c: Connection, name: str) -> None:
    """Raises StoreDamagedError where pages, indexes or keys do not agree."""
    if c.dialect.name != "sqlite":
        return
    if c.exec_driver_sql("PRAGMA integrity_check(1)").scalar() != "ok":
        raise damaged(name)
    if c.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise damaged(name)


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    """A temporary file beside `output` that takes its name when all went well, and is on the disk by then."""
    temporary = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        yield temporary
        _flushed(temporary)
        temporary.replace(output)
        _flushed(output.absolute().parent)
    except OSError as error:
        raise _unwritable(output, reason_of(error)) from error
    finally:
        for ending in ("", "-journal", *BESIDE):
            temporary.with_name(temporary.name + ending).unlink(missing_ok=True)


def _flushed(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(output: Path, why: str) -> OutputError:
    return OutputError(
        _("{path} cannot be written: {why}: make room or choose another place").format(path=output, why=why)
    )


def _unused(path: Path) -> None:
    """Raises StoreError where another process has a store open: what it writes would go to a file without a name."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as c:
            c.execute("PRAGMA locking_mode = EXCLUSIVE")
            c.execute("BEGIN EXCLUSIVE")
            c.execute("ROLLBACK")
    except sqlite3.Error as error:
        if of_kind(error, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(_("{path} is in use: stop what uses it first").format(path=path)) from error


def _set_aside(path: Path) -> None:
    """Rename a store and what lies beside it to the first `….old`, `….old-2`, … that is free."""
    number, aside = 1, path.with_name(f"{path.name}.old")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.old-{number}")
    for ending in (*BESIDE, ""):
        there = path.with_name(path.name + ending)
        if there.exists():
            there.rename(aside.with_name(aside.name + ending))
