"""Base stations: their carriers go on where a phone's rest.

    phone    ___▁▂████████▂▁_______________________     one burst a frame, guard periods before and after
    station  ██████████████████████████████████████     every slot of a beacon, mostly without guard periods

Source: 3GPP TS 45.002 §7 (the beacon carrier), annex B.1 (multislot classes of phones).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_kernels import mean
from cellwarden.airinterface.gsm_waveform import SLOT_SYMBOLS

GUARD_DEPTH = 0.4
"""In the guard periods the power falls at least to this part of the burst's; a base station's carrier does not."""
ALIKE = 2.0
"""… and what a base station sends before and after is within this factor of the burst's power."""
FILLED = 0.8
"""Part of all slots that a base station's beacon fills at one level; the rest may be bursts beside it."""
STATION_SLOTS = 8
"""In fewer slots nobody can tell."""


@njit(cache=True, nogil=True)
def goes_on(power: NDArray[np.float32], start: float, end: float, per_symbol: float) -> bool:
    """Whether a carrier goes on before and after a burst, at its power and without guard periods: no phone's does.

    power: float32, shape (n,), over the noise; start, end: of the burst, in samples.
    """
    level = mean(power, int(start), int(end))
    before = mean(power, int(start - 6 * per_symbol), int(start - 3 * per_symbol))
    after = mean(power, int(end + 3 * per_symbol), int(end + 6 * per_symbol))
    if min(before, after) <= max(GUARD_DEPTH * level, 1.5):
        return False
    before = mean(power, int(start - 40 * per_symbol), int(start - 12 * per_symbol)) - 1
    after = mean(power, int(end + 12 * per_symbol), int(end + 40 * per_symbol)) - 1
    return min(before, after) > (level - 1) / ALIKE and max(before, after) < (level - 1) * ALIKE


@njit(cache=True, nogil=True)
def fills_frames(power: NDArray[np.float32], start: float, end: float, per_symbol: float) -> bool:
    """Whether nearly all slots of a frame and more are as loud as a burst's own: a phone sends in four of eight.

    A beacon may have guard periods, yet it never rests. Arguments as in `goes_on`.
    """
    level, slot = mean(power, int(start), int(end)), SLOT_SYMBOLS * per_symbol
    at = start - math.floor(start / slot) * slot
    slots = 0
    alike = 0
    while at < len(power) - (end - start):
        one = mean(power, int(at), int(at + end - start))
        slots += 1
        alike += level / ALIKE < one < level * ALIKE
        at += slot
    return slots >= STATION_SLOTS and alike >= FILLED * slots
