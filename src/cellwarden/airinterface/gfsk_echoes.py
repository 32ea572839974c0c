"""Echoes taken out of keying between two frequencies, of which nothing is known but that its envelope is constant.

    y ─ filter w ─ z          w is fitted to z / |z| by least squares, again and again, until |z| stays the same
        ▲        │
        └ z / |z|┘

Source: J. R. Treichler and B. G. Agee, "A new approach to multipath correction of constant modulus signals", IEEE
Trans. ASSP 31 (1983) 459 [unread]; B. G. Agee, "The least-squares CMA", ICASSP 1986 [unread].
"""

from dataclasses import replace

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from cellwarden.airinterface.gfsk import PER_SYMBOL, Heard

APART, SIDE_TAPS = PER_SYMBOL // 2, 5
"""Samples from one tap to the next, and how many there are to either side: two and a half symbols."""
MOST_SAMPLES, ROUNDS = 1600, 30
RIDGE = 1e-3
"""Part of the power that keeps the filter small."""


def without_echoes(heard: Heard, first: int, end: int) -> tuple[Heard, float]:
    """The channel behind a filter that evens the envelope of samples `first`…`end`, and by what that raises noise.

    The first of these samples fit the filter; it goes over all.
    """
    delays = APART * np.arange(-SIDE_TAPS, SIDE_TAPS + 1)
    padded = np.pad(heard.y, delays[-1])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * delays[-1] + 1)[:, ::APART]
    seen = windows[max(first, 0) : min(end, max(first, 0) + MOST_SAMPLES)]
    products = seen.conj().T @ seen
    size = float(np.trace(products).real) / len(products)
    factor = scipy.linalg.cho_factor(products + RIDGE * size * np.eye(len(products)))
    w = np.zeros(len(products), np.complex128)
    w[SIDE_TAPS] = 1.0
    for _ in range(ROUNDS):
        w = scipy.linalg.cho_solve(factor, seen.conj().T @ _unit(np.asarray(seen @ w)))
    y = np.asarray(windows @ w, np.complex64)
    half = PER_SYMBOL // 2
    d = np.zeros(len(y), np.float32)
    d[half:-half] = np.angle(y[2 * half :] * y[: -2 * half].conj())
    return replace(heard, y=y, d=d), float(np.vdot(w, w).real)


def _unit(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    return z / (np.abs(z) + 1e-12)
