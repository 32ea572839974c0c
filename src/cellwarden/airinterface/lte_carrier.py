"""A base station's carrier that is never silent, named as a whole from the rough boxes of a chunk.

    ratio   ▂▃▂▃▂▃▂▃▂▃▂▃▂▃▂▃▂▃▂      one box of tens of milliseconds, as wide as the carrier
              P     P     P     P    found once, then looked for where it must come again, every 5 ms

Its noise floor is the carrier itself, so that the fine pass would cut it into many boxes without a meaning. Only
frequency division duplex is told here, by its secondary sequence right before P: no phone sends on its carriers. The
carrier ends where the density falls; what lies beside it, or at another time, is left to be looked into.

Source: 3GPP TS 36.211 §6.11.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_beacon import (
    AGAIN_NATS,
    HALF_S,
    LEAST_NATS,
    SIZE,
    Beacon,
    again,
    candidates,
    second_nats,
    slots_of,
)
from cellwarden.airinterface.lte_downlink import FRAME_S, NARROWEST_HZ, UNCERTAIN_NATS, WIDE_REACH_HZ, centres_of
from cellwarden.airinterface.lte_receiver import Stretch, logistic, stretch
from cellwarden.airinterface.lte_waveform import BLOCK_HZ
from cellwarden.detect.finds import Find
from cellwarden.model import Burst, Emission

WIDEST_HZ = 20e6
LOOKED_S, FIRST_S = 1.6 * FRAME_S, 8e-3
"""In which P is looked for, and in the first part of which slots must show."""
SECOND_NATS = 10.0
MISSED = 2
"""Times that P may be missed one after the other, in a fade, before a carrier is taken for two."""
FALL, LEAST_FALL, EMPTY, SMOOTH_HZ, CORE_HZ = 16.0, 4.0, 2.0, 200e3, 3 * BLOCK_HZ
"""A carrier ends where its density, mean over SMOOTH_HZ, is less by such a factor than within CORE_HZ of its middle: by
the least of them where that is as empty as it gets, but for the factor EMPTY."""
FADED = 0.5
"""Part of a carrier's side beyond a fade that has to be there."""
ROWS = 8
"""One of so many rows tells its density."""


def carrier(box: Burst, find: Find) -> list[Emission]:
    """The pieces of a base station's carrier in a rough box, if it is one that is long and wide."""
    block = find.samples
    rate = block.segment.rate_hz
    if box.high_offset_hz - box.low_offset_hz < NARROWEST_HZ or box.sample_count < FRAME_S * rate:
        return []
    for centre in sorted(centres_of(box, rate)):
        few = stretch(replace(box, sample_count=round(FIRST_S * rate)), block, 0.0, centre, SIZE)
        if not slots_of(few.y, None, few.rate_hz).told:
            continue
        heard = stretch(box, block, 0.0, centre, SIZE)
        beacon = _first(heard)
        if beacon is not None:
            return _pieces(box, find, heard, beacon)
    return []


def _first(heard: Stretch) -> Beacon | None:
    """P at the beginning of a box, if that is of frequency division duplex."""
    y, rate = heard.y[: round(LOOKED_S * heard.rate_hz)], heard.rate_hz
    beacons = candidates(y, slots_of(y, None, rate), rate, WIDE_REACH_HZ)
    likely = (b for b in beacons if b.evidence > LEAST_NATS)
    return next((b for b in likely if second_nats(y, rate, b) > SECOND_NATS), None)


def _pieces(box: Burst, find: Find, heard: Stretch, beacon: Beacon) -> list[Emission]:
    """An emission for each stretch of the box in which P comes again and again."""
    offset_hz = heard.centre_hz + beacon.offset_hz
    low, high = _edges(box, find, offset_hz)
    made = []
    half, end = HALF_S * find.samples.segment.rate_hz, box.sample_start + box.sample_count
    for first, last, nats in _runs(heard, beacon):
        start, stop = heard.sample(first) - half, heard.sample(last) + half
        start = box.sample_start if start - MISSED * half < box.sample_start else round(start)
        stop = end if stop + MISSED * half > end else round(stop)
        made.append(
            Emission(
                label="lte:downlink",
                sample_start=start,
                sample_count=max(1, stop - start),
                low_offset_hz=low,
                high_offset_hz=high,
                snr_db=box.snr_db,
                confidence=logistic(nats - LEAST_NATS + UNCERTAIN_NATS),
                carrier_offset_hz=offset_hz,
                direction="downlink",
                floor_dbfs_hz=box.floor_dbfs_hz,
                details={"sector": beacon.sector, "evidence": round(nats, 1)},
            )
        )
    return made


def _runs(heard: Stretch, beacon: Beacon) -> list[tuple[int, int, float]]:
    """First and last sample at which P came, with none but MISSED of it missed between, and its most nats."""
    y, rate = heard.y, heard.rate_hz
    half, room = HALF_S * rate, SIZE
    numbers = np.arange(math.ceil((room - beacon.at) / half), math.floor((len(y) - 2 * room - beacon.at) / half) + 1)
    nats, at = again(y, rate, beacon, numbers)
    came = np.flatnonzero(nats > AGAIN_NATS)
    if not len(came):
        return []
    cuts = np.flatnonzero(np.diff(came) > MISSED + 1) + 1
    return [
        (int(at[run[0]]), int(at[run[-1]]), float(np.max(nats[run]))) for run in np.split(came, cuts) if len(run) > 1
    ]


def _edges(box: Burst, find: Find, middle_hz: float) -> tuple[float, float]:
    """Where the density around a carrier's middle falls, within the box and the widest carrier, in hertz."""
    grid, first = find.chunk.grid, (box.sample_start - find.samples.sample_start) // find.chunk.grid.size
    rows = find.chunk.ratio[first : first + box.sample_count // grid.size : ROWS]
    noise = find.chunk.noise[: grid.bands * grid.per_band].reshape(grid.bands, grid.per_band).mean(axis=1)
    density = rows.mean(axis=0, dtype=np.float64) * noise
    half = round(SMOOTH_HZ / grid.band_hz / 2)
    smooth = np.convolve(np.pad(density, half, "edge"), np.ones(2 * half + 1) / (2 * half + 1), "valid")
    edge = (grid.size / 2 + 0.5) * grid.bin_hz
    middle = min(max(int((middle_hz + edge) / grid.band_hz), 0), grid.bands - 1)
    core = round(CORE_HZ / grid.band_hz)
    level, empty = float(np.median(density[max(0, middle - core) : middle + core + 1])), float(np.min(smooth))
    least = min(max(level / FALL, EMPTY * empty), level / LEAST_FALL)
    reach = int(WIDEST_HZ / 2 / grid.band_hz)
    below, above = _filled(smooth[middle::-1][:reach], smooth[middle:][:reach], least, core)
    low, high = (middle - below) * grid.band_hz - edge, (middle + 1 + above) * grid.band_hz - edge
    return max(low, box.low_offset_hz), min(high, box.high_offset_hz)


def _filled(below: NDArray[np.float64], above: NDArray[np.float64], least: float, core: int) -> tuple[int, int]:
    """Bands from a carrier's middle on to the last one before it ends, on its either side, beyond its core.

    below, above: density from the middle on. It is as wide on both sides: where one ends before the other, and most of
    what the other has more is there too, an echo has put it out in between.
    """
    ends = [core + int(np.append(np.flatnonzero(side[core:] < least), len(side) - core)[0]) for side in (below, above)]
    most = max(ends)
    more = [side[end:most] >= least for side, end in zip((below, above), ends, strict=True)]
    whole = [
        end + len(part) if len(part) and np.mean(part) > FADED else end for end, part in zip(ends, more, strict=True)
    ]
    return whole[0] - 1, whole[1] - 1
