"""Trains: the bursts of one call, put together again as they come.

A phone in a call sends one burst in each TDMA frame, always in the same slot, on one carrier or hopping over several:

    frame    0        1        2        3                    60/13 ms, 1250 symbols
    carrier ─┬────────┬────────┬────────┬───
        62   │  ▇     │  ▇     │        │  ▇   phone A: slot 3, stays          one train
        65   │    ▇   │        │    ▇   │      phone B: slot 5, hops           one train
        71   │        │    ▇   │        │ ▇       of which the last: slot 2    another one

Two GSM bursts are of one train where label and training sequence are the same, the place in the frame is congruent
(TS 45.010 §5: the phone follows its base station's frame), and the carrier offset is: on the same channel in hertz, on
another one as a part of the carrier, as one oscillator makes both (TS 45.010 §6.1). Whether a train hops shows in its
first bursts. Other bursts are of one train where label and band edges are, unknown ones also need to be alike in
duration and regular. A train ends after a silence, so that only those of the last moments are in memory.

A train is a hypothesis: two phones that share slot, channel and training sequence one after the other look like one.
"""

import math
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from cellwarden.airinterface.gsm_waveform import FRAME_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.model import Emission, Segment

SILENCE_S = 2.0
"""A train that was silent for so long is over. A call in discontinuous transmission speaks every 0.48 s."""
SLACK_SYMBOLS = 3.0
"""How far a burst may lie from its place in the frame: errors of measurement, and a step of timing advance."""
CLOCK_ERROR = 20e-6
"""By how much the receiver's clock may run wrong, which moves the frame while a train is silent."""
LEAST_OFFSET_HZ = 150.0
"""Carrier offsets that differ by less are the same: 0.1 ppm of the phone's, Doppler, and the receiver's own drift."""
SIGMAS = 4.0
DRIFT_HZ = 15.0
"""How much the carrier offset may wander from burst to burst."""
SETTLED = 6
"""A train whose first bursts all lay on one carrier does not hop: over two carriers that happens once in 32 trains."""
HOP_SILENCE_S = 0.13
"""A hop to a new carrier follows within 28 frames: at least the control channel (SACCH) sends every 26."""
EDGE = 0.2
"""Band edges that differ by less than this part of the width are the same."""
ALIKE = 0.25
"""Durations that differ by less than this part are alike."""
REGULAR = 0.1
"""An interval is regular that is a multiple of the train's period but for this part of it."""
MOST_SURE = 0.9999
"""Bursts of one train err together: no number of them makes more certain than this."""
_PLACES = 20
"""Parts of a frame under which GSM trains are filed; each is longer than the widest slack."""


@dataclass(slots=True, eq=False)
class _Train:
    """A train that may go on. The one value here that changes."""

    number: int
    first: Emission
    filed: Hashable
    last: Emission
    last_s: float
    offset_hz: float
    variance: float
    level_db: float
    channel: int
    """Of its last burst."""
    channels: set[int]
    low_hz: float
    high_hz: float
    doubt: float
    bursts: int = 1
    period_s: float | None = None
    ratio: float = field(default=0.0)
    """Sum of the bursts' SNRs, not in decibels."""
    end: int = 0


@dataclass(frozen=True, slots=True)
class _View:
    """What of a burst matters here, worked out once."""

    emission: Emission
    start_s: float
    """Since the beginning of the segment."""
    phase: float
    """Symbols since the beginning of a frame that began with the segment."""
    offset_hz: float
    """From the channel where the centre is known, else from baseband zero."""
    variance: float
    channel: int
    carrier_hz: float
    """Absolute, or 0 where it is not known."""
    duration_s: float


class Grouper:
    """Gives each emission, in the order of time, the number of its train, and hands out trains that are over."""

    def __init__(self) -> None:
        self._segment: Segment | None = None
        self._open: OrderedDict[int, _Train] = OrderedDict()
        self._filed: dict[Hashable, list[_Train]] = {}
        self._numbers = 0

    def add(self, emission: Emission, segment: Segment) -> tuple[int, list[Emission]]:
        """The number of the emission's train, and the trains that ended before it."""
        over = [] if segment == self._segment else self.close()
        self._segment = segment
        view = _view(emission, segment)
        while self._open and next(iter(self._open.values())).last_s < view.start_s - SILENCE_S:
            over.append(self._end(next(iter(self._open))))
        best = min(
            ((cost, train.number) for train in self._candidates(view) if (cost := _cost(train, view)) is not None),
            default=None,
        )
        train = self._begun(view) if best is None else self._open[best[1]]
        _grow(train, view)
        self._open.move_to_end(train.number)
        self._file(train, _place(view))
        return train.number, over

    def close(self) -> list[Emission]:
        """The trains that were still open, when nothing more comes."""
        return [self._end(number) for number in list(self._open)]

    def _candidates(self, view: _View) -> Iterator[_Train]:
        for place in _near(view):
            yield from self._filed.get(place, ())

    def _begun(self, view: _View) -> _Train:
        e = view.emission
        train = _Train(
            number=self._numbers,
            first=e,
            filed=None,
            last=e,
            last_s=view.start_s,
            offset_hz=view.offset_hz,
            variance=view.variance,
            level_db=e.snr_db,
            channel=view.channel,
            channels={view.channel},
            low_hz=e.low_offset_hz,
            high_hz=e.high_offset_hz,
            doubt=1.0,
            bursts=0,
        )
        self._numbers += 1
        self._open[train.number] = train
        return train

    def _file(self, train: _Train, place: Hashable) -> None:
        """Put a train where its next burst will look for it: a wrong clock carries it through the frame."""
        if place == train.filed:
            return
        if train.filed is not None:
            self._unfile(train)
        train.filed = place
        self._filed.setdefault(place, []).append(train)

    def _unfile(self, train: _Train) -> None:
        shelf = self._filed[train.filed]
        shelf.remove(train)
        if not shelf:
            del self._filed[train.filed]

    def _end(self, number: int) -> Emission:
        train = self._open.pop(number)
        self._unfile(train)
        return _emission(train)


def trains(emissions: Iterable[tuple[Emission, Segment]]) -> Iterator[Emission]:
    """One emission for each train, in the order in which they end, from emissions in the order of their start."""
    grouper = Grouper()
    for emission, segment in emissions:
        yield from grouper.add(emission, segment)[1]
    yield from grouper.close()


def _view(e: Emission, segment: Segment) -> _View:
    start_s = (e.sample_start - segment.sample_start + (e.timing_samples or 0.0)) / segment.rate_hz
    duration_s = e.sample_count / segment.rate_hz
    carrier = e.carrier_offset_hz if e.carrier_offset_hz is not None else (e.low_offset_hz + e.high_offset_hz) / 2
    known = e.cfo_hz is not None and segment.centre_hz is not None
    offset = e.cfo_hz if known and e.cfo_hz is not None else carrier
    return _View(
        emission=e,
        start_s=start_s,
        phase=start_s * SYMBOL_RATE_HZ % FRAME_SYMBOLS,
        offset_hz=offset,
        variance=_offset_variance(e.snr_db, duration_s * SYMBOL_RATE_HZ),
        channel=round(carrier - offset),
        carrier_hz=(segment.centre_hz or 0.0) + carrier if known else 0.0,
        duration_s=duration_s,
    )


def _offset_variance(snr_db: float, symbols: float) -> float:
    """Of a measured carrier offset in hertz squared: four times the Cramér–Rao bound 6 / (SNR N³) (radians a symbol)².

    Rife and Boorstyn, IEEE Trans. Inf. Theory 20 (1974) 591.
    """
    radians = 4.0 * 6.0 / (10 ** (snr_db / 10) * max(symbols, 1.0) ** 3)
    return radians * (SYMBOL_RATE_HZ / (2 * math.pi)) ** 2


def _framed(e: Emission) -> bool:
    """Whether it is a phone's GSM burst, whose place in the frame tells."""
    return e.label in ("gsm:normal", "gsm:access")


def _sequence(e: Emission) -> str | int | float | None:
    return e.details.get("training_sequence", e.details.get("synchronisation_sequence"))


def _place(view: _View) -> Hashable:
    """Under what a train that begins with this burst is filed."""
    e = view.emission
    if _framed(e):
        return e.label, _sequence(e), int(view.phase / FRAME_SYMBOLS * _PLACES)
    width, middle = e.high_offset_hz - e.low_offset_hz, (e.low_offset_hz + e.high_offset_hz) / 2
    size = round(2 * math.log2(max(width, 1.0)))
    return e.label, size, math.floor(middle / _cell(size))


def _near(view: _View) -> Iterator[Hashable]:
    """All places where its train may be filed."""
    e = view.emission
    if _framed(e):
        place = int(view.phase / FRAME_SYMBOLS * _PLACES)
        for step in (-1, 0, 1):
            yield e.label, _sequence(e), (place + step) % _PLACES
        return
    width, middle = e.high_offset_hz - e.low_offset_hz, (e.low_offset_hz + e.high_offset_hz) / 2
    middle_size = round(2 * math.log2(max(width, 1.0)))
    for size in (middle_size - 1, middle_size, middle_size + 1):
        cell = math.floor(middle / _cell(size))
        for step in (-1, 0, 1):
            yield e.label, size, cell + step


def _cell(size: int) -> float:
    """Hertz between the places of trains of one size: half their width."""
    return 0.5 * 2 ** (size / 2)


def _cost(train: _Train, view: _View) -> float | None:
    """How badly a burst fits a train, 0 being perfect; None where it is of another."""
    if view.start_s - train.last_s > SILENCE_S:
        return None
    return _framed_cost(train, view) if _framed(view.emission) else _boxed_cost(train, view)


def _framed_cost(train: _Train, view: _View) -> float | None:
    gap = view.start_s - train.last_s
    symbols = gap * SYMBOL_RATE_HZ
    if (
        symbols < FRAME_SYMBOLS / 2
        or abs(math.remainder(symbols, FRAME_SYMBOLS)) > SLACK_SYMBOLS + CLOCK_ERROR * symbols
    ):
        return None
    same = view.channel in train.channels
    if not same and (view.emission.label != "gsm:normal" or view.carrier_hz == 0.0 or not _may_hop(train, gap)):
        return None
    offset = train.offset_hz
    if not same or len(train.channels) > 1:  # one oscillator: offsets go as the carriers
        now = view.carrier_hz - view.offset_hz
        offset *= now / (now - view.channel + train.channel)
    tolerance = max(LEAST_OFFSET_HZ, SIGMAS * math.sqrt(train.variance + view.variance))
    away = abs(view.offset_hz - offset) / tolerance
    if away > 1.0:
        return None
    stays = len(train.channels) == 1
    return away**2 + ((view.emission.snr_db - train.level_db) / 8.0) ** 2 - (100.0 if stays and same else 0.0)


def _may_hop(train: _Train, gap_s: float) -> bool:
    return gap_s <= HOP_SILENCE_S and (len(train.channels) > 1 or train.bursts < SETTLED)


def _boxed_cost(train: _Train, view: _View) -> float | None:
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


def _grow(train: _Train, view: _View) -> None:
    e = view.emission
    if train.bursts:
        gap = view.start_s - train.last_s
        train.period_s = gap if train.period_s is None else min(gap, train.period_s)
        if view.channel != train.channel and view.carrier_hz:
            now = view.carrier_hz - view.offset_hz
            train.offset_hz *= now / (now - view.channel + train.channel)
        gain = train.variance / (train.variance + view.variance)
        train.offset_hz += gain * (view.offset_hz - train.offset_hz)
        train.variance = (1 - gain) * train.variance + DRIFT_HZ**2
        train.level_db += 0.25 * (e.snr_db - train.level_db)
    train.last, train.last_s, train.channel = e, view.start_s, view.channel
    train.channels.add(view.channel)
    train.low_hz, train.high_hz = min(train.low_hz, e.low_offset_hz), max(train.high_hz, e.high_offset_hz)
    train.doubt *= 1.0 - e.confidence
    train.bursts += 1
    train.ratio += 10 ** (e.snr_db / 10)
    train.end = max(train.end, e.sample_start + e.sample_count)


def _emission(train: _Train) -> Emission:
    """The whole train as one emission: from its first burst to the end of its last, over all its carriers."""
    first, stays = train.first, len(train.channels) == 1
    details: dict[str, str | int | float] = {"train": train.number, "bursts": train.bursts}
    details |= {name: first.details[name] for name in _KEPT if name in first.details}
    if not stays:
        details["carriers"] = len(train.channels)
    cfo = train.offset_hz if first.cfo_hz is not None else None
    carrier = first.carrier_offset_hz
    if carrier is not None and stays:
        carrier = train.channel + train.offset_hz if cfo is not None else train.offset_hz
    return Emission(
        label=first.label,
        sample_start=first.sample_start,
        sample_count=train.end - first.sample_start,
        low_offset_hz=train.low_hz,
        high_offset_hz=train.high_hz,
        snr_db=10 * math.log10(max(train.ratio / train.bursts, 1e-9)),
        confidence=max(min(1.0 - train.doubt, MOST_SURE), first.confidence if train.bursts == 1 else 0.0),
        cfo_hz=cfo,
        carrier_offset_hz=carrier if stays else None,
        timing_samples=first.timing_samples,
        direction=first.direction,
        floor_dbfs_hz=first.floor_dbfs_hz,
        details=details,
    )


_KEPT = ("training_sequence", "synchronisation_sequence", "modulation")
