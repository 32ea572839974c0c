"""From samples of one GSM channel to symbols, compiled. Symbols are counted from 0 at the base time of a window.

samples ► matched filter at each symbol's middle ► turned back by a carrier ► equalised
"""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast, put
from cellwarden.detect.dots import picked
from cellwarden.detect.kernels import phasors
from cellwarden.detect.vectors import LANES

Parts = NDArray[np.float32]
"""Complex samples or symbols as real and imaginary parts, shape (2, n): of these alone do compilers make vectors."""
SUBSTEP_BITS = 5
SUBSTEPS = 1 << SUBSTEP_BITS
"""Tabulated positions of the matched filter within one sample."""
UNIT_BITS = 16
"""Places are counted in parts of a sample, 2 to this power."""
QUARTER = np.pi / 2
"""By which GMSK turns from symbol to symbol, seen as antipodal ones (TS 45.004 §2.3)."""


@fast
def parts(y: NDArray[np.complex64]) -> Parts:
    """Real and imaginary parts of complex64, shape (n,)."""
    made = np.empty((2, len(y)), np.float32)
    re, im = made[0], made[1]
    for i in range(len(y)):
        re[i] = y[i].real
        im[i] = y[i].imag
    return made


@fast
def power(y: Parts, scale: float) -> NDArray[np.float32]:
    """scale · |y|²: float32, shape (n,)."""
    re, im, by = y[0], y[1], np.float32(scale)
    out = np.empty(len(re), np.float32)
    for i in range(len(re)):
        out[i] = by * (re[i] * re[i] + im[i] * im[i])
    return out


@fast
def limited(y: Parts, first: int, end: int, most: float) -> Parts:
    """Samples from `first` to before `end`, their magnitude limited.

    GMSK has none to lose; a few pulses must not pass for a whole sequence.
    """
    a, b, top = y[0, first:end], y[1, first:end], np.float32(most * most + 1e-30)
    out = np.empty((2, len(a)), np.float32)
    re, im = out[0], out[1]
    for i in range(len(re)):  # without a branch, so that vectors can be made of it
        by = np.sqrt(top / max(top, a[i] * a[i] + b[i] * b[i]))
        re[i] = a[i] * by
        im[i] = b[i] * by
    return out


@fast
def cut(y: Parts, first: int, end: int) -> Parts:
    """Samples or symbols from `first` to before `end`, side by side in memory, as vectors are made of.

    A slice of both rows is none such: of what it holds compilers know no more than that it lies somewhere.
    """
    out = np.empty((2, end - first), np.float32)
    for row in range(2):
        put(out[row], y[row, first:end])
    return out


@fast
def turn(y: Parts, first: int, end: int) -> float:
    """Mean frequency from `first` to before `end`, cycles a sample: the phase of Σ y[n + 1] conj(y[n])."""
    end = min(end, y.shape[1])
    re = np.float32(0)
    im = np.float32(0)
    a, b, c, d = y[0, first + 1 : end], y[1, first + 1 : end], y[0, first : end - 1], y[1, first : end - 1]
    for n in range(len(c)):
        re += a[n] * c[n] + b[n] * d[n]
        im += b[n] * c[n] - a[n] * d[n]
    return np.arctan2(im, re) / (2 * np.pi)


@fast
def turning(turn: float, count: int) -> Parts:
    """exp(-j turn k) for k < count."""
    return phasors(turn / (2 * np.pi), 1.0, count)


@fast
def spin(z: Parts, wave: Parts, phase: complex) -> None:
    """z · wave · conj(phase), in place; wave: as from `turning`."""
    re, im, c, s = z[0], z[1], wave[0], wave[1]
    x, y = np.float32(phase.real), np.float32(-phase.imag)
    for k in range(len(re)):
        a = c[k] * x - s[k] * y
        b = c[k] * y + s[k] * x
        along = re[k] * a - im[k] * b
        im[k] = re[k] * b + im[k] * a
        re[k] = along


@fast
def filtered(y: Parts, base: float, per_symbol: float, table: NDArray[np.float32], out: Parts) -> None:
    """Matched filter at the middle of each symbol: out[k] = Σ_m y[m] c0(m - base - (k + 1/2) per_symbol).

    base: sample index of the beginning of symbol 0; table: float32, shape (SUBSTEPS + 1, taps), the pulse at each
    fraction of a sample; outside, y is zero.
    """
    taps = table.shape[1]
    flat = table.reshape(-1)
    re_in, im_in, re_out, im_out = y[0], y[1], out[0], out[1]
    unit, substep = 1 << UNIT_BITS, UNIT_BITS - SUBSTEP_BITS
    at = np.int64(np.floor((base + 0.5 * per_symbol - taps // 2) * unit)) + (1 << substep - 1)
    step = np.int64(per_symbol * unit + 0.5)
    whole = 0  # symbols whose samples are all there
    if taps % LANES == 0 and at >= 0:
        whole = max(0, min(len(re_out), ((len(re_in) - taps) * unit - at) // step + 1)) // 4 * 4
    mask = unit - 1
    for k in range(0, whole, 4):
        p0, p1, p2, p3 = at + k * step, at + (k + 1) * step, at + (k + 2) * step, at + (k + 3) * step
        places = (p0 >> UNIT_BITS, p1 >> UNIT_BITS, p2 >> UNIT_BITS, p3 >> UNIT_BITS)
        r0, r1, r2, r3 = (p0 & mask) >> substep, (p1 & mask) >> substep, (p2 & mask) >> substep, (p3 & mask) >> substep
        picked(y, len(re_in), places, flat, (r0 * taps, r1 * taps, r2 * taps, r3 * taps), taps, out, k, len(re_out))
    for k in range(whole, len(re_out)):
        position = int(at + k * step)
        first = position >> UNIT_BITS
        row = (position & mask) >> substep
        low = max(0, -first)
        high = max(low, min(taps, len(re_in) - first))
        pulse = flat[row * taps + low : row * taps + high]
        a, b = re_in[first + low : first + high], im_in[first + low : first + high]
        re = np.float32(0)
        im = np.float32(0)
        for m in range(len(pulse)):
            re += pulse[m] * a[m]
            im += pulse[m] * b[m]
        re_out[k] = re
        im_out[k] = im


@fast
def matched(
    y: Parts, base: float, per_symbol: float, table: NDArray[np.float32], turn: float, out: NDArray[np.complex64]
) -> None:
    """`filtered`, turned back by `turn` radians a symbol; out: complex64, shape (n,)."""
    z = np.empty((2, len(out)), np.float32)
    filtered(y, base, per_symbol, table, z)
    spin(z, turning(turn, len(out)), 1.0 + 0.0j)
    for k in range(len(out)):
        out[k] = complex(z[0, k], z[1, k])


@fast
def equalise(z: Parts, weights: NDArray[np.complex64], out: Parts) -> None:
    """out[k] = Σ_i weights[i] z[k + i - half]; outside, z is zero. weights: complex64, of odd length."""
    half, n = len(weights) // 2, z.shape[1]
    re, im = out[0], out[1]
    for k in range(n):
        re[k] = 0
        im[k] = 0
    for i in range(len(weights)):
        first, end = max(0, half - i), min(n, n + half - i)
        a, b = z[0, first + i - half : end + i - half], z[1, first + i - half : end + i - half]
        x, y, to_re, to_im = weights[i].real, weights[i].imag, re[first:end], im[first:end]
        for k in range(len(a)):
            to_re[k] += x * a[k] - y * b[k]
            to_im[k] += x * b[k] + y * a[k]


@fast
def window(
    y: Parts,
    base: float,
    per_symbol: float,
    table: NDArray[np.float32],
    turn: float,
    weights: NDArray[np.complex64],
    z: NDArray[np.complex64],
    e: NDArray[np.complex64],
) -> None:
    """Symbols of a window at several timings, as matched (z) and as equalised (e).

    z, e: complex64, shape (timings, K); the rest as in `matched`.
    """
    wave = turning(turn, z.shape[1])
    one = np.empty((2, z.shape[1]), np.float32)
    even = np.empty_like(one)
    for phase in range(len(e)):
        filtered(y, base + phase / len(e) * per_symbol, per_symbol, table, one)
        spin(one, wave, 1.0 + 0.0j)
        equalise(one, weights, even)
        for k in range(z.shape[1]):
            z[phase, k] = complex(one[0, k], one[1, k])
            e[phase, k] = complex(even[0, k], even[1, k])


@fast
def total(z: Parts) -> complex:
    """Sum of all."""
    re, im, a, b = np.float32(0), np.float32(0), z[0], z[1]
    for k in range(len(a)):
        re += a[k]
        im += b[k]
    return complex(re, im)


@fast
def line_share(y: Parts, first: int, end: int, reach: float) -> float:
    """Part of the power from `first` to before `end` that lies in one spectral line, up to `reach` cycles a sample."""
    first, end = max(first, 0), min(end, y.shape[1])
    if end <= first:
        return 1.0
    part = cut(y, first, end)
    n = end - first
    energy = np.float32(1e-30)
    for k in range(n):
        energy += part[0, k] * part[0, k] + part[1, k] * part[1, k]
    bins = int(2 * n * reach)
    spin(part, turning(-np.pi * bins / n, n), 1.0 + 0.0j)
    wave = turning(np.pi / n, n)
    most = 0.0
    for _ in range(2 * bins + 1):
        line = total(part)
        most = max(most, (line * np.conj(line)).real)
        spin(part, wave, 1.0 + 0.0j)
    return most / (n * float(energy))


@fast
def squares_lines(y: Parts, first: int, end: int, turn: float, apart: float) -> tuple[float, float]:
    """Power of two lines in the squares of samples `first` to before `end`: at turn ± apart radians a sample."""
    a, b = y[0, first:end], y[1, first:end]
    part = np.empty((2, len(a)), np.float32)
    re, im = part[0], part[1]
    for k in range(len(a)):
        re[k] = a[k] * a[k] - b[k] * b[k]
        im[k] = 2 * a[k] * b[k]
    spin(part, turning(turn + apart, len(a)), 1.0 + 0.0j)
    upper = total(part)
    spin(part, turning(-2 * apart, len(a)), 1.0 + 0.0j)
    lower = total(part)
    return line_power(upper), line_power(lower)


@fast
def line_power(line: complex) -> float:
    """Of 64 bits: lines of loud samples of 16 bits have powers of 10²⁰, whose product 32 bits do not hold."""
    return np.float64(line.real) ** 2 + np.float64(line.imag) ** 2
