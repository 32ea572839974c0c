"""The database, opened: SQLite in WAL embedded, PostgreSQL by URL; created or brought up to date where it is older.

A transaction takes the writers' place when it begins (BEGIN IMMEDIATE; on PostgreSQL an advisory lock), so what was
read in it still holds when it writes, and no two wait for each other. Pages that only read say so and never wait:

    engine = opened("site.db")
    with engine.begin() as c: …         # reads and writes; committed at the end, or not at all
    with reading(engine) as c: …        # reads one state of the store, beside whoever writes

When `engine.begin()` ends without an error, what was written is on the disk (synchronous=FULL).
"""

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from cellwarden.errors import StoreDamagedError, StoreError, StoreFullError, StoreValueError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.store.tables import REVISION
from cellwarden.store.wal import spoilt

WAIT_S = 30
"""How long a writer waits for another one."""
LOCK = 0x63656C6C
"""PostgreSQL's advisory lock of who writes."""
TURN = f"SET LOCAL lock_timeout = '{WAIT_S}s'; SELECT pg_advisory_xact_lock({LOCK}); SET LOCAL lock_timeout = 0"


def opened(place: str) -> Engine:
    """The store at a URL of SQLAlchemy, or in the SQLite file of that name; made, or migrated, as need be.

    Raises StoreDamagedError where its file is damaged (`read_only` then shows what can be read), StoreError where it
    cannot be used.
    """
    url = address(place)
    path = file_of(url)
    if path is not None:
        _made(path)
        _checked(path)
    engine = _engine(url, named(url))
    try:
        if path is not None:
            _ahead(engine, path)
        _migrated(engine, named(url))
    except BaseException:
        engine.dispose()
        raise
    return engine


def read_only(place: str) -> Engine:
    """The store as it is, damaged or not: nothing in it is checked, made or changed."""
    url = address(place)
    path = file_of(url)
    if path is None:
        return _engine(url, named(url))
    if not path.is_file():
        raise StoreError(_("{path} does not exist: name a store").format(path=path))
    return _engine(url.set(database=path.absolute().as_uri(), query={"mode": "ro", "uri": "true"}), str(path))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that reads one state of the store and takes no writer's place.

    The database refuses what it is asked to write: nothing would end the transaction, and it would be lost unseen.
    """
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            yield connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True, reading=True
            )
            return
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA query_only = ON")
        try:
            yield connection.execution_options(reading=True)
        finally:
            driver.execute("PRAGMA query_only = OFF")


def address(place: str) -> URL:
    """The URL that was given, or that of the SQLite file that was named."""
    if "://" not in place:
        return URL.create("sqlite", database=place)
    try:
        url = make_url(place)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")  # SQLAlchemy's own choice is the driver before this one
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(_("{place} names no database: give a file, or postgresql://…").format(place=place)) from error
    return url


def file_of(url: URL) -> Path | None:
    """The file of an SQLite store; None where a server keeps it."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise StoreError(_("a store needs a file: name one"))
    return Path(url.database)


def named(url: URL) -> str:
    """What to call a store in a message: no password."""
    path = file_of(url)
    return str(path) if path is not None else url.render_as_string(hide_password=True)


def _made(path: Path) -> None:
    """An empty file that only its owner reads: it will hold personal data. SQLite gives its others the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            _("{path} cannot be opened: {why}: choose another place").format(path=path, why=reason_of(error))
        ) from error


def _engine(url: URL, name: str) -> Engine:
    """`name` is what messages call it."""
    lite = url.get_backend_name() == "sqlite"
    arguments: dict[str, Any] = {"timeout": WAIT_S, "isolation_level": None} if lite else {}
    try:
        engine = create_engine(url, connect_args=arguments, pool_pre_ping=not lite)
    except ImportError as error:
        raise StoreError(
            _("{place} needs a driver that is not installed ({name}): pip install 'psycopg[binary]'").format(
                place=name, name=error.name
            )
        ) from error
    event.listen(engine, "handle_error", lambda context: _told(context, name))
    if lite:
        event.listen(engine, "connect", _prepared)
    event.listen(engine, "begin", _begun if lite else _in_turn)
    return engine


def _prepared(connection: sqlite3.Connection, _record: object) -> None:
    """Each connection of SQLite. `journal_mode` is the file's own; it is asked for where the file is made."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begun(connection: Connection) -> None:
    """Who writes waits for the writers' place here, and asks every few milliseconds.

    SQLite itself asks ten times a second at last, and who is busy all the time would keep the others out.
    """
    if connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql("BEGIN")
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        patiently(driver, "BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, and told by SQLAlchemy
    finally:
        driver.execute(f"PRAGMA busy_timeout = {WAIT_S * 1000}")


def _in_turn(connection: Connection) -> None:
    """Who writes to PostgreSQL waits for its turn here, as with SQLite: two that lock rows in different orders would
    wait for each other, and one of them would be refused."""
    if not connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql(TURN)


def patiently(driver: sqlite3.Connection, statement: str) -> None:
    """Execute a statement as soon as others let it. Raises what SQLite says where they do not for WAIT_S."""
    until_s = time.monotonic() + WAIT_S
    while True:
        try:
            driver.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if not of_kind(error, sqlite3.SQLITE_BUSY) or time.monotonic() > until_s:
                raise
        time.sleep(random.uniform(0.001, 0.006))


def of_kind(error: sqlite3.Error, *codes: int) -> bool:
    """Whether an error is of one of SQLite's kinds."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in codes


def _told(context: ExceptionContext, name: str) -> None:
    """What the database says, in words that tell what to do. What is a fault of the program stays as it is."""
    error = context.original_exception
    if isinstance(error, OverflowError) or getattr(error, "sqlstate", None) == "22003" or "NUL (0x00)" in str(error):
        raise StoreValueError(
            _("{path} cannot hold this: a number is too large, or a text has a letter that is none").format(path=name)
        ) from error
    if isinstance(error, sqlite3.Error):
        if of_kind(error, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise damaged(name) from error
        if of_kind(error, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise StoreFullError(
                _("{path} cannot be written: {why}: make room; what was kept before is safe").format(
                    path=name, why=error
                )
            ) from error
        if of_kind(error, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(_("{path} is being written by another program: try again").format(path=name)) from error
        if of_kind(error, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            raise StoreError(
                _("{path} cannot be opened: {why}: choose another place").format(path=name, why=error)
            ) from error
    elif getattr(error, "sqlstate", None) == "55P03":  # lock not available
        raise StoreError(_("{path} is being written by another program: try again").format(path=name)) from error
    elif getattr(error, "sqlstate", None) == "53100":  # disk full
        raise StoreFullError(
            _("{path} cannot be written: {why}: make room; what was kept before is safe").format(path=name, why=error)
        ) from error
    elif context.is_disconnect or context.connection is None:
        why = str(error).partition("\n")[0]
        raise StoreError(
            _("{path} does not answer: {why}: look after the server").format(path=name, why=why)
        ) from error


def damaged(path: object) -> StoreDamagedError:
    """What to say of a damaged file."""
    return StoreDamagedError(
        _("{path} is damaged: restore a backup by `cellwarden store restore BACKUP -o {path} --force`").format(
            path=path
        )
    )


def refuse_spoilt(path: Path) -> None:
    """Raises StoreDamagedError where the log beside a store's file was damaged: SQLite would forget what is in it."""
    log = path.with_name(path.name + "-wal")
    try:
        if spoilt(log):
            raise damaged(path)
    except OSError as error:
        raise StoreError(
            _("{path} cannot be opened: {why}: choose another place").format(path=log, why=reason_of(error))
        ) from error


def _checked(path: Path) -> None:
    """Raises StoreDamagedError where a file, or the log beside it, is found wanting, and changes nothing in either.

    A connection that may write would, when it is closed, put the log into a file that is damaged. It reads the whole:
    some seconds for a week.
    """
    refuse_spoilt(path)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_S)) as driver:
            if [row[0] for row in driver.execute("PRAGMA quick_check(1)")] != ["ok"]:
                raise damaged(path)
    except sqlite3.DatabaseError as error:
        raise _refused(path, error) from error


def _ahead(engine: Engine, path: Path) -> None:
    """Have a file written ahead of itself. For its turn to change that SQLite itself does not wait."""
    with engine.connect() as c:
        driver = c.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        try:
            patiently(driver, "PRAGMA journal_mode = WAL")
        except sqlite3.DatabaseError as error:
            raise _refused(path, error) from error


def _refused(path: Path, error: sqlite3.Error) -> StoreError:
    """Why a file cannot be opened, and what to do."""
    if of_kind(error, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path)
    return StoreError(_("{path} cannot be opened: {why}: choose another place").format(path=path, why=error))


def _migrated(engine: Engine, name: str) -> None:
    """Bring the tables up to date, in one transaction: killed in the middle, nothing has happened."""
    try:
        with engine.begin() as c:
            told = revision(c)
            refuse_newer(told or "", name)
            if told != REVISION:
                from cellwarden.store.migrate import upgrade

                upgrade(c)
    except DBAPIError as error:
        raise StoreError(
            _("{path} cannot be opened: {why}: choose another place").format(
                path=name, why=str(error.orig).partition("\n")[0]
            )
        ) from error


def revision(c: Connection) -> str | None:
    """Of the newest migration that the store has had; None where it has none."""
    if not inspect(c).has_table("alembic_version"):
        return None
    return c.execute(text("SELECT version_num FROM alembic_version")).scalar()


def refuse_newer(told: str, name: str) -> None:
    """Raises StoreError where a store has had migrations that this program does not know."""
    if told > REVISION:
        raise StoreError(
            _("{path} was written by a newer Cellwarden: use that one, or choose another file").format(path=name)
        )
