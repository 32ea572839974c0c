"""LTE's loops: short reference sequences at all times and frequencies that a box leaves open, bands, prefixes."""

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


@njit(cache=True, fastmath=True, nogil=True)
def best_stretches(
    power: NDArray[np.float64],
    freedom: int,
    per_block: int,
    numbers: NDArray[np.int64],
    nats: NDArray[np.float64],
    first: NDArray[np.int64],
) -> None:
    """Where a band of each number of blocks has the most evidence: for each, nats and its first subcarrier.

    A subcarrier of power p over the noise (mean of `freedom` values) gives freedom (p' γ/(1 + γ) - ln(1 + γ)) for a
    band γ times as strong as what lies beside it, p' its power over that. power: float64, shape (n,); `numbers`, nats
    and first: of one shape, numbers * per_block <= n.
    """
    n = len(power)
    total = np.zeros(n + 1)
    for i in range(n):
        total[i + 1] = total[i] + power[i]
    strong = 0.0
    for i in range(n - per_block + 1):
        strong = max(strong, total[i + per_block] - total[i])
    strong /= per_block
    level = max(1.0, strong / 200)
    gamma = min(max(strong / level - 1.0, 0.3), 20.0) * 0.7
    slope = freedom / level * gamma / (1 + gamma)
    cost = freedom * np.log1p(gamma)
    for k in range(len(numbers)):
        width = numbers[k] * per_block
        most = -1.0
        first[k] = 0
        for i in range(n - width + 1):
            inside = total[i + width] - total[i]
            if inside > most:
                most = inside
                first[k] = i
        nats[k] = slope * most - cost * width


@njit(cache=True, fastmath=True, nogil=True)
def prefix_likeness(
    y: NDArray[np.complex64],
    lag: int,
    length: int,
    places: NDArray[np.int64],
    offsets: NDArray[np.int64],
    out: NDArray[np.float32],
) -> None:
    """How alike the prefixes of symbols are to the symbols' ends: coherence, 0 to 1, for each place.

    Prefixes of `length` samples begin at each place plus each of `offsets`; what lies outside of y is left out.
    y: complex64, shape (n,); out: float32, shape of places.
    """
    for p in range(len(places)):
        re = np.float32(0)
        im = np.float32(0)
        energy = np.float32(1e-30)
        for offset in offsets:
            low = max(0, places[p] + offset)
            high = min(len(y) - lag, places[p] + offset + length)
            if high <= low:
                continue
            here = y[low:high]
            there = y[low + lag : high + lag]
            for i in range(len(here)):
                a = here[i].real
                b = here[i].imag
                c = there[i].real
                d = there[i].imag
                re += a * c + b * d
                im += b * c - a * d
                energy += 0.5 * (a * a + b * b + c * c + d * d)
        out[p] = np.sqrt(re * re + im * im) / energy


@njit(cache=True, fastmath=True, nogil=True)
def turned(y: NDArray[np.complex64], cycles: float, origin: float, out: NDArray[np.complex64]) -> None:
    """out[n] = y[n] exp(-j 2π cycles (n - origin)). y and out: complex64, shape (n,)."""
    step = np.exp(-2j * np.pi * cycles)
    phasor = 1.0 + 0j
    for first in range(0, len(y), 256):
        whole = cycles * (first - origin)
        phasor = np.exp(-2j * np.pi * (whole - np.floor(whole)))
        for n in range(first, min(first + 256, len(y))):
            a = np.float32(phasor.real)
            b = np.float32(phasor.imag)
            out[n] = complex(y[n].real * a - y[n].imag * b, y[n].real * b + y[n].imag * a)
            phasor *= step


@njit(cache=True, fastmath=True, nogil=True)
def best_pairs(
    beyond: NDArray[np.float64], least: float, best: NDArray[np.float64], group: NDArray[np.int64]
) -> None:
    """Most nats of two reference symbols of one sequence, or of two where that is more, and the first's sequence.

    beyond: float64, shape (2, n, sequences), nats of each; a symbol of less than `least` tells nothing, and two
    sequences cost ln(sequences) more. best: float64, group: int64, shape (n,).
    """
    _, n, count = beyond.shape
    cost = np.log(count)
    for i in range(n):
        same, at = 0.0, 0
        most = np.full(2, -1e300)
        first = 0
        for s in range(count):
            a, b = beyond[0, i, s], beyond[1, i, s]
            if min(a, b) > least and a + b > same:
                same, at = a + b, s
            if a > most[0]:
                most[0], first = a, s
            most[1] = max(most[1], b)
        two = 0.0
        if min(most[0], most[1]) - cost > least:
            two = most[0] + most[1] - cost
        best[i] = max(same, two)
        group[i] = at if same >= two else first
