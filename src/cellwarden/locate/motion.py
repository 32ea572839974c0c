"""How a person with a phone moves: stands, walks on at about one pace and course, turns now and then.

```
 stands ──┐ ▲            place    += velocity dt + sway
          ▼ │ every      velocity += unrest, while walking
 walks ───┘ 10 s or so   at a turn: stands with probability 0.3, else a velocity drawn anew
```

Each particle is one guess at place and velocity, at the phone's power, and at each sensor's **slow error**: by how much
the mean level here and now differs from the map's. It is the map's own error, which stays alike over some metres, and
what the body that carries the phone shades, which stays alike while the person does not turn. Given a particle's path
and power these errors are Gaussian, so each particle keeps their mean and variance exactly (a Kalman filter per sensor)
and only path and power are guessed: a Rao-Blackwellised particle filter. It is what keeps a phone that lies still from
being located ever more surely by levels that all err alike.

Source: A. Doucet and others, UAI 2000 176; T. Schön and others, IEEE Trans. Signal Processing 53 (2005) 2279.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast


class Motion(NamedTuple):
    """Constants of how phones move and levels wander. docs/locate.md tells what each was chosen by."""

    turn_s: float = 10.0
    """Mean time between turns."""
    standing: float = 0.3
    """Share of turns after which the person stands."""
    speed_m_s: float = 0.4
    """Standard deviation of each component of a velocity drawn anew."""
    unrest_m_s: float = 0.05
    """By which a component of the velocity changes in a second of walking."""
    sway_m: float = 0.02
    """By which each coordinate changes in a second, standing or walking."""
    power_db: float = 3.0
    """Standard deviation of the phone's power about that of the survey's phone, where it is alike."""
    other_power_db: float = 10.0
    """The same where it is another phone, or under power control: as likely."""
    drift_db: float = 0.02
    """By which the power changes in a second."""
    body_db: float = 2.5
    """Standard deviation of slow errors beyond the map's own."""
    slow_s: float = 100.0
    """Time after which a slow error of who walks is another one, also on the spot."""
    still_s: float = 600.0
    """The same of who stands: a phone that lies somewhere is shaded alike for long."""
    liars: float = 0.05
    """Probability of a sensor to lie, about the time of a walk."""
    lie_db: float = 15.0
    """Standard deviation of what a liar says more or less."""


class Cloud(NamedTuple):
    """Particles. Rows are particles; arrays are changed in place."""

    place_m: NDArray[np.float64]
    """Shape (n, 2)."""
    layer: NDArray[np.int64]
    """Shape (n,)."""
    velocity_m_s: NDArray[np.float64]
    """Shape (n, 2); both 0 while standing."""
    power_db: NDArray[np.float64]
    """Shape (n,)."""
    error: NDArray[np.float32]
    """Mean of each sensor's slow error in units of its standard deviation there, shape (n, s)."""
    doubt: NDArray[np.float32]
    """Its variance in the same units, shape (n, s); 1 before anything was heard."""
    lying: NDArray[np.float32]
    """Probability of each sensor to lie, shape (n, s)."""
    lie: NDArray[np.float32]
    """Mean of what it says too much if it lies, its slow error included, in dB, shape (n, s)."""
    lie_doubt: NDArray[np.float32]
    """Its variance in dB², shape (n, s)."""
    log_weight: NDArray[np.float64]
    """Shape (n,)."""
    path_m: NDArray[np.float32]
    """The last places of each particle's own path with its layer, a ring, shape (n, lag, 3)."""


@fast
def move(
    cloud: Cloud,
    motion: Motion,
    box_m: NDArray[np.float64],
    layers: int,
    length_m: float,
    fine: NDArray[np.float32],
    spread_db2: NDArray[np.float32],
    dt_s: float,
    rng: np.random.Generator,
) -> None:
    """Let all particles move for `dt_s`. box_m: least x, y and greatest x, y, shape (4,); nobody leaves it.

    fine: variance of a sensor's error from one spot to the next, in units of the slow error's, shape (s,); spread_db2:
    that of the slow error, shape (s,).
    """
    turning = 1 - math.exp(-dt_s / motion.turn_s)
    climbing = 0.02 * turning if layers > 1 else 0.0
    root = math.sqrt(dt_s)
    for i in range(len(cloud.layer)):
        vx, vy = cloud.velocity_m_s[i]
        stood = vx == 0.0 and vy == 0.0
        if rng.random() < turning:
            vx, vy = 0.0, 0.0
            if rng.random() >= motion.standing:
                vx, vy = motion.speed_m_s * rng.standard_normal(), motion.speed_m_s * rng.standard_normal()
        elif vx != 0.0 or vy != 0.0:
            vx += motion.unrest_m_s * root * rng.standard_normal()
            vy += motion.unrest_m_s * root * rng.standard_normal()
        dx = vx * dt_s + motion.sway_m * root * rng.standard_normal()
        dy = vy * dt_s + motion.sway_m * root * rng.standard_normal()
        x, y = cloud.place_m[i, 0] + dx, cloud.place_m[i, 1] + dy
        if x < box_m[0] or x > box_m[2]:
            x, vx = cloud.place_m[i, 0], -vx
        if y < box_m[1] or y > box_m[3]:
            y, vy = cloud.place_m[i, 1], -vy
        cloud.place_m[i, 0], cloud.place_m[i, 1] = x, y
        cloud.velocity_m_s[i, 0], cloud.velocity_m_s[i, 1] = vx, vy
        if climbing > 0 and rng.random() < climbing:
            cloud.layer[i] = int(rng.random() * layers)
        cloud.power_db[i] += motion.drift_db * root * rng.standard_normal()
        stands = vx == 0.0 and vy == 0.0
        if stood and not stands:
            _walk_on(cloud.error[i], cloud.doubt[i], fine)
        slow_s = motion.still_s if stands else motion.slow_s
        kept = np.float32(math.exp(-math.sqrt(dx * dx + dy * dy) / length_m - dt_s / slow_s))
        _wear_off(cloud.error[i], cloud.doubt[i], cloud.lie_doubt[i], fine, spread_db2, kept, stands)
        if stands and not stood:
            for s in range(len(fine)):
                cloud.doubt[i, s] += fine[s]


@fast
def _wear_off(
    error: NDArray[np.float32],
    doubt: NDArray[np.float32],
    lie_doubt: NDArray[np.float32],
    fine: NDArray[np.float32],
    spread_db2: NDArray[np.float32],
    kept: np.float32,
    stands: bool,
) -> None:
    """What is known of one particle's slow errors, `kept` times as much of it, shape (s,)."""
    square, one = kept * kept, np.float32(1.0)
    share = np.float32(1.0 if stands else 0.0)
    for s in range(len(error)):
        all_ = one + share * fine[s]
        error[s] *= kept
        doubt[s] = all_ - square * (all_ - doubt[s])
        lie_doubt[s] += (one - square) * spread_db2[s]


@fast
def _walk_on(error: NDArray[np.float32], doubt: NDArray[np.float32], fine: NDArray[np.float32]) -> None:
    """Leave a spot: of its error only that part goes along which is not the spot's own."""
    one = np.float32(1.0)
    for s in range(len(error)):
        part = one / (one + fine[s])
        error[s] *= part
        doubt[s] = part * part * doubt[s] + one - part
