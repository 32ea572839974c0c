"""One burst mixed down and filtered, with its ramps: what every family's signature begins with."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.detect.filters import low_pass_taps
from cellwarden.model import Block, Emission


class Heard(NamedTuple):
    """One burst at baseband."""

    y: NDArray[np.complex128]
    """Behind the filter, shape (n,)."""
    t: NDArray[np.float64]
    """Time of each sample in symbols from the beginning of symbol 0."""
    white: float
    """By how much the noise density within the band exceeds what its power in `y` would have as white noise."""
    gain: float
    """Power in `y` of white noise of unit power a sample."""


class Channel(NamedTuple):
    """How a family's bursts are filtered and sampled."""

    symbol_rate_hz: float
    pass_hz: float
    stop_hz: float
    """Edges of the filter, either side of the carrier: the burst lies within, the next channel's carrier does not."""
    per_symbol: float
    """Samples a symbol that are kept at least, where the recording has so many."""


def baseband(
    emission: Emission, block: Block, channel: Channel, first: float, last: float, carrier_hz: float
) -> Heard | None:
    """Symbols `first` to `last` of a burst at `carrier_hz`, counted from the beginning of symbol 0; None where samples
    of them are missing (a filter's length around them need not be there) or lost, which zeros stand for."""
    rate = block.segment.rate_hz
    per_symbol = rate / channel.symbol_rate_hz
    step = max(1, int(per_symbol / channel.per_symbol))
    taps = np.ones(1)
    if rate > 2.2 * channel.stop_hz:
        width = (channel.stop_hz - channel.pass_hz) / rate
        taps = low_pass_taps(2 * round(2 / width) + 1, (channel.pass_hz + channel.stop_hz) / 2 / rate)
    half = len(taps) // 2
    begin = emission.sample_start + (emission.timing_samples or 0.0) - block.sample_start
    start = math.ceil(begin + first * per_symbol)
    count = math.floor((last - first) * per_symbol / step)
    low, high = start - half, start + (count - 1) * step + half + 1
    if start < 0 or count < 1 or start + (count - 1) * step >= len(block.iq):
        return None
    inside = slice(max(0, low), min(len(block.iq), high))
    raw = block.iq[inside].astype(np.float64)
    wave = np.zeros(high - low, np.complex128)
    wave[inside.start - low : inside.stop - low] = (raw[:, 0] + 1j * raw[:, 1]) * block.scale
    wave *= np.exp(-2j * np.pi * carrier_hz / rate * (np.arange(low, high) - begin))
    y = np.convolve(wave, taps, "valid")[::step]
    if not y.any():
        return None
    t = np.asarray((start + step * np.arange(count) - begin) / per_symbol, np.float64)
    energy = float(np.sum(taps**2))
    return Heard(y, t, 1.0 / (step * energy), energy)


def floor_power(emission: Emission, block: Block, heard: Heard) -> float | None:
    """Power of the noise in `heard.y` by what the emission says of the floor; None where it says nothing."""
    if emission.floor_dbfs_hz is None:
        return None
    return 10 ** (emission.floor_dbfs_hz / 10) * block.segment.rate_hz * heard.gain
