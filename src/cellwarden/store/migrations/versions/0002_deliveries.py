"""Alerts on their way to those who are told."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Alerts of before are not sent: who was there has seen them."""
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("alert", sa.Text(), sa.ForeignKey("alerts.name", name="fk_deliveries_alert"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("address", "place", "severity", "failure", "state")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("since_ns", "next_ns")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("step", "tries")),
        sa.UniqueConstraint("alert", "address", "step", "severity", name="uq_deliveries"),
    )
    op.create_index("ix_deliveries_state_address_since_ns", "deliveries", ["state", "address", "since_ns"])
    op.create_index("ix_deliveries_since_ns", "deliveries", ["since_ns"])
