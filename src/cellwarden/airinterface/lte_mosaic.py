"""LTE phones side by side: a box of energy that holds several subframes, several phones, or both, taken apart.

    blocks  15 ┌────────┬────────┬──┐
            10 │ ▒▒▒▒▒▒ │        │▓▓│  ▓ sounding, the last symbol
             8 │ ░░░░░░ │ ▒▒▒▒▒▒ │▓▓│
             3 └────────┴────────┴──┘
               1 ms: one emission for each phone and subframe

The prefixes of all symbols in the box tell its symbols' time and the fraction of a subcarrier by which they lie off.
In each subframe, runs of filled subcarriers are cut where reference signals begin and end: of all ways to cut a run
into allowed numbers of blocks, that which sequences explain best (dynamic programming). Soundings within the box are
left to `lte_uplink`, which is asked about their part of it.

Source: 3GPP TS 36.211 §5.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface import lte_uplink
from cellwarden.airinterface.lte_found import EMPTY, LEAST_NATS, LEAST_SHORT_NATS, Found
from cellwarden.airinterface.lte_kernels import tones
from cellwarden.airinterface.lte_receiver import Stretch, stretch
from cellwarden.airinterface.lte_sounding import comb
from cellwarden.airinterface.lte_symbols import LEAST_EACH, conjugates, roots, surprise
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    BLOCK_HZ,
    PREFIX_S,
    REFERENCE,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_S,
    allowed_blocks,
)
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst

SUBFRAME_S = 2 * SLOT_S
PITCH_S = SLOT_S / 7
LAST_S = PREFIX_S + SYMBOL_S
SHORTEST_S, LONGEST_S = 0.6e-3, 60e-3
NARROWEST_HZ, WIDEST_HZ = 1.5 * BLOCK_HZ, 20.5e6
ROOM = 24
"""Subcarriers looked at on either side of the box."""
REPEATS = 6.0
"""Standard deviations by which prefixes must repeat in the box as a whole."""
FILLED = 1.4
"""A run's power over the noise, mean of a block and a subframe: less is no burst that could be told."""
RUN = 6
"""Subcarriers over whose mean a run begins and ends."""
PEAKS = 2
"""Tones of neighbours' products that are tried as a group of sequences, with the next group on either side."""
FEW_BLOCKS = 5
"""In a run of no more all groups are tried."""
MOST_BLOCKS = 100
EXPLAINED = 0.4
"""Part of a reference symbol's energy above the noise that one path of its sequence has; of two phones, less."""
FEWEST_TELLING, TONE = 3, 4.0
"""Blocks from which on neighbours' products are tones, and the least of their strength in two symbols: at 0 dB three
blocks have 18, chance exceeds it in one of eleven."""
COMB = 0.15
"""Where one half of a last symbol's subcarriers has less than this part of the other half's power, it sounds."""
HALVES = 0.4
"""PUSCH is as strong in both slots, so long as fading and noise may differ by this."""
PART = 0.45
"""Of a subframe that must lie in the box."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """A box's samples, on the grid of its symbols and subcarriers."""

    heard: Stretch
    y: NDArray[np.complex64]
    """Mixed so that subcarriers lie at multiples of 15 kHz."""
    size: int
    fraction: float
    """Of a subcarrier, taken out of `y`."""
    phase: float
    """Where a symbol's prefix begins, in samples."""


def find(burst: Burst, block: Block) -> list[Found]:
    """All bursts of the uplink in a box."""
    rate = block.segment.rate_hz
    seconds, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    if not (SHORTEST_S < seconds < LONGEST_S and NARROWEST_HZ < width < WIDEST_HZ):
        return []
    grid = _grid(burst, block, width)
    if grid is None:
        return []
    best: list[Found] = []
    for start in _alignments(grid, burst, rate):
        found = _subframes(grid, start, burst, block)
        if sum(f.evidence for f in found) > sum(f.evidence for f in best):
            best = found
    return best


def _grid(burst: Burst, block: Block, width_hz: float) -> _Grid | None:
    """The grid that prefixes tell; None where nothing repeats in the time of a symbol."""
    size = 1 << math.ceil(math.log2(width_hz / SUBCARRIER_HZ + 2 * ROOM))
    heard = stretch(burst, block, 0.2e-3, (burst.low_offset_hz + burst.high_offset_hz) / 2, size)
    pitch, prefix = PITCH_S * heard.rate_hz, round(PREFIX_S * heard.rate_hz)
    first, last = heard.index(burst.sample_start), heard.index(burst.sample_start + burst.sample_count)
    turned = np.concatenate([[0.0], np.cumsum(heard.y[:-size] * np.conj(heard.y[size:]))])
    energy = np.concatenate([[0.0], np.cumsum(squared(heard.y), dtype=np.float64)])
    symbols = np.arange(max(1, int((last - first) / pitch) - 1))
    phases = first + np.arange(0, pitch, max(1, size // 32))
    at = np.round(phases[:, None] + symbols * pitch).astype(np.int64)
    at = np.minimum(at, len(turned) - 1 - prefix)
    sums = (turned[at + prefix] - turned[at]).sum(axis=1)
    # of noise of this power, sums of products scatter by the mean power times the root of the number of products
    scatter = float(np.mean(energy[at + prefix] - energy[at])) * math.sqrt(len(symbols) / prefix)
    place = int(np.argmax(np.abs(sums)))
    if abs(sums[place]) < REPEATS * scatter:
        return None
    fraction = -float(np.angle(sums[place])) / (2 * np.pi)
    y = heard.y * np.exp(-2j * np.pi * fraction / size * np.arange(len(heard.y))).astype(np.complex64)
    return _Grid(heard, y, size, fraction, float(phases[place]))


def _alignments(grid: _Grid, burst: Burst, rate: float) -> Iterator[float]:
    """Where a subframe may begin: the symbols nearest to the box's beginning, to its end, and one after the former."""
    per_s = grid.heard.rate_hz
    pitch = PITCH_S * per_s
    begin = (burst.sample_start - grid.heard.first) / grid.heard.per_sample
    end = begin + burst.sample_count / grid.heard.per_sample
    told: list[float] = []
    for edge in (begin, end - SUBFRAME_S * per_s, begin + LAST_S * per_s):
        near = grid.phase + round((edge - grid.phase) / pitch) * pitch
        slot = SLOT_S * per_s
        if all(abs(math.remainder(near - other, slot)) > pitch / 2 for other in told):
            told.append(near)
            yield near


def _subframes(grid: _Grid, start: float, burst: Burst, block: Block) -> list[Found]:
    """Bursts of one subframe after the other, where one begins at `start`."""
    subframe = SUBFRAME_S * grid.heard.rate_hz
    begin = (burst.sample_start - grid.heard.first) / grid.heard.per_sample
    end = begin + burst.sample_count / grid.heard.per_sample
    # a sounding may come before the first whole subframe
    starts = np.arange(start - math.ceil((start - begin) / subframe) * subframe, end, subframe)
    inside = np.minimum(end, starts + subframe) - np.maximum(begin, starts)
    values = {at: _values(grid, at) for at in starts[inside >= PART * subframe].tolist()}
    noise = grid.size * grid.heard.noise
    runs = {at: _runs(np.mean(squared(v[:13]), axis=0) / noise) for at, v in values.items()}
    best: list[Found] = []
    for edge in _edges([run for of in runs.values() for run in of]):
        found = [f for at, v in values.items() for run in runs[at] for f in _pieces(grid, at, v, run, edge)]
        if sum(f.evidence for f in found) > sum(f.evidence for f in best):
            best = found
    for at in starts.tolist():
        best += _sounding(grid, at, best, burst, block)
    return best


def _edges(runs: list[tuple[int, int]]) -> list[int]:
    """Where blocks begin, modulo a block: the places at which most runs begin and end, two of them."""
    votes = np.bincount(np.array([edge % BLOCK for run in runs for edge in run], np.int64), minlength=BLOCK)
    ordered = sorted(range(BLOCK), key=lambda n: -votes[n] - 0.3 * (votes[n - 1] + votes[(n + 1) % BLOCK]))
    return ordered[:2]


def _values(grid: _Grid, start: float) -> NDArray[np.complex64]:
    """Subcarriers of a subframe's symbols: shape (14, size), lowest first."""
    offsets = lte_uplink.MIDDLES_S[1:15]
    first = np.round(start + offsets * grid.heard.rate_hz).astype(np.int64)
    at = np.clip(first[:, None] + np.arange(grid.size), 0, len(grid.y) - 1)
    return np.asarray(scipy.fft.fftshift(scipy.fft.fft(grid.y[at], axis=-1), axes=-1))


def _pieces(grid: _Grid, start: float, values: NDArray[np.complex64], run: tuple[int, int], edge: int) -> list[Found]:
    """PUSCH in a run of filled subcarriers, whose blocks begin at `edge` modulo a block."""
    noise = grid.size * grid.heard.noise
    low, high = (edge + round((n - edge) / BLOCK) * BLOCK for n in run)
    if low < 0 or high > grid.size or not BLOCK <= high - low <= MOST_BLOCKS * BLOCK:
        return []
    references = values[[REFERENCE, 7 + REFERENCE], low:high]
    found = []
    for at, blocks, group, nats in _best_cut(references, _groups(references), noise):
        inside = slice(low + at, low + at + blocks * BLOCK)
        band = squared(values[:, inside]).mean(axis=-1) / noise
        halves = sorted((float(np.mean(band[:6])), float(np.mean(band[7:13]))))
        if halves[0] - 1 < HALVES * (halves[1] - 1):
            continue  # PUCCH lies elsewhere in the other half
        teeth = comb(squared(values[13, inside]))
        left = band[13] < EMPTY * float(np.mean(band[:13])) or teeth < COMB
        symbols = 13 if left else 14
        snr = max(float(np.mean(band[:symbols])) - 1.0, 1e-3)
        middle = inside.start + (blocks * BLOCK - 1) / 2 - grid.size // 2 + grid.fraction
        hz = grid.heard.centre_hz + middle * grid.heard.rate_hz / grid.size
        begin = grid.heard.sample(start)
        found.append(Found("pusch", begin, symbols * PITCH_S, hz, blocks, group, nats, snr, True, teeth))
    return found


def _runs(power: NDArray[np.float64]) -> list[tuple[int, int]]:
    """First and end of each run of filled subcarriers. power: over the noise, mean of a subframe."""
    mean = np.convolve(power, np.ones(RUN) / RUN, "same")
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mean > FILLED, [False]]).astype(np.int8)))
    runs = []
    for low, high in edges.reshape(-1, 2).tolist():
        level = 1 + 0.4 * (float(np.mean(power[low:high])) - 1)
        inside = np.flatnonzero(power[max(0, low - 2) : high + 2] > level) + max(0, low - 2)
        if len(inside) and inside[-1] + 1 - inside[0] > BLOCK // 2:
            runs.append((int(inside[0]), int(inside[-1]) + 1))
    return runs


def _groups(references: NDArray[np.complex64]) -> list[int]:
    """Groups of sequences that a run's reference symbols may be of: neighbours' products turn by (group + 1) / 31."""
    if references.shape[1] <= FEW_BLOCKS * BLOCK:
        return list(range(30))
    products = references[:, :-1] * np.conj(references[:, 1:])
    products /= np.maximum(np.abs(products), 1e-30)
    tones = squared(scipy.fft.fft(products, 31 * 8, axis=-1)).sum(axis=0)
    chosen: set[int] = set()
    for _ in range(PEAKS):
        peak = int(np.argmax(tones))
        near = round(peak / 8) - 1
        chosen |= {g for g in (near - 1, near, near + 1) if 0 <= g < 30}
        tones[np.arange(peak - 12, peak + 13) % len(tones)] = 0
    return sorted(chosen)


def _best_cut(references: NDArray[np.complex64], groups: list[int], noise: float) -> list[tuple[int, int, int, float]]:
    """Dynamic programming over the blocks of a run: the pieces whose evidence is the most together."""
    total = references.shape[1] // BLOCK
    most = np.zeros(total + 1)
    pieces: list[list[tuple[int, int, int, float]]] = [[] for _ in range(total + 1)]
    lengths = [n for n in allowed_blocks() if n <= total]
    tried = math.log(len(lengths) * total * 4)
    for blocks in lengths:  # all places of one length at once
        _fill(
            references,
            blocks,
            groups,
            tried,
            noise,
            nats := np.zeros(total + 1),
            chosen := np.zeros(total + 1, np.int64),
        )
        for end in range(blocks, total + 1):
            pieces[end].append((end - blocks, blocks, int(chosen[end]), float(nats[end])))
    ways: list[list[tuple[int, int, int, float]]] = [[]]
    for end in range(1, total + 1):
        most[end], way = most[end - 1], ways[end - 1]
        for piece in pieces[end]:
            at, blocks, _, nats_here = piece
            least = LEAST_SHORT_NATS if blocks <= 2 else LEAST_NATS
            if nats_here >= least and most[at] + nats_here > most[end]:
                most[end], way = most[at] + nats_here, [*ways[at], piece]
        ways.append(way)
    return [(at * BLOCK, blocks, group, nats_here) for at, blocks, group, nats_here in ways[total]]


def _fill(
    references: NDArray[np.complex64],
    blocks: int,
    groups: list[int],
    tried: float,
    noise: float,
    nats: NDArray[np.float64],
    chosen: NDArray[np.int64],
) -> None:
    """Evidence of every piece of a length, and its group, written at the block where the piece ends."""
    length = blocks * BLOCK
    starts = np.arange(0, references.shape[1] - length + 1, BLOCK)
    bank = conjugates(length)
    rows = np.array([g + v for v in range(0, len(bank), 30) for g in groups])
    place, row = np.nonzero(_may_be(references, starts, length, rows))
    bands = references[
        :, starts[place][:, None] + np.arange(length)
    ]  # symbols, pairs of place and sequence, subcarriers
    energy = squared(bands).sum(axis=-1) * length
    delays = squared(scipy.fft.fft(bands * bank[rows[row]], 4 * length, axis=-1, overwrite_x=True)).max(axis=-1)
    parts = delays / np.maximum(energy, 1e-30)
    explained = parts * (energy / np.maximum(energy - noise * length**2, 0.05 * energy + 1e-30))  # all may be zero
    beyond = np.where(explained > EXPLAINED, surprise(parts, length) - math.log(2 * length), 0.0)
    same = np.zeros((len(starts), len(rows)))
    same[place, row] = np.where(beyond.min(axis=0) > LEAST_EACH, beyond.sum(axis=0), 0.0)
    best = same.argmax(axis=-1)
    excess = same.max(axis=-1) - math.log(len(rows))
    nats[starts // BLOCK + blocks] = excess - np.log1p(np.maximum(excess, 0.0)) - tried
    chosen[starts // BLOCK + blocks] = rows[best] % 30


def _may_be(
    references: NDArray[np.complex64], starts: NDArray[np.int64], length: int, rows: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Where neighbours' products are at all the tone of a sequence: shape (places, sequences).

    Sums of products, each turned back by the tone, over the subcarriers of every place are differences of one sum. The
    part of the products' power in a tone is exponential with mean 1 by chance, that of two symbols a gamma variable.
    """
    if length < FEWEST_TELLING * BLOCK:
        return np.ones((len(starts), len(rows)), np.bool_)
    products = references[:, :-1] * np.conj(references[:, 1:])
    sent = roots(length)[rows, :2]
    strength = np.empty((len(starts), len(rows)))
    turns = np.angle(sent[:, 1] * np.conj(sent[:, 0])).astype(np.float64)
    tones(np.asarray(products, np.complex64), turns, starts, length - 1, strength)
    return strength > TONE


def _sounding(grid: _Grid, start: float, found: list[Found], burst: Burst, block: Block) -> list[Found]:
    """A sounding signal in the last symbol of a subframe, where no PUSCH is."""
    rate, per_s = block.segment.rate_hz, grid.heard.rate_hz
    last = start + (SUBFRAME_S - LAST_S) * per_s
    at = np.clip(round(last + PREFIX_S / 2 * per_s) + np.arange(grid.size), 0, len(grid.y) - 1)
    power = squared(scipy.fft.fftshift(scipy.fft.fft(grid.y[at]))) / (grid.size * grid.heard.noise)
    mean = np.convolve(power, np.ones(2 * BLOCK) / (2 * BLOCK), "same")
    inside = np.flatnonzero(mean > 2 * FILLED)
    if len(inside) < 3 * BLOCK:
        return []
    unit = grid.heard.rate_hz / grid.size
    low, high = (grid.heard.centre_hz + (n - grid.size // 2) * unit for n in (inside[0], inside[-1] + 1))
    taken = [f for f in found if f.start + (f.seconds - LAST_S / 2) * rate > grid.heard.sample(last)]
    if any(f.middle_hz + f.blocks * BLOCK_HZ / 2 > low and f.middle_hz - f.blocks * BLOCK_HZ / 2 < high for f in taken):
        return []
    snr_db = 10 * math.log10(max(float(np.mean(power[inside[0] : inside[-1] + 1])) - 1, 1e-2))
    box = replace(
        burst,
        sample_start=round(grid.heard.sample(last)),
        sample_count=round(LAST_S * rate),
        low_offset_hz=low,
        high_offset_hz=high,
        snr_db=snr_db,
    )
    return lte_uplink.find(box, block)
