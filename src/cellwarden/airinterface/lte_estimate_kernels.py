"""The loop in which known symbols are matched at every time and frequency that their references leave open."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

PARTS = 32
"""Of a symbol, in each of which a frequency error of some kilohertz turns nothing."""


@njit(cache=True, fastmath=True, nogil=True)
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
    size = len(period)
    sums = np.empty(PARTS, np.complex128)
    for row in range(len(lows)):
        low, high = max(lows[row], 0), min(highs[row], len(z))
        count = high - low
        if count <= PARTS:
            continue
        sums[:] = 0
        energy = 0.0
        step = np.exp(-2j * np.pi * turn)
        phasor = np.exp(-2j * np.pi * turn * (low - origin))
        for n in range(low, high):
            w = period[(n - origin) % size]
            sums[(n - low) * PARTS // count] += z[n] * np.conj(w) * phasor
            energy += w.real * w.real + w.imag * w.imag
            phasor *= step
        for f in range(len(cycles)):
            each = np.exp(-2j * np.pi * cycles[f] * count / PARTS)
            phase = 1.0 + 0j
            total = 0j
            for part in range(PARTS):
                total += sums[part] * phase
                phase *= each
            out[row, f] += (total.real * total.real + total.imag * total.imag) / max(energy, 1e-30)


@njit(cache=True, fastmath=True, nogil=True)
def sharpened(rows: NDArray[np.complex128], delays: NDArray[np.float64], steps: int, out: NDArray[np.float64]) -> None:
    """Newton's `steps` towards the delay d at which |Σ_k h_k exp(j 2π k d)|² is largest, for each row; and that value.

    rows: complex128, shape (n, m), k counted from the middle of m; delays: float64, shape (n,), where to begin, and
    where that ends; out: float64, shape (n,).
    """
    n, m = rows.shape
    middle = (m - 1) / 2
    variance = (m * m - 1) / 12
    for r in range(n):
        row = rows[r]
        for step in range(steps + 1):
            turn = np.exp(2j * np.pi * delays[r])
            phasor = np.exp(-2j * np.pi * middle * delays[r])
            whole = 0j
            tilt = 0j
            for k in range(m):
                turned = row[k] * phasor
                whole += turned
                tilt += turned * (k - middle)
                phasor *= turn
            power = whole.real * whole.real + whole.imag * whole.imag
            if step < steps:
                delays[r] -= (tilt * whole.conjugate()).imag / (2 * np.pi * variance * max(power, 1e-30))
            else:
                out[r] = power


@njit(cache=True, fastmath=True, nogil=True)
def steepest(rows: NDArray[np.complex128], guess: float, steps: int) -> float:
    """Newton's `steps` from a guess towards the d at which Σ_rows |Σ_k h_k exp(j 2π k d)|² is largest.

    rows: complex128, shape (n, m), k counted from the middle of m.
    """
    n, m = rows.shape
    middle = (m - 1) / 2
    variance = (m * m - 1) / 12
    for _ in range(steps):
        power = 0.0
        slope = 0.0
        turn = np.exp(2j * np.pi * guess)
        for r in range(n):
            phasor = np.exp(-2j * np.pi * middle * guess)
            whole = 0j
            tilt = 0j
            for k in range(m):
                turned = rows[r, k] * phasor
                whole += turned
                tilt += turned * (k - middle)
                phasor *= turn
            power += whole.real * whole.real + whole.imag * whole.imag
            slope += (tilt * whole.conjugate()).imag
        guess -= slope / (2 * np.pi * variance * max(power, 1e-30))
    return guess
