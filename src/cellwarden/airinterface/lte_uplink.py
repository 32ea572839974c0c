"""LTE's uplink channels: PUSCH, PUCCH and SRS, each by its reference sequences.

    PUSCH, 1 ms, 1 … 100 blocks     │d d d R d d d│d d d R d d d│     R: a base sequence as wide as the band
    PUCCH, 0.5 ms, one block        │R R R R R R R│ then the same at the other edge of the carrier
    SRS, one symbol, 4 n blocks     │R│ on every other subcarrier: `lte_sounding`

PUSCH of three blocks and more: a Zadoff-Chu sequence shows as a tone in the products of neighbouring subcarriers, which
gives time and frequency; then all base sequences of the band's width are matched. One and two blocks: the sequences of
the standard's tables are matched at all times and frequencies that the box leaves open.

Source: 3GPP TS 36.211 §5.3 to §5.5.
"""

import math
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_found import (
    CERTAIN_NATS,
    EMPTY,
    LEAST_NATS,
    LEAST_PREFIXED_NATS,
    SURE_DB,
    SURE_NATS,
    Found,
)
from cellwarden.airinterface.lte_match import matched_in
from cellwarden.airinterface.lte_match_kernels import beyond_chance
from cellwarden.airinterface.lte_places import SUBFRAME_S, leaders, likely_places, prefix_nats
from cellwarden.airinterface.lte_points import points_nats, together
from cellwarden.airinterface.lte_receiver import Stretch, stretch
from cellwarden.airinterface.lte_sounding import comb, sounding
from cellwarden.airinterface.lte_symbols import (
    DELAYS,
    STEPS,
    TURNS,
    best_band,
    middle_hz,
    pair,
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
    allowed_blocks,
)
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst

LENGTHS_S = (SUBFRAME_S, SUBFRAME_S - SLOT_S / 7, SLOT_S, SLOT_S - SLOT_S / 7)
LENGTH_SLACK_S = 40e-6
"""What is sure lasts a subframe or a slot, with or without the last symbol, to within this; a GSM burst does not."""
NEAR_S = 0.2e-3
"""Looked at on either side of a box that holds all of its burst."""
TRIED, TRIED_SURE = 12, 6
"""Times and frequencies whose tones are strongest, at which the sequences are matched; where the box is sure, fewer."""
TELLING_DB, LEAST_TONE = 3.0, 22.0
"""SNR of a box of three blocks and more from which on the tones of its reference symbols tell; and the least of them,
both together: anything else has 13 to 18 at its best place and one in a hundred 22, a PUSCH behind indoor echoes 60."""
SLACK_S = ((10.0, 10e-6), (6.0, 20e-6), (3.5, 35e-6), (-100.0, 60e-6))
"""By signal-to-noise ratio in decibels: how far off a box's edges may be."""
MIDDLES_S = np.array([n // 7 * SLOT_S + SYMBOL_STARTS_S[n % 7] - PREFIX_S / 2 for n in range(-1, 15)])
"""Middles of prefixes, of one symbol before a subframe, its fourteen, and one behind it."""
REFERENCES_S = MIDDLES_S[[1 + REFERENCE, 8 + REFERENCE]]
DATA_S = np.delete(MIDDLES_S[1:14], (REFERENCE, 7 + REFERENCE))
"""Those of data, but for the last, which may be left free."""
NARROW_SIZE = 64
"""Subcarriers that are looked at around a narrow box."""
MOST_EACH = 12.0
"""Nats that one symbol of PUCCH counts at most: all seven are to fit."""
PREFIX_NATS = 4.0
"""Most that the prefixes of one or two blocks count where places are compared."""
LENGTH_NATS, LENGTH_S = math.log(20.0), 30e-6
"""For a box as long as a subframe, with or without its last symbol: one in twenty of other bursts is."""
LEAST_SYMBOLS = 5
"""Of PUCCH's seven that must fit their common sequence."""
PROMISED = 0.5
"""Part of the evidence that seven symbols of an SNR give which is asked of them: two of 500 have less behind echoes. A
short sweep of a few resource blocks looks a little like a sequence again and again, however strong it is."""
WIDTH_ERROR = 0.1
"""Of a box, as a part of it, in whose blocks a signal is looked for."""
FILLED = 0.6
"""A symbol before the first whose power is more than this part of the others' is one of them."""
SHORTEST_SOUNDING_S, CUT_NATS = 36e-6, 50.0
"""Of a box, as the symbol lasts 71 µs; and the evidence that a clear one is asked which is cut."""
CLEAR_DB, SHORTEST_CLEAR_S, LONGEST_CLEAR_S = 12.0, 55e-6, 105e-6
"""Of a clear box, which may hold echoes and ramps besides; a shorter one, that a dip in the symbol has cut, needs a
sure sequence."""
FIT = 0.3
"""Part of a symbol's energy in its sequence that is a fit; chance gives 0.22."""


Match: TypeAlias = tuple[float, int, int, int, int, float, NDArray[np.float32]]
"""Nats, first subcarrier, subcarriers, group of sequences, turn, start in samples of the stretch, and the power of each
symbol's subcarriers, shape (14, size)."""


def find(burst: Burst, block: Block) -> list[Found]:
    """The uplink burst that a box holds: several where they lie beside each other."""
    rate = block.segment.rate_hz
    seconds, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    if not 0.05e6 < width < 20.5e6 or rate < 2 * BLOCK_HZ:
        return []
    if seconds < 0.13e-3:
        longest = LONGEST_CLEAR_S if burst.snr_db > CLEAR_DB else math.inf
        found = sounding(burst, block) if width > BLOCK_HZ and SHORTEST_SOUNDING_S < seconds < longest else None
        cut = burst.snr_db > CLEAR_DB and seconds < SHORTEST_CLEAR_S
        return [] if found is None or (cut and found.evidence < CUT_NATS) else [found]
    if not 0.22e-3 < seconds < 1.2e-3:
        return []
    if burst.snr_db > SURE_DB and not _is_whole(burst, rate):
        return []
    slot = burst.snr_db > SURE_DB and seconds < 1.5 * SLOT_S  # and no subframe of which a part is missing
    narrow = _narrow(burst, block, slot) if width < 2.6 * BLOCK_HZ else None
    sure = slot or (narrow is not None and narrow.evidence > CERTAIN_NATS)
    wide = _wide(burst, block) if width > 0.9 * BLOCK_HZ and not sure else None
    both = [f for f in (narrow, wide) if f is not None]
    return [max(both, key=lambda f: f.evidence)] if both else []


def _narrow(burst: Burst, block: Block, slot: bool) -> Found | None:
    """PUCCH, or, but in a `slot`, PUSCH of one or two blocks: the tables' sequences at all times and frequencies."""
    rate = block.segment.rate_hz
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    around_s = NEAR_S if _is_whole(burst, rate) else 1.2e-3
    heard = stretch(burst, block, around_s, (burst.low_offset_hz + burst.high_offset_hz) / 2, NARROW_SIZE)
    missing = SUBFRAME_S - burst.sample_count / rate
    bonus = LENGTH_NATS if min(abs(missing), abs(missing - SLOT_S / 7)) < LENGTH_S else 0.0
    energies = _energies(heard, burst)
    best: Found | None = None
    for blocks in (1, 2):
        length = blocks * BLOCK
        if 0.25 * length < width < length + 14:
            turns, lows = _frequencies(energies, burst.snr_db, length)
            if not slot:
                places = likely_places(heard, burst, _places(heard, burst, rate, SUBFRAME_S))
                level = 1 + 10 ** (burst.snr_db / 10)
                best = _better(best, _pusch_short(heard, places, turns, lows, length, bonus, level))
            if blocks == 1 and (best is None or best.evidence < CERTAIN_NATS):
                best = _better(best, _pucch(heard, _places(heard, burst, rate, SLOT_S), turns, lows))
    return best


def _is_whole(burst: Burst, rate: float) -> bool:
    """Whether a box holds all of its burst, but for some microseconds."""
    seconds = burst.sample_count / rate
    return burst.snr_db > SURE_DB and min(abs(seconds - length) for length in LENGTHS_S) < LENGTH_SLACK_S


def _better(one: Found | None, other: Found | None) -> Found | None:
    return other if one is None or (other is not None and other.evidence > one.evidence) else one


def _slack_s(burst: Burst) -> float:
    """How far a box's edges may be off: the stronger, the sharper."""
    return next(slack for least, slack in SLACK_S if burst.snr_db >= least)


def _places(heard: Stretch, burst: Burst, rate: float, whole_s: float) -> NDArray[np.float64]:
    """Where a burst of `whole_s` may begin of which the box is a part, in samples of the stretch."""
    missing = burst.sample_count / rate - whole_s
    slack = _slack_s(burst)
    low, high = min(0.0, missing) - slack, max(0.0, missing) + slack
    step_s = SYMBOL_S / STEPS
    return heard.index(burst.sample_start) + np.arange(low, high + step_s, step_s) * heard.rate_hz


def _energies(heard: Stretch, burst: Burst) -> tuple[NDArray[np.float64], float]:
    """Running sum of a box's power over frequency, lowest first, and the bins of a subcarrier."""
    first, last = heard.index(burst.sample_start), heard.index(burst.sample_start + burst.sample_count)
    power = squared(scipy.fft.fft(heard.y[first:last], scipy.fft.next_fast_len(last - first)))
    half = -(-len(power) // 2)
    total = np.zeros(len(power) + 1)
    np.cumsum(np.concatenate([power[half:], power[:half]]), out=total[1:], dtype=np.float64)
    return total, len(power) / NARROW_SIZE


def _frequencies(
    energies: tuple[NDArray[np.float64], float], snr_db: float, length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Turns and first subcarriers at which a band of `length` may lie: around that which holds most of the energy."""
    total, unit = energies
    wide = round(length * unit)
    most = (int(np.argmax(total[wide:] - total[:-wide])) + unit / 2) / unit  # first subcarrier, with its fraction
    reach = 0.5 if snr_db > 10.0 else 1.0 if snr_db > 4.0 else 3.0
    pairs = [
        (turn, low)
        for low in range(max(0, math.floor(most - reach)), min(NARROW_SIZE - length, math.ceil(most + reach)) + 1)
        for turn, fraction in enumerate(TURNS)
        if abs(low + fraction - most) <= reach
    ]
    turns, lows = zip(*pairs or [(0, (NARROW_SIZE - length) // 2)], strict=True)
    return np.array(turns), np.array(lows)


def _bands(
    heard: Stretch, starts: NDArray[np.float64], turns: NDArray[np.int64], lows: NDArray[np.int64], length: int
) -> NDArray[np.complex64]:
    """Bands of the symbols at `starts`: shape (*starts.shape, frequencies, length)."""
    used = sorted(set(turns.tolist()))
    values = transforms(heard, NARROW_SIZE, np.rint(starts).astype(np.int64).ravel(), tuple(TURNS[n] for n in used))
    bands = np.empty((starts.size, len(turns), length), np.complex64)
    for n, (turn, low) in enumerate(zip(turns.tolist(), lows.tolist(), strict=True)):
        bands[:, n] = values[used.index(turn), :, low : low + length]
    return bands.reshape(*starts.shape, len(turns), length)


def _pusch_short(
    heard: Stretch,
    places: NDArray[np.float64],
    turns: NDArray[np.int64],
    lows: NDArray[np.int64],
    length: int,
    bonus: float,
    level: float,
) -> Found | None:
    """PUSCH of one or two blocks; bonus: nats of its length; level: power over noise."""
    if not len(places):
        return None
    tried = len(places) * len(turns)

    def scored(
        places: NDArray[np.float64], turns: NDArray[np.int64], lows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        bands = _bands(heard, places + REFERENCES_S[:, None] * heard.rate_hz, turns, lows, length)
        return pair(surprise(short_matches(bands), length) - math.log(DELAYS * length), tried)

    places, turns, lows = leaders(lambda *where: scored(*where)[0], places, turns, lows)
    evidence, groups = scored(places, turns, lows)
    used = sorted(set(turns.tolist()))
    middle_hz = (float(np.median(lows)) + (length - 1) / 2 - NARROW_SIZE // 2) * SUBCARRIER_HZ
    alike = prefix_nats(heard, middle_hz, length, places, SYMBOL_S / STEPS, level, [TURNS[n] for n in used])
    alike = alike[np.searchsorted(used, turns)].T
    place, at = divmod(int(np.argmax(evidence + np.minimum(alike, PREFIX_NATS))), len(turns))
    turn, group, nats = TURNS[turns[at]], int(groups[place, at]), float(evidence[place, at])
    data = transforms(heard, NARROW_SIZE, np.rint(places[place] + DATA_S * heard.rate_hz).astype(np.int64), (turn,))
    points = points_nats(data[0, :, lows[at] : lows[at] + length], NARROW_SIZE * heard.noise)
    nats += together(float(alike[place, at]), points, bonus)
    return _found("pusch", heard, NARROW_SIZE, turn, places[place], 14, int(lows[at]), length, group, nats)


def _pucch(
    heard: Stretch, places: NDArray[np.float64], turns: NDArray[np.int64], lows: NDArray[np.int64]
) -> Found | None:
    offsets = MIDDLES_S[1:8] * heard.rate_hz
    tried = len(places) * len(turns) * 30

    def fitting(
        places: NDArray[np.float64], turns: NDArray[np.int64], lows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        fits = short_matches(_bands(heard, places + offsets[:, None], turns, lows, BLOCK))
        total = np.empty(fits.shape[1:])
        groups = fits.shape[-1]
        chance = math.log(DELAYS * BLOCK)
        beyond_chance(fits.reshape(7, -1, groups), BLOCK - 1, chance, MOST_EACH, total.reshape(-1, groups))
        return fits, total

    places, turns, lows = leaders(lambda *where: fitting(*where)[1].max(axis=-1), places, turns, lows)
    fits, total = fitting(places, turns, lows)
    place, at, group = (int(i) for i in np.unravel_index(int(np.argmax(total)), total.shape))
    if int(np.sum(fits[:, place, at, group] > FIT)) < LEAST_SYMBOLS:
        return None
    evidence = rarity(float(total[place, at, group]), 7) - math.log(tried)
    turn = TURNS[turns[at]]
    found = _found("pucch", heard, NARROW_SIZE, turn, places[place], 7, int(lows[at]), BLOCK, group, evidence)
    return found if found and evidence > PROMISED * (_promised(found.snr) - math.log(tried)) else None


def _promised(snr: float) -> float:
    """Nats of the seven symbols of a PUCCH, before what was tried is taken off."""
    each = (BLOCK - 1) * math.log1p(snr) - math.log(DELAYS * BLOCK)
    return rarity(7 * min(max(each, 0.0), MOST_EACH), 7)


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
    power: NDArray[np.floating] | None = None,
) -> Found | None:
    """The burst itself. power: of its band in each symbol, where it is known already."""
    if evidence < (LEAST_PREFIXED_NATS if kind == "pusch" and length <= 2 * BLOCK else LEAST_NATS):
        return None
    if power is None:
        around = _powers(heard, size, turn, start, symbols, low, length)
        moved = _begun(around) if kind == "pucch" else 0
        if moved:
            start += moved * SLOT_S / 7 * heard.rate_hz
            around = _powers(heard, size, turn, start, symbols, low, length)
        power = around[1:-1]
    if power[-1] < EMPTY * float(np.mean(power[:-1])):  # left free for sounding signals
        symbols -= 1
    snr = float(np.mean(power[:symbols])) / (size * heard.noise) - 1.0
    seconds = symbols * (SLOT_S / 7)
    middle = middle_hz(heard, size, turn, low, length)
    return Found(kind, heard.sample(start), seconds, middle, length // BLOCK, group % 30, evidence, max(snr, 1e-3))


def _powers(
    heard: Stretch, size: int, turn: float, start: float, symbols: int, low: int, length: int
) -> NDArray[np.float32]:
    """Mean power of a band in each symbol, and in one before and one after: shape (symbols + 2,)."""
    starts = np.rint(start + MIDDLES_S[: symbols + 2] * heard.rate_hz).astype(np.int64)
    return np.mean(squared(transforms(heard, size, starts, (turn,))[0, :, low : low + length]), axis=-1)


def _begun(power: NDArray[np.float32]) -> int:
    """By how many symbols a slot begins later than where six of seven fit. power: one symbol more on either side."""
    level = float(np.mean(power[2:-2]))
    if power[1] < EMPTY * level:
        return 1
    if power[-2] < EMPTY * level and power[0] > FILLED * level:
        return -1
    return 0


def _wide(burst: Burst, block: Block) -> Found | None:
    """PUSCH of three blocks and more."""
    rate = block.segment.rate_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    room = 1.15 * width + (24 if burst.snr_db > SURE_DB else 60 + width)
    size = max(128, 1 << math.ceil(math.log2(room)))
    heard = stretch(burst, block, NEAR_S if _is_whole(burst, rate) else 0.7e-3, middle, size)
    places = likely_places(heard, burst, _places(heard, burst, rate, SUBFRAME_S))
    count = len(places)
    if not count:
        return None
    starts = np.rint(places[:, None] + REFERENCES_S * heard.rate_hz).astype(np.int64)
    values = transforms(heard, size, starts.ravel()).reshape(len(TURNS), count, 2, size)
    half = int(width / 2)
    box = slice(max(0, size // 2 - half), min(size, size // 2 + half + 1))
    tones = np.minimum(tone_strength(values[..., box]), max(40.0, half / 2)).sum(axis=-1)
    if burst.snr_db > TELLING_DB and box.stop - box.start >= 3 * BLOCK and float(np.max(tones)) < LEAST_TONE:
        return None
    best: Match | None = None
    seen: set[tuple[int, int]] = set()
    most = TRIED_SURE if burst.snr_db > SURE_DB else TRIED
    for index in np.argsort(tones, axis=None)[::-1][: 4 * most].tolist():
        turn, place = divmod(index, count)
        if best is None and {(turn, place - 1), (turn, place + 1)} & seen:
            continue  # beside a place that gave nothing
        seen.add((turn, place))
        found = _matched(heard, size, turn, places[place], values[turn, place], tones.size, width / BLOCK)
        lower = best is not None and found is not None and found[0] < best[0]
        if found is not None and not lower:
            best = found
        if len(seen) == most or (best is not None and best[0] > (60 if lower else SURE_NATS)):
            break
    if best is None:
        return None
    nats, low, length, group, turn, start, powers = best
    inside = powers[:, low : low + length]
    power = inside.mean(axis=-1)
    alone = _found("pusch", heard, size, TURNS[turn], start, 14, low, length, group, nats, power)
    return alone and replace(alone, comb=comb(inside[-1]), heard=heard)


def _matched(
    heard: Stretch,
    size: int,
    turn: int,
    start: float,
    references: NDArray[np.complex64],
    tried: int,
    wide: float,
) -> Match | None:
    """Match both reference symbols with the base sequences, in the bands that the subframe's energy shows.

    Where none of these fits, in those that the box holds, which is `wide` blocks: beside it the floor may be another.
    """
    starts = np.rint(start + MIDDLES_S[1:15] * heard.rate_hz).astype(np.int64)
    powers, noise = squared(transforms(heard, size, starts, (TURNS[turn],))[0]), size * heard.noise
    power = np.mean(powers, axis=0) / noise
    found = matched_in(references, [(at, blocks) for _nats, at, blocks in best_band(power, 14)], tried, noise)
    found = found or matched_in(references, _within(power, wide), tried, noise)
    return found and (*found, turn, start, powers)


def _within(power: NDArray[np.floating], wide: float) -> list[tuple[int, int]]:
    """The likeliest bands, first subcarrier and blocks, of about the place and width of a box of so many blocks.

    power: over the noise, shape (size,), the box in its middle.
    """
    near = tuple(n for n in allowed_blocks() if abs(n - wide) <= max(1.0, WIDTH_ERROR * wide))
    reach = math.ceil((wide / 2 + 1) * BLOCK)
    low = max(0, len(power) // 2 - reach)
    return [(low + at, n) for _nats, at, n in best_band(power[low : len(power) // 2 + reach], 14, near)] if near else []
