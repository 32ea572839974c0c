"""The loop in which known symbols are matched at every time and frequency that their references leave open."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast

PARTS = 32
"""Of a symbol, in each of which a frequency error of some kilohertz turns nothing."""


@fast
def running(
    z: NDArray[np.complex64], period: NDArray[np.complex128], origin: int, turn: float, first: int, last: int
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Running sums of z conj(w) and of |w|² from sample `first` to `last`: shape (last - first + 1,) each.

    w is a wave of the given period, which begins at `origin` and turns by `turn` cycles a sample besides.
    """
    size = len(period)
    total = np.zeros(max(0, last - first) + 1, np.complex128)
    powers = np.zeros(len(total))
    step = np.exp(-2j * np.pi * turn)
    phasor = np.exp(-2j * np.pi * turn * (first - origin))
    place = (first - origin) % size
    for n in range(len(total) - 1):
        w = period[place]
        place = place + 1 if place + 1 < size else 0
        total[n + 1] = total[n] + z[first + n] * np.conj(w) * phasor
        powers[n + 1] = powers[n] + w.real * w.real + w.imag * w.imag
        phasor *= step
    return total, powers


@fast
def matched(
    z: NDArray[np.complex64],
    period: NDArray[np.complex128],
    origin: int,
    turn: float,
    lows: NDArray[np.int64],
    highs: NDArray[np.int64],
    cycles: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Add |Σ z conj(w) exp(-j 2π f n)|² / Σ |w|² for each stretch and frequency to `out`.

    z: samples, complex64, shape (n,); period: one period of the known wave, which begins at `origin` and turns by
    `turn` cycles a sample besides; lows, highs: first and end of each stretch, int64, shape (stretches,); cycles:
    frequencies in cycles a sample, float64, shape (frequencies,); out: float64, shape (stretches, frequencies).
    """
    first, last = max(int(lows.min()), 0), min(int(highs.max()), len(z))
    total, powers = running(z, period, origin, turn, first, last)
    along, across = np.empty((PARTS, len(cycles))), np.empty((PARTS, len(cycles)))
    real, imaginary = np.empty(len(cycles)), np.empty(len(cycles))
    of = -1  # the count that these turns are for
    for row in range(len(lows)):
        low, high = max(lows[row], 0) - first, min(highs[row], len(z)) - first
        count = high - low
        if count <= PARTS:
            continue
        if count != of:
            of = count
            for f in range(len(cycles)):
                each = np.exp(-2j * np.pi * cycles[f] * count / PARTS)
                phase = 1.0 + 0j
                for part in range(PARTS):
                    along[part, f], across[part, f] = phase.real, phase.imag
                    phase *= each
        real[:] = 0
        imaginary[:] = 0
        for part in range(PARTS):
            one = total[low + -(-(part + 1) * count // PARTS)] - total[low + -(-part * count // PARTS)]
            a, b, c, s = one.real, one.imag, along[part], across[part]
            for f in range(len(real)):  # side by side, so that it becomes vector instructions
                real[f] += a * c[f] - b * s[f]
                imaginary[f] += a * s[f] + b * c[f]
        energy = max(powers[high] - powers[low], 1e-30)
        for f in range(len(real)):
            out[row, f] += (real[f] * real[f] + imaginary[f] * imaginary[f]) / energy


@fast
def tilted(row: NDArray[np.complex128], delay: float) -> tuple[float, float]:
    """|Σ_k h_k exp(j 2π k d)|² at a delay d, and how it tilts there: Im(Σ k … (Σ …)*). k is counted from the middle."""
    middle = (len(row) - 1) / 2
    turn = np.exp(2j * np.pi * delay)
    phasor = np.exp(-2j * np.pi * middle * delay)
    whole = 0j
    tilt = 0j
    for k in range(len(row)):
        turned = row[k] * phasor
        whole += turned
        tilt += turned * (k - middle)
        phasor *= turn
    return whole.real * whole.real + whole.imag * whole.imag, (tilt * whole.conjugate()).imag


@fast
def sharpened(rows: NDArray[np.complex128], delays: NDArray[np.float64], steps: int, out: NDArray[np.float64]) -> None:
    """Newton's `steps` towards the delay at which the power of `tilted` is largest, for each row; and that power.

    rows: complex128, shape (n, m); delays: float64, shape (n,), where to begin, and where that ends; out: float64,
    shape (n,).
    """
    n, m = rows.shape
    variance = (m * m - 1) / 12
    for r in range(n):
        for _ in range(steps):
            power, slope = tilted(rows[r], delays[r])
            delays[r] -= slope / (2 * np.pi * variance * max(power, 1e-30))
        out[r], _slope = tilted(rows[r], delays[r])


@fast
def steepest(rows: NDArray[np.complex128], guess: float, steps: int) -> float:
    """Newton's `steps` from a guess towards the delay at which the power of `tilted`, summed over rows, is largest.

    rows: complex128, shape (n, m).
    """
    n, m = rows.shape
    variance = (m * m - 1) / 12
    for _ in range(steps):
        power = 0.0
        slope = 0.0
        for r in range(n):
            one, tilt = tilted(rows[r], guess)
            power += one
            slope += tilt
        guess -= slope / (2 * np.pi * variance * max(power, 1e-30))
    return guess


@fast
def repeated(
    z: NDArray[np.complex64],
    lag: int,
    most: float,
    edges: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    level: NDArray[np.float64],
    turn: NDArray[np.complex128],
    energy: NDArray[np.float64],
) -> None:
    """Of each place a burst may begin at: its power, and its prefixes' likeness to what comes `lag` samples later.

    level[p] = Σ min(|z[n]|², most) from edges[0, p] to edges[1, p]; turn[p] = Σ z*[n] z[n + lag] and energy[p] =
    Σ |z[n]|² + |z[n + lag]|² from each of first[p] to each of last[p], which count len(z) - lag samples at most.
    z: complex64, shape (n,); edges: int64, shape (2, places); first, last: int64, shape (places, prefixes).
    """
    count = len(z) - lag
    powers = np.zeros(len(z) + 1)
    capped = np.zeros(len(z) + 1)
    turns = np.zeros(count + 1, np.complex128)
    for n in range(len(z)):
        power = z[n].real * z[n].real + z[n].imag * z[n].imag
        powers[n + 1] = powers[n] + power
        capped[n + 1] = capped[n] + min(power, most)
    for n in range(count):
        a, b = z[n], z[n + lag]
        turns[n + 1] = turns[n] + complex(a.real * b.real + a.imag * b.imag, a.real * b.imag - a.imag * b.real)
    for p in range(edges.shape[1]):
        level[p] = capped[edges[1, p]] - capped[edges[0, p]]
        turn[p] = 0
        energy[p] = 0
        for k in range(first.shape[1]):
            low, end = first[p, k], last[p, k]
            turn[p] += turns[end] - turns[low]
            energy[p] += powers[end] - powers[low] + powers[end + lag] - powers[low + lag]
