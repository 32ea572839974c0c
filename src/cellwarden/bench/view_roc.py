"""What is shown of a curve."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from cellwarden.bench.plot import Chart, Series, decade_frame, measured, share_frame, stairs, theory
from cellwarden.bench.roc import Result
from cellwarden.bench.view import Table, View, level, made_by, reached, scene_facts, share
from cellwarden.language import gettext as _
from cellwarden.language import mark, ngettext, number
from cellwarden.measure.roc import roc
from cellwarden.measure.theory import energy_detection
from cellwarden.runtime.pictures import Frame

FALSE_ALARM = 1e-3
"""At which the ideal energy detector is drawn."""
HOLDS = {
    "noise": mark("noise"),
    "others": mark("other signals"),
    "persons": mark("persons without electronics"),
    "contacts": mark("persons with a corroded contact"),
}
"""What windows without the label hold."""
MOST_CURVES = 5
"""Levels for which an operating characteristic is drawn."""


def view(result: Result) -> View:
    """Sentences, charts, tables and facts of a result of `bench roc`."""
    curves = result["curves"]
    charts = [chart for chart in (_levels(result), *map(_operating, curves)) if chart is not None]
    facts = [
        (_("detector"), result["detector"]),
        (_("least score that counts"), "–" if result["threshold"] is None else number(result["threshold"], 3)),
        (_("made by"), made_by(result["provenance"])),
        (_("on"), result["date"]),
        *scene_facts(result["scene"]),
    ]
    return View(
        _("Detection curve of {interface}").format(interface=result["scene"]["interface"]),
        tuple(sentence for curve in curves for sentence in _sentences(curve)),
        (),
        tuple(charts),
        tuple(table for table in (*map(_table, curves), _misnamed(curves)) if table.rows),
        tuple(facts),
    )


def _sentences(curve: Result) -> list[str]:
    absent, label = curve["absent"], curve["label"]
    holds = HOLDS.get(absent["holds"], HOLDS["others"])
    said = []
    if curve["reaches"]:
        said.append(
            _("{label}: half are named at {half}, 90 % at {most}.").format(
                label=label, half=reached(curve["reaches"]["0.5"]), most=reached(curve["reaches"]["0.9"])
            )
        )
    if absent.get("windows"):
        text = ngettext(
            "{label}: {count} false alarm in {windows} windows of {holds}, a share of {share}.",
            "{label}: {count} false alarms in {windows} windows of {holds}, a share of {share}.",
            absent["false"],
        )
        said.append(
            text.format(
                label=label,
                count=number(absent["false"]),
                windows=number(absent["windows"]),
                holds=_(holds),
                share=share(absent["share"], *absent["interval"]),
            )
        )
        if all(s is None for s in absent["scores"]):
            said.append(
                _("{label}: the same at every threshold, so no curve of thresholds is drawn.").format(label=label)
            )
    elif "per_minute" in absent:
        rate, low, high = absent["per_minute"]
        said.append(
            _("{label}: {count} false claims in {seconds} s, {rate} a minute.").format(
                label=label,
                count=number(absent["false"]),
                seconds=number(absent["seconds"], 1),
                rate=share(rate, low, high, 1),
            )
        )
    return said


def _levels(result: Result) -> Chart | None:
    """Shares named against level, beside the ideal energy detector's where there are no echoes."""
    curves = result["curves"]
    levels = sorted({p["snr_db"] for c in curves for p in c["points"] if p["snr_db"] is not None})
    if not levels:
        return None
    frame, series = share_frame(levels), []
    for colour, curve in enumerate(curves):
        series.append(measured(curve["label"], colour, frame, share_points(curve["points"])))
    if result["scene"].get("channel", {}).get("name") == "awgn":
        fine = np.linspace(frame.x[0], frame.x[1], 200)
        for colour, curve in enumerate(curves):
            ideal = energy_detection(fine, curve["time_bandwidth"], FALSE_ALARM)
            name = _("{label}: ideal energy detector, false alarms {share}").format(
                label=curve["label"], share=number(FALSE_ALARM, 3)
            )
            series.append(theory(name, colour, frame, fine.tolist(), ideal.tolist()))
    title = _("Share named, with intervals of 95 %")
    return Chart(title, frame, _("SNR in the signal's own band, dB"), _("share named"), tuple(series))


def share_points(points: Sequence[Result]) -> list[tuple[float, float, float, float, str]]:
    """Points for a chart of shares."""
    return [
        (
            p["snr_db"],
            p["share"],
            *p["interval"],
            f"{level(p['snr_db'])}: {p['named']}/{p['trials']}, {share(p['share'], *p['interval'])}",
        )
        for p in points
        if p["snr_db"] is not None
    ]


def _operating(curve: Result) -> Chart | None:
    """Shares found against false alarms as the threshold falls, at some levels from the curve's foot to its top."""
    noise, windows = curve["absent"]["scores"], curve["absent"].get("windows")
    points = [p for p in curve["points"] if p["snr_db"] is not None and any(s is not None for s in p["scores"])]
    if not windows or not points or all(s is None for s in noise):
        return None  # without a claim in any window without it, there is no curve: `_sentences` says so
    bent = [p for p in points if p["share"] < 1] or points
    chosen = [bent[n] for n in sorted({round(at) for at in np.linspace(0, len(bent) - 1, MOST_CURVES)})]
    frame = decade_frame(0.5 / windows)
    series = [_stairs(p, noise, colour, frame) for colour, p in enumerate(chosen)]
    title = _("{label}: every threshold, with {windows} windows without it").format(
        label=curve["label"], windows=number(windows)
    )
    return Chart(title, frame, _("share of false alarms"), _("share named"), tuple(series))


def _stairs(point: Result, noise: Sequence[float | None], colour: int, frame: Frame) -> Series:
    """One level's curve, as far as the detector made claims; beyond, nothing was measured."""
    told = [s for s in [*point["scores"], *noise] if s is not None]
    floor = min(told) - 1
    scores = [floor if s is None else s for s in [*point["scores"], *noise]]
    labels = [True] * len(point["scores"]) + [False] * len(noise)
    drawn = roc(scores, labels)
    measured_part = drawn.thresholds > floor
    across, up = drawn.false_alarms[measured_part], drawn.detections[measured_part]
    return stairs(level(point["snr_db"]), colour, frame, across.tolist(), up.tolist())


def _table(curve: Result) -> Table:
    head = (_("SNR"), _("named"), _("share (95 %)"), _("found"), _("misnamed"), _("beside"))
    rows = tuple(
        (
            level(p["snr_db"]),
            f"{number(p['named'])}/{number(p['trials'])}",
            share(p["share"], *p["interval"]),
            number(p["found"]),
            number(sum(p["misnamed"].values())),
            number(p["elsewhere"]),
        )
        for p in curve["points"]
    )
    return Table(curve["label"], head, rows, bars=tuple(p["share"] for p in curve["points"]))


def _misnamed(curves: Sequence[Result]) -> Table:
    """Under which names bursts were found that were not named right, all levels together."""
    rows = []
    for curve in curves:
        names = sum((Counter(p["misnamed"]) for p in curve["points"]), Counter[str]())
        rows += [(curve["label"], name, number(count)) for name, count in names.most_common()]
    return Table(_("Names given instead"), (_("true label"), _("name"), _("bursts")), tuple(rows))
