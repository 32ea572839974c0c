"""The same as in `cells`, of signatures and junctions."""

from collections.abc import Callable

from benchmarks.cells import Figures


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
