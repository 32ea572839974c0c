"""From a passage at a harmonic radar to an alert: what is off has the same rules, store and people as what speaks.

```
 passage ─► semiconductor? ─► probable enough? ─► phones allowed there now? ─► Alert ─► second check, outcome
                                                                                          └─► Decision
```

A semiconductor is no phone yet: watches and hearing aids answer too, so an alert of this kind is never `high`, and what
people decide about it says nothing of how well phones are heard: `rules.control` leaves it out.
"""

from cellwarden.model import Activity, Alert, JunctionReading, Odds, Passage, State
from cellwarden.watch.places import share
from cellwarden.watch.rules import JUNCTION, Severity, allowed_rooms, local_minute, sounds
from cellwarden.watch.rules_file import Rules

SEMICONDUCTOR = "semiconductor"
PLAIN = 0.95
"""Probability from which on an alert is of medium severity."""
DECIDED: dict[str, State] = {"phone": "acknowledged", "other": "false", "nothing": "not found", "refused": "not found"}
"""What the outcome of a second check says of an alert. A find is recorded by hand, with its seal, and ends it."""

OUTCOMES: dict[State, str] = {"found": "phone", "not found": "nothing", "false": "other"}
"""What the end of an alert says of its passage, where nobody has said it at the lane."""
AT_GATE = ("lane", "mail")
"""Instruments that persons and parcels pass; a wand is led over what stands in a room."""
ELSEWHERE = "alert"
"""Second check of a passage that was ended on its alert's page: it is told there, in the reason, or not at all."""


def phone_of(number: int) -> str:
    """What stands for the phone of a passage, which has no name on the air."""
    return f"L-{number:06d}"


def alerted(rules: Rules, passage: Passage, name: str, now_ns: int) -> Alert | None:
    """The alert that a passage gives, if any. A passage that was checked meanwhile gives one only where a phone was
    found."""
    reading = answered(passage)
    if JUNCTION not in rules.kinds or reading is None or passage.outcome not in ("", "phone"):
        return None
    odds: Odds = ((reading.room, 1.0),) if reading.room else ()
    minute = local_minute(rules, passage.when_ns)
    if reading.probability < rules.probability or share(odds, allowed_rooms(rules, minute)):
        return None
    severity: Severity = "medium" if reading.probability >= PLAIN else "low"
    details: dict[str, str | int | float] = {"passage": passage.number, "believed": reading.probability}
    details.update({"person": passage.person} if passage.person else {})
    details.update({"position_m": round(reading.position_m, 2)} if reading.position_m is not None else {})
    details.update({} if sounds(rules, severity, passage.when_ns) else {"silent": 1})
    phone, at_ns = phone_of(passage.number), passage.when_ns
    activity = Activity(phone, JUNCTION, at_ns, at_ns, reading.instrument, "", 0)
    return Alert(name, now_ns, at_ns, phone, "", activity, odds, reading.probability, severity, (), (), details)


def at_gate(alert: Alert) -> bool:
    """Whether it is about a person or a parcel: a second check decides, and there is no room to be searched."""
    return alert.activity.kind == JUNCTION and alert.activity.interface in AT_GATE


def answered(passage: Passage) -> JunctionReading | None:
    """The surest semiconductor of a passage."""
    found = [one for one in passage.readings if one.kind == SEMICONDUCTOR]
    return max(found, key=lambda one: one.probability, default=None)
