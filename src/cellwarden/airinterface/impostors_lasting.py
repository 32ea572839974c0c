"""How long noise lasts whose level varies: a box ends where it is faint, or is cut there, and the noise goes on.

    level     ▂▃▅▆▇▇▆▅▃▂▂▂▃▅▆▇▇▆▅▃▂▁▁▁         in step with the mains, say
    boxes       ├───────┤├┤ ├┤├───────┤           edges are told where the level is half of a box's own
    lasts     ├─────────────────────┤             pieces of a band, each much like the ones before

What begins or ends in a step is another sender's.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import narrow
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst

VALUES = 128
"""Independent values of a piece, which is so many times 1/width long: its level errs by 9 %."""
LEAST, STEP = 1.4, 1.7
"""A piece's level over the noise, at least, and over that of what lies before it, at most: 4.5 and 5 times the error of
white noise."""
BEFORE = 3
"""Pieces that a level is held against."""
SECTIONS = (8, 64)
"""Pieces looked at at once, at first, since most boxes end where what is in them does; and at most."""


def lasting(burst: Burst, block: Block) -> Burst:
    """A box with all that goes on before and after it in its band."""
    before, after = (_pieces(burst, block, way) for way in (-1, 1))
    piece = _piece(burst, block)
    start = max(block.sample_start, burst.sample_start - before * piece)
    end = min(block.sample_start + len(block.iq), burst.sample_start + burst.sample_count + after * piece)
    return replace(burst, sample_start=start, sample_count=end - start)


def _piece(burst: Burst, block: Block) -> int:
    """Samples of one."""
    return math.ceil(VALUES / (burst.high_offset_hz - burst.low_offset_hz) * block.segment.rate_hz)


def _pieces(burst: Burst, block: Block, way: int) -> int:
    """How many pieces go on from a box's end (way 1), or before its start (way -1)."""
    known, done = np.empty(0), 0
    for levels in _levels(burst, block, way):
        known = np.concatenate([known[-BEFORE:], levels])
        level = known[BEFORE:]  # the first pieces lie within the box
        usual = sum(known[n : n + len(level)] for n in range(BEFORE)) / BEFORE
        ends = np.flatnonzero((level < LEAST) | (level * STEP < usual) | (level > STEP * usual))
        if len(ends):
            return done + int(ends[0])
        done += len(level)
    return done


def _levels(burst: Burst, block: Block, way: int) -> Iterator[NDArray[np.float64]]:
    """Levels over the noise of the pieces from BEFORE ones within a box on to the end of the block, as `way` goes.

    Float64, shape (n,), of n pieces at once.
    """
    piece = _piece(burst, block)
    last = block.sample_start + len(block.iq)
    at = burst.sample_start + (burst.sample_count - BEFORE * piece if way > 0 else BEFORE * piece)
    width = burst.high_offset_hz - burst.low_offset_hz
    section, most = SECTIONS
    while True:
        count = min(section, (last - at) // piece) if way > 0 else min(section, (at - block.sample_start) // piece)
        section = min(2 * section, most)
        if count < 1:
            return
        first = at if way > 0 else at - count * piece
        box = narrow(replace(burst, sample_start=first, sample_count=count * piece), block, width, 1.25 * width)
        edges = (np.arange(count) * piece) // box.step
        power = np.add.reduceat(squared(box.y), edges) / np.diff([*edges.tolist(), len(box.y)])
        yield (power[::way] / box.noise).astype(np.float64)
        at += way * count * piece
