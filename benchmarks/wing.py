"""A prison wing in simulation: how often the right cell is named, and how true the probabilities are.

Sixty cells on three floors, twelve sensors, a GSM phone under power control; walls wrong by up to 3 dB, shadowing of
6 dB over 4 m (`simulate.parameters.Air`). Each world is drawn anew; a part also varies all of its parameters by ±50 %,
of which the solver is not told; `taught` is the same after it heard a hundred phones at places it is not told
(`cells_errors`). One level of each sensor makes a fix.

What could be reached at best is what an exact posterior reaches: no rule is right more often than the one that names
the likeliest cell. `bound` is that of the world's own law, with places so dense that more change nothing.
"""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.lane import Lane
from cellwarden.locate import cells
from cellwarden.locate.cells import Beliefs, Plan, cell_probabilities, plan_levels
from cellwarden.locate.cells_errors import learned_from
from cellwarden.locate.cells_survey import learned
from cellwarden.locate.readings import survey_of
from cellwarden.locate.whereabouts import room_probabilities, whereabouts
from cellwarden.measure.calibration import expected_calibration_error, reliability
from cellwarden.measure.proportion import wilson
from cellwarden.simulate.levels import World, faulty, heard_dbm, place_in, powers_dbm, world
from cellwarden.simulate.parameters import Air, varied
from cellwarden.simulate.prison import large_prison, remand_wing

SEED = 7
WORLDS, PHONES = 1200, 5
"""Of each part: a calibration error of 0.01 takes thousands of claims. A survey is made anew in each world, so surveyed
parts have a fifth of the worlds."""
TAUGHT = 20
"""Worlds whose phones are heard beforehand."""
VARIED = 8
"""Sets of parameters, each with a part of the worlds."""
DENSE = 300
"""Places in a cell for the bound."""
SURVEYOR_M = 1.0
"""Height of the survey above the floor."""
SENSORS = ("corridor", "cells")
FAULTS = ("", "lying", "dead")
RANGES = ("varied", "taught")
FLOOR_M = 3.0


def surveyed(plan: Plan, there: World, rng: np.random.Generator) -> Plan:
    """The plan after a survey at one point a cell, with a phone at full power."""
    middles = np.array([(*np.mean(cell.outline_m, axis=0), FLOOR_M * cell.floor + SURVEYOR_M) for cell in plan.cells])
    levels = heard_dbm(there, middles, np.full(len(middles), there.air.power_dbm), rng)
    sensor, place = np.nonzero(np.isfinite(levels))
    survey = survey_of(middles, place, sensor, levels[sensor, place], len(levels))
    return learned(there.site, plan, survey)


def asked(plan: Plan, there: World, fault: str, survey: bool, rng: np.random.Generator) -> list[tuple[int, float]]:
    """Rank of the right cell, from 0, and what was said of the likeliest, of each phone in one world."""
    known = surveyed(plan, there, rng) if survey else plan
    at = rng.integers(0, len(plan.cells), PHONES)
    spots = np.array([place_in(plan.cells[n], FLOOR_M * plan.cells[n].floor, rng) for n in at])
    levels = heard_dbm(there, spots, powers_dbm(there.air, PHONES, rng), rng)
    found = []
    for n, heard in zip(at, faulty(levels, fault, there.air, rng).T, strict=True):
        probable = cell_probabilities(known, heard)
        found.append((int((probable > probable[n]).sum()), float(probable.max())))
    return found


def part(
    sensors: str, fault: str, survey: bool, worlds: int, variation: int | None = None, taught: bool = False
) -> dict[str, Any]:
    """Ranks and claims in some worlds; all of one varied set of parameters where its number is given."""
    site = remand_wing(places=sensors)
    plan = plan_levels(site)
    rng = np.random.default_rng(SEED if variation is None else [SEED, variation])
    air = Air() if variation is None else varied(Air(), rng)
    if taught:
        plan = learned_from(plan, overheard(plan, [world(site, rng, air=air) for _ in range(TAUGHT)], rng))
    found = [one for _ in range(worlds) for one in asked(plan, world(site, rng, air=air), fault, survey, rng)]
    return {"ranks": [rank for rank, _said in found], "said": [said for _rank, said in found]}


def overheard(plan: Plan, worlds: list[World], rng: np.random.Generator) -> NDArray[np.float64]:
    """Levels of phones anywhere in cells, shape (m, n)."""
    heard = []
    for there in worlds:
        at = rng.integers(0, len(plan.cells), PHONES)
        spots = np.array([place_in(plan.cells[n], FLOOR_M * plan.cells[n].floor, rng) for n in at])
        heard.append(heard_dbm(there, spots, powers_dbm(there.air, PHONES, rng), rng))
    return np.concatenate(heard, axis=1)


def bound(sensors: str, worlds: int) -> dict[str, Any]:
    """The same worlds as `part` without fault, judged by the exact posterior."""
    sure = Beliefs(deaf=0.0, lying=0.0, freedom=10_000)
    with patch.object(cells, "SPOTS", DENSE), patch.object(cells, "WRONG", 0.0):
        site = remand_wing(places=sensors)
        plan = plan_levels(site, beliefs=sure)
        rng = np.random.default_rng(SEED)
        found = [one for _ in range(worlds) for one in asked(plan, world(site, rng), "", False, rng)]
    return {"ranks": [rank for rank, _said in found], "said": [said for _rank, said in found]}


def speed(fixes: int) -> dict[str, Any]:
    """Time of a fix in a prison of 600 cells with 60 sensors, on one core, in milliseconds: among its cells, and among
    all its rooms and what lies outside, as a watch asks."""
    site = large_prison()
    where = whereabouts(site)
    plan = where.plan
    rng = np.random.default_rng(SEED)
    there = world(site, rng)
    at = rng.integers(0, len(plan.cells), fixes)
    spots = np.array([place_in(plan.cells[n], FLOOR_M * plan.cells[n].floor, rng) for n in at])
    levels = heard_dbm(there, spots, powers_dbm(there.air, fixes, rng), rng)
    room_probabilities(where, levels[:, 0])
    times, whole, ranks = [], [], []
    for n, heard in zip(at, levels.T, strict=True):
        began = time.process_time()
        probable = cell_probabilities(plan, heard)
        ended = time.process_time()
        room_probabilities(where, heard)
        times.append(1e3 * (ended - began))
        whole.append(1e3 * (time.process_time() - ended))
        ranks.append(int((probable > probable[n]).sum()))
    ms, ms_p90 = np.quantile(times, (0.5, 0.9))
    return {"ms": float(ms), "ms_p90": float(ms_p90), "all_ms": float(np.median(whole)), "ranks": ranks}


def parts(scale: float) -> dict[str, Any]:
    """By where sensors are, fault and survey; the bound; varied worlds; the time in a large prison."""
    many = max(3, round(WORLDS * scale))
    few = max(3, many // 5)
    found: dict[str, Any] = {}
    for sensors in SENSORS:
        for fault in FAULTS:
            found[f"{sensors} plan {fault or 'none'}"] = partial(part, sensors, fault, False, many)
        found[f"{sensors} survey none"] = partial(part, sensors, "", True, few)
        found[f"{sensors} bound none"] = partial(bound, sensors, few)
        for n in range(VARIED if scale >= 0.1 else 2):
            found[f"{sensors} varied {n}"] = partial(part, sensors, "", False, few, n)
            found[f"{sensors} taught {n}"] = partial(part, sensors, "", False, few, n, True)
    return {**found, "speed": partial(speed, max(5, round(200 * scale)))}


def judged(one: Mapping[str, Any]) -> dict[str, Any]:
    """Shares with their Wilson intervals, and the expected calibration error of what was said of the likeliest cell."""
    ranks: NDArray[np.int64] = np.array(one["ranks"])
    shares = {}
    for name, within in (("first", 1), ("three", 3)):
        hits = int((ranks < within).sum())
        shares[name] = [hits / len(ranks), *wilson(hits, len(ranks))]
    error = expected_calibration_error(reliability(np.minimum(one["said"], 1.0), ranks == 0))
    return {"fixes": len(ranks), **shares, "said": float(np.mean(one["said"])), "ece": error}


def ranged(worlds: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Least and greatest shares over varied parameters, and the calibration error of all claims together.

    Of each by itself it is told too, but a hundred claims that are true as often as they say seem to err by 0.08.
    """
    each = [judged(one) for one in worlds]
    ranges: dict[str, Any] = {
        key: [min(one[key][0] for one in each), max(one[key][0] for one in each)] for key in ("first", "three")
    }
    together = {key: [value for one in worlds for value in one[key]] for key in ("ranks", "said")}
    eces = [one["ece"] for one in each]
    return {
        **ranges,
        "ece": [min(eces), max(eces)],
        "ece_together": judged(together)["ece"],
        "fixes": len(together["said"]),
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of each kind of part, and the ranges over varied worlds."""
    figures: dict[str, Any] = {"seed": SEED, "speed": {key: done["speed"][key] for key in ("ms", "ms_p90", "all_ms")}}
    for sensors in SENSORS:
        mine = {name.removeprefix(f"{sensors} "): one for name, one in done.items() if name.startswith(sensors)}
        figures[sensors] = {name: judged(one) for name, one in mine.items() if name.split()[0] not in RANGES}
        for name in RANGES:
            figures[sensors][name] = ranged([one for key, one in mine.items() if key.startswith(name)])
    return figures


LANE = Lane("wing", parts, summary)
