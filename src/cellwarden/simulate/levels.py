"""What the sensors of a site would hear of phones in it, in a world that is not quite what the model says.

```
 level = power − free space − Σ k (L_w + e_w) − floors (L_f + e_f) + shadowing(sensor, place) + fading             dBm
                                      └── each material wrong by a draw of its own
```

Shadowing is a field over the whole site, one for each sensor, whose correlation falls as e^(−d / 4 m): the same place
hears the same of it each time, so that a survey can learn it. It is a sum of waves whose wave vectors are drawn from
the field's spectrum, that of the exponential correlation in three dimensions, a Student distribution of one degree of
freedom.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.locate.propagation import FLOOR_DB, floor_loss_db, free_space_db, paths, wall_loss_db
from cellwarden.locate.site import Room, Site
from cellwarden.simulate.parameters import Air

WAVES = 600
"""Waves in a sum: a Gaussian to some percent."""
KEEP_M = 0.3
"""Phones lie this far from walls, and a survey is made there."""
LOW_M, HIGH_M = 0.3, 1.6
"""Heights of phones above the floor: under a mattress, at an ear."""


@dataclass(frozen=True, slots=True)
class World:
    """One world: the site as it is built, not as it is believed to be."""

    site: Site
    air: Air
    frequency_hz: float
    walls_db: NDArray[np.float64]
    """Loss of each material of `paths(site, …).materials`."""
    floor_db: float
    waves: NDArray[np.float64]
    """Wave vectors, radians a metre, shape (m, WAVES, 3)."""
    phases: NDArray[np.float64]
    """Shape (m, WAVES)."""


def world(site: Site, rng: np.random.Generator, frequency_hz: float = 900e6, air: Air | None = None) -> World:
    """Draw a world of this site."""
    air = air or Air()
    materials = paths(site, np.zeros((1, 3))).materials
    wrong = rng.uniform(-air.wall_error_db, air.wall_error_db, len(materials) + 1)
    losses = np.array([wall_loss_db(material, frequency_hz) for material in materials]) + wrong[:-1]
    count = len(site.sensors)
    gauss, single = rng.normal(size=(count, WAVES, 3)), rng.normal(size=(count, WAVES, 1))
    waves = gauss / np.abs(single) / air.shadowing_m
    phases = rng.uniform(0, 2 * np.pi, (count, WAVES))
    return World(site, air, frequency_hz, np.maximum(losses, 0.0), FLOOR_DB + float(wrong[-1]), waves, phases)


def mean_levels_dbm(world: World, places_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level at each sensor of a phone that sends 0 dBm from each place, without fading: float64, shape (m, n)."""
    lines = paths(world.site, places_m)
    loss = free_space_db(lines.distance_m, world.frequency_hz) + lines.walls @ world.walls_db
    loss += floor_loss_db(lines.floors) * world.floor_db / FLOOR_DB
    return shadowing_db(world, places_m) - loss


def shadowing_db(world: World, places_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """The field of each sensor at each place, shape (m, n)."""
    scale = world.air.shadowing_db * np.sqrt(2 / WAVES)
    fields = zip(world.waves, world.phases, strict=True)
    return np.array([scale * np.cos(places_m @ waves.T + phases).sum(axis=1) for waves, phases in fields])


def heard_dbm(
    world: World, places_m: NDArray[np.float64], power_dbm: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Level at each sensor of a phone at each place with its power, shape (n,): shape (m, n), nan where not heard."""
    return fading_dbm(world, mean_levels_dbm(world, places_m) + power_dbm, rng)


def fading_dbm(world: World, mean_dbm: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The same from levels without fading, of any shape: what was heard at one moment."""
    levels = mean_dbm + rng.normal(0.0, world.air.fading_db, mean_dbm.shape)
    levels[levels < world.air.floor_dbm] = np.nan
    return np.asarray(levels)


def faulty(levels_dbm: NDArray[np.float64], fault: str, air: Air, rng: np.random.Generator) -> NDArray[np.float64]:
    """Levels, shape (m, n), with one sensor at each of the n moments `lying` or `dead`; any other fault is none."""
    levels, moments = levels_dbm.copy(), np.arange(levels_dbm.shape[1])
    sensor = rng.integers(0, len(levels), len(moments))
    if fault == "dead":
        levels[sensor, moments] = np.nan
    elif fault == "lying":
        levels[sensor, moments] += air.lie_db * rng.choice([-1.0, 1.0], len(moments))
    levels[levels < air.floor_dbm] = np.nan
    return levels


def powers_dbm(air: Air, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """What phones send, under their cells' power control."""
    return rng.uniform(air.power_dbm - air.control_db, air.power_dbm, count)


def place_in(room: Room, base_m: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """Somewhere in a room that has the shape of a box, as those of the example sites have."""
    low, high = np.min(room.outline_m, axis=0) + KEEP_M, np.max(room.outline_m, axis=0) - KEEP_M
    x, y = rng.uniform(low, high)
    return float(x), float(y), base_m + float(rng.uniform(LOW_M, HIGH_M))
