"""Filters, as products of taps with samples that follow each other, eight at a time.

A plain loop over so few values spends as long on its beginning and its end as on its sums.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils as untyped
from numba.extending import intrinsic

from cellwarden.detect import vectors
from cellwarden.detect.vectors import FUSED, INDEX, LANES, VECTOR

cgutils: Any = untyped
AT_ONCE = 4
"""Sums side by side: the next one need not wait for the last."""


def _write_dots(typing: Any, real: Any, imaginary: Any, at: Any, taps: Any, count: Any, out: Any, to: Any) -> Any:
    """out[to] = Σ taps[k] (real[at + k] + j imaginary[at + k]) for k < count, a multiple of LANES; out: complex64."""

    def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        re, im, at, taps, count, out, to = vectors.opened(context, b, kinds, given)
        nothing = ir.Constant(VECTOR, [0.0] * LANES)
        sums = [[cgutils.alloca_once_value(b, nothing) for _ in range(AT_ONCE)] for _part in range(2)]

        def added(place: Any, i: int) -> None:
            tap, there = vectors.load(b, taps, place), b.add(at, place)
            for held, data in zip(sums, (re, im), strict=True):
                b.store(b.fadd(b.load(held[i]), b.fmul(tap, vectors.load(b, data, there), FUSED), FUSED), held[i])

        whole = b.sdiv(count, INDEX(AT_ONCE * LANES))
        with cgutils.for_range(b, whole) as loop:
            for i in range(AT_ONCE):
                added(b.add(b.mul(loop.index, INDEX(AT_ONCE * LANES)), INDEX(i * LANES)), i)
        done = b.mul(whole, INDEX(AT_ONCE * LANES))
        with cgutils.for_range(b, b.sdiv(b.sub(count, done), INDEX(LANES))) as loop:
            added(b.add(done, b.mul(loop.index, INDEX(LANES))), 0)
        totals = []
        for held in sums:
            a, c, d, e = (b.load(one) for one in held)
            totals.append(b.fadd(b.fadd(a, c, FUSED), b.fadd(d, e, FUSED), FUSED))
        values = b.bitcast(out, vectors.FLOAT.as_pointer())
        for part, total in enumerate(vectors.summed(b, *totals)):
            b.store(total, b.gep(values, [b.add(b.mul(to, INDEX(2)), INDEX(part))]))
        return context.get_dummy_value()

    kinds = real, imaginary, types.int64, taps, types.int64, out, types.int64
    return types.void(*kinds), written


dots: Any = intrinsic(_write_dots)
