"""Signing in and out, one's own password and second factor, the language, and help."""

from typing import Annotated

from fastapi import Form, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from cellwarden.console import ldap, words
from cellwarden.console.desk import Desk, desk, note, visitor
from cellwarden.console.guard import SESSION, guarded, keep_cookie, keep_language, local
from cellwarden.console.page import HERE, Notice, page
from cellwarden.errors import LdapError, StoreError
from cellwarden.language import LANGUAGES
from cellwarden.language import gettext as _
from cellwarden.model import Person
from cellwarden.store import people
from cellwarden.store.audit import audited
from cellwarden.store.engine import reading

ROUTES = guarded()
LEAST_LETTERS = 12
"""Of a password (ANSSI, Recommandations relatives à l'authentification multifacteur et aux mots de passe, R23)."""
Secret = Annotated[str, Form(max_length=1000)]
Short = Annotated[str, Form(max_length=100)]
Seed = Annotated[str, Form(pattern="^[A-Z2-7]{32}$")]
"""As `people.new_totp_secret` makes it."""


@ROUTES.get("/sign-in")
def door(request: Request, after: str = "/") -> Response:
    """The form."""
    if visitor(request).person:
        return RedirectResponse(local(after), 303)
    return _door(request, after)


@ROUTES.post("/sign-in")
def sign_in(request: Request, name: Short, password: Secret, code: Short = "", after: str = Form("/")) -> Response:
    """Let in who proves it. It is not told what was wrong: name, password, code, or too many tries."""
    here, lost = desk(request), ""
    try:
        found = _proven(here, name.strip(), password, code.strip())
    except StoreError:  # a code that was used already
        found = None
    except LdapError as error:
        found, lost = None, str(error)
    if found is None:
        _refused(here, name.strip())
        said = _("Name, password or code are wrong; or there were too many tries: then wait for 15 minutes.")
        return _door(request, after, name, ("bad", lost or said))
    return _in(request, found, local(after))


@ROUTES.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End this session."""
    with desk(request).engine.begin() as c:
        people.sign_out(c, visitor(request).token)
        note(c, request, "sign out", visitor(request).name)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


@ROUTES.get("/set-up/{token}")
def link(request: Request, token: str) -> Response:
    """The form of a one-time link."""
    return _form(request, token)


@ROUTES.post("/set-up/{token}")
def set_up(request: Request, token: str, password: Secret, again: Secret) -> Response:
    """Keep the password, and sign in."""
    here = desk(request)
    if wrong := _unfit(password, again):
        return _form(request, token, wrong)
    hashed = people.hashed(password)
    with here.engine.begin() as c:
        person = people.accept(c, token, hashed, "", here.now_ns())
        audited(c, person.name, "set up", person.name, person.role, now_ns=here.now_ns())
    found = people.sign_in(here.engine, person.name, password, "", here.now_ns())
    return _in(request, found, "/") if found else RedirectResponse("/sign-in", 303)


@ROUTES.get("/account")
def account(request: Request) -> Response:
    """One's own password and second factor."""
    return _account(request)


@ROUTES.post("/account/password")
def password(request: Request, old: Secret, password: Secret, again: Secret, code: Short = "") -> Response:
    """Another password, for who knows the old one; all sessions end, this one begins anew."""
    here, name = desk(request), visitor(request).name
    if wrong := _unfit(password, again):
        return _account(request, ("bad", wrong))
    try:
        found = people.sign_in(here.engine, name, old, code.strip(), here.now_ns())
    except StoreError:  # a code that was used already
        found = None
    if found is None:
        return _account(request, ("bad", _("The old password or the code is wrong.")))
    hashed = people.hashed(password)
    with here.engine.begin() as c:
        people.sign_out_all(c, name)
        people.set_password(c, name, hashed)
        note(c, request, "change", name, "password")
        token = people.new_session(c, name, here.now_ns())
    response = RedirectResponse("/account", 303)
    keep_cookie(request, response, SESSION, token, people.SESSION_NS // 10**9)
    return response


@ROUTES.post("/account/code")
def second_factor(request: Request, secret: Seed, code: Short, password: Secret = "") -> Response:
    """Ask for a code from now on, once the first one is right; of who knows the password: a session may stand open."""
    here, name = desk(request), visitor(request).name
    if wrong := _doubted(here, name, password):
        return _account(request, ("bad", wrong), secret=secret)
    step = people.step_of(secret, code, here.now_ns())
    if step is None:
        said = _("This code is wrong: look at the clock of your telephone, and try again.")
        return _account(request, ("bad", said), secret=secret)  # which the authenticator has by now
    with here.engine.begin() as c:
        people.set_totp(c, name, secret, step)
        note(c, request, "change", name, "second factor")
    return _account(request, ("good", _("From now on a code is asked for.")))


@ROUTES.post("/account/token")
def program(request: Request, password: Secret = "") -> Response:
    """A token for a program that speaks for who knows the password: it would outlast a session that was left open."""
    here, name = desk(request), visitor(request).name
    if wrong := _doubted(here, name, password):
        return _account(request, ("bad", wrong))
    with here.engine.begin() as c:
        token = people.program_token(c, name, here.now_ns())
        note(c, request, "change", name, "token")
    return _account(request, ("good", _("Keep this token: it is shown once, and works for 90 days.")), token)


@ROUTES.get("/language/{code}")
def switch(request: Request, code: str, back: str = "/") -> Response:
    """Speak another language, and stay there."""
    if code not in LANGUAGES:
        raise HTTPException(404)
    response = RedirectResponse(local(back), 303)
    keep_language(request, response, code)
    return response


@ROUTES.get("/favicon.ico")
def icon() -> Response:
    """For what has no page to name one, as a search sheet."""
    return FileResponse(HERE / "static" / "icon.svg")


@ROUTES.get("/help")
def help_page(request: Request) -> Response:
    """What the marks mean and what to do."""
    return page(request, "help.html", "help", states=(*words.OPEN, *words.ENDS))


def _door(request: Request, after: str, name: str = "", notice: Notice | None = None) -> Response:
    elsewhere, status = desk(request).openid is not None, 403 if notice else 200
    return page(
        request, "sign_in.html", "sign-in", status=status, notice=notice, after=local(after), name=name,
        elsewhere=elsewhere,
    )  # fmt: skip


def _proven(here: Desk, name: str, password: str, code: str) -> people.SignedIn | None:
    """A session for who has a password here, or whom the directory knows by theirs. Raises StoreError, LdapError."""
    with reading(here.engine) as c:
        elsewhere = here.ldap is not None and not people.signs_in_here(c, name)
    if not elsewhere:
        return people.sign_in(here.engine, name, password, code, here.now_ns())
    assert here.ldap is not None
    entry = ldap.found(here.ldap, name)
    if entry is None or entry.role is None:
        return None
    with here.engine.begin() as c:
        may = people.may_try_elsewhere(c, entry.name, here.now_ns())
    if not may or not ldap.proven(here.ldap, entry, password):
        return None
    with here.engine.begin() as c:
        token = people.admitted_elsewhere(c, entry.name, entry.role, here.now_ns(), code)
    return people.SignedIn(Person(entry.name, entry.role), token)


def _still_themselves(here: Desk, name: str, password: str) -> bool:
    """Whether who has signed in knows the password that is theirs, here or in the directory. Raises LdapError.

    Whose second factor is asked for by a directory alone has none here that would be asked for.
    """
    with reading(here.engine) as c:
        elsewhere = not people.signs_in_here(c, name)
    if not elsewhere:
        return people.still_themselves(here.engine, name, password, here.now_ns())
    if here.ldap is None:
        return True
    with here.engine.begin() as c:
        if not people.may_try_elsewhere(c, name, here.now_ns()):
            return False
    entry = ldap.found(here.ldap, name)
    if entry is None or entry.name != name or not ldap.proven(here.ldap, entry, password):
        return False
    with here.engine.begin() as c:
        people.unlock(c, name)
    return True


def _doubted(here: Desk, name: str, password: str) -> str:
    """Why who has signed in is not believed to be that person; empty where they are."""
    try:
        known = _still_themselves(here, name, password)
    except LdapError as error:
        return str(error)
    return "" if known else _("The password is wrong; or there were too many tries: then wait for 15 minutes.")


def _in(request: Request, found: people.SignedIn, after: str) -> Response:
    here = desk(request)
    with here.engine.begin() as c:
        audited(c, found.person.name, "sign in", found.person.name, now_ns=here.now_ns())
    response = RedirectResponse(after, 303)
    keep_cookie(request, response, SESSION, found.token, people.SESSION_NS // 10**9)
    return response


def _refused(here: Desk, name: str) -> None:
    """A line for a person who exists: what else is typed there may be a password, and goes nowhere."""
    with here.engine.begin() as c:
        if any(person.name == name and person.locked_until_ns <= here.now_ns() for person in people.persons(c)):
            audited(c, "", "sign-in refused", name, now_ns=here.now_ns())


def _unfit(password: str, again: str) -> str:
    """What is wrong with a new password; empty for nothing."""
    if password != again:
        return _("The two passwords differ.")
    return "" if len(password) >= LEAST_LETTERS else _("A password has 12 characters at least.")


def _form(request: Request, token: str, wrong: str = "") -> Response:
    here = desk(request)
    with reading(here.engine) as c:
        told = people.invitation(c, token, here.now_ns())
    if told is None:
        raise HTTPException(404, _("This link was used, or is too old: ask for a new one."))
    return page(
        request, "set_up.html", "set-up", status=422 if wrong else 200, notice=("bad", wrong) if wrong else None,
        token=token, name=told.name, role=_(words.ROLE_WORDS[told.role]),
    )  # fmt: skip


def _account(request: Request, notice: Notice | None = None, token: str = "", secret: str = "") -> Response:
    here = desk(request)
    secret = secret or people.new_totp_secret()
    person = visitor(request).person
    assert person is not None
    with reading(here.engine) as c:
        asked = people.has_second_factor(c, person.name)
    return page(
        request, "account.html", "account", status=422 if notice and notice[0] == "bad" else 200, notice=notice,
        secret=secret, address=people.totp_address(secret, person.name, here.site.name), token=token,
        role=_(words.ROLE_WORDS[person.role]), asked=asked,
    )  # fmt: skip
