"""The compiled part of `spurs`: waves that go on all along are measured in each frame and taken out, in one pass each.

waves: e^(2πjfn) of each line over a frame, float32, shape (lines, 2, size), real parts first.
"""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast
from cellwarden.model import Interleaved


@fast
def mixed(iq: Interleaved, waves: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Sum of each whole frame times each conjugate wave: shape (frames, lines). iq: shape (n, 2)."""
    lines, _parts, size = waves.shape
    rows = np.empty((len(iq) // size, lines), np.complex64)
    real, imag = np.empty(size, np.float32), np.empty(size, np.float32)
    for row in range(len(rows)):
        for n in range(size):
            real[n] = iq[row * size + n, 0]
            imag[n] = iq[row * size + n, 1]
        for line in range(lines):
            u, v = waves[line, 0], waves[line, 1]
            a, b = np.float32(0.0), np.float32(0.0)
            for n in range(size):
                a += real[n] * u[n] + imag[n] * v[n]
                b += imag[n] * u[n] - real[n] * v[n]
            rows[row, line] = complex(a, b)
    return rows


@fast
def take_out(
    iq: Interleaved, rows: NDArray[np.complex64], waves: NDArray[np.float32], least: float, most: float, whole: bool
) -> None:
    """Subtract in place what each frame holds of each wave, shape (frames, lines), from samples, shape (n, 2).

    Zeros stay zeros; `whole` rounds, and what is left lies within `least` and `most`.
    """
    lines, _parts, size = waves.shape
    real, imag, flat = np.empty(size, np.float32), np.empty(size, np.float32), iq.reshape(-1)
    low, high = np.float32(least), np.float32(most)
    for row in range(len(rows)):
        real[:], imag[:] = 0.0, 0.0
        for line in range(lines):
            u, v = waves[line, 0], waves[line, 1]
            a, b = rows[row, line].real, rows[row, line].imag
            for n in range(size):
                real[n] += a * u[n] - b * v[n]
                imag[n] += a * v[n] + b * u[n]
        frame = flat[2 * row * size : 2 * (row + 1) * size]
        for n in range(size):
            x, y = np.float32(frame[2 * n]), np.float32(frame[2 * n + 1])
            if x != 0 or y != 0:
                x, y = min(max(x - real[n], low), high), min(max(y - imag[n], low), high)
                frame[2 * n], frame[2 * n + 1] = (np.rint(x), np.rint(y)) if whole else (x, y)
