"""What can still be read of a damaged SQLite store, as a sound store of its own; the damaged one is read and no more.

```
 SITE.db, SITE.db-wal ─► copied ─► row by row ─► a new store, that of this program
                                   what cannot be read is passed over, and its table told
```

Rows are found by their numbers, since indexes may be damaged too. Where reading fails, it goes on at the next number
from which it succeeds: a page that was lost takes its own rows along, and no others. A row whose values are not of its
table's types is lost as well.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import Column, Table

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.store.engine import damaged, opened
from cellwarden.store.tables import METADATA

LEFT = "sightings", "changes"
"""Tables that no page shows, and the largest ones."""
NEWEST = {"sensor_states": 200_000}
"""Tables of which so many rows are enough: they hold millions."""
FARTHEST = 1 << 40
"""How far beyond a row that cannot be read the next one is looked for."""
MANY = 1000
MAGIC = b"SQLite format 3\0"
MOST_TIMES = 100
"""A file that says to be so many times longer than it is has no sound head."""
Row = tuple[Any, ...]
Kind = tuple[type, bool]
"""Of a column's values, where JSON's is `object`; and whether there may be none."""


class Salvaged(NamedTuple):
    """What is in the new store."""

    rows: dict[str, int]
    """Of each table."""
    gaps: tuple[str, ...]
    """Tables of which something could not be read."""
    until_ns: int
    """Time of the newest that was read; 0 for nothing."""
    digest: str
    """SHA-256 of the damaged file."""


def salvage(damaged_one: Path, folder: Path, target: Path) -> Salvaged:
    """Make a store of what can be read; `folder` takes a copy, `target` is the file that is made.

    Raises StoreDamagedError where not even its people can be read, StoreError where there is no room for a copy.
    """
    copy = folder / "damaged"
    try:
        shutil.copyfile(damaged_one, copy)
        log = damaged_one.with_name(damaged_one.name + "-wal")
        if log.is_file():
            shutil.copyfile(log, folder / "damaged-wal")
        with copy.open("r+b") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            _lengthened(file)
    except OSError as error:
        raise no_room(damaged_one, error) from error
    opened(str(target)).dispose()
    rows, gaps, until_ns = dict[str, int](), list[str](), 0
    with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(target)) as new:
        for table in METADATA.sorted_tables:
            if table.name not in LEFT:
                reader = _Reader(old, table)
                rows[table.name] = _filled(new, table, reader)
                gaps += [table.name] if reader.torn else []
                until_ns = max(until_ns, reader.until_ns)
        new.commit()
    copy.unlink()
    if not rows["people"]:
        raise damaged(damaged_one)
    return Salvaged(rows, tuple(gaps), until_ns, digest)


def _lengthened(file: BinaryIO) -> None:
    """Have a file that was cut short be as long as it says: SQLite reads none of it else (file format §1.3.7)."""
    file.seek(0)
    head, there = file.read(32), file.seek(0, os.SEEK_END)
    size, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    length = (65536 if size == 1 else size) * pages
    if head.startswith(MAGIC) and there < length < MOST_TIMES * there:
        file.truncate(length)


def no_room(path: Path, error: OSError) -> StoreError:
    """What to say where a damaged store cannot be copied."""
    return StoreError(_("{path} cannot be copied: {why}: make room beside it").format(path=path, why=reason_of(error)))


def _filled(new: sqlite3.Connection, table: Table, reader: "_Reader") -> int:
    """Put what is read into the table of the new store; how many rows. What a migration put there gives way."""
    names = ", ".join(f'"{one.name}"' for one in reader.columns)
    put = f'INSERT OR REPLACE INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(reader.columns))})'  # noqa: S608
    count, rows = 0, reader.rows()
    while some := list(islice(rows, MANY)):
        count += new.executemany(put, some).rowcount
    return count


@dataclass(slots=True)
class _Reader:
    """Rows of a table, those that can be read."""

    old: sqlite3.Connection
    table: Table
    columns: tuple[Column[Any], ...] = ()
    torn: bool = False
    until_ns: int = 0
    _kinds: tuple[Kind, ...] = ()
    _asked: str = ""

    def __post_init__(self) -> None:
        try:
            told = {row[1] for row in self.old.execute(f'PRAGMA table_info("{self.table.name}")')}
        except sqlite3.Error:
            told, self.torn = set(), True
        self.columns = tuple(one for one in self.table.columns if one.name in told)
        names = ", ".join(f'"{one.name}"' for one in self.columns)
        self._kinds = tuple(map(_kind, self.columns))
        self._asked = f'SELECT rowid, {names} FROM "{self.table.name}" NOT INDEXED WHERE rowid >= ? ORDER BY rowid'  # noqa: S608

    def rows(self) -> Iterator[Row]:
        """In the order of their numbers."""
        at = self._first() if self.columns else None
        while at is not None:
            try:
                for number, *values in self.old.execute(self._asked, (at,)):
                    at = number + 1
                    if all(map(_fits, values, self._kinds)):
                        self._seen(values)
                        yield tuple(values)
                    else:
                        self.torn = True
                return
            except sqlite3.Error:  # at this row, or on the page where it should be
                self.torn = True
                at = self._beyond(at)

    def _first(self) -> int:
        most = NEWEST.get(self.table.name)
        try:
            last = self.old.execute(f'SELECT max(rowid) FROM "{self.table.name}"').fetchone()[0] if most else None  # noqa: S608
        except sqlite3.Error:
            last = None
        return max(0, last - most + 1) if last and most else 0

    def _beyond(self, bad: int) -> int | None:
        """The least number after one that cannot be read from which reading goes on; None where there is none."""
        step = 1
        while not self._readable(bad + step):
            step *= 2
            if step > FARTHEST:
                return None
        low, high = bad + step // 2, bad + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._readable(middle) else (middle, high)
        return high

    def _readable(self, number: int) -> bool:
        try:
            self.old.execute(f"{self._asked} LIMIT 1", (number,)).fetchone()
        except sqlite3.Error:
            return False
        return True

    def _seen(self, values: Sequence[Any]) -> None:
        """Times of what was done or told, not of what is to end."""
        for column, value in zip(self.columns, values, strict=True):
            if column.name in ("time_ns", "told_ns", "when_ns"):
                self.until_ns = max(self.until_ns, value or 0)


def _kind(column: Column[Any]) -> Kind:
    told = column.type.python_type
    return {bool: int}.get(told, told), bool(column.nullable)


def _fits(value: Any, kind: Kind) -> bool:
    """Whether a value is one that its column may hold."""
    if value is None:
        return kind[1]
    if kind[0] is not object:
        return isinstance(value, kind[0])
    try:
        json.loads(value)
    except (TypeError, ValueError):
        return False
    return True
