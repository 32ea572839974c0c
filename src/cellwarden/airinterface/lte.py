"""LTE, both sides: names what a phone sends by its reference sequences, and a base station by its own.

    PRACH   0.9 … 2.3 ms, 1.05 MHz     `lte_prach`
    PUSCH   1 ms, 1 … 100 blocks       `lte_uplink`
    PUCCH   0.5 ms, one block          `lte_uplink`
    SRS     71 µs, 4 … 96 blocks       `lte_uplink`
    downlink, never silent             `lte_downlink`

Source: 3GPP TS 36.211.
"""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from cellwarden.airinterface import (
    lte_carrier,
    lte_cell,
    lte_downlink,
    lte_mosaic,
    lte_prach,
    lte_prach_search,
    lte_search,
    lte_sounding,
    lte_uplink,
)
from cellwarden.airinterface.declaration import ALL_OF_IT, Interface
from cellwarden.airinterface.lte_estimate import estimate
from cellwarden.airinterface.lte_found import Found, least_nats
from cellwarden.airinterface.lte_keyed import is_keyed
from cellwarden.airinterface.lte_pairs import paired
from cellwarden.airinterface.lte_places import SUBFRAME_S
from cellwarden.airinterface.lte_preamble import refined
from cellwarden.airinterface.lte_receiver import Stretch, logistic, narrowed, stretch
from cellwarden.airinterface.lte_sweep import is_swept
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    BLOCK_HZ,
    PREAMBLE,
    PREAMBLE_HZ,
    SUBCARRIER_HZ,
    SYMBOL_S,
)
from cellwarden.airinterface.preamble_name import by_place
from cellwarden.detect.finds import Find, rough
from cellwarden.model import Block, Burst, Cell, Emission
from cellwarden.radio.bands import allocations_at

RASTER_HZ = 5e3
"""Subcarriers of 15 kHz around carriers at multiples of 100 kHz (TS 36.101 §5.7.1) begin at multiples of this, so that
carrier offsets up to ±2.5 kHz are told without knowing the carrier."""

WHOLE = 0.75
"""A burst that fills so much of a box's time and width is alone in it."""
CLEAR = 0.15
"""Part of the evidence that a burst of its SNR without echoes has."""
REPEATED, SMALLEST = 0.5, 64
"""Of a box's likeness to itself a symbol later, what noise leaves of a preamble's; data have 0.07, by their prefixes.
And subcarriers that are looked at, at least."""
FAINTEST_PREAMBLE_HZ = 0.14 * PREAMBLE * PREAMBLE_HZ
"""SNR times width that a box must have to hold a preamble which is found blind: -8.5 dB, two below what that needs."""
GHOST_DB = 20.0
"""What is weaker by this than a mirrored emission of the same time, or than a preamble of its root, is no phone."""

TWIN_DB, TWIN_SNR_DB, TWIN_S = 35.0, 50.0, 10e-6
"""What is weaker by this than one of such an SNR, and begins with it to within this, with the same label, width and
sequences, was made in the receiver, wherever it lies. Another phone of the cell seldom has all of that in common."""


SHARED_BANDS = ("46",)
"""Bands without a licence, where a cell of another band borrows time (LAA): no phone begins there."""
EVERY_SIDE = frozenset({"uplink", "downlink"})


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the LTE bursts in a box, of the sides that may send where it lies."""
    sides = _sides(burst, block)
    if "uplink" in sides:
        preambles = [refined(e, burst, block, RASTER_HZ) for e in lte_prach.recognise(burst, block)]
        found = [] if preambles else _uplink(burst, block)
        if any(f.kind == "pusch" and f.blocks > 2 for f in found) and _repeats(burst, block, found[0].heard):
            found = []  # NR's short preamble: the reference sequence of twelve blocks again and again
        found = [f for f in found if not is_swept(f, burst, block) and not is_keyed(f, burst, block)]
        sent = preambles or [_emission(f, burst, block) for f in _closed(found, burst, block)]
        if sent:
            return sent
    return lte_downlink.recognise(burst, block) if "downlink" in sides else []


def carriers(find: Find) -> list[Emission]:
    """What fills a chunk's rough boxes: base stations' carriers, of which there is more than of all else; preambles."""
    named: list[Emission] = []
    for box in (rough(find, number) for number in range(len(find.regions))):
        sides = _sides(box, find.samples)
        told = lte_carrier.carrier(box, find) if "downlink" in sides else []
        if not told and "uplink" in sides:
            told = [refined(e, box, find.samples, RASTER_HZ) for e in lte_prach.in_rough(box, find.samples)]
        named += told
    return named


def _uplink(burst: Burst, block: Block) -> list[Found]:
    """What a box holds: one burst, as most do, or several after and beside each other."""
    found = lte_uplink.find(burst, block)
    seconds, width = burst.sample_count / block.segment.rate_hz, burst.high_offset_hz - burst.low_offset_hz
    if any(f.seconds > WHOLE * seconds and f.blocks * BLOCK_HZ > WHOLE * width and _clear(f) for f in found):
        return found
    several = lte_mosaic.find(burst, block)
    return several if len(several) >= max(1, len(found)) else found


def _closed(found: list[Found], burst: Burst, block: Block) -> list[Found]:
    """What was found, subframes of data without their last symbol where that sounds, and the soundings."""
    out, known = [], any(f.kind == "srs" for f in found)
    for one in found:
        last = lte_sounding.closing(one, burst, block) if one.kind == "pusch" and not known else None
        if last is None:
            out.append(one)
            continue
        known = True  # all who share a subframe leave the same symbol
        out += [replace(one, seconds=SUBFRAME_S - SUBFRAME_S / 14), last]
    return out


def _repeats(burst: Burst, block: Block, heard: Stretch | None) -> bool:
    """Whether all of a box comes again a symbol later without a prefix between, as no data do.

    heard: the box, where it is at hand.
    """
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    if heard is None:
        heard = stretch(burst, block, 0.0, middle, max(SMALLEST, 4 * math.ceil(width / 4)))
    y = narrowed(heard, middle - heard.centre_hz, max(SMALLEST, width) / 2 * SUBCARRIER_HZ)
    y = y[heard.index(burst.sample_start) : heard.index(burst.sample_start + burst.sample_count)]
    lag = round(SYMBOL_S * heard.rate_hz)
    if len(y) < 2 * lag:
        return False
    alike = abs(complex(np.vdot(y[lag:], y[:-lag])))
    energy = float(np.linalg.norm(y[lag:]) * np.linalg.norm(y[:-lag])) + 1e-30
    snr = 10 ** (burst.snr_db / 10)
    return alike > REPEATED * snr / (1 + snr) * energy


def _clear(found: Found) -> bool:
    """Whether its sequence explains a burst as one phone's should: several side by side look a little like one."""
    symbols = {"pusch": 2, "pucch": 7, "srs": 1}[found.kind]
    return found.evidence > CLEAR * symbols * (found.blocks * BLOCK - 1) * math.log1p(found.snr)


def _sides(burst: Burst, block: Block) -> frozenset[str]:
    """Whether phones or base stations may send somewhere in a box; both where the centre is not known."""
    centre = block.segment.centre_hz
    if centre is None:
        return EVERY_SIDE
    middle = centre + (burst.low_offset_hz + burst.high_offset_hz) / 2
    edges = (centre + burst.low_offset_hz, middle, centre + burst.high_offset_hz)
    return frozenset().union(*(_sides_at(round(edge / 100e3)) for edge in edges))


@lru_cache(maxsize=4096)
def _sides_at(tenths_mhz: int) -> frozenset[str]:
    """Sides of all LTE bands that hold a frequency."""
    held = [a for a in allocations_at(tenths_mhz * 100e3) if a.system == "LTE" and a.band not in SHARED_BANDS]
    if any(a.direction == "both" for a in held):
        return EVERY_SIDE
    return frozenset(a.direction for a in held)


def _emission(found: Found, burst: Burst, block: Block) -> Emission:
    rate, centre_hz = block.segment.rate_hz, block.segment.centre_hz
    exact = estimate(found, burst, block)
    width = found.blocks * BLOCK_HZ - (SUBCARRIER_HZ if found.kind == "srs" else 0.0)
    low = exact.middle_hz - width / 2
    errors = {
        "carrier_error_hz": round(exact.carrier_error_hz, 1),
        "start_error_us": round(exact.start_error_s * 1e6, 4),
    }
    return Emission(
        label=f"lte:{found.kind}",
        sample_start=math.floor(exact.start),
        sample_count=round(found.seconds * rate),
        low_offset_hz=low,
        high_offset_hz=low + width,
        snr_db=10 * math.log10(found.snr),
        confidence=logistic(found.evidence - least_nats(found)),
        cfo_hz=None if centre_hz is None else math.remainder(centre_hz + low, RASTER_HZ),
        carrier_offset_hz=exact.middle_hz,
        timing_samples=exact.start - math.floor(exact.start),
        direction="uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={
            "blocks": found.blocks,
            "sequence_group": found.group,
            "evidence": round(found.evidence, 1),
            **errors,
            **exact.details,
        },
    )


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Refine what pairs tell; call an image what a receiver makes of a stronger emission of the same time."""
    emissions = by_place(_carriers_once(paired(emissions, rate_hz)))
    strong = sorted(emissions, key=lambda e: e.sample_start)
    settled = []
    for emission in emissions:
        image = any(_is_ghost(emission, other, rate_hz) for other in strong)
        settled.append(replace(emission, label=f"image:{emission.label}") if image else emission)
    return settled


def _carriers_once(emissions: list[Emission]) -> list[Emission]:
    """Stretches of one base station's carrier that lie over each other, each told by a box of its own, made one."""
    kept = [e for e in emissions if e.label != "lte:downlink"]
    carriers: list[Emission] = []
    for one in sorted((e for e in emissions if e.label == "lte:downlink"), key=lambda e: e.sample_start):
        at = next((n for n, other in enumerate(carriers) if _is_same_carrier(one, other)), None)
        if at is None:
            carriers.append(one)
            continue
        other = carriers[at]
        end = max(one.sample_start + one.sample_count, other.sample_start + other.sample_count)
        carriers[at] = replace(
            max(one, other, key=lambda e: float(e.details["evidence"])),
            sample_start=other.sample_start,
            sample_count=end - other.sample_start,
            low_offset_hz=min(one.low_offset_hz, other.low_offset_hz),
            high_offset_hz=max(one.high_offset_hz, other.high_offset_hz),
        )
    return kept + carriers


def _is_same_carrier(one: Emission, other: Emission) -> bool:
    """Whether two stretches, the other begun before, are of one carrier and time."""
    middle, others = ((e.carrier_offset_hz or 0.0) for e in (one, other))
    return (
        one.sample_start < other.sample_start + other.sample_count
        and one.details.get("sector") == other.details.get("sector")
        and abs(middle - others) < BLOCK_HZ
    )


def _is_ghost(emission: Emission, other: Emission, rate_hz: float) -> bool:
    """Whether a receiver made an emission of another one."""
    overlap = min(emission.sample_start + emission.sample_count, other.sample_start + other.sample_count) - max(
        emission.sample_start, other.sample_start
    )
    if overlap < 0.8 * emission.sample_count or _level_db(other) < _level_db(emission) + GHOST_DB:
        return False
    root, others = emission.details.get("root"), other.details.get("root")
    if _is_twin(emission, other, rate_hz):
        return True
    if isinstance(root, int) and isinstance(others, int):
        return root in (others, PREAMBLE - others)
    middle = emission.low_offset_hz + emission.high_offset_hz + other.low_offset_hz + other.high_offset_hz
    return abs(middle) / 2 < BLOCK_HZ


def _is_twin(emission: Emission, other: Emission, rate_hz: float) -> bool:
    """Whether an emission has all in common with a far stronger one but its frequency."""
    return (
        emission.label == other.label
        and _level_db(other) > _level_db(emission) + TWIN_DB
        and other.snr_db > TWIN_SNR_DB
        and abs(other.sample_start - emission.sample_start) < TWIN_S * rate_hz
        and all(emission.details.get(of) == other.details.get(of) for of in ("blocks", "sequence_group"))
    )


def _level_db(emission: Emission) -> float:
    width = emission.high_offset_hz - emission.low_offset_hz
    return emission.snr_db + (emission.floor_dbfs_hz or 0.0) + 10 * math.log10(width)


def _within(burst: Burst, block: Block, cell: Cell) -> list[Emission]:
    """What a phone of a learned cell sent in a faint subframe: data, or a preamble of whatever root."""
    energy = 10 ** (burst.snr_db / 10) * (burst.high_offset_hz - burst.low_offset_hz)
    found = lte_prach.recognise(burst, block) if energy > FAINTEST_PREAMBLE_HZ else []
    return found or lte_search.within(burst, block, cell)


INTERFACE = Interface(
    name="lte",
    title="LTE",
    standard="3GPP TS 36.211",
    kinds={
        "lte:prach": "a phone asks for a channel (random access preamble)",
        "lte:pusch": "a phone sends data (uplink shared channel)",
        "lte:pucch": "a phone acknowledges (uplink control channel)",
        "lte:srs": "a phone sounds the channel (sounding reference signal)",
        "lte:downlink": "a base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=1 / SYMBOL_S,
    bandwidth_hz=BLOCK_HZ,
    least_rate_hz=2 * BLOCK_HZ,
    longest_s=0.0,
    recognise=recognise,
    lengths_s=lte_uplink.LENGTHS_S,
    carriers=carriers,
    evidence={"lte:prach": ALL_OF_IT, "lte:srs": ALL_OF_IT},
    settle=settle,
    search=lte_prach_search.search,
    learn=lte_cell.learn,
    follow=lte_search.follow,
    piece_s=SUBFRAME_S,
    within=_within,
)
