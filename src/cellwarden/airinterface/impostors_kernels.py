"""The loop of the impostors: bits of Mode S at every place where one of its frames may begin."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

PREAMBLE_CHIPS = 16
"""Halves of a microsecond."""
PULSES = (0, 2, 7, 9)
"""Those of them that are on."""
SHORT_BITS = 56
LEAST_PREAMBLE = 0.6
"""Of the bits' strength."""


@njit(cache=True, fastmath=True, nogil=True)
def pulse_contrasts(
    total: NDArray[np.float64], places: NDArray[np.int64], half: float, length_us: int, out: NDArray[np.float64]
) -> None:
    """How different the halves of a frame's bits are, the less of its beginning and its end; 0 for a weak preamble.

    A bit's contrast is |a - b| / (a + b), a and b its halves' sums of magnitudes. total: float64, shape (n,), the
    running sum of magnitudes; half: samples in half a microsecond; out: float64, shape of places, 0 where a frame of
    `length_us` does not fit in.
    """
    bits = length_us - PREAMBLE_CHIPS // 2
    sums = np.empty(2 * length_us + 1)
    for p in range(len(places)):
        out[p] = 0.0
        if places[p] + 2 * length_us * half > len(total):
            continue
        for k in range(2 * length_us + 1):
            at = places[p] + k * half
            whole = int(at)
            if whole >= len(total) - 1:
                sums[k] = total[len(total) - 1]
            else:
                sums[k] = total[whole] + (at - whole) * (total[whole + 1] - total[whole])
        strong = 0.0
        first = 0.0
        rest = 0.0
        for b in range(bits):
            k = PREAMBLE_CHIPS + 2 * b
            one = sums[k + 1] - sums[k]
            other = sums[k + 2] - sums[k + 1]
            strong += max(one, other)
            contrast = abs(one - other) / max(one + other, 1e-9)
            if b < SHORT_BITS:
                first += contrast
            else:
                rest += contrast
        pulses = 0.0
        for k in PULSES:
            pulses += sums[k + 1] - sums[k]
        if pulses / len(PULSES) < LEAST_PREAMBLE * strong / bits:
            continue
        out[p] = first / min(bits, SHORT_BITS)
        if bits > SHORT_BITS:
            out[p] = min(out[p], rest / (bits - SHORT_BITS))
