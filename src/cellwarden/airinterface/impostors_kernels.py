"""The loops of the impostors: bits of Mode S where a frame may begin, and the filter that mends its echoes."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast

PREAMBLE_CHIPS = 16
"""Halves of a microsecond."""
PULSES = (0, 2, 7, 9)
"""Those of them that are on."""
SHORT_BITS = 56
LEAST_PREAMBLE = 0.6
"""Of the bits' strength."""


@fast
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


@fast
def gram(seen: NDArray[np.complex64], out: NDArray[np.complex128]) -> None:
    """Products of each two columns, summed over the rows: out = seenᴴ seen. seen: (n, taps); out: (taps, taps)."""
    rows, taps = seen.shape
    out[:] = 0.0
    for n in range(rows):
        for t in range(taps):
            one = np.conj(seen[n, t])
            for u in range(t + 1):
                out[t, u] += one * seen[n, u]
    for t in range(taps):
        for u in range(t + 1, taps):
            out[t, u] = np.conj(out[u, t])


@fast
def decided(
    seen: NDArray[np.complex64],
    inverse: NDArray[np.complex128],
    weights: NDArray[np.complex128],
    sent: NDArray[np.float32],
    rounds: int,
    despair: float,
) -> float:
    """The part of the variance of a frame's halves that a filter explains, once bits and filter were fitted in turn.

    seen: windows around the halves, shape (halves, taps); inverse: of their products, shape (taps, taps); weights: the
    filter to begin with, shape (taps,), changed; sent: what each half was, its preamble known, the rest changed. Ends
    where less than `despair` is explained.
    """
    halves, taps = seen.shape
    level = np.empty(halves)
    product = np.empty(taps, np.complex128)
    fit = 0.0
    for _ in range(rounds):
        for n in range(PREAMBLE_CHIPS, halves):
            total = 0.0
            for t in range(taps):
                total += (seen[n, t] * weights[t]).real
            level[n] = total
        for n in range(PREAMBLE_CHIPS, halves, 2):
            first = level[n] > level[n + 1]
            sent[n] = 1.0 if first else 0.0
            sent[n + 1] = 0.0 if first else 1.0
        product[:] = 0.0
        mean = 0.0
        square = 0.0
        for n in range(halves):
            mean += sent[n] / halves
            square += sent[n] * sent[n] / halves
            for t in range(taps):
                product[t] += np.conj(seen[n, t]) * sent[n]
        for t in range(taps):
            weights[t] = 0.0
            for u in range(taps):
                weights[t] += inverse[t, u] * product[u]
        left = 0.0
        for n in range(halves):
            error = complex(-sent[n], 0.0)
            for t in range(taps):
                error += seen[n, t] * weights[t]
            left += error.real * error.real + error.imag * error.imag
        fit = 1 - left / (halves * (square - mean * mean))
        if fit < despair:
            break
    return fit


@fast
def inverse(power: NDArray[np.complex128], out: NDArray[np.complex128]) -> None:
    """The inverse of a Hermitian matrix whose eigenvalues are positive, by Gauss and Jordan: no pivots are sought.

    power: complex128, shape (n, n), is lost; out: of its shape.
    """
    n = len(power)
    out[:] = 0.0
    for i in range(n):
        out[i, i] = 1.0
    for column in range(n):
        own, made = power[column], out[column]
        scale = 1.0 / own[column]
        for k in range(n):
            own[k] *= scale
            made[k] *= scale
        for row in range(n):
            if row == column:
                continue
            other, others = power[row], out[row]
            part = other[column]
            for k in range(n):
                other[k] -= part * own[k]
                others[k] -= part * made[k]


@fast
def fitted(
    seen: NDArray[np.complex64],
    sent: NDArray[np.float32],
    pair_weight: float,
    ridge: float,
    rounds: int,
    despair: float,
) -> float:
    """What `decided` explains of a frame, the filter to begin with fitted to its preamble and to each bit's two halves.

    seen: windows around the halves, complex64, shape (halves, taps); sent: the preamble's halves, float32, changed. Of
    each bit one half is on, whichever: `pair_weight`, less than that of the preamble, which is known. `ridge`: part of
    the power that keeps filters small.
    """
    halves, taps = seen.shape
    pairs = (halves - PREAMBLE_CHIPS) // 2
    both = np.empty((PREAMBLE_CHIPS + pairs, taps), np.complex64)
    both[:PREAMBLE_CHIPS] = seen[:PREAMBLE_CHIPS]
    for n in range(pairs):
        for t in range(taps):
            first = PREAMBLE_CHIPS + 2 * n
            both[PREAMBLE_CHIPS + n, t] = np.float32(pair_weight) * (seen[first, t] + seen[first + 1, t])
    product = np.zeros(taps, np.complex128)
    for n in range(len(both)):
        wanted = sent[n] if n < PREAMBLE_CHIPS else np.float32(pair_weight)
        for t in range(taps):
            product[t] += wanted * np.conj(both[n, t])
    inverted = np.empty((taps, taps), np.complex128)
    _ridged(both, ridge, inverted)
    weights = np.zeros(taps, np.complex128)
    for t in range(taps):
        for u in range(taps):
            weights[t] += inverted[t, u] * product[u]
    _ridged(seen, ridge, inverted)
    return decided(seen, inverted, weights, sent, rounds, despair)


@fast
def _ridged(seen: NDArray[np.complex64], ridge: float, out: NDArray[np.complex128]) -> None:
    """What turns windows' products with what was sent into a filter. seen: (n, taps); out: (taps, taps)."""
    power = np.empty(out.shape, np.complex128)
    gram(seen, power)
    trace = 0.0
    for t in range(len(out)):
        trace += power[t, t].real
    for t in range(len(out)):
        power[t, t] += ridge * trace / len(out)
    inverse(power, out)
