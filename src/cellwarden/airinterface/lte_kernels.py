"""The loop in which LTE's short reference sequences are matched at all times and frequencies that a box leaves open."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, fastmath=True, nogil=True)
def best_parts(
    bands: NDArray[np.complex64],
    real: NDArray[np.float32],
    imaginary: NDArray[np.float32],
    sequences: int,
    out: NDArray[np.float32],
) -> None:
    """Largest part of each band's energy that lies in a sequence, over the delays.

    bands: complex64, shape (n, length); real, imaginary: conjugate sequences of energy 1, float32, shape
    (length, delays * sequences), the sequences of one delay beside each other; out: float32, shape (n, sequences).
    """
    length, columns = real.shape
    re = np.empty(columns, np.float32)
    im = np.empty(columns, np.float32)
    for n in range(len(bands)):
        re[:] = 0
        im[:] = 0
        energy = np.float32(1e-30)
        for k in range(length):
            x = bands[n, k].real
            y = bands[n, k].imag
            energy += x * x + y * y
            for c in range(columns):
                re[c] += x * real[k, c] - y * imaginary[k, c]
                im[c] += x * imaginary[k, c] + y * real[k, c]
        out[n, :] = 0
        for d in range(0, columns, sequences):
            for s in range(sequences):
                power = re[d + s] * re[d + s] + im[d + s] * im[d + s]
                if power > out[n, s]:
                    out[n, s] = power
        for s in range(sequences):
            out[n, s] /= energy
