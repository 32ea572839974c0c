"""What is shown of trials in the field."""

from cellwarden.bench.field import GROUPS
from cellwarden.bench.plot import Chart, decade_frame, measured, share_frame, stairs
from cellwarden.bench.roc import Result
from cellwarden.bench.view import Table, View, chance, made_by, share, signed
from cellwarden.language import gettext as _
from cellwarden.language import number


def view(result: Result) -> View:
    """Sentences, charts, tables and facts of trials in the field."""
    devices = result["devices"]
    warnings = [
        _("{device}: no pass without a phone, so nothing is known of its false alarms.").format(device=d["name"])
        for d in devices
        if not d["false"]["trials"]
    ]
    warnings += [
        _("{device}: no pass with a phone, so nothing is known of what it finds.").format(device=d["name"])
        for d in devices
        if not d["found"]["trials"]
    ]
    tables = [_devices(result)]
    tables += [_group(result, column, _(title)) for column, title in GROUPS]
    tables.append(_differences(result))
    return View(
        _("Trials in the field: {source}").format(source=result["source"]),
        tuple(_sentence(d) for d in devices),
        tuple(warnings),
        tuple(chart for chart in (_distances(result), _operating(result)) if chart is not None),
        tuple(table for table in tables if table.rows),
        (
            (_("passes"), number(result["trials"])),
            (_("least score that counts"), "–" if result["threshold"] is None else number(result["threshold"], 3)),
            (_("made by"), made_by(result["provenance"])),
            (_("on"), result["date"]),
        ),
    )


def _sentence(device: Result) -> str:
    found, false = device["found"], device["false"]
    return _(
        "{device}: finds {found} of {phones} phones, {share}; alarms at {false} of {others} people without, {wolf}."
    ).format(
        device=device["name"],
        found=number(found["hits"]),
        phones=number(found["trials"]),
        share=share(found["share"], *found["interval"]),
        false=number(false["hits"]),
        others=number(false["trials"]),
        wolf=share(false["share"], *false["interval"]),
    )


def _counted(one: Result) -> str:
    return f"{share(one['share'], *one['interval'])} n={one['trials']}"


def _devices(result: Result) -> Table:
    rows = tuple(
        (
            d["name"],
            _counted(d["found"]),
            _counted(d["false"]),
            share(*d["roc"]["area"]) if d["roc"] else "–",
        )
        for d in result["devices"]
    )
    return Table(
        _("Devices"), (_("device"), _("found (95 %)"), _("false alarms (95 %)"), _("area under the curve")), rows
    )


def _group(result: Result, column: str, title: str) -> Table:
    rows = []
    for device in result["devices"]:
        for one in device["groups"][column]:
            value = one["value"] if column != "distance_m" else _range(one)
            rows.append((device["name"], str(value), _counted(one)))
    return Table(_("Found, by {column}").format(column=title), (_("device"), title, _("found (95 %)")), tuple(rows))


def _range(one: Result) -> str:
    return number(one["from"], 2) if one["from"] == one["to"] else f"{number(one['from'], 2)} … {number(one['to'], 2)}"


def _differences(result: Result) -> Table:
    what = {"found": _("found"), "false": _("false alarms")}
    rows = tuple(
        (
            _("{second} minus {first}").format(second=d["second"], first=d["first"]),
            what[d["what"]],
            signed(*d["difference"]),
            chance(d["p_holm"]),
        )
        for d in result["differences"]
    )
    marked = frozenset(n for n, d in enumerate(result["differences"]) if d["p_holm"] < 0.05)
    head = (_("devices"), _("what"), _("difference (95 %)"), _("p (Holm)"))
    return Table(_("Differences"), head, rows, marked)


def _distances(result: Result) -> Chart | None:
    told = {d["name"]: d["groups"]["distance_m"] for d in result["devices"] if d["groups"]["distance_m"]}
    if not told:
        return None
    frame = share_frame([one["value"] for ones in told.values() for one in ones])
    series = tuple(
        measured(
            name,
            colour,
            frame,
            [(o["value"], o["share"], *o["interval"], f"{_range(o)} m: {o['hits']}/{o['trials']}") for o in ones],
        )
        for colour, (name, ones) in enumerate(told.items())
    )
    return Chart(_("Found, by distance"), frame, _("distance, m"), _("share found"), series)


def _operating(result: Result) -> Chart | None:
    told = [d for d in result["devices"] if d["roc"]]
    if not told:
        return None
    frame = decade_frame(0.5 / max(d["roc"]["without"] for d in told))
    series = tuple(
        stairs(d["name"], colour, frame, d["roc"]["false_alarms"], d["roc"]["detections"])
        for colour, d in enumerate(told)
    )
    return Chart(_("Every threshold"), frame, _("share of false alarms"), _("share found"), series)
