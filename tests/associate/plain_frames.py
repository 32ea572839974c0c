"""What `frame_kernels` has compiled, in plain numpy."""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.associate.frame_kernels import FULLEST, IDLE, LEAST, SLOTS

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def nats(slots: tuple[Whole, Whole], channels: tuple[Whole, Whole], count: int) -> float:
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
