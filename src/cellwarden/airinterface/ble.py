"""Bluetooth Low Energy: proves advertising by its access address and CRC, names connections by modulation and preamble.

    ╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲   40 channels of 2 MHz from 2402 MHz on
     preamble │ access address │ header │ payload │ CRC      1M: 80 µs…2.1 ms, 2M: 44 µs…1.1 ms, coded: 0.5…17 ms

All advertising begins with the same 32 bits. Its CRC runs over an address and a payload, which live in this file's
local variables only. A connection has an access address and a CRC start of its own, so that nothing proves its packets:
they are named by modulation, the alternating preamble and the standard's rules for access addresses, and less is
claimed.

Sources: Bluetooth Core 5.4 Vol 6 Part A §2, §3.1, Part B §2, §3.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk, gfsk_lines, gfsk_modulation
from cellwarden.airinterface.ble_waveform import (
    CHANNEL_HZ,
    CHANNELS,
    CODED_PREAMBLE,
    FIRST_CHANNEL_HZ,
    LAYERS,
    Layer,
    Phy,
    channel_number,
    crc,
    known_symbols,
    may_be_address,
    whitened,
    whitened_octets,
)
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.gfsk import PER_SYMBOL, Fit, Heard
from cellwarden.airinterface.gfsk_echoes import between, sent_again, unevenness, without_echoes
from cellwarden.model import Block, Burst, Emission

NOMINAL_HZ = 1e6
"""SNR is told in this bandwidth, whatever the physical layer."""
WIDEST = 2.2
"""A box wider than this, in symbol rates, is not looked into."""
NARROWEST_2M_HZ = 0.8e6
CFO = 0.2
"""Largest carrier offset in symbol rates: 150 kHz (Vol 6 Part A §3.1), and the error of a weak box's middle."""
REACH_SYMBOLS = 24
"""How far from the box's beginning a packet may begin."""
HEARD_SYMBOLS = 400
"""As much of a packet is looked at, unless its CRC lies further on."""
INDEX = 0.5
INDICES = (0.46, 0.5, 0.54)
INDEX_HEARD = (0.33, 0.56)
LEAST_EXPLAINED = 0.8
"""Least part of the signal that the known symbols explain."""
LEAST_RHO: dict[Phy, float] = {"1M": 0.5, "2M": 0.5, "coded": 0.25}
"""Least part of all power that they explain: 40 symbols of noise reach 0.5 once in 10⁹ places tried."""
LEAST_CHANGES = ((5.0, 10.0), (0.45, 0.85))
"""SNR in dB, and the least soft correlation of eight or sixteen symbols with a preamble's alternation."""
RULED_DB = 10.0
"""From here on no bit is wrong, and an access address must keep the standard's rules."""
EARLIEST, LATEST = 5, 20
"""Symbols before and after the box's beginning at which a preamble may begin: some radios ramp up for 15 µs."""
LINE_NATS, LEAST_LINE = 20.0, 0.05
"""Of the two lines of a packet's square, and the least part that one has of both, before they tell its carrier."""
NAMING_NATS, NAMING_LINE, NAMING_CARRIER = 26.0, 0.12, 0.03
"""The same, and the carrier beside the samples' in symbol rates, before they name a packet whose wave does not."""
ZIGBEE_CHIPS, ZIGBEE_REPEATED, ZIGBEE_COHERENCE = 32, 192, 0.3
"""Chips of a symbol, how many symbols' chips of a preamble of eight are compared, and their least coherence; 192 random
symbols reach 0.3 once in 10⁷ packets."""
CLEAR_DB = 8.0
"""SNR of a box from which on its echoes are worth taking out."""
EDGE, UNEVEN = 2 * PER_SYMBOL, 0.1
"""Samples of a box's ends that may be ramps, and the unevenness of the envelope between them from which on it is."""
FEWEST_ANYWHERE, SHORTEST_ANYWHERE_S = 130, 80e-6
"""Symbols and length of a packet whose echoes are taken out where the band is not told: a filter makes much of little,
and what is shorter may be an aircraft's frame or a phone's sounding signal, which lasts for 71 µs."""
PRIMARY = 37
"""First of the three channels on which advertising begins (Vol 6 Part B §1.4.1)."""
ALIKE = 0.005
"""Carriers nearer to each other than this part of the symbol rate are one."""
LATE_S = 12e-6
"""By which a packet may end after its box."""
PROVEN, ADDRESSED, NAMED, NAMED_ANYWHERE = 0.9999, 0.998, 0.9, 0.75
"""Probability that the name is right: with the CRC, with the access address, by modulation and preamble in the band,
and the same where the band is not told."""


class _Box(NamedTuple):
    """One box as one physical layer would fill it."""

    burst: Burst
    block: Block
    phy: Phy
    layer: Layer
    heard: Heard
    at: int
    """Where the box begins in `heard.y`."""
    noise: float
    """Power of noise in a sample of it."""
    raster: int | None
    """Channel's place in the band, 0…39."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the packet in a box."""
    duration = burst.sample_count / block.segment.rate_hz
    width = burst.high_offset_hz - burst.low_offset_hz
    layers: list[tuple[Phy, Layer]] = []
    for phy, layer in LAYERS.items():
        if not 0.85 * layer.shortest_s < duration < layer.longest_s + 200e-6:
            continue
        if width > WIDEST * layer.symbol_rate_hz or (phy == "2M" and width < NARROWEST_2M_HZ):
            continue
        if block.segment.rate_hz < 1.2 * layer.symbol_rate_hz:
            continue
        layers.append((phy, layer))
    return next(([named] for named in _names(burst, block, layers) if named), [])


def _names(burst: Burst, block: Block, layers: list[tuple[Phy, Layer]]) -> Iterator[Emission | None]:
    """What a box may be named as one layer or another would fill it, the surest first."""
    boxes: list[_Box] = []
    for phy, layer in layers:
        box = _box(burst, block, phy, layer)
        if box:
            boxes.append(box)
            yield _advertising(box)
    echoed = [box for box in boxes if _is_echoed(box)]
    evened = [one for box in echoed if _may_advertise(box) for one in _evened(box)]
    yield from map(_advertising, evened)
    yield from map(_connection, boxes)
    for box in boxes:  # the coded layer has the lines of 1M as well
        yield _connection(box, by_lines=True) if box.phy != "coded" else None
    yield from map(_connection, evened)
    for box in echoed:
        yield from map(_connection, () if _may_advertise(box) else _evened(box))


def _may_advertise(box: _Box) -> bool:
    """Whether a box lies where most advertising does, and is of a layer that it has there."""
    return box.phy != "2M" and (box.raster is None or channel_number(box.raster) >= PRIMARY)


def _is_echoed(box: _Box) -> bool:
    """Whether a box has echoes that are worth taking out."""
    seconds = box.burst.sample_count / box.block.segment.rate_hz
    shortest = max(FEWEST_ANYWHERE / box.layer.symbol_rate_hz, SHORTEST_ANYWHERE_S)
    if box.burst.snr_db < CLEAR_DB or (box.raster is None and seconds < shortest):
        return False
    end = box.at + round(box.burst.sample_count / box.heard.step)
    inside = slice(max(0, box.at + EDGE), max(0, end - EDGE))
    return unevenness(box.heard.y[inside], box.noise) > UNEVEN


def _evened(box: _Box) -> Iterator[_Box]:
    """A box whose echoes are taken out, on each of the carriers that it may have.

    Echoes move the middle of the power by a tenth of the symbol rate, which spoils every decision. Without them the
    carrier lies between both frequencies, where lines tell, or in its channel's middle.
    """
    end = box.at + round(box.burst.sample_count / box.heard.step)
    rate = box.layer.symbol_rate_hz
    even, _ = without_echoes(box.heard, box.at, end)
    told = gfsk_lines.lines(even.y[max(0, box.at) : end])
    offsets = [between(even, box.at, end)] + ([] if told is None else [told.carrier])
    if box.raster is not None and box.block.segment.centre_hz is not None:
        nominal = FIRST_CHANNEL_HZ + box.raster * CHANNEL_HZ - box.block.segment.centre_hz
        offsets.append((nominal - even.carrier_hz) / rate)
    for number, offset in enumerate(offsets):
        if all(abs(offset - other) > ALIKE for other in offsets[:number]):
            heard, evener = (gfsk.turned(one, offset, rate) for one in (box.heard, even))
            heard, gain = sent_again(heard, evener, box.at, end, INDEX)
            yield box._replace(heard=heard, noise=box.noise * gain)


def _box(burst: Burst, block: Block, phy: Phy, layer: Layer) -> _Box | None:
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    raster: int | None = None
    if centre is not None:
        raster = round((centre + middle - FIRST_CHANNEL_HZ) / CHANNEL_HZ)
        nominal = FIRST_CHANNEL_HZ + raster * CHANNEL_HZ - centre
        if not 0 <= raster < CHANNELS or abs(nominal - middle) > 0.6 * NOMINAL_HZ:
            return None
        middle = nominal
    begin = burst.sample_start - block.sample_start
    end = begin + min(burst.sample_count, round(HEARD_SYMBOLS / layer.symbol_rate_hz * rate))
    carrier = _carrier(block, begin, end, middle, phy, layer)
    if carrier is None:
        return None
    around = round((REACH_SYMBOLS + 12) / layer.symbol_rate_hz * rate)
    heard = gfsk.hear(block, begin - around, end + around, carrier, layer.symbol_rate_hz)
    if heard is None:
        return None
    noise = 10 ** (burst.floor_dbfs_hz / 10) * rate * heard.noise
    at = round((begin - heard.first) / heard.step)
    heard = gfsk.steadied(heard, INDEX, at, at + round((end - begin) / heard.step), layer.symbol_rate_hz)
    return _Box(burst, block, phy, layer, heard, at, noise, raster)


def _carrier(block: Block, begin: int, end: int, middle: float, phy: Phy, layer: Layer) -> float | None:
    """A packet's carrier: by the lines of its square, which echoes leave where they are, else by its power's middle."""
    heard = gfsk.hear(block, begin, end, middle, layer.symbol_rate_hz)
    told = None if heard is None else gfsk_lines.lines(heard.y)
    if phy != "coded" and told is not None and told.nats > LINE_NATS and told.weaker > LEAST_LINE:
        return middle + told.carrier * layer.symbol_rate_hz
    return gfsk.tuned(block, begin, end, middle, layer.symbol_rate_hz, CFO * layer.symbol_rate_hz)


def _advertising(box: _Box) -> Emission | None:
    """A packet that begins as all advertising does."""
    known = known_symbols(box.phy)
    found = _known(box, known)
    if found is None:
        return None
    fit, turn, index = found
    carrier = box.heard.carrier_hz + turn / (2 * np.pi) * box.layer.symbol_rate_hz
    length = None if box.phy == "coded" else _proven_length(box, fit, carrier, len(known))
    if length is None:
        return _emission("ble:advertising", box, fit.place, carrier, index, ADDRESSED, "access address")
    named = _emission("ble:advertising", box, fit.place, carrier, index, PROVEN, "crc")
    return replace(named, sample_count=round(length / box.layer.symbol_rate_hz * box.block.segment.rate_hz))


def _known(box: _Box, known: NDArray[np.int64]) -> tuple[Fit, float, float] | None:
    """Where known symbols lie near the box's beginning, with carrier and modulation index; None where they do not."""
    soft = gfsk.decisions(box.heard, INDEX)
    reach = REACH_SYMBOLS * PER_SYMBOL
    first = gfsk.best_fit(soft, box.at - reach, box.at + reach, (2 * known - 1).astype(np.float32))
    if first is None or first.correlation < LEAST_RHO[box.phy]:
        return None
    fit = gfsk.fit_at(box.heard.d, first.place, gfsk.smeared((2 * known - 1).astype(np.float32)))
    rho, turn, index = gfsk.coherence(box.heard, fit, known, INDICES)
    part = box.heard.y[fit.place : fit.place + PER_SYMBOL * len(known)]
    signal = gfsk.signal_part(part, box.noise)
    if rho < LEAST_RHO[box.phy] or rho / signal < LEAST_EXPLAINED:
        return None
    return fit, turn, index


def _proven_length(box: _Box, fit: Fit, carrier: float, before: int) -> int | None:
    """Symbols of the packet, where the 24 bits behind header and payload are their CRC; None where they are not.

    Where the channel is not told, every one is tried: three timings of forty channels pass by chance once in 10⁵.
    """
    rate, symbol_rate = box.block.segment.rate_hz, box.layer.symbol_rate_hz
    start = round(box.heard.first + fit.place * box.heard.step)
    begin = box.burst.sample_start - box.block.sample_start
    end = begin + min(box.burst.sample_count, round(box.layer.longest_s * rate)) + round(LATE_S * rate)
    heard = gfsk.hear(box.block, start - round(8 / symbol_rate * rate), end, carrier, symbol_rate)
    if heard is None:
        return None
    place = round((start - heard.first) / heard.step) + PER_SYMBOL // 2 + PER_SYMBOL * before
    soft = gfsk.decisions(heard, INDEX)
    channels = range(CHANNELS) if box.raster is None else [channel_number(box.raster)]
    for shift in (0, -1, 1):
        bits = (soft[place + shift :: PER_SYMBOL] > 0).astype(np.int64)
        if len(bits) < 16:
            continue
        told = whitened_octets(int(bits[8:16] @ (1 << np.arange(8))), 8, channels)
        for channel, octets in zip(channels, told, strict=True):
            length = 16 + 8 * octets
            if length + 24 > len(bits):
                continue
            plain = whitened(bits[: length + 24], channel)
            if np.array_equal(crc(plain[:length]), plain[length:]):
                return before + length + 24
    return None


def _connection(box: _Box, *, by_lines: bool = False) -> Emission | None:
    """A packet of a connection: by its long known preamble where coded, else by modulation and preamble."""
    confidence = NAMED_ANYWHERE if box.raster is None else NAMED
    carrier = box.heard.carrier_hz
    if box.phy == "coded":
        found = _known(box, np.array([int(s) for s in CODED_PREAMBLE], np.int64))
        if found is None:
            return None
        carrier += found[1] / (2 * np.pi) * box.layer.symbol_rate_hz
        return _emission("ble:data", box, found[0].place, carrier, found[2], confidence, "preamble")
    end = box.at + round(box.burst.sample_count / box.heard.step)
    told = gfsk_modulation.measure(box.heard, box.at, end, INDEX, box.noise)
    if told is None:
        return None
    clear = gfsk_modulation.fits(told, INDEX, INDEX_HEARD)
    if not clear and not (by_lines and _by_lines(box, end)):
        return None
    place = _preamble(box, told, ruled=clear and told.snr_db >= RULED_DB)
    if place is None:
        return None
    return _emission("ble:data", box, place, carrier, told.index, confidence, "modulation")


def _by_lines(box: _Box, end: int) -> bool:
    """Whether a packet's square has the lines of index 0.5 that echoes or noise leave of its modulation."""
    told = gfsk_lines.lines(box.heard.y[max(0, box.at) : end])
    return (
        told is not None
        and told.nats > NAMING_NATS
        and told.weaker > NAMING_LINE
        and abs(told.carrier) < NAMING_CARRIER
        and not (_is_zigbee(box, end) if box.phy == "2M" else _has_lines_of_2m(box, told.nats))
    )


def _has_lines_of_2m(box: _Box, nats: float) -> bool:
    """Whether a square has lines twice as far apart, rather: keying twice as fast has some of half its rate as well."""
    begin = box.burst.sample_start - box.block.sample_start
    seconds = HEARD_SYMBOLS / box.layer.symbol_rate_hz
    end = begin + min(box.burst.sample_count, round(seconds * box.block.segment.rate_hz))
    heard = gfsk.hear(box.block, begin, end, box.heard.carrier_hz, 2 * box.layer.symbol_rate_hz)
    told = None if heard is None else gfsk_lines.lines(heard.y)
    return told is not None and told.nats > 0.5 * nats and told.weaker > LEAST_LINE / 2


def _is_zigbee(box: _Box, end: int) -> bool:
    """Whether a box begins with the same 32 chips again and again, as IEEE 802.15.4 does: the 2M layer's modulation."""
    lag, count = ZIGBEE_CHIPS * PER_SYMBOL, ZIGBEE_REPEATED * PER_SYMBOL
    y = box.heard.y[max(0, box.at) : end][: lag + count]
    early, late = y[: len(y) - lag], y[lag:]
    energy = float(np.linalg.norm(early) * np.linalg.norm(late)) + 1e-30
    return abs(complex(np.vdot(early, late))) > ZIGBEE_COHERENCE * energy


def _preamble(box: _Box, told: gfsk_modulation.Modulation, *, ruled: bool) -> int | None:
    """Where near the box's beginning a preamble goes before what may be an access address; None where nowhere."""
    soft = gfsk.decisions(box.heard, INDEX)
    phase = told.place % PER_SYMBOL
    least = float(np.interp(told.snr_db, *LEAST_CHANGES))
    nearest = (box.at - phase) // PER_SYMBOL
    count = box.layer.preamble
    alternating = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    best: tuple[float, int] | None = None
    for symbol in range(max(1, nearest - EARLIEST), nearest + LATEST + 1):
        place = symbol * PER_SYMBOL + phase
        values = soft[place + PER_SYMBOL // 2 :: PER_SYMBOL][: count + 32]
        if len(values) < count + 32:
            break
        size = float(np.sum(np.abs(values[:count]))) + 1e-30
        likeness = float(values[:count] @ alternating) / size
        bits = (values[count:] > 0).astype(np.int64)
        likeness = likeness * (1 if bits[0] else -1) if ruled else abs(likeness)
        better = likeness >= least and (best is None or likeness > best[0])
        if better and (not ruled or may_be_address(bits)):
            best = likeness, place
    return None if best is None else best[1]


def _emission(
    label: str, box: _Box, place: int, carrier: float, index: float, confidence: float, proof: str
) -> Emission:
    """What leaves this room: no bit of an address, none of a payload."""
    rate, centre = box.block.segment.rate_hz, box.block.segment.centre_hz
    heard, burst = box.heard, box.burst
    start = box.block.sample_start + heard.first + place * heard.step
    count = burst.sample_start + burst.sample_count - start
    details: dict[str, str | int | float] = {"proof": proof, "phy": box.phy, "modulation_index": round(index, 2)}
    nominal, cfo = carrier, None
    if centre is not None and box.raster is not None:
        details["hop_channel"] = channel_number(box.raster)
        nominal = FIRST_CHANNEL_HZ + box.raster * CHANNEL_HZ - centre
        cfo = carrier - nominal
    symbols = min(round(count / rate * box.layer.symbol_rate_hz), HEARD_SYMBOLS)
    half = box.layer.symbol_rate_hz / 2
    return Emission(
        label=label,
        sample_start=math.floor(start),
        sample_count=max(1, min(round(count), round(box.layer.longest_s * rate))),
        low_offset_hz=nominal - half,
        high_offset_hz=nominal + half,
        snr_db=gfsk.level_db(heard, place, symbols, burst.floor_dbfs_hz, rate, NOMINAL_HZ),
        confidence=confidence,
        cfo_hz=cfo,
        carrier_offset_hz=carrier,
        timing_samples=start - math.floor(start),
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )


INTERFACE = Interface(
    name="ble",
    title="Bluetooth LE",
    standard="Bluetooth Core 5.4 Vol 6",
    kinds={
        "ble:advertising": "a Bluetooth Low Energy device says that it is there",
        "ble:data": "two Bluetooth Low Energy devices talk",
    },
    is_phone=False,
    symbol_rate_hz=1e6,
    bandwidth_hz=CHANNEL_HZ,
    least_rate_hz=1.2e6,
    longest_s=0.0,
    recognise=recognise,
)
