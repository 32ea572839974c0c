"""How things stand: the plan and the open alerts, live."""

import time
from collections.abc import AsyncIterator

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from cellwarden.console import live, words
from cellwarden.console.desk import desk, note, viewed, visitor
from cellwarden.console.guard import guarded
from cellwarden.console.page import LINKS, page, plan
from cellwarden.console.rights import may
from cellwarden.language import gettext as _
from cellwarden.store import people
from cellwarden.store.engine import reading
from cellwarden.watch import alert_table, queries

ROUTES = guarded()
MANY = 50
"""Alerts on a page of the list."""
CHECK_S = 30.0
"""So often a page that listens is asked whether its session still holds."""


@ROUTES.get("/")
def now(request: Request, wall: bool = False) -> Response:
    """The first page; who may not watch is led to the first that they may see."""
    role = visitor(request).person.role  # type: ignore[union-attr]  # nobody comes here without a role
    if not may(role, "GET", "/alerts"):
        first = next(href for href, _name, _key in LINKS if href != "/" and may(role, "GET", href))
        return RedirectResponse(first, 303)
    here = desk(request)
    viewed(request, "now")
    found = here.live.stands()
    return page(
        request, "now.html", "now", wall=wall, plan=plan(request, live.marks_of(found, here.site)),
        title=live.title_of(found), **live.values_of(found, here.site),
    )  # fmt: skip


@ROUTES.get("/live")
async def news(request: Request) -> Response:
    """What changes, as server-sent events, for as long as the session holds."""
    who = visitor(request)
    watching = may(who.person.role if who.person else None, "GET", "/alerts")
    return stream(request, desk(request).live.news(watching))


def stream(request: Request, messages: AsyncIterator[str]) -> Response:
    """Server-sent events, for as long as the session holds."""
    here, who = desk(request), visitor(request)

    def holds() -> bool:
        with reading(here.engine) as c:
            return people.session(c, who.token, here.now_ns()) == who.person

    async def told() -> AsyncIterator[str]:
        asked = time.monotonic()
        async for message in messages:
            if time.monotonic() - asked > CHECK_S:
                asked = time.monotonic()
                if not await run_in_threadpool(holds):
                    return
            yield message

    return StreamingResponse(told(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@ROUTES.get("/alerts")
def alerts(request: Request, of: str = "open", after: int = 0) -> Response:
    """All alerts that are open, that are settled, or both."""
    states = {"open": words.OPEN, "settled": words.ENDS}.get(of)
    here = desk(request)
    viewed(request, "alerts", of[:20])
    with reading(here.engine) as c:
        found = queries.alerts(c, states, limit=MANY + 1, skipped=max(after, 0))
    choices = (("open", _("Open")), ("settled", _("Settled")), ("all", _("All")))
    pairs = [(alert, decision.state if decision else "new") for alert, decision in found[:MANY]]
    more = after + MANY if len(found) > MANY else 0
    return page(request, "alerts.html", "alerts", alerts=pairs, of=of, choices=choices, more=more)


@ROUTES.get("/alerts.csv")
def table(request: Request) -> Response:
    """All alerts that are kept with what was decided, to take along."""
    with desk(request).engine.begin() as c:
        note(c, request, "take along", "alerts")
        made = alert_table.table(queries.alerts(c))
    headers = {"Content-Disposition": 'attachment; filename="alerts.csv"'}
    return PlainTextResponse(made, media_type="text/csv", headers=headers)
