"""A store for each test: SQLite, and PostgreSQL too where CELLWARDEN_TEST_POSTGRES is the URL of a server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from cellwarden.store.engine import opened

POSTGRES = os.environ.get("CELLWARDEN_TEST_POSTGRES")


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRES else [])])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new store may be: a file, or the URL of an empty database."""
    if request.param == "sqlite":
        yield str(tmp_path / "site.db")
        return
    assert POSTGRES is not None
    server = create_engine(make_url(POSTGRES), isolation_level="AUTOCOMMIT")
    name = f"test_{os.getpid()}_{abs(hash(str(tmp_path))) % 10**9}"
    with server.connect() as c:
        c.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as c:
            c.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


@pytest.fixture
def engine(place: str) -> Iterator[Engine]:
    made = opened(place)
    yield made
    made.dispose()
