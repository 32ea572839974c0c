"""Compiled inner loops. Each has a plain numpy twin in the tests, and the two must agree.

All arrays are C-contiguous. Compiled code is cached beside this file or in NUMBA_CACHE_DIR, so only the first run pays.
"""

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
def group_power(frames: NDArray[np.int16] | NDArray[np.float32], group: int) -> NDArray[np.float32]:
    """Mean |x|² of each `group` samples that follow each other, a rest left out.

    frames: int16 or float32, shape (rows, n, 2), where n is a multiple of `group` or the other way round. Returns
    float32.
    """
    rows, n = frames.shape[:2]
    made = np.empty(rows * n // group, np.float32)
    count = 0
    total = np.float32(0)
    held = 0
    for row in range(rows):
        for first in range(0, n, group):
            part = frames[row, first : first + group]
            for i in range(len(part)):
                x = np.float32(part[i, 0])
                y = np.float32(part[i, 1])
                total += x * x + y * y
            held += len(part)
            if held == group:
                made[count] = total / group
                count += 1
                held = 0
                total = np.float32(0)
    return made


@njit(cache=True, fastmath=True, nogil=True)
def band_ratio(
    spectrum: NDArray[np.float32], weight: NDArray[np.float32], per_band: int, out: NDArray[np.float32]
) -> None:
    """Mean power over noise power in bands of `per_band` neighbouring bins.

    spectrum: float32, shape (frames, 2 n) interleaved, in the order of frequency; weight: float32, shape (n,), one over
    the noise power and over `per_band`; out: float32, shape (frames, n // per_band).
    """
    frames, bands = out.shape
    for f in range(frames):
        for b in range(bands):
            total = np.float32(0)
            for k in range(b * per_band, (b + 1) * per_band):
                re = spectrum[f, 2 * k]
                im = spectrum[f, 2 * k + 1]
                total += weight[k] * (re * re + im * im)
            out[f, b] = total


@njit(cache=True, fastmath=True, nogil=True)
def add(a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """out = a + b, element by element. All float32, of one length."""
    for i in range(len(out)):
        out[i] = a[i] + b[i]


@njit(cache=True, fastmath=True, nogil=True)
def exchange(total: NDArray[np.float32], coming: NDArray[np.float32], leaving: NDArray[np.float32]) -> None:
    """total += coming - leaving, element by element. All float32, of one length."""
    for i in range(len(total)):
        total[i] += coming[i] - leaving[i]


@njit(cache=True, fastmath=True, nogil=True)
def mark_boxes(
    ratio: NDArray[np.float32], frames: int, doublings: int, threshold: float, hot: NDArray[np.uint8]
) -> int:
    """Set `hot` where a box of `frames` x 2**doublings cells exceeds `threshold` in the mean; returns how many boxes.

    ratio: float32, shape (rows, bands); hot: uint8, same shape, only ever set. The sum over time runs along; the one
    over frequency doubles its width step by step, so that every pass is a plain vector addition.
    """
    rows, bands = ratio.shape
    width = 1 << doublings
    hits = 0
    if rows < frames or bands < width:
        return hits
    running = np.zeros(bands, np.float32)
    summed = np.empty((2, bands), np.float32)
    limit = np.float32(threshold * frames * width)
    for t in range(rows):
        if t >= frames and t % 64 == 0:  # start afresh now and then, so that rounding errors do not add up
            running[:] = 0
            for u in range(t - frames, t):
                add(running, ratio[u], running)
        if t >= frames:
            exchange(running, ratio[t], ratio[t - frames])
        else:
            add(running, ratio[t], running)
        if t < frames - 1:
            continue
        wide = running
        for d in range(doublings):
            valid = len(wide) - (1 << d)
            wider = summed[d % 2, :valid]
            add(wide[:valid], wide[1 << d :], wider)
            wide = wider
        peak = np.float32(0)
        for value in wide:
            peak = max(peak, value)
        if peak <= limit:
            continue
        for b in range(len(wide)):
            if wide[b] > limit:
                hits += 1
                hot[t - frames + 1 : t + 1, b : b + width] = 1
    return hits


@njit(cache=True, nogil=True)
def quieten(ratio: NDArray[np.float32], hot: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
    """Copy `ratio` to `out` with the cells that are `hot` replaced by 1, the mean of noise. All of one shape."""
    rows, bands = ratio.shape
    for t in range(rows):
        for b in range(bands):
            out[t, b] = np.float32(1) if hot[t, b] else ratio[t, b]


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
