"""How warm a sensor's receiver is, and in which bands a jammer blinds it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns; of states of before neither is known."""
    op.add_column("sensor_states", sa.Column("temperature_c", sa.Double()))
    op.add_column("sensor_states", sa.Column("blind", sa.JSON(), nullable=False, server_default="[]"))
