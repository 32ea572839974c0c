"""Migrations, run by Alembic from inside the package. Only who opens an older store imports this."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _

MIGRATIONS = Path(__file__).parent / "migrations"


def config(c: Connection | None = None) -> Config:
    """Alembic's settings: where the migrations lie, and the connection whose transaction they belong to."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.attributes["connection"] = c
    return made


def upgrade(c: Connection, name: str) -> None:
    """All migrations that a store lacks, in the connection's transaction. Raises StoreError where it is a newer one."""
    try:
        command.upgrade(config(c), "head")
    except CommandError as error:
        raise StoreError(
            _("{path} was written by a newer Cellwarden: use that one, or choose another file").format(path=name)
        ) from error
