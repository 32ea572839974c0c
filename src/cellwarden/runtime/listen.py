"""A receiver in, what is on the air out, while it is: the chain of `scan` on a stream that need not end.

source ─► ring ─► blocks ─► finds ─► emissions ─► trains begun, trains over
                    │         │
                    └ health ─┘   lost samples, clipping, noise floor, load: told each second
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from threading import Timer
from typing import Literal, NamedTuple

import numpy as np

from cellwarden.airinterface.products import LABEL as PRODUCT
from cellwarden.detect.coarse import CHUNK_FRAMES
from cellwarden.detect.finds import Find, finds
from cellwarden.detect.spectrum import grid
from cellwarden.model import Blind, Block, Emission, Segment
from cellwarden.radio.annotations import segment_among
from cellwarden.radio.live.receive import SET_NS, blocks, ring_of
from cellwarden.radio.live.ring import Ring
from cellwarden.radio.live.stream import Stream
from cellwarden.runtime.blindness import Blindness
from cellwarden.runtime.garbage import seldom
from cellwarden.runtime.scan import by_chunk
from cellwarden.runtime.warmth import warmth
from cellwarden.signature.group import Grouper

EACH_S = 1.0
"""Of signal, between two words on the receiver's health."""
CLIPPED = 0.99
"""Part of full scale from which on an integer sample is taken for cut off: of 8 bits, the very last value."""
MOST_SEGMENTS = 64
"""Of the last gaps and retunes: emissions come out within a chunk or two."""


class Event(NamedTuple):
    """One thing that was heard."""

    what: Literal["burst", "begun", "over"]
    """A burst; the first one of a train; a whole train that has been silent for a while."""
    emission: Emission
    segment: Segment
    """From the stream's first sample, with what the receiver was tuned to."""
    train: int
    """Number of its train."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a receiver was over the last second."""

    samples: int
    """Received so far."""
    lost: int
    """Missing so far, dropped for want of room among them."""
    dropped: int
    """Dropped for want of room so far: the work is too much for this machine."""
    clipped: float
    """Part of the last second's samples that were cut off."""
    floor_dbfs_hz: float | None
    """Median noise density over the band; None before it is known."""
    load: float
    """Time spent on the last second of signal, over a second."""
    temperature_c: float | None = None
    """Of the receiver; None where it does not tell it."""
    blind: tuple[Blind, ...] = ()
    """Where a jammer hides what phones send."""
    products: int = 0
    """Bursts of the last second that the receiver made itself of strong ones."""


class _Meter:
    """Counts what passes, and tells it each second of signal."""

    def __init__(
        self, ring: Ring, rate_hz: float, told: Callable[[Health], None], celsius: Callable[[], float | None]
    ) -> None:
        self.ring, self.rate_hz, self.told, self._celsius = ring, rate_hz, told, celsius
        self.samples = self.lost = 0
        self.floor_dbfs_hz: float | None = None
        self.blindness = Blindness()
        self.products = 0
        self.segments: list[Segment] = []
        self._clipped = self._since = 0
        self._busy_s = 0.0

    def blocks(self, heard: Iterable[Block]) -> Iterator[Block]:
        """The same blocks; what happens between two of them is work."""
        for block in heard:
            if not self.segments or block.segment != self.segments[-1]:
                self.segments.append(block.segment)
                del self.segments[:-MOST_SEGMENTS]
            count = len(block.iq)
            self.lost = block.sample_start - self.samples
            self.samples += count
            self._clipped += clipped(block)
            self.blindness.listened(block.segment, count)
            self._since += count
            begun = time.perf_counter()
            yield block
            self._busy_s += time.perf_counter() - begun
            if self._since >= EACH_S * self.rate_hz:
                self._tell()

    def found(self, heard: Iterable[Find]) -> Iterator[Find]:
        """The same, their noise floor noted."""
        for find in heard:
            noise = float(np.median(find.chunk.noise)) * find.samples.scale**2 / self.rate_hz
            self.floor_dbfs_hz = 10 * float(np.log10(max(noise, 1e-30)))
            yield find

    def _tell(self) -> None:
        seconds = self._since / self.rate_hz
        self.told(
            Health(
                self.samples,
                self.lost,
                self.ring.dropped,
                self._clipped / self._since,
                self.floor_dbfs_hz,
                self._busy_s / seconds,
                self._celsius(),
                self.blindness.now(),
                self.products,
            )
        )
        self._clipped = self._since = self.products = 0
        self._busy_s = 0.0


def clipped(block: Block) -> int:
    """Samples of which I or Q is cut off; float samples have no end, and none are."""
    top = CLIPPED / block.scale
    if block.iq.dtype != np.int16 or (block.iq.max() < top and block.iq.min() > -top):
        return 0
    return int(np.count_nonzero(((block.iq >= top) | (block.iq <= -top)).any(axis=1)))


def listen(
    stream: Stream,
    *,
    seconds: float | None = None,
    min_confidence: float = 0.5,
    rejected: Counter[str] | None = None,
    health: Callable[[Health], None] = lambda health: None,
    passing: Callable[[Iterable[Block]], Iterator[Block]] = iter,
    looking: Callable[[Iterable[Find]], Iterator[Find]] = iter,
) -> Generator[Event, None, None]:
    """What is heard on a stream, until it ends or has run for `seconds` of signal.

    `passing` sees all blocks as they come, `looking` all that the coarse pass makes of them. Raises what the stream
    raises. Whoever stops asking closes it.
    """
    refused: Counter[str] = Counter() if rejected is None else rejected
    _warmed(stream.rate_hz)
    ring, trains = ring_of(stream), _Trains()
    ended = ExitStack()
    meter = _Meter(ring, stream.rate_hz, health, ended.enter_context(warmth(stream.temperature)))
    received = blocks(stream, ring)
    timer = Timer(seconds + EACH_S, stream.close) if seconds is not None else None  # where no samples come
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        limited = received if seconds is None else _within(received, round(seconds * stream.rate_hz))
        found = meter.found(looking(finds(meter.blocks(passing(limited)), refused)))
        with seldom():
            for fresh, watermark in by_chunk(found, refused, min_confidence):
                for emission in fresh:
                    segment = segment_among(meter.segments, emission)
                    meter.blindness.heard(emission, segment)
                    meter.products += emission.label == PRODUCT
                    yield from trains.add(emission, segment)
                yield from trains.passed(watermark)
            yield from trains.close()
    finally:
        received.close()
        ended.close()
        if timer is not None:
            timer.cancel()


def _warmed(rate_hz: float) -> None:
    """Load the compiled loops that every sample passes, before the first one comes: what waits meanwhile is lost."""
    count = 2 * CHUNK_FRAMES * grid(rate_hz).size
    noise = np.random.default_rng(0).integers(-100, 100, (count, 2)).astype(np.int16)
    segment = Segment(0, count, rate_hz)
    for _find in finds([Block(noise, 1.0, 0, segment)], Counter()):
        pass


def _within(received: Iterator[Block], samples: int) -> Iterator[Block]:
    """Blocks up to a number of samples, those that were lost among them."""
    for block in received:
        left = samples - block.sample_start
        if left <= 0:
            return
        yield block if len(block.iq) <= left else Block(block.iq[:left], block.scale, block.sample_start, block.segment)


class _Trains:
    """Trains across gaps and retunes, a grouper for each frequency: sample numbers of a stream tell time."""

    def __init__(self) -> None:
        self._groupers: dict[float | None, tuple[Grouper, Segment]] = {}
        self._newest: Segment | None = None
        self._numbers: dict[tuple[float | None, int], int] = {}
        """Of the trains that go on, by frequency and the grouper's own number."""
        self._begun = 0

    def add(self, emission: Emission, segment: Segment) -> Iterator[Event]:
        """What one more emission tells."""
        centre = segment.centre_hz
        if centre not in self._groupers:
            self._groupers[centre] = Grouper(), _whole(segment)
        grouper, whole = self._groupers[centre]
        if segment is not self._newest:
            self._newest, now = segment, _whole(segment)
            if now.clock != whole.clock or abs((now.start_ns or 0) - (whole.start_ns or 0)) > SET_NS:
                whole = now  # the source's clock was set
                self._groupers[centre] = grouper, whole
        yield from self._events(centre, whole, *grouper.add(emission, whole))

    def passed(self, sample: int) -> Iterator[Event]:
        """What is told when no more will start before a sample: who has been silent for a while is over."""
        for centre, (grouper, whole) in self._groupers.items():
            yield from self._events(centre, whole, *grouper.passed(sample / whole.rate_hz))

    def close(self) -> Iterator[Event]:
        """What is told when nothing more comes."""
        for centre, (grouper, whole) in self._groupers.items():
            yield from self._events(centre, whole, *grouper.close())

    def _events(
        self, centre: float | None, whole: Segment, numbered: list[tuple[Emission, int]], over: list[Emission]
    ) -> Iterator[Event]:
        for emission, number in numbered:
            if (centre, number) not in self._numbers:
                self._numbers[centre, number] = self._begun
                self._begun += 1
                yield Event("begun", emission, whole, self._numbers[centre, number])
            yield Event("burst", emission, whole, self._numbers[centre, number])
        for emission in over:
            train = self._numbers.pop((centre, int(emission.details["train"])))
            yield Event("over", replace(emission, details={**emission.details, "train": train}), whole, train)


def _whole(segment: Segment) -> Segment:
    """The segment as if it had begun with the stream's first sample."""
    before = round(segment.sample_start / segment.rate_hz * 1e9)
    return replace(segment, sample_start=0, start_ns=None if segment.start_ns is None else segment.start_ns - before)
