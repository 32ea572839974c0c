"""How long what is kept is kept: a table of rules, and one deletion a day that says in the audit log what it did.

A clock that jumps ahead must not empty a store: between two runs the horizon moves on by `STEP_NS` at most, so who runs
it each hour catches up quickly after weeks without power, and a wrong clock is noticed before much is gone. Where the
clock went back, nothing is deleted.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, text

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.model.span import DAY_NS
from cellwarden.store import counters
from cellwarden.store.audit import audited
from cellwarden.store.tables import (
    alerts,
    audit,
    changes,
    decisions,
    deliveries,
    empty_lanes,
    finds,
    handovers,
    invitations,
    notes,
    passages,
    presences,
    searches,
    sensor_states,
    sessions,
    sightings,
    strays,
)

STEP_NS = 2 * DAY_NS
ESCALATES_NS = 3 * DAY_NS
"""So long an alert may escalate: what tells that it did must not go before, or it would again."""
ENROLLED = "emitter enrolled"
"""What the audit log says of an emitter that the watch remembered, for the sake of which alert."""
RAN = "retention ran"
"""Counter that holds the time up to which it has deleted."""


class Rule(NamedTuple):
    """What becomes too old when."""

    days: int
    table: Table
    time: ColumnElement[int]
    """Its last moment that matters."""
    spared: ColumnElement[bool] | None = None
    """What stays, however old."""


RULES: Mapping[str, Rule] = {
    "sightings": Rule(90, sightings, sightings.c.start_ns),
    "presences": Rule(365, presences, presences.c.end_ns),
    "deliveries": Rule(90, deliveries, deliveries.c.since_ns + ESCALATES_NS, deliveries.c.state == "waiting"),
    "alerts": Rule(365, alerts, alerts.c.told_ns, alerts.c.name.in_(select(finds.c.alert))),
    "notes": Rule(365, notes, notes.c.when_ns),
    "handovers": Rule(
        365,
        handovers,
        handovers.c.when_ns,
        handovers.c.number == select(func.max(handovers.c.number)).scalar_subquery(),
    ),
    "strays": Rule(28, strays, strays.c.start_ns),
    "passages": Rule(90, passages, passages.c.when_ns),
    "empty lanes": Rule(
        365,
        empty_lanes,
        empty_lanes.c.when_ns,
        empty_lanes.c.id == select(func.max(empty_lanes.c.id)).scalar_subquery(),
    ),
    "sensor states": Rule(30, sensor_states, sensor_states.c.time_ns, sensor_states.c.newest),
    "changes": Rule(2, changes, changes.c.time_ns),
    "sessions": Rule(0, sessions, sessions.c.expires_ns),
    "invitations": Rule(0, invitations, invitations.c.expires_ns),
}
"""Kinds of data, in days. `sightings` goes for the history's days too. Decisions, searches and deliveries go with their
alert; an alert that led to a find stays with it; a delivery that still waits stays too. Audit and finds only grow."""
SILENT = frozenset(("changes", "sessions", "invitations"))
"""No record of anybody, but what the program itself keeps for a while: not told in the audit log."""


class Deleted(NamedTuple):
    """What a run did."""

    counts: Mapping[str, int]
    """Rows by kind; of the history its days, as `history days`."""
    days: Mapping[str, int]
    """The rules that it went by."""


def chosen(days: Mapping[str, int]) -> dict[str, int]:
    """The rules with a site's own days put in. Raises StoreError for a kind that there is not, or a count below 0."""
    for kind, count in days.items():
        if kind not in RULES:
            raise StoreError(
                _("retention: {kind} is no kind of data: choose among {known}").format(
                    kind=kind, known=", ".join(RULES)
                )
            )
        if count < 0:
            raise StoreError(
                _("retention: {kind} cannot be kept {count} days: give 0 or more").format(kind=kind, count=count)
            )
    return {kind: days.get(kind, rule.days) for kind, rule in RULES.items()}


def forget(
    c: Connection,
    now_ns: int,
    days: Mapping[str, int] | None = None,
    forget_history: Callable[[int], int] = lambda _before_ns: 0,
) -> Deleted:
    """Delete what is older than its rule allows, and append one line to the audit log where that was anything.

    `forget_history` is given the time before which days of the history go, and returns how many went.
    """
    rules = chosen(days or {})
    now_ns = _believed(c, now_ns)
    counts = {kind: _deleted(c, rule, now_ns - rules[kind] * DAY_NS) for kind, rule in RULES.items()}
    counts["history days"] = forget_history(now_ns - rules["sightings"] * DAY_NS)
    told = {kind: count for kind, count in counts.items() if count and kind not in SILENT}
    if told:
        by = [f"{kind} {count} ({rules.get(kind, rules['sightings'])} d)" for kind, count in told.items()]
        audited(c, "retention", "deleted", ", ".join(by), "older than the rule", now_ns=now_ns)
    return Deleted(counts, rules)


def forsaken(c: Connection) -> set[str]:
    """Names of the emitters that the watch enrolled and that nothing kept tells of any more.

    Neither the alert for whose sake one was enrolled is kept, as one that led to a find is, nor anything that it was
    heard in since. Who was enrolled by a person is none of these.
    """
    enrolled = select(audit.c.what).where(audit.c.action == ENROLLED)
    names = set(c.execute(enrolled).scalars())
    kept = [enrolled.where(audit.c.why.in_(select(alerts.c.name)))]
    kept += [select(table.c.emitter).where(table.c.emitter.in_(names)) for table in (alerts, presences, sightings)]
    for query in kept if names else ():
        names -= set(c.execute(query.distinct()).scalars())
    return names


def _believed(c: Connection, now_ns: int) -> int:
    """The time to go by: now, but no further from the last run than a step, and not before it."""
    ran = counters.last(c, RAN)
    believed = min(max(now_ns, ran), ran + STEP_NS) if ran else now_ns
    c.execute(
        text(
            "INSERT INTO counters (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value"
        ),
        {"name": RAN, "value": believed},
    )
    return believed


def _deleted(c: Connection, rule: Rule, before_ns: int) -> int:
    """How many rows went."""
    old = rule.time < before_ns
    if rule.spared is not None:
        old = old & ~rule.spared
    if rule.table is alerts:
        for table in (decisions, deliveries, searches):
            c.execute(delete(table).where(table.c.alert.in_(select(alerts.c.name).where(old))))
    return c.execute(delete(rule.table).where(old)).rowcount
