"""Power spectra of frames, in one go over the samples: window, Fourier transform, squared magnitude.

A frame of n = 8 m samples is cut into eight that lie interleaved. Each lane of a vector takes one of them, and only at
the end do lanes meet:

    x0 x1 … x7 │ x8 x9 … x15 │ …       vectors of samples, as they lie; times the window
    Y0 Y1 … Y7                         eight transforms of m samples, side by side (Stockham's, radix 8, 4 and 2),
      turned by exp(-2πj lane k / n)
    ▤ ► ▥                              eight of these vectors exchange rows and lanes
    X[k + m i]                         a transform of eight from row to row, for eight k at once; squared

Nothing is moved but there, where vectors do it. In order of frequency where the window alternates in sign.

Source: C. Van Loan, Computational Frameworks for the Fast Fourier Transform (1992) §1.7 (Stockham), §3.3 (four steps).
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast
from cellwarden.detect import vectors
from cellwarden.detect.vectors import INDEX, LANES
from cellwarden.model import Interleaved

SMALLEST = LANES * LANES
"""Samples of the shortest frame."""


class Plan(NamedTuple):
    """Tables of a transform."""

    radices: NDArray[np.int64]
    """Of each pass, the first of which is LANES."""
    turns: NDArray[np.float32]
    """Of the passes, one after the other: cosine and sine of what each output of each place but the first is turned by.
    """
    meeting: NDArray[np.float32]
    """Of what lanes are turned by before they meet: cosines, then sines, (2 n,)."""


@lru_cache
def plan(size: int) -> Plan:
    """For frames of `size` samples, a power of two, SMALLEST at least."""
    rest, radices, turns = size // LANES, [], []
    while rest > 1:
        radix = min(rest, LANES)
        turns.append(_circle(np.arange(rest // radix)[:, None] * np.arange(1, radix) / rest, -1).reshape(-1))
        radices.append(radix)
        rest //= radix
    meeting = np.arange(size // LANES)[:, None] * np.arange(LANES) / size
    return Plan(np.array(radices), np.concatenate(turns), _circle(meeting.reshape(-1), 0).reshape(-1))


def _circle(turns: NDArray[np.float64], axis: int) -> NDArray[np.float32]:
    """exp(-2πj turns), real and imaginary parts along a new axis."""
    return np.stack([np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)], axis).astype(np.float32)


def _write_first(
    typing: Any,
    iq: Any,
    at: Any,
    apart: Any,
    window: Any,
    place: Any,
    turns: Any,
    turn: Any,
    out: Any,
    to: Any,
    plane: Any,
) -> Any:
    """A transform of LANES vectors of samples times the window, turned.

    The i-th vector lies from value at + 2 i apart of `iq` on, its window from place + i apart; outputs follow each
    other from value `to` of `out` on, imaginary parts `plane` values behind real ones.
    """

    def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        samples, at, apart, weights, place, turns, turn, out, to, plane = vectors.opened(context, b, kinds, given)
        pair = ir.VectorType(context.get_value_type(iq.dtype), 2 * LANES)
        x = []
        for i in range(LANES):
            far = b.mul(apart, INDEX(i))
            both = vectors.load(b, samples, b.add(at, b.mul(far, INDEX(2))), pair)
            weight = vectors.load(b, weights, b.add(place, far))
            x.append(tuple(b.fmul(vectors.as_floats(b, vectors.every_other(b, both, n)), weight) for n in (0, 1)))
        _put(b, vectors.transformed(b, x), turns, turn, out, to, INDEX(LANES), plane)
        return context.get_dummy_value()

    kinds = iq, types.int64, types.int64, window, types.int64, turns, types.int64, out, types.int64, types.int64
    return types.void(*kinds), written


def _pass(radix: int) -> Any:
    """The line of a later pass."""

    @intrinsic
    def line(
        typing: Any, x: Any, at: Any, apart: Any, turns: Any, turn: Any, out: Any, to: Any, far: Any, plane: Any
    ) -> Any:
        """A transform of some vectors, `apart` values from each other, turned, to places `far` from each other."""

        def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
            data, at, apart, turns, turn, out, to, far, plane = vectors.opened(context, b, kinds, given)
            taken = [b.add(at, b.mul(apart, INDEX(i))) for i in range(radix)]
            parts = [(vectors.load(b, data, n), vectors.load(b, data, b.add(n, plane))) for n in taken]
            _put(b, vectors.transformed(b, parts), turns, turn, out, to, far, plane)
            return context.get_dummy_value()

        kinds = x, *2 * (types.int64,), turns, types.int64, out, *3 * (types.int64,)
        return types.void(*kinds), written

    return line


_first: Any = intrinsic(_write_first)
_pass8, _pass4, _pass2 = _pass(8), _pass(4), _pass(2)


def _write_last(
    typing: Any, x: Any, at: Any, turns: Any, plane: Any, weight: Any, out: Any, to: Any, apart: Any
) -> Any:
    """Lets the lanes of LANES vectors that follow each other meet, and puts weighted powers to places `apart`."""

    def written(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        data, at, turns, plane, weights, out, to, apart = vectors.opened(context, b, kinds, given)
        rows = []
        for i in range(LANES):
            here = b.add(at, INDEX(i * LANES))
            there = b.add(here, plane)
            one = vectors.load(b, data, here), vectors.load(b, data, there)
            rows.append(vectors.product(b, one, (vectors.load(b, turns, here), vectors.load(b, turns, there))))
        re, im = (vectors.exchanged(b, [row[n] for row in rows]) for n in (0, 1))
        for i, made in enumerate(vectors.transformed(b, list(zip(re, im, strict=True)))):
            place = b.add(to, b.mul(apart, INDEX(i)))
            power = b.fmul(vectors.energy(b, made), vectors.load(b, weights, place))
            vectors.store(b, power, out, place)
        return context.get_dummy_value()

    kinds = x, types.int64, turns, types.int64, weight, out, types.int64, types.int64
    return types.void(*kinds), written


_last: Any = intrinsic(_write_last)


def _put(b: Any, made: list[Any], turns: Any, turn: Any, out: Any, to: Any, far: Any, plane: Any) -> None:
    """Turns all outputs but the first, each by its own, and puts them `far` from each other."""
    for k, one in enumerate(made):
        if k:
            by = [vectors.filled(b, turns, b.add(turn, INDEX(2 * (k - 1) + n))) for n in (0, 1)]
            one = vectors.product(b, one, (by[0], by[1]))
        place = b.add(to, b.mul(far, INDEX(k)))
        vectors.store(b, one[0], out, place)
        vectors.store(b, one[1], out, b.add(place, plane))


@exact
def _frame(
    flat: NDArray[Any],
    at: int,
    window: NDArray[np.float32],
    weight: NDArray[np.float32],
    plan: Plan,
    room: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """weight · |F(window · frame)|² of the frame from value `at` on; room: float32, shape (2, 2 n)."""
    n = len(out)
    x, y = room[0], room[1]
    apart, turn = n // LANES, 0
    for place in range(0, apart, LANES):
        _first(flat, at + 2 * place, apart, window, place, plan.turns, turn, x, LANES * place, n)
        turn += 2 * (LANES - 1)
    left, side = apart // LANES, LANES
    for radix in plan.radices[1:]:
        left //= radix
        for p in range(left):
            for q in range(side):
                here, there = LANES * (q + side * p), LANES * (q + side * radix * p)
                if radix == 8:
                    _pass8(x, here, n // 8, plan.turns, turn, y, there, LANES * side, n)
                elif radix == 4:
                    _pass4(x, here, n // 4, plan.turns, turn, y, there, LANES * side, n)
                else:
                    _pass2(x, here, n // 2, plan.turns, turn, y, there, LANES * side, n)
            turn += 2 * (radix - 1)
        side *= radix
        x, y = y, x
    for place in range(0, apart, LANES):
        _last(x, LANES * place, plan.meeting, n, weight, out, place, apart)


@exact
def powers(
    iq: Interleaved,
    starts: NDArray[np.int64],
    window: NDArray[np.float32],
    weight: NDArray[np.float32],
    plan: Plan,
    out: NDArray[np.float32],
) -> None:
    """weight · |F(window · frame)|² of the frames that begin at some samples.

    iq: int16 or float32, shape (m, 2), which holds all of them; window, weight: float32, shape (n,); out: float32,
    shape (frames, n).
    """
    flat = iq.reshape(-1)
    room = np.empty((2, 2 * len(window)), np.float32)
    for f in range(len(starts)):
        _frame(flat, 2 * starts[f], window, weight, plan, room, out[f])


@fast
def band_powers(
    iq: Interleaved,
    window: NDArray[np.float32],
    weight: NDArray[np.float32],
    plan: Plan,
    per_band: int,
    out: NDArray[np.float32],
) -> None:
    """The same of frames that follow each other, summed over bands of `per_band` bins; out: shape (frames, bands)."""
    n, bands = len(window), out.shape[1]
    flat = iq.reshape(-1)
    room, power = np.empty((2, 2 * n), np.float32), np.empty(n, np.float32)
    for f in range(len(out)):
        _frame(flat, 2 * n * f, window, weight, plan, room, power)
        made = out[f]
        if per_band == 3:
            for b in range(bands):
                made[b] = power[3 * b] + power[3 * b + 1] + power[3 * b + 2]
        else:
            for b in range(bands):
                total = np.float32(0)
                for k in range(b * per_band, (b + 1) * per_band):
                    total += power[k]
                made[b] = total
