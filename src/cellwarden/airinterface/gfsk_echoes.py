"""Echoes taken out of keying between two frequencies, of which nothing is known but that its envelope is constant.

    y ─ filter w ─ z          w is fitted to z / |z| by least squares, again and again, until |z| stays the same
        ▲        │
        └ z / |z|┘

Source: J. R. Treichler and B. G. Agee, "A new approach to multipath correction of constant modulus signals", IEEE
Trans. ASSP 31 (1983) 459 [unread]; B. G. Agee, "The least-squares CMA", ICASSP 1986 [unread].
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk
from cellwarden.airinterface.gfsk import PER_SYMBOL, Heard
from cellwarden.measure.power import squared

APART, SIDE_TAPS, LONG_SIDE_TAPS = PER_SYMBOL // 2, 5, 10
"""Samples from one tap to the next, and how many there are to either side: two and a half symbols; and where symbols
are known."""
SENT_ROUNDS, PIECE, FEWEST_SYMBOLS, INDEX_STEP = 4, 12, 60, 0.02
"""Rounds of deciding and fitting; symbols over which a wave stays in phase; the least that tell a filter; and the
steps of the indices that are tried."""
MOST_SAMPLES, ROUNDS = 1600, 30
RIDGE = 1e-3
"""Part of the power that keeps the filter small."""
KEYED = 0.1, 0.9
"""Parts of the samples below either frequency: as long as neither has nine tenths of the symbols."""


def unevenness(y: NDArray[np.complex64], noise: float) -> float:
    """Variance of the power over its squared mean, less what noise of a power gives to a constant envelope."""
    power = squared(y)
    mean = float(np.mean(power)) + 1e-30
    part = min(noise / mean, 1.0)
    return float(np.var(power)) / mean**2 - part * (2 - part)


def without_echoes(heard: Heard, first: int, end: int) -> tuple[Heard, float]:
    """The channel behind a filter that evens the envelope of samples `first`…`end`, and by what that raises noise.

    The first of these samples fit the filter, and keep their power; it goes over all.
    """
    first = max(first, 0)
    windows = _windows(heard, SIDE_TAPS)
    seen = np.ascontiguousarray(windows[first : min(end, first + MOST_SAMPLES)])
    solved, back = _fitted(seen)
    w = np.zeros(seen.shape[1], np.complex64)
    w[SIDE_TAPS] = 1.0
    for _ in range(ROUNDS):
        w = solved @ (back @ _unit(seen @ w))
    return _filtered(heard, windows, w, seen)


def sent_again(heard: Heard, even: Heard, first: int, end: int, index: float) -> tuple[Heard, float]:
    """The same for a filter that makes of `heard` the wave that the symbols decided in `even`, its like, have.

    Both lie around the burst's carrier. An even envelope says little of echoes as long as symbols; what the first
    filter leaves closed opens in some rounds of deciding and fitting, as long as most decisions are right.
    """
    windows = _windows(heard, LONG_SIDE_TAPS)
    gain = 1.0
    for _ in range(SENT_ROUNDS):
        soft = gfsk.decisions(even, index)
        low, high = max(first, 2 * PER_SYMBOL), min(end, len(soft) - 2 * PER_SYMBOL)
        count = min(MOST_SAMPLES // PER_SYMBOL, (high - low) // PER_SYMBOL - 1) // PIECE * PIECE
        if count < FEWEST_SYMBOLS:
            break
        place, span = gfsk.clearest(soft, low, count), PER_SYMBOL * count
        phase = gfsk.sampled_phase(np.where(soft[place + PER_SYMBOL // 2 :][:span:PER_SYMBOL] > 0, 1.0, -1.0))
        seen = np.ascontiguousarray(windows[place : place + span])
        solved, back = _fitted(seen)
        w = solved @ (back @ _wave(even.y[place : place + span], phase, index))
        even, gain = _filtered(heard, windows, w, seen)
    return even, gain


def _wave(y: NDArray[np.complex64], phase: NDArray[np.float64], index: float) -> NDArray[np.complex64]:
    """The wave of an index near `index` that is most like y, each PIECE symbols of it in phase with y."""
    best, size = np.empty(0, np.complex64), 0.0
    for tried in (index - 2 * INDEX_STEP, index - INDEX_STEP, index, index + INDEX_STEP, index + 2 * INDEX_STEP):
        wave = np.exp(1j * tried * phase).astype(np.complex64)
        pieces = (y * wave.conj()).reshape(-1, PER_SYMBOL * PIECE).mean(axis=1)
        total = float(np.sum(np.abs(pieces)))
        if total > size:
            best, size = wave * np.repeat(_unit(pieces), PER_SYMBOL * PIECE), total
    return best


def _windows(heard: Heard, taps: int) -> NDArray[np.complex64]:
    """What a filter of so many taps to either side sees at each sample: shape (n, 2 taps + 1)."""
    reach = APART * taps
    padded = np.pad(heard.y, reach)
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)[:, ::APART]


def _fitted(seen: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """What turns wanted samples into the filter that makes them of what is seen: shapes (taps, taps) and (taps, n)."""
    back = np.ascontiguousarray(seen.conj().T)
    products = back @ seen
    size = float(np.trace(products).real) / len(products)
    return np.linalg.inv(products + np.float32(RIDGE * size) * np.eye(len(products), dtype=np.float32)), back


def _filtered(
    heard: Heard, windows: NDArray[np.complex64], w: NDArray[np.complex64], seen: NDArray[np.complex64]
) -> tuple[Heard, float]:
    """The channel behind a filter, scaled so that what it was fitted to keeps its power; and what noise has then."""
    middle = seen[:, seen.shape[1] // 2]
    w = w * np.float32(math.sqrt(float(np.mean(squared(middle)) / (np.mean(squared(seen @ w)) + 1e-30))))
    y = np.asarray(windows @ w, np.complex64)
    half = PER_SYMBOL // 2
    d = np.zeros(len(y), np.float32)
    d[half:-half] = np.angle(y[2 * half :] * y[: -2 * half].conj())
    return replace(heard, y=y, d=d), float(np.vdot(w, w).real)


def _unit(z: NDArray[np.complex64]) -> NDArray[np.complex64]:
    return z / (np.abs(z) + np.float32(1e-12))


def between(heard: Heard, first: int, end: int) -> float:
    """The middle of the two frequencies that samples `first`…`end` gather at, in symbol rates beside the carrier."""
    return float(np.mean(np.quantile(heard.d[max(first, 0) : end], KEYED))) / (2 * math.pi)
