"""How well levels agree with each place, compiled: the same belief as `cells` has, for one phone at a time.

Σ = U Uᵀ + s² I       log N(x; μ, Σ) by Woodbury's identity, so that only k by k systems are solved

Silence is never impossible, as any sensor may be deaf: p(silent) = deaf + (1 − deaf) Φ. Else one sensor that loses its
samples while its neighbour hears a phone at arm's length would prove that phone far from both, beyond the wall.
"""

import math
from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast

LOWEST, STEPS = -8.0, 64
"""Where the table of silence begins (it ends at the opposite), and its entries a unit: it errs by 3e-5 at most."""


@cache
def silence(deaf: float) -> NDArray[np.float64]:
    """Table of the log-probability of silence, by how many standard deviations a level lies below what is heard."""
    below = np.exp(scipy.special.log_ndtr(np.arange(LOWEST * STEPS, 1 - LOWEST * STEPS) / STEPS))
    return np.asarray(np.log(deaf + (1 - deaf) * below))


@exact  # nan is silence, and infinity no ear
def place_evidence(
    levels_dbm: NDArray[np.float64],
    mean_dbm: NDArray[np.float64],
    unsure_db: NDArray[np.float64],
    own_db2: float,
    floor_dbm: float,
    silent: NDArray[np.float64],
    powers_dbm: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Log-likelihood of levels from each place, but for a constant: float64, shape (p,).

    levels_dbm: shape (m,), nan where a sensor heard nothing, infinite where it could not; mean_dbm: of a phone of 0 dBm
    at each place, shape (p, m); unsure_db: shape (p, m, k); silent: of `silence`; powers_dbm: what a phone may
    send, alike probable.
    """
    places, sensors, shared = unsure_db.shape
    found = np.empty(places)
    each = np.empty(len(powers_dbm))
    small, sides = np.empty((shared, shared)), np.empty((shared, 2))
    for p in range(places):
        small[:], sides[:] = 0.0, 0.0
        gg, g1, n = 0.0, 0.0, 0.0
        each[:] = 0.0
        for a in range(shared):
            small[a, a] = own_db2
        for s in range(sensors):
            if np.isinf(levels_dbm[s]):
                continue
            u = unsure_db[p, s]
            if np.isnan(levels_dbm[s]):
                spread = own_db2
                for a in range(shared):
                    spread += u[a] * u[a]
                room = (floor_dbm - mean_dbm[p, s]) / math.sqrt(spread)
                for q in range(len(powers_dbm)):
                    each[q] += log_silent(silent, room - powers_dbm[q] / math.sqrt(spread))
                continue
            gap = levels_dbm[s] - mean_dbm[p, s]
            gg, g1, n = gg + gap * gap, g1 + gap, n + 1.0
            for a in range(shared):
                sides[a, 0] += u[a] * gap
                sides[a, 1] += u[a]
                for b in range(a + 1):
                    small[a, b] += u[a] * u[b]
        size = _solved(small, sides)
        for a in range(shared):
            gg -= sides[a, 0] * sides[a, 0]
            g1 -= sides[a, 0] * sides[a, 1]
            n -= sides[a, 1] * sides[a, 1]
        most = -np.inf
        for q in range(len(powers_dbm)):
            power = powers_dbm[q]
            each[q] -= 0.5 * ((gg - 2.0 * power * g1 + power * power * n) / own_db2 + size)
            most = max(most, each[q])
        total = 0.0
        for q in range(len(powers_dbm)):
            total += math.exp(each[q] - most)
        found[p] = most + math.log(total / len(powers_dbm))
    return found


@exact
def _solved(matrix: NDArray[np.float64], sides: NDArray[np.float64]) -> float:
    """Cholesky's L of a matrix (its lower half is read) in its place, L⁻¹ sides in theirs; the log-determinant."""
    size = 0.0
    for i in range(len(matrix)):
        for j in range(i + 1):
            left = matrix[i, j]
            for a in range(j):
                left -= matrix[i, a] * matrix[j, a]
            matrix[i, j] = math.sqrt(left) if i == j else left / matrix[j, j]
        size += 2.0 * math.log(matrix[i, i])
        for c in range(sides.shape[1]):
            left = sides[i, c]
            for a in range(i):
                left -= matrix[i, a] * sides[a, c]
            sides[i, c] = left / matrix[i, i]
    return size


@fast
def log_silent(silent: NDArray[np.float64], x: float) -> float:
    """Between the entries of the table; beyond its ends as at them."""
    at = (min(max(x, LOWEST), -LOWEST) - LOWEST) * STEPS
    low = min(int(at), len(silent) - 2)
    return float(silent[low] + (at - low) * (silent[low + 1] - silent[low]))
