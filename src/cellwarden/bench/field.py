"""Trials in the field, summed up: what each device finds, how often it cries wolf, and on what that depends.

device ─┬─ passes with a phone     ─► found, by distance, posture, model of phone    shares with Wilson intervals
        ├─ passes without          ─► false alarms
        └─ scores, where it gives some ─► receiver operating characteristic, its area
devices two by two ─► differences of both shares, with intervals and tests (Holm)
"""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np

from cellwarden.bench.field_table import Trial, read
from cellwarden.bench.provenance import provenance
from cellwarden.bench.roc import FORMAT, Result
from cellwarden.errors import BenchError
from cellwarden.language import gettext as _
from cellwarden.language import mark
from cellwarden.measure.difference import estimated, holm, independent
from cellwarden.measure.roc import area, area_between, roc

FIELD = "cellwarden:field"
GROUPS: tuple[tuple[str, str], ...] = (
    ("distance_m", mark("distance (m)")),
    ("posture", mark("posture")),
    ("phone", mark("model of phone")),
)
"""Columns by which detections are divided, with their titles."""
MOST_DISTANCES = 12
"""Different distances that stand for themselves; more are put into as many ranges that hold alike many passes."""
MOST_DEVICES = 40


def evaluated(path: Path, threshold: float | None = None) -> Result:
    """The result of a table of trials. `threshold`: the least score that is an alarm where no alarm is told.

    Raises BenchError.
    """
    trials = read(path)
    names = list(dict.fromkeys(trial.device for trial in trials))
    if len(names) > MOST_DEVICES:
        raise BenchError(
            _("{path} names {count} devices: check that its column device is not a number of the pass").format(
                path=path, count=len(names)
            )
        )
    if threshold is None and any(trial.alarm is None for trial in trials):
        raise BenchError(
            _("{path}: some passes have a score and no alarm: give --threshold, the least score that is one").format(
                path=path
            )
        )
    devices = [_device(name, [t for t in trials if t.device == name], threshold) for name in names]
    return {
        "kind": FIELD,
        "format": FORMAT,
        "source": path.name,
        "trials": len(trials),
        "threshold": threshold,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "provenance": provenance(),
        "devices": devices,
        "differences": _differences(devices),
    }


def _device(name: str, trials: Sequence[Trial], threshold: float | None) -> Result:
    def alarmed(trial: Trial) -> bool:
        if trial.alarm is not None:
            return trial.alarm
        return trial.score is not None and threshold is not None and trial.score >= threshold

    with_phone = [t for t in trials if t.present]
    without = [t for t in trials if not t.present]
    return {
        "name": name,
        "found": _share(with_phone, alarmed),
        "false": _share(without, alarmed),
        "groups": {column: _grouped(with_phone, column, alarmed) for column, _title in GROUPS},
        "roc": _roc(trials),
    }


def _share(trials: Sequence[Trial], alarmed: Callable[[Trial], bool]) -> Result:
    hits = sum(map(alarmed, trials))
    value, lower, upper = estimated(hits, len(trials))
    return {
        "hits": hits,
        "trials": len(trials),
        "share": None if math.isnan(value) else value,
        "interval": [lower, upper],
    }


def _grouped(trials: Sequence[Trial], column: str, alarmed: Callable[[Trial], bool]) -> list[Result]:
    """Shares by the values of a column; passes without a value are left out."""
    told = [t for t in trials if getattr(t, column) not in (None, "")]
    if column != "distance_m":
        values = list(dict.fromkeys(str(getattr(t, column)) for t in told))
        return [{"value": v, **_share([t for t in told if getattr(t, column) == v], alarmed)} for v in sorted(values)]
    distances = [t.distance_m for t in told if t.distance_m is not None]
    made = []
    for low, high in ranges(distances):
        inside = [t for t in told if t.distance_m is not None and low <= t.distance_m <= high]
        middle = float(np.mean([t.distance_m for t in inside if t.distance_m is not None]))
        made.append({"value": middle, "from": low, "to": high, **_share(inside, alarmed)})
    return made


def ranges(distances: Sequence[float]) -> list[tuple[float, float]]:
    """First and last distance of each range: each for itself, or MOST_DISTANCES ranges of alike many passes."""
    values = sorted(set(distances))
    if len(values) <= MOST_DISTANCES:
        return [(value, value) for value in values]
    edges = np.quantile(distances, np.linspace(0, 1, MOST_DISTANCES + 1))
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, MOST_DISTANCES - 1)
    groups = [[v for v, p in zip(values, place, strict=True) if p == n] for n in range(MOST_DISTANCES)]
    return [(group[0], group[-1]) for group in groups if group]


def _roc(trials: Sequence[Trial]) -> Result | None:
    """The curve of scores with its area; None where a kind of pass is absent or not every pass has a score."""
    scores = [t.score for t in trials]
    labels = [t.present for t in trials]
    if any(score is None for score in scores) or all(labels) or not any(labels):
        return None
    drawn = roc(np.array(scores, np.float64), labels)
    present, absent = sum(labels), len(labels) - sum(labels)
    return {
        "thresholds": [None if math.isinf(t) else float(t) for t in drawn.thresholds],
        "false_alarms": drawn.false_alarms.tolist(),
        "detections": drawn.detections.tolist(),
        "with": present,
        "without": absent,
        "area": list(area_between(area(drawn), present, absent)),
    }


def _differences(devices: Sequence[Result]) -> list[Result]:
    """Devices two by two: the second's share minus the first's, of what is found and of false alarms."""
    made = []
    for one, other in combinations(devices, 2):
        for what in ("found", "false"):
            a, b = one[what], other[what]
            if a["trials"] and b["trials"]:
                found = independent((b["hits"], a["hits"]), (b["trials"], a["trials"]))
                made.append(
                    {
                        "what": what,
                        "first": one["name"],
                        "second": other["name"],
                        "difference": list(found[:3]),
                        "p": found.p,
                    }
                )
    for row, p in zip(made, holm([row["p"] for row in made]), strict=True):
        row["p_holm"] = p
    return made
