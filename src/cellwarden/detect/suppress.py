"""One burst, one box: what belongs together is joined, what is a shadow of something stronger is left out."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from cellwarden.detect import cells
from cellwarden.detect.evidence import evidence
from cellwarden.model import Boxed, Burst, Emission
from cellwarden.model.many import BOX, columns

EDGE_S = 20e-6
"""Edges this close in time may be the same."""
BLUR = 8.0
"""Degrees of freedom by which the edges of a faint burst err; for one of known level, nats of evidence."""
MOST = 0.3
"""Edges that differ by more than this part of the shorter box are not the same."""
STEP_DB = 6.0
"""Densities further apart are two senders', or one's and a shadow."""
NOTCH = 8.0
"""Nats of evidence that a wide gap is not empty; there are some thousand gaps a second to be asked about."""
LEAST_FADE = 0.1
"""A notch is at least this part of what lies beside it: an edge is where the density falls by 18 dB."""
SKIRT, SKIRT_DB = 0.25, 15.0
"""A skirt is narrower than this part of the signal beside it, and lower by so much; masks of transmitters leave 20 dB
at the first channel's edge (IEEE 802.11 §17.3.9.3)."""
PART = 0.5
"""A box that is part of another has less than this part of its area."""
SHADOW_DB = 30.0
"""Within the time of a burst this much stronger, weaker boxes are its skirts, images and intermodulation."""
SETTLING_S, SETTLING_DB = 0.2e-3, 45.0
"""After one so much stronger a receiver's own middle swings back for so long."""

RIVAL = 0.5
"""Two names whose boxes have this part of the smaller one in common are for the same energy."""


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
    if not boxes:
        return []
    low = min(box.sample_start for box in boxes)
    high = max(box.sample_start + box.sample_count for box in boxes)
    near = (o for o in others if o.sample_start < high and o.sample_start + o.sample_count > low)
    others = sorted(near, key=lambda o: o.sample_start)
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
    return [union for union, _ in clusters(bursts, rate_hz)]


def clusters(
    bursts: Sequence[Burst], rate_hz: float, between: Callable[[Burst, Burst], tuple[float, float]] | None = None
) -> list[tuple[Burst, int]]:
    """The unions of boxes that belong together, each with how many boxes it is made of, in the order of their start.

    `between` tells the power over noise in the gap between two boxes, and the degrees of freedom it is from.
    """
    joined = [(b, 1) for b in bursts]
    while True:
        joined, before = _joined_once(joined, rate_hz, between), len(joined)
        if len(joined) == before:  # what has grown may reach further
            return joined


def _joined_once(
    bursts: list[tuple[Burst, int]], rate_hz: float, between: Callable[[Burst, Burst], tuple[float, float]] | None
) -> list[tuple[Burst, int]]:
    kept: list[tuple[Burst, int]] = []
    latest: list[int] = []  # start among all that were kept so far: what begins much later is near none of them
    for burst, count in sorted(bursts, key=lambda b: (b[0].sample_start, b[0].low_offset_hz)):
        at = _last_together(burst, kept, latest, rate_hz, between)
        if at is None:
            kept.append((burst, count))
            latest.append(max([burst.sample_start, *latest[-1:]]))
        else:
            other, others = kept[at]
            kept[at] = _union(other, burst, rate_hz), count + others
            latest[at:] = [max(start, kept[at][0].sample_start) for start in latest[at:]]
    return kept


def _last_together(
    burst: Burst,
    kept: list[tuple[Burst, int]],
    latest: list[int],
    rate_hz: float,
    between: Callable[[Burst, Burst], tuple[float, float]] | None,
) -> int | None:
    """Index of the last box that one belongs to; None where it belongs to none."""
    for i in range(len(kept) - 1, -1, -1):
        if burst.sample_start - latest[i] > MOST * burst.sample_count:
            return None
        if _together(kept[i][0], burst, rate_hz, between):
            return i
    return None


def _together(
    a: Burst, b: Burst, rate_hz: float, between: Callable[[Burst, Burst], tuple[float, float]] | None
) -> bool:
    shorter = min(a.sample_count, b.sample_count)
    if abs(a.sample_start - b.sample_start) > MOST * shorter:
        return False
    slack = min(EDGE_S * rate_hz + _blur(a, rate_hz) + _blur(b, rate_hz), MOST * shorter)
    starts = abs(a.sample_start - b.sample_start)
    ends = abs(a.sample_start + a.sample_count - b.sample_start - b.sample_count)
    if starts > slack or ends > slack or abs(density_db(a) - density_db(b)) > STEP_DB:
        return False
    gap = max(a.low_offset_hz, b.low_offset_hz) - min(a.high_offset_hz, b.high_offset_hz)
    wider = max(a, b, key=_width)
    if gap < max(fade(wider.snr_db) * _width(wider), 0.5 * min(_width(a), _width(b))):
        return True
    return between is not None and gap < 0.5 * _width(wider) and _is_notch(gap, wider, *between(a, b))


def _is_notch(gap_hz: float, wider: Burst, ratio: float, freedom: float) -> bool:
    """Whether what lies in a gap is a notch, and not the noise between two senders.

    Of two equal paths, whose power goes as 1 - cos x around a notch, the part f of a period around it has a mean of
    1 - sin(πf) / (πf); half of that must be there, and must not be noise.
    """
    part = math.pi * gap_hz / (gap_hz + _width(wider))
    expected = 10 ** (wider.snr_db / 10) * (1 - math.sin(part) / part)
    return ratio - 1 > 0.5 * expected and evidence(ratio, freedom) > NOTCH


def fade(snr_db: float) -> float:
    """Widest notch, as a part of the width between two of them, in which a signal of two equal paths is not seen.

    The fine pass looks at SNR γ and sees what is above v = (1 + γ) ln(1 + γ) / γ - 1. The power of two equal paths is
    γ (1 + cos x); the part of a period in which that is below v is (2/π) arcsin √(v / 2γ).
    """
    gamma = min(10 ** (snr_db / 10), 1e3)
    visible = (1 + gamma) * math.log1p(gamma) / gamma - 1
    return max(2 / math.pi * math.asin(math.sqrt(min(1.0, visible / 2 / gamma))), LEAST_FADE)


def _blur(burst: Burst, rate_hz: float) -> float:
    """Samples by which an edge errs: where BLUR nats tell signal from noise, each degree of freedom 1/width long."""
    gamma = 10 ** (burst.snr_db / 10)
    return BLUR / (math.log1p(gamma) - gamma / (1 + gamma)) / _width(burst) * rate_hz


def _width(burst: Burst | Emission) -> float:
    return burst.high_offset_hz - burst.low_offset_hz


def _union(a: Burst, b: Burst, rate_hz: float) -> Burst:
    """One box for two, with the edges in time of the one that tells them better."""
    low, high = min(a.low_offset_hz, b.low_offset_hz), max(a.high_offset_hz, b.high_offset_hz)
    power = sum(10 ** (x.snr_db / 10) * _width(x) for x in (a, b))
    better = min(a, b, key=lambda x: _blur(x, rate_hz))
    return replace(
        better, low_offset_hz=low, high_offset_hz=high, snr_db=10 * math.log10(power / (_width(a) + _width(b)))
    )


def without_parts(bursts: Sequence[Burst], rate_hz: float, rejected: Counter[str]) -> list[Burst]:
    """Leave out the boxes that are parts of a larger one, or the ragged edges of its spectrum."""
    ordered = sorted(bursts, key=lambda b: b.sample_start)
    starts = [b.sample_start for b in ordered]
    longest = max((b.sample_count for b in ordered), default=0)
    kept = []
    for burst in ordered:
        end = bisect_left(starts, burst.sample_start + burst.sample_count)
        near = ordered[bisect_left(starts, burst.sample_start - longest) : end]
        around = [other for other in near if _lasts(other, burst, rate_hz)]
        if any(_is_part(burst, other) for other in around):
            rejected["part"] += 1
        elif any(_is_skirt(burst, other) for other in around):
            rejected["skirt"] += 1
        else:
            kept.append(burst)
    return kept


def _lasts(other: Burst, burst: Burst, rate_hz: float) -> bool:
    """Whether another box, of more samples or more bandwidth, lasts for all of a box but for its blurred edges."""
    if other.sample_count * _width(other) <= burst.sample_count * _width(burst):
        return False
    slack = EDGE_S * rate_hz + _blur(burst, rate_hz)
    end = other.sample_start + other.sample_count + slack
    return burst.sample_start > other.sample_start - slack and burst.sample_start + burst.sample_count < end


def _is_part(burst: Burst, other: Burst) -> bool:
    """Whether a box lies in a far larger one and does not stand out from it."""
    return (
        overlap(burst, other) > RIVAL
        and burst.sample_count * _width(burst) < PART * other.sample_count * _width(other)
        and density_db(burst) < density_db(other) + STEP_DB
    )


def _is_skirt(burst: Burst, other: Burst) -> bool:
    """Whether a box lies close beside a much wider one and far lower."""
    return _is_beside(burst, other) and density_db(burst) < density_db(other) - SKIRT_DB


def _is_beside(burst: Burst, other: Burst | Emission) -> bool:
    gap = max(burst.low_offset_hz, other.low_offset_hz) - min(burst.high_offset_hz, other.high_offset_hz)
    return gap < LEAST_FADE * _width(other) and _width(burst) < SKIRT * _width(other)


def without_shadows(
    bursts: Sequence[Burst], named: Sequence[Emission], rate_hz: float, rejected: Counter[str]
) -> list[Burst]:
    """Leave out the boxes that lie within the time of something SHADOW_DB denser in power, named or not.

    And those that are the rim of what has a name: some interfaces' boxes hold but the better part of a spectrum.
    """
    least_hz = min(map(_width, bursts), default=0.0) / SKIRT
    wide = [e for e in named if _width(e) > least_hz]
    everything: list[Burst | Emission] = [*bursts, *named]
    strong = sorted(everything, key=density_db, reverse=True)
    kept = []
    for burst in bursts:
        slack = EDGE_S * rate_hz + _blur(burst, rate_hz)
        start, end = burst.sample_start + slack, burst.sample_start + burst.sample_count - slack
        if any(_is_rim(burst, other, slack) for other in wide):
            rejected["skirt"] += 1
            continue
        for other in strong:
            if density_db(other) < density_db(burst) + SHADOW_DB:
                kept.append(burst)
                break
            settles = density_db(other) > density_db(burst) + SETTLING_DB
            until = other.sample_start + other.sample_count + settles * SETTLING_S * rate_hz
            if other.sample_start <= start and end <= until:
                rejected["shadow"] += 1
                break
        else:
            kept.append(burst)
    return kept


def _is_rim(burst: Burst, other: Emission, slack: float) -> bool:
    """Whether a box lies close beside a much wider one, weaker, and begins and ends with it to some samples."""
    late = burst.sample_start - other.sample_start
    return (
        abs(late) < slack
        and abs(late + burst.sample_count - other.sample_count) < slack
        and _is_beside(burst, other)
        and density_db(burst) < density_db(other) - STEP_DB
    )


def density_db(one: Burst | Emission) -> float:
    """Power density above what a full-scale signal spread over a hertz would have, in dBFS per hertz."""
    return one.snr_db + (-math.inf if one.floor_dbfs_hz is None else one.floor_dbfs_hz)


def without_twins(emissions: Sequence[Emission], known: int, most: float) -> list[Emission]:
    """Leave out the emissions that lie over an earlier one of the same label by more than the part `most`.

    The first `known` stay as they are; the others are in the order of their start.
    """
    if len(emissions) == known:
        return list(emissions)
    names: dict[str, int] = {}
    told = np.empty((len(emissions), 5))
    told[:, :4] = columns(emissions, *BOX).T
    told[:, 4] = [names.setdefault(e.label, len(names)) for e in emissions]
    return [e for e, stays in zip(emissions, cells.first_ones(told, known, most).tolist(), strict=True) if stays]


def without_rivals(emissions: Sequence[Emission], rejected: Counter[str]) -> list[Emission]:
    """Leave out the emissions that lie over one of another name that is surer."""
    if len({e.label for e in emissions}) < 2:
        return list(emissions)
    ordered = sorted(emissions, key=lambda e: e.sample_start)
    shelves = {label: [e for e in ordered if e.label == label] for label in {e.label for e in ordered}}
    starts = {label: [e.sample_start for e in shelf] for label, shelf in shelves.items()}
    longest = {label: max(e.sample_count for e in shelf) for label, shelf in shelves.items()}
    kept = []
    for one in ordered:
        for label, shelf in shelves.items():
            if label == one.label:
                continue
            first = bisect_left(starts[label], one.sample_start - longest[label])
            end = bisect_left(starts[label], one.sample_start + one.sample_count)
            if any(_outdoes(other, one) for other in shelf[first:end]):
                rejected["rival"] += 1
                break
        else:
            kept.append(one)
    return kept


def _outdoes(other: Emission, one: Emission) -> bool:
    """Whether another name for the same energy is surer; of two as sure, that of the one that covers more."""
    if overlap(one, other) <= RIVAL:
        return False
    return (other.confidence, other.sample_count, other.label) > (one.confidence, one.sample_count, one.label)
