"""The same as in `cells`, of where phones are."""

from collections.abc import Callable

from benchmarks.cells import Figures


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
