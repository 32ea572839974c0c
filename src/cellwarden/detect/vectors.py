"""Lines of compiled code on vectors of eight values, which `transform` and `dots` are written in.

The compiler makes vectors of plain loops only. Transforms need values brought from lane to lane too, for which there is
no loop; so their inner lines are told to it as what they are. Numba turns them into the machine's own instructions, of
whatever width it has.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils as untyped

cgutils: Any = untyped
LANES = 8
FLOAT, INDEX = ir.FloatType(), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
INTEGERS = ir.VectorType(ir.IntType(32), LANES)
SHORTS = ir.VectorType(ir.IntType(16), 2 * LANES)
FUSED = ("contract",)
"""A product and a sum may become one instruction."""

Complex = tuple[Any, Any]
"""Real and imaginary parts of LANES complex numbers."""


def load(b: Any, data: Any, at: Any, kind: Any = VECTOR) -> Any:
    """A vector from value `at` of some data on, wherever that lies."""
    return b.load(b.bitcast(b.gep(data, [at]), kind.as_pointer()), align=2)


def store(b: Any, vector: Any, data: Any, at: Any) -> None:
    """Puts a vector to value `at` of some data."""
    b.store(vector, b.bitcast(b.gep(data, [at]), vector.type.as_pointer()), align=4)


def half(b: Any, vector: Any, number: int) -> Any:
    """The lower or the upper half of a vector."""
    lanes = range(number * LANES // 2, (number + 1) * LANES // 2)
    return b.shuffle_vector(vector, vector, _lanes(lanes))


def filled(b: Any, data: Any, at: Any) -> Any:
    """A vector all of whose values are one."""
    one = b.insert_element(ir.Constant(VECTOR, ir.Undefined), b.load(b.gep(data, [at])), _lane(0))
    return b.shuffle_vector(one, one, _lanes([0] * LANES))


def every_other(b: Any, pair: Any, first: int) -> Any:
    """Every other value, from the first or the second on, of a vector of 2 LANES."""
    return b.shuffle_vector(pair, pair, _lanes(range(first, 2 * LANES, 2)))


def as_floats(b: Any, vector: Any) -> Any:
    """Of integers or of what are floats already."""
    if vector.type.element == FLOAT:
        return vector
    return b.sitofp(vector if vector.type == INTEGERS else b.sext(vector, INTEGERS), VECTOR)


def product(b: Any, x: Complex, y: Complex) -> Complex:
    """x · y."""
    re = b.fsub(b.fmul(x[0], y[0], FUSED), b.fmul(x[1], y[1], FUSED), FUSED)
    return re, b.fadd(b.fmul(x[0], y[1], FUSED), b.fmul(x[1], y[0], FUSED), FUSED)


def energy(b: Any, x: Complex) -> Any:
    """|x|²."""
    return b.fadd(b.fmul(x[0], x[0], FUSED), b.fmul(x[1], x[1], FUSED), FUSED)


def exchanged(b: Any, rows: Sequence[Any]) -> list[Any]:
    """LANES vectors with rows and lanes exchanged: each step exchanges one bit of both numbers."""
    made, bit = list(rows), 1
    while bit < LANES:
        low = [lane if not lane & bit else LANES + lane - bit for lane in range(LANES)]
        high = [lane + bit if not lane & bit else LANES + lane for lane in range(LANES)]
        for row in range(LANES):
            if not row & bit:
                x, y = made[row], made[row + bit]
                made[row] = b.shuffle_vector(x, y, _lanes(low))
                made[row + bit] = b.shuffle_vector(x, y, _lanes(high))
        bit *= 2
    return made


def transformed(b: Any, x: Sequence[Complex]) -> list[Complex]:
    """The Fourier transform of 1, 2, 4 or 8 vectors, lane by lane, in its order."""
    if len(x) == 1:
        return list(x)
    half = len(x) // 2
    even, odd = transformed(b, x[0::2]), transformed(b, x[1::2])
    made: list[Complex] = [*even, *odd]
    for k in range(half):
        (re, im), (p, q) = even[k], _eighths(b, odd[k], k * 4 // half)
        made[k] = b.fadd(re, p, FUSED), b.fadd(im, q, FUSED)
        made[k + half] = b.fsub(re, p, FUSED), b.fsub(im, q, FUSED)
    return made


def _eighths(b: Any, x: Complex, count: int) -> Complex:
    """x turned back by so many eighths of a turn, 0 to 3."""
    re, im = x
    half = ir.Constant(VECTOR, [ir.Constant(FLOAT, float(np.float32(math.sqrt(0.5))))] * LANES)
    if count == 1:
        return b.fmul(half, b.fadd(im, re, FUSED), FUSED), b.fmul(half, b.fsub(im, re, FUSED), FUSED)
    if count == 2:
        return im, b.fneg(re)
    if count == 3:
        sums = b.fadd(im, re, FUSED)
        return b.fmul(half, b.fsub(im, re, FUSED), FUSED), b.fneg(b.fmul(half, sums, FUSED))
    return x


def summed(b: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """The sum of all values of one vector, and of another."""
    low = b.shuffle_vector(x, y, _lanes([0, 8, 1, 9, 2, 10, 3, 11]))
    total = b.fadd(low, b.shuffle_vector(x, y, _lanes([4, 12, 5, 13, 6, 14, 7, 15])))
    for lanes in ([4, 5, 6, 7], [2, 3, 2, 3]):
        total = b.fadd(total, b.shuffle_vector(total, total, _lanes([*lanes, *lanes])))
    return b.extract_element(total, _lane(0)), b.extract_element(total, _lane(1))


def more(b: Any, total: Any, x: Any, y: Any) -> Any:
    """A total and x y: of floats, or of SHORTS whose products are added in pairs, one instruction of many machines."""
    if x.type == VECTOR:
        return b.fadd(total, b.fmul(x, y, FUSED), FUSED)
    wide = ir.VectorType(ir.IntType(32), 2 * LANES)
    products = b.mul(b.sext(x, wide), b.sext(y, wide))
    even, odd = (b.shuffle_vector(products, products, _lanes(range(first, 2 * LANES, 2))) for first in (0, 1))
    return b.add(total, b.add(even, odd))


def places(b: Any, count: int, kind: Any = VECTOR) -> list[Any]:
    """Room for so many totals, all zero."""
    zero = ir.Constant(kind, [0.0 if kind == VECTOR else 0] * LANES)
    return [cgutils.alloca_once_value(b, zero) for _ in range(count)]


def add(b: Any, place: Any, x: Any, y: Any) -> None:
    """Adds x y, as `more` does, to the total at a place."""
    b.store(more(b, b.load(place), x, y), place)


def totals(b: Any, rows: Sequence[Any]) -> Any:
    """A vector of the sums of all values of LANES vectors each."""
    add = b.fadd if rows[0].type == VECTOR else b.add
    made, bit = list(rows), 1
    while len(made) > 1:
        low = [lane & ~bit if not lane & bit else LANES + (lane & ~bit) for lane in range(LANES)]
        high = [lane + bit for lane in low]
        pairs = zip(made[0::2], made[1::2], strict=True)
        made = [add(b.shuffle_vector(x, y, _lanes(low)), b.shuffle_vector(x, y, _lanes(high))) for x, y in pairs]
        bit *= 2
    return made[0]


def opened(context: Any, b: Any, kinds: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    """Arguments of a line, arrays as pointers to their data."""
    return [
        context.make_array(kind)(context, b, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(kinds, given, strict=True)
    ]


def _lane(number: int) -> Any:
    return ir.Constant(ir.IntType(32), number)


def _lanes(numbers: Sequence[int] | range) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), [_lane(n) for n in numbers])
