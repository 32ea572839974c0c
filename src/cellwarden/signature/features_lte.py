"""What an LTE phone's reference signals show of its transmitter: data (PUSCH), soundings (SRS), preambles (PRACH).

    PUSCH   │d d d R d d d│d d d R d d d│    both R in one fit: carrier and clock by what changes in half a millisecond
    SRS     │R│                              one symbol of 67 µs
    PRACH   │prefix│R R R R R R R R R R│     800 µs

R are known sequences, turned by a cyclic shift, which is a delay; data are never looked at. Which sequence of a group
it is, or of all groups where they hop, is found by its delay's peak. A phone's image lies mirrored at the middle of the
whole carrier, mostly on another's blocks, its leak in that middle: both are told where `carrier_middle_hz` among the
details says where that is, as powers, since the channel there is another one.

A phone locks to its cell: its carrier and clock are not its own, and are compared with nothing.

Source: 3GPP TS 36.211 §5.5 (references), §5.7 (preambles), TS 36.101 §6.5.2 (what a phone may do wrong).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    PREAMBLE,
    PREAMBLE_FORMATS,
    PREAMBLE_HZ,
    PREAMBLE_S,
    PREFIX_S,
    REFERENCE,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_STARTS_S,
    base_sequences,
    zadoff_chu,
)
from cellwarden.model import Block, Emission, Signature
from cellwarden.signature.baseband import Channel, Heard, baseband, floor_power
from cellwarden.signature.features_lte_mixer import mixer
from cellwarden.signature.fit import Known, Wave, error_power, explains, fitted, in_units
from cellwarden.signature.oscillator import beside_carrier
from cellwarden.signature.turn_on import ramp

Real = NDArray[np.float64]
WAYS = np.arange(-3, 5)
"""Delays of the channel, in parts of what the band resolves."""
EARLY_US = 2.0
"""By which symbols are read before the end of their prefix: echoes lie behind, errors on either side."""
AROUND_US = 30.0
NEAR_HZ = 50e3
"""Beside a burst's blocks, where the receiver's own leak still comes through the filter."""
RAMP_US = tuple(np.arange(-25.0, 15.0, 5.0).tolist())
"""A transmitter's transient lasts 20 µs at most (TS 36.101 §6.3.4)."""
LEAST_PEAK = 0.3
"""Part of a symbol's energy that its delay's peak holds: less is another sequence, or noise."""


class Symbol(NamedTuple):
    """A stretch of a burst in which all is known but its delay."""

    begin_us: float
    """End of its prefix, since the burst's beginning."""
    lasts_us: float
    hz: Real
    """Its subcarriers, beside the middle of the band."""
    sequences: Wave
    """What they may carry, shape (sequences, subcarriers)."""
    shifts: int
    """Cyclic shifts are multiples of the part 1/shifts of a symbol; 1 where any is."""


class Placed(NamedTuple):
    """A symbol as it came."""

    symbol: Symbol
    sent: Wave
    """Its subcarriers, shape (subcarriers,)."""
    delay_us: float
    peak: float


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of a burst; None for others, and where samples are missing or no sequence fits."""
    symbols = _symbols(emission, block.segment.rate_hz)
    at = emission.carrier_offset_hz
    if not symbols or at is None:
        return None
    width = float(np.ptp(symbols[0].hz)) + SUBCARRIER_HZ
    channel = Channel(1e6, width / 2 + 10e3, 0.6 * width + 40e3, 1.3e-6 * width)
    if block.segment.rate_hz < width:
        return None
    last = emission.sample_count / block.segment.rate_hz * 1e6
    heard = baseband(emission, block, channel, -AROUND_US, last + AROUND_US, at)
    if heard is None:
        return None
    placed = _aligned([_placed(heard, symbol) for symbol in symbols])
    if min(one.peak for one in placed) < LEAST_PEAK:
        return None
    inside = np.concatenate([_inside(heard, one.symbol) for one in placed])
    t = heard.t[inside]
    middle, half = float(t[0] + t[-1]) / 2, float(t[-1] - t[0]) / 2
    ways = [_ways(heard.t[_inside(heard, one.symbol)], one, width, half) for one in placed]
    waves, slopes = (np.concatenate(parts, axis=1) for parts in zip(*ways, strict=True))
    known = Known(waves, slopes, np.ones(len(WAYS)))
    u = (t - middle) / half
    zero = 2e-6 * np.pi * at * t if abs(at) < width / 2 + NEAR_HZ else None
    found = fitted(heard.y[inside], u, known, heard.white, baseband_zero=zero, left_out=("image", "leak"), near=True)
    if not explains(found):
        return None
    told = in_units(found.told, half * 1e-6, at)
    told |= error_power(found, floor_power(emission, block, heard), heard.white)
    told |= beside_carrier(emission, told["carrier_hz"], told["clock_ppm"], block.segment.centre_hz)
    power = float(np.mean(np.abs(found.sent) ** 2))
    if zero is None:  # else the receiver's own leak is on before the phone is
        told |= ramp("up", heard, 0.0, power, found.noise, RAMP_US)
        told |= ramp("down", heard, 0.0, power, found.noise, RAMP_US, last)
    if "carrier_middle_hz" in emission.details:
        parts = [(one.symbol.begin_us, one.symbol.lasts_us, one.symbol.hz, _delayed(one)) for one in placed]
        told |= mixer(emission, block, float(emission.details["carrier_middle_hz"]), parts)
    return Signature(emission.label, emission.sample_start, emission.snr_db, told)


def _symbols(emission: Emission, rate_hz: float) -> list[Symbol]:
    """The known parts of an emission; none where it has none."""
    kind, seconds = emission.label, emission.sample_count / rate_hz
    if kind == "lte:prach":
        root = int(emission.details.get("root", 0))
        lengths = [prefix + repeats / PREAMBLE_HZ for prefix, repeats in PREAMBLE_FORMATS]
        prefix, _repeats = PREAMBLE_FORMATS[int(np.argmin(np.abs(np.array(lengths) - seconds)))]
        hz = np.asarray((np.arange(PREAMBLE) - (PREAMBLE - 1) / 2) * PREAMBLE_HZ, np.float64)
        sent = np.fft.fft(zadoff_chu(root, PREAMBLE))[None, :] / math.sqrt(PREAMBLE)
        return [Symbol(prefix * 1e6, PREAMBLE_S * 1e6, hz, sent, 1)] if root else []
    if kind not in ("lte:pusch", "lte:srs"):
        return []
    every = 2 if kind == "lte:srs" else 1
    count = int(emission.details.get("blocks", 0)) * BLOCK // every
    if not count:
        return []
    hz = np.asarray((np.arange(count) - (count - 1) / 2) * every * SUBCARRIER_HZ, np.float64)
    lasts = 1e6 / SUBCARRIER_HZ
    if kind == "lte:srs":
        return [Symbol(PREFIX_S * 1e6, lasts, hz, base_sequences(count), 8)]
    begins = [(slot * SLOT_S + SYMBOL_STARTS_S[REFERENCE]) * 1e6 for slot in range(round(seconds / SLOT_S))]
    return [Symbol(begin, lasts, hz, base_sequences(count), 12) for begin in begins]


def _inside(heard: Heard, symbol: Symbol) -> NDArray[np.intp]:
    low = symbol.begin_us - EARLY_US
    return np.flatnonzero((heard.t >= low) & (heard.t < low + symbol.lasts_us))


def _placed(heard: Heard, symbol: Symbol) -> Placed:
    """The sequence, and its delay to a quarter of what the band resolves, that a symbol fits best."""
    at = _inside(heard, symbol)
    t = (heard.t[at] - symbol.begin_us) * 1e-6
    values = np.exp(-2j * np.pi * np.outer(symbol.hz, t)) @ heard.y[at]
    size = 4 << math.ceil(math.log2(len(values)))
    peaks = np.abs(np.fft.ifft(values * np.conj(symbol.sequences), size, axis=1)) ** 2
    which, place = np.unravel_index(int(np.argmax(peaks)), peaks.shape)
    period_us = 1e6 / (symbol.hz[1] - symbol.hz[0])
    most = float(np.sum(np.abs(values) ** 2)) * len(values) / size**2
    return Placed(symbol, symbol.sequences[which], float(place) / size * period_us, float(peaks[which, place]) / most)


def _aligned(placed: list[Placed]) -> list[Placed]:
    """The same with one delay, as a burst has one way to the receiver: what is more of it is a cyclic shift, which
    turns subcarriers as counted from the lowest one."""
    made: list[Placed] = []
    for one in placed:
        if one.symbol.shifts == 1:
            return placed
        step = one.symbol.lasts_us * SUBCARRIER_HZ / (one.symbol.hz[1] - one.symbol.hz[0]) / one.symbol.shifts
        shift = round(one.delay_us / step)
        delay = made[0].delay_us if made else one.delay_us - shift * step
        shift = round((one.delay_us - delay) / step)
        sent = one.sent * np.exp(-2j * np.pi * shift / one.symbol.shifts * np.arange(len(one.sent)))
        made.append(one._replace(sent=np.asarray(sent), delay_us=delay))
    return made


def _delayed(one: Placed) -> Wave:
    return np.asarray(one.sent * np.exp(-2e-6j * np.pi * one.symbol.hz * one.delay_us))


def _ways(t: Real, one: Placed, width_hz: float, half_us: float) -> tuple[Wave, Wave]:
    """A symbol behind each delay, and its slopes over half of what is fitted: each complex128, shape (ways, n)."""
    turned = np.exp(2e-6j * np.pi * np.outer(one.symbol.hz, t - one.symbol.begin_us))
    delays = np.exp(-2j * np.pi * np.outer(WAYS / (1.2 * width_hz), one.symbol.hz))
    values = delays * _delayed(one) / math.sqrt(len(one.sent))
    return values @ turned, (values * 2e-6j * np.pi * one.symbol.hz * half_us) @ turned
