"""Whether a box is like itself at the lag of NR's symbols: a short look at it, before anything long.

    PUSCH, synchronisation block   │p│ symbol │p│ symbol │ …    prefixes p are like the ends of their symbols
    short preamble                 │p│symbol│symbol│symbol│     all of it is like what comes a symbol later

The coherence ρ of D independent values of anything else exceeds r with probability (1 - r²)^(D - 1). What a faint box
shows decides nothing, and is let pass.

Source: 3GPP TS 38.211 §5.3, §6.3.3.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from cellwarden.airinterface.lte_kernels import prefix_likeness
from cellwarden.airinterface.lte_receiver import Stretch, stretch
from cellwarden.airinterface.lte_waveform import PREFIX_S, SUBCARRIER_HZ, SYMBOL_S
from cellwarden.model import Block, Burst

CLEAR_DB = 4.0
"""A fainter box may hold but a part of its burst."""
MOST_SNR = 4.0
"""Echoes and the edges of symbols make the most of it."""
LEAST_PART, LEAST_NATS = 0.25, 8.0
"""Asked of a likeness: this part of what the signal-to-noise ratio lets expect, and no more than so much."""
SMALLEST = 64
"""Subcarriers of 15 kHz looked at, at least: a prefix then has five samples."""
MOST_SYMBOLS = 14
PLACES = 24
"""At which a symbol's prefix may begin."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a box may be, by its likeness to itself at the lag of one spacing."""

    prefixes: bool
    repeats: bool


Look = Callable[[int], Likeness]
"""From a spacing, in 15 kHz, to what a box may be."""


def look(burst: Burst, block: Block) -> Look:
    """How one box is like itself; it is resampled when that is first asked for."""
    return cache(partial(_likeness, burst, cache(partial(_heard, burst, block))))


def _heard(burst: Burst, block: Block) -> Stretch:
    """The box's own band, and a symbol to either side."""
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    return stretch(burst, block, SYMBOL_S, middle, max(SMALLEST, 4 * math.ceil(width / 4)))


def _likeness(burst: Burst, heard: Callable[[], Stretch], multiple: int) -> Likeness:
    if burst.snr_db < CLEAR_DB:
        return Likeness(True, True)
    box = heard()
    rate, width = box.rate_hz, burst.high_offset_hz - burst.low_offset_hz
    seconds = burst.sample_count / box.per_sample / rate
    symbol_s, lag = (SYMBOL_S + PREFIX_S) / multiple, round(SYMBOL_S / multiple * rate)
    count = max(1, min(MOST_SYMBOLS, round(seconds / symbol_s)))
    begin = box.index(burst.sample_start)
    places = begin + np.round(np.linspace(-symbol_s / 2, symbol_s / 2, PLACES) * rate).astype(np.int64)
    offsets = np.round(np.arange(count) * symbol_s * rate).astype(np.int64)
    alike = np.empty(PLACES, np.float32)
    prefix_likeness(box.y, lag, max(2, round(PREFIX_S / multiple * rate)), places, offsets, alike)
    prefixes = _nats(float(np.max(alike)), count * PREFIX_S / multiple * width) - math.log(PLACES)
    whole = np.empty(1, np.float32)
    length = round(seconds * rate) - lag
    prefix_likeness(box.y, lag, max(2, length), np.array([begin]), np.zeros(1, np.int64), whole)
    repeats = _nats(float(whole[0]), length / rate * width)
    snr = min(10 ** (burst.snr_db / 10), MOST_SNR) * width / max(width, rate)
    expected = snr / (1 + snr)
    least = LEAST_PART * _nats(expected, count * PREFIX_S / multiple * width) - math.log(PLACES)
    return Likeness(
        prefixes > min(least, LEAST_NATS),
        length < lag / 2 or repeats > min(LEAST_NATS, LEAST_PART * _nats(expected, length / rate * width)),
    )


def _nats(coherence: float, freedom: float) -> float:
    """Of a coherence of so many independent values."""
    return -max(0.0, freedom - 1) * math.log1p(-min(coherence**2, 0.9999))
