"""Which cell, where nobody has surveyed: what the plan alone says of levels, and how sure it is of that.

The level at a sensor is believed to be Gaussian around what `propagation` computes. Two things are unsure: what each
material really loses (one error for each, shared by all paths, so that errors of paths through the same walls go
together), and what furniture adds (each path its own). The phone's power is anything that power control allows. A
sensor that hears nothing says that the level was below its floor.

```
 Σ = K diag(e²) Kᵀ + s² I       K: how many walls of each material, and floors, to each sensor; s²: shadowing, fading, …
 p(levels | place) = mean over powers of  N(heard; μ + power, Σ)  ×  Π over the silent of  Φ((floor − μ − power) / σ)
 p(cell | levels)  ∝ mean over places in the cell
```
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp

from cellwarden.locate.propagation import FLOOR_DB, Paths, floor_loss_db, free_space_db, paths, wall_loss_db
from cellwarden.locate.site import Room, Site, holds

POWERS_DBM = np.arange(13.0, 33.1, 1.0)
"""GSM at 33 dBm, power-controlled by up to 20 dB."""
KEEP_M = 0.3
HEIGHTS_M = 0.4, 1.4
"""Of phones above the floor."""
ACROSS = 4
"""Places in a cell on each side; with two heights, thirty-two a cell."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    """How wrong the plan's levels may be, standard deviations in dB, and what a sensor hears."""

    wall_db: float = 3.0 / 3**0.5
    """Of each material, and of floors: uniform within 3 dB."""
    shadowing_db: float = 6.0
    fading_db: float = 2.0
    between_db: float = 2.75
    """What the level between two places differs from both, a door's edge being between: fitted, on drawn wings, so that
    probabilities are as often right as they say."""
    floor_dbm: float = -110.0

    @property
    def own_db2(self) -> float:
        """Variance of what is each path's own."""
        return self.shadowing_db**2 + self.fading_db**2 + self.between_db**2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a site's plan says of the levels of a phone of 0 dBm at p places in its cells."""

    cells: tuple[Room, ...]
    places_m: NDArray[np.float64]
    """Shape (p, 3)."""
    cell: NDArray[np.int64]
    """Index in `cells` of each place."""
    levels_dbm: NDArray[np.float64]
    """Shape (m, p)."""
    unsure: NDArray[np.float64]
    """K of each place, in decibels of one standard deviation, shape (m, p, k)."""
    beliefs: Beliefs


def plan_levels(site: Site, frequency_hz: float = 900e6, beliefs: Beliefs | None = None) -> Plan:
    """Compute the levels at all sensors from places in all cells."""
    beliefs = beliefs or Beliefs()
    cells = tuple(room for room in site.rooms if room.kind == "cell")
    bases = {floor.number: floor.base_m for floor in site.floors}
    each = [places_in(room, bases[room.floor]) for room in cells]
    places = np.concatenate(each) if each else np.zeros((0, 3))
    owner = np.repeat(np.arange(len(cells)), [len(those) for those in each])
    lines = paths(site, places)
    return Plan(cells, places, owner, -model_loss_db(lines, frequency_hz), unsure_db(lines, beliefs), beliefs)


def model_loss_db(lines: Paths, frequency_hz: float) -> NDArray[np.float64]:
    """Loss along each line, shape (m, n)."""
    walls_db = np.array([wall_loss_db(material, frequency_hz) for material in lines.materials])
    return free_space_db(lines.distance_m, frequency_hz) + lines.walls @ walls_db + floor_loss_db(lines.floors)


def unsure_db(lines: Paths, beliefs: Beliefs) -> NDArray[np.float64]:
    """How much one standard deviation of each material, and of floors, changes each line's loss, shape (m, n, k)."""
    floors = floor_loss_db(lines.floors)[..., None] / FLOOR_DB
    return beliefs.wall_db * np.concatenate([lines.walls.astype(np.float64), floors], axis=2)


def places_in(room: Room, base_m: float) -> NDArray[np.float64]:
    """Places where a phone may lie in a room, shape (n, 3): a grid that keeps off the walls."""
    outline = np.array(room.outline_m)
    low, high = outline.min(axis=0) + KEEP_M, outline.max(axis=0) - KEEP_M
    x, y = np.linspace(low, high, ACROSS).T
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    grid = grid[holds(room, grid)] if holds(room, grid).any() else outline.mean(axis=0, keepdims=True)
    return np.concatenate([np.column_stack([grid, np.full(len(grid), base_m + height)]) for height in HEIGHTS_M])


def cell_probabilities(plan: Plan, levels_dbm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each cell, shape (len(cells),), given one level for each sensor, nan where it heard nothing.

    All cells are equally likely before. Where no sensor heard anything they remain so.
    """
    count = len(plan.cells)
    heard = np.isfinite(levels_dbm)
    if not heard.any():
        return np.full(count, 1 / count)
    evidence = _heard(plan, heard, levels_dbm[heard]) + _silent(plan, ~heard)
    place = logsumexp(evidence, axis=1)
    cell = np.full(count, -np.inf)
    np.logaddexp.at(cell, plan.cell, place)
    cell -= np.log(np.bincount(plan.cell, minlength=count))
    return np.exp(cell - logsumexp(cell))


def _heard(plan: Plan, heard: NDArray[np.bool_], levels_dbm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-likelihood of the levels that were heard, of each place and power, shape (p, powers).

    Σ⁻¹ = (I − U (s² I + Uᵀ U)⁻¹ Uᵀ) / s² (Woodbury), with U = K diag(e), so that only k by k matrices are solved.
    """
    spread = plan.beliefs.own_db2
    u = plan.unsure[heard].transpose(1, 0, 2)
    gap = levels_dbm - plan.levels_dbm[heard].T
    small = spread * np.eye(u.shape[2]) + u.transpose(0, 2, 1) @ u
    sides = np.stack([gap, np.ones_like(gap)], axis=2)  # power is subtracted from all alike
    turned = u.transpose(0, 2, 1) @ sides
    products = (sides.transpose(0, 2, 1) @ sides - turned.transpose(0, 2, 1) @ np.linalg.solve(small, turned)) / spread
    _sign, size = np.linalg.slogdet(small)
    quadratic = (
        products[:, 0, 0, None] - 2 * POWERS_DBM * products[:, 0, 1, None] + POWERS_DBM**2 * products[:, 1, 1, None]
    )
    return -0.5 * (quadratic + size[:, None])


def _silent(plan: Plan, silent: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log-probability that those that heard nothing could not, of each place and power, shape (p, powers)."""
    beliefs = plan.beliefs
    spread = np.sqrt(beliefs.own_db2 + (plan.unsure[silent] ** 2).sum(axis=2))
    below = (beliefs.floor_dbm - plan.levels_dbm[silent])[..., None] - POWERS_DBM
    return log_ndtr(below / spread[..., None]).sum(axis=0)
