"""An NR cell learned from its synchronisation blocks: number, half frames, carrier. Nothing else is read.

    │ P │ B │BSB│ B │   P tells one of three, S one of 336, and of B only the reference signals are looked at, every
                        fourth subcarrier: they tell which block of the half frame this is, so where the frame begins

Source: 3GPP TS 38.211 §7.4.1.4, §7.4.2, §7.4.3; TS 38.213 §4.1 (cases A and C:
blocks begin in symbols 2 and 8 of slots).
"""

import math
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_symbols import rarity
from cellwarden.airinterface.lte_waveform import FIRST_PREFIX_S, PREFIX_S, SUBCARRIER_HZ, SYMBOL_S
from cellwarden.airinterface.nr_waveform import (
    BLOCK_SUBCARRIERS,
    FIRST_SYNCHRONISATION,
    SYNCHRONISATION,
    gold,
    primary,
    secondaries,
)
from cellwarden.model import Block, Cell

SIZE = 256
"""Subcarriers looked at, and samples of a symbol: a block has 240."""
MULTIPLES = (1, 2)
"""Spacings of synchronisation blocks below 6 GHz, in 15 kHz (TS 38.104 §5.4.3)."""
LISTENED_S = 45e-3
"""Looked at; a cell sends its blocks every 20 ms, so that phones find it at all (TS 38.213 §4.1)."""
LEAST_NATS, LEAST_SECOND_NATS, LEAST_THIRD_NATS = 14.0, 12.0, 8.0
"""Asked of P, of S and of the reference signals of B, beyond what chance gives."""
MOST_CELLS, TRIED = 4, 8
HALF = SYNCHRONISATION // 2
FRAME_S = 10e-3
KNEE_HZ = 3e9
"""From here on the raster of blocks has other steps."""
LARGEST_ERROR = 50e-6
"""Of a receiver's clock."""


@lru_cache(maxsize=8)
def _replica(sector: int, count: int) -> NDArray[np.complex64]:
    """Conjugate spectrum, shape (count,), of a primary sequence of energy 1."""
    subcarriers = np.zeros(SIZE, np.complex128)
    subcarriers[np.arange(-HALF, HALF + 1)] = primary(sector)
    wave = scipy.fft.ifft(subcarriers)
    return np.asarray(np.conj(scipy.fft.fft(wave / np.linalg.norm(wave), count)), np.complex64)


@lru_cache(maxsize=64)
def references(physical_cell: int, index: int) -> NDArray[np.complex128]:
    """Reference signals of B for a block's index, 0 … 7: shape (144,), in the order of symbols and subcarriers."""
    seed = (index + 1) * (physical_cell // 4 + 1) * 2**11 + (index + 1) * 2**6 + physical_cell % 4
    bits = 1.0 - 2.0 * gold(seed % 2**31, 288)
    return np.asarray((bits[0::2] + 1j * bits[1::2]) / math.sqrt(2), np.complex128)


def learn(block: Block) -> list[Cell]:
    """The cells whose synchronisation blocks lie in a recording of base stations, the clearest first.

    `carriers_hz` are the middles of their blocks. details: `physical_cell`, `spacing_khz`, `block_index`, `evidence`.
    """
    found: list[Cell] = []
    for multiple in MULTIPLES:
        if block.segment.rate_hz >= 0.75 * SIZE * SUBCARRIER_HZ * multiple:
            found += _cells(block, multiple)
    kept: list[Cell] = []
    for cell in sorted(found, key=lambda c: -float(c.details["evidence"])):
        if all(abs(cell.carriers_hz[0] - o.carriers_hz[0]) > 1e6 or _differ(cell, o) for o in kept):
            kept.append(cell)
    return kept[:MOST_CELLS]


def _differ(one: Cell, other: Cell) -> bool:
    """Whether two are cells of one carrier, not one seen beside itself."""
    near = abs(one.carriers_hz[0] - other.carriers_hz[0]) < SUBCARRIER_HZ / 2
    return near and one.details["physical_cell"] != other.details["physical_cell"]


def _cells(block: Block, multiple: int) -> list[Cell]:
    rate = block.segment.rate_hz
    out_hz = SIZE * SUBCARRIER_HZ * multiple
    count = math.floor(min(LISTENED_S, len(block.iq) / rate) * SUBCARRIER_HZ * multiple) * SIZE
    taken = round(count / out_hz * rate)
    samples = np.ascontiguousarray(block.iq[:taken], np.float32).view(np.complex64)[:, 0]
    spectrum = scipy.fft.fft(samples * np.float32(block.scale))
    step = SUBCARRIER_HZ * multiple / 2
    reach = max(0, int((rate / 2 - SYNCHRONISATION / 2 * SUBCARRIER_HZ * multiple) / step))
    inside = np.abs(scipy.fft.fftfreq(count, 1 / out_hz)) < (HALF + 1) * SUBCARRIER_HZ * multiple
    replicas = np.array([_replica(sector, count) for sector in range(3)])
    tried = math.log(3.0 * count * (2 * reach + 1))
    likely: list[tuple[float, float, int, int]] = []
    for number in range(-reach, reach + 1):
        part = _band(spectrum, count, taken / rate, number * step) * inside
        y = scipy.fft.ifft(part)
        energy = np.roll(scipy.ndimage.uniform_filter1d(y.real**2 + y.imag**2, SIZE, mode="wrap") * SIZE, -SIZE // 2)
        energy = np.maximum(energy, 0.05 * float(np.max(energy)) + 1e-30)
        shares = np.abs(scipy.fft.ifft(part * replicas, axis=-1)) ** 2 / energy
        sector, at = divmod(int(np.argmax(shares)), count)
        nats = -(SYNCHRONISATION - 1) * math.log1p(-min(float(shares[sector, at]), 0.99)) - tried
        if nats > LEAST_NATS:
            likely.append((nats, number * step, sector, at))
    found: list[Cell] = []
    for nats, offset, sector, at in sorted(likely, reverse=True)[:TRIED]:
        cell = _cell(block, _band(spectrum, count, taken / rate, offset), multiple, nats, offset, sector, at)
        if cell is not None:
            found.append(cell)
    return found


def _band(spectrum: NDArray[np.complex64], count: int, seconds: float, middle_hz: float) -> NDArray[np.complex64]:
    """`count` bins of a spectrum around a frequency, in the order of `fft`; beyond the recorded band is silence."""
    chosen = round(middle_hz * seconds) + np.arange(-(count // 2), count - count // 2)
    inside = np.abs(chosen) < len(spectrum) // 2
    return np.asarray(np.roll(np.where(inside, spectrum[chosen % len(spectrum)], 0), -(count // 2)), np.complex64)


def _cell(
    block: Block, band: NDArray[np.complex64], multiple: int, nats: float, offset_hz: float, sector: int, at: int
) -> Cell | None:
    """The cell of a likely primary sequence, if secondary sequence and reference signals are there as well."""
    rate, out_hz = block.segment.rate_hz, SIZE * SUBCARRIER_HZ * multiple
    y = scipy.fft.ifft(band)
    symbol = round((SYMBOL_S + PREFIX_S) / multiple * out_hz)
    if at + 4 * symbol > len(y) or at < SIZE // 8:
        return None
    at -= round(PREFIX_S / multiple * out_hz / 4)  # within the prefix
    turn = _turn(y, [at + n * symbol for n in range(4)], round(PREFIX_S / multiple * out_hz / 2))
    y = y * np.exp(-2j * np.pi * turn / SIZE * np.arange(len(y)))
    rows = scipy.fft.fft(np.array([y[at + n * symbol : at + n * symbol + SIZE] for n in range(4)]), axis=-1)
    rows = np.roll(rows, FIRST_SYNCHRONISATION + HALF, axis=-1)[:, :BLOCK_SUBCARRIERS]
    middle = slice(FIRST_SYNCHRONISATION, FIRST_SYNCHRONISATION + SYNCHRONISATION)
    delay = _delay(rows[0, middle] * primary(sector))
    ramp = np.exp(2j * np.pi * delay * np.arange(BLOCK_SUBCARRIERS))
    rows = rows * ramp
    parts = np.abs(secondaries(sector) @ rows[2, middle]) ** 2
    parts /= SYNCHRONISATION * float(np.sum(np.abs(rows[2, middle]) ** 2)) + 1e-30
    group = int(np.argmax(parts))
    second = -(SYNCHRONISATION - 1) * math.log1p(-min(float(parts[group]), 0.99)) - math.log(len(parts))
    if second < LEAST_SECOND_NATS:
        return None
    number = 3 * group + sector
    index, third = _index(rows, number)
    if third < LEAST_THIRD_NATS:
        return None
    reference = offset_hz + (turn + 1) * SUBCARRIER_HZ * multiple  # of the block's 240 subcarriers number 120
    clock = _clock_error(block.segment.centre_hz, reference)
    carrier = reference - SUBCARRIER_HZ * multiple / 2
    begin_s = (at + delay * SIZE) / out_hz - PREFIX_S / multiple - _start_s(index, multiple)
    frame = FRAME_S * rate * (1 + clock)
    return Cell(
        "nr",
        (carrier,),
        block.sample_start + begin_s * rate % (frame / 2),
        frame,
        {
            "physical_cell": number,
            "spacing_khz": 15 * multiple,
            "block_index": index,
            "clock_ppm": round(clock * 1e6, 3),
            "evidence": round(nats + second + third, 1),
        },
    )


def _clock_error(centre_hz: float | None, reference_hz: float) -> float:
    """By how much the receiver's clock is fast: blocks lie on a raster (TS 38.104 §5.4.3.1), as in `lte_cell`."""
    if centre_hz is None:
        return 0.0
    seen = centre_hz + reference_hz
    if seen < KNEE_HZ:
        places = [round((seen - off) / 1.2e6) * 1.2e6 + off for off in (50e3, 150e3, 250e3)]
        nearest = min(places, key=lambda hz: abs(hz - seen))
    else:
        nearest = KNEE_HZ + round((seen - KNEE_HZ) / 1.44e6) * 1.44e6
    error = nearest / seen - 1
    return error if abs(error) < LARGEST_ERROR else 0.0


def _turn(y: NDArray[np.complex64], firsts: list[int], prefix: int) -> float:
    """Parts of a subcarrier by which a block lies beside the middle, from the prefixes of its symbols."""
    total = sum(np.vdot(y[f - prefix : f], y[f - prefix + SIZE : f + SIZE]) for f in firsts)
    return float(np.angle(total)) / (2 * math.pi)


def _delay(matched: NDArray[np.complex128]) -> float:
    """Delay in symbols that turns matched subcarriers into one phase."""
    size = 16 * SIZE
    late = int(np.argmax(np.abs(scipy.fft.ifft(matched, size))))
    return (late - size * (late > size // 2)) / size


def _index(rows: NDArray[np.complex128], physical_cell: int) -> tuple[int, float]:
    """Which block of the half frame a block is, by its reference signals, and nats beyond chance."""
    first = physical_cell % 4
    edge = 48
    parts = (
        rows[1, first::4],
        np.concatenate([rows[2, first:edge:4], rows[2, BLOCK_SUBCARRIERS - edge + first :: 4]]),
        rows[3, first::4],
    )
    nats, begun = np.zeros(8), 0
    for values in parts:  # a phase each: it turns with the block's distance from the carrier (§5.4)
        sent = np.array([references(physical_cell, n)[begun : begun + len(values)] for n in range(8)])
        shares = np.abs(np.conj(sent) @ values) ** 2 / (len(values) * float(np.sum(np.abs(values) ** 2)) + 1e-30)
        nats -= (len(values) - 1) * np.log1p(-np.minimum(shares, 0.99))
        begun += len(values)
    index = int(np.argmax(nats))
    return index, rarity(float(nats[index]), len(parts)) - math.log(8.0)


def _start_s(index: int, multiple: int) -> float:
    """Seconds from the half frame's beginning to a block's, for up to eight blocks in symbols 2 and 8 of each slot.

    Of up to four blocks, indices from 4 on are those of the second half frame, at the same places.
    """
    symbols = index // 2 * 14 + (2, 8)[index % 2]
    longer = math.ceil(symbols / (7 * multiple)) * (FIRST_PREFIX_S - PREFIX_S)
    return symbols * (SYMBOL_S + PREFIX_S) / multiple + longer
