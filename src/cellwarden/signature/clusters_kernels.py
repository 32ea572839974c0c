"""How likely clusters are, compiled: `clusters` asks for some dozen of them some hundred times in half a second."""

from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact

Real = NDArray[np.float64]

CARRIER_SPREAD_HZ, LATE_SPREAD_S = 120.0, 0.5e-6
"""How phones of a cell differ: ±0.1 ppm of 2 GHz; half a step of timing advance and a phone's own error of 12 Ts."""
LEVEL_SPREAD_DB = 10.0
FADING_DB = 2.0
"""How one phone's levels of one kind differ from burst to burst: mostly by where in the carrier they lie."""
HABITUAL = 1.0
"""Concentration of habits: how many bursts' worth of all phones' habits a phone begins with."""


@exact
def _normal(s0: float, s1: float, s2: float, spread: float) -> float:
    """Of known variances, but for what does not change when clusters are joined."""
    return -0.5 * (log(1 + spread * spread * s0) + s2 - s1 * s1 / (s0 + 1 / (spread * spread)))


@exact
def unions(
    carrier: Real, late: Real, levels: Real, habits: Real,
    more_carrier: Real, more_late: Real, more_levels: Real, more_habits: Real,
    level_db: float, token_kind: NDArray[np.int64], shares: Real,
) -> Real:  # fmt: skip
    """Log likelihood of each row's sums with some more added, shape (n,): carrier, arrival, levels and habits.

    carrier, late: shape (n, 3); levels: (n, kinds, 3), about `level_db`; habits: (n, tokens). `more_…` have the shape
    of one row; `token_kind` and `shares` (tokens,): each token's kind, from 0, and its share of all phones' habits.
    """
    kinds = levels.shape[1]
    nats = np.empty(len(carrier))
    for row in range(len(carrier)):
        c, t = carrier[row] + more_carrier, late[row] + more_late
        total = _normal(c[0], c[1], c[2], CARRIER_SPREAD_HZ) + _normal(t[0], t[1], t[2], LATE_SPREAD_S)
        for kind in range(kinds):
            count, one, two = levels[row, kind] + more_levels[kind]
            centred = one - count * level_db
            squares = two - 2 * level_db * one + count * level_db * level_db
            fading = FADING_DB * FADING_DB
            total += _normal(count / fading, centred / fading, squares / fading, LEVEL_SPREAD_DB)
        total += _habitual(habits[row] + more_habits, token_kind, shares)
        nats[row] = total
    return nats


@exact
def _habitual(counts: Real, token_kind: NDArray[np.int64], shares: Real) -> float:
    """Tokens of one phone against those of all: a Dirichlet-multinomial for each kind."""
    totals = np.zeros(token_kind.max() + 1 if len(token_kind) else 0)
    nats = 0.0
    for token in range(len(counts)):
        if counts[token] != 0.0:
            totals[token_kind[token]] += counts[token]
            nats += lgamma(shares[token] + counts[token]) - lgamma(shares[token])
    for total in totals:
        if total != 0.0:
            nats += lgamma(HABITUAL) - lgamma(HABITUAL + total)
    return nats
