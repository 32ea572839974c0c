"""Who may sign in, and what proves that it is them.

A guess is counted before it is checked, so no more than `TRIES` are ever open, however many come at once; argon2 runs
between two transactions, so that nobody who guesses makes writers wait:

    attempt (counts it) ──► proved (argon2, TOTP; no database) ──► admitted (a session; the count begins anew)

Of tokens (sessions, set-up links) the store keeps SHA-256 only: who reads it cannot sign in with it.
"""

import hashlib
import secrets
import threading
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.model.store import Invitation, Person, Role
from cellwarden.store.tables import invitations, people, sessions

TRIES = 5
LOCKED_NS = 15 * 60 * 10**9
SESSION_NS = 12 * 3600 * 10**9
"""A shift."""
INVITATION_NS = 24 * 3600 * 10**9
PROGRAM_NS = 90 * 24 * 3600 * 10**9
"""How long a program's token is good."""
PROGRAM = "program "
"""Before the token of a program: what pages take for a session never begins so."""
TOTP_STEP_S = 30
"""RFC 6238 §5.2. A code is good one step before and after its own, for clocks that err."""
_FEW = threading.Semaphore(2)
"""Argon2 takes 64 MiB while it runs: who tries many passwords at once waits, and fills no memory."""


class Credentials(NamedTuple):
    """What an attempt is checked against; it never leaves the process."""

    person: Person
    password: str
    totp_secret: str
    totp_step: int


class SignedIn(NamedTuple):
    """A session's token, to be put into a cookie and kept nowhere else."""

    person: Person
    token: str


def hashed(password: str) -> str:
    """Argon2id of a password, with its salt and parameters (RFC 9106 §4, the second recommended option)."""
    from argon2 import PasswordHasher

    with _FEW:
        return PasswordHasher().hash(password)


def new_totp_secret() -> str:
    """160 bits in base32, as authenticator apps take it (RFC 4226 §4)."""
    import pyotp

    return pyotp.random_base32(32)


def totp_address(secret: str, name: str, site: str) -> str:
    """The `otpauth://` address that an authenticator app reads as a QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=site)


def step_of(secret: str, code: str, now_ns: int, after: int = 0) -> int | None:
    """The step of a code that is good now and was not used before; None where it is not good.

    Authenticators show a code with a space in it, and some people type it.
    """
    import pyotp

    now, typed = now_ns // 10**9 // TOTP_STEP_S, "".join(code.split()).encode()
    codes = pyotp.TOTP(secret)
    for step in (now - 1, now, now + 1):
        if step > after and secrets.compare_digest(codes.generate_otp(step).encode(), typed):
            return step
    return None


def sign_in(engine: Engine, name: str, password: str, code: str, now_ns: int) -> SignedIn | None:
    """A session for who proves to be that person; None where they do not, or are locked out. It does not say which."""
    with engine.begin() as c:
        known = attempt(c, name, now_ns)
    step = proved(known, password, code, now_ns)
    if known is None or step is None:
        return None
    with engine.begin() as c:
        return SignedIn(known.person, admitted(c, known, step, now_ns))


def attempt(c: Connection, name: str, now_ns: int) -> Credentials | None:
    """Count an attempt, and hand out what it is checked against; None for nobody, the disabled and the locked."""
    row = c.execute(select(people).where(people.c.name == name).with_for_update()).one_or_none()
    if row is None or row.disabled or row.locked_until_ns > now_ns:
        return None
    tries = row.failures + 1
    values = {"failures": 0, "locked_until_ns": now_ns + LOCKED_NS} if tries >= TRIES else {"failures": tries}
    c.execute(update(people).where(people.c.name == name).values(**values))
    return Credentials(_person(row), row.password, row.totp_secret, row.totp_step)


def proved(known: Credentials | None, password: str, code: str, now_ns: int) -> int | None:
    """The step of the second factor where password and code are right; else None, after the same time for anybody."""
    if not _right(known, password) or known is None:
        return None
    if not known.totp_secret:  # who has set up no second factor
        return known.totp_step + 1
    return step_of(known.totp_secret, code, now_ns, known.totp_step)


def still_themselves(engine: Engine, name: str, password: str, now_ns: int) -> bool:
    """Whether who has signed in knows their password: a guess counts as at the door, a right one forgets them."""
    with engine.begin() as c:
        known = attempt(c, name, now_ns)
    if not _right(known, password):
        return False
    with engine.begin() as c:
        unlock(c, name)
    return True


def _right(known: Credentials | None, password: str) -> bool:
    """Whether that is their password, after the same time for anybody."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        with _FEW:
            PasswordHasher().verify(known.password if known else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def admitted(c: Connection, known: Credentials, step: int, now_ns: int) -> str:
    """Open a session for who proved it, and forget the failures; its token. Raises StoreError for a used code."""
    unused = (people.c.totp_step < step) | (people.c.totp_secret == "")  # without a second factor nothing is used up
    fresh = (people.c.name == known.person.name, unused, ~people.c.disabled)
    values = {"totp_step": step, "failures": 0, "locked_until_ns": 0}
    if not c.execute(update(people).where(*fresh).values(**values)).rowcount:
        raise StoreError(_("this code was used already: wait for the next one"))
    return new_session(c, known.person.name, now_ns)


def signs_in_here(c: Connection, name: str) -> bool:
    """Whether somebody of that name has a password here."""
    return bool(c.execute(select(people.c.password).where(people.c.name == name)).scalar())


def has_second_factor(c: Connection, name: str) -> bool:
    """Whether somebody of that name has set up a second factor here."""
    return bool(c.execute(select(people.c.totp_secret).where(people.c.name == name)).scalar())


def may_try_elsewhere(c: Connection, name: str, now_ns: int) -> bool:
    """Count an attempt to prove to a directory to be somebody; False for who is barred, locked, or has a password here.

    Who never signed in here has no count: the directory keeps its own.
    """
    if signs_in_here(c, name):
        return False
    known = c.execute(select(people.c.name).where(people.c.name == name)).scalar() is not None
    return not known or attempt(c, name, now_ns) is not None


def admitted_elsewhere(c: Connection, name: str, role: Role, now_ns: int, code: str | None = None) -> str:
    """Open a session for whom a directory vouches, with the role that it gives, and forget the failures; its token.

    Who is new there is new here, without a password. `code` is that of a second factor that was set up here; None where
    second factors are the directory's. Raises StoreError for who is barred, who has a password here (by a name alone
    nobody becomes somebody else), and for a code that is wrong.
    """
    row = c.execute(select(people).where(people.c.name == name).with_for_update()).one_or_none()
    if row is None:
        values = {"password": "", "totp_secret": "", "totp_step": 0, "failures": 0, "locked_until_ns": 0}
        c.execute(insert(people).values(name=name, role=role, disabled=False, **values))
    elif row.password or row.disabled:
        raise StoreError(_("{name} is barred, or signs in with a password here").format(name=name))
    else:
        asked = code is not None and bool(row.totp_secret)
        step = step_of(row.totp_secret, code or "", now_ns, row.totp_step) if asked else row.totp_step
        if step is None:
            raise StoreError(_("this code is wrong, or was used already: wait for the next one"))
        values = {"role": role, "failures": 0, "locked_until_ns": 0, "totp_step": step}
        c.execute(update(people).where(people.c.name == name).values(**values))
    return new_session(c, name, now_ns)


def new_session(c: Connection, name: str, now_ns: int) -> str:
    """Open a session for a person; its token."""
    token = secrets.token_urlsafe(32)
    _keep_session(c, token, name, now_ns, SESSION_NS)
    return token


def program_token(c: Connection, name: str, now_ns: int) -> str:
    """A token with which a program speaks for a person; `session` knows it with `PROGRAM` before it."""
    token = secrets.token_urlsafe(32)
    _keep_session(c, PROGRAM + token, name, now_ns, PROGRAM_NS)
    return token


def _keep_session(c: Connection, token: str, name: str, now_ns: int, lasts_ns: int) -> None:
    kept = {"token": _digest(token), "person": name, "created_ns": now_ns, "expires_ns": now_ns + lasts_ns}
    c.execute(insert(sessions).values(**kept))


def session(c: Connection, token: str, now_ns: int) -> Person | None:
    """Whose session a token is; None where it is none, or over."""
    asked = select(people).join(sessions, sessions.c.person == people.c.name)
    good = (sessions.c.token == _digest(token), sessions.c.expires_ns > now_ns, ~people.c.disabled)
    row = c.execute(asked.where(*good)).one_or_none()
    return _person(row) if row else None


def sign_out(c: Connection, token: str) -> None:
    """End a session."""
    c.execute(delete(sessions).where(sessions.c.token == _digest(token)))


def sign_out_all(c: Connection, name: str) -> None:
    """End all sessions of a person."""
    c.execute(delete(sessions).where(sessions.c.person == name))


def invite(c: Connection, name: str, role: Role, now_ns: int) -> str:
    """A one-time token with which a new person, or one who forgot, sets a password; older ones of theirs are void."""
    token = secrets.token_urlsafe(32)
    c.execute(delete(invitations).where(invitations.c.name == name))
    c.execute(insert(invitations).values(token=_digest(token), name=name, role=role, expires_ns=now_ns + INVITATION_NS))
    return token


def invitation(c: Connection, token: str, now_ns: int) -> Invitation | None:
    """What a token invites to; None where it is used, over, or none."""
    good = (invitations.c.token == _digest(token), invitations.c.expires_ns > now_ns)
    row = c.execute(select(invitations).where(*good)).one_or_none()
    return Invitation(row.name, row.role, row.expires_ns) if row else None


def accept(c: Connection, token: str, password: str, totp_secret: str, now_ns: int) -> Person:
    """Use an invitation: `password` as `hashed` gave it. Sessions of before end. Raises StoreError where it is void."""
    told = invitation(c, token, now_ns)
    if told is None or not c.execute(delete(invitations).where(invitations.c.token == _digest(token))).rowcount:
        raise StoreError(_("this link was used or is too old: ask for a new one"))
    values = {"role": told.role, "password": password, "totp_secret": totp_secret, "totp_step": 0}
    values |= {"failures": 0, "locked_until_ns": 0, "disabled": False}
    if not c.execute(update(people).where(people.c.name == told.name).values(**values)).rowcount:
        c.execute(insert(people).values(name=told.name, **values))
    sign_out_all(c, told.name)
    return Person(told.name, told.role)


def persons(c: Connection) -> list[Person]:
    """All, by name."""
    return [_person(row) for row in c.execute(select(people).order_by(people.c.name))]


def set_role(c: Connection, name: str, role: Role) -> None:
    """Give a person another role; it holds from the next page on."""
    _changed(c, name, role=role)


def set_disabled(c: Connection, name: str, disabled: bool) -> None:
    """Bar a person, whose sessions end, or let them in again."""
    _changed(c, name, disabled=disabled)
    if disabled:
        sign_out_all(c, name)


def set_password(c: Connection, name: str, password: str) -> None:
    """Another password, as `hashed` gave it."""
    _changed(c, name, password=password)


def set_totp(c: Connection, name: str, secret: str, step: int) -> None:
    """Ask a person for a code from now on; `step` is that of the code by which they proved to have the secret."""
    _changed(c, name, totp_secret=secret, totp_step=step)


def unlock(c: Connection, name: str) -> None:
    """Let a person who was locked out try again."""
    _changed(c, name, failures=0, locked_until_ns=0)


def _changed(c: Connection, name: str, **values: object) -> None:
    if not c.execute(update(people).where(people.c.name == name).values(**values)).rowcount:
        raise StoreError(_("{name} is nobody here: look at the list of people").format(name=name))


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(row.name, row.role, row.disabled, row.locked_until_ns)


def _digest(token: str) -> str:
    """A token is 256 random bits: one SHA-256 is enough, unlike for a password."""
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _nobody() -> str:
    """What the password of somebody unknown is checked against, so that the answer takes as long."""
    return hashed(secrets.token_urlsafe(16))
