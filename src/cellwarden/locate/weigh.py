"""What a step's readings say for each particle, and the choice of those that live on.

    level of sensor s = map mean + power + g e_s + fading        g² = map variance + body²,  e_s: slow error, N(e, c)

    z² = (level - mean - power - g e)² / (g² c + fading²)        weight *= Student's t(z; nu) / its scale
    gain K = g c w / (g² c w + fading²),  w = (nu + 1) / (nu + z²)     e += K r,  c -= K g c

A t's heavy tails are what keeps a lying sensor, and a fade of 20 dB, from deciding alone; `w`, its weight in iterated
least squares, keeps them from teaching the slow error much. Silence of a sensor that others of its kind would break is
weighed as the probability that the level lay below what it hears, and never below `DEAF`: any sensor may be dead.

Source: K. Lange, R. Little and J. Taylor, JASA 84 (1989) 881.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast
from cellwarden.locate.motion import Cloud

FREEDOM = 8.0
"""Degrees of freedom of the t. Fading in decibels has a tail towards weak levels; 8 gives 20 dB below some chance."""
LEAST_LYING = 1e-3
"""No sensor is held less likely to lie, or to be honest: it may begin, or be put right."""
TINY = np.float32(1e-30)
DEAF = 0.2
"""Probability that a sensor says nothing whatever the level: it is dead, or busy."""


@fast
def weigh(
    cloud: Cloud,
    mean_dbm: NDArray[np.float32],
    spread_db: NDArray[np.float32],
    corner_m: NDArray[np.float64],
    spacing_m: float,
    fading_db: NDArray[np.float64],
    still_db: NDArray[np.float64],
    sensor: NDArray[np.int64],
    level_dbm: NDArray[np.float64],
) -> None:
    """Weigh all particles by readings, and let their slow errors learn from them.

    mean_dbm, spread_db: the map, shape (layers, nx, ny, s); corner_m: place of node (0, 0), shape (2,); fading_db: of
    who walks, still_db: of who stands, shape (s,); sensor, level_dbm: one step's readings, shape (k,).
    """
    _layers, nx, ny, _s = mean_dbm.shape
    noises = (fading_db**2).astype(np.float32), (still_db**2).astype(np.float32)
    level = level_dbm.astype(np.float32)
    one, freedom = np.float32(1.0), np.float32(FREEDOM)
    least, most = np.float32(LEAST_LYING), np.float32(1 - LEAST_LYING)
    for i in range(len(cloud.layer)):
        u = (cloud.place_m[i, 0] - corner_m[0]) / spacing_m
        v = (cloud.place_m[i, 1] - corner_m[1]) / spacing_m
        a, b = min(max(int(u), 0), nx - 2), min(max(int(v), 0), ny - 2)
        u, v, k = u - a, v - b, cloud.layer[i]
        near = mean_dbm[k, a, b], mean_dbm[k, a, b + 1], mean_dbm[k, a + 1, b], mean_dbm[k, a + 1, b + 1]
        w0, w1 = np.float32((1 - u) * (1 - v)), np.float32((1 - u) * v)
        w2, w3 = np.float32(u * (1 - v)), np.float32(u * v)
        spread, error, doubt = spread_db[k, a, b], cloud.error[i], cloud.doubt[i]
        power = np.float32(cloud.power_db[i])
        lying, lie, lie_doubt = cloud.lying[i], cloud.lie[i], cloud.lie_doubt[i]
        stands = cloud.velocity_m_s[i, 0] == 0.0 and cloud.velocity_m_s[i, 1] == 0.0
        noise = noises[1] if stands else noises[0]
        product, whole = 1.0, 0.0
        for q in range(len(sensor)):
            s = sensor[q]
            mean = w0 * near[0][s] + w1 * near[1][s] + w2 * near[2][s] + w3 * near[3][s]
            g, c, v = spread[s], doubt[s], lie_doubt[s]
            slow = g * g * c
            variance, other = slow + noise[s], v + noise[s]
            gap = level[q] - mean - power
            r, d = gap - g * error[s], gap - lie[s]
            tail, tail_lie = one + r * r / (freedom * variance), one + d * d / (freedom * other)
            # t density without its constant: tail to the power of (8 + 1) / 2
            square, square_lie = tail * tail, tail_lie * tail_lie
            honest = (one - lying[s]) / (square * square * math.sqrt(tail * variance))
            liar = lying[s] / (square_lie * square_lie * math.sqrt(tail_lie * other))
            both = honest + liar + TINY
            product *= both
            if product < 1e-100:  # one logarithm for many readings
                whole += math.log(product)
                product = 1.0
            lying[s] = min(max(liar / both, least), most)
            factor = (freedom + one) / freedom
            trusted, trusted_lie = min(factor / tail, one), min(factor / tail_lie, one)
            gain = c * trusted / (slow * trusted + noise[s])
            error[s] += g * gain * r
            doubt[s] = c - gain * slow
            gain = v * trusted_lie / (v * trusted_lie + noise[s])
            lie[s] += gain * d
            lie_doubt[s] = v - gain * v
        cloud.log_weight[i] += whole + math.log(product)


@fast
def weigh_silence(
    cloud: Cloud,
    mean_dbm: NDArray[np.float32],
    corner_m: NDArray[np.float64],
    spacing_m: float,
    deviation_db: NDArray[np.float64],
    silent: NDArray[np.int64],
    faintest_dbm: NDArray[np.float64],
    share: float,
) -> None:
    """Weigh all particles by which sensors were silent, shape (k,), for `share` of the time that a slow error lasts.

    deviation_db: of a packet's level about the map, shape (s,); faintest_dbm: the least that is heard, shape (s,).
    """
    _layers, nx, ny, _s = mean_dbm.shape
    for i in range(len(cloud.layer)):
        a = min(max(int((cloud.place_m[i, 0] - corner_m[0]) / spacing_m + 0.5), 0), nx - 1)
        b = min(max(int((cloud.place_m[i, 1] - corner_m[1]) / spacing_m + 0.5), 0), ny - 1)
        mean, chance = mean_dbm[cloud.layer[i], a, b], 1.0
        for s in silent:
            over = (mean[s] + cloud.power_db[i] - faintest_dbm[s]) / deviation_db[s]
            chance *= DEAF + (1 - DEAF) * 0.5 * math.erfc(over / math.sqrt(2.0))
            if chance < 1e-200:
                cloud.log_weight[i] += share * math.log(chance)
                chance = 1.0
        cloud.log_weight[i] += share * math.log(chance)


@fast
def choose(weight: NDArray[np.float64], offset: float) -> NDArray[np.int64]:
    """Systematic resampling: which particles live on, int64, shape (n,). weight: sums to 1; offset: from 0 to 1."""
    n = len(weight)
    chosen = np.empty(n, np.int64)
    at, reached = 0, weight[0]
    for i in range(n):
        while reached < (i + offset) / n and at < n - 1:
            at += 1
            reached += weight[at]
        chosen[i] = at
    return chosen
