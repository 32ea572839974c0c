"""What may be kept of a burst: its channel alone, and of it only what holds neither content nor who sent it.

burst        ╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲
may be kept  ▇▇         ▇▇▇▇▇▇▇         ▇▇      ramps, tails, training; the rest is zeros, before any filter
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden import __version__
from cellwarden.airinterface.declaration import Parts
from cellwarden.airinterface.impostors_features import narrow
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.radio.absolute import middle_hz, moment
from cellwarden.radio.annotations import EXTENSION, annotation, write_bytes
from cellwarden.radio.clock import stamp

AROUND_S = 100e-6
"""Before and after a burst."""
WIDER = 2.0
"""Samples a second for each hertz of the channel."""


@dataclass(frozen=True, slots=True, eq=False)
class Snippet:
    """One burst of a train, cut out."""

    emission: Emission
    segment: Segment
    samples: NDArray[np.complex64]
    rate_hz: float
    first: float
    """Sample of the stream that the first one is."""


def cut(block: Block, emission: Emission, segment: Segment, parts: Parts) -> Snippet | None:
    """The parts of a burst that may be kept; None where the block does not hold all of it."""
    rate = segment.rate_hz
    around = round(AROUND_S * rate)
    first = emission.sample_start - block.sample_start - around
    end = first + emission.sample_count + 2 * around
    if first < 0 or end > len(block.iq):
        return None
    iq = np.zeros((end - first, 2), np.float32)
    begin = around + (emission.timing_samples or 0.0)
    for a, b in parts:
        low, high = (round(min(max(begin + t * rate, 0), len(iq))) for t in (a, b))
        iq[low:high] = block.iq[first + low : first + high]
    start = block.sample_start + first
    width = emission.high_offset_hz - emission.low_offset_hz
    box = Burst(start, len(iq), emission.low_offset_hz, emission.high_offset_hz, 0.0, 0.0)
    channel = narrow(box, Block(iq, block.scale, start, block.segment), width, WIDER * width)
    return Snippet(emission, segment, channel.y, channel.rate_hz, float(start))


def write(snippets: Sequence[Snippet], place: Path) -> None:
    """Snippets of one train as a recording, one capture each: `place` is its `.sigmf-meta`. Raises OutputError."""
    captures, annotations, at = [], [], 0
    for one in snippets:
        captures.append(_capture(one, at))
        annotations.append(_annotation(one, at))
        at += len(one.samples)
    head = {
        "core:datatype": "cf32_le",
        "core:sample_rate": snippets[0].rate_hz,
        "core:version": "1.2.5",
        "core:description": "Payload symbols are blanked: zeros, not silence.",
        "core:recorder": f"cellwarden {__version__}",
        "core:extensions": [EXTENSION],
    }
    meta = json.dumps({"global": head, "captures": captures, "annotations": annotations}, indent=2)
    write_bytes(place.with_suffix(".sigmf-data"), (_octets(snippets),), force=True)
    write_bytes(place, (meta.encode(),), force=True)


def digest(snippets: Sequence[Snippet]) -> str:
    """SHA-256 of the samples that `write` writes: what alerts know them by."""
    return hashlib.sha256(_octets(snippets)).hexdigest()


def _octets(snippets: Sequence[Snippet]) -> bytes:
    return np.concatenate([one.samples for one in snippets]).astype("<c8").tobytes()


def started(one: Snippet) -> datetime | None:
    """When its first sample was taken, in UTC to the microsecond."""
    return moment(one.segment, one.first)


def _capture(one: Snippet, at: int) -> dict[str, Any]:
    made: dict[str, Any] = {"core:sample_start": at}
    if one.segment.centre_hz is not None:
        made["core:frequency"] = middle_hz(one.emission, one.segment)
    moment = started(one)
    if moment is not None:
        made["core:datetime"] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        made |= {f"cellwarden:{name}": value for name, value in stamp(one.segment).items()}
    return made


def _annotation(one: Snippet, at: int) -> dict[str, Any]:
    """The burst's, with its place in the snippet."""
    ratio = one.rate_hz / one.segment.rate_hz
    begin = (one.emission.sample_start + (one.emission.timing_samples or 0.0) - one.first) * ratio
    told = annotation(one.emission, one.segment)
    told["core:sample_start"] = at + math.floor(begin)
    told["core:sample_count"] = round(one.emission.sample_count * ratio)
    told["cellwarden:timing_samples"] = round(begin % 1.0, 3)
    return told
