"""The fine pass: from a hot region to boxes with sharp edges, `Burst`.

Edges are where the log-likelihood ratio says so. The power p of a sample (or bin) over the noise, with mean 1 where
only noise is and 1 + γ where the burst is, weighs

        log-likelihood ratio = p γ / (1 + γ) - ln(1 + γ)

and the burst is the stretch with the largest sum. A stretch inside it whose sum falls by SPLIT is a gap, so that frames
that follow each other within microseconds come out one by one, while the fading of an OFDM envelope does not.
"""

import math
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellwarden.detect import coarse, kernels, spectrum, suppress
from cellwarden.detect.evidence import evidence, log_likelihood_ratio
from cellwarden.detect.filters import low_pass
from cellwarden.detect.finds import Find
from cellwarden.detect.likeliest import faint_boxes
from cellwarden.model import Burst

SPLIT = 16.0
GAIN_CAP = 20.0
"""γ taken for strong bursts: a larger one would make every dip of an OFDM envelope a gap."""
CAUTION = 0.6
"""Part of the measured γ that is taken, since a burst fades and an overestimate would cut it at every dip."""
EVIDENCE = 25.0
"""Least evidence against noise, in nats. Noise has some 10⁷ boxes a minute in 10 MHz: e⁻²⁵ leaves 10⁻⁴ of one."""
EDGE = 10**-1.8
"""A burst ends in frequency where its density falls by 18 dB below its strongest band."""
BRIDGE = 0.1
"""A gap in frequency narrower than this part of the band beside it is a fade, not an edge."""
DEEP = 1e3
"""A gap is where the power falls by this factor (30 dB), also where that is not yet noise."""
STEP = 4.0
"""A step of this factor (6 dB) is no envelope's."""
SMALL = 0.5
"""Part of a region's time below which what is loud in it is looked at by itself."""
WIDEST_FADE_HZ = 400e3
SHORTEST_S = 8e-6
NARROWEST_HZ = 12e3
OVERSAMPLING = 1.5


def bursts(find: Find, number: int, rejected: Counter[str]) -> list[Burst]:
    """The bursts in one of the rough boxes, with sharp edges; where they are faint, around it as well."""
    sharp = refine(find.chunk, find.regions[number], rejected)
    faint = [burst for box in faint_boxes(find, number) for burst in _within(find.chunk, *box)]
    if faint:
        sharp = _surest([*sharp, *faint], find.chunk.grid.rate_hz)
    return suppress.join_bands(sharp, find.chunk.grid.rate_hz)


def _within(chunk: coarse.Chunk, first_row: int, end_row: int, first_band: int, end_band: int) -> Iterator[Burst]:
    """The bursts in a box of rows and bands that is about as large as they are.

    In their own bands or, since a few rows of a faint and wide one are ragged, in the box's.
    """
    size = chunk.grid.size
    power = _power(chunk, first_row * size, end_row * size)
    low, high = max(0, (first_row - 2) * size), min(len(chunk.samples.iq), (end_row + 2) * size)
    yield from _in_bands(chunk, power, _bins(chunk, first_band, end_band), low, high, Counter())
    lower, upper = ((n * chunk.grid.per_band - size / 2 - 0.5) * chunk.grid.bin_hz for n in (first_band, end_band))
    yield from _stretches(chunk, low, high, lower, upper, Counter())


def _surest(found: list[Burst], rate_hz: float) -> list[Burst]:
    """Of bursts that lie over each other the one with the most evidence."""

    def told(burst: Burst) -> float:
        width_hz = burst.high_offset_hz - burst.low_offset_hz
        return evidence(1.0 + 10 ** (burst.snr_db / 10), burst.sample_count / rate_hz * width_hz)

    kept: list[Burst] = []
    for burst in sorted(found, key=told, reverse=True):
        if all(suppress.overlap(burst, other) <= suppress.RIVAL for other in kept):
            kept.append(burst)
    return kept


def whole(find: Find, sharp: list[Burst], rejected: Counter[str]) -> list[Burst]:
    """One box for one transmission, of the sharp boxes of a chunk: fades in a spectrum may cut it into many.

    What is joined is measured again in its whole width, where its edges in time are sharpest.
    """
    chunk, rate = find.chunk, find.chunk.grid.rate_hz
    made: list[Burst] = []
    for union, count in suppress.clusters(sharp, rate, partial(_between, chunk)):
        again = _again(chunk, union, rejected) if count > 1 else []
        made += again or [union]
    return suppress.without_parts(made, rate, rejected)


def _between(chunk: coarse.Chunk, a: Burst, b: Burst) -> tuple[float, float]:
    """Power over noise in the gap of frequency between two boxes while both last, and its degrees of freedom."""
    size, first = chunk.grid.size, chunk.samples.sample_start
    start = max(a.sample_start, b.sample_start) - first
    end = min(a.sample_start + a.sample_count, b.sample_start + b.sample_count) - first
    low = _bin(chunk, min(a.high_offset_hz, b.high_offset_hz)) + 1
    high = _bin(chunk, max(a.low_offset_hz, b.low_offset_hz))
    power = _power(chunk, start, max(end, start + size))[:, low:high]
    return (float(np.mean(power)), power.size * chunk.grid.freedom) if power.size else (1.0, 0.0)


def _again(chunk: coarse.Chunk, union: Burst, rejected: Counter[str]) -> list[Burst]:
    """The bursts in the band of a joined box, those that lie in its time."""
    size, first = chunk.grid.size, chunk.samples.sample_start
    start, end = union.sample_start - first, union.sample_start - first + union.sample_count
    low, high = max(0, start - 2 * size), min(len(chunk.samples.iq), end + 2 * size)
    found = _stretches(chunk, low, high, union.low_offset_hz, union.high_offset_hz, rejected)
    return [b for b in found if suppress.overlap(b, union) > suppress.RIVAL]


def refine(chunk: coarse.Chunk, region: coarse.Region, rejected: Counter[str]) -> list[Burst]:
    """The bursts within a hot region."""
    size = chunk.grid.size
    low = max(0, (region.first_row - 1) * size)
    high = min(len(chunk.samples.iq), (region.end_row + 1) * size)
    bins = _bins(chunk, region.first_band, region.end_band)
    power = _power(chunk, low + size, max(low + 2 * size, high - size))
    found = list(_in_bands(chunk, power, bins, low, high, rejected))
    if len(power) == (high - low) // size - 2:  # no row is left out
        for first, end in _loud(power[:, bins], chunk.grid.freedom):
            start, stop = low + (first - 1) * size, min(low + (end + 3) * size, high)
            found += _in_bands(chunk, power[first:end], bins, max(start, low), stop, rejected)
    return found


def _bins(chunk: coarse.Chunk, first_band: int, end_band: int) -> slice:
    """The bins of some bands, and of two bands beside them."""
    per_band = chunk.grid.per_band
    return slice(max(0, (first_band - 2) * per_band), min(chunk.grid.size, (end_band + 2) * per_band))


def _in_bands(
    chunk: coarse.Chunk, power: NDArray[np.float32], bins: slice, low: int, high: int, rejected: Counter[str]
) -> Iterator[Burst]:
    """The bursts between two samples, in each of the bands that some rows of power over noise show as occupied."""
    for band_low, band_high in _bands(chunk, power, bins.start, bins.stop):
        yield from _stretches(chunk, low, high, band_low, band_high, rejected)


def _loud(power: NDArray[np.float32], freedom: float) -> list[tuple[int, int]]:
    """Rows of a region in which its whole band is loud, where those are but a small part of it.

    Averaged over all of the region, a short frame would drown in the noise before and after it.
    """
    gain = log_likelihood_ratio(power.mean(axis=1), 1.0, 1.0) * np.float32(freedom * power.shape[1])
    runs = [(first, end) for first, end in kernels.best_runs(gain, SPLIT, EVIDENCE).tolist()]
    return runs if sum(end - first for first, end in runs) < SMALL * len(power) else []


def _bands(
    chunk: coarse.Chunk, power: NDArray[np.float32], first_bin: int, end_bin: int
) -> Iterator[tuple[float, float]]:
    """Edges of the occupied bands in some rows of power over noise, in hertz of baseband."""
    size, bin_hz = chunk.grid.size, chunk.grid.bin_hz
    part = power[:, first_bin:end_bin].mean(axis=0, dtype=np.float64)
    freedom = max(1.0, len(power) * chunk.grid.freedom)
    smooth = np.convolve(part, np.ones(3) / 3, "same")
    peak = float(np.max(smooth))
    if peak <= 1.0:
        return
    gamma = min(max(_strength(part, freedom), 0.1), GAIN_CAP)
    level = max(1.0, peak * EDGE * (1 + gamma) / gamma / math.log1p(gamma))
    gain = freedom * (part / level * gamma / (1 + gamma) - math.log1p(gamma))
    runs = _bridged(kernels.best_runs(gain.astype(np.float32), SPLIT, 0.0).tolist(), WIDEST_FADE_HZ / bin_hz)
    means = [float(np.mean(part[first:end])) for first, end in runs]
    for number, (first, end) in enumerate(runs):
        if not any(_is_skirt(runs[number], means[number], *other) for other in zip(runs, means, strict=True)):
            yield (first_bin + first - size / 2 - 0.5) * bin_hz, (first_bin + end - size / 2 - 0.5) * bin_hz


def _strength(density: NDArray[np.float64], freedom: float) -> float:
    """SNR of the stretch of bins with the most evidence, of all widths that double from three bins on.

    The strongest few bins would say too much where the power of each is told by few frames: among a thousand
    exponential values the largest is seven times the mean, and what is but as strong as the mean would be no signal.
    """
    total = np.concatenate([[0.0], np.cumsum(density)])
    most, strength, width = -1.0, 0.0, min(3, len(density))
    while width <= len(density):
        ratio = float(np.max(total[width:] - total[:-width])) / width
        told = evidence(ratio, freedom * width)
        if told > most:
            most, strength = told, ratio - 1.0
        width *= 2
    return strength


def _bridged(runs: list[list[int]], most: float) -> list[list[int]]:
    """Join runs of bins across gaps that are narrow beside them, and no wider than `most`: fades of one wide signal."""
    joined: list[list[int]] = []
    for run in runs:
        joined.append(run)
        while len(joined) > 1 and _is_fade(joined[-2], joined[-1], most):  # what has grown may reach further back
            joined[-2:] = [[joined[-2][0], joined[-1][1]]]
    return joined


def _is_fade(left: list[int], right: list[int], most: float) -> bool:
    return right[0] - left[1] <= min(most, BRIDGE * max(right[1] - right[0], left[1] - left[0]))


def _is_skirt(run: list[int], mean: float, other: list[int], other_mean: float) -> bool:
    """Whether a run of bins is but the ragged edge of a stronger and much wider one beside it."""
    width = other[1] - other[0]
    gap = max(run[0] - other[1], other[0] - run[1])
    return mean < 0.25 * other_mean and run[1] - run[0] < 0.25 * width and gap < 0.5 * width


def _power(chunk: coarse.Chunk, low: int, high: int) -> NDArray[np.float32]:
    """Power over noise of frames between two samples, as many as fit but no more than 64: float32, shape (n, size)."""
    size = chunk.grid.size
    rows = max(1, min(64, (high - low) // size))
    starts = np.linspace(low, max(low, high - size), rows).astype(np.int64)
    iq = chunk.samples.iq
    if starts[-1] + size > len(iq):  # the only frame
        iq = np.concatenate([iq[low:], np.zeros((size, 2), iq.dtype)])
        starts = np.zeros(1, np.int64)
    return spectrum.powers(iq, starts, chunk.grid, (1.0 / chunk.noise).astype(np.float32))


def _stretches(
    chunk: coarse.Chunk,
    low: int,
    high: int,
    band_low: float,
    band_high: float,
    rejected: Counter[str],
) -> Iterator[Burst]:
    """The bursts of one band between two samples."""
    rate, block = chunk.grid.rate_hz, chunk.samples
    width = max(band_high - band_low, 2 * chunk.grid.bin_hz)
    centre = (band_low + band_high) / 2
    step = max(1, int(rate / (OVERSAMPLING * width)))
    taps = low_pass(step, max(round(min(1.0, width / rate), 3), 0.001))
    narrow = np.empty((high - low) // step, np.complex64)
    kernels.decimate(block.iq, 1.0, low, centre / rate, taps, step, narrow)
    bins = slice(_bin(chunk, band_low), _bin(chunk, band_high) + 1)
    noise = float(np.mean(chunk.noise[bins]))
    floor = noise * float(np.sum(taps.astype(np.float64) ** 2))
    power = (np.abs(narrow) ** 2 / floor).astype(np.float32)
    per_freedom = max(1.0, rate / step / width)
    core = power[chunk.grid.size // step : -chunk.grid.size // step or None]
    strength = max(float(np.mean(core)) - 1.0 if len(core) else 0.0, 0.2)
    for _ in range(2):
        gamma = min(CAUTION * strength, GAIN_CAP)
        runs = kernels.best_runs(log_likelihood_ratio(power, gamma, per_freedom), SPLIT, 0.0)
        if not len(runs):
            return
        lengths = runs[:, 1] - runs[:, 0]
        strength = max(float(kernels.run_means(power, runs) @ lengths / lengths.sum()) - 1.0, 0.05)
    if strength > DEEP:
        runs = _split_deep(power, runs, strength / DEEP, per_freedom)
    density = 10 * math.log10(noise * block.scale**2 / rate)
    for (a, b), ratio in zip(runs.tolist(), kernels.run_means(power, runs).tolist(), strict=True):
        reason = _refusal(ratio, (b - a) / per_freedom, (b - a) * step / rate, band_high - band_low, chunk.grid.bin_hz)
        if reason:
            rejected[reason] += 1
            continue
        yield Burst(
            block.sample_start + low + a * step,
            (b - a) * step,
            max(band_low, -rate / 2),
            min(band_high, rate / 2),
            10 * math.log10(ratio - 1.0),
            density,
        )


def _split_deep(
    power: NDArray[np.float32], runs: NDArray[np.int64], floor: float, per_freedom: float
) -> NDArray[np.int64]:
    """Cut runs of a strong burst where its power falls to `floor` for a moment and then goes on at another level.

    The filter that the samples come through rings, and fills a gap of less than a microsecond with some of the burst.
    A dip alone may be the envelope of an OFDM signal; a dip and a step are two transmitters. What is before and after
    all of it, below `floor` on average, is a transmitter's leak and no burst.
    """
    pieces: list[tuple[int, int]] = []
    for a, b in runs.tolist():
        gain = log_likelihood_ratio(power[a:b] / np.float32(floor), DEEP, per_freedom)
        parts = (kernels.best_runs(gain, SPLIT, SPLIT) + a).tolist()
        if not parts:
            pieces.append((a, b))
            continue
        start = a if _mean(power, a, parts[0][0]) > floor else parts[0][0]
        stop = b if _mean(power, parts[-1][1], b) > floor else parts[-1][1]
        for (first, end), (following, last) in pairwise(parts):
            level, onward = _mean(power, first, end), _mean(power, following, last)
            if max(level, onward) > STEP * min(level, onward):
                pieces.append((start, end))
                start = following
        pieces.append((start, stop))
    return np.array(pieces)


def _mean(power: NDArray[np.float32], first: int, end: int) -> float:
    return float(np.mean(power[first:end])) if end > first else 0.0


def _refusal(ratio: float, freedom: float, duration_s: float, width_hz: float, bin_hz: float) -> str | None:
    """Why a stretch is no burst, or None. The window spreads what has a width over two bins at least."""
    if evidence(ratio, freedom) < EVIDENCE:
        return "faint"
    if duration_s < SHORTEST_S:
        return "impulse"
    if width_hz < max(NARROWEST_HZ, 1.5 * bin_hz):
        return "line"
    return None


def _bin(chunk: coarse.Chunk, offset_hz: float) -> int:
    size = chunk.grid.size
    return min(max(round(offset_hz / chunk.grid.bin_hz + size / 2), 0), size - 1)
