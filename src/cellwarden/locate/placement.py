"""Where to put sensors, so that cells are told apart.

Two cells i and j are told apart by the differences of their levels at all sensors, without what is common to them, as
the phone's power is not known:

    d² = (Σ Δ_s² − (Σ Δ_s)² / n) / σ²        P(j is taken for i) ≈ Q(d / 2)

Sensors are chosen one by one, each time that one of the candidates which leaves the least confusion over all pairs of
cells that are near each other. So the first n of a proposal are the proposal for n. What a proposal is worth is then
found by drawing phones, walls and shadows, and asking `cells` where they are. Sensors that hang already may be
kept, and then count as chosen.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count as counted

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.locate.cells import (
    HEIGHTS_M,
    POWERS_DBM,
    Beliefs,
    Plan,
    cell_probabilities,
    model_loss_db,
    plan_levels,
    unsure_db,
)
from cellwarden.locate.propagation import paths
from cellwarden.locate.site import Room, Sensor, Site, holds

STEP_M = 2.0
"""Candidates stand this far apart."""
APART_M = 4.0
"""No two sensors are nearer to each other: what shadows one would shadow the other, which the formula does not know."""
FROM_WALL_M = 0.3
BELOW_CEILING_M = 0.5
NEAR_M = 15.0
"""Cells farther apart than this are never confused: their pairs are left out."""
SPREAD_M = 0.3
"""Phones lie this far from their cell's walls."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a number of sensors achieves, in draws."""

    sensors: int
    first: float
    """Share of draws in which the right cell is the likeliest."""
    three: float
    """Share in which it is among the three likeliest."""
    error_m: float
    """Mean distance from the right cell's middle to that of the likeliest."""
    draws: int


def silent() -> None:
    """Nobody waits for news of how far it is."""


def propose(
    site: Site, count: int, kinds: tuple[str, ...], frequency_hz: float = 900e6, keep: bool = False,
    tell: Callable[[], None] = silent,
) -> Site:  # fmt: skip
    """The site with `count` sensors in rooms of these kinds, the most telling first: instead of its own, or after them
    where `keep` says so. `tell` is called after each sensor."""
    tried, kept = tried_at(candidates(site, kinds)), site.sensors if keep else ()
    middles = cell_middles(site)
    levels = telling_db(replace(site, sensors=(*kept, *tried)), middles, frequency_hz)
    one, two = np.triu_indices(len(middles), 1)
    near = np.linalg.norm(middles[one] - middles[two], axis=1) <= NEAR_M
    return with_chosen(site, kept, tried, levels[:, one[near]] - levels[:, two[near]], count, tell=tell)


def cell_middles(site: Site) -> NDArray[np.float64]:
    """The middles of all cells, at a phone's mean height: shape (cells, 3)."""
    bases = {floor.number: floor.base_m for floor in site.floors}
    cells = [room for room in site.rooms if room.kind == "cell"]
    return np.array([(*np.mean(room.outline_m, axis=0), bases[room.floor] + np.mean(HEIGHTS_M)) for room in cells])


def tried_at(places_m: NDArray[np.float64]) -> tuple[Sensor, ...]:
    """Candidates, as sensors without a name."""
    return tuple(Sensor(str(at), (float(x), float(y), float(z))) for at, (x, y, z) in enumerate(places_m))


def telling_db(site: Site, places_m: NDArray[np.float64], frequency_hz: float) -> NDArray[np.float64]:
    """Levels of phones of 0 dBm at a site's sensors, shape (sensors, places); what is too faint tells nothing."""
    faint = Beliefs().floor_dbm - float(np.mean(POWERS_DBM))
    return np.maximum(-model_loss_db(paths(site, places_m), frequency_hz), faint)


def with_chosen(
    site: Site,
    kept: tuple[Sensor, ...],
    tried: tuple[Sensor, ...],
    differences_db: NDArray[np.float64],
    count: int,
    letter: str = "S",
    tell: Callable[[], None] = silent,
) -> Site:
    """The site with those that hang already and `count` of those tried, named; rows of differences in that order."""
    places_m = np.array([sensor.place_m for sensor in (*kept, *tried)]).reshape(-1, 3)
    chosen = chosen_one_by_one(differences_db, places_m, count, Beliefs().own_db2, len(kept), tell)
    names = free_names(kept, letter)
    return replace(site, sensors=(*kept, *(Sensor(next(names), tried[at - len(kept)].place_m) for at in chosen)))


def free_names(kept: tuple[Sensor, ...], letter: str) -> Iterator[str]:
    """`S-01` and so on, without those that are taken."""
    taken = {sensor.name for sensor in kept}
    return (name for n in counted(1) if (name := f"{letter}-{n:02}") not in taken)


def candidates(site: Site, kinds: tuple[str, ...]) -> NDArray[np.float64]:
    """Places under the ceilings of rooms of these kinds, shape (n, 3): along their walls, and the middle of cells."""
    heights = {floor.number: floor.base_m + floor.height_m - BELOW_CEILING_M for floor in site.floors}
    found = []
    for room in site.rooms:
        if room.kind in kinds and room.floor in heights:
            found += [(float(x), float(y), heights[room.floor]) for x, y in _spots(room)]
    return np.array(found).reshape(-1, 3)


def _spots(room: Room) -> NDArray[np.float64]:
    outline = np.array(room.outline_m)
    low, high = outline.min(axis=0) + FROM_WALL_M, outline.max(axis=0) - FROM_WALL_M
    if room.kind == "cell" or np.any(high <= low):
        return outline.mean(axis=0, keepdims=True)
    steps = [np.linspace(a, b, max(2, round((b - a) / STEP_M) + 1)) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 2)
    return grid[holds(room, grid)]


def chosen_one_by_one(
    differences_db: NDArray[np.float64], places_m: NDArray[np.float64], count: int, variance_db2: float, kept: int = 0,
    tell: Callable[[], None] = silent,
) -> list[int]:  # fmt: skip
    """Indices of the most telling candidates, greedily. `differences_db`: shape (candidates, pairs of cells); the first
    `kept` hang there already."""
    sums, squares = differences_db[:kept].sum(axis=0), np.square(differences_db[:kept]).sum(axis=0)
    apart_m = np.linalg.norm(places_m[kept:, None] - places_m[None, :kept], axis=2)
    free = np.append(np.zeros(kept, np.bool_), (apart_m >= APART_M).all(axis=1))
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        number = kept + len(chosen) + 1
        confusion = np.full(len(differences_db), np.inf)
        for at in np.flatnonzero(free):
            total, square = sums + differences_db[at], squares + differences_db[at] ** 2
            # one sensor alone tells nothing where the power is not known; two would then be chosen blindly
            common = total**2 / number if number > 1 else 0.0
            confusion[at] = scipy.special.ndtr(-np.sqrt(np.maximum(square - common, 0.0) / variance_db2) / 2).sum()
        best = int(np.argmin(confusion))
        chosen.append(best)
        sums, squares = sums + differences_db[best], squares + differences_db[best] ** 2
        free &= np.linalg.norm(places_m - places_m[best], axis=1) >= APART_M
        tell()
    return chosen


def worth(
    site: Site, draws: int, seed: int = 1, frequency_hz: float = 900e6, tell: Callable[[], None] = silent
) -> Worth:
    """How well a site's sensors tell its cells apart: phones anywhere in cells, walls and shadows drawn each time.

    `tell` is called after each draw.
    """
    rng = np.random.default_rng(seed)
    plan = plan_levels(site, frequency_hz)
    bases = {floor.number: floor.base_m for floor in site.floors}
    truth = rng.integers(0, len(plan.cells), draws)
    places = np.array([somewhere(plan.cells[at], bases[plan.cells[at].floor], rng) for at in truth])
    levels = drawn_dbm(site, places, plan.beliefs, rng, frequency_hz)
    ranks, errors = _judged(plan, levels, truth, tell)
    return Worth(len(site.sensors), float((ranks == 0).mean()), float((ranks < 3).mean()), float(errors.mean()), draws)


def drawn_dbm(
    site: Site, places_m: NDArray[np.float64], beliefs: Beliefs, rng: np.random.Generator, frequency_hz: float
) -> NDArray[np.float64]:
    """Levels of phones at places, shape (m, n), nan where they are too faint; power, walls, shadows drawn for each."""
    lines, count = paths(site, places_m), len(places_m)
    unsure = unsure_db(lines, beliefs)
    levels = rng.uniform(POWERS_DBM[0], POWERS_DBM[-1], count) - model_loss_db(lines, frequency_hz)
    levels += np.einsum("mnk,nk->mn", unsure, rng.normal(size=(count, unsure.shape[2])))
    levels += rng.normal(0.0, np.hypot(beliefs.shadowing_db, beliefs.fading_db), levels.shape)
    levels[levels < beliefs.floor_dbm] = np.nan
    return levels


def _judged(
    plan: Plan, levels: NDArray[np.float64], truth: NDArray[np.int64], tell: Callable[[], None]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The rank of each right cell, from 0, and the distance from it to the likeliest one, metres."""
    owner = plan.all.cell[plan.all.cell >= 0]
    middles = np.array([plan.places_m[owner == at].mean(axis=0) for at in range(len(plan.cells))])
    ranks, errors = [], []
    for at, heard in zip(truth, levels.T, strict=True):
        probable = cell_probabilities(plan, heard)
        ranks.append(int((probable > probable[at]).sum()))
        errors.append(float(np.linalg.norm(middles[int(np.argmax(probable))] - middles[at])))
        tell()
    return np.array(ranks), np.array(errors)


def somewhere(room: Room, base_m: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """A place in a room, at any height between those at which `cells` believes phones to be."""
    outline = np.array(room.outline_m)
    low, high = outline.min(axis=0) + SPREAD_M, outline.max(axis=0) - SPREAD_M
    for _try in range(100):
        x, y = rng.uniform(low, high)
        if holds(room, np.array([[x, y]]))[0]:
            break
    return float(x), float(y), base_m + float(rng.uniform(*HEIGHTS_M))
