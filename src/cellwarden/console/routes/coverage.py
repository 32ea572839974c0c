"""Where sensors would hear a phone, and where the next ones would help most."""

import math
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from cellwarden.console import shade, words
from cellwarden.console.desk import desk, note, viewed, visitor
from cellwarden.console.floor import drawn, sensor_marks, spots
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.rights import may
from cellwarden.errors import ConsoleError
from cellwarden.language import gettext as _
from cellwarden.language import mark
from cellwarden.locate import coverage
from cellwarden.locate.site import Sensor, Site, room_at
from cellwarden.locate.site_edit import opened
from cellwarden.store.engine import reading
from cellwarden.watch import queries

ROUTES = guarded()
LISTED = 12
"""Rooms that are named, the worst first."""
MOST_MORE = 6
"""Sensors that are proposed at once."""
WHERE = {"corridor": mark("in corridors"), "cell": mark("in cells"), "both": mark("in corridors and cells")}
Where = Annotated[Literal["corridor", "cell", "both"], Form()]


@ROUTES.get("/sensors/coverage")
def heard_where(request: Request, band: str = coverage.BANDS[0].name) -> Response:
    """The plan with how many sensors would hear the weakest phone of a band, as they are now."""
    asked = next((one for one in coverage.BANDS if one.name == band), None)
    if asked is None:
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="band"))
    here = desk(request)
    now_ns, site = here.now_ns(), here.site
    with reading(here.engine) as c:
        states = {state.sensor: state for state in queries.sensor_states(c)}
    deaf = {sensor.name: bool(words.deaf(states.get(sensor.name), now_ns)) for sensor in site.sensors}
    floors = {name: state.floor_dbfs_hz for name, state in states.items()}
    thresholds = [
        math.inf if deaf[one.name] else coverage.threshold_dbm(one, floors.get(one.name), asked) for one in site.sensors
    ]
    places = coverage.raster(site)
    marks = shade.marks_of(coverage.heard_by(site, asked, thresholds))
    rooms = shade.rooms_unheard(site, places, marks)
    assumed = [
        one.name for one, least in zip(site.sensors, thresholds, strict=True)
        if math.isfinite(least) and not coverage.calibrated(one, floors.get(one.name))
    ]  # fmt: skip
    return page(
        request, "coverage.html", "sensors", bands=[one.name for one in coverage.BANDS], band=asked,
        shades=shade.shades(site, places, marks), floors=here.floors, by_floor=shade.by_floor(site, places, marks),
        rooms=rooms[:LISTED], more=max(0, len(rooms) - LISTED),
        sensors=sensor_marks(site, list(states.values()), now_ns),
        listening=sum(map(math.isfinite, thresholds)), count=len(site.sensors), assumed=assumed, sure=coverage.SURE,
        enough=coverage.ENOUGH, placing=_may_place(request), share=_share,
    )  # fmt: skip


@ROUTES.get("/sensors/placement")
def placement(request: Request) -> Response:
    """Where the next sensors would help most: asked, on its way, or found."""
    if "x-again" not in request.headers:
        viewed(request, "sensors")
    return _shown(request)


@ROUTES.post("/sensors/placement")
def ask(
    request: Request, what: Annotated[Literal["start", "stop"], Form()],
    count: Annotated[int, Form(ge=1, le=MOST_MORE)] = 1, where: Where = "corridor",
) -> Response:  # fmt: skip
    """Begin to look for places, or leave off."""
    here = desk(request)
    if what == "stop":
        here.placing.stop()
        return RedirectResponse("/sensors/placement", 303)
    site = planned(request)
    if not any(room.kind == "cell" for room in site.rooms):
        return _shown(request, ("bad", _("The site has no cells to tell apart.")), 409)
    if not here.placing.start(site, count, ("corridor", "cell") if where == "both" else (where,)):
        return _shown(request, ("bad", _("Somebody else's question goes on: wait for it, or leave it off.")), 409)
    with here.engine.begin() as c:
        note(c, request, "try", "sensors", f"{count}, {where}")
    return RedirectResponse("/sensors/placement", 303)


def planned(request: Request) -> Site:
    """The site as its file has it, where there is one: sensors may have been added that the watch does not have yet."""
    here = desk(request)
    return here.site if here.editing is None else opened(here.editing.path)[0]


def with_proposal(request: Request, site: Site) -> Site:
    """A site with the sensors that were proposed. Raises ConsoleError where there are none, or one's name is taken."""
    found = desk(request).placing.look().found
    if found is None:
        raise ConsoleError(_("There is no proposal: ask for one."))
    taken = {sensor.name for sensor in site.sensors}
    if any(sensor.name in taken for sensor in found.sensors):
        raise ConsoleError(_("These sensors are in the plan already, or the plan has changed: ask anew."))
    return replace(site, sensors=(*site.sensors, *found.sensors))


def _share(part: float) -> str:
    """Of an area: all of it is 100 %."""
    return _("{number} %").format(number=round(100 * part)) if part >= 0.005 or not part else _("< 1 %")


def _may_place(request: Request) -> bool:
    who = visitor(request).person
    return may(who.role if who else None, "GET", "/sensors/placement")


def _shown(request: Request, notice: Notice | None = None, status: int = 200) -> Response:
    here, site = desk(request), planned(request)
    look = here.placing.look()
    proposed = look.found.sensors if look.found else ()
    where = {floor.number: [one for one in proposed if _floor(site, one) == floor.number] for floor in site.floors}
    floors = [(one, where[one.number]) for one in drawn(site) if where[one.number]]
    own = {one.name: ("", one.name) for one in site.sensors}
    return page(
        request, "placement.html", "sensors", status=status, notice=notice, look=look, most=MOST_MORE,
        wheres={key: _(word) for key, word in WHERE.items()},
        proposed=[(one, room_at(site, *one.place_m)) for one in proposed],
        floors=[(one, _places(site, one.number, those)) for one, those in floors], sensors=own,
        editing=here.editing is not None, placing=True,
    )  # fmt: skip


def _floor(site: Site, sensor: Sensor) -> int | None:
    room = room_at(site, *sensor.place_m)
    return None if room is None else room.floor


def _places(site: Site, number: int, sensors: list[Sensor]) -> list[tuple[float, float, str]]:
    floor = next(floor for floor in site.floors if floor.number == number)
    return [(x, y, "next") for x, y in spots(site, floor, [one.place_m for one in sensors])]
