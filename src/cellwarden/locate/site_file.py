"""Reading and writing a site's file.

```
format = 1
name = "Remand wing"

[[floor]]                          [[room]]                                     [[wall]]
number = 0                         name = "A-001"                               floor = 0
name = "Ground floor"              kind = "cell"                                start_m = [0.0, 0.0]
base_m = 0.0                       floor = 0                                    end_m = [2.6, 0.0]
height_m = 3.0                     outline_m = [[0, 0], [2.6, 0], [2.6, 4]]     material = "concrete"

[[sensor]]
name = "S-01"
place_m = [1.3, 5.0, 2.5]
```

Each thing is a table of its own, so that its line can be told where it is wrong. A name that is unknown here is a
mistake and is told: a misspelt `offset_db` must not quietly be none.
"""

import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.language import mark, reason_of
from cellwarden.locate.site import KINDS, Floor, Room, Sensor, Site, Wall

FORMAT = 1
JSON_HEIGHT_M = 3.0
"""Height of the one floor of a plain `site.json`, which tells none."""
LARGEST = 1 << 26
"""Bytes; a site of 600 cells has a quarter of a million."""
KEYS = {
    "floor": ("number", "name", "base_m", "height_m"),
    "room": ("name", "kind", "floor", "outline_m"),
    "wall": ("floor", "start_m", "end_m", "material"),
    "sensor": ("name", "place_m", "antenna", "bands", "offset_db"),
}
ELSEWHERE = ("legal", "receiver", "nodes", "node", "notify", "evidence", "signatures", "retention", "console")
"""Read by the rooms that they concern: `watch.lawful`, `runtime.receivers`, `.nodes_file`, `.addresses`,
`.evidence_settings`, `.signature_settings`, `.retention_settings`, `.openid_settings`, `.ldap_settings`."""
TITLES = {
    "floor": mark("floor {name}"),
    "room": mark("room {name}"),
    "wall": mark("wall {name}"),
    "sensor": mark("sensor {name}"),
}

Lines = Mapping[tuple[str, int], int]
"""Line of each thing, by its kind (`room`) and place in the file's order (from 0); missing where it cannot be told."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One table of the file, and where it stands."""

    path: Path
    kind: str
    number: int
    line: int | None
    table: Mapping[str, Any]


def read(path: Path) -> tuple[Site, Lines]:
    """A site, and on which line each of its things stands."""
    text = _read(path)
    return _from_json(path, text) if path.suffix.lower() == ".json" else _from_toml(path, text)


def tables(path: Path) -> dict[str, Any]:
    """All tables of a site's file, for those who read what is not the plan. Raises SiteError."""
    return _parsed(path, _read(path))


def others(path: Path) -> dict[str, Any]:
    """The tables of a site's file that are not the plan; none of a plain `site.json`. Raises SiteError."""
    if path.suffix.lower() == ".json":
        return {}
    return {name: table for name, table in tables(path).items() if name in ELSEWHERE}


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise SiteError(_("{path} is too large for a site's file: name another one").format(path=path))
        return path.read_text(encoding="utf-8-sig")  # some editors put a mark before it
    except UnicodeDecodeError as error:
        raise SiteError(_("{path} is no text in UTF-8: name a site.toml").format(path=path)) from error
    except OSError as error:
        raise SiteError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        raise SiteError(_("{path} is no TOML: {why}: mend it").format(path=path, why=reason_of(error))) from error


def where(path: Path, line: int | None) -> str:
    """`site.toml:57`, as compilers and editors write it."""
    return f"{path}:{line}" if line else str(path)


def title(kind: str, name: str) -> str:
    """`room A-001` in the language in use."""
    return _(TITLES[kind]).format(name=name)


def _from_toml(path: Path, text: str) -> tuple[Site, Lines]:
    tables = _parsed(path, text)
    lines = _lines(text, tables)
    return of_tables(path, tables, lines), lines


def of_tables(path: Path, tables: Mapping[str, Any], lines: Lines | None = None) -> Site:
    """A site of what a file says, or would say. Raises SiteError, naming object and line, where there are lines."""
    lines = {} if lines is None else lines
    if (version := tables.get("format")) != FORMAT or isinstance(version, bool):
        raise SiteError(
            _("{path}: format is {found}, this program reads {known}: begin the file with format = {known}").format(
                path=path, found=tables.get("format", "–"), known=FORMAT
            )
        )
    top = _Entry(path, "site", 0, None, tables)
    _refuse_unknown(top, ("format", "name", *ELSEWHERE, *KEYS))
    entries = {kind: _entries(path, kind, tables.get(kind, []), lines) for kind in KEYS}
    return Site(
        name=_text(top, "name"),
        floors=tuple(map(_floor, entries["floor"])),
        rooms=tuple(map(_room, entries["room"])),
        walls=tuple(map(_wall, entries["wall"])),
        sensors=tuple(map(_sensor, entries["sensor"])),
    )


def _lines(text: str, tables: Mapping[str, Any]) -> Lines:
    """Lines of the headings `[[room]]`; none of a kind whose headings are not as many as its things."""
    heads: dict[str, list[int]] = {kind: [] for kind in KEYS}
    for line, words in enumerate(text.split("\n"), 1):
        if (head := re.match(r"\s*\[\[\s*(\w+)\s*\]\]", words)) and head[1] in heads:
            heads[head[1]].append(line)
    return {
        (kind, number): line
        for kind, found in heads.items()
        if len(found) == len(tables.get(kind, []))
        for number, line in enumerate(found)
    }


def _entries(path: Path, kind: str, tables: Any, lines: Lines) -> list[_Entry]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SiteError(_("{path}: write each {kind} as a table [[{kind}]]").format(path=path, kind=kind))
    entries = [_Entry(path, kind, n, lines.get((kind, n)), table) for n, table in enumerate(tables)]
    for entry in entries:
        _refuse_unknown(entry, KEYS[kind])
    return entries


def _floor(entry: _Entry) -> Floor:
    height_m = _number(entry, "height_m")
    if height_m <= 0:
        _wrong(entry, _("height_m must be more than 0"))
    return Floor(_integer(entry, "number"), _text(entry, "name"), _number(entry, "base_m"), height_m)


def _room(entry: _Entry) -> Room:
    kind = _text(entry, "kind")
    if kind not in KINDS:
        _wrong(entry, _("kind {kind} is unknown: write one of {known}").format(kind=kind, known=", ".join(KINDS)))
    outline = _value(entry, "outline_m")
    if not isinstance(outline, list) or len(outline) < 3 or not all(_is_place(corner, 2) for corner in outline):
        _wrong(entry, _("outline_m must be three or more corners in metres, as [[0, 0], [2.6, 0], [2.6, 4]]"))
    corners = tuple((float(x), float(y)) for x, y in outline)
    if corners[0] == corners[-1] and len(corners) > 3:  # other formats close their rings by repeating the first corner
        corners = corners[:-1]
    return Room(_text(entry, "name"), kind, _integer(entry, "floor"), corners)


def _wall(entry: _Entry) -> Wall:
    (x0, y0), (x1, y1) = _place(entry, "start_m", 2), _place(entry, "end_m", 2)
    return Wall(_integer(entry, "floor"), (x0, y0), (x1, y1), _text(entry, "material"))


def _sensor(entry: _Entry) -> Sensor:
    x, y, z = _place(entry, "place_m", 3)
    bands = entry.table.get("bands", [])
    if not isinstance(bands, list) or not all(isinstance(band, str) for band in bands):
        _wrong(entry, _('bands must be names, as ["GSM 900", "GSM 1800"]'))
    antenna = _text(entry, "antenna") if "antenna" in entry.table else "omni"
    offset_db = _number(entry, "offset_db") if "offset_db" in entry.table else 0.0
    return Sensor(_text(entry, "name"), (x, y, z), antenna, tuple(bands), offset_db)


def _refuse_unknown(entry: _Entry, known: tuple[str, ...]) -> None:
    for key in entry.table:
        if key not in known:
            likely = get_close_matches(key, known, 1) or known
            _wrong(entry, _("{key} is unknown: write {known}").format(key=key, known=", ".join(likely)))


def _value(entry: _Entry, key: str) -> Any:
    if key not in entry.table:
        _wrong(entry, _("{key} is missing: add it").format(key=key))
    return entry.table[key]


def _text(entry: _Entry, key: str) -> str:
    value = _value(entry, key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        _wrong(entry, _("{key} must be a text of one line, in quotes").format(key=key))
    return str(value)


def _integer(entry: _Entry, key: str) -> int:
    value = _value(entry, key)
    if isinstance(value, bool) or not isinstance(value, int):
        _wrong(entry, _("{key} must be a whole number").format(key=key))
    return int(value)


def _number(entry: _Entry, key: str) -> float:
    value = _value(entry, key)
    if not _is_number(value):
        _wrong(entry, _("{key} must be a number").format(key=key))
    return float(value)


def _place(entry: _Entry, key: str, count: int) -> tuple[float, ...]:
    value = _value(entry, key)
    if not _is_place(value, count):
        _wrong(entry, _("{key} must be {count} numbers in metres").format(key=key, count=count))
    return tuple(map(float, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9  # neither nan nor inf


def _is_place(value: Any, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(map(_is_number, value))


def _wrong(entry: _Entry, problem: str) -> NoReturn:
    """Raise what is wrong with one thing, by its name where it has one, else by its number."""
    name = entry.table.get("name")
    shown = name if isinstance(name, str) and name.isprintable() else str(entry.number + 1)
    told = problem
    if entry.kind != "site":
        told = _("{what}: {problem}").format(what=title(entry.kind, shown), problem=problem)
    raise SiteError(f"{where(entry.path, entry.line)}: {told}")


def _from_json(path: Path, text: str) -> tuple[Site, Lines]:
    """The plain file of recorded walks: sensors by name, each with x_m, y_m, z_m, and an area that holds all."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SiteError(_("{path} is no JSON: {why}: mend it").format(path=path, why=error)) from error
    if not isinstance(tree, dict) or not isinstance(tree.get("sensors"), dict):
        raise SiteError(_("{path} names no sensors: write a site.toml").format(path=path))
    lines = {}
    sensors = []
    for number, (name, table) in enumerate(tree["sensors"].items()):
        at = text.find(json.dumps(name, ensure_ascii=False))
        line = text.count("\n", 0, at) + 1 if at >= 0 else None
        if line:
            lines["sensor", number] = line
        entry = _Entry(path, "sensor", number, line, {"name": name} | (table if isinstance(table, dict) else {}))
        x, y, z = (_number(entry, key) for key in ("x_m", "y_m", "z_m"))
        sensors.append(Sensor(_text(entry, "name"), (x, y, z)))
    area = tree.get("area_m")
    if not isinstance(area, list) or len(area) != 2 or not all(_is_place(corner, 2) for corner in area):
        raise SiteError(_("{path}: area_m must be two corners, as [[0, 0], [18.5, 17.9]]").format(path=path))
    (x0, y0), (x1, y1) = area
    outline = tuple((float(x), float(y)) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
    height_m = max([JSON_HEIGHT_M, *(math.ceil(sensor.place_m[2] + 0.1) for sensor in sensors)])
    floor = Floor(0, "0", 0.0, float(height_m))
    return Site(path.stem, (floor,), (Room("area", "room", 0, outline),), (), tuple(sensors)), lines
