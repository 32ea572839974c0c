"""Channels that were recorded together: one SigMF file of several, or one file each, read side by side.

SigMF lays the channels of a sample one after the other (SigMF 1.2, `core:num_channels`). Files of their own are
together only where they tell the same start, rate, length and captures; what does not tell its start may be anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.radio import archive, metadata
from cellwarden.radio.datatype import named, widened
from cellwarden.radio.metadata import Stretch
from cellwarden.radio.recording import Recording, open_recording, read_samples
from cellwarden.radio.samples import LARGEST

FULL = 0.999
"""Of full scale: components at or above it were cut off there."""


@dataclass(frozen=True, slots=True)
class Channels:
    """Synchronous channels; their samples are still in the files."""

    paths: tuple[Path, ...]
    """One of all channels, or one of each."""
    rate_hz: float
    stretches: tuple[Stretch, ...]
    centres_hz: tuple[tuple[float | None, ...], ...]
    """Of each stretch the frequency that each channel was tuned to; in one file only the first one's is told."""
    metadata: dict[str, Any]
    """The `global` section of the first file."""
    files: tuple[Recording, ...] = ()
    """Empty where one file holds all."""
    dtype: np.dtype[Any] | None = None
    data_path: Path | None = None
    count: int = 0


def open_channels(paths: Sequence[Path], count: int) -> Channels:
    """`count` channels from one file or from `count` files. Raises RecordingError."""
    if len(paths) == 1:
        return _one_file(paths[0], count)
    if len(paths) != count:
        raise RecordingError(
            _("{names}: name one recording of {count} channels, or {count} recordings").format(
                names=", ".join(map(str, paths)), count=count
            )
        )
    return _files([open_recording(path) for path in paths])


def read(channels: Channels, stretch: Stretch, block_samples: int) -> Iterator[NDArray[np.complex64]]:
    """Samples of a stretch side by side, in blocks: complex64, shape (channels, n); full scale is 1."""
    for first in range(stretch.sample_start, stretch.sample_start + stretch.sample_count, block_samples):
        count = min(block_samples, stretch.sample_start + stretch.sample_count - first)
        if channels.files:
            yield np.array([read_samples(one, first, count) for one in channels.files])
        else:
            yield _side_by_side(channels, stretch, first, count)


def _files(files: Sequence[Recording]) -> Channels:
    first = files[0]
    if any(one.segments[0].start_ns is None for one in files):
        raise RecordingError(
            _("{path} does not tell its start (core:datetime): record the channels together").format(
                path=next(one.path for one in files if one.segments[0].start_ns is None)
            )
        )
    for one in files[1:]:
        same = one.rate_hz == first.rate_hz and len(one.segments) == len(first.segments)
        tolerance_ns = 0.5e9 / first.rate_hz
        if not same or any(
            a.sample_start != b.sample_start
            or a.sample_count != b.sample_count
            or abs((a.start_ns or 0) - (b.start_ns or 0)) > tolerance_ns
            for a, b in zip(first.segments, one.segments, strict=True)
        ):
            raise RecordingError(
                _("{first} and {second} are not synchronised: start, rate and captures must be the same").format(
                    first=first.path, second=one.path
                )
            )
    centres = tuple(tuple(one.segments[n].centre_hz for one in files) for n in range(len(first.segments)))
    paths, head = tuple(one.path for one in files), dict(first.metadata["global"])
    stretches = tuple(
        Stretch(0, s.sample_start, s.sample_count, s.centre_hz, s.start_ns) for s in first.segments
    )  # where they lie in the file is `read_samples`' business
    return Channels(paths, first.rate_hz, stretches, centres, head, tuple(files), count=len(files))


def _one_file(path: Path, count: int) -> Channels:
    path = path.with_suffix(archive.META_ENDING) if path.suffix == archive.DATA_ENDING else path
    if path.suffix != archive.META_ENDING or not path.is_file():
        raise RecordingError(_("{path} is no .sigmf-meta file: name a recording").format(path=path))
    try:
        with path.open("rb") as file:
            meta = metadata.read(path, file)
        data = path.parent / (metadata.dataset_name(path, meta) or path.with_suffix(archive.DATA_ENDING).name)
        size = data.stat().st_size
    except OSError as error:
        raise RecordingError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    head = meta["global"]
    told, datatype = head.get("core:num_channels", 1), named(head.get("core:datatype"))
    if told != count:
        raise RecordingError(
            _("{path} holds {told} channels: {count} are needed, f0, 2f0 and 3f0").format(
                path=path, told=metadata.shown(told), count=count
            )
        )
    if datatype is None or datatype.real:
        name = metadata.shown(head.get("core:datatype"))
        raise RecordingError(_("{path}: datatype {name} is unknown: convert it").format(path=path, name=name))
    parts = metadata.stretches(path, data, meta, size, datatype.sample_bytes * count)
    rate = metadata.sample_rate(path, meta)
    centres = tuple((part.centre_hz,) for part in parts)
    return Channels((path,), rate, parts, centres, head, (), datatype.component, data, count)


def _side_by_side(channels: Channels, stretch: Stretch, first: int, count: int) -> NDArray[np.complex64]:
    assert channels.data_path is not None and channels.dtype is not None
    each = 2 * channels.count
    offset = stretch.position + (first - stretch.sample_start) * each * channels.dtype.itemsize
    raw = np.fromfile(channels.data_path, channels.dtype, count * each, offset=offset)
    if len(raw) < count * each:
        raise RecordingError(_("{path} ended while being read").format(path=channels.data_path))
    values, scale = widened(raw)
    values = values.astype(np.float32) * np.float32(scale)
    bad = np.flatnonzero(~(np.abs(values) <= LARGEST))
    if len(bad):
        raise RecordingError(
            _("{path}: sample {sample} is no number (NaN, infinite or beyond 1e15): record again").format(
                path=channels.data_path, sample=first + int(bad[0]) // each
            )
        )
    return np.ascontiguousarray(values.reshape(count, channels.count, 2).transpose(1, 0, 2)).view(np.complex64)[..., 0]
