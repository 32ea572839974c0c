"""How well silence agrees with each place, compiled: the same belief as `cells` has, for one phone at a time.

Silence is never impossible, as any sensor may be deaf: p(silent) = deaf + (1 − deaf) Φ. Else one sensor that loses its
samples while its neighbour hears a phone at arm's length would prove that phone far from both, beyond the wall.
"""

import math
from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast
from cellwarden.locate.likelihood import LEVEL, SPREAD, Array

LOWEST, STEPS = -8.0, 64
"""Where the table of silence begins (it ends at the opposite), and its entries a unit: it errs by 3e-5 at most."""


@cache
def silence(deaf: float) -> NDArray[np.float64]:
    """Table of the log-probability of silence, by how many standard deviations a level lies below what is heard."""
    below = np.exp(scipy.special.log_ndtr(np.arange(LOWEST * STEPS, 1 - LOWEST * STEPS) / STEPS))
    return np.asarray(np.log(deaf + (1 - deaf) * below))


@exact  # what is hopeless may be infinite
def place_evidence(
    order: NDArray[np.int64],
    each: NDArray[np.float64],
    table: Array,
    silents: NDArray[np.int64],
    floor_dbm: float,
    silent: NDArray[np.float64],
    powers_dbm: NDArray[np.float64],
    hopeless: float,
) -> NDArray[np.float64]:
    """Log-likelihood of levels from each place: float64, shape (p,), with the silence of those that heard nothing.

    order: of places, shape (p,), those first of which `each` tells most; each: log-likelihood of what was heard, by
    place and power, shape (p, powers); table: as `likelihood` has it, all blocks full but the last; silents: sensors;
    silent: of `silence`; powers_dbm: what a phone may send, alike probable; hopeless: of places which are less likely
    by so much than one that was weighed, silence is not asked.
    """
    found, one, width = np.empty(len(each)), np.empty(len(powers_dbm)), table.shape[3]
    best = -np.inf
    for p in order:
        found[p] = np.max(each[p])
        if found[p] < best - hopeless:
            continue
        for q in range(len(powers_dbm)):
            one[q] = each[p, q]
        rows, at = table[p // width], p % width
        for s in silents:
            spread = rows[s, SPREAD, at]
            room = (floor_dbm - rows[s, LEVEL, at]) / spread
            for q in range(len(powers_dbm)):
                one[q] += log_silent(silent, room - powers_dbm[q] / spread)
        most = np.max(one)
        total = 0.0
        for q in range(len(powers_dbm)):
            total += math.exp(one[q] - most)
        found[p] = most + math.log(total / len(powers_dbm))
        best = max(best, found[p])
    return found


@fast
def log_silent(silent: NDArray[np.float64], x: float) -> float:
    """Between the entries of the table; beyond its ends as at them."""
    at = (min(max(x, LOWEST), -LOWEST) - LOWEST) * STEPS
    low = min(int(at), len(silent) - 2)
    return float(silent[low] + (at - low) * (silent[low + 1] - silent[low]))
