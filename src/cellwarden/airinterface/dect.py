"""DECT: names the packets of cordless phones by the two S-fields, one of base stations, one of portables.

    box        ╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲
    packet     │ 1010… │ 0xE98A or 0x1675 │ fields …  │
               └── looked for at ±25 µs, ±60 kHz, at three deviations ──┘

The S-field's waveform slides over the box's beginning. The part ρ² of the energy that it explains is, in D independent
values of noise or of another signal, above r with probability (1 - r)^(D - 1). A packet lies on the raster of 1.728 MHz
where the tuned frequency is known; elsewhere than at 1880 MHz to 2025 MHz nothing is looked for. Officers' cordless
phones are named, and are no phone in this house's sense.

Source: ETSI EN 300 175-2 §4 (frames, packets, S-field), §5 (modulation), annex F (carriers).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.dect_kernels import best_field
from cellwarden.airinterface.dect_waveform import (
    BIT_RATE_HZ,
    CARRIER_HZ,
    CARRIER_RASTER_HZ,
    PACKETS,
    SLOT_BITS,
    field_bits,
    phase,
)
from cellwarden.airinterface.gfsk_preamble import periodic
from cellwarden.airinterface.resample import at_rate, effective_width
from cellwarden.model import Block, Burst, Emission

BANDS_HZ = ((1.8779e9, 1.9801e9), (2.008e9, 2.027e9))
"""1880 to 1980 MHz and 2010 to 2025 MHz (annex F); the USA's 1920 to 1930 MHz and Japan's 1893 to 1906 MHz are in."""
NOMINAL_HZ = BIT_RATE_HZ
FILTER_HZ = 1.4e6
PER_BIT = 4
RATE_HZ = PER_BIT * BIT_RATE_HZ
LEAST_RATE_HZ = 1.6e6
NARROWEST_HZ, NARROWEST_CLEAR_HZ, WIDEST_HZ = 200e3, 500e3, 3.2e6
"""A faint packet's box holds but the middle of its 1.15 MHz, a clear one's more, a strong one's its skirts."""
CLEAR_DB = 4.0
"""Of all of a box's power over noise in a packet's band: a faint packet's box is as narrow as its middle stands out."""
SHORTEST_S, LONGEST_S = 60e-6, 12e-3
SEARCH_S = 25e-6
"""How far from a box's beginning its packet's first bit is looked for: ramps, and a faint box's blurred edge."""
DEVIATIONS_HZ = (220e3, 288e3, 360e3)
CFO_STEP_HZ = 12e3
"""At half of it the S-field's 28 µs turn by 60° from end to end, which costs 0.4 dB."""
CFO_HZ, CFO_UNKNOWN_HZ = 165e3, 200e3
"""Carriers may err by 50 kHz (§5.2), a receiver by 60 ppm besides; without a raster the box's middle errs too."""
CFO_TOLD_HZ, PREAMBLE_BITS, LEAST_PERIODIC, MOVED = 40e3, 16, 0.7, 0.4
"""Where no raster is told, the alternating half of an S-field tells the carrier to some kilohertz, wherever echoes move
the box's middle: up to so many bit rates away."""
FIELD_SAMPLES = 64
FIELD_BITS = (np.arange(FIELD_SAMPLES) + 0.5) / 2
"""Times, in bits, of the S-field's waveform."""
ECHOES = 4
LEAST_FIT = 0.72
"""Of the signal's energy that the S-field explains. Other keying at such a rate, as Bluetooth's, reaches 0.68."""
LEAST_EFFECTIVE_HZ = 350e3
"""Effective width below which a signal is too slow to be DECT's."""
LEAST_NATS, OTHER_LENGTH_NATS, UNKNOWN_NATS = 19.0, 6.0, 3.0
"""A box has some 2,000 independent places, carriers and deviations, so that one in 10⁵ boxes of other signals reaches
the first. The others are asked on top: of a box that is as long as no packet, where the tuned frequency is not told."""
RAMPS_BITS = 12
"""What a box has of a packet's two ramps."""
LENGTH_BITS = 24
"""By which a box's length may differ from a packet's."""
SURE = 0.995


@dataclass(frozen=True, slots=True)
class Match:
    """An S-field."""

    label: str
    start: float
    """Sample of the look at which its first bit begins."""
    cfo_hz: float
    deviation_hz: float
    nats: float
    share: float
    """Of the energy where the S-field is, which its waveform explains, through echoes if need be."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the packets in a box: one, or several in slots that follow each other on one carrier."""
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    duration = burst.sample_count / rate
    width = burst.high_offset_hz - burst.low_offset_hz
    if rate < LEAST_RATE_HZ or not SHORTEST_S <= duration <= LONGEST_S or width > WIDEST_HZ:
        return []
    clear = burst.snr_db + 10 * math.log10(width / NOMINAL_HZ + 1e-9) > CLEAR_DB
    if width < (NARROWEST_CLEAR_HZ if clear else NARROWEST_HZ):
        return []
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    if centre is None:
        told = (_on_carrier(burst, block, carrier, CFO_TOLD_HZ) for carrier in _by_preamble(burst, block, middle))
        return next((found for found in told if found), []) or _on_carrier(burst, block, middle, CFO_UNKNOWN_HZ)
    if not any(low <= centre + middle <= high for low, high in BANDS_HZ):
        return []
    nearest = CARRIER_HZ + round((centre + middle - CARRIER_HZ) / CARRIER_RASTER_HZ) * CARRIER_RASTER_HZ - centre
    return _on_carrier(burst, block, nearest, CFO_HZ)


def _by_preamble(burst: Burst, block: Block, middle: float) -> list[float]:
    """Carriers that the alternating first half of an S-field leaves possible, which echoes do not move."""
    begin, per_bit = burst.sample_start - block.sample_start, block.segment.rate_hz / BIT_RATE_HZ
    first, end = (begin + round(bits * per_bit) for bits in (-PREAMBLE_BITS, 3 * PREAMBLE_BITS))
    heard = gfsk.hear(block, first, end, middle, BIT_RATE_HZ)
    told = None if heard is None else periodic(heard.y, round((begin - heard.first) / heard.step), PREAMBLE_BITS)
    if told is None or told.coherence < LEAST_PERIODIC:
        return []
    carriers = [told.carrier, told.carrier - math.copysign(0.5, told.carrier)]
    return [middle + carrier * BIT_RATE_HZ for carrier in carriers if abs(carrier) < MOVED]


def _on_carrier(burst: Burst, block: Block, carrier: float, cfo_hz: float) -> list[Emission]:
    own = block.segment.rate_hz
    lead = (SEARCH_S + 2e-6) * own
    first = max(0.0, burst.sample_start - block.sample_start - lead)
    end = min(float(len(block.iq)), burst.sample_start - block.sample_start + burst.sample_count + lead)
    y = at_rate(block, first, (end - first) / own, RATE_HZ, carrier, FILTER_HZ)
    ratio = own / RATE_HZ
    box_start = (burst.sample_start - block.sample_start - first) / ratio
    box_end = box_start + burst.sample_count / ratio
    least = LEAST_NATS + (UNKNOWN_NATS if block.segment.centre_hz is None else 0.0)
    if _packet(burst.sample_count / own * BIT_RATE_HZ - RAMPS_BITS)[0] > LENGTH_BITS:
        least += OTHER_LENGTH_NATS
    width = min(FILTER_HZ, effective_width(y[max(0, int(box_start)) : int(box_end)], RATE_HZ))
    if width < LEAST_EFFECTIVE_HZ:
        return []
    freedom = 32 / BIT_RATE_HZ * width
    noise = 10 ** (burst.floor_dbfs_hz / 10) * FILTER_HZ
    found, expected, reach = [], box_start, SEARCH_S * RATE_HZ
    while expected + 80 * PER_BIT < box_end:
        match = _field(y, expected, reach, cfo_hz, freedom)
        if match is not None and match.nats >= least and _fits(match, y, noise):
            found.append(_emission(match, burst, block, y, first, ratio, carrier, box_end))
            expected, reach = match.start, 8 * PER_BIT
        elif not found:
            break
        expected += SLOT_BITS * PER_BIT
    return found


@lru_cache
def _waveforms() -> NDArray[np.complex64]:
    """Conjugate waveforms of the S-field at two samples a bit, energy 1: complex64, shape (6, 64).

    The base's at each of DEVIATIONS_HZ, then the portable's, whose frequency is inverted.
    """
    turned = [phase(field_bits("base"), FIELD_BITS, deviation) for deviation in DEVIATIONS_HZ]
    waves = np.exp(-1j * np.array(turned)) / math.sqrt(FIELD_SAMPLES)
    return np.concatenate([waves, waves.conj()]).astype(np.complex64)


def _field(y: NDArray[np.complex64], expected: float, reach: float, cfo_hz: float, freedom: float) -> Match | None:
    """The S-field whose waveform explains most within `reach` samples of `expected`.

    `freedom` is the number of independent values that a signal of this one's spectrum has in its time.
    """
    first, end = max(0, round(expected - reach)), round(expected + reach)
    end = min(end, len(y) - 2 * FIELD_SAMPLES)
    if end <= first:
        return None
    waves = _waveforms()
    half = math.ceil(cfo_hz / CFO_STEP_HZ)
    turns = (np.arange(-half, half + 1) * (CFO_STEP_HZ / BIT_RATE_HZ / 2)).astype(
        np.float64
    )  # cycles for each half bit
    place, wave, turn, _ = best_field(y, first, end, 2, waves, turns)
    place, wave, turn, share = best_field(y, max(0, place - 1), place + 2, 1, waves, turns)
    window = y[place : place + 2 * FIELD_SAMPLES : 2]
    offset = turns[turn] * 2 * BIT_RATE_HZ
    product = window * waves[wave] * np.exp(-2j * np.pi * turns[turn] * np.arange(FIELD_SAMPLES))
    middle = FIELD_SAMPLES // 2
    rest = np.angle(np.sum(product[middle:]) * np.conj(np.sum(product[:middle])))  # from 8 bits to 24: 16 bits
    nats = -(freedom - 1) * math.log1p(-min(share, 1 - 1e-9))
    more, echoed = _with_echoes(window, waves[wave].conj(), float(turns[turn]), freedom)
    # FIELD_BITS begin a quarter of a bit, one sample, after the first bit does
    return Match(
        "dect:base" if wave < len(DEVIATIONS_HZ) else "dect:portable",
        place - PER_BIT / 4,
        float(offset + rest / (2 * np.pi * 16) * BIT_RATE_HZ),
        DEVIATIONS_HZ[wave % len(DEVIATIONS_HZ)],
        max(nats, more),
        max(share, echoed),
    )


def _with_echoes(
    window: NDArray[np.complex64], wave: NDArray[np.complex64], turn: float, freedom: float
) -> tuple[float, float]:
    """Nats, and the share explained, when ECHOES copies of the waveform, half a bit apart, explain the window together.

    The part that k free amplitudes explain is of a beta distribution, whose tail is at most D^(k-1) (1 - r)^(D - k).
    """
    turned = wave * np.exp(2j * np.pi * turn * np.arange(FIELD_SAMPLES))
    count = FIELD_SAMPLES - ECHOES + 1
    copies = np.stack([turned[k : k + count] for k in range(ECHOES)], axis=1)
    heard = window[1 : 1 + count]  # echoes come later, and half a bit of what was matched may come before
    amplitudes = np.linalg.lstsq(copies, heard, rcond=None)[0]
    left = float(np.sum(np.abs(heard - copies @ amplitudes) ** 2) / max(float(np.sum(np.abs(heard) ** 2)), 1e-30))
    freedom *= count / FIELD_SAMPLES
    nats = -(freedom - ECHOES) * math.log(max(left, 1e-9)) - (ECHOES - 1) * math.log(freedom)
    return nats, 1.0 - left


def _emission(
    match: Match,
    burst: Burst,
    block: Block,
    y: NDArray[np.complex64],
    first: float,
    ratio: float,
    carrier: float,
    box_end: float,
) -> Emission:
    """What leaves this room: no bit."""
    until = min(box_end - match.start, 2 * SLOT_BITS * PER_BIT) / PER_BIT
    error, packet, bits = _packet(until - RAMPS_BITS / 2)
    known = error <= LENGTH_BITS
    length = bits if known else max(96.0, min(until, 2 * SLOT_BITS))
    part = y[max(0, int(match.start)) : int(match.start + length * PER_BIT)]
    noise = 10 ** (burst.floor_dbfs_hz / 10)
    signal = max(float(np.mean(np.abs(part) ** 2)) - noise * FILTER_HZ, 0.01 * noise * FILTER_HZ)
    at = block.sample_start + first + match.start * ratio
    centre = block.segment.centre_hz
    offset = carrier + match.cfo_hz
    details: dict[str, str | int | float] = {"deviation_hz": match.deviation_hz, "symbol_rate_hz": BIT_RATE_HZ}
    if known:
        details["packet"] = packet
    if centre is not None:
        details["carrier_number"] = 9 - round((carrier + centre - CARRIER_HZ) / CARRIER_RASTER_HZ)
    return Emission(
        label=match.label,
        sample_start=math.floor(at),
        sample_count=round(length * PER_BIT * ratio),
        low_offset_hz=offset - NOMINAL_HZ / 2,
        high_offset_hz=offset + NOMINAL_HZ / 2,
        snr_db=10 * math.log10(signal / (noise * NOMINAL_HZ)),
        confidence=min(SURE, 1.0 - math.exp(-3.0 - (match.nats - LEAST_NATS) / 4)),
        cfo_hz=None if centre is None else match.cfo_hz,
        carrier_offset_hz=offset,
        timing_samples=at - math.floor(at),
        direction="uplink" if match.label == "dect:portable" else "downlink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )


def _fits(match: Match, y: NDArray[np.complex64], noise: float) -> bool:
    """Whether the S-field explains all of the signal there but a little, and not just more than chance would."""
    first = max(0, int(match.start))
    power = float(np.mean(np.abs(y[first : first + 2 * FIELD_SAMPLES]) ** 2))
    return match.share > LEAST_FIT * max(0.0, 1.0 - noise / max(power, 1e-30))


def _packet(length: float) -> tuple[float, str, int]:
    """By how many bits a length differs from the nearest packet's, that one's name, and its bits."""
    return min((abs(length - bits), name, bits) for name, lengths in PACKETS.items() for bits in lengths)


INTERFACE = Interface(
    name="dect",
    title="DECT",
    standard="ETSI EN 300 175-2",
    kinds={
        "dect:portable": "a cordless phone's handset sends (DECT)",
        "dect:base": "a cordless phone's base station sends (DECT)",
    },
    is_phone=False,
    symbol_rate_hz=BIT_RATE_HZ,
    bandwidth_hz=CARRIER_RASTER_HZ,
    least_rate_hz=LEAST_RATE_HZ,
    longest_s=0.0,
    recognise=recognise,
)
