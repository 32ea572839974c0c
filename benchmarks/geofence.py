"""Inside or outside the wall, on the simulated wing: worlds that are not quite what the plan says.

Outside are phones anywhere within thirty metres of the wall, inside phones in cells; each presence is one level a
sensor. Presences that no sensor heard are drawn again. The bound is what the same statistic does where the world is
drawn from the belief itself, phones inside anywhere; no other does better there (Neyman and Pearson), and its false
alarms follow from the phones inside alone,  P(nats > T | outside) = E[e^−nats; nats > T | inside].
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lane import Lane
from cellwarden.locate.geofence import POWERS_DBM, SURE_NATS, Fence, fence, level_nats, own_db2
from cellwarden.locate.likelihood import LEVEL
from cellwarden.locate.site import Site, rooms_at
from cellwarden.measure.proportion import wilson
from cellwarden.simulate.levels import heard_dbm, place_in, powers_dbm, world
from cellwarden.simulate.parameters import Air, varied
from cellwarden.simulate.prison import on_the_wall, remand_wing

ALLOWED = 1e-4
WORLDS, OUTSIDE, INSIDE = 20, 5000, 500
"""Worlds, and presences in each, at scale 1: fifty days of outside ones."""
BOUND = 4000
LAYOUTS = ("building", "building and wall")


@cache
def site_of(layout: str) -> Site:
    """The remand wing with its twelve sensors, and with eight on the outer face of the wall."""
    site = remand_wing()
    if layout == LAYOUTS[0]:
        return site
    return replace(site, sensors=site.sensors + on_the_wall(site))


@cache
def _fence(layout: str) -> Fence:
    return fence(site_of(layout))


def outside_places(site: Site, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Places beyond the wall, shape (count, 3), at the heights of pockets and ears."""
    index, room = next((n, room) for n, room in enumerate(site.rooms) if room.kind == "outside")
    outline = np.array(room.outline_m)
    kept = np.zeros((0, 3))
    while len(kept) < count:
        low, high = (*outline.min(axis=0), 0.3), (*outline.max(axis=0), 1.6)
        drawn = rng.uniform(low, high, (2 * count, 3))
        kept = np.concatenate([kept, drawn[rooms_at(site, drawn) == index]])
    return kept[:count]


def inside_places(site: Site, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Places in cells, shape (count, 3)."""
    cells = [room for room in site.rooms if room.kind == "cell"]
    bases = {floor.number: floor.base_m for floor in site.floors}
    chosen = [cells[n] for n in rng.integers(0, len(cells), count)]
    return np.array([place_in(room, bases[room.floor], rng) for room in chosen])


def evidence(layout: str, vary: bool, outside: int, inside: int, seed: int) -> dict[str, list[float]]:
    """Nats of presences outside and inside, in one world."""
    site, rng = site_of(layout), np.random.default_rng([12, seed])
    air = varied(Air(), rng) if vary else Air()
    built = world(site, rng, air=air)
    made = {}
    for name, count, places in (("outside", outside, outside_places), ("inside", inside, inside_places)):
        nats: list[float] = []
        while len(nats) < count:
            at = places(site, count, rng)
            levels = heard_dbm(built, at, powers_dbm(air, count, rng), rng)
            heard = levels[:, np.isfinite(levels).any(axis=0)].T
            nats += [level_nats(_fence(layout), np.ascontiguousarray(one)) for one in heard[: count - len(nats)]]
        made[name] = nats
    return made


def believed(layout: str, count: int, seed: int) -> dict[str, Any]:
    """Nats of phones inside, in worlds drawn from the belief, and whether each was in a cell."""
    bounds, rng = _fence(layout), np.random.default_rng([13, seed])
    cells = np.flatnonzero(bounds.inside)
    share = np.exp(bounds.log_share[cells])
    kinds = np.array([site_of(layout).rooms[n].kind for n in rooms_at(site_of(layout), bounds.places_m)])
    mean_dbm, unsure_db = bounds.there.row(LEVEL).T, bounds.there.unsure.transpose(2, 0, 1)
    nats: list[float] = []
    cell: list[bool] = []
    while len(nats) < count:
        at = rng.choice(cells, p=share)
        own = rng.normal(0.0, own_db2(bounds.beliefs) ** 0.5, mean_dbm.shape[1])
        shared = unsure_db[at] @ rng.normal(size=unsure_db.shape[2])
        levels = mean_dbm[at] + shared + own + rng.choice(POWERS_DBM)
        levels[levels < bounds.beliefs.floor_dbm] = np.nan
        if np.isfinite(levels).any():
            nats.append(level_nats(bounds, levels))
            cell.append(bool(kinds[at] == "cell"))
    return {"nats": nats, "cell": cell}


def parts(scale: float) -> dict[str, Any]:
    """For each layout: worlds as they are, varied worlds, and the bound."""
    worlds = max(2, round(WORLDS * min(1.0, 4 * scale)))
    outside, inside = (
        max(20, round(OUTSIDE * scale * WORLDS / worlds)),
        max(20, round(INSIDE * scale * WORLDS / worlds)),
    )
    made: dict[str, Any] = {}
    for layout in LAYOUTS:
        for seed in range(worlds):
            made[f"{layout}-plain-{seed}"] = partial(evidence, layout, False, outside, inside, seed)
        for seed in range(max(2, worlds // 4)):
            made[f"{layout}-varied-{seed}"] = partial(evidence, layout, True, outside, inside, seed)
        made[f"{layout}-bound-0"] = partial(believed, layout, max(100, round(BOUND * scale)), 0)
    return made


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Shares with their intervals, for each layout."""
    made: dict[str, Any] = {"allowed": ALLOWED, "sure_nats": SURE_NATS}
    for layout in LAYOUTS:
        one = {kind: _shares(done, f"{layout}-{kind}-") for kind in ("plain", "varied")}
        made[layout] = {**one, "bound": _bound(done[f"{layout}-bound-0"])}
    return made


def _shares(done: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    worlds = [part for name, part in done.items() if name.startswith(prefix)]
    outside = np.concatenate([part["outside"] for part in worlds])
    inside = np.concatenate([part["inside"] for part in worlds])
    needed = float(np.quantile(outside, 1 - ALLOWED))
    called, missed = int((outside >= SURE_NATS).sum()), int((inside < SURE_NATS).sum())
    return {
        "worlds": len(worlds),
        "outside": len(outside),
        "called_inside": called,
        "called_interval": wilson(called, len(outside)),
        "inside": len(inside),
        "missed": missed,
        "missed_interval": wilson(missed, len(inside)),
        "needed_nats": needed,
        "missed_at_needed": float((inside < needed).mean()),
        "error_at_zero": [float((outside >= 0).mean()), float((inside < 0).mean())],
    }


def _bound(part: Mapping[str, Any]) -> dict[str, float]:
    """The least nats at which false alarms are allowed, and what is missed there of all inside, and in cells."""
    nats, cell = np.array(part["nats"]), np.array(part["cell"])
    ordered = np.sort(nats)
    false = np.cumsum(np.exp(-ordered[::-1]))[::-1] / len(ordered)
    least = float(ordered[min(int(np.searchsorted(-false, -ALLOWED)), len(ordered) - 1)])
    missed = {"missed": float((nats < least).mean()), "missed_in_cells": float((nats[cell] < least).mean())}
    return {"draws": len(nats), "nats": least, **missed}


LANE = Lane("geofence", parts, summary)
