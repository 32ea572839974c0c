"""What a shift leaves to the next: notes, rooms searched in vain, and who took over."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
DEAF = sa.text("reason <> ''")


def upgrade() -> None:
    """Also indexes by which a shift's decisions and deaf sensors are found."""
    op.create_table(
        "searches",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("alert", sa.Text(), sa.ForeignKey("alerts.name", name="fk_searches_alert"), nullable=False),
        _text("room"),
        _time("when_ns"),
        _text("who"),
        _text("why"),
        sa.UniqueConstraint("alert", "room", name="uq_searches"),
    )
    op.create_table("notes", sa.Column("id", NUMBER, primary_key=True), _time("when_ns"), _text("who"), _text("text"))
    op.create_index("ix_notes_when_ns", "notes", ["when_ns"])
    op.create_table(
        "handovers",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        _time("when_ns"),
        _text("who"),
        _time("since_ns"),
        _text("text"),
    )
    op.create_index("ix_decisions_when_ns", "decisions", ["when_ns"])
    op.create_index("ix_sensor_states_deaf", "sensor_states", ["time_ns"], sqlite_where=DEAF, postgresql_where=DEAF)


def _text(name: str) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, sa.Text(), nullable=False)


def _time(name: str) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, sa.BigInteger(), nullable=False)
