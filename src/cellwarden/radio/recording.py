"""Recordings in and out: SigMF 1.x, `.sigmf-meta` beside `.sigmf-data`, read as a stream of blocks.

Integers of 8 and 16 bits stay integers (the detector unpacks them with its window), everything else becomes float32.
Samples are read into one reused buffer: a memory map would count as resident memory.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.model import Block, Segment

_DATATYPE = re.compile(r"c(?:(f32|f64|i32|i16|u32|u16)(_le|_be)|(i8|u8))")
_BARE = {".cs8": "ci8", ".cu8": "cu8", ".cs16": "ci16_le", ".cf32": "cf32_le", ".cfile": "cf32_le"}


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was opened and checked; its samples are still in the file."""

    path: Path
    data_path: Path
    dtype: np.dtype[Any]
    """Of one I or Q as it lies in the file."""
    rate_hz: float
    segments: tuple[Segment, ...]
    sample_count: int
    metadata: Mapping[str, Any]


def open_recording(path: Path, *, rate_hz: float | None = None, centre_hz: float | None = None) -> Recording:
    """Open a `.sigmf-meta` (or its `.sigmf-data`), or a bare file of a known ending with its rate.

    Raises RecordingError, naming the file and the remedy, for all that can be wrong with it.
    """
    if path.is_dir():
        raise RecordingError(_("{path} is a directory: name a recording in it").format(path=path))
    if path.suffix in _BARE:
        if rate_hz is None:
            raise RecordingError(_("{path} does not tell its sample rate: give --rate").format(path=path))
        meta: dict[str, Any] = {
            "global": {"core:datatype": _BARE[path.suffix], "core:sample_rate": rate_hz, "core:version": "1.2.5"},
            "captures": [{"core:sample_start": 0}],
            "annotations": [],
        }
        meta["global"]["core:dataset"] = path.name
        if centre_hz is not None:
            meta["captures"][0]["core:frequency"] = centre_hz
        return _opened(path, path, meta)
    path = path.with_suffix(".sigmf-meta") if path.suffix == ".sigmf-data" else path
    return _opened(path, path.with_suffix(".sigmf-data"), _metadata(path))


def _metadata(path: Path) -> dict[str, Any]:
    try:
        meta = json.loads(path.read_bytes())
    except OSError as error:
        raise RecordingError(_("{path} cannot be read: {why}").format(path=path, why=error.strerror)) from error
    except (ValueError, RecursionError) as error:
        raise RecordingError(_("{path} is no JSON: name a .sigmf-meta file").format(path=path)) from error
    sections = {"global": dict, "captures": list, "annotations": list}
    if not isinstance(meta, dict) or not isinstance(meta.get("global"), dict):
        raise RecordingError(_("{path} is no SigMF metadata: it has no global section").format(path=path))
    for name, kind in sections.items():
        items = meta.setdefault(name, kind())
        if not isinstance(items, kind) or (kind is list and not all(isinstance(item, dict) for item in items)):
            raise RecordingError(_("{path}: the section {name} is malformed: mend it").format(path=path, name=name))
    return meta


def _opened(path: Path, data_path: Path, meta: dict[str, Any]) -> Recording:
    head = meta["global"]
    dtype = _dtype(path, head.get("core:datatype"))
    rate = _number(head.get("core:sample_rate"))
    if rate is None or not 0 < rate < 1e12:
        raise RecordingError(_("{path}: core:sample_rate is missing or wrong: mend it").format(path=path))
    if head.get("core:num_channels", 1) != 1:
        raise RecordingError(_("{path} holds several channels: split it into one file each").format(path=path))
    try:
        size = data_path.stat().st_size
        with data_path.open("rb"):
            pass
    except OSError as error:
        raise RecordingError(
            _("{path}: its samples {data} cannot be read: {why}").format(path=path, data=data_path, why=error.strerror)
        ) from error
    if size == 0:
        raise RecordingError(_("{path} is empty: record again").format(path=data_path))
    if size % (2 * dtype.itemsize):
        raise RecordingError(_("{path} ends within a sample: it is truncated, copy it again").format(path=data_path))
    count = size // (2 * dtype.itemsize)
    for item in meta["annotations"]:
        start, length = _number(item.get("core:sample_start", 0)), _number(item.get("core:sample_count", 0))
        if start is None or length is None or start < 0 or start + length > count:
            raise RecordingError(
                _("{path}: an annotation lies beyond the last sample: {data} is truncated, copy it again").format(
                    path=path, data=data_path
                )
            )
    return Recording(path, data_path, dtype, rate, _segments(path, meta["captures"], rate, count), count, meta)


def _dtype(path: Path, datatype: object) -> np.dtype[Any]:
    match = _DATATYPE.fullmatch(datatype) if isinstance(datatype, str) else None
    if match is None:
        raise RecordingError(_("{path}: datatype {name} is unknown: convert it").format(path=path, name=datatype))
    kind = match[1] or match[3]
    order = {"_le": "<", "_be": ">", None: "|"}[match[2]]
    return np.dtype(f"{order}{kind[0]}{int(kind[1:]) // 8}")


def _number(value: object) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good else None  # type: ignore[arg-type]


def _segments(path: Path, captures: list[dict[str, Any]], rate: float, count: int) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    captures = captures or [{"core:sample_start": 0}]
    for i, capture in enumerate(captures):
        start = _number(capture.get("core:sample_start", 0))
        following = _number(captures[i + 1].get("core:sample_start", 0)) if i + 1 < len(captures) else count
        if (
            start is None
            or following is None
            or not 0 <= start < following <= count
            or capture.get("core:header_bytes")
        ):
            raise RecordingError(_("{path}: the captures are out of order or unknown: mend them").format(path=path))
        when = capture.get("core:datetime")
        centre = _number(capture.get("core:frequency"))
        segments.append(
            Segment(
                int(start), int(following - start), rate, centre, nanoseconds(when) if isinstance(when, str) else None
            )
        )
    return tuple(segments)


def nanoseconds(text: str) -> int | None:
    """An ISO 8601 time as integer nanoseconds since the epoch, without rounding; None where it is malformed."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?Z?", text)
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(whole.timestamp()) * 10**9 + int((match[2] or "0").ljust(9, "0"))


def blocks(recording: Recording, block_samples: int = 1 << 20) -> Iterator[Block]:
    """The samples, in blocks of at most `block_samples` that never span two segments, in a reused buffer.

    Raises RecordingError for infinities and NaN, for a file that ends early, and at the end where every sample is zero.
    """
    raw = np.empty((block_samples, 2), recording.dtype)
    silent = True
    with recording.data_path.open("rb", buffering=0) as file:
        for segment in recording.segments:
            file.seek(segment.sample_start * raw.itemsize * 2)
            done = 0
            while done < segment.sample_count:
                part = raw[: min(block_samples, segment.sample_count - done)]
                if _read_fully(file, part) != part.nbytes:
                    raise RecordingError(_("{path} ended while being read").format(path=recording.data_path))
                iq, scale = widened(part)
                if iq.dtype == np.float32 and not np.isfinite(np.sum(iq)) and not np.isfinite(iq).all():
                    raise RecordingError(
                        _("{path} holds values that are no numbers near sample {sample}: record again").format(
                            path=recording.data_path, sample=segment.sample_start + done
                        )
                    )
                silent = silent and not iq.any()
                yield Block(iq, scale, segment.sample_start + done, segment)
                done += len(part)
    if silent:
        raise RecordingError(_("{path} holds only zeros: check the receiver").format(path=recording.data_path))


def _read_fully(file: Any, part: NDArray[Any]) -> int:
    view, done = part.view(np.uint8).ravel().data, 0
    while done < len(view):
        got = file.readinto(view[done:])
        if not got:
            break
        done += got
    return done


def widened(raw: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """I and Q as int16 or float32 of this machine's byte order, and what one unit is worth.

    Unsigned samples are offset binary; 2 x - (2ⁿ - 1) makes them symmetrical without loss.
    """
    kind, bits = raw.dtype.kind, raw.dtype.itemsize * 8
    if kind == "i" and bits <= 16:
        return raw.astype(np.int16, copy=False), 2.0 ** (1 - bits)
    if kind == "u" and bits == 8:
        return raw.astype(np.int16) * np.int16(2) - np.int16(255), 1 / 256
    if kind == "u":
        return (raw.astype(np.float64) - (2.0 ** (bits - 1) - 0.5)).astype(np.float32), 2.0 ** (1 - bits)
    return raw.astype(np.float32, copy=False), 2.0 ** (1 - bits) if kind == "i" else 1.0


def read_samples(recording: Recording, sample_start: int, sample_count: int) -> NDArray[np.complex64]:
    """Some samples, clipped to the recording: complex64, shape (n,)."""
    first = max(0, sample_start)
    count = max(0, min(recording.sample_count, sample_start + sample_count) - first)
    raw = np.fromfile(recording.data_path, recording.dtype, 2 * count, offset=first * 2 * recording.dtype.itemsize)
    iq, scale = widened(raw.reshape(-1, 2))
    return np.ascontiguousarray(iq, np.float32).view(np.complex64)[:, 0] * np.float32(scale)


def data_digest(recording: Recording) -> str:
    """SHA-512 of the samples' file, in hexadecimal."""
    with recording.data_path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()
