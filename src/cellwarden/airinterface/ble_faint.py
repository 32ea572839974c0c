"""A faint packet of a connection on the 2M layer: each of its symbols has half of what the slower ones have.

    preamble 16, and the address' first bit │ symbols, of which nothing is known

Nothing of it stands out by itself: blocks of three symbols decide one of seven wrong, and a square's lines drown. So
its likeliest symbols are asked how much of the burst their wave explains, how much less half a symbol beside and with
classic Bluetooth's index, and whether they begin as a packet does. Only in a channel of the band: elsewhere too much
else is keyed alike.

Source: Bluetooth Core 5.4 Vol 6 Part A §3.1, Part B §2.1.1.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk
from cellwarden.airinterface.ble_box import INDEX, Box
from cellwarden.airinterface.gfsk import PER_SYMBOL
from cellwarden.airinterface.gfsk_known import Known
from cellwarden.airinterface.gfsk_sequence import Sequence, beside, likeliest
from cellwarden.measure.power import squared

OTHER_INDEX = 0.32
ALTERNATING = 17
"""Symbols that alternate: the preamble, and the bit behind it."""
EARLIEST, LATEST = 24, 16
"""Symbols before and after a faint box's beginning at which they may begin."""
NOISE_EXPLAINED, NOISE_SPREAD, LEAST_EXPLAINED = 0.43, 1.3, 0.86
"""Part of noise, and of what is like it, that some symbols always explain, and what chance may add to it, times the
root of their number; and the least part of the signal. Of 200 packets at 5 dB two explain less than 0.9 of theirs; what
is keyed otherwise may explain as much, and is told by the rest."""
LEAST_OPENING, LEAST_NEARER, LEAST_ALTERNATION = 1.04, 1.03, 0.3
"""Factors by which their amplitude exceeds that at the worst timing and that of the other index, and the least part of
the signal that the alternating symbols explain."""
CHANGES, PAIRED = (0.42, 0.65), 3.5
"""Share of symbols that differ from the one before, and the most by which those of even and odd places differ, in
standard deviations of random ones."""
CHIPS, REPEATED, COHERENCE = 32, 192, 0.3
"""Chips of IEEE 802.15.4's symbol, how many symbols' chips of a preamble of eight are compared, and their least
coherence; 192 random symbols reach 0.3 once in 10⁷ packets."""


def named(box: Box) -> Known | None:
    """Where a packet begins in a box around its channel's middle; None where none is told."""
    at, end = _edges(box)
    found = likeliest(box.heard, at, end, INDEX)
    if found is None:
        return None
    part = found.y[found.place : found.place + PER_SYMBOL * len(found.levels)]
    signal = gfsk.signal_part(part, box.noise)
    chance = NOISE_EXPLAINED + NOISE_SPREAD / math.sqrt(len(found.levels))
    if found.explained < max(chance, LEAST_EXPLAINED * signal) or not _is_random(found) or is_zigbee(box):
        return None
    opening, nearer = beside(found, INDEX, OTHER_INDEX)
    if opening < LEAST_OPENING or nearer < LEAST_NEARER:
        return None
    place, alternating = _beginning(found, at)
    return Known(place, found.carrier, INDEX, found.explained) if alternating > LEAST_ALTERNATION * signal else None


def _edges(box: Box) -> tuple[int, int]:
    """Between which samples the channel's power is likelier noise and as much of a packet than noise alone.

    A faint box's edges in frequency are far from a packet's, and with them those in time.
    """
    first = max(box.at - EARLIEST * PER_SYMBOL, 0)
    power = squared(box.heard.y[first : box.end + EARLIEST * PER_SYMBOL]) / (box.noise + 1e-30)
    nats = np.concatenate([[0.0], np.cumsum(power / 2 - math.log(2), dtype=np.float64)])
    rise = nats - np.minimum.accumulate(nats)
    end = int(np.argmax(rise))
    return first + int(np.argmin(nats[: end + 1])), first + end


def _is_random(found: Sequence) -> bool:
    """Whether symbols change as often as whitened ones do, at even places as at odd ones."""
    changed = found.levels[1:] != found.levels[:-1]
    paired = abs(float(np.mean(changed[::2])) - float(np.mean(changed[1::2]))) * math.sqrt(len(found.levels))
    return CHANGES[0] < float(np.mean(changed)) < CHANGES[1] and paired < PAIRED


def _beginning(found: Sequence, at: int) -> tuple[int, float]:
    """Where near sample `at` alternating symbols begin likeliest, and the part of all power that they explain there."""
    wave = _alternating()
    first = max(at - EARLIEST * PER_SYMBOL, 0)
    first += (found.place - first) % PER_SYMBOL
    heard = found.y[first : at + LATEST * PER_SYMBOL + len(wave)]
    if len(heard) < len(wave):
        return found.place, 0.0
    rows = np.lib.stride_tricks.sliding_window_view(heard, len(wave))[::PER_SYMBOL]
    met = np.maximum(squared(rows @ wave.conj()), squared(rows @ wave))
    parts = met / (len(wave) * np.sum(squared(rows), axis=1) + 1e-30)
    best = int(np.argmax(parts))
    return first + best * PER_SYMBOL, float(parts[best])


@lru_cache
def _alternating() -> NDArray[np.complex64]:
    """Their wave, the first of them a 1; that of the others is its conjugate."""
    levels = 1.0 - 2.0 * ((np.arange(ALTERNATING + 2) + 1) % 2)
    wave = np.exp(1j * INDEX * gfsk.sampled_phase(levels))
    return wave[PER_SYMBOL:-PER_SYMBOL].astype(np.complex64)


def is_zigbee(box: Box) -> bool:
    """Whether a box begins with the same 32 chips again and again, as IEEE 802.15.4 does: the 2M layer's modulation."""
    lag, count = CHIPS * PER_SYMBOL, REPEATED * PER_SYMBOL
    y = box.heard.y[max(0, box.at) : box.end][: lag + count]
    early, late = y[: len(y) - lag], y[lag:]
    energy = float(np.linalg.norm(early) * np.linalg.norm(late)) + 1e-30
    return abs(complex(np.vdot(early, late))) > COHERENCE * energy
