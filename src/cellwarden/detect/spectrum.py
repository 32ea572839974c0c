"""The transform, and the noise floor under it.

A coarse pass cuts the stream into frames without overlap: some 20 kHz a bin and 50 µs a frame, which suits a GSM burst
(577 µs, 200 kHz) and leaves wider and shorter signals to sums over several bins. The window is half a sine. It keeps a
strong burst out of its neighbours' bins well enough (52 dB down at ten of them, a channel of GSM), and keeps two thirds
of the noise's degrees of freedom; Hann's window keeps half, and so a faint burst is lost by chance more often.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.compiled import exact
from cellwarden.detect import kernels, transform
from cellwarden.model import Interleaved

BIN_HZ = 20_000.0
BAND_HZ = 50_000.0
FLOOR_QUANTILE = 0.2
FLOOR_ROWS = 128
"""Frames of a chunk that the floor is estimated from."""
LATER_ROWS = 64
"""The same once many chunks are remembered, so that each needs to say less."""
CARRIER_RISE = 4.0
"""A continuous signal stands at least this factor above the floor beside it, and is at least CARRIER_HZ wide."""
CARRIER_HZ = 80_000.0
CARRIER_BINS = 7
"""… and wider than what the window makes of a single line."""
NEIGHBOURHOOD_HZ = 2_000_000.0
QUIET_SHARE = 0.02
SLOPE = 0.2
"""Part by which average and median over neighbouring bins differ where the floor is no plain; 0.04 is chance."""
PASSED = 0.25
"""Part of the middle's power that a receiver's filter lets through at the edges of its passband, 6 dB less."""
LOPSIDED = 0.06
"""Part of the band by which the passband's edges may differ in their distance from the middle."""
NEARLY, NOTHING = 4.0, 1e-5
"""Times the noise of rounding, or part of the strongest noise, that is nothing."""
LEVEL, UNEVEN = 0.3, 2.5
"""What three in ten bins of a passband do not exceed is its noise; most of it lies within 4 dB of that, as no carrier's
hump does."""
CAUTIOUS = 2.5
"""Standard deviations that are added to what one bin alone says of its floor."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Geometry of the coarse pass."""

    size: int
    """Samples a frame, bins a spectrum."""
    per_band: int
    bands: int
    rate_hz: float
    window: NDArray[np.float32]
    freedom: float
    """Degrees of freedom that one bin of one frame is worth: (Σw²)² / (n Σw⁴)."""

    @property
    def bin_hz(self) -> float:
        return self.rate_hz / self.size

    @property
    def band_hz(self) -> float:
        return self.bin_hz * self.per_band

    @property
    def frame_s(self) -> float:
        return self.size / self.rate_hz


@lru_cache
def grid(rate_hz: float) -> Grid:
    """The coarse pass for a sample rate."""
    size = max(16, 1 << round(np.log2(max(rate_hz / BIN_HZ, 1.0))))
    per_band = max(1, round(BAND_HZ / (rate_hz / size)))
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size)
    window /= np.sqrt(np.sum(window**2))
    freedom = 1.0 / (size * float(np.sum(window**4)))
    # Alternating signs put frequency zero in the middle of the spectrum, for nothing.
    window[1::2] *= -1
    return Grid(size, per_band, size // per_band, rate_hz, window.astype(np.float32), freedom)


def powers(iq: Interleaved, starts: NDArray[np.int64], grid: Grid, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighted power of each bin of the frames that begin at some samples, in the order of frequency.

    iq: int16 or float32, shape (m, 2); weight: float32, shape (size,). Returns float32, shape (frames, size).
    """
    out = np.empty((len(starts), grid.size), np.float32)
    if grid.size < transform.SMALLEST:
        for row, start in zip(out, starts.tolist(), strict=True):
            frame = iq[start : start + grid.size].astype(np.float32) * grid.window[:, None]
            row[:] = weight * np.abs(np.fft.fft(frame[:, 0] + 1j * frame[:, 1])) ** 2
    else:
        transform.powers(iq, starts, grid.window, weight, transform.plan(grid.size), out)
    return out


def band_powers(iq: Interleaved, grid: Grid, weight: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """The same of frames that follow each other, summed over bands. out: float32, shape (frames, bands)."""
    if grid.size < transform.SMALLEST:
        power = powers(iq, np.arange(len(out)) * grid.size, grid, weight)
        out[:] = power[:, : grid.bands * grid.per_band].reshape(len(out), grid.bands, -1).sum(axis=2)
    else:
        transform.band_powers(iq, grid.window, weight, transform.plan(grid.size), grid.per_band, out)


def chunk_quantile(power: NDArray[np.float32]) -> NDArray[np.float64]:
    """Lower quantile of each bin's power over time, corrected so that noise alone gives its mean as the median.

    power: float32, shape (rows, n). The power of noise in a bin is exponential, so its quantile p lies at
    -ln(1 - p) times the mean; the k-th of m order statistics of a uniform distribution has its median near
    (k - 1/3) / (m + 1/3), which is used here since the median over many chunks is what the floor is made of.
    """
    rows = len(power)
    k = max(1, round(FLOOR_QUANTILE * rows))
    expected = -math.log1p(-(k - 1 / 3) / (rows + 1 / 3))
    lowest = kernels.lowest(power.view(np.int32), k).view(np.float32)
    return lowest[k - 1].astype(np.float64) / expected


def median(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Median of each column. rows: float32, not negative, shape (rows, n)."""
    half = kernels.lowest(rows.view(np.int32), len(rows) // 2 + 1).view(np.float32).astype(np.float64)
    return half[-1] if len(rows) % 2 else (half[-2] + half[-1]) / 2


def passband(quantile: NDArray[np.float64], rounding: float) -> slice:
    """Bins within the receiver's own filter; all of them where no filter shows.

    quantile: see `chunk_quantile`, float64, shape (n,); rounding: noise that whole numbers make by themselves. A filter
    is as wide to either side, and leaves nothing beyond but rounding. What comes through it nevertheless is worth a
    look where it is stronger than the noise within, and there alone: all else are the filter's own images and skirts.
    """
    n = len(quantile)
    if np.min(quantile) >= max(NEARLY * rounding, NOTHING * float(np.max(quantile))):
        return slice(0, n)  # no bin is empty, and so no stretch of them
    least = max(2, n // 64)
    calm = scipy.ndimage.median_filter(quantile, 2 * (n // 64) + 1, mode="nearest")
    nothing = max(NEARLY * rounding, NOTHING * float(np.max(calm)))
    lit = calm[calm > 10 * nothing]
    if not len(lit):
        return slice(0, n)
    passed = np.flatnonzero(calm > max(PASSED * float(np.median(lit)), nothing))
    first, end = int(passed[0]), int(passed[-1]) + 1
    if min(first, n - end) < least or abs(first - (n - end)) > LOPSIDED * n:
        return slice(0, n)
    within = calm[first:end]
    level = float(np.quantile(within, LEVEL))
    plain = np.mean((within > level / UNEVEN) & (within < level * UNEVEN)) > 0.5
    stopped = max(float(np.min(calm[:first])), float(np.min(calm[end:]))) < nothing
    return slice(first, end) if plain and stopped else slice(0, n)


def floor(quantile: NDArray[np.float64], rows: int, bin_hz: float) -> NDArray[np.float64]:
    """Noise power of each bin from its quantile over `rows` frames: float64, shape (n,), never zero.

    Narrow lines that never stop (spurs, the DC offset) belong to the floor. A wide signal that never stops does not: it
    is a plateau above its neighbourhood, and the floor below it is taken from there.
    """
    n = len(quantile)
    smooth_bins = min(n // 4 * 2 + 1, 2 * max(2, round(2500 / rows / 2)) + 1)
    smooth, noise = _smooth(quantile, smooth_bins, _own_error(rows))
    if np.max(smooth) > CARRIER_RISE * np.min(smooth):  # else nothing stands out
        noise = _without_carriers(noise, smooth, quantile, bin_hz, smooth_bins)
    # Beyond the receiver's own filter nothing is left but rounding; there, no floor is below a tiny part of the median.
    return np.maximum(noise, 1e-6 * np.partition(noise, n // 2)[n // 2] + 1e-30)


def _without_carriers(
    noise: NDArray[np.float64],
    smooth: NDArray[np.float64],
    quantile: NDArray[np.float64],
    bin_hz: float,
    smooth_bins: int,
) -> NDArray[np.float64]:
    """Noise of each bin with wide signals that never stop taken out of it. All float64, shape (n,)."""
    n = len(noise)
    plateau = scipy.ndimage.grey_opening(smooth, max(CARRIER_BINS, round(CARRIER_HZ / bin_hz)))
    reach = min(n // 2, max(round(NEIGHBOURHOOD_HZ / bin_hz), n // 3))
    base = np.maximum(_beside(plateau, reach), _beside(plateau[::-1], reach)[::-1])
    high = (plateau > CARRIER_RISE * base) & (np.abs(np.arange(n) - n / 2) < 0.48 * n)
    carrier = _without_lines(_whole(high, plateau, smooth_bins), quantile)
    return np.where(carrier, np.minimum(noise, base), noise)


def _whole(high: NDArray[np.bool_], plateau: NDArray[np.float64], slack: int) -> NDArray[np.bool_]:
    """Leave out the stretches beside which the floor stays as high: parts of a passband that is not much wider.

    Within `slack` bins of both its ends a carrier has fallen by half.
    """
    kept = high.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], high, [False]]).astype(np.int8)))
    for first, end in edges.reshape(-1, 2).tolist():
        half = float(np.median(plateau[first:end])) / 2
        below, above = plateau[max(0, first - slack) : first], plateau[end : end + slack]
        if any(len(side) == slack and side.min() > half for side in (below, above)):
            kept[first:end] = False
    return kept


def _beside(plateau: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """What the lowest fifth of the `reach` bins from each bin upwards do not exceed; 0 where fewer than those are left.

    A carrier stands above what lies to either side of it. A passband stands above what lies beyond the receiver's own
    filter too, but to one side only.
    """
    least = max(1, round(reach / 5))
    base = np.asarray(
        scipy.ndimage.rank_filter(plateau, least - 1, reach, mode="reflect", origin=-((reach - 1) // 2)), np.float64
    )
    base[len(base) - least :] = 0.0
    return base


def _without_lines(plateau: NDArray[np.bool_], power: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Leave out the plateaus that are the foot of a single line: three bins hold nearly all their power."""
    if not plateau.any():
        return plateau
    regions, count = scipy.ndimage.label(plateau)
    numbers = np.arange(1, count + 1)
    three = np.convolve(power, np.ones(3), "same")
    line = scipy.ndimage.maximum(three, regions, numbers) > 0.8 * scipy.ndimage.sum_labels(power, regions, numbers)
    return plateau & ~np.concatenate([[True], line])[regions]


def ceiling(means: NDArray[np.float32], group: int) -> float:
    """No noise is stronger than the quiet moments of a stream: mean power of a sample in them.

    means: float32, shape (n,), |x|² averaged over `group` samples each. Their 2nd percentile, corrected for the gamma
    distribution of such means. Where frames of a transform never fall into the gaps between transmissions, this still
    does.
    """
    place = QUIET_SHARE * (len(means) - 1)
    below = min(int(place), len(means) - 2)
    low, high = np.partition(means, (below, below + 1))[below : below + 2].tolist() if below >= 0 else 2 * [means[0]]
    return float(low + (place - below) * (high - low)) / _quiet(group)


@lru_cache
def _quiet(group: int) -> float:
    """The quantile QUIET_SHARE of means over `group` exponential values of mean 1."""
    return float(scipy.special.gammaincinv(group, QUIET_SHARE)) / group


@lru_cache
def _own_error(rows: int) -> float:
    """Standard deviation of what a bin's quantile over so many frames says, over what it says."""
    return math.sqrt(FLOOR_QUANTILE / (1 - FLOOR_QUANTILE) / rows) / -math.log1p(-FLOOR_QUANTILE)


@exact
def _smooth(values: NDArray[np.float64], bins: int, error: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average over an odd number of neighbouring bins that ignores lines narrower than a third of it, and the noise of
    each bin with such lines in it.

    On a step or a slope, as a receiver's filter has, an average is another bin's. There the median is each bin's own:
    its chance error is added, CAUTIOUS times, so that noise does not stand out. Carriers are told by the average, whose
    edges do not waver.
    """
    n, half = len(values), bins // 2
    middle = medians(values, bins)
    calm = np.empty(n + 2 * half)
    for k in range(n + 2 * half):
        at = min(max(k - half, 0), n - 1)
        calm[k] = min(values[at], 2.5 * middle[at])
    mean, noise = np.empty(n), np.empty(n)
    total = 0.0
    for k in range(bins):
        total += calm[k]
    for k in range(n):
        total += calm[k + bins - 1] - calm[k - 1] if k else 0.0
        mean[k] = total / bins
        plain = abs(mean[k] - middle[k]) <= SLOPE * middle[k]
        noise[k] = mean[k] if plain else middle[k] * (1 + CAUTIOUS * error)
        if values[k] > 2.5 * mean[k]:
            noise[k] = values[k]
    return mean, noise


@exact
def medians(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Median of an odd number of neighbours of each value, the outermost of which stand for those beyond them."""
    n, half = len(values), bins // 2
    made, held = np.empty(n), np.full(bins, values[0])
    for k in range(-half, n):  # one leaves, one comes, and those between them move by a place
        old, new = values[max(k - 1 - half, 0)], values[min(k + half, n - 1)]
        at = np.searchsorted(held, old)
        while at + 1 < bins and held[at + 1] < new:
            held[at] = held[at + 1]
            at += 1
        while at > 0 and held[at - 1] > new:
            held[at] = held[at - 1]
            at -= 1
        held[at] = new
        if k >= 0:
            made[k] = held[half]
    return made
