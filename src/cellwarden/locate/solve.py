"""From levels to places: a particle filter over the radio map, causal, or smoothed by what came later.

```
 readings ─► steps of ½ s ─► move ─► weigh ─► estimate, once a second ─► choose who lives on ─┐
                              ▲                                                               │
                              └───────────────────────────────────────────────────────────────┘
```

A causal estimate uses what was heard up to its time. A smoothed one is told `LAG_S` later: each particle carries its
own path, and the places that the survivors had at that time are averaged (fixed-lag smoothing). The same is done
backwards in time and the two are averaged, as each is surest where the other begins.

Source: M. Arulampalam and others, IEEE Trans. Signal Processing 50 (2002) 174; G. Kitagawa, J. Comput. Graph. Stat. 5
(1996) 1.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.locate.motion import Cloud, Motion, move
from cellwarden.locate.radio_map import RadioMap
from cellwarden.locate.readings import Readings
from cellwarden.locate.site import NOWHERE
from cellwarden.locate.weigh import choose, weigh, weigh_silence

Array = NDArray[np.float64]

PARTICLES, MOST_PARTICLES = 1500, 4000
EARS = 60_000
"""Guesses times sensors: a site of few sensors gets more guesses for the same time."""
MOTION = Motion()
SEED = 1
"""The same readings give the same fixes."""
FIX_S = 1.0
STEPS_A_FIX = 2
LAG_S = 12.0
LONGEST_SILENCE_S = 60.0
"""After so long without any reading there is no estimate until the next one, and what fewer sensors than tell a place
have heard for so long names no room. By the motion model a phone has stood all the while with probability
exp(-0.7 · 60 / 10) = 0.015 only, and a place is spread by √(2 · 0.7 · 0.4² · 10 · (60 - 10)) = 11 m along each axis."""
EXPLORING = 0.5
"""Share of a new cloud that is spread evenly; the rest goes where the first readings point."""
CAUSAL_SCALE, SMOOTHED_SCALE = 1.12, 1.25
"""By which radii are widened: an error of the map that is alike at all sensors' levels is not in the cloud's width, and
the paths of a smoothed cloud have few ancestors. From measured walks (docs/locate.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A posterior at one time, summed up."""

    time_s: float
    place_m: Array
    """x, y, z, shape (3,)."""
    radius90_m: float
    room: int
    """Index of the most probable room, or NOWHERE."""
    probability: float
    sensors: int
    """How many sensors have been heard since the phone was lost, or so far."""
    lately: int
    """How many of them in the last LONGEST_SILENCE_S; of a smoothed one, in those before or after."""


def fix_times(readings: Readings) -> Array:
    """When fixes are due: each second from a second after the first reading, until all readings are used."""
    first, last = readings.time_s[0], readings.time_s[-1]
    if last - first < 1e6 * FIX_S and (np.diff(readings.time_s) <= LONGEST_SILENCE_S).all():
        return np.asarray(first + FIX_S * np.arange(1, max(1, math.ceil((last - first) / FIX_S)) + 1))
    due = np.unique(np.ceil((readings.time_s - first) / FIX_S).astype(np.int64))
    after = np.minimum(np.diff(due, append=due[-1] + 1), int(LONGEST_SILENCE_S / FIX_S))
    whole = np.concatenate([np.arange(d, d + a) for d, a in zip(due, after, strict=True)])
    return np.asarray(first + FIX_S * whole[whole > 0])


def causal(radio_map: RadioMap, readings: Readings, motion: Motion = MOTION) -> Iterator[Estimate]:
    """An estimate for each time of `fix_times`, from what was heard up to then."""
    return _filtered(radio_map, readings, fix_times(readings), motion, 0)


def smoothed(radio_map: RadioMap, readings: Readings, motion: Motion = MOTION) -> Iterator[Estimate]:
    """The same from what was heard up to then and afterwards."""
    times = fix_times(readings)
    lag = round(LAG_S / FIX_S * STEPS_A_FIX)
    forth = _filtered(radio_map, readings, times, motion, lag)
    back = [*_filtered(radio_map, _reversed(readings), np.append(-times[::-1], -readings.time_s[0]), motion, lag)]
    for one, other in zip(forth, back[-2::-1], strict=True):
        yield _average(one, other)


def _reversed(readings: Readings) -> Readings:
    return Readings(-readings.time_s[::-1], readings.sensor[::-1], readings.level_dbm[::-1], -readings.first_s, 0)


def _average(one: Estimate, other: Estimate) -> Estimate:
    """Of two that are about as sure, and wrong in ways of their own."""
    surer = one if one.probability >= other.probability else other
    place = (one.place_m + other.place_m) / 2
    radius = SMOOTHED_SCALE / CAUSAL_SCALE * math.sqrt((one.radius90_m**2 + other.radius90_m**2) / 2)
    heard = max(one.sensors, other.sensors), max(one.lately, other.lately)
    return Estimate(one.time_s, place, radius, surer.room, surer.probability, *heard)


def _filtered(radio_map: RadioMap, readings: Readings, times: Array, motion: Motion, lag: int) -> Iterator[Estimate]:
    """Estimates for times that rise, `lag` steps after them."""
    spread = np.sqrt(radio_map.variance_db2 + motion.body_db**2).astype(np.float32)
    wide, fine = _shares(radio_map, spread)
    steps = np.column_stack([times - FIX_S * (1 - k / STEPS_A_FIX) for k in range(1, STEPS_A_FIX + 1)]).ravel()
    ends = np.searchsorted(readings.time_s, steps + 1e-9, side="right")
    rng = np.random.default_rng(SEED)
    corner, box = np.array(radio_map.origin_m), _box(radio_map)
    lately = np.zeros(len(radio_map.fading_db), np.bool_)
    heard_s = np.full(len(lately), -np.inf)
    tells = np.isfinite(radio_map.faintest_dbm)
    cloud: Cloud | None = None
    weight, begin, before = np.empty(0), 0, 0.0
    due: list[tuple[int, float]] = []
    for step, (time, end) in enumerate(zip(steps, ends, strict=True)):
        sensor, level = readings.sensor[begin:end], readings.level_dbm[begin:end]
        if cloud is not None and time - before > LONGEST_SILENCE_S:  # after so long a phone may be anywhere
            for at, when in due:
                yield _summed(radio_map, cloud.path_m[:, at % (lag + 1)], weight, when, before - heard_s)
            due.clear()
            cloud = None
            heard_s[:] = -np.inf
        heard_s[sensor] = readings.time_s[begin:end]
        if cloud is None:
            cloud = sown(radio_map, spread, motion, sensor, level, rng, lag)
        else:
            move(cloud, motion, box, len(radio_map.floor), radio_map.length_m, fine, wide, float(time - before), rng)
        if end > begin:
            weigh(
                cloud,
                radio_map.mean_dbm,
                spread,
                corner,
                radio_map.spacing_m,
                radio_map.fading_db,
                radio_map.still_db,
                sensor,
                level,
            )
            lately[sensor] = True
        if step % STEPS_A_FIX == STEPS_A_FIX - 1:
            if lately.any():
                _hushed(cloud, radio_map, motion, np.flatnonzero(tells & ~lately))
            lately[:] = False
            due.append((step, float(time)))
        cloud.path_m[:, step % (lag + 1), :2] = cloud.place_m
        cloud.path_m[:, step % (lag + 1), 2] = cloud.layer
        weight = np.exp(cloud.log_weight - cloud.log_weight.max())
        weight /= weight.sum()
        while due and (due[0][0] <= step - lag or step == len(steps) - 1):
            at, when = due.pop(0)
            yield _summed(radio_map, cloud.path_m[:, at % (lag + 1)], weight, when, time - heard_s)
        cloud = _living_on(cloud, weight, rng)
        begin, before = end, time


def _hushed(cloud: Cloud, radio_map: RadioMap, motion: Motion, silent: NDArray[np.int64]) -> None:
    """Weigh particles by what some sensors did not hear in the time of a fix."""
    weigh_silence(
        cloud,
        radio_map.mean_dbm,
        np.array(radio_map.origin_m),
        radio_map.spacing_m,
        np.sqrt(radio_map.fading_db**2 + motion.body_db**2),
        silent,
        radio_map.faintest_dbm,
        FIX_S / motion.slow_s,
    )


def _shares(radio_map: RadioMap, spread_db: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean variance of the map, dB², and how much of it a spot's own error adds for who stands there; shape (s,)."""
    wide = np.square(spread_db).mean(axis=(0, 1, 2))
    return wide, ((radio_map.fading_db**2 - radio_map.still_db**2) / wide).astype(np.float32)


def particles(sensors: int) -> int:
    """How many guesses there are."""
    return max(PARTICLES, min(MOST_PARTICLES, EARS // sensors))


def _box(radio_map: RadioMap) -> Array:
    _k, nx, ny, _s = radio_map.mean_dbm.shape
    low = np.array(radio_map.origin_m)
    return np.concatenate((low, low + radio_map.spacing_m * np.array([nx - 1, ny - 1])))


def sown(
    radio_map: RadioMap,
    spread_db: NDArray[np.float32],
    motion: Motion,
    sensor: NDArray[np.int64],
    level_dbm: Array,
    rng: np.random.Generator,
    lag: int,
) -> Cloud:
    """A new cloud before it is weighed: half of it anywhere, half where first readings, shape (k,), point.

    Particles are weighed by how much rarer they would be if drawn evenly, and by their power's own probability.
    """
    layers, nx, ny, sensors = radio_map.mean_dbm.shape
    count = particles(sensors)
    log_likelihood, power, doubt = _first_look(radio_map, spread_db, motion, sensor, level_dbm)
    pointed = np.exp(log_likelihood - log_likelihood.max())
    share = EXPLORING / len(pointed) + (1 - EXPLORING) * pointed / pointed.sum()
    node = rng.choice(len(share), count, p=share)
    layer, i, j = np.unravel_index(node, (layers, nx, ny))
    jitter = rng.uniform(-0.5, 0.5, (count, 2))
    box = _box(radio_map)
    place = np.array(radio_map.origin_m) + radio_map.spacing_m * (np.column_stack((i, j)) + jitter)
    drawn = rng.normal(power[node], doubt)
    alike, other = (-0.5 * (drawn / db) ** 2 - np.log(db) for db in (motion.power_db, motion.other_power_db))
    log_weight = -np.log(share[node]) + np.logaddexp(alike, other) + 0.5 * ((drawn - power[node]) / doubt) ** 2
    velocity = np.where(rng.random((count, 1)) < motion.standing, 0, motion.speed_m_s) * rng.normal(size=(count, 2))
    shape = count, sensors
    wide, fine = _shares(radio_map, spread_db)
    stands = (velocity == 0).all(axis=1)
    return Cloud(
        np.clip(place, box[:2], box[2:]), layer.astype(np.int64), velocity, drawn,
        np.zeros(shape, np.float32), np.where(stands[:, None], 1 + fine, 1).astype(np.float32),
        np.full(shape, motion.liars, np.float32), np.zeros(shape, np.float32),
        np.tile((wide + motion.lie_db**2).astype(np.float32), (count, 1)), log_weight,
        np.zeros((count, lag + 1, 3), np.float32),
    )  # fmt: skip


def _first_look(
    radio_map: RadioMap, spread_db: NDArray[np.float32], motion: Motion, sensor: NDArray[np.int64], level_dbm: Array
) -> tuple[Array, Array, float]:
    """Log likelihood of each node, half as sharp as it might be, its best power, and that power's deviation."""
    if not len(sensor):
        nodes = radio_map.mean_dbm[..., 0].size
        return np.zeros(nodes), np.zeros(nodes), motion.other_power_db
    residual = level_dbm.astype(np.float32) - radio_map.mean_dbm[..., sensor].reshape(-1, len(sensor))
    noise = (radio_map.fading_db[sensor] ** 2).astype(np.float32)
    variance = spread_db[..., sensor].reshape(residual.shape) ** 2 + noise
    precision = (1 / variance).sum(axis=1) + motion.other_power_db**-2
    power = (residual / variance).sum(axis=1) / precision
    left = np.clip((residual - power[:, None]) ** 2 / variance, 0, 9)  # a single liar must not point everybody away
    log_likelihood = -0.25 * (left + np.log(variance)).sum(axis=1, dtype=np.float64)
    return log_likelihood, power.astype(np.float64), float(np.sqrt(1 / precision.min()))


def _summed(radio_map: RadioMap, path_m: NDArray[np.float32], weight: Array, time: float, silent_s: Array) -> Estimate:
    """The posterior in a few numbers. path_m: x, y, layer, shape (n, 3); weight: shape (n,), sums to 1; silent_s: for
    how long each sensor has been silent, shape (s,), infinite where it was never heard."""
    places = np.column_stack((path_m[:, :2].astype(np.float64), radio_map.height_m[path_m[:, 2].astype(np.int64)]))
    layer_mass = np.bincount(path_m[:, 2].astype(np.int64), weight, len(radio_map.floor))
    most = path_m[:, 2] == np.argmax(layer_mass)
    mean = (places[most] * weight[most, None]).sum(axis=0) / layer_mass.max()
    distance = np.sqrt(((places - mean) ** 2).sum(axis=1))
    order = np.argsort(distance)
    reached = int(np.searchsorted(np.cumsum(weight[order]), 0.9))
    radius = CAUSAL_SCALE * float(distance[order[min(reached, len(order) - 1)]])
    fine = np.rint((path_m[:, :2] - np.array(radio_map.origin_m)) * 2 / radio_map.spacing_m).astype(np.int64)
    _k, nx, ny = radio_map.room.shape
    room = radio_map.room[path_m[:, 2].astype(np.int64), np.clip(fine[:, 0], 0, nx - 1), np.clip(fine[:, 1], 0, ny - 1)]
    mass = np.bincount(room - NOWHERE, weight)
    best = int(np.argmax(mass))
    heard = int(np.isfinite(silent_s).sum()), int((silent_s <= LONGEST_SILENCE_S).sum())
    return Estimate(time, mean, radius, best + NOWHERE, float(min(mass[best], 1.0)), *heard)


def _living_on(cloud: Cloud, weight: Array, rng: np.random.Generator) -> Cloud:
    """The cloud for the next step: as it is while at least half of it counts, else those chosen by weight."""
    if 1 / np.square(weight).sum() >= 0.5 * len(weight):
        return cloud
    chosen = choose(weight, rng.random())
    return Cloud(
        cloud.place_m[chosen], cloud.layer[chosen], cloud.velocity_m_s[chosen], cloud.power_db[chosen],
        cloud.error[chosen], cloud.doubt[chosen], cloud.lying[chosen], cloud.lie[chosen], cloud.lie_doubt[chosen],
        np.zeros(len(weight)), cloud.path_m[chosen],
    )  # fmt: skip
