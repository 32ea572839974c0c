"""Versions of the rules, which only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The first version is kept when the rules are first changed."""
    op.create_table(
        "rules_texts",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("when_ns", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("who", "why", "text")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER rules_texts_refuses_{verb.lower()} BEFORE {verb} ON rules_texts "
                f"BEGIN SELECT RAISE(ABORT, 'rules_texts is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION rules_texts_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rules_texts is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER rules_texts_refuses BEFORE UPDATE OR DELETE OR TRUNCATE ON rules_texts "
        "FOR EACH STATEMENT EXECUTE FUNCTION rules_texts_is_append_only()"
    )
