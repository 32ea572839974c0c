"""One alert: what is known of it, what people decide, and what was found."""

from dataclasses import replace
from typing import Annotated

from fastapi import File, Form, HTTPException, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from cellwarden.console import photographs, snippets, words
from cellwarden.console.desk import desk, note, viewed, visitor
from cellwarden.console.floor import marks, sensor_marks
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.rights import may
from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.language import language, mark
from cellwarden.model import Alert, Decision, Find, State
from cellwarden.register.queries import keep_find
from cellwarden.store.engine import reading
from cellwarden.watch import queries, shifts

ROUTES = guarded()
STEPS: dict[State, tuple[State, ...]] = {
    "new": ("acknowledged", "search ordered", "false"),
    "acknowledged": ("search ordered", "found", "not found", "false"),
    "search ordered": ("found", "not found", "false"),
}
"""What can be decided next, the usual first."""
STEP_WORDS: dict[State, str] = {
    "acknowledged": mark("Acknowledge"),
    "search ordered": mark("Order a search"),
    "found": mark("Phone found"),
    "not found": mark("Nothing found"),
    "false": mark("False alarm"),
}
EXPLAINED = frozenset(("not found", "false"))
"""Ends that take a reason: later probabilities learn from them, and somebody will ask."""
REASONS = (
    mark("I take care of it."),
    mark("Search at unlock."),
    mark("Searched, nothing there."),
    mark("A member of staff's phone."),
)
MOST_SNIPPETS = 6
"""On the page of an alert."""
Text = Annotated[str, Form(max_length=500)]


@ROUTES.get("/alerts/{name}")
def alert(request: Request, name: str) -> Response:
    """All that is known of one alert. Its page asking again by itself is the same view, and no new line."""
    with reading(desk(request).engine) as c:
        found = alert_of(c, name)
    if "x-again" not in request.headers:
        viewed(request, name)
    return _shown(request, found)


@ROUTES.post("/alerts/{name}/decide")
def decide(
    request: Request, name: str, state: Annotated[str, Form()], seen: Annotated[str, Form()], why: Text = ""
) -> Response:
    """Keep a decision; who comes second sees the first's, and decides anew."""
    if state in EXPLAINED and not why.strip():
        with reading(desk(request).engine) as c:
            return _shown(request, alert_of(c, name), ("bad", _("Say why: write a reason.")), "", 422)
    found, told = _decided(request, name, state, seen, why)
    if told is not None:
        return _shown(request, found, told, why, 409)
    return RedirectResponse(f"/alerts/{name}", 303)


@ROUTES.get("/alerts/{name}/found")
def find(request: Request, name: str, cell: Annotated[str, Query(max_length=100)] = "") -> Response:
    """What was found where: a form."""
    with reading(desk(request).engine) as c:
        one = alert_of(c, name)
        state = state_of(c, name)
    if "found" not in STEPS.get(state, ()) and state != "new":
        return _shown(request, one, ("", _("This alert is settled.")), "", 409)
    cell = cell or (one.odds[0][0] if one.odds and one.odds[0][0] != "outside" else "")
    return _form(request, one, state, {"cell": cell, "model": "", "seal": "", "why": ""})


@ROUTES.post("/alerts/{name}/found")
def keep(
    request: Request, name: str, seen: Annotated[str, Form()], cell: Text = "", model: Text = "", seal: Text = "",
    why: Text = "", files: Annotated[list[UploadFile] | None, File(alias="photographs")] = None,
) -> Response:  # fmt: skip
    """Keep a find and the decision in one go: both, or neither."""
    here = desk(request)
    given = {"cell": cell.strip(), "model": model.strip(), "seal": seal.strip(), "why": why.strip()}
    if not given["cell"]:  # the list only grows: what is not said now is never said
        with reading(here.engine) as c:
            return _form(request, alert_of(c, name), seen, given, ("bad", _("Say where it was found.")))
    try:
        pictures = [one for one in (upload.file.read() for upload in files or ()) if one]
        kept = photographs.kept(here.photographs, pictures)
    except StoreError as error:
        with reading(here.engine) as c:
            return _form(request, alert_of(c, name), seen, given, ("bad", str(error)))
    told_by = visitor(request).name
    one = Find(name, given["cell"], here.now_ns(), given["model"], given["seal"], kept, told_by)
    found, told = _decided(request, name, "found", seen, given["why"], one)
    if told is not None:
        return _shown(request, found, told, why, 409)
    return RedirectResponse(f"/alerts/{name}", 303)


@ROUTES.get("/alerts/{name}/sheet.pdf")
def sheet(request: Request, name: str) -> Response:
    """The search sheet, to print."""
    from cellwarden.console.sheet import search_sheet

    here = desk(request)
    with here.engine.begin() as c:
        one = alert_of(c, name)
        note(c, request, "print", name)
        known = queries.decisions(c, name)
    made = search_sheet(here.site, one, known, visitor(request).name, here.now_ns(), language())
    headers = {"Content-Disposition": f'inline; filename="{one.name}.pdf"'}
    return Response(made, media_type="application/pdf", headers=headers)


@ROUTES.get("/alerts/{name}/evidence/{digest}.png")
def spectrogram(request: Request, name: str, digest: str) -> Response:
    """What a snippet looks like. It is part of the alert's page, whose view is audited."""
    with reading(desk(request).engine) as c:
        one = _kept(request, alert_of(c, name), digest)
    return Response(snippets.picture(one), media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


@ROUTES.get("/alerts/{name}/evidence/{digest}.json")
def replayed(request: Request, name: str, digest: str) -> dict[str, object]:
    """The same to be played on the page of the spectrum."""
    with reading(desk(request).engine) as c:
        one = _kept(request, alert_of(c, name), digest)
    return snippets.rows(one)


@ROUTES.get("/alerts/{name}/evidence/{digest}.sigmf")
def samples(request: Request, name: str, digest: str) -> Response:
    """A snippet, to take along."""
    with desk(request).engine.begin() as c:
        one = _kept(request, alert_of(c, name), digest)
        note(c, request, "take along", name, digest)
    headers = {"Content-Disposition": f'attachment; filename="{one.path.stem}.sigmf"'}
    return Response(snippets.archive(one), media_type="application/x-tar", headers=headers)


def _kept(request: Request, one: Alert, digest: str) -> snippets.Snippet:
    """The snippet of that hash, if it is this alert's."""
    found = snippets.snippet(desk(request).evidence, digest) if digest in one.evidence else None
    if found is None:
        raise HTTPException(404)
    return found


def _decided(
    request: Request, name: str, state: str, seen: str, why: str, find: Find | None = None
) -> tuple[Alert, Notice | None]:
    """Keep it, with its line in the audit and what was found; what to say where somebody else was first."""
    here, who = desk(request), visitor(request).name
    possible = STEPS.get(seen, ())  # type: ignore[call-overload]  # what is no state has no steps
    if state not in possible and not (state == "found" and seen == "new"):
        raise HTTPException(422, _("This cannot follow: load the page again."))
    one = Decision(name, state, who, here.now_ns(), why.strip())  # type: ignore[arg-type]
    try:
        with here.engine.begin() as c:
            found = alert_of(c, name)
            queries.decide(c, one, seen)  # type: ignore[arg-type]
            if find is not None:
                keep_find(c, find)
            note(c, request, state, name, one.why)
    except queries.AlreadyDecided as error:
        return found, ("bad", first(error.decision, here.now_ns()))
    return found, None


def first(decision: Decision | None, now_ns: int) -> str:
    """Who was first, with what."""
    if decision is None:
        return _("This alert has changed: look at it again.")
    return _("{who} was first, at {time}: {state}. {why} Look again, and decide anew if you must.").format(
        who=decision.who,
        time=words.moment(decision.when_ns, now_ns),
        state=_(words.STATE_WORDS[decision.state]),
        why=decision.why,
    )


def alert_of(c: Connection, name: str) -> Alert:
    """The alert of a name, or there is nothing here."""
    try:
        return queries.alert(c, name)
    except StoreError as error:
        raise HTTPException(404, _("There is no alert of this name.")) from error


def state_of(c: Connection, name: str) -> State:
    """Where it stands."""
    known = queries.decisions(c, name)
    return known[-1].state if known else "new"


def _shown(request: Request, one: Alert, notice: Notice | None = None, why: str = "", status: int = 200) -> Response:
    here, who = desk(request), visitor(request).person
    with reading(here.engine) as c:
        known = queries.decisions(c, one.name)
        states = queries.sensor_states(c)
        searched = shifts.searches(c, (one.name,)).get(one.name, [])
    state: State = known[-1].state if known else "new"
    deciding = may(who.role if who else None, "POST", "/alerts/{name}/decide")
    steps = [(step, _(STEP_WORDS[step])) for step in STEPS.get(state, ())] if deciding else []
    rooms = {room.name: room.floor for room in here.site.rooms if room.kind != "outside"}
    floor = next((rooms[name] for name, _p in one.odds if name in rooms), None)
    best = words.best(one.odds)
    one = replace(one, odds=tuple(sorted(one.odds, key=lambda pair: -pair[1])))
    return page(
        request, "alert.html", "alerts", status=status, notice=notice, alert=one, alert_name=one.name, state=state,
        decisions=known, steps=steps, why=why, reasons=[_(reason) for reason in REASONS], best=best,
        drawn=next((one for one in here.floors if one.number == floor), None), marks=marks([best]),
        sensors=sensor_marks(here.site, states, here.now_ns()), severity=_(words.SEVERITY_WORDS[one.severity]),
        deciding=deciding, searched=searched, explained=[name for step, name in steps if step in EXPLAINED],
        evidence=[(digest, snippets.snippet(here.evidence, digest)) for digest in one.evidence[:MOST_SNIPPETS]],
        taking=may(who.role if who else None, "GET", "/alerts/{name}/evidence/{digest}.sigmf"),
    )  # fmt: skip


def _form(request: Request, one: Alert, state: str, given: dict[str, str], notice: Notice | None = None) -> Response:
    rooms = [room.name for room in desk(request).site.rooms]
    status = 200 if notice is None else 422
    return page(
        request, "found.html", "alerts", status=status, notice=notice, alert=one, state=state, rooms=rooms, **given
    )
