"""LoRa: every symbol is a chirp over the whole bandwidth that begins at another frequency.

    ╱╱╱╱╱╱╱╱ ╱|╱ |╱╱| ╱|╱     behind the opposite chirp each symbol is one line, or two where it is cut in the middle

A frame of a second fades while it lasts. Its lines stand out where its power does not: what such a box is a part of is
as long as they go on. A fade of a few frequencies cuts it once a symbol, and a slow chirp is a row of boxes, one beside
the other: of either box a line is left behind the opposite chirp of the right slope, and samples as many a second as
the bandwidth has hertz do not mind where in it the box lies, since what is beyond one edge comes back at the other.

Source: Semtech AN1200.22.
"""

import math
from dataclasses import replace

import numpy as np
import scipy
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
PIECE_SHARE, TURNED, MOST_SAMPLES = 0.5, 16.0, 1 << 12
"""Least part of a piece's energy in its lines behind the opposite chirp, the least frequencies that this is apart from
no chirp, in widths of a line, and samples that tell it."""
CYCLIC, PLACES, FILLED = 2.2, 64, 0.75
"""Width of the filter, in bandwidths, that passes a chirp wherever in it its piece lies; frequencies at which the band
around it is looked at; and the least part of the power there that a bandwidth has: one that is too narrow has half."""
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
    return _frame(burst, block, bandwidth, factor, share)


def piece_of_chirps(burst: Burst, block: Block) -> Emission | None:
    """The frame of which a box is a part of a symbol, or of some.

    Chirps of one slope are told apart by the band that they fill. A frame that goes on beyond the block is told by what
    is heard of it in the next one.
    """
    for bandwidth, factor in _slopes(burst, block):
        share = _share_beside(burst, block, bandwidth, factor)
        middle, filled = _band(burst, block, bandwidth, factor)
        if share < SHARE or filled < FILLED:
            continue
        part = replace(burst, low_offset_hz=middle - bandwidth / 2, high_offset_hz=middle + bandwidth / 2)
        frame = _frame(part, block, bandwidth, factor, share)
        symbol = (1 << factor) / bandwidth * block.segment.rate_hz
        goes_on = frame.sample_start + frame.sample_count > block.sample_start + len(block.iq) - symbol
        return None if goes_on and 2 * burst.sample_count < frame.sample_count else frame
    return None


def _share_beside(burst: Burst, block: Block, bandwidth: float, factor: int) -> float:
    """The part of the median symbol's energy in its lines, of those from a box's start on or of those up to its end."""
    count = math.ceil(GROUP * (1 << factor) / bandwidth * block.segment.rate_hz) + 8
    best = 0.0
    for start in (burst.sample_start, burst.sample_start + burst.sample_count - count):
        part = replace(burst, sample_start=max(start, block.sample_start), sample_count=count)
        values = _values(part, block, bandwidth, CYCLIC)[0][: GROUP << factor]
        if len(values) >> factor >= FEWEST:
            best = max(best, float(np.median(_shares(values, factor))))
    return best


def _slopes(burst: Burst, block: Block) -> list[tuple[float, int]]:
    """Bandwidths, the narrowest first, and factors of the one slope behind whose opposite a box is a line."""
    width = burst.high_offset_hz - burst.low_offset_hz
    box = narrow(burst, block, width, 2 * width)
    told: dict[float, float] = {}
    modes = [(b, f) for b in LORA_WIDTHS_HZ for f in LORA_FACTORS if width < 1.4 * b < block.segment.rate_hz]
    for bandwidth, factor in modes:
        slope = bandwidth**2 / (1 << factor)
        y = box.y[: min(MOST_SAMPLES, round((1 << factor) / bandwidth * box.rate_hz))]
        if slope not in told and slope * (len(y) / box.rate_hz) ** 2 > TURNED:
            told[slope] = _line_share(y * np.exp(-1j * np.pi * slope * (np.arange(len(y)) / box.rate_hz) ** 2))
    best = max(told, key=lambda slope: told[slope], default=0.0)
    return [(b, f) for b, f in modes if b**2 / (1 << f) == best and told[best] > PIECE_SHARE]


def _line_share(y: NDArray[np.complexfloating]) -> float:
    """The part of the energy of samples in their two strongest lines."""
    lines = squared(scipy.fft.fft(y * np.hanning(len(y))))
    total, part = float(lines.sum()) + 1e-30, 0.0
    for _ in range(2):
        near = (int(np.argmax(lines)) + np.arange(-2, 3)) % len(lines)
        part += float(np.sum(lines[near]))
        lines[near] = 0.0
    return part / total


def _band(burst: Burst, block: Block, bandwidth: float, factor: int) -> tuple[float, float]:
    """The middle of the band around a box that the symbols beside it fill, and the part of all power that it has."""
    symbol = (1 << factor) / bandwidth * block.segment.rate_hz
    start = max(block.sample_start, round(burst.sample_start - GROUP / 2 * symbol))
    around = replace(burst, sample_start=start, sample_count=burst.sample_count + round(GROUP * symbol))
    box = narrow(around, block, CYCLIC * bandwidth, 4 * bandwidth)
    rows = box.y[: len(box.y) // PLACES * PLACES].reshape(-1, PLACES) * np.hanning(PLACES).astype(np.float32)
    density = np.fft.fftshift(squared(scipy.fft.fft(rows, axis=1)).mean(axis=0))
    density = np.maximum(density - np.min(density[np.abs(np.arange(PLACES) - PLACES // 2) < PLACES // 4]), 0.0)
    bin_hz = box.rate_hz / PLACES
    wide = round(bandwidth / bin_hz) | 1
    even = np.convolve(np.minimum(density, np.quantile(density, 0.8)), np.ones(wide), "same")
    at = int(np.argmax(even))
    inside = float(np.sum(density[max(0, at - wide // 2) : at + wide // 2 + 1]))
    return box.middle_hz + (at - PLACES // 2) * bin_hz, inside / (float(np.sum(density)) + 1e-30)


def _frame(burst: Burst, block: Block, bandwidth: float, factor: int, share: float) -> Emission:
    """All of a frame of which a box is a part."""
    details: dict[str, str | int | float] = {"spreading_factor": factor, "bandwidth_hz": bandwidth}
    details["chirp_share"] = rounded(share)
    return named("other:lora", _whole(burst, block, bandwidth, factor), min(0.98, 0.4 + share * 0.6), details)


def _values(burst: Burst, block: Block, bandwidth: float, passed: float = 1.2) -> tuple[NDArray[np.complex64], float]:
    """A box's samples, as many a second as the bandwidth has hertz, and the power of noise in one.

    They are behind a filter that is so many bandwidths wide.
    """
    box = narrow(burst, block, passed * bandwidth, 4 * bandwidth)
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


def frames_joined(emissions: list[Emission]) -> list[Emission]:
    """What several boxes tell of one frame becomes one emission, from the first symbol to the last."""
    kept = [e for e in emissions if e.label != "other:lora"]
    frames: list[Emission] = []
    for e in sorted((e for e in emissions if e.label == "other:lora"), key=lambda e: e.sample_start):
        at = next((n for n, frame in enumerate(frames) if _are_one(frame, e)), None)
        if at is None:
            frames.append(e)
            continue
        surer = max(frames[at], e, key=lambda one: one.confidence)
        start = frames[at].sample_start
        end = max(one.sample_start + one.sample_count for one in (frames[at], e))
        frames[at] = replace(surer, sample_start=start, sample_count=end - start)
    return kept + frames


def _are_one(frame: Emission, other: Emission) -> bool:
    """Whether two emissions of one kind of chirp, the second of which begins later, meet."""
    return (
        other.sample_start < frame.sample_start + frame.sample_count
        and min(frame.high_offset_hz, other.high_offset_hz) > max(frame.low_offset_hz, other.low_offset_hz)
        and all(frame.details[key] == other.details[key] for key in ("spreading_factor", "bandwidth_hz"))
    )
