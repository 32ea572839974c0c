"""How likely levels are from each place of a plan: the compiled part of `cells`.

The levels that were heard are Gaussian with covariance Σ = S + U Uᵀ, where S is diagonal (what is each path's own) and
U has few columns (what paths through the same walls share). So only k by k matrices are factored (Woodbury):

    M = I + Uᵀ S⁻¹ U        gᵀ Σ⁻¹ g = gᵀ S⁻¹ g − tᵀ M⁻¹ t,  t = Uᵀ S⁻¹ g        |Σ| = |S| |M|

and that the levels come from a phone of power w dB makes g into g − w: a parabola in w. If sensor s lies, its variance
grows by τ², which changes the parabola by what Σ⁻¹ has in its row s (Sherman and Morrison):

    gᵀ Σ⁻¹ g  −  b (Σ⁻¹ g)_s²,   b = τ² / (1 + τ² (Σ⁻¹)_ss),        |Σ| (1 + τ² (Σ⁻¹)_ss)

How large errors are altogether here is not known either: all of Σ is believed to be larger or smaller by a common
factor, whose inverse is χ²(ν) / ν. That makes h levels' Gaussian density Student's t of ν degrees of freedom:

    |Σ|^(−½) (1 + q / ν)^(−(ν + h)/2),   q = gᵀ Σ⁻¹ g

`parabolas` makes those without a lie, a block of places side by side at a time. Where they leave a place
no chance it is not looked at again. `evidence` then weighs the others: with each sensor as the liar, with each power,
and with the silence of those that heard nothing.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast

Array = NDArray[np.float32]

LEVEL, PRECISION, LOG_PRECISION, SPREAD, ROWS = range(5)
"""Rows of a table, of each sensor: level of a phone of 0 dBm; 1/variance of what is a path's own, and its logarithm;
standard deviation of the whole in dB; from `ROWS` on U, what paths have in common. A block's places lie side by side,
so that one sensor's rows of one block are one stretch of memory."""
STEPS, REACH = 64, 5.0
"""Of the table of the normal distribution: steps a deviation, and how many deviations it goes."""
NORMAL = np.array(
    [0.5 * math.erfc(-n / STEPS / math.sqrt(2)) for n in range(-int(REACH * STEPS), int(REACH * STEPS) + 2)]
)
CERTAIN = 4.0
"""Beyond so many deviations silence is certain."""
BEYOND_NATS = 9.0
"""A hypothesis that is rarer than the likeliest by e to this is left out, and so is a power."""


@fast
def parabolas(
    blocks: NDArray[np.int64], heard: NDArray[np.int64], level: Array, table: Array, filled: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Array]:
    """The slots of some blocks, int64, shape (n,), and A, B, C and log|Σ|, q = A − 2 B w + C w²: shape (4, n).

    heard: sensors, shape (h,), and level: what they heard, in dBm; table: shape (blocks, m, ROWS + k, width), and how
    many slots of each block hold a place, shape (blocks,). Slots are numbered through all blocks.
    """
    k, width = table.shape[2] - ROWS, table.shape[3]
    count = 0
    for block in blocks:
        count += filled[block]
    slots, out = np.empty(count, np.int64), np.empty((4, count), np.float32)
    small = np.empty((k, k, width), np.float32)
    side = np.empty((2, k, width), np.float32)
    sums = np.empty((4, width), np.float32)
    at = 0
    for block in blocks:
        n = filled[block]
        small[:], side[:], sums[:] = 0.0, 0.0, 0.0
        for q in range(len(heard)):
            rows = table[block, heard[q]]
            mean, own, size = rows[LEVEL], rows[PRECISION], rows[LOG_PRECISION]
            for b in range(n):
                g = level[q] - mean[b]
                sums[0, b] += own[b] * g * g
                sums[1, b] += own[b] * g
                sums[2, b] += own[b]
                sums[3, b] -= size[b]
            for i in range(k):
                u = rows[ROWS + i]
                for b in range(n):
                    side[0, i, b] += own[b] * u[b] * (level[q] - mean[b])
                    side[1, i, b] += own[b] * u[b]
                for j in range(i + 1):
                    v = rows[ROWS + j]
                    for b in range(n):
                        small[i, j, b] += own[b] * u[b] * v[b]
        _eliminate(small, side, sums, k, n)
        for b in range(n):
            slots[at + b] = block * width + b
            for row in range(4):
                out[row, at + b] = sums[row, b]
        at += n
    return slots, out


@fast
def _eliminate(small: Array, side: Array, sums: Array, k: int, n: int) -> None:
    """Factor I + small, and take tᵀ M⁻¹ t off the sums: Cholesky without roots, all places of a block side by side."""
    one = np.float32(1.0)
    for i in range(k):
        for b in range(n):
            small[i, i, b] += one
    for i in range(k):
        pivot, t, r = small[i, i], side[0, i], side[1, i]
        for b in range(n):
            inverse = one / pivot[b]
            sums[0, b] -= t[b] * t[b] * inverse
            sums[1, b] -= t[b] * r[b] * inverse
            sums[2, b] -= r[b] * r[b] * inverse
            sums[3, b] += math.log(pivot[b])
        for j in range(i + 1, k):
            lower, tj, rj = small[j, i], side[0, j], side[1, j]
            for b in range(n):
                share = lower[b] / pivot[b]
                tj[b] -= share * t[b]
                rj[b] -= share * r[b]
            for c in range(i + 1, j + 1):
                other, into = small[c, i], small[j, c]
                for b in range(n):
                    into[b] -= lower[b] / pivot[b] * other[b]


@fast
def evidence(
    asked: NDArray[np.int64],
    parabola: Array,
    heard: NDArray[np.int64],
    level: Array,
    silent: NDArray[np.int64],
    table: Array,
    silence: tuple[float, float],
    lie: tuple[float, float],
    freedom: int,
    powers_dbm: Array,
    normal: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Log of each asked place's likelihood, float64, shape (n,). The likeliest should come first.

    asked and parabola: slots and all else of `parabolas`, shape (n,) and (4, n); silence: level below which nothing is
    heard, in dBm, and probability that a sensor is deaf; lie: the deviation of a liar in dB and a sensor's probability
    to be one; freedom: ν; normal: `NORMAL`; the rest as in `parabolas`.
    """
    k = table.shape[2] - ROWS
    out, chance, four = np.empty(len(asked)), np.empty(len(powers_dbm)), np.empty(4)
    factor, turned = np.empty((k, k)), np.empty((len(heard), k + 3))
    honest, steep = math.log(1 - min(0.5, lie[1] * len(heard))), freedom + len(heard)
    highest = -np.inf
    for n in range(len(asked)):
        rows, b = table[asked[n] // table.shape[3]], asked[n] % table.shape[3]
        hushed(rows, b, silent, silence, powers_dbm, normal, chance)
        for row in range(4):
            four[row] = parabola[row, n]
        total = _over_powers(four, honest, steep, freedom, powers_dbm, chance, highest - BEYOND_NATS)
        if lie[1] > 0:
            _turn(rows, b, heard, level, factor, turned)
            total = np.logaddexp(total, _lying(four, turned, lie, steep, freedom, powers_dbm, chance, highest))
        out[n] = total
        highest = max(highest, total)
    return out


@fast
def _over_powers(
    four: NDArray[np.float64],
    log_prior: float,
    steep: int,
    freedom: int,
    powers: Array,
    chance: NDArray[np.float64],
    least: float,
) -> float:
    """Log of a hypothesis' likelihood, summed over powers; −1e300 where it cannot reach `least`. steep: ν + h."""
    a, b, c, size = four
    w = min(max(b / c, powers[0]), powers[-1])
    lowest = freedom + a - 2 * b * w + c * w * w
    top = log_prior - 0.5 * (size + steep * math.log(lowest / freedom))
    if top + math.log(len(powers)) < least:
        return -1e300
    most = lowest * math.exp(2 * BEYOND_NATS / steep)
    total = 0.0
    for n in range(len(powers)):
        w = powers[n]
        q = freedom + a - 2 * b * w + c * w * w
        if q < most:
            total += chance[n] * math.sqrt(lowest / q) ** steep
    return top + math.log(total) if total > 0 else -1e300


@fast
def hushed(
    rows: Array,
    at: int,
    silent: NDArray[np.int64],
    silence: tuple[float, float],
    powers_dbm: Array,
    normal: NDArray[np.float64],
    chance: NDArray[np.float64],
) -> None:
    """Probability, of each power, that those sensors are silent that are: into `chance`.

    Silence is never impossible, as any sensor may be deaf: p(silent) = deaf + (1 − deaf) Φ. Else one sensor that loses
    its samples while its neighbour hears a phone at arm's length would prove that phone far from both.
    """
    floor, deaf = silence
    chance[:] = 1.0
    for s in silent:
        per = STEPS / rows[s, SPREAD, at]
        start, step = (floor - rows[s, LEVEL, at] - powers_dbm[0]) * per, (powers_dbm[1] - powers_dbm[0]) * per
        if start - step * (len(powers_dbm) - 1) > CERTAIN * STEPS:
            continue
        for n in range(len(powers_dbm)):
            x = min(max(start - step * n + REACH * STEPS, 0.0), 2 * REACH * STEPS - 1e-6)
            whole = int(x)
            below = normal[whole] + (x - whole) * (normal[whole + 1] - normal[whole])
            chance[n] *= deaf + (1 - deaf) * below


@fast
def _turn(
    rows: Array,
    at: int,
    heard: NDArray[np.int64],
    level: Array,
    factor: NDArray[np.float64],
    turned: NDArray[np.float64],
) -> None:
    """(Σ⁻¹ g)_s, (Σ⁻¹ 1)_s and (Σ⁻¹)_ss of each sensor into the last three columns of `turned`, shape (h, k + 3).

    With M = L Lᵀ and rows y = L⁻¹ u: uᵀ M⁻¹ v = yᵀ (L⁻¹ v).
    """
    k = rows.shape[1] - ROWS
    for i in range(k):
        for j in range(i + 1):
            factor[i, j] = 1.0 if i == j else 0.0
    for q in range(len(heard)):
        own = rows[heard[q], PRECISION, at]
        for i in range(k):
            u = own * rows[heard[q], ROWS + i, at]
            for j in range(i + 1):
                factor[i, j] += u * rows[heard[q], ROWS + j, at]
    for j in range(k):
        for c in range(j):
            factor[j, j] -= factor[j, c] ** 2
        factor[j, j] = math.sqrt(factor[j, j])
        for i in range(j + 1, k):
            for c in range(j):
                factor[i, j] -= factor[i, c] * factor[j, c]
            factor[i, j] /= factor[j, j]
    one, two = np.zeros(k), np.zeros(k)
    for q in range(len(heard)):
        s = heard[q]
        own, gap = rows[s, PRECISION, at], level[q] - rows[s, LEVEL, at]
        for i in range(k):
            y = float(rows[s, ROWS + i, at])
            for c in range(i):
                y -= factor[i, c] * turned[q, c]
            y /= factor[i, i]
            turned[q, i] = y
            one[i] += own * gap * y
            two[i] += own * y
    for q in range(len(heard)):
        s = heard[q]
        own, gap = float(rows[s, PRECISION, at]), float(level[q] - rows[s, LEVEL, at])
        shared, other, itself = 0.0, 0.0, 0.0
        for i in range(k):
            shared += turned[q, i] * one[i]
            other += turned[q, i] * two[i]
            itself += turned[q, i] ** 2
        turned[q, k], turned[q, k + 1] = own * (gap - shared), own * (1 - other)
        turned[q, k + 2] = own - own * own * itself


@fast
def _lying(
    four: NDArray[np.float64],
    turned: NDArray[np.float64],
    lie: tuple[float, float],
    steep: int,
    freedom: int,
    powers_dbm: Array,
    chance: NDArray[np.float64],
    highest: float,
) -> float:
    """Log of the likelihood that one of those that heard lies, whichever; −1e300 where that is out of reach."""
    wide, prior = lie[0] ** 2, math.log(lie[1])
    total, bent = -1e300, np.empty(4)
    for q in range(len(turned)):
        r, d, itself = turned[q, -3], turned[q, -2], turned[q, -1]
        share = wide / (1 + wide * itself)
        bent[0], bent[1], bent[2] = four[0] - share * r * r, four[1] - share * r * d, four[2] - share * d * d
        bent[3] = four[3] + math.log(1 + wide * itself)
        value = _over_powers(bent, prior, steep, freedom, powers_dbm, chance, highest - BEYOND_NATS)
        if value > -1e299:
            total = np.logaddexp(total, value)
    return total
