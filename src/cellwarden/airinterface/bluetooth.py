"""Classic Bluetooth: proves packets by their sync word, names the rest by modulation.

    ╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲   79 channels of 1 MHz from 2402 MHz on,
     4 │ sync word 64 │ 4 │ header 54 │ payload             slots of 625 µs, another channel in each packet
        └ of a BCH code                └ EDR: guard, 11 known phase steps, DPSK

Sixty-four decided bits that nearly form a word of the code prove a packet, whosever it is: one word in 2⁴⁰ does. The
word is one of its piconet's address: it lives in local variables of this file and of `bluetooth_sync` only, as long as
it takes to send it once more and to compare. A packet whose beginning is lost or too weak is named where its modulation
is Bluetooth's.

Sources: Bluetooth Core 5.4 Vol 2 Part A §2, §3 (channels, modulation), Part B §2.2, §6 (slots, packets).
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import bluetooth_sync as sync
from cellwarden.airinterface import gfsk, gfsk_modulation
from cellwarden.airinterface.bluetooth_waveform import (
    CHANNEL_HZ,
    CHANNELS,
    EDR_SYNC,
    FIRST_CHANNEL_HZ,
    GUARD_S,
    HEADER_END,
    LONGEST_S,
    SHORTEST_S,
    SYMBOL_RATE_HZ,
)
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.gfsk import PER_SYMBOL, Fit, Heard
from cellwarden.airinterface.gfsk_echoes import between, sent_again, unevenness, without_echoes
from cellwarden.model import Block, Burst, Emission

WIDEST_HZ = 2.2e6
"""A box wider than this is not looked into: a strong packet's skirts fill two channels."""
NARROWEST_HZ = 0.5e6
"""And on other carriers only in one wider than this: echoes leave so much of a packet's megahertz."""
SLOWEST_HZ = 1.2e6
"""Least sample rate at which a packet can be heard."""
CFO_HZ = 150e3
"""Largest carrier offset: 75 kHz initially (Vol 2 Part A §3.1.3), as much again of a receiver's or a weak box's."""
REACH_SYMBOLS = 20
"""How far from the box's beginning a packet may begin."""
WEAK_DB, WEAK_REACH_SYMBOLS = 8.0, 80
"""A box of less SNR may begin far too early."""
HEARD_SYMBOLS = 320
"""As much of a packet is looked at."""
INDEX = 0.32
INDICES = (0.285, 0.315, 0.345)
INDEX_HEARD = (0.22, 0.36)
NEARER = 0.04
"""By how much more Bluetooth's index must explain of a burst than Low Energy's."""
LEAST_MERIT = ((8.0, 12.0), (0.8, 0.91))
"""SNR in decibels, and the least merit of a sync word: of other signals half have more than 0.88, one in a hundred more
than 0.95; packets through echoes had 0.94 and more at 12 dB."""
RAMPS, SWUNG = 4 * PER_SYMBOL, 100 * PER_SYMBOL
SWING_CLEAR_DB, SWING = 10.0, (0.4, 1.02)
"""Of a box as clear, the deviation of the phase gained over a symbol, in radians: Low Energy and DECT turn by more."""
UNEVEN = 0.1
"""Unevenness of the envelope from which on it is worth taking echoes out."""
PROVEN_EXPLAINED = 0.92
"""Least part of the signal that preamble and sync word explain where no header follows. An identity packet of 12 dB
explains 0.95 and more; other symbols of this modulation explained 0.86 in one case of 800."""
HEADER_EXPLAINED = 0.7
"""The same where a header follows."""
MOVED_HZ = tuple(60e3 * step for step in (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5))
"""Carriers tried beside a box's middle where no channel is told: decisions bear 40 kHz."""
NEAR_HZ = (0.0, -40e3, 40e3)
"""And beside the channel's, where it is told, for a weak box."""
HEADED_MERIT, SWING_MOVED = 0.8, 1.12
"""Merit of a sync word that a header follows from which on its echoes are taken out; and most swing of a box on
a wrong carrier."""
LEAST_RHO = 0.5
"""Least part of the whole power that they explain: 68 symbols of noise have 0.33 in one case of 300."""
LEAST_EDR = 0.5
"""Least part of their power that the eleven known EDR symbols explain; noise reaches it in one of 10³ places, a basic
rate payload 0.26 in the likest of 150 packets; at 5 dB one EDR packet in 200 has less."""
TUNINGS = ((HEARD_SYMBOLS, True), (HEADER_END, True), (HEADER_END, False))
"""Symbols from whose power a carrier is told, or not: a weak packet's first ones tell it no better, and echoes move the
middle of the power from a carrier that lies in its channel's middle."""
CLEAR_DB = 6.0
PROVEN, NAMED, NAMED_WEAK, UNKNOWN_BAND = 0.999, 0.93, 0.75, 0.15
"""Probability that the name is right: by sync word; by modulation; by that of less than CLEAR_DB; and how much less
where the band is not told."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the packet in a box."""
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    duration = burst.sample_count / rate
    width = burst.high_offset_hz - burst.low_offset_hz
    if not 0.8 * SHORTEST_S < duration < 1.1 * LONGEST_S or width > WIDEST_HZ or rate < SLOWEST_HZ:
        return []
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    channel: int | None = None
    if centre is not None:
        channel = round((centre + middle - FIRST_CHANNEL_HZ) / CHANNEL_HZ)
        if not 0 <= channel < CHANNELS:
            return []
        middle = FIRST_CHANNEL_HZ + channel * CHANNEL_HZ - centre
    told: tuple[Heard, int, float] | None = None
    swings = True
    if burst.snr_db < WEAK_DB and channel is not None and (weak := _weak(burst, block, middle, channel)):
        return weak
    for symbols, listens in TUNINGS[: 1 if burst.snr_db < WEAK_DB else 3 if channel is not None else 2]:
        tuned = _tuned(burst, block, middle, symbols, listens=listens)
        if tuned is None:
            continue
        heard, at = tuned
        swing = float(np.std(heard.d[max(0, at + RAMPS) : at + SWUNG]))
        if burst.snr_db > SWING_CLEAR_DB and not SWING[0] < swing < SWING[1]:
            swings = SWING[0] < swing < SWING_MOVED
            break
        noise = gfsk.noise_of(heard, burst.floor_dbfs_hz, rate)
        proven = _proven(heard, at, noise, burst, block, channel)
        if proven:
            return proven
        told = told if told and not listens else (heard, at, noise)
    echoed = _echoed(burst, block, middle, channel) if burst.snr_db > WEAK_DB else []
    if not echoed and swings and channel is None and burst.snr_db > WEAK_DB and width > NARROWEST_HZ:
        echoed = _moved(burst, block, middle)
    return echoed or (_named(*told, burst, block, channel) if told else [])


def _tuned(burst: Burst, block: Block, middle_hz: float, symbols: int, *, listens: bool) -> tuple[Heard, int] | None:
    """The channel around the carrier that the first `symbols` of a box tell, and where the box begins in it.

    Where it `listens` to none, the carrier is what its channel has.
    """
    per_symbol = block.segment.rate_hz / SYMBOL_RATE_HZ
    begin = burst.sample_start - block.sample_start
    end = begin + min(burst.sample_count, round(symbols * per_symbol))
    carrier = gfsk.tuned(block, begin, end, middle_hz, SYMBOL_RATE_HZ, CFO_HZ) if listens else middle_hz
    if carrier is None:
        return None
    around = round((REACH_SYMBOLS + 12) * per_symbol)
    last = begin + min(burst.sample_count, round(HEARD_SYMBOLS * per_symbol)) + around
    heard = gfsk.hear(block, begin - around, last, carrier, SYMBOL_RATE_HZ)
    if heard is None:
        return None
    at = round((begin - heard.first) / heard.step)
    if burst.snr_db < WEAK_DB or symbols < HEARD_SYMBOLS:
        heard = gfsk.steadied(heard, INDEX, at, at + round((end - begin) / heard.step), SYMBOL_RATE_HZ)
    return heard, at


def _proven(
    heard: Heard,
    at: int,
    noise: float,
    burst: Burst,
    block: Block,
    channel: int | None,
    *,
    raw: Heard | None = None,
    headed: bool = False,
) -> list[Emission]:
    """A packet whose sync word is one.

    raw: the channel with its echoes, where `heard` has none; headed: whether a header must follow.
    """
    soft = gfsk.decisions(heard, INDEX)
    first, end = _reach(soft, at, burst)
    if end <= first:
        return []
    best: tuple[float, float, Fit, float] | None = None
    step = PER_SYMBOL // 2 if burst.snr_db < WEAK_DB else PER_SYMBOL
    least = float(np.interp(burst.snr_db, *LEAST_MERIT))
    for place in sync.headed(soft, first, end, least) if headed else sync.likely(soft, first, end, step, least):
        bits = sync.nearest(soft, place)
        fit = gfsk.fit_at(heard.d, place - 4 * PER_SYMBOL, gfsk.smeared((2 * bits - 1).astype(np.float32)))
        rho, turn, index = gfsk.coherence(heard, fit, bits, INDICES)
        if best is None or rho > best[0]:
            best = rho, turn, fit, index
    if best is None:
        return []
    rho, turn, fit, index = best
    part = heard.y[fit.place : fit.place + PER_SYMBOL * sync.KNOWN]
    signal = gfsk.signal_part(part, noise)
    if rho < LEAST_RHO or rho / signal < (HEADER_EXPLAINED if sync.has_header(soft, fit.place) else PROVEN_EXPLAINED):
        return []
    enhanced = any(_is_edr(one, fit.place, turn) for one in (heard, raw) if one is not None)
    kind = "bluetooth:edr" if enhanced else "bluetooth:br"
    carrier = heard.carrier_hz + turn / (2 * np.pi) * SYMBOL_RATE_HZ
    return [_emission(kind, heard, fit.place, carrier, index, PROVEN, "sync word", burst, block, channel)]


def _reach(soft: NDArray[np.float32], at: int, burst: Burst) -> tuple[int, int]:
    """Between which samples a sync word may begin."""
    late = WEAK_REACH_SYMBOLS if burst.snr_db < WEAK_DB else REACH_SYMBOLS
    first = max(4 * PER_SYMBOL + 1, at + (4 - REACH_SYMBOLS) * PER_SYMBOL)
    return first, min(len(soft) - 66 * PER_SYMBOL, at + (4 + late) * PER_SYMBOL)


def _echoed(burst: Burst, block: Block, middle_hz: float, channel: int | None) -> list[Emission]:
    """A packet whose sync word shows once its echoes are taken out, where its envelope says that it has some.

    Echoes move the middle of the power also where they leave the envelope even. The middle of both frequencies stays.
    """
    tuned = _tuned(burst, block, middle_hz, HEADER_END, listens=True)
    if tuned is None:
        return []
    heard, at = tuned
    first, end = at + RAMPS // 2, at + HEADER_END * PER_SYMBOL
    noise = gfsk.noise_of(heard, burst.floor_dbfs_hz, block.segment.rate_hz)
    even, gain = heard, 1.0
    if unevenness(heard.y[max(0, first) : end], noise) > UNEVEN:
        even, gain = without_echoes(heard, first, end)
    even = gfsk.turned(even, between(even, first, end), SYMBOL_RATE_HZ)
    even = gfsk.steadied(even, INDEX, first, end, SYMBOL_RATE_HZ)
    raw = gfsk.turned(heard, (even.carrier_hz - heard.carrier_hz) / SYMBOL_RATE_HZ, SYMBOL_RATE_HZ)
    return _proven(even, at, noise * gain, burst, block, channel, raw=raw)


def _weak(burst: Burst, block: Block, middle_hz: float, channel: int) -> list[Emission]:
    """A weak packet with a header, on carriers near its channel's middle: noise moves the middle of its power by more
    than they err, and what an EDR packet goes on with says nothing of its first symbols."""
    for offset in NEAR_HZ:
        tried = _with_header(burst, block, middle_hz + offset, channel)
        if tried is None or tried[0]:
            return tried[0] if tried else []
    return []


def _moved(burst: Burst, block: Block, middle_hz: float) -> list[Emission]:
    """A packet with a header on whatever carrier near a box's middle: echoes and what an EDR packet goes on with move
    the middle of its power further than decisions bear."""
    for offset in MOVED_HZ:
        tried = _with_header(burst, block, middle_hz + offset, None)
        if tried is None:
            return []
        proven, heard, at, noise = tried
        soft = gfsk.decisions(heard, INDEX)
        if not proven and sync.headed(soft, *_reach(soft, at, burst), HEADED_MERIT):
            first, end = at + RAMPS // 2, at + HEADER_END * PER_SYMBOL
            even, gain = sent_again(heard, heard, first, end, INDEX)
            proven = _proven(even, at, noise * gain, burst, block, None, raw=heard, headed=True)
        if proven:
            return proven
    return []


def _with_header(
    burst: Burst, block: Block, carrier_hz: float, channel: int | None
) -> tuple[list[Emission], Heard, int, float] | None:
    """What a header proves on a carrier; the samples there, where the box begins in them, and the noise of one."""
    tuned = _tuned(burst, block, carrier_hz, HEADER_END, listens=False)
    if tuned is None:
        return None
    heard, at = tuned
    noise = gfsk.noise_of(heard, burst.floor_dbfs_hz, block.segment.rate_hz)
    return _proven(heard, at, noise, burst, block, channel, headed=True), heard, at, noise


def _is_edr(heard: Heard, place: int, turn: float) -> bool:
    """Whether the header is followed by a guard time and the known phase steps of EDR."""
    steps = np.concatenate([[0.0], np.cumsum(EDR_SYNC)]) * np.pi / 4
    expected = np.exp(-1j * (steps + turn * np.arange(len(steps))))
    start = place + PER_SYMBOL * (HEADER_END + round(GUARD_S * SYMBOL_RATE_HZ)) + PER_SYMBOL // 2
    for shift in range(-3, 4):
        symbols = heard.y[start + shift :][: PER_SYMBOL * len(steps) : PER_SYMBOL]
        if len(symbols) < len(steps):
            return False
        energy = float(np.sum(np.abs(symbols) ** 2)) * len(steps) + 1e-30
        if abs(symbols @ expected) ** 2 / energy > LEAST_EDR:
            return True
    return False


def _named(heard: Heard, at: int, noise: float, burst: Burst, block: Block, channel: int | None) -> list[Emission]:
    """A burst whose modulation is that of a packet, and nearer to it than to Bluetooth Low Energy's."""
    end = at + round(burst.sample_count / heard.step)
    found = gfsk_modulation.measure(heard, at, end, INDEX, noise)
    if found is None or not gfsk_modulation.fits(found, INDEX, INDEX_HEARD):
        return []
    other = gfsk_modulation.measure(heard, at, end, 0.5, noise)
    if other is not None and other.explained > found.explained - NEARER:
        return []
    confidence = NAMED if found.snr_db > CLEAR_DB else NAMED_WEAK
    confidence -= UNKNOWN_BAND if channel is None else 0.0
    carrier = heard.carrier_hz
    return [_emission("bluetooth:br", heard, at, carrier, found.index, confidence, "modulation", burst, block, channel)]


def _emission(
    label: str,
    heard: Heard,
    place: int,
    carrier: float,
    index: float,
    confidence: float,
    proof: str,
    burst: Burst,
    block: Block,
    channel: int | None,
) -> Emission:
    """What leaves this room: no symbol, no word."""
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    start = block.sample_start + heard.first + place * heard.step
    count = burst.sample_start + burst.sample_count - start
    details: dict[str, str | int | float] = {"proof": proof, "modulation_index": round(index, 2)}
    nominal = carrier
    if centre is not None and channel is not None:
        details["hop_channel"] = channel
        nominal = FIRST_CHANNEL_HZ + channel * CHANNEL_HZ - centre
    symbols = min(round(count / rate * SYMBOL_RATE_HZ), HEADER_END)
    return Emission(
        label=label,
        sample_start=math.floor(start),
        sample_count=max(1, min(round(count), round(LONGEST_S * rate))),
        low_offset_hz=nominal - CHANNEL_HZ / 2,
        high_offset_hz=nominal + CHANNEL_HZ / 2,
        snr_db=gfsk.level_db(heard, place, symbols, burst.floor_dbfs_hz, rate, CHANNEL_HZ),
        confidence=confidence,
        cfo_hz=carrier - nominal if channel is not None else None,
        carrier_offset_hz=carrier,
        timing_samples=start - math.floor(start),
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )


INTERFACE = Interface(
    name="bluetooth",
    title="Bluetooth",
    standard="Bluetooth Core 5.4 Vol 2",
    kinds={
        "bluetooth:br": "a headset, speaker or other Bluetooth device (basic rate packet)",
        "bluetooth:edr": "a headset, speaker or other Bluetooth device (enhanced data rate packet)",
    },
    is_phone=False,
    symbol_rate_hz=SYMBOL_RATE_HZ,
    bandwidth_hz=CHANNEL_HZ,
    least_rate_hz=SLOWEST_HZ,
    longest_s=0.0,
    recognise=recognise,
)
