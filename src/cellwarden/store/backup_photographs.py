"""Photographs of finds within a backup: a folder beside a store, a table of its own in a backup, which stays one file.

    site.db, site.photographs/3f5a….jpg  ─ backup ─►  monday.backup with `kept_photographs`  ─ restore ─►  as before

Each is known by its SHA-256, which the register of finds tells: what no longer has it is no photograph of a find.
"""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from cellwarden.errors import OutputError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.store import photographs
from cellwarden.store.photographs import NAME, folder_of


class Photographs(NamedTuple):
    """Those that finds point to."""

    sound: int
    lost: tuple[str, ...]
    """Hashes of those that are missing, or are not as they were taken."""


def looked_at(store: Path) -> Photographs:
    """What there is of them, in a store's folder or in a backup."""
    with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as c:
        hashes, inside = _pointed_at(c), _is_backup(c)
        lost = [one for one in hashes if (_inside(c, one) if inside else _beside(folder_of(store), one)) is None]
    return Photographs(len(hashes) - len(lost), tuple(lost))


def taken_in(copy: Path, folder: Path) -> None:
    """Put the photographs of a folder into the copy of a store. Those that are lost are left out."""
    with closing(sqlite3.connect(copy)) as c, c:
        c.execute("CREATE TABLE IF NOT EXISTS kept_photographs (hash TEXT PRIMARY KEY, jpeg BLOB NOT NULL)")
        for one in _pointed_at(c):
            jpeg = _beside(folder, one)
            if jpeg is not None:
                c.execute("INSERT OR REPLACE INTO kept_photographs VALUES (?, ?)", (one, jpeg))


def put_back(copy: Path, folder: Path) -> None:
    """Write the photographs in a backup's copy to a folder, and take their table out. Raises OutputError."""
    with closing(sqlite3.connect(copy)) as c:
        if not _is_backup(c):
            return
        for (one,) in c.execute("SELECT hash FROM kept_photographs").fetchall():
            jpeg = _inside(c, one)
            if NAME.fullmatch(one) and jpeg is not None and _beside(folder, one) is None:
                _write(folder, jpeg)
        c.execute("DROP TABLE kept_photographs")
        c.commit()
        c.execute("VACUUM")


def _is_backup(c: sqlite3.Connection) -> bool:
    return c.execute("SELECT 1 FROM sqlite_master WHERE name = 'kept_photographs'").fetchone() is not None


def _pointed_at(c: sqlite3.Connection) -> list[str]:
    """Hashes in the register of finds, each once."""
    rows = c.execute("SELECT photographs FROM finds").fetchall()
    return list(dict.fromkeys(str(one) for (told,) in rows for one in json.loads(told)))


def _inside(c: sqlite3.Connection, digest: str) -> bytes | None:
    row = c.execute("SELECT jpeg FROM kept_photographs WHERE hash = ?", (digest,)).fetchone()
    return _sound(row[0], digest) if row is not None else None


def _beside(folder: Path, digest: str) -> bytes | None:
    jpeg = photographs.picture(folder, digest)
    return None if jpeg is None else _sound(jpeg, digest)


def _sound(jpeg: bytes, digest: str) -> bytes | None:
    return jpeg if hashlib.sha256(jpeg).hexdigest() == digest else None


def _write(folder: Path, jpeg: bytes) -> None:
    try:
        photographs.keep(folder, jpeg)
    except OSError as error:
        path = photographs.place(folder, hashlib.sha256(jpeg).hexdigest())
        raise OutputError(
            _("{path} cannot be written: {why}: make room or choose another place").format(
                path=path, why=reason_of(error)
            )
        ) from error
