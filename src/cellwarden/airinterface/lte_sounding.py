"""LTE's sounding reference signal: one symbol on every other subcarrier, of a multiple of four blocks.

    │R│   half a symbol is like the other half; a Zadoff-Chu sequence on the comb

A phone that sends data in the same subframe leaves its last symbol free for it (§5.3.4), and sounds beside and over its
own blocks: `closing`.

Source: 3GPP TS 36.211 §5.5.3.
"""

import math
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_found import (
    CERTAIN_NATS,
    LEAST_NATS,
    MATCHED,
    NEAR_NATS,
    NEIGHBOURS,
    SURE_DB,
    SURE_NATS,
    Found,
)
from cellwarden.airinterface.lte_kernels import prefix_likeness
from cellwarden.airinterface.lte_nr_teeth import (
    LONGER,
    SURE_TURN,
    fullest,
    is_longer,
    moving,
    preamble_nats,
    turned_by,
    windows,
)
from cellwarden.airinterface.lte_receiver import Stretch, stretch
from cellwarden.airinterface.lte_symbols import STEPS, TURNS, best_band, likely, long_matches, surprise
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    PREFIX_S,
    SHORT_PREAMBLE,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_S,
    base_sequences,
)
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst

COMB_NATS, COMB_PART, COMB_SNR = 8.0, 0.25, 4.0
"""Asked of a comb's likeness to itself half a symbol later: so much, or this part of what its SNR lets expect."""
COMB = 0.5
"""Largest part of a comb's power above the noise that may lie between its teeth."""
LONGEST_OTHER_S, LASTING, CHANCE = 54.5e-6, 0.02, 3.0
"""NR's preamble of one symbol of 30 kHz; the least part of such a stretch's energy that the rest of a symbol has, which
may lie in a fade, as a sequence is a chirp; and standard deviations of the noise."""
FRACTIONS = tuple(n / 8 for n in range(-4, 4))
"""Of the spacing of teeth, by which they may lie beside the grid."""
LAST_COMB = 0.5
"""Where one half of a last symbol's subcarriers has less than this part of the other's power it may sound; of data on
36 subcarriers one in twenty-five does."""
LEAST_FULL = 0.7
"""Where the data were found this tells that it does not sound: the symbol is read once more where it may."""
FOURS = tuple(range(1, 25))
"""Multiples of four blocks that are sounded."""
WIDEST_HZ = 20e6


@dataclass(frozen=True, slots=True)
class _Combs:
    """Teeth, and what lies between them, of a box at each fraction of their spacing and place.

    complex64, shape (fractions, places, teeth), lowest first; fractions; places: samples, the middles of prefixes.
    """

    teeth: NDArray[np.complex64]
    between: NDArray[np.complex64]
    fractions: tuple[float, ...]
    places: NDArray[np.float64]


def sounding(burst: Burst, block: Block) -> Found | None:
    """SRS: one symbol whose every other subcarrier is empty, of a multiple of four blocks."""
    rate = block.segment.rate_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    least = 3 * width if burst.snr_db < 10 else 1.5 * width
    size = 1 << math.ceil(math.log2(min(max(128, least, 512 if burst.snr_db < 10 else 0), rate / SUBCARRIER_HZ * 1.1)))
    heard = stretch(burst, block, 0.1e-3, middle, size)
    if not _is_periodic(heard, burst, width):
        return None
    combs, noise = _combs(heard, burst, size), size * heard.noise
    levels, others = squared(combs.teeth) / np.float32(noise), squared(combs.between) / np.float32(noise)
    tries = []
    for which, place in _empty_between(levels, others, width):
        bands = best_band(levels[which, place], 1, FOURS, 4 * BLOCK // 2)
        other = others[which, place]
        tries += [(nats - float(np.sum(other[at : at + 24 * n])), which, place, at, n) for nats, at, n in bands]
    lasts = cache(partial(_lasts, heard, burst))
    best: Found | None = None
    for number, (_, which, place, at, fours) in enumerate(sorted(tries, reverse=True)[:12]):
        if best is not None and best.evidence > (SURE_NATS if number < 6 else CERTAIN_NATS):
            break
        teeth, length = combs.teeth[which, place], fours * 24
        if length > SHORT_PREAMBLE and not lasts():
            continue  # NR's of one symbol
        trials = 2 * length * 12 * 5 * len(TURNS) * len(combs.places)
        low, group, evidence = _matched(teeth, at, length, trials)
        if evidence < LEAST_NATS or (best is not None and evidence <= best.evidence):
            continue
        if _is_preamble(heard, burst, teeth, low, length, group, evidence):
            continue
        energy, empty = (float(np.mean(level[which, place, low : low + length])) for level in (levels, others))
        if empty - 1 > 0.3 * (energy - 1):
            continue
        snr = max((energy + empty) / 2 - 1.0, 1e-3)
        tooth = low + (length - 1) / 2 - teeth.size // 2 + combs.fractions[which]
        start = heard.sample(combs.places[place] - PREFIX_S / 2 * heard.rate_hz)
        hz = heard.centre_hz + tooth * heard.rate_hz / teeth.size
        best = Found("srs", start, SYMBOL_S + PREFIX_S, hz, 4 * fours, group % 30, evidence, snr)
    return best


def closing(data: Found, burst: Burst, block: Block) -> Found | None:
    """The sounding in the last symbol of a subframe of `data`, which it may overlap, as one phone sends one by one.

    Where it does, every other subcarrier of the data's own is empty there.
    """
    if data.blocks < 3 or data.comb > LEAST_FULL:
        return None
    rate, size = block.segment.rate_hz, int(min(block.segment.rate_hz, WIDEST_HZ) / SUBCARRIER_HZ) // 2 * 2
    start = data.start + (2 * SLOT_S - PREFIX_S - SYMBOL_S) * rate
    symbol = replace(burst, sample_start=round(start), sample_count=round((PREFIX_S + SYMBOL_S) * rate))
    heard = stretch(symbol, block, 0.0, data.middle_hz - SUBCARRIER_HZ / 2, size)  # a subcarrier of its own at zero
    first = min(max(heard.index(start + PREFIX_S / 2 * rate), 0), len(heard.y) - size)
    power = squared(scipy.fft.fftshift(scipy.fft.fft(heard.y[first : first + size]))) / (size * heard.noise)
    length = data.blocks * BLOCK
    own = power[max(0, size // 2 + 1 - length // 2) : size // 2 + 1 + length // 2]
    if comb(own) > LAST_COMB:
        return None
    low, high = _around(power, size // 2, (1 + float(np.mean(own))) / 2)
    box = replace(
        symbol,
        low_offset_hz=heard.centre_hz + (low - size // 2) * SUBCARRIER_HZ,
        high_offset_hz=heard.centre_hz + (high - size // 2) * SUBCARRIER_HZ,
        snr_db=10 * math.log10(max(float(np.mean(power[low:high])) - 1, 1e-2)),
    )
    return sounding(box, block)


def comb(power: NDArray[np.floating]) -> float:
    """Power of every other subcarrier as a part of the others', 0 to 1."""
    one, other = float(np.mean(power[::2])), float(np.mean(power[1::2]))
    return min(one, other) / max(one, other, 1e-30)


def _around(power: NDArray[np.floating], at: int, least: float) -> tuple[int, int]:
    """First and end of the run of subcarriers around one whose mean power over four blocks is `least` and more."""
    four = 4 * BLOCK
    empty = np.flatnonzero(np.convolve(power, np.ones(four) / four, "same") < least)
    below, above = empty[empty < at - BLOCK], empty[empty > at + BLOCK]
    return int(below[-1]) + 1 if len(below) else 0, int(above[0]) if len(above) else len(power)


def _combs(heard: Stretch, burst: Burst, size: int) -> _Combs:
    """The symbols that may begin in a box, on the grid that its halves tell, or on all where they do not."""
    half, seconds = size // 2, burst.sample_count / heard.per_sample / heard.rate_hz
    slack, beyond = 8e-6 if burst.snr_db > SURE_DB else 24e-6, seconds - SYMBOL_S - PREFIX_S
    grid, begin = size / STEPS, (burst.sample_start - heard.first) / heard.per_sample
    early = PREFIX_S / 2 - slack + min(0.0, beyond)
    late = PREFIX_S / 2 + slack + max(0.0, beyond)
    count = int((late - early) * heard.rate_hz / grid) + 1
    places = np.array(begin + early * heard.rate_hz + np.arange(count) * grid, np.float64)
    first = heard.index(burst.sample_start)
    fraction, sure = turned_by(heard.y, first, first + round(burst.sample_count / heard.per_sample), half)
    fractions = (fraction,) if sure > SURE_TURN else FRACTIONS
    starts = np.minimum(np.maximum(np.round(places).astype(np.int64), 0), len(heard.y) - size)
    symbols = heard.y[starts[:, None] + np.arange(size)] * moving(np.array(fractions), half, size)[:, None]
    one, other = symbols[..., :half], symbols[..., half:]
    return _Combs(scipy.fft.fft(one + other), scipy.fft.fft(one - other), fractions, places)


def _matched(teeth: NDArray[np.complex64], at: int, length: int, trials: int) -> tuple[int, int, float]:
    """The first of `length` teeth, at most NEIGHBOURS beside `at`, the sequence that fits best, and its evidence."""
    chosen = likely(teeth[None, at : at + length], MATCHED)
    best = (at, 0, -math.inf)
    for low in sorted(range(max(0, at - NEIGHBOURS), min(len(teeth) - length, at + NEIGHBOURS) + 1), key=at.__ne__):
        parts = surprise(long_matches(teeth[low : low + length], chosen), length)
        group = int(np.argmax(parts))
        evidence = float(parts[group]) - math.log(trials * len(parts))
        if evidence > best[2]:
            best = (low, group, evidence)
        if low == at:  # the first
            if evidence < LEAST_NATS - NEAR_NATS:
                break
            chosen = np.array([group])
    return best


def _is_preamble(
    heard: Stretch, burst: Burst, teeth: NDArray[np.complex64], low: int, length: int, group: int, evidence: float
) -> bool:
    """Whether a comb of `length` teeth from `low` on is NR's preamble of 139, or a piece of it that is like its own."""
    if length < SHORT_PREAMBLE:
        return preamble_nats(teeth, low, length) > evidence
    half = round(SYMBOL_S / 2 * heard.rate_hz)
    begin = fullest(heard.y, heard.index(burst.sample_start), round(burst.sample_count / heard.per_sample), 2 * half)
    fraction, _ = turned_by(heard.y, begin, begin + 2 * half, half)
    symbols = windows(heard.y, begin + half * np.arange(2), moving(fraction, half))
    sequence = base_sequences(length)[group, :SHORT_PREAMBLE] if length == SHORT_PREAMBLE + LONGER else None
    return not is_longer(symbols, low, half * heard.noise, sequence)


def _lasts(heard: Stretch, burst: Burst) -> bool:
    """Whether what is on the air around a box lasts as long as a symbol: NR's preamble of one symbol is shorter."""
    noise = heard.noise * min(1.0, heard.per_sample)  # nothing lies beyond the recording's band
    power = squared(heard.y) - np.float32(noise)
    total = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    first, last = heard.index(burst.sample_start), heard.index(burst.sample_start + burst.sample_count)
    long, short = (round(seconds * heard.rate_hz) for seconds in (SYMBOL_S + PREFIX_S, LONGEST_OTHER_S))
    low, end = max(0, min(first, last - long)), min(len(power), max(last, first + long))
    most, less = (float(np.max(total[low + n : end + 1] - total[low : end + 1 - n])) for n in (long, short))
    return most - less > LASTING * less + CHANCE * noise * math.sqrt(long - short)


def _is_periodic(heard: Stretch, burst: Burst, width: float) -> bool:
    """Whether a box is like itself half a symbol later, as every comb is; width: of the box, in subcarriers."""
    half = round(SYMBOL_S / 2 * heard.rate_hz)
    first, last = heard.index(burst.sample_start), heard.index(burst.sample_start + burst.sample_count)
    places = np.arange(first - half // 2, max(first, last - 2 * half) + half // 2 + 1, max(1, half // 4))
    alike = np.empty(len(places), np.float32)
    prefix_likeness(heard.y, half, half, places, np.zeros(1, np.int64), alike)
    snr = min(10 ** (burst.snr_db / 10), COMB_SNR) * min(1.0, width * SUBCARRIER_HZ / heard.rate_hz)
    found, expected = (-half * math.log1p(-min(r * r, 0.9999)) for r in (float(np.max(alike)), snr / (1 + snr)))
    return found > min(COMB_NATS, COMB_PART * expected)


def _empty_between(levels: NDArray[np.float32], others: NDArray[np.float32], width: float) -> list[tuple[int, int]]:
    """Fraction and place of symbols that are a comb within the box: between its teeth is but noise.

    levels, others: powers over the noise, shape (fractions, places, teeth); width: of the box, in subcarriers.
    """
    teeth = levels.shape[-1]
    half = max(2, min(teeth, int(width / 2))) // 2
    inside = slice(teeth // 2 - half, teeth // 2 + half)
    sums, between = (power[..., inside].sum(axis=-1) - 2 * half for power in (levels, others))
    empty = between < COMB * sums + 3.0 * math.sqrt(2 * half)
    return [(int(f), int(n)) for f, n in np.argwhere(empty)]
