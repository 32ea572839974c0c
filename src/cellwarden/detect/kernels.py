"""Compiled inner loops. Each has a plain numpy twin in the tests, and the two must agree.

All arrays are C-contiguous. Compiled code is cached beside this file or in NUMBA_CACHE_DIR, so only the first run pays.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.model import Interleaved

TURNS = 512
"""Phasors that the mixer has in its table."""
VECTOR = 32
"""Values that compiled loops take at a time; what is left over costs as much."""


@njit(cache=True, fastmath=True, nogil=True)
def window_frames(iq: Interleaved, window: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Cut `iq` into frames and multiply each by `window`, unpacking integers on the way.

    iq: int16 or float32, shape (frames * n, 2); window: float32, shape (n,); out: float32, shape (frames, 2 n),
    interleaved real and imaginary parts.
    """
    frames, width = out.shape
    n = width // 2
    flat = iq.reshape(-1)
    for f in range(frames):
        part, made = flat[f * width : (f + 1) * width], out[f]
        for i in range(n):
            made[2 * i] = part[2 * i] * window[i]
            made[2 * i + 1] = part[2 * i + 1] * window[i]


@njit(cache=True, fastmath=True, nogil=True)
def power_rows(spectrum: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Squared magnitudes. spectrum: float32, shape (frames, 2 n) interleaved; out: float32, shape (frames, n)."""
    frames, n = out.shape
    for f in range(frames):
        for i in range(n):
            re = spectrum[f, 2 * i]
            im = spectrum[f, 2 * i + 1]
            out[f, i] = re * re + im * im


@njit(cache=True, fastmath=True, nogil=True)
def group_power(iq: Interleaved, size: int, step: int, group: int) -> NDArray[np.float32]:
    """Mean |x|² of each `group` samples that follow each other in each `step`-th frame of `size`, a rest left out.

    iq: int16 or float32, shape (frames * size, 2), `size` a multiple of `group` or the other way round. Returns
    float32.
    """
    flat = iq.reshape(-1)
    rows = (len(iq) // size + step - 1) // step
    made = np.empty(rows * size // group, np.float32)
    taken = min(size, group)
    count = 0
    total = np.float32(0)
    held = 0
    for row in range(rows):
        for first in range(row * step * size, row * step * size + size, taken):
            total += _energy(flat[2 * first : 2 * (first + taken)])
            held += taken
            if held == group:
                made[count] = total / group
                count += 1
                held = 0
                total = np.float32(0)
    return made


@njit(cache=True, fastmath=True, nogil=True)
def _energy(values: NDArray[np.int16] | NDArray[np.float32]) -> np.float32:
    """Sum of squares."""
    total = np.float32(0)
    for value in values:
        x = np.float32(value)
        total += x * x
    return total


@njit(cache=True, fastmath=True, nogil=True)
def peaked(iq: Interleaved, rows: NDArray[np.int64], size: int, factor: float) -> NDArray[np.int64]:
    """Those of some frames of `size` samples whose strongest sample is `factor` above their median one or more.

    iq: int16 or float32, shape (frames * size, 2). It is, where half of the samples are that far below it.
    """
    flat = iq.reshape(-1)
    power = np.empty(size, np.float32)
    made = np.empty(len(rows), np.int64)
    count = 0
    for row in rows:
        part = flat[2 * row * size : 2 * (row + 1) * size]
        peak = np.float32(0)
        for i in range(size):
            x, y = np.float32(part[2 * i]), np.float32(part[2 * i + 1])
            power[i] = x * x + y * y
            peak = max(peak, power[i])
        low, level = 0, np.float32(peak / factor)
        for i in range(size):
            low += power[i] <= level
        if 2 * low >= size:
            made[count] = row
            count += 1
    return made[:count]


@njit(cache=True, fastmath=True, nogil=True)
def band_ratio(
    spectrum: NDArray[np.float32], weight: NDArray[np.float32], per_band: int, out: NDArray[np.float32]
) -> None:
    """Mean power over noise power in bands of `per_band` neighbouring bins.

    spectrum: float32, shape (frames, 2 n) interleaved, in the order of frequency; weight: float32, shape (n,), one over
    the noise power and over `per_band`; out: float32, shape (frames, n // per_band).
    """
    frames, bands = out.shape
    n = len(weight)
    power = np.empty(n, np.float32)
    for f in range(frames):
        part, made = spectrum[f], out[f]
        for k in range(n):
            power[k] = weight[k] * (part[2 * k] * part[2 * k] + part[2 * k + 1] * part[2 * k + 1])
        if per_band == 3:
            for b in range(bands):
                made[b] = power[3 * b] + power[3 * b + 1] + power[3 * b + 2]
        else:
            for b in range(bands):
                total = np.float32(0)
                for k in range(b * per_band, (b + 1) * per_band):
                    total += power[k]
                made[b] = total


@njit(cache=True, nogil=True)
def cumulate(
    ratio: NDArray[np.float32], hot: NDArray[np.uint8], first: int, most: float, units: float, total: NDArray[np.int32]
) -> None:
    """Sums over all cells before a row and a band, from row `first` on (those above stand already), in fixed point.

    ratio: float32, shape (rows, bands), taken for `most` where it is more, and for 1, the mean of noise, where a cell
    is `hot`: uint8, same shape. total: int32, shape (rows + 1, bands + 1), in 1/units. Integers wrap around, and so the
    sum over a box, which is a difference of four of them, is exact however long the sums have run.
    """
    rows, bands = ratio.shape
    values = np.empty(bands, np.int32)
    high, unit, one, half = np.float32(most), np.float32(units), np.int32(units), np.float32(0.5)
    total[first, 0] = 0
    if first == 0:
        total[0] = 0
    for t in range(first, rows):
        row, known = ratio[t], hot[t]
        for b in range(bands):
            value = np.int32(min(row[b], high) * unit + half)
            values[b] = one if known[b] else value
        above, here = total[t, 1:], total[t + 1, 1:]
        total[t + 1, 0] = 0
        along = np.int32(0)
        for b in range(bands):
            along = np.int32(along + values[b])
            here[b] = above[b] + along


@njit(cache=True, nogil=True)
def first_size(total: NDArray[np.int32], sizes: NDArray[np.int64]) -> int:
    """Number of the first of some sizes of boxes of which one exceeds its limit anywhere; how many there are if none.

    total: int32, shape (rows + 1, bands + 1), of `cumulate`; sizes: int64, shape (n, 3), rows, bands and limit of each.
    All sizes are asked about a row while it is at hand.
    """
    number = len(sizes)
    for t in range(1, len(total)):
        for i in range(number):
            frames, width, limit = sizes[i]
            if t >= frames and _largest(total[t - frames], total[t], width) > limit:
                number = i
                break
    return number


@njit(cache=True, nogil=True)
def mark_boxes(total: NDArray[np.int32], frames: int, width: int, limit: int, hot: NDArray[np.uint8]) -> int:
    """Set `hot` where the sum over a box of frames x width cells exceeds `limit`; returns the first row that was set.

    total: int32, shape (rows + 1, bands + 1), of `cumulate`; hot: uint8, shape (rows, bands), only ever set. Where
    nothing was, `rows` is returned. Rows are gone through from the last: a box that ends at one marks those before.
    """
    rows, bands = hot.shape
    places = bands - width + 1
    if rows < frames or places < 1:
        return rows
    left = np.zeros(bands, np.int64)  # rows still to be marked, in each band
    first = rows
    for t in range(rows - 1, -1, -1):
        if t >= frames - 1 and _largest(total[t + 1 - frames], total[t + 1], width) > limit:
            before, after, known = total[t + 1 - frames], total[t + 1], 0
            for b in range(places):
                if np.int32(after[b + width] - after[b] - before[b + width] + before[b]) > limit:
                    left[max(b, known) : b + width] = frames
                    known = b + width
            first = t + 1 - frames
        if t >= first:
            row = hot[t]
            for b in range(bands):
                if left[b] > 0:
                    row[b] = 1
                    left[b] -= 1
    return first


@njit(cache=True, nogil=True)
def _largest(before: NDArray[np.int32], after: NDArray[np.int32], width: int) -> int:
    """Largest sum over boxes of `width` bands between two rows of `cumulate`, each int32, shape (bands + 1,)."""
    places = len(after) - width
    low, high, low_before, high_before = after[:places], after[width:], before[:places], before[width:]
    most = np.int32(0)
    for b in range(places):
        most = max(most, np.int32(high[b] - low[b] - high_before[b] + low_before[b]))
    return int(most)


@njit(cache=True, fastmath=True, nogil=True)
def lowest(values: NDArray[Any], count: int) -> NDArray[Any]:
    """The `count` smallest values of each column, in order: shape (rows, n) to (count, n).

    Integers of 32 bits take a fifth of the time that float32 does; what is not negative has the same order as both.
    """
    rows, n = values.shape
    made = np.empty((count, n), values.dtype)
    rest = np.empty(n, values.dtype)
    for row in range(rows):
        rest[:] = values[row]
        for place in range(min(row, count)):
            held = made[place]
            for i in range(n):
                a, b = held[i], rest[i]
                held[i] = min(a, b)
                rest[i] = max(a, b)
        if row < count:
            made[row] = rest
    return made


@njit(cache=True, nogil=True)
def loud_rows(ratio: NDArray[np.float32], level: float, step: int) -> NDArray[np.int64]:
    """Rows of which more than half of each `step`-th band is above `level`. ratio: float32, shape (rows, bands)."""
    rows, bands = ratio.shape
    made = np.empty(rows, np.int64)
    count = 0
    for t in range(rows):
        above = 0
        for b in range(0, bands, step):
            above += ratio[t, b] > level
        if 2 * above > (bands + step - 1) // step:
            made[count] = t
            count += 1
    return made[:count]


@njit(cache=True, fastmath=True, nogil=True)
def box_mean(values: NDArray[np.float32], first: int, end: int, low: int, high: int) -> float:
    """Mean of values[first:end, low:high]; values: float32, shape (rows, bands)."""
    total = 0.0
    for row in values[first:end]:
        for value in row[low:high]:
            total += value
    return total / ((end - first) * (high - low))


@njit(cache=True, nogil=True)
def uncover(hot: NDArray[np.uint8], regions: NDArray[np.int64], boxes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Clear cells of `hot` that boxes cover; returns the part of each region's hot cells that is left.

    hot: uint8, shape (rows, bands); regions: int64, shape (n, 4), first and end row, first and end band, in the grid;
    boxes: int64, shape (m, 5), the number of the region that a box lies in, then the same four, as far as that reaches.
    """
    before = np.zeros(len(regions))
    share = np.zeros(len(regions))
    for stage in range(2):
        counted = before if stage == 0 else share
        for i in range(len(regions)):
            first, end, low, high = regions[i]
            for row in range(first, end):
                for cell in hot[row, low:high]:
                    counted[i] += cell
        if stage == 0:
            for number, first, end, low, high in boxes:
                bounds = regions[number]
                for row in range(max(first, bounds[0]), min(end, bounds[1])):
                    hot[row, max(low, bounds[2]) : min(high, bounds[3])] = 0
    return share / np.maximum(before, 1)


@njit(cache=True, nogil=True)
def components(hot: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Bounding boxes of the 8-connected regions of `hot`.

    hot: uint8, shape (rows, bands). Returns int64, shape (count, 4): first row, end row, first band, end band, in the
    order of the first cell met.
    """
    rows, bands = hot.shape
    parent = np.empty(1024, np.int64)
    box = np.empty((1024, 4), np.int64)
    count = 0
    above = np.full(bands + 2, -1, np.int64)  # label of each cell of the row above, with a margin
    here = np.full(bands + 2, -1, np.int64)
    for t in range(rows):
        for b in range(bands):
            if not hot[t, b]:
                here[b + 1] = -1
                continue
            label = np.int64(-1)
            for neighbour in (here[b], above[b], above[b + 1], above[b + 2]):
                if neighbour < 0:
                    continue
                root = neighbour
                while parent[root] != root:
                    root = parent[root]
                if label < 0 or root == label:
                    label = root
                else:  # two regions meet: the younger joins the older
                    old, young = min(label, root), max(label, root)
                    parent[young] = old
                    box[old, 0] = min(box[old, 0], box[young, 0])
                    box[old, 1] = max(box[old, 1], box[young, 1])
                    box[old, 2] = min(box[old, 2], box[young, 2])
                    box[old, 3] = max(box[old, 3], box[young, 3])
                    label = old
            if label < 0:
                if count == len(parent):
                    parent = np.concatenate((parent, np.empty(count, np.int64)))
                    box = np.concatenate((box, np.empty((count, 4), np.int64)))
                label = np.int64(count)
                parent[count] = count
                box[count] = np.array([t, t + 1, b, b + 1])
                count += 1
            else:
                box[label, 1] = t + 1
                box[label, 2] = min(box[label, 2], b)
                box[label, 3] = max(box[label, 3], b + 1)
            here[b + 1] = label
        above, here = here, above
    keep = 0
    for i in range(count):
        if parent[i] == i:
            box[keep] = box[i]
            keep += 1
    return box[:keep].copy()


@njit(cache=True, nogil=True)
def joined(boxes: NDArray[np.int64], near: int) -> NDArray[np.int64]:
    """Join boxes that follow each other within `near` rows in common bands.

    boxes: int64, shape (n, 4), first and end row, first and end band, in the order of these; so are those returned.
    """
    count = 0
    for box in boxes:
        other = count
        for i in range(count - 1, max(count - 65, -1), -1):
            one = boxes[i]
            if box[0] - one[1] <= near and box[2] < one[3] and one[2] < box[3]:
                other = i
                break
        if other == count:
            boxes[count] = box
            count += 1
        else:
            boxes[other, 1] = max(boxes[other, 1], box[1])
            boxes[other, 2] = min(boxes[other, 2], box[2])
            boxes[other, 3] = max(boxes[other, 3], box[3])
    return boxes[:count]


@njit(cache=True, fastmath=True, nogil=True)
def phasors(turn: float, scale: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """scale · exp(-2πj turn i) for i < TURNS, real and imaginary parts: float32, shape (TURNS,), made by doubling."""
    cosine = np.empty(TURNS, np.float32)
    sine = np.empty(TURNS, np.float32)
    cosine[0] = scale
    sine[0] = 0
    known = 1
    while known < TURNS:
        angle = -2 * np.pi * (turn * known - np.floor(turn * known))
        re = np.float32(np.cos(angle))
        im = np.float32(np.sin(angle))
        c, s = cosine[:known], sine[:known]
        to_cosine, to_sine = cosine[known : 2 * known], sine[known : 2 * known]
        for i in range(known):
            to_cosine[i] = c[i] * re - s[i] * im
            to_sine[i] = c[i] * im + s[i] * re
        known *= 2
    return cosine, sine


def padded(taps: NDArray[np.float32]) -> NDArray[np.float32]:
    """A filter of odd length for `decimate`, with zeros at its ends: whole vectors, and the same middle.

    float32, shape (n,) to (m,), m the next multiple of VECTOR.
    """
    length = -(-len(taps) // VECTOR) * VECTOR
    made = np.zeros(length, np.float32)
    first = length // 2 - len(taps) // 2
    made[first : first + len(taps)] = taps
    return made


@njit(cache=True, fastmath=True, nogil=True)
def decimate(
    iq: Interleaved,
    scale: float,
    start: int,
    turn: float,
    taps: NDArray[np.float32],
    step: int,
    out: NDArray[np.complex64],
) -> None:
    """Mix down, filter and keep every `step`-th sample.

    out[m] = sum_k taps[k] x[c + k] exp(-2 pi j turn (c + k - start)), c = start + m step - len(taps) // 2; samples
    outside `iq` are zero. iq: int16 or float32, shape (n, 2); turn: frequency in cycles a sample; taps: float32.
    """
    n = len(iq)
    length = len(taps)
    low = start - length // 2
    count = (len(out) - 1) * step + length
    # Mixed first, in rows of TURNS so that one table of phasors serves all; then each part of an output is one dot
    # product of neighbours in memory.
    real = np.empty(count, np.float32)
    imaginary = np.empty(count, np.float32)
    for outside in (slice(0, max(0, -low)), slice(max(0, n - low), count)):
        real[outside] = 0
        imaginary[outside] = 0
    cosine, sine = phasors(turn, scale)
    flat = iq.reshape(-1)
    for row in range(0, count, TURNS):
        cycles = turn * (low + row - start)
        angle = -2 * np.pi * (cycles - np.floor(cycles))
        re = np.float32(np.cos(angle))
        im = np.float32(np.sin(angle))
        first = max(row, -low)
        end = min(row + TURNS, count, n - low)
        if end <= first:
            continue
        # Slices tell the compiler that no index is negative; it makes vectors of such loops only, and of flat ones.
        part = flat[2 * (low + first) : 2 * (low + end)]
        to_real, to_imaginary = real[first:end], imaginary[first:end]
        cosines, sines = cosine[first - row : end - row], sine[first - row : end - row]
        for i in range(len(to_real)):
            c = cosines[i] * re - sines[i] * im
            s = cosines[i] * im + sines[i] * re
            x = np.float32(part[2 * i])
            y = np.float32(part[2 * i + 1])
            to_real[i] = x * c - y * s
            to_imaginary[i] = x * s + y * c
    for m in range(len(out)):
        to_real = real[m * step : m * step + length]
        to_imaginary = imaginary[m * step : m * step + length]
        re = np.float32(0)
        im = np.float32(0)
        for k in range(length):
            re += taps[k] * to_real[k]
            im += taps[k] * to_imaginary[k]
        out[m] = complex(re, im)


@njit(cache=True, nogil=True)
def best_runs(gain: NDArray[np.float32], split: float, least: float) -> NDArray[np.int64]:
    """Stretches of `gain` with the largest sums, cut where the sum falls by more than `split`.

    gain: float32, shape (n,), the log-likelihood ratio of each sample for signal against noise. A stretch begins where
    the running sum leaves its minimum and ends at its maximum; it is given up once the sum has fallen `split` below
    that maximum. Only stretches worth more than `least` are returned: int64, shape (count, 2), first and end index.
    """
    n = len(gain)
    found = np.empty((n // 2 + 1, 2), np.int64)
    count = 0
    total = 0.0
    start = 0
    best = 0.0
    end = 0
    for i in range(n):
        total += gain[i]
        if total <= 0.0 or total < best - split:
            if best > least:
                found[count, 0] = start
                found[count, 1] = end
                count += 1
            total = 0.0
            best = 0.0
            start = i + 1
            end = i + 1
        elif total > best:
            best = total
            end = i + 1
    if best > least:
        found[count, 0] = start
        found[count, 1] = end
        count += 1
    return found[:count].copy()
