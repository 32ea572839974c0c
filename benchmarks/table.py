"""The README's table of figures, made from the newest results: `python -m benchmarks.table` writes it in its place."""

import sys
from collections.abc import Callable
from typing import Any

from benchmarks.results import ROOT, newest

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
NOT_YET = "not measured yet"

Figures = dict[str, Any]


def share(one: Figures) -> str:
    """A share with its interval and how many it is of."""
    low, high = one["interval"]
    return f"{one['share']:.3f} ({low:.3f}–{high:.3f}, {one['bursts']} bursts)"


def _recordings(names: tuple[str, ...]) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        files = f["recordings"]["files"]
        return "; ".join(
            f"{n} {files[n]['recognised']}/{files[n]['true']}, false {files[n]['false']}" for n in names if n in files
        )

    return cell


def _no_phones(f: Figures) -> str:
    files = f["recordings"]["files"]
    return f"{sum(one['phones'] for one in files.values() if not one['true_phones'])} phone labels in " + (
        f"{sum(not one['true_phones'] for one in files.values())} recordings without a phone"
    )


def _quiet(f: Figures) -> str:
    files = f["recordings"]["files"]
    return "; ".join(f"{n} {files[n]['phones']}" for n in ("noise_10M", "interference_10M") if n in files)


def _recognition(f: Figures) -> str:
    asked = f["recognition"]["asked"]
    return f"normal {share(asked['normal'])}; access {share(asked['access'])}"


def _false(f: Figures) -> str:
    noise = f["false_alarms"]["noise"]
    low, high = noise["per_minute_interval"]
    rate = f"{noise['bursts']} bursts in {noise['seconds']:.0f} s ({low:.2g}–{high:.2g} a minute)"
    return f"{rate}, {noise['phones']} phone labels"


def _tail(f: Figures) -> str:
    tail = f["false_alarms"]["false_labels_per_s"]
    return f"{tail['value']:.1e} a second ({tail['lower']:.1e}–{tail['upper']:.1e})"


def _carrier(f: Figures) -> str:
    one = f["accuracy"]
    value, low, high = one["carrier_rmse_hz"]
    return f"{value:.1f} Hz ({low:.1f}–{high:.1f}), {value / one['carrier_bound_hz']:.2f} × the bound"


def _time(f: Figures) -> str:
    value, low, high = f["accuracy"]["start_iqr_us"]
    return f"{value:.2f} µs ({low:.2f}–{high:.2f})"


def _ranges(f: Figures) -> str:
    one = f["accuracy"]["ranges"]
    units = {
        "carrier_rmse_hz": ("carrier", ".1f", " Hz"),
        "start_iqr_us": ("start", ".2f", " µs"),
        "normal_2db": ("normal at 2 dB", ".3f", ""),
        "access_3.5db": ("access at 3.5 dB", ".3f", ""),
    }
    return "; ".join(f"{w} {one[k][0]:{s}}–{one[k][1]:{s}}{u}" for k, (w, s, u) in units.items() if k in one)


def _confidence(f: Figures) -> str:
    one = f["confidence"]["phones"]
    low, high = one["sure_interval"]
    return (
        f"share right {one['sure_right']:.4f} ({low:.4f}–{high:.4f}) of mean p {one['sure_mean']:.4f}, "
        f"{one['sure']} claims; ECE {one['ece']:.4f}"
    )


def _memory(f: Figures) -> str:
    sizes = f["memory"]["sizes"].values()
    return "; ".join(
        one["why_not"]
        if "why_not" in one
        else f"{one['peak_mb']:.0f} MB for {one['bytes'] / 1e9:.2g} GB of `{one['source']}`"
        for one in sizes
    )


def _speed(f: Figures) -> str:
    scenes = f["speed"]["scenes"]
    return "; ".join(f"{name} {one['ms_per_processor_s']:.0f} MS/s" for name, one in scenes.items())


def _stages(f: Figures) -> str:
    scenes = f["speed"]["scenes"]
    return "; ".join(
        f"{name}: " + ", ".join(f"{stage} {part:.0%}" for stage, part in one["stages"].items())
        for name, one in scenes.items()
    )


def _cost(f: Figures) -> str:
    one = f["cost"]
    most = sorted(one["own"].items(), key=lambda item: -item[1]["median"])
    own = ", ".join(f"{label} {times['median']:.1f}" for label, times in most)
    worst = max(one["strange"].items(), key=lambda item: item[1]["p90"])
    strange = f"90 % of strange boxes below {worst[1]['p90']:.1f} ms for {worst[0]}"
    return f"median {own} ms; {strange}; a box, all interfaces, {one['all']['median']:.1f} ms"


def _one_phone(f: Figures) -> str:
    one = f["one_phone"]["together"]
    names = {"phones": "LTE, 5 phones", "gsm": "GSM hopping", "bluetooth": "piconets", "ble": "Low Energy"}
    return "; ".join(
        f"{names[k]}: {v['purity'][1]:.2f}–{v['purity'][2]:.2f} pure, "
        f"{v['completeness'][1]:.2f}–{v['completeness'][2]:.2f} complete, {v['scenes']} scenes"
        for k, v in one.items()
    )


def _bounds(f: Figures) -> str:
    return "; ".join(
        f"{name}: {v['carrier_rmse_hz'][0]:.0f} Hz, {v['carrier_over_bound']:.2f} ×"
        for name, v in f["one_phone"]["estimates"].items()
    )


def _walks(name: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        one = f["walks"]
        each = ", ".join(f"{walk} {v[f'{name}_m']:.2f}" for walk, v in one["walks"].items())
        return f"{one[f'{name}_m']:.2f} m ({each}); radii hold {one[f'{name}_within']:.0%}"

    return cell


def _association(f: Figures) -> str:
    one = f["association"]
    said = []
    for case in ("clear", "faint", "alone"):
        worst = min(one[case], key=lambda point: point["purity"][0] + point["completeness"][0])
        said.append(
            f"{case}, worst at {1e3 * worst['clock_error_s']:g} ms: {worst['purity'][0]:.3f} pure, "
            f"{worst['completeness'][0]:.3f} complete, "
            f"phones {worst['phone_purity'][0]:.3f} pure ({worst['scenes']} scenes)"
        )
    return "; ".join(said)


def _geofence(f: Figures) -> str:
    said = []
    for layout in ("building", "building and wall"):
        one = f["geofence"][layout]
        plain, bound = one["plain"], one["bound"]
        false, missed = plain["called_interval"], plain["missed_interval"]
        said.append(
            f"sensors in {layout}: {plain['called_inside']} of {plain['outside']} ({false[0]:.1e}–{false[1]:.1e}) "
            f"called inside, {plain['missed'] / plain['inside']:.4f} ({missed[0]:.4f}–{missed[1]:.4f}) missed, "
            f"where the belief is true {bound['missed_in_cells']:.3f} at 1e-4"
        )
    return "; ".join(said)


def _tdoa(case: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        one = f["tdoa"]
        said = [f"bound of one arrival {one['delay_bound_ns']:.1f} ns"]
        for site in ("remand wing", "large prison"):
            v = one[site][case]
            value, low, high = v["rmse_m"]
            said.append(
                f"{site} {value:.1f} m ({low:.1f}–{high:.1f}), {value / v['bound_m']:.2f} × the bound "
                f"{v['bound_m']:.1f} m, arrivals {v['arrival_ns']:.0f} ns"
            )
        return "; ".join(said)

    return cell


def _wing(kind: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        said = []
        for where in ("corridor", "cells"):
            one = f["wing"][where][kind]
            (first, low, high), (three, least, most) = one["first"], one["three"]
            said.append(
                f"{where}: first {first:.2f} ({low:.2f}–{high:.2f}), among three {three:.3f} ({least:.3f}–{most:.3f})"
            )
        return "; ".join(said) + f"; {one['fixes']} fixes each"

    return cell


def _wing_bound(f: Figures) -> str:
    wing = f["wing"]
    return "; ".join(
        f"{w}: {wing[w]['bound none']['first'][0]:.2f} ({wing[w]['bound none']['said']:.2f} expected of itself)"
        for w in ("corridor", "cells")
    )


def _wing_varied(f: Figures) -> str:
    ranges = {where: f["wing"][where]["varied"] for where in ("corridor", "cells")}
    return "; ".join(
        f"{where}: first {v['first'][0]:.2f}–{v['first'][1]:.2f}, among three {v['three'][0]:.2f}–{v['three'][1]:.2f}, "
        f"ECE {v['ece'][0]:.2f}–{v['ece'][1]:.2f}"
        for where, v in ranges.items()
    )


def _wing_true(f: Figures) -> str:
    wing = f["wing"]
    return "; ".join(
        f"{w}: {wing[w]['plan none']['ece']:.3f}, surveyed {wing[w]['survey none']['ece']:.3f}"
        for w in ("corridor", "cells")
    )


def _wing_fault(f: Figures) -> str:
    found = []
    for where in ("corridor", "cells"):
        one = f["wing"][where]
        fall = {fault: one["plan none"]["three"][0] - one[f"plan {fault}"]["three"][0] for fault in ("lying", "dead")}
        found.append(f"{where}: lying {fall['lying']:+.3f}, dead {fall['dead']:+.3f}")
    return "; ".join(found)


def _wing_speed(f: Figures) -> str:
    one = f["wing"]["speed"]
    return f"{one['ms']:.1f} ms median, {one['ms_p90']:.1f} ms for nine in ten"


LINES: tuple[tuple[str, str, str, Callable[[Figures], str]], ...] = (
    (
        "Recordings with truth, recognised",
        "8/8, all, ≥ 99 %; false 0",
        "recordings",
        _recordings(("gsm_access_2M", "gsm_call_2M", "gsm_band_10M")),
    ),
    ("Phone labels in noise and interference", "0", "recordings", _quiet),
    (
        "Recognition end to end, normal at 2 dB, access at 3.5 dB",
        "≥ 0.99, lower bound ≥ 0.985",
        "recognition",
        _recognition,
    ),
    ("False alarms on white noise, 10 MS/s", "≤ 1 burst a minute; 0 phone labels", "false_alarms", _false),
    ("False phone labels in 10 MHz, extrapolated", "≤ 1.1e-9 a second", "false_alarms", _tail),
    ("Carrier offset error, normal burst, 15 dB", "RMSE ≤ 2 × Cramér–Rao (12.1 Hz)", "accuracy", _carrier),
    ("Start time error, 10 dB, interquartile range", "≤ 1 µs", "accuracy", _time),
    ("The same with the simulation's parameters varied by ±50 %", "–", "accuracy", _ranges),
    (
        "Real recordings, recognised",
        "every box, false ≤ 1 each",
        "recordings",
        lambda f: "; ".join(
            f"{n} found {one['found']}/{one['true']}, false {one['false']}"
            for n, one in f["recordings"]["files"].items()
            if n in ("lte_uplink_30M", "wifi_dot11n_65mbps")
        ),
    ),
    ("One phone's bursts together, parameters varied by ±50 %", "LTE ≥ 0.9 pure", "one_phone", _one_phone),
    ("LTE carrier offset error, and over its bound", "–", "one_phone", _bounds),
    ("Recordings without a phone", "no phone label", "recordings", _no_phones),
    ("Confidence from 0.9 to 1", "share right within 0.05 of mean p", "confidence", _confidence),
    ("Peak memory", "< 500 MB for 10 GB and for 1 GB", "memory", _memory),
    ("Speed, one core, 10 MS/s", "≥ 60 MS/s at 5 % occupied", "speed", _speed),
    ("Share of each stage", "–", "speed", _stages),
    ("Recognition of one burst, by its interface", "≤ 2 ms a core (median)", "cost", _cost),
    (
        "Real walks, mean error of a causal fix",
        "≤ 1.5 m, each ≤ 2.0 m; 90 % radii hold 85–95 %",
        "walks",
        _walks("causal"),
    ),
    ("The same smoothed", "≤ 1.2 m", "walks", _walks("smoothed")),
    ("Same bursts at four nodes, ten phones at once, by clocks' error", "≥ 0.99 pure", "association", _association),
    ("Inside or outside the wall", "outside called inside ≤ 1e-4; inside missed ≤ 1 %", "geofence", _geofence),
    ("GSM burst at 20 dB, sensors agree to 10 ns, place", "≤ 1.5 × Cramér–Rao", "tdoa", _tdoa("noise")),
    ("The same behind echoes of a building", "–", "tdoa", _tdoa("echoes")),
    (
        "Simulated wing, right cell, sensors in corridor or cells, no survey",
        "first ≥ 0.40 or 0.70, among three ≥ 0.85 or 0.98",
        "wing",
        _wing("plan none"),
    ),
    ("The best that any rule reaches there: first", "–", "wing", _wing_bound),
    ("The same, surveyed at one point a cell", "first ≥ 0.60, among three ≥ 0.95", "wing", _wing("survey none")),
    ("No survey, world's parameters varied by ±50 %", "–", "wing", _wing_varied),
    ("Fall of those among three, one sensor lying by 15 dB or dead", "≤ 0.05", "wing", _wing_fault),
    ("Calibration error of cell probabilities", "≤ 0.03", "wing", _wing_true),
    ("A fix among 600 cells with 60 sensors, one core", "≤ 5 ms", "wing", _wing_speed),
)


def table(results: dict[str, Any] | None) -> str:
    """The table in Markdown; what was not measured says so."""
    figures = results["figures"] if results else {}
    rows = ["| figure | target | measured | scale |", "|---|---|---|---|"]
    for name, target, lane, cell in LINES:
        measured = cell(figures) if lane in figures else ""
        scale = f"{figures[lane]['scale']:g}" if measured else "–"
        rows.append(f"| {name} | {target} | {measured or NOT_YET} | {scale} |")
    if results:
        rows += ["", f"Commit {results['commit']}, {results['date'][:10]}, {results['machine']['processor']}."]
    return "\n".join(rows)


def put(text: str, made: str) -> str:
    """A text with the table between its two markers."""
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no place for the table: {BEGIN} and {END} are needed")
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def main() -> None:
    """Write the table into README.md."""
    readme = ROOT / "README.md"
    readme.write_text(put(readme.read_text(encoding="utf-8"), table(newest())), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
