"""NR's synchronisation block, by which a base station is known: it is no phone.

    │ P │ B │BSB│ B │     four symbols, 240 subcarriers; P: 127 subcarriers of an m-sequence, one of three;
                          S: 127 of one of 336 products of two m-sequences; B: the broadcast channel

Both sequences must be there, two symbols apart.

Source: 3GPP TS 38.211 §7.4.2, §7.4.3.
"""

import math
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_receiver import Stretch, logistic, stretch
from cellwarden.airinterface.lte_waveform import PREFIX_S, SUBCARRIER_HZ, SYMBOL_S
from cellwarden.airinterface.nr_likeness import Look
from cellwarden.airinterface.nr_waveform import (
    BLOCK_SUBCARRIERS,
    BLOCK_SYMBOLS,
    FIRST_SYNCHRONISATION,
    SYNCHRONISATION,
    primary,
    secondaries,
)
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

SIZE = 512
"""Subcarriers looked at: a block's 240 and as many again, of which a box may be the edge."""
PRIMARY_MIDDLE = FIRST_SYNCHRONISATION + SYNCHRONISATION // 2 - (BLOCK_SUBCARRIERS - 1) / 2
"""Middle of the sequences, in subcarriers from the block's middle."""
MULTIPLES = (1, 2)
"""Spacings of synchronisation blocks below 6 GHz, in 15 kHz (TS 38.104 §5.4.3)."""
NARROWEST, WIDEST = 0.04, 1.15
"""Parts of a block's width that its box may have: a faint one falls into pieces."""
SHORTEST, LONGEST = 0.6, 1.4
EARLIEST, LATEST, STEPS = -1.25, 0.5, 8
"""Symbols from the box's edge at which the first symbol may begin, and places tried in each symbol."""
FRACTIONS = (0.0, 0.5)
"""Parts of a subcarrier by which the block may lie beside the grid."""
LEAST_NATS, LEAST_SECOND_NATS = 12.0, 6.0


def recognise(burst: Burst, block: Block, alike: Look) -> list[Emission]:
    """The synchronisation block that a box is."""
    rate = block.segment.rate_hz
    seconds, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    for multiple in MULTIPLES:
        whole_s = BLOCK_SYMBOLS * (SYMBOL_S + PREFIX_S) / multiple
        whole_hz = BLOCK_SUBCARRIERS * SUBCARRIER_HZ * multiple
        if (
            SHORTEST < seconds / whole_s < LONGEST
            and NARROWEST < width / whole_hz < WIDEST
            and alike.prefixes(multiple)
        ):
            found = _block(burst, block, multiple)
            if found is not None:
                return [found]
    return []


@lru_cache(maxsize=4)
def _products(sector: int) -> NDArray[np.complex64]:
    """Conjugate spectrum of the primary sequence's products of neighbours: shape (SIZE,)."""
    sent = primary(sector)
    return np.asarray(np.conj(scipy.fft.fft(sent[:-1] * sent[1:], SIZE)), np.complex64)


def _block(burst: Burst, block: Block, multiple: int) -> Emission | None:
    unit_hz = SUBCARRIER_HZ * multiple
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    symbol = (SYMBOL_S + PREFIX_S) / multiple
    heard = stretch(burst, block, 1.5 * symbol, middle, SIZE * multiple)
    at, offset, sector, tried = _likeliest(heard, heard.index(burst.sample_start), symbol * heard.rate_hz)
    sent = np.asarray(primary(sector))
    delays = np.abs(scipy.fft.ifft(_symbol(heard, at, offset) * sent, SIZE))
    late = int(np.argmax(delays))
    at += late - SIZE * (late > SIZE // 2)
    spectrum = _symbol(heard, at, offset)
    matched = np.abs(scipy.fft.fft(spectrum * sent, 4 * SIZE)) ** 2 / (SYNCHRONISATION * _energy(spectrum))
    evidence = _nats(float(np.max(matched))) - math.log(tried)
    if evidence < LEAST_NATS:
        return None
    delay = int(np.argmax(matched)) / (4 * SIZE)
    ramp = np.exp(-2j * np.pi * delay * np.arange(SYNCHRONISATION))
    later = _symbol(heard, at + round(2 * symbol * heard.rate_hz), offset)
    parts = np.abs(secondaries(sector) @ (later * ramp)) ** 2 / (SYNCHRONISATION * _energy(later))
    second = _nats(float(np.max(parts))) - math.log(len(parts))
    if second < LEAST_SECOND_NATS:
        return None
    start = heard.sample(at - PREFIX_S / multiple * heard.rate_hz)
    carrier = heard.centre_hz + (offset - PRIMARY_MIDDLE) * unit_hz
    noise = SIZE * heard.noise
    return Emission(
        label="nr:downlink",
        sample_start=math.floor(start),
        sample_count=round(BLOCK_SYMBOLS * symbol * block.segment.rate_hz),
        low_offset_hz=carrier - BLOCK_SUBCARRIERS / 2 * unit_hz,
        high_offset_hz=carrier + BLOCK_SUBCARRIERS / 2 * unit_hz,
        snr_db=10 * math.log10(max(_energy(later) / SYNCHRONISATION / noise - 1.0, 1e-3)),
        confidence=logistic(evidence + second - LEAST_NATS),
        carrier_offset_hz=carrier,
        timing_samples=start - math.floor(start),
        direction="downlink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={"spacing_khz": 15 * multiple, "physical_cell": 3 * int(np.argmax(parts)) + sector,
                 "evidence": round(evidence + second, 1)},
    )  # fmt: skip


def _likeliest(heard: Stretch, begin: int, symbol: float) -> tuple[int, float, int, int]:
    """Where one of the three sequences seems to be: sample, subcarriers off the middle, sector; and how much was tried.

    Products of neighbouring subcarriers are those of the sequence whatever the time within a symbol: one correlation
    looks at all frequencies.
    """
    places = begin + np.round(np.arange(EARLIEST, LATEST, 1 / STEPS) * symbol).astype(np.int64)
    places = places[(places >= 0) & (places + SIZE <= len(heard.y))]
    best = (0.0, 0, 0.0, 0)
    for fraction in FRACTIONS:
        ramp = np.exp(-2j * np.pi * fraction / SIZE * np.arange(SIZE)).astype(np.complex64)
        values = scipy.fft.fftshift(scipy.fft.fft(heard.y[places[:, None] + np.arange(SIZE)] * ramp, axis=-1), axes=-1)
        products = np.zeros(values.shape, np.complex64)
        products[:, :-1] = values[:, :-1] * np.conj(values[:, 1:])
        transformed = scipy.fft.fft(products, axis=-1)
        for sector in range(3):
            level = squared(scipy.fft.ifft(transformed * _products(sector), axis=-1))[:, : SIZE - SYNCHRONISATION]
            place, low = divmod(int(np.argmax(level)), level.shape[1])
            if level[place, low] > best[0]:
                middle = low + SYNCHRONISATION // 2 - SIZE // 2 + fraction
                best = (float(level[place, low]), int(places[place]), middle, sector)
    return best[1], best[2], best[3], 3 * len(places) * len(FRACTIONS) * SIZE


def _symbol(heard: Stretch, at: int, offset: float) -> NDArray[np.complex128]:
    """The 127 middle subcarriers of the symbol that begins at a sample."""
    part = np.zeros(SIZE, np.complex128)
    piece = heard.y[at : at + SIZE]
    part[: len(piece)] = piece
    spectrum = scipy.fft.fft(part * np.exp(-2j * np.pi * offset / SIZE * np.arange(SIZE)))
    half = SYNCHRONISATION // 2
    return np.asarray(np.concatenate([spectrum[-half:], spectrum[: half + 1]]))


def _energy(values: NDArray[np.complex128]) -> float:
    return float(np.sum(np.abs(values) ** 2)) + 1e-30


def _nats(part: float) -> float:
    return -(SYNCHRONISATION - 1) * math.log1p(-min(part, 0.999))
