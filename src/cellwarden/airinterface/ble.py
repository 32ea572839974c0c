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

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk, gfsk_known, gfsk_lines, gfsk_modulation
from cellwarden.airinterface.ble_box import (
    CLEAR_DB,
    HEARD_SYMBOLS,
    INDEX,
    LEAST_LINE,
    NOMINAL_HZ,
    REACH_SYMBOLS,
    Box,
    begun,
    boxes,
    evened,
    whole,
)
from cellwarden.airinterface.ble_faint import is_zigbee, named
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
from cellwarden.airinterface.gfsk import PER_SYMBOL
from cellwarden.airinterface.gfsk_known import Known
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

WIDEST = 2.2
"""A box wider than this, in symbol rates, is not looked into."""
NARROWEST: dict[Phy, float] = {"1M": 0.22, "2M": 0.4, "coded": 0.22}
"""And one narrower than this neither: slow keying and voices are as periodic as a preamble, for they hardly change."""
INDICES = (0.46, 0.5, 0.54)
INDEX_HEARD = (0.33, 0.56)
CODED, PERIOD, LATE_PERIODS = np.array([int(s) for s in CODED_PREAMBLE], np.int64), 8, 2
"""The coded layer's preamble, symbols after which it comes again, and how many periods it may be taken too late."""
CFO = 0.25
"""Largest carrier offset in symbol rates at which known symbols are looked for: echoes move a box's middle."""
ECHOES, ECHOES_WEAK = 8, 4
"""Echoes of known symbols, half a symbol apart: 300 ns spread over 3 µs; weak ones cannot be told from noise."""
LEAST_EXPLAINED = ((5.0, 10.0), (0.77, 0.87))
"""SNR of a box in dB, and the least part of the signal that the known symbols and their echoes explain: clear ones of
other signals of this width 0.73 at most, of narrower noise 0.78."""
LEAST_RHO: dict[Phy, float] = {"1M": 0.5, "2M": 0.5, "coded": 0.4}
"""Least part of all power that they explain: 40 symbols of noise reach 0.5 once in 10⁷ places tried;
a faint piece of Zigbee reached 0.34 of the coded preamble."""
EXPLAINED_ANYWHERE = 0.75
"""The same where nothing but the coded preamble speaks for a packet and the band is not told: pieces of LoRa's chirps
reach 0.7 in one packet of forty."""
ONE_LINE = 0.6
"""Part of the power in one line from which on it is a tone: the coded preamble's strongest has a quarter, and echoes
of 300 ns are much the same across half a megahertz."""
LEAST_NATS = 15.0
"""Of their evidence: some 10⁴ places and carriers are tried in a box."""
LEAST_CHANGES = ((5.0, 10.0), (0.45, 0.85))
"""SNR in dB, and the least soft correlation of eight or sixteen symbols with a preamble's alternation."""
RULED_DB = 10.0
"""From here on no bit is wrong, and an access address must keep the standard's rules."""
EARLIEST, LATEST = 5, 20
"""Symbols before and after the box's beginning at which a preamble may begin: some radios ramp up for 15 µs."""
NAMING_NATS, NAMING_LINE, NAMING_CARRIER = 26.0, 0.12, 0.03
"""Of the two lines of a packet's square, the least part that one has of both, and the carrier beside the samples' in
symbol rates, before they name a packet whose wave does not."""
FAINTEST_DB = 0.0
"""SNR in a packet's band, as its samples tell it, below which lines are somebody else's."""
SENT, SENT_INDICES, SENT_ECHOES, SENT_LATE = 60, (0.46, 0.48, 0.5, 0.52, 0.54), 12, (0, -1, 1, -2)
"""Symbols of a packet that are sent again, with which modulation indices, how many echoes half a symbol apart, and by
how many symbols these may come later than a filter leaves them."""
SENT_AGAIN, SENT_EXPLAINED = 0.93, 0.7
"""Least part of the signal that they explain: right ones do 0.97 and more, Bluetooth's 0.88 but for one of 50; and that
they explain behind the filter, where it leaves much noise."""
LATE_S = 12e-6
"""By which a packet may end after its box."""
PROVEN, ADDRESSED, NAMED, NAMED_ANYWHERE = 0.9999, 0.998, 0.9, 0.75
"""Probability that the name is right: with the CRC, with the access address, by modulation and preamble in the band,
and the same where the band is not told."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the packet in a box."""
    layers = [(phy, layer) for phy, layer in LAYERS.items() if _may_fill(burst, block, layer, NARROWEST[phy])]
    told = next((name for name in _names(burst, block, layers) if name), None) or _faint(burst, block)
    return [told] if told else []


def _may_fill(burst: Burst, block: Block, layer: Layer, narrowest: float) -> bool:
    """Whether a packet of a layer may fill a box: by its length, its width in symbol rates and the recording's rate."""
    duration = burst.sample_count / block.segment.rate_hz
    width = (burst.high_offset_hz - burst.low_offset_hz) / layer.symbol_rate_hz
    return (
        0.85 * layer.shortest_s < duration < layer.longest_s + 200e-6
        and narrowest < width <= WIDEST
        and block.segment.rate_hz >= 1.2 * layer.symbol_rate_hz
    )


def _names(burst: Burst, block: Block, layers: list[tuple[Phy, Layer]]) -> Iterator[Emission | None]:
    """What a box may be named as one layer or another would fill it, the surest first."""
    starts = [start for phy, layer in layers if (start := begun(burst, block, phy, layer))]
    for start in starts:
        yield _coded(start) if start.phy == "coded" else _advertising(start)
    plain: list[Box] = []
    for box in (box for start in starts if start.phy != "coded" for box in boxes(start)):
        plain.append(box)
        yield _connection(box)
    for box in plain:
        yield _connection(box, by_lines=True)
    for box in plain:
        for even in evened(box):
            yield _connection(even) if even.preamble_hz is None else _sent_again(even, box)


def _faint(burst: Burst, block: Block) -> Emission | None:
    """A faint packet of a connection on the 2M layer; its box may be narrower than such a packet by far."""
    layer = LAYERS["2M"]
    if burst.snr_db > CLEAR_DB or not _may_fill(burst, block, layer, 0.0):
        return None
    start = begun(burst, block, "2M", layer)
    box = None if start is None or start.raster is None else whole(start, start.heard.carrier_hz)
    found = None if box is None else named(box)
    return None if box is None or found is None else _emission("ble:data", box, found, NAMED, "modulation")


def _advertising(start: Box) -> Emission | None:
    """A packet that begins as all advertising does."""
    known = known_symbols(start.phy)
    found = _known(start, known)
    if found is None:
        return None
    carrier = start.heard.carrier_hz + found.carrier * start.layer.symbol_rate_hz
    length = _proven_length(start, found.place, carrier, len(known))
    if length is None:
        return _emission("ble:advertising", start, found, ADDRESSED, "access address")
    named = _emission("ble:advertising", start, found, PROVEN, "crc")
    return replace(named, sample_count=round(length / start.layer.symbol_rate_hz * start.block.segment.rate_hz))


def _coded(start: Box) -> Emission | None:
    """A packet of the coded layer, by its long preamble: advertising or a connection's."""
    found = _known(start, CODED)
    if found is None or _is_one_line(start.heard.y[found.place : found.place + PER_SYMBOL * len(CODED)]):
        return None
    for late in range(-LATE_PERIODS, LATE_PERIODS + 1):
        place = found.place + late * PERIOD * PER_SYMBOL
        there = gfsk_known.fit_at(
            start.heard.y, replace(found, place=place), known_symbols("coded"), INDICES, _copies(start)
        )
        if there is not None and _is_known(start, there, len(known_symbols("coded"))):
            return _emission("ble:advertising", start, there, ADDRESSED, "access address")
    if start.raster is None and found.explained < EXPLAINED_ANYWHERE:
        return None
    return _emission("ble:data", start, found, NAMED_ANYWHERE if start.raster is None else NAMED, "preamble")


def _is_one_line(y: NDArray[np.complex64]) -> bool:
    """Whether samples are a tone. A preamble that comes again is lines, one of which its echoes could leave of it."""
    line = float(np.max(squared(scipy.fft.fft(y, 2 * len(y)))))
    return line > ONE_LINE * len(y) * float(np.vdot(y, y).real)


def _known(start: Box, known: NDArray[np.int64]) -> Known | None:
    """Where known symbols lie near a box's beginning; None where they do not."""
    reach = REACH_SYMBOLS * PER_SYMBOL
    found = gfsk_known.find(start.heard.y, start.at - reach, start.at + reach, known, INDICES, CFO, _copies(start))
    return found if found is not None and _is_known(start, found, len(known)) else None


def _copies(start: Box) -> int:
    return ECHOES if start.burst.snr_db > CLEAR_DB else ECHOES_WEAK


def _is_known(start: Box, found: Known, symbols: int) -> bool:
    """Whether known symbols and their echoes explain enough of the signal, and more than chance would.

    The part that k free amplitudes explain of D independent values is of a beta distribution, whose tail beyond r is at
    most D^(k-1) (1 - r)^(D - k). What is clear and narrower than a packet has fewer values, and fewer amplitudes.
    """
    part = start.heard.y[found.place : found.place + PER_SYMBOL * symbols]
    width = (start.burst.high_offset_hz - start.burst.low_offset_hz) / start.layer.symbol_rate_hz
    width = min(width, 1.0) if start.burst.snr_db > CLEAR_DB else 1.0
    freedom, copies = symbols * width, 1 + (_copies(start) - 1) * width
    left = math.log(max(1 - found.explained, 1e-6))
    nats = -(freedom - copies) * left - (copies - 1) * math.log(max(freedom, 1.0))
    least = float(np.interp(start.burst.snr_db, *LEAST_EXPLAINED))
    explained = max(LEAST_RHO[start.phy], least * gfsk.signal_part(part, start.noise))
    return nats > LEAST_NATS and found.explained > explained


def _proven_length(box: Box, place: int, carrier: float, before: int) -> int | None:
    """Symbols of the packet, where the 24 bits behind header and payload are their CRC; None where they are not.

    Where the channel is not told, every one is tried: three timings of forty channels pass by chance once in 10⁵.
    """
    rate, symbol_rate = box.block.segment.rate_hz, box.layer.symbol_rate_hz
    start = round(box.heard.first + place * box.heard.step)
    begin = box.burst.sample_start - box.block.sample_start
    end = begin + min(box.burst.sample_count, round(box.layer.longest_s * rate)) + round(LATE_S * rate)
    heard = gfsk.hear(box.block, start - round(8 / symbol_rate * rate), end, carrier, symbol_rate)
    if heard is None:
        return None
    first = round((start - heard.first) / heard.step) + PER_SYMBOL // 2 + PER_SYMBOL * before
    soft = gfsk.decisions(heard, INDEX)
    channels = range(CHANNELS) if box.raster is None else [channel_number(box.raster)]
    for shift in (0, -1, 1):
        bits = (soft[first + shift :: PER_SYMBOL] > 0).astype(np.int64)
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


def _connection(box: Box, *, by_lines: bool = False) -> Emission | None:
    """A packet of a connection, by modulation and preamble."""
    told = gfsk_modulation.measure(box.heard, box.at, box.end, INDEX, box.noise)
    if told is None:
        return None
    clear = gfsk_modulation.fits(told, INDEX, INDEX_HEARD)
    if not clear and not (by_lines and told.snr_db > FAINTEST_DB and _by_lines(box)):
        return None
    place = _preamble(box, told, ruled=clear and told.snr_db >= RULED_DB)
    if place is None:
        return None
    confidence = NAMED_ANYWHERE if box.raster is None else NAMED
    return _emission("ble:data", box, Known(place, 0.0, told.index, told.explained), confidence, "modulation")


def _sent_again(even: Box, plain: Box) -> Emission | None:
    """A packet of a connection behind echoes, whose carrier its preamble told.

    A filter makes much of what is no packet. So the symbols that it leads to must explain what was heard before it.
    """
    told = gfsk_modulation.measure(even.heard, even.at, even.end, INDEX, even.noise)
    most = SENT_EXPLAINED if even.phy == "2M" else gfsk_modulation.ECHOED  # a slower one may be Bluetooth's
    if told is None or not gfsk_modulation.fits(told, INDEX, INDEX_HEARD, most):
        return None
    place = _preamble(even, told, ruled=told.snr_db >= RULED_DB)
    if place is None:
        return None
    bits = (gfsk.decisions(even.heard, INDEX)[place + PER_SYMBOL // 2 :: PER_SYMBOL][:SENT] > 0).astype(np.int64)
    carrier = (even.heard.carrier_hz - plain.heard.carrier_hz) / plain.layer.symbol_rate_hz
    part = plain.heard.y[place : place + PER_SYMBOL * SENT]
    least = SENT_AGAIN * gfsk.signal_part(part, plain.noise)
    for late in SENT_LATE:
        at = Known(place + late * PER_SYMBOL, carrier, INDEX, 0.0)
        found = gfsk_known.fit_at(plain.heard.y, at, bits, SENT_INDICES, SENT_ECHOES)
        if found is not None and found.explained > least:
            confidence = NAMED_ANYWHERE if even.raster is None else NAMED
            return _emission("ble:data", plain, replace(found, place=place), confidence, "modulation")
    return None


def _by_lines(box: Box) -> bool:
    """Whether a packet's square has the lines of index 0.5 that echoes or noise leave of its modulation."""
    told = gfsk_lines.lines(box.heard.y[max(0, box.at) : box.end])
    return (
        told is not None
        and told.nats > NAMING_NATS
        and told.weaker > NAMING_LINE
        and abs(told.carrier) < NAMING_CARRIER
        and not (is_zigbee(box) if box.phy == "2M" else _has_lines_of_2m(box, told.nats))
    )


def _has_lines_of_2m(box: Box, nats: float) -> bool:
    """Whether a square has lines twice as far apart, rather: keying twice as fast has some of half its rate as well."""
    begin = box.burst.sample_start - box.block.sample_start
    seconds = HEARD_SYMBOLS / box.layer.symbol_rate_hz
    end = begin + min(box.burst.sample_count, round(seconds * box.block.segment.rate_hz))
    heard = gfsk.hear(box.block, begin, end, box.heard.carrier_hz, 2 * box.layer.symbol_rate_hz)
    told = None if heard is None else gfsk_lines.lines(heard.y)
    return told is not None and told.nats > 0.5 * nats and told.weaker > LEAST_LINE / 2


def _preamble(box: Box, told: gfsk_modulation.Modulation, *, ruled: bool) -> int | None:
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


def _emission(label: str, box: Box, found: Known, confidence: float, proof: str) -> Emission:
    """What leaves this room: no bit of an address, none of a payload."""
    rate, centre = box.block.segment.rate_hz, box.block.segment.centre_hz
    heard, burst, place, index = box.heard, box.burst, found.place, found.index
    carrier = heard.carrier_hz + found.carrier * box.layer.symbol_rate_hz
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
