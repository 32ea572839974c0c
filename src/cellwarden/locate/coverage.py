"""Where a phone would be heard, and by how many sensors: from the plan, and each sensor's noise floor of now.

```
 level = least power − loss(place, sensor)      σ² = shadowing² + fading² + Σ (k_w e_w)²          as `cells` believes it
 heard by a sensor with p = Φ((level − threshold) / σ)
 threshold = noise floor, dBm in a hertz + 10 log10 width + SNR that recognition needs

 a place counts as heard by k sensors where so many, or more, hear it with probability SURE
```

Sensors are held to be independent here, which what they have in common (a material that loses more than its table says)
makes a little too sure or too unsure. A sensor without a calibration does not know its noise in dBm: `cells` believes
that it hears from −110 dBm on, and so is it believed here.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.locate.cells import HEIGHTS_M, POWERS_DBM, Beliefs, model_loss_db, unsure_db
from cellwarden.locate.propagation import paths
from cellwarden.locate.site import NOWHERE, Sensor, Site, area_m2, rooms_at
from cellwarden.locate.whereabouts import LOUDEST_DBM

SURE = 0.9
ENOUGH = 3
"""Sensors that a place is told from."""
BEYOND = ("yard", "outside")
"""Kinds of rooms that are left out: a plan shows the building."""
LEAST_STEP_M = 0.5
MOST_PLACES = 8000
"""Of a site; of a large one they lie farther apart."""
CONTROL_DB = float(POWERS_DBM[-1] - POWERS_DBM[0])
"""By how much power control lowers what a phone sends."""


class Band(NamedTuple):
    """What phones send in a band, and what recognition needs of it."""

    name: str
    """As a site's file names bands of sensors."""
    interface: str
    frequency_hz: float
    width_hz: float
    snr_db: float

    @property
    def power_dbm(self) -> float:
        """Of the weakest phone."""
        return LOUDEST_DBM[self.interface] - CONTROL_DB


BANDS = (
    Band("GSM 900", "gsm", 900e6, 200e3, 3.5),
    Band("GSM 1800", "gsm", 1.75e9, 200e3, 3.5),
    Band("LTE 800", "lte", 847e6, 180e3, 10.0),
    Band("LTE 1800", "lte", 1.75e9, 180e3, 10.0),
    Band("LTE 2600", "lte", 2.535e9, 180e3, 10.0),
)
"""Uplinks in their middle. SNR: of GSM's access bursts 99 % are recognised at 3.5 dB (`benchmarks/recognition.py`); of
LTE, one resource block, 10 dB is the least at which figures are published: a careful choice."""


class Raster(NamedTuple):
    """Places of a building, on all floors, in rows."""

    places_m: NDArray[np.float64]
    """Shape (n, 3)."""
    room: NDArray[np.int64]
    """Index in `site.rooms`, shape (n,)."""
    step_m: float


class Reach(NamedTuple):
    """What reaches the sensors from each place, from a phone of 0 dBm."""

    level_db: NDArray[np.float32]
    """Shape (m, n)."""
    spread_db: NDArray[np.float32]
    """One standard deviation, shape (m, n)."""


@lru_cache(maxsize=2)
def raster(site: Site) -> Raster:
    """Places in all rooms of a building, a step apart."""
    inside = [room for room in site.rooms if room.kind not in BEYOND]
    step = max(LEAST_STEP_M, math.sqrt(sum(map(area_m2, inside)) / MOST_PLACES))
    found: list[NDArray[np.float64]] = [np.zeros((0, 3))]
    for floor in site.floors:
        corners = [point for room in inside if room.floor == floor.number for point in room.outline_m]
        if corners:
            low, high = np.min(corners, axis=0), np.max(corners, axis=0)
            x, y = (np.arange(a + step / 2, b, step) for a, b in zip(low, high, strict=True))
            flat = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
            found.append(np.column_stack([flat, np.full(len(flat), floor.base_m + np.mean(HEIGHTS_M))]))
    places = np.concatenate(found)
    room = rooms_at(site, places)
    kept = room != NOWHERE
    kept[kept] = [site.rooms[n].kind not in BEYOND for n in room[kept]]
    return Raster(places[kept], room[kept], step)


@lru_cache(maxsize=len(BANDS))
def reach(site: Site, frequency_hz: float) -> Reach:
    """Levels from all places of a site's raster at all its sensors."""
    lines, beliefs = paths(site, raster(site).places_m), Beliefs()
    spread = np.sqrt(beliefs.own_db2 + np.square(unsure_db(lines, beliefs)).sum(axis=2))
    return Reach(-model_loss_db(lines, frequency_hz).astype(np.float32), spread.astype(np.float32))


def threshold_dbm(sensor: Sensor, floor_dbfs_hz: float | None, band: Band) -> float:
    """Level from which a sensor hears a phone of a band; infinite where it does not listen there."""
    if sensor.bands and band.name not in sensor.bands:
        return math.inf
    if not calibrated(sensor, floor_dbfs_hz):
        return Beliefs().floor_dbm
    assert floor_dbfs_hz is not None
    return floor_dbfs_hz + sensor.offset_db + 10 * math.log10(band.width_hz) + band.snr_db


def calibrated(sensor: Sensor, floor_dbfs_hz: float | None) -> bool:
    """Whether its noise is known in dBm."""
    return floor_dbfs_hz is not None and sensor.offset_db != 0.0


def heard_by(site: Site, band: Band, thresholds_dbm: Sequence[float]) -> NDArray[np.int64]:
    """By how many sensors, ENOUGH at most, the weakest phone is heard from each place of the raster: shape (n,).

    `thresholds_dbm`: of each sensor of the site, infinite for one that is deaf.
    """
    there = reach(site, band.frequency_hz)
    margin = band.power_dbm + there.level_db - np.asarray(thresholds_dbm, np.float64)[:, None]
    return counted(scipy.special.ndtr(margin / there.spread_db))


def counted(heard: NDArray[np.float64]) -> NDArray[np.int64]:
    """The greatest k up to ENOUGH of which so many or more of independent events are sure; `heard`: shape (m, n)."""
    exactly = np.zeros((ENOUGH, heard.shape[1]))
    exactly[0] = 1.0
    for p in heard:
        exactly[1:] = exactly[1:] * (1 - p) + exactly[:-1] * p
        exactly[0] *= 1 - p
    return np.asarray((1 - np.cumsum(exactly, axis=0) >= SURE).sum(axis=0))
