"""The loop of the DECT recogniser. Its plain numpy twin is in the tests."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast


@fast
def best_field(
    y: NDArray[np.complex64],
    first: int,
    end: int,
    step: int,
    waves: NDArray[np.complex64],
    turns: NDArray[np.float64],
) -> tuple[int, int, int, float]:
    """Where, of which waveform and at which turn a known field explains most of the energy of every second sample.

    share = |sum y[t + 2 k] waves[w, k] exp(-2 pi j turns[c] k)|² / sum |y[t + 2 k]|², for t from `first` to `end` by
    `step`; energies below a twentieth of the largest count as that much. waves: conjugate, energy 1; turns: cycles.
    Returns t, w, c and the share. Two neighbours are summed before they are turned: turns are small.
    """
    length = waves.shape[1]
    pairs = length // 2
    phasors = np.empty((len(turns), pairs), np.complex64)
    for c in range(len(turns)):
        for k in range(pairs):
            phasors[c, k] = np.exp(-2j * np.pi * turns[c] * (2 * k + 0.5))
    count = (end - first + step - 1) // step
    energies = np.zeros(count, np.float64)
    for i in range(count):
        for k in range(length):
            value = y[first + i * step + 2 * k]
            energies[i] += value.real**2 + value.imag**2
    least = 0.05 * np.max(energies) + 1e-30
    sums = np.empty(pairs, np.complex64)
    best = (first, 0, 0, -1.0)
    for i in range(count):
        start = first + i * step
        energy = max(energies[i], least)
        for w in range(len(waves)):
            for k in range(pairs):
                at = start + 4 * k
                sums[k] = y[at] * waves[w, 2 * k] + y[at + 2] * waves[w, 2 * k + 1]
            for c in range(len(turns)):
                re = np.float32(0)
                im = np.float32(0)
                for k in range(pairs):
                    a = sums[k]
                    b = phasors[c, k]
                    re += a.real * b.real - a.imag * b.imag
                    im += a.real * b.imag + a.imag * b.real
                share = (re * re + im * im) / energy
                if share > best[3]:
                    best = (start, w, c, share)
    return best
