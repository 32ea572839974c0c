"""What the watch keeps and asks for. Each function takes a connection; what one transaction did is kept, or none of it.

What a page may have to show anew (an alert, a decision, a presence, a sensor's state) is also a `Change`.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, func, insert, not_, select, union_all, update

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.model.store import Change
from cellwarden.model.watch import Alert, Decision, Presence, SensorState, Sighting, State
from cellwarden.store import counters, rows, tables
from cellwarden.watch import junctions
from cellwarden.watch.rules import JUNCTION

_OLDER = (
    update(tables.sensor_states)
    .where(tables.sensor_states.c.newest, tables.sensor_states.c.sensor == bindparam("told"))
    .values(newest=False)
)
_STATE = insert(tables.sensor_states)
_CHANGE = insert(tables.changes)
"""Made once: SQLAlchemy takes longer to make them than the database to do them."""
_ACTIVITY = tables.alerts.c.activity
AT_GATE = and_(_ACTIVITY["kind"].as_string() == JUNCTION, _ACTIVITY["interface"].as_string().in_(junctions.AT_GATE))
"""`junctions.at_gate`, asked of the store."""
MANY = 1000
"""Rows that are fetched at once where there is no end of them."""


class AlreadyDecided(StoreError):
    """Somebody else decided an alert meanwhile: show their decision, and let the person look again."""

    def __init__(self, alert: str, decision: Decision | None) -> None:
        self.decision = decision
        """None where the alert is new, and whoever decided thought that it was not."""
        who = decision.who if decision else "–"
        super().__init__(_("{alert} was decided by {who} meanwhile: look at it again").format(alert=alert, who=who))


def keep_sighting(c: Connection, one: Sighting) -> None:
    """A train of a second at most."""
    c.execute(insert(tables.sightings), rows.sighting_columns(one))


def keep_sightings(c: Connection, several: Iterable[Sighting]) -> None:
    """Many at once, which costs less than one by one."""
    columns = map(rows.sighting_columns, several)
    while some := list(islice(columns, MANY)):
        c.execute(insert(tables.sightings), some)


def sightings(c: Connection, since_ns: int, until_ns: int) -> Iterator[Sighting]:
    """Those that began in [since, until), in the order of time; they are fetched as they are asked for."""
    at = tables.sightings.c.start_ns
    asked = select(tables.sightings).where(at >= since_ns, at < until_ns).order_by(at, tables.sightings.c.id)
    for row in c.execute(asked, execution_options={"yield_per": MANY}).mappings():
        yield rows.sighting(row)


def keep_presence(c: Connection, one: Presence) -> int:
    """A presence, which a phone and its beginning tell: the same one again takes the place of what was kept of it."""
    columns = rows.presence_columns(one)
    same = (tables.presences.c.phone == one.phone, tables.presences.c.start_ns == one.start_ns)
    number = c.execute(
        update(tables.presences).where(*same).values(**columns).returning(tables.presences.c.id)
    ).scalar()
    if number is None:
        number = c.execute(insert(tables.presences).returning(tables.presences.c.id), columns).scalar_one()
    changed(c, "presence", str(number))
    return int(number)


def presence(c: Connection, number: int) -> Presence | None:
    """The presence of a number; None where there is none (any more)."""
    row = c.execute(select(tables.presences).where(tables.presences.c.id == number)).mappings().one_or_none()
    return rows.presence(row) if row else None


def presences(c: Connection, since_ns: int, until_ns: int) -> list[Presence]:
    """Those that touch [since, until), by their beginning."""
    at = tables.presences.c.start_ns
    asked = (
        select(tables.presences)
        .where(tables.presences.c.end_ns >= since_ns, at < until_ns)
        .order_by(at, tables.presences.c.id)
    )
    return [rows.presence(row) for row in c.execute(asked).mappings()]


def next_alert_name(c: Connection, year: int) -> str:
    """`A-2026-000042`. A name is given once, also where two ask at one time."""
    return f"A-{year}-{counters.following(c, f'alert {year}'):06d}"


def keep_alert(c: Connection, one: Alert) -> None:
    """An alert by its name. Kept again, what is told takes the place of what was told; its state stays."""
    columns = rows.alert_columns(one)
    known = c.execute(update(tables.alerts).where(tables.alerts.c.name == one.name).values(**columns)).rowcount
    if not known:
        c.execute(insert(tables.alerts), {**columns, "state": "new"})
    changed(c, "alert", one.name)


def alert(c: Connection, name: str) -> Alert:
    """The alert of a name. Raises StoreError where there is none."""
    row = c.execute(select(tables.alerts).where(tables.alerts.c.name == name)).mappings().one_or_none()
    if row is None:
        raise _unknown(name)
    return rows.alert(row)


def alerts(
    c: Connection,
    states: Collection[State] | None = None,
    since_ns: int | None = None,
    limit: int | None = None,
    skipped: int = 0,
    until_ns: int | None = None,
    gate: bool | None = None,
) -> list[tuple[Alert, Decision | None]]:
    """Alerts told in [since, until) in one of the states, the newest first, each with its newest decision.

    gate: those of persons and parcels at the gate alone, or all others; without states.
    """
    asked: Select[tuple[object, ...]] = select(
        tables.alerts, *(column.label(f"decided_{column.name}") for column in tables.decisions.c)
    ).select_from(tables.alerts.outerjoin(tables.decisions, tables.alerts.c.decision == tables.decisions.c.id))
    if states and limit is not None:
        asked = asked.where(tables.alerts.c.name.in_(_newest(states, limit, skipped)))
        skipped = 0
    elif states is not None:
        asked = asked.where(tables.alerts.c.state.in_(states))
    if since_ns is not None:
        asked = asked.where(tables.alerts.c.told_ns >= since_ns)
    if until_ns is not None:
        asked = asked.where(tables.alerts.c.told_ns < until_ns)
    if gate is not None:
        asked = asked.where(AT_GATE if gate else not_(AT_GATE))
    asked = (
        asked.order_by(tables.alerts.c.told_ns.desc(), tables.alerts.c.name.desc()).limit(limit).offset(skipped or None)
    )
    return [(rows.alert(row), _decided(row)) for row in c.execute(asked).mappings()]


def _newest(states: Collection[State], limit: int, skipped: int) -> Select[tuple[str]]:
    """Names of the newest in several states, each state's taken from its index: no whole row is sorted."""
    one = tables.alerts.c
    each = [
        select(
            select(one.name, one.told_ns)
            .where(one.state == state)
            .order_by(one.told_ns.desc(), one.name.desc())
            .limit(limit + skipped)
            .subquery()
        )
        for state in states
    ]
    found = union_all(*each).subquery()
    return select(found.c.name).order_by(found.c.told_ns.desc(), found.c.name.desc()).limit(limit).offset(skipped)


def counted(c: Connection) -> dict[State, int]:
    """How many alerts are in each state that any is in."""
    asked = select(tables.alerts.c.state, func.count()).group_by(tables.alerts.c.state)
    return {row[0]: row[1] for row in c.execute(asked)}


def decide(c: Connection, one: Decision, seen: State) -> None:
    """A decision by somebody who saw the alert as `seen`.

    Raises AlreadyDecided, and keeps nothing, where it no longer is; StoreError where there is no such alert.
    """
    same = (tables.alerts.c.name == one.alert, tables.alerts.c.state == seen)
    if not c.execute(update(tables.alerts).where(*same).values(state=one.state)).rowcount:
        alert(c, one.alert)
        told = decisions(c, one.alert)
        raise AlreadyDecided(one.alert, told[-1] if told else None)
    number = c.execute(
        insert(tables.decisions).returning(tables.decisions.c.id), rows.decision_columns(one)
    ).scalar_one()
    c.execute(update(tables.alerts).where(tables.alerts.c.name == one.alert).values(decision=number))
    changed(c, "decision", one.alert)
    if one.state in junctions.OUTCOMES:
        _end_passage(c, one, alert(c, one.alert))


def _end_passage(c: Connection, one: Decision, ended: Alert) -> None:
    """With its alert a passage at the lane ends, unless somebody has said there how: it must not wait any longer."""
    row, number = tables.passages, ended.details.get("passage")
    if ended.activity.kind != JUNCTION or not isinstance(number, int):
        return
    waits = update(row).where(row.c.id == number, row.c.outcome == "", row.c.when_ns <= ended.told_ns)
    values = {
        "second_check": junctions.ELSEWHERE, "outcome": junctions.OUTCOMES[one.state], "why": one.why,
        "checked_by": one.who, "checked_ns": one.when_ns,
    }  # fmt: skip
    if c.execute(waits.values(**values)).rowcount:
        changed(c, "passage", str(number))


def decisions(c: Connection, name: str) -> list[Decision]:
    """All that was decided about an alert, in its order."""
    asked = select(tables.decisions).where(tables.decisions.c.alert == name).order_by(tables.decisions.c.id)
    return [rows.decision(row) for row in c.execute(asked).mappings()]


def keep_sensor_state(c: Connection, one: SensorState) -> None:
    """How a sensor does; it is the newest until the next one comes, whatever its clock says."""
    keep_sensor_states(c, (one,))


def keep_sensor_states(c: Connection, several: Sequence[SensorState]) -> None:
    """Those of many sensors in their order: hundreds tell each second, and nobody else writes meanwhile."""
    if not several:
        return
    last = {one.sensor: at for at, one in enumerate(several)}
    c.execute(_OLDER, [{"told": name} for name in last])
    columns = [{**rows.sensor_columns(one), "newest": last[one.sensor] == at} for at, one in enumerate(several)]
    c.execute(_STATE, columns)
    many_changed(c, [("sensor", one.sensor) for one in several])


def sensor_states(c: Connection) -> list[SensorState]:
    """The newest of each sensor, by name."""
    asked = select(tables.sensor_states).where(tables.sensor_states.c.newest).order_by(tables.sensor_states.c.sensor)
    return [rows.sensor_state(row) for row in c.execute(asked).mappings()]


def changes_since(c: Connection, number: int, limit: int = MANY) -> list[Change]:
    """Changes after that number, the oldest first; the next question begins after the last of them."""
    asked = (
        select(tables.changes).where(tables.changes.c.number > number).order_by(tables.changes.c.number).limit(limit)
    )
    return [Change(row.number, row.kind, row.name) for row in c.execute(asked)]


def newest_change(c: Connection) -> int:
    """The number of the newest change; 0 where nothing has changed yet. A page that shows all begins after it."""
    return counters.last(c, "change")


def changed(c: Connection, kind: str, name: str) -> None:
    """Note that live pages may have to show it anew."""
    many_changed(c, [(kind, name)])


def many_changed(c: Connection, several: Sequence[tuple[str, str]]) -> None:
    """The same of many, by kind and name."""
    first = counters.following(c, "change", len(several)) - len(several) + 1
    now_ns = time.time_ns()
    found = [
        {"number": number, "kind": kind, "name": name, "time_ns": now_ns}
        for number, (kind, name) in enumerate(several, first)
    ]
    c.execute(_CHANGE, found)


def _decided(row: RowMapping) -> Decision | None:
    """The decision in a row of an alert and its newest decision."""
    if row["decided_id"] is None:
        return None
    return Decision(
        row["decided_alert"], row["decided_state"], row["decided_who"], row["decided_when_ns"], row["decided_why"]
    )


def _unknown(name: str) -> StoreError:
    return StoreError(_("{name} is no alert of this store: look at the list of alerts").format(name=name))
