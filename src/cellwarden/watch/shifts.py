"""What a shift leaves to the next, asked from the store: what was told, decided, searched, written, and what was deaf.

```
 handover ───────────── shift ─────────────► handover, signed by who takes over
            alerts told · decisions · deaf sensors · notes
```
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select, text

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.model import Alert, Decision, Handover, Note, Search
from cellwarden.model.span import S_NS
from cellwarden.store import rows, tables
from cellwarden.watch import queries

_SIGNED = text(
    "INSERT INTO handovers (number, when_ns, who, since_ns, text) VALUES (:number, :when_ns, :who, :since_ns, :text)"
    " ON CONFLICT (number) DO NOTHING"
)
_SEARCHED = text(
    "INSERT INTO searches (alert, room, when_ns, who, why) VALUES (:alert, :room, :when_ns, :who, :why)"
    " ON CONFLICT (alert, room) DO NOTHING"
)

TOLD_WITHIN_NS = 120 * S_NS
"""A sensor tells how it does more often than that."""


class Deaf(NamedTuple):
    """A sensor that did not hear."""

    sensor: str
    reason: str
    first_ns: int
    last_ns: int
    before: bool
    """It said so when the shift began, too."""
    lasts: bool
    """It said so when the shift ended, or says so now."""


class Shift(NamedTuple):
    """What happened between two moments."""

    told: tuple[tuple[Alert, Decision | None], ...]
    """Alerts that are new, the newest first, each with the newest decision on it; but those at the gate."""
    gate: tuple[tuple[Alert, Decision | None], ...]
    """The same of persons and parcels at the gate: of those there may be hundreds a day."""
    decided: tuple[tuple[Decision, Alert], ...]
    """The newest, in the order of time."""
    deaf: tuple[Deaf, ...]
    notes: tuple[Note, ...]
    alerts: int
    """That were told, those that are left out here as well; but those at the gate."""
    at_gate: int
    """The same there."""
    decisions: int


class AlreadySigned(StoreError):
    """Somebody else took over meanwhile."""


def shift(c: Connection, since_ns: int, until_ns: int, many: int) -> Shift:
    """What happened in [since, until); of alerts and of decisions as many as that, the newest."""
    at_gate, all_told = _counted(c, since_ns, until_ns)
    made = tables.decisions.c.when_ns
    return Shift(
        tuple(queries.alerts(c, since_ns=since_ns, limit=many, until_ns=until_ns, gate=False)),
        tuple(queries.alerts(c, since_ns=since_ns, limit=many, until_ns=until_ns, gate=True)),
        tuple(_decided(c, since_ns, until_ns, many)),
        tuple(_deaf(c, since_ns, until_ns)),
        tuple(notes(c, since_ns, until_ns)),
        all_told - at_gate,
        at_gate,
        c.execute(select(func.count()).where(made >= since_ns, made < until_ns)).scalar_one(),
    )


def keep_note(c: Connection, one: Note) -> None:
    """A note, after those that are there."""
    c.execute(insert(tables.notes).values(when_ns=one.when_ns, who=one.who, text=one.text))


def notes(c: Connection, since_ns: int, until_ns: int) -> list[Note]:
    """Those written in [since, until), in their order."""
    at = tables.notes.c.when_ns
    asked = select(tables.notes).where(at >= since_ns, at < until_ns).order_by(at, tables.notes.c.id)
    return [Note(row.when_ns, row.who, row.text) for row in c.execute(asked)]


def keep_handover(c: Connection, one: Handover) -> None:
    """A handover of that number. Raises AlreadySigned, and keeps nothing, where there is one."""
    values = {"when_ns": one.when_ns, "who": one.who, "since_ns": one.since_ns, "text": one.text}
    if not c.execute(_SIGNED, {"number": one.number, **values}).rowcount:
        raise AlreadySigned(_("somebody else took over meanwhile: look at the handover again"))


def handovers(c: Connection, limit: int) -> list[Handover]:
    """The newest first."""
    asked = select(tables.handovers).order_by(tables.handovers.c.number.desc()).limit(limit)
    return [_handover(row) for row in c.execute(asked).mappings()]


def handover(c: Connection, number: int) -> Handover | None:
    """The one of a number; None where there is none (any more)."""
    row = c.execute(select(tables.handovers).where(tables.handovers.c.number == number)).mappings().one_or_none()
    return _handover(row) if row else None


def keep_search(c: Connection, one: Search) -> None:
    """A room that was searched in vain; said again, the first stays."""
    values = {"alert": one.alert, "room": one.room, "when_ns": one.when_ns, "who": one.who, "why": one.why}
    if c.execute(_SEARCHED, values).rowcount:
        queries.changed(c, "decision", one.alert)


def searches(c: Connection, alerts: Collection[str]) -> Mapping[str, list[Search]]:
    """Of those alerts, in the order in which rooms were searched; alerts without any are not told."""
    found: dict[str, list[Search]] = {}
    asked = select(tables.searches).where(tables.searches.c.alert.in_(alerts)).order_by(tables.searches.c.id)
    for row in c.execute(asked):
        found.setdefault(row.alert, []).append(Search(row.alert, row.room, row.when_ns, row.who, row.why))
    return found


def _counted(c: Connection, since_ns: int, until_ns: int) -> tuple[int, int]:
    """Alerts told in [since, until): those at the gate, and all."""
    told = tables.alerts.c.told_ns
    asked = select(func.count()).where(told >= since_ns, told < until_ns)
    return c.execute(asked.where(queries.AT_GATE)).scalar_one(), c.execute(asked).scalar_one()


def _decided(c: Connection, since_ns: int, until_ns: int, many: int) -> list[tuple[Decision, Alert]]:
    made = tables.decisions.c
    asked = (
        select(tables.alerts, *(column.label(f"made_{column.name}") for column in made))
        .join_from(tables.decisions, tables.alerts, made.alert == tables.alerts.c.name)
        .where(made.when_ns >= since_ns, made.when_ns < until_ns)
        .order_by(made.when_ns.desc(), made.id.desc())
        .limit(many)
    )
    return [
        (
            Decision(row["made_alert"], row["made_state"], row["made_who"], row["made_when_ns"], row["made_why"]),
            rows.alert(row),
        )
        for row in reversed(c.execute(asked).mappings().all())
    ]


def _deaf(c: Connection, since_ns: int, until_ns: int) -> list[Deaf]:
    """A line for each sensor and reason. A sensor that told nothing at all is not among them."""
    state, just = tables.sensor_states.c, (tables.DEAF, tables.sensor_states.c.time_ns >= since_ns - TOLD_WITHIN_NS)
    known = select(state.sensor, state.reason).where(*just, state.time_ns < since_ns).distinct()
    before = {(row.sensor, row.reason) for row in c.execute(known)}
    asked = (
        select(state.sensor, state.reason, func.min(state.time_ns), func.max(state.time_ns))
        .where(tables.DEAF, state.time_ns >= since_ns, state.time_ns < until_ns)
        .group_by(state.sensor, state.reason)
        .order_by(state.sensor, state.reason)
    )
    return [
        Deaf(sensor, reason, first_ns, last_ns, (sensor, reason) in before, until_ns - last_ns <= TOLD_WITHIN_NS)
        for sensor, reason, first_ns, last_ns in c.execute(asked)
    ]


def _handover(row: RowMapping) -> Handover:
    return Handover(row["number"], row["when_ns"], row["who"], row["since_ns"], row["text"])
