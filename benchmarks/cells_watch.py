"""The same as in `cells`, of a site that is guarded."""

from benchmarks.cells import Figures


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
