"""Rules as the text that `rules_file` reads: what a site begins with, and what the demonstration shows."""

import json
from collections.abc import Iterable, Iterator

from cellwarden.watch.rules_file import FORMAT, Hours, Rules


def written(rules: Rules) -> str:
    """The file that says the same."""
    return "\n".join(_lines(rules)) + "\n"


def _lines(rules: Rules) -> Iterator[str]:
    named = (f"timezone = {_text(rules.timezone)}",) if rules.timezone else ()
    yield from (f"format = {FORMAT}", *named, "", "[alert]")
    yield f"kinds = {_texts(rules.kinds)}"
    yield f"bursts = {rules.bursts}"
    for key in ("sure", "probability", "outside"):
        yield f"{key} = {getattr(rules, key)!r}"
    for zone in rules.zones:
        yield from ("", "[[zone]]", f"name = {_text(zone.name)}", f"rooms = {_texts(zone.rooms)}")
        yield from _hours(zone.hours)
        yield from (f"phones = {_text(zone.phones)}", f"weight = {zone.weight!r}")
    for staff in rules.staff:
        yield from ("", "[[staff]]", f"emitter = {_text(staff.emitter)}", f"zones = {_texts(staff.zones)}")
        yield from _hours(staff.hours)
    yield from ("", "[quiet]", *_hours(rules.quiet), f"severity = {_text(rules.quiet_severity)}")
    yield from ("", "[budget]", f"false_a_week = {rules.false_a_week!r}")
    yield from ("", "[escalation]", f"minutes = {rules.escalate_minutes!r}", f"steps = {rules.escalate_steps}")


def _hours(hours: Hours) -> Iterator[str]:
    if hours:
        yield f"hours = {_texts(f'{_clock(start)}-{_clock(end)}' for start, end in hours)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _text(value: str) -> str:
    """TOML's basic strings take what JSON's do."""
    return json.dumps(value, ensure_ascii=False)


def _texts(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"
