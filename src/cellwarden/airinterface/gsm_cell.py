"""A GSM cell learned from its beacon: where its frames begin, its carrier, its colour. Nothing else is kept.

    frame n, slot 0: frequency correction burst, a tone of +67.7 kHz        ┐ every tenth frame or eleventh
    frame n + 1, slot 0: synchronisation burst                              ┘
        3 │ 39 coded │    64 known symbols    │ 39 coded │ 3

The synchronisation burst carries 25 bits behind a code whose ten parity bits prove them: the base station identity code
(BSIC), whose last three bits are the number of the training sequence that the cell's phones send, and the frame's
number, which is not kept. An uplink frame begins three slots after the downlink's.

Source: 3GPP TS 45.002 §5.2.4, §5.2.5, §3.3.2.2.1; TS 45.003 §4.7; TS 45.010 §5.
"""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_receiver import LEAST_RATE_HZ, Receiver
from cellwarden.airinterface.gsm_receiver import receiver as receiver_at
from cellwarden.airinterface.gsm_symbols import matched, parts
from cellwarden.airinterface.gsm_waveform import (
    CHANNEL_HZ,
    FRAME_SYMBOLS,
    SYMBOL_RATE_HZ,
    antipodal,
)
from cellwarden.detect.kernels import decimate
from cellwarden.measure.vertex import vertex
from cellwarden.model import Block, Cell

TRAINING = "1011100101100010000001000000111100101101010001010111011000011011"  # TS 45.002 §5.2.5
TRAINING_AT, CODED_AT, CODED = 42, (3, 106), 39
"""Symbols of the synchronisation burst: where the training and the coded ones begin, and how many these are."""
TONE_HZ = SYMBOL_RATE_HZ / 4
TONE_SYMBOLS = 140
"""Of the frequency correction burst's 148."""
TONE_PART = 0.6
"""Part of a stretch's energy that lies in one tone."""
ERROR_HZ = 50e3
"""By which a receiver's frequency may be off."""
TRAINED = 0.42
"""Part of the energy of the known symbols that they explain."""
LATE_SYMBOLS = 160
STEP = 0.25
TRIED = 6
"""Tones of a carrier that are looked at."""
BITS, PARITY, TAIL = 25, 10, 4
POLYNOMIAL = 0b10101110101
"""D¹⁰ + D⁸ + D⁶ + D⁵ + D⁴ + D² + 1 (TS 45.003 §4.7)."""
LAG_SLOTS = 3


def learn(block: Block) -> list[Cell]:
    """The cells whose beacon carriers lie in a recording of base stations, the clearest first.

    `carriers_hz` are the offsets of their own carriers; details: `bsic`, `training_sequence`, `clock_ppm`.
    """
    rate = block.segment.rate_hz
    if rate < LEAST_RATE_HZ:
        return []
    found: list[tuple[float, Cell]] = []
    for carrier in _carriers(block):
        heard = _beacon(block, carrier)
        if heard is not None:
            found.append(heard)
    cells: list[Cell] = []
    for _strength, cell in sorted(found, key=lambda f: -f[0]):
        if all(abs(cell.carriers_hz[0] - other.carriers_hz[0]) > CHANNEL_HZ / 2 for other in cells):
            cells.append(cell)
    return cells


def _carriers(block: Block) -> list[float]:
    """Offsets at which carriers may lie: on the raster of 200 kHz, or 100 kHz apart where the centre is not told."""
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    reach = rate / 2 - CHANNEL_HZ / 2
    step, first = (CHANNEL_HZ / 2, 0.0) if centre is None else (CHANNEL_HZ, -centre % CHANNEL_HZ)
    low, high = math.ceil((-reach - first) / step), math.floor((reach - first) / step)
    return [first + n * step for n in range(low, high + 1)]


def _beacon(block: Block, carrier_hz: float) -> tuple[float, Cell] | None:
    """The cell of a carrier, if it sends a tone and, a frame later, a synchronisation burst that proves itself."""
    rx = receiver_at(block.segment.rate_hz)
    y = _narrow(block, rx, carrier_hz)
    tones = _tones(y, rx)
    for at, tone_hz in tones[:TRIED]:
        error_hz = tone_hz - TONE_HZ
        if abs(error_hz) > ERROR_HZ:
            continue
        own = _narrow(block, rx, carrier_hz + error_hz)
        begin, strength, z = _synchronisation(own, rx, at + FRAME_SYMBOLS * rx.per_symbol)
        if strength < TRAINED:
            continue
        bsic = _colour(z)
        if bsic is None:
            continue
        carrier = carrier_hz + error_hz
        clock = _clock_error(block.segment.centre_hz, carrier)
        frame = FRAME_SYMBOLS / SYMBOL_RATE_HZ * block.segment.rate_hz * (1 + clock)
        start = block.sample_start + begin * rx.step + LAG_SLOTS / 8 * frame
        known = {"bsic": bsic, "training_sequence": bsic & 7, "clock_ppm": round(clock * 1e6, 3)}
        return strength, Cell("gsm", (carrier,), start, frame, known)
    return None


def _clock_error(centre_hz: float | None, carrier_hz: float) -> float:
    """By how much the receiver's clock is fast, as a fraction; as an LTE cell tells it (`lte_cell`)."""
    if centre_hz is None:
        return 0.0
    seen = centre_hz + carrier_hz
    return round(seen / CHANNEL_HZ) * CHANNEL_HZ / seen - 1


def _narrow(block: Block, rx: Receiver, carrier_hz: float) -> NDArray[np.complex64]:
    """The samples of one channel, some two a symbol."""
    y = np.empty(len(block.iq) // rx.step, np.complex64)
    decimate(block.iq, block.scale, 0, carrier_hz / block.segment.rate_hz, rx.taps, rx.step, y)
    return y


def _tones(y: NDArray[np.complex64], rx: Receiver) -> list[tuple[int, float]]:
    """Where a carrier is one tone, the purest first: sample, frequency in hertz."""
    size = int(TONE_SYMBOLS * rx.per_symbol)
    starts = np.arange(0, len(y) - size, size // 8)
    if not len(starts):
        return []
    rate = rx.per_symbol * SYMBOL_RATE_HZ
    found: list[tuple[float, int, float]] = []
    for first in range(0, len(starts), 512):
        rows = y[starts[first : first + 512, None] + np.arange(size)]
        level = np.abs(scipy.fft.fft(rows, 4 * size, axis=-1)) ** 2
        energy = np.sum(np.abs(rows) ** 2, axis=-1) * size + 1e-30
        peaks = np.argmax(level, axis=-1)
        parts = level[np.arange(len(rows)), peaks] / energy
        for n in np.flatnonzero(parts > TONE_PART).tolist():
            peak = peaks[n] + vertex(level[n], int(peaks[n]))
            hz = float((peak / (4 * size) + 0.5) % 1.0 - 0.5) * rate
            found.append((float(parts[n]), int(starts[first + n]), hz))
    kept: list[tuple[int, float]] = []
    for _part, at, hz in sorted(found, reverse=True):
        if all(abs(at - other) > size for other, _hz in kept):
            kept.append((at, hz))
    return kept


def _synchronisation(y: NDArray[np.complex64], rx: Receiver, near: float) -> tuple[float, float, NDArray[np.complex64]]:
    """The likeliest synchronisation burst about a sample: where it begins, how well it fits, its symbols."""
    known = antipodal(TRAINING).astype(np.float32)
    places = near + np.arange(-LATE_SYMBOLS, LATE_SYMBOLS, STEP) * rx.per_symbol
    z, heard = np.empty(len(known), np.complex64), parts(y)
    best, begin = 0.0, 0.0
    for place in places.tolist():
        if place < 0 or place + 150 * rx.per_symbol > len(y):
            continue
        matched(heard, place + TRAINING_AT * rx.per_symbol, rx.per_symbol, rx.table, np.pi / 2, z)
        part = abs(np.vdot(known, z)) ** 2 / (len(known) * float(np.sum(np.abs(z) ** 2)) + 1e-30)
        if part > best:
            best, begin = float(part), place
    symbols = np.zeros(148, np.complex64)
    if best > 0:
        matched(heard, begin, rx.per_symbol, rx.table, np.pi / 2, symbols)
        middle = symbols[TRAINING_AT : TRAINING_AT + len(known)]
        symbols = symbols * np.conj(np.vdot(known, middle))
    return begin, best, symbols


def _colour(symbols: NDArray[np.complex64]) -> int | None:
    """The base station identity code; None where the parity bits do not agree. All else stays here."""
    soft = np.concatenate([symbols[at : at + CODED].real for at in CODED_AT])
    bits = _decoded(np.asarray(soft, np.float64))
    register = 0
    for position, bit in enumerate(bits[: BITS + PARITY].tolist()):
        register = register << 1 | (bit ^ int(position >= BITS))  # parity bits are sent inverted
        if register >> PARITY:
            register ^= POLYNOMIAL
    if register:
        return None
    return int(sum(int(bits[place]) << n for n, place in enumerate((2, 3, 4, 5, 6, 7))))


def _decoded(soft: NDArray[np.float64]) -> NDArray[np.int64]:
    """Viterbi's decoder for G0 = 1 + D³ + D⁴, G1 = 1 + D + D³ + D⁴ (TS 45.003 §4.7): 39 bits of 78 soft ones.

    soft: positive for 0. The state holds the four bits before, the newest first.
    """
    steps = len(soft) // 2
    metric = np.where(np.arange(16) == 0, 0.0, -np.inf)
    back = np.zeros((steps, 16), np.int64)
    state = np.arange(16)
    d1, d3, d4 = state >> 3 & 1, state >> 1 & 1, state & 1
    for n in range(steps):
        fresh = np.full(16, -np.inf)
        for bit in (0, 1):
            one, two = bit ^ d3 ^ d4, bit ^ d1 ^ d3 ^ d4
            value = metric + soft[2 * n] * (1 - 2 * one) + soft[2 * n + 1] * (1 - 2 * two)
            following = bit << 3 | state >> 1
            for s in range(16):
                if value[s] > fresh[following[s]]:
                    fresh[following[s]], back[n, following[s]] = value[s], s
        metric = fresh
    bits, at = np.zeros(steps, np.int64), 0
    for n in range(steps - 1, -1, -1):
        bits[n] = at >> 3
        at = int(back[n, at])
    return bits
