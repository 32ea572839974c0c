"""What an LTE cell and its phones send by the standard, for a cell number and a slot: for tests and measurements.

Source: 3GPP TS 36.211 §5.5.1.3, §5.5.2.1.1, §6.10.1.2, §6.11.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_cell import secondaries
from cellwarden.airinterface.lte_search import SHIFTS, hopped, slot_shift
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    FIRST_PREFIX_S,
    GROUPS,
    PREFIX_S,
    REFERENCE,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_STARTS_S,
    base_sequence,
    carrier_wave,
    synchronisation,
)


def _grid(symbols: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where symbols' useful parts begin, and their prefixes, in seconds."""
    n = np.arange(symbols)
    starts = n // 7 * SLOT_S + np.array(SYMBOL_STARTS_S)[n % 7]
    return starts, np.where(n % 7 == 0, FIRST_PREFIX_S, PREFIX_S)


def downlink(
    rng: np.random.Generator,
    physical_cell: int,
    *,
    rate_hz: float,
    frames: int = 1,
    blocks: int = 6,
    duplex: str = "fdd",
) -> NDArray[np.complex64]:
    """Whole frames of a base station, mean power about 1: synchronisation signals, reference symbols, some data.

    In time division duplex subframes 2, 3, 7 and 8 are silent (uplink-downlink configuration 1).
    """
    width, symbols = blocks * BLOCK, 140 * frames
    values = np.exp(0.5j * np.pi * (rng.integers(0, 4, (symbols, width)) + 0.5))
    n = np.arange(symbols)
    busy = np.repeat(rng.random(symbols // 14) < 0.5, 14)
    values[(n % 7 != 0) & (n % 7 != 4) & ~busy] = 0
    values[(n % 7 == 0) | (n % 7 == 4)] *= np.arange(width) % 6 == physical_cell % 6
    group, sector = divmod(physical_cell, 3)
    middle = slice(width // 2 - 36, width // 2 + 36)
    inner = slice(width // 2 - 31, width // 2 + 31)
    for half in range(2 * frames):
        first = 70 * half
        primary, secondary = (first + 6, first + 5) if duplex == "fdd" else (first + 16, first + 13)
        values[[primary, secondary], middle] = 0
        values[primary, inner] = synchronisation(sector)
        values[secondary, inner] = secondaries(sector)[half % 2, group]
    if duplex == "tdd":
        values[np.isin(n // 14 % 5, (2, 3))] = 0
    spread = np.insert(values, width // 2, 0, axis=1)  # nothing is sent at zero frequency
    starts, prefixes = _grid(symbols)
    wave = carrier_wave(spread, starts, prefixes, SUBCARRIER_HZ, rate_hz)
    return np.asarray(wave / math.sqrt(float(np.mean(np.abs(wave) ** 2))), np.complex64)


def pusch(
    rng: np.random.Generator,
    physical_cell: int,
    slot: int,
    *,
    rate_hz: float,
    blocks: int,
    hopping: bool = False,
    shift_pattern: int = 0,
) -> NDArray[np.complex64]:
    """A subframe of a cell's phone that begins with an even `slot` of the frame, mean power 1.

    `shift_pattern` is Δ_ss; the cyclic shift that the base station gives (n_DMRS) is random.
    """
    width = blocks * BLOCK
    points = {2: [-1.0, 1.0], 4: [-3.0, -1.0, 1.0, 3.0]}[int(rng.choice([2, 4]))]
    data = rng.choice(points, (14, width)) + 1j * rng.choice(points, (14, width))
    values = np.fft.fft(data / math.sqrt(2 * float(np.mean(np.square(points)))), axis=1, norm="ortho")
    given, pattern = int(rng.integers(SHIFTS)), (physical_cell + shift_pattern) % GROUPS
    for half in range(2):
        group = (pattern + (hopped(physical_cell, slot + half) if hopping else 0)) % GROUPS
        turn = 2 * np.pi / SHIFTS * ((given + slot_shift(physical_cell, pattern, slot + half)) % SHIFTS)
        values[7 * half + REFERENCE] = base_sequence(group, 0, width) * np.exp(1j * turn * np.arange(width))
    starts, prefixes = _grid(14)
    wave = carrier_wave(values, starts, prefixes, SUBCARRIER_HZ, rate_hz)
    return np.asarray(wave / math.sqrt(float(np.mean(np.abs(wave) ** 2))), np.complex64)
