"""LTE's PUSCH in a learned cell: where its subframes lie and which sequences its number allows is known.

    cell's subframe   │d d d R d d d│d d d R d d d│
    phone's      ◄──►│d d d R d d d│d d d R d d d│       ahead by its timing advance, twice the way to the base station

The energy of the fourteen symbols shows which resource blocks were sent. In these the reference symbols R of both slots
are matched coherently: their sequence follows from the cell's number, the slot and what its phones were heard to use;
the cyclic shift of the second against the first follows from the cell's number, too (`slot_shift`). A burst that begins
and ends with the subframe needs less evidence than one that goes on, and so does one whose prefixes are like the ends
of its symbols there.

Source: 3GPP TS 36.211 §5.5.1.3 (group hopping), §5.5.2.1.1 (cyclic shifts), §7.2 (pseudo-random sequence).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_places import prefix_nats
from cellwarden.airinterface.lte_prach_search import LAYOUTS, SUBFRAMES
from cellwarden.airinterface.lte_receiver import Stretch, logistic, stretch
from cellwarden.airinterface.lte_symbols import best_band, surprise
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    BLOCK_HZ,
    GROUPS,
    PREAMBLE,
    PREFIX_S,
    REFERENCE,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_STARTS_S,
    base_sequence,
)
from cellwarden.airinterface.nr_waveform import gold
from cellwarden.airinterface.preamble_name import sureness
from cellwarden.detect.evidence import evidence
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Cell, Emission

SHIFTS = 12
CLEAR, CLEAR_DB = 0.99, 0.0
"""What a cell is followed by: emissions as sure and as strong as this."""
KEPT = 4
"""Roots, bands and subframes of preambles that a cell is searched for, the newest."""
TIMED_S = 20e-6
"""With an error of time smaller than this the cell's subframes are known."""
EARLIEST_S, PLACE_S = 67e-6, 8e-6
"""Largest timing advance looked for, that of 10 km, and the steps; within a cyclic prefix and a half all fits."""
NEAR_S = 6e-6
"""Where phones of the place were heard before, others are within this."""
PHASE = 2 * math.pi * 250.0 * SLOT_S
"""Turn from one slot to the next that a phone's frequency error may make (TS 36.101 §6.5.1)."""
ENERGY_NATS = 16.0
"""Of the fourteen symbols against noise."""
EDGE_NATS = 3.5
"""That a burst begins, or ends, just where the subframe does: one in thirty of others does."""
BESIDE = 4
"""Symbols before and after the subframe that are looked at."""
DOUBT_NATS, MOST_BANDS, UNLIKELY_BANDS = 8.0, 8, 3
"""Bands whose energy has this much less evidence than another's are not looked at; most that are, each of another
number of blocks, and those of them in which unlikely groups are tried."""
LEAST_NATS = 7.5
MATCH_NATS = 0.5
"""Asked of all, and of the reference symbols and prefixes alone."""
UNLIKELY_NATS = math.log(60.0)
"""That a cell uses another group than its number gives, and all its phones one of the other twenty-nine."""
LONG, EXPLAINED = 3 * BLOCK, 0.3
"""Sequences of this length have enough evidence to ask for this part of what a burst of their level should have."""
STRONG = 20.0
"""Energy of a reference symbol over the noise of a subcarrier from which unlikely groups are tried."""
CHOICES = 2.3
"""Independent delays for each subcarrier of a sequence."""
SMALLEST = 64
WIDE_HZ, MISSED = 1e6, 1.4
"""A faint box as wide as this may hold but half of its burst, and miss so much of its width to both sides together."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of the sequences in both slots, the cyclic shift between them (None: any), and how unlikely that is."""

    first: int
    second: int
    shift: int | None
    nats: float


@lru_cache(maxsize=1024)
def hopped(physical_cell: int, slot: int) -> int:
    """f_gh: what group hopping adds in a slot of the frame, 0 … 19 (TS 36.211 §5.5.1.3)."""
    bits = gold(physical_cell // GROUPS, 8 * slot + 8)[8 * slot :]
    return int(np.sum(bits << np.arange(8))) % GROUPS


@lru_cache(maxsize=4096)
def slot_shift(physical_cell: int, group: int, slot: int) -> int:
    """n_PRS: cyclic shift in twelfths that a cell adds in a slot (TS 36.211 §5.5.2.1.1, normal prefix).

    `group` is f_ss, the cell's sequence shift pattern.
    """
    bits = gold(physical_cell // GROUPS * 32 + group, 8 * 7 * slot + 8)[8 * 7 * slot :]
    return int(np.sum(bits << np.arange(8))) % SHIFTS


def follow(cells: Sequence[Cell], emissions: Sequence[Emission]) -> list[Cell]:
    """The cells to search from now on: those known, and what clear emissions tell of the first one.

    Preambles tell root, band and subframe of the cell's random access; PUSCH tells where its subframes lie, how far
    ahead phones of this place send, and their group of sequences.
    """
    base, *preambles = cells
    for emission in emissions:
        if sureness(emission) < CLEAR or emission.snr_db < CLEAR_DB or "searched" in emission.details:
            continue
        if emission.label in ("lte:prach", "nr:prach") and emission.carrier_offset_hz is not None:
            fresh = _preambles(base, emission)
            preambles = [*[c for c in preambles if not _same_preambles(c, fresh)][-KEPT + 1 :], fresh]
        elif emission.label == "lte:pusch" and base.interface == "lte":
            base = _followed(base, emission)
    return [base, *preambles]


def is_timed(cell: Cell) -> bool:
    """Whether it is known where a cell's subframes begin here."""
    return float(cell.details.get("timing_error_s", 0.0)) < TIMED_S


def _begin(emission: Emission) -> float:
    return emission.sample_start + (emission.timing_samples or 0.0)


def _preambles(cell: Cell, emission: Emission) -> Cell:
    """What to search for where a preamble was heard: in the subframe whose beginning is nearest, on the raster."""
    kind = emission.details.get("format", 0)
    if emission.label == "nr:prach":
        kind = f"{kind}/{emission.details['spacing_khz']}"
    layout = LAYOUTS[str(kind)]
    start, subframe, carrier = _begin(emission), cell.frame_samples / SUBFRAMES, emission.carrier_offset_hz or 0.0
    long = layout.length == PREAMBLE
    if is_timed(cell) and "anchored" not in cell.details and long and cell.interface == "lte":
        start = cell.frame_start + round((start - cell.frame_start) / subframe) * subframe
    for uplink in cell.carriers_hz if cell.interface == "lte" and long else ():
        nearest = uplink + round((carrier - uplink) / (BLOCK_HZ / 2)) * BLOCK_HZ / 2
        if abs(nearest - carrier) < 0.4 * layout.spacing_hz:
            carrier = nearest
    known = {
        **cell.details,
        "preamble_root": int(emission.details["root"]),
        "preamble_format": kind,
        "preamble_subframe": 0,
    }
    return replace(cell, carriers_hz=(carrier,), frame_start=start, details=known)


def _same_preambles(one: Cell, other: Cell) -> bool:
    phase = (one.frame_start - other.frame_start) / one.frame_samples
    return (
        all(one.details.get(name) == other.details.get(name) for name in ("preamble_root", "preamble_format"))
        and abs(one.carriers_hz[0] - other.carriers_hz[0]) < BLOCK_HZ / 4
        and abs(phase - round(phase)) * SUBFRAMES < 0.25
    )


def _followed(cell: Cell, emission: Emission) -> Cell:
    """A cell with what one clear PUSCH tells of it."""
    known, start, subframe = dict(cell.details), _begin(emission), cell.frame_samples / SUBFRAMES
    frame_start = cell.frame_start
    if not is_timed(cell):
        frame_start, known["anchored"], known["timing_error_s"], known["advance_s"] = start, 1, 0.0, 0.0
    late = (start - frame_start) / subframe
    advance = (round(late) - late) * subframe * SUBFRAMES / cell.frame_samples * 1e-3
    if -PLACE_S < advance < EARLIEST_S:
        known["advance_s"] = advance
    group = int(emission.details.get("sequence_group", -1))
    if group >= 0 and known.get("heard_group") == group:
        known["sequence_group"] = group
    known["heard_group"] = group
    return replace(cell, frame_start=frame_start, details=known)


def _groups(cell: Cell, slot: int | None) -> tuple[list[Groups], list[Groups]]:
    """Pairs of groups that a cell's phones use in the two slots of a subframe by its number, and the others."""
    number = int(cell.details.get("physical_cell", 0))
    own = number % GROUPS

    def shift(group: int) -> int | None:
        if slot is None:
            return None
        return (slot_shift(number, group, slot + 1) - slot_shift(number, group, slot)) % SHIFTS

    told = cell.details.get("sequence_group")
    if told is not None:
        return [Groups(int(told), int(told), shift(int(told)), 0.0)], []
    likely = [Groups(own, own, shift(own), math.log(2.0))]
    if slot is not None:
        one, two = ((own + hopped(number, s)) % GROUPS for s in (slot, slot + 1))
        likely.append(Groups(one, two, shift(own), math.log(4.0)))
    return likely, [Groups(g, g, shift(g), UNLIKELY_NATS) for g in range(GROUPS) if g != own]


def within(burst: Burst, block: Block, cell: Cell) -> list[Emission]:
    """The PUSCH in a faint box that is a subframe of a learned cell."""
    if "preamble_root" in cell.details:
        return []
    rate = block.segment.rate_hz
    middle, width = (burst.low_offset_hz + burst.high_offset_hz) / 2, burst.high_offset_hz - burst.low_offset_hz
    missed = 2 * BLOCK_HZ if width < WIDE_HZ else MISSED * width
    size = max(SMALLEST, 1 << math.ceil(math.log2((width + missed) / SUBCARRIER_HZ)))
    if rate < 2 * BLOCK_HZ:
        return []
    heard = _on_grid(burst, block, middle, size, cell.carriers_hz[0])
    places, given_nats = _places(cell)
    slot = None
    if is_timed(cell) and "anchored" not in cell.details:
        slot = 2 * (round((burst.sample_start - cell.frame_start) / cell.frame_samples * SUBFRAMES) % SUBFRAMES)
    likely, others = _groups(cell, slot)
    best, best_nats = None, 0.0
    starts = burst.sample_start - np.array(places) * rate
    noise, middle_start = size * heard.noise, burst.sample_start - places[len(places) // 2] * rate
    usual = _symbols(heard, size, middle_start, range(14))
    power = np.asarray(np.mean(squared(usual), axis=0, dtype=np.float64) / noise)
    for number, (low, blocks) in enumerate(_bands(cell, heard, size, power)):
        length = blocks * BLOCK
        level = float(np.mean(power[low : low + length]))
        energy = evidence(level, 14.0 * length) - math.log(size * 4)
        if energy < ENERGY_NATS:
            continue
        edges = _edges_nats(heard, size, middle_start, low, length, level)
        begun = (starts - heard.first) / heard.per_sample
        middle_hz = (low + (length - 1) / 2 - size // 2) * SUBCARRIER_HZ
        (prefixes,) = prefix_nats(heard, middle_hz, length, begun, PLACE_S, level)
        both = np.array([_references(heard, size, start)[:, low : low + length] for start in starts.tolist()])
        least = -math.inf if length < LONG else EXPLAINED * (2 * length - 1) * math.log(level)
        match, group, place = _match(both, likely, prefixes)
        if match - given_nats < least and others and number < UNLIKELY_BANDS and (level - 1.0) * length > STRONG:
            match, group, place = max((match, group, place), _match(both, others, prefixes))
        nats = match - given_nats
        if (
            nats < MATCH_NATS
            or nats - prefixes[place] < least
            or nats + edges < LEAST_NATS
            or (best is not None and nats + edges <= best_nats)
        ):
            continue
        best_nats = nats + edges
        best = _emission(burst, heard, size, low, blocks, float(starts[place]), level, group, best_nats, rate)
    return [] if best is None else [best]


def _on_grid(burst: Burst, block: Block, middle_hz: float, size: int, carrier_hz: float) -> Stretch:
    """A box and 0.3 ms on either side, a subcarrier of the cell at zero: they lie half of one beside its carrier."""
    wanted = carrier_hz + (round((middle_hz - carrier_hz) / SUBCARRIER_HZ - 0.5) + 0.5) * SUBCARRIER_HZ
    heard = stretch(burst, block, 0.3e-3, wanted, size)
    turn = np.exp(-2j * np.pi * (wanted - heard.centre_hz) / heard.rate_hz * np.arange(len(heard.y)))
    return heard.holding(np.asarray(heard.y * turn, np.complex64), wanted)


def _places(cell: Cell) -> tuple[list[float], float]:
    """By how many seconds a phone may be ahead of its cell, and the nats that so many places cost."""
    told = cell.details.get("advance_s")
    if told is not None:
        return [float(told) - NEAR_S / 2, float(told) + NEAR_S / 2], 0.0
    count = math.ceil(EARLIEST_S / PLACE_S) + 1
    return [(n - 0.5) * PLACE_S for n in range(count)], math.log(count / 2)


def _symbols(heard: Stretch, size: int, start: float, symbols: Sequence[int]) -> NDArray[np.complex64]:
    """Subcarriers, lowest first, of symbols counted from a subframe's beginning: shape (symbols, size)."""
    offsets = np.array([n // 7 * SLOT_S + SYMBOL_STARTS_S[n % 7] - PREFIX_S / 2 for n in symbols])
    begin = (start - heard.first) / heard.per_sample + offsets * heard.rate_hz
    first = np.round(begin).astype(np.int64)
    padded = np.concatenate([np.zeros(size, np.complex64), heard.y, np.zeros(size, np.complex64)])
    taken = np.clip(first + size, 0, len(padded) - size)[:, None] + np.arange(size)
    return np.asarray(scipy.fft.fftshift(scipy.fft.fft(padded[taken], axis=-1), axes=-1), np.complex64)


def _references(heard: Stretch, size: int, start: float) -> NDArray[np.complex64]:
    return _symbols(heard, size, start, (REFERENCE, 7 + REFERENCE))


def _bands(cell: Cell, heard: Stretch, size: int, power: NDArray[np.float64]) -> list[tuple[int, int]]:
    """First subcarrier and number of blocks of the likeliest bands: blocks begin on half of the cell's raster."""
    found = []
    bands = best_band(power, 14, most=MOST_BANDS)
    for nats, low, blocks in bands:
        if nats < bands[0][0] - DOUBT_NATS:
            break
        edge_hz = heard.centre_hz + (low - size // 2 - 0.5) * SUBCARRIER_HZ
        off = (edge_hz - cell.carriers_hz[0]) / SUBCARRIER_HZ
        low = min(max(low + round(round(off / 6) * 6 - off), 0), size - blocks * BLOCK)
        found.append((low, blocks))
    return list(dict.fromkeys(found))


def _edges_nats(heard: Stretch, size: int, start: float, low: int, length: int, level: float) -> float:
    """Evidence that a burst begins and ends with the subframe: beside it noise, and within it the burst's own level.

    The last symbol may have been left free for sounding. Negative where a burst does not fill its subframe.
    """
    slope, step = 1 - 1 / level, math.log(level)
    total = 0.0
    for beside, inside in ((range(-BESIDE, 0), range(BESIDE)), (range(14, 14 + BESIDE), range(13 - BESIDE, 13))):
        quiet, sent = (
            float(np.mean(squared(_symbols(heard, size, start, symbols)[:, low : low + length]))) / (size * heard.noise)
            for symbols in (beside, inside)
        )
        total += BESIDE * length * min(step - quiet * slope, sent * slope - step, EDGE_NATS / (BESIDE * length))
    return max(total, -2 * EDGE_NATS)


@lru_cache(maxsize=512)
def _sent(pairs: tuple[tuple[int, int], ...], length: int) -> NDArray[np.complex64]:
    """Conjugate sequences of both slots of each pair of groups: shape (versions * pairs, 2, length), energy 1."""
    versions = (0, 1) if length >= 6 * BLOCK else (0,)
    made = [[base_sequence(g, version, length) for g in pair] for version in versions for pair in pairs]
    return np.asarray(np.conj(np.array(made)) / math.sqrt(length), np.complex64)


def _match(
    both: NDArray[np.complex64], groups: Sequence[Groups], prefixes: NDArray[np.float64]
) -> tuple[float, int, int]:
    """Nats of two reference symbols and the prefixes, beyond what chance gives, the first one's group and the place.

    both: shape (places, 2, length); prefixes: nats of each place. With c₀ and c₁ the matches of a delay, turned against
    each other by at most PHASE, the part F of both symbols' energy E in the sequence is the largest
    |c₀ + c₁ exp(jφ)|² / 2E. Of what else may have been sent, as of noise, -(N - 1) ln(1 - F) is exponential but for the
    choices, N being two lengths.
    """
    length = both.shape[-1]
    sent = _sent(tuple((g.first, g.second) for g in groups), length)
    versions = len(sent) // len(groups)
    fine = 4 if length <= 3 * BLOCK else 2
    delays = scipy.fft.fft(both[:, None] * sent[None], fine * length, axis=-1)
    energies = np.sum(squared(both), axis=-1)[:, None] + np.float32(1e-30)  # places, 1, 2
    shifts = [g.shift for g in groups]
    if None in shifts:
        parts = surprise(squared(delays).max(axis=-1) / energies, length).sum(axis=-1)
        nats = parts - 2 * math.log(1.5 * length) - np.log1p(parts)
    else:
        moved = np.array([shift or 0 for shift in shifts] * versions) * fine * length // SHIFTS
        places = (np.arange(fine * length) + moved[:, None]) % (fine * length)
        one, two = delays[:, :, 0], np.take_along_axis(delays[:, :, 1], places[None], axis=-1)
        levels = squared(one), squared(two)
        along = one.real * two.real + one.imag * two.imag
        both_levels = np.sqrt(levels[0] * levels[1])
        across = np.sqrt(np.maximum(levels[0] * levels[1] - along**2, 0.0))
        turned = along * math.cos(PHASE) + across * math.sin(PHASE)
        joint = (levels[0] + levels[1]) / 2 + np.where(along > both_levels * math.cos(PHASE), both_levels, turned)
        nats = surprise(joint.max(axis=-1) / energies.sum(axis=-1), 2 * length) - math.log(2 * CHOICES * length)
    nats = nats + prefixes[:, None] - np.array([g.nats for g in groups] * versions) - math.log(versions)
    place, best = (int(i) for i in np.unravel_index(int(np.argmax(nats)), nats.shape))
    return float(nats[place, best]), groups[best % len(groups)].first, place


def _emission(
    burst: Burst,
    heard: Stretch,
    size: int,
    low: int,
    blocks: int,
    start: float,
    level: float,
    group: int,
    nats: float,
    rate: float,
) -> Emission:
    middle = heard.centre_hz + (low + (blocks * BLOCK - 1) / 2 - size // 2) * SUBCARRIER_HZ
    width = blocks * BLOCK_HZ
    return Emission(
        label="lte:pusch",
        sample_start=math.floor(start),
        sample_count=round(2 * SLOT_S * rate),
        low_offset_hz=middle - width / 2,
        high_offset_hz=middle + width / 2,
        snr_db=10 * math.log10(max(level - 1.0, 1e-3)),
        confidence=logistic(nats - LEAST_NATS + 2.0),
        carrier_offset_hz=middle,
        timing_samples=start - math.floor(start),
        direction="uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={"blocks": blocks, "sequence_group": group, "evidence": round(nats, 1), "searched": 1},
    )
