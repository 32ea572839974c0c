"""Who may sign in, and what was done: for administrators and auditors."""

from typing import Annotated

from fastapi import Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from cellwarden.console import words
from cellwarden.console.desk import desk, note, viewed, visitor
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.rights import ROLES, may
from cellwarden.language import gettext as _
from cellwarden.store import audit, people
from cellwarden.store.engine import reading

ROUTES = guarded()
MANY = 100
"""Lines of the audit on a page."""
Name = Annotated[str, Form(min_length=1, max_length=100)]


@ROUTES.get("/people")
def everybody(request: Request) -> Response:
    """Who may sign in, as what."""
    return _shown(request)


@ROUTES.post("/people/invite")
def invited(request: Request, name: Name, role: Annotated[str, Form()]) -> Response:
    """A link with which somebody new, or who forgot, chooses a password. It is shown once, here."""
    if role not in ROLES or not name.strip() or not name.isprintable():
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="role"))
    if name.strip() == visitor(request).name and role != visitor(request).person.role:  # type: ignore[union-attr]
        return _shown(request, ("bad", _("Let another administrator do this to you.")), status=409)
    here = desk(request)
    with here.engine.begin() as c:
        token = people.invite(c, name.strip(), role, here.now_ns())
        note(c, request, "invite", name.strip(), role)
    link = f"{request.url.scheme}://{request.url.netloc}/set-up/{token}"
    return _shown(
        request, ("good", _("Give this link to {name}. It works once, within a day.").format(name=name)), link
    )


@ROUTES.post("/people/change")
def changed(request: Request, name: Name, what: Annotated[str, Form()]) -> Response:
    """Another role, barred, let in again, or free to try again."""
    if name == visitor(request).name and what != "unlock":
        return _shown(request, ("bad", _("Let another administrator do this to you.")), status=409)
    with desk(request).engine.begin() as c:
        if what in ROLES:
            people.set_role(c, name, what)
        elif what in ("bar", "admit"):
            people.set_disabled(c, name, what == "bar")
        elif what == "unlock":
            people.unlock(c, name)
        else:
            raise HTTPException(422, _("This cannot be read: {what}.").format(what="what"))
        note(c, request, "change", name, what)
    return RedirectResponse("/people", 303)


@ROUTES.get("/audit")
def log(request: Request, before: int | None = None) -> Response:
    """The audit log, the newest first, and whether its chain holds. It is looked through at each visit."""
    here = desk(request)
    with reading(here.engine) as c:
        broken = audit.verify(c)
        lines = audit.newest(c, MANY, before)
        end = audit.head(c)
    viewed(request, "audit")
    beside, beside_broken = here.read_only.log.checked() if here.read_only else ([], None)
    more = lines[-1].number if len(lines) == MANY and lines[-1].number > 1 else None
    return page(
        request, "audit.html", "audit", broken=broken, lines=lines, end=end, more=more,
        beside=beside[::-1][:MANY], beside_broken=beside_broken,
    )  # fmt: skip


def _shown(request: Request, notice: Notice | None = None, link: str = "", status: int = 200) -> Response:
    here = desk(request)
    with reading(here.engine) as c:
        known = people.persons(c)
    roles = [(role, _(words.ROLE_WORDS[role])) for role in ROLES]
    who = visitor(request).person
    return page(
        request, "people.html", "people", status=status, notice=notice, people=known, roles=roles, link=link,
        role_words=dict(roles), changing=may(who.role if who else None, "POST", "/people/change"),
    )  # fmt: skip
