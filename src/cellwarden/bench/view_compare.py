"""What is shown of a comparison."""

from collections.abc import Sequence

from cellwarden.bench.plot import Chart, measured, share_frame
from cellwarden.bench.roc import Result
from cellwarden.bench.view import Table, View, chance, level, made_by, scene_facts, share, signed
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number

SURE = 0.05


def view(result: Result, names: Sequence[str]) -> View:
    """Sentences, charts, tables and facts of a comparison of the results of these names, A and B."""
    warnings = []
    if result["footing"]:
        warnings.append(
            _("Not on the same footing, A and B differ in {differences}.").format(
                differences="; ".join(result["footing"])
            )
        )
    facts = [
        (f"{letter}: {name}", detector) for letter, name, detector in zip("AB", names, result["detectors"], strict=True)
    ]
    facts += [
        (_("made by") + f" ({letter})", made_by(one)) for letter, one in zip("AB", result["provenance"], strict=True)
    ]
    facts += [(_("on"), result["date"]), *scene_facts(result["scenes"][0])]
    return View(
        _("A: {first} – B: {second}").format(first=names[0], second=names[1]),
        tuple(sentence for curve in result["curves"] for sentence in _sentences(curve)),
        tuple(warnings),
        tuple(chart for chart in map(_chart, result["curves"]) if chart is not None),
        tuple(map(_table, result["curves"])),
        tuple(facts),
    )


def _sentences(curve: Result) -> list[str]:
    label, rows = curve["label"], curve["rows"]
    better = [r for r in rows if r["p_holm"] < SURE and r["difference"][0] > 0]
    worse = [r for r in rows if r["p_holm"] < SURE and r["difference"][0] < 0]
    said = [
        _("{label}: B names more than A at {better} of {all} levels, fewer at {worse} (5 %, Holm).").format(
            label=label, better=number(len(better)), worse=number(len(worse)), all=number(len(rows))
        )
    ]
    if not better and not worse:
        said = [_("{label}: no difference is shown at any level (5 %, Holm).").format(label=label)]
    counted = ", ".join(sorted({"/".join(map(number, r["trials"])) for r in rows}))
    text = (
        _("{label}: {trials} bursts a level (A/B), the same ones for both: paired tests.")
        if all(r["paired"] for r in rows)
        else _("{label}: {trials} bursts a level (A/B), each its own: independent tests.")
    )
    said.append(text.format(label=label, trials=counted))
    for part, shift in curve["shift_db"].items():
        low, high = (
            end if end is not None else sign * float("inf") for end, sign in zip(shift[1:], (-1, 1), strict=True)
        )
        said.append(
            _("{label}: for a share of {share}, B needs {shift} dB.").format(
                label=label, share=number(float(part), 1), shift=signed(shift[0], low, high, 2)
            )
        )
    false = curve["false"]
    if "shares" in false:
        shares = [share(*one) for one in false["shares"]]
        said.append(
            _("{label}: false alarms {first} (A) and {second} (B), difference {difference}, p {p}.").format(
                label=label,
                first=shares[0],
                second=shares[1],
                difference=signed(*false["difference"]),
                p=chance(false["p"]),
            )
        )
    else:
        said.append(
            ngettext(
                "{label}: {first} false claim (A) and {second} (B).",
                "{label}: {first} false claims (A) and {second} (B).",
                false["claims"][0],
            ).format(label=label, first=number(false["claims"][0]), second=number(false["claims"][1]))
        )
    return said


def _chart(curve: Result) -> Chart | None:
    rows = [r for r in curve["rows"] if r["snr_db"] is not None]
    if not rows:
        return None
    frame = share_frame([r["snr_db"] for r in rows])
    series = tuple(
        measured(
            letter,
            colour,
            frame,
            [(r["snr_db"], *r["shares"][colour], f"{level(r['snr_db'])}: {share(*r['shares'][colour])}") for r in rows],
        )
        for colour, letter in enumerate("AB")
    )
    return Chart(curve["label"], frame, _("SNR in the signal's own band, dB"), _("share named"), series)


def _table(curve: Result) -> Table:
    head = (_("SNR"), "A", "B", _("B − A (95 %)"), _("p (Holm)"))
    rows = tuple(
        (
            level(r["snr_db"]),
            *(share(value, low, high, 2) for value, low, high in r["shares"]),
            signed(r["difference"][0], r["difference"][1], r["difference"][2], 2),
            chance(r["p_holm"]),
        )
        for r in curve["rows"]
    )
    return Table(curve["label"], head, rows, frozenset(n for n, r in enumerate(curve["rows"]) if r["p_holm"] < SURE))
