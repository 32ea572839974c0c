"""Real samples made complex: the band from zero to half the rate, moved to the middle of half the rate.

    real, rate r            -r/2 ▂▂▟▙▂▂ 0 ▂▂▟▙▂▂ r/2          the left half mirrors the right one
    turned by -r/4               ▂▂▟▙▂▂   ▂▂▟▙▂▂
    half-band filter                    ▂▂▟▙▂▂
    every second sample     -r/4 ▂▂▟▙▂▂ r/4, rate r/2         each signal once, no empty half

A stream that kept its rate would have an empty half, in which a noise floor means nothing: what the filter lets through
there stands out of its floor as much as the signal does. So complex sample m is sample 2 m of the file, and what is
found is told in the file's own terms by `samples.stored`.

With n = 2 m the turn by (-j)ⁿ and a half-band filter (every second tap is zero) leave no filter in I at all:

    I[m] = (-1)^m x[2m]        Q[m] = (-1)^m Σ over odd k > 0 of  2 w[k] / (π k) (x[2m - k] - x[2m + k])

which is the discrete Hilbert transformer (Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 12) under
Kaiser's window w. Within 1 % of the rate from zero and from r/2 the mirror image fades in.
"""

import numpy as np
from numpy.typing import NDArray

PAIRS = 64
"""Odd taps on either side of the middle."""
MARGIN = 2 * PAIRS
"""Real samples that the filter reaches to either side."""
KAISER_BETA = 8.0
"""Mirror images lie 80 dB below."""
_STRETCH = 1 << 14
"""Samples filtered at a time, so that they stay in the cache."""


def _taps() -> NDArray[np.float32]:
    odd = np.arange(1, 2 * PAIRS, 2)
    window = np.i0(KAISER_BETA * np.sqrt(1 - (odd / MARGIN) ** 2)) / np.i0(KAISER_BETA)
    return np.asarray(2 * window / (np.pi * odd), np.float32)


TAPS = _taps()


def baseband(window: NDArray[np.float32], first: int, count: int) -> NDArray[np.float32]:
    """Complex samples `first` to `first + count` of a real stream: float32, shape (count, 2), I and Q.

    window: float32, shape (2 count + 2 MARGIN,), the real samples from 2 first - MARGIN on, zero where there are none.
    Each value depends on its own neighbours only, in one order of summation: how a stream is cut does not show.
    """
    even, odd = window[0::2], np.ascontiguousarray(window[1::2])
    sign = np.where((first + np.arange(count)) % 2, np.float32(-1), np.float32(1))
    iq = np.empty((count, 2), np.float32)
    iq[:, 0] = even[PAIRS : PAIRS + count]
    for start in range(0, count, _STRETCH):
        end = min(count, start + _STRETCH)
        total = np.zeros(end - start, np.float32)
        for pair, tap in enumerate(TAPS):
            before, after = PAIRS - 1 - pair, PAIRS + pair
            total += tap * (odd[start + before : end + before] - odd[start + after : end + after])
        iq[start:end, 1] = total
    iq *= sign[:, None]
    return iq
