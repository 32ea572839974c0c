"""Position from times of arrival at synchronised sensors, and from angles where an array gives them.

    arrival_i = sent + |place − sensor_i| / c + noise_i           bearing_i = atan2(y − y_i, x − x_i) + noise_i

When the burst was sent is not known, so only differences of arrivals tell. The most likely place is sought on a coarse
lattice and refined by Gauss and Newton; where the differences fit two places nearly as well, both are returned. Phones
are taken to be at a known height. No place is told by fewer than two differences, or one and a bearing, nor where all
places that fit lie beyond the lattice: from afar, arrivals tell a direction only.

The bound of Cramér and Rao for the place, from F = Σ g gᵀ / σ² with what the unknown time of sending takes away, is
what an unbiased estimate cannot beat; a metre is 3.3 ns. Echoes are not in it: behind them bursts are late, in a
building by some tens of nanoseconds, ten metres.

Sources: S. Kay, Fundamentals of Statistical Signal Processing I (1993) §3.7, §8.9; W. Foy, IEEE Trans. Aerosp.
Electron. Syst. 12 (1976) 187.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from cellwarden.locate.propagation import LIGHT_M_S

Floats = NDArray[np.float64]

AROUND_M = 60.0
"""The lattice reaches so far beyond the sensors."""
LATTICE = 48
"""Nodes on a side."""
STEPS = 25
STARTS = 6
"""Best separate nodes from which places are refined."""
RIVAL = 9.2
"""χ² of two degrees of freedom at 0.99: a place that fits worse than the best by more is no rival."""
FARTHEST_M = 1e6
SAME_M = 1.0
"""Places nearer to each other are one."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What m sensors measured of one burst; nan where one measured nothing."""

    sensor_m: Floats
    """Shape (m, 3)."""
    arrival_s: Floats
    """By one clock, shape (m,)."""
    arrival_error_s: Floats
    """One standard deviation, the clocks' errors in it."""
    bearing_rad: Floats
    """From the x axis towards y, shape (m,)."""
    bearing_error_rad: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """A place that fits."""

    place_m: Floats
    """x, y."""
    covariance_m2: Floats
    """Shape (2, 2), by the bound at this place."""
    fit: float
    """Probability of a worse fit by chance: tiny where a sensor's clock, or an echo, errs beyond what was said."""

    @property
    def radius90_m(self) -> float:
        """Within this distance with probability 0.9, by the normal distribution's moments along both axes."""
        first, second = np.linalg.eigvalsh(self.covariance_m2)
        ratio = float(first / second)  # from a line (1.645 σ) to a circle (2.146 σ)
        return float(math.sqrt(second) * (1.645 + (2.146 - 1.645) * ratio))


def heard(sensor_m: Floats, arrival_s: Floats, error_s: Floats | float) -> Heard:
    """Arrivals alone."""
    nothing = np.full(len(arrival_s), np.nan)
    return Heard(sensor_m, arrival_s, np.broadcast_to(error_s, arrival_s.shape).astype(np.float64), nothing, nothing)


def positions(one: Heard, height_m: float) -> tuple[Position, ...]:
    """Places that fit, the best first; none where too little was measured."""
    timed, turned = np.isfinite(one.arrival_s), np.isfinite(one.bearing_rad)
    told = max(0, int(timed.sum()) - 1) + int(turned.sum())
    if told < 2:
        return ()
    low, high = one.sensor_m[:, :2].min(axis=0) - AROUND_M, one.sensor_m[:, :2].max(axis=0) + AROUND_M
    axes = [np.linspace(a, b, LATTICE) for a, b in zip(low, high, strict=True)]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    cost = _misfits(one, lattice, height_m)
    padded = np.pad(cost, 1, constant_values=np.inf)
    around = [padded[i : i + LATTICE, j : j + LATTICE] for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    lowest = np.argwhere(cost <= np.min(around, axis=0))
    starts = lowest[np.argsort(cost[tuple(lowest.T)])][:STARTS]
    found = [_refined(one, lattice[tuple(start)], height_m) for start in starts]
    found = sorted((p for p in found if ((low < p[1]) & (p[1] < high)).all()), key=lambda p: p[0])
    kept: list[Position] = []
    for least, place in found:
        if least > found[0][0] + RIVAL or any(np.linalg.norm(place - k.place_m) < SAME_M for k in kept):
            continue
        rest = told - 2
        chance = float(chi2.sf(least, rest)) if rest else 1.0
        covariance = np.asarray(np.linalg.pinv(information(one, place, height_m)), np.float64)
        kept.append(Position(place, covariance, chance))
    return tuple(kept)


def _misfits(one: Heard, places_m: Floats, height_m: float) -> Floats:
    """χ² of what was measured at each place, shape (…, 2), the time of sending being the best one."""
    timed, turned = np.isfinite(one.arrival_s), np.isfinite(one.bearing_rad)
    flat = places_m[..., None, :] - one.sensor_m[:, :2]
    distance = np.sqrt((flat**2).sum(axis=-1) + (height_m - one.sensor_m[:, 2]) ** 2)
    late = one.arrival_s[timed] - distance[..., timed] / LIGHT_M_S
    weight = one.arrival_error_s[timed] ** -2
    mean = (late @ weight / weight.sum())[..., None] if timed.any() else 0.0
    off = one.bearing_rad[turned] - np.arctan2(flat[..., turned, 1], flat[..., turned, 0])
    off = np.angle(np.exp(1j * off)) / one.bearing_error_rad[turned]
    return np.asarray((late - mean) ** 2 @ weight + (off**2).sum(axis=-1))


def information(one: Heard, place_m: Floats, height_m: float) -> Floats:
    """Fisher's information on x and y, shape (2, 2), 1/m²; the values measured are not used, but for being there."""
    _residual, slope = _residuals(one, place_m, height_m)
    return slope.T @ slope


def bound_m(one: Heard, place_m: Floats, height_m: float) -> float:
    """Least root mean square distance of an unbiased estimate from the place."""
    return float(math.sqrt(np.trace(np.linalg.inv(information(one, place_m, height_m)))))


def _residuals(one: Heard, place_m: Floats, height_m: float) -> tuple[Floats, Floats]:
    """Residuals over their deviations, and their slopes in x and y, shapes (n,) and (n, 2).

    Of arrivals the weighted mean is taken away, which is what the unknown time of sending does.
    """
    timed, turned = np.isfinite(one.arrival_s), np.isfinite(one.bearing_rad)
    away = np.array([*place_m, height_m]) - one.sensor_m
    distance = np.maximum(np.sqrt((away**2).sum(axis=1)), 1e-3)
    late = one.arrival_s[timed] - distance[timed] / LIGHT_M_S
    slope = -away[timed, :2] / distance[timed, None] / LIGHT_M_S
    weight = 1 / one.arrival_error_s[timed]
    if timed.any():
        share = weight**2 / (weight**2).sum()
        late, slope = late - share @ late, slope - share @ slope
    flat = away[turned, :2]
    square = np.maximum((flat**2).sum(axis=1), 1e-6)
    off = one.bearing_rad[turned] - np.arctan2(flat[:, 1], flat[:, 0])
    off = np.angle(np.exp(1j * off)) / one.bearing_error_rad[turned]
    turn = -np.column_stack([-flat[:, 1], flat[:, 0]]) / square[:, None] / one.bearing_error_rad[turned, None]
    return np.concatenate([late * weight, off]), np.concatenate([slope * weight[:, None], turn])


def _refined(one: Heard, place_m: Floats, height_m: float) -> tuple[float, Floats]:
    """Levenberg's and Marquardt's steps from a place; χ² and place where they end."""
    place, damping = np.asarray(place_m, np.float64), 1e-3
    residual, slope = _residuals(one, place, height_m)
    for _step in range(STEPS):
        normal = slope.T @ slope
        moved = place - np.linalg.solve(normal + damping * np.trace(normal) * np.eye(2) / 2, slope.T @ residual)
        tried, tilted = _residuals(one, moved, height_m)
        if tried @ tried < residual @ residual and np.abs(moved).max() < FARTHEST_M:
            nearer = float(np.linalg.norm(moved - place))
            place, residual, slope, damping = moved, tried, tilted, damping / 10
            if nearer < 1e-4:
                break
        else:
            damping *= 10
    return float(residual @ residual), place
