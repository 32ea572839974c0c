"""A shift's work and its end: the rooms to search at unlock, and the log that who takes over signs."""

from typing import Annotated

from fastapi import Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BeforeValidator
from sqlalchemy import Connection

from cellwarden.console import live, words
from cellwarden.console.desk import desk, note, viewed, visitor
from cellwarden.console.floor import sensor_marks
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.rights import may
from cellwarden.console.routes.alert import Text, alert_of, first, state_of
from cellwarden.language import gettext as _
from cellwarden.model import Alert, Decision, Handover, Note, Search, State
from cellwarden.model.span import HOUR_NS
from cellwarden.store.engine import reading
from cellwarden.watch import passages, queries, shifts
from cellwarden.watch.junctions import at_gate
from cellwarden.watch.unlock import Order, rooms_left, visits

ROUTES = guarded()
NIGHT_NS = 12 * HOUR_NS
"""Also a shift of which nobody signed the beginning."""
QUEUED = 100
"""Alerts in the queue: more than a shift can search for."""
MANY = 200
"""Lines of each list of a shift."""
LISTED = 30
"""Handovers that can be looked up."""
Long = Annotated[str, Form(max_length=2000), BeforeValidator(lambda text: text.replace("\r\n", "\n"))]
"""Browsers count the end of a line as one letter, and send two."""


@ROUTES.get("/unlock")
def unlock(request: Request, by: Order = "severity") -> Response:
    """Rooms to search for the night's alerts, and what came of those that were searched."""
    return _queue(request, by)


@ROUTES.post("/unlock/{name}")
def searched(
    request: Request, name: str, seen: Annotated[str, Form()], outcome: Annotated[str, Form()], room: Text = "",
    why: Text = "", by: Annotated[Order, Form()] = "severity",
) -> Response:  # fmt: skip
    """A room was searched in vain: go on with the next one (`on`), or end the search (`end`)."""
    here, who, now = desk(request), visitor(request).name, desk(request).now_ns()
    if outcome not in ("on", "end") or seen not in words.OPEN:
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="outcome"))
    try:
        with here.engine.begin() as c:
            one = alert_of(c, name)
            _went(c, request, one, seen, Search(name, room.strip(), now, who, why.strip()))
            if outcome == "end":
                _ended(c, request, one, why.strip())
    except queries.AlreadyDecided as error:
        return _queue(request, by, ("bad", first(error.decision, now)), 409)
    return RedirectResponse(f"/unlock?by={by}", 303)


def _went(c: Connection, request: Request, one: Alert, seen: State, search: Search) -> None:
    """Keep a search; who searches has ordered it."""
    if at_gate(one) or (search.room not in dict(one.odds) and (search.room or rooms_left(one, ()))):
        raise HTTPException(422, _("This cannot be read: {what}.").format(what="room"))
    if seen != "search ordered":
        made = Decision(one.name, "search ordered", search.who, search.when_ns, _("Search at unlock."))
        queries.decide(c, made, seen)
        note(c, request, made.state, one.name, made.why)
    elif state_of(c, one.name) != seen:
        known = queries.decisions(c, one.name)
        raise queries.AlreadyDecided(one.name, known[-1] if known else None)
    if search.room:
        shifts.keep_search(c, search)
        note(c, request, "search", one.name, f"{search.room}: {search.why}" if search.why else search.room)


def _ended(c: Connection, request: Request, one: Alert, why: str) -> None:
    """The decision that a search without a find ends with; it names the rooms."""
    rooms = ", ".join(words.room_name(done.room) for done in shifts.searches(c, (one.name,)).get(one.name, ()))
    told = _("Searched, nothing there: {rooms}.").format(rooms=rooms) if rooms else _("Searched, nothing there.")
    made = Decision(
        one.name, "not found", visitor(request).name, desk(request).now_ns(), f"{told} {why}".strip()
    )  # fmt: skip
    queries.decide(c, made, "search ordered")
    note(c, request, made.state, one.name, made.why)


def _queue(request: Request, by: Order, notice: Notice | None = None, status: int = 200) -> Response:
    here, who = desk(request), visitor(request).person
    role, now = who.role if who else None, here.now_ns()
    if "x-again" not in request.headers:
        viewed(request, "unlock")
    with reading(here.engine) as c:
        at_the_gate = sum(map(at_gate, passages.waiting(c)))
        newest = queries.alerts(c, words.OPEN, limit=QUEUED + at_the_gate)
        found = [pair for pair in newest if not at_gate(pair[0])][:QUEUED]
        done = [
            (alert, made)
            for alert, made in queries.alerts(c, words.ENDS, since_ns=now - 2 * NIGHT_NS)
            if made is not None and made.when_ns >= now - NIGHT_NS and not at_gate(alert)
        ]
        in_vain = shifts.searches(c, [alert.name for alert, _made in found])
        waiting = sum(queries.counted(c).get(state, 0) for state in words.OPEN) - at_the_gate
    pairs = [(alert, made.state if made else words.OPEN[0]) for alert, made in found]
    return page(
        request, "unlock.html", "unlock", status=status, notice=notice, visits=visits(pairs, in_vain, by), done=done,
        count=waiting + len(done), more=waiting - len(found), by=by,
        at_gate=at_the_gate, passing=may(role, "GET", "/lane"), deciding=may(role, "POST", "/unlock/{name}"),
        choices=(("severity", _("the gravest first")), ("time", _("the oldest first")), ("room", _("by room"))),
        severities={key: _(name) for key, name in words.SEVERITY_WORDS.items()},
    )  # fmt: skip


@ROUTES.get("/handover")
def handover(request: Request, number: int = 0) -> Response:
    """What has happened since somebody took over last; or in a shift that is over, by its number."""
    return _log(request, number)


@ROUTES.post("/handover/note")
def written(request: Request, text: Long) -> Response:
    """A note for those who come after."""
    if not text.strip():
        return _log(request, 0, ("bad", _("Write something.")), 422)
    here, who = desk(request), visitor(request).name
    with here.engine.begin() as c:
        shifts.keep_note(c, Note(here.now_ns(), who, text.strip()))
        note(c, request, "write", "handover", text.strip())
    return RedirectResponse("/handover", 303)


@ROUTES.post("/handover/sign")
def signed(request: Request, seen: Annotated[int, Form(ge=0)], text: Long = "") -> Response:
    """Take over: the shift so far ends here. `seen` is the last handover that who signs has seen."""
    here, who, now = desk(request), visitor(request).name, desk(request).now_ns()
    try:
        with here.engine.begin() as c:
            last = next(iter(shifts.handovers(c, 1)), None)
            if (last.number if last else 0) != seen:
                raise shifts.AlreadySigned(_("somebody else took over meanwhile: look at the handover again"))
            shifts.keep_handover(c, Handover(seen + 1, now, who, _begun(last, now), text.strip()))
            note(c, request, "take over", "handover", f"{seen + 1}")
    except shifts.AlreadySigned as error:
        return _log(request, 0, ("bad", str(error)), 409)
    return RedirectResponse(f"/handover?number={seen + 1}", 303)


def _begun(last: Handover | None, now_ns: int) -> int:
    return last.when_ns if last else now_ns - NIGHT_NS


def _log(request: Request, number: int, notice: Notice | None = None, status: int = 200) -> Response:
    here, who = desk(request), visitor(request).person
    now = here.now_ns()
    viewed(request, "handover", f"{number}" if number else "")
    with reading(here.engine) as c:
        one = shifts.handover(c, number) if number else None
        if number and one is None:
            raise HTTPException(404)
        signed_before = shifts.handovers(c, LISTED)
        last = next(iter(signed_before), None)
        since, until = (one.since_ns, one.when_ns) if one else (_begun(last, now), now)
        found = shifts.shift(c, since, until, MANY)
        at_the_gate = sum(map(at_gate, passages.waiting(c)))
        left = sum(queries.counted(c).get(state, 0) for state in words.OPEN) - at_the_gate
        states = queries.sensor_states(c)
    deaf = [(name, reason) for name, (reason, _w) in sensor_marks(here.site, states, now).items() if reason]
    newest = {state.sensor: state.time_ns for state in states}
    silent = [(name, newest.get(name)) for name, reason in deaf if reason == "silent"]
    role = who.role if who else None
    return page(
        request, "handover.html", "handover", status=status, notice=notice, shift=found, since=since, until=until,
        signed=one, before=signed_before, seen=last.number if last else 0, last=last, left=left, deaf=deaf,
        silent=silent, at_gate=at_the_gate, passing=may(role, "GET", "/lane"), raised=live.raised(here.live.stands()),
        writing=one is None and may(role, "POST", "/handover/note"),
        signing=one is None and may(role, "POST", "/handover/sign"),
    )  # fmt: skip
