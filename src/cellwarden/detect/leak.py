"""What a receiver's own oscillator leaks into its middle: a constant, measured in each chunk and taken out of it.

         ▁▁▁▂▁▁▁▁█▁▁▁▂▁▁▁     a line at zero, often stronger than all of the noise: who sends across it would drown
                 0

The means of short pieces scatter with noise and signals, whose phases turn; the leak is their median. Where nothing
stands out of that scatter, nothing is taken out.

Source: T. Schenk, RF Imperfections in High-rate Wireless Systems (2008) §5.2.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast
from cellwarden.model import Interleaved

PIECES, LONGEST, SHORTEST = 32, 2048, 64
"""Pieces of a chunk that are looked at, and the samples of one at most and at least."""
SIGMAS = 8.0
"""Standard deviations of the median that a leak must have; means that hold bursts scatter more than normal ones."""
ROUNDED = 3e-3
"""Part of the noise's power that rounding a leak to integers may leave of it."""
SILENT = 64
"""Zeros in a row that fill what a receiver lost: the leak is not in them."""
DEVIATION = 1.4826
"""Standard deviation over the median of the magnitude, of what is normal."""


def leak(iq: Interleaved) -> tuple[float, float, float]:
    """I and Q of the leak in some samples, shape (n, 2), and the power of the noise around it, in units of `iq`.

    I and Q are 0 where no leak shows.
    """
    length = min(LONGEST, len(iq) // PIECES)
    if length < SHORTEST:
        return 0.0, 0.0, 0.0
    return _told(piece_means(iq, len(iq) // PIECES, length), length)


@exact
def _told(means: NDArray[np.float64], length: int) -> tuple[float, float, float]:
    """What means of pieces of `length` samples tell: shape (n, 2); compiled, since numpy takes long to begin."""
    means = means[(means[:, 0] != 0) | (means[:, 1] != 0)]
    if len(means) < PIECES // 2:
        return 0.0, 0.0, 0.0
    i, q = _median(means[:, 0]), _median(means[:, 1])
    i_spread = DEVIATION * _median(np.abs(means[:, 0] - i))
    q_spread = DEVIATION * _median(np.abs(means[:, 1] - q))
    spread = i_spread**2 + q_spread**2
    noise = spread * length
    if math.hypot(i, q) <= SIGMAS * math.sqrt(math.pi / 2 / len(means)) * math.sqrt(spread / 2):
        return 0.0, 0.0, noise
    return i, q, noise


@exact
def _median(values: NDArray[np.float64]) -> float:
    ordered = np.sort(values)
    return float((ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2)


def needs_fractions(i: float, q: float, noise: float) -> bool:
    """Whether too much of a leak would be left were it rounded to integers."""
    return (i - round(i)) ** 2 + (q - round(q)) ** 2 > ROUNDED * noise


@fast
def piece_means(iq: Interleaved, apart: int, length: int) -> NDArray[np.float64]:
    """Means of I and of Q of PIECES pieces of `length` samples, `apart` from each other: float64, shape (PIECES, 2)."""
    made = np.empty((PIECES, 2), np.float64)
    flat = iq.reshape(-1)
    for piece in range(PIECES):
        part = flat[2 * piece * apart : 2 * (piece * apart + length)]
        i = np.float64(0.0)
        q = np.float64(0.0)
        for n in range(length):
            i += part[2 * n]
            q += part[2 * n + 1]
        made[piece, 0] = i / length
        made[piece, 1] = q / length
    return made


def take_out(iq: Interleaved, i: float, q: float) -> None:
    """Subtract a leak in place, rounded where samples are integers, but from zeros in a row. iq: shape (n, 2)."""
    if iq.dtype == np.int16:
        _take_out(iq, np.round(i), np.round(q), -32768.0, 32767.0)
    else:
        _take_out(iq, i, q, -1e30, 1e30)


@exact
def _take_out(iq: Interleaved, i: float, q: float, least: float, most: float) -> None:
    flat, count = iq.reshape(-1), len(iq)
    start = n = 0
    while n < count:  # so many zeros in a row hold one of these places
        first = n
        while first > start and _is_zero(flat, first) and _is_zero(flat, first - 1):
            first -= 1
        end = n
        while end < count and _is_zero(flat, end):
            end += 1
        if end - first >= SILENT:
            _shift(flat[2 * start : 2 * first], i, q, least, most)
            start = end
        n = max(n, end - 1) // SILENT * SILENT + SILENT
    _shift(flat[2 * start :], i, q, least, most)


@exact
def _is_zero(flat: NDArray[np.int16] | NDArray[np.float32], n: int) -> bool:
    return bool(flat[2 * n] == 0 and flat[2 * n + 1] == 0)


@fast
def _shift(flat: NDArray[np.int16] | NDArray[np.float32], i: float, q: float, least: float, most: float) -> None:
    for n in range(len(flat) // 2):
        flat[2 * n] = min(max(flat[2 * n] - i, least), most)
        flat[2 * n + 1] = min(max(flat[2 * n + 1] - q, least), most)
