"""The pictures of a whole recording: one for each stretch that was received on one frequency without a gap."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import is_phone
from cellwarden.model import Emission, Segment
from cellwarden.radio.recording import Recording
from cellwarden.runtime.pictures import QUIET_DBFS, Frame, Scale, decibels, png, power_columns
from cellwarden.runtime.report_shown import is_guarded

MOST_SAMPLES = 64_000_000
"""Samples looked at for the pictures; of a longer recording each column shows a part of its time."""
MOST_COLUMNS = 1000
LEAST_COLUMNS = 60
MOST_PANELS = 12
SAME_NS = 1_000_000
"""Captures that follow each other within a millisecond, on one frequency, are one picture."""
LEAST_COLUMN_S = 215e-6
"""A column lasts at least as long as one payload field of a GSM burst (58 symbols) where phones or base stations were
heard: the picture tells when and where they sent, and nothing of what."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive captures that belong together."""

    first: int
    end: int
    centre_hz: float | None
    start_ns: int | None


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture, base64 PNG, and its frame: time since the file's first sample in `unit`, frequency in megahertz."""

    stretch: Stretch
    frame: Frame
    image: str
    unit: str
    per_second: float
    """Units in a second."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All pictures, on one scale."""

    panels: tuple[Panel, ...]
    left_out: int
    scale: Scale
    floor_dbfs: float
    """Middle level of the pictures."""
    bin_hz: float


def stretches(segments: tuple[Segment, ...]) -> tuple[Stretch, ...]:
    """Captures joined where frequency stays and no time is missing."""
    joined: list[Stretch] = []
    for s in segments:
        if joined and _continues(joined[-1], s):
            last = joined.pop()
            joined.append(Stretch(last.first, s.sample_start + s.sample_count, last.centre_hz, last.start_ns))
        else:
            joined.append(Stretch(s.sample_start, s.sample_start + s.sample_count, s.centre_hz, s.start_ns))
    return tuple(joined)


def _continues(before: Stretch, s: Segment) -> bool:
    if before.centre_hz != s.centre_hz:
        return False
    if before.start_ns is None or s.start_ns is None:
        return before.start_ns == s.start_ns
    expected = before.start_ns + (s.sample_start - before.first) / s.rate_hz * 1e9
    return abs(s.start_ns - expected) < SAME_NS


def overview(recording: Recording, emissions: tuple[Emission, ...]) -> Overview:
    """Pictures of the recording; of more than MOST_PANELS stretches those in which most was heard, phones first."""
    every = stretches(recording.segments)
    phones = any(is_guarded(e) for e in emissions)
    chosen = sorted(sorted(every, key=lambda s: _interest(s, emissions), reverse=True)[:MOST_PANELS], key=_first)
    shown = sum(s.end - s.first for s in chosen)
    size = int(np.clip(2 ** round(np.log2(max(1.0, shown / len(chosen)) ** 0.5)), 64, 1024))
    images = [_image(recording, s, size, shown, phones) for s in chosen]
    levels = np.concatenate([image[image > QUIET_DBFS + 10] for image in images])
    floor = float(np.median(levels)) if len(levels) else QUIET_DBFS
    top = float(np.quantile(levels, 0.9995)) if len(levels) else floor
    scale = Scale(floor - 3.0, max(floor + 20.0, top))
    panels = tuple(
        _panel(stretch, recording.rate_hz, png(image, scale)) for stretch, image in zip(chosen, images, strict=True)
    )
    return Overview(panels, len(every) - len(chosen), scale, floor, recording.rate_hz / size)


def _first(stretch: Stretch) -> int:
    return stretch.first


def _interest(stretch: Stretch, emissions: tuple[Emission, ...]) -> tuple[int, int]:
    inside = [is_phone(e) for e in emissions if stretch.first <= e.sample_start < stretch.end]
    return sum(inside), len(inside)


def _image(recording: Recording, s: Stretch, size: int, shown: int, phones: bool) -> NDArray[np.float32]:
    """Decibels of one stretch, float32, shape (columns, size); its columns are its share of MOST_COLUMNS."""
    count = s.end - s.first
    share = max(LEAST_COLUMNS, round(MOST_COLUMNS * count / shown))
    columns = max(1, min(share, count // size))
    if phones:
        columns = max(1, min(columns, int(count / recording.rate_hz / LEAST_COLUMN_S)))
    frames = max(1, int(count * min(1.0, MOST_SAMPLES / shown)) // size // columns)
    return decibels(power_columns(recording, (s.first, s.end), size, columns, frames, size))


def _panel(s: Stretch, rate_hz: float, image: str) -> Panel:
    unit, per_second = ("ms", 1e3) if s.end / rate_hz < 10 else ("s", 1.0)
    centre, half = (s.centre_hz or 0.0) / 1e6, rate_hz / 2e6
    x = (s.first / rate_hz * per_second, s.end / rate_hz * per_second)
    return Panel(s, Frame(1000, 480, 74, 12, 8, 44, x, (centre - half, centre + half)), image, unit, per_second)
