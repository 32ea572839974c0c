"""Two results on the same footing: is one detector better than the other, and by how much?

same scene?  ──no──► told, and refused unless asked for          same samples (digests)?  ──yes──► paired tests
     │                                                                     └──no──► independent samples
     ▼
level by level: share of A, share of B, B - A with its interval, p (Holm over all levels and labels)
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cellwarden.bench.roc import FORMAT, KIND, SHARES, Result, counts
from cellwarden.errors import BenchError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.measure.crossing import crossing
from cellwarden.measure.difference import Difference, estimated, holm, independent, paired, squared_and_added
from cellwarden.measure.interval import Estimate
from cellwarden.measure.roc import operating_point, roc

COMPARISON = "cellwarden:comparison"
FREE = ("interface", "labels", "seed", "trials", "absent_trials", "snrs_db")
"""Of a scene, what may differ between two samples from one world; only labels and levels of both are compared."""


def read(path: Path) -> Result:
    """A result of `bench roc`. Raises BenchError for anything else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    except (ValueError, RecursionError) as error:
        raise BenchError(
            _("{path} is no JSON: name a file that cellwarden bench roc wrote").format(path=path)
        ) from error
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise BenchError(_("{path} is no result of cellwarden bench roc: name one").format(path=path))
    if found.get("format") != FORMAT or not _sound(found):
        raise BenchError(_("{path} was written by another version or is damaged: measure it again").format(path=path))
    return found


def _sound(found: Result) -> bool:
    """Whether all is there that a comparison needs, and adds up."""
    try:
        scene = found["scene"]
        return (
            all(map(_number, scene["snrs_db"]))
            and all(
                isinstance(one["name"], str) and isinstance(one["digest"], str) for one in scene.get("recordings", [])
            )
            and all(isinstance(found[key], str) for key in ("detector", "date"))
            and isinstance(found["provenance"], dict)
            and (found["threshold"] is None or _number(found["threshold"]))
            and all(map(_sound_curve, found["curves"]))
        )
    except (AttributeError, KeyError, TypeError):
        return False


def _sound_curve(curve: Result) -> bool:
    absent, points = curve["absent"], curve["points"]
    levels = [p["snr_db"] for p in points if p["snr_db"] is not None]
    return (
        isinstance(curve["label"], str)
        and all(map(_number, levels))
        and levels == sorted(set(levels))
        and all(len(p["scores"]) == p["trials"] > 0 for p in points)
        and all(score is None or _number(score) for p in [*points, absent] for score in p["scores"])
        and absent.get("windows") in (None, len(absent["scores"]))
        and _number(absent["seconds"])
    )


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def differences(one: Result, other: Result) -> list[str]:
    """What the two scenes do not share, as `name: A, B`; empty where they stand on the same footing."""
    a, b = _flat(one["scene"]), _flat(other["scene"])
    names = [name for name in dict.fromkeys([*a, *b]) if name not in FREE and a.get(name) != b.get(name)]
    return [f"{name}: {_worded(a.get(name))} / {_worded(b.get(name))}" for name in names]


def _worded(value: object) -> str:
    """A setting of a scene as people read it: `awgn`, `6`, `3e-08–3e-07`, `–` where there is none."""
    if isinstance(value, list):
        return "–".join(map(_worded, value))
    if isinstance(value, float):
        return f"{value:g}"
    return "–" if value is None else str(value)


def _flat(tree: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return flat


def compared(one: Result, other: Result, false_alarm: float | None = None) -> Result:
    """Point by point, the second minus the first. Raises BenchError where nothing can be compared.

    `false_alarm`: both detectors at the lowest threshold at which no more than this share of empty windows is called
    the interface's, instead of each at its own.
    """
    labels = [c["label"] for c in one["curves"] if c["label"] in {d["label"] for d in other["curves"]}]
    curves = []
    for label in labels:
        a, b = (next(c for c in result["curves"] if c["label"] == label) for result in (one, other))
        thresholds = [_threshold(r, c, false_alarm) for r, c in ((one, a), (other, b))]
        rows = _rows(a, b, thresholds)
        if rows:
            curves.append({"label": label, "thresholds": thresholds, "rows": rows, **_whole(a, b, thresholds)})
    if not curves:
        raise BenchError(_("the two results have no level of any label in common: measure them at the same levels"))
    every = [row for curve in curves for row in curve["rows"]]
    for row, p in zip(every, holm([row["p"] for row in every]), strict=True):
        row["p_holm"] = p
    return {
        "kind": COMPARISON,
        "format": FORMAT,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "footing": differences(one, other),
        "detectors": [one["detector"], other["detector"]],
        "provenance": [one["provenance"], other["provenance"]],
        "scenes": [one["scene"], other["scene"]],
        "false_alarm": false_alarm,
        "curves": curves,
    }


def _threshold(result: Result, curve: Result, false_alarm: float | None) -> float | None:
    """The least score that counts, so that at most `false_alarm` of the empty windows are called the interface's."""
    if false_alarm is None:
        return result.get("threshold")
    scores, windows = curve["absent"]["scores"], curve["absent"].get("windows")
    if not windows or windows * false_alarm < 1:
        raise BenchError(
            _(
                "a share of {share} of false alarms needs {least} empty windows or more, not {count}: measure more"
            ).format(share=f"{false_alarm:g}", least=math.ceil(1 / false_alarm), count=windows or 0)
        )
    claims = [s for s in scores if s is not None]
    if sum(s is not None for s in scores) <= false_alarm * windows:
        return None
    floor = min(claims) - 1
    said = [floor if s is None else s for s in scores]
    drawn = roc([*said, max(claims) + 1], [*([False] * len(said)), True])  # a curve needs a signal; only P_fa is read
    return operating_point(drawn, false_alarm).threshold


def _rows(a: Result, b: Result, thresholds: Sequence[float | None]) -> list[Result]:
    rows = []
    others = {p["snr_db"]: p for p in b["points"]}
    for p in a["points"]:
        if (q := others.get(p["snr_db"])) is None:
            continue
        hits = [[counts(s, t) for s in r["scores"]] for r, t in ((p, thresholds[0]), (q, thresholds[1]))]
        same = bool(p.get("digests")) and p["digests"] == q.get("digests") and len(hits[0]) == len(hits[1])
        found = _second_minus_first(hits, same)
        rows.append(
            {
                "snr_db": p["snr_db"],
                "shares": [list(estimated(sum(h), len(h))) for h in hits],
                "trials": [len(h) for h in hits],
                "difference": list(found[:3]),
                "p": found.p,
                "paired": same,
            }
        )
    return rows


def _second_minus_first(hits: Sequence[Sequence[bool]], same: bool) -> Difference:
    one, other = hits
    if same:
        return paired(other, one)
    return independent((sum(other), sum(one)), (len(other), len(one)))


def _whole(a: Result, b: Result, thresholds: Sequence[float | None]) -> Result:
    """False alarms of both, and how much less level the second needs (positive: the first needs less)."""
    made: Result = {"shift_db": {}}
    for share in SHARES:
        ends = [_reached(c, t, share) for c, t in zip((a, b), thresholds, strict=True)]
        if all(math.isfinite(end.value) for end in ends):
            shift = squared_and_added(ends[1], ends[0])
            made["shift_db"][f"{share:g}"] = [end if math.isfinite(end) else None for end in shift]
    scores = [c["absent"]["scores"] for c in (a, b)]
    false = [sum(counts(s, t) for s in said) for said, t in zip(scores, thresholds, strict=True)]
    windows = [c["absent"].get("windows") for c in (a, b)]
    if all(windows):
        found = independent((false[1], false[0]), (windows[1], windows[0]))
        shares = [list(estimated(k, n)) for k, n in zip(false, windows, strict=True)]
        made["false"] = {"shares": shares, "difference": list(found[:3]), "p": found.p, "windows": windows}
    else:
        made["false"] = {"claims": false, "seconds": [c["absent"]["seconds"] for c in (a, b)]}
    return made


def _reached(curve: Result, threshold: float | None, share: float) -> Estimate:
    """The level at which a curve reaches a share; infinite without levels."""
    known = [p for p in curve["points"] if p["snr_db"] is not None]
    if not known:
        return Estimate(math.inf, math.inf, math.inf)
    hits = [sum(counts(s, threshold) for s in p["scores"]) for p in known]
    return crossing([p["snr_db"] for p in known], hits, [p["trials"] for p in known], share)
