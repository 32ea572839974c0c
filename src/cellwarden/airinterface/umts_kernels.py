"""Compiled loops of the UMTS recogniser. Chips are counted from 0; there are PHASES samples a chip."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast, put
from cellwarden.model import Interleaved

PHASES = 4
"""Timing hypotheses a chip."""
TINY = np.float32(1e-30)
"""Beside a power, so that nothing is divided by zero."""
SUBSTEPS = 32
"""Tabulated positions of the matched filter within one sample."""


@fast
def framed(iq: Interleaved, starts: NDArray[np.int64], window: NDArray[np.float32], out: NDArray[np.complex64]) -> None:
    """out[f, k] = window[k] iq[starts[f] + k]. iq: int16 or float32, shape (n, 2); out: (frames, len(window))."""
    for f in range(len(starts)):
        for k in range(len(window)):
            at = starts[f] + k
            out[f, k] = complex(window[k] * np.float32(iq[at, 0]), window[k] * np.float32(iq[at, 1]))


@fast
def mean_power(spectrum: NDArray[np.complex64], out: NDArray[np.float64]) -> None:
    """Mean squared magnitude over the rows, the lowest frequency first. spectrum: (rows, bins); out: (bins,)."""
    rows, bins = spectrum.shape
    out[:] = 0
    for r in range(rows):
        row = spectrum[r]
        for k in range(bins):
            out[k] += row[k].real * row[k].real + row[k].imag * row[k].imag
    low = out[: bins // 2].copy()
    put(out[: bins - bins // 2], out[bins // 2 :].copy())
    put(out[bins - bins // 2 :], low)
    out /= rows


@fast
def likeness(excess: NDArray[np.float64], usual: float, shape: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Correlation with a pulse's shape of how filled bins are: e / (e + usual), e the excess or 0.

    Bins go round; shape: float64, odd length; out: float64, shape of excess.
    """
    n, half = len(excess), len(shape) // 2
    filled = np.empty(n + 2 * half)
    for i in range(len(filled)):
        e = max(excess[(i - half) % n], 0.0)
        filled[i] = e / (e + usual)
    for i in range(n):
        part = filled[i : i + len(shape)]
        total = 0.0
        for k in range(len(part)):
            total += part[k] * shape[k]
        out[i] = total


@exact
def eighths(values: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Means of eight equal parts of values, the least first; values: at least eight; out: float64, shape (8,)."""
    for part in range(8):
        first, end = part * len(values) // 8, (part + 1) * len(values) // 8
        total = 0.0
        for i in range(first, end):
            total += values[i]
        out[part] = total / (end - first)
    out.sort()


@fast
def matched(
    re: NDArray[np.float32],
    im: NDArray[np.float32],
    base: float,
    per_chip: float,
    table: NDArray[np.float32],
    out: NDArray[np.complex64],
) -> None:
    """Matched filter at PHASES places a chip.

    out[p, k] = Σ_m y[m] pulse(m - base - (k + p / PHASES) per_chip). re, im: float32, shape (n,), the parts of y;
    table: float32, shape (SUBSTEPS, taps), the pulse at each fraction of a sample; out: complex64, (PHASES, chips).
    """
    phases, chips = out.shape
    taps = table.shape[1]
    half = taps // 2
    for p in range(phases):
        for k in range(chips):
            at = base + (k + p / phases) * per_chip
            fine = int(np.floor(at * SUBSTEPS + 0.5))
            whole = fine // SUBSTEPS
            row = table[fine - whole * SUBSTEPS]
            first = whole - half
            low = max(0, -first)
            high = min(taps, len(re) - first)
            inphase = re[first + low : first + high]
            quadrature = im[first + low : first + high]
            pulse = row[low:high]
            a = np.float32(0)
            b = np.float32(0)
            for i in range(len(pulse)):  # slices, so that it becomes vector instructions
                a += inphase[i] * pulse[i]
                b += quadrature[i] * pulse[i]
            out[p, k] = complex(a, b)


@fast
def pair_turns(z: NDArray[np.complex64], out: NDArray[np.complex64]) -> None:
    """Sums of the squared turns from each chip to the next, apart for even and odd chips, block by block.

    out[b, k & 1] += (z*[k] z[k+1])² / |z[k] z[k+1]|. z: complex64, shape (blocks * n + 1,); out: complex64, shape
    (blocks, 2), is overwritten.
    """
    blocks = out.shape[0]
    n = (len(z) - 1) // blocks
    for b in range(blocks):
        for parity in range(2):
            total = np.complex64(0)
            for k in range(b * n + parity, b * n + n, 2):
                turn = z[k].conjugate() * z[k + 1]
                size = np.sqrt(turn.real * turn.real + turn.imag * turn.imag)
                if size > 0:
                    total += turn * turn / size
            out[b, parity] = total


@fast
def alternating_turns(z: NDArray[np.complex64], out: NDArray[np.complex64]) -> None:
    """Sums of squared turns from each chip to a later one, with a sign that changes from chip to chip, block by block.

    out[b, lag - 1] = Σ_k (-1)^k (z*[k] z[k + lag])² / |z[k] z[k + lag]|. z: complex64, shape (blocks * n + lags,);
    n even; out: complex64, shape (blocks, lags), is overwritten.
    """
    blocks, lags = out.shape
    n = (len(z) - lags) // blocks // 2 * 2
    # Even chips and odd ones apart, real and imaginary parts apart: of complex numbers in a row, with signs that
    # change, the compiler makes no vectors.
    half = (len(z) + 1) // 2
    re, im = np.zeros((2, half), np.float32), np.zeros((2, half), np.float32)
    for parity in range(2):
        every, real, imaginary = z[parity::2], re[parity], im[parity]
        for k in range(len(every)):
            x, y = every[k].real, every[k].imag
            by = np.float32(1) / np.sqrt(x * x + y * y + TINY)  # no branch, so that vectors can be made of it
            real[k] = (x * x - y * y) * by
            imaginary[k] = np.float32(2) * x * y * by
    for b in range(blocks):
        first, count = b * n // 2, n // 2
        for lag in range(1, lags + 1):
            real, imaginary = np.float32(0), np.float32(0)
            for parity in range(2):
                later = first + (parity + lag) // 2
                other = (parity + lag) & 1
                r0, i0 = re[parity, first : first + count], im[parity, first : first + count]
                r1, i1 = re[other, later : later + count], im[other, later : later + count]
                along, across = np.float32(0), np.float32(0)
                for k in range(count):
                    along += r1[k] * r0[k] + i1[k] * i0[k]
                    across += i1[k] * r0[k] - r1[k] * i0[k]
                sign = np.float32(1 - 2 * parity)
                real += sign * along
                imaginary += sign * across
            out[b, lag - 1] = complex(real, imaginary)


@fast
def fourths(z: NDArray[np.complex64], together: int, out: NDArray[np.complex64]) -> float:
    """out[k] = Σ z⁴ / |z|² over `together` chips; returns Σ |z|⁴ over all of them. z: complex64, shape (n,)."""
    energy = 0.0
    for k in range(len(out)):
        total = np.complex64(0)
        for n in range(k * together, (k + 1) * together):
            a, b = z[n].real, z[n].imag
            power = a * a + b * b
            if power > 0:
                re, im = a * a - b * b, 2 * a * b
                total += complex(re * re - im * im, 2 * re * im) / power
                energy += power * power
        out[k] = total
    return energy


@fast
def residue_sums(values: NDArray[np.float32], sign: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """out[o, k % 16] = Σ_k sign[k] values[o + k], summed apart for each remainder of k.

    values: float32, shape (offsets + 16 n - 1,) at least; sign: float32, shape (16 n,); out: float32, (offsets, 16).
    """
    for o in range(out.shape[0]):
        row = out[o]
        row[:] = 0
        for first in range(0, len(sign), 16):
            part = values[o + first : o + first + 16]
            signs = sign[first : first + 16]
            for i in range(16):
                row[i] += part[i] * signs[i]


@exact
def gather(
    values: NDArray[np.float32], place: NDArray[np.int64], sign: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """out[place[k]] += sign[k] values[k]."""
    for k in range(len(place)):
        out[place[k]] += sign[k] * values[k]


@exact
def walsh(values: NDArray[np.float32]) -> None:
    """Walsh–Hadamard transform in place, natural order. values: float32, shape (a power of two,).

    Two stages at once, so that values are read and written half as often.
    """
    n = len(values)
    quarter = 1
    while 4 * quarter <= n:
        for first in range(0, n, 4 * quarter):
            p0 = values[first : first + quarter]
            p1 = values[first + quarter : first + 2 * quarter]
            p2 = values[first + 2 * quarter : first + 3 * quarter]
            p3 = values[first + 3 * quarter : first + 4 * quarter]
            for i in range(quarter):
                a, b, c, d = p0[i] + p1[i], p0[i] - p1[i], p2[i] + p3[i], p2[i] - p3[i]
                p0[i], p1[i], p2[i], p3[i] = a + c, b + d, a - c, b - d
        quarter *= 4
    if quarter < n:
        low, high = values[:quarter], values[quarter:]
        for i in range(quarter):
            a, b = low[i], high[i]
            low[i], high[i] = a + b, a - b


@fast
def _summed(values: NDArray[np.float32], signs: NDArray[np.float32], step: int, out: NDArray[np.float32]) -> None:
    """out[k] += Σ_i signs[i] values[k + i step], one term at a time, so that it becomes vector instructions."""
    for i in range(len(signs)):
        part, sign = values[i * step : i * step + len(out)], signs[i]
        for k in range(len(out)):
            out[k] += sign * part[k]


@fast
def _inner(z: NDArray[np.complex64], inner: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Sums of z times a code from each of the first places on, real and imaginary: float32, shape (2, count)."""
    re, im = np.empty(len(z), np.float32), np.empty(len(z), np.float32)
    for k in range(len(z)):
        re[k], im[k] = z[k].real, z[k].imag
    made = np.zeros((2, count), np.float32)
    _summed(re, inner, 1, made[0])
    _summed(im, inner, 1, made[1])
    return made


@fast
def synchronisation_power(
    z: NDArray[np.complex64], inner: NDArray[np.float32], outer: NDArray[np.float32], out: NDArray[np.float64]
) -> int:
    """Power behind a filter matched to a code of `outer` times `inner`, folded over the slot.

    z: complex64, shape (n,), one sample a chip; inner, outer: float32, ±1; out: float64, shape (slot,), added to.
    Returns how many whole slots were folded.
    """
    width, slot = len(inner), len(out)
    count = max(0, len(z) - width + 1)
    slots = max(0, (count - width * (len(outer) - 1)) // slot)
    first = _inner(z, inner, count)
    whole = np.zeros((2, slots * slot), np.float32)
    _summed(first[0], outer, width, whole[0])
    _summed(first[1], outer, width, whole[1])
    for s in range(slots):
        a, b = whole[0, s * slot : (s + 1) * slot], whole[1, s * slot : (s + 1) * slot]
        for k in range(slot):
            out[k] += a[k] * a[k] + b[k] * b[k]
    return slots


@fast
def cell_power(values: NDArray[np.complex64], out: NDArray[np.float32]) -> None:
    """Sums of the power of neighbours. values: complex64, shape (rows, n cells); out: float32, shape (rows, cells)."""
    rows, cells = out.shape
    wide = values.shape[1] // cells
    for r in range(rows):
        row = values[r]
        for c in range(cells):
            part = row[c * wide : (c + 1) * wide]
            total = np.float32(0)
            for k in range(wide):
                total += part[k].real * part[k].real + part[k].imag * part[k].imag
            out[r, c] = total
