"""The noise floor of a stream, followed from chunk to chunk: what it was in those before, and in this one.

quantile of each bin over a chunk's frames ─► median over FLOOR_MEMORY chunks ─► without the receiver's own lines
                                                                             ─► never above the quiet moments
"""

from statistics import median

import numpy as np
from numpy.typing import NDArray

from cellwarden.detect import kernels, pauses, spectrum, spurs
from cellwarden.model import Interleaved

FLOOR_MEMORY = 24
"""Chunks whose quantiles the floor is taken from."""
TOO_MUCH = 1.05
"""A floor that is so many times what the quiet moments hold is too high somewhere; noise makes it 0.98 to 1.04."""
QUIET_SAMPLES = 32
"""Shortest pause, in samples, that the floor can be taken from where a band is never silent for a whole frame."""


class Floor:
    """Remembers what chunks of one segment said; `inside` and `bands` are the passband's bins and bands."""

    def __init__(self, grid: spectrum.Grid, least_noise: float) -> None:
        self.grid, self.least_noise = grid, least_noise
        self.quantiles: list[NDArray[np.float32]] = []
        self.ceilings: list[float] = []
        self.rows_known = 0
        self.lines = spurs.NONE  # that were taken out of the last chunk
        self.steady = np.zeros(0, np.int64)  # bins out of which lines were taken, ever
        self.inside, self.bands = slice(0, grid.size), slice(0, grid.bands)
        self.overrated: NDArray[np.float32] | None = None  # what the floor of a crowded band is multiplied with
        self.over_quiet = 1.0  # the last floor over what the quiet moments hold

    def under(self, iq: Interleaved) -> NDArray[np.float64]:
        """Noise of each bin in a chunk's new frames, shape (n, 2), as those before had it; their steady lines go."""
        size = self.grid.size
        count = len(iq) // size
        wanted = spectrum.FLOOR_ROWS if len(self.quantiles) < FLOOR_MEMORY else spectrum.LATER_ROWS
        if count >= wanted or not self.quantiles:
            step = max(1, count // wanted)
            end = count // step * step
            starts = np.arange(0, end, step) * size
            power = spectrum.powers(iq, starts, self.grid, np.ones(size, np.float32))
            means = kernels.group_power(iq[: end * size], size, step, QUIET_SAMPLES)
            means = means[means > 0]
            if not power.max(axis=1).all():  # zeros fill what was lost, and are no noise: as many other frames tell it
                starts = np.flatnonzero(iq[: count * size].reshape(count, -1).any(axis=1)) * size
                power = spectrum.powers(
                    iq, starts[:: max(1, len(starts) // wanted)], self.grid, np.ones(size, np.float32)
                )
                power = power[power.max(axis=1) > 0]
            if len(power) and len(means):
                self.quantiles.append(spectrum.chunk_quantile(power).astype(np.float32))
                self.rows_known = len(power)
                self.ceilings.append(spectrum.ceiling(means, QUIET_SAMPLES))
                del self.quantiles[:-FLOOR_MEMORY], self.ceilings[:-FLOOR_MEMORY]
        if not self.quantiles:
            return np.full(size, self.least_noise)
        # The median leaves out the chunks in which a channel was busy all along.
        quantile = spectrum.median(np.array(self.quantiles))
        self._pass(spectrum.passband(quantile, self.least_noise))
        quantile, standing = self._without_lines(iq, quantile)
        noise = self._noise(quantile)
        calm = self._noise(spurs.without(quantile, standing)) if len(standing) else noise
        most = median(self.ceilings) * size / len(noise)
        self.over_quiet = float(np.mean(calm)) / most
        noise = np.minimum(noise, most) if self.over_quiet > 4 else noise
        if len(noise) < size:
            within, noise = noise, np.full(size, np.median(noise))
            noise[self.inside] = within
        return np.maximum(noise, self.least_noise)

    def _noise(self, quantile: NDArray[np.float64]) -> NDArray[np.float64]:
        """Noise of each bin of the passband from what the remembered chunks say."""
        return spectrum.floor(quantile[self.inside], self.rows_known * len(self.quantiles), self.grid.bin_hz)

    def _without_lines(
        self, iq: Interleaved, quantile: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Take steady lines out of the samples; the quantile without them, and bins of those that stay this time."""
        lines = spurs.bins_of(quantile)
        if not len(lines):
            return quantile, lines
        self.lines = spurs.take_out(iq, lines, self.grid, self.lines)
        gone = self.lines.bins
        if len(gone):  # the quiet moments have lost them, too
            means = kernels.group_power(iq, self.grid.size, 1, QUIET_SAMPLES)
            self.ceilings[-1] = spectrum.ceiling(means[means > 0], QUIET_SAMPLES)
        self.steady = np.union1d(self.steady, gone)
        return spurs.without(quantile, gone), np.setdiff1d(np.intersect1d(lines, self.steady), gone)

    def _pass(self, inside: slice) -> None:
        """Take some bins, and the bands that lie within them, for what the receiver's own filter lets through."""
        if inside != self.inside:
            per_band = self.grid.per_band
            self.inside, self.overrated = inside, None
            self.bands = slice(-(-inside.start // per_band), min(inside.stop // per_band, self.grid.bands))

    def lowered(
        self, ratio: NDArray[np.float32], noise: NDArray[np.float64], weight: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Noise and weight of each bin where so much is on the air that its quantile told too much; ratios with it.

        ratio: power over that noise, shape (rows, bands), changed in place.
        """
        ratio = ratio[:, self.bands]
        part = self._overrated(ratio)
        if part is None:
            return noise, weight
        ratio /= part
        factor, per_band = np.ones(len(noise), np.float32), self.grid.per_band
        first, end = self.bands.start * per_band, self.bands.stop * per_band
        factor[self.inside.start : first], factor[end : self.inside.stop] = part[0], part[-1]
        factor[first:end] = np.repeat(part, per_band)
        return np.maximum(noise * factor, self.least_noise), weight / factor

    def _overrated(self, ratio: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """What each band's floor is multiplied with; None where it is right, as far as can be told."""
        if pauses.crowded(ratio):
            fresh = pauses.overrated(ratio, self.grid)
            self.overrated = self.overrated if fresh is None else fresh
            return self.overrated
        return pauses.overrated_by_wide(ratio, self.grid) if self.over_quiet > TOO_MUCH else None
