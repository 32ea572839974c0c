"""LTE's downlink, which is no phone: known by the primary synchronisation signal, every 5 ms, in the carrier's middle.

    │ 0 . . . 4 . P │ 0 . . . 4 . . │ …     each slot: cell-specific reference signals in symbols 0 and 4, always on;
                                              P: 62 subcarriers of a Zadoff-Chu sequence of root 25, 29 or 34

An idle cell's boxes are its reference symbols, one by one. Each is looked at with the ten milliseconds it lies in, and
named as the stretch that has no pause longer than those between reference symbols: all of a frame in frequency division
duplex, the downlink subframes in time division duplex.

Source: 3GPP TS 36.211 §6.10.1, §6.11.1.
"""

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_beacon import LEAST_NATS, NONE, SIZE, Beacon, search, slots_of
from cellwarden.airinterface.lte_receiver import Stretch, logistic, stretch
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, SYMBOL_S
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission, Interleaved, Segment

NARROWEST_HZ = 0.85e6
LONG_NARROWEST_HZ = 0.1e6
"""Of a box longer than a frame: a carrier that is always there is taken for the noise floor, all but some of it."""
FRAMES_TRIED = 2
SHORTEST_S = 35e-6
FRAME_S = 10e-3
BESIDE_S = 4e-3
"""Looked at on either side of a frame, so that no downlink stretch of time division duplex is cut."""
CENTRE_STEP_HZ = 100e3
"""LTE's raster, as far as a box's middle tells (TS 36.104 §5.7.2)."""
THINNED = 61
"""One of so many samples tells one window from another."""
NEAR_S = 4e-3
"""Around a box, in which slots must show: 8 of them."""
REACH_HZ, WIDE_REACH_HZ = 50e3, 100e3
"""From a place of the raster to the carrier, by its error, the receiver's and the box's; and where no edge shows the
carrier's middle: it is taken for the floor, or fills the recording."""
FILLED = 0.7
"""Part of a recording's width from which a carrier is taken to be the one that it was tuned to."""
PAUSE_S = 0.33e-3
"""Longest pause within a downlink: between reference symbols 0.29 ms."""
QUIET = 0.1
"""A symbol is on the air whose power is this part of the strongest ones'."""
IDLE, ABOVE_NOISE = 0.04, 3.0
"""Of an idle slot's reference symbols, which fill a sixth of their subcarriers at least, and of what is not silence:
the means of whole symbols that are lowest tell it where there are pauses."""
LEAST_S = 2e-3
"""A base station is on the air for this long in ten milliseconds; one subframe of a phone is shorter."""
UNCERTAIN_NATS = 3.0


@dataclass(frozen=True, slots=True)
class Window:
    """Samples that many boxes ask about: the same where a few of them, their number, scale and rate are."""

    thinned: bytes
    count: int
    scale: float
    rate_hz: float
    iq: Interleaved = field(compare=False)


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """The stretch of a base station's carrier that a box is a part of."""
    rate = block.segment.rate_hz
    width = burst.high_offset_hz - burst.low_offset_hz
    frame = round(FRAME_S * rate)
    least = NARROWEST_HZ if burst.sample_count < frame else LONG_NARROWEST_HZ
    if width < least or burst.sample_count < SHORTEST_S * rate or rate < 1.0e6:
        return []
    if burst.sample_count <= frame:
        return _in_frame(burst, block, burst.sample_start + burst.sample_count // 2)
    found: list[Emission] = []
    end = burst.sample_start + burst.sample_count
    for number, middle in enumerate(range(burst.sample_start + frame // 2, end, frame)):
        found += _in_frame(burst, block, middle)
        if number >= FRAMES_TRIED and not found:
            break
    return found


def _in_frame(burst: Burst, block: Block, sample: int) -> list[Emission]:
    """The stretch on the air around a sample, if its frame has a synchronisation signal."""
    rate = block.segment.rate_hz
    frame, beside = round(FRAME_S * rate), round(BESIDE_S * rate)
    last = block.sample_start + len(block.iq)
    first = max(block.sample_start, min(sample // frame * frame, last - frame))
    begin, end = max(block.sample_start, first - beside), min(last, first + frame + beside)
    reach_hz = WIDE_REACH_HZ if burst.sample_count > frame or _is_filled(burst, rate) else REACH_HZ
    window = block.iq[begin - block.sample_start : end - block.sample_start]
    near, whole = _window(block, _near(block, sample)), _window(block, window)
    found = [
        (centre, *_beacon(whole, centre, reach_hz))
        for centre in sorted(centres_of(burst, rate))
        if _is_slotted(near, centre)
    ]
    if not found:
        return []
    centre, beacon, active = max(found, key=lambda f: f[1].evidence)
    if beacon.evidence < LEAST_NATS:
        return []
    step = SYMBOL_S / 8 * rate
    within = (sample - begin) / step
    runs = [(a, b) for a, b in active if a - 1 <= within <= b + 1]
    if not runs:
        return []
    start, stop = (begin + round(edge * step) for edge in runs[0])
    if stop - start > frame:  # never silent: frame by frame, with what a shorter box holds of the next ones
        inside = burst if burst.sample_count <= frame else replace(burst, sample_start=first, sample_count=frame)
        start = max(start, min(first, inside.sample_start))
        stop = min(stop, max(first + frame, inside.sample_start + inside.sample_count))
    return [
        Emission(
            label="lte:downlink",
            sample_start=start,
            sample_count=max(1, stop - start),
            low_offset_hz=min(burst.low_offset_hz, centre - 3 * BLOCK_HZ),
            high_offset_hz=max(burst.high_offset_hz, centre + 3 * BLOCK_HZ),
            snr_db=burst.snr_db,
            confidence=logistic(beacon.evidence - LEAST_NATS + UNCERTAIN_NATS),
            carrier_offset_hz=centre + beacon.offset_hz,
            direction="downlink",
            floor_dbfs_hz=burst.floor_dbfs_hz,
            details={"sector": beacon.sector, "evidence": round(beacon.evidence, 1)},
        )
    ]


def centres_of(burst: Burst, rate_hz: float) -> set[float]:
    """Offsets at which the carrier of a box may lie."""
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    centres = {round(middle / CENTRE_STEP_HZ) * CENTRE_STEP_HZ}
    if burst.low_offset_hz < 0.5e6 and burst.high_offset_hz > -0.5e6:
        return {0.0} if _is_filled(burst, rate_hz) else centres | {0.0}
    return centres


def _is_filled(burst: Burst, rate_hz: float) -> bool:
    """Whether a box fills its recording, so that its edges are the recording's and tell no middle."""
    return burst.high_offset_hz - burst.low_offset_hz > FILLED * rate_hz


def _near(block: Block, sample: int) -> Interleaved:
    """NEAR_S around a sample, the same for all within a quarter of that."""
    step = round(NEAR_S / 4 * block.segment.rate_hz)
    middle = round((sample - block.sample_start) / step) * step
    first = max(0, min(middle - 2 * step, len(block.iq) - 4 * step))
    return block.iq[first : first + 4 * step]


def _window(block: Block, iq: Interleaved) -> Window:
    return Window(iq[::THINNED].tobytes(), len(iq), block.scale, block.segment.rate_hz, iq)


def _heard(window: Window, centre: float) -> Stretch:
    """A window around a carrier, and nothing after its end."""
    block = Block(window.iq, window.scale, 0, Segment(0, window.count, window.rate_hz))
    heard = stretch(Burst(0, window.count, 0.0, 0.0, 0.0, -200.0), block, 0.0, centre, SIZE)
    return heard.holding(heard.y[: math.ceil(window.count / heard.per_sample)])


@lru_cache(maxsize=64)
def _is_slotted(window: Window, centre: float) -> bool:
    """Whether symbols' prefixes come again each slot: a look at less than a frame, for what is no LTE at all."""
    heard = _heard(window, centre)
    return slots_of(heard.y, None, heard.rate_hz).told


@lru_cache(maxsize=16)
def _beacon(window: Window, centre: float, reach_hz: float) -> tuple[Beacon, tuple[tuple[int, int], ...]]:
    """The best synchronisation signal in a frame, and where its carrier is on the air in eighths of a symbol.

    Many boxes of one carrier ask for the same frame.
    """
    heard = _heard(window, centre)
    active = _active(squared(heard.y), heard.rate_hz)
    if sum(b - a for a, b in active) * SYMBOL_S / 8 < LEAST_S:
        return NONE, ()
    slots = slots_of(heard.y, active, heard.rate_hz)
    return search(heard.y, slots, heard.rate_hz, reach_hz), active


def _active(power: NDArray[np.float32], rate: float) -> tuple[tuple[int, int], ...]:
    """Runs, in eighths of a symbol, without a pause longer than PAUSE_S."""
    step = rate * SYMBOL_S / 8
    count = int(len(power) / step)
    edges = np.round(np.arange(count) * step).astype(np.int64)
    level = np.add.reduceat(power[: round(count * step)], edges) / step
    symbols = np.convolve(level, np.ones(8) / 8, "same")
    faint = max(IDLE * float(np.quantile(level, 0.98)), ABOVE_NOISE * float(np.quantile(symbols, 0.05)))
    on = np.flatnonzero((level > QUIET * float(np.quantile(level, 0.98))) | (symbols > faint))
    if not len(on):
        return ()
    pause = PAUSE_S / (SYMBOL_S / 8)
    cuts = np.flatnonzero(np.diff(on) > pause)
    starts, ends = np.concatenate([[on[0]], on[cuts + 1]]), np.concatenate([on[cuts], [on[-1]]]) + 1
    reach = int(pause) + 1
    return tuple(
        (0 if a < reach else int(a), count if b > count - reach else int(b)) for a, b in zip(starts, ends, strict=True)
    )
