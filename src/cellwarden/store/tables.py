"""The tables, as the newest migration leaves them. Times are nanoseconds since the epoch; frequencies are hertz.

SQL is kept to what SQLite and PostgreSQL both understand. Tuples and tables of a value are JSON.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISION = "0009"
"""Of the newest migration: a store that tells it needs none. Four digits that grow: a newer one is told by them."""

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s",
    }
)
NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what it calls INTEGER
DEAF = text("reason <> ''")
"""Of a sensor's state: few are, and a shift's are looked for among a day's million."""
APPEND_ONLY = ("audit", "finds", "rules_texts", "stray_names")
"""Tables whose lines the database itself refuses to change or delete."""

counters = Table(
    "counters",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Numbers that are never given twice. A row is locked until its transaction ends, so numbers appear in their order."""

sightings = Table(
    "sightings",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("start_ns", BigInteger, nullable=False),
    Column("end_ns", BigInteger, nullable=False),
    Column("phone", Text, nullable=False),
    Column("interface", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("frequency_hz", Double, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("odds", JSON, nullable=False),
    Column("cell", Text, nullable=False),  # the most probable of the odds: what heat maps count
    Column("sensors", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("emitter", Text, nullable=False),
    Column("log_ratio", Double, nullable=False),
    Column("offset_hz", Double),
    Column("offset_error_hz", Double, nullable=False, server_default="0"),
    Index("ix_sightings_start_ns", "start_ns"),
)

presences = Table(
    "presences",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("phone", Text, nullable=False),
    Column("emitter", Text, nullable=False),
    Column("odds", JSON, nullable=False),
    Column("start_ns", BigInteger, nullable=False),
    Column("end_ns", BigInteger, nullable=False),
    Column("activities", JSON, nullable=False),
    UniqueConstraint("phone", "start_ns"),
    Index("ix_presences_end_ns", "end_ns"),
)

waiting = Table(
    "waiting",
    METADATA,
    Column("phone", Text, primary_key=True),  # with the start, those of its presence
    Column("start_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("what", Text, nullable=False),
    Column("activity", JSON, nullable=False),
    Column("proof", JSON, nullable=False),
)
"""Registrations that are told, or not, by what their phones do next. Whoever is decided about goes."""

alerts = Table(
    "alerts",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("told_ns", BigInteger, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("phone", Text, nullable=False),
    Column("emitter", Text, nullable=False),
    Column("activity", JSON, nullable=False),
    Column("odds", JSON, nullable=False),
    Column("probability", Double, nullable=False),
    Column("severity", Text, nullable=False),
    Column("sensors", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("details", JSON, nullable=False),
    Column("state", Text, nullable=False),  # of the newest decision, so that two people can be told apart by one UPDATE
    Column("decision", BigInteger),  # its id
    Index("ix_alerts_state_told_ns", "state", "told_ns"),
    Index("ix_alerts_told_ns", "told_ns"),
)

decisions = Table(
    "decisions",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("alert", Text, ForeignKey(alerts.c.name), nullable=False),
    Column("state", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("when_ns", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_decisions_alert", "alert"),
    Index("ix_decisions_when_ns", "when_ns"),
)

searches = Table(
    "searches",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("alert", Text, ForeignKey(alerts.c.name), nullable=False),
    Column("room", Text, nullable=False),
    Column("when_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    UniqueConstraint("alert", "room"),
)
"""Rooms that were searched in vain, each once for an alert."""

notes = Table(
    "notes",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("when_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_notes_when_ns", "when_ns"),
)

handovers = Table(
    "handovers",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("when_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("alert", Text, ForeignKey(alerts.c.name), nullable=False),
    Column("address", Text, nullable=False),  # its SHA-256: addresses hold passwords, and stay in the site's file
    Column("place", Text, nullable=False),  # the address as it may be shown
    Column("step", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("next_ns", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("failure", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, or how it ended
    UniqueConstraint("alert", "address", "step", "severity"),
    Index("ix_deliveries_state_address_since_ns", "state", "address", "since_ns"),
    Index("ix_deliveries_since_ns", "since_ns"),
)
"""Alerts on their way to those who are told, and what became of each."""

sensor_states = Table(
    "sensor_states",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("sensor", Text, nullable=False),
    Column("time_ns", BigInteger, nullable=False),
    Column("floor_dbfs_hz", Double),
    Column("lost_samples", BigInteger, nullable=False),
    Column("clock_error_ns", Double),
    Column("reason", Text, nullable=False),
    Column("newest", Boolean, nullable=False),  # by order of arrival: a sensor's clock may jump
    Column("temperature_c", Double),
    Column("blind", JSON, nullable=False, server_default="[]"),
    Index("ix_sensor_states_newest_sensor", "newest", "sensor"),
    Index("ix_sensor_states_time_ns", "time_ns"),
    Index("ix_sensor_states_deaf", "time_ns", sqlite_where=DEAF, postgresql_where=DEAF),
)

rules_texts = Table(
    "rules_texts",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("when_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("text", Text, nullable=False),
)
"""Versions of the rules: why an alert was told last year must still be found."""

strays = Table(
    "strays",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("start_ns", BigInteger, nullable=False),
    Column("end_ns", BigInteger, nullable=False),
    Column("sensor", Text, nullable=False),
    Column("low_hz", Double, nullable=False),
    Column("high_hz", Double, nullable=False),
    Column("bursts", BigInteger, nullable=False),
    Column("burst_s", Double, nullable=False),
    Column("period_s", Double),
    Column("snr_db", Double, nullable=False),
    Column("unkept", BigInteger, nullable=False),
    Index("ix_strays_start_ns", "start_ns"),
)
"""Trains of bursts that no air interface knows: their looks, no samples."""

stray_names = Table(
    "stray_names",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("name", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("when_ns", BigInteger, nullable=False),
    Column("frequency_hz", Double, nullable=False),
    Column("width_hz", Double, nullable=False),
    Column("burst_s", Double, nullable=False),
)

passages = Table(
    "passages",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("when_ns", BigInteger, nullable=False),
    Column("person", Text, nullable=False),  # a number, never a name
    Column("readings", JSON, nullable=False),
    Column("calibrated", Boolean, nullable=False),
    Column("warning_read", Boolean, nullable=False),
    Column("who", Text, nullable=False),
    Column("second_check", Text, nullable=False),
    Column("outcome", Text, nullable=False),  # empty until somebody says, so that of two one is first
    Column("why", Text, nullable=False),
    Column("checked_by", Text, nullable=False),
    Column("checked_ns", BigInteger, nullable=False),
    Index("ix_passages_when_ns", "when_ns"),
)

empty_lanes = Table(
    "empty_lanes",
    METADATA,
    Column("id", NUMBER, primary_key=True),
    Column("when_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("text", Text, nullable=False),
)
"""What the instrument at the gate hears of itself, as tables; the newest holds."""

changes = Table(
    "changes",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_ns", BigInteger, nullable=False),  # when it was kept, for retention
)

audit = Table(
    "audit",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("time_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

audit_head = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("number", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
)
"""Where the audit's chain ends: its row is what writers take turns at, and what tells that lines were cut off."""

people = Table(
    "people",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password", Text, nullable=False),  # argon2, encoded with its parameters
    Column("totp_secret", Text, nullable=False),  # base32
    Column("totp_step", BigInteger, nullable=False),  # the last one used: a code is good once
    Column("failures", Integer, nullable=False),
    Column("locked_until_ns", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("token", Text, primary_key=True),  # its SHA-256
    Column("person", Text, ForeignKey(people.c.name), nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False),
    Index("ix_sessions_person", "person"),
)

invitations = Table(
    "invitations",
    METADATA,
    Column("token", Text, primary_key=True),  # its SHA-256
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("expires_ns", BigInteger, nullable=False),
)

finds = Table(
    "finds",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("alert", Text, ForeignKey(alerts.c.name), nullable=False),
    Column("cell", Text, nullable=False),
    Column("when_ns", BigInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Column("photographs", JSON, nullable=False),
    Column("who", Text, nullable=False),
)
