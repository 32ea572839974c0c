"""How much of a phone's power reaches each sensor: free space, walls and floors, by material and frequency.

```
 phone ))) ─────────┃───────────────┃──── ── ── ═══ ── ── ──► sensor        ┃ wall, by its material    ═ floor

 loss = 20 log10(4π d / λ)  +  Σ k_w L_w  +  k_f^((k_f + 2)/(k_f + 1) − b) L_f                                    dB
        free space             walls         floors: the second takes less than the first
```

This is the multi-wall model of COST 231 (final report, §4.7.2: L_f 18.3 dB, b 0.46; L_w 3.4 dB for light walls and
6.9 dB for heavy ones, at 1.8 GHz). Walls whose material is told lose what a slab of it loses (ITU-R P.2040-3 §2.2.2.2,
equation 43, at right angles), with the permittivities of its table 3. Concrete, brick and plasterboard are given there
from 1 GHz up and are used here from 0.7 GHz on: an extrapolation. Where no walls are drawn, the loss is that of ITU-R
P.1238-11 §3.1.

What the model does not have: energy that goes round, through corridors and open doors, so that many walls in a row
lose less than their sum; the angle at which a wall is met; floors that end at a building's edge. A survey of the site
corrects what these do to its levels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast
from cellwarden.locate.site import Site

LIGHT_M_S = 299_792_458.0
NEAREST_M = 0.3
"""No phone is taken to be nearer to an antenna than this: the formulas hold in the far field."""
FLOOR_DB = 18.3
FLOOR_B = 0.46
CONDUCTIVITY_FACTOR = 17.98
"""Imaginary part of the relative permittivity is 17.98 σ / f, in S/m and GHz (ITU-R P.2040-3 equation 26)."""
TILE_M = 4.0
MOST_TILES = 256
"""The ground is cut into tiles of this size, and at most this many on a side, to find the walls near a line."""
FAR = 1e300
FRINGES = 33
"""Thicknesses over which a slab's loss is averaged."""

PERMITTIVITY = {
    "concrete": (5.24, 0.0, 0.0462, 0.7822),
    "brick": (3.91, 0.0, 0.0238, 0.16),
    "plasterboard": (2.73, 0.0, 0.0085, 0.9395),
    "wood": (1.99, 0.0, 0.0047, 1.0718),
    "glass": (6.31, 0.0, 0.0036, 1.3394),
}
"""a, b, c, d of ITU-R P.2040-3 table 3: relative permittivity a f^b, conductivity c f^d in S/m, f in GHz."""


@dataclass(frozen=True, slots=True)
class Slab:
    """A wall as a plate of one material."""

    substance: str
    thickness_m: float


MATERIALS: dict[str, Slab | float] = {
    "open": 0.0,  # bars, a passage
    "light": 3.4,  # COST 231: plasterboard, wood, thin walls with windows
    "heavy": 6.9,  # COST 231: load-bearing walls
    "concrete": Slab("concrete", 0.2),
    "thick_concrete": Slab("concrete", 0.3),
    "thin_concrete": Slab("concrete", 0.1),
    "brick": Slab("brick", 0.12),
    "thick_brick": Slab("brick", 0.25),
    "plasterboard": Slab("plasterboard", 0.025),
    "wood": Slab("wood", 0.04),
    "glass": Slab("glass", 0.006),
    "steel": 15.0,  # a steel door in its frame: a plate would let nothing through, gaps do. Not measured: an assumption
}
"""What a wall can be made of, with its thickness, or its loss in dB where that does not depend on the frequency."""

# ITU-R P.1238-11 table 2, office without line of sight, 0.3 to 82 GHz: distance exponent, offset, frequency exponent
GENERAL = (2.46, 29.53, 2.38)


@dataclass(frozen=True, slots=True)
class Paths:
    """Straight lines from m sensors to n places, and what they go through."""

    distance_m: NDArray[np.float64]
    """Shape (m, n)."""
    walls: NDArray[np.uint16]
    """How many walls of each material, shape (m, n, k)."""
    floors: NDArray[np.uint16]
    """How many floors, shape (m, n)."""
    materials: tuple[str, ...]
    """The k materials."""


def loss_db(site: Site, places_m: NDArray[np.float64], frequency_hz: float) -> NDArray[np.float64]:
    """Loss from each place, float64, shape (n, 3), to each sensor of the site, in dB: float64, shape (m, n)."""
    lines = paths(site, places_m)
    if not site.walls:
        return general_loss_db(lines.distance_m, frequency_hz) + floor_loss_db(lines.floors)
    walls_db = np.array([wall_loss_db(material, frequency_hz) for material in lines.materials])
    return free_space_db(lines.distance_m, frequency_hz) + lines.walls @ walls_db + floor_loss_db(lines.floors)


def paths(site: Site, places_m: NDArray[np.float64]) -> Paths:
    """The lines from all sensors of a site to places, float64, shape (n, 3)."""
    sensors = np.array([sensor.place_m for sensor in site.sensors], dtype=np.float64).reshape(-1, 3)
    places = np.ascontiguousarray(places_m, dtype=np.float64).reshape(-1, 3)
    materials = tuple(sorted({wall.material for wall in site.walls}))
    spans = {floor.number: (floor.base_m, floor.base_m + floor.height_m) for floor in site.floors}
    standing = [wall for wall in site.walls if wall.floor in spans]
    ends = np.array([(*wall.start_m, *wall.end_m, *spans[wall.floor]) for wall in standing]).reshape(-1, 6)
    kinds = np.array([materials.index(wall.material) for wall in standing], dtype=np.int64)
    walls = crossed_walls(sensors, places, ends, kinds, len(materials))
    distance = np.linalg.norm(sensors[:, None] - places[None], axis=2)
    return Paths(np.maximum(distance, NEAREST_M), walls, crossed_floors(site, sensors, places), materials)


def crossed_walls(
    sensors_m: NDArray[np.float64],
    places_m: NDArray[np.float64],
    walls_m: NDArray[np.float64],
    kinds: NDArray[np.int64],
    count: int,
) -> NDArray[np.uint16]:
    """How many walls of each of `count` kinds each line crosses, uint16, shape (m, n, count).

    `walls_m`: x and y of both ends, height of foot and top, shape (w, 6). A line crosses a wall where it passes between
    its ends (one of the two included, so that walls that meet count once) and between foot (included) and top.
    """
    if not len(walls_m):
        return np.zeros((len(sensors_m), len(places_m), count), dtype=np.uint16)
    corner = walls_m[:, :4].reshape(-1, 2).min(axis=0)
    size = np.maximum(walls_m[:, :4].reshape(-1, 2).max(axis=0) - corner, 1e-3)
    tile = max(TILE_M, float(size.max()) / MOST_TILES)
    shape = np.floor(size / tile).astype(np.int64) + 1
    return _crossed(
        sensors_m, places_m, walls_m, kinds, count, corner, tile, shape, *_tiled(walls_m, corner, tile, shape)
    )


@fast
def _tiled(
    walls_m: NDArray[np.float64], corner_m: NDArray[np.float64], tile_m: float, shape: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which walls may lie in each tile of the ground: `walls[first[tile] : first[tile + 1]]`; tiles go by x, then y."""
    first = np.zeros(shape[0] * shape[1] + 2, dtype=np.int64)
    walls = np.zeros(0, dtype=np.int64)
    for turn in range(2):  # first count, then fill
        for w in range(len(walls_m)):
            i0, i1 = _span(walls_m[w, 0], walls_m[w, 2], corner_m[0], tile_m, shape[0])
            j0, j1 = _span(walls_m[w, 1], walls_m[w, 3], corner_m[1], tile_m, shape[1])
            for i in range(i0, i1 + 1):
                for j in range(j0, j1 + 1):
                    tile = i * shape[1] + j
                    if turn == 0:
                        first[tile + 2] += 1
                    else:
                        walls[first[tile + 1]] = w
                        first[tile + 1] += 1
        if turn == 0:
            first = np.cumsum(first)
            walls = np.zeros(first[-1], dtype=np.int64)
    return first, walls


@fast
def _span(a_m: float, b_m: float, corner_m: float, tile_m: float, count: int) -> tuple[int, int]:
    """First and last tile that a wall touches on one axis, with a micrometre to spare."""
    low, high = min(a_m, b_m) - 1e-6, max(a_m, b_m) + 1e-6
    first, last = int(np.floor((low - corner_m) / tile_m)), int(np.floor((high - corner_m) / tile_m))
    return max(first, 0), min(last, count - 1)


@fast
def _crossed(
    sensors_m: NDArray[np.float64],
    places_m: NDArray[np.float64],
    walls_m: NDArray[np.float64],
    kinds: NDArray[np.int64],
    count: int,
    corner_m: NDArray[np.float64],
    tile_m: float,
    shape: NDArray[np.int64],
    first: NDArray[np.int64],
    walls: NDArray[np.int64],
) -> NDArray[np.uint16]:
    """Walk each line from tile to tile, and in each tile count the walls that are crossed within it."""
    found = np.zeros((len(sensors_m), len(places_m), count), dtype=np.uint16)
    for s in range(len(sensors_m)):
        x, y, z = sensors_m[s, 0], sensors_m[s, 1], sensors_m[s, 2]
        for p in range(len(places_m)):
            dx, dy, dz = places_m[p, 0] - x, places_m[p, 1] - y, places_m[p, 2] - z
            step_i, step_j = 1 if dx > 0 else -1, 1 if dy > 0 else -1
            # Where on the line (0 at the sensor, 1 at the place) a tile is crossed on each axis, and the next edges
            apart_i = tile_m / abs(dx) if dx != 0 else FAR
            apart_j = tile_m / abs(dy) if dy != 0 else FAR
            i, j = int(np.floor((x - corner_m[0]) / tile_m)), int(np.floor((y - corner_m[1]) / tile_m))
            next_i = (corner_m[0] + (i + (step_i > 0)) * tile_m - x) / dx if dx != 0 else FAR
            next_j = (corner_m[1] + (j + (step_j > 0)) * tile_m - y) / dy if dy != 0 else FAR
            enter = 0.0
            while enter < 1.0:
                leave = min(next_i, next_j, 1.0)
                if 0 <= i < shape[0] and 0 <= j < shape[1]:
                    tile = i * shape[1] + j
                    for at in range(first[tile], first[tile + 1]):
                        w = walls[at]
                        along = _crossing(x, y, z, dx, dy, dz, walls_m, w)
                        if enter <= along < leave and along > 0.0:
                            found[s, p, kinds[w]] += 1
                enter = leave
                if next_i < next_j:
                    i, next_i = i + step_i, next_i + apart_i
                else:
                    j, next_j = j + step_j, next_j + apart_j
    return found


@fast
def _crossing(
    x: float, y: float, z: float, dx: float, dy: float, dz: float, walls_m: NDArray[np.float64], w: int
) -> float:
    """Where on a line a wall is crossed, 0 at its beginning and 1 at its end; −1 where it is not."""
    ax, ay = walls_m[w, 0] - x, walls_m[w, 1] - y
    bx, by = walls_m[w, 2] - x, walls_m[w, 3] - y
    if (dx * ay - dy * ax >= 0.0) == (dx * by - dy * bx >= 0.0):  # both ends on one side of the line
        return -1.0
    ex, ey = bx - ax, by - ay
    along = (ax * ey - ay * ex) / (dx * ey - dy * ex)
    height = z + along * dz
    return along if walls_m[w, 4] <= height < walls_m[w, 5] else -1.0


def crossed_floors(site: Site, sensors_m: NDArray[np.float64], places_m: NDArray[np.float64]) -> NDArray[np.uint16]:
    """How many floors lie between sensors and places, uint16, shape (m, n)."""
    bases = np.sort([floor.base_m for floor in site.floors])[1:]
    above = np.searchsorted(bases, sensors_m[:, 2], "right")[:, None], np.searchsorted(bases, places_m[:, 2], "right")
    return np.abs(above[0] - above[1][None]).astype(np.uint16)


def free_space_db(distance_m: NDArray[np.float64], frequency_hz: float) -> NDArray[np.float64]:
    """20 log10(4π d f / c) (ITU-R P.525)."""
    return 20 * np.log10(4 * np.pi * distance_m * frequency_hz / LIGHT_M_S)


def general_loss_db(distance_m: NDArray[np.float64], frequency_hz: float) -> NDArray[np.float64]:
    """Median loss where walls are not known: 10 α log10(d) + β + 10 γ log10(f in GHz) (ITU-R P.1238-11 equation 1)."""
    exponent, offset_db, slope = GENERAL
    return 10 * exponent * np.log10(distance_m) + offset_db + 10 * slope * np.log10(frequency_hz / 1e9)


def floor_loss_db(floors: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Loss of this many floors: k^((k + 2)/(k + 1) − b) L_f (COST 231 §4.7.2)."""
    k = floors.astype(np.float64)
    return FLOOR_DB * k ** ((k + 2) / (k + 1) - FLOOR_B)


def wall_loss_db(material: str, frequency_hz: float) -> float:
    """Loss of one wall of a material that `MATERIALS` has.

    A wall's thickness is not known to a fraction of a wavelength. So the power that passes is averaged over thicknesses
    within half a wavelength in the material, which is one whole fringe of what its two faces send to and fro.
    """
    kind = MATERIALS[material]
    if isinstance(kind, float):
        return kind
    eta = permittivity(kind.substance, frequency_hz)
    fringe_m = LIGHT_M_S / frequency_hz / np.sqrt(eta).real / 2
    least_m = max(kind.thickness_m - fringe_m / 2, 0.0)
    thickness_m = np.linspace(least_m, 2 * kind.thickness_m - least_m, FRINGES)
    return float(-10 * np.log10(np.mean(np.abs(transmission(eta, thickness_m, frequency_hz)) ** 2)))


def permittivity(substance: str, frequency_hz: float) -> complex:
    """Complex relative permittivity of a substance of `PERMITTIVITY` (ITU-R P.2040-3 equations 26 to 29)."""
    a, b, c, d = PERMITTIVITY[substance]
    f_ghz = frequency_hz / 1e9
    return complex(a * f_ghz**b, -CONDUCTIVITY_FACTOR * c * f_ghz**d / f_ghz)


def transmission(eta: complex, thickness_m: NDArray[np.float64], frequency_hz: float) -> NDArray[np.complex128]:
    """What a slab lets through of the field that meets it at right angles (ITU-R P.2040-3 equation 43b).

    T = (1 − R²) e^(−jq) / (1 − R² e^(−2jq)) with R = (1 − √η)/(1 + √η) and q = 2π d √η / λ.
    """
    root = np.sqrt(eta)
    squared = ((1 - root) / (1 + root)) ** 2
    turn = np.exp(-2j * np.pi * np.asarray(thickness_m) * root * frequency_hz / LIGHT_M_S)
    return (1 - squared) * turn / (1 - squared * turn**2)
