"""The console of one site, put together.

engine, site = opened("site.db"), load(Path("site.toml"))
server(application(engine, site)).run(sockets=[listening("127.0.0.1", 8443)])
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from starlette.exceptions import HTTPException as StarletteHTTPException

from cellwarden.console.desk import Desk, ReadOnly, Visitor
from cellwarden.console.editing import Editing
from cellwarden.console.floor import drawn
from cellwarden.console.guard import API, Around, SignInFirst, local
from cellwarden.console.ldap import Directory
from cellwarden.console.live import Live
from cellwarden.console.openid import Provider
from cellwarden.console.page import HERE, page
from cellwarden.console.placing import Placing
from cellwarden.console.routes import (
    account,
    alert,
    api,
    coverage,
    lane,
    now,
    people,
    records,
    shift,
    spectrum,
    unknown,
)
from cellwarden.console.routes import openid as openid_pages
from cellwarden.console.routes import rules as rule_pages
from cellwarden.console.routes import site as site_pages
from cellwarden.console.routes import survey as survey_pages
from cellwarden.console.spectra import Spectra
from cellwarden.console.views import Views
from cellwarden.errors import CellwardenError, ConsoleError, StoreDamagedError, StoreFullError, StoreValueError
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.locate.site import Site
from cellwarden.store.moved import Followed
from cellwarden.store.people import invite, persons
from cellwarden.store.photographs import folder_of
from cellwarden.watch.rules_held import Held, held

FIRST = "administrator"
"""Name of the first person."""
Answer = Callable[[Request, Exception], Response]
WRITTEN = "text", "why", "model", "seal"
"""Fields of forms in which people write sentences; none is a secret."""
NOTHING: Mapping[str, str] = {}


def application(
    engine: Engine,
    site: Site,
    *,
    now_ns: Callable[[], int] = time.time_ns,
    photographs: Path | None = None,
    rules: Held | None = None,
    evidence: Path | None = None,
    spectra: Spectra | None = None,
    editing: Editing | None = None,
    openid: Provider | None = None,
    ldap: Directory | None = None,
    read_only: ReadOnly | None = None,
    followed: Followed | None = None,
) -> FastAPI:
    """The pages, the API and what keeps them live.

    Photographs of finds lie beside the store's file unless told; `rules` are those that the watch goes by;
    `evidence` is the folder in which snippets are kept; `spectra` has what receivers hear; `editing`
    is the site's file, where it may be changed; `openid` and `ldap` are directories by which people sign in, too;
    `read_only` tells that `engine` is what was salvaged of a damaged store; `followed` knows where the store's file is.
    """
    if not site.floors:
        raise ConsoleError(_("{name} has no floor: mend the site's file").format(name=site.name))
    force = rules or held(None)
    live = Live(engine, site, now_ns, force, followed)

    @contextlib.asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        looking, _ready = asyncio.create_task(live.run()), asyncio.create_task(asyncio.to_thread(_warm))
        yield
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking

    app = FastAPI(
        title="Cellwarden", lifespan=running,
        openapi_url=None, docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.desk = Desk(
        engine,
        site,
        now_ns,
        photographs or _beside(engine),
        live,
        drawn(site),
        force,
        evidence,
        spectra or Spectra(()),
        editing,
        Views(engine, now_ns),
        Placing(None if editing is None else editing.proposal),
        openid,
        ldap,
        read_only,
        followed,
    )
    every = (
        now, alert, shift, records, coverage, lane, unknown, spectrum, site_pages, survey_pages, rule_pages, people,
        account, openid_pages, api,
    )  # fmt: skip
    for routes in every:
        app.router.routes.extend(routes.ROUTES.routes)  # flat: who may go where is one table
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(Around, zone=lambda: force.rules.timezone)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(CellwardenError, _told)
    return app


def first_link(engine: Engine, address: str, now_ns: int) -> str | None:
    """A link with which the first administrator chooses a password; None where there is somebody already."""
    with engine.begin() as c:
        return None if persons(c) else f"{address}/set-up/{invite(c, FIRST, 'administrator', now_ns)}"


def _warm() -> None:
    """Load what only the search sheet needs: half a second that nobody is to wait for who prints the first one."""
    import cellwarden.console.sheet  # noqa: F401


def _beside(engine: Engine) -> Path:
    """The store's file with another ending; a folder here where the store is on a server."""
    database = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
    return folder_of(Path(database or "cellwarden"))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    if isinstance(error, SignInFirst) and not request.url.path.startswith(API) and request.method == "GET":
        if request.url.path.endswith("/live"):
            return Response(status_code=401)
        path, asked = request.url.path, request.url.query
        return RedirectResponse(f"/sign-in?after={quote(f'{path}?{asked}' if asked else path)}", 303)
    unsaid = error.detail == HTTPStatus(error.status_code).phrase
    said = _("There is nothing here.") if unsaid and error.status_code in (404, 405) else error.detail
    if isinstance(error, SignInFirst) and not request.url.path.startswith(API):
        said = _("You are no longer signed in, and this was not kept: sign in, and do it again.")
    lost = error.status_code in (401, 403) and request.method == "POST" and not request.url.path.startswith(API)
    written = await _written(request) if lost else {}
    return _trouble(request, error.status_code, str(said), dict(error.headers or {}), written)


async def _written(request: Request) -> dict[str, str]:
    """What somebody wrote into which field of a form of ours that came too late: shown to them once more, and kept
    nowhere but in their browser's tab, which puts it back into the form when the same person has signed in.

    Another site's form is not read, so that nobody puts words into our pages.
    """
    if urlsplit(request.headers.get("origin", "")).netloc != request.headers.get("host"):
        return {}
    form = await request.form()
    found = {name: form.get(name) for name in WRITTEN}
    return {name: text for name, text in found.items() if isinstance(text, str) and text.strip()}


def _page_of(request: Request) -> str:
    """The page whose form was sent: where to go on after signing in."""
    came = urlsplit(request.headers.get("referer", ""))
    return local(came.path) if came.netloc == request.headers.get("host") else "/"


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(sorted({_in_words(one) for one in error.errors()}))
    return _trouble(request, 422, _("This cannot be read: {what}.").format(what=wrong), {})


def _in_words(wrong: Mapping[str, Any]) -> str:
    """Which part of what was sent is wrong, and what is allowed there."""
    more, names = wrong.get("ctx", {}), [part for part in wrong["loc"][1:] if isinstance(part, str)]
    name = names[-1] if names else str(wrong["loc"][0])
    if wrong["type"] == "json_invalid":
        at = number(wrong["loc"][-1] + 1)
        return _("the body is no JSON from character {at} on ({why})").format(at=at, why=more.get("error", ""))
    if wrong["type"] == "missing":
        return _("{name} is missing").format(name=name)
    if wrong["type"] == "literal_error":
        allowed = ", ".join(re.findall("'([^']*)'", more["expected"]))
        return _("{name} must be one of these: {allowed}").format(name=name, allowed=allowed)
    if wrong["type"] in ("greater_than_equal", "less_than_equal"):
        least = "ge" in more
        words = _("{name} must be {limit} or more") if least else _("{name} must be {limit} or less")
        return words.format(name=name, limit=number(more["ge" if least else "le"]))
    if wrong["type"] in ("int_parsing", "int_from_float", "int_type"):
        return _("{name} must be a whole number").format(name=name)
    return name


def _told(request: Request, error: Exception) -> Response:
    """The store says why not; where it is full or damaged, it is not the asker's fault."""
    if isinstance(error, StoreValueError):
        return _trouble(request, 422, _("This cannot be read: {what}.").format(what=request.url.path), {})
    status = 503 if isinstance(error, StoreFullError | StoreDamagedError) else 409
    return _trouble(request, status, f"{error}", {})


def _trouble(
    request: Request, status: int, said: str, headers: dict[str, str], written: Mapping[str, str] = NOTHING
) -> Response:
    """What is wrong, as a page or, to programs, as JSON."""
    if request.url.path.startswith(API):
        return JSONResponse({"detail": said}, status, headers)
    if not hasattr(request.state, "visitor"):
        request.state.visitor = Visitor(None, "")
    response = page(
        request,
        "trouble.html",
        "",
        status=status,
        heading=_("That did not work"),
        text=said,
        written=written,
        after=_page_of(request),
    )
    response.headers.update(headers)
    return response
