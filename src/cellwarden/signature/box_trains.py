"""Trains of bursts of which nothing but the box is known: one band, and where unknown, one length and rhythm."""

import math
from collections.abc import Hashable, Iterator

from cellwarden.signature import gsm_trains
from cellwarden.signature.train import Train, View

EDGE = 0.2
"""Band edges that differ by less than this part of the width are the same."""
ALIKE = 0.25
"""Durations that differ by less than this part are alike."""
REGULAR = 0.1
"""An interval is regular that is a multiple of the train's period but for this part of it."""


def _size(view: View) -> tuple[int, float]:
    e = view.emission
    width = e.high_offset_hz - e.low_offset_hz
    return round(2 * math.log2(max(width, 1.0))), (e.low_offset_hz + e.high_offset_hz) / 2


def places(_train: Train, view: View) -> tuple[Hashable]:
    """Under what a train whose last burst this is is filed."""
    size, middle = _size(view)
    return ((view.emission.label, size, math.floor(middle / _cell(size))),)


def near(view: View) -> Iterator[Hashable]:
    """All places where its train may be filed."""
    middle_size, middle = _size(view)
    for size in (middle_size - 1, middle_size, middle_size + 1):
        cell = math.floor(middle / _cell(size))
        for step in (-1, 0, 1):
            yield view.emission.label, size, cell + step


def _cell(size: int) -> float:
    """Hertz between the places of trains of one size: half their width."""
    return 0.5 * 2 ** (size / 2)


def cost(train: Train, view: View) -> float | None:
    """How badly a burst fits a train, 0 being perfect; None where it is of another."""
    e, last = view.emission, train.last
    width = max(e.high_offset_hz - e.low_offset_hz, 1.0)
    away = max(abs(e.low_offset_hz - last.low_offset_hz), abs(e.high_offset_hz - last.high_offset_hz)) / width
    if away > EDGE:
        return None
    if e.label == "unknown:burst":
        if e.sample_start < train.end or abs(e.sample_count - last.sample_count) > ALIKE * last.sample_count:
            return None
        if train.period_s is not None and not _regular(view.start_s - train.last_s, train.period_s):
            return None
    return away


def _regular(interval_s: float, period_s: float) -> bool:
    """Whether one of two intervals is a multiple of the other."""
    ratio = max(interval_s, period_s) / max(min(interval_s, period_s), 1e-9)
    return abs(ratio - round(ratio)) <= REGULAR


def grow(train: Train, view: View) -> None:
    """Take a burst into the rhythm, carrier and level of its train."""
    if not train.bursts:
        return
    gap = view.start_s - train.last_s
    train.period_s = gap if train.period_s is None else min(gap, train.period_s)
    gsm_trains.grow(train, view)
