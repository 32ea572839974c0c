"""What all pages work with, and who visits them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request
from sqlalchemy import Connection, Engine

from cellwarden.console.editing import Editing
from cellwarden.console.floor import DrawnFloor
from cellwarden.console.ldap import Directory
from cellwarden.console.openid import Provider
from cellwarden.console.placing import Placing
from cellwarden.console.spectra import Spectra
from cellwarden.console.views import Views
from cellwarden.locate.site import Site
from cellwarden.model import Person
from cellwarden.store.audit import audited
from cellwarden.store.beside import Beside
from cellwarden.store.moved import Followed
from cellwarden.watch.rules_held import Held

if TYPE_CHECKING:
    from cellwarden.console.live import Live


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """The store is damaged: what the console shows was salvaged from it, and nothing is written."""

    store: Path
    """The damaged one."""
    since_ns: int
    until_ns: int
    """Time of the newest that could be read; 0 for nothing."""
    gaps: bool
    """Whether something could not be read."""
    log: Beside
    """What keeps who looks at what, in place of the store's audit log."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The console of one site."""

    engine: Engine
    site: Site
    now_ns: Callable[[], int]
    photographs: Path
    """Folder of those of finds, each named by its SHA-256."""
    live: "Live"
    floors: tuple[DrawnFloor, ...]
    """Of the site, the highest first."""
    rules: Held
    """Those in force."""
    evidence: Path | None
    """Folder of snippets; None where the site keeps none."""
    spectra: Spectra
    """Live pictures of what receivers hear."""
    editing: Editing | None
    """The site's file, where it can be changed."""
    views: Views
    """Lines of the audit log that tell who looked at what."""
    placing: Placing
    """Where the next sensors would help most, as it was asked last."""
    openid: Provider | None = None
    """The directory that says who people are by OpenID Connect; None where there is none."""
    ldap: Directory | None = None
    """The directory that knows people by their passwords; None where there is none."""
    read_only: ReadOnly | None = None
    """Why nothing may be written; None where all is well."""
    followed: Followed | None = None
    """Who knows whether the store's file is where it was."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: a person who has signed in, by a page's cookie or a program's token; or nobody."""

    person: Person | None
    token: str
    """Of the session; before it, of the visit. What forms carry is made from it."""

    @property
    def name(self) -> str:
        """For the audit's lines."""
        return self.person.name if self.person else ""


def desk(request: Request) -> Desk:
    """The console that a request came to."""
    found: Desk = request.app.state.desk
    return found


def visitor(request: Request) -> Visitor:
    """Who sent it, as `guard` found out."""
    found: Visitor = request.state.visitor
    return found


def note(c: Connection, request: Request, action: str, what: str, why: str = "") -> None:
    """A line in the audit log, in the transaction of what it tells of."""
    audited(c, visitor(request).name, action, what, why, now_ns=desk(request).now_ns())


def viewed(request: Request, what: str, why: str = "") -> None:
    """A line in the audit log that somebody looks at something; it is kept when this returns."""
    desk(request).views.keep(visitor(request).name, what, why)
