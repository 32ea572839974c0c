"""UMTS (FDD): names a phone's preambles and dedicated channels, and base stations, by what their codes leave behind.

    preamble           squares of its chips are a line; all codes are tried at once      `umts_preamble`
    dedicated channel  its chips come in pairs that differ by ±90°                       `umts_dedicated`
    base station       256 known chips at the beginning of every slot of 2560            `umts_base`

A box may hold only a part of the 4.7 MHz that a faint carrier fills, or two carriers beside each other: carriers are
looked for in the spectrum of the box's time, with the pulse's own shape.

Sources: 3GPP TS 25.211 §5, TS 25.213 §4 and §5, TS 25.101 §5.4.2 (raster) and §6.8.1 (pulse). A phone that sends
enhanced data with codes of spreading factor 2 breaks the pairs and is not named.
"""

from dataclasses import replace

from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.umts_base import FEW_SLOTS, PLACES, base_of
from cellwarden.airinterface.umts_carrier import (
    CFO_HZ,
    CLEAR_DB,
    ECHO_CHIPS,
    MOST_CHIPS,
    Carrier,
    carriers,
    chips_of,
    on_raster,
)
from cellwarden.airinterface.umts_dedicated import Pairs, dedicated, pairs_of
from cellwarden.airinterface.umts_emission import sides_at
from cellwarden.airinterface.umts_lines import preamble_carrier
from cellwarden.airinterface.umts_preamble import BESIDE_CHIPS, preamble_of
from cellwarden.airinterface.umts_waveform import BANDWIDTH_HZ, CHIP_RATE_HZ, PREAMBLE_CHIPS, RASTER_HZ, SLOT_CHIPS
from cellwarden.model import Block, Burst, Emission

SHORTEST_S, NARROWEST_HZ, WIDEST_HZ = 0.25e-3, 150e3, 16e6
"""A box shorter, narrower or wider than this is not looked into: a faint preamble's pieces are larger."""
QUICK_CHIPS = 9600
"""What is looked at first of a long and clear box: it tells a dedicated channel, and not its carrier."""
HOPELESS_NATS = 5.0
"""Of pairs of chips there, with which four times as many do not become a dedicated channel's."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the UMTS carriers that a box touches; several pieces of one carrier give the same emission."""
    rate = block.segment.rate_hz
    duration, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    if rate < CHIP_RATE_HZ or duration < SHORTEST_S or not NARROWEST_HZ < width < WIDEST_HZ:
        return []
    found: list[Emission] = []
    for offset in carriers(burst, block):
        if any(abs(offset - (e.low_offset_hz + e.high_offset_hz) / 2) < BANDWIDTH_HZ / 2 for e in found):
            continue
        named = _on_carrier(burst, block, offset)
        if named:
            found.append(named)
    return found or _by_lines(burst, block)


def _by_lines(burst: Burst, block: Block) -> list[Emission]:
    """A preamble on the carrier that its squares tell."""
    offset_hz = preamble_carrier(burst, block)
    named = None if offset_hz is None else _on_carrier(burst, block, offset_hz)
    return [named] if named and named.label == "umts:prach" else []


def _on_carrier(burst: Burst, block: Block, offset_hz: float, again: bool = True) -> Emission | None:
    """What is sent on a carrier; once more on the carrier that it tells itself, where the spectrum told another."""
    count = round(burst.sample_count / block.segment.rate_hz * CHIP_RATE_HZ)
    if burst.snr_db > CLEAR_DB and _of_bases_only(block, offset_hz):
        base = _base_in(burst, block, offset_hz, FEW_SLOTS)
        if base is not None:
            return base
    elif burst.snr_db > CLEAR_DB and count > 2 * PREAMBLE_CHIPS + QUICK_CHIPS:
        carrier = chips_of(burst, block, offset_hz, ECHO_CHIPS, most_chips=QUICK_CHIPS)
        pairs = pairs_of(carrier, burst) if carrier else Pairs(0.0)
        if carrier and pairs.told:
            return _dedicated(carrier, pairs, burst, block, again)
        base = _base_in(burst, block, offset_hz, FEW_SLOTS)
        if base is None and pairs.nats < HOPELESS_NATS:
            base = _base_in(burst, block, offset_hz, MOST_CHIPS // SLOT_CHIPS)
        if base is not None or pairs.nats < HOPELESS_NATS:
            return base
    around = PREAMBLE_CHIPS + BESIDE_CHIPS - min(count, PREAMBLE_CHIPS)  # what `preamble` looks at
    carrier = chips_of(burst, block, offset_hz, around if count < 3 * PREAMBLE_CHIPS else ECHO_CHIPS)
    if carrier is None:
        return None
    preamble = preamble_of(carrier, burst, block)
    if preamble:
        return _placed(preamble, burst, block, offset_hz, again)
    pairs = pairs_of(carrier, burst)
    if pairs.told:
        return _dedicated(carrier, pairs, burst, block, again)
    return base_of(carrier, burst, block)


def _base_in(burst: Burst, block: Block, offset_hz: float, slots: int) -> Emission | None:
    """The base station on a carrier, by so many slots."""
    carrier = chips_of(burst, block, offset_hz, ECHO_CHIPS, most_chips=slots * SLOT_CHIPS, places=PLACES)
    return base_of(carrier, burst, block) if carrier else None


def _dedicated(carrier: Carrier, pairs: Pairs, burst: Burst, block: Block, again: bool) -> Emission | None:
    """The dedicated channel whose pairs were seen on a carrier, or `again` on the one that they tell."""
    told_hz = on_raster(carrier.offset_hz + pairs.rough_hz, block)
    if again and abs(told_hz - carrier.offset_hz) >= CFO_HZ * 1.5:
        return _on_carrier(burst, block, told_hz, again=False)
    return _placed(dedicated(carrier, pairs, burst, block), burst, block, carrier.offset_hz, again)


def _placed(named: Emission, burst: Burst, block: Block, offset_hz: float, again: bool) -> Emission | None:
    """What was named on a carrier, if it lies there; what the carrier holds that it tells, `again`, if it does not.

    A preamble is proven wherever it was found.
    """
    at_hz = named.carrier_offset_hz or 0.0
    told = on_raster(at_hz, block)
    if named.label == "umts:prach":
        cfo_hz = None if named.cfo_hz is None else at_hz - told
        low_hz = told - BANDWIDTH_HZ / 2
        return replace(named, low_offset_hz=low_hz, high_offset_hz=low_hz + BANDWIDTH_HZ, cfo_hz=cfo_hz)
    if abs(told - offset_hz) < CFO_HZ or not again:
        return named if abs(at_hz - offset_hz) < RASTER_HZ else None
    return _on_carrier(burst, block, told, again=False)


def _of_bases_only(block: Block, offset_hz: float) -> bool:
    """Whether nothing but base stations sends on a carrier."""
    centre = block.segment.centre_hz
    return centre is not None and sides_at(round((centre + offset_hz) / RASTER_HZ)) == {"downlink"}


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Pieces of one carrier's box gave the same emission several times: keep the surest."""
    kept: list[Emission] = []
    for e in sorted(emissions, key=lambda e: -e.confidence):
        if not any(k.label == e.label and _same(k, e, rate_hz) for k in kept):
            kept.append(e)
    return kept


def _same(one: Emission, other: Emission, rate_hz: float) -> bool:
    shared = min(one.sample_start + one.sample_count, other.sample_start + other.sample_count) - max(
        one.sample_start, other.sample_start
    )
    apart = abs((one.low_offset_hz + one.high_offset_hz) - (other.low_offset_hz + other.high_offset_hz)) / 2
    return shared > 0.3 * min(one.sample_count, other.sample_count) and apart < min(0.5 * BANDWIDTH_HZ, rate_hz)


INTERFACE = Interface(
    name="umts",
    title="UMTS",
    standard="3GPP TS 25.211, TS 25.213",
    kinds={
        "umts:prach": "a 3G phone asks for a channel (preamble)",
        "umts:dpch": "a 3G phone talks or sends data (dedicated channel)",
        "umts:downlink": "a 3G base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=CHIP_RATE_HZ,
    bandwidth_hz=BANDWIDTH_HZ,
    least_rate_hz=CHIP_RATE_HZ,
    longest_s=0.0,
    recognise=recognise,
    evidence={"umts:prach": ((0.0, PREAMBLE_CHIPS / CHIP_RATE_HZ),)},
    settle=settle,
)
