"""What receivers hear, as it comes: rows of the spectrum, the names of what is in them, and snippets played again."""

from fastapi import HTTPException, Request, Response

from cellwarden.console import snippets
from cellwarden.console.desk import desk, viewed
from cellwarden.console.guard import guarded
from cellwarden.console.page import page
from cellwarden.console.routes.now import stream
from cellwarden.store.engine import reading
from cellwarden.watch import queries

ROUTES = guarded()
MOST_SNIPPETS = 12
NEWEST = 40
"""Alerts that are looked through for snippets."""


@ROUTES.get("/spectrum")
def spectrum(request: Request, sensor: str = "") -> Response:
    """The page; its rows come by themselves."""
    here = desk(request)
    names = here.spectra.sensors
    chosen = sensor if sensor in names else names[0] if names else ""
    viewed(request, "spectrum", chosen)
    with reading(here.engine) as c:
        alerts = [alert for alert, _decision in queries.alerts(c, limit=NEWEST)]
    pairs = ((alert, digest) for alert in alerts for digest in alert.evidence)
    kept = ((alert, snippets.snippet(here.evidence, digest)) for alert, digest in pairs)
    found = [(alert, one) for alert, one in kept if one is not None][:MOST_SNIPPETS]
    elsewhere = [one.name for one in here.site.sensors if one.name not in names]
    return page(
        request, "spectrum.html", "spectrum", sensors=names, sensor=chosen, kept=found, elsewhere=elsewhere
    )  # fmt: skip


@ROUTES.get("/spectrum/live")
async def news(request: Request, sensor: str) -> Response:
    """Rows of a sensor, as server-sent events."""
    here = desk(request)
    if sensor not in here.spectra.sensors:
        raise HTTPException(404)
    return stream(request, here.spectra.news(sensor))
