"""A store for each test, on each engine: an SQLite file, and a schema of a PostgreSQL that runs for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.postgres import empty_store

from cellwarden.store.engine import opened


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new store may be: a file, or the URL of an empty schema."""
    if request.param == "sqlite":
        yield str(tmp_path / "site.db")
        return
    with empty_store(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def engine(place: str) -> Iterator[Engine]:
    made = opened(place)
    yield made
    made.dispose()
