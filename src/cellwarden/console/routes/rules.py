"""The rules of alerts: as they are, what each did, a changed text tried on the past, and then put in force."""

import hashlib
import hmac
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from fastapi import Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from cellwarden.console.desk import Desk, desk, note, viewed, visitor
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.rights import may
from cellwarden.console.routes.alert import Text
from cellwarden.errors import RulesError
from cellwarden.language import gettext as _
from cellwarden.locate.whereabouts import room_names
from cellwarden.model import Alert, Decision, RulesText
from cellwarden.model.span import DAY_NS
from cellwarden.store.engine import reading
from cellwarden.watch import queries, rules_held, told
from cellwarden.watch import rules as weighing
from cellwarden.watch.replay import Replay, replayed
from cellwarden.watch.rules_file import Rules, parse

ROUTES = guarded()
DAYS = 7, 30
TRIED_DAYS = 1, 3, 7
"""Sightings of a week are in the store; older ones in the history."""
MANY = 50
"""Alerts that are listed of those that would differ; also versions."""
UNNAMED = Path("rules.toml")
Whole = Annotated[str, Form(max_length=100_000)]
_ONE = threading.Lock()
"""A dry run plays a week: one at a time."""


class Tried(NamedTuple):
    """What a changed text would have told, beside what the text in force would."""

    days: int
    now: Replay
    then: Replay
    more: tuple[Alert, ...]
    """Would be told, and are not."""
    fewer: tuple[Alert, ...]
    """Are told, and would not be."""


class _Changed(RulesError):
    """Somebody else put other rules in force."""


@ROUTES.get("/rules")
def rules(request: Request, version: int = 0) -> Response:
    """The rules in force, or a version of before, to be tried again."""
    here = desk(request)
    text = here.rules.text
    if version:
        with reading(here.engine) as c:
            of = {one.number: one.text for one in rules_held.texts(c, 10_000)}
        if version not in of:
            raise HTTPException(404)
        text = of[version]
    return _shown(request, text)


@ROUTES.post("/rules/try")
def tried(request: Request, text: Whole, days: Annotated[int, Form()] = 1) -> Response:
    """A dry run of a text on the past: nothing is changed."""
    here, text = desk(request), _plain(text)
    if days not in TRIED_DAYS:
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="days"))
    try:
        wanted = _parsed(here, text)
    except RulesError as error:
        return _shown(request, text, ("bad", str(error)), status=422)
    if not _ONE.acquire(blocking=False):
        return _shown(request, text, ("bad", _("Somebody else tries rules just now: wait a moment.")), status=409)
    try:
        found = _compared(here, here.rules.rules, wanted, days)
    finally:
        _ONE.release()
    with here.engine.begin() as c:
        note(c, request, "try", "rules", f"{days} d, {_digest(text)}")
    return _shown(request, text, found=found, days=days)


@ROUTES.post("/rules/save")
def saved(
    request: Request, text: Whole, seen: Annotated[str, Form()] = "", tried: Annotated[str, Form()] = "", why: Text = ""
) -> Response:
    """Put a text in force that was tried, in place of the one that was seen."""
    here, text = desk(request), _plain(text)
    if here.rules.path is None:
        return _shown(
            request, text, ("bad", _("Started without a file of rules: there is none to change.")), status=409
        )
    if not hmac.compare_digest(tried, _proof(request, text)):
        return _shown(request, text, ("bad", _("Try the text as it is first.")), status=409)
    if not why.strip():
        return _shown(request, text, ("bad", _("Say why: write a reason.")), status=422)
    try:
        wanted = _parsed(here, text)
        with here.engine.begin() as c:
            if _digest(here.rules.text) != seen:
                raise _Changed(_("The rules were changed meanwhile: look at them again."))
            one = RulesText(0, here.now_ns(), visitor(request).name, why.strip(), text)
            note(c, request, "change", "rules", f"{_digest(here.rules.text)} → {_digest(text)}: {one.why}")
            rules_held.change(c, here.rules, text, wanted, one)
    except RulesError as error:
        return _shown(request, text, ("bad", str(error)), status=409 if isinstance(error, _Changed) else 422)
    return RedirectResponse("/rules", 303)


def _parsed(here: Desk, text: str) -> Rules:
    return parse(text, Path((here.rules.path or UNNAMED).name), room_names(here.site))


def _compared(here: Desk, now: Rules, then: Rules, days: int) -> Tried:
    until = here.now_ns()
    with reading(here.engine) as c:
        first, second = (
            replayed(queries.sightings(c, until - days * DAY_NS, until), here.site, wanted) for wanted in (now, then)
        )
    return Tried(days, first, second, _without(second.alerts, first.alerts), _without(first.alerts, second.alerts))


def _without(these: Sequence[Alert], those: Sequence[Alert]) -> tuple[Alert, ...]:
    """Alerts of presences of which the others have none."""
    known = {(one.phone, one.since_ns) for one in those}
    return tuple(one for one in these if (one.phone, one.since_ns) not in known)


def _shown(
    request: Request, text: str, notice: Notice | None = None, found: Tried | None = None, days: int = 1,
    status: int = 200,
) -> Response:  # fmt: skip
    here, who = desk(request), visitor(request).person
    role, force = who.role if who else None, here.rules
    viewed(request, "rules")
    with reading(here.engine) as c:
        alerts = queries.alerts(c, since_ns=here.now_ns() - max(DAYS) * DAY_NS)
        did = _did(c, force.rules, alerts, here.now_ns())
        versions = rules_held.texts(c, MANY)
    control = weighing.control(force.rules, alerts, here.now_ns())
    changing = may(role, "POST", "/rules/save") and force.path is not None
    return page(
        request, "rules.html", "rules", status=status, notice=notice, text=text, changed=text != force.text,
        rules=force.rules, did=did, control=weighing.control_words(control), versions=versions, found=found,
        days=days, spans=TRIED_DAYS, trying=may(role, "POST", "/rules/try"), changing=changing, many=MANY,
        seen=_digest(force.text), proof=_proof(request, text) if found else "", path=force.path,
    )  # fmt: skip


def _did(
    c: Connection, rules: Rules, alerts: Sequence[tuple[Alert, Decision | None]], now_ns: int
) -> list[dict[str, object]]:
    """What each rule did in the last days. `alerts`: those of the longest span."""
    longest = now_ns - max(DAYS) * DAY_NS
    presences = queries.presences(c, longest, now_ns)
    each = [alert for alert, _made in alerts]
    did: list[dict[str, object]] = []
    for days in DAYS:
        since = now_ns - days * DAY_NS
        those = [pair for pair in alerts if pair[0].told_ns >= since]
        there = [one for one in presences if one.end_ns >= since]
        did.append(
            {
                "days": days,
                "kinds": told.by_kind(rules, those),
                "zones": told.by_zone(rules, there, each),
                "staff": told.by_staff(rules, there, each),
                "silent": told.silent(those),
                "escalated": told.escalated(c, since),
            }
        )
    return did


def _plain(text: str) -> str:
    """As a file has it: browsers send lines that end in CR LF."""
    return text.replace("\r\n", "\n").rstrip() + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _proof(request: Request, text: str) -> str:
    """That this session tried this text."""
    return hashlib.sha256(b"tried " + visitor(request).token.encode() + text.encode()).hexdigest()
