"""The lane at the gate: passages and how they ended, and tables of the empty lane."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "passages",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("when_ns", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("readings", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("calibrated", "warning_read")),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("who", "second_check", "outcome", "why", "checked_by")
        ),
        sa.Column("checked_ns", sa.BigInteger(), nullable=False),
        sa.Index("ix_passages_when_ns", "when_ns"),
    )
    op.create_table(
        "empty_lanes",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("when_ns", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("who", "text")),
    )
