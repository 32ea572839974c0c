"""LTE's uplink channels: PUSCH, PUCCH and SRS, each by its reference sequences.

    PUSCH, 1 ms, 1 … 100 blocks     │d d d R d d d│d d d R d d d│     R: a base sequence as wide as the band
    PUCCH, 0.5 ms, one block        │R R R R R R R│ then the same at the other edge of the carrier
    SRS, one symbol, 4 n blocks     │R│ on every other subcarrier

PUSCH of three blocks and more: a Zadoff-Chu sequence shows as a tone in the products of neighbouring subcarriers, which
gives time and frequency; then all base sequences of the band's width are matched. One and two blocks: the sequences of
the standard's tables are matched at all times and frequencies that the box leaves open.

Source: 3GPP TS 36.211 §5.3 to §5.5.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_receiver import Stretch, stretch
from cellwarden.airinterface.lte_symbols import (
    DELAYS,
    STEPS,
    TURNS,
    best_band,
    long_matches,
    middle_hz,
    rarity,
    short_matches,
    surprise,
    tone_strength,
    transforms,
)
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    BLOCK_HZ,
    PREFIX_S,
    REFERENCE,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_S,
    SYMBOL_STARTS_S,
)
from cellwarden.model import Block, Burst

SUBFRAME_S = 2 * SLOT_S
SURE_DB = 6.0
"""A box as strong as this has edges that are right to some 20 µs; a fainter one may hold but a part of its burst."""
TRIED = 24
"""Times and frequencies whose tones are strongest, at which the sequences are matched."""
NEIGHBOURS = 1
"""Subcarriers to either side at which a band may begin instead."""
LEAST_NATS = 12.0
LEAST_EACH = 3.0
"""Asked of each of PUSCH's two reference symbols beyond chance: one alone is no subframe."""
LEAST_SYMBOLS = 5
"""Of PUCCH's seven that must fit their common sequence."""
FIT = 0.3
"""Part of a symbol's energy in its sequence that is a fit; chance gives 0.22."""


@dataclass(frozen=True, slots=True)
class Found:
    """A burst of the uplink; times in samples of the recording."""

    kind: str
    start: float
    seconds: float
    middle_hz: float
    blocks: int
    group: int
    evidence: float
    snr: float


def find(burst: Burst, block: Block) -> list[Found]:
    """The uplink burst that a box holds: several where they lie beside each other."""
    rate = block.segment.rate_hz
    seconds, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    if not 0.05e6 < width < 20.5e6 or rate < 2 * BLOCK_HZ:
        return []
    if seconds < 0.13e-3:
        found = _sounding(burst, block) if width > BLOCK_HZ else None
        return [] if found is None else [found]
    if not 0.22e-3 < seconds < 1.2e-3:
        return []
    narrow = _narrow(burst, block) if width < 2.6 * BLOCK_HZ else None
    wide = _wide(burst, block) if width > 0.9 * BLOCK_HZ else None
    both = [f for f in (narrow, wide) if f is not None]
    return [max(both, key=lambda f: f.evidence)] if both else []


def _uncertain(burst: Burst, rate: float) -> tuple[float, float]:
    """Earliest and latest start of a subframe that the box may be of, in seconds after the box's start."""
    seconds = burst.sample_count / rate
    slack = 20e-6 if burst.snr_db > SURE_DB else 60e-6
    return min(0.0, seconds - SUBFRAME_S) - slack, max(0.0, seconds - SUBFRAME_S) + slack


def _narrow(burst: Burst, block: Block) -> Found | None:
    """PUCCH, or PUSCH of one or two blocks: the tables' sequences at all times and frequencies."""
    rate, size = block.segment.rate_hz, 64
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    width = burst.high_offset_hz - burst.low_offset_hz
    heard = stretch(burst, block, 1.2e-3, middle, size)
    low, high = _uncertain(burst, rate)
    grid = size / STEPS
    first = heard.index(burst.sample_start + low * rate)
    count = int((high - low) * heard.rate_hz / grid) + 1
    places = first + np.arange(count) * grid
    best: Found | None = None
    for blocks in (1, 2):
        length = blocks * BLOCK
        if not 0.25 * length < width / SUBCARRIER_HZ < length + 14:
            continue
        slack = 2 if burst.snr_db > SURE_DB else 4
        at = round(size / 2 - (length - 1) / 2)
        reach = slack + max(0, round(abs(width / SUBCARRIER_HZ - length) / 2) - 1)
        lows = np.arange(max(0, at - reach), min(size - length, at + reach) + 1)
        found = _pusch_short(heard, places, lows, length)
        best = _better(best, found)
        if blocks == 1:
            best = _better(best, _pucch(heard, burst, rate, lows))
    return best


def _better(one: Found | None, other: Found | None) -> Found | None:
    return other if one is None or (other is not None and other.evidence > one.evidence) else one


def _bands(values: NDArray[np.complex64], lows: NDArray[np.int64], length: int) -> NDArray[np.complex64]:
    """Shape (turns, times, lows, length)."""
    return np.asarray(values[..., lows[:, None] + np.arange(length)])


def _pusch_short(
    heard: Stretch, places: NDArray[np.float64], lows: NDArray[np.int64], length: int
) -> Found | None:
    size = 64
    parts = []
    for slot in range(2):
        starts = np.round(places + (slot * SLOT_S + SYMBOL_STARTS_S[REFERENCE] - PREFIX_S / 2) * heard.rate_hz)
        bands = _bands(transforms(heard, size, starts.astype(np.int64)), lows, length)
        parts.append(surprise(short_matches(bands), length) - math.log(DELAYS * length))
    least = np.minimum(parts[0], parts[1])
    turn, place, low, group = (int(i) for i in np.unravel_index(int(np.argmax(least + 0.5 * (parts[0] + parts[1]))), least.shape))
    if least[turn, place, low, group] < LEAST_EACH:
        return None
    excess = float(parts[0][turn, place, low, group] + parts[1][turn, place, low, group])
    evidence = rarity(excess, 2) - math.log(least.size)
    start = places[place]
    return _found("pusch", heard, size, TURNS[turn], start, 14, int(lows[low]), length, group, evidence)


def _pucch(heard: Stretch, burst: Burst, rate: float, lows: NDArray[np.int64]) -> Found | None:
    size = 64
    seconds = burst.sample_count / rate
    slack = 20e-6 if burst.snr_db > SURE_DB else 70e-6
    early = min(0.0, seconds - SLOT_S) - slack
    late = max(0.0, seconds - SLOT_S) + slack
    grid = size / STEPS
    places = heard.index(burst.sample_start + early * rate) + np.arange(int((late - early) * heard.rate_hz / grid) + 1) * grid
    offsets = (np.array(SYMBOL_STARTS_S) - PREFIX_S / 2) * heard.rate_hz
    starts = np.round(places[:, None] + offsets).astype(np.int64)
    values = transforms(heard, size, starts.ravel())
    bands = _bands(values, lows, BLOCK).reshape(len(TURNS), len(places), 7, len(lows), BLOCK)
    fits = short_matches(bands)
    beyond = np.clip(surprise(fits, BLOCK) - math.log(DELAYS * BLOCK), 0.0, 12.0)
    total = beyond.sum(axis=2)
    turn, place, low, group = (int(i) for i in np.unravel_index(int(np.argmax(total)), total.shape))
    symbols = fits[turn, place, :, low, group]
    if int(np.sum(symbols > FIT)) < LEAST_SYMBOLS:
        return None
    evidence = rarity(float(total[turn, place, low, group]), 7) - math.log(total.size)
    power = np.sum(np.abs(bands[turn, place, :, low]) ** 2, axis=-1)
    last = 6 if power[6] < 0.3 * float(np.mean(power[:6])) else 7
    return _found("pucch", heard, size, TURNS[turn], places[place], last, int(lows[low]), BLOCK, group, evidence)


def _found(
    kind: str,
    heard: Stretch,
    size: int,
    turn: float,
    start: float,
    symbols: int,
    low: int,
    length: int,
    group: int,
    evidence: float,
) -> Found | None:
    if evidence < LEAST_NATS:
        return None
    offsets = [n // 7 * SLOT_S + SYMBOL_STARTS_S[n % 7] - PREFIX_S / 2 for n in range(symbols)]
    starts = np.round(start + np.array(offsets) * heard.rate_hz).astype(np.int64)
    values = transforms(heard, size, starts)[TURNS.index(turn), :, low : low + length]
    snr = float(np.mean(np.abs(values) ** 2)) / (size * heard.noise) - 1.0
    seconds = SUBFRAME_S if symbols == 14 else SLOT_S if symbols == 7 else SLOT_S - SYMBOL_S - PREFIX_S
    middle = middle_hz(heard, size, turn, low, length)
    return Found(
        kind, heard.sample(start), seconds, middle, length // BLOCK, group % 30, evidence, max(snr, 1e-3)
    )


def _wide(burst: Burst, block: Block) -> Found | None:
    """PUSCH of three blocks and more."""
    rate = block.segment.rate_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    room = 1.15 * width + (24 if burst.snr_db > SURE_DB else 60 + width)
    size = max(128, 1 << math.ceil(math.log2(room)))
    heard = stretch(burst, block, 0.7e-3, middle, size)
    low, high = _uncertain(burst, rate)
    grid = size / STEPS
    count = int((high - low) * heard.rate_hz / grid) + 1
    places = heard.index(burst.sample_start + low * rate) + np.arange(count) * grid
    offsets = np.array([slot * SLOT_S + SYMBOL_STARTS_S[REFERENCE] - PREFIX_S / 2 for slot in range(2)])
    starts = np.round(places[:, None] + offsets * heard.rate_hz).astype(np.int64)
    values = transforms(heard, size, starts.ravel()).reshape(len(TURNS), count, 2, size)
    half = int(width / 2)
    box = slice(max(0, size // 2 - half), min(size, size // 2 + half + 1))
    tones = np.minimum(tone_strength(values[..., box]), 40.0).sum(axis=-1)
    best: Found | None = None
    for index in np.argsort(tones, axis=None)[::-1][:TRIED].tolist():
        turn, place = divmod(index, count)
        found = _matched(heard, size, turn, places[place], values[turn, place], tones.size)
        best = _better(best, found)
        if best is not None and found is not None and best.evidence > 60 and found.evidence < best.evidence:
            break
    return best


def _matched(
    heard: Stretch, size: int, turn: int, start: float, references: NDArray[np.complex64], tried: int
) -> Found | None:
    """Match both reference symbols with all base sequences, in the band that the subframe's energy shows."""
    offsets = [n // 7 * SLOT_S + SYMBOL_STARTS_S[n % 7] - PREFIX_S / 2 for n in range(14)]
    starts = np.round(start + np.array(offsets) * heard.rate_hz).astype(np.int64)
    power = np.mean(np.abs(transforms(heard, size, starts)[turn]) ** 2, axis=0) / (size * heard.noise)
    best: Found | None = None
    bands = best_band(np.asarray(power, np.float64), 14)
    trials = tried * len(bands) * (2 * NEIGHBOURS + 1)
    for _, at, blocks in bands:
        if blocks < 3:
            continue
        length = blocks * BLOCK
        for low in range(max(0, at - NEIGHBOURS), min(size - length, at + NEIGHBOURS) + 1):
            parts = [surprise(long_matches(band[low : low + length]), length) for band in references]
            choice = math.log(2 * length)
            group = int(np.argmax(parts[0] + parts[1]))
            if min(parts[0][group], parts[1][group]) - choice < LEAST_EACH:
                continue
            excess = float(parts[0][group] + parts[1][group]) - 2 * choice
            evidence = rarity(excess, 2) - math.log(trials * len(parts[0]))
            if best is None or evidence > best.evidence:
                best = _better(
                    best, _found("pusch", heard, size, TURNS[turn], start, 14, low, length, group, evidence)
                )
    return best


def _sounding(burst: Burst, block: Block) -> Found | None:
    """SRS: one symbol whose every other subcarrier is empty, of a multiple of four blocks."""
    rate = block.segment.rate_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    least = 3 * width if burst.snr_db < 10 else 1.5 * width
    size = 1 << math.ceil(math.log2(min(max(128, least, 512 if burst.snr_db < 10 else 0), rate / SUBCARRIER_HZ * 1.1)))
    heard = stretch(burst, block, 0.1e-3, middle, size)
    grid = size / STEPS
    seconds = burst.sample_count / rate
    slack = 8e-6 if burst.snr_db > SURE_DB else 24e-6
    early = PREFIX_S / 2 - slack + min(0.0, seconds - SYMBOL_S - PREFIX_S)
    late = PREFIX_S / 2 + slack + max(0.0, seconds - SYMBOL_S - PREFIX_S)
    places = heard.index(burst.sample_start + early * rate) + np.arange(
        int((late - early) * heard.rate_hz / grid) + 1
    ) * grid
    values = transforms(heard, size, np.round(places).astype(np.int64))
    tries = []
    for parity in range(2):
        combs = values[..., parity::2]
        for turn in range(len(TURNS)):
            for place in range(len(places)):
                power = np.abs(combs[turn, place]) ** 2 / (size * heard.noise)
                bands = best_band(np.asarray(power, np.float64), 1, tuple(range(1, 25)), 4 * BLOCK // 2)
                other = np.abs(values[turn, place, 1 - parity :: 2]) ** 2 / (size * heard.noise)
                tries += [
                    (nats - float(np.sum(other[at : at + 24 * n])) , parity, turn, place, at, n) for nats, at, n in bands
                ]
    best: Found | None = None
    for _, parity, turn, place, at, fours in sorted(tries, reverse=True)[:12]:
        comb, length = values[turn, place, parity::2], fours * 24
        for low in range(max(0, at - 2), min(len(comb) - length, at + 2) + 1):
            band = comb[low : low + length]
            parts = surprise(long_matches(band), length)
            group = int(np.argmax(parts))
            evidence = float(parts[group]) - math.log(2 * length * len(parts) * 12 * 5 * len(TURNS) * len(places))
            between = values[turn, place, 1 - parity :: 2][low : low + length]
            if evidence < LEAST_NATS or (best is not None and evidence <= best.evidence):
                continue
            energy, empty = float(np.mean(np.abs(band) ** 2)), float(np.mean(np.abs(between) ** 2))
            noise = size * heard.noise
            if empty - noise > 0.3 * (energy - noise):
                continue
            snr = max((energy + empty) / 2 / noise - 1.0, 1e-3)
            middle = middle_hz(heard, size, TURNS[turn], 2 * low + parity, 2 * length - 1)
            start = heard.sample(places[place] - PREFIX_S / 2 * heard.rate_hz)
            best = Found("srs", start, SYMBOL_S + PREFIX_S, middle, 4 * fours, group % 30, evidence, snr)
    return best
