"""Compiled loops of the Bluetooth recogniser."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

ONE = np.uint64(1)
LENGTH = 64
DIMENSION = 24


@njit(cache=True, nogil=True)
def cost_of(wrong: np.uint64, weight: NDArray[np.float32], least: float) -> float:
    """Sum of the weights of the bits set in `wrong`, bit 63 being the first; given up once beyond `least`."""
    total = 0.0
    for i in range(LENGTH):
        if wrong >> np.uint64(LENGTH - 1 - i) & ONE:
            total += weight[i]
            if total >= least:
                break
    return total


@njit(cache=True, nogil=True)
def closest_word(
    soft: NDArray[np.float32], rows: NDArray[np.uint64], zero: np.uint64, order: int
) -> tuple[np.uint64, float]:
    """The word of an affine code nearest to soft decisions, by ordered statistics (Fossorier and Lin 1995).

    soft: float32, shape (64,), positive for a 1; rows: uint64, shape (24,), a basis; zero: a word; order: 1 or 2, how
    many of the most reliable independent bits may be wrong. Returns the word and the sum of |soft| where it disagrees.
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
    base = word ^ hard
    wrong = base
    least = cost_of(base, weight, 1e30)
    for i in range(DIMENSION):
        one = base ^ basis[i]
        cost = cost_of(one, weight, least)
        if cost < least:
            least, wrong = cost, one
        if order > 1:
            for j in range(i + 1, DIMENSION):
                cost = cost_of(one ^ basis[j], weight, least)
                if cost < least:
                    least, wrong = cost, one ^ basis[j]
    return wrong ^ hard, least


@njit(cache=True, nogil=True)
def sync_places(
    d: NDArray[np.float32],
    first: int,
    end: int,
    per_symbol: int,
    mean: float,
    rows: NDArray[np.uint64],
    zero: np.uint64,
    merit: NDArray[np.float32],
) -> None:
    """How well a sync word fits that begins at each sample from `first` to before `end`.

    d: float32, phase a symbol; mean: of it, the carrier's; merit: float32, shape (end - first,), out: 1 where all
    decisions agree with a word, less by twice the share of |d| that does not.
    """
    soft = np.empty(LENGTH, np.float32)
    for place in range(first, end):
        total = 0.0
        for i in range(LENGTH):
            soft[i] = d[place + per_symbol // 2 + per_symbol * i] - mean
            total += abs(soft[i])
        _, cost = closest_word(soft, rows, zero, 1)
        merit[place - first] = 1.0 - 2.0 * cost / max(total, 1e-9)
