"""Pages from templates: everything is escaped, everything is translated, and all that moves is in static files."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cellwarden.console import words
from cellwarden.console.desk import desk, visitor
from cellwarden.console.floor import DrawnFloor
from cellwarden.console.guard import VISIT, form_token, keep_cookie
from cellwarden.console.rights import may
from cellwarden.language import gettext as _
from cellwarden.language import language, mark, ngettext, number
from cellwarden.model import Person

HERE = Path(__file__).parent
PATIENCE_MS = 10_000
"""After so long without a beat a page says that it is old."""
LINKS = (
    ("/", mark("Now"), "now"),
    ("/alerts", mark("Alerts"), "alerts"),
    ("/unlock", mark("Unlock"), "unlock"),
    ("/handover", mark("Handover"), "handover"),
    ("/lane", mark("Lane"), "lane"),
    ("/timeline", mark("Timeline"), "timeline"),
    ("/emitters", mark("Emitters"), "emitters"),
    ("/unknown", mark("Unknown"), "unknown"),
    ("/sensors", mark("Sensors"), "sensors"),
    ("/spectrum", mark("Spectrum"), "spectrum"),
    ("/site", mark("Site"), "site"),
    ("/notifications", mark("Notifications"), "notifications"),
    ("/finds", mark("Finds"), "finds"),
    ("/rules", mark("Rules"), "rules"),
    ("/people", mark("People"), "people"),
    ("/audit", mark("Audit"), "audit"),
    ("/help", mark("Help"), "help"),
)
Notice = tuple[str, str]
"""How (`good`, `bad` or nothing) and what a page says above all."""


@cache
def environment() -> Environment:
    """The templates, compiled once."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(gettext=_, ngettext=ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"words": words, "number": number, "state_word": lambda state: _(words.STATE_WORDS[state])}
    made.globals["still_of"] = _still
    return made


def page(
    request: Request, template: str, name: str, /, *, status: int = 200, notice: Notice | None = None, **values: object
) -> Response:
    """The page of a template, for who asks and in their language; `name` is what the links know it by."""
    here, who = desk(request), visitor(request)
    now_ns = here.now_ns()
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    common = {
        "lang": language(), "page": name, "person": who.person, "csrf": form_token(who.token),
        "links": _links(who.person), "site_name": here.site.name, "now_ns": now_ns, "now_ms": now_ns // 1_000_000,
        "east": words.east(now_ns),
        "patience_ms": PATIENCE_MS, "back": back if request.method == "GET" else "/", "notice": notice,
        "read_only": here.read_only, "moved": here.followed.moved if here.followed else None,
    }  # fmt: skip
    html = environment().get_template(template).render(common | values)
    response = HTMLResponse(html, status)
    if who.person is None and who.token:
        keep_cookie(request, response, VISIT, who.token)
    return response


def plan(request: Request, marks: Mapping[str, object]) -> Markup:
    """All floors with their marks. Viewers see the same ones at the same moment: what was drawn last is kept."""
    return _plan(desk(request).floors, language(), json.dumps(marks))


class Still(NamedTuple):
    """What of a floor stays the same, whoever looks: most of a large plan, and made once."""

    rooms: Mapping[str, Markup]
    """Each without a mark, by name."""
    walls: Markup


@lru_cache(maxsize=64)
def _still(drawn: DrawnFloor) -> Still:
    macros: Any = environment().get_template("parts.html").module
    return Still({room.name: macros.room_of(room, ("", "")) for room in drawn.rooms}, macros.walls_of(drawn))


@lru_cache(maxsize=8)
def _plan(floors: tuple[DrawnFloor, ...], _language: str, marks: str) -> Markup:
    return Markup(environment().get_template("plan.html").render(floors=floors, **json.loads(marks)))  # noqa: S704 it escapes


def _links(person: Person | None) -> list[tuple[str, str, str]]:
    """Those that a role may follow."""
    role = person.role if person else None
    watching = may(role, "GET", "/alerts")
    return [(href, _(name), key) for href, name, key in LINKS if may(role, "GET", href) and (href != "/" or watching)]
