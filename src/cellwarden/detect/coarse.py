"""The coarse pass: a stream of blocks in, chunks with hot regions out.

    blocks of any size          frames          power over floor, bands of 50 kHz         hot regions
    ────┬──────┬───── ─► |  chunk of 1024  | ─►  ratio[row, band]  ─► sums over boxes ─►  row0 row1 band0 band1

The stream is cut into chunks that are counted from the segment's first sample, so how it was cut into blocks can not
show. A region that touches the end of a chunk waits for the next one (its rows and samples are carried over); one
longer than a chunk is handed out in pieces.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.detect import between, cells, kernels, leak, levels, spectrum
from cellwarden.detect.floor import Floor
from cellwarden.model import Block, Interleaved, Room
from cellwarden.model.many import many

CHUNK_FRAMES = 1024
MARGIN_FRAMES = 14
"""A region that ends this close to the end of its chunk may go on."""
OVERLAP_FRAMES = 26
SCALES = (  # seconds, hertz, from the small and strong to the wide and faint
    (100e-6, 100e3),
    (300e-6, 200e3),
    (550e-6, 200e3),
    (100e-6, 800e3),
    (800e-6, 1.1e6),
    (50e-6, 6.4e6),
    (800e-6, 6.4e6),
)
POWER_OF_TWO = 1.25
"""Boxes are so many bands wide where their width is not off by more than this factor: a preamble drowns in others."""
FALSE_BOXES = 0.1
"""Boxes of noise of each size that are hot, in a second and a megahertz; the fine pass asks again, and more."""
MOST_FALSE_ALARM = 1e-5
"""Probability of one such box: of the widest there are but a few."""
FLOOR_ERROR = 1.05
"""The floor is only known to some percent."""
QUANTUM = 1 / 6
"""Noise that rounding to integers makes by itself: 1/12 in each of I and Q."""
IMPULSE_S = 4e-6
LOUD = 1.5
"""A frame whose median band is this far above the noise is looked at for clicks."""
CLICK = 12.0
"""A sample of a click is this far above the mean of the frame's noise."""
RINGING_SAMPLES = 6
"""Either way of a click, as far as its filter rings; more where that passes but a part of the band."""
ORDER = 1 << np.array([48, 32, 16, 0])
"""Makes one number of a box's first row, end row, first band and end band, none of which has more than 15 bits."""
NO_BOXES: NDArray[np.int64] = np.empty((0, 4), np.int64)
NEAR_ROWS = 5
"""Regions of the same bands this close in time are one: a weak burst is hot here and there only."""


@dataclass(frozen=True, slots=True)
class Region:
    """Hot cells that hang together, in rows and bands of a chunk."""

    first_row: int
    end_row: int
    first_band: int
    end_band: int
    ratio: float
    """Mean power over noise."""
    left: bool = False
    """Whether it is what was left of a region when a part of that had been explained."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples of some rows and what is hot in them. Valid until the next one is asked for."""

    samples: Block
    grid: spectrum.Grid
    noise: NDArray[np.float64]
    """Noise power of each bin, of one windowed frame, in units of `Block.iq` squared: float64, shape (size,)."""
    regions: tuple[Region, ...]
    boxes: NDArray[np.int64]
    """The same in numbers: first and end row, first and end band, shape (n, 4)."""
    watermark: int
    """Sample index before which nothing more will be found."""
    hot: NDArray[np.uint8]
    """1 where a cell is hot: shape (rows, bands)."""
    ratio: NDArray[np.float32]
    """Power over noise in each cell: shape (rows, bands)."""


@dataclass(frozen=True, slots=True)
class _Scale:
    frames: int
    bands: int
    threshold: float


def scales(grid: spectrum.Grid) -> tuple[_Scale, ...]:
    """The boxes to sum over on a grid, with the threshold that noise exceeds as seldom as FALSE_BOXES asks."""
    made: dict[tuple[int, int], _Scale] = {}
    for duration_s, width_hz in SCALES:
        frames = max(1, round(duration_s / grid.frame_s))
        wide = width_hz / grid.band_hz
        bands = 1 << max(0, round(math.log2(wide)))
        if max(bands / wide, wide / bands) > POWER_OF_TWO:
            bands = max(1, round(wide))
        if bands > grid.bands:
            continue
        freedom = frames * bands * grid.per_band * grid.freedom
        false_alarm = FALSE_BOXES * frames * grid.frame_s * bands * grid.band_hz / 1e6
        threshold = float(scipy.special.gammainccinv(freedom, min(false_alarm, MOST_FALSE_ALARM))) / freedom
        made.setdefault((frames, bands), _Scale(frames, bands, threshold * FLOOR_ERROR))
    return tuple(made.values())


def fixed_point(sizes: Sequence[_Scale]) -> tuple[float, float]:
    """What a cell is taken for at most, and how many units make 1, so that the sum over any box fits into 31 bits.

    A cell that is stronger than all of the first box may be is hot by itself, and so out of the way of the others.
    """
    most = 2 * sizes[0].threshold * sizes[0].frames * sizes[0].bands
    return most, math.floor(2**31 / (most * max(s.frames * s.bands for s in sizes)))


def chunks(blocks: Iterable[Block], rejected: Counter[str], room: Room | None = None) -> Iterator[Chunk]:
    """The coarse pass over all segments of a stream, which may be read to where there is `room`."""
    state: _Segment | None = None
    for block in blocks:
        if state is None or block.segment != state.segment:
            if state is not None:
                yield from state.finish()
            state = _Segment(block, rejected)
        yield from state.push(block)
        if room is not None:
            room.iq = state.free
    if state is not None:
        yield from state.finish()


class _Segment:
    """Carries samples, ratios and the floor from chunk to chunk of one segment."""

    def __init__(self, block: Block, rejected: Counter[str]) -> None:
        self.segment = block.segment
        self.scale = block.scale
        self.rejected = rejected
        self.grid = spectrum.grid(block.segment.rate_hz)
        self.scales = scales(self.grid)
        self.most, self.units = fixed_point(self.scales)
        self.sizes = np.array(
            [(s.frames, s.bands, math.floor(self.units * s.threshold * s.frames * s.bands)) for s in self.scales]
        )
        self.hides = between.misses(self.grid)
        size = self.grid.size
        rows = 2 * CHUNK_FRAMES
        self.iq: Interleaved = np.empty((rows * size, 2), block.iq.dtype)
        self.leaked: tuple[float, float] | None = None
        self.wanders = False
        self.floor = Floor(self.grid, QUANTUM if block.iq.dtype == np.int16 else 1e-30)
        self.ratio = np.ones((rows, self.grid.bands), np.float32)
        self.total = np.empty((rows + 1, self.grid.bands + 1), np.int32)
        self.hot = np.zeros((rows, self.grid.bands), np.uint8)
        self.before = np.ones(0)  # levels of the last parts of the chunk before
        self.rows = 0  # carried rows at the front, whose ratio is known
        self.keep = 0  # first row to carry over
        self.ready: tuple[Region, ...] = ()  # handed out with the chunk that is now worked on
        self.filled = 0  # samples in the buffer
        self.first = block.sample_start  # sample index of the buffer's first

    @property
    def wanted(self) -> int:
        """Samples that the next chunk lacks."""
        return (self.rows + CHUNK_FRAMES) * self.grid.size - self.filled

    @property
    def free(self) -> Interleaved:
        """Where the next samples belong, as many as the next chunk lacks and the segment has."""
        left = self.segment.sample_start + self.segment.sample_count - self.first - self.filled
        return self.iq[self.filled : self.filled + min(self.wanted, left)]

    def push(self, block: Block) -> Iterator[Chunk]:
        taken = 0
        while taken < len(block.iq):
            wanted = self.wanted
            part = block.iq[taken : taken + wanted]
            if block.iq.base is not self.iq:  # else it was read to where it belongs
                self.iq[self.filled : self.filled + len(part)] = part
            self.filled += len(part)
            taken += len(part)
            if len(part) == wanted:
                yield self._process(last=False)
                self._carry()

    def finish(self) -> Iterator[Chunk]:
        if self.filled:
            size, missing = self.grid.size, -self.filled % self.grid.size
            if missing:  # the last frame is filled up with the samples before it: silence would be an edge
                end = self.filled + missing
                before = self.iq[max(0, self.filled - size) : self.filled - size + missing]
                self.iq[self.filled : end] = 0
                self.iq[self.filled : self.filled + len(before)] = before
                self.filled = end
            yield self._process(last=True, missing=missing)

    def _process(self, last: bool, missing: int = 0) -> Chunk:
        size, old = self.grid.size, self.rows
        rows = self.filled // size
        self._take_out_leak(old * size)
        noise = self.floor.under(self.iq[old * size : rows * size])
        weight = (1.0 / (noise * self.grid.per_band)).astype(np.float32)
        self._ratios(old, rows, weight)
        if 0 < missing < self.filled - size:  # a seam in the last frame would splash beyond a receiver's filter
            end = self.filled - missing
            spectrum.band_powers(self.iq[end - size : end], self.grid, weight, self.ratio[rows - 1 : rows])
        noise, weight = self.floor.lowered(self.ratio[old:rows], noise, weight)
        self._blank_impulses(old, rows, weight)
        self._sum(rows)
        if self._even_out(old, rows, noise):
            self._sum(rows)
        self._between(max(0, old - 1), rows, weight)
        ready, boxes, waiting = self._regions(old, rows, last)
        keep = rows if last else max(rows - CHUNK_FRAMES, min([rows - OVERLAP_FRAMES, *waiting]), 0)
        self.rows, self.keep, self.ready = rows, keep, tuple(ready)
        block = Block(self.iq[: self.filled - missing], self.scale, self.first, self.segment)
        watermark = self.first + keep * size
        return Chunk(block, self.grid, noise, self.ready, boxes, watermark, self.hot[:rows], self.ratio[:rows])

    def _take_out_leak(self, start: int) -> None:
        """Take out what leaks into the samples from `start` on; where they are few, it is what leaked before."""
        fresh = self.iq[start : self.filled]
        if self.leaked is None or len(fresh) > CHUNK_FRAMES * self.grid.size // 2:
            i, q, noise, self.wanders = leak.leak(fresh)
            fine = self.wanders or (self.leaked is None and leak.needs_fractions(i, q, noise))
            if fine and self.iq.dtype == np.int16:
                self.iq = self.iq.astype(np.float32)
                fresh = self.iq[start : self.filled]
            self.leaked = i, q
        if any(self.leaked):
            leak.take_out(fresh, *self.leaked)
        if self.wanders:
            leak.take_out_course(fresh)

    def _ratios(self, row: int, end: int, weight: NDArray[np.float32]) -> None:
        size = self.grid.size
        spectrum.band_powers(self.iq[row * size : end * size], self.grid, weight, self.ratio[row:end])

    def _blank_impulses(self, old: int, rows: int, weight: NDArray[np.float32]) -> None:
        """Silence single clicks: rows that are loud over the whole band because of a few samples, and only of them."""
        size, bands = self.grid.size, self.floor.bands
        step = max(1, (bands.stop - bands.start) // 16)
        loud = kernels.loud_rows(self.ratio[old:rows, bands], LOUD, step) + old
        most = max(2, round(IMPULSE_S * self.grid.rate_hz))
        ringing = RINGING_SAMPLES * size // (self.floor.inside.stop - self.floor.inside.start)
        clicked = kernels.peaked(self.iq[: rows * size], loud, size, CLICK / math.log(2), most, ringing)
        if not len(clicked):
            return
        quiet = kernels.silenced(self.iq[: rows * size], clicked, size, CLICK / math.log(2), ringing)
        ratio = np.empty((len(clicked), self.grid.bands), np.float32)
        spectrum.band_powers(quiet, self.grid, weight, ratio)
        # What is loud still has the peaks of a signal that fills the band.
        gone = np.flatnonzero(np.median(ratio[:, bands][:, ::step], axis=1) < LOUD)
        self.rejected["impulse"] += len(gone)
        frames = self.iq[: rows * size].reshape(rows, size, 2)
        frames[clicked[gone]] = quiet.reshape(-1, size, 2)[gone]
        self.ratio[clicked[gone]] = ratio[gone]

    def _sum(self, rows: int) -> None:
        """Sums over all boxes of the rows, of which nothing is hot yet."""
        hot = self.hot[:rows]
        hot[:] = 0
        cells.cumulate(self.ratio[:rows], hot, 0, self.most, self.units, self.total[: rows + 1])

    def _between(self, first: int, rows: int, weight: NDArray[np.float32]) -> None:
        """Look between frames, from a row on, where short bursts may hide there."""
        if not self.hides:
            return
        ratio, total = self.ratio[:rows], self.total[: rows + 1]
        changed = between.fill(self.iq, self.grid, weight, total, self.units, ratio, first)
        if changed < rows:
            cells.cumulate(ratio, self.hot[:rows], changed, self.most, self.units, total)

    def _even_out(self, old: int, rows: int, noise: NDArray[np.float64]) -> bool:
        """Bring rows whose noise has risen down to the floor, samples and ratios; whether any had."""
        if rows - old < levels.ROWS or self.grid.bands < levels.NARROWEST:
            return False
        total = self.total[old : rows + 1]
        if not levels.may_rise(total, self.floor.bands, self.units):
            self.before = np.ones(levels.LASTING - 1)
            return False
        fresh = levels.levels(total, self.floor.bands, self.units, self.grid.per_band * self.grid.freedom)
        lasting = levels.lasting(fresh, self.before)
        self.before = fresh[-levels.LASTING + 1 :]
        if np.max(lasting) < levels.LEAST:
            return False
        if self.iq.dtype == np.int16 and leak.needs_fractions(0.5, 0.0, float(np.median(noise))):
            self.iq = self.iq.astype(np.float32)
        ratio, size = self.ratio[old:rows], self.grid.size
        row = levels.along(lasting, np.minimum(ratio[:, self.floor.bands], levels.SEEN).mean(axis=1))
        ratio /= row[:, None].astype(np.float32)
        levels.bring(self.iq[old * size : rows * size], row, self.grid)
        return True

    def _regions(self, old: int, rows: int, last: bool) -> tuple[list[Region], NDArray[np.int64], list[int]]:
        """Regions that are complete (or as long as a chunk), their boxes, and the first rows of those that wait."""
        hot, ratio, total = self.hot[:rows], self.ratio[:rows], self.total[: rows + 1]
        sizes, number = self.sizes, cells.first_size(total, self.sizes)
        if number == len(sizes):
            return [], NO_BOXES, []
        while number < len(sizes):
            frames, bands, limit = sizes[number].tolist()
            first = cells.mark_boxes(total, frames, bands, limit, hot)
            number += 1
            if number < len(sizes):  # what is hot is noise for the sizes that follow
                cells.cumulate(ratio, hot, first, self.most, self.units, total)
                number += cells.first_size(total, sizes[number:])
        found = connected(hot)
        waits = (found[:, 1] > rows - MARGIN_FRAMES) & (rows - found[:, 0] < CHUNK_FRAMES - MARGIN_FRAMES) & (not last)
        whole = found[~waits]
        # The rest of a piece goes back far enough that no burst is lost in the cut.
        whole[whole[:, 0] == old, 0] -= min(old, MARGIN_FRAMES)
        means = cells.box_means(ratio, whole)
        columns = dict(zip(("first_row", "end_row", "first_band", "end_band"), whole.T.tolist(), strict=True))
        ready = many(Region, len(whole), **columns, ratio=means.tolist(), left=[False] * len(whole))
        return ready, whole, (found[waits, 0] - 2).tolist()

    def _carry(self) -> None:
        """Move the rows that are kept to the front of the buffers."""
        for region in self.ready:  # what was handed out must not be found again
            if region.end_row > self.keep:
                self.ratio[region.first_row : region.end_row, region.first_band : region.end_band] = 1.0
        start, count = self.keep * self.grid.size, self.rows - self.keep
        self.iq[: self.filled - start] = self.iq[start : self.filled].copy()
        self.ratio[:count] = self.ratio[self.keep : self.rows].copy()
        self.filled -= start
        self.first += start
        self.rows = count


def connected(hot: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Boxes of what hangs together in `hot`, uint8, shape (rows, bands): first row, end row, first band, end band.

    Boxes that follow each other within NEAR_ROWS in common bands are one. int64, shape (count, 4).
    """
    found = cells.components(hot)
    order = np.argsort(found @ ORDER, kind="stable")
    joined: NDArray[np.int64] = cells.joined(found[order], NEAR_ROWS)
    return joined
