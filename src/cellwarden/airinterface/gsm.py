"""GSM, uplink: names access and normal bursts by their known symbols.

    access burst, 88 symbols, 325 µs                 normal burst, 148 symbols, 546 µs
    ╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲                 ╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲
     ext tail 8 │ sync 41 │ payload 36 │ 3            3 │ payload 58 │ training 26 │ payload 58 │ 3
     └──── known: 49 ────┘                                            └─ known ────┘

A box is mixed down to each carrier that may lie in it, and `gsm_match` looks for these bursts there. What it finds gets
its place in the recording; `gsm_sides` tells a base station's carriers from those of several calls.

`gsm_search` is the other way in: what lies below the energy floor, where the cell is known.

Sources: 3GPP TS 45.002 §5.2 (bursts), TS 45.004 (modulation), TS 45.005 §2 and §6 (bands, frequency error).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gsm_cell
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.gsm_beside import beside
from cellwarden.airinterface.gsm_humps import humps
from cellwarden.airinterface.gsm_judge import Match, confidence
from cellwarden.airinterface.gsm_lines import CFO_HZ
from cellwarden.airinterface.gsm_match import ENOUGH_STATIONS, SLACK_SYMBOLS, matches
from cellwarden.airinterface.gsm_receiver import LEAST_RATE_HZ
from cellwarden.airinterface.gsm_receiver import receiver as receiver_at
from cellwarden.airinterface.gsm_search import search
from cellwarden.airinterface.gsm_sides import carrier_of, clocked, is_open, settle
from cellwarden.airinterface.gsm_station import STATION_SLOTS
from cellwarden.airinterface.gsm_sweep import sweep
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SLOT_SYMBOLS, SYMBOL_RATE_HZ, Kind
from cellwarden.detect.finds import Find
from cellwarden.detect.kernels import decimate
from cellwarden.model import Block, Burst, Emission
from cellwarden.model.many import many
from cellwarden.radio.bands import channels_at, direction_at

WIDEST_CHANNELS = 6
"""A box wider than this is not looked into: neighbouring phones seldom fill more, other systems do."""
UNKNOWN_BAND = 5.0
"""Nats asked for on top where the tuned frequency is not told: a GSM band is one in a hundred of those it may be."""
WIDEST_ALONE = 1.7
"""Channels that one carrier fills at most."""
UNKNOWN_WIDE = 20.0
"""The same in a box wider than a carrier: more likely one channel's part of another system's signal."""
LABELS: dict[Kind, str] = {"access": "gsm:access", "normal": "gsm:normal"}
RAMPS_S = 28e-6
"""Before and after a burst, TS 45.005 annex B."""
FEWEST_SYMBOLS = 20
"""A box shorter than this is not looked into."""
CLEAR_WIDE_DB, FEWEST_CLEAR = 10.0, 60
"""… nor one shorter than this that is clear and wide: noise hides no part of its bursts."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the GSM bursts in a box, on any channel that it touches.

    `block` holds the box's samples, best with a slot around it. A faint burst's box may hold but a part of it. Boxes
    that are shorter or narrower than such a part, or wider than a few channels, are no GSM and cost nothing.
    """
    rate = block.segment.rate_hz
    symbols = burst.sample_count / rate * SYMBOL_RATE_HZ
    width = burst.high_offset_hz - burst.low_offset_hz
    if symbols < FEWEST_SYMBOLS or width > WIDEST_CHANNELS * CHANNEL_HZ or width < 0.25 * CHANNEL_HZ:
        return []
    if rate < LEAST_RATE_HZ:
        return []
    found: list[Emission] = []
    centre = block.segment.centre_hz
    if centre is None and symbols > STATION_SLOTS * SLOT_SYMBOLS and width > WIDEST_ALONE * CHANNEL_HZ:
        return []  # it has to be cut into bands first
    carriers = [hz for hz in _carriers(burst, block) if centre is None or channels_at(centre + hz)]
    if carriers and width > WIDEST_ALONE * CHANNEL_HZ:
        cut = burst.snr_db > CLEAR_WIDE_DB and symbols < FEWEST_CLEAR
        carriers = [] if cut else humps(burst, block, carriers)
    for carrier in carriers:
        found += _on_carrier(burst, block, carrier)
    return _as_one(_one_each(found), burst, rate)


def recognise_all(find: Find) -> list[list[Emission]]:
    """The clear normal bursts in each of a chunk's rough boxes, and what shows beside them once they are taken away.

    All at once: GSM calls come by the thousand.
    """
    told: list[list[Emission]] = [[] for _ in find.regions]
    plain = sweep(find)
    if not len(plain):
        return told
    found = beside(find, plain)
    for box, emission in zip(found["box"].tolist(), _plain(found, find.samples), strict=True):
        told[box].append(emission)
    return told


def _carriers(burst: Burst, block: Block) -> list[float]:
    """Offsets at which a carrier may lie: on the raster where the centre is known and the box holds several."""
    low, high = burst.low_offset_hz, burst.high_offset_hz
    centre = block.segment.centre_hz
    if high - low < WIDEST_ALONE * CHANNEL_HZ:
        middle = (low + high) / 2
        nearest = middle if centre is None else round((centre + middle) / CHANNEL_HZ) * CHANNEL_HZ - centre
        if centre is None and high - low < 0.8 * CHANNEL_HZ:  # part of a faint burst's width: which part?
            return [middle, middle - 1.6 * CFO_HZ, middle + 1.6 * CFO_HZ]
        # On the raster a carrier lies no further off; what shows beside a stronger burst is best heard from there.
        beside = min(max(middle, nearest - CFO_HZ), nearest + CFO_HZ) if centre is not None else middle
        return [nearest, beside] if abs(nearest - beside) > CFO_HZ / 2 else [beside]
    if centre is None:
        return list(np.arange(low + 0.3 * CHANNEL_HZ, high - 0.2 * CHANNEL_HZ, 0.2 * CHANNEL_HZ))
    first = math.ceil((centre + low + 0.2 * CHANNEL_HZ) / CHANNEL_HZ)
    last = math.floor((centre + high - 0.2 * CHANNEL_HZ) / CHANNEL_HZ)
    return [n * CHANNEL_HZ - centre for n in range(first, last + 1)]


def _on_carrier(burst: Burst, block: Block, carrier: float) -> list[Emission]:
    rate = block.segment.rate_hz
    receiver = receiver_at(rate)
    per_symbol = rate / SYMBOL_RATE_HZ
    missing = max(0.0, FORMATS["normal"].symbols * per_symbol - burst.sample_count)
    around = int(missing + (SLACK_SYMBOLS + 8) * per_symbol)
    first = max(0, burst.sample_start - block.sample_start - around)
    end = min(len(block.iq), burst.sample_start - block.sample_start + burst.sample_count + around)
    y = np.empty(max(0, (end - first) // receiver.step), np.complex64)
    if len(y) < 50 * receiver.per_symbol:
        return []
    decimate(block.iq, block.scale, first, carrier / rate, receiver.taps, receiver.step, y)
    noise = 10 ** (burst.floor_dbfs_hz / 10) * rate / receiver.step  # of a white sample at the decimated rate
    wide = burst.high_offset_hz - burst.low_offset_hz > WIDEST_ALONE * CHANNEL_HZ
    least = 0.0 if block.segment.centre_hz is not None else UNKNOWN_WIDE if wide else UNKNOWN_BAND
    side = "unknown" if block.segment.centre_hz is None else direction_at(block.segment.centre_hz + carrier)
    found = [match for match in matches(y, receiver, noise, side) if match.verdict.margin >= least]
    start = np.array([first + match.start * receiver.step for match in found])
    return _emissions(found, block, np.full(len(found), carrier), start, np.full(len(found), burst.floor_dbfs_hz))


def _emissions(
    matches: Sequence[Match],
    block: Block,
    carrier_hz: NDArray[np.float64],
    start: NDArray[np.float64],
    floor_dbfs_hz: NDArray[np.float64],
) -> list[Emission]:
    """What leaves this room: no symbol, no decision. All float64, a value a match.

    carrier_hz: to which each was mixed down; start: of symbol 0, counted from the block's first sample.
    """
    turns = np.array([match.verdict.turn for match in matches])
    centre, rate = block.segment.centre_hz, block.segment.rate_hz
    offset, nominal, sides = _placed(block, carrier_hz, turns)
    begin = start + block.sample_start
    first = np.floor(begin)
    lengths = {kind: round(form.symbols * rate / SYMBOL_RATE_HZ) for kind, form in FORMATS.items()}
    made = []
    columns = first.astype(np.int64), begin - first, offset, nominal, offset - nominal, floor_dbfs_hz
    for match, side, at, late, hz, middle, off, floor in zip(
        matches, sides, *(c.tolist() for c in columns), strict=True
    ):
        kind, told = match.kind, match.verdict
        # Where phones alone send, a carrier without a gap is that of several phones.
        downlink = side == "downlink" or (match.continuous and side != "uplink")
        direction = "uplink" if kind == "access" and not downlink and centre is None else side
        made.append(
            Emission(
                label="gsm:downlink" if downlink else LABELS[kind],
                sample_start=at,
                sample_count=lengths[kind],
                low_offset_hz=middle - CHANNEL_HZ / 2,
                high_offset_hz=middle + CHANNEL_HZ / 2,
                snr_db=told.snr_db,
                confidence=float(confidence(told.margin)),
                cfo_hz=off if centre is not None else None,
                carrier_offset_hz=hz,
                timing_samples=late,
                direction=direction,
                floor_dbfs_hz=floor,
                details={
                    "training_sequence" if kind == "normal" else "synchronisation_sequence": match.sequence,
                    "modulation": "8psk" if told.eight_phases else "gmsk",
                    "score": round(told.score, 2),
                },
            )
        )
    return made


def _placed(
    block: Block, carrier_hz: NDArray[np.float64], turns: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Offset of each burst's carrier and of the nearest channel's middle, and which side of the band that is."""
    centre = block.segment.centre_hz
    offset = carrier_hz + turns * (SYMBOL_RATE_HZ / (2 * np.pi))
    if centre is None:
        return offset, offset, ["unknown"] * len(offset)
    nominal = np.rint((centre + offset) / CHANNEL_HZ) * CHANNEL_HZ - centre
    side = {hz: direction_at(centre + hz) for hz in set(nominal.tolist())}
    return offset, nominal, [side[hz] for hz in nominal.tolist()]


def _plain(found: NDArray[np.void], block: Block) -> list[Emission]:
    """The same of normal bursts of GMSK by the thousand, FOUND, whose tuned frequency is told."""
    rate, count = block.segment.rate_hz, len(found)
    offset, nominal, sides = _placed(block, found["carrier_hz"], found["turn"])
    begin = found["start"] + block.sample_start
    first = np.floor(begin)
    return many(
        Emission,
        count,
        label=["gsm:downlink" if side == "downlink" else "gsm:normal" for side in sides],
        sample_start=first.astype(np.int64).tolist(),
        sample_count=[round(FORMATS["normal"].symbols * rate / SYMBOL_RATE_HZ)] * count,
        low_offset_hz=(nominal - CHANNEL_HZ / 2).tolist(),
        high_offset_hz=(nominal + CHANNEL_HZ / 2).tolist(),
        snr_db=found["snr_db"].tolist(),
        confidence=confidence(found["margin"]).tolist(),
        cfo_hz=(offset - nominal).tolist(),
        carrier_offset_hz=offset.tolist(),
        timing_samples=(begin - first).tolist(),
        direction=sides,
        floor_dbfs_hz=(10 * np.log10(found["density"] * block.scale**2 / rate)).tolist(),
        details=[
            {"training_sequence": sequence, "modulation": "gmsk", "score": score}
            for sequence, score in zip(found["sequence"].tolist(), np.round(found["score"], 2).tolist(), strict=True)
        ],
    )


def _one_each(found: list[Emission]) -> list[Emission]:
    """Of emissions that lie over each other, the one with the best score."""
    kept: list[Emission] = []
    for emission in sorted(found, key=lambda e: -float(e.details["score"])):
        middle = emission.sample_start + emission.sample_count / 2
        if all(
            abs(middle - k.sample_start - k.sample_count / 2) > 0.5 * emission.sample_count
            or abs((emission.carrier_offset_hz or 0) - (k.carrier_offset_hz or 0)) > 0.6 * CHANNEL_HZ
            for k in kept
        ):
            kept.append(emission)
    return kept


def _as_one(found: list[Emission], burst: Burst, rate_hz: float) -> list[Emission]:
    """One emission for a base station's carrier that fills a box of a frame or more, in place of its bursts."""
    stations = [e for e in found if e.label == "gsm:downlink"]
    slots = burst.sample_count / rate_hz * SYMBOL_RATE_HZ / SLOT_SYMBOLS
    carriers = {carrier_of(e) for e in stations}
    if len(stations) < ENOUGH_STATIONS or len(carriers) > 1 or slots < STATION_SLOTS:
        return found
    if any(map(is_open, stations)) and clocked([e for e in found if carrier_of(e) in carriers], rate_hz) < 0:
        return found
    best = max(stations, key=lambda e: e.confidence)
    whole = replace(
        best, sample_start=burst.sample_start, sample_count=burst.sample_count, timing_samples=None, details={}
    )
    return [e for e in found if carrier_of(e) not in carriers] + [whole]


def _without_payload(kind: Kind) -> tuple[tuple[float, float], ...]:
    """Ramps, tails and known symbols of a burst, in seconds from its start. The pulse smears what is next to a part
    over a symbol of it."""
    form = FORMATS[kind]
    whole, known = form.symbols / SYMBOL_RATE_HZ, form.known_at / SYMBOL_RATE_HZ
    tail = 3 / SYMBOL_RATE_HZ
    known_end = known + len(form.known[0]) / SYMBOL_RATE_HZ
    begin = ((-RAMPS_S, tail), (known, known_end)) if kind == "normal" else ((-RAMPS_S, known_end),)
    return (*begin, (whole - tail, whole + RAMPS_S))


INTERFACE = Interface(
    name="gsm",
    title="GSM",
    standard="3GPP TS 45.002, TS 45.004",
    kinds={
        "gsm:access": "a phone asks for a channel (access burst)",
        "gsm:normal": "a phone talks, texts or sends data (normal burst)",
        "gsm:downlink": "a base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=SYMBOL_RATE_HZ,
    bandwidth_hz=CHANNEL_HZ,
    least_rate_hz=LEAST_RATE_HZ,
    longest_s=FORMATS["normal"].symbols / SYMBOL_RATE_HZ,
    recognise=recognise,
    recognise_all=recognise_all,
    settle=settle,
    evidence={label: _without_payload(kind) for kind, label in LABELS.items()},
    search=search,
    learn=gsm_cell.learn,
)
