"""How far a phone's carrier lies beside its cell's, which tells one phone from another in the same room."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns; of sightings of before it is not known."""
    op.add_column("sightings", sa.Column("offset_hz", sa.Double()))
    op.add_column("sightings", sa.Column("offset_error_hz", sa.Double(), nullable=False, server_default="0"))
