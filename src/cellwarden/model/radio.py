"""Samples as they come from a receiver or a file."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

# Interleaved I and Q as they lie in the file, widened to one of two types: complex sample = (i + j q) * Block.scale.
Interleaved: TypeAlias = NDArray[np.int16] | NDArray[np.float32]


ENDLESS = 1 << 62
"""Samples of a segment whose end nobody tells."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording without gap or retune (a SigMF capture segment)."""

    sample_start: int
    """Index of its first sample in the recording, counted as in SigMF."""
    sample_count: int
    rate_hz: float
    centre_hz: float | None = None
    """Absolute frequency of baseband zero; None where the recording does not tell it."""
    start_ns: int | None = None
    """Time of its first sample, nanoseconds since the epoch; None where the recording does not tell it."""
    clock: str = ""
    """Which one told that: `receiver`, `machine`; empty where a recording did."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive samples of one segment. `iq` may be a reused buffer, valid until the next block is asked for."""

    iq: Interleaved
    """int16 or float32, shape (n, 2), native byte order."""
    scale: float
    """What one unit of `iq` is worth; full scale is 1.0."""
    sample_start: int
    """Index of the first sample in the recording."""
    segment: Segment


@dataclass(slots=True)
class Room:
    """Where whoever takes a stream wants its next samples, so that they need not be copied there."""

    iq: Interleaved | None = None
    """Shape (n, 2); None: anywhere."""
