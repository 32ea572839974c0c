"""A curve for an interface: all units of a plan on all cores, kept as they come, summed up when all are there."""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from cellwarden.bench.detector import OWN, detector
from cellwarden.bench.journal import Journal
from cellwarden.bench.plan import Plan, scene
from cellwarden.bench.pool import Progress, work_off
from cellwarden.bench.provenance import provenance
from cellwarden.bench.unit import Unit, tried, units
from cellwarden.measure.count import poisson
from cellwarden.measure.crossing import crossing
from cellwarden.measure.proportion import wilson

KIND, FORMAT = "cellwarden:roc", 1
OWN_THRESHOLD = 0.5
"""The least confidence that `scan` tells by itself."""
SHARES = (0.5, 0.9)
"""The levels at which they are reached are told."""
ABOVE, BELOW = "above", "below"
Result: TypeAlias = dict[str, Any]


def threshold_of(detector_name: str, asked: float | None) -> float | None:
    """The least score that counts; None counts every claim."""
    return asked if asked is not None else OWN_THRESHOLD if detector_name == OWN else None


def run(
    plan: Plan,
    detector_name: str,
    threshold: float | None,
    part: Path,
    *,
    processes: int,
    force: bool = False,
    progress: Progress | None = None,
) -> Result:
    """The result of a plan. Units in the journal `part` are not tried again; an interrupt leaves it as it is.

    Raises BenchError, DetectorError, OutputError.
    """
    if detector_name != OWN:
        detector(detector_name)  # what is wrong with its name is told before any work
    purpose = {"scene": scene(plan), "detector": detector_name, "provenance": provenance()}
    todo = units(plan)
    with Journal(part, purpose, force=force) as journal:
        work = partial(_tried, plan=plan, name=detector_name)
        work_off([(unit.name, unit) for unit in todo], work, journal, processes=processes, progress=progress)
        curves = [curve(label, todo, journal.done, threshold, plan.absent) for label in plan.labels]
    return result_of(purpose, threshold, curves)


def result_of(purpose: Mapping[str, Any], threshold: float | None, curves: list[Result]) -> Result:
    """What is written."""
    head = {"kind": KIND, "format": FORMAT, **purpose, "threshold": threshold}
    return {**head, "date": datetime.now(UTC).isoformat(timespec="seconds"), "curves": curves}


def _tried(unit: Unit, plan: Plan, name: str) -> dict[str, Any]:
    return tried(unit, plan, detector(name))


def curve(
    label: str, todo: Sequence[Unit], done: Mapping[str, Mapping[str, Any]], threshold: float | None, absent: str
) -> Result:
    """Points of one label by level, its false alarms, and where it reaches SHARES."""
    own = [unit for unit in todo if unit.label == label]
    levels = sorted({unit.snr_db for unit in own if not unit.absent})
    by_level = [[done[u.name] for u in own if not u.absent and u.snr_db == level] for level in levels]
    points = [point(level, parts, threshold) for level, parts in zip(levels, by_level, strict=True)]
    area = statistics.fmean(part["time_bandwidth"] for parts in by_level for part in parts)
    return {
        "label": label,
        "points": points,
        "absent": absence([done[u.name] for u in own if u.absent], threshold, absent),
        "reaches": reaches(points),
        "time_bandwidth": round(area, 3),
    }


def point(level: float | None, parts: Sequence[Mapping[str, Any]], threshold: float | None) -> Result:
    """What became of the bursts of one level."""
    scores = [score for part in parts for score in part["scores"]]
    found = [score for part in parts for score in part["found"]]
    named, trials = sum(counts(s, threshold) for s in scores), len(scores)
    return {
        "snr_db": level,
        "trials": trials,
        "named": named,
        "share": named / trials,
        "interval": list(wilson(named, trials)),
        "found": sum(counts(s, threshold) for s in found),
        "misnamed": dict(Counter(label for part in parts for label in part["misnamed"])),
        "elsewhere": sum(counts(s, threshold) for part in parts for s in part["elsewhere"]),
        "scores": scores,
        "digests": [part["digest"] for part in parts],
    }


def absence(parts: Sequence[Mapping[str, Any]], threshold: float | None, kind: str) -> Result:
    """What became of the windows that held no burst of the label."""
    scores = [score for part in parts for score in part["scores"]]
    false, seconds = sum(counts(s, threshold) for s in scores), sum(part["seconds"] for part in parts)
    made: Result = {"holds": kind, "seconds": round(seconds, 6), "false": false, "scores": scores}
    made["windows"] = len(scores)
    if scores:
        made |= {"share": false / len(scores), "interval": list(wilson(false, len(scores)))}
    if seconds:
        made["per_minute"] = [60 * false / seconds, *(60 * end / seconds for end in poisson(false))]
    made["digests"] = [part["digest"] for part in parts]
    return made


def reaches(points: Sequence[Mapping[str, Any]]) -> dict[str, list[float | str]]:
    """For each of SHARES the level at which it is reached, with the ends of its interval.

    Beyond the curve's ends it is BELOW (reached at every level) or ABOVE (at none).
    """
    known = [p for p in points if p["snr_db"] is not None]
    if not known:
        return {}
    levels, named, trials = ([p[key] for p in known] for key in ("snr_db", "named", "trials"))
    return {f"{share:g}": list(map(_finite, crossing(levels, named, trials, share))) for share in SHARES}


def _finite(level: float) -> float | str:
    """As JSON can hold it."""
    return round(level, 3) if math.isfinite(level) else ABOVE if level > 0 else BELOW


def counts(score: float | None, threshold: float | None) -> bool:
    """Whether a claim, if there is one, is sure enough."""
    return score is not None and (threshold is None or score >= threshold)
