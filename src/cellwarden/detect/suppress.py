"""One burst, one box: what belongs together is joined, what is a shadow of something stronger is left out."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from cellwarden.model import Burst, Emission

EDGE_S = 20e-6
"""Edges this close in time may be the same."""
BLUR = 8.0
"""Degrees of freedom by which the edges of a faint burst err."""
SHADOW_DB = 30.0
"""Within the time of a burst this much stronger, weaker boxes are its skirts, images and intermodulation."""

RIVAL = 0.5
"""Two names whose boxes have this part of the smaller one in common are for the same energy."""


class Boxed(Protocol):
    """What has a place in time and frequency (`Burst`, `Emission`)."""

    @property
    def sample_start(self) -> int: ...
    @property
    def sample_count(self) -> int: ...
    @property
    def low_offset_hz(self) -> float: ...
    @property
    def high_offset_hz(self) -> float: ...


def overlap(a: Boxed, b: Boxed) -> float:
    """Area common to two boxes over the smaller one's area, 0 to 1."""
    area = min(_area(a), _area(b))
    return _common(a, b) / area if area > 0 else 0.0


def _area(box: Boxed) -> float:
    """Samples times hertz."""
    return box.sample_count * (box.high_offset_hz - box.low_offset_hz)


def _common(a: Boxed, b: Boxed) -> float:
    """Area that two boxes have in common, 0 where they do not meet."""
    samples = min(a.sample_start + a.sample_count, b.sample_start + b.sample_count) - max(
        a.sample_start, b.sample_start
    )
    width = min(a.high_offset_hz, b.high_offset_hz) - max(a.low_offset_hz, b.low_offset_hz)
    return samples * width if samples > 0 and width > 0 else 0.0


def covered(boxes: Sequence[Boxed], others: Sequence[Boxed]) -> list[float]:
    """For each box the part of its area that the others cover, where these do not lie over each other."""
    others = sorted(others, key=lambda o: o.sample_start)
    starts = [o.sample_start for o in others]
    longest = max((o.sample_count for o in others), default=0)
    parts = []
    for box in boxes:
        first = bisect_left(starts, box.sample_start - longest)
        end = bisect_left(starts, box.sample_start + box.sample_count)
        area = max(_area(box), 1e-30)
        parts.append(sum(_common(box, other) for other in others[first:end]) / area)
    return parts


def join_bands(bursts: Sequence[Burst], rate_hz: float) -> list[Burst]:
    """Join boxes that begin and end together and lie side by side: one signal with fades in its spectrum."""
    joined: list[Burst] = []
    for burst in sorted(bursts, key=lambda b: b.low_offset_hz):
        for i, other in enumerate(joined):
            if _together(other, burst, rate_hz):
                joined[i] = _union(other, burst)
                break
        else:
            joined.append(burst)
    return joined


def _together(a: Burst, b: Burst, rate_hz: float) -> bool:
    slack = EDGE_S * rate_hz + 0.05 * min(a.sample_count, b.sample_count)
    starts = abs(a.sample_start - b.sample_start)
    ends = abs(a.sample_start + a.sample_count - b.sample_start - b.sample_count)
    gap = max(a.low_offset_hz, b.low_offset_hz) - min(a.high_offset_hz, b.high_offset_hz)
    narrower = min(a.high_offset_hz - a.low_offset_hz, b.high_offset_hz - b.low_offset_hz)
    return starts < slack and ends < slack and gap < 0.5 * narrower


def _union(a: Burst, b: Burst) -> Burst:
    start = min(a.sample_start, b.sample_start)
    end = max(a.sample_start + a.sample_count, b.sample_start + b.sample_count)
    low, high = min(a.low_offset_hz, b.low_offset_hz), max(a.high_offset_hz, b.high_offset_hz)
    power = sum(10 ** (x.snr_db / 10) * (x.high_offset_hz - x.low_offset_hz) for x in (a, b))
    return replace(
        a,
        sample_start=start,
        sample_count=end - start,
        low_offset_hz=low,
        high_offset_hz=high,
        snr_db=10 * math.log10(power / (high - low)),
    )


def without_shadows(
    bursts: Sequence[Burst], named: Sequence[Emission], rate_hz: float, rejected: Counter[str]
) -> list[Burst]:
    """Leave out the boxes that lie within the time of something SHADOW_DB denser in power, named or not."""
    both: list[Burst | Emission] = [*bursts, *named]
    strong = sorted(both, key=density_db, reverse=True)
    kept = []
    for burst in bursts:
        # What is narrow and faint has blurred edges: they are told to some degrees of freedom, each 1/width long.
        slack = (EDGE_S + BLUR / (burst.high_offset_hz - burst.low_offset_hz)) * rate_hz
        start, end = burst.sample_start + slack, burst.sample_start + burst.sample_count - slack
        for other in strong:
            if density_db(other) < density_db(burst) + SHADOW_DB:
                kept.append(burst)
                break
            if other.sample_start <= start and end <= other.sample_start + other.sample_count:
                rejected["shadow"] += 1
                break
        else:
            kept.append(burst)
    return kept


def density_db(one: Burst | Emission) -> float:
    """Power density above what a full-scale signal spread over a hertz would have, in dBFS per hertz."""
    return one.snr_db + (-math.inf if one.floor_dbfs_hz is None else one.floor_dbfs_hz)


def without_rivals(emissions: Sequence[Emission], rejected: Counter[str]) -> list[Emission]:
    """Leave out the emissions that lie over one of another name that is surer."""
    if len({e.label for e in emissions}) < 2:
        return list(emissions)
    ordered = sorted(emissions, key=lambda e: e.sample_start)
    starts = [e.sample_start for e in ordered]
    longest = max(e.sample_count for e in ordered)
    kept = []
    for one in ordered:
        first = bisect_left(starts, one.sample_start - longest)
        end = bisect_left(starts, one.sample_start + one.sample_count)
        if any(_outdoes(other, one) for other in ordered[first:end]):
            rejected["rival"] += 1
        else:
            kept.append(one)
    return kept


def _outdoes(other: Emission, one: Emission) -> bool:
    """Whether another name for the same energy is surer; of two as sure, that of the one that covers more."""
    if other.label == one.label or overlap(one, other) <= RIVAL:
        return False
    return (other.confidence, other.sample_count, other.label) > (one.confidence, one.sample_count, one.label)
