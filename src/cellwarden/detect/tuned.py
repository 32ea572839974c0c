"""Filters tuned to a carrier each: one channel of the samples as they lie, without mixing them down first.

    Σ h[k] x[c + k] e^(-jω(c + k))  =  e^(-jωc) Σ (h[k] e^(-jωk)) x[c + k]
                                        │          └ taps of the carrier, made once
                                        └ one turn for each output, not for each sample

Real and imaginary parts lie beside each other, and so do the taps: a sum of products of pairs is what machines have an
instruction for, and of 16 bits it takes sixteen at once.

Source: F. Harris, Multirate Signal Processing for Communication Systems (2004) §6.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.core import cgutils as untyped
from numba.extending import intrinsic
from numpy.typing import NDArray

from cellwarden.compiled import fast, put
from cellwarden.detect import vectors
from cellwarden.detect.kernels import phasors
from cellwarden.detect.vectors import INDEX, INTEGERS, LANES, SHORTS, VECTOR
from cellwarden.model import Interleaved

cgutils: Any = untyped
OUTPUTS = 4
"""Made at once: taps are read once for all of them."""
GROUP, HALF = 16, LANES // 2
"""Values that taps are filled up to a multiple of, zeros behind them; and taps that are left out together, if zero."""
MOST = 2.0**31 / 2**15 / np.sqrt(2.0)
"""Largest sum of the magnitudes of 16-bit taps: sums of their products with 16-bit samples are held by 32 bits."""

LARGEST = 2.0**15 - 1
"""16-bit tap."""


class Bank(NamedTuple):
    """Filters of some carriers."""

    taps: NDArray[Any]
    """Of the samples' type, shape (carriers, 2, 2 length): what makes real parts, and what makes imaginary ones."""
    unit: float
    """By which sums are multiplied."""
    before: int
    """Samples of a filter before its middle."""
    zeros: int
    """Of these, those with taps of zero, which are left out."""


def bank(turns: NDArray[np.float64], taps: NDArray[np.float32], dtype: Any) -> Bank:
    """Filters of the carriers that turn by so many cycles a sample, of samples of 16 bits or float32.

    turns: shape (carriers,); taps: of the filter at zero, shape (n,). Rounded to 16 bits, of which some ten are left
    for the largest, taps of a narrow channel stop what lies outside of it by 78 dB at least.
    """
    some = np.flatnonzero(taps)
    first = int(some[0]) // HALF * HALF
    length = -(-(int(some[-1]) + 1 - first) // (GROUP // 2)) * (GROUP // 2)
    low_pass = np.zeros(first + length)
    low_pass[: min(len(taps), first + length)] = taps[: first + length]
    waves = (low_pass * np.exp(-2j * np.pi * turns[:, None] * np.arange(first + length)))[:, first:]
    made = np.empty((len(turns), 2, 2 * length))
    made[:, 0, 0::2], made[:, 0, 1::2] = waves.real, -waves.imag
    made[:, 1, 0::2], made[:, 1, 1::2] = waves.imag, waves.real
    if dtype != np.int16:
        return Bank(made.astype(np.float32), 1.0, len(taps) // 2, first)
    sizes = np.abs(taps.astype(np.float64))
    unit = max(float(np.sum(sizes)) / (MOST - len(taps)), float(np.max(sizes)) / LARGEST)
    return Bank(np.rint(made / unit).astype(np.int16), unit, len(taps) // 2, first)


def _write_sums(
    typing: Any, samples: Any, at: Any, step: Any, taps: Any, row: Any, count: Any, out: Any, to: Any
) -> Any:
    """OUTPUTS complex sums of products, of samples from value `at` on, and `step` values further each.

    taps: `count` values that make real parts from value `row` on, then as many that make imaginary ones.
    """

    def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        data, at, step, taps, row, count, out, to = vectors.opened(context, b, kinds, given)
        short = isinstance(samples.dtype, types.Integer)
        kind, total = (SHORTS, INTEGERS) if short else (VECTOR, VECTOR)
        held = vectors.places(b, 2 * OUTPUTS, total)
        with cgutils.for_range(b, b.sdiv(count, INDEX(kind.count))) as loop:
            k = b.mul(loop.index, INDEX(kind.count))
            by = [vectors.load(b, taps, b.add(b.add(row, k), far), kind) for far in (INDEX(0), count)]
            for i in range(OUTPUTS):
                x = vectors.load(b, data, b.add(b.add(at, b.mul(step, INDEX(i))), k), kind)
                for part, tap in enumerate(by):
                    vectors.add(b, held[2 * i + part], x, tap)
        sums = vectors.totals(b, [b.load(place) for place in held])
        vectors.store(b, vectors.as_floats(b, sums), out, to)
        return context.get_dummy_value()

    kinds = samples, types.int64, types.int64, taps, types.int64, types.int64, out, types.int64
    return types.void(*kinds), written


_sums: Any = intrinsic(_write_sums)


@fast
def tuned(
    iq: Interleaved, start: int, turn: float, carrier: int, bank: Bank, step: int, out: NDArray[np.float32]
) -> None:
    """One carrier, mixed down, filtered, and every `step`-th sample kept: what `kernels.decimate` makes, but for scale.

    iq: int16 or float32, shape (n, 2), nothing outside; start: sample of the first output; turn: the carrier's cycles a
    sample, and `carrier` its number in the bank; out: float32, shape (2, m), real and imaginary parts.
    """
    count, width = out.shape[1], bank.taps.shape[2]
    whole = -(-count // OUTPUTS) * OUTPUTS
    low = start - bank.before + bank.zeros
    end = low + (whole - 1) * step + width // 2
    flat, taps = iq.reshape(-1), bank.taps.reshape(-1)
    if low < 0 or end > len(iq):
        part = np.zeros(2 * (end - low), iq.dtype)
        first, last = max(0, low), min(len(iq), end)
        if last > first:
            put(part[2 * (first - low) : 2 * (last - low)], flat[2 * first : 2 * last])
        flat, low = part, 0
    made = np.empty(2 * whole, np.float32)
    for m in range(0, whole, OUTPUTS):
        _sums(flat, 2 * (low + m * step), 2 * step, taps, 2 * carrier * width, width, made, 2 * m)
    wave = phasors(turn * step, bank.unit, count)
    angle = 2 * np.pi * turn * bank.before
    along, across = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    re, im, cosine, sine = out[0], out[1], wave[0], wave[1]
    for m in range(count):
        c, s = cosine[m] * along - sine[m] * across, cosine[m] * across + sine[m] * along
        re[m] = made[2 * m] * c - made[2 * m + 1] * s
        im[m] = made[2 * m] * s + made[2 * m + 1] * c
