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

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import SLOT_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.associate.frame_kernels import nats
from cellwarden.associate.seen import Seen, some

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SLOT_S = SLOT_SYMBOLS / SYMBOL_RATE_HZ
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
    apart = nats(np.rint(at).astype(np.int64), mine + count, slot, theirs, 2 * count)
    found = []
    for shift in shifts_s / SLOT_S:
        near = np.rint(at - shift).astype(np.int64)
        beside = np.abs(at - shift - near) > ASTRAY  # of another cell, whose slots begin elsewhere
        found.append(nats(near, mine + count * beside, slot, theirs, 2 * count) - apart)
    return np.array(found)


def _begins(time_s: Floats, channel: Whole, count: int) -> Floats:
    """Where the slots of each channel begin, in slots, shape (count,): alike for all channels of a cell."""
    turned = np.exp(2j * np.pi * time_s / SLOT_S)
    first = np.angle(turned[0])
    sums = np.bincount(channel, turned.real, count) + 1j * np.bincount(channel, turned.imag, count)
    return np.asarray((first + np.angle(sums * np.exp(-1j * first))) / (2 * np.pi))
