"""Compiled inner loops. Each has a plain numpy twin in the tests, and the two must agree.

All arrays are C-contiguous. Compiled code is cached beside this file or in NUMBA_CACHE_DIR, so only the first run pays.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast, put
from cellwarden.detect.dots import dots
from cellwarden.detect.vectors import LANES
from cellwarden.model import Interleaved

TURNS = 512
"""Phasors that the mixer has in its table."""
VECTOR = 32
"""Values that compiled loops take at a time; what is left over costs as much."""


@fast
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


@fast
def _energy(values: NDArray[np.int16] | NDArray[np.float32]) -> np.float32:
    """Sum of squares."""
    total = np.float32(0)
    for i in range(len(values)):
        x = np.float32(values[i])
        total += x * x
    return total


@exact
def middle(values: NDArray[Any]) -> float:
    """Median of some values. numpy's own, or what it sorts with, takes seconds to compile."""
    ordered = values.copy()
    upper = _chosen(ordered, len(values) // 2)
    if len(values) % 2:
        return float(upper)
    lower = ordered[0]
    for value in ordered[: len(values) // 2]:
        lower = max(lower, value)
    return float((lower + upper) / 2)


@exact
def _chosen(values: NDArray[Any], place: int) -> Any:
    """Reorder values so that none before a place is larger than the one in it, and none behind it smaller; that one.

    C. A. R. Hoare, Algorithm 65: Find, Communications of the ACM 4 (1961) 321.
    """
    first, last = 0, len(values) - 1
    while first < last:
        pivot, low, high = values[place], first, last
        while low <= high:
            while values[low] < pivot:
                low += 1
            while pivot < values[high]:
                high -= 1
            if low <= high:
                values[low], values[high] = values[high], values[low]
                low += 1
                high -= 1
        if high < place:
            first = low
        if place < low:
            last = high
    return values[place]


@fast
def _mean_power(iq: Interleaved, first: int, end: int) -> float:
    """Mean of |x|² from one sample to before another; 0 where there are none."""
    first, end = max(0, first), min(len(iq), end)
    total = np.float32(0)
    for i in range(first, end):
        x, y = np.float32(iq[i, 0]), np.float32(iq[i, 1])
        total += x * x + y * y
    return float(total) / (end - first) if end > first else 0.0


@fast
def peaked(
    iq: Interleaved, rows: NDArray[np.int64], size: int, factor: float, most: int, around: int
) -> NDArray[np.int64]:
    """Those of some frames of `size` samples that are silent but for a few peaks, `factor` above their median.

    iq: int16 or float32, shape (frames * size, 2). A frame has a peak where half of the samples are that far below it.
    Of more than `most` samples so loud it is none: so many would be a burst that began or ended in it. So would be
    peaks that follow each other for longer than that, lie all over the frame, or touch an edge of it beyond which it is
    loud. Nor is one silent whose other samples, `around` either way of a peak left out, have twice the power that noise
    of such a median has.
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
        if 2 * low < size:
            continue
        usual = middle(power)
        level = np.float32(factor * usual)
        above = 0
        for i in range(size):
            above += power[i] > level
        if not 0 < above <= most:
            continue
        total = np.float32(0)
        held, run, longest = 0, 0, 0
        since = around + 1  # samples since the last peak
        for i in range(size):
            since = 0 if power[i] > level else since + 1
            ahead = power[i : i + around + 1].max() > level
            if since > around and not ahead:
                total += power[i]
                held += 1
                run = 0
            else:
                run += 1
                longest = max(longest, run)
        twice = np.float32(2 * usual / np.log(2))
        if not held or total > held * twice or longest > most + 2 * around or size - held > 2 * (most + 2 * around):
            continue
        first, end = row * size, (row + 1) * size
        if power[: around + 1].max() > level and _mean_power(iq, first - around - most, first - around) > twice:
            continue
        if power[size - around - 1 :].max() > level and _mean_power(iq, end + around, end + around + most) > twice:
            continue
        made[count] = row
        count += 1
    return made[:count]


@fast
def silenced(iq: Interleaved, rows: NDArray[np.int64], size: int, factor: float, around: int) -> Interleaved:
    """The samples of some frames, `around` either way of what is `factor` above the frame's median set to zero.

    iq: as in `peaked`. Returns as many frames as there are rows: shape (rows * size, 2), same type.
    """
    made = np.empty((len(rows) * size, 2), iq.dtype)
    power = np.empty(size, np.float32)
    for number in range(len(rows)):
        part, to = iq[rows[number] * size : (rows[number] + 1) * size], made[number * size : (number + 1) * size]
        for i in range(size):
            x, y = np.float32(part[i, 0]), np.float32(part[i, 1])
            power[i] = x * x + y * y
            to[i, 0], to[i, 1] = part[i, 0], part[i, 1]
        level = np.float32(factor * middle(power))
        for i in range(size):
            if power[i] > level:
                to[max(0, i - around) : i + around + 1] = 0
    return made


@fast
def lowest(values: NDArray[Any], count: int) -> NDArray[Any]:
    """The `count` smallest values of each column, in order: shape (rows, n) to (count, n).

    Integers of 32 bits take a fifth of the time that float32 does; what is not negative has the same order as both.
    """
    rows, n = values.shape
    made = np.empty((count, n), values.dtype)
    rest = np.empty(n, values.dtype)
    for row in range(rows):
        put(rest, values[row])
        for place in range(min(row, count)):
            held = made[place]
            for i in range(n):
                a, b = held[i], rest[i]
                held[i] = min(a, b)
                rest[i] = max(a, b)
        if row < count:
            put(made[row], rest)
    return made


@exact
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


@fast
def phasors(turn: float, scale: float, count: int = TURNS) -> NDArray[np.float32]:
    """scale · exp(-2πj turn i) for i < count, real and imaginary parts: float32, shape (2, count), made by doubling."""
    made = np.empty((2, count), np.float32)
    cosine, sine = made[0], made[1]
    cosine[0] = scale
    sine[0] = 0
    angle = -2 * np.pi * (turn - np.floor(turn))
    along, across = np.cos(angle), np.sin(angle)
    known = 1
    while known < count:
        re, im = np.float32(along), np.float32(across)
        c, s = cosine[:known], sine[:known]
        to_cosine, to_sine = cosine[known : 2 * known], sine[known : 2 * known]
        for i in range(len(to_cosine)):
            to_cosine[i] = c[i] * re - s[i] * im
            to_sine[i] = c[i] * im + s[i] * re
        along, across = along * along - across * across, 2 * along * across  # twice the angle
        known *= 2
    return made


@exact
def _unit(cycles: float) -> tuple[float, float]:
    """exp(-2πj cycles)."""
    angle = -2 * np.pi * (cycles - np.floor(cycles))
    return np.cos(angle), np.sin(angle)


def padded(taps: NDArray[np.float32]) -> NDArray[np.float32]:
    """A filter of odd length for `decimate`, with zeros at its ends: whole vectors, and the same middle.

    float32, shape (n,) to (m,), m the next multiple of VECTOR.
    """
    length = -(-len(taps) // VECTOR) * VECTOR
    made = np.zeros(length, np.float32)
    first = length // 2 - len(taps) // 2
    made[first : first + len(taps)] = taps
    return made


@fast
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
    length = -(-len(taps) // LANES) * LANES
    whole = np.zeros(length, np.float32)  # with zeros at its ends, so that vectors of taps are full
    put(whole[length // 2 - len(taps) // 2 : length // 2 - len(taps) // 2 + len(taps)], taps)
    low = start - length // 2
    count = (len(out) - 1) * step + length
    # Mixed first, in rows of TURNS so that one table of phasors serves all; then each part of an output is one dot
    # product of neighbours in memory.
    real = np.empty(count, np.float32)
    imaginary = np.empty(count, np.float32)
    for outside in (slice(0, max(0, -low)), slice(max(0, n - low), count)):
        real[outside] = 0
        imaginary[outside] = 0
    wave = phasors(turn, scale)
    cosine, sine = wave[0], wave[1]
    flat = iq.reshape(-1)
    along, across = _unit(turn * (low - start))
    by_along, by_across = _unit(turn * TURNS)
    for row in range(0, count, TURNS):
        re, im = np.float32(along), np.float32(across)
        along, across = along * by_along - across * by_across, along * by_across + across * by_along
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
        dots(real, imaginary, m * step, whole, length, out, m)


@exact
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


@fast
def run_means(values: NDArray[Any], runs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of values[first:end] for each run. values: float, shape (n,); runs: int64, shape (count, 2), none empty."""
    made = np.zeros(len(runs))
    for i in range(len(runs)):
        for value in values[runs[i, 0] : runs[i, 1]]:
            made[i] += value
        made[i] /= runs[i, 1] - runs[i, 0]
    return made
