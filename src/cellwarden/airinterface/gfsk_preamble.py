"""The carrier of a packet by its alternating preamble, which echoes leave as periodic as it is.

    1 0 1 0 1 0 1 0 │ …      y[n + 2 symbols] conj(y[n]) = |y[n]|² exp(j 4π carrier)      from the last echo on

Frequency shift keying by as many ones as noughts turns by nothing in two symbols but what its carrier does, and what
echoes add up to is the same two symbols later. They spoil the middle of a packet's power, its decisions and its edges
in frequency; they leave this alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gfsk import PER_SYMBOL
from cellwarden.measure.power import squared

LAG = 2 * PER_SYMBOL
EARLIEST, LATEST = 4, 10
"""Symbols before and after a box's beginning between which the stretch that is compared begins."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """The most periodic stretch near a packet's beginning."""

    carrier: float
    """In symbol rates beside that of the samples, -1/4…1/4: two symbols tell no more."""
    coherence: float
    """Part of its power that comes again, 0…1."""
    samples: NDArray[np.complex64]


def periodic(y: NDArray[np.complex64], at: int, symbols: int) -> Periodic | None:
    """What comes again two symbols later near sample `at`; None where samples are too few.

    y: complex64, PER_SYMBOL a symbol; symbols: those of the preamble.
    """
    first = max(0, at - EARLIEST * PER_SYMBOL)
    part = y[first : at + (LATEST + symbols) * PER_SYMBOL]
    count = symbols * PER_SYMBOL - LAG
    if len(part) < count + LAG + 1:
        return None
    alike = _sums(part[LAG:] * part[:-LAG].conj(), count)
    power = squared(part).astype(np.float64)
    energy = _sums((power[LAG:] + power[:-LAG]) / 2, count).real
    best = int(np.argmax(np.abs(alike) ** 2 / (energy + 1e-30)))
    carrier = float(np.angle(alike[best])) / (2 * np.pi) * PER_SYMBOL / LAG
    coherence = float(np.abs(alike[best]) / (energy[best] + 1e-30))
    return Periodic(carrier, coherence, part[best : best + count + LAG])


def _sums(values: NDArray[np.complexfloating] | NDArray[np.floating], count: int) -> NDArray[np.complex128]:
    """Sums over each `count` neighbouring values."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.complex128)])
    return total[count:] - total[:-count]
