"""A store's file that is deleted, or another put in its place, while it is written to: noticed, and nothing is lost.

SQLite goes on writing to a file that has lost its name, and all of it is gone when the last who has it open ends. So
two connections stay open to the file; when its name leads elsewhere, what they see is copied, and everybody goes on in
the copy:

```
 SITE.db ──gone──►  nobody writes to it any more ─► copied to SITE.db.saved-20261128T194500Z ─► all go on there
```

The writers' place of the old file is never given back: who waited for it is told to try again, and what they write then
is in the copy.
"""

import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.store.engine import file_of, patiently

SAVED = ".saved-"
"""Between a store's name and the time of a copy of it, in the copy's name."""


class Moved(NamedTuple):
    """A store that is not where it was opened."""

    path: Path
    """Where it was opened."""
    since_ns: int
    saved: Path | None
    """Where it is now; None where it could not be copied, and all are still in the file without a name."""
    why: str = ""
    """Why it could not be copied."""


class _Open(NamedTuple):
    """A file that is held open, whatever becomes of its name."""

    path: Path
    identity: tuple[int, int]
    writing: sqlite3.Connection
    reading: sqlite3.Connection
    """Two, since SQLite copies nothing by a connection that writes."""


class Followed:
    """The file of an engine's store, looked after from now on. A store that a server keeps needs none of it."""

    def __init__(self, engine: Engine, now_ns: Callable[[], int]) -> None:
        self.moved: Moved | None = None
        self._now_ns, self._turn = now_ns, threading.Lock()
        path = file_of(engine.url)
        self._files = [] if path is None else [_held(path)]
        if self._files:
            event.listen(engine, "do_connect", self._connecting)
            event.listen(engine, "connect", self._connected)
            event.listen(engine, "checkout", self._handed_out)

    def look(self) -> Moved | None:
        """What became of the file: None while it is where it was. Where it has just gone, all go on in a copy of it."""
        with self._turn:
            if self._files and _identity(self._files[-1].path) != self._files[-1].identity:
                self._save(self._files[-1])
            return self.moved

    def close(self) -> None:
        """Hold nothing open any more."""
        for one in self._files:
            with suppress(sqlite3.Error):
                one.writing.close()
            one.reading.close()

    def _save(self, old: _Open) -> None:
        """Copy the file; where that fails, all stay in it, and it is tried again at the next look."""
        when_ns = self._now_ns()
        since_ns = self.moved.since_ns if self.moved else when_ns
        try:
            if not old.writing.in_transaction:
                patiently(old.writing, "BEGIN IMMEDIATE")
            self._files.append(self._copied(old, when_ns))
        except (OSError, sqlite3.Error) as error:
            with suppress(sqlite3.Error):
                old.writing.rollback()
            why = reason_of(error) if isinstance(error, OSError) else str(error)
            self.moved = Moved(self._files[0].path, since_ns, None, why)
            return
        self.moved = Moved(self._files[0].path, since_ns, self._files[-1].path)

    def _copied(self, old: _Open, when_ns: int) -> _Open:
        """A copy beside the store; where its folder went, too, or is full, among the machine's temporary files."""
        try:
            return _copied(old, self._free(self._files[0].path.parent, when_ns))
        except (OSError, sqlite3.Error):
            with suppress(OSError, sqlite3.Error):
                return _copied(old, self._free(Path(tempfile.gettempdir()), when_ns))
            raise

    def _free(self, folder: Path, when_ns: int) -> Path:
        """A name like the store's that nothing has in a folder."""
        first = self._files[0].path
        stem = f"{first.name}{SAVED}{datetime.fromtimestamp(when_ns / 1e9, UTC):%Y%m%dT%H%M%SZ}"
        names = (folder / f"{stem}{more}" for more in ("", *(f"-{number}" for number in range(2, 1000))))
        return next(name for name in names if not name.exists())

    def _connecting(self, _dialect: object, _record: object, where: list[Any], options: dict[str, Any]) -> None:
        """Before a connection is opened: to the file that holds the store now, which is never made anew."""
        self.look()
        file = self._files[-1]
        if _identity(file.path) != file.identity:  # a connection of now would be to another file
            raise StoreError(_("{path} is gone, and cannot be copied: make room beside it").format(path=file.path))
        where[0] = f"{file.path.absolute().as_uri()}?mode=rw"
        options["uri"] = True

    def _connected(self, _connection: object, record: Any) -> None:
        record.info["file"] = len(self._files)

    def _handed_out(self, _connection: object, record: Any, _proxy: object) -> None:
        """One to a file of before is put away, and another one opened in its place."""
        if record.info.get("file", 1) != len(self._files):
            raise DisconnectionError


def saved(path: Path) -> list[Path]:
    """Copies that lie beside a store, the newest first: of a store whose file went while it was open."""
    there = path.absolute().parent
    names = (one.name for one in there.iterdir()) if there.is_dir() else ()
    ours = (name for name in names if name.startswith(path.name + SAVED) and not name.endswith(("-wal", "-shm")))
    return [path.with_name(name) for name in sorted(ours, reverse=True)]


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a name leads to; None for none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_dev, told.st_ino


def _held(path: Path) -> _Open:
    writing, reading = (sqlite3.connect(path, isolation_level=None, check_same_thread=False) for _n in range(2))
    for one in (writing, reading):
        one.execute("SELECT count(*) FROM sqlite_master").fetchone()  # it has the log beside the file open, too
    identity = _identity(path)
    assert identity is not None
    return _Open(path, identity, writing, reading)


def _copied(old: _Open, target: Path) -> _Open:
    """A copy, of the same rights as the store: whole and on the disk, or not there. Raises OSError, sqlite3.Error."""
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(target)) as new:
            old.reading.backup(new)
        return _held(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
