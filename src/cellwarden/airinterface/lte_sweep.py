"""Whether what looks like LTE's data is a sweep of frequency all along: a radar's, a sensor's, a jammer's.

    PUSCH    d d d R d d d     only the reference symbols R are Zadoff-Chu sequences
    sweep    ╱╱╱╱╱╱╱╱╱╱╱╱╱     every stretch of it is one

A sweep of the right slope matches a reference sequence wherever it is asked, and so in the symbols between, too.
"""

import math

import numpy as np

from cellwarden.airinterface.lte_found import Found, samples_of
from cellwarden.airinterface.lte_symbols import conjugates, long_matches, surprise, transforms
from cellwarden.airinterface.lte_uplink import MIDDLES_S
from cellwarden.airinterface.lte_waveform import BLOCK, BLOCK_HZ, GROUPS, REFERENCE, SUBCARRIER_HZ
from cellwarden.model import Block, Burst

DATA_S = MIDDLES_S[[1 + n for n in range(13) if n % 7 != REFERENCE]]
"""Middles of prefixes of the symbols that hold data; the last may be left free."""
FITTING_NATS, SWEPT = 6.0, 2
"""Nats by which the sequence of the reference symbols fits a symbol of data beyond chance, and in how many it does in a
sweep; of 40 real and generated subframes of 3 to 100 blocks none had more than one."""
CLEAR = 4.0
"""SNR from which on a sweep explains too little of a reference symbol to be taken for one."""


def is_swept(found: Found, burst: Burst, block: Block) -> bool:
    """Whether the sequence that told a PUSCH of three blocks and more in a box fits its data as well."""
    if found.kind != "pusch" or found.blocks < 3 or found.snr > CLEAR:
        return False
    length = found.blocks * BLOCK
    heard = samples_of(found, burst, block, 0.0, 4 * math.ceil(1.2 * length / 4))
    size = round(heard.rate_hz / SUBCARRIER_HZ)
    first = (found.start - heard.first) / heard.per_sample
    starts = np.round(first + DATA_S * heard.rate_hz).astype(np.int64)
    low_hz = found.middle_hz - found.blocks * BLOCK_HZ / 2 + SUBCARRIER_HZ / 2 - heard.centre_hz
    low = size // 2 + math.floor(low_hz / SUBCARRIER_HZ)
    if low < 0 or low + length > size:
        return False  # it reaches beyond what was heard
    turn = low_hz / SUBCARRIER_HZ % 1.0
    data = transforms(heard, size, starts, (turn,))[0, :, low : low + length]
    groups = np.arange(found.group, len(conjugates(length)), GROUPS)
    nats = surprise(long_matches(data, groups).max(axis=-1), length) - math.log(2 * length * len(groups))
    return int(np.sum(nats > FITTING_NATS)) >= SWEPT
