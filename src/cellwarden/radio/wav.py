"""WAV files of receivers: I in the left channel and Q in the right one, or real samples in a single one.

    RIFF size WAVE │ fmt  size … │ auxi size … │ data size I Q I Q I Q …
    RF64  -1  WAVE │ ds64 size … │ fmt  …      │ data  -1  I Q I Q …       sizes of 64 bits stand in ds64

Only the header is read; the samples stay where they are, and the file is described as a SigMF dataset with header
bytes.
Sources: Microsoft, Multimedia Programming Interface (1991) and WAVEFORMATEXTENSIBLE; EBU Tech 3306 (RF64); ITU-R
BS.2088 (BW64); for `auxi`, in which SpectraVue, HDSDR and SDR# keep the tuned frequency, the notes of linrad.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.radio.metadata import VERSION

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
_KINDS = {(PCM, 8): "u8", (PCM, 16): "i16_le", (PCM, 32): "i32_le", (FLOAT, 32): "f32_le", (FLOAT, 64): "f64_le"}
_UNKNOWN_SIZE = 0xFFFFFFFF
_MOST_CHUNKS = 4096
_MOST_BYTES = 4096
"""Read of each chunk; what we look at lies in the first forty."""


def described(path: Path, file: BinaryIO, size: int) -> dict[str, Any]:
    """SigMF metadata of an open WAV file of `size` bytes.

    A `data` chunk without a size, left by a recorder that crashed, ends with the last whole sample of the file. Raises
    RecordingError for what is no WAV file, for a format that is not known here, and for one that is truncated.
    """
    parts: dict[bytes, bytes] = {}
    for name, position, length, content in _chunks(path, file, size):
        if name == b"data":
            return _metadata(path, parts, position, length, size - position)
        parts[name] = content
    raise _no_wav(path)


def _no_wav(path: Path) -> RecordingError:
    return RecordingError(_("{path} is no WAV file with samples: convert it").format(path=path))


def _chunks(path: Path, file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int, bytes]]:
    """Name, position, declared length and first bytes of each chunk."""
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        raise _no_wav(path)
    position = 12
    for _number in range(_MOST_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[4:], "little")
        yield head[:4], position + 8, length, file.read(min(length, _MOST_BYTES))
        position += 8 + length + length % 2
        if position > size:
            return


def _metadata(path: Path, parts: dict[bytes, bytes], position: int, length: int, left: int) -> dict[str, Any]:
    form = parts.get(b"fmt ", b"")
    if len(form) < 16:
        raise _no_wav(path)
    tag, channels, rate, _bytes_a_second, frame, bits = struct.unpack_from("<HHIIHH", form)
    if tag == EXTENSIBLE and len(form) >= 26:
        tag = int.from_bytes(form[24:26], "little")
    kind = _KINDS.get((tag, bits))
    if kind is None or channels == 0 or frame != channels * bits // 8:
        raise RecordingError(
            _("{path}: WAV format {tag} of {bits} bits is unknown: convert it to 16 or 32 bits").format(
                path=path, tag=tag, bits=bits
            )
        )
    if length == _UNKNOWN_SIZE and len(parts.get(b"ds64", b"")) >= 16:
        length = int.from_bytes(parts[b"ds64"][8:16], "little")
    if length in (0, _UNKNOWN_SIZE):
        length = left // frame * frame
    if length > left:
        raise RecordingError(
            _("{path} holds fewer samples than its header tells: it is truncated, copy it again").format(path=path)
        )
    capture: dict[str, Any] = {"core:sample_start": 0, "core:header_bytes": position}
    centre_hz = _centre(parts.get(b"auxi", b""))
    if centre_hz is not None:
        capture["core:frequency"] = centre_hz
    head: dict[str, Any] = {
        "core:datatype": ("r" if channels == 1 else "c") + kind,
        "core:sample_rate": rate,
        "core:version": VERSION,
        "core:dataset": path.name,
        "core:trailing_bytes": left - length,
    }
    if channels > 2:
        head["core:num_channels"] = channels
    return {"global": head, "captures": [capture], "annotations": []}


def _centre(auxi: bytes) -> float | None:
    """The tuned frequency in hertz: after two times of sixteen bytes, whose months tell the format from others."""
    if len(auxi) < 36:
        return None
    year, month = struct.unpack_from("<HH", auxi)
    centre = int.from_bytes(auxi[32:36], "little")
    return float(centre) if centre and year < 3000 and 1 <= month <= 12 else None
