"""One receiver and a page: what is heard goes to `locate.near` in a thread, and a page asks for it.

receiver ─► listen (thread) ─► Near ◄─ page, four times a second
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from cellwarden.airinterface import TITLES, is_phone
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.locate import near
from cellwarden.model import Alert, Block
from cellwarden.radio.absolute import middle_hz
from cellwarden.radio.live.stream import Stream
from cellwarden.runtime.listen import Health, listen

CLIPPED = 1e-4
"""Part of a second's samples from which on the receiver is too loud to tell levels."""
LEAST_RANGE_DB = 20.0


@dataclass(slots=True)
class Ear:
    """A receiver that is carried about, and what it hears. Two threads work with it."""

    stream: Stream
    wanted_hz: float | None = None
    """Channel of the phone that is looked for; None for any."""
    now_s: Callable[[], float] = time.monotonic
    _near: near.Near = field(default_factory=near.Near)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _received_s: float = 0.0
    """Of signal so far."""
    _when_s: float = 0.0
    """By the clock, when that was received."""
    _floor_db: float = math.inf
    """The quietest so far, dBFS/Hz: the cold end."""
    _clipped: float = 0.0

    def hear(self) -> Iterator[Alert]:
        """Listen until the stream ends; yields nothing. Raises what the stream raises."""
        self._when_s = self.now_s()
        for event in listen(self.stream, health=self._health, passing=self._passing):
            e = event.emission
            if event.what != "burst" or not is_phone(e) or e.floor_dbfs_hz is None:
                continue
            interface, time_s = e.label.partition(":")[0], e.sample_start / event.segment.rate_hz
            with self._lock:
                self._floor_db = min(self._floor_db, e.floor_dbfs_hz)
                frequency_hz, density_db = middle_hz(e, event.segment), e.snr_db + e.floor_dbfs_hz
                near.heard(self._near, event.train, interface, frequency_hz, density_db, time_s)
        yield from ()

    def told(self) -> dict[str, object]:
        """How things stand, in the language in use: what a page shows."""
        with self._lock:
            now_s = self._received_s + self.now_s() - self._when_s
            readings = near.readings(self._near, now_s)
            floor_db, clipped = self._floor_db, self._clipped > CLIPPED
        wanted = None if self.wanted_hz is None else near.nearest(readings, self.wanted_hz)
        phones = [_told(one, floor_db, self.stream.rate_hz) for one in readings]
        return {"phones": phones, "wanted": wanted, "any": self.wanted_hz is None, "clipped": clipped}

    def _passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            with self._lock:
                self._received_s = (block.sample_start + len(block.iq)) / block.segment.rate_hz
                self._when_s = self.now_s()
            yield block

    def _health(self, health: Health) -> None:
        with self._lock:
            self._clipped = health.clipped
            if health.floor_dbfs_hz is not None:
                self._floor_db = min(self._floor_db, health.floor_dbfs_hz)


def _told(one: near.Reading, floor_db: float, rate_hz: float) -> dict[str, object]:
    """A phone as the page shows it. Heat runs from the quietest noise to the most that the receiver can take."""
    width_hz = min(rate_hz, 200e3)
    range_db = max(LEAST_RANGE_DB, -10 * math.log10(width_hz) - floor_db)

    def heat(level_db: float | None) -> float | None:
        return None if level_db is None else round(min(1.0, max(0.0, (level_db - floor_db) / range_db)), 3)

    title = TITLES.get(one.interface, one.interface)
    return {
        "phone": one.phone,
        "name": _("{interface}, {frequency} MHz").format(interface=title, frequency=number(one.frequency_hz / 1e6, 1)),
        "silent_s": round(one.silent_s),
        "heat": heat(one.level_db),
        "over_db": None if one.level_db is None else round(one.level_db - floor_db),
        "hottest": heat(one.hottest_db),
        "trend": one.trend,
        "past": [heat(level) for level in one.past_db],
    }
