"""Walks with truth in a real building, beside the checkout: how far fixes are off, and how true their radii are.

Fixes are made as `cellwarden locate` makes them, from time, sensor and level alone; the truth is read here, after it.
"""

import csv
import gzip
import time
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lane import Lane
from benchmarks.results import ROOT
from cellwarden.locate import radio_map, solve
from cellwarden.locate.readings import read_readings, read_survey
from cellwarden.locate.site import Site, load

PLACE = ROOT.parent / "shared" / "localisation"


@cache
def _fitted() -> tuple[Site, radio_map.RadioMap, float]:
    """Site and map, and how long the map took, in seconds."""
    site = load(PLACE / "site.json")
    survey = read_survey(PLACE / "survey.csv.gz", site)
    began = time.process_time()
    return site, radio_map.fit(site, survey), time.process_time() - began


def truth(path: Path, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """True x and y at times, between the lines of a walk's table, shape (n, 2)."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = np.array([[float(row[key]) for key in ("time_s", "x_m", "y_m")] for row in csv.DictReader(file)])
    return np.column_stack([np.interp(times_s, rows[:, 0], rows[:, k]) for k in (1, 2)])


def walked(path: Path) -> dict[str, float]:
    """Mean error in metres and share of fixes whose radius holds the truth, causal and smoothed."""
    site, fitted, fit_s = _fitted()
    readings = read_readings(path, site)
    figures = {"fit_s": fit_s}
    for name, run in (("causal", solve.causal), ("smoothed", solve.smoothed)):
        began = time.process_time()
        found = list(run(fitted, readings))
        figures[f"{name}_ms"] = 1e3 * (time.process_time() - began) / len(found)
        places = np.array([one.place_m[:2] for one in found])
        errors = np.hypot(*(places - truth(path, np.array([one.time_s for one in found]))).T)
        figures[f"{name}_m"] = float(errors.mean())
        figures[f"{name}_within"] = float(np.mean(errors <= [one.radius90_m for one in found]))
        figures["fixes"] = len(found)
    return figures


def parts(scale: float) -> dict[str, Any]:
    """One for each walk; a small scale takes the first."""
    paths = sorted(PLACE.glob("walk_*.csv.gz"))
    named = {path.name.removeprefix("walk_").removesuffix(".csv.gz"): partial(walked, path) for path in paths}
    return dict(list(named.items())[: None if scale >= 0.01 else 1])


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Each walk, and means over the walks."""
    means = ("causal_m", "smoothed_m", "causal_within", "smoothed_within")
    return {"walks": dict(done), **{key: float(np.mean([one[key] for one in done.values()])) for key in means}}


LANE = Lane("walks", parts, summary)
