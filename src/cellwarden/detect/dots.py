"""Sums of some tens of products, eight at a time: filters, sequences, and turns.

A plain loop over so few values spends as long on its beginning and its end as on its sums.
"""

from typing import Any

from numba import types
from numba.core import cgutils as untyped
from numba.extending import intrinsic

from cellwarden.detect import vectors
from cellwarden.detect.vectors import FUSED, INDEX, LANES

cgutils: Any = untyped
AT_ONCE = 4
"""Sums side by side: the next one need not wait for the last."""
PLACES = 2 * LANES
"""Of a sequence, looked at together."""


def _write_dots(typing: Any, real: Any, imaginary: Any, at: Any, taps: Any, count: Any, out: Any, to: Any) -> Any:
    """out[to] = Σ taps[k] (real[at + k] + j imaginary[at + k]) for k < count, a multiple of LANES; out: complex64."""

    def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        re, im, at, taps, count, out, to = vectors.opened(context, b, kinds, given)
        sums = [vectors.places(b, AT_ONCE) for _part in range(2)]

        def added(place: Any, i: int) -> None:
            tap, there = vectors.load(b, taps, place), b.add(at, place)
            for held, data in zip(sums, (re, im), strict=True):
                vectors.add(b, held[i], tap, vectors.load(b, data, there))

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


def _write_slid(typing: Any, values: Any, known: Any, row: Any, count: Any, out: Any) -> Any:
    """out[n] = Σ known[row + i] values[n + i] for i < count, n < PLACES, of as many values as that takes."""

    def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        data, known, row, count, out = vectors.opened(context, b, kinds, given)
        held = vectors.places(b, PLACES // LANES)
        with cgutils.for_range(b, count) as loop:
            sign = vectors.filled(b, known, b.add(row, loop.index))
            for i, place in enumerate(held):
                vectors.add(b, place, sign, vectors.load(b, data, b.add(loop.index, INDEX(i * LANES))))
        for i, place in enumerate(held):
            vectors.store(b, b.load(place), out, INDEX(i * LANES))
        return context.get_dummy_value()

    kinds = values, known, types.int64, types.int64, out
    return types.void(*kinds), written


def _write_crossed(typing: Any, x: Any, wave: Any, count: Any, out: Any) -> Any:
    """Products of four rows with two, all of `count` values: a multiple of LANES, and all that each row has.

    out[n] = Σ x[n, k] wave[0, k], and out[4 + n] = Σ x[n, k] wave[1, k].
    """

    def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        data, wave, count, out = vectors.opened(context, b, kinds, given)
        held = vectors.places(b, LANES)
        with cgutils.for_range(b, b.sdiv(count, INDEX(LANES))) as loop:
            k = b.mul(loop.index, INDEX(LANES))
            rows = [vectors.load(b, data, b.add(k, b.mul(count, INDEX(n)))) for n in range(4)]
            for i in range(2):
                by = vectors.load(b, wave, b.add(k, b.mul(count, INDEX(i))))
                for n, row in enumerate(rows):
                    vectors.add(b, held[4 * i + n], row, by)
        vectors.store(b, vectors.totals(b, [b.load(place) for place in held]), out, INDEX(0))
        return context.get_dummy_value()

    kinds = x, wave, types.int64, out
    return types.void(*kinds), written


def _write_picked(
    typing: Any, y: Any, plane: Any, at: Any, table: Any, row: Any, count: Any, out: Any, to: Any, far: Any
) -> Any:
    """Four filters, each at a place of its own: out[to + n] = Σ table[row[n] + i] y[at[n] + i] for i < count.

    out[to + far + n]: the same of what lies `plane` values behind, the imaginary parts. count: a multiple of LANES.
    """

    def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        data, plane, at, table, row, count, out, to, far = vectors.opened(context, b, kinds, given)
        held = vectors.places(b, LANES)
        places = [(b.extract_value(at, n), b.extract_value(row, n)) for n in range(4)]
        with cgutils.for_range(b, b.sdiv(count, INDEX(LANES))) as loop:
            k = b.mul(loop.index, INDEX(LANES))
            for n, (first, begin) in enumerate(places):
                tap, there = vectors.load(b, table, b.add(begin, k)), b.add(first, k)
                vectors.add(b, held[n], tap, vectors.load(b, data, there))
                vectors.add(b, held[4 + n], tap, vectors.load(b, data, b.add(there, plane)))
        both = vectors.totals(b, [b.load(place) for place in held])
        vectors.store(b, vectors.half(b, both, 0), out, to)
        vectors.store(b, vectors.half(b, both, 1), out, b.add(to, far))
        return context.get_dummy_value()

    kinds = y, types.int64, at, table, row, types.int64, out, types.int64, types.int64
    return types.void(*kinds), written


slid: Any = intrinsic(_write_slid)
crossed: Any = intrinsic(_write_crossed)
picked: Any = intrinsic(_write_picked)
