"""Shapes of unknown bursts, and the names that people give them: a list that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "strays",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("sensor", sa.Text(), nullable=False),
        sa.Column("low_hz", sa.Double(), nullable=False),
        sa.Column("high_hz", sa.Double(), nullable=False),
        sa.Column("bursts", sa.BigInteger(), nullable=False),
        sa.Column("burst_s", sa.Double(), nullable=False),
        sa.Column("period_s", sa.Double()),
        sa.Column("snr_db", sa.Double(), nullable=False),
        sa.Column("unkept", sa.BigInteger(), nullable=False),
        sa.Index("ix_strays_start_ns", "start_ns"),
    )
    op.create_table(
        "stray_names",
        sa.Column("id", NUMBER, primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "who", "why")),
        sa.Column("when_ns", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("frequency_hz", "width_hz", "burst_s")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER stray_names_refuses_{verb.lower()} BEFORE {verb} ON stray_names "
                f"BEGIN SELECT RAISE(ABORT, 'stray_names is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION stray_names_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'stray_names is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER stray_names_refuses BEFORE UPDATE OR DELETE OR TRUNCATE ON stray_names "
        "FOR EACH STATEMENT EXECUTE FUNCTION stray_names_is_append_only()"
    )
