"""The door: who asks, may they, did our own page send it; and what a browser is told about each answer.

```
 request ─► size ─► language, clock ─► session or token ─► rights ─► CSRF token of a form ─► the page
            (ASGI, around all)  (`guard`, before each route)
```
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from babel.core import negotiate_locale
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cellwarden.console.desk import Visitor, desk
from cellwarden.console.rights import may
from cellwarden.language import DEFAULT, LANGUAGES, speaking
from cellwarden.language import gettext as _
from cellwarden.language.clock import standing
from cellwarden.store import people
from cellwarden.store.engine import reading

API = "/api/"
SESSION = "session"
COMING = "/sign-in", "/sign-out"
"""Forms that are taken where nothing else may be written."""
VISIT = "visit"
"""Cookie of a browser that has not signed in: what its sign-in form is tied to."""
YEAR_S = 365 * 24 * 3600
MOST_BYTES = 24 << 20
"""Of what a form may bring: four photographs."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",
}


class SignInFirst(HTTPException):
    """Nobody has signed in: pages lead to where one does."""

    def __init__(self) -> None:
        super().__init__(401, _("Sign in first."))


class Around:
    """Around all routes: a limit on size, the language, the clock, and headers."""

    def __init__(self, app: ASGIApp, zone: Callable[[], str] = str) -> None:
        self.app, self.zone = app, zone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        secure, begun = scope["scheme"] == "https", False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out[name] = value
                out.setdefault("Cache-Control", "no-store")
                if secure:
                    out["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        with speaking(_language(headers)), standing(self.zone()):
            refused = _refused(scope["method"], headers)
            try:
                await (refused or self.app)(scope, receive, dressed)
            except Exception:  # a fault of ours: the log tells it, and who asked is told by us, with all headers
                if not begun:
                    told = _("Something failed here. The console's log says what.")
                    await PlainTextResponse(told, 500)(scope, receive, dressed)
                raise


def _refused(method: str, headers: Headers) -> Response | None:
    """What is too large, or does not say how large it is, is not read at all."""
    if method in ("GET", "HEAD"):
        return None
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return Response(status_code=411)
    return Response(status_code=413) if int(length) > MOST_BYTES else None


def _language(headers: Headers) -> str:
    """The one that was switched to, else the browser's first that is spoken here."""
    try:
        switched = SimpleCookie(headers.get("cookie", "")).get("language")
    except CookieError:
        switched = None
    if switched is not None and switched.value in LANGUAGES:
        return switched.value
    wishes = [part.partition(";")[0].strip() for part in headers.get("accept-language", "").split(",")]
    return negotiate_locale([wish for wish in wishes if wish], LANGUAGES, sep="-") or DEFAULT


async def guard(request: Request) -> None:
    """Before each route: sets `request.state.visitor`, or refuses."""
    found = await run_in_threadpool(_visitor, request)
    request.state.visitor = found
    route = request.scope["route"].path
    method = "GET" if request.method == "HEAD" else request.method
    if not may(found.person.role if found.person else None, method, route):
        raise SignInFirst() if found.person is None else HTTPException(403, _("Your role may not do this."))
    if method != "GET" and route not in COMING and desk(request).read_only is not None:
        raise HTTPException(503, _("The store is damaged and is not written to: this was not kept. Restore a backup."))
    if method != "GET" and not route.startswith(API):
        sent = (await request.form()).get("csrf")
        if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), form_token(found.token).encode()):
            raise HTTPException(403, _("This form is too old, or did not come from here: load the page again."))


def guarded(prefix: str = "") -> APIRouter:
    """Routes that nobody gets to but by the guard."""
    return APIRouter(prefix=prefix, dependencies=[Depends(guard)])


def _visitor(request: Request) -> Visitor:
    """A program's token counts in the API alone, a page's cookie in pages alone: no page can be led to call the API."""
    here = desk(request)
    api = request.scope["route"].path.startswith(API)
    if api:
        kind, _space, token = request.headers.get("authorization", "").partition(" ")
        token = people.PROGRAM + token if kind.lower() == "bearer" and token else ""
    else:
        token = request.cookies.get(SESSION, "").removeprefix(people.PROGRAM)
    person = None
    if token:
        with reading(here.engine) as c:
            person = people.session(c, token, here.now_ns())
    if person is None:
        token = request.cookies.get(VISIT, "") or secrets.token_urlsafe(24)
    return Visitor(person, token)


def form_token(token: str) -> str:
    """What a form carries; the session cannot be told from it."""
    return hashlib.sha256(b"form " + token.encode()).hexdigest()


def keep_cookie(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """For this site alone, out of the reach of scripts, and never in the clear where there is TLS."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def keep_language(request: Request, response: Response, code: str) -> None:
    """That which somebody chose, for a year."""
    keep_cookie(request, response, "language", code, YEAR_S)


def local(path: str) -> str:
    """A path of this console to lead back to; what leads elsewhere becomes the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
