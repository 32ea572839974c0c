"""What the README's table says of each figure: cells in words, from the results of a commit."""

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


def walks(name: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        one = f["walks"]
        each = ", ".join(f"{walk} {v[f'{name}_m']:.2f}" for walk, v in one["walks"].items())
        return f"{one[f'{name}_m']:.2f} m ({each}); radii hold {one[f'{name}_within']:.0%}"

    return cell


def association(f: Figures) -> str:
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


def geofence(f: Figures) -> str:
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


def tdoa(case: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        one = f["tdoa"]
        said = [f"bound of one arrival {one['delay_bound_ns']:.1f} ns"]
        for site in ("remand wing", "large prison"):
            v = one[site][case]
            value, low, high = v["rmse_m"]
            lost = f", {v['not_found']} not found and held for 1,000 m off" if v["not_found"] else ""
            said.append(
                f"{site} {value:.1f} m ({low:.1f}–{high:.1f}), {value / v['bound_m']:.2f} × the bound "
                f"{v['bound_m']:.1f} m, arrivals {v['arrival_ns']:.0f} ns, median {v['median_m']:.1f} m, {v['bursts']}"
                f" bursts{lost}"
            )
        return "; ".join(said)

    return cell


def junction(*names: str, instrument: str = "kinds") -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        kinds = f["junction"][instrument]
        return "; ".join(
            f"{name} {one['share']:.3g} ({one['interval'][0]:.2g}–{one['interval'][1]:.2g}, n {one['passages']});"
            f" worlds {one['worlds'][0]:.3g}–{one['worlds'][2]:.3g}"
            for name, one in ((name, kinds[name]) for name in names)
        )

    return cell


def twins(name: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        one = f["fingerprint"][name]
        said = one["verdicts"]
        rank, low, high = one["rank1"]
        of = f"{one['populations']} × {one['enrolled']} enrolled of {one['phones']}"
        parts = [f"rank-1 {rank:.3f} ({low:.3f}–{high:.3f}, {of})"]
        for key, title in (("eer", "EER"), ("cllr", "Cllr"), ("missed", "missed at a false accept of 0.001")):
            value, low, high = one[key]
            parts.append(f"{title} {value:.3f} ({low:.3f}–{high:.3f})")
        parts.append(
            f"of {said['enrolled']} enrolled {said['named']} named, {said['misnamed']} misnamed, {said['called_new']} "
            f"called new; of {said['strangers']} others {said['taken_for_known']} taken for known ones"
        )
        ranges = one["ranges"]
        parts.append(
            "all populations, of ±50 % too: rank-1 {:.2f}–{:.2f}, EER {:.3f}–{:.3f}".format(
                *ranges["rank1"], *ranges["eer"]
            )
        )
        return "; ".join(parts)

    return cell


def junction_range(f: Figures) -> str:
    straight, swaying = f["junction"]["range"], f["junction"]["range_swaying"]
    return "; ".join(
        f"{words} RMSE {one['rmse_m']:.2f} m, 95 % within {one['p95_m']:.2f} m, {one['count']} passages"
        for words, one in (("straight on", straight), ("swaying by 3 cm", swaying))
    )


def twins_curve(axis: str, unit: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        points = f["fingerprint"]["curve"][axis].items()
        return "; ".join(f"{at}{unit}: rank-1 {v['rank1']:.2f}, EER {v['eer']:.3f}" for at, v in points)

    return cell


def boards(key: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        ways = f["fingerprint"][key]
        if not ways:
            return "no material"
        mean = sum(v["rank1"] for v in ways.values()) / len(ways)
        each = "; ".join(
            "{}: rank-1 {:.3f} ({:.3f}–{:.3f}, {} captures), EER {:.3f}".format(
                way, v["rank1"], *v["interval"], v["captures"], v["eer"]
            )
            for way, v in ways.items()
        )
        return f"mean {mean:.3f}; {each}"

    return cell


def wing(kind: str) -> Callable[[Figures], str]:
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


def models(f: Figures) -> str:
    """Verdicts on the models of phones."""
    one = f["fingerprint"]["models"]
    return (
        f"of {one['known']} of a known model the likeliest is right for {one['likeliest']}; {one['named']} named for "
        f"sure, {one['misnamed']} misnamed, {one['called_new']} called another; of {one['strangers']} of other models "
        f"{one['taken_for_known']} taken for a known one, {one['new']} called another"
    )


def search(f: Figures) -> str:
    one = f["fingerprint"]["search"]
    return (
        f"{one['ms']:.1f} ms, {one['same_best']} of {one['queries']} the best of all, {one['emitters']:,.0f} emitters"
    )


def wing_bound(f: Figures) -> str:
    wing = f["wing"]
    return "; ".join(
        f"{w}: {wing[w]['bound none']['first'][0]:.2f} ({wing[w]['bound none']['said']:.2f} expected of itself)"
        for w in ("corridor", "cells")
    )


def wing_varied(kind: str) -> Callable[[Figures], str]:
    def cell(f: Figures) -> str:
        ranges = {where: f["wing"][where][kind] for where in ("corridor", "cells")}
        return "; ".join(
            f"{where}: first {v['first'][0]:.2f}–{v['first'][1]:.2f}, among three {v['three'][0]:.2f}–"
            f"{v['three'][1]:.2f}, ECE of all {v['ece_together']:.3f}, of each {v['ece'][0]:.2f}–{v['ece'][1]:.2f}, "
            f"{v['fixes']} fixes"
            for where, v in ranges.items()
        )

    return cell


def wing_true(f: Figures) -> str:
    wing = f["wing"]
    return "; ".join(
        f"{w}: {wing[w]['plan none']['ece']:.3f}, surveyed {wing[w]['survey none']['ece']:.3f}, "
        f"one sensor lying {wing[w]['plan lying']['ece']:.3f}, dead {wing[w]['plan dead']['ece']:.3f}"
        for w in ("corridor", "cells")
    )


def wing_fault(f: Figures) -> str:
    found = []
    for where in ("corridor", "cells"):
        one = f["wing"][where]
        fall = {fault: one["plan none"]["three"][0] - one[f"plan {fault}"]["three"][0] for fault in ("lying", "dead")}
        found.append(f"{where}: lying {fall['lying']:+.3f}, dead {fall['dead']:+.3f}")
    return "; ".join(found)


def referee(f: Figures) -> str:
    said = []
    for sensors in ("corridor", "cells"):
        one = f["referee"][sensors]
        said += [f"{sensors}, {_referee_points(points, both)}" for points, both in one["points"].items()]
        told = one["told"]
        said.append(f"a rule told all levels there: {told['error_m']:.2f} m, first {told['first'][0]:.2f}")
    return "; ".join(said)


def _referee_points(points: str, one: Figures) -> str:
    theirs, ours = one["referee"], one["own"]
    return (
        f"{points} points a cell: {theirs['error_m']:.2f} m, {one['ratio']:.1f} × {ours['error_m']:.2f}"
        f" m; right cell first {theirs['first'][0]:.2f} (own {ours['first'][0]:.2f}), among three "
        f"{theirs['three'][0]:.2f} ({ours['three'][0]:.2f}), ECE {theirs['ece']:.2f}; {theirs['phones']} fixes"
    )


def wing_speed(f: Figures) -> str:
    one = f["wing"]["speed"]
    rooms = f"among all rooms and outside {one['all_ms']:.1f} ms median"
    return f"{one['ms']:.1f} ms median, {one['ms_p90']:.1f} ms for nine in ten; {rooms}"


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


def _within(one: list[float]) -> str:
    """A share with its interval."""
    share, low, high = one
    return f"{share:.3f} ({low:.3f}–{high:.3f})"


def week_iq(f: Figures) -> str:
    """Calls from samples to alerts."""
    one = f["week-iq"]
    told = (
        f"{_within(one['told'])} of {one['calls']} calls ({one['lte_calls']} of LTE) in {one['seconds'] / 60:.3g} min"
    )
    places = f"cell first {one['first']}, among three {one['three']}"
    staff = f"staff by signature {one['staff_named']} of {one['staff_seconds']} s, {one['staff_misnamed']} wrong"
    return f"{told}; {places}; {one['alerts']} alerts, {len(one['false'])} false; {staff}"


def week_told(f: Figures) -> str:
    one = f["week"]
    varied = f"; worlds {one['varied']['told'][0]:.3f}–{one['varied']['told'][1]:.3f}" if "varied" in one else ""
    return f"{_within(one['told'])} of {one['calls']} calls in {one['weeks']:.3g} weeks{varied}"


def week_cell(f: Figures) -> str:
    one = f["week"]
    varied = f"; worlds {one['varied']['three'][0]:.3f}–{one['varied']['three'][1]:.3f}" if "varied" in one else ""
    return f"{_within(one['three'])}, first {_within(one['first'])}{varied}"


def week_false(f: Figures) -> str:
    one = f["week"]
    kinds = ", ".join(f"{who} {n}" for who, n in one["false"].items())
    low, high = one["false_a_week"][1:]
    varied = one.get("varied", {}).get("false_a_week")
    worlds = f"; worlds {varied[0]:.1f}–{varied[1]:.1f} a week" if varied else ""
    said = f" ({kinds})" if kinds else ""
    return f"{one['false_alerts']}{said} in {one['weeks']:.3g} weeks, {low:.2f}–{high:.2f} a week{worlds}"


def week_alerts(f: Figures) -> str:
    one = f["week"]
    if "alerts_a_week" not in one:
        return ""
    undecided, decided = one["alerts_a_week"]
    worlds = one.get("varied", {}).get("alerts_a_week")
    varied = f"; worlds {worlds[0]:.0f}–{worlds[1]:.0f}" if worlds else ""
    return f"{undecided:.0f}, or {decided:.0f} where all are decided each morning{varied}"


def week_same(f: Figures) -> str:
    one = f["week"]
    if "split" not in one:
        return ""
    worlds = one.get("varied", {})
    said = [f"{key} {_within(one[key])}" for key in ("split", "merged", "behind")]
    said += [f"worlds {key} {worlds[key][0]:.3f}–{worlds[key][1]:.3f}" for key in ("split", "merged") if key in worlds]
    told, beside = one["beside"]
    return f"{', '.join(said)}; {told} of {beside} that lay beside another told by themselves"


def killed(f: Figures) -> str:
    one = f["killed"]
    return f"{one['kills']} kills, {one['acknowledged']:,} acknowledged: {one['wrong']} lost, doubled or kept by half"


def heat_map(f: Figures) -> str:
    one = f["history"]["day"]
    (closed, slowest), (stored, _) = one["heat_map_of_a_closed_day_s"], one["heat_map_of_an_open_day_s"]
    return f"{closed:.2f} s median, {slowest:.2f} s slowest; before the day is over {stored:.2f} s"


def console(f: Figures) -> str:
    one = f["console"]
    (page, late), (event, later, _worst) = one["page_s"], one["event_s"]
    return (
        f"a page {1e3 * page:.0f} ms median, {1e3 * late:.0f} ms for 19 in 20; an event {1e3 * event:.0f} ms, "
        f"{1e3 * later:.0f} ms; {one['memory_mb']:.0f} MB"
    )


def on_screen(f: Figures) -> str:
    """How late alerts are, and whether each call has one."""
    one = f["on-screen"]
    median, late, latest = one["late_s"]
    told = f"{one['answered']} of {one['calls']} calls told, {one['alerts']} alerts"
    return f"{told}; median {median:.1f} s, 99 in 100 {late:.1f} s, latest {latest:.1f} s"
