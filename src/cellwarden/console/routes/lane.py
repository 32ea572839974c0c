"""The screen at the gate: who or what passed the harmonic radar, by number; what answered; and how it ended."""

import io
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlalchemy import Connection

from cellwarden.console import words
from cellwarden.console.desk import desk, note, viewed, visitor
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.rights import may
from cellwarden.console.routes.alert import Text
from cellwarden.errors import LaneError
from cellwarden.language import gettext as _
from cellwarden.language import mark, number
from cellwarden.model import JunctionReading, Passage
from cellwarden.model.span import DAY_NS, MINUTE_NS
from cellwarden.store.engine import reading
from cellwarden.watch import passages
from cellwarden.watch.junctions import ELSEWHERE

if TYPE_CHECKING:
    from cellwarden.signature.junction_empty import Empty
    from cellwarden.signature.junction_log import Log

ROUTES = guarded()
MOST_LETTERS = 4 << 20
"""Of a table: a passage has some ten thousand, a calibration with a hundred persons two millions."""
FRESH_NS = 5 * MINUTE_NS
"""So long the newest passage stands large: who comes next must not be taken for who went before."""
LISTED_NS, LISTED = DAY_NS, 50
MANY = 100_000
SECOND_CHECKS = {
    "again": mark("let pass again without what was named"),
    "hand": mark("searched by hand"),
    "x-ray": mark("X-rayed"),
    "none": mark("none"),
}
CHECKED = SECOND_CHECKS | {ELSEWHERE: mark("told on its alert's page")}
"""As a passage that is over tells it."""
OUTCOMES = {
    "phone": mark("Phone"),
    "other": mark("Other electronics"),
    "nothing": mark("Nothing found"),
    "refused": mark("Turned away"),
}
Instrument = Literal["lane", "wand", "mail"]
SIGNS = {"semiconductor": "new", "metal": "search ordered", "nothing": "not found"}
"""Signs of alerts that say the same by their shape: look now, search, nothing."""


def examine(
    request: Request, text: str, person: str, warning_read: bool, instrument: str = "lane", room: str = ""
) -> list[Passage]:
    """Examine what an instrument recorded in a room, and keep what it says: the watch tells alerts of it. Raises
    LaneError."""
    from cellwarden.signature.junction import examined
    from cellwarden.signature.junction_instrument import INSTRUMENTS

    here, who = desk(request), visitor(request).name
    if room and room not in {one.name for one in here.site.rooms}:
        raise LaneError(_("The site has no room {room}.").format(room=repr(room)))
    logs = _numbered(_logs(text), person)
    own = None
    if instrument == "lane":  # the one that stands still, so that what it hears of itself is kept
        with reading(here.engine) as c:
            own = _own(c)
    done = [examined(log, own, INSTRUMENTS[instrument]) for log in logs]
    kept = [
        Passage(0, here.now_ns() + k, one.person, _placed(one.readings, room), own is not None, warning_read, who)
        for k, one in enumerate(done)
    ]
    with here.engine.begin() as c:
        kept = [replace(one, number=passages.keep(c, one)) for one in kept]
        for one in kept:
            note(c, request, "examine", "lane", f"{one.number} {one.person}: {one.readings[0].kind}")
    return kept


@ROUTES.get("/lane")
def lane(request: Request) -> Response:
    """The newest passage, those that wait for an end, and the others of the day."""
    return _shown(request)


@ROUTES.post("/lane")
def passed(
    request: Request, log: Annotated[UploadFile, File()], person: Text = "", warning: Text = "",
    instrument: Annotated[Instrument, Form()] = "lane", room: Text = "",
) -> Response:  # fmt: skip
    """Examine a table that an instrument has written."""
    if not warning:
        return _shown(request, ("bad", _("Ask for pacemakers first, and say that you did.")), 422)
    try:
        examine(request, _text(log), person, True, instrument, room)
    except LaneError as error:
        return _shown(request, ("bad", str(error)), 422)
    return RedirectResponse("/lane", 303)


@ROUTES.post("/lane/empty")
def emptied(request: Request, log: Annotated[UploadFile, File()]) -> Response:
    """Take a table of the empty lane, with persons known to carry nothing; it holds from now on."""
    from cellwarden.signature.junction_empty import learned

    here = desk(request)
    try:
        text = _text(log)
        learned(_logs(text))
    except LaneError as error:
        return _shown(request, ("bad", str(error)), 422)
    with here.engine.begin() as c:
        passages.keep_empty(c, text, visitor(request).name, here.now_ns())
        note(c, request, "calibrate", "lane")
    return RedirectResponse("/lane", 303)


@ROUTES.post("/lane/{number}/check")
def checked(
    request: Request, number: int, outcome: Annotated[str, Form()], second_check: Annotated[str, Form()] = "none",
    why: Text = "",
) -> Response:  # fmt: skip
    """How a passage ended; who comes second is told so."""
    if outcome not in OUTCOMES or second_check not in SECOND_CHECKS:
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="outcome"))
    here = desk(request)
    try:
        with here.engine.begin() as c:
            one = passages.passage(c, number)
            if one is None:
                raise HTTPException(404)
            said = why.strip() or _(OUTCOMES[outcome])
            passages.check(c, number, second_check, outcome, why.strip(), visitor(request).name, here.now_ns(), said)
            alert = passages.alert_of(c, number)
            told = f"{number} {one.person}: {second_check}, {outcome}"
            note(c, request, "check", "lane", f"{told}: {why.strip()}" if why.strip() else told)
    except passages.AlreadyChecked as error:
        return _shown(request, ("bad", str(error)), 409)
    if outcome == "phone" and alert is not None and alert[1] in words.OPEN:
        return RedirectResponse(f"/alerts/{alert[0].name}/found", 303)
    return RedirectResponse("/lane", 303)


@ROUTES.get("/lane.csv")
def table(request: Request) -> Response:
    """All passages that are kept, as `cellwarden lane` writes them, with second checks and outcomes."""
    from cellwarden.signature.junction_table import table as written

    with desk(request).engine.begin() as c:
        note(c, request, "take along", "lane")
        made = written(reversed(passages.passages(c, 0, MANY)))
    headers = {"Content-Disposition": 'attachment; filename="lane.csv"'}
    return PlainTextResponse(made, media_type="text/csv", headers=headers)


def kind_word(kind: str) -> str:
    """What answered."""
    from cellwarden.signature.junction import KINDS

    return _(KINDS[kind])


def place(one: JunctionReading) -> str:
    """Where along the lane; empty where nothing answered."""
    if one.position_m is None:
        return ""
    way = _("{position} m along the lane") if one.instrument == "lane" else _("{position} m along the way")
    told = way.format(position=number(one.position_m, 2))
    if one.range_m is None:
        return told
    return f"{told}, " + _("{range} m from the antennas").format(range=number(one.range_m, 2))


def _placed(readings: Sequence[JunctionReading], room: str) -> tuple[JunctionReading, ...]:
    return tuple(replace(one, room=room) for one in readings)


def waits(one: Passage) -> bool:
    """Whether somebody has to say how it ended."""
    return not one.outcome and any(reading.kind != "nothing" for reading in one.readings)


def _shown(request: Request, notice: Notice | None = None, status: int = 200) -> Response:
    from cellwarden.signature.junction import CONFUSERS, WARNING

    here, who = desk(request), visitor(request).person
    role, now = who.role if who else None, here.now_ns()
    if "x-again" not in request.headers:
        viewed(request, "lane")
    with reading(here.engine) as c:
        found = passages.passages(c, now - LISTED_NS, LISTED)
        empty = passages.empty(c)
        numbers = {alert.details["passage"] for alert in passages.waiting(c)} - {one.number for one in found}
        older = [passages.passage(c, int(number)) for number in numbers]
        waiting = [one for one in (*found, *older) if one is not None and waits(one)]
        alerts = {one.number: passages.alert_of(c, one.number) for one in waiting}
    newest = found[0] if found and now - found[0].when_ns < FRESH_NS else None
    waiting = sorted((one for one in waiting if one is not newest), key=lambda one: -one.when_ns)
    over = [one for one in found if one is not newest and not waits(one)]
    return page(
        request, "lane.html", "lane", status=status, notice=notice, newest=newest, empty=empty,
        listed=(("h-waiting", _("Not ended yet"), waiting), ("h-before", _("The last 24 hours"), over)),
        warning=_(WARNING), confusers=[_(one) for one in CONFUSERS], signs=SIGNS, kind_word=kind_word, place=place,
        waits=waits, second_checks={key: _(word) for key, word in SECOND_CHECKS.items()},
        checked={key: _(word) for key, word in CHECKED.items()},
        outcomes={key: _(word) for key, word in OUTCOMES.items()}, checking=may(role, "POST", "/lane/{number}/check"),
        alerts=alerts, instruments={key: _(word) for key, word in words.INSTRUMENT_WORDS.items()},
        rooms=[room.name for room in here.site.rooms],
        calibrating=may(role, "POST", "/lane/empty"), taking=may(role, "GET", "/lane.csv"),
    )  # fmt: skip


def _text(log: UploadFile) -> str:
    """Of a table that was sent. Raises LaneError."""
    from cellwarden.signature.junction_log import no_text

    sent = log.file.read(MOST_LETTERS + 1)
    name = Path(log.filename or "LOG.csv").name[:80]
    if len(sent) > MOST_LETTERS:
        raise LaneError(_("{path} is too large: split it").format(path=name))
    try:
        return sent.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise no_text(Path(name)) from error


def _logs(text: str) -> "list[Log]":
    from cellwarden.signature.junction_log import parsed

    return parsed(io.StringIO(text, newline=""), Path("LOG.csv"))


def _numbered(logs: "list[Log]", person: str) -> "list[Log]":
    """The same, with the number that was given, where there is one of them."""
    from cellwarden.signature.junction_log import check_person

    if not person.strip():
        return logs
    if len(logs) > 1:
        raise LaneError(_("The table holds {count} passages with numbers of their own.").format(count=len(logs)))
    return [replace(logs[0], person=check_person(person))]


def _own(c: Connection) -> "Empty | None":
    """What the empty lane is; None before it was told."""
    found = passages.empty(c)
    return None if found is None else _learned(found[1])


@lru_cache(maxsize=1)
def _learned(text: str) -> "Empty":
    from cellwarden.signature.junction_empty import learned

    return learned(_logs(text))
