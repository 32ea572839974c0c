"""What a receiver hears, reduced to rows of a live picture, where somebody looks at it.

```
 coarse pass ─► ratio[frame, band] ─► loudest of each band ─┬─► Row, every ROW_S
 emissions ───► one box for a train's bursts, as they come ─┘
```

A burst of GSM lasts a hundredth of a row: a mean would hide it, so a row tells the loudest frame of each band. Noise
then stands some 9 dB above its mean, evenly.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import is_phone
from cellwarden.console.spectra import Spectra
from cellwarden.detect.coarse import CHUNK_FRAMES
from cellwarden.detect.finds import Find
from cellwarden.locate.site import Site, privileged
from cellwarden.model import Heard, Row
from cellwarden.runtime.burst_rows import start_ns
from cellwarden.runtime.listen import Event

ROW_S = 0.1
MOST_PARTS = 512
"""Of a row; wider bands are told more coarsely."""
MOST_HEARD = 200
"""Boxes with a row; in a crowd the others are left out."""


class Tap:
    """One receiver's, used by its thread alone."""

    def __init__(self, sensor: str, spectra: Spectra) -> None:
        self._sensor, self._spectra = sensor, spectra
        self._loudest: NDArray[np.float32] | None = None
        self._start_ns = 0
        self._heard: dict[tuple[int, int, int], Heard] = {}

    def looking(self, found: Iterable[Find]) -> Iterator[Find]:
        """The same, looked at where somebody wants it."""
        for find in found:
            if self._spectra.wanted(self._sensor):
                self._chunk(find)
            elif self._loudest is not None:
                self._loudest, self._heard = None, {}
            yield find

    def event(self, event: Event) -> None:
        """A burst that was named."""
        if event.what != "burst" or not self._spectra.wanted(self._sensor) or event.segment.start_ns is None:
            return
        e, centre_hz = event.emission, event.segment.centre_hz or 0.0
        begin_ns = start_ns(e, event.segment)
        end_ns = begin_ns + round(e.sample_count / event.segment.rate_hz * 1e9)
        low_hz, high_hz = centre_hz + e.low_offset_hz, centre_hz + e.high_offset_hz
        key = event.train, round(low_hz / 1e4), round(high_hz / 1e4)
        known = self._heard.get(key)
        if known is None and len(self._heard) >= MOST_HEARD:
            return
        if known is not None:
            begin_ns, end_ns = min(begin_ns, known.start_ns), max(end_ns, known.end_ns)
        self._heard[key] = Heard(begin_ns, end_ns, low_hz, high_hz, e.label, e.snr_db, is_phone(e), event.train)

    def _chunk(self, find: Find) -> None:
        """Take in what is new of a chunk."""
        block, grid = find.samples, find.chunk.grid
        fresh = find.chunk.ratio[-CHUNK_FRAMES:]
        if block.segment.start_ns is None or not len(fresh):
            return
        end = block.sample_start + len(block.iq) - block.segment.sample_start
        end_ns = block.segment.start_ns + round(end / grid.rate_hz * 1e9)
        first_ns = end_ns - round(len(fresh) * grid.frame_s * 1e9)
        loudest = fresh.max(axis=0)
        if self._loudest is None or len(self._loudest) != len(loudest) or first_ns < self._start_ns:
            self._start_ns = first_ns
        else:
            np.maximum(loudest, self._loudest, out=loudest)
        self._loudest = loudest
        if end_ns - self._start_ns >= ROW_S * 1e9:
            low_hz = (block.segment.centre_hz or 0.0) - (grid.size / 2 + 0.5) * grid.bin_hz
            high_hz = low_hz + grid.bands * grid.band_hz
            row = Row(self._start_ns, end_ns, low_hz, high_hz, levels(loudest), tuple(self._heard.values()))
            self._spectra.put(self._sensor, row)
            self._loudest, self._heard = None, {}


def open_sensors(site: Site, sensors: Iterable[str]) -> tuple[str, ...]:
    """Those that may be looked at: not what is heard where people speak under privilege."""
    private = privileged(site)
    return tuple(name for name in sensors if name not in private)


def levels(ratio: NDArray[np.float32]) -> bytes:
    """Power over noise of bands in half decibels, 0 to 127.5 dB, of MOST_PARTS parts at most, each its loudest."""
    step = -(-len(ratio) // MOST_PARTS)
    whole = np.pad(ratio, (0, -len(ratio) % step), mode="edge").reshape(-1, step).max(axis=1)
    return np.clip(20.0 * np.log10(np.maximum(whole, 1.0)), 0, 255).astype(np.uint8).tobytes()
