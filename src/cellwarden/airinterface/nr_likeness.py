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
class Look:
    """Of a spacing, in 15 kHz, whether a box may have prefixes, and whether all of it may repeat."""

    prefixes: Callable[[int], bool]
    repeats: Callable[[float], bool]


def look(burst: Burst, block: Block) -> Look:
    """How one box is like itself; it is resampled when that is first asked for, and where it may tell anything."""
    if burst.snr_db < CLEAR_DB:
        return Look(lambda _: True, lambda _: True)
    heard = cache(partial(_heard, burst, block))
    return Look(cache(partial(_prefixes, burst, block, heard)), cache(partial(_repeats, burst, block, heard)))


def _heard(burst: Burst, block: Block) -> Stretch:
    """The box's own band, and a symbol to either side."""
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    return stretch(burst, block, SYMBOL_S, middle, _subcarriers(burst))


def _subcarriers(burst: Burst) -> int:
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    return max(SMALLEST, 4 * math.ceil(width / 4))


def _expected(burst: Burst) -> float:
    """Coherence that a box's SNR lets expect."""
    width = burst.high_offset_hz - burst.low_offset_hz
    snr = min(10 ** (burst.snr_db / 10), MOST_SNR) * width / max(width, _subcarriers(burst) * SUBCARRIER_HZ)
    return snr / (1 + snr)


def _prefixes(burst: Burst, block: Block, heard: Callable[[], Stretch], multiple: int) -> bool:
    seconds, width = burst.sample_count / block.segment.rate_hz, burst.high_offset_hz - burst.low_offset_hz
    symbol_s = (SYMBOL_S + PREFIX_S) / multiple
    count = max(1, min(MOST_SYMBOLS, round(seconds / symbol_s)))
    freedom = count * PREFIX_S / multiple * width
    least = min(LEAST_PART * _nats(_expected(burst), freedom), LEAST_NATS + math.log(PLACES))
    if least < math.log(PLACES):
        return True  # so narrow and short that chance among the places gives as much
    box = heard()
    rate, lag = box.rate_hz, round(SYMBOL_S / multiple * box.rate_hz)
    places = box.index(burst.sample_start) + np.round(np.linspace(-symbol_s / 2, symbol_s / 2, PLACES) * rate).astype(
        np.int64
    )
    offsets = np.round(np.arange(count) * symbol_s * rate).astype(np.int64)
    alike = np.empty(PLACES, np.float32)
    prefix_likeness(box.y, lag, max(2, round(PREFIX_S / multiple * rate)), places, offsets, alike)
    return _nats(float(np.max(alike)), freedom) > least


def _repeats(burst: Burst, block: Block, heard: Callable[[], Stretch], multiple: float) -> bool:
    seconds, width = burst.sample_count / block.segment.rate_hz, burst.high_offset_hz - burst.low_offset_hz
    box = heard()
    lag = round(SYMBOL_S / multiple * box.rate_hz)
    length = round(seconds * box.rate_hz) - lag
    if length < lag / 2:
        return True
    whole = np.empty(1, np.float32)
    begin = np.array([box.index(burst.sample_start)])
    prefix_likeness(box.y, lag, max(2, length), begin, np.zeros(1, np.int64), whole)
    freedom = length / box.rate_hz * width
    return _nats(float(whole[0]), freedom) > min(LEAST_NATS, LEAST_PART * _nats(_expected(burst), freedom))


def _nats(coherence: float, freedom: float) -> float:
    """Of a coherence of so many independent values."""
    return -max(0.0, freedom - 1) * math.log1p(-min(coherence**2, 0.9999))
