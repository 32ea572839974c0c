"""Signing in by the prison's own directory, where the site's file names one."""

from fastapi import HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from cellwarden.console import openid
from cellwarden.console.desk import Desk, desk
from cellwarden.console.guard import SESSION, guarded, keep_cookie
from cellwarden.console.page import page
from cellwarden.errors import CellwardenError, OpenIdError
from cellwarden.language import gettext as _
from cellwarden.store import people
from cellwarden.store.audit import audited

ROUTES = guarded()
WAY = "way"
"""Cookie of a browser that is at the provider. It comes back from there, so it cannot be `strict`."""
WAY_S = 600


@ROUTES.get("/sign-in/openid")
def leave(request: Request) -> Response:
    """To the provider."""
    provider = _provider(desk(request))
    try:
        begun = openid.begun(provider, _back(request))
    except OpenIdError as error:
        return _told(request, str(error), 503)
    response = RedirectResponse(begun.address, 303)
    secure = request.url.scheme == "https"
    response.set_cookie(WAY, begun.kept, max_age=WAY_S, path="/sign-in", httponly=True, samesite="lax", secure=secure)
    return response


@ROUTES.get("/sign-in/openid/return")
def come_back(request: Request) -> Response:
    """From the provider: who proves to be somebody with a role has a session."""
    here = desk(request)
    provider = _provider(here)
    try:
        known = openid.returned(provider, _back(request), request.cookies.get(WAY, ""), request.query_params)
        with here.engine.begin() as c:
            token = people.admitted_elsewhere(c, known.name, known.role, here.now_ns())
            audited(c, known.name, "sign in", known.name, f"OpenID, {known.role}", now_ns=here.now_ns())
    except CellwardenError as error:
        return _told(request, str(error), 403)
    # a page and no redirect: what another site led to is sent no strict cookie, what a page of ours leads to is
    response = page(request, "openid.html", "sign-in", name=known.name)
    keep_cookie(request, response, SESSION, token, people.SESSION_NS // 10**9)
    response.delete_cookie(WAY, path="/sign-in", httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return response


def _provider(here: Desk) -> openid.Provider:
    if here.openid is None:
        raise HTTPException(404)
    return here.openid


def _back(request: Request) -> str:
    """Where the provider sends a browser back to; it must know this address."""
    return str(request.url_for("come_back"))


def _told(request: Request, why: str, status: int) -> Response:
    return page(
        request, "trouble.html", "", status=status, heading=_("You are not signed in"), text=why,
        written={},
    )  # fmt: skip
