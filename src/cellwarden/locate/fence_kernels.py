"""How well levels agree with each place on either side of a wall; `likelihood` weighs what each sensor says."""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact
from cellwarden.locate.likelihood import Array, hushed


@exact  # what is hopeless may be infinite
def place_evidence(
    order: NDArray[np.int64],
    each: NDArray[np.float64],
    table: Array,
    silents: NDArray[np.int64],
    silence: tuple[float, float],
    powers_dbm: Array,
    normal: NDArray[np.float64],
    hopeless: float,
) -> NDArray[np.float64]:
    """Log-likelihood of levels from each place: float64, shape (p,), with the silence of those that heard nothing.

    order: of places, shape (p,), those first of which `each` tells most; each: log-likelihood of what was heard, by
    place and power, shape (p, powers); silents: sensors; powers_dbm: what a phone may send, alike probable; hopeless:
    of places which are less likely by so much than one that was weighed, silence is not asked. All else is as
    `likelihood` has it, all blocks of the table full but the last.
    """
    found, chance, width = np.empty(len(each)), np.empty(len(powers_dbm)), table.shape[3]
    best = -np.inf
    for p in order:
        found[p] = most = np.max(each[p])
        if most < best - hopeless:
            continue
        hushed(table[p // width], p % width, silents, silence, powers_dbm, normal, chance)
        total = 0.0
        for q in range(len(powers_dbm)):
            total += chance[q] * math.exp(each[p, q] - most)
        found[p] = most + math.log(total / len(powers_dbm))
        best = max(best, found[p])
    return found
