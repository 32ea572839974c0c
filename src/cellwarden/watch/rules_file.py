"""The rules of a site's alerts, as a file that people read and write.

```
format = 1                                     [[zone]]                            where phones may be, and when
timezone = "Europe/Paris"                      name = "offices"
                                               rooms = ["A-0 office", "A-1 office"]
[alert]                                        hours = ["06:00-21:00"]             none: always
kinds = ["call", "text", "registration",       phones = "allowed"                  or "staff": only known ones
         "junction"]
bursts = 5          # fewer are no proof,
sure = 0.999        # unless one is so sure    [[staff]]
probability = 0.5   # of being where it        emitter = "E-0042"
                    #   must not be            zones = ["corridors"]
outside = 1e-4      # at most                  hours = ["06:00-14:00"]
                                               [quiet]
[budget]                                       hours = ["22:00-06:00"]
false_a_week = 2                               severity = "high"                   from this on it sounds at night too
                                               [escalation]
                                               minutes = 10
                                               steps = 3
```

Each table and key may be left out; a word that is not known is a mistake and is told with its line.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NoReturn
from zoneinfo import ZoneInfo

from cellwarden.errors import RulesError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of

FORMAT = 1
LARGEST = 1 << 20
"""Bytes."""
KINDS = ("call", "text", "registration", "junction")
"""`junction`: electronics that are off, found by a harmonic radar (`watch.junctions`)."""
SEVERITIES = ("low", "medium", "high")
PHONES = ("allowed", "staff")
KEYS: Mapping[str, tuple[str, ...]] = {
    "alert": ("kinds", "bursts", "sure", "probability", "outside"),
    "zone": ("name", "rooms", "hours", "phones", "weight"),
    "staff": ("emitter", "zones", "hours"),
    "quiet": ("hours", "severity"),
    "budget": ("false_a_week",),
    "escalation": ("minutes", "steps"),
}
MINUTES_A_DAY = 24 * 60

Hours = tuple[tuple[int, int], ...]
"""From and to, in minutes since midnight; across midnight where the end is not after the start. None: always."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Rooms in which phones may be."""

    name: str
    rooms: tuple[str, ...]
    hours: Hours = ()
    phones: Literal["allowed", "staff"] = "staff"
    """`allowed`: any phone may be there in these hours; `staff`: those of the list."""
    weight: float = 1.0
    """How many times likelier a phone is heard from one of these rooms, in these hours, than from any one other."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A phone of staff, known by its signature."""

    emitter: str
    zones: tuple[str, ...]
    hours: Hours = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What is told to officers."""

    kinds: tuple[str, ...] = KINDS
    bursts: int = 5
    """Fewer are no proof, since noise may look like a burst; but for one that is `sure`."""
    sure: float = 0.999
    probability: float = 0.5
    """Of a phone where none may be, from which on it is told."""
    outside: float = 1e-4
    """The most probability of being beyond the wall at which it is told: as `locate.geofence.SURE_NATS`."""
    zones: tuple[Zone, ...] = ()
    staff: tuple[Staff, ...] = ()
    quiet: Hours = ()
    quiet_severity: Literal["low", "medium", "high"] = "high"
    false_a_week: float = 2.0
    escalate_minutes: float = 10.0
    escalate_steps: int = 3
    timezone: str = ""
    """By which hours are read, UTC where it is not named, and by which people are told times."""


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of the file, and where it stands."""

    path: Path
    title: str
    line: int
    words: Mapping[str, Any]
    lines: Mapping[str, int]
    """Of its keys."""


def load(path: Path, rooms: Sequence[str] | None = None) -> Rules:
    """Read a file of rules; rooms: those of the site, where it is known. Raises RulesError, naming line and remedy."""
    try:
        if path.stat().st_size > LARGEST:
            raise RulesError(_("{path} is too large for rules: name another file").format(path=path))
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before it
    except UnicodeDecodeError as error:
        raise RulesError(_("{path} is no text in UTF-8: name a file of rules").format(path=path)) from error
    except OSError as error:
        raise RulesError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    return parse(text, path, rooms)


def parse(text: str, path: Path, rooms: Sequence[str] | None = None) -> Rules:
    """The same from its text."""
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        raise RulesError(_("{path} is no TOML: {why}: mend it").format(path=path, why=reason_of(error))) from error
    top, tables = _tables(text, path, tree)
    if (version := tree.get("format")) != FORMAT or isinstance(version, bool):
        _wrong(top, "format", _("format must be {known}: begin the file with it").format(known=FORMAT))
    _refuse_unknown(top, ("format", "timezone", *KEYS))
    for kind, found in tables.items():
        for table in found:
            _refuse_unknown(table, KEYS[kind])
    zones = tuple(_zone(table, rooms) for table in tables["zone"])
    names = [zone.name for zone in zones]
    for table, zone in zip(tables["zone"], zones, strict=True):
        if names.count(zone.name) > 1:
            _wrong(table, "name", _("two zones have the name {name}: give each its own").format(name=zone.name))
    staff = tuple(_staff(table, names) for table in tables["staff"])
    return _rules(top, tables, zones, staff)


def _rules(top: _Table, tables: Mapping[str, list[_Table]], zones: tuple[Zone, ...], staff: tuple[Staff, ...]) -> Rules:
    alert, quiet, budget, escalation = (_one(top, tables, key) for key in ("alert", "quiet", "budget", "escalation"))
    default = Rules()
    return Rules(
        kinds=_choices(alert, "kinds", KINDS, default.kinds),
        bursts=_whole(alert, "bursts", 2, 10**6, default.bursts),
        sure=_number(alert, "sure", 0.99, 1.0, default.sure),
        probability=_number(alert, "probability", 0.0, 1.0, default.probability),
        outside=_number(alert, "outside", 0.0, 0.5, default.outside),
        zones=zones,
        staff=staff,
        quiet=_hours(quiet),
        quiet_severity=_choice(quiet, "severity", SEVERITIES, default.quiet_severity),
        false_a_week=_number(budget, "false_a_week", 0.0, 1e4, default.false_a_week),
        escalate_minutes=_number(escalation, "minutes", 1.0, MINUTES_A_DAY, default.escalate_minutes),
        escalate_steps=_whole(escalation, "steps", 0, 10, default.escalate_steps),
        timezone=_timezone(top),
    )


def _tables(text: str, path: Path, tree: Mapping[str, Any]) -> tuple[_Table, dict[str, list[_Table]]]:
    """The top of the file, and its tables by kind, each with the lines of its keys."""
    places: dict[str, list[tuple[int, dict[str, int]]]] = {kind: [] for kind in ("", *KEYS)}
    here: tuple[int, dict[str, int]] = (1, {})
    places[""].append(here)
    for line, words in enumerate(text.split("\n"), 1):
        if head := re.match(r"\s*\[\[?\s*([\w-]+)\s*\]", words):
            here = (line, {})
            places.setdefault(head[1], []).append(here)
            places[""][0][1].setdefault(head[1], line)
        elif key := re.match(r"\s*([\w-]+)\s*=", words):
            here[1].setdefault(key[1], line)
    top = _Table(path, "", 1, tree, places[""][0][1])
    found: dict[str, list[_Table]] = {}
    for kind in KEYS:
        many = kind in ("zone", "staff")
        told = tree.get(kind, [] if many else None)
        each = told if isinstance(told, list) else [] if told is None else [told]
        if not all(isinstance(one, dict) for one in each) or (many and not isinstance(told, list)):
            shape = f"[[{kind}]]" if many else f"[{kind}]"
            _wrong(top, kind, _("write {kind} as a table {shape}").format(kind=kind, shape=shape))
        lines = places[kind] if len(places[kind]) == len(each) else [(1, {})] * len(each)
        found[kind] = [_Table(path, kind, line, one, keys) for one, (line, keys) in zip(each, lines, strict=True)]
    return top, found


def _one(top: _Table, tables: Mapping[str, list[_Table]], kind: str) -> _Table:
    found = tables[kind]
    if len(found) > 1:
        _wrong(found[1], "", _("[{kind}] stands twice: leave one").format(kind=kind))
    return found[0] if found else _Table(top.path, kind, 1, {}, {})


def _zone(table: _Table, rooms: Sequence[str] | None) -> Zone:
    name, inside = _text(table, "name"), _texts(table, "rooms")
    for room in inside:
        if rooms is not None and room not in rooms:
            likely = ", ".join(get_close_matches(room, rooms, 1) or list(rooms)[:3])
            _wrong(table, "rooms", _("room {room} is not in the site: write {known}").format(room=room, known=likely))
    phones = _choice(table, "phones", PHONES, "staff")
    return Zone(name, inside, _hours(table), phones, _number(table, "weight", 1.0, 1000.0, 1.0))


def _staff(table: _Table, zones: Sequence[str]) -> Staff:
    """Without a zone a signature would silence alone, so there must be one."""
    wanted = _texts(table, "zones")
    for zone in wanted:
        if zone not in zones:
            _wrong(table, "zones", _("zone {zone} is unknown: add a [[zone]] of that name").format(zone=zone))
    if not (hours := _hours(table)):
        _wrong(table, "hours", _('hours are missing: add them, as hours = ["06:00-14:00"]'))
    return Staff(_text(table, "emitter"), wanted, hours)


def _hours(table: _Table) -> Hours:
    found: list[tuple[int, int]] = []
    for words in _texts(table, "hours") if "hours" in table.words else ():
        match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", words)
        a, b, c, d = map(int, match.groups()) if match else (99, 0, 0, 0)
        start, end = 60 * a + b, 60 * c + d
        if max(start, end) > MINUTES_A_DAY or max(b, d) > 59 or start in (end, MINUTES_A_DAY):
            _wrong(table, "hours", _('hours {words} cannot be read: write them as "06:00-14:00"').format(words=words))
        found.append((start, end))
    return tuple(found)


def _timezone(top: _Table) -> str:
    if "timezone" not in top.words:
        return Rules().timezone
    name = _text(top, "timezone")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        _wrong(top, "timezone", _('timezone {name} is unknown: write one as "Europe/Paris"').format(name=name))
    return name


def _text(table: _Table, key: str) -> str:
    value = table.words.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        _wrong(table, key, _("{key} must be a text of one line, in quotes").format(key=key))
    return value


def _texts(table: _Table, key: str) -> tuple[str, ...]:
    value = table.words.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one.strip() for one in value):
        _wrong(table, key, _('{key} must be one or more texts, as ["a", "b"]').format(key=key))
    return tuple(value)


def _choices(table: _Table, key: str, known: Sequence[str], default: tuple[str, ...]) -> tuple[str, ...]:
    if key not in table.words:
        return default
    for one in (wanted := _texts(table, key)):
        if one not in known:
            _wrong(table, key, _("{key} {word} is unknown: write {known}").format(
                key=key, word=one, known=", ".join(known)
            ))  # fmt: skip
    return wanted


def _choice(table: _Table, key: str, known: Sequence[str], default: str) -> Any:
    value = table.words.get(key, default)
    if value not in known:
        words = _("{key} {word} is unknown: write {known}")
        _wrong(table, key, words.format(key=key, word=value, known=", ".join(known)))
    return value


def _number(table: _Table, key: str, least: float, most: float, default: float) -> float:
    value = table.words.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        words = _("{key} must be a number from {least} to {most}")
        _wrong(table, key, words.format(key=key, least=f"{least:g}", most=f"{most:g}"))
    return float(value)


def _whole(table: _Table, key: str, least: int, most: int, default: int) -> int:
    value = _number(table, key, least, most, default)
    if not value.is_integer():
        words = _("{key} must be a whole number from {least} to {most}")
        _wrong(table, key, words.format(key=key, least=least, most=most))
    return int(value)


def _refuse_unknown(table: _Table, known: tuple[str, ...]) -> None:
    for key in table.words:
        if key not in known:
            likely = get_close_matches(key, known, 1) or known
            _wrong(table, key, _("{key} is unknown: write {known}").format(key=key, known=", ".join(likely)))


def _wrong(table: _Table, key: str, problem: str) -> NoReturn:
    title = f"[{table.title}]: " if table.title else ""
    raise RulesError(f"{table.path}:{table.lines.get(key, table.line)}: {title}{problem}")
