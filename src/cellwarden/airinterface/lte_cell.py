"""An LTE cell learned from its carrier: its number, the beginning of its frames, its frequency. Nothing else is read.

    slot 0                                slot 10                              (frequency division duplex)
    │ . . . . . S P │ … 5 ms … │ . . . . . S P │      P: one of three sequences, S: one of 168 pairs of m-sequences,
    slot 1        slot 2                                                       in another order in slot 10
    │ . . . . . . S │ . . P . . . . │                                          (time division duplex)

P is looked for at every time and at frequencies 7.5 kHz apart, its evidence summed over the half frames; where S lies
before P tells the duplex and the cyclic prefix. The broadcast channel behind them is left alone.

Source: 3GPP TS 36.211 §4.1, §4.2, §6.11.
"""

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_symbols import rarity
from cellwarden.airinterface.lte_waveform import (
    FIRST_PREFIX_S,
    PREFIX_S,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_S,
    SYMBOL_STARTS_S,
    synchronisation,
)
from cellwarden.model import Block, Cell

SIZE = 64
"""Subcarriers looked at, and samples of a symbol; the 62 of the sequences and zero frequency lie within."""
RATE_HZ = SIZE * SUBCARRIER_HZ
HALF_S = 5e-3
HALF = round(HALF_S * RATE_HZ)
FRAME_S = 2 * HALF_S
STEP_HZ = 7.5e3
"""Between frequencies tried: halfway costs 0.9 dB."""
LISTENED_S, WIDE_LISTENED_S, WIDE_HZ = 40e-3, 20e-3, 5e6
"""Looked at for P; a recording wider than WIDE_HZ has more frequencies, so less of it is."""
WHOLE_S = 0.15
"""Looked at for all else."""
LEAST_NATS, LEAST_SECOND_NATS = 14.0, 10.0
"""Asked of P and of S, beyond what chance gives among all that was tried."""
MOST_CELLS, TRIED = 6, 12
SAME_HZ = 3e3
"""Carriers that differ by less are one, as they are told here."""
RASTER_HZ = 100e3
FINE = 16
"""Parts of a sample to which times are told."""
DRIFT, DRIFTS = 2e-6, 30
"""Clock errors tried for the samples: 60 millionths to either side."""
PREFIX_LEVEL = 0.6
"""Part of the strongest prefix that another one has at least."""
AT_ONCE_S = 2e-6
"""Primary sequences that are one begin together to within this."""
GHOST = 0.05
"""Part of a cell's evidence that its ghosts have at most: 0.02 of one at 20 dB."""
LONG_PREFIX_S = 512 / 30.72e6
"""Extended cyclic prefix (TS 36.211 table 6.12-1)."""
PLACES = {  # duplex, prefix: seconds from S to P, and from the beginning of the (half) frame to P
    ("fdd", "normal"): (SYMBOL_S + PREFIX_S, SYMBOL_STARTS_S[6]),
    ("fdd", "extended"): (SYMBOL_S + LONG_PREFIX_S, 6 * LONG_PREFIX_S + 5 * SYMBOL_S),
    ("tdd", "normal"): (3 * SYMBOL_S + FIRST_PREFIX_S + 2 * PREFIX_S, 2 * SLOT_S + SYMBOL_STARTS_S[2]),
    ("tdd", "extended"): (3 * (SYMBOL_S + LONG_PREFIX_S), 2 * SLOT_S + 3 * LONG_PREFIX_S + 2 * SYMBOL_S),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A primary sequence that comes every half frame: evidence, which of three, its frequency, sample of a symbol."""

    nats: float
    sector: int
    offset_hz: float
    at: int


def _register(taps: tuple[int, ...]) -> NDArray[np.int64]:
    """±1 of an m-sequence of period 31: x(i + 5) = Σ x(i + tap) modulo 2, x(0 … 4) = 0 0 0 0 1."""
    x = [0, 0, 0, 0, 1]
    while len(x) < 31:
        x.append(sum(x[len(x) - 5 + tap] for tap in taps) % 2)
    return 1 - 2 * np.array(x)


def shifts(number: int) -> tuple[int, int]:
    """m0 and m1 of the cell's group, 0 … 167 (TS 36.211 table 6.11.2.1-1)."""
    q = (number + number // 30 * (number // 30 + 1) // 2) // 30
    q = (number + q * (q + 1) // 2) // 30
    m = number + q * (q + 1) // 2
    first = m % 31
    return first, (first + m // 31 + 1) % 31


@lru_cache(maxsize=4)
def secondaries(sector: int) -> NDArray[np.float64]:
    """All secondary sequences of a sector: shape (2 halves of the frame, 168 groups, 62) (TS 36.211 §6.11.2.1)."""
    s, c, z = _register((2, 0)), _register((3, 0)), _register((4, 2, 1, 0))
    n = np.arange(31)
    c0, c1 = c[(n + sector) % 31], c[(n + sector + 3) % 31]
    made = np.empty((2, 168, 62))
    for group in range(168):
        m0, m1 = shifts(group)
        for half, (even, odd) in enumerate(((m0, m1), (m1, m0))):
            made[half, group, 0::2] = s[(n + even) % 31] * c0
            made[half, group, 1::2] = s[(n + odd) % 31] * c1 * z[(n + even % 8) % 31]
    return made


def learn(block: Block) -> list[Cell]:
    """The cells whose carriers lie in a recording of base stations, the clearest first.

    `carriers_hz` are the offsets of their own carriers; details: `physical_cell`, `duplex`, `prefix`, `evidence`.
    """
    rate = block.segment.rate_hz
    longest = WIDE_LISTENED_S if rate > WIDE_HZ else LISTENED_S
    seconds = math.floor(min(longest, len(block.iq) / rate) / HALF_S) * HALF_S
    if seconds < HALF_S or rate < RATE_HZ:
        return []
    spectrum, whole = _spectrum(block, seconds), min(WHOLE_S, len(block.iq) / rate) // HALF_S * HALF_S
    all_of_it = _spectrum(block, whole)
    heard: list[Cell] = []
    tried = Counter[int]()
    for candidate in _candidates(spectrum, seconds, rate):
        tried[candidate.sector] += 1
        if tried[candidate.sector] > TRIED:  # of each sector, as a clear one has many ghosts
            continue
        cell = _cell(all_of_it, whole, block, candidate)
        if cell is not None:
            heard.append(cell)
    cells: list[Cell] = []
    for cell in sorted(heard, key=lambda c: -float(c.details["evidence"])):
        if len(cells) < MOST_CELLS and not any(_is_ghost(cell, other) for other in cells):
            cells.append(cell)
    return cells


def _spectrum(block: Block, seconds: float) -> NDArray[np.complex64]:
    samples = np.ascontiguousarray(block.iq[: round(seconds * block.segment.rate_hz)], np.float32)
    return np.asarray(scipy.fft.fft(samples.view(np.complex64)[:, 0] * np.float32(block.scale)), np.complex64)


def _is_ghost(one: Cell, other: Cell) -> bool:
    """Whether a cell is a clearer one seen again, or seen beside its carrier: a Zadoff-Chu sequence moved in frequency
    is itself, moved in time, and m-sequences moved are others. Cells of one carrier have the same frequency, duplex and
    cyclic prefix; a clear one's secondary sequences, asked with another primary one, are like a third cell's.
    """
    apart = abs(one.carriers_hz[0] - other.carriers_hz[0])
    late = (one.frame_start - other.frame_start) / one.frame_samples * 2  # half frames
    at_once = abs(late - round(late)) * HALF_S < AT_ONCE_S
    same = int(one.details["physical_cell"]) % 3 == int(other.details["physical_cell"]) % 3
    unlike = any(one.details[word] != other.details[word] for word in ("duplex", "prefix"))
    faint = float(one.details["evidence"]) < GHOST * float(other.details["evidence"])
    return SAME_HZ < apart < 62 * SUBCARRIER_HZ or (apart <= SAME_HZ and (unlike or faint or (same and at_once)))


def _band(spectrum: NDArray[np.complex64], seconds: float, middle_hz: float) -> NDArray[np.complex64]:
    """Spectrum of SIZE subcarriers around a frequency, in the order of `fft`: what is sampled at RATE_HZ."""
    count = round(seconds * RATE_HZ)
    first = round(middle_hz * seconds) - count // 2
    return np.roll(spectrum[np.arange(first, first + count) % len(spectrum)], -(count // 2))


@lru_cache(maxsize=16)
def _replica(sector: int, count: int) -> NDArray[np.complex64]:
    """Conjugate spectrum, shape (count,), of a primary sequence of energy 1."""
    subcarriers = np.zeros(SIZE, np.complex128)
    sent = synchronisation(sector)
    subcarriers[-31:], subcarriers[1:32] = sent[:31], sent[31:]
    wave = scipy.fft.ifft(subcarriers)
    return np.asarray(np.conj(scipy.fft.fft(wave / np.linalg.norm(wave), count)), np.complex64)


def _candidates(spectrum: NDArray[np.complex64], seconds: float, rate: float) -> list[Candidate]:
    """Where primary sequences seem to be, the likeliest first: the best time of each frequency and sector."""
    count, halves = round(seconds * RATE_HZ), round(seconds / HALF_S)
    reach = int((rate / 2 - RATE_HZ / 2 + STEP_HZ) / STEP_HZ)
    inside = np.abs(scipy.fft.fftfreq(count, 1 / RATE_HZ)) < 31.5 * SUBCARRIER_HZ
    late = np.exp(1j * np.pi * np.fft.fftfreq(count)).astype(np.complex64)  # half a sample
    replicas = np.array([[_replica(sector, count) * by for sector in range(3)] for by in (np.complex64(1), late)])
    tried = math.log(3 * HALF * (2 * reach + 1))
    found = []
    for number in range(-reach, reach + 1):
        part = _band(spectrum, seconds, number * STEP_HZ) * inside
        y = scipy.fft.ifft(part)
        energy = scipy.ndimage.uniform_filter1d(y.real**2 + y.imag**2, SIZE, mode="wrap") * SIZE
        energy = np.roll(energy, -SIZE // 2)
        energy = np.maximum(energy, 0.02 * float(np.max(energy)) + 1e-30)
        matched = scipy.fft.ifft(part * replicas, axis=-1)  # times, sectors, samples
        share = (matched.real**2 + matched.imag**2).max(axis=0) / energy
        nats = -(SIZE - 3) * np.log1p(-np.minimum(share, 0.98))
        folded = nats[:, : halves * HALF].reshape(3, halves, HALF).sum(axis=1)
        for sector, at in enumerate(folded.argmax(axis=-1).tolist()):
            evidence = rarity(float(folded[sector, at]), halves) - tried
            if evidence > LEAST_NATS:
                found.append(Candidate(evidence, sector, number * STEP_HZ, at))
    return sorted(found, key=lambda c: -c.nats)


def _cell(spectrum: NDArray[np.complex64], seconds: float, block: Block, candidate: Candidate) -> Cell | None:
    """The cell of a candidate, if its secondary sequences are there as well."""
    rate, sector = block.segment.rate_hz, candidate.sector
    y = scipy.fft.ifft(_band(spectrum, seconds, candidate.offset_hz))
    offset = _slots_turn_hz(y, _turn_hz(y, np.arange(candidate.at, len(y) - SIZE, HALF), sector))
    y = y * np.exp(-2j * np.pi * offset / RATE_HZ * np.arange(len(y)))
    late, drift = _late(y, np.arange(candidate.at, len(y) - SIZE, HALF), sector)
    firsts = np.round(candidate.at + late + np.arange(0, len(y) / HALF) * HALF * (1 + drift)).astype(np.int64)
    firsts = firsts[firsts + SIZE <= len(y)]
    parts = {place: _secondary(y, firsts, sector, s_to_p) for place, (s_to_p, _) in PLACES.items()}
    place = max(parts, key=lambda p: float(np.max(parts[p])))
    half, group = (int(i) for i in np.unravel_index(int(np.argmax(parts[place])), parts[place].shape))
    evidence = rarity(float(parts[place][half, group]), len(firsts)) - math.log(len(PLACES) * parts[place].size)
    if evidence < LEAST_SECOND_NATS:
        return None
    carrier = round(candidate.offset_hz * seconds) / seconds + offset
    error = _clock_error(block.segment.centre_hz, carrier, drift)
    begin = ((candidate.at + late) / RATE_HZ - PLACES[place][1] - half * HALF_S) % FRAME_S
    return Cell(
        "lte",
        (carrier,),
        block.sample_start + begin * rate,
        FRAME_S * rate * (1 + error),
        {
            "physical_cell": 3 * group + sector,
            "duplex": place[0],
            "prefix": place[1],
            "clock_ppm": round(error * 1e6, 3),
            "evidence": round(candidate.nats + evidence, 1),
        },
    )


def _clock_error(centre_hz: float | None, carrier_hz: float, drift: float) -> float:
    """By how much the receiver's clock is fast, as a fraction: a carrier on the raster then seems too low.

    One oscillator makes a receiver's frequency and its sampling; a base station's errs by 0.05 millionths (TS 36.104
    §6.5.1). `drift` is what the times of the sequences tell, much less exactly: it tells which carrier of the raster
    it is. Nothing is told where the tuned frequency is unknown.
    """
    if centre_hz is None:
        return 0.0
    seen = centre_hz + carrier_hz
    nearest = round(seen * (1 + drift) / RASTER_HZ) * RASTER_HZ
    return nearest / seen - 1


def _symbol(y: NDArray[np.complex64], first: int) -> NDArray[np.complex128]:
    """The 62 subcarriers of the symbol that begins at a sample; zeros where there is none."""
    if first < 0 or first + SIZE > len(y):
        return np.zeros(62, np.complex128)
    spectrum = scipy.fft.fft(y[first : first + SIZE])
    return np.asarray(np.concatenate([spectrum[-31:], spectrum[1:32]]), np.complex128)


def _turn_hz(y: NDArray[np.complex64], firsts: NDArray[np.int64], sector: int) -> float:
    """Frequency that is left: by how much the second half of a primary sequence is turned against the first."""
    replica = np.conj(scipy.fft.ifft(np.conj(_replica(sector, SIZE))))
    total = 0j
    for first in firsts.tolist():
        matched = y[first : first + SIZE] * replica
        total += np.sum(matched[SIZE // 2 :]) * np.conj(np.sum(matched[: SIZE // 2]))
    return float(np.angle(total)) / (2 * math.pi) * RATE_HZ / (SIZE // 2)


def _delays(y: NDArray[np.complex64], first: int, sector: int) -> NDArray[np.float64]:
    """Power of a primary sequence's match in sixteenths of a sample, from two samples before `first` to two after."""
    turned = _symbol(y, first) * np.conj(synchronisation(sector))
    spread = np.zeros(SIZE * FINE, np.complex128)
    spread[-31:], spread[1:32] = turned[:31], turned[31:]
    power = np.abs(scipy.fft.ifft(spread)) ** 2
    return np.concatenate([power[-2 * FINE :], power[: 2 * FINE]])


def _late(y: NDArray[np.complex64], firsts: NDArray[np.int64], sector: int) -> tuple[float, float]:
    """Samples by which the first primary sequence comes later than told, and the fraction by which halves are longer.

    The pair with the most power: a line through the delays of all half frames.
    """
    power = np.array([_delays(y, first, sector) for first in firsts.tolist()])
    number, best = np.arange(len(power)), (-1.0, 0.0, 0.0)
    steps = np.arange(-DRIFTS, DRIFTS + 1) * DRIFT if len(power) > 2 else np.zeros(1)
    for drift in steps.tolist():
        places = np.round(number * HALF * drift * FINE).astype(np.int64)[:, None] + np.arange(power.shape[1])
        total = np.take_along_axis(power, np.clip(places, 0, power.shape[1] - 1), axis=1).sum(axis=0)
        at = int(np.argmax(total))
        if total[at] > best[0]:
            best = (float(total[at]), (at - 2 * FINE) / FINE, drift)
    return best[1], best[2]


def _slots_turn_hz(y: NDArray[np.complex64], near_hz: float) -> float:
    """Carrier frequency from the prefixes of all symbols, whose copies come SIZE samples later; known to 7 kHz before.

    Folded slot by slot, prefixes are where the products are large.
    """
    products = np.conj(y[:-SIZE]) * y[SIZE:]
    slot = round(SLOT_S * RATE_HZ)
    folded = products[: len(products) // slot * slot].reshape(-1, slot).sum(axis=0)
    smooth = np.convolve(folded, np.ones(3), "same")
    level = np.abs(smooth)
    turn = float(np.angle(np.sum(smooth[level > PREFIX_LEVEL * np.max(level)]))) / (2 * math.pi) * SUBCARRIER_HZ
    return turn + round((near_hz - turn) / SUBCARRIER_HZ) * SUBCARRIER_HZ


def _before(y: NDArray[np.complex64], at: float) -> NDArray[np.complex128]:
    """The 62 subcarriers of the symbol that begins at a fraction of a sample."""
    whole = math.floor(at)
    k = np.concatenate([np.arange(-31, 0), np.arange(1, 32)])
    return _symbol(y, whole) * np.exp(2j * np.pi * k * (at - whole) / SIZE)


def _secondary(y: NDArray[np.complex64], firsts: NDArray[np.int64], sector: int, s_to_p: float) -> NDArray[np.float64]:
    """Evidence of each secondary sequence so far before the primary: shape (2 halves the first is of, 168 groups).

    The channel is told by the primary sequence beside it.
    """
    sequences = secondaries(sector)
    total = np.zeros((2, 168))
    for number, first in enumerate(firsts.tolist()):
        at = first - s_to_p * RATE_HZ
        channel = _symbol(y, first) * np.conj(synchronisation(sector))
        channel = np.concatenate([np.convolve(c, np.ones(5) / 5, "same") for c in (channel[:31], channel[31:])])
        sent = _before(y, at) * np.conj(channel)
        energy = float(np.sum(np.abs(sent) ** 2))
        if energy > 0:
            share = np.abs(sequences @ sent) ** 2 / (62 * energy)
            nats = -61 * np.log1p(-np.minimum(share, 0.98))
            total += nats[::-1] if number % 2 else nats
    return total
