"""LTE's loops: short reference sequences at all times and frequencies that a box leaves open, bands, prefixes."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast


@fast
def best_parts(
    bands: NDArray[np.complex64],
    real: NDArray[np.float32],
    imaginary: NDArray[np.float32],
    sequences: int,
    out: NDArray[np.float32],
) -> None:
    """Largest part of each band's energy that lies in a sequence, over the delays.

    bands: complex64, shape (n, length), length a multiple of 4; real, imaginary: conjugate sequences of energy 1,
    float32, shape (length, delays * sequences), the sequences of one delay beside each other; out: float32, shape
    (n, sequences).
    """
    length, columns = real.shape
    re = np.empty(columns, np.float32)
    im = np.empty(columns, np.float32)
    for n in range(len(bands)):
        re[:] = 0
        im[:] = 0
        energy = np.float32(1e-30)
        for k in range(0, length, 4):  # four at once: sums are written a quarter as often
            x0, x1, x2, x3 = bands[n, k].real, bands[n, k + 1].real, bands[n, k + 2].real, bands[n, k + 3].real
            y0, y1, y2, y3 = bands[n, k].imag, bands[n, k + 1].imag, bands[n, k + 2].imag, bands[n, k + 3].imag
            energy += x0 * x0 + y0 * y0 + x1 * x1 + y1 * y1 + x2 * x2 + y2 * y2 + x3 * x3 + y3 * y3
            a0, a1, a2, a3 = real[k], real[k + 1], real[k + 2], real[k + 3]
            b0, b1, b2, b3 = imaginary[k], imaginary[k + 1], imaginary[k + 2], imaginary[k + 3]
            for c in range(columns):
                re[c] += (x0 * a0[c] - y0 * b0[c] + x1 * a1[c] - y1 * b1[c]) + (
                    x2 * a2[c] - y2 * b2[c] + x3 * a3[c] - y3 * b3[c]
                )
                im[c] += (x0 * b0[c] + y0 * a0[c] + x1 * b1[c] + y1 * a1[c]) + (
                    x2 * b2[c] + y2 * a2[c] + x3 * b3[c] + y3 * a3[c]
                )
        best = out[n]
        best[:] = 0
        for d in range(0, columns, sequences):
            parts, others = re[d : d + sequences], im[d : d + sequences]
            for s in range(sequences):
                best[s] = max(best[s], parts[s] * parts[s] + others[s] * others[s])
        for s in range(sequences):
            best[s] /= energy


@fast
def tones(
    products: NDArray[np.complex64],
    turns: NDArray[np.float64],
    starts: NDArray[np.int64],
    length: int,
    out: NDArray[np.float64],
) -> None:
    """Strengths of tones in stretches of products, mean 1 each by chance, summed over rows.

    out[p, t] = Σ_rows |Σ_k y[k] exp(j turns[t] k)|² / Σ_k |y[k]|² over the `length` products from starts[p] on.
    products: complex64, shape (rows, n); out: float64, shape (places, turns).
    """
    rows, n = products.shape
    sums = np.zeros(n + 1, np.complex128)
    powers = np.zeros(n + 1)
    out[:] = 0
    for r in range(rows):
        row = products[r]
        for k in range(n):
            powers[k + 1] = powers[k] + row[k].real * row[k].real + row[k].imag * row[k].imag
        for t in range(len(turns)):
            step = np.exp(1j * turns[t])
            phasor = 1.0 + 0j
            for k in range(n):
                sums[k + 1] = sums[k] + row[k] * phasor
                phasor *= step
            for p in range(len(starts)):
                low, end = starts[p], starts[p] + length
                whole = sums[end] - sums[low]
                power = max(powers[end] - powers[low], 1e-30)
                out[p, t] += (whole.real * whole.real + whole.imag * whole.imag) / power


@fast
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


@fast
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


@fast
def slot_power(y: NDArray[np.complex64], lag: int, slot: int, out: NDArray[np.float64]) -> None:
    """Sum over each slot of the mean power of what lies `lag` apart. y: complex64; out: float64, shape (slots,)."""
    for n in range(len(out)):
        here, there = y[n * slot : (n + 1) * slot], y[n * slot + lag : (n + 1) * slot + lag]
        total = np.float32(0)
        for i in range(slot):
            a, b, c, d = here[i].real, here[i].imag, there[i].real, there[i].imag
            total += a * a + b * b + c * c + d * d
        out[n] = 0.5 * total


@fast
def folded_prefixes(
    y: NDArray[np.complex64],
    lag: int,
    slots: NDArray[np.int64],
    alike: NDArray[np.complex128],
    power: NDArray[np.float64],
) -> None:
    """Add y[n] y*[n + lag] and the mean power of both, of some slots, laid upon each other.

    y: complex64, shape (n,); alike: complex128, power: float64, shape (samples of a slot,).
    """
    length = len(power)
    for slot in slots:
        here, there = y[slot * length : (slot + 1) * length], y[slot * length + lag : (slot + 1) * length + lag]
        for i in range(length):
            a, b, c, d = here[i].real, here[i].imag, there[i].real, there[i].imag
            alike[i] += complex(a * c + b * d, b * c - a * d)
            power[i] += np.float32(0.5) * (a * a + b * b + c * c + d * d)


@fast
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


@fast
def best_pairs(beyond: NDArray[np.float64], least: float, best: NDArray[np.float64], group: NDArray[np.int64]) -> None:
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
