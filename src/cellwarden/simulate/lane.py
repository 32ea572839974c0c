"""Persons and parcels that pass a lane lit at f0, as a meter logs them: power at 2f0 and 3f0 against place and power
sent.

```
            d = 1 m         a_k = own_k + echo_k + Σ items      in √mW, each with the phase of its way
  antennas ▷───────•        log: mean of |a_k + noise|² over the M samples of a reading
                   └─► 1 m/s     transmit power steps down and up again, reading by reading
```

The transmitter's own harmonics reach the receiver directly, and by way of whoever passes: no empty lane shows that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.simulate.junction import F0_HZ, LIGHT_M_S, METAL, Junction, answers_w, drawn, losses_db
from cellwarden.simulate.parameters import Junctions

POWERS_DB = (0.0, -3.0, -6.0, -9.0)
"""Steps of the transmit power below the full one."""
READING_S = 0.01
SAMPLES = 10
"""Of a reading: 1 kHz for READING_S."""
ASPECT_M = 0.3
FLICKER_S = 0.1
SWAY_M = 0.7
"""A step: over so much of the way who walks leaves the straight line."""
HAND_M = 0.1
"""Over which a hand's error of place, and what a wall near by sends back, wander."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is carried: a non-linear object, and where."""

    kind: str
    place: str = "pocket"
    depth_cm: float = 0.0
    along_m: float = 0.0
    """Ahead of the middle of who carries it, or behind (negative)."""
    junction: Junction | None = None
    """Drawn where it is not given."""
    gain_db: tuple[float, float] = (0.0, 0.0)
    """Added to its second and third harmonic at the receiver, to place it at a level."""


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Readings in the order of time; arrays of shape (n,)."""

    time_s: NDArray[np.float64]
    position_m: NDArray[np.float64]
    """Of the middle of who passes, 0 opposite the antennas."""
    transmit_dbm: NDArray[np.float64]
    second_dbm: NDArray[np.float64]
    third_dbm: NDArray[np.float64]


def passage(
    world: Junctions,
    items: Sequence[Item],
    rng: np.random.Generator,
    *,
    somebody: bool = True,
    frequencies_hz: Sequence[float] = (F0_HZ,),
    reading_s: float = READING_S,
    sway_m: float = 0.0,
) -> tuple[Passage, NDArray[np.complex128]]:
    """A passage as logged, and the complex amplitudes at 2f0 and 3f0 behind it: √mW without noise, shape (2, n).

    somebody: a person or parcel passes whose body sends back the transmitter's own harmonics; otherwise the lane is
    empty. frequencies_hz: f0 of each reading, again and again; each transmit power lasts for all of them. sway_m:
    standard deviation by which who passes leaves the straight way, over a step.
    """
    count = round(2 * world.REACH_M / (world.speed_m_s * reading_s))
    time_s = np.arange(count, dtype=np.float64) * reading_s
    logged_m = -world.REACH_M + world.speed_m_s * time_s
    position_m = logged_m + _wander(logged_m, HAND_M, world.hand_m, rng) if world.hand_m else logged_m
    f0_hz = np.resize(frequencies_hz, count)
    sway = _wander(logged_m, SWAY_M, sway_m, rng) if sway_m else np.zeros(count)
    step_db = np.resize(np.repeat(np.array(POWERS_DB), len(frequencies_hz)), count)
    wave = np.zeros((2, count), np.complex128)
    for row, order in enumerate((2, 3)):
        own = 10 ** ((world.own_leak_dbm - world.isolation_db + order * step_db) / 20) * np.exp(
            2j * np.pi * rng.random()
        )
        wave[row] += own + (_echo(world, order, position_m, sway, step_db, f0_hz, rng) if somebody else 0.0)
    for item in items:
        junction = item.junction or drawn(item.kind, world, rng)
        wave += answer(world, item, junction, position_m + item.along_m, sway, step_db, f0_hz, rng)
    powers = [_read(row, world.noise_dbm, rng) for row in wave]
    return Passage(time_s, logged_m, world.eirp_dbm + step_db, powers[0], powers[1]), wave


def pattern(world: Junctions, position_m: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Power of an answer of some order along the lane, 1 opposite the antennas: lighting to that power, way back
    once."""
    squared = (world.distance_m**2 + position_m**2) / world.distance_m**2
    angle = np.degrees(np.arctan2(position_m, world.distance_m))
    gain = 10 ** (-1.2 * (angle / world.beam_deg) ** 2)
    return (gain / squared) ** (order + 1)


def range_m(world: Junctions, position_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the antennas."""
    return np.hypot(world.distance_m, position_m)


def answer(
    world: Junctions,
    item: Item,
    junction: Junction,
    position_m: NDArray[np.float64],
    sway_m: NDArray[np.float64],
    step_db: NDArray[np.float64],
    f0_hz: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.complex128]:
    """Amplitudes of one object at 2f0 and 3f0 along its way: √mW, shape (2, n). It saturates where it is lit
    strongly."""
    losses, ways = losses_db(item.place, world, item.depth_cm), range_m(world, position_m) + sway_m
    wander = _wander(position_m, ASPECT_M, world.aspect_db, rng)
    lit = pattern(world, position_m, 0) * 10 ** ((step_db - wander) / 10)
    density = 10 ** ((world.eirp_dbm - 30 - losses[0]) / 10) / (4 * np.pi * world.distance_m**2) * lit
    grid = np.geomspace(density.min(), density.max() * 1.0001, 24)
    sent = np.array([answers_w(junction, value) for value in grid]).T
    flicker = _wander(position_m, FLICKER_S * world.speed_m_s, world.contact_flicker_db, rng)
    made = np.empty((2, len(position_m)), np.complex128)
    for row, order in enumerate((2, 3)):
        power_w = np.exp(np.interp(np.log(density), np.log(grid), np.log(sent[row])))
        back = pattern(world, position_m, 0) / (4 * np.pi * world.distance_m**2)
        area = 10 ** (world.receive_gain_dbi / 10) * (LIGHT_M_S / (order * f0_hz)) ** 2 / (4 * np.pi)
        moving = wander + (flicker if item.kind == METAL else 0.0)
        level_mw = 1e3 * power_w * back * area * 10 ** ((item.gain_db[row] - losses[order - 1] - moving) / 10)
        # f0 on the way there, `order` times f0 on the way back; the junction multiplies the phase of its lighting.
        phase = 2 * np.pi * order * f0_hz * 2 * ways / LIGHT_M_S
        made[row] = np.sqrt(level_mw) * np.exp(-1j * phase + 2j * np.pi * rng.random())
    return made


def _echo(
    world: Junctions,
    order: int,
    position_m: NDArray[np.float64],
    sway_m: NDArray[np.float64],
    step_db: NDArray[np.float64],
    f0_hz: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.complex128]:
    """The transmitter's own harmonic, back from who passes (an ordinary radar echo) or from a wall near by (the way
    there and back, as from a mirror): √mW, shape (n,)."""
    if world.NEAR:
        wander = _wander(position_m, HAND_M, 3.0, rng)
        once = (10 ** (world.receive_gain_dbi / 20) * LIGHT_M_S / (order * f0_hz) / (8 * np.pi * world.distance_m)) ** 2
        sent_mw = 10 ** ((world.own_leak_dbm + order * step_db - wander) / 10)
        turn = 2 * np.pi * np.cumsum(rng.normal(0, 0.02, len(position_m)))
        return np.asarray(np.sqrt(sent_mw * once) * np.exp(1j * turn + 2j * np.pi * rng.random()), np.complex128)
    gains = 10 ** (2 * world.receive_gain_dbi / 10) * (LIGHT_M_S / (order * f0_hz)) ** 2 * world.body_m2
    once = gains / ((4 * np.pi) ** 3 * world.distance_m**4) * pattern(world, position_m, 1)
    sent_mw = 10 ** ((world.own_leak_dbm + order * step_db - _wander(position_m, ASPECT_M, 3.0, rng)) / 10)
    phase = 2 * np.pi * order * f0_hz * 2 * (range_m(world, position_m) + sway_m) / LIGHT_M_S
    return np.asarray(np.sqrt(sent_mw * once) * np.exp(-1j * phase + 2j * np.pi * rng.random()), np.complex128)


def _wander(
    position_m: NDArray[np.float64], length_m: float, deviation_db: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Decibels that wander along the way (a Gauss–Markov process over places, without mean), shape (n,)."""
    step_m = abs(position_m[-1] - position_m[0]) / (len(position_m) - 1)
    rho = float(np.exp(-step_m / length_m))
    steps = rng.normal(size=len(position_m))
    steps[1:] *= np.sqrt(1 - rho * rho)
    return np.asarray(deviation_db * scipy.signal.lfilter([1.0], [1.0, -rho], steps), np.float64)


def _read(wave: NDArray[np.complex128], noise_dbm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """What the meter shows: mean power of SAMPLES samples with noise, in dBm."""
    noise_mw = 10 ** (noise_dbm / 10)
    scale = np.sqrt(noise_mw / SAMPLES / 2)
    mean = scale * (rng.normal(size=wave.shape) + 1j * rng.normal(size=wave.shape))
    scatter = rng.gamma(SAMPLES - 1, noise_mw / SAMPLES, wave.shape)  # of the samples about their mean
    return np.asarray(10 * np.log10(np.abs(wave + mean) ** 2 + scatter), np.float64)


HEAD = "time_s,position_m,transmit_dbm,second_dbm,third_dbm"


def log_csv(passages: Sequence[tuple[str, Passage]]) -> str:
    """The table that `cellwarden lane` reads, of passages with the numbers of their persons."""
    lines, late = [f"person,{HEAD}"], 0.0
    for person, one in passages:
        rows = zip(one.time_s, one.position_m, one.transmit_dbm, one.second_dbm, one.third_dbm, strict=True)
        lines += [f"{person},{t + late:.3f},{x:.3f},{p:.2f},{a:.2f},{b:.2f}" for t, x, p, a, b in rows]
        late += float(one.time_s[-1]) + 2.0
    return "\n".join(lines) + "\n"
