"""SigMF archives: a tar file with the metadata and the samples of a recording, read where they lie.

Nothing is unpacked, so a name cannot lead anywhere; names that try, links and devices are refused all the same, since
an archive that holds them is not what it says. What `tarfile` is asked to read at once is bounded, and so is the number
of members. Source: SigMF 1.2.6, "SigMF Archives" (POSIX.1-2001 tar).
"""

import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.radio import metadata

ENDING, META_ENDING, DATA_ENDING = ".sigmf", ".sigmf-meta", ".sigmf-data"
COMPRESSED = (".sigmf.gz", ".sigmf.xz", ".sigmf.zip", ".sigmf.bz2", ".sigmf.zst")
_MAGIC = (b"\x1f\x8b", b"\xfd7zXZ\0", b"PK\x03\x04", b"BZh", b"\x28\xb5\x2f\xfd")
_MOST_MEMBERS = 10_000
_MOST_HEADER = 1 << 20
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive, and where its content lies."""

    name: PurePosixPath
    position: int
    size: int


class _Sober:
    """A file that refuses to read a header as long as a file (`tarfile` believes what a header says of its length)."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _MOST_HEADER:
            raise tarfile.ReadError
        return self.file.read(size)


def opened(path: Path, file: BinaryIO, size: int) -> tuple[dict[str, Any], Member]:
    """Metadata of the one recording in an open archive of `size` bytes, and the member that its samples are.

    Raises RecordingError where there is none or more than one, and for all that can be wrong with an archive.
    """
    if file.read(8).startswith(_MAGIC):
        raise compressed(path)
    members = _members(path, file, size)
    described = [name for name in members if name.name.endswith(META_ENDING)]
    if not described:
        raise RecordingError(_("{path} holds no recording: name a SigMF archive").format(path=path))
    if len(described) > 1:
        names = ", ".join(metadata.shown(name) for name in described[:_MOST_NAMES])
        raise RecordingError(
            _("{path} holds several recordings, unpack it and name one of them: {names}").format(path=path, names=names)
        )
    meta_name = described[0]
    file.seek(members[meta_name].position)
    meta = metadata.read(path, file, members[meta_name].size)
    beside = metadata.dataset_name(path, meta)
    data_name = meta_name.with_name(beside or meta_name.name.removesuffix(META_ENDING) + DATA_ENDING)
    if data_name not in members:
        raise RecordingError(
            _("{path} holds no {name}: its samples are missing, pack it again").format(
                path=path, name=metadata.shown(data_name)
            )
        )
    return meta, members[data_name]


def compressed(path: Path) -> RecordingError:
    """Compressed samples cannot be read in place."""
    return RecordingError(_("{path} is compressed: decompress it first").format(path=path))


def _members(path: Path, file: BinaryIO, size: int) -> dict[PurePosixPath, Member]:
    members: dict[PurePosixPath, Member] = {}
    file.seek(0)
    try:
        with tarfile.open(fileobj=_Sober(file), mode="r:") as tar:  # type: ignore[call-overload]
            for count, found in enumerate(tar):
                if count >= _MOST_MEMBERS or found.size < 0 or found.offset_data < 0:
                    raise tarfile.ReadError
                name = PurePosixPath(found.name)
                harmless = (found.isdir() or found.isfile()) and not found.issparse()
                if not harmless or name.is_absolute() or ".." in name.parts:
                    raise RecordingError(
                        _("{path} holds {name}, which has no place in a SigMF archive: pack it again").format(
                            path=path, name=metadata.shown(name)
                        )
                    )
                if found.isfile():
                    members[name] = Member(name, found.offset_data, found.size)
    except (tarfile.TarError, ValueError, OverflowError, RecursionError, EOFError) as error:
        raise RecordingError(_("{path} is no whole tar archive: copy it again").format(path=path)) from error
    if any(member.position + member.size > size for member in members.values()):
        raise RecordingError(_("{path} is no whole tar archive: copy it again").format(path=path))
    return members
