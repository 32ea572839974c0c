"""LoRa: every symbol is a chirp over the whole bandwidth that begins at another frequency.

    ╱╱╱╱╱╱╱╱ ╱|╱ |╱╱| ╱|╱     behind the opposite chirp each symbol is one line, or two where it is cut in the middle

A frame of a second fades while it lasts. Its lines stand out where its power does not: what such a box is a part of is
as long as they go on.

Source: Semtech AN1200.22.
"""

import math
from dataclasses import replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import named, narrow, resampled, rounded
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

LORA_WIDTHS_HZ = (125e3, 250e3, 500e3)
LORA_FACTORS = range(7, 13)
FEWEST, MOST = 6, 16
"""Symbols that tell a spreading factor."""
SHARE = 0.6
"""Least part of the median symbol's energy that lies in its lines."""
FAINT_SHARE, GROUP, GAP = 0.2, 8, 3
"""The same of symbols before and after a box, of which so many are looked at at once; noise has 0.1. And how many may
lack: between preamble and payload there are two and a quarter that are turned around."""
LEAST_LEVEL = 1.3
"""Of the power of these over the noise: silence ends a frame. It errs by 9 % in 128 values."""


def chirps(burst: Burst, block: Block) -> Emission | None:
    """Behind the right opposite chirp every symbol is one line."""
    width = burst.high_offset_hz - burst.low_offset_hz
    bandwidth = min(LORA_WIDTHS_HZ, key=lambda b: abs(math.log(b / width)))
    if not 0.7 < width / bandwidth < 1.4:
        return None
    values, _ = _values(burst, block, bandwidth)
    best = (0.0, 0)
    for factor in LORA_FACTORS:
        symbols = min(MOST, len(values) >> factor)
        if symbols < FEWEST:
            break
        best = max(best, (float(np.median(_shares(values[: symbols << factor], factor))), factor))
    share, factor = best
    if share < SHARE:
        return None
    details: dict[str, str | int | float] = {"spreading_factor": factor, "bandwidth_hz": bandwidth}
    details["chirp_share"] = rounded(share)
    return named("other:lora", _whole(burst, block, bandwidth, factor), min(0.98, 0.4 + share * 0.6), details)


def _values(burst: Burst, block: Block, bandwidth: float) -> tuple[NDArray[np.complex64], float]:
    """A box's samples, as many a second as the bandwidth has hertz, and the power of noise in one."""
    box = narrow(burst, block, 1.2 * bandwidth, 4 * bandwidth)
    return resampled(box, bandwidth) if len(box.y) > 1 else box.y, box.noise


def _shares(values: NDArray[np.complex64], factor: int) -> NDArray[np.float32]:
    """The part of each symbol's energy that lies in its lines behind the opposite chirp: float32, shape (symbols,)."""
    count = 1 << factor
    n = np.arange(count)
    down = np.exp(-1j * np.pi * (n * n / count - n)).astype(np.complex64)
    lines = squared(scipy.fft.fft(values[: len(values) >> factor << factor].reshape(-1, count) * down, axis=1))
    pairs = lines + np.roll(lines, 1, axis=1)
    total = np.maximum(lines.sum(axis=1), 1e-30)
    rows, at = np.arange(len(lines)), np.argmax(pairs, axis=1)
    first = pairs[rows, at]
    for beside in (-2, -1, 0, 1):  # the other line of a symbol that is cut lies elsewhere
        pairs[rows, (at + beside) % count] = 0.0
    return np.asarray((first + pairs.max(axis=1)) / total, np.float32)


def _whole(burst: Burst, block: Block, bandwidth: float, factor: int) -> Burst:
    """A box with the symbols before and after it."""
    symbol = (1 << factor) / bandwidth * block.segment.rate_hz
    first, end = burst.sample_start, burst.sample_start + burst.sample_count
    last = block.sample_start + len(block.iq)
    after = _more(burst, block, bandwidth, factor, 1, int((last - end) / symbol))
    before = _more(burst, block, bandwidth, factor, -1, int((first - block.sample_start) / symbol))
    start = first - round(before * symbol)
    return replace(burst, sample_start=start, sample_count=end + round(after * symbol) - start)


def _more(burst: Burst, block: Block, bandwidth: float, factor: int, way: int, most: int) -> int:
    """How many symbols, `most` at most, go on from a box's end (way 1), or before its start (way -1)."""
    symbol = (1 << factor) / bandwidth * block.segment.rate_hz
    heard = looked = 0
    while looked < most:
        count = min(GROUP, most - looked)
        edge = burst.sample_start + (burst.sample_count if way > 0 else 0)
        at = edge + round(looked * symbol) if way > 0 else edge - round((looked + count) * symbol)
        part = replace(burst, sample_start=at, sample_count=math.ceil(count * symbol) + 8)
        values, noise = _values(part, block, bandwidth)
        shares = _shares(values, factor)[:count]
        levels = squared(values[: len(shares) << factor]).reshape(len(shares), -1).mean(axis=1) / noise
        for share, level in zip(shares[::way], levels[::way], strict=True):
            looked += 1
            if share > FAINT_SHARE:
                heard = looked
            elif level < LEAST_LEVEL or looked - heard > GAP:
                return heard
    return heard
