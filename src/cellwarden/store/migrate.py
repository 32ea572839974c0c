"""Migrations, run by Alembic from inside the package. Only who opens an older store imports this."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def config(c: Connection | None = None) -> Config:
    """Alembic's settings: where the migrations lie, and the connection whose transaction they belong to."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.attributes["connection"] = c
    return made


def upgrade(c: Connection) -> None:
    """All migrations that a store lacks, in the connection's transaction."""
    command.upgrade(config(c), "head")
