"""A site as the text of its file, which `site_file` reads back to the same values."""

import json

from cellwarden.locate.site import Site
from cellwarden.locate.site_file import FORMAT


def to_toml(site: Site) -> str:
    """The text of a `site.toml`, places to the millimetre."""
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
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # of printable text, what JSON escapes TOML escapes too


def _number(value: float) -> str:
    return repr(round(float(value), 3) + 0.0)  # no negative zero


def _place(place: tuple[float, ...]) -> str:
    return f"[{', '.join(map(_number, place))}]"
