"""Where a faint burst lies on the coarse grid: the boxes of rows and bands that stand out most around a rough one.

what was hot        the likeliest box          Averaged over the time of a loose box a burst's band drowns in noise,
░░▒░░░░░░▒░         ░░┌───────┐░               and its time where all bands are averaged; and of a faint and wide
░░░▒█▒░░░▒░   ─►    ░░│▒█▒░░░▒│░               burst a part alone may be hot. So all boxes are compared at once, first
░░▒░░▒▒░░░░         ░░└───────┘░               on a grid that is as coarse as need be.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact
from cellwarden.detect.evidence import about, evidence
from cellwarden.detect.finds import Find

FAINT = 3.0
"""Power over noise of what is looked for here; what is stronger is as large as what is hot."""
SOME, STRONG = 4, 4.0
"""What is stronger than this in so many rows and bands is not faint, whatever the mean over more of it says."""
AROUND_S, AROUND_HZ = 0.8e-3, 0.8e6
"""By which a burst may be larger than what is hot of it."""
TIMES_WIDER, WIDEST_HZ = 4, 3.4e6
"""Times as wide as what is hot, if that is more, and how much at most: 800 kHz may be but a part of 4.2 MHz."""
MOST = 3
"""Bursts that are looked for around a rough box."""
LEAST_NATS = 10.0
"""Evidence of a box that is worth a closer look."""
MOST_ROWS, MOST_BANDS = 24, 32
"""Of the grid on which all boxes are compared; a larger part is summed until it fits."""


def faint_boxes(find: Find, number: int) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of faint bursts in and around a rough one: first and end row, first and end band of the chunk.

    There are none where something stronger stands out in it; what is stronger beside it is left out.
    """
    chunk, region = find.chunk, find.regions[number]
    if region.ratio > FAINT:
        return
    around_hz = max(AROUND_HZ, min(TIMES_WIDER * (region.end_band - region.first_band) * chunk.grid.band_hz, WIDEST_HZ))
    rows, bands = round(AROUND_S / chunk.grid.frame_s), round(around_hz / chunk.grid.band_hz)
    first, low = max(0, region.first_row - rows), max(0, region.first_band - bands)
    beside = slice(low, region.end_band + bands)
    ratio = chunk.ratio[first : region.end_row + rows, beside] / _level(chunk.ratio[:, beside], chunk.hot[:, beside])
    for other in find.regions:
        if other.ratio > FAINT and other is not region:
            top, left = max(0, other.first_row - 1 - first), max(0, other.first_band - 1 - low)
            ratio[top : max(0, other.end_row + 1 - first), left : max(0, other.end_band + 1 - low)] = 1.0
    if _strongest(ratio) > STRONG:
        return
    freedom = chunk.grid.freedom * chunk.grid.per_band
    for _ in range(MOST):
        row, end_row, band, end_band = likeliest(ratio).tolist()
        part = ratio[row:end_row, band:end_band]
        mean = float(part.mean())
        if mean > FAINT or evidence(mean, freedom * part.size) < LEAST_NATS:
            return
        yield first + row, first + end_row, low + band, low + end_band
        part[:] = 1.0


def _level(ratio: NDArray[np.float32], hot: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is not hot in each band, over the noise: above 1 where the floor is told too low, as on a filter's slope.

    ratio: float32, and hot: uint8, of a chunk, both of shape (rows, bands). Returns shape (bands,).
    """
    cold = np.maximum(np.count_nonzero(hot == 0, axis=0), 1)
    return np.maximum(np.sum(ratio * (hot == 0), axis=0) / cold, 1.0).astype(np.float32)


@exact
def _strongest(ratio: NDArray[np.float32]) -> float:
    """Largest mean over SOME rows and bands."""
    rows, bands = ratio.shape
    most = 0.0
    for row in range(0, max(1, rows - SOME + 1), SOME // 2):
        for band in range(0, max(1, bands - SOME + 1), SOME // 2):
            most = max(most, float(np.mean(ratio[row : row + SOME, band : band + SOME])))
    return most


@exact
def likeliest(ratio: NDArray[np.float32]) -> NDArray[np.int64]:
    """The box with the most evidence against noise: first and end row, first and end band, int64, shape (4,).

    ratio: power over noise, float32, shape (rows, bands), not empty.
    """
    rows, bands = ratio.shape
    total = np.zeros((rows + 1, bands + 1))
    for t in range(rows):
        along = 0.0
        for b in range(bands):
            along += ratio[t, b] - 1.0
            total[t + 1, b + 1] = total[t, b + 1] + along
    high, wide = -(-rows // MOST_ROWS), -(-bands // MOST_BANDS)
    box = np.array([0, rows, 0, bands])
    most = 0.0
    for first in range(0, rows, high):
        for low in range(0, bands, wide):
            for row in range(first + high, rows + high, high):
                end = min(row, rows)
                for band in range(low + wide, bands + wide, wide):
                    told = _weight(total, first, end, low, min(band, bands))
                    if told > most:
                        most = told
                        box[:] = first, end, low, min(band, bands)
    for edge, reach in ((0, high), (1, high), (2, wide), (3, wide), (0, high), (1, high), (2, wide), (3, wide)):
        most = _moved(total, box, edge, reach, most)
    return box


@exact
def _moved(total: NDArray[np.float64], box: NDArray[np.int64], edge: int, reach: int, most: float) -> float:
    """Moves one edge of a box to where, within less than `reach`, that tells more; returns what it then tells."""
    tried = box.copy()
    end = total.shape[edge // 2]
    for at in range(max(0, box[edge] - reach + 1), min(end, box[edge] + reach)):
        tried[edge] = at
        if tried[0] < tried[1] and tried[2] < tried[3]:
            told = _weight(total, tried[0], tried[1], tried[2], tried[3])
            if told > most:
                most = told
                box[edge] = at
    return most


@exact
def _weight(total: NDArray[np.float64], first: int, end: int, low: int, high: int) -> float:
    """What a box tells against noise, 0 where it is no stronger. total: sums of power over noise less 1."""
    count = (end - first) * (high - low)
    excess = (total[end, high] - total[first, high] - total[end, low] + total[first, low]) / count
    return about(excess, count)
