"""What each rule did: how many alerts it made or held back, and what became of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from cellwarden.model import Alert, Decision, Presence
from cellwarden.store.tables import deliveries
from cellwarden.watch.rules_file import Rules


class Did(NamedTuple):
    """Alerts of one rule, and how those ended."""

    told: int = 0
    found: int = 0
    not_found: int = 0
    false: int = 0
    open: int = 0


class Held(NamedTuple):
    """Presences in rooms of a zone, or of a phone of staff, and how many of them were told all the same."""

    heard: int
    told: int


def by_kind(rules: Rules, alerts: Iterable[tuple[Alert, Decision | None]]) -> dict[str, Did]:
    """For each kind that is told (and each that was)."""
    counts: dict[str, dict[str, int]] = {kind: {} for kind in rules.kinds}
    for alert, made in alerts:
        state = made.state if made else "open"
        ended = state.replace(" ", "_") if state in ("found", "not found", "false") else "open"
        of = counts.setdefault(alert.activity.kind, {})
        of["told"] = of.get("told", 0) + 1
        of[ended] = of.get(ended, 0) + 1
    return {kind: Did(**of) for kind, of in counts.items()}


def silent(alerts: Iterable[tuple[Alert, Decision | None]]) -> int:
    """Alerts that came in quiet hours without a sound."""
    return sum(bool(alert.details.get("silent")) for alert, _made in alerts)


def escalated(c: Connection, since_ns: int) -> int:
    """Alerts that nobody took in time since then."""
    asked = select(func.count(deliveries.c.alert.distinct()))
    return int(c.execute(asked.where(deliveries.c.step > 0, deliveries.c.since_ns >= since_ns)).scalar_one())


def by_zone(rules: Rules, presences: Sequence[Presence], alerts: Sequence[Alert]) -> dict[str, Held]:
    """For each zone: a presence counts to its likeliest room."""
    return {
        zone.name: _held([one for one in presences if one.odds and one.odds[0][0] in zone.rooms], alerts)
        for zone in rules.zones
    }


def by_staff(rules: Rules, presences: Sequence[Presence], alerts: Sequence[Alert]) -> dict[str, Held]:
    """For each phone of staff, by its signature."""
    return {
        staff.emitter: _held([one for one in presences if one.emitter == staff.emitter], alerts)
        for staff in rules.staff
    }


def _held(presences: Sequence[Presence], alerts: Sequence[Alert]) -> Held:
    told = {(alert.phone, alert.since_ns) for alert in alerts}
    return Held(len(presences), sum((one.phone, one.start_ns) in told for one in presences))
