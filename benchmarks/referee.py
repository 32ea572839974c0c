"""The radio map against a ray tracer that nobody here wrote: cells and places in the example wing after a survey.

Levels of the referee stand in `benchmarks/material/referee.npz` (`referee_levels` tells how they were made), of
sensors in corridors and of sensors in cells. The survey is made in its world as in ours, at one point a cell or at
nine; nothing else of either world is told. What is compared is the distance from a phone to the middle of the cell that
is named, which is 1.1 m where all are right.

What levels of the referee's world tell at all is shown by a rule that is told more than any survey could: the levels of
all other phones in each cell, and how levels scatter within cells (a linear discriminant, power taken away).
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lane import Lane
from benchmarks.referee_levels import FREQUENCY_HZ, PHONES, PLACE, SENSORS, places
from cellwarden.locate.cells import Plan, cell_probabilities, plan_levels
from cellwarden.locate.cells_survey import learned
from cellwarden.locate.readings import Survey, survey_of
from cellwarden.locate.site import Site
from cellwarden.measure.calibration import expected_calibration_error, reliability
from cellwarden.measure.proportion import wilson
from cellwarden.simulate.levels import mean_levels_dbm, powers_dbm, world
from cellwarden.simulate.parameters import Air
from cellwarden.simulate.prison import remand_wing

SEED = 17
ALSO = (0, 8)
"""Points a cell that are surveyed beside its middle."""
ASKED = 8
"""Phones in each cell; they lie where nobody surveyed."""
OWN_WORLDS = 6
SURVEYS = 6
"""Of the referee's world, at scale 1: what one survey hears of fading moves the error by 0.1 m."""

Floats = NDArray[np.float64]


def heard(gain_db: Floats, power_dbm: Floats | float, rng: np.random.Generator) -> Floats:
    """Levels, shape (m, n), of path gains: with fading, nan below what a sensor hears."""
    air = Air()
    levels = gain_db + power_dbm + rng.normal(0.0, air.fading_db, gain_db.shape)
    levels[levels < air.floor_dbm] = np.nan
    return levels


def judged(
    site: Site, survey_db: Floats, phones_db: Floats, also: int, rng: np.random.Generator
) -> dict[str, list[float]]:
    """Survey, learn and ask in one world. Gains to the middles, shape (m, c), and to phones, shape (m, c, PHONES)."""
    air = Air()
    middles, phones = places(site)
    at = np.concatenate([middles, phones[:, :also].reshape(-1, 3)])
    gains = np.concatenate([survey_db, phones_db[:, :, :also].reshape(len(survey_db), -1)], axis=1)
    plan = learned(site, plan_levels(site, FREQUENCY_HZ), _survey(at, heard(gains, air.power_dbm, rng)), FREQUENCY_HZ)
    owner = np.repeat(np.arange(len(middles)), ASKED)
    asked = phones_db[:, :, -ASKED:].reshape(len(survey_db), -1)
    levels = heard(asked, powers_dbm(air, asked.shape[1], rng), rng)
    return _ranks(plan, levels, owner, middles, phones[:, -ASKED:].reshape(-1, 3))


def _survey(at_m: Floats, levels_dbm: Floats) -> Survey:
    sensor, place = np.nonzero(np.isfinite(levels_dbm))
    return survey_of(at_m, place, sensor, levels_dbm[sensor, place], len(levels_dbm))


def _ranks(
    plan: Plan, levels: Floats, owner: NDArray[np.int64], middles_m: Floats, places_m: Floats
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"ranks": [], "said": [], "errors": []}
    for cell, place, one in zip(owner, places_m, levels.T, strict=True):
        probable = cell_probabilities(plan, one)
        found["ranks"].append(int((probable > probable[cell]).sum()))
        found["said"].append(float(probable.max()))
        found["errors"].append(float(np.linalg.norm((middles_m[int(np.argmax(probable))] - place)[:2])))
    return found


def traced(sensors: str) -> tuple[Floats, Floats]:
    """The referee's gains to the middles of cells, shape (m, c), and to phones, shape (m, c, PHONES)."""
    with np.load(PLACE) as kept:
        survey, phones = (kept[f"{sensors}_{name}_db"].astype(np.float64) for name in ("survey", "phones"))
    return survey, phones.reshape(*survey.shape, PHONES)


def referee(sensors: str, also: int, surveys: int) -> dict[str, list[float]]:
    """In the referee's world: the same phones after each survey."""
    site, rng = remand_wing(places=sensors), np.random.default_rng(SEED)
    return _together(judged(site, *traced(sensors), also, rng) for _ in range(surveys))


def own(sensors: str, also: int, worlds: int) -> dict[str, list[float]]:
    """In worlds of our own."""
    site, rng = remand_wing(places=sensors), np.random.default_rng(SEED)
    middles, phones = places(site)
    found = []
    for _ in range(worlds):
        there = world(site, rng, FREQUENCY_HZ)
        gains = mean_levels_dbm(there, phones.reshape(-1, 3)).reshape(-1, len(middles), PHONES)
        found.append(judged(site, mean_levels_dbm(there, middles), gains, also, rng))
    return _together(found)


def _together(each: Iterable[Mapping[str, list[float]]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in each:
        for key, values in one.items():
            found.setdefault(key, []).extend(values)
    return found


def told(sensors: str) -> dict[str, list[float]]:
    """The discriminant in the referee's world, each phone asked with the others known. What no ray reached is as faint
    as a sensor hears."""
    _survey_db, gains = traced(sensors)
    count, cells = gains.shape[:2]
    basis = np.linalg.svd(np.eye(count) - 1 / count)[0][:, : count - 1]  # differences alone: no power
    air = Air()
    levels = np.einsum("sj,scp->cpj", basis, np.maximum(gains, air.floor_dbm - air.power_dbm))
    total = levels.sum(axis=1)
    within = (levels - total[:, None] / PHONES).reshape(-1, count - 1)
    spread = within.T @ within / (cells * (PHONES - 1))
    inverse = np.linalg.inv(spread + air.fading_db**2 * np.eye(count - 1))
    middles, spots = places(remand_wing(places=sensors))
    rng = np.random.default_rng(SEED)
    found: dict[str, list[float]] = {"ranks": [], "said": [], "errors": []}
    for cell, phone in np.ndindex(cells, PHONES):
        means = total / PHONES
        means[cell] = (total[cell] - levels[cell, phone]) / (PHONES - 1)
        gap = levels[cell, phone] + rng.normal(0.0, air.fading_db, count - 1) - means
        misfit = np.einsum("cj,jk,ck->c", gap, inverse, gap)
        chance = np.exp(-0.5 * (misfit - misfit.min()))
        found["ranks"].append(int((misfit < misfit[cell]).sum()))
        found["said"].append(float(chance.max() / chance.sum()))
        off = middles[int(np.argmin(misfit))] - spots[cell, phone]
        found["errors"].append(float(np.linalg.norm(off[:2])))
    return found


def parts(scale: float) -> dict[str, Any]:
    """Both worlds with each layout of sensors, each with a survey of few and of many points."""
    worlds, surveys = (max(1, round(many * scale)) for many in (OWN_WORLDS, SURVEYS))
    made: dict[str, Any] = {}
    for sensors in SENSORS:
        made[f"{sensors} told"] = partial(told, sensors)
        for also in ALSO:
            made[f"{sensors} referee {also + 1}"] = partial(referee, sensors, also, surveys)
            made[f"{sensors} own {also + 1}"] = partial(own, sensors, also, worlds)
    return made


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Of each layout of sensors shares with their intervals, errors in metres and their ratio, by points a cell."""
    made: dict[str, Any] = {"tracer": "Sionna RT 2.2.0"}
    for sensors in SENSORS:
        points = {}
        for name in (str(also + 1) for also in ALSO):
            both = {kind: _figures(done[f"{sensors} {kind} {name}"]) for kind in ("referee", "own")}
            points[name] = {**both, "ratio": both["referee"]["error_m"] / both["own"]["error_m"]}
        made[sensors] = {"points": points, "told": _figures(done[f"{sensors} told"])}
    return made


def _figures(one: Mapping[str, Any]) -> dict[str, Any]:
    ranks = np.array(one["ranks"])
    first, three = (int((ranks < within).sum()) for within in (1, 3))
    return {
        "phones": len(ranks),
        "first": [first / len(ranks), *wilson(first, len(ranks))],
        "three": [three / len(ranks), *wilson(three, len(ranks))],
        "error_m": float(np.mean(one["errors"])),
        "ece": expected_calibration_error(reliability(np.minimum(one["said"], 1.0), ranks == 0)),
    }


LANE = Lane("referee", parts, summary)
