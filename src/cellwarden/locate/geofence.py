"""Inside or outside the wall, with a probability: the officer's own phone in the car park is no alert.

```
      outside  ·  ·  ·  ·  ·          ● sensors on the wall: loud for those outside
    ┌──●─────────────●────┐           ● sensors in the building: loud for those inside
    │ yard  ┌──────┐      │
    ●       │● ●  ●│      ●           nats = log p(levels | inside) − log p(levels | outside)  +  habits
    └──●────┴──────┴──●───┘
```

The levels are believed to come about as `cells` has it: what the plan says, with losses of materials, shadowing and
the phone's power unsure, and silence as evidence, unless the sensor is deaf. Their likelihood is a mean over places,
inside and outside. Differences of levels between sensors inside and outside decide, as the power cancels.

What else is known of a phone is counted as a habit: how often phones inside, and phones outside, were seen with the
same serving cell (downlink context). A habit is worth the log of the ratio of its shares, with half a count added to
each, so that what was never seen proves little. A timing advance tells nothing here: a step of GSM's is 554 m.

A phone is called inside from SURE_NATS on. As long as the belief holds, a phone outside comes to as many nats with a
probability of e^-nats at most (Markov's inequality), which is the false alarm that is allowed.

Sources: S. Kay, Fundamentals of Statistical Signal Processing II (1998) §3.3; H. Jeffreys' prior for shares.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate.cells import Beliefs, Places, blocks, evenly, model_loss_db, table_of, unsure_db
from cellwarden.locate.fence_kernels import place_evidence
from cellwarden.locate.likelihood import NORMAL, parabolas
from cellwarden.locate.propagation import Paths, paths
from cellwarden.locate.readings import Readings
from cellwarden.locate.site import Room, Site, rooms_at

SURE_NATS = math.log(1e4)
"""A phone outside is called inside at most once in 10⁴ times."""
POWERS_DBM = np.arange(13.0, 33.1, 2.5)
"""GSM at 33 dBm, power-controlled by up to 20 dB."""
BETWEEN_DB = 2.75
"""What the level between two places of the grid differs from both: as `cells` found for cells, on drawn wings."""
HEIGHTS_M = (0.5, 1.4)
STEP_M = {"cell": 1.3, "office": 1.3, "privileged": 1.3, "outside": 3.0}
"""Places lie so far apart; elsewhere OTHER_STEP_M."""
OTHER_STEP_M = 3.0
KEEP_M = 0.4
"""Of places from a room's walls."""
SHARES = {"cell": 0.8, "yard": 0.1}
"""Where a phone inside is beforehand; what is left is shared by all other rooms. An assumption."""


@dataclass(frozen=True, slots=True, eq=False)
class Fence:
    """What a site says of levels from places on both sides of its wall."""

    places_m: NDArray[np.float64]
    """Shape (p, 3)."""
    inside: NDArray[np.bool_]
    """Of each place, shape (p,)."""
    log_share: NDArray[np.float64]
    """Log-probability of each place beforehand, given its side; shape (p,)."""
    there: Places
    """The levels of a phone of 0 dBm at places, and how sure they are, in blocks of any places."""
    beliefs: Beliefs


@dataclass(frozen=True, slots=True)
class Side:
    """On which side of the wall a phone is."""

    nats: float
    """Evidence for inside."""
    probability: float
    """Of inside."""
    inside: bool
    """Whether it is called so."""


class Ground(NamedTuple):
    """Places on both sides of a site's wall, and what lies between them and its sensors: the same at each frequency."""

    places_m: NDArray[np.float64]
    """Shape (p, 3)."""
    inside: NDArray[np.bool_]
    """Of each place, shape (p,)."""
    log_share: NDArray[np.float64]
    """As `Fence` has it."""
    lines: Paths


def fence(site: Site, frequency_hz: float = 900e6, beliefs: Beliefs | None = None) -> Fence:
    """Compute levels from places in all rooms of a site that has both sides. Raises SiteError where it has not."""
    return fence_on(ground(site), frequency_hz, beliefs or Beliefs())


def fence_on(of: Ground, frequency_hz: float, beliefs: Beliefs) -> Fence:
    """The same, from places that were laid already."""
    level, count = -model_loss_db(of.lines, frequency_hz), len(of.places_m)
    table = table_of(level, np.full(level.shape, own_db2(beliefs)), unsure_db(of.lines, beliefs))
    there = blocks(np.arange(count), table, evenly(count))
    return Fence(of.places_m, of.inside, of.log_share, there, beliefs)


def ground(site: Site) -> Ground:
    """Lay places in all rooms, and count the walls between. Raises SiteError where the site has not both sides."""
    each = [_places(site, n, room) for n, room in enumerate(site.rooms)]
    places = np.concatenate([np.zeros((0, 3)), *each])
    kinds = np.repeat([room.kind for room in site.rooms], [len(those) for those in each])
    inside = kinds != "outside"
    if inside.all() or not inside.any():
        raise SiteError(
            _("{site} needs rooms inside, and one of the kind outside: draw what lies beyond the wall").format(
                site=site.name
            )
        )
    group = np.where(np.isin(kinds, ["outside", *SHARES]), kinds, "other")
    weight = {**SHARES, "other": 1 - sum(SHARES.values()), "outside": 1.0}
    names, of, count = np.unique(group, return_inverse=True, return_counts=True)
    share = (np.array([weight[name] for name in names]) / count)[of]
    share[inside] /= share[inside].sum()  # a site may lack a kind
    return Ground(places, inside, np.log(share), paths(site, places))


def _places(site: Site, index: int, room: Room) -> NDArray[np.float64]:
    """A grid of places that are in a room and in no smaller one, shape (n, 3); its middle where none is."""
    bases = {floor.number: floor.base_m for floor in site.floors}
    if room.floor not in bases:
        return np.zeros((0, 3))
    step = STEP_M.get(room.kind, OTHER_STEP_M)
    outline = np.array(room.outline_m)
    low, high = outline.min(axis=0) + KEEP_M, outline.max(axis=0) - KEEP_M
    axes = [np.linspace(a, b, max(2, round((b - a) / step) + 1)) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    heights = bases[room.floor] + np.resize(HEIGHTS_M, len(grid))  # in turn: not each place at each height
    places = np.column_stack([grid, heights])
    mine = rooms_at(site, places) == index
    if mine.any():
        return places[mine]
    middle = np.array([[*outline.mean(axis=0), bases[room.floor] + HEIGHTS_M[0]]])
    return middle[rooms_at(site, middle) == index]


def presence_dbm(readings: Readings, sensors: int) -> NDArray[np.float64]:
    """Level of the mean power at each sensor over a presence, shape (sensors,), nan where it heard nothing."""
    power, count = np.zeros(sensors), np.zeros(sensors)
    np.add.at(power, readings.sensor, 10 ** (readings.level_dbm / 10))
    np.add.at(count, readings.sensor, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(10 * np.log10(power / count))


def level_nats(bounds: Fence, levels_dbm: NDArray[np.float64]) -> float:
    """Evidence for inside of one level for each sensor, shape (m,), nan where it heard nothing; 0 where none did."""
    if not np.isfinite(levels_dbm).any():
        return 0.0
    found = bounds.log_share + evidence(bounds, np.asarray(levels_dbm, np.float64))
    inner, outer = found[bounds.inside], found[~bounds.inside]
    return float(np.logaddexp.reduce(inner) - np.logaddexp.reduce(outer))


def evidence(bounds: Fence, levels_dbm: NDArray[np.float64], hopeless: float = math.inf) -> NDArray[np.float64]:
    """Log-likelihood of levels as `cells` takes them from each place, but for a constant: shape (p,).

    Silence makes a place but less likely; of one that is less likely than another by e to `hopeless` it is not asked.
    """
    there, beliefs = bounds.there, bounds.beliefs
    heard, silents = np.flatnonzero(np.isfinite(levels_dbm)), np.flatnonzero(np.isnan(levels_dbm))
    level, every = levels_dbm[heard].astype(np.float32), np.arange(len(there.filled))
    _slots, (a, b, c, size) = parabolas(every, heard, level, there.table, there.filled)
    power = POWERS_DBM[:, None]
    each = np.ascontiguousarray((-0.5 * (a - 2 * power * b + power**2 * c + size)).T)
    order, silence, powers = (
        np.argsort(-each.max(axis=1)),
        (beliefs.floor_dbm, beliefs.deaf),
        POWERS_DBM.astype(np.float32),
    )
    return np.asarray(place_evidence(order, each, there.table, silents, silence, powers, NORMAL, hopeless))


def own_db2(beliefs: Beliefs) -> float:
    """Variance of what is each path's own."""
    return beliefs.shadowing_db**2 + beliefs.fading_db**2 + BETWEEN_DB**2


def habit_nats(inside: Mapping[Hashable, int], outside: Mapping[Hashable, int], value: Hashable) -> float:
    """Evidence for inside of something seen, from how often it was seen of phones inside and outside."""
    kinds = len({*inside, *outside, value})
    shares = [(of.get(value, 0) + 0.5) / (sum(of.values()) + 0.5 * kinds) for of in (inside, outside)]
    return math.log(shares[0] / shares[1])


def side(nats: float, share_inside: float = 0.5, sure_nats: float = SURE_NATS) -> Side:
    """The decision from the sum of all evidence, and a probability, given which share of phones is inside."""
    odds = nats + math.log(share_inside / (1 - share_inside))
    probability = 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0
    return Side(nats, probability, nats >= sure_nats)
