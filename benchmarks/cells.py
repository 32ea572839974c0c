"""What the README's table says of each figure, in words, from the results of a commit: of what is heard in samples."""

from collections.abc import Callable
from typing import Any

Figures = dict[str, Any]


def share(one: Figures) -> str:
    """A share with its interval and how many it is of."""
    low, high = one["interval"]
    return f"{one['share']:.3f} ({low:.3f}–{high:.3f}, {one['bursts']} bursts)"


def recordings(names: tuple[str, ...]) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        files = f["recordings"]["files"]
        return "; ".join(
            f"{n} {files[n]['recognised']}/{files[n]['true']}, false {files[n]['false']}" for n in names if n in files
        )

    return cell


def no_phones(f: Figures) -> str:
    files = f["recordings"]["files"]
    return f"{sum(one['phones'] for one in files.values() if not one['true_phones'])} phone labels in " + (
        f"{sum(not one['true_phones'] for one in files.values())} recordings without a phone"
    )


def quiet(f: Figures) -> str:
    files = f["recordings"]["files"]
    return "; ".join(f"{n} {files[n]['phones']}" for n in ("noise_10M", "interference_10M") if n in files)


def recognition(f: Figures) -> str:
    asked = f["recognition"]["asked"]
    return f"normal {share(asked['normal'])}; access {share(asked['access'])}"


def false(f: Figures) -> str:
    noise = f["false_alarms"]["noise"]
    low, high = noise["per_minute_interval"]
    rate = f"{noise['bursts']} bursts in {noise['seconds']:.0f} s ({low:.2g}–{high:.2g} a minute)"
    return f"{rate}, {noise['phones']} phone labels"


def tail(f: Figures) -> str:
    tail = f["false_alarms"]["false_labels_per_s"]
    return f"{tail['value']:.1e} a second ({tail['lower']:.1e}–{tail['upper']:.1e})"


def carrier(f: Figures) -> str:
    one = f["accuracy"]
    value, low, high = one["carrier_rmse_hz"]
    return f"{value:.1f} Hz ({low:.1f}–{high:.1f}), {value / one['carrier_bound_hz']:.2f} × the bound"


def time(f: Figures) -> str:
    value, low, high = f["accuracy"]["start_iqr_us"]
    return f"{value:.2f} µs ({low:.2f}–{high:.2f})"


def ranges(f: Figures) -> str:
    one = f["accuracy"]["ranges"]
    units = {
        "carrier_rmse_hz": ("carrier", ".1f", " Hz"),
        "start_iqr_us": ("start", ".2f", " µs"),
        "normal_2db": ("normal at 2 dB", ".3f", ""),
        "access_3.5db": ("access at 3.5 dB", ".3f", ""),
    }
    return "; ".join(f"{w} {one[k][0]:{s}}–{one[k][1]:{s}}{u}" for k, (w, s, u) in units.items() if k in one)


def confidence(f: Figures) -> str:
    one = f["confidence"]["phones"]
    low, high = one["sure_interval"]
    return (
        f"share right {one['sure_right']:.4f} ({low:.4f}–{high:.4f}) of mean p {one['sure_mean']:.4f}, "
        f"{one['sure']} claims; ECE {one['ece']:.4f}"
    )


def memory(f: Figures) -> str:
    sizes = f["memory"]["sizes"].values()
    return "; ".join(
        one["why_not"]
        if "why_not" in one
        else f"{one['peak_mb']:.0f} MB for {one['bytes'] / 1e9:.2g} GB of `{one['source']}`"
        for one in sizes
    )


def speed(f: Figures) -> str:
    scenes = f["speed"]["scenes"]
    return "; ".join(f"{name} {one['ms_per_processor_s']:.0f} MS/s" for name, one in scenes.items())


def limit(f: Figures) -> str:
    return _beside(f["speed"], "limit", "of the machine's limit")


def gnuradio(f: Figures) -> str:
    return _beside(f["gnuradio"], "gnuradio", "times GNU Radio")


def _beside(lane: dict[str, Any], other: str, words: str) -> str:
    one = lane.get("compared", {})
    ours, theirs = one.get("scan_ms_per_s"), one.get(f"{other}_ms_per_s")
    return f"{ours / theirs:.2f} {words} ({ours:.0f} to {theirs:.0f} MS/s, one run)" if ours and theirs else ""


def processes(f: Figures) -> str:
    one = f["processes"].get("processes", {})
    gain = one.get("gain")
    return f"{gain:.2f} times one, while others kept {one['load']:.1f} cores busy" if gain else ""


def busy(f: Figures) -> str:
    """The densest scene: what a burst costs is what it adds to the quiet one."""
    scenes = f["speed"]["scenes"]
    one, quiet = scenes.get("40 % of the plane"), scenes["quiet"]
    if one is None:
        return ""
    each_us = (1 / one["ms_per_processor_s"] - 1 / quiet["ms_per_processor_s"]) * 10 * one["seconds"] / one["bursts"]
    found = f"{one['recognised']} of {one['bursts']} named"
    return f"{one['ms_per_processor_s']:.1f} MS/s, {each_us * 1e6:.0f} µs a burst, {found}"


def start(f: Figures) -> str:
    one = f["speed"].get("start")
    if one is None:
        return ""
    first = f"{one['first_s']:.2f} s of processor to the first samples, " if "first_s" in one else ""  # newer than some
    said = f"{one['processor_s']:.2f} s to the end of a scan of nothing, {one['numba_s']:.2f} s of them"
    return f"{first}{said} numpy, scipy and Numba's first loop"


def stages(f: Figures) -> str:
    scenes = f["speed"]["scenes"]
    return "; ".join(
        f"{name}: " + ", ".join(f"{stage} {part:.0%}" for stage, part in one["stages"].items())
        for name, one in scenes.items()
    )


def cost(f: Figures) -> str:
    one = f["cost"]
    most = sorted(one["own"].items(), key=lambda item: -item[1]["median"])
    own = ", ".join(f"{label} {times['median']:.1f}" for label, times in most)
    worst = max(one["strange"].items(), key=lambda item: item[1]["p90"])
    strange = f"90 % of strange boxes below {worst[1]['p90']:.1f} ms for {worst[0]}"
    return f"median {own} ms; {strange}; a box, all interfaces, {one['all']['median']:.1f} ms"


def one_phone(f: Figures) -> str:
    one = f["one_phone"]["together"]
    names = {"phones": "LTE, 5 phones", "gsm": "GSM hopping", "bluetooth": "piconets", "ble": "Low Energy"}
    return "; ".join(
        f"{names[k]}: {v['purity'][1]:.2f}–{v['purity'][2]:.2f} pure, "
        f"{v['completeness'][1]:.2f}–{v['completeness'][2]:.2f} complete, {v['scenes']} scenes"
        for k, v in one.items()
    )


def bounds(f: Figures) -> str:
    return "; ".join(
        f"{name}: {v['carrier_rmse_hz'][0]:.0f} Hz, {v['carrier_over_bound']:.2f} ×"
        for name, v in f["one_phone"]["estimates"].items()
    )


def live(f: Figures) -> str:
    said = []
    for name, one in f["live"]["scenes"].items():
        late = "" if one["late_s"] is None else ", told {:.2f} s after its end (99 %: {:.2f} s)".format(*one["late_s"])
        lost = f"{one['lost']} of {one['samples'] / 1e6:.0f} M samples lost"
        if "unexplained" in one:
            lost += f", {one['injected']} of them dropped on purpose and {one['no_room']} for want of room"
            lost += f", {one['unexplained']} unexplained, {one['different']} other than the file's"
        cores = f", {one['cores']:.2f} cores with what plays and compares" if "cores" in one else ""
        said.append(f"{name}: {lost}, load {one['load']:.2f}{cores}{late}")
    return "; ".join(said)
