"""Faint boxes: where a stretch of known beginning and length may hold more than noise.

Whoever knows when phones must send need not ask for the evidence that all places and lengths of a stream would need:
a box is told here that noise makes now and then, and another room, which knows a standard, asks on.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast
from cellwarden.detect.coarse import Chunk
from cellwarden.detect.evidence import evidence
from cellwarden.model import Burst

LEAST_NATS = 11.0
"""Of energy in a box: of noise one stretch in some six hundred, 10 MHz wide, has it somewhere."""
MOST = 3
"""Boxes told of one stretch."""


@fast
def windows(
    ratio: NDArray[np.float32],
    firsts: NDArray[np.int64],
    ends: NDArray[np.int64],
    widths: NDArray[np.int64],
    freedom: float,
    least: float,
    most: int,
    out: NDArray[np.float64],
) -> int:
    """Boxes with the most evidence, at most `most` beside each other of each stretch of rows.

    ratio: power over noise, float32, shape (rows, bands); firsts, ends: int64, rows of each stretch; widths: int64,
    bands; freedom: of one cell. Fills out, shape (n, 5): stretch, first band, end band, mean, evidence; returns how
    many.
    """
    bands = ratio.shape[1]
    power = np.empty(bands)
    line = np.zeros(bands + 1)
    count = 0
    for number in range(len(firsts)):
        first, end = firsts[number], ends[number]
        rows = end - first
        power[:] = 0.0
        for row in range(first, end):
            values = ratio[row]
            for band in range(bands):
                power[band] += values[band]
        for band in range(bands):
            line[band + 1] = line[band] + power[band]
        begun = count
        for _ in range(most):
            best, best_low, best_width, best_mean = least, -1, 0, 0.0
            for width in widths:
                cells = float(rows * width)
                highest = 0.0
                for band in range(bands - width + 1):  # whole vectors: most stretches hold nothing
                    highest = max(highest, line[band + width] - line[band])
                if evidence(highest / cells, freedom * cells) <= best:
                    continue
                highest, low = 0.0, -1
                for band in range(bands - width + 1):
                    value = line[band + width] - line[band]
                    if value > highest:
                        taken = False
                        for k in range(begun, count):
                            if band < out[k, 2] and out[k, 1] < band + width:
                                taken = True
                        if not taken:
                            highest, low = value, band
                mean = highest / cells
                if low >= 0 and mean > 1.0:
                    nats = evidence(mean, freedom * cells)
                    if nats > best:
                        best, best_low, best_width, best_mean = nats, low, width, mean
            if best_low < 0 or count == len(out):
                break
            out[count, 0] = number
            out[count, 1] = best_low
            out[count, 2] = best_low + best_width
            out[count, 3] = best_mean
            out[count, 4] = best
            count += 1
    return count


def faint(chunk: Chunk, starts: NDArray[np.float64], seconds: float, narrowest_hz: float) -> list[Burst]:
    """Boxes of a chunk that begin at `starts` (samples of the recording) and last `seconds`.

    They are `narrowest_hz` wide or twice as wide, and so on; those that touch are told as one first, then each.
    """
    grid, block = chunk.grid, chunk.samples
    rows = len(chunk.ratio)
    firsts = np.round((starts - block.sample_start) / grid.size).astype(np.int64)
    count = max(1, round(seconds / grid.frame_s))
    inside = (firsts >= 0) & (firsts + count <= rows)
    firsts, starts = firsts[inside], starts[inside]
    if not len(firsts):
        return []
    out = np.empty((MOST * len(firsts), 5))
    widths = _widths(narrowest_hz / grid.band_hz, grid.bands)
    found = windows(chunk.ratio, firsts, firsts + count, widths, grid.per_band * grid.freedom, LEAST_NATS, MOST, out)
    return [_burst(chunk, float(starts[int(row[0])]), seconds, row) for row in _with_unions(out[:found])]


def _with_unions(rows: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Boxes, each run of those that touch behind the box that holds all of it. rows: as `windows` fills them."""
    made: list[NDArray[np.float64]] = []
    order = np.lexsort((rows[:, 1], rows[:, 0]))
    run: list[NDArray[np.float64]] = []
    for row in [*rows[order], None]:
        if run and (row is None or row[0] != run[-1][0] or row[1] > run[-1][2] + 1):
            if len(run) > 1:
                widths = [one[2] - one[1] for one in run]
                mean = float(np.average([one[3] for one in run], weights=widths))
                made.append(np.array([run[0][0], run[0][1], run[-1][2], mean, sum(one[4] for one in run)]))
            made += run
            run = []
        if row is not None:
            run.append(row)
    return made


def _widths(narrowest: float, bands: int) -> NDArray[np.int64]:
    """Bands of the boxes: the narrowest, wherever it lies between the bands, and its doubles."""
    doubles: Sequence[int] = [math.ceil(narrowest * 2**n + 0.5) for n in range(12)]
    return np.array([width for width in doubles if width <= bands], np.int64)


def _burst(chunk: Chunk, start: float, seconds: float, row: NDArray[np.float64]) -> Burst:
    grid, block = chunk.grid, chunk.samples
    low, high = int(row[1]) * grid.per_band, int(row[2]) * grid.per_band
    density = float(np.mean(chunk.noise[low:high])) * block.scale**2 / grid.rate_hz
    return Burst(
        round(start),
        round(seconds * grid.rate_hz),
        (low - grid.size / 2 - 0.5) * grid.bin_hz,
        (high - grid.size / 2 - 0.5) * grid.bin_hz,
        10 * math.log10(row[3] - 1.0),
        10 * math.log10(density),
    )
