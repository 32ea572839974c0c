"""The likeliest symbols of a faint packet: all are weighed together, as its phase goes on from each to the next.

    state       ones less noughts so far, modulo 4 │ symbol before │ symbol         16 states, two ways on from each
    a way's     z = Σ conj(wave of the symbol between both beside it) y, turned back by the phase of all before
    worth       Re(z conj(R)) / |R|     R: the survivor's own reference, of its last symbols' z

At 2 dB a symbol, where blocks of three decide one of seven symbols wrong, one of eleven is. What the whole wave then
explains of a burst, and how much less that is half a symbol beside or with another index, tells this keying from all
that is none, where lines of its square drown.

Sources: R. Raheli, A. Polydoros, C.-K. Tzou, "Per-survivor processing", IEEE Trans. Commun. 43 (1995) 354 [unread];
G. Colavolpe, R. Raheli, "Noncoherent sequence detection", IEEE Trans. Commun. 47 (1999) 1376 [unread].
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk
from cellwarden.airinterface.gfsk import PER_SYMBOL, Heard
from cellwarden.airinterface.gfsk_kernels import likeliest_symbols
from cellwarden.measure.power import squared

FORGET = 0.85
"""Of a survivor's reference: it follows what an index 0.04 beside turns, and a carrier 0.005 symbol rates off."""
CARRIERS = tuple(0.01 * step for step in range(-4, 5))
"""In symbol rates beside that of the samples: 80 kHz either way at 2 Msymbol/s."""
FEWEST_SYMBOLS, MOST_SYMBOLS = 72, 400
MARGIN = 3 * PER_SYMBOL
"""Samples kept between what is decided and the ends."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Likeliest symbols."""

    levels: NDArray[np.float64]
    """±1."""
    place: int
    """Index in y at which the first of them begins."""
    carrier: float
    """In symbol rates beside that of the samples."""
    explained: float
    """Part of all power that their wave explains, its phase followed."""
    y: NDArray[np.complex64]
    """The samples around that carrier."""


@lru_cache
def _waves(index: float) -> NDArray[np.complex64]:
    """Conjugated waves of the middle one of three symbols, shape (8, PER_SYMBOL)."""
    t = 1 + np.arange(PER_SYMBOL) / PER_SYMBOL
    levels = [np.array([2.0 * (number >> i & 1) - 1 for i in (2, 1, 0)]) for number in range(8)]
    return np.array([np.exp(-1j * gfsk.phase(three, t, index)) for three in levels], np.complex64)


def amplitude(y: NDArray[np.complex64], place: int, index: float, levels: NDArray[np.uint8]) -> float:
    """Sum of the amplitudes at which the wave of the likeliest `levels` (out, 0 or 1) lies in y from `place` on."""
    part = y[place : place + PER_SYMBOL * len(levels)].reshape(-1, PER_SYMBOL)
    turn = np.complex64(complex(math.cos(math.pi * index), math.sin(math.pi * index)))
    return likeliest_symbols(part, _waves(index), turn, np.float32(FORGET), levels)


def likeliest(heard: Heard, first: int, end: int, index: float) -> Sequence | None:
    """The likeliest symbols of a modulation index in samples `first`…`end`; None where they are too few."""
    first, end = max(first, MARGIN), min(end, len(heard.y) - MARGIN)
    count = min(MOST_SYMBOLS, (end - first) // PER_SYMBOL - 1)
    if count < FEWEST_SYMBOLS:
        return None
    place = gfsk.clearest(gfsk.decisions(heard, index), first, count)
    t = np.arange(len(heard.y)) / PER_SYMBOL
    turned = [(heard.y * np.exp(-2j * np.pi * carrier * t)).astype(np.complex64) for carrier in CARRIERS]
    levels = np.empty((len(CARRIERS), count), np.uint8)
    sizes = [amplitude(y, place, index, bits) for y, bits in zip(turned, levels, strict=True)]
    best = int(np.argmax(sizes))
    energy = float(np.sum(squared(heard.y[place : place + PER_SYMBOL * count])))
    explained = sizes[best] ** 2 / (PER_SYMBOL * count * energy + 1e-30)
    return Sequence(2.0 * levels[best] - 1, place, CARRIERS[best], explained, turned[best])


def beside(found: Sequence, index: float, other: float) -> tuple[float, float]:
    """By which factors the amplitude of a sequence of an index exceeds that at the worst timing, and any of another."""
    levels = np.empty(len(found.levels), np.uint8)
    near = range(found.place - 1, found.place + PER_SYMBOL - 1)
    own, others = ([amplitude(found.y, place, one, levels) for place in near] for one in (index, other))
    return max(own) / min(own), max(own) / max(others)
