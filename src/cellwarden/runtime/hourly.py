"""The hourly self-test of a receiver: a burst put in behind the driver, and the base stations that it always hears.

```
 driver ─► blocks ─┬─ + a burst of ours ─► detect … ─┬─► events ─► without ours ─► told
                   └─ (its place is known)           └─ found? ─► `injection` where three in a row were not
 base stations heard in each of the last hours ─► one is missing or 10 dB lower ─► `base lost`: antenna, cable
                                               ─► all are off by more than 2 ppm ─► `frequency`: the crystal
```

The burst of ours shows that what works here works; the stations, that the antenna does. What an uplink's receiver hears
no station of, it has only the first of. Ours is told to nobody and kept nowhere: it is taken out by its very place, so
that a phone's burst beside it stays.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ, generate
from cellwarden.model import Block, Emission, Segment
from cellwarden.runtime.listen import Event, Health

OF_THE_TEST = ("base lost", "frequency", "injection")
"""What it may find."""
HOUR_S = 3600.0
FIRST_S = 10.0
"""Of signal, before the first burst is put in: the noise floor is known then."""
AGAIN_S = 5.0
"""Between tries of one that was not found."""
WAIT_S = 3.0
"""For which one is waited for: LTE's search tells half a second late."""
TRIES = (0.2, -0.15, 0.1)
"""Where in the band, as parts of its rate: a channel may be taken."""
SNR_DB = 20.0
LEAST_RATE_HZ = 4 * CHANNEL_HZ
NEAR_S = 20e-6
ALWAYS = 3
"""Hours in a row in which a station was heard, until it is one that is always heard."""
FELL_DB = 10.0
PPM = 2.0
MEMORY = 0.9


@dataclass(frozen=True, slots=True)
class Station:
    """A base station as it was in the hours before."""

    level_dbfs_hz: float
    ppm: float | None
    """Its frequency as this receiver's crystal shows it; None where it tells none."""
    hours: int


class Heard(NamedTuple):
    """What was heard of a base station in an hour."""

    level_dbfs_hz: float
    ppm: float | None


def judged(known: Mapping[str, Station], heard: Mapping[str, Heard]) -> tuple[tuple[str, ...], dict[str, Station]]:
    """What is wrong after an hour, and what is known then. What is wrong is not learned."""
    always = {name: one for name, one in known.items() if one.hours >= ALWAYS}
    gone = [name for name, one in always.items() if name not in heard or fell(one, heard[name])]
    moved = [
        now - was
        for name, one in always.items()
        if name in heard and (now := heard[name].ppm) is not None and (was := one.ppm) is not None
    ]
    faults = (("base lost",) if gone else ()) + (("frequency",) if moved and abs(float(np.median(moved))) > PPM else ())
    kept = dict(always) if faults else {}
    for name, one in heard.items():
        before = known.get(name)
        if name not in kept:
            kept[name] = Station(*one, 1) if before is None else _learned(before, one)
    return faults, kept


def fell(before: Station, now: Heard) -> bool:
    """Whether a station is much weaker than it was."""
    return now.level_dbfs_hz < before.level_dbfs_hz - FELL_DB


def _learned(before: Station, now: Heard) -> Station:
    ppm = now.ppm if before.ppm is None or now.ppm is None else MEMORY * before.ppm + (1 - MEMORY) * now.ppm
    level = MEMORY * before.level_dbfs_hz + (1 - MEMORY) * now.level_dbfs_hz
    return Station(level, ppm, before.hours + 1)


@dataclass(slots=True)
class _Ours:
    """The burst that was put in."""

    start: float
    low_hz: float
    high_hz: float
    until: float
    """Sample up to which it is waited for."""


@dataclass(slots=True)
class Hourly:
    """The self-test of one receiver. `tell` is told the faults after each hour, and when they change."""

    rate_hz: float
    tell: Callable[[tuple[str, ...]], None]
    stations: dict[str, Station] = field(default_factory=dict)
    hour_s: float = HOUR_S
    first_s: float = FIRST_S
    floor_dbfs_hz: float | None = None
    faults: tuple[str, ...] = ()
    put_in: int = 0
    """Bursts of ours so far."""
    _ours: _Ours | None = None
    _trains: set[int] = field(default_factory=set)
    _next: float = 0.0
    _hour_end: float = 0.0
    _missed: int = 0
    _sample: int = 0
    _heard: dict[str, list[tuple[float, float | None]]] = field(default_factory=dict)
    _injection: bool = False
    _base: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._next, self._hour_end = self.first_s * self.rate_hz, self.hour_s * self.rate_hz

    def health(self, health: Health) -> None:
        """A second has passed."""
        self.floor_dbfs_hz = health.floor_dbfs_hz

    def passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, one of them with a burst of ours at times."""
        for block in blocks:
            self._sample = block.sample_start + len(block.iq)
            due = self._ours is None and block.sample_start >= self._next and self.floor_dbfs_hz is not None
            yield self._with_ours(block) if due and self.rate_hz >= LEAST_RATE_HZ else block
            if self._ours is not None and self._sample > self._ours.until:
                self._over(found=False)
            if self._sample >= self._hour_end:
                self._hour()

    def events(self, events: Iterable[Event]) -> Iterator[Event]:
        """The same events without ours."""
        for event in events:
            emission = event.emission
            if event.what != "over" and self._is_ours(emission):
                self._trains.add(event.train)
                if event.what == "burst":
                    self._over(found=True)
                continue
            if event.what == "over" and event.train in self._trains:
                self._trains.discard(event.train)
                if emission.details.get("bursts", 1) == 1:
                    continue
            if event.what == "burst" and emission.label.endswith(":downlink"):
                self._station(emission, event.segment)
            yield event

    def _with_ours(self, block: Block) -> Block:
        rng = np.random.default_rng()
        offset = _offset_hz(block.segment, TRIES[self._missed % len(TRIES)])
        wave, start = generate("normal", rng, rate_hz=self.rate_hz, sequence=7, carrier_offset_hz=offset)
        if len(wave) > len(block.iq):
            return block
        power = 10 ** (((self.floor_dbfs_hz or 0.0) + 10 * math.log10(CHANNEL_HZ) + SNR_DB) / 10)
        first = block.sample_start + start
        length = FORMATS["normal"].symbols / SYMBOL_RATE_HZ * self.rate_hz
        until = first + length + WAIT_S * self.rate_hz
        self.put_in += 1
        self._ours = _Ours(first, offset - CHANNEL_HZ / 2, offset + CHANNEL_HZ / 2, until)
        return replace(block, iq=_added(block.iq, wave * math.sqrt(power) / block.scale))

    def _is_ours(self, emission: Emission) -> bool:
        ours = self._ours
        if ours is None:
            return False
        near = abs(emission.sample_start + (emission.timing_samples or 0.0) - ours.start) <= NEAR_S * self.rate_hz
        middle = (emission.low_offset_hz + emission.high_offset_hz) / 2
        return near and ours.low_hz < middle < ours.high_hz

    def _over(self, *, found: bool) -> None:
        self._ours, self._missed = None, 0 if found else self._missed + 1
        again = not found and self._missed % len(TRIES)
        self._next = self._sample + (AGAIN_S if again else self.hour_s) * self.rate_hz
        self._injection = self._missed >= len(TRIES)
        self._changed()

    def _station(self, emission: Emission, segment: Segment) -> None:
        middle = (segment.centre_hz or 0.0) + (emission.low_offset_hz + emission.high_offset_hz) / 2
        if emission.floor_dbfs_hz is None or not middle:
            return
        name = f"{emission.label} {round(middle / CHANNEL_HZ) * CHANNEL_HZ / 1e6:.1f} MHz"
        ppm = None if emission.cfo_hz is None else emission.cfo_hz / middle * 1e6
        kept = self._heard.setdefault(name, [])
        if len(kept) < 1000:
            kept.append((emission.floor_dbfs_hz + emission.snr_db, ppm))

    def _hour(self) -> None:
        heard = {}
        for name, several in self._heard.items():
            ppms = [ppm for _level, ppm in several if ppm is not None]
            level = float(np.median([level for level, _ppm in several]))
            heard[name] = Heard(level, float(np.median(ppms)) if ppms else None)
        self._base, self.stations = judged(self.stations, heard)
        self._heard.clear()
        self._hour_end += self.hour_s * self.rate_hz
        self._changed()

    def _changed(self) -> None:
        faults = self._base + (("injection",) if self._injection else ())
        if faults != self.faults:
            self.faults = faults
            self.tell(faults)


def _offset_hz(segment: Segment, part: float) -> float:
    """A channel of GSM about there in the band, from its middle."""
    centre = segment.centre_hz or 0.0
    return round((centre + part * segment.rate_hz) / CHANNEL_HZ) * CHANNEL_HZ - centre


def _added(iq: NDArray[Any], wave: NDArray[Any]) -> NDArray[Any]:
    """Samples, shape (n, 2), with a complex wave at their beginning, rounded and cut off as a converter would."""
    made, count = iq.copy(), len(wave)
    sum_ = made[:count].astype(np.float64) + np.stack([wave.real, wave.imag], axis=1)
    if iq.dtype == np.int16:
        sum_ = np.clip(np.rint(sum_), -32768, 32767)
    made[:count] = sum_.astype(iq.dtype)
    return made
