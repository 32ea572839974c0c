"""LTE's loops over reference sequences: how much of a band's energy each explains, and what that says."""

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
def beyond_chance(
    parts: NDArray[np.float32], freedom: int, chance: float, most: float, out: NDArray[np.float64]
) -> None:
    """Nats of parts of the energy in a sequence beyond what chance gives, 0 to `most` each, summed over symbols.

    -freedom ln(1 - F) - chance; parts: float32, shape (symbols, n, sequences); out: float64, shape (n, sequences).
    """
    out[:] = 0
    least = np.float32(-np.expm1(-chance / freedom))
    for s in range(len(parts)):
        for n in range(len(out)):
            for g in range(out.shape[1]):
                if parts[s, n, g] > least:
                    nats = -freedom * np.log1p(-min(np.float64(parts[s, n, g]), 0.9999)) - chance
                    out[n, g] += min(nats, most)


@fast
def conjugate_products(
    bands: NDArray[np.complex64],
    sequences: NDArray[np.complex64],
    which: NDArray[np.int64],
    out: NDArray[np.complex64],
) -> None:
    """Each band times each chosen sequence, zeros behind: out[n * chosen + c, k] = bands[n, k] sequences[which[c], k].

    bands: complex64, shape (n, length); sequences: (m, length); out: (n * chosen, length or more).
    """
    length = bands.shape[1]
    for n in range(len(bands)):
        band = bands[n]
        for c in range(len(which)):
            row, sent = out[n * len(which) + c], sequences[which[c]]
            for k in range(length):
                a, b = band[k], sent[k]
                row[k] = complex(a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real)
            row[length:] = 0


@fast
def largest_parts(
    bands: NDArray[np.complex64], delays: NDArray[np.complex64], which: NDArray[np.int64], out: NDArray[np.float64]
) -> None:
    """Of each band the largest part of its energy over the delays, for the chosen sequences; the others keep theirs.

    bands: complex64, shape (n, length); delays: transforms of `conjugate_products`, shape (n * chosen, size); out:
    float64, shape (n, sequences).
    """
    for n in range(len(bands)):
        band, energy = bands[n], np.float32(0)
        for k in range(len(band)):
            energy += band[k].real * band[k].real + band[k].imag * band[k].imag
        for c in range(len(which)):
            row, most = delays[n * len(which) + c], np.float32(0)
            for d in range(len(row)):
                most = max(most, row[d].real * row[d].real + row[d].imag * row[d].imag)
            out[n, which[c]] = most / max(np.float64(energy) * len(band), 1e-30)


@fast
def explained_parts(
    bands: NDArray[np.complex64], parts: NDArray[np.float64], noise: float, out: NDArray[np.float64]
) -> None:
    """The part of the energy above the noise that sequences explain, in the worse of two symbols.

    bands: complex64, shape (2, n, length); parts: of the energy with the noise, float64, shape (2, n); noise: power in
    a subcarrier; out: float64, shape (n,).
    """
    for n in range(len(out)):
        out[n] = np.inf
        for s in range(2):
            band, energy = bands[s, n], np.float32(0)
            for k in range(len(band)):
                energy += band[k].real * band[k].real + band[k].imag * band[k].imag
            mean = np.float64(energy) / len(band)
            out[n] = min(out[n], min(parts[s, n], 0.9999) * mean / max(mean - noise, 0.05 * mean))


@fast
def tone_powers(
    bands: NDArray[np.complex64], real: NDArray[np.float32], imaginary: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """|Σ_k b[k] b*[k + 1] r[k, s]|² of each band. bands: complex64, shape (n, length); real, imaginary: of r, float32,
    shape (length - 1, sequences); out: float32, shape (n, sequences).
    """
    count = real.shape[1]
    re, im = np.empty(count, np.float32), np.empty(count, np.float32)
    for n in range(len(bands)):
        re[:] = 0
        im[:] = 0
        for k in range(len(real)):
            one, other = bands[n, k], bands[n, k + 1]
            a = one.real * other.real + one.imag * other.imag
            b = one.imag * other.real - one.real * other.imag
            c, d = real[k], imaginary[k]
            for s in range(count):
                re[s] += a * c[s] - b * d[s]
                im[s] += a * d[s] + b * c[s]
        for s in range(count):
            out[n, s] = re[s] * re[s] + im[s] * im[s]


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
