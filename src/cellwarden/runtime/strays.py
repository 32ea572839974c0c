"""Unknown bursts of one receiver, a line for each train: what it looked like, and nothing that was sent.

A noisy place has thousands a second. Of those that look alike (octaves of width and length, a megahertz) ALIKE are kept
an hour, and MOST in all, so that a rare one is not crowded out; the others are counted.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cellwarden.model import Emission, Segment, Stray
from cellwarden.model.span import HOUR_NS
from cellwarden.radio.absolute import clock_ns
from cellwarden.runtime.listen import Event

LABEL = "unknown:burst"
ALIKE, MOST = 6, 40
GAPS = 64
"""Between bursts of a train that are looked at."""
REGULAR = 0.2
"""Part of the usual gap by which half of them may differ from it, where a train keeps time."""


@dataclass(slots=True)
class _Train:
    last: int
    """First sample of its last burst."""
    bursts: int = 0
    samples: int = 0
    """Of all bursts, as the next two."""
    low_hz: float = 0.0
    high_hz: float = 0.0
    gaps: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Strays:
    """What one receiver hears and no interface knows."""

    sensor: str
    _open: dict[int, _Train] = field(default_factory=dict)
    _hour: int = 0
    _kept: Counter[tuple[int, ...]] = field(default_factory=Counter)
    """Of this hour, by looks."""
    _unkept: int = 0

    def event(self, event: Event) -> Iterator[Stray]:
        """The train that is over, if it is one of these and not too much."""
        if event.emission.label != LABEL:
            return
        if event.what == "burst":
            self._count(event.train, event.emission)
        elif event.what == "over" and (train := self._open.pop(event.train, None)) is not None:
            made = self._stray(train, event.emission, event.segment)
            if made is not None:
                yield made

    def _count(self, number: int, burst: Emission) -> None:
        train = self._open.setdefault(number, _Train(burst.sample_start))
        if train.bursts and len(train.gaps) < GAPS:
            train.gaps.append(burst.sample_start - train.last)
        train.last = burst.sample_start
        train.bursts += 1
        train.samples += burst.sample_count
        train.low_hz += burst.low_offset_hz
        train.high_hz += burst.high_offset_hz

    def _stray(self, train: _Train, whole: Emission, segment: Segment) -> Stray | None:
        rate, start_ns = segment.rate_hz, clock_ns(segment, whole.sample_start)
        if start_ns is None or segment.centre_hz is None:
            return None
        low, high = (segment.centre_hz + edge / train.bursts for edge in (train.low_hz, train.high_hz))
        burst_s = train.samples / train.bursts / rate
        if not self._room(
            start_ns, (round(math.log2(high - low)), round(math.log2(burst_s)), round((low + high) / 2e6))
        ):
            self._unkept += 1
            return None
        end_ns = start_ns + round(whole.sample_count / rate * 1e9)
        period = _period(train.gaps)
        made = Stray(
            start_ns, end_ns, self.sensor, low, high, train.bursts, burst_s,
            None if period is None else period / rate, whole.snr_db, self._unkept,
        )  # fmt: skip
        self._unkept = 0
        return made

    def _room(self, time_ns: int, looks: tuple[int, ...]) -> bool:
        """Whether one more of such looks is kept in this hour."""
        hour = time_ns // HOUR_NS
        if hour != self._hour:
            self._hour = hour
            self._kept.clear()
        if self._kept[looks] >= ALIKE or self._kept.total() >= MOST:
            return False
        self._kept[looks] += 1
        return True


def _period(gaps: list[int]) -> float | None:
    """Samples between bursts that keep time."""
    if len(gaps) < 2:
        return None
    usual = float(np.median(gaps))
    return usual if float(np.median(np.abs(np.array(gaps) - usual))) <= REGULAR * usual else None
