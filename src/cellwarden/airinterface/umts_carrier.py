"""Where a UMTS carrier lies, and its chips: the spectrum of a box's time, then the filter matched to the pulse.

box ─ mean spectrum ─ what lies well above the noise ─ against the pulse's band ─ carriers
carrier ─ mixed down ─ decimated ─ matched filter, PHASES places a chip ─ z
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.umts_waveform import (
    BANDWIDTH_HZ,
    CHIP_RATE_HZ,
    PREAMBLE_CHIPS,
    RASTER_HZ,
    root_raised_cosine,
)
from cellwarden.detect.filters import low_pass
from cellwarden.detect.kernels import decimate
from cellwarden.model import Block, Burst

LEAST_SHARE = 0.01
"""Each eighth of a carrier's flat part holds at least this part of its power, whatever the echoes."""
SATURATION = 0.2
"""Part of a box's power density from which on a bin counts as filled."""
FLAT_SHARE = 0.25
"""And five of them at least this part of their mean: a megahertz of something else fills three."""
LEAST_LIKENESS = 0.15
"""Of the spectrum to the pulse's, 1 where it is filled inside and empty beside; echoes and neighbours leave half."""
LEAST_SNR = 10**-1.0
REACH_HZ = 5e6
"""How far beyond a box its carrier's middle is looked for, less what the box itself covers."""
CARRIERS = 4
MOST_CHIPS = 38_400
"""A frame: what is looked at of a long box."""
CLEAR_DB = 3.0
"""SNR of a box that is so clear that a part of it tells what it is."""
CFO_HZ = 60e3
"""How far a carrier may lie from where it is looked for: echoes turn a dedicated channel's pairs by as much."""
FIRST_CFO_HZ = 600e3
"""And at first: the spectrum's middle errs where echoes notch it."""
LINE_NATS = 13.0
"""Least nats of the line of squares before codes are tried."""
ECHO_CHIPS = 4


@dataclass(frozen=True, slots=True)
class Carrier:
    """Chips of one carrier: matched filter outputs at places of each chip, PHASES at most, and where they lie."""

    offset_hz: float
    z: NDArray[np.complex64]
    base: float
    """Sample of the block at which chip 0 of the first row has its middle."""
    per_chip: float
    noise: float
    """Mean power of z where only noise is."""
    first: int
    end: int
    """Chips that the box holds."""


def carriers(burst: Burst, block: Block) -> list[float]:
    """Offsets at which the spectrum of the box's time has the pulse's shape, the strongest first."""
    rate = block.segment.rate_hz
    size = 1 << max(6, math.ceil(math.log2(rate / 60e3)))
    first = burst.sample_start - block.sample_start
    last = min(first + burst.sample_count, len(block.iq)) - size
    if first < 0 or last <= first:
        return []
    count = min(64, 1 + 2 * (last - first) // size)
    starts = first + (last - first) * np.arange(count) // max(1, count - 1)
    window = _window(size)
    frames = np.empty((count, size), np.complex64)
    kernels.framed(block.iq, starts, window, frames)
    density = np.empty(size)
    kernels.mean_power(scipy.fft.fft(frames, axis=1, overwrite_x=True), density)
    density *= block.scale**2 / float(np.sum(window**2)) / rate
    # A busy channel lifts the floor that the box tells: what lies lowest here is one too.
    lowest = float(np.sort(density.reshape(-1, 4).mean(axis=1))[size // 40])
    excess = density / min(10 ** (burst.floor_dbfs_hz / 10), lowest) - 1
    bin_hz = rate / size
    reach = math.floor(BANDWIDTH_HZ / 2 / bin_hz)
    # Echoes tilt and notch the spectrum, its edges tell the middle: what lies well above the noise counts alike.
    inside = excess[_bin(burst.low_offset_hz, size, bin_hz) : _bin(burst.high_offset_hz, size, bin_hz) + 1]
    usual = SATURATION * max(float(np.mean(inside)), 0.1)
    shape = _shape(bin_hz, reach)
    score = np.empty(size)
    kernels.likeness(excess, usual, shape, score)
    middle = (np.arange(size) - size // 2) * bin_hz
    low, high = burst.high_offset_hz - REACH_HZ / 2, burst.low_offset_hz + REACH_HZ / 2
    allowed = (middle > min(low, burst.low_offset_hz)) & (middle < max(high, burst.high_offset_hz))
    allowed &= np.abs(middle) < rate / 2 - 0.4 * CHIP_RATE_HZ
    found: list[float] = []
    score = np.where(allowed, score, -np.inf)
    least = LEAST_LIKENESS * float(np.sum(shape[shape > 0])) / (1 + SATURATION)
    for _ in range(CARRIERS):
        at = int(np.argmax(score))
        if not score[at] > least:
            break
        if _fills(excess, at, bin_hz):
            found.append(on_raster(float(middle[at]), block))
        score[max(0, at - reach // 2) : at + reach // 2 + 1] = -np.inf
    return list(dict.fromkeys(found))


@lru_cache(maxsize=16)
def _window(size: int) -> NDArray[np.float32]:
    return np.hanning(size).astype(np.float32)


def _bin(offset_hz: float, size: int, bin_hz: float) -> int:
    return min(max(round(offset_hz / bin_hz) + size // 2, 0), size - 1)


@lru_cache
def _shape(bin_hz: float, reach: int) -> NDArray[np.float64]:
    """The pulse's power spectrum by bins, less its mean over half as much again."""
    f = np.abs(np.arange(-reach - reach // 4, reach + reach // 4 + 1) * bin_hz) / CHIP_RATE_HZ
    edge = np.clip((f - 0.39) / 0.22, 0, 1)
    power = 0.5 * (1 + np.cos(np.pi * edge))
    return np.asarray(power - np.mean(power))


def _fills(excess: NDArray[np.float64], at: int, bin_hz: float) -> bool:
    """Whether there is power in all of a carrier's flat part."""
    half = round(0.36 * CHIP_RATE_HZ / bin_hz)
    inside = excess[max(0, at - half) : at + half + 1]
    parts = np.empty(8)
    kernels.eighths(inside, parts)
    mean = float(np.mean(parts))
    return mean > LEAST_SNR and parts[0] > LEAST_SHARE * mean and parts[3] > FLAT_SHARE * mean


def on_raster(offset_hz: float, block: Block) -> float:
    """The offset of the nearest carrier of the raster, in hertz; as it is where no frequency is told."""
    centre = block.segment.centre_hz
    if centre is None:
        return offset_hz
    return round((centre + offset_hz) / RASTER_HZ) * RASTER_HZ - centre


@lru_cache
def _table(per_chip: float) -> NDArray[np.float32]:
    """The matched filter at each fraction of a sample; white noise keeps its variance."""
    half = math.ceil(5 * per_chip)
    m = np.arange(-half, half + 1, dtype=np.float64)
    rows = [
        root_raised_cosine(np.asarray((m - row / kernels.SUBSTEPS) / per_chip, np.float64))
        for row in range(kernels.SUBSTEPS)
    ]
    return (np.array(rows) / math.sqrt(per_chip)).astype(np.float32)


def chips_of(
    burst: Burst,
    block: Block,
    offset_hz: float,
    around: int = PREAMBLE_CHIPS,
    phase: int = 0,
    most_chips: int = MOST_CHIPS,
    places: int = kernels.PHASES,
) -> Carrier | None:
    """The carrier's chips in the box's time and `around` chips more, of a long box `most_chips` from its middle.

    At so many places of each chip, the first of which is a `phase`.
    """
    rate = block.segment.rate_hz
    step = max(1, int(rate / (1.6 * BANDWIDTH_HZ)))
    taps = low_pass(step, round(1.25 * BANDWIDTH_HZ / rate, 3)) if step > 1 else np.ones(1, np.float32)
    start = burst.sample_start - block.sample_start
    count = burst.sample_count
    most = round(most_chips * rate / CHIP_RATE_HZ)
    if count > most:
        start, count = start + (count - most) // 2, most
    margin = round(around * rate / CHIP_RATE_HZ)
    first, end = max(0, start - margin), min(len(block.iq), start + count + margin)
    per_chip = rate / step / CHIP_RATE_HZ
    y = np.empty((end - first) // step, np.complex64)
    chips = int(len(y) / per_chip) - 1
    if chips < PREAMBLE_CHIPS // 4:
        return None
    decimate(block.iq, block.scale, first, offset_hz / rate, taps, step, y)
    z = np.empty((places, chips), np.complex64)
    re, im = np.ascontiguousarray(y.real), np.ascontiguousarray(y.imag)
    middle = (0.5 + phase / kernels.PHASES) * per_chip
    kernels.matched(re, im, middle, per_chip, _table(per_chip), z)
    inside = (int((start - first) / step / per_chip), int((start + count - first) / step / per_chip))
    noise = 10 ** (burst.floor_dbfs_hz / 10) * rate / step
    base = first + middle * step
    return Carrier(offset_hz, z, base, per_chip * step, noise, max(0, inside[0]), min(chips, inside[1]))


def mean_power(z: NDArray[np.complex64]) -> float:
    """Mean squared magnitude."""
    return float(np.vdot(z, z).real) / max(1, len(z))
