"""What is likely of frames in which two sides heard bursts: the compiled part of `frames`, where it is explained."""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact

SLOTS = 8
"""Of a frame."""
IDLE = 1 / 26
FULLEST = 0.97
"""Most of its frames in which a phone is held to send: one in 26 is idle."""
LEAST = 1e-3
"""Of a share: what was never seen may be."""
NODE, COMMON = 1, 2
"""Bits of what was heard in a frame: by the one side, by the other."""


@exact
def nats(
    node_slot: NDArray[np.int64],
    node_channel: NDArray[np.int64],
    common_slot: NDArray[np.int64],
    common_channel: NDArray[np.int64],
    channels: int,
) -> float:
    """Log-likelihood of slots, counted from anywhere, in which each side heard a burst on a channel.

    All of shape (n,), n > 0 of each side; channels below `channels`.
    """
    first = min(node_slot.min(), common_slot.min()) // SLOTS * SLOTS
    frames = (max(node_slot.max(), common_slot.max()) - first) // SLOTS + 2
    heard, some = np.zeros((channels * SLOTS, frames), np.uint8), np.zeros(channels * SLOTS, np.bool_)
    _mark(heard, some, node_slot - first, node_channel, NODE)
    _mark(heard, some, common_slot - first, common_channel, COMMON)
    total = 0.0
    worth, state = np.zeros((SLOTS, frames)), np.zeros((SLOTS, frames), np.uint8)
    for phone in np.flatnonzero(some):
        total += _phone(heard[phone], worth[phone % SLOTS], state[phone % SLOTS])
    for odd in range(2):
        if state[odd::2].any():
            total += _with_idle(worth[odd::2], state[odd::2])
    return total


@exact
def _mark(
    heard: NDArray[np.uint8],
    some: NDArray[np.bool_],
    slot: NDArray[np.int64],
    channel: NDArray[np.int64],
    side: int,
) -> None:
    """Mark what a side heard, by phone and frame, and of which phones there is something."""
    for i in range(len(slot)):
        phone = channel[i] * SLOTS + slot[i] % SLOTS
        heard[phone, slot[i] // SLOTS] |= side
        some[phone] = True


@exact
def _phone(heard: NDArray[np.uint8], worth: NDArray[np.float64], state: NDArray[np.uint8]) -> float:
    """Add what a phone's frames are worth if they are not idle, between its first burst and its last, and mark them: 1
    silent, 2 heard. Returns what its beginning and end are worth."""
    begin, end, counts = len(heard), 0, np.zeros(4)
    for frame in range(len(heard)):
        counts[heard[frame]] += 1
        if heard[frame]:
            begin, end = min(begin, frame), frame + 1
    length, both = end - begin, counts[NODE | COMMON]
    one, two = counts[NODE] + both, counts[COMMON] + both
    least = max(one, two) / length  # of the frames at least so many are sent
    full = min(max((one * two + 0.5) / (both + 0.5) / length, least), max(least, FULLEST), 1 - LEAST)
    p, q = min(one / (length * full), 1 - LEAST), min(two / (length * full), 1 - LEAST)
    none = 1 - full * (1 - (1 - p) * (1 - q))
    shares = (none, full * p * (1 - q), full * (1 - p) * q, full * p * q)
    said = np.array([math.log(max(share, LEAST**2)) for share in shares])
    for frame in range(begin, end):
        worth[frame] += said[heard[frame]]
        state[frame] = max(state[frame], 2 if heard[frame] else 1)
    # a phone begins in any frame as likely, and is heard some frames later: those that are as likely
    return -2.0 * math.log1p(len(heard) * (1 - none))


@exact
def _with_idle(worth: NDArray[np.float64], state: NDArray[np.uint8]) -> float:
    """Phones of even, or of odd, slots, which are idle in the same frames. Where frames begin is not known: each slot
    may be the first."""
    slots, frames = worth.shape
    every = -np.inf
    for begin in range(slots):
        found = 0.0
        for frame in range(frames):
            told, most = 0.0, 0
            for slot in range(slots):
                at = frame - (slot < begin)  # the last frame is empty, and comes first then
                told += worth[slot, at]
                most = max(most, state[slot, at])
            if most:
                busy = math.log(1 - IDLE) + told
                found += busy if most > 1 else _sum(busy, math.log(IDLE))
        every = _sum(every, found)
    return every


@exact
def _sum(one: float, other: float) -> float:
    """log(e^one + e^other)."""
    low, high = min(one, other), max(one, other)
    return high if low == -np.inf else high + math.log1p(math.exp(low - high))
