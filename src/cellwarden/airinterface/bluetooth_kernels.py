"""Compiled loops of the Bluetooth recogniser."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact

ONE = np.uint64(1)
LENGTH = 64
DIMENSION = 24


@exact
def octet_costs(weight: NDArray[np.float32], costs: NDArray[np.float32]) -> None:
    """Sums of the weights of every set of eight neighbouring bits: float32, shape (8, 256), out.

    weight: float32, shape (64,), of bits 63, 62, …; row r is of the bits that `word >> 8 r & 255` shows.
    """
    for r in range(8):
        costs[r, 0] = 0
        for value in range(1, 256):
            low = 0
            while not value >> low & 1:
                low += 1
            costs[r, value] = costs[r, value & (value - 1)] + weight[LENGTH - 1 - 8 * r - low]


@exact
def cost_of(wrong: np.uint64, costs: NDArray[np.float32]) -> float:
    """Sum of the weights of the bits set in `wrong`."""
    total = np.float32(0)
    for r in range(8):
        total += costs[r, (wrong >> np.uint64(8 * r)) & np.uint64(255)]
    return float(total)


@exact
def closest_word(
    soft: NDArray[np.float32], rows: NDArray[np.uint64], zero: np.uint64, deep: bool, costs: NDArray[np.float32]
) -> tuple[np.uint64, float]:
    """The word of an affine code nearest to soft decisions, by ordered statistics (Fossorier and Lin 1995).

    soft: float32, shape (64,), positive for a 1; rows: uint64, shape (24,), a basis; zero: a word; deep: of the most
    reliable independent bits three may be wrong, not two; costs: float32, shape (8, 256), scratch. Returns the word,
    and the sum of |soft| where it disagrees.
    """
    weight = np.abs(soft)
    ranked = np.argsort(-weight)
    basis = rows.copy()
    hard = np.uint64(0)
    for i in range(LENGTH):
        if soft[i] > 0:
            hard |= ONE << np.uint64(LENGTH - 1 - i)
    word = zero
    done = 0
    for k in range(LENGTH):
        if done == DIMENSION:
            break
        at = np.uint64(LENGTH - 1 - ranked[k])
        pivot = -1
        for r in range(done, DIMENSION):
            if basis[r] >> at & ONE:
                pivot = r
                break
        if pivot < 0:
            continue
        basis[done], basis[pivot] = basis[pivot], basis[done]
        for r in range(DIMENSION):
            if r != done and basis[r] >> at & ONE:
                basis[r] ^= basis[done]
        if (word ^ hard) >> at & ONE:
            word ^= basis[done]
        done += 1
    octet_costs(weight, costs)
    base = word ^ hard
    least = cost_of(base, costs)
    wrong = base
    for i in range(DIMENSION):
        one = base ^ basis[i]
        cost = cost_of(one, costs)
        if cost < least:
            least, wrong = cost, one
        for j in range(i + 1, DIMENSION):
            two = one ^ basis[j]
            cost = cost_of(two, costs)
            if cost < least:
                least, wrong = cost, two
            for k in range(j + 1, DIMENSION if deep else 0):
                cost = cost_of(two ^ basis[k], costs)
                if cost < least:
                    least, wrong = cost, two ^ basis[k]
    return wrong ^ hard, least


@exact
def sync_places(
    soft: NDArray[np.float32],
    first: int,
    step: int,
    per_symbol: int,
    rows: NDArray[np.uint64],
    zero: np.uint64,
    deep: bool,
    merit: NDArray[np.float32],
) -> None:
    """How well a sync word fits that begins at every `step`-th sample from `first` on.

    soft: float32, decision for a symbol whose middle each sample is; deep: as in `closest_word`; merit: float32, out:
    1 where all decisions agree with a word, less by twice the share of their sizes that does not.
    """
    symbols = np.empty(LENGTH, np.float32)
    costs = np.empty((8, 256), np.float32)
    for k in range(len(merit)):
        place = first + k * step
        total = np.float32(1e-9)
        for i in range(LENGTH):
            symbols[i] = soft[place + per_symbol // 2 + per_symbol * i]
            total += abs(symbols[i])
        _, cost = closest_word(symbols, rows, zero, deep, costs)
        merit[k] = 1.0 - 2.0 * cost / total
