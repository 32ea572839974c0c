"""Base stations: their carriers go on where a phone's rest.

    phone    ___▁▂████████▂▁_______________________     one burst a frame, guard periods before and after
    station  ██████████████████████████████████████     every slot of a beacon, mostly without guard periods
    phones   _▂███████▂_▂██████▂__▂███████▂▂███████▂_     each with a timing of its own, where a station has one

Several calls may fill a carrier as a station does. Yet a phone sends when its timing advance tells it, in steps of a
symbol, while all slots of a station come from one clock.

Source: 3GPP TS 45.002 §7 (the beacon carrier), annex B.1 (multislot classes of phones); TS 45.010 §4.3
(slots of 156.25 symbols, or of 157, 156, 156, 156), §5.1 (a station's clock), §5.6 (advance).
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_kernels import mean
from cellwarden.airinterface.gsm_waveform import SLOT_SYMBOLS
from cellwarden.compiled import exact

GUARD_DEPTH = 0.4
"""In the guard periods the power falls at least to this part of the burst's; a base station's carrier does not."""
ALIKE = 2.0
"""… and what a base station sends before and after is within this factor of the burst's power."""
FILLED = 0.8
"""Part of all slots that a base station's beacon fills at one level; the rest may be bursts beside it."""
STATION_SLOTS = 8
"""In fewer slots nobody can tell."""
WHOLE_SLOTS = (0.0, 0.75, 0.5, 0.25)
"""Symbols by which slots that have 157, 156, 156, 156 begin later than those of 156.25."""
START_SYMBOLS, START_SPREAD = (0.02, 0.08), 0.29
"""Error of a start: of any burst, and besides at CLOCK_DB; and how far phones' lie apart: of steps of a symbol."""
CLOCK_DB = 6.0
FEWEST_CLOCKED = 6
"""Bursts; two are spent on where the slots begin and how fast they go, by the receiver's clock."""


@exact
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


@exact
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


@exact
def one_clock(start_symbols: NDArray[np.float64], snr_db: NDArray[np.float64]) -> float:
    """Nats by which bursts of one carrier are rather one station's than several phones'; 0 where there are too few.

    start_symbols, snr_db: of each burst, float64, shape (n,); from any moment on, in any order. Carriers are not asked:
    phones' may lie within 0.1 ppm of each other or much nearer, and echoes and interference move that of one burst.
    """
    late, number, error = np.empty(len(snr_db)), np.empty(len(snr_db)), np.empty(len(snr_db))
    count = 0
    for i in np.argsort(start_symbols):
        since = start_symbols[i] - start_symbols.min()
        slot = round(since / SLOT_SYMBOLS)
        if count and number[count - 1] == slot:
            continue  # one that was found twice tells nothing new
        late[count], number[count] = since - slot * SLOT_SYMBOLS, slot
        error[count] = math.hypot(START_SYMBOLS[0], START_SYMBOLS[1] * 10 ** ((CLOCK_DB - snr_db[i]) / 20))
        count += 1
    if count < FEWEST_CLOCKED:
        return 0.0
    late, number, error = late[:count], number[:count], error[:count]
    most = _alike(late, number, error)
    for turn in range(4):
        whole = late.copy()
        for i in range(count):
            whole[i] -= WHOLE_SLOTS[int(number[i] - turn) % 4]
        most = max(most, _alike(whole, number, error))
    return most


@exact
def _alike(late: NDArray[np.float64], number: NDArray[np.float64], error: NDArray[np.float64]) -> float:
    """Nats for starts that only their errors part, against those that lie START_SPREAD apart besides.

    Where slots begin and how fast they go is fitted with the errors' weights and taken away.
    """
    weight = 1 / error**2
    middle = np.sum(weight * number) / np.sum(weight)
    offset = np.sum(weight * late) / np.sum(weight)
    pace = np.sum(weight * (number - middle) * late) / np.sum(weight * (number - middle) ** 2)
    left = late - offset - pace * (number - middle)
    apart = np.hypot(error, START_SPREAD)
    free = 1 - 2 / len(late)  # of the starts' freedom, two parts of which are spent on the fit
    return float(np.sum(free * np.log(apart / error) - 0.5 * left**2 * (weight - 1 / apart**2)))
