"""The carrier of keying of modulation index 0.5, and whether it is that, by two lines of its square.

    spectrum of y        ▁▂▅▇█▇▅▂▁            spectrum of y[n] y[n + lag]      ▏ 2 carrier - rate / 2
                            carrier                                      ▁▁▁▁▁▏▁▁▁▁▏▁▁▁▁▁
                                                                              ▏    ▏ 2 carrier + rate / 2

Squared, the index is 1, which has lines half a symbol rate to either side of twice the carrier, whatever was sent.
Echoes weaken one or the other and move neither, where they move the middle of the power by a tenth of the rate and more
and spoil every decision. Other indices have no lines, other rates have them elsewhere. Transmitters' indices differ by
some hundredths from 0.5, so that lines are added as powers, block by block.

Source: A. Napolitano, Generalizations of Cyclostationary Signal Processing, Wiley (2012), on minimum shift keying.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gfsk import PER_SYMBOL

PIECE = 32
"""Symbols of a block: an index of 0.46 turns the square by a quarter in them, as random bits go."""
LAGS = (0, PER_SYMBOL // 2, PER_SYMBOL)
OTHERS, SLACK = 10, 2
"""Sixty-fourths of the symbol rate by which each line is looked for elsewhere, and by which it may lie there: keying of
another rate has its lines as sharp, and one of them may lie where one of ours would."""
REACH = 0.15
"""Largest carrier offset, in symbol rates."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Two lines of a square."""

    nats: float
    """Evidence that they are there."""
    weaker: float
    """Part of their power that the weaker one has, at most a half."""
    carrier: float
    """In symbol rates, beside that of the samples."""


def lines(y: NDArray[np.complex64]) -> Lines | None:
    """The likeliest lines in samples at PER_SYMBOL a symbol; None where they are too few or others stronger."""
    count = PIECE * PER_SYMBOL
    pieces = (len(y) - LAGS[-1]) // count
    if pieces < 1:
        return None
    size = 2 * count
    total = np.zeros(size, np.float64)
    for lag in LAGS:
        square = (y[lag : lag + pieces * count] * y[: pieces * count]).reshape(pieces, count)
        power = np.abs(np.fft.fft(square, size, axis=1)) ** 2
        total += np.sum(power / (np.sum(np.abs(square) ** 2, axis=1, keepdims=True) + 1e-30), axis=0)
    half, reach = size // PER_SYMBOL // 2, round(2 * REACH * size / PER_SYMBOL)
    places, apart = np.arange(-reach, reach + 1), half + np.arange(-OTHERS, OTHERS + 1)[:, None]
    low, high = total[(places - apart) % size], total[(places + apart) % size]
    if abs(int(np.argmax(low + high)) // len(places) - OTHERS) > SLACK:
        return None
    low, high = low[OTHERS], high[OTHERS]
    best = int(np.argmax(low + high))
    both = float(low[best] + high[best])
    freedom = 2.0 * pieces
    ratio = both / (len(LAGS) * freedom)
    nats = freedom * (ratio - 1 - math.log(ratio)) if ratio > 1 else 0.0
    return Lines(nats, min(float(low[best]), float(high[best])) / (both + 1e-30), places[best] * PER_SYMBOL / size / 2)
