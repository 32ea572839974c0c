"""An alert in words, for people, and as plain values, for machines."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cellwarden.language import gettext as _
from cellwarden.language import mark, number
from cellwarden.language.clock import local
from cellwarden.model import Alert
from cellwarden.model.span import S_NS
from cellwarden.watch.junctions import at_gate
from cellwarden.watch.rules import JUNCTION

TOLD_ROOMS = 3
TRIAL = "A-0000-000000"
"""Name of no alert."""
KINDS = {
    "call": mark("call"),
    "text": mark("text"),
    "registration": mark("registration"),
    "junction": mark("electronics that may be off"),
}
SEVERITIES = {"low": mark("low"), "medium": mark("medium"), "high": mark("high")}


class Message(NamedTuple):
    """What is sent."""

    name: str
    severity: str
    title: str
    body: str
    values: Mapping[str, Any]
    """What JSON can hold."""
    time_ns: int


def message(alert: Alert, step: int = 0) -> Message:
    """Of an alert; step: how often it was escalated."""
    room, probability = alert.odds[0] if alert.odds else ("?", 0.0)
    kind = _(KINDS[alert.activity.kind])
    if at_gate(alert):
        person = alert.details.get("person", "–")
        title = _("{name}: {kind} at the gate, number {person}").format(name=alert.name, kind=kind, person=person)
    else:
        title = _("{name}: {kind} in {room}").format(name=alert.name, kind=kind, room=room)
    if step:
        title = _("Not acknowledged: {title}").format(title=title)
    rooms = ", ".join(f"{name} {number(min(99, round(100 * p)))} %" for name, p in alert.odds[:TOLD_ROOMS]) or "–"
    if at_gate(alert):
        words = _("{kind}: a second check decides. Severity {severity}. A hypothesis: a person decides.")
    elif alert.activity.kind == JUNCTION:
        words = _(
            "{kind}: a second check decides. Rooms: {rooms}. Severity {severity}. A hypothesis: a person decides."
        )
    else:
        words = _("{kind}, {radio}. Rooms: {rooms}. Severity {severity}. A hypothesis: a person decides.")
    body = words.format(
        kind=kind, radio=alert.activity.band or alert.activity.interface.upper(), rooms=rooms,
        severity=_(SEVERITIES[alert.severity]),
    )  # fmt: skip
    body = f"{local(alert.since_ns):%Y-%m-%d %H:%M} {body}"  # a letter may come in the morning
    values = {
        "name": alert.name,
        "told": iso(alert.told_ns),
        "since": iso(alert.since_ns),
        "kind": alert.activity.kind,
        "interface": alert.activity.interface,
        "band": alert.activity.band,
        "room": room,
        "room_probability": round(probability, 4),
        "rooms": [[name, round(p, 4)] for name, p in alert.odds[:TOLD_ROOMS]],
        "probability": round(alert.probability, 4),
        "severity": alert.severity,
        "sensors": list(alert.sensors),
        "escalation": step,
        "silent": bool(alert.details.get("silent")),
    }
    return Message(alert.name, alert.severity, title, body, values, alert.told_ns)


def trial(site: str, now_ns: int) -> Message:
    """What is sent to see whether an address takes it; nobody was heard."""
    values = {
        "name": TRIAL, "told": iso(now_ns), "since": iso(now_ns), "kind": "test", "interface": "", "band": "",
        "room": "", "room_probability": 0.0, "rooms": [], "probability": 0.0, "severity": "low", "sensors": [],
        "escalation": 0, "silent": False,
    }  # fmt: skip
    title = _("{site}: this is a test").format(site=site)
    return Message(TRIAL, "low", title, _("No phone was heard. Alerts will come to this address."), values, now_ns)


def iso(time_ns: int) -> str:
    """2026-01-05T12:00:00.000Z."""
    return datetime.fromtimestamp(time_ns / S_NS, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
