"""How far a node's clock is off, from the bursts that it and others heard.

A computer's clock is right to milliseconds, a burst is placed to a fraction of a microsecond. So the clock is found by
the pattern: the shift at which most of the node's bursts fall upon bursts of the same kind and channel heard elsewhere.

```
 others   ▌  ▌▌    ▌ ▌   ▌▌▌      ▌        shift of the node's clock
 node       ▌  ▌▌    ▌     ▌▌▌      ▌      └─► differences of all pairs; most of them are alike at the right one
```

A call sends in each frame of 60/13 ms, so wrong shifts by a frame have nearly as many matches; what tells is where a
call begins, ends, is silent (one frame in 26, and in pauses of speech) and that several calls at once are shifted
alike: `frames` weighs that. Of bursts that keep no frame a match is worth the more the surer a burst that one side
heard is heard by the other, as a wrong shift takes each for two that the other side missed. What shifts are worth is
kept and added from window to window:

    score = frames + other matches × (−log(1 − p₁) − log(1 − p₂)) − shift² / 2 σ²

with σ what the clock is believed to be off, and p₁, p₂ the parts of both sides' other bursts that match at the best
shift. It is believed where no other is nearly as good. Then a line through the matches tells offset and rate.
"""

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.associate.frames import frame_nats
from cellwarden.associate.seen import Seen, some

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

COARSE_S = 100e-6
"""Width of a peak of differences: two clocks 40 ppm apart smear it so within two seconds."""
APART_S = 200e-6
"""Shifts nearer to each other are one; a GSM slot lasts 577 µs."""
FINE_S = 6e-6
"""Width of the peak once the rates agree."""
RATES = np.arange(-60e-6, 60.1e-6, 1e-6)
"""Differences of two clocks' rates that are tried, from what is known on; a television dongle is 30 ppm off."""
RATE_ERROR, WANDER = 15e-6, 3e-8
"""One standard deviation of a difference of rates of which nothing is known, and by how much it wanders in a second."""
STEP_SIGMAS = 6.0
"""Beyond so many standard deviations a clock was set, or a shift was wrong, and its rate was not."""
MOST_SHIFTS, FEW_SHIFTS = 100, 8
"""That are weighed while a clock is not known, and then: a slot more or less has many matches, too, where phones are on
most slots of a carrier."""
KEPT = 16
"""Of them from window to window."""
FORGET = 0.97
"""Part of old evidence that is kept from window to window: clocks wander."""
FEWEST, SHORTEST_S = 8, 0.2
"""Differences, and the time between the first and the last of them, that tell a rate."""
FEW = 0.2
"""Of a train's bursts that match by chance."""
SURE = 0.98
"""Probability of the best shift from which it is believed."""
RASTER_HZ = 100e3
REACH_SIGMAS = 4.0
RECALLED = 30.0
"""Nats by which a shift that was found at another time goes before others: enough against one a frame off."""


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """common time = t − offset_s − rate (t − at_s), t being the node's own; and how sure that is."""

    offset_s: float = 0.0
    rate: float = 0.0
    at_s: float = 0.0
    error_s: float = np.inf
    """One standard deviation of `offset_s`, as far as a shift is believed."""
    rate_error: float = RATE_ERROR
    """One standard deviation of `rate`."""
    sure: float = 0.0
    """Probability of the shift."""
    shifts_s: Floats = field(default_factory=lambda: np.zeros(0))
    """Shifts that were ever good, at `at_s`, and what matches have told for them."""
    nats: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def known(self) -> bool:
        return self.sure >= SURE


class Line(NamedTuple):
    """Offset at time 0 and rate, each with its standard deviation."""

    offset_s: float
    rate: float
    error_s: float
    rate_error: float


def common_s(clock: Clock, time_s: Floats) -> Floats:
    """Times by the common clock."""
    return np.asarray(time_s - clock.offset_s - clock.rate * (time_s - clock.at_s))


def recalled(clock: Clock) -> Clock:
    """What a clock found at another time is worth: its shifts are likely, and none is believed before it fits again.

    The common clock has no shifts, and stays what it is.
    """
    if not len(clock.nats):
        return clock
    return replace(clock, sure=0.0, nats=np.maximum(clock.nats - clock.nats.max() + RECALLED, 0.0))


def aligned(clock: Clock, node: Seen, common: Seen, clock_error_s: float) -> Clock:
    """The clock of a node after a window of its bursts; `common` are bursts of others, times by the common clock."""
    reach = REACH_SIGMAS * clock_error_s + COARSE_S
    difference, mine = differences(node, common, reach)
    at = float(node.time_s.mean()) if len(node.time_s) else clock.at_s
    moved = clock.shifts_s + clock.rate * (at - clock.at_s)
    fresh = peaks(difference, FEW_SHIFTS if clock.known else MOST_SHIFTS)[0]
    shifts, before = _added(moved, clock.nats, fresh)
    if not len(shifts):
        return clock
    nats = FORGET * before + _weighed(difference, mine, shifts, node, common)
    total = nats - 0.5 * (shifts / clock_error_s) ** 2
    kept = np.argsort(-total, kind="stable")[:KEPT]
    shifts, nats, total = shifts[kept], nats[kept], total[kept]
    sure = float(1 / np.exp(total - total[0]).sum())
    told = replace(clock, at_s=at, shifts_s=shifts, nats=nats, sure=sure)
    near = np.abs(difference - shifts[0]) <= COARSE_S
    if not near.any():
        return replace(told, offset_s=float(shifts[0]))
    return _followed(clock, told, line(node.time_s[mine[near]] - at, difference[near], clock.rate, clock.rate_error))


def _followed(before: Clock, told: Clock, fresh: Line) -> Clock:
    """A clock after a window: what the windows before say of its offset and rate, and what this one does, weighed.

    Two windows far apart tell the rate best: a line through two seconds is no line through the next two minutes. One
    step of a Kalman filter, whose states are held to be independent before each.
    """
    gap = told.at_s - before.at_s
    offset, var = fresh.offset_s, fresh.error_s**2
    rate, rate_var = before.rate, before.rate_error**2 + WANDER**2 * abs(gap)
    if np.isfinite(before.error_s):
        innovation = fresh.offset_s - (before.offset_s + before.rate * gap)
        expected = before.error_s**2 + rate_var * gap**2
        both = expected + var
        if innovation**2 <= STEP_SIGMAS**2 * both:
            offset -= innovation * var / both
            rate += innovation * rate_var * gap / both
            rate_var *= 1 - rate_var * gap**2 / both
            var *= expected / both
    gain = rate_var / (rate_var + fresh.rate_error**2)
    rate, rate_error = rate + gain * (fresh.rate - rate), float(np.sqrt(rate_var * (1 - gain)))
    return replace(told, offset_s=float(offset), rate=float(rate), error_s=float(np.sqrt(var)), rate_error=rate_error)


def _added(old_s: Floats, nats: Floats, new_s: Floats) -> tuple[Floats, Floats]:
    """Shifts of a window, then those of before that are none of them, and what was told for each before."""
    shifts, before = list(new_s), [0.0] * len(new_s)
    for shift, told in zip(old_s, nats, strict=True):
        near = [n for n, other in enumerate(shifts) if abs(other - shift) <= APART_S]
        if near:
            before[near[0]] += told
        else:
            shifts.append(float(shift))
            before.append(float(told))
    return np.array(shifts, np.float64), np.array(before, np.float64)


def _weighed(difference_s: Floats, mine: Whole, shifts_s: Floats, node: Seen, common: Seen) -> Floats:
    """What a window tells for each shift: shape (shifts,)."""
    others = ~node.framed[mine]
    left = np.sort(difference_s[others])
    counts = np.searchsorted(left, shifts_s + COARSE_S, "right") - np.searchsorted(left, shifts_s - COARSE_S)
    best = float(shifts_s[int(np.argmax(counts))])
    worth = _worth(difference_s[others], mine[others], best, node, common)
    both = some(node, node.framed), some(common, common.framed)
    return worth * counts + frame_nats(*both, (_channel(both[0]), _channel(both[1])), shifts_s)


def _worth(difference_s: Floats, mine: Whole, shift_s: float, node: Seen, common: Seen) -> float:
    """Nats of a match at the shift that has most: of the node's trains that match at all, and of all others'."""
    if not len(difference_s):
        return 0.0
    on = np.zeros(len(node.time_s), np.bool_)
    on[mine[np.abs(difference_s - shift_s) <= COARSE_S]] = True
    kept = ~node.framed
    _trains, train = np.unique(node.train[kept], return_inverse=True)
    matched, every = np.bincount(train, on[kept]), np.bincount(train)
    both = matched >= FEW * every
    theirs = int((~common.framed).sum())
    parts = (
        (matched[both].sum() + 0.5) / (every[both].sum() + 1.0),
        (on.sum() + 0.5) / (max(theirs, on.sum()) + 1.0),
    )
    return float(-sum(np.log1p(-part) for part in parts))


def differences(node: Seen, common: Seen, reach_s: float) -> tuple[Floats, Whole]:
    """Of all pairs of one kind and channel within reach: node's time minus common time, and the index of the node's."""
    mine, theirs = _channel(node), _channel(common)
    found, index = [np.zeros(0)], [np.zeros(0, np.int64)]
    for key in np.intersect1d(mine, theirs):
        a, b = np.flatnonzero(mine == key), np.flatnonzero(theirs == key)
        b = b[np.argsort(common.time_s[b], kind="stable")]
        low = np.searchsorted(common.time_s[b], node.time_s[a] - reach_s)
        count = np.searchsorted(common.time_s[b], node.time_s[a] + reach_s) - low
        which = np.repeat(a, count)
        other = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - low, count)
        found.append(node.time_s[which] - common.time_s[b[other]])
        index.append(which)
    return np.concatenate(found), np.concatenate(index)


def _channel(bursts: Seen) -> Whole:
    """Kind and channel as one number."""
    return np.asarray(bursts.kind * (1 << 32) + np.rint(bursts.frequency_hz / RASTER_HZ).astype(np.int64))


def peaks(difference_s: Floats, most: int = MOST_SHIFTS) -> tuple[Floats, Floats]:
    """Where most differences are alike to COARSE_S, so many places at most: their medians, and how many they are."""
    ordered = np.sort(difference_s)
    count = np.searchsorted(ordered, ordered + COARSE_S, "right") - np.arange(len(ordered))
    middles: list[float] = []
    numbers: list[float] = []
    while len(middles) < most and count.any():
        best = int(np.argmax(count))
        middles.append(float(np.median(ordered[best : best + count[best]])))
        numbers.append(float(count[best]))
        low, high = np.searchsorted(ordered, (middles[-1] - APART_S, middles[-1] + APART_S))
        count[low:high] = 0
    return np.array(middles), np.array(numbers)


def line(time_s: Floats, difference_s: Floats, rate: float, rate_error: float = RATE_ERROR) -> Line:
    """The line with most differences within FINE_S, then least squares, of a rate that is likely.

    Where too few differences tell a rate, the one given is kept, and nothing was learnt of it.
    """
    likely = np.abs(RATES) <= max(4 * rate_error, RATES[1] - RATES[0])
    tried = rate + RATES[likely] if len(time_s) >= FEWEST and np.ptp(time_s) > SHORTEST_S else np.array([rate])
    best, offset, chosen = 0, 0.0, rate
    for one in tried:
        left = np.sort(difference_s - one * time_s)
        count = np.searchsorted(left, left + FINE_S, "right") - np.arange(len(left))
        at = int(np.argmax(count))
        if count[at] > best:
            best, offset, chosen = int(count[at]), float(np.median(left[at : at + count[at]])), float(one)
    on = np.abs(difference_s - offset - chosen * time_s) <= FINE_S
    time_s, difference_s, many = time_s[on], difference_s[on], int(on.sum()) >= FEWEST
    told = many and len(tried) > 1
    if told:
        chosen, offset = map(float, np.polyfit(time_s, difference_s, 1))
    else:
        chosen, offset = rate, float(np.median(difference_s - rate * time_s))
    each = float(np.sqrt(np.mean((difference_s - offset - chosen * time_s) ** 2) + 1e-14))
    error = each / math.sqrt(len(time_s)) if many else COARSE_S  # a few match by chance, too
    slack = each / max(float(np.std(time_s)) * math.sqrt(len(time_s)), 1e-9) if told else np.inf
    return Line(offset, chosen, error, slack)
