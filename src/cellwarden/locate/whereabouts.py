"""In which room, of all rooms of a site and what lies beyond its wall: one belief from one level of each sensor.

```
 levels ─► geofence   p(place | levels), places in all rooms and outside ─► which side, and which kind of room
        └► cells      p(cell | levels, in a cell), with liars and deaf sensors ─► which cell

 p(cell) = p(in any cell) p(cell | in a cell)         p(other room) = sum over its places         p(outside) = its side
```

Where somebody has surveyed the site, cells are told from the survey (`cells_survey`); the side of the wall, and other
rooms, from the plan.

Both believe that a phone sends GSM's 13 to 33 dBm. A phone of another standard sends less by a known difference; that
is the same as a GSM phone heard by sensors whose floor is higher by that difference, so levels and floor are shifted.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.locate.cells import Beliefs, Plan, Spots, cell_probabilities, levels_from, spots
from cellwarden.locate.cells_survey import learned
from cellwarden.locate.geofence import Fence, Ground, evidence, fence_on, ground
from cellwarden.locate.readings import Survey
from cellwarden.locate.site import Site, rooms_at
from cellwarden.model import Odds

LOUDEST_DBM = {"gsm": 33.0, "umts": 24.0, "lte": 23.0, "nr": 23.0}
"""Most power of the phones met: GSM 900 class 4 (3GPP TS 45.005 §4.1.1), UMTS class 3 (TS 25.101 §6.2.1), LTE and NR
class 3 (TS 36.101 §6.2.2, TS 38.101-1 §6.2.1)."""
Belief = Callable[[NDArray[np.float64], str, float], Odds]
"""From one level for each sensor of the site, dBm, nan where it heard nothing and `cells.ABSENT_DBM` where it could
not, the air interface, and the frequency in Hz."""
OUTSIDE = "outside"
"""The name in odds of all that lies beyond the wall."""
PLANS_HZ = (800e6, 900e6, 1.8e9, 2.1e9, 2.6e9, 3.5e9)
"""Frequencies for which levels are computed: between two of them walls differ by less than they err."""
LEAST = 1e-4
"""Rooms less likely than this are left out of odds; `outside` is always told."""
HOPELESS_NATS = 40.0
"""A place less likely than another by e to this adds nothing to odds, however many there are."""


class Whereabouts(NamedTuple):
    """What a site says of levels from all its places, for phones of one standard on one frequency."""

    names: tuple[str, ...]
    """As odds name rooms, the cells of `plan` first; the last is `outside`."""
    plan: Plan
    bounds: Fence
    room: NDArray[np.int64]
    """Of each place of `bounds` the index in `names`, shape (p,)."""
    shift_db: float
    """Added to levels, so that a phone of this standard looks like one of GSM."""


def room_names(site: Site) -> tuple[str, ...]:
    """All names that odds may hold at a site, `outside` the last."""
    return (*dict.fromkeys(room.name for room in site.rooms if room.kind != "outside"), OUTSIDE)


class Laid(NamedTuple):
    """Places of a site, and what lies between them and its sensors: the same at each frequency."""

    cells: Spots
    bounds: Ground
    room: NDArray[np.int64]
    """Of each place of `bounds` the index of its room, shape (p,)."""


def laid(site: Site) -> Laid:
    """Lay places everywhere. Raises SiteError where the site has not both sides of a wall."""
    bounds = ground(site)
    return Laid(spots(site), bounds, rooms_at(site, bounds.places_m))


def whereabouts(
    site: Site,
    interface: str = "gsm",
    frequency_hz: float = 900e6,
    survey: Survey | None = None,
    among: Laid | None = None,
) -> Whereabouts:
    """Compute the levels from all places, those that were laid already or others. Raises SiteError as `laid` does."""
    among = among or laid(site)
    shift = _quieter_db(interface)
    beliefs = Beliefs(floor_dbm=Beliefs().floor_dbm + shift)
    plan = levels_from(among.cells, frequency_hz, beliefs)
    bounds = fence_on(among.bounds, frequency_hz, beliefs)
    if survey is not None and plan.cells:
        plan = learned(site, plan, survey, frequency_hz)
    cells = [cell.name for cell in plan.cells]
    names = (*cells, *(name for name in room_names(site) if name not in set(cells)))
    index = {name: n for n, name in enumerate(names)}
    of_room = np.array([index[OUTSIDE if room.kind == "outside" else room.name] for room in site.rooms])
    return Whereabouts(names, plan, bounds, of_room[among.room], shift)


def _quieter_db(interface: str) -> float:
    """How much less phones of a standard send at most than those of GSM."""
    return LOUDEST_DBM["gsm"] - LOUDEST_DBM.get(interface, LOUDEST_DBM["gsm"])


def room_probabilities(where: Whereabouts, levels_dbm: NDArray[np.float64], inside: float = 0.5) -> NDArray[np.float64]:
    """Probability of each of `names`, shape (n,), given one level a sensor, shape (m,), nan where it heard nothing
    and `cells.ABSENT_DBM` where it could not.

    inside: which part of all phones that are heard is inside. Where no sensor heard anything, what was believed before.
    """
    bounds, levels = where.bounds, np.asarray(levels_dbm, np.float64) + where.shift_db
    weight = bounds.log_share + np.log(np.where(bounds.inside, inside, 1 - inside))
    if np.isfinite(levels).any():
        weight = weight + evidence(bounds, levels, HOPELESS_NATS)
    place = np.exp(weight - weight.max())
    found = np.asarray(np.bincount(where.room, place / place.sum(), minlength=len(where.names)), np.float64)
    cells = len(where.plan.cells)
    if cells:
        found[:cells] = found[:cells].sum() * cell_probabilities(where.plan, levels)
    return found


def room_odds(where: Whereabouts, levels_dbm: NDArray[np.float64], inside: float = 0.5) -> Odds:
    """The same as odds: the most probable first, without rooms that are out of the question."""
    found = room_probabilities(where, levels_dbm, inside)
    kept = [n for n in np.argsort(-found, kind="stable") if found[n] >= LEAST or where.names[n] == OUTSIDE]
    return tuple((where.names[n], float(found[n])) for n in kept)


def believing(site: Site, inside: float = 0.5, survey: Survey | None = None) -> Belief:
    """Odds from levels, air interface and frequency in Hz, for all that a site hears.

    Each plan is computed when it is first needed; the first of all takes seconds, the others a fourth of that.
    """
    places = cache(lambda: laid(site))
    alike = {_quieter_db(interface): interface for interface in reversed(LOUDEST_DBM)}

    @cache
    def plan(interface: str, frequency_hz: float) -> Whereabouts:
        return whereabouts(site, interface, frequency_hz, survey, places())

    def belief(levels_dbm: NDArray[np.float64], interface: str, frequency_hz: float) -> Odds:
        nearest = min(PLANS_HZ, key=lambda hertz: abs(np.log(hertz / frequency_hz)))
        return room_odds(plan(alike[_quieter_db(interface)], nearest), levels_dbm, inside)

    return belief
