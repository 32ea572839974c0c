"""Compiled loops of the receiver for Gaussian frequency shift keying."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast


@fast
def block_decisions(
    y: NDArray[np.complex64], waves: NDArray[np.complex64], middle: NDArray[np.uint8], out: NDArray[np.float32]
) -> None:
    """For a block of symbols that begins at each sample, how much better a 1 in its middle fits than a 0.

    y: complex64; waves: complex64, shape (hypotheses, L), conjugated; middle: uint8, shape (hypotheses,), the middle
    bit of each; out: float32, shape (len(y) - L + 1,): the largest |Σ y w| of a 1 less that of a 0.
    """
    length = waves.shape[1]
    for n in range(len(out)):
        one = np.float32(0)
        nought = np.float32(0)
        for h in range(waves.shape[0]):
            re = np.float32(0)
            im = np.float32(0)
            for i in range(length):
                a = y[n + i]
                b = waves[h, i]
                re += a.real * b.real - a.imag * b.imag
                im += a.real * b.imag + a.imag * b.real
            fit = re * re + im * im
            if middle[h]:
                one = max(one, fit)
            else:
                nought = max(nought, fit)
        out[n] = np.sqrt(one) - np.sqrt(nought)


@fast
def echo_products(
    y: NDArray[np.complex64],
    wave: NDArray[np.complex128],
    shifts: NDArray[np.int64],
    overlap: NDArray[np.complex128],
    met: NDArray[np.complex128],
) -> None:
    """Products of a wave's copies, turned around by `shifts` samples, with each other and with y.

    overlap[a, b] = Σ conj(w[n - s_a]) w[n - s_b], met[a] = Σ conj(w[n - s_a]) y[n], indices modulo the length. y, wave:
    shape (n,); overlap: shape (copies, copies), met: shape (copies,), out. No shift is longer than y.
    """
    n = len(wave)
    copies = np.empty((len(shifts), n), np.complex128)
    for a in range(len(shifts)):
        shift = shifts[a] % n
        copies[a, shift:] = wave[: n - shift]
        copies[a, :shift] = wave[n - shift :]
    for a in range(len(shifts)):
        one = copies[a]
        re = 0.0
        im = 0.0
        for i in range(n):
            re += one[i].real * y[i].real + one[i].imag * y[i].imag
            im += one[i].real * y[i].imag - one[i].imag * y[i].real
        met[a] = complex(re, im)
        for b in range(a, len(shifts)):
            other = copies[b]
            re = 0.0
            im = 0.0
            for i in range(n):
                re += one[i].real * other[i].real + one[i].imag * other[i].imag
                im += one[i].real * other[i].imag - one[i].imag * other[i].real
            overlap[a, b] = complex(re, im)
            overlap[b, a] = complex(re, -im)
