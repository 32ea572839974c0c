"""A site as the text of its file, which `site_file` reads back to the same values, with what other rooms read in it."""

import json
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from cellwarden.locate.site import Site
from cellwarden.locate.site_file import FORMAT


def to_toml(site: Site, others: Mapping[str, Any] | None = None) -> str:
    """The text of a `site.toml`, places to the millimetre; `others` are tables that stand in it besides, by name."""
    lines = [f"format = {FORMAT}", f"name = {_text(site.name)}", "# Lengths are metres, z upwards; floors from 0."]
    for floor in site.floors:
        lines += ["", "[[floor]]", f"number = {floor.number}", f"name = {_text(floor.name)}"]
        lines += [f"base_m = {_number(floor.base_m)}", f"height_m = {_number(floor.height_m)}"]
    for room in site.rooms:
        corners = ", ".join(map(_place, room.outline_m))
        lines += ["", "[[room]]", f"name = {_text(room.name)}", f"kind = {_text(room.kind)}", f"floor = {room.floor}"]
        lines += [f"outline_m = [{corners}]"]
    for wall in site.walls:
        lines += ["", "[[wall]]", f"floor = {wall.floor}", f"start_m = {_place(wall.start_m)}"]
        lines += [f"end_m = {_place(wall.end_m)}", f"material = {_text(wall.material)}"]
    for sensor in site.sensors:
        lines += ["", "[[sensor]]", f"name = {_text(sensor.name)}", f"place_m = {_place(sensor.place_m)}"]
        lines += [f"antenna = {_text(sensor.antenna)}", f"bands = [{', '.join(map(_text, sensor.bands))}]"]
        lines += [f"offset_db = {_number(sensor.offset_db)}"]
    for name, value in (others or {}).items():
        lines += _table(name, value)
    return "\n".join(lines) + "\n"


def _table(name: str, value: Any) -> list[str]:
    """A table, or an array of tables, with those within it."""
    if isinstance(value, list):
        return [line for one in value for line in ["", f"[[{name}]]", *_rows(name, one)]]
    return ["", f"[{name}]", *_rows(name, value)]


def _rows(name: str, table: Mapping[str, Any]) -> list[str]:
    inner = {key: value for key, value in table.items() if _is_table(value)}
    rows = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in inner]
    return rows + [line for key, value in inner.items() for line in _table(f"{name}.{_key(key)}", value)]


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)
    )


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("-", "_").isidentifier() else _text(name)


def _value(value: Any) -> str:
    """What TOML has: texts, numbers, days and times, and lists of them, in which tables stand on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return (
        value.isoformat() if isinstance(value, date | time) else _text(value) if isinstance(value, str) else repr(value)
    )


def _text(text: str) -> str:
    made = json.dumps(text, ensure_ascii=False)  # what JSON escapes TOML escapes too
    return made.replace("\x7f", "\\u007f")


def _number(value: float) -> str:
    return repr(round(float(value), 3) + 0.0)  # no negative zero


def _place(place: tuple[float, ...]) -> str:
    return f"[{', '.join(map(_number, place))}]"
