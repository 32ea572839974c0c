"""The spectrum of each sensor as it is now: rows from receivers' threads to those who look at them.

```
 receiver ─► wanted? ─► put ─► a ring for each sensor that somebody looks at ─► after ─► browser
              a look into a set, where nobody does
```

Rows are in memory, for KEPT_S at most, and gone when the last one stops looking.
"""

import asyncio
import base64
import json
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from cellwarden.model import Heard, Row
from cellwarden.model.span import S_NS

KEPT_S = 50
"""What the law wants dropped is gone within 60 s, also from here."""
MOST_ROWS = 1000
LOOK_S = 0.1
BEAT_S = 2.0


@dataclass(slots=True)
class Spectra:
    """Who looks at which sensor, and what it heard meanwhile. Any thread may use it."""

    sensors: tuple[str, ...]
    """Those whose receivers are at hand."""
    _viewers: Counter[str] = field(default_factory=Counter)
    _rings: dict[str, deque[tuple[int, Row]]] = field(default_factory=dict)
    _rows: int = 0
    """That came while somebody looked."""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def wanted(self, sensor: str) -> bool:
        """Whether somebody looks at a sensor: who asks pays no more than this."""
        return sensor in self._rings

    def put(self, sensor: str, row: Row) -> None:
        """One more row; nothing where nobody looks."""
        with self._turn:
            ring = self._rings.get(sensor)
            if ring is not None:
                self._rows += 1
                ring.append((self._rows, row))
                while ring[0][1].end_ns < row.end_ns - KEPT_S * S_NS:
                    ring.popleft()

    def after(self, sensor: str, number: int) -> list[tuple[int, Row]]:
        """Rows that came after one, with their numbers."""
        with self._turn:
            return [pair for pair in self._rings.get(sensor, ()) if pair[0] > number]

    def begin(self, sensor: str) -> None:
        """Somebody looks at it."""
        with self._turn:
            self._viewers[sensor] += 1
            self._rings.setdefault(sensor, deque(maxlen=MOST_ROWS))

    def end(self, sensor: str) -> None:
        """Somebody no longer does."""
        with self._turn:
            self._viewers[sensor] -= 1
            if self._viewers[sensor] <= 0:
                del self._viewers[sensor]
                self._rings.pop(sensor, None)

    async def news(self, sensor: str) -> AsyncIterator[str]:
        """Rows of a sensor as they come, for one viewer; a beat where none do."""
        self.begin(sensor)
        try:
            number, silent_s = 0, BEAT_S
            while True:
                fresh = self.after(sensor, number)
                if fresh:
                    number, silent_s = fresh[-1][0], 0.0
                    yield told(row for _number, row in fresh)
                elif silent_s >= BEAT_S:
                    silent_s = 0.0
                    yield told(())
                await asyncio.sleep(LOOK_S)
                silent_s += LOOK_S
        finally:
            self.end(sensor)


def told(rows: Iterable[Row]) -> str:
    """Rows as a server-sent event."""
    return f"event: rows\ndata: {json.dumps([_plain(row) for row in rows])}\n\n"


def _plain(row: Row) -> dict[str, object]:
    """Times in milliseconds."""
    return {
        "t0": row.start_ns / 1e6,
        "t1": row.end_ns / 1e6,
        "low": row.low_hz,
        "high": row.high_hz,
        "levels": base64.b64encode(row.levels).decode(),
        "heard": [_box(one) for one in row.heard],
    }


def _box(one: Heard) -> list[object]:
    return [
        one.start_ns / 1e6, one.end_ns / 1e6, round(one.low_hz), round(one.high_hz), one.label,
        round(one.snr_db, 1), int(one.phone), one.train,
    ]  # fmt: skip
