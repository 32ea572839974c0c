"""The site's plan: drawn, imported, and kept in its file if `site check` has nothing against it."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from cellwarden.console.desk import desk, note, viewed
from cellwarden.console.editing import Editing
from cellwarden.console.guard import guarded
from cellwarden.console.page import Notice, page
from cellwarden.console.routes.coverage import with_proposal
from cellwarden.errors import ConsoleError, SiteError
from cellwarden.language import gettext as _
from cellwarden.language import mark, ngettext, number
from cellwarden.locate import site_edit, site_file
from cellwarden.locate.plan import KIND_WORDS, MATERIAL_WORDS
from cellwarden.locate.propagation import MATERIALS
from cellwarden.locate.site import KINDS, Site

ROUTES = guarded()
UNITS = ("m", "cm", "mm", "ft", "in")
HEIGHT_M = 3.0
HIGHEST_M = 30.0
EDITOR_WORDS = {
    "floor": mark("Floor"),
    "room": mark("Room"),
    "wall": mark("Wall"),
    "sensor": mark("Sensor"),
    "name": mark("Name"),
    "kind": mark("Kind"),
    "number": mark("Number"),
    "base_m": mark("Height of its floor (m)"),
    "height_m": mark("To the next floor (m)"),
    "material": mark("Made of"),
    "x": mark("x (m)"),
    "y": mark("y (m)"),
    "z": mark("z, height in the site (m)"),
    "x2": mark("x of its end (m)"),
    "y2": mark("y of its end (m)"),
    "offset_db": mark("Calibration (dB)"),
    "corners": mark("Corners, x y in metres, one a line"),
    "nothing": mark("Nothing is chosen: touch a thing on the plan or in the list."),
    "select": mark("Touch a thing to choose it, drag it to move it. Arrows move it by 0.1 m, with Shift by 1 m."),
    "draw-room": mark("Touch each corner, then the first one. By keyboard: arrows, Enter; C closes, Escape ends."),
    "draw-wall": mark("Touch both ends; the next wall goes on from there. By keyboard: arrows, Enter; Escape ends."),
    "place-sensor": mark("Touch where it is. By keyboard: arrows, Enter."),
    "unsaved": mark("Changed, and not kept yet"),
    "taken": mark("taken out"),
}
Plan = Annotated[str, Form(max_length=4_000_000)]


@ROUTES.get("/site")
def site(request: Request) -> Response:
    """The plan as the file has it."""
    viewed(request, "site")
    editing = desk(request).editing
    if editing is None:
        return page(request, "site_none.html", "site")
    found, seen = site_edit.opened(editing.path)
    return _shown(request, site_edit.tables_of(found), seen)


@ROUTES.post("/site")
def change(
    request: Request, plan: Plan, seen: Annotated[str, Form(max_length=64)],
    why: Annotated[str, Form(max_length=500)] = "", what: Annotated[str, Form(max_length=10)] = "check",
) -> Response:  # fmt: skip
    """Say what is wrong with a plan; keep it where that is asked for and nothing is."""
    editing, tables = editing_of(request), _tables(plan)
    try:
        made = site_file.of_tables(Path(editing.path.name), tables)
        wrong = site_edit.problems(editing.path, made, editing.more)
    except SiteError as error:
        return _shown(request, tables, seen, [str(error)], status=422)
    if wrong:
        return _shown(request, tables, seen, wrong, status=422)
    if what != "save":
        return _shown(request, tables, seen, notice=("good", _("Nothing is wrong with it. It is not kept yet.")))
    if not why.strip():
        return _shown(request, tables, seen, notice=("bad", _("Say why: write a reason.")), status=422)
    try:
        with desk(request).engine.begin() as c:
            note(c, request, "change", "site", why.strip())
            site_edit.changed(editing.path, made, seen)
    except site_edit.Overtaken as error:
        return _shown(request, tables, seen, notice=("bad", str(error)), status=409)
    return RedirectResponse("/site?kept=1", 303)


@ROUTES.post("/site/import")
def bring(
    request: Request, drawing: Annotated[UploadFile, File()], seen: Annotated[str, Form(max_length=64)],
    height: Annotated[float, Form(ge=2.0, le=HIGHEST_M)] = HEIGHT_M, walls: Annotated[str, Form(max_length=40)] = "",
    unit: Annotated[str, Form(max_length=2)] = "",
) -> Response:  # fmt: skip
    """A drawing as a plan that is not kept yet. Sensors stay where the drawing has none."""
    editing = editing_of(request)
    before, _mark = site_edit.opened(editing.path)
    try:
        made = _imported(drawing, height, walls if walls in MATERIALS else None, unit if unit in UNITS else None)
    except SiteError as error:
        return _shown(request, site_edit.tables_of(before), seen, [str(error)], status=422)
    made = replace(made, name=before.name, sensors=made.sensors or before.sensors)
    said = ngettext("{count} room was imported", "{count} rooms were imported", len(made.rooms))
    told = said.format(count=number(len(made.rooms))) + ". " + _("Look at it, then keep it.")
    wrong = site_edit.problems(editing.path, made, editing.more)
    return _shown(request, site_edit.tables_of(made), seen, wrong, notice=("", told), changed=True)


@ROUTES.post("/site/propose")
def propose(request: Request) -> Response:
    """The plan with the sensors that were proposed, which is not kept yet."""
    before, seen = site_edit.opened(editing_of(request).path)
    told = _("The proposed sensors are in the plan. Look at it, then keep it.")
    return _shown(request, site_edit.tables_of(with_proposal(request, before)), seen, notice=("", told), changed=True)


def _imported(drawing: UploadFile, height_m: float, walls: str | None, unit: str | None) -> Site:
    from cellwarden.locate.site_dxf import read_dxf
    from cellwarden.locate.site_ifc import read_ifc
    from cellwarden.locate.site_import import read_geojson, site_of

    name = Path(drawing.filename or "").name
    ending = Path(name).suffix.lower()
    if ending not in (".geojson", ".json", ".dxf", ".ifc"):
        raise SiteError(_("{path} must be a .geojson, .dxf or .ifc: export it as one of them").format(path=name or "–"))
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / f"drawing{ending}"
        path.write_bytes(drawing.file.read())
        try:
            if ending == ".ifc":
                found = read_ifc(path)
            else:
                found = read_dxf(path, unit) if ending == ".dxf" else read_geojson(path)
        except SiteError as error:
            raise SiteError(str(error).replace(str(path), name)) from error
    return site_of(found, height_m, walls)


def editing_of(request: Request) -> Editing:
    """The site's file as it may be changed. Raises ConsoleError where the console knows none."""
    editing = desk(request).editing
    if editing is None:
        raise ConsoleError(_("This console was started without a site's file: there is nothing to change."))
    return editing


def _tables(plan: str) -> dict[str, Any]:
    """A plan as a page sends it. Raises SiteError for what no page sends."""
    try:
        tables = json.loads(plan)
    except (ValueError, RecursionError) as error:
        raise SiteError(_("This plan cannot be read: load the page again.")) from error
    known = {"format", "name", *site_file.KEYS}
    if not isinstance(tables, dict) or not set(tables) <= known:
        raise SiteError(_("This plan cannot be read: load the page again."))
    return tables


def _shown(
    request: Request, tables: dict[str, Any], seen: str, wrong: list[str] | None = None, *, status: int = 200,
    notice: Notice | None = None, changed: bool | None = None,
) -> Response:  # fmt: skip
    kept = request.query_params.get("kept") == "1" and request.method == "GET"
    if kept and notice is None:
        notice = ("good", _("Kept. The watch takes it when it is started anew."))
    words = {name: _(word) for name, word in EDITOR_WORDS.items()}
    kinds = {kind: _(KIND_WORDS[kind]) if kind in KIND_WORDS else kind for kind in KINDS}
    materials = {one: _(MATERIAL_WORDS[one]) if one in MATERIAL_WORDS else one for one in MATERIALS}
    settings = {"words": words, "kinds": kinds, "materials": materials}
    return page(
        request, "site.html", "site", status=status, notice=notice, plan=json.dumps(tables), seen=seen,
        wrong=wrong or [], settings=json.dumps(settings), units=UNITS, materials=materials, height=HEIGHT_M,
        changed=request.method == "POST" if changed is None else changed,
    )  # fmt: skip
