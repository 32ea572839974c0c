"""The same for programs: `Authorization: Bearer TOKEN`, JSON, the rights of the person whose token it is.

Described by OpenAPI at `/api/v1/openapi.json`. Every view of personal data is audited here as on the pages.
"""

from typing import Annotated, Any

from fastapi import Body, HTTPException, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from cellwarden.console.desk import desk, note, visitor
from cellwarden.console.floor import marks
from cellwarden.console.guard import guarded
from cellwarden.console.routes.alert import EXPLAINED, STEPS, alert_of
from cellwarden.console.routes.lane import MOST_LETTERS, Instrument, examine
from cellwarden.console.routes.now import stream
from cellwarden.console.routes.unknown import week
from cellwarden.console.words import OPEN
from cellwarden.errors import LaneError
from cellwarden.language import gettext as _
from cellwarden.model import Alert, Decision, Find, Handover, Note, Passage, Presence, Search, SensorState, State
from cellwarden.model.span import WEEK_NS
from cellwarden.register.queries import finds as finds_of
from cellwarden.store.engine import reading
from cellwarden.watch import deliveries, passages, queries, rules_held, shifts

ROUTES = guarded("/api/v1")
MANY = 1000


class Standing(BaseModel):
    """An alert and where it stands."""

    alert: Alert
    state: State
    decision: Decision | None
    """The newest one; null while it is new."""


class Wish(BaseModel):
    """A decision to keep."""

    state: State
    seen: State
    """The state in which the alert was seen: refused with 409 where it no longer is."""
    why: Annotated[str, Body(max_length=500)] = ""


@ROUTES.get("/openapi.json", include_in_schema=False)
def schema(request: Request) -> dict[str, Any]:
    """What this API offers."""
    known = get_openapi(title="Cellwarden", version="1", routes=ROUTES.routes)
    known["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    known["security"] = [{"token": []}]
    return known


class Log(BaseModel):
    """What the instrument recorded of a passage."""

    table: str = Field(max_length=MOST_LETTERS)
    """As LOG.csv of `cellwarden lane`."""
    person: str = Field("", max_length=100)
    """Number of the person or parcel; never a name."""
    warning_read: bool = False
    """Whether the operator has asked for pacemakers."""
    instrument: Instrument = "lane"
    """What recorded it: a `lane`, a `wand`, a `mail` scanner."""
    room: str = Field("", max_length=100)
    """Of the site, where that was: an alert then has a place."""


@ROUTES.get("/live", response_class=StreamingResponse)
async def live(request: Request) -> Response:
    """Server-sent events for as long as the token holds: `news` names the alerts that changed, `beat` comes each 2 s.

    `{"open": 3, "changed": ["A-2026-000042"]}`; the first one tells how many are open.
    """
    return stream(request, desk(request).live.news(True, program=True))


@ROUTES.get("/alerts")
def alerts(
    request: Request,
    state: Annotated[list[State] | None, Query()] = None,
    since_ns: int | None = None,
    limit: Annotated[int, Query(ge=1, le=MANY)] = 100,
    skipped: Annotated[int, Query(ge=0)] = 0,
) -> list[Standing]:
    """Alerts in these states, the newest first."""
    with desk(request).engine.begin() as c:
        note(c, request, "view", "alerts", "API")
        found = queries.alerts(c, state, since_ns, limit, skipped)
    return [Standing(alert=one, state=made.state if made else "new", decision=made) for one, made in found]


@ROUTES.get("/alerts/{name}")
def alert(request: Request, name: str) -> Standing:
    """One alert."""
    with desk(request).engine.begin() as c:
        one = alert_of(c, name)
        note(c, request, "view", name)
        made = queries.decisions(c, name)
    return Standing(alert=one, state=made[-1].state if made else "new", decision=made[-1] if made else None)


@ROUTES.get("/alerts/{name}/decisions")
def decisions(request: Request, name: str) -> list[Decision]:
    """All that was decided about it, in its order."""
    with desk(request).engine.begin() as c:
        alert_of(c, name)
        note(c, request, "view", name)
        return queries.decisions(c, name)


@ROUTES.post("/alerts/{name}/decisions", status_code=201)
def decide(request: Request, name: str, wish: Wish) -> Decision:
    """Decide. What was found is recorded by hand, on the page."""
    if wish.state not in STEPS.get(wish.seen, ()) or wish.state == "found":
        raise HTTPException(422, _("This cannot follow: load the page again."))
    if wish.state in EXPLAINED and not wish.why.strip():
        raise HTTPException(422, _("Say why: write a reason."))
    here = desk(request)
    made = Decision(name, wish.state, visitor(request).name, here.now_ns(), wish.why)
    with here.engine.begin() as c:
        alert_of(c, name)
        queries.decide(c, made, wish.seen)
        note(c, request, wish.state, name, wish.why)
    return made


@ROUTES.get("/alerts/{name}/searches")
def searches(request: Request, name: str) -> list[Search]:
    """Rooms that were searched for it in vain, in their order."""
    with desk(request).engine.begin() as c:
        alert_of(c, name)
        note(c, request, "view", name)
        return shifts.searches(c, (name,)).get(name, [])


@ROUTES.get("/handovers")
def handovers(request: Request) -> list[Handover]:
    """Who took over when, the newest first."""
    with desk(request).engine.begin() as c:
        note(c, request, "view", "handover", "API")
        return shifts.handovers(c, MANY)


@ROUTES.get("/notes")
def notes(request: Request, since_ns: int, until_ns: int) -> list[Note]:
    """What was written down for those who come after, in a week at most."""
    _in_a_week(since_ns, until_ns)
    with desk(request).engine.begin() as c:
        note(c, request, "view", "handover", f"API, {since_ns}–{until_ns}")
        return shifts.notes(c, since_ns, until_ns)


@ROUTES.get("/presences")
def presences(request: Request, since_ns: int, until_ns: int) -> list[Presence]:
    """Who was heard where, in a week at most."""
    _in_a_week(since_ns, until_ns)
    with desk(request).engine.begin() as c:
        note(c, request, "view", "timeline", f"API, {since_ns}–{until_ns}")
        return queries.presences(c, since_ns, until_ns)


@ROUTES.get("/sensors")
def sensors(request: Request) -> list[SensorState]:
    """The newest state of each sensor."""
    with reading(desk(request).engine) as c:
        return queries.sensor_states(c)


@ROUTES.get("/unknown")
def unknown(request: Request) -> dict[str, Any]:
    """Shapes of unknown bursts of the last seven days, those of most trains first, and all names that were given."""
    here = desk(request)
    with here.engine.begin() as c:
        note(c, request, "view", "unknown", "API")
        found = week(c, here.now_ns())
    told = [
        {
            "name": name.name if name else "", "trains": len(one.members), "bursts": one.bursts,
            "frequency_hz": one.frequency_hz, "low_hz": one.low_hz, "high_hz": one.high_hz, "width_hz": one.width_hz,
            "burst_s": one.burst_s, "period_s": one.period_s, "channels": one.channels, "snr_db": one.snr_db,
        }
        for one, name in found.shapes
    ]  # fmt: skip
    return {"shapes": told, "names": found.names, "alone": found.alone, "unkept": found.unkept}


@ROUTES.get("/lane")
def lane(request: Request, since_ns: int) -> list[Passage]:
    """Passages of the lane since then, the newest first."""
    with desk(request).engine.begin() as c:
        note(c, request, "view", "lane", f"API, {since_ns}–")
        return passages.passages(c, since_ns, MANY)


@ROUTES.post("/lane", status_code=201)
def pass_lane(request: Request, log: Annotated[Log, Body()]) -> list[Passage]:
    """Have a passage examined, as the instrument at the gate does; the screen there shows it by itself."""
    try:
        return examine(request, log.table, log.person, log.warning_read, log.instrument, log.room)
    except LaneError as error:
        raise HTTPException(422, str(error)) from error


@ROUTES.get("/notifications")
def notifications(request: Request) -> list[deliveries.Place]:
    """How it went with each address in the last seven days; no password is told."""
    here = desk(request)
    with reading(here.engine) as c:
        return deliveries.places(c, here.now_ns() - WEEK_NS)


@ROUTES.get("/rules")
def rules(request: Request) -> dict[str, Any]:
    """The text of the rules in force, and its versions, the newest first."""
    here = desk(request)
    with here.engine.begin() as c:
        note(c, request, "view", "rules", "API")
        return {"text": here.rules.text, "versions": rules_held.texts(c, MANY)}


@ROUTES.get("/finds")
def finds(request: Request) -> list[Find]:
    """What was found, in the order in which it was kept."""
    with desk(request).engine.begin() as c:
        note(c, request, "view", "finds")
        return finds_of(c)


@ROUTES.get("/plan")
def plan(request: Request) -> dict[str, Any]:
    """Rooms and sensors as GeoJSON (RFC 7946), in metres of the site's own frame; with the marks of open alerts."""
    here = desk(request)
    with here.engine.begin() as c:
        note(c, request, "view", "now", "API")
        known = marks([one.odds for one, _made in queries.alerts(c, OPEN, limit=MANY)])
    rooms = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[*room.outline_m, room.outline_m[0]]]},
            "properties": {
                "name": room.name, "kind": room.kind, "floor": room.floor, "level": known.get(room.name, ("", ""))[0],
            },
        }
        for room in here.site.rooms
    ]  # fmt: skip
    sensors = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": sensor.place_m},
            "properties": {"name": sensor.name, "kind": "sensor"},
        }
        for sensor in here.site.sensors
    ]
    return {"type": "FeatureCollection", "features": rooms + sensors}


def _in_a_week(since_ns: int, until_ns: int) -> None:
    if not 0 <= until_ns - since_ns <= WEEK_NS:
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="until_ns"))
