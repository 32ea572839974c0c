"""Which symbols of a slot are NR's reference symbols: of those one half of the subcarriers is empty.

Of N subcarriers of noise or data the part F in one half is distributed as beta (N/2, N/2), whatever they carry. What
that is worth is told in two ways. Of a clear box: how seldom chance gives as much, for each symbol. Of a faint one: by
the likelihood, which adds up over symbols however little each has; with s times as much in each of the N/2 subcarriers
that are sent as in the empty ones it is

        N/2 ln s - N ln (F + s (1 - F))         s = 1 + 2 γ

Source: 3GPP TS 38.211 §6.4.1.1.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_symbols import rarities
from cellwarden.airinterface.nr_grid import BESIDE, CAPPED, LEAST_SNR, Grid
from cellwarden.airinterface.nr_precoded import sequence_nats
from cellwarden.airinterface.nr_waveform import REFERENCES, SLOT_SYMBOLS

LEAST_EACH = 2.5
"""Nats asked of each reference symbol of a clear box."""
EMPTIED = 0.4
"""Of the power in reference symbols of a clear box, the least part by which one half has more than the other: all, but
for echoes. Pilots among wide data make one half but 2 % stronger, which is no chance either."""
AWAY_NATS, FAINT_AWAY_NATS = 2.0, 1.0
"""Evidence that each symbol costs by which the slot begins beside the box's edge, of a clear box and of a faint one."""
LIKELY, LIKELY_NATS, ENOUGH_NATS = 3, 4.0, 12.0
"""Patterns of reference symbols in which the sequences of precoded data are looked for, how much less likely than the
first they may be, and evidence with which none is looked for."""
THIRD, THIRD_FEW = 0.6, 2.4
"""Most of a comb's power that each third of its subcarriers may have; of n of a faint one THIRD_FEW / n more."""
EVEN = 0.35
"""(mean p)² / mean p² of a comb's powers p: 0.5 of fading, more of a flat channel; 1/3 where each third is sent."""


@dataclass(frozen=True, slots=True)
class Comb:
    """Reference symbols found: the slot's first symbol, those of its symbols, and evidence."""

    evidence: float
    first: int
    references: tuple[int, ...]


def clear_comb(grid: Grid, low: int, length: int) -> Comb | None:
    """The likeliest pattern of reference symbols in a band, each of which shows by itself."""
    band = grid.power[:, low : low + length].astype(np.float64)
    usual = np.median(band[BESIDE : BESIDE + grid.count], axis=0)
    usual = np.convolve(np.pad(usual, 2, "reflect"), np.array([1, 2, 2, 2, 1]) / 8, "valid")  # both halves count alike
    even_power = band / (usual + 0.1 * float(np.mean(usual)) + 1e-30)
    halves = np.stack([even_power[:, 0::2], even_power[:, 1::2]])
    sums = np.sum(halves, axis=2)
    parts = sums / np.maximum(np.sum(sums, axis=0), 1e-30)
    chance = scipy.special.betainc(length / 2, length / 2, 1 - np.minimum(parts, 1.0))
    nats = np.where(_evenness(halves) > EVEN, np.minimum(-np.log(np.maximum(chance, 1e-300)), CAPPED), 0.0)
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
    for sure, half_at, first, references in sorted(tried, key=lambda t: -t[0]):
        rows = band[first + np.array(references)]
        if _is_full(rows[:, half_at::2], THIRD) and _is_empty(rows[:, half_at::2], rows[:, 1 - half_at :: 2]):
            return Comb(sure, first, references)
    return None


def _is_empty(sent: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether one half of a clear box's subcarriers has little beside noise. Powers over the noise, of either half."""
    ours, others = float(np.mean(sent)), float(np.mean(other))
    return ours - others > EMPTIED * (ours + others - 2.0)


def faint_comb(grid: Grid, low: int, length: int) -> Comb | None:
    """The likeliest pattern of reference symbols in a faint band, with the evidence of all patterns together.

    What they carry counts as well. Whatever makes one half stronger in all symbols alike, as a carrier does, is none.
    """
    band = grid.power[:, low : low + length].astype(np.float64)
    inside = slice(BESIDE, BESIDE + grid.count)
    each = teeth_nats(band, float(np.mean(band[inside])) - 1.0)
    held, prior, patterns = _weighed(grid.count)
    told = each @ held.T + prior
    for n in np.argsort(-told, axis=None)[:LIKELY].tolist():
        half, at = divmod(n, len(patterns))
        if told[half, at] < np.max(told) - LIKELY_NATS or np.max(told) > ENOUGH_NATS:
            break
        first, references = patterns[at]
        carried = sequence_nats(grid.values[first + np.array(references), low + half : low + length : 2])
        if carried > 0:  # data may be precoded or not
            told[half, at] += np.logaddexp(0.0, carried) - math.log(2.0)
    half, at = divmod(int(np.argmax(told)), len(patterns))
    first, references = patterns[at]
    comb = band[first + np.array(references), half::2]
    data = each[half, inside][held[at, inside] == 0]
    if float(np.mean(data)) > 0 or float(_evenness(comb.ravel())) < EVEN:
        return None
    if not _is_full(comb, THIRD + THIRD_FEW / comb.size):
        return None
    return Comb(float(np.logaddexp.reduce(told, axis=None)), first, references)


def teeth_nats(band: NDArray[np.float64], snr: float) -> NDArray[np.float64]:
    """Likelihood that only even, and that only odd subcarriers are sent, against both: shape (2, symbols).

    band: powers over the noise, shape (symbols, subcarriers); snr: of all subcarriers of a symbol.
    """
    ratio, half = 1 + 2 * max(snr, LEAST_SNR), band.shape[1] / 2
    part = band[:, 0::2].sum(axis=1) / np.maximum(band.sum(axis=1), 1e-30)
    parts = np.stack([part, 1 - part])
    return np.asarray(half * (math.log(ratio) - 2 * np.log(parts + ratio * (1 - parts))))


def _evenness(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """(mean p)² / mean p² along the last axis."""
    return np.asarray(np.mean(powers, axis=-1) ** 2 / np.maximum(np.mean(powers**2, axis=-1), 1e-30))


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


@lru_cache(maxsize=16)
def _weighed(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64], list[tuple[int, tuple[int, ...]]]]:
    """All patterns: which symbols of the grid each has, its probability with either half, first symbols and references.

    float64, shape (n, symbols), 1 or 0; float64, in nats, shape (n,); n pairs.
    """
    rows: list[NDArray[np.float64]] = []
    away: list[int] = []
    patterns: list[tuple[int, tuple[int, ...]]] = []
    for firsts, chosen, references in _patterns(count):
        for first, symbols, pattern in zip(firsts.tolist(), chosen, references, strict=True):
            rows.append(np.zeros(count + 2 * BESIDE))
            rows[-1][symbols] = 1.0
            away.append(abs(first - BESIDE))
            patterns.append((first, pattern))
    prior = -FAINT_AWAY_NATS * np.array(away, np.float64)
    return np.array(rows), prior - np.logaddexp.reduce(prior) - math.log(2.0), patterns


def _is_full(comb: NDArray[np.float64], most: float) -> bool:
    """Whether all of a comb is sent: LTE's cell-specific reference signals are on each third of its subcarriers."""
    thirds = [float(np.sum(comb[:, n::3] - 1.0)) for n in range(3)]
    return max(thirds) < most * sum(thirds)


@lru_cache(maxsize=4)
def _choices_nats(count: int) -> float:
    """How much chance gives among the patterns of `count` reference symbols, both halves and all such counts."""
    return math.log(2 * sum(len(r) == count for r in REFERENCES) * len({len(r) for r in REFERENCES}))


def last_symbol(grid: Grid, low: int, length: int, comb: Comb) -> int:
    """The last symbol that is on the air, counted as the grid's."""
    power = np.mean(grid.power[:, low : low + length], axis=1)
    usual = float(np.median(power[BESIDE : BESIDE + grid.count]))
    last = min(len(power), comb.first + SLOT_SYMBOLS)
    on = np.flatnonzero(power[:last] > 0.3 * usual)
    return max(int(on[-1]) if len(on) else 0, comb.first + comb.references[-1])
