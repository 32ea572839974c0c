"""NR's shared uplink channel: symbols behind prefixes, some of which have every other subcarrier only.

    │d d R d d d d d d d d R d d│     R: reference signal of type 1, on all even or on all odd subcarriers
          └ mapping type A: the first in symbol 2 or 3, up to three more

What the subcarriers of R carry is drawn from 2³¹ Gold sequences (CP-OFDM) or a Zadoff-Chu sequence (DFT-s-OFDM). That
one half of them is empty shows without knowing which: of N subcarriers of noise or data the part F in one half is
distributed as beta (N/2, N/2). LTE's reference signals fill all subcarriers.

Where symbols begin, and which part of a subcarrier the carrier lies beside the grid, is told by the prefixes.

A base station's PDSCH looks alike; where the frequency is one of base stations only, it is named `nr:downlink`.

Source: 3GPP TS 38.211 §5.3.1, §6.3.1, §6.4.1.1.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_receiver import Stretch, logistic, stretch
from cellwarden.airinterface.lte_symbols import best_band, rarities
from cellwarden.airinterface.lte_waveform import BLOCK, PREFIX_S, SUBCARRIER_HZ, SYMBOL_S
from cellwarden.airinterface.nr_kernels import prefixed
from cellwarden.airinterface.nr_likeness import Look
from cellwarden.airinterface.nr_precoded import sequence_nats
from cellwarden.airinterface.nr_waveform import MULTIPLES, REFERENCES, SLOT_SYMBOLS
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.bands import allocations_at

FEWEST, MOST = 3.6, 15.0
"""Symbols that a box may last."""
SMALLEST = 128
"""Subcarriers looked at, at least: a prefix then has 9 samples."""
WIDEST_BLOCKS = 275
BESIDE = 3
"""Symbols looked at before and after the box, which may have been cut."""
MISSED = ((8.0, 0.0), (4.0, 0.2), (-100.0, 1.2))
"""By a box's signal-to-noise ratio in decibels: part of its width that it may have missed to either side."""
EDGE = 3.0
"""Subcarriers by which any box's edge may be off."""
FOREIGN = 5.0
"""What is stronger than a box by this factor is another burst, beside it."""
FAINT_DB = 4.0
"""SNR of a box below which less is asked: nothing so faint has edges that look like prefixes or combs."""
PREFIX_NATS, PREFIX_FAINT_NATS = 4.0, 0.0
"""Asked of the prefixes beyond chance, and of a faint box's."""
EDGE_S, EDGE_PART = 4e-6, 0.7
"""A box begins with its burst to within this deviation, in this part of all cases."""
CARRIER = 0.5
"""Between prefixes, symbols have less than this part of the prefixes' likeness; what has a carrier has as much."""
STEADY = 0.3
"""All symbols are as strong to within this factor; keyed carriers and pulses are not."""
CONSTANT, CLEAR_DB = 1.2, 6.0
"""Mean square of the power over its squared mean, less of which only keyed frequency has, and from which SNR on that is
asked. PUSCH has 1.3 with precoding and 1.7 and more without."""
CHANCE = 3.0
"""Standard deviations of a symbol's level that noise may add."""
LEAST_EACH = 2.5
"""Nats asked of each reference symbol."""
LEAST_NATS, LEAST_FAINT_NATS = 12.0, 9.0
"""Asked of reference symbols and prefixes together, beyond chance: of 3000 faint bursts each, none of noise, two of
QPSK and three of NR's grid without reference symbols had as much as is asked of a faint one."""
SINGLE_NATS, UNEVEN = 22.0, 1.7
"""Asked of both of a clear burst where but one reference symbol is, unless its power is as uneven as this: keyed
frequency reached 19 in one of 1000 bursts of 15 dB."""
COMB_NATS, COMB_FAINT_NATS = 7.0, 5.0
"""Asked of the reference symbols alone."""
DOUBT_NATS = 8.0
"""A faint box's bands are not tried whose energy has so much less evidence than that of another."""
SURE_NATS = 60.0
"""Evidence of the likeliest band's reference symbols with which no other band is tried."""
AWAY_NATS = 2.0
"""Evidence that each symbol costs by which the slot begins beside the box's edge."""
LIKELY = 6
"""Patterns of reference symbols in which the sequences of precoded data are looked for."""
CAPPED = 200.0
THIRD = 0.6
"""Most of a comb's power that each third of its subcarriers may have."""
EVEN = 0.35
"""(mean p)² / mean p² of a comb's powers p: 0.5 of fading, more of a flat channel; 1/3 where each third is sent."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The subcarriers of a box's symbols, and their powers over the noise: shape (symbols, size).

    The box begins with symbol BESIDE.
    """

    values: NDArray[np.complex64]
    power: NDArray[np.float32]
    start: float
    turn: float
    nats: float
    count: int


@dataclass(frozen=True, slots=True)
class Comb:
    """Reference symbols found: the slot's first symbol, those of its symbols, and evidence."""

    evidence: float
    first: int
    references: tuple[int, ...]


def recognise(burst: Burst, block: Block, alike: Look) -> list[Emission]:
    """The PUSCH in a box, if one is there."""
    rate = block.segment.rate_hz
    seconds, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    found = []
    for multiple in MULTIPLES:
        lasts = seconds * multiple / (SYMBOL_S + PREFIX_S)
        if FEWEST < lasts < MOST and width > 0.5 * BLOCK * SUBCARRIER_HZ * multiple and alike.prefixes(multiple):
            emission = _pusch(burst, block, multiple)
            if emission is not None:
                found.append(emission)
    return [max(found, key=lambda e: float(e.details["evidence"]))] if found else []


def _pusch(burst: Burst, block: Block, multiple: int) -> Emission | None:
    width = burst.high_offset_hz - burst.low_offset_hz
    unit_hz = SUBCARRIER_HZ * multiple
    missed = next(part for least, part in MISSED if burst.snr_db >= least) * width / unit_hz + EDGE
    size = max(SMALLEST, 1 << math.ceil(math.log2(width / unit_hz + 2 * missed + 4)))
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    heard = stretch(burst, block, (BESIDE + 1) * (SYMBOL_S + PREFIX_S) / multiple, middle, size * multiple)
    subcarriers = np.arange(size) - size // 2
    near = np.abs(subcarriers) <= width / unit_hz / 2 + missed
    low, length = _rough(heard, burst, near)
    spectrum = scipy.fft.fft(heard.y)
    grid = _grid(_filtered(heard, spectrum, low, length, size), burst, length * unit_hz, size, multiple)
    if grid is None:
        return None
    inside = grid.power[BESIDE : BESIDE + grid.count]
    if not _is_steady(np.mean(inside[1:-1, low : low + length], axis=1), length):
        return None
    mean = np.asarray(np.mean(inside, axis=0), np.float64)
    best: tuple[float, int, int, Comb] | None = None
    faint, bands = burst.snr_db < FAINT_DB, best_band(np.where(near, mean, 0.0), grid.count, _numbers(near))
    for nats, low, blocks in bands:
        if (best is not None and best[0] > SURE_NATS) or (faint and nats < bands[0][0] - DOUBT_NATS):
            break
        comb = _comb(grid, low, blocks * BLOCK, faint)
        if comb is not None and (best is None or comb.evidence > best[0]):
            best = (comb.evidence, low, blocks, comb)
    least_comb, least_nats = (COMB_FAINT_NATS, LEAST_FAINT_NATS) if faint else (COMB_NATS, LEAST_NATS)
    if best is None or best[0] < least_comb or best[0] + grid.nats < least_nats:
        return None
    evidence, low, blocks, comb = best[0] + grid.nats, *best[1:]
    if len(comb.references) == 1:
        band = _filtered(heard, spectrum, low, blocks * BLOCK, size)
        noise = heard.noise * blocks * BLOCK / size
        least = CONSTANT if evidence >= SINGLE_NATS else UNEVEN
        if burst.snr_db > CLEAR_DB and _unevenness(band, burst, noise) < least:
            return None
    symbol = (SYMBOL_S + PREFIX_S) / multiple
    start = heard.sample(grid.start + (comb.first - BESIDE) * symbol * heard.rate_hz)
    seconds = (_last(grid, low, blocks * BLOCK, comb) + 1 - comb.first) * symbol
    carrier = heard.centre_hz + (low + (blocks * BLOCK - 1) / 2 - size // 2 + grid.turn) * unit_hz
    level = float(np.mean(mean[low : low + blocks * BLOCK]))
    centre_hz = block.segment.centre_hz
    downlink = centre_hz is not None and _downlink_only(round((centre_hz + carrier) / 100e3))
    return Emission(
        label="nr:downlink" if downlink else "nr:pusch",
        sample_start=math.floor(start),
        sample_count=round(seconds * block.segment.rate_hz),
        low_offset_hz=carrier - blocks * BLOCK / 2 * unit_hz,
        high_offset_hz=carrier + blocks * BLOCK / 2 * unit_hz,
        snr_db=10 * math.log10(max(level - 1.0, 1e-3)),
        confidence=logistic(min(evidence - least_nats, comb.evidence - least_comb) + 2.0),
        carrier_offset_hz=carrier,
        timing_samples=start - math.floor(start),
        direction="downlink" if downlink else "uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={
            "blocks": blocks,
            "spacing_khz": 15 * multiple,
            "references": len(comb.references),
            "evidence": round(evidence, 1),
        },
    )


def _unevenness(band: Stretch, burst: Burst, noise: float) -> float:
    """Mean square of a signal's power over its squared mean: 2 of noise or OFDM, 1 of a constant envelope.

    noise: power of the noise in the band, whose own part is taken off.
    """
    first, last = band.index(burst.sample_start), band.index(burst.sample_start + burst.sample_count)
    power = squared(band.y[max(0, first) : last]).astype(np.float64)
    signal = max(float(np.mean(power)) - noise, 1e-30)
    return (float(np.mean(power**2)) - 4 * noise * signal - 2 * noise**2) / signal**2


@lru_cache(maxsize=4096)
def _downlink_only(tenths_mhz: int) -> bool:
    """Whether only base stations send at a frequency: PDSCH has the same structure (TS 38.211 §7.4.1.1)."""
    sides = {a.direction for a in allocations_at(tenths_mhz * 100e3) if a.system in ("LTE", "NR")}
    return sides == {"downlink"}


def _numbers(near: NDArray[np.bool_]) -> tuple[int, ...]:
    """Numbers of resource blocks that fit where a band may lie."""
    return tuple(range(1, max(1, min(WIDEST_BLOCKS, int(np.sum(near)) // BLOCK)) + 1))


def _rough(heard: Stretch, burst: Burst, near: NDArray[np.bool_]) -> tuple[int, int]:
    """First subcarrier and width of the band that a box shows, before symbols are known.

    What is far stronger than the box is taken out of `near`.
    """
    size = len(near)
    first, last = heard.index(burst.sample_start), heard.index(burst.sample_start + burst.sample_count)
    rows = heard.y[first:last][: (last - first) // size * size].reshape(-1, size)
    power = scipy.fft.fftshift(np.mean(squared(scipy.fft.fft(rows, axis=-1)), axis=0)) / (size * heard.noise)
    around = np.convolve(power, np.ones(BLOCK) / BLOCK, "same")
    near &= around < FOREIGN * (1 + 10 ** (burst.snr_db / 10))
    _, low, blocks = best_band(np.where(near, power, 0.0).astype(np.float64), len(rows), _numbers(near))[0]
    return low, blocks * BLOCK


def _filtered(heard: Stretch, spectrum: NDArray[np.complex64], low: int, length: int, size: int) -> Stretch:
    """The same stretch without what lies two subcarriers or more beside a band of `length`, `low` its first.

    spectrum: of the stretch, shape of its samples.
    """
    count = len(spectrum)
    first, end = (math.ceil((low - size // 2 + edge) * count / size) for edge in (-1.5, length + 0.5))
    kept = np.zeros(count, np.complex64)
    for begin, stop in ((max(first, 0), max(end, 0)), (count + min(first, 0), count + min(end, 0))):
        kept[begin:stop] = spectrum[begin:stop]
    return heard.holding(np.asarray(scipy.fft.ifft(kept, overwrite_x=True), np.complex64))


def _is_steady(levels: NDArray[np.floating], length: int) -> bool:
    """Whether the symbols of a box are about as strong as each other, as far as noise lets one see."""
    usual = float(np.median(levels))
    unsure = CHANCE / math.sqrt(length)
    least, most = float(np.min(levels)), float(np.max(levels))
    return least - 1 > STEADY * (usual - 1) - unsure and most - 1 < (usual - 1) / STEADY + unsure * usual


def _grid(heard: Stretch, burst: Burst, width_hz: float, size: int, multiple: int) -> Grid | None:
    """Where the prefixes say that symbols begin, and the powers of their subcarriers."""
    prefix, symbol = PREFIX_S / multiple * heard.rate_hz, (SYMBOL_S + PREFIX_S) / multiple * heard.rate_hz
    count = min(SLOT_SYMBOLS, max(4, round(burst.sample_count / heard.per_sample / symbol)))
    begin = heard.index(burst.sample_start)
    places = begin + np.arange(-round(symbol / 2), round(symbol / 2))
    y = heard.y
    first = np.round(places[:, None] + symbol * np.arange(count)).astype(np.int64)
    length, between = round(prefix), round(symbol - 3 * prefix)
    if first[0, 0] < 0 or first[-1, -1] + max(length, round(2 * prefix) + between) > len(y) - size:
        return None
    alike, power = np.empty(len(places), np.complex128), np.empty(len(places))
    prefixed(y, size, length, first, alike, power)
    part = np.abs(alike) ** 2 / np.maximum(power, 1e-30) ** 2
    freedom = max(2.0, count * PREFIX_S / multiple * width_hz)
    tried = max(1.0, symbol / heard.rate_hz * width_hz)
    told = -(freedom - 1) * np.log1p(-np.minimum(part, 0.999)) + _near((places - begin) / heard.rate_hz)
    at = int(np.argmax(told))
    nats = float(told[at]) - math.log(tried)
    if nats < (PREFIX_FAINT_NATS if burst.snr_db < FAINT_DB else PREFIX_NATS):
        return None
    others = first[at : at + 1, :-1] + round(2 * prefix)
    mean, energy = np.empty(1, np.complex128), np.empty(1)
    prefixed(y, size, between, others, mean, energy)
    if abs(mean[0]) > CARRIER * math.sqrt(float(part[at])) * float(energy[0]):
        return None
    turn = float(np.angle(alike[at])) / (2 * math.pi)
    starts = places[at] + prefix / 2 + symbol * np.arange(-BESIDE, count + BESIDE)
    values = _values(y, starts, turn, size)
    return Grid(
        values, squared(values) / np.float32(size * heard.noise), float(places[at]), -turn, min(nats, CAPPED), count
    )


def _near(late_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nats by which symbols are likelier to begin so much later than a box than anywhere in a symbol."""
    near = np.exp(-((late_s / EDGE_S) ** 2) / 2)
    return np.asarray(np.log(1 - EDGE_PART + EDGE_PART * near / np.mean(near)))


def _values(y: NDArray[np.complex64], starts: NDArray[np.float64], turn: float, size: int) -> NDArray[np.complex64]:
    """Subcarriers of the symbols that begin at `starts`, lowest first; silence outside of `y`."""
    padded = np.concatenate([np.zeros(size, np.complex64), y, np.zeros(size, np.complex64)])
    first = np.clip(np.round(starts).astype(np.int64) + size, 0, len(padded) - size)
    ramp = np.exp(2j * np.pi * turn / size * np.arange(size)).astype(np.complex64)
    return np.asarray(
        scipy.fft.fftshift(scipy.fft.fft(padded[first[:, None] + np.arange(size)] * ramp, axis=-1), axes=-1)
    )


def _comb(grid: Grid, low: int, length: int, faint: bool) -> Comb | None:
    """The likeliest pattern of reference symbols in a band; of a faint one what they carry counts as well."""
    band = grid.power[:, low : low + length].astype(np.float64)
    usual = np.median(band[BESIDE : BESIDE + grid.count], axis=0)
    usual = np.convolve(np.pad(usual, 2, "reflect"), np.array([1, 2, 2, 2, 1]) / 8, "valid")  # both halves count alike
    even_power = band / (usual + 0.1 * float(np.mean(usual)) + 1e-30)
    halves = np.stack([even_power[:, 0::2], even_power[:, 1::2]])
    sums = np.sum(halves, axis=2)
    parts = sums / np.maximum(np.sum(sums, axis=0), 1e-30)
    spread = np.mean(halves, axis=2) ** 2 / np.maximum(np.mean(halves**2, axis=2), 1e-30)
    chance = scipy.special.betainc(length / 2, length / 2, 1 - np.minimum(parts, 1.0))
    nats = np.where(spread > EVEN, np.minimum(-np.log(np.maximum(chance, 1e-300)), CAPPED), 0.0)
    tried: list[tuple[float, int, int, tuple[int, ...]]] = []
    for firsts, chosen, patterns in _patterns(grid.count):
        each = nats[:, chosen]  # halves, patterns, references
        half, at = np.nonzero(each.min(axis=-1) >= LEAST_EACH)
        if not len(at):
            continue
        evidence = rarities(each.sum(axis=-1)[half, at], chosen.shape[1]) - _choices_nats(chosen.shape[1])
        evidence -= AWAY_NATS * np.abs(firsts[at] - BESIDE)
        tried += [
            (e, h, int(firsts[n]), patterns[n])
            for e, h, n in zip(evidence.tolist(), half.tolist(), at.tolist(), strict=True)
        ]
    tried.sort(key=lambda t: -t[0])
    if faint:
        told = [(_with_sequence(grid, low, length, *one), *one[1:]) for one in tried[:LIKELY]]
        tried = sorted(told, key=lambda t: -t[0]) + tried[LIKELY:]
    for sure, half_at, first, references in tried:
        if _is_full(band[first + np.array(references), half_at::2]):
            return Comb(sure, first, references)
    return None


def _with_sequence(
    grid: Grid, low: int, length: int, nats: float, half: int, first: int, references: tuple[int, ...]
) -> float:
    """Evidence of some reference symbols with what they carry, where data is precoded and that tells more.

    Of two surprises that sum to x noise has a gamma tail, (1 + x) exp(-x); and data may be precoded or not. Every other
    value of LTE's sequences is like one, too: half of the subcarriers must be seen to be empty.
    """
    if nats < 0:
        return nats
    combs = grid.values[first + np.array(references), low + half : low + length : 2]
    both = nats + sequence_nats(combs)
    return max(nats, both - math.log1p(both) - math.log(2.0))


@lru_cache(maxsize=16)
def _patterns(count: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64], list[tuple[int, ...]]]]:
    """By number of reference symbols: first symbols, reference symbols as a grid of `count` symbols counts, patterns.

    int64, shape (n,); int64, shape (n, references); n tuples.
    """
    made = []
    for number in sorted({len(r) for r in REFERENCES}):
        within = [
            (first, references)
            for references in REFERENCES
            for first in range(2 * BESIDE + 1)
            if len(references) == number and first + references[0] >= BESIDE and first + references[-1] < BESIDE + count
        ]
        if within:
            firsts, patterns = zip(*within, strict=True)
            begins = np.array(firsts, np.int64)
            made.append((begins, begins[:, None] + np.array(patterns, np.int64), list(patterns)))
    return made


def _is_full(comb: NDArray[np.float64]) -> bool:
    """Whether all of a comb is sent: LTE's cell-specific reference signals are on each third of its subcarriers."""
    thirds = [float(np.sum(comb[:, n::3] - 1.0)) for n in range(3)]
    return max(thirds) < THIRD * sum(thirds)


@lru_cache(maxsize=4)
def _choices_nats(count: int) -> float:
    """How much chance gives among the patterns of `count` reference symbols, both halves and all such counts."""
    return math.log(2 * sum(len(r) == count for r in REFERENCES) * len({len(r) for r in REFERENCES}))


def _last(grid: Grid, low: int, length: int, comb: Comb) -> int:
    """The last symbol that is on the air, counted as the grid's."""
    power = np.mean(grid.power[:, low : low + length], axis=1)
    usual = float(np.median(power[BESIDE : BESIDE + grid.count]))
    last = min(len(power), comb.first + SLOT_SYMBOLS)
    on = np.flatnonzero(power[:last] > 0.3 * usual)
    return max(int(on[-1]) if len(on) else 0, comb.first + comb.references[-1])
