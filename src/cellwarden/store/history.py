"""What was heard on days that are over: a Parquet file for each, read by DuckDB.

    history/date=2026-11-25/part.parquet       sightings of that day (UTC), in the order of time

The store holds the sightings of the last days; `close_day` writes a day that is over to its file, whole or not at all,
and `thin` then takes it out of the store. What is counted (a heat map) reads two columns of a file and no row of it.
DuckDB runs on one core, with little memory, and loads nothing from elsewhere.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, RowMapping, Text, cast, delete, func, literal_column, select

from cellwarden.errors import StoreDamagedError, StoreFullError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model.span import DAY_NS
from cellwarden.model.watch import Sighting
from cellwarden.store import rows
from cellwarden.store.tables import sightings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

QUARTER_NS = 900 * 10**9
"""Zones differ from UTC by whole quarters of an hour: what is counted by quarters can be told in any of them."""
CHUNK = 20_000
COLUMNS = {
    "start_ns": "BIGINT",
    "end_ns": "BIGINT",
    "phone": "VARCHAR",
    "interface": "VARCHAR",
    "labels": "VARCHAR",
    "frequency_hz": "DOUBLE",
    "confidence": "DOUBLE",
    "odds": "VARCHAR",
    "cell": "VARCHAR",
    "sensors": "VARCHAR",
    "evidence": "VARCHAR",
    "emitter": "VARCHAR",
    "log_ratio": "DOUBLE",
    "offset_hz": "DOUBLE",
    "offset_error_hz": "DOUBLE",
}
"""Of a file. Tuples and tables are JSON in text. A file of an older program lacks the last two."""
OURS = ", ".join(COLUMNS)
NOBODY = "SELECT " + ", ".join(f"NULL::{kind} AS {name}" for name, kind in COLUMNS.items()) + " WHERE false"
FILE = f"""(SELECT * REPLACE (coalesce(offset_error_hz, 0.0) AS offset_error_hz)
    FROM ({NOBODY} UNION ALL BY NAME SELECT * FROM read_parquet(?)))"""  # noqa: S608
"""A file with all columns; those that it lacks as the store has them of that time."""
NESTED = ("labels", "odds", "sensors", "evidence")

Heat = dict[str, NDArray[np.int64]]
"""Sightings by cell: counts, shape (7, 24), by weekday (Monday first) and hour."""


def part(folder: Path, day: date) -> Path:
    """The file of a day."""
    return folder / f"date={day.isoformat()}" / "part.parquet"


def days(folder: Path) -> list[date]:
    """Days that are closed, the oldest first."""
    return sorted(date.fromisoformat(path.parent.name[5:]) for path in folder.glob("date=????-??-??/part.parquet"))


def close_day(c: Connection, folder: Path, day: date) -> int:
    """Write the sightings of a day that is over to its file; how many it now holds.

    What came late joins what the file holds already; a sighting that is in both stays one. A day that had none gets no
    file. Raises StoreFullError where it cannot be written, StoreDamagedError where its file is there and damaged.
    """
    place = part(folder, day)
    with _duck(folder) as duck:
        duck.execute(f"CREATE TABLE day ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
        merged = place.exists()
        if merged:
            _asked(duck, f"INSERT INTO day SELECT {OURS} FROM {FILE}", place)  # noqa: S608
        asked = select(*(_as_kept(name) for name in COLUMNS)).where(*_on(day))
        found = c.execute(asked.order_by(sightings.c.start_ns, sightings.c.id), execution_options={"yield_per": CHUNK})
        for chunk in found.mappings().partitions():
            _added(duck, chunk)
        what = "(SELECT DISTINCT * FROM day ORDER BY start_ns, phone)" if merged else "day"
        count = _counted_rows(duck, what)
        if count:
            _written(duck, what, place)
    return count


def close_days(c: Connection, folder: Path, today: date) -> list[date]:
    """Close all days before today that the store has sightings of and the history has no file of; which those were."""
    first = c.execute(select(func.min(sightings.c.start_ns))).scalar()
    if first is None:
        return []
    closed, day, made = set(days(folder)), _day(first), []
    while day < today:
        if day not in closed and _any(c, day):
            close_day(c, folder, day)
            made.append(day)
        day += timedelta(days=1)
    return made


def thin(c: Connection, folder: Path, before: date) -> int:
    """Take the sightings of closed days before that day out of the store; how many went.

    They go to its file once more first, since some may have come after it was closed.
    """
    gone = 0
    for day in days(folder):
        if day < before and _any(c, day):
            close_day(c, folder, day)
            gone += c.execute(delete(sightings).where(*_on(day))).rowcount
    return gone


def forget(folder: Path, before_ns: int) -> int:
    """Delete the days that ended before a time; how many went."""
    gone = [day for day in days(folder) if _start_ns(day) + DAY_NS <= before_ns]
    for day in gone:
        shutil.rmtree(part(folder, day).parent)
    return len(gone)


def kept(c: Connection, folder: Path, since_ns: int, until_ns: int) -> Iterator[Sighting]:
    """Sightings that began in [since, until), in the order of time, of closed days from the history."""
    closed = set(days(folder))
    day = _day(since_ns)
    while _start_ns(day) < until_ns:
        first, end = max(since_ns, _start_ns(day)), min(until_ns, _start_ns(day) + DAY_NS)
        if day in closed:
            yield from _read(part(folder, day), first, end)
        else:
            at = sightings.c.start_ns
            asked = select(sightings).where(at >= first, at < end).order_by(at, sightings.c.id)
            for row in c.execute(asked, execution_options={"yield_per": CHUNK}).mappings():
                yield rows.sighting(row)
        day += timedelta(days=1)


def heat(c: Connection, folder: Path, since: date, until: date, zone: tzinfo = UTC) -> Heat:
    """Sightings by cell, weekday and hour of a zone, of the days (UTC) from `since` to before `until`."""
    wanted = [since + timedelta(days=k) for k in range((until - since).days)]
    closed = set(days(folder))
    made: Heat = {}
    with _duck(folder) as duck:
        for day in wanted:
            if day in closed:
                words = f"SELECT cell, start_ns // {QUARTER_NS}, count(*) FROM read_parquet(?) GROUP BY ALL"  # noqa: S608
                found: Iterable[Sequence[Any]] = _asked(duck, words, part(folder, day))
            else:
                quarter = sightings.c.start_ns.op("/")(literal_column(str(QUARTER_NS)))  # of whole numbers: cut off
                asked = select(sightings.c.cell, quarter.label("quarter"), func.count()).where(*_on(day))
                found = c.execute(asked.group_by(sightings.c.cell, literal_column("quarter")))
            _warmed(made, found, zone)
    return made


def _warmed(made: Heat, quarters: "Iterable[Sequence[Any]]", zone: tzinfo) -> None:
    """Add (cell, quarter of an hour since the epoch, sightings) to a heat map."""
    for cell, quarter, count in quarters:
        local = datetime.fromtimestamp(quarter * QUARTER_NS // 10**9, zone)
        made.setdefault(cell, np.zeros((7, 24), np.int64))[local.weekday(), local.hour] += count


def _read(file: Path, since_ns: int, until_ns: int) -> Iterator[Sighting]:
    import duckdb

    words = f"SELECT {OURS} FROM {FILE} WHERE start_ns >= ? AND start_ns < ? ORDER BY start_ns"  # noqa: S608
    try:
        with _duck(file.parent.parent) as duck:
            found = duck.execute(words, [str(file), since_ns, until_ns])
            while chunk := found.fetchmany(CHUNK):
                for values in chunk:
                    row = dict(zip(COLUMNS, values, strict=True))
                    yield rows.sighting(row | {name: json.loads(row[name]) for name in NESTED})
    except duckdb.Error as error:
        raise _damaged(file) from error


def _asked(duck: "DuckDBPyConnection", words: str, file: Path) -> list[tuple[Any, ...]]:
    import duckdb

    try:
        return duck.execute(words, [str(file)]).fetchall()
    except duckdb.Error as error:
        raise _damaged(file) from error


def _damaged(file: Path) -> StoreDamagedError:
    return StoreDamagedError(_("{path} is damaged: put a copy of it in its place, or remove it").format(path=file))


def _counted_rows(duck: "DuckDBPyConnection", what: str) -> int:
    return int(duck.execute(f"SELECT count(*) FROM {what}").fetchall()[0][0])  # noqa: S608


@contextmanager
def _duck(folder: Path) -> "Iterator[DuckDBPyConnection]":
    """A database in memory, which spills into the folder; it knows no extension but those it was built with."""
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": "256MB",
        "temp_directory": str(folder / ".spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=settings) as duck:
        yield duck


def _added(duck: "DuckDBPyConnection", chunk: Sequence[RowMapping]) -> None:
    """Rows of the store as columns of the day."""
    columns = {}
    for name, kind in COLUMNS.items():
        values = [row[name] for row in chunk]
        columns[name] = np.array(values, {"BIGINT": np.int64, "DOUBLE": np.float64}.get(kind, np.object_))
    duck.register("chunk", columns)
    known = "CASE WHEN isnan(offset_hz) THEN NULL ELSE offset_hz END AS offset_hz"  # numpy has no other nothing
    duck.execute(f"INSERT INTO day SELECT * REPLACE ({known}) FROM chunk")  # noqa: S608
    duck.unregister("chunk")


def _written(duck: "DuckDBPyConnection", what: str, place: Path) -> None:
    """Under a temporary name, then renamed: a file is whole, or is not there."""
    import duckdb

    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.touch(mode=0o600)
        target = str(temporary).replace("'", "''")
        duck.execute(f"COPY {what} TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(place)
    except (OSError, duckdb.Error) as error:
        why = reason_of(error).partition("\n")[0]
        raise StoreFullError(
            _("{path} cannot be written: {why}: make room; what was kept before is safe").format(path=place, why=why)
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _as_kept(name: str) -> ColumnElement[Any]:
    """A column of the store; of what is nested its JSON, which goes to the file as it is."""
    column = sightings.c[name]
    return cast(column, Text).label(name) if name in NESTED else column


def _any(c: Connection, day: date) -> bool:
    return c.execute(select(sightings.c.id).where(*_on(day)).limit(1)).first() is not None


def _on(day: date) -> tuple[ColumnElement[bool], ...]:
    since = _start_ns(day)
    return sightings.c.start_ns >= since, sightings.c.start_ns < since + DAY_NS


def _start_ns(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 10**9


def _day(time_ns: int) -> date:
    return datetime.fromtimestamp(time_ns // 10**9, UTC).date()
