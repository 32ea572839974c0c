"""A recording that was opened, and its samples as a stream of blocks.

Integers of 8 and 16 bits stay integers (the detector unpacks them with its window), everything else becomes float32.
Samples are read into one reused buffer: a memory map would count as resident memory.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model import Block, Emission, Room, Segment
from cellwarden.radio import analytic
from cellwarden.radio.datatype import widened
from cellwarden.radio.metadata import Stretch, shown

LARGEST = 1e15
"""No receiver tells of larger values, and those of a spectrum must fit in float32 squared."""
_HASHED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class IQ:
    """Where I and Q of complex sample n lie in a file of pairs of numbers: in which of the two, and of which pair."""

    i_column: int = 0
    i_later: int = 0
    """0: of pair n; 1: of pair n + 1."""
    q_column: int = 1
    q_later: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was opened and checked; its samples are still in the file.

    Rate, segments and count are those of the complex samples that `blocks` gives; where the file holds real samples
    each of ours is two of the file's (see `analytic`), and `stored` tells a find in the file's own terms.
    """

    path: Path
    data_path: Path
    dtype: np.dtype[Any]
    """Of one I or Q, or of one real value, as it lies in the file."""
    rate_hz: float
    segments: tuple[Segment, ...]
    sample_count: int
    metadata: Mapping[str, Any]
    stretches: tuple[Stretch, ...]
    """Where the samples of each segment lie in the dataset, counted as the file counts them."""
    data_offset: int
    """Bytes before the dataset in `data_path`: not zero in an archive."""
    data_size: int
    """Bytes of the dataset, with headers and trailers that are no samples."""
    real: bool = False
    only_i: bool = False
    """Whether the file holds pairs of which only the first is taken, as a real sample."""
    iq: IQ = IQ()
    """Of complex samples; other than this where a recorder mixed them up (see `radio.iq`)."""


def blocks(recording: Recording, block_samples: int = 1 << 20, room: Room | None = None) -> Iterator[Block]:
    """The samples, in blocks of at most `block_samples` that never span two segments, in a reused buffer.

    Where there is `room` for samples as they lie in the file, they are read there, no more than fit. Raises
    RecordingError for infinities and NaN, for a file that ends early, and at the end where every sample is zero.
    """
    most = max(1, min(block_samples, recording.sample_count))
    buffer = _buffer(recording, most)
    silent = True
    with recording.data_path.open("rb", buffering=0) as file:
        for segment, stretch in zip(recording.segments, recording.stretches, strict=True):
            done = 0
            while done < segment.sample_count:
                count = min(most, segment.sample_count - done)
                to = buffer
                if room is not None and room.iq is not None and len(room.iq) and _is_read_as_it_is(recording, room.iq):
                    to, count = room.iq, min(count, len(room.iq))
                iq, scale, raw = _read(file, recording, stretch, segment.sample_start + done, to, count)
                silent = silent and not raw.any()
                yield Block(iq, scale, segment.sample_start + done, segment)
                done += count
    if silent:
        raise RecordingError(_("{path} holds only zeros: check the receiver").format(path=recording.data_path))


def read_samples(recording: Recording, sample_start: int, sample_count: int) -> NDArray[np.complex64]:
    """Some samples, clipped to the recording, zero where no segment is: complex64, shape (n,)."""
    first = max(0, sample_start)
    end = max(first, min(recording.sample_count, sample_start + sample_count))
    samples = np.zeros(end - first, np.complex64)
    with recording.data_path.open("rb", buffering=0) as file:
        for segment, stretch in zip(recording.segments, recording.stretches, strict=True):
            low, high = max(first, segment.sample_start), min(end, segment.sample_start + segment.sample_count)
            if low < high:
                iq, scale, _raw = _read(file, recording, stretch, low, _buffer(recording, high - low), high - low)
                part = np.ascontiguousarray(iq, np.float32).view(np.complex64)[:, 0]
                np.multiply(part, np.float32(scale), out=samples[low - first : high - first])
    return samples


def _is_read_as_it_is(recording: Recording, iq: NDArray[Any]) -> bool:
    """Whether samples lie in the file as they are told, and as in `iq`."""
    return not recording.real and recording.iq == IQ() and recording.dtype == iq.dtype


def _buffer(recording: Recording, samples: int) -> NDArray[Any]:
    count = 2 * samples + 2 * analytic.MARGIN if recording.real else samples + 1
    return np.empty((count,) if recording.real and not recording.only_i else (count, 2), recording.dtype)


def _read(
    file: BinaryIO, recording: Recording, stretch: Stretch, first: int, buffer: NDArray[Any], count: int
) -> tuple[NDArray[Any], float, NDArray[Any]]:
    """Samples `first` to `first + count` of a segment: int16 or float32, shape (count, 2); what a unit is worth; and
    the part of `buffer` that holds what was read.
    """
    if not recording.real and recording.iq != IQ():
        return _paired(file, recording, stretch, first, buffer, count)
    if not recording.real:
        raw = buffer[:count]
        _fill(file, recording, stretch, first, raw)
        iq, scale = widened(raw)
        _check(recording, iq, first)
        return iq, scale, raw
    # The filter reaches beyond the block, so the same few samples are read twice; beyond the segment all is zero.
    before = 2 * first - analytic.MARGIN
    low = max(stretch.sample_start, before)
    high = min(stretch.sample_start + stretch.sample_count, 2 * (first + count) + analytic.MARGIN)
    raw = buffer[: high - low]
    _fill(file, recording, stretch, low, raw)
    values, scale = widened(raw[:, 0] if recording.only_i else raw)
    _check(recording, values, low)
    window = np.zeros(2 * count + 2 * analytic.MARGIN, np.float32)
    window[low - before : high - before] = values
    return analytic.baseband(window, first, count), scale, raw


def _paired(
    file: BinaryIO, recording: Recording, stretch: Stretch, first: int, buffer: NDArray[Any], count: int
) -> tuple[NDArray[Any], float, NDArray[Any]]:
    """As `_read`, for I and Q that lie elsewhere than usual; what the last pair of a segment lacks is repeated."""
    pairing, raw = recording.iq, buffer[: count + 1]
    there = min(count + 1, stretch.sample_start + stretch.sample_count - first)
    _fill(file, recording, stretch, first, raw[:there])
    raw[there:] = raw[there - 1]
    values, scale = widened(raw)
    _check(recording, values, first)
    made = np.empty((count, 2), values.dtype)
    made[:, 0] = values[pairing.i_later : pairing.i_later + count, pairing.i_column]
    made[:, 1] = values[pairing.q_later : pairing.q_later + count, pairing.q_column]
    return made, scale, raw


def _fill(file: BinaryIO, recording: Recording, stretch: Stretch, first: int, raw: NDArray[Any]) -> None:
    """Read as many samples as `raw` holds, from the file's sample `first` on."""
    sample_bytes = raw.nbytes // len(raw)
    view, done = raw.view(np.uint8).reshape(-1).data, 0
    try:
        file.seek(recording.data_offset + stretch.position + (first - stretch.sample_start) * sample_bytes)
        while done < len(view):
            got = file.readinto(view[done:])  # type: ignore[attr-defined]
            if not got:
                raise RecordingError(_("{path} ended while being read").format(path=recording.data_path))
            done += got
    except OSError as error:
        raise RecordingError(
            _("{path} cannot be read: {why}").format(path=recording.data_path, why=reason_of(error))
        ) from error


def _check(recording: Recording, values: NDArray[Any], first: int) -> None:
    """Raises RecordingError with the index of the first sample that is no number. values: shape (n,) or (n, 2)."""
    if values.dtype != np.float32:
        return
    with np.errstate(invalid="ignore"):
        if values.min() >= -LARGEST and values.max() <= LARGEST:
            return
        good = np.abs(values) <= LARGEST
    bad = int(np.argmin(good if recording.real else good.all(axis=1)))
    raise RecordingError(
        _("{path}: sample {sample} is no number (NaN, infinite or beyond 1e15): record again").format(
            path=recording.data_path, sample=first + bad
        )
    )


def stored(recording: Recording, emission: Emission, segment: Segment) -> tuple[Emission, Segment]:
    """An emission, and the segment it lies in, in the samples and frequencies that the file itself counts by.

    Whatever is written about a file (annotations, above all) goes through here. Nothing changes where the file holds
    complex samples. Where it holds real ones its rate is twice ours, so are its sample numbers, and its zero frequency
    lies a quarter of its rate below ours.
    """
    if not recording.real:
        return emission, segment
    shift = segment.rate_hz / 2
    centre = None if segment.centre_hz is None else segment.centre_hz - shift
    timing, carrier = emission.timing_samples, emission.carrier_offset_hz
    return (
        replace(
            emission,
            sample_start=2 * emission.sample_start,
            sample_count=2 * emission.sample_count,
            low_offset_hz=emission.low_offset_hz + shift,
            high_offset_hz=emission.high_offset_hz + shift,
            carrier_offset_hz=None if carrier is None else carrier + shift,
            timing_samples=None if timing is None else 2 * timing,
        ),
        replace(
            segment,
            sample_start=2 * segment.sample_start,
            sample_count=2 * segment.sample_count,
            rate_hz=2 * segment.rate_hz,
            centre_hz=centre,
        ),
    )


def data_digest(recording: Recording, stopped: Callable[[], bool] = bool) -> str:
    """SHA-512 in hexadecimal, of what `core:sha512` is defined for: the whole dataset.

    That is the file of the samples with its headers and trailers, and in an archive the member that holds them, not
    the archive. Python lets other threads run while a piece is hashed. Once `stopped` says so, nobody waits for it any
    more, and what is returned is the hash of a part.
    """
    digest = hashlib.sha512()
    buffer = memoryview(bytearray(_HASHED_AT_ONCE))
    left = recording.data_size
    try:
        with recording.data_path.open("rb", buffering=0) as file:
            file.seek(recording.data_offset)
            while left and not stopped():
                got = file.readinto(buffer[: min(left, len(buffer))])
                if not got:
                    raise RecordingError(_("{path} ended while being read").format(path=recording.data_path))
                digest.update(buffer[:got])
                left -= got
    except OSError as error:
        raise RecordingError(
            _("{path} cannot be read: {why}").format(path=recording.data_path, why=reason_of(error))
        ) from error
    return digest.hexdigest()


def check_digest(recording: Recording, digest: str) -> str | None:
    """A sentence of warning where the recording's own `core:sha512` differs from `digest`; None where it does not.

    `digest` is that of `data_digest`, over the dataset as it is now; a difference means that the samples were changed
    or damaged after the metadata was written, or that the metadata belongs to others. The hash does not cover the
    metadata: captures and annotations can change without a trace.
    """
    claimed = recording.metadata["global"].get("core:sha512")
    if claimed is None or (isinstance(claimed, str) and claimed.strip().lower() == digest):
        return None
    return _("{path}: the samples are not those its metadata was written for: core:sha512 tells {claimed}…").format(
        path=recording.path, claimed=shown(claimed)[:16]
    )
