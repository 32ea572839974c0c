"""Position from times of arrival at synchronised sensors, and from angles where an array gives them.

    arrival_i = sent + |place − sensor_i| / c + noise_i           bearing_i = atan2(y − y_i, x − x_i) + noise_i

When the burst was sent is not known, so only differences of arrivals tell. Beforehand a phone is within the ring of
sensors as probably as within AROUND_M of it, for outside the ring arrivals tell little but the direction, so that noise
now and then makes a place far outside fit better than the true one. What is told is the posterior's highest place, on a
lattice that closes in on it, and how far from it the rest lies. Phones are taken to be at a known height. No place is
told by fewer than two differences, or one and a bearing, nor where most of the posterior lies at the edge.

The bound of Cramér and Rao for the place, from F = Σ g gᵀ / σ² with what the unknown time of sending takes away, is
what an unbiased estimate cannot beat; a metre is 3.3 ns. Echoes are not in it: behind them bursts are late, in a
building by some tens of nanoseconds, ten metres.

Sources: S. Kay, Fundamentals of Statistical Signal Processing I (1993) §3.7, §8.9; W. Foy, IEEE Trans. Aerosp.
Electron. Syst. 12 (1976) 187.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.locate.propagation import LIGHT_M_S

Floats = NDArray[np.float64]

AROUND_M = 30.0
"""No phone is farther from the sensors than this."""
WITHIN = 0.5
"""Probability that a phone is in the rectangle about the sensors, before anything was measured."""
BESIDE_M = 5.0
"""That rectangle reaches so far beyond the sensors."""
LATTICE = 48
"""Nodes on a side."""
ZOOMS = 12
FINE = 0.05
"""Information in a step squared: lattices are fine enough below it."""
NEAR = 30.0
"""χ² over the least one up to which places count."""
EDGE = 0.5
"""Share of the posterior in the outermost nodes from which no place is told."""


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
    """A posterior, summed up."""

    place_m: Floats
    """x, y of the most probable place."""
    covariance_m2: Floats
    """About that place, shape (2, 2)."""
    radius90_m: float
    """Within this distance of `place_m` with probability 0.9."""
    fit: float
    """Probability of a worse fit by chance: tiny where a sensor's clock, or an echo, errs beyond what was said."""


def heard(sensor_m: Floats, arrival_s: Floats, error_s: Floats | float) -> Heard:
    """Arrivals alone."""
    nothing = np.full(len(arrival_s), np.nan)
    return Heard(sensor_m, arrival_s, np.broadcast_to(error_s, arrival_s.shape).astype(np.float64), nothing, nothing)


def position(one: Heard, height_m: float) -> Position | None:
    """Where it was; None where too little was measured."""
    timed, turned = np.isfinite(one.arrival_s), np.isfinite(one.bearing_rad)
    told = max(0, int(timed.sum()) - 1) + int(turned.sum())
    if told < 2:
        return None
    at = one.sensor_m[timed | turned, :2]
    low, high = at.min(axis=0) - AROUND_M, at.max(axis=0) + AROUND_M
    for zoom in range(ZOOMS):
        axes = [np.linspace(a, b, LATTICE) for a, b in zip(low, high, strict=True)]
        lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        misfit = _misfits(one, lattice, height_m)
        cost = misfit + _prior(at, lattice)
        if zoom == 0 and _at_the_edge(cost):
            return None
        step = (high - low) / (LATTICE - 1)
        best = np.unravel_index(int(np.argmin(cost)), cost.shape)
        told_by_step = float(np.trace(information(one, lattice[best], height_m)) * (step**2).sum())
        near = lattice[cost <= cost.min() + NEAR + 2 * told_by_step]
        if told_by_step <= FINE:
            break
        low, high = np.maximum(low, near.min(axis=0) - step), np.minimum(high, near.max(axis=0) + step)
    return _summed(lattice.reshape(-1, 2), cost.ravel(), float(misfit.min()), told - 2)


def _prior(sensors_m: Floats, places_m: Floats) -> Floats:
    """Minus twice the log-density of places, shape (…, 2), beforehand."""
    low, high = sensors_m.min(axis=0) - BESIDE_M, sensors_m.max(axis=0) + BESIDE_M
    inner = float(np.prod(high - low))
    outer = float(np.prod(high - low + 2 * (AROUND_M - BESIDE_M))) - inner
    inside = ((places_m >= low) & (places_m <= high)).all(axis=-1)
    return np.where(inside, -2 * math.log(WITHIN / inner), -2 * math.log((1 - WITHIN) / outer))


def _at_the_edge(cost: Floats) -> bool:
    weight = np.exp(-0.5 * (cost - cost.min()))
    return bool(weight[1:-1, 1:-1].sum() < (1 - EDGE) * weight.sum())


def _summed(places_m: Floats, cost: Floats, misfit: float, freedom: int) -> Position:
    """Highest place of a posterior, and the spread about it. places_m: shape (n, 2); cost: −2 log of it, shape (n,)."""
    weight = np.exp(-0.5 * (cost - cost.min()))
    weight /= weight.sum()
    highest = np.asarray(places_m[int(np.argmin(cost))], np.float64)
    away = places_m - highest
    distance = np.sqrt((away**2).sum(axis=1))
    order = np.argsort(distance)
    reached = min(int(np.searchsorted(np.cumsum(weight[order]), 0.9)), len(order) - 1)
    chance = float(scipy.stats.chi2.sf(misfit, freedom)) if freedom else 1.0
    return Position(highest, np.asarray((away.T * weight) @ away, np.float64), float(distance[order[reached]]), chance)


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
