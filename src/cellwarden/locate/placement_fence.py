"""Where to put sensors on the wall, so that phones inside are told from those outside.

```
              outside
    ┌──●─────────────●────┐     candidates: along the outer face of all that is inside, a step apart
    │ yard  ┌──────┐      │     pairs: a cell, and a place beyond the wall, which levels are to tell apart
    ●       │● ●  ●│      ●     kept: what hangs already, in the building or on the wall
    └──●────┴──────┴──●───┘
```

They are chosen as `placement` chooses for cells, by the same formula, over those pairs. What a proposal is worth is
found by drawing phones on both sides and asking `geofence`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.ops import unary_union

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate.cells import HEIGHTS_M
from cellwarden.locate.geofence import fence, level_nats, side
from cellwarden.locate.placement import cell_middles, drawn_dbm, silent, somewhere, telling_db, tried_at, with_chosen
from cellwarden.locate.site import Floor, Site, room_at, rooms_at

OUT_M = 0.3
"""From the wall's middle to a sensor on its outer face."""
BELOW_TOP_M = 0.2
STEP_M = 3.0
"""Candidates are so far apart along the wall, and on each of its corners; places beyond it, whose pairs are looked at,
as well."""
NEAR_M = 12.0
"""Beyond the wall, as far as this: who is farther off is told more easily."""
PATIENCE = 50
"""Phones drawn for each that is heard: where fewer are heard, those that were have to do."""
MOST = 150
"""Cells, and places outside, of which pairs are made; of a large site these are spread evenly."""


@dataclass(frozen=True, slots=True)
class FenceWorth:
    """What sensors achieve at the fence, in draws."""

    sensors: int
    missed: float
    """Share of phones in cells that are not called inside."""
    wrong: float
    """Share of phones outside, anywhere there, that are called inside."""
    draws: int
    """At most, on each side: of those that are heard."""


def propose_on_wall(site: Site, count: int, frequency_hz: float = 900e6, tell: Callable[[], None] = silent) -> Site:
    """The site with `count` sensors on the outer face of its wall after its own, the most telling first; fewer where
    there is no room for so many. `tell` is called after each sensor. Raises SiteError where it has no cells, or no
    outside."""
    places, beyond, middles = wall_places(site), _spread(_beyond(site)), _spread(cell_middles(site))
    if not len(middles) or not len(places) or not len(beyond):
        raise SiteError(
            _("{site} needs cells, and a room of the kind outside around all that is inside: draw them").format(
                site=site.name
            )
        )
    tried = tried_at(places)
    both = replace(site, sensors=(*site.sensors, *tried))
    levels = telling_db(both, np.concatenate([middles, beyond]), frequency_hz)
    inner, outer = levels[:, : len(middles)], levels[:, len(middles) :]
    differences = (inner[:, :, None] - outer[:, None]).reshape(len(levels), -1)
    return with_chosen(site, site.sensors, tried, differences, count, "W", tell)


def wall_places(site: Site) -> NDArray[np.float64]:
    """Places on the outer face, under the top of the wall, shape (n, 3): its corners, and a step apart between them."""
    found = [np.zeros((0, 3))]
    for floor, spots in _around(site, OUT_M):
        if any(room.kind == "outside" and room.floor == floor.number for room in site.rooms):
            height = floor.base_m + floor.height_m - BELOW_TOP_M
            found.append(np.column_stack([spots, np.full(len(spots), height)]))
    places = np.concatenate(found)
    beyond = [room_at(site, *place) for place in places.tolist()]
    return places[[room is not None and room.kind == "outside" for room in beyond]]


def fence_worth(
    site: Site, draws: int, seed: int = 1, frequency_hz: float = 900e6, tell: Callable[[], None] = silent
) -> FenceWorth:
    """How well a site's sensors tell phones in cells from those outside: walls and shadows drawn each time. `tell` is
    called for each phone that is heard, twice `draws` at most."""
    rng, bounds = np.random.default_rng(seed), fence(site, frequency_hz)
    share = {}
    for kind in ("cell", "outside"):
        rooms = [room for room in site.rooms if room.kind == kind]
        bases = {floor.number: floor.base_m for floor in site.floors}
        called, made = 0, 0
        for _try in range(PATIENCE * draws):
            if made == draws:
                break
            room = rooms[int(rng.integers(len(rooms)))]
            place = somewhere(room, bases[room.floor], rng)
            here = room_at(site, *place)
            if here is None or here.kind != kind:
                continue  # in a smaller room that lies in this one
            heard = drawn_dbm(site, np.array([place]), bounds.beliefs, rng, frequency_hz)[:, 0]
            if np.isfinite(heard).any():  # who is heard by none is no presence
                called, made = called + side(level_nats(bounds, np.ascontiguousarray(heard))).inside, made + 1
                tell()
        share[kind] = called / max(made, 1)
    return FenceWorth(len(site.sensors), 1 - share["cell"], share["outside"], draws)


def _beyond(site: Site) -> NDArray[np.float64]:
    """Places outside that are near the wall, shape (n, 3)."""
    rings = [np.zeros((0, 3))]
    for away_m in np.arange(STEP_M, NEAR_M + STEP_M / 2, STEP_M).tolist():
        for floor, spots in _around(site, away_m):
            rings.append(np.column_stack([spots, np.full(len(spots), floor.base_m + np.mean(HEIGHTS_M))]))
    places = np.concatenate(rings)
    outside = [n for n, room in enumerate(site.rooms) if room.kind == "outside"]
    return places[np.isin(rooms_at(site, places), outside)]


def _around(site: Site, away_m: float) -> Iterator[tuple[Floor, NDArray[np.float64]]]:
    """Places around all that is inside of each floor, so far away, its corners and a step apart: shape (n, 2)."""
    for floor in site.floors:
        rooms = [room for room in site.rooms if room.floor == floor.number and room.kind != "outside"]
        around = unary_union([Polygon(room.outline_m) for room in rooms]).buffer(away_m, join_style="mitre")
        for part in getattr(around, "geoms", [around]) if rooms else ():
            yield floor, np.array(part.exterior.segmentize(STEP_M).coords)[:-1, :2]


def _spread(places_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most MOST of them, evenly."""
    if len(places_m) <= MOST:
        return places_m
    return places_m[np.linspace(0, len(places_m) - 1, MOST).astype(int)]
