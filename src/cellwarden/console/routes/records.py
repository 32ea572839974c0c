"""What was: who was heard where over days, which transmitters are known, how sensors do, what was found."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi import HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

from cellwarden.console import words
from cellwarden.console.desk import desk, note, viewed, visitor
from cellwarden.console.floor import sensor_marks
from cellwarden.console.guard import guarded
from cellwarden.console.page import page, plan
from cellwarden.console.rights import may
from cellwarden.language import gettext as _
from cellwarden.language import language
from cellwarden.language.clock import local
from cellwarden.model import Presence
from cellwarden.model.span import DAY_NS, HOUR_NS, S_NS
from cellwarden.register.queries import finds as finds_of
from cellwarden.register.queries import finds_csv
from cellwarden.store.engine import reading
from cellwarden.store.photographs import picture
from cellwarden.watch import deliveries, queries

ROUTES = guarded()
SPANS_H = 12, 24, 72, 168
REMEMBERED_H = 30 * 24
"""How far the list of transmitters looks back."""
DAYS = 7
"""Of notifications."""
MOST_LANES = 200
LEAST_SHOWN = 4.0
"""Of a lane's 1000 units: the shortest call can be seen."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of the timeline: pieces of time in thousandths of the span, and what was done in them."""

    name: str
    spans: tuple[tuple[float, float, str], ...]
    doings: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A transmitter that was heard before."""

    name: str
    first_ns: int
    last_ns: int
    times: int
    cells: str


@ROUTES.get("/timeline")
def timeline(request: Request, hours: int = 24, by: str = "cell") -> Response:
    """Who was heard where, over hours or days, a row for each cell or each phone."""
    if hours not in SPANS_H:
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="hours"))
    here = desk(request)
    until = here.now_ns()
    since = until - hours * HOUR_NS
    viewed(request, "timeline", f"{hours} h")
    with reading(here.engine) as c:
        found = queries.presences(c, since, until)
    rows = lanes(found, since, until, "phone" if by == "phone" else "cell")
    return page(
        request, "timeline.html", "timeline", lanes=rows[:MOST_LANES], more=max(0, len(rows) - MOST_LANES),
        hours=hours, by=by, spans=[(h, _span_word(h)) for h in SPANS_H], ticks=_ticks(since, until, hours),
        heat=_heat(found, since), weekdays=_weekdays(),
    )  # fmt: skip


def lanes(found: Iterable[Presence], since_ns: int, until_ns: int, by: str) -> list[Lane]:
    """Presences as rows, by name; each lies in its most probable room."""
    grouped: dict[str, list[Presence]] = defaultdict(list)
    for one in found:
        grouped[words.where(one.odds) if by == "cell" else one.emitter or one.phone].append(one)

    def piece(start_ns: int, end_ns: int) -> tuple[float, float]:
        start, end = (
            1000 * (min(max(t, since_ns), until_ns) - since_ns) / (until_ns - since_ns) for t in (start_ns, end_ns)
        )
        return round(min(start, 1000 - LEAST_SHOWN), 1), round(max(end - start, LEAST_SHOWN), 1)

    return [
        Lane(
            name,
            tuple((*piece(one.start_ns, one.end_ns), _title(one, by, until_ns)) for one in those),
            tuple(
                (*piece(doing.start_ns, doing.end_ns), f"{words.moment(doing.start_ns, until_ns)} {words.told(doing)}")
                for one in those
                for doing in one.activities
                if doing.end_ns >= since_ns
            ),
        )
        for name, those in sorted(grouped.items())
    ]


def _title(one: Presence, by: str, now_ns: int) -> str:
    who = (one.emitter or one.phone) if by == "cell" else words.where(one.odds)
    return f"{who}, {words.span(one.start_ns, one.end_ns, now_ns)}"


def _span_word(hours: int) -> str:
    if hours <= 24:
        return _("{count} hours").format(count=hours)
    return _("{count} days").format(count=hours // 24)


def _ticks(since_ns: int, until_ns: int, hours: int) -> list[tuple[float, str]]:
    """Whole hours or days of the site's clock, in thousandths of the span, also where that clock is changed."""
    from babel.dates import format_skeleton

    step = {12: 3, 24: 6, 72: 24, 168: 24}[hours]
    first = local(since_ns).replace(minute=0, second=0, microsecond=0)
    ticks = []
    for at_ns in range(int(first.timestamp()) * S_NS + HOUR_NS, until_ns, HOUR_NS):
        there = local(at_ns)
        if there.hour % step == 0:
            shown = f"{there:%H:%M}" if hours <= 24 else format_skeleton("MMMd", there, locale=language())
            ticks.append((round(1000 * (at_ns - since_ns) / (until_ns - since_ns), 1), shown))
    return ticks


def _heat(found: Sequence[Presence], since_ns: int) -> list[list[tuple[int, float]]]:
    """What was done since then by weekday (Monday first) and hour: how often, and the share of the most."""
    counts = Counter(
        (at.weekday(), at.hour)
        for one in found
        for at in (local(doing.start_ns) for doing in one.activities if doing.end_ns >= since_ns)
    )
    most = max(counts.values(), default=1)
    return [[(counts[day, hour], counts[day, hour] / most) for hour in range(24)] for day in range(7)]


def _weekdays() -> list[str]:
    from babel.dates import get_day_names

    names = get_day_names("abbreviated", locale=language())
    return [names[day] for day in range(7)]


@ROUTES.get("/emitters")
def emitters(request: Request) -> Response:
    """Transmitters that the gallery knows, as they were heard here lately."""
    here = desk(request)
    now_ns = here.now_ns()
    viewed(request, "emitters")
    with reading(here.engine) as c:
        found = queries.presences(c, now_ns - REMEMBERED_H * HOUR_NS, now_ns)
    return page(request, "emitters.html", "emitters", rows=_known(found), now_ns=now_ns)


def _known(found: Iterable[Presence]) -> list[Known]:
    grouped: dict[str, list[Presence]] = defaultdict(list)
    for one in found:
        if one.emitter:
            grouped[one.emitter].append(one)
    rows = []
    for name, those in grouped.items():
        cells = Counter(words.where(one.odds) for one in those)
        often = ", ".join(cell for cell, _count in cells.most_common(3))
        rows.append(Known(name, min(p.start_ns for p in those), max(p.end_ns for p in those), len(those), often))
    return sorted(rows, key=lambda row: -row.last_ns)


@ROUTES.get("/sensors")
def sensors(request: Request) -> Response:
    """How each sensor does, the deaf first, and what to do about it."""
    here = desk(request)
    now_ns = here.now_ns()
    with reading(here.engine) as c:
        states = queries.sensor_states(c)
    marks = sensor_marks(here.site, states, now_ns)
    newest = {state.sensor: state for state in states}
    rows = sorted(
        ((name, reason, newest.get(name)) for name, (reason, _w) in marks.items()), key=lambda row: not row[1]
    )
    deaf = sum(bool(reason) for _name, reason, _state in rows)
    drawn = plan(request, {"rooms": {}, "sensors": marks})
    who = visitor(request).person
    placing = may(who.role if who else None, "GET", "/sensors/placement")
    return page(request, "sensors.html", "sensors", rows=rows, deaf=deaf, plan=drawn, placing=placing)


@ROUTES.get("/notifications")
def notifications(request: Request) -> Response:
    """Whether those who are to be told are told: the addresses that fail first."""
    here = desk(request)
    with reading(here.engine) as c:
        found = deliveries.places(c, here.now_ns() - DAYS * DAY_NS)
    return page(request, "notifications.html", "notifications", places=found, days=DAYS)


@ROUTES.get("/finds")
def finds(request: Request) -> Response:
    """What was found, the newest first."""
    here = desk(request)
    viewed(request, "finds")
    with reading(here.engine) as c:
        found = finds_of(c)
    return page(request, "finds.html", "finds", finds=found[::-1])


@ROUTES.get("/finds.csv")
def finds_table(request: Request) -> Response:
    """The list of finds, to take along."""
    with desk(request).engine.begin() as c:
        note(c, request, "take along", "finds")
        table = finds_csv(c)
    headers = {"Content-Disposition": 'attachment; filename="finds.csv"'}
    return PlainTextResponse(table, media_type="text/csv", headers=headers)


@ROUTES.get("/photographs/{digest}")
def photograph(request: Request, digest: str) -> Response:
    """A photograph of a find."""
    found = picture(desk(request).photographs, digest)
    if found is None:
        raise HTTPException(404)
    return Response(found, media_type="image/jpeg")
