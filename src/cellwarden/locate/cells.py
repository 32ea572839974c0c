"""Which cell, where nobody has surveyed: what the plan alone says of levels, and how sure it is of that.

The level at a sensor is believed to be Gaussian around what `propagation` computes. Two things are unsure: what each
material really loses (one error for each, shared by all paths, so that errors of paths through the same walls go
together), and what furniture adds (each path its own). The phone's power is anything that power control allows. A
sensor that hears nothing says that the level was below its floor, or that it is dead. One of those that heard may lie.
And how large all these errors are together is unsure, which makes the Gaussian a Student's t.

```
 Σ = K diag(e²) Kᵀ + s² I       K: how many walls of each material, and floors, to each sensor; s²: shadowing, fading
 p(levels | place) = mean over powers of  t(heard; μ + power, Σ)  ×  Π silent  d + (1 − d) Φ((floor − μ − power) / σ)
 p(cell | levels)  ∝ mean over places in the cell

 a lie of sensor j: Σ + τ² in row and column j                   of prior l for each, 1 − h l for none of h
```

Nothing in it is fitted: where the beliefs are those that a world was drawn from, the probabilities are as often right
as they say, and no other rule is right more often.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.locate.likelihood import NORMAL, ROWS, evidence, parabolas
from cellwarden.locate.propagation import FLOOR_DB, Paths, floor_loss_db, free_space_db, paths, wall_loss_db
from cellwarden.locate.site import Room, Site, holds

Curves = NDArray[np.float32]

POWERS_DBM = np.arange(13.0, 33.1, 2.0, dtype=np.float32)
"""GSM at 33 dBm, power-controlled by up to 20 dB."""
KEEP_M = 0.3
HEIGHTS_M = 0.3, 1.6
"""Of phones above the floor: least and greatest."""
SPOTS = 48
"""Places in a cell, of a Halton sequence: no two share a coordinate, so that what happens at the edge of a door is
summed up better than by as many in rows, of which too few lie between two edges."""
BLOCK = 64
"""Of the first few of all cells, so many places lie side by side."""
FEW, SOME = 2, 12
"""Of each cell the first two places are looked at, of cells that are left the first twelve, of those left then all."""
WIDE_NATS, NARROW_NATS = 20.0, 15.0
"""A cell whose first few, or some, places are less likely than the best of others by e to this, is not looked at
closer: within a cell levels differ by a few decibels, and by a door."""
CLOSE_NATS = 10.0
"""A place that is less likely than the likeliest by e to this, were all sensors honest, is not looked at closer."""
ABSENT_DBM = np.inf
"""In place of a level: the sensor was not there to hear, and its silence says nothing."""
WRONG = 1e-3
"""Probability that none of this holds: it is left to all cells alike, so that nothing is ever impossible."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    """How wrong the plan's levels may be, standard deviations in dB, and what a sensor hears."""

    wall_db: float = 3.0 / 3**0.5
    """Of each material, and of floors: uniform within 3 dB."""
    shadowing_db: float = 6.0
    shadowing_m: float = 4.0
    """Distance over which shadowing is another one."""
    fading_db: float = 2.0
    floor_dbm: float = -110.0
    deaf: float = 0.02
    """Probability of a sensor to hear nothing whatever the level: it is dead."""
    lying: float = 0.05
    """Probability of a sensor to lie: an antenna came off, a calibration is another's."""
    lie_db: float = 15.0
    """Standard deviation of what a liar says more or less."""

    freedom: int = 8
    """How sure all of this is: errors are larger or smaller altogether by a factor whose inverse square is χ²(ν) / ν.
    8 lets the factor's deviation be a fourth; that of ±50 %, as parameters of worlds are varied, is 0.29."""
    spare_db: float = 0.0
    """How much more, or less, than `POWERS_DBM` a phone may seem to send."""

    @property
    def own_db2(self) -> float:
        """Variance of what is each path's own."""
        return self.shadowing_db**2 + self.fading_db**2

    @property
    def powers_dbm(self) -> NDArray[np.float32]:
        """What phones send, each as likely."""
        spare, step = self.spare_db, POWERS_DBM[1] - POWERS_DBM[0]
        return np.arange(POWERS_DBM[0] - spare, POWERS_DBM[-1] + spare + step / 2, step, dtype=np.float32)


class Places(NamedTuple):
    """What is believed of the levels of a phone of 0 dBm at places, in blocks of some places each."""

    cell: NDArray[np.int64]
    """Index of each slot's cell, rising, shape (blocks, width); -1 where a block's last slots hold no place."""
    table: Curves
    """As `likelihood` takes it, shape (blocks, m, ROWS + k, width)."""
    filled: NDArray[np.int64]
    """How many slots of each block hold a place, shape (blocks,)."""

    def row(self, number: int) -> Curves:
        """One row of the table at each place, shape (m, p)."""
        return self.table[:, :, number].transpose(1, 0, 2)[:, self.cell >= 0]

    @property
    def unsure(self) -> Curves:
        """What paths have in common, in decibels of one standard deviation, shape (m, k, p)."""
        return self.table[:, :, ROWS:].transpose(1, 2, 0, 3)[:, :, self.cell >= 0]


class Plan(NamedTuple):
    """What is believed of a site's cells."""

    cells: tuple[Room, ...]
    places_m: NDArray[np.float64]
    """Shape (p, 3)."""
    all: Places
    """A block for each cell."""
    few: Places
    """Of each cell the first `FEW` places, by which most cells are passed over."""
    beliefs: Beliefs


class Spots(NamedTuple):
    """Places in all cells of a site, and what lies between them and its sensors: the same at each frequency."""

    cells: tuple[Room, ...]
    places_m: NDArray[np.float64]
    """Shape (p, 3)."""
    cell: NDArray[np.int64]
    """Index of each place's cell, rising, shape (p,)."""
    lines: Paths


def spots(site: Site) -> Spots:
    """Lay places in all cells, and count the walls between."""
    cells = tuple(room for room in site.rooms if room.kind == "cell")
    bases = {floor.number: floor.base_m for floor in site.floors}
    each = [places_in(room, bases[room.floor]) for room in cells]
    places = np.concatenate(each) if each else np.zeros((0, 3))
    cell = np.repeat(np.arange(len(cells)), [len(those) for those in each])
    return Spots(cells, places, cell, paths(site, places))


def plan_levels(site: Site, frequency_hz: float = 900e6, beliefs: Beliefs | None = None) -> Plan:
    """Compute the levels at all sensors from places in all cells."""
    return levels_from(spots(site), frequency_hz, beliefs or Beliefs())


def levels_from(among: Spots, frequency_hz: float, beliefs: Beliefs) -> Plan:
    """The same, of places that were laid already."""
    level = -model_loss_db(among.lines, frequency_hz)
    own_db2, unsure = np.full(level.shape, beliefs.own_db2), unsure_db(among.lines, beliefs)
    return believed(among.cells, among.places_m, among.cell, level, own_db2, unsure, beliefs)


def believed(
    cells: tuple[Room, ...],
    places_m: NDArray[np.float64],
    cell: NDArray[np.int64],
    levels_dbm: NDArray[np.float64],
    own_db2: NDArray[np.float64],
    unsure: NDArray[np.float64],
    beliefs: Beliefs,
) -> Plan:
    """A plan of what is believed: levels and variance of each path's own, shape (m, p), and U, shape (m, p, k)."""
    table = table_of(levels_dbm, own_db2, unsure)
    first = np.searchsorted(cell, np.arange(len(cells) + 1))
    some = np.concatenate([np.arange(a, min(a + FEW, b)) for a, b in pairwise(first)] or [np.zeros(0, np.int64)])
    few = blocks(cell[some], table[..., some], evenly(len(some)))
    return Plan(cells, places_m, blocks(cell, table, first), few, beliefs)


def table_of(levels_dbm: NDArray[np.float64], own_db2: NDArray[np.float64], unsure: NDArray[np.float64]) -> Curves:
    """Rows of a table of `likelihood`, shape (m, r, p), from what `believed` takes."""
    spread = np.sqrt(own_db2 + np.square(unsure).sum(axis=2))
    own = np.stack([levels_dbm, 1 / own_db2, -np.log(own_db2), spread], axis=1)
    return np.concatenate([own, unsure.transpose(0, 2, 1)], axis=1).astype(np.float32)


def evenly(count: int) -> NDArray[np.int64]:
    """Edges between blocks of so many places, whosoever they are: all are full but the last."""
    return np.append(np.arange(0, count, BLOCK), count)


def blocks(cell: NDArray[np.int64], table: Curves, edges: NDArray[np.int64]) -> Places:
    """Places with their table, shape (m, r, p), in blocks from edge to edge."""
    filled = np.diff(edges)
    width = int(filled.max(initial=1))
    cells = np.full((len(filled), width), -1)
    made = np.zeros((len(filled), *table.shape[:2], width), np.float32)
    for n, (a, b) in enumerate(pairwise(edges)):
        cells[n, : b - a], made[n, ..., : b - a] = cell[a:b], table[..., a:b]
    return Places(cells, made, filled)


def model_loss_db(lines: Paths, frequency_hz: float) -> NDArray[np.float64]:
    """Loss along each line, shape (m, n)."""
    walls_db = np.array([wall_loss_db(material, frequency_hz) for material in lines.materials])
    return free_space_db(lines.distance_m, frequency_hz) + lines.walls @ walls_db + floor_loss_db(lines.floors)


def unsure_db(lines: Paths, beliefs: Beliefs) -> NDArray[np.float64]:
    """How much one standard deviation of each material, and of floors, changes each line's loss, shape (m, n, k)."""
    floors = floor_loss_db(lines.floors)[..., None] / FLOOR_DB
    return beliefs.wall_db * np.concatenate([lines.walls.astype(np.float64), floors], axis=2)


def places_in(room: Room, base_m: float) -> NDArray[np.float64]:
    """Places where a phone may lie in a room, shape (n, 3): spread evenly, and off the walls."""
    outline = np.array(room.outline_m)
    low, high = outline.min(axis=0) + KEEP_M, outline.max(axis=0) - KEEP_M
    spread = scipy.stats.qmc.Halton(3, scramble=False).random(SPOTS + 1)[1:]
    spots = np.append(low, base_m + HEIGHTS_M[0]) + spread * np.append(high - low, HEIGHTS_M[1] - HEIGHTS_M[0])
    inside = holds(room, spots[:, :2])
    return spots[inside] if inside.any() else np.append(outline.mean(axis=0), base_m + np.mean(HEIGHTS_M))[None]


def cell_probabilities(plan: Plan, levels_dbm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each cell, shape (len(cells),), given one level for each sensor, nan where it heard nothing
    and ABSENT_DBM where it could not.

    All cells are equally likely before. Where no sensor heard anything they remain so.
    """
    count = len(plan.cells)
    if not np.isfinite(levels_dbm).any():
        return np.full(count, 1 / count)
    nats = cell_nats(plan, levels_dbm)
    cell = np.exp(nats - nats.max())
    return np.asarray((1 - WRONG) * cell / cell.sum() + WRONG / count)


def cell_nats(plan: Plan, levels_dbm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-likelihood of each cell, shape (len(cells),), but for what all places have in common; some level is heard."""
    heard, silent = np.flatnonzero(np.isfinite(levels_dbm)), np.flatnonzero(np.isnan(levels_dbm))
    level = levels_dbm[heard].astype(np.float32)
    asked, curves = _near(plan, heard, level)
    b, there = plan.beliefs, plan.all
    place = evidence(
        asked, curves, heard, level, silent, there.table,
        (b.floor_dbm, b.deaf), (b.lie_db, b.lying), b.freedom, b.powers_dbm, NORMAL,
    )  # fmt: skip
    cell = np.bincount(there.cell.ravel()[asked], np.exp(place - place.max()), minlength=len(plan.cells))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(cell / there.filled) + place.max())


def _near(plan: Plan, heard: NDArray[np.int64], level: NDArray[np.float32]) -> tuple[NDArray[np.int64], Curves]:
    """Slots that come into question, the likeliest first, shape (n,), and how likely by power, shape (4, n)."""
    few, there = plan.few, plan.all
    near = np.arange(len(plan.cells))
    for blocks, places, filled, within in (
        (np.arange(len(few.filled)), few, few.filled, WIDE_NATS),
        (None, there, np.minimum(there.filled, SOME), NARROW_NATS),
    ):
        slots, curves = parabolas(near if blocks is None else blocks, heard, level, places.table, filled)
        first = np.searchsorted(places.cell.ravel()[slots], near)
        reached = np.maximum.reduceat(_best(curves, len(heard), plan.beliefs), first)
        near = near[reached >= reached.max() - within]
    slots, curves = parabolas(near, heard, level, there.table, there.filled)
    reached = _best(curves, len(heard), plan.beliefs)
    order = np.argsort(-reached)
    order = order[reached[order] >= reached.max() - CLOSE_NATS]
    return slots[order], np.ascontiguousarray(curves[:, order])


def _best(curves: Curves, heard: int, beliefs: Beliefs) -> Curves:
    """Log-likelihood of so many levels with the power that suits best, shape (n,)."""
    (a, b, c, size), freedom = curves, beliefs.freedom
    power = np.clip(b / c, POWERS_DBM[0] - beliefs.spare_db, POWERS_DBM[-1] + beliefs.spare_db)
    misfit = a - 2 * b * power + c * power**2
    return np.asarray(-0.5 * (size + (freedom + heard) * np.log1p(misfit / freedom)))
