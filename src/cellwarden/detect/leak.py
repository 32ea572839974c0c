"""What a receiver's own oscillator leaks into its middle: measured in each chunk and taken out of it.

         ▁▁▁▂▁▁▁▁█▁▁▁▂▁▁▁     a line at zero, often stronger than all of the noise: who sends across it would drown
                 0

The means of short pieces scatter with noise and signals, whose phases turn; the leak is their median. Where nothing
stands out of that scatter, nothing is taken out. Hum of the mains and a receiver that warms up make it wander: where
means are told by those beside them, what lies between them is taken out as well.

    mean   ·  ·                      ·  ·
         ·      ·                  ·      ·      a curve through them; of noise and signals none tells the next
       ·          ·  ·  ·  ·  ·  ·

Source: T. Schenk, RF Imperfections in High-rate Wireless Systems (2008) §5.2.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast
from cellwarden.detect.kernels import middle
from cellwarden.model import Interleaved

PIECES, LONGEST, SHORTEST = 32, 2048, 64
"""Pieces of a chunk that are looked at, and the samples of one at most and at least."""
FINER = 2
"""Times as many and as short pieces, where what wanders is followed."""
SIGMAS = 8.0
"""Standard deviations of the median that a leak must have; means that hold bursts scatter more than normal ones."""
ROUNDED = 3e-3
"""Part of the noise's power that rounding a leak to integers may leave of it."""
SILENT = 64
"""Zeros in a row that fill what a receiver lost: the leak is not in them."""
TOLD = 0.15
"""Part of the variance of means that those beside them may leave untold: noise leaves 1.6 on average, hum of 100 Hz 0.1
where pieces are 1.6 ms apart."""
DEVIATION = 1.4826
"""Standard deviation over the median of the magnitude, of what is normal."""


class Leak(NamedTuple):
    """What leaks into some samples, in their units."""

    i: float
    q: float
    """Its median; both 0 where no leak shows."""
    noise: float
    """Power of the noise around it."""
    wanders: bool
    """Whether it moves, so slowly that its means tell each other."""


def leak(iq: Interleaved) -> Leak:
    """What leaks into samples, shape (n, 2)."""
    length = min(LONGEST, len(iq) // PIECES)
    if length < SHORTEST:
        return Leak(0.0, 0.0, 0.0, False)
    means = piece_means(iq, len(iq) // PIECES, length)
    return Leak(*_told(means, length), _wanders(means))


@exact
def _told(means: NDArray[np.float64], length: int) -> tuple[float, float, float]:
    """What means of pieces of `length` samples tell: shape (n, 2); compiled, since numpy takes long to begin."""
    means = means[(means[:, 0] != 0) | (means[:, 1] != 0)]
    if len(means) < PIECES // 2:
        return 0.0, 0.0, 0.0
    i, q = middle(means[:, 0]), middle(means[:, 1])
    i_spread = DEVIATION * middle(np.abs(means[:, 0] - i))
    q_spread = DEVIATION * middle(np.abs(means[:, 1] - q))
    spread = i_spread**2 + q_spread**2
    noise = spread * length
    if math.hypot(i, q) <= SIGMAS * math.sqrt(math.pi / 2 / len(means)) * math.sqrt(spread / 2):
        return 0.0, 0.0, noise
    return i, q, noise


def needs_fractions(i: float, q: float, noise: float) -> bool:
    """Whether too much of a leak would be left were it rounded to integers."""
    return (i - round(i)) ** 2 + (q - round(q)) ** 2 > ROUNDED * noise


@fast
def piece_means(iq: Interleaved, apart: int, length: int, pieces: int = PIECES) -> NDArray[np.float64]:
    """Means of I and of Q of some pieces of `length` samples, `apart` from each other: float64, shape (pieces, 2)."""
    made = np.empty((pieces, 2), np.float64)
    flat = iq.reshape(-1)
    for piece in range(pieces):
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
    flat = iq.reshape(-1)
    for start, end in _lit(flat):
        _shift(flat[2 * start : 2 * end], i, q, least, most)


@exact
def _wanders(means: NDArray[np.float64]) -> bool:
    """Whether each mean lies on a cubic through four at odd places around it. A piece that was lost has none."""
    untold = varied = 0.0
    for axis in range(2):
        row = means[:, axis]
        middle = row.mean()
        for n in range(3, len(row) - 3):
            untold += (row[n] - (9.0 * (row[n - 1] + row[n + 1]) - row[n - 3] - row[n + 3]) / 16.0) ** 2
            varied += (row[n] - middle) ** 2
    return bool(untold < TOLD * varied and np.all((means[:, 0] != 0) | (means[:, 1] != 0)))


def take_out_course(iq: Interleaved) -> None:
    """Subtract a leak that wanders in place, but from zeros in a row. iq: shape (n, 2), float32 for fractions."""
    length = min(LONGEST // FINER, len(iq) // PIECES // FINER)
    if length >= SHORTEST // FINER:
        apart = (len(iq) - length) // (FINER * PIECES - 1)
        _follow(iq.reshape(-1), piece_means(iq, apart, length, FINER * PIECES), (length - 1) / 2, apart)


@exact
def _follow(
    flat: NDArray[np.int16] | NDArray[np.float32], means: NDArray[np.float64], first: float, apart: int
) -> None:
    """Subtract a curve through means at `first`, `first` + `apart`, …: a cubic between two of them, with the slopes
    that those beside them have. Before and behind all of them the first and the last slope go on.
    """
    last = len(means) - 1
    slopes = np.empty_like(means)
    for n in range(last + 1):
        low, high = max(n - 1, 0), min(n + 1, last)
        slopes[n] = (means[high] - means[low]) / (high - low)
    for start, end in _lit(flat):
        for n in range(start, end):
            at = (n - first) / apart
            k = min(max(int(np.floor(at)), 0), last - 1)
            u = at - k
            bend = u * (1.0 - u) if 0.0 <= u <= 1.0 else 0.0
            for axis in range(2):
                step = means[k + 1, axis] - means[k, axis]
                a, b = slopes[k, axis] - step, step - slopes[k + 1, axis]
                flat[2 * n + axis] -= means[k, axis] + u * step + bend * (a * (1.0 - u) + b * u)


@exact
def _lit(flat: NDArray[np.int16] | NDArray[np.float32]) -> list[tuple[int, int]]:
    """First and end samples of the stretches between zeros in a row."""
    found = []
    count = len(flat) // 2
    start = n = 0
    while n < count:  # so many zeros in a row hold one of these places
        first = n
        while first > start and _is_zero(flat, first) and _is_zero(flat, first - 1):
            first -= 1
        end = n
        while end < count and _is_zero(flat, end):
            end += 1
        if end - first >= SILENT:
            found.append((start, first))
            start = end
        n = max(n, end - 1) // SILENT * SILENT + SILENT
    found.append((start, count))
    return found


@exact
def _is_zero(flat: NDArray[np.int16] | NDArray[np.float32], n: int) -> bool:
    return bool(flat[2 * n] == 0 and flat[2 * n + 1] == 0)


@fast
def _shift(flat: NDArray[np.int16] | NDArray[np.float32], i: float, q: float, least: float, most: float) -> None:
    for n in range(len(flat) // 2):
        flat[2 * n] = min(max(flat[2 * n] - i, least), most)
        flat[2 * n + 1] = min(max(flat[2 * n + 1] - q, least), most)
