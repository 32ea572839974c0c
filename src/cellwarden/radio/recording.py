"""Recordings in and out: SigMF 1.x, its archives, WAV files and bare files of samples, each opened as one `Recording`.

.sigmf-meta + .sigmf-data ─┐
.sigmf  (tar)             ─┤   metadata of SigMF,           checked            blocks, read_samples,
.wav    (RIFF, RF64)      ─┼─► and where the dataset lies  ─────────► Recording   data_digest   (`samples`)
.cs16 .cu8 .cf32 … (bare) ─┘
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model import Segment
from cellwarden.radio import archive, bare, metadata, wav
from cellwarden.radio.datatype import named, widened
from cellwarden.radio.metadata import Stretch, nanoseconds
from cellwarden.radio.samples import Recording, blocks, check_digest, data_digest, read_samples, stored

__all__ = [
    "Recording",
    "blocks",
    "check_digest",
    "data_digest",
    "nanoseconds",
    "open_recording",
    "read_samples",
    "stored",
    "widened",
]


def open_recording(
    path: Path,
    *,
    rate_hz: float | None = None,
    centre_hz: float | None = None,
    datatype: str | None = None,
    only_i: bool = False,
) -> Recording:
    """Open a recording, whatever it comes in.

    `path` names a `.sigmf-meta`, its `.sigmf-data`, the two without their ending, a `.sigmf` archive of one recording,
    a `.wav` file, or a bare file of samples. `rate_hz` and `centre_hz` are taken where the file tells none, `datatype`
    (a SigMF name) where the file is bare. `only_i` takes I alone of complex samples, which
    are real then. Raises RecordingError, naming the file and the remedy, for all that can be wrong with it.
    """
    try:
        path = _found(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    data_path, member = path, None
    if path.suffix.lower() == archive.ENDING:
        with _file(path) as (file, size):
            meta, member = archive.opened(path, file, size)
    elif path.suffix.lower() == ".wav":
        with _file(path) as (file, size):
            meta = wav.described(path, file, size)
    elif path.suffix != archive.META_ENDING and bare.is_bare(path, datatype):
        meta = bare.described(path, datatype=datatype, rate_hz=rate_hz)
    else:
        with _file(path) as (file, _size):
            meta = metadata.read(path, file)
            data_path = path.parent / (metadata.dataset_name(path, meta) or path.with_suffix(archive.DATA_ENDING).name)
            if meta["global"].get("core:metadata_only") is True and not data_path.exists():
                raise RecordingError(
                    _("{path} comes without samples: name a recording that has them").format(path=path)
                )
    if rate_hz is not None:
        meta["global"].setdefault("core:sample_rate", rate_hz)
    if centre_hz is not None:
        meta["captures"] = meta["captures"] or [{"core:sample_start": 0}]
        for capture in meta["captures"]:
            capture["core:frequency"] = capture.get("core:frequency") or centre_hz
    with _file(data_path, path) as (_opened_file, size):
        place = (member.position, member.size) if member else (0, size)
        return _checked(path, data_path, meta, *place, only_i=only_i)


def _found(path: Path) -> Path:
    """The file that a name means. Raises RecordingError for folders, collections and compressed archives."""
    if path.is_dir():
        raise RecordingError(_("{path} is a directory: name a recording in it").format(path=path))
    if path.suffix == ".sigmf-collection":
        raise RecordingError(_("{path} is a collection: name one of its recordings").format(path=path))
    if path.name.lower().endswith(archive.COMPRESSED):
        raise archive.compressed(path)
    if path.suffix == archive.DATA_ENDING:
        return path.with_suffix(archive.META_ENDING)
    if not path.exists():
        for ending in (archive.META_ENDING, archive.ENDING):
            whole = path.with_name(path.name + ending) if path.name else path
            if whole.is_file():
                return whole
    return path


@contextmanager
def _file(path: Path, asked: Path | None = None) -> Iterator[tuple[BinaryIO, int]]:
    """An open file and its size; RecordingError where it cannot be read.

    `asked` is the file that a person named, where that is another one.
    """
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would make us wait for ever
            raise RecordingError(_("{path} is no file: name a recording").format(path=path))
        with path.open("rb") as file:
            yield file, facts.st_size
    except OSError as error:
        if asked is None or asked == path:
            raise _unreadable(path, error) from error
        raise RecordingError(
            _("{path}: its samples {data} cannot be read: {why}").format(path=asked, data=path, why=reason_of(error))
        ) from error


def _unreadable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error)))


def _checked(path: Path, data_path: Path, meta: dict[str, Any], offset: int, size: int, *, only_i: bool) -> Recording:
    """The recording that `meta` describes, whose dataset is `size` bytes from `offset` on."""
    head = meta["global"]
    datatype = named(head.get("core:datatype"))
    if datatype is None:
        name = metadata.shown(head.get("core:datatype"))
        raise RecordingError(_("{path}: datatype {name} is unknown: convert it").format(path=path, name=name))
    rate = metadata.sample_rate(path, meta)
    if head.get("core:num_channels", 1) != 1:
        raise RecordingError(_("{path} holds several channels: split it into one file each").format(path=path))
    stretches = metadata.stretches(path, data_path, meta, size, datatype.sample_bytes)
    step = 2 if datatype.real or only_i else 1
    pairs = [(part, _segment(part, rate, step)) for part in stretches]
    kept = [(part, segment) for part, segment in pairs if segment.sample_count]
    if not kept:
        raise RecordingError(_("{path} is empty: record again").format(path=data_path))
    last = kept[-1][1]
    return Recording(
        path=path,
        data_path=data_path,
        dtype=datatype.component,
        rate_hz=rate / step,
        segments=tuple(segment for _part, segment in kept),
        sample_count=last.sample_start + last.sample_count,
        metadata=meta,
        stretches=tuple(part for part, _segment in kept),
        data_offset=offset,
        data_size=size,
        real=step == 2,
        only_i=only_i and not datatype.real,
    )


def _segment(part: Stretch, rate_hz: float, step: int) -> Segment:
    """A stretch of the file in complex samples, each `step` of the file's (see `analytic` for real ones)."""
    first = -(-part.sample_start // step)
    end = -(-(part.sample_start + part.sample_count) // step)
    centre, start_ns = part.centre_hz, part.start_ns
    if step == 2:
        centre = None if centre is None else centre + rate_hz / 4
        late = first * step - part.sample_start
        start_ns = None if start_ns is None else start_ns + round(late / rate_hz * 1e9)
    return Segment(first, end - first, rate_hz / step, centre, start_ns)
