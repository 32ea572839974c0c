"""Annotations in: emissions of a recording that was scanned, from its metadata alone; the samples are not needed.

    {"core:sample_start": 6520, "core:label": "gsm:normal", "cellwarden:snr_db": 21.7, …}  ─►  Emission, and its Segment

So a node may send what it found instead of what it recorded. What is not annotated by a scan is left out.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model import ENDLESS, Emission, Segment
from cellwarden.radio import metadata
from cellwarden.radio.annotations import segment_at
from cellwarden.radio.metadata import index, nanoseconds, number

PREFIX = "cellwarden:"
FIELDS = ("snr_db", "confidence", "direction", "cfo_hz", "timing_samples", "floor_dbfs_hz")
"""What is no detail; see `annotations.annotation`."""


def emissions(path: Path) -> Iterator[tuple[Emission, Segment]]:
    """What was found in a recording, in the order of time. Raises RecordingError before the first."""
    meta = _read(path)
    extensions = meta["global"].get("core:extensions", [])
    if not any(isinstance(one, dict) and one.get("name") == "cellwarden" for one in extensions):
        raise RecordingError(_("{path} was not scanned: name what `cellwarden scan -o` wrote").format(path=path))
    segments = _segments(path, meta)
    found = []
    for item in meta["annotations"]:
        start = index(item.get("core:sample_start"))
        if start is None or number(item.get(PREFIX + "snr_db")) is None:
            continue
        if PREFIX + "bursts" in item:
            raise RecordingError(_("{path} holds trains, not bursts: scan it without --trains").format(path=path))
        segment = segment_at(segments, start, index(item.get("core:sample_count")) or 0)
        if (emission := _emission(item, start, segment)) is not None:
            found.append((emission, segment))
    return iter(sorted(found, key=lambda pair: pair[0].sample_start))


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise RecordingError(_("{path} is no file: name a recording").format(path=path))
    try:
        with path.open("rb") as file:
            return metadata.read(path, file)
    except OSError as error:
        raise RecordingError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error


def _segments(path: Path, meta: Mapping[str, Any]) -> list[Segment]:
    """The captures, each of which must tell where and when it was recorded."""
    rate = metadata.sample_rate(path, dict(meta))
    made: list[Segment] = []
    for capture in meta["captures"]:
        start, centre = index(capture.get("core:sample_start", 0)), number(capture.get("core:frequency"))
        when = capture.get("core:datetime")
        start_ns = nanoseconds(when) if isinstance(when, str) else None
        if start is None or centre is None or start_ns is None:
            made.clear()
            break
        made.append(Segment(start, ENDLESS, rate, centre, start_ns))
    if not made:
        raise RecordingError(
            _("{path}: each capture needs core:frequency and core:datetime, to be compared with other nodes'").format(
                path=path
            )
        )
    return sorted(made, key=lambda segment: segment.sample_start)


def _emission(item: Mapping[str, Any], start: int, segment: Segment) -> Emission | None:
    """An annotation as the emission that it was; None where a part of it is missing or of a wrong kind."""
    count, label = index(item.get("core:sample_count")), item.get("core:label")
    low, high = number(item.get("core:freq_lower_edge")), number(item.get("core:freq_upper_edge"))
    snr, direction = number(item.get(PREFIX + "snr_db")), item.get(PREFIX + "direction")
    if count is None or low is None or high is None or snr is None or high <= low or not isinstance(label, str):
        return None
    names = {name.removeprefix(PREFIX): value for name, value in item.items() if name.startswith(PREFIX)}
    details = {n: v for n, v in names.items() if n not in FIELDS and isinstance(v, str | int | float)}
    centre = segment.centre_hz or 0.0
    return Emission(
        label=label,
        sample_start=start,
        sample_count=count,
        low_offset_hz=low - centre,
        high_offset_hz=high - centre,
        snr_db=min(max(snr, -100.0), 200.0),
        confidence=number(names.get("confidence")) or 0.0,
        cfo_hz=number(names.get("cfo_hz")),
        timing_samples=number(names.get("timing_samples")),
        direction=direction if isinstance(direction, str) else "unknown",
        floor_dbfs_hz=number(names.get("floor_dbfs_hz")),
        details=details,
    )
