"""What was found in a chunk of the stream, `Find`, and what is left of it when some is explained.

blocks ─► coarse.chunks ─► Find (rough boxes) ─► names of some ─► without (a Find of what is still hot) ─► …
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.detect import cells, coarse
from cellwarden.model import Block, Boxed, Burst, Room
from cellwarden.model.many import BOX, columns

NEAR = 0.2
"""Part of the slack around what was explained by which what is left keeps away from it."""


@dataclass(frozen=True, slots=True)
class Find:
    """What was found in one chunk. Valid until the next one is asked for."""

    regions: tuple[coarse.Region, ...]
    """They hold all there is, or all that is left of it, with edges to some 50 µs and 50 kHz."""
    samples: Block
    watermark: int
    """Sample index before which nothing more will be found."""
    chunk: coarse.Chunk


def finds(blocks: Iterable[Block], rejected: Counter[str], room: Room | None = None) -> Iterator[Find]:
    """Find all energy above the noise floor in a stream of blocks, in bounded memory.

    What was looked at and refused is counted in `rejected` by reason. `room` tells where the next samples are wanted.
    """
    for chunk in coarse.chunks(blocks, rejected, room):
        yield Find(chunk.regions, chunk.samples, chunk.watermark, chunk)


def boxes(find: Find) -> NDArray[np.int64]:
    """The rough boxes: first row, end row, first band, end band; shape (n, 4)."""
    if find.regions is find.chunk.regions:
        return find.chunk.boxes
    made = [(r.first_row, r.end_row, r.first_band, r.end_band) for r in find.regions]
    return np.array(made, np.int64).reshape(-1, 4)


def rest(find: Find, number: int, boxes: Sequence[Boxed], slack_s: float, slack_hz: float) -> float:
    """Part of what is hot in one of the rough boxes that lies outside of given boxes, each widened by some slack."""
    one = replace(find, regions=find.regions[number : number + 1])
    *_left, share = _uncovered(one, [boxes], slack_s, slack_hz)
    return float(share[0])


def without(find: Find, told: Sequence[Sequence[Boxed]], slack_s: float, slack_hz: float, least: float) -> Find:
    """What is left to be explained when the boxes told for each rough one are taken out, each widened by some slack.

    Less than the part `least` of what was hot in a rough box is nothing. What is left reaches as far towards the boxes
    as it is hot, and no further than NEAR of the slack: a burst beside a stronger one would lose half its width.
    """
    if not any(told):
        return find
    left, first, share = _uncovered(find, told, slack_s, slack_hz)
    untouched = [region for region, boxes in zip(find.regions, told, strict=True) if not boxes]
    more = [n for n, boxes in enumerate(told) if boxes and share[n] >= least]
    cut = replace(find, regions=tuple(find.regions[n] for n in more))
    pieces: list[coarse.Region] = []
    if more:
        hot, top, _share = _uncovered(cut, [told[n] for n in more], NEAR * slack_s, NEAR * slack_hz)
        for region in cut.regions:
            rows, bands = slice(region.first_row, region.end_row), slice(region.first_band, region.end_band)
            far = left[rows.start - first : rows.stop - first, bands]
            near = hot[rows.start - top : rows.stop - top, bands].copy()
            pieces += [
                _within(find.chunk, region, a, b, low, high)
                for a, b, low, high in coarse.connected(near).tolist()
                if far[a:b, low:high].any()
            ]
    return replace(find, regions=tuple(sorted([*untouched, *pieces], key=lambda r: (r.first_row, r.first_band))))


def _within(chunk: coarse.Chunk, region: coarse.Region, first: int, end: int, low: int, high: int) -> coarse.Region:
    """What is left of a region, given by rows and bands within it."""
    row, band = region.first_row, region.first_band
    ratio = cells.box_mean(chunk.ratio, row + first, row + end, band + low, band + high)
    return coarse.Region(row + first, row + end, band + low, band + high, ratio, left=True)


def _uncovered(
    find: Find, told: Sequence[Sequence[Boxed]], slack_s: float, slack_hz: float
) -> tuple[NDArray[np.uint8], int, NDArray[np.float64]]:
    """What is hot outside of the boxes told for each region, and its part of each region.

    The boxes are widened by some slack, each within its own region. Returns uint8, shape (rows, bands), of the rows
    that the regions span; the first of these; and a value a region.
    """
    grid, start = find.chunk.grid, find.samples.sample_start
    edge = (grid.size / 2 + 0.5) * grid.bin_hz
    numbers = np.repeat(np.arange(len(told)), [len(one) for one in told])
    flat = [box for one in told for box in one]
    placed = np.empty((len(flat), 5))
    placed[:, 0] = numbers
    placed[:, 1:] = columns(flat, *BOX).T
    placed[:, 2] += placed[:, 1]
    slack = slack_s * grid.rate_hz
    placed[:, 1] = np.floor((placed[:, 1] - start - slack) / grid.size)
    placed[:, 2] = np.ceil((placed[:, 2] - start + slack) / grid.size)
    placed[:, 3] = np.floor((placed[:, 3] - slack_hz + edge) / grid.band_hz)
    placed[:, 4] = np.ceil((placed[:, 4] + slack_hz + edge) / grid.band_hz)
    regions = boxes(find)
    first, end = int(regions[:, 0].min()), int(regions[:, 1].max())
    placed[:, 1:3] -= first
    regions = regions - (first, first, 0, 0)
    left = find.chunk.hot[first:end].copy()
    return left, first, cells.uncover(left, regions, placed.astype(np.int64))


def rough(find: Find, number: int) -> Burst:
    """The box of a region, of one burst or of several."""
    grid, block, region = find.chunk.grid, find.samples, find.regions[number]
    bins = slice(region.first_band * grid.per_band, region.end_band * grid.per_band)
    low, high = ((edge - grid.size / 2 - 0.5) * grid.bin_hz for edge in (bins.start, bins.stop))
    density = float(find.chunk.noise[bins].sum()) / (bins.stop - bins.start) * block.scale**2 / grid.rate_hz
    return Burst(
        block.sample_start + region.first_row * grid.size,
        (region.end_row - region.first_row) * grid.size,
        low,
        high,
        10 * math.log10(max(region.ratio - 1.0, 1e-3)),
        10 * math.log10(density),
    )
