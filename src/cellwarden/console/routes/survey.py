"""A guided survey: where to stand next with a test phone, and from when to when somebody did."""

import os
from typing import Annotated

from fastapi import Form, HTTPException, Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from cellwarden.console.desk import desk, note, viewed
from cellwarden.console.floor import drawn, spots
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.routes.site import editing_of
from cellwarden.errors import ReadingsError
from cellwarden.language import gettext as _
from cellwarden.locate import survey_guide
from cellwarden.locate.site import Site
from cellwarden.locate.site_edit import opened
from cellwarden.locate.survey_guide import Stand
from cellwarden.model.span import S_NS

ROUTES = guarded()
STAY_S = 30
"""Long enough for a phone that calls; one that is idle needs more."""


@ROUTES.get("/survey")
def survey(
    request: Request, at: Annotated[int, Query(ge=0)] = 0, since_ns: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """The next place that is left, from `at` on; since when somebody stands there, if they do."""
    viewed(request, "survey")
    return _shown(request, at, since_ns)


@ROUTES.post("/survey")
def stand(
    request: Request, what: Annotated[str, Form(max_length=10)], at: Annotated[int, Form(ge=0)] = 0,
    since_ns: Annotated[int, Form(ge=0)] = 0,
) -> Response:  # fmt: skip
    """Somebody stands at a place, walks on from it, leaves it out, or begins the whole walk anew."""
    here, editing = desk(request), editing_of(request)
    if what == "begin":
        return RedirectResponse(f"/survey?at={at}&since_ns={here.now_ns()}", 303)
    if what == "anew":
        with here.engine.begin() as c:
            note(c, request, "change", "survey", "")
            if editing.stays.exists():
                os.replace(editing.stays, editing.stays.with_name(f"{editing.stays.name}.before"))  # noqa: PTH105
        return RedirectResponse("/survey", 303)
    places = survey_guide.stands(opened(editing.path)[0])
    if what != "end" or at >= len(places):
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="what"))
    try:
        with here.engine.begin() as c:
            note(c, request, "write", "survey", places[at].room)
            survey_guide.stood(editing.stays, places[at], since_ns / S_NS, here.now_ns() / S_NS)
    except ReadingsError as error:
        return _shown(request, at, 0, ("bad", str(error)), 422)
    return RedirectResponse("/survey", 303)


@ROUTES.get("/survey/stays.csv")
def stays(request: Request) -> Response:
    """From when to when somebody stood where, for `cellwarden survey`."""
    path = editing_of(request).stays
    if not path.exists():
        raise HTTPException(404)
    headers = {"Content-Disposition": 'attachment; filename="stays.csv"'}
    return PlainTextResponse(path.read_text(encoding="utf-8"), media_type="text/csv", headers=headers)


def _shown(request: Request, at: int, since_ns: int, notice: Notice | None = None, status: int = 200) -> Response:
    editing = desk(request).editing
    if editing is None:
        return page(request, "site_none.html", "site")
    site = opened(editing.path)[0]
    places, walked = survey_guide.stands(site), survey_guide.stays(editing.stays)
    done = [survey_guide.done(one, walked) for one in places]
    left = [n for n in range(len(places)) if not done[n]]
    following = next((n for n in left if n >= at), left[0] if left else None)
    chosen = None if following is None else places[following]
    floor = next((one for one in drawn(site) if chosen and one.number == chosen.floor), None)
    marks = _marks(site, places, done, following)
    stands = since_ns if chosen is not None and 0 < since_ns <= desk(request).now_ns() else 0
    return page(
        request, "survey.html", "site", status=status, notice=notice, at=following, stand=chosen, drawn=floor,
        marks=marks, since_ns=stands, done=sum(done), count=len(places), stay_s=STAY_S,
        sensors={sensor.name: ("", sensor.name) for sensor in site.sensors},
        kept=editing.stays.exists(), site_file=editing.path.name,
    )  # fmt: skip


def _marks(
    site: Site, places: tuple[Stand, ...], done: list[bool], following: int | None
) -> list[tuple[float, float, str]]:
    """Places of the next one's floor as they are drawn, and whether somebody stood there, or is to."""
    if following is None:
        return []
    floor = next(floor for floor in site.floors if floor.number == places[following].floor)
    mine = [n for n, one in enumerate(places) if one.floor == floor.number]
    at = spots(site, floor, [places[n].place_m for n in mine])
    states = ["next" if n == following else "done" if done[n] else "left" for n in mine]
    return [(x, y, state) for (x, y), state in zip(at, states, strict=True)]
