"""What GSM's frames say of a shift between two clocks: who sends in nearly each frame tells by the pauses.

```
 frame     21 22 23 24 25 26 27      a phone keeps its slot of each frame, but for an idle one in 26, which all of a
 node       ▌     ▌  ▌     ▌         cell have together whose slots are even, or odd; each side misses some
 others     ▌  ▌     ▌     ▌  ▌
           a frame late, both hear as much at once, but one hears what was idle for the other
```

With q the part of its frames in which a phone sends, and p₁, p₂ the parts of that which the two sides hear,

    P(both) = q p₁ p₂        P(one) = q p₁ (1 − p₂)        P(none) = 1 − q + q (1 − p₁)(1 − p₂)

for each phone and frame by itself, unless the frame is idle for all. Only frames between a phone's first and last burst
count. Where its frames are full, a match is worth hardly anything, and what matches by chance does no harm.

Source: TS 45.002 §7 table 1 (idle frame 25 of 26 in even slots, 12 in odd ones).
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import SLOT_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.associate.seen import Seen, some

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SLOT_S, SLOTS = SLOT_SYMBOLS / SYMBOL_RATE_HZ, 8
IDLE = 1 / 26
FULLEST = 0.97
"""Most of its frames in which a phone is held to send: one in 26 is idle."""
LEAST = 1e-3
"""Of a share: what was never seen may be."""
STRETCH_S, STRETCHES = 4.0, 8
ASTRAY = 0.2
"""Of a slot, by which a burst does not lie in one."""


def frame_nats(node: Seen, common: Seen, channels: tuple[Whole, Whole], shifts_s: Floats) -> Floats:
    """Nats by which what both heard is likelier for each shift of the node's clock than if they had heard nothing in
    common: shape (shifts,).

    channels: one number for kind and channel of each burst of both. Of what was heard in hours, as after a cut, some
    stretches tell enough.
    """
    found = np.zeros(len(shifts_s))
    if not (len(node.time_s) and len(common.time_s)):
        return found
    begin_s = min(node.time_s.min(), common.time_s.min())
    parts = [((one.time_s - begin_s) / STRETCH_S).astype(np.int64) for one in (node, common)]
    counts = [np.bincount(part, minlength=1 + max(int(part.max()) for part in parts)) for part in parts]
    least = np.minimum(*counts)
    for part in np.argsort(-least, kind="stable")[:STRETCHES]:
        if least[part]:
            mine, theirs = (each == part for each in parts)
            chosen = channels[0][mine], channels[1][theirs]
            found += _stretch_nats(some(node, mine), some(common, theirs), chosen, shifts_s)
    return found


def _stretch_nats(node: Seen, common: Seen, channels: tuple[Whole, Whole], shifts_s: Floats) -> Floats:
    """The same of one stretch of time, in which both heard something."""
    names, channel = np.unique(np.concatenate(channels), return_inverse=True)
    mine, theirs, count = channel[: len(node.time_s)], channel[len(node.time_s) :], len(names)
    begins = _begins(common.time_s, theirs, count)
    slot = np.rint(common.time_s / SLOT_S - begins[theirs]).astype(np.int64)
    at = node.time_s / SLOT_S - begins[mine]
    apart = _nats((np.rint(at).astype(np.int64), slot), (mine + count, theirs), 2 * count)
    found = []
    for shift in shifts_s / SLOT_S:
        near = np.rint(at - shift).astype(np.int64)
        beside = np.abs(at - shift - near) > ASTRAY  # of another cell, whose slots begin elsewhere
        found.append(_nats((near, slot), (mine + count * beside, theirs), 2 * count) - apart)
    return np.array(found)


def _begins(time_s: Floats, channel: Whole, count: int) -> Floats:
    """Where the slots of each channel begin, in slots, shape (count,): alike for all channels of a cell."""
    turned = np.exp(2j * np.pi * time_s / SLOT_S)
    first = np.angle(turned[0])
    sums = np.bincount(channel, turned.real, count) + 1j * np.bincount(channel, turned.imag, count)
    return np.asarray((first + np.angle(sums * np.exp(-1j * first))) / (2 * np.pi))


def _nats(slots: tuple[Whole, Whole], channels: tuple[Whole, Whole], count: int) -> float:
    """The same of slots, counted from anywhere, in which each side heard a burst on a channel."""
    first = min(int(one.min()) for one in slots) // SLOTS * SLOTS
    frames = (max(int(one.max()) for one in slots) - first) // SLOTS + 2
    heard = np.zeros((2, count * SLOTS, frames), np.bool_)
    for side, (slot, channel) in enumerate(zip(slots, channels, strict=True)):
        heard[side, channel * SLOTS + (slot - first) % SLOTS, (slot - first) // SLOTS] = True
    place = np.flatnonzero(heard.any(axis=(0, 2)))
    each, nats, ends = _by_frame(heard[:, place])
    slot = place % SLOTS
    return ends + sum(_with_idle(*(one[slot % 2 == odd] for one in (each, nats, slot))) for odd in (0, 1))


def _by_frame(heard: NDArray[np.bool_]) -> tuple[Whole, Floats, float]:
    """Of each phone and frame, shape (n, frames): −1 beyond its bursts, 0 silent, 1 heard; its nats if not idle; and
    those of when all phones began and ended."""
    either = np.asarray(heard.any(axis=0))
    inside = np.maximum.accumulate(either, axis=1) & np.maximum.accumulate(either[:, ::-1], axis=1)[:, ::-1]
    length = inside.sum(axis=1)
    one, two, both = (each.sum(axis=1) for each in (heard[0], heard[1], heard[0] & heard[1]))
    least = np.maximum(one, two) / length  # of the frames at least so many are sent
    full = np.clip((one * two + 0.5) / (both + 0.5) / length, least, np.maximum(least, FULLEST)).clip(max=1 - LEAST)
    p = [np.clip(each / (length * full), 0.0, 1 - LEAST) for each in (one, two)]
    none = 1 - full * (1 - (1 - p[0]) * (1 - p[1]))
    shares = np.stack([none, full * p[0] * (1 - p[1]), full * (1 - p[0]) * p[1], full * p[0] * p[1]], axis=1)
    which = heard[0] + 2 * heard[1]
    nats = np.log(np.maximum(shares, LEAST**2))[np.arange(len(which))[:, None], which]
    # a phone begins in any frame as likely, and is heard some frames later: those that are as likely
    ends = -2 * float(np.log1p(heard.shape[2] * (1 - none)).sum())
    return np.where(inside, either, -1).astype(np.int64), np.where(inside, nats, 0.0), ends


def _with_idle(each: Whole, nats: Floats, slot: Whole) -> float:
    """Phones that are idle in the same frames. Where frames begin is not known: each slot may be the first."""
    found = []
    for begin in range(0, SLOTS, 2) if len(slot) else ():
        late = (slot < begin)[:, None]
        seen = np.where(late, np.roll(each, 1, axis=1), each)  # the last frame is empty, and comes first then
        open_nats = math.log(1 - IDLE) + np.where(late, np.roll(nats, 1, axis=1), nats).sum(axis=0)
        idle = np.where((seen == 1).any(axis=0), -np.inf, math.log(IDLE))
        found.append(float(np.logaddexp(open_nats, idle)[(seen >= 0).any(axis=0)].sum()))
    return float(np.logaddexp.reduce(found)) if found else 0.0
