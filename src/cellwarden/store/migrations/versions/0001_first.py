"""The first tables: what was heard, told and decided, who did it, and what was found."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Nothing was there before."""
    _heard()
    _told()
    _people()
    _append_only("audit")
    _append_only("finds")
    op.execute(f"INSERT INTO audit_head (id, number, digest) VALUES (1, 0, '{'0' * 64}')")  # noqa: S608


def _filled(name: str, kind: sa.types.TypeEngine) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, kind, nullable=False)


def _texts(*names: str) -> list[sa.Column]:  # type: ignore[type-arg]
    return [_filled(name, sa.Text()) for name in names]


def _times(*names: str) -> list[sa.Column]:  # type: ignore[type-arg]
    return [_filled(name, sa.BigInteger()) for name in names]


def _lists(*names: str) -> list[sa.Column]:  # type: ignore[type-arg]
    return [_filled(name, sa.JSON()) for name in names]


def _reals(*names: str) -> list[sa.Column]:  # type: ignore[type-arg]
    return [_filled(name, sa.Double()) for name in names]


def _id(name: str = "id") -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, NUMBER, primary_key=True)


def _key(name: str) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, sa.Text(), primary_key=True)


def _heard() -> None:
    op.create_table("counters", _key("name"), *_times("value"))
    op.create_table(
        "sightings",
        _id(),
        *_times("start_ns", "end_ns"),
        *_texts("phone", "interface"),
        *_lists("labels"),
        *_reals("frequency_hz", "confidence"),
        *_lists("odds"),
        *_texts("cell"),
        *_lists("sensors", "evidence"),
        *_texts("emitter"),
        *_reals("log_ratio"),
    )
    op.create_index("ix_sightings_start_ns", "sightings", ["start_ns"])
    op.create_table(
        "presences",
        _id(),
        *_texts("phone", "emitter"),
        *_lists("odds"),
        *_times("start_ns", "end_ns"),
        *_lists("activities"),
        sa.UniqueConstraint("phone", "start_ns", name="uq_presences"),
    )
    op.create_index("ix_presences_end_ns", "presences", ["end_ns"])
    op.create_table(
        "sensor_states",
        _id(),
        *_texts("sensor"),
        *_times("time_ns"),
        sa.Column("floor_dbfs_hz", sa.Double()),
        *_times("lost_samples"),
        sa.Column("clock_error_ns", sa.Double()),
        *_texts("reason"),
        _filled("newest", sa.Boolean()),
    )
    op.create_index("ix_sensor_states_newest_sensor", "sensor_states", ["newest", "sensor"])
    op.create_index("ix_sensor_states_time_ns", "sensor_states", ["time_ns"])


def _told() -> None:
    op.create_table(
        "alerts",
        _key("name"),
        *_times("told_ns", "since_ns"),
        *_texts("phone", "emitter"),
        *_lists("activity", "odds"),
        *_reals("probability"),
        *_texts("severity"),
        *_lists("sensors", "evidence", "details"),
        *_texts("state"),
        sa.Column("decision", sa.BigInteger()),
    )
    op.create_index("ix_alerts_state_told_ns", "alerts", ["state", "told_ns"])
    op.create_index("ix_alerts_told_ns", "alerts", ["told_ns"])
    op.create_table(
        "decisions",
        _id(),
        sa.Column("alert", sa.Text(), sa.ForeignKey("alerts.name", name="fk_decisions_alert"), nullable=False),
        *_texts("state", "who"),
        *_times("when_ns"),
        *_texts("why"),
    )
    op.create_index("ix_decisions_alert", "decisions", ["alert"])
    op.create_table(
        "changes",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        *_texts("kind", "name"),
        *_times("time_ns"),
    )
    op.create_table(
        "finds",
        _id("number"),
        sa.Column("alert", sa.Text(), sa.ForeignKey("alerts.name", name="fk_finds_alert"), nullable=False),
        *_texts("cell"),
        *_times("when_ns"),
        *_texts("model", "seal"),
        *_lists("photographs"),
        *_texts("who"),
    )


def _people() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        *_times("time_ns"),
        *_texts("who", "action", "what", "why", "digest"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        *_times("number"),
        *_texts("digest"),
    )
    op.create_table(
        "people",
        _key("name"),
        *_texts("role", "password", "totp_secret"),
        *_times("totp_step"),
        _filled("failures", sa.Integer()),
        *_times("locked_until_ns"),
        _filled("disabled", sa.Boolean()),
    )
    op.create_table(
        "sessions",
        _key("token"),
        sa.Column("person", sa.Text(), sa.ForeignKey("people.name", name="fk_sessions_person"), nullable=False),
        *_times("created_ns", "expires_ns"),
    )
    op.create_index("ix_sessions_person", "sessions", ["person"])
    op.create_table("invitations", _key("token"), *_texts("name", "role"), *_times("expires_ns"))


def _append_only(table: str) -> None:
    """The database itself refuses to change or delete a line."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )
