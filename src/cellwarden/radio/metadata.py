"""SigMF metadata as it comes from outside: read with suspicion, and told in numbers that can be relied on.

Source: SigMF 1.2.6, "Global Object" and "Captures Array". Whatever is wrong with a file becomes a RecordingError that
names it; keys that are unknown here are kept as they are.
"""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _

MOST_BYTES = 1 << 29
"""No metadata is larger; what is, is another kind of file."""
_HEAD_BYTES = 4096
VERSION = "1.2.5"
RATES_HZ = (100e3, 1e9)
"""Below, no phone's burst fits into the band; above, no receiver records a stream."""
MOST_HZ = 1e12
"""No tuned frequency lies beyond."""
_SECTIONS = {"global": dict, "captures": list, "annotations": list}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples of one capture, as they lie in the dataset."""

    position: int
    """Bytes before its first sample in the dataset."""
    sample_start: int
    sample_count: int
    centre_hz: float | None
    """None too where the file tells zero: recorders write that where nobody told them, and no radio is tuned to it."""
    start_ns: int | None


def shown(value: object) -> str:
    """A value from a file, fit to stand in a line on a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value)[:80])


def number(value: object) -> float | None:
    """A finite number; None for everything else."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not -1e300 < value < 1e300:
        return None
    return float(value)


def index(value: object) -> int | None:
    """A whole number that is not negative; None for everything else."""
    good = number(value)
    return int(value) if good is not None and good >= 0 and good.is_integer() else None  # type: ignore[call-overload]


def nanoseconds(text: str) -> int | None:
    """An ISO 8601 time as integer nanoseconds since the epoch, without rounding.

    None where it is malformed, or further away than 64 bits of nanoseconds reach.
    """
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?Z?", text)
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    since = int(whole.timestamp()) * 10**9 + int((match[2] or "0").ljust(9, "0"))
    return since if abs(since) < 1 << 63 else None


def read(path: Path, file: BinaryIO, size: int = MOST_BYTES) -> dict[str, Any]:
    """The metadata that are the next `size` bytes of a file; see `parsed`.

    What does not begin as JSON is some other file, perhaps of many gigabytes, and is not read on.
    """
    head = file.read(min(size, _HEAD_BYTES))
    begun = head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith((b"{", b"["))
    return parsed(path, head + file.read(min(size, MOST_BYTES) - len(head)) if begun else head)


def parsed(path: Path, raw: bytes) -> dict[str, Any]:
    """The sections of SigMF metadata, all three present and of the right kind, counted from sample zero.

    Raises RecordingError for what is no JSON (RFC 8259: no NaN, no infinity, no half of a surrogate pair) or no SigMF.
    """
    try:
        meta = json.loads(raw, parse_constant=_finite, parse_float=_finite)
        if b"\\u" in raw:
            json.dumps(meta, ensure_ascii=False).encode()
    except ArithmeticError as error:
        raise RecordingError(
            _("{path} holds {value}, which is no number in JSON: mend it").format(path=path, value=shown(error))
        ) from error
    except (ValueError, RecursionError) as error:
        raise RecordingError(_("{path} is no JSON: name a .sigmf-meta file").format(path=path)) from error
    if not isinstance(meta, dict) or not isinstance(meta.get("global"), dict):
        raise RecordingError(_("{path} is no SigMF metadata: it has no global section").format(path=path))
    for name, kind in _SECTIONS.items():
        items = meta.setdefault(name, kind())
        if not isinstance(items, kind) or (kind is list and not all(isinstance(item, dict) for item in items)):
            raise _malformed(path, name)
    if not isinstance(meta["global"].get("core:extensions", []), list | dict):
        raise _malformed(path, "core:extensions")
    return _from_zero(path, meta)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ArithmeticError(text)
    return value


def _malformed(path: Path, name: str) -> RecordingError:
    return RecordingError(_("{path}: the section {name} is malformed: mend it").format(path=path, name=name))


def _from_zero(path: Path, meta: dict[str, Any]) -> dict[str, Any]:
    """A part of a longer recording (`core:offset`), counted from its own first sample.

    `core:global_index` keeps what each capture was counted by before.
    """
    offset = index(meta["global"].get("core:offset", 0))
    if offset is None:
        raise _malformed(path, "core:offset")
    if offset:
        del meta["global"]["core:offset"]
        for item in [*meta["captures"], *meta["annotations"]]:
            start = index(item.get("core:sample_start", offset))
            if start is None or start < offset:
                raise _malformed(path, "core:offset")
            item["core:sample_start"] = start - offset
        for capture in meta["captures"]:
            capture.setdefault("core:global_index", capture["core:sample_start"] + offset)
    return meta


def dataset_name(path: Path, meta: dict[str, Any]) -> str | None:
    """`core:dataset`, the file beside the metadata that the samples lie in; None where it has the usual name."""
    name = meta["global"].get("core:dataset")
    if name is None:
        return None
    if not isinstance(name, str) or name in ("", ".", "..") or re.search(r'[/\\:*?"<>|\0]', name):
        raise RecordingError(
            _("{path}: core:dataset {name} is no name of a file beside it: mend it").format(path=path, name=shown(name))
        )
    return name


def sample_rate(path: Path, meta: dict[str, Any]) -> float:
    """`core:sample_rate` in hertz."""
    rate = number(meta["global"].get("core:sample_rate"))
    if rate is None or rate <= 0:
        raise RecordingError(_("{path}: core:sample_rate is missing or wrong: mend it").format(path=path))
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        raise RecordingError(
            _("{path}: a sample rate of {rate} Hz is none between 100 kHz and 1 GHz: mend it").format(
                path=path, rate=f"{rate:g}"
            )
        )
    return rate


def stretches(path: Path, data: object, meta: dict[str, Any], size: int, sample_bytes: int) -> tuple[Stretch, ...]:
    """The captures that hold samples, in order; `size` is that of the dataset in bytes, `data` its name.

    Each capture's `core:header_bytes` lie before its samples, and `core:trailing_bytes` after the last one.
    """
    captures = meta["captures"] or [{"core:sample_start": 0}]
    headers = [index(capture.get("core:header_bytes", 0)) for capture in captures]
    starts = [index(capture.get("core:sample_start", 0)) for capture in captures]
    trailing = index(meta["global"].get("core:trailing_bytes", 0))
    skipped = [header for header in [*headers, trailing] if header is not None]
    if len(skipped) <= len(headers):
        raise RecordingError(_("{path}: core:header_bytes or core:trailing_bytes is wrong: mend it").format(path=path))
    ordered = [start for start in starts if start is not None]
    if len(ordered) < len(starts) or ordered != sorted(ordered):
        raise RecordingError(_("{path}: the captures are out of order or unknown: mend them").format(path=path))
    count, rest = divmod(size - sum(skipped), sample_bytes)
    if count < 0 or (count == 0 and rest == 0):
        raise RecordingError(_("{path} is empty: record again").format(path=data))
    if rest:
        raise RecordingError(_("{path} ends within a sample: it is truncated, copy it again").format(path=data))
    _check_within(path, data, meta, ordered, count)
    made: list[Stretch] = []
    before = 0
    for capture, header, start, end in zip(captures, skipped, ordered, [*ordered[1:], count], strict=False):
        before += header
        when = capture.get("core:datetime")
        centre = number(capture.get("core:frequency"))
        if centre is not None and abs(centre) > MOST_HZ:
            raise RecordingError(
                _("{path}: core:frequency {value} is no radio's: mend it").format(path=path, value=centre)
            )
        if end > start:
            time_ns = nanoseconds(when) if isinstance(when, str) else None
            made.append(Stretch(before + start * sample_bytes, start, end - start, centre or None, time_ns))
    return tuple(made)


def _check_within(path: Path, data: object, meta: dict[str, Any], captures: list[int], count: int) -> None:
    """Raises RecordingError where captures or annotations tell of more than `count` samples.

    A retune after the last sample is none of ours; a first capture there is.
    """
    if captures[0] >= count or captures[-1] > count:
        raise RecordingError(
            _("{path}: a capture lies beyond the last sample: {data} is truncated, copy it again").format(
                path=path, data=data
            )
        )
    for item in meta["annotations"]:
        start, length = index(item.get("core:sample_start", 0)), index(item.get("core:sample_count", 0))
        if start is None or length is None or start + length > count:
            raise RecordingError(
                _("{path}: an annotation lies beyond the last sample: {data} is truncated, copy it again").format(
                    path=path, data=data
                )
            )
