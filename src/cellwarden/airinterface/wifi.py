"""Wi-Fi: names frames by their training fields, their cyclic prefix, or their Barker code.

    OFDM, 20 MHz and wider, 802.11a/g/n/ac/ax              DSSS and CCK, 802.11 and 802.11b
     0.8 µs ×10    3.2 µs ×2½    4 µs symbols               1 µs symbols of 11 chips
    ╱▏▏▏▏▏▏▏▏▏▏╱▔▔▔╲╱▔▔▔╲╱▔▔▔╲│╎sym│╎sym│╎sym│╲            ╱+-++-+++---+-++-+++---…│SFD│header│data or CCK╲
     short      long training                                SYNC

A station of a phone and one of a laptop send alike, so Wi-Fi is named and is no phone. The channels' raster of 5 MHz
gives the carrier error where the tuned frequency is known, and where that is no Wi-Fi band nothing is looked for.

Sources: IEEE 802.11-2020 §15 (DSSS), §16 (CCK), §17 (OFDM), §19 (HT), annex E (channels).
"""

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.resample import at_rate, effective_width
from cellwarden.airinterface.wifi_dsss import RATE_HZ as DSSS_RATE_HZ
from cellwarden.airinterface.wifi_dsss import Code, code, sequence
from cellwarden.airinterface.wifi_ofdm import (
    BASE_RATE_HZ,
    LEAST_PREFIX_FIT,
    Preamble,
    channel_of,
    envelope,
    preambles,
    prefix,
)
from cellwarden.airinterface.wifi_waveform import CHIP_RATE_HZ
from cellwarden.model import Block, Burst, Emission

BANDS_HZ = ((2.400e9, 2.4835e9 + 12e6), (4.9e9, 7.125e9))
RASTER_HZ = 5e6
OCCUPIED_HZ = 53 * 312_500.0
"""Of 20 MHz: 52 subcarriers and the one between that is silent."""
DSSS_HZ = 16.5e6
"""Nominal bandwidth of 11 Mchip/s: what shaped chips fill (its mask is 22 MHz wide, IEEE 802.11-2020 §15.4.5.5)."""
LEAST_RATE_HZ = 10e6
NARROWEST_OFDM_HZ = 5e6
"""A box narrower than this may be a part of a faint frame's 16.6 MHz; only one that begins with it is looked for."""
NARROWEST_DSSS_HZ, WIDEST_DSSS_HZ = 300e3, 26e6
"""A faint frame's box may be one of the lines that its periodic preamble has."""
CLEAR_DB, NARROWEST_CLEAR_DSSS_HZ = 10.0, 2e6
"""A clear box has more of the frame than a line."""
LONGEST_S = 25e-3
"""No frame is longer: 2,346 octets at 1 Mbit/s last 19 ms."""
SHORTEST_OFDM_S, SHORTEST_DSSS_S = 12e-6, 80e-6
LEAD_S = 20e-6
"""How much a box may begin late, so that its preamble is still found."""
DSSS_LOOK_S = 230e-6
"""Of a box that is looked into for the code: a long preamble and its header last 192 µs."""
FRAGMENT_RATE_HZ = 40e6
"""Samples a second in which the channel of a narrow box is looked for, 10 MHz either way of it."""
PROBE_S = 150e-6
FALL = 0.15
"""A frame ends where its power has fallen to this part."""
FALL_S = 6e-6
REACH_UNKNOWN_HZ = 2e6
"""How far the carrier may lie from a wide box's middle where the centre is not known."""
SURE = 0.995
"""No name is surer than this: signals that nobody has thought of exist."""


@dataclass(frozen=True, slots=True)
class Look:
    """Samples around a carrier at a rate of Wi-Fi's own."""

    y: NDArray[np.complex64]
    first: float
    """Sample of the block at which they begin."""
    ratio: float
    """Block's samples for each of them."""
    offset_hz: float


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the Wi-Fi frames in a box: one or several, packed or cut off at their beginning."""
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    duration = burst.sample_count / rate
    width = burst.high_offset_hz - burst.low_offset_hz
    if rate < LEAST_RATE_HZ or not SHORTEST_OFDM_S <= duration <= LONGEST_S or width < NARROWEST_DSSS_HZ:
        return []
    if centre is not None and not _in_band(centre + (burst.low_offset_hz + burst.high_offset_hz) / 2):
        return []
    if width >= NARROWEST_OFDM_HZ:
        found = _ofdm(burst, block, width) if _probed(burst, block, width) else []
    else:
        found = _fragment(burst, block)
    narrowest = NARROWEST_CLEAR_DSSS_HZ if burst.snr_db > CLEAR_DB else NARROWEST_DSSS_HZ
    if not found and duration >= SHORTEST_DSSS_S and narrowest <= width <= WIDEST_DSSS_HZ:
        found = _dsss(burst, block, width)
    return found


def _in_band(frequency_hz: float) -> bool:
    return any(low <= frequency_hz <= high for low, high in BANDS_HZ)


def _raster(frequency_hz: float) -> float:
    """The channel centre nearest to an absolute frequency."""
    first = 2.412e9 if frequency_hz < 3e9 else 5.0e9
    return first + round((frequency_hz - first) / RASTER_HZ) * RASTER_HZ


def _look(burst: Burst, block: Block, offset: float, rate_hz: float, width_hz: float, longest_s: float) -> Look:
    """The box's samples and LEAD_S before them."""
    own = block.segment.rate_hz
    begin = burst.sample_start - block.sample_start
    first = max(0.0, begin - LEAD_S * own)
    end = min(float(len(block.iq)), begin + burst.sample_count + 4e-6 * own)
    seconds = min(longest_s, max(0.0, end - first) / own)
    return Look(at_rate(block, first, seconds, rate_hz, offset, width_hz), first, own / rate_hz, offset)


def _probed(burst: Burst, block: Block, width: float) -> bool:
    """Whether a long box shows OFDM at its beginning or in its middle: looking through all of it takes long."""
    rate = block.segment.rate_hz
    if burst.sample_count < 3 * PROBE_S * rate:
        return True
    places = (burst.sample_start, burst.sample_start + burst.sample_count // 2)
    parts = (replace(burst, sample_start=place, sample_count=int(PROBE_S * rate)) for place in places)
    return any(_ofdm(part, block, width) for part in parts)


def _ofdm(burst: Burst, block: Block, width: float) -> list[Emission]:
    middle, centre = (burst.low_offset_hz + burst.high_offset_hz) / 2, block.segment.centre_hz
    channels = next((n for n in (1, 2, 4) if width < 20e6 * n + 4e6), 8)
    offset = middle if centre is None else _raster(centre + middle) - centre
    rate = BASE_RATE_HZ * channels
    look = _look(burst, block, offset, rate, rate, LONGEST_S + LEAD_S)
    box_start = (burst.sample_start - block.sample_start - look.first) / look.ratio
    box_end = box_start + burst.sample_count / look.ratio
    fills = min(width, effective_width(look.y[int(box_start) : int(box_end)], rate))
    noise = 10 ** (burst.floor_dbfs_hz / 10) * min(rate, block.segment.rate_hz)
    starts = [p for p in preambles(look.y, channels, fills) if p.start < box_end - 8e-6 * rate]
    found = []
    first_known = starts[0].start if starts else box_end
    if first_known - box_start > SHORTEST_OFDM_S * rate:  # what comes before the first beginning, or all
        part = look.y[max(0, int(box_start)) : int(first_known)]
        ongoing = prefix(part, channels, fills)
        if ongoing and ongoing.ratio > LEAST_PREFIX_FIT * _signal_share(part, noise):
            details: dict[str, str | int | float] = {"guard_us": round(ongoing.guard_s * 1e6, 1)}
            frame = Preamble(max(0.0, box_start), ongoing.cfo_hz, ongoing.nats)
            found.append(_frame(burst, block, look, frame, first_known, channels, details))
    power = envelope(look.y, channels) if starts else np.empty(0)
    for number, start in enumerate(starts):
        limit = starts[number + 1].start if number + 1 < len(starts) else max(box_end, start.start + 16e-6 * rate)
        end = _end(power, start.start, limit, noise, rate)
        found.append(_frame(burst, block, look, start, end, channels, {"preamble": "training"}))
    return found


def _fragment(burst: Burst, block: Block) -> list[Emission]:
    """The frame of which a narrow box is a part: one that begins with it, in a channel that holds it."""
    middle, centre = (burst.low_offset_hz + burst.high_offset_hz) / 2, block.segment.centre_hz
    offset = middle if centre is None else _raster(centre + middle) - centre
    begins = replace(burst, sample_count=round((SHORTEST_OFDM_S + LEAD_S) * block.segment.rate_hz))
    look = _look(begins, block, offset, FRAGMENT_RATE_HZ, FRAGMENT_RATE_HZ, LONGEST_S)
    step = RASTER_HZ if centre is not None else RASTER_HZ / 4  # training fields repeat every 1.25 MHz
    offsets = np.arange(-2.0 * RASTER_HZ, 2.5 * RASTER_HZ, step)
    for start in preambles(look.y, 2, min(FRAGMENT_RATE_HZ, block.segment.rate_hz) * 0.8)[:1]:
        channel = offset + channel_of(look.y, start, FRAGMENT_RATE_HZ, offsets)
        carrier = channel if centre is not None else channel + start.cfo_hz
        whole = replace(burst, low_offset_hz=carrier - OCCUPIED_HZ / 2, high_offset_hz=carrier + OCCUPIED_HZ / 2)
        if carrier - 10e6 < middle < carrier + 10e6:
            near = 2 * LEAD_S * block.segment.rate_hz
            told = _ofdm(whole, block, OCCUPIED_HZ)
            return [e for e in told if "preamble" in e.details and abs(e.sample_start - burst.sample_start) < near]
    return []


def _signal_share(y: NDArray[np.complex64], noise: float) -> float:
    """Signal over signal and noise, 0 to 1."""
    return max(0.0, 1.0 - noise / max(float(np.mean(np.abs(y) ** 2)), 1e-30))


def _end(power: NDArray[np.float64], start: float, limit: float, noise: float, rate_hz: float) -> float:
    """Where a frame's power falls for good before `limit`, or `limit`; `power` is an `envelope`."""
    begin, last = max(0, int(start)), min(len(power), int(limit))
    if last - begin < 20e-6 * rate_hz:
        return limit
    level = float(np.mean(power[begin : begin + int(14e-6 * rate_hz)]))
    low = np.flatnonzero(power[begin:last] < noise + FALL * max(level - noise, 0.0)) + begin
    low = low[low > begin + 14e-6 * rate_hz]
    need = int(FALL_S * rate_hz)
    for at in low.tolist():
        if at + need > last or np.mean(power[at : at + need]) < noise + FALL * (level - noise):
            return at + 1e-6 * rate_hz
    return limit


def _frame(
    burst: Burst,
    block: Block,
    look: Look,
    start: Preamble,
    end: float,
    channels: int,
    details: dict[str, str | int | float],
) -> Emission:
    """What leaves this room: no symbol, no decision."""
    nominal = OCCUPIED_HZ + 20e6 * (channels - 1)
    carrier = look.offset_hz + start.cfo_hz
    return _emission(
        "wifi:ofdm",
        burst,
        block,
        look,
        start.start,
        end,
        carrier,
        nominal,
        start.nats,
        {"channels_20mhz": channels, **details},
    )


def _emission(
    label: str,
    burst: Burst,
    block: Block,
    look: Look,
    start: float,
    end: float,
    carrier: float,
    nominal_hz: float,
    nats: float,
    details: dict[str, str | int | float],
) -> Emission:
    centre = block.segment.centre_hz
    at = block.sample_start + look.first + start * look.ratio
    middle = look.offset_hz if centre is not None else carrier
    part = look.y[max(0, int(start)) : max(1, int(end))]
    passed = min(block.segment.rate_hz, block.segment.rate_hz / look.ratio)
    noise = 10 ** (burst.floor_dbfs_hz / 10)
    signal = max(float(np.mean(np.abs(part) ** 2)) - noise * passed, 1e-3 * noise * passed) if len(part) else noise
    return Emission(
        label=label,
        sample_start=math.floor(at),
        sample_count=max(1, round((end - start) * look.ratio)),
        low_offset_hz=max(middle - nominal_hz / 2, -block.segment.rate_hz / 2),
        high_offset_hz=min(middle + nominal_hz / 2, block.segment.rate_hz / 2),
        snr_db=10 * math.log10(signal / (noise * min(nominal_hz, passed))),
        confidence=min(SURE, 1.0 - math.exp(-3.0 - (nats - 30.0) / 4)),
        cfo_hz=None if centre is None else carrier - look.offset_hz,
        carrier_offset_hz=carrier,
        timing_samples=at - math.floor(at),
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )


def _dsss(burst: Burst, block: Block, width: float) -> list[Emission]:
    low, high, centre = burst.low_offset_hz, burst.high_offset_hz, block.segment.centre_hz
    middle = (low + high) / 2
    if centre is None:
        reach = max(REACH_UNKNOWN_HZ, CHIP_RATE_HZ * 0.75 - width / 2)
        tried = [(middle, np.arange(-reach, reach + 1.0, 300e3))]
    else:
        near = _raster(centre + middle) - centre
        places = [near + n * RASTER_HZ for n in (0, -1, 1, -2, 2)]
        fitting = [p for p in places if p - CHIP_RATE_HZ - 1e6 < low and high < p + CHIP_RATE_HZ + 1e6]
        tried = [(p, np.array([-150e3, 150e3])) for p in fitting]
    heard: list[tuple[Code, Look]] = []
    for offset, carriers in tried:
        look = _look(burst, block, offset, DSSS_RATE_HZ, DSSS_RATE_HZ, DSSS_LOOK_S)
        found = code(look.y, carriers)
        heard += [(found, look)] if found else []
    likely = sorted(heard, key=lambda one: -one[0].nats)
    best = next(((told, look) for found, look in likely if (told := sequence(look.y, found))), None)
    if best is None:
        return []
    told, look = best
    box_start = (burst.sample_start - block.sample_start - look.first) / look.ratio
    start = box_start if told.start is None else told.start
    end = max(box_start + burst.sample_count / look.ratio, start + SHORTEST_DSSS_S * DSSS_RATE_HZ)
    carrier = look.offset_hz + told.carrier_hz
    details: dict[str, str | int | float] = {"chip_rate_hz": CHIP_RATE_HZ}
    if told.preamble:
        details["preamble"] = told.preamble
    emission = _emission("wifi:dsss", burst, block, look, start, end, carrier, DSSS_HZ, told.nats, details)
    least = told.least_snr_db + 10 * math.log10(DSSS_RATE_HZ / DSSS_HZ)  # a busy channel may lift the floor
    return [replace(emission, snr_db=max(emission.snr_db, least))]


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Of frames that several boxes hold parts of, keep one: the surest, then the longest."""
    together = 8e-6 * rate_hz
    kept: dict[int, list[Emission]] = defaultdict(list)  # by time, in steps as long as two beginnings may differ
    for emission in sorted(emissions, key=lambda e: (e.confidence, e.sample_count), reverse=True):
        end, step = emission.sample_start + emission.sample_count, int(emission.sample_start // together)
        if all(
            end <= k.sample_start
            or k.sample_start + k.sample_count <= emission.sample_start
            or abs((k.carrier_offset_hz or 0.0) - (emission.carrier_offset_hz or 0.0)) > RASTER_HZ / 2
            or abs(k.sample_start - emission.sample_start) > together
            for near in (step - 1, step, step + 1)
            for k in kept.get(near, ())
        ):
            kept[step].append(emission)
    return list(chain.from_iterable(kept.values()))


INTERFACE = Interface(
    name="wifi",
    title="Wi-Fi",
    standard="IEEE 802.11-2020 §15, §16, §17, §19",
    kinds={
        "wifi:dsss": "a Wi-Fi station sends (direct sequence, 802.11b)",
        "wifi:ofdm": "a Wi-Fi station sends (OFDM, 802.11a/g/n/ac/ax)",
    },
    is_phone=False,
    symbol_rate_hz=250e3,
    bandwidth_hz=20e6,
    least_rate_hz=LEAST_RATE_HZ,
    longest_s=0.0,
    recognise=recognise,
    settle=settle,
)
