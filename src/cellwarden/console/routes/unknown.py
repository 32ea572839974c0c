"""What no air interface knows: the week's unknown bursts by their looks, for an analyst to name."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from cellwarden.console.desk import desk, note, viewed, visitor
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.routes.alert import Text
from cellwarden.language import gettext as _
from cellwarden.language import mark, number
from cellwarden.language.clock import local
from cellwarden.model import Stray, StrayName
from cellwarden.model.span import WEEK_NS
from cellwarden.radio.bands import allocations_at
from cellwarden.signature.shapes import Shape, named, shapes
from cellwarden.store.engine import reading
from cellwarden.watch import strays

ROUTES = guarded()
MOST = 20_000
"""Trains that are looked at: of more each second, third, … is."""
SHOWN = 60
"""Shapes on the page."""
MANY_CHANNELS = 5
"""From which on it hops."""
IDEAS = (
    mark("Wi-Fi calling"),
    mark("relay"),
    mark("satellite phone"),
    mark("remote control"),
    mark("machine"),
    mark("ours"),
)
MAP = (300.0, 150.0)
"""Width and height of the picture."""


@dataclass(frozen=True, slots=True)
class Week:
    """What is known of a week."""

    strays: list[Stray]
    shapes: list[tuple[Shape, StrayName | None]]
    names: list[StrayName]
    alone: int
    """Trains that are like few others."""
    count: int
    """Trains that were kept."""
    unkept: int
    """Trains that were too many to be."""


@dataclass(frozen=True, slots=True)
class Told:
    """A shape in words."""

    shape: Shape
    name: StrayName | None
    x: float
    y: float
    r: float
    """Place and size in the picture."""
    look: str
    habit: str
    bands: str
    sensors: str
    first_ns: int
    last_ns: int
    hours: list[float]
    """Trains by hour of the day, the most being 1."""


def week(c: Connection, now_ns: int) -> Week:
    """The last seven days."""
    found, count = strays.strays(c, now_ns - WEEK_NS, now_ns + 1, MOST)
    names = strays.names(c)
    made, alone = shapes(found)
    return Week(
        found, [(one, named(one, names)) for one in made], names, alone, count,
        strays.unkept(c, now_ns - WEEK_NS, now_ns + 1),
    )  # fmt: skip


@ROUTES.get("/unknown")
def unknown(request: Request) -> Response:
    """The week's shapes, those of most trains first."""
    return _shown(request)


@ROUTES.post("/unknown/name")
def name(
    request: Request,
    name: Text,
    frequency_hz: Annotated[float, Form()],
    width_hz: Annotated[float, Form()],
    burst_s: Annotated[float, Form()],
    why: Text = "",
) -> Response:
    """Give a shape a name, with its reason; the names of before stay in the list."""
    here, who = desk(request), visitor(request).name
    looks = frequency_hz, width_hz, burst_s
    if not all(math.isfinite(one) and one > 0 for one in looks):
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="frequency_hz"))
    if not name.strip():
        return _shown(request, ("bad", _("Write a name.")), 422)
    one = StrayName(name.strip(), who, here.now_ns(), why.strip(), *looks)
    with here.engine.begin() as c:
        if all(named(shape, [one]) is None for shape, _name in week(c, here.now_ns()).shapes):
            raise HTTPException(409, _("Nothing of the week looks like this any more: load the page again."))
        strays.name(c, one)
        note(c, request, "name", "unknown", f"{_look(*looks)}: {one.name}" + (f" ({one.why})" if one.why else ""))
    return RedirectResponse("/unknown", 303)


def _shown(request: Request, notice: Notice | None = None, status: int = 200) -> Response:
    here = desk(request)
    viewed(request, "unknown")
    with reading(here.engine) as c:
        found = week(c, here.now_ns())
    told = [_told(one, name, found.strays) for one, name in found.shapes[:SHOWN]]
    return page(
        request, "unknown.html", "unknown", status=status, notice=notice, told=told, week=found,
        more=max(0, len(found.shapes) - SHOWN), ideas=[_(idea) for idea in IDEAS], map=MAP,
    )  # fmt: skip


def _told(one: Shape, name: StrayName | None, rows: list[Stray]) -> Told:
    those = [rows[k] for k in one.members.tolist()]
    hours = Counter(local(row.start_ns).hour for row in those)
    most = max(hours.values())
    heard = ", ".join(
        f"{sensor} ({number(times)})" for sensor, times in Counter(r.sensor for r in those).most_common(4)
    )
    x, y = _at(one.burst_s, one.width_hz)
    return Told(
        one, name, x, y, round(min(16.0, 3.0 + math.sqrt(len(those))), 1),
        _look(one.frequency_hz, one.width_hz, one.burst_s), _habit(one), _bands(one), heard,
        those[0].start_ns, max(row.end_ns for row in those), [hours[hour] / most for hour in range(24)],
    )  # fmt: skip


def _at(burst_s: float, width_hz: float) -> tuple[float, float]:
    """Of a shape in the picture: 10 µs to 10 s to the right, 1 kHz to 100 MHz upwards, by decades."""
    x = MAP[0] * (math.log10(burst_s) + 5) / 6
    y = MAP[1] * (1 - (math.log10(width_hz) - 3) / 5)
    return round(min(MAP[0], max(0.0, x)), 1), round(min(MAP[1], max(0.0, y)), 1)


def _look(frequency_hz: float, width_hz: float, burst_s: float) -> str:
    """`1,620.3 MHz, 32 kHz wide, 8.3 ms`."""
    width = f"{_two(width_hz / 1e6)} MHz" if width_hz >= 1e6 else f"{_two(width_hz / 1e3)} kHz"
    return _("{frequency} MHz, {width} wide, {length} ms").format(
        frequency=number(frequency_hz / 1e6, 1), width=width, length=_two(burst_s * 1e3)
    )


def _two(value: float) -> str:
    """Two digits that count."""
    return number(value, max(0, 1 - math.floor(math.log10(value)))) if value > 0 else number(0)


def _habit(one: Shape) -> str:
    """How it uses its channels and time."""
    if one.channels >= MANY_CHANNELS:
        where = _("hops over {count} channels from {low} to {high} MHz").format(
            count=number(one.channels), low=number(one.low_hz / 1e6, 1), high=number(one.high_hz / 1e6, 1)
        )
    else:
        where = _("stays on its channel") if one.channels == 1 else _("{count} channels").format(
            count=number(one.channels)
        )  # fmt: skip
    when = (
        _("keeps no time") if one.period_s is None else _("every {period} ms").format(period=_two(one.period_s * 1e3))
    )
    return _("{where}; {when}").format(where=where, when=when)


def _bands(one: Shape) -> str:
    """Who else sends there."""
    found = dict.fromkeys(
        band.band if band.band.startswith(band.system) else f"{band.system} {band.band}"
        for edge in (one.low_hz, one.high_hz)
        for band in allocations_at(edge)
    )
    return ", ".join(list(found)[:4])
