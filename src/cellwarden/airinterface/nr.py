"""NR, both sides: names what a phone sends by the standard's structure and sequences, a base station by its block.

    long preamble    0.9 … 3.4 ms, 839 subcarriers                    `lte_prach`
    short preamble   54 … 900 µs, 139 subcarriers of 15 or 30 kHz     `nr_prach`
    PUSCH            4 … 14 symbols, any number of blocks             `nr_pusch`
    downlink         the synchronisation block, 240 subcarriers       `nr_downlink`

NR's long preambles of 1.25 kHz are LTE's waves: `lte_prach` finds them, and `preamble_name` says whose they are.

Source: 3GPP TS 38.211.
"""

from dataclasses import replace
from functools import lru_cache

from cellwarden.airinterface import lte_prach, lte_prach_search, lte_search, nr_cell, nr_downlink, nr_prach, nr_pusch
from cellwarden.airinterface.declaration import ALL_OF_IT, Interface
from cellwarden.airinterface.lte_waveform import BLOCK, BLOCK_HZ, SYMBOL_S
from cellwarden.airinterface.nr_likeness import look
from cellwarden.airinterface.preamble_name import UNLICENSED, systems_at
from cellwarden.detect.suppress import overlap
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.bands import allocations_at

SAME = 0.5
"""Emissions that share more than this part of the smaller one are one."""
AT_ONCE_S = 3e-6
"""Pieces of one burst begin together to within this."""
SWEEPS, SWEEP_S = 3, 5e-3
"""Preambles of one root within this before and after one of them, from which on they may be a sweep's."""
SINGLE = "C0"
"""The format of a single symbol."""
FADE_HZ = 0.8e6
"""Width of a fade: that of echoes 1 µs apart."""
IMAGE_DB = 20.0
"""An image lies at least this far below what a receiver makes it of."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the NR burst in a box."""
    if not _is_in_band(burst, block):
        return []
    told_by_lte = _is_lte(burst, block)
    long = [] if told_by_lte else lte_prach.recognise(burst, block)
    if long:
        return long
    alike = look(burst, block)
    sides = nr_prach.recognise, nr_downlink.recognise, nr_pusch.recognise
    found = next((named for recognised in sides if (named := recognised(burst, block, alike))), [])
    # a piece of a long preamble's chirp is like a sequence of wider subcarriers, and a fast one like symbols
    chirp = told_by_lte and found and lte_prach.recognise(burst, block)
    return [] if chirp else found


def _is_in_band(burst: Burst, block: Block) -> bool:
    """Whether NR may be sent somewhere in a box; true where the centre is not known."""
    centre = block.segment.centre_hz
    if centre is None:
        return True
    edges = burst.low_offset_hz, (burst.low_offset_hz + burst.high_offset_hz) / 2, burst.high_offset_hz
    return any(_is_band(round((centre + edge) / 100e3)) for edge in edges)


def _is_lte(burst: Burst, block: Block) -> bool:
    """Whether LTE's phones may send in the middle of a box, where LTE has looked for preambles."""
    centre = block.segment.centre_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    return "LTE" in systems_at(None if centre is None else centre + middle)


@lru_cache(maxsize=4096)
def _is_band(tenths_mhz: int) -> bool:
    """Whether a band holds a frequency: NR's own, or LTE's, into which NR may have come since."""
    return any(a.system in ("LTE", "NR") and a.band not in UNLICENSED for a in allocations_at(tenths_mhz * 100e3))


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Of what several boxes of one burst gave, keep the surest; call the faint mirror of a strong one its image."""
    kept: list[Emission] = []
    for emission in sorted(emissions, key=lambda e: e.confidence, reverse=True):
        if not any(overlap(emission, other) > SAME for other in kept):
            kept.append(emission)
    kept = _without_sweeps(kept, rate_hz)
    kept = _joined(sorted(kept, key=lambda e: (e.sample_start, e.low_offset_hz)), rate_hz)
    return [replace(e, label=f"image:{e.label}") if any(_is_image(e, other) for other in kept) else e for e in kept]


def _without_sweeps(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Emissions without preambles of one root again and again that are no cell's.

    A cell's phones send one format. A sweep of the right slope has the root wherever it is cut and in any length, and
    in most pieces that of a single symbol.
    """
    roots: dict[int, list[Emission]] = {}
    for e in emissions:
        if e.label == "nr:prach":
            roots.setdefault(int(e.details["root"]), []).append(e)
    swept = {id(e) for alike in roots.values() for e in alike if _is_swept(e, alike, SWEEP_S * rate_hz)}
    return [e for e in emissions if id(e) not in swept]


def _is_swept(e: Emission, alike: list[Emission], around: float) -> bool:
    """Whether a preamble is one of several of its root, in a single symbol each or in several formats."""
    formats = [other.details["format"] for other in alike if abs(other.sample_start - e.sample_start) < around]
    return len(formats) >= SWEEPS and (len(set(formats)) > 1 or formats[0] == SINGLE)


def _joined(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Pieces of one PUSCH, which a fade cut in frequency, made one again: they begin and end together."""
    joined: list[Emission] = []
    for emission in emissions:
        beside = next((n for n, other in enumerate(joined) if _is_beside(emission, other, rate_hz)), None)
        if beside is None:
            joined.append(emission)
        else:
            joined[beside] = _whole(joined[beside], emission)
    return joined


def _is_beside(one: Emission, other: Emission, rate_hz: float) -> bool:
    """Whether two pieces are parts of one PUSCH: of the same spacing and time, a fade apart."""
    spacing = one.details.get("spacing_khz")
    if not one.label == other.label == "nr:pusch" or spacing != other.details.get("spacing_khz"):
        return False
    gap_hz = max(one.low_offset_hz, other.low_offset_hz) - min(one.high_offset_hz, other.high_offset_hz)
    slack = AT_ONCE_S * rate_hz
    return (
        gap_hz < FADE_HZ
        and abs(one.sample_start - other.sample_start) < slack
        and abs(one.sample_count - other.sample_count) < 2 * slack
    )


def _whole(one: Emission, other: Emission) -> Emission:
    """One emission of two pieces; the surer one's numbers, the width of both."""
    low, high = min(one.low_offset_hz, other.low_offset_hz), max(one.high_offset_hz, other.high_offset_hz)
    surer = max(one, other, key=lambda e: (e.confidence, float(e.details["evidence"])))
    blocks = round((high - low) / (BLOCK * 1e3 * float(surer.details["spacing_khz"])))
    return replace(
        surer,
        low_offset_hz=low,
        high_offset_hz=high,
        carrier_offset_hz=(low + high) / 2,
        details={**surer.details, "blocks": blocks},
    )


def _together(one: Emission, other: Emission) -> int:
    """Samples that two emissions share."""
    end = min(one.sample_start + one.sample_count, other.sample_start + other.sample_count)
    return max(0, end - max(one.sample_start, other.sample_start))


def _is_image(one: Emission, other: Emission) -> bool:
    """Whether one is far fainter than another of its time, at the mirrored frequency."""
    off_hz = one.low_offset_hz + one.high_offset_hz + other.low_offset_hz + other.high_offset_hz
    return (
        abs(off_hz) / 2 < BLOCK_HZ
        and _together(one, other) > 0.8 * one.sample_count
        and _density_db(other) > _density_db(one) + IMAGE_DB
    )


def _density_db(emission: Emission) -> float:
    return emission.snr_db + (emission.floor_dbfs_hz or 0.0)


INTERFACE = Interface(
    name="nr",
    title="NR",
    standard="3GPP TS 38.211",
    kinds={
        "nr:prach": "a phone asks for a channel (random access preamble)",
        "nr:pusch": "a phone sends data (uplink shared channel)",
        "nr:downlink": "a base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=1 / SYMBOL_S,
    bandwidth_hz=BLOCK_HZ,
    least_rate_hz=4 / 3 * BLOCK_HZ,
    longest_s=0.0,
    recognise=recognise,
    evidence={"nr:prach": ALL_OF_IT},
    settle=settle,
    search=lte_prach_search.search,
    learn=nr_cell.learn,
    follow=lte_search.follow,
)
