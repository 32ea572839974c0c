"""NR's shared uplink channel: symbols behind prefixes, some of which have every other subcarrier only.

    │d d R d d d d d d d d R d d│     R: reference signal of type 1, on all even or on all odd subcarriers
          └ mapping type A: the first in symbol 2 or 3, up to three more

What the subcarriers of R carry is drawn from 2³¹ Gold sequences (CP-OFDM) or a Zadoff-Chu sequence (DFT-s-OFDM). That
one half of them is empty shows without knowing which (`nr_comb`). LTE's reference signals fill all subcarriers.

Where symbols begin, and which part of a subcarrier the carrier lies beside the grid, is told by the prefixes
(`nr_grid`).

A base station's PDSCH looks alike; where the frequency is one of base stations only, it is named `nr:downlink`.

Source: 3GPP TS 38.211 §5.3.1, §6.3.1, §6.4.1.1.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cellwarden.airinterface.lte_receiver import logistic, unevenness
from cellwarden.airinterface.lte_symbols import best_band
from cellwarden.airinterface.lte_waveform import BLOCK, PREFIX_S, SUBCARRIER_HZ, SYMBOL_S
from cellwarden.airinterface.nr_comb import Comb, clear_comb, faint_comb, last_symbol
from cellwarden.airinterface.nr_grid import BESIDE, Grid, Heard, grids, heard, numbers
from cellwarden.airinterface.nr_likeness import Look
from cellwarden.airinterface.nr_waveform import MULTIPLES
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.bands import allocations_at

FEWEST, MOST = 3.6, 15.0
"""Symbols that a box may last."""
FAINT_DB = 4.0
"""SNR of a box below which less is asked: nothing so faint has edges that look like prefixes or combs."""
CONSTANT, CLEAR_DB = 1.2, 6.0
"""Mean square of the power over its squared mean, less of which only keyed frequency has, and from which SNR on that is
asked. PUSCH has 1.3 with precoding and 1.7 and more without."""
CARRIER = 0.55
"""Part of a burst's power in two subcarriers beside each other that a carrier has; one block behind the worst of 240
places of echoes had 0.48, and 0.33 where its subcarriers are 15 kHz apart."""
LEAST_NATS, LEAST_FAINT_NATS = 12.0, 4.0
"""Asked of reference symbols and prefixes together, beyond chance: of 1500 faint bursts each, none of noise or QPSK and
one of NR's grid without reference symbols had as much as is asked of a faint one."""
EVEN = 1.15
"""The same where several reference symbols are: of 240 of one and two blocks with precoding none had less than 1.2."""
SINGLE_NATS, UNEVEN = 22.0, 1.7
"""Asked of both of a clear burst where but one reference symbol is, unless its power is as uneven as this: keyed
frequency reached 19 in one of 1000 bursts of 15 dB."""
COMB_NATS, COMB_FAINT_NATS = 7.0, 3.0
"""Asked of the reference symbols alone."""
BLOCK_NATS = 3.0
"""Asked more of a faint box of a single block: carriers of many other systems are as wide."""
DOUBT_NATS = 8.0
"""A faint box's bands are not tried whose energy has so much less evidence than that of another."""
SURE_NATS = 60.0
"""Evidence of the likeliest band's reference symbols with which no other band is tried."""


class Found(NamedTuple):
    """Reference symbols in a band of a grid: evidence with the prefixes, and without."""

    nats: float
    comb_nats: float
    grid: Grid
    low: int
    blocks: int
    comb: Comb


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
    box, faint = heard(burst, block, multiple), burst.snr_db < FAINT_DB
    tried = (one for grid in grids(box, burst, faint) for one in (_faint if faint else _clear)(box, grid))
    found = max(tried, key=lambda one: one.nats, default=None)
    least_comb, least = (COMB_FAINT_NATS, LEAST_FAINT_NATS) if faint else (COMB_NATS, LEAST_NATS)
    if found is None or found.comb_nats < least_comb or found.nats < least:
        return None
    if burst.snr_db > CLEAR_DB and (_is_keyed(box, found, burst) or _is_carrier(found)):
        return None
    return _emission(box, found, burst, block, logistic(min(found.nats - least, found.comb_nats - least_comb) + 2.0))


def _clear(box: Heard, grid: Grid) -> Iterator[Found]:
    """Reference symbols in the likeliest bands of a clear box; the first that is sure is the last."""
    for _nats, low, blocks in _bands(box, grid):
        comb = clear_comb(grid, low, blocks * BLOCK)
        if comb is not None:
            yield Found(comb.evidence + grid.nats, comb.evidence, grid, low, blocks, comb)
            if comb.evidence > SURE_NATS:
                return


def _faint(box: Heard, grid: Grid) -> Iterator[Found]:
    """Reference symbols in the likely bands of a faint box, for which energy, prefixes and reference symbols speak."""
    bands = _bands(box, grid)
    for nats, low, blocks in bands:
        less = nats - bands[0][0] - (BLOCK_NATS if blocks == 1 else 0.0)
        comb = faint_comb(grid, low, blocks * BLOCK) if less > -DOUBT_NATS else None
        if comb is not None:
            told = comb.evidence + less
            yield Found(told + grid.nats, told + grid.share, grid, low, blocks, comb)


def _bands(box: Heard, grid: Grid) -> list[tuple[float, int, int]]:
    mean = np.mean(grid.power[BESIDE : BESIDE + grid.count], axis=0)
    return best_band(np.where(box.near, mean, 0.0), grid.count, numbers(box.near))


def _emission(box: Heard, found: Found, burst: Burst, block: Block, confidence: float) -> Emission:
    grid, low, width, unit_hz = found.grid, found.low, found.blocks * BLOCK, SUBCARRIER_HZ * box.multiple
    start = box.stretch.sample(grid.start + (found.comb.first - BESIDE) * box.symbol)
    symbols = last_symbol(grid, low, width, found.comb) + 1 - found.comb.first
    carrier = box.stretch.centre_hz + (low + (width - 1) / 2 - box.size // 2 + grid.turn) * unit_hz
    level = float(np.mean(grid.power[BESIDE : BESIDE + grid.count, low : low + width]))
    centre_hz = block.segment.centre_hz
    downlink = centre_hz is not None and _downlink_only(round((centre_hz + carrier) / 100e3))
    return Emission(
        label="nr:downlink" if downlink else "nr:pusch",
        sample_start=math.floor(start),
        sample_count=round(symbols * (SYMBOL_S + PREFIX_S) / box.multiple * block.segment.rate_hz),
        low_offset_hz=carrier - width / 2 * unit_hz,
        high_offset_hz=carrier + width / 2 * unit_hz,
        snr_db=10 * math.log10(max(level - 1.0, 1e-3)),
        confidence=confidence,
        carrier_offset_hz=carrier,
        timing_samples=start - math.floor(start),
        direction="downlink" if downlink else "uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={
            "blocks": found.blocks,
            "spacing_khz": 15 * box.multiple,
            "references": len(found.comb.references),
            "evidence": round(found.nats, 1),
        },
    )


def _is_keyed(box: Heard, found: Found, burst: Burst) -> bool:
    """Whether a burst has as even a power as keyed frequency, for all that its reference symbols tell."""
    width = found.blocks * BLOCK
    noise = box.stretch.noise * width / box.size
    single = len(found.comb.references) == 1
    least = EVEN if not single else CONSTANT if found.nats >= SINGLE_NATS else UNEVEN
    return unevenness(box.filtered(found.low, width), burst, noise) < least


def _is_carrier(found: Found) -> bool:
    """Whether two subcarriers beside each other have most of a burst's power: a carrier that is keyed on and off."""
    rows = found.grid.power[BESIDE : BESIDE + found.grid.count, found.low : found.low + found.blocks * BLOCK]
    mean = np.mean(rows, axis=0)
    return float(np.max(mean[1:] + mean[:-1])) > CARRIER * float(np.sum(mean))


@lru_cache(maxsize=4096)
def _downlink_only(tenths_mhz: int) -> bool:
    """Whether only base stations send at a frequency: PDSCH has the same structure (TS 38.211 §7.4.1.1)."""
    sides = {a.direction for a in allocations_at(tenths_mhz * 100e3) if a.system in ("LTE", "NR")}
    return sides == {"downlink"}
