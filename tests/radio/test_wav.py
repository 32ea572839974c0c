"""WAV files: every format of receivers, more than four gigabytes, and recorders that crashed."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import sigmf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwarden.errors import RecordingError
from cellwarden.radio import annotations
from cellwarden.radio import recording as room

IQ = np.random.default_rng(1).integers(-100, 100, (500, 2))
SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")


def form(tag: int, channels: int, bits: int, rate: int = 2_000_000, extensible: bool = False) -> bytes:
    """A format chunk."""
    frame = channels * bits // 8
    plain = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate, rate * frame, frame, bits)
    return plain + (struct.pack("<HHIH", 22, bits, 0, tag) + SUBFORMAT if extensible else b"")


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    """A chunk, padded to an even length; `size` is what it claims."""
    return name + struct.pack("<I", len(content) if size is None else size) + content + b"\0" * (len(content) % 2)


def written(folder: Path, *chunks: bytes, head: bytes = b"RIFF") -> Path:
    """A file of these chunks."""
    path = folder / "r.wav"
    path.write_bytes(head + b"\xff\xff\xff\xffWAVE" + b"".join(chunks))
    return path


@pytest.mark.parametrize(
    ("tag", "bits", "dtype", "offset", "scale"),
    [
        (1, 8, "u1", 127.5, 2**-7),
        (1, 16, "<i2", 0, 2**-15),
        (1, 32, "<i4", 0, 2**-31),
        (3, 32, "<f4", 0, 1),
        (3, 64, "<f8", 0, 1),
    ],
)
@pytest.mark.parametrize("extensible", [False, True])
def test_every_format_comes_in_with_its_rate_and_full_scale_one(
    tmp_path: Path, tag: int, bits: int, dtype: str, offset: float, scale: float, extensible: bool
) -> None:
    raw = (IQ + (128 if bits == 8 else 0)).astype(dtype)
    odd = chunk(b"LIST", b"odd")
    path = written(
        tmp_path, chunk(b"fmt ", form(tag, 2, bits, extensible=extensible)), odd, chunk(b"data", raw.tobytes())
    )
    opened = room.open_recording(path)
    assert opened.rate_hz == 2e6 and opened.sample_count == 500
    wanted = (raw.astype(float) - offset) * scale @ [1, 1j]
    np.testing.assert_allclose(room.read_samples(opened, 0, 500), wanted, rtol=1e-6)


def test_what_python_writes_is_read_as_the_library_of_sigmf_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(192_000)
        file.writeframes(IQ.astype("<i2").tobytes())
    opened = room.open_recording(path)
    theirs = sigmf.fromfile(str(path)).read_samples()
    assert opened.real and opened.rate_hz == 96_000 and opened.stretches[0].sample_count == len(theirs) == 1000
    ours = room.read_samples(opened, 0, 500).real * (-1.0) ** np.arange(500)
    np.testing.assert_allclose(ours, theirs[::2], atol=1e-6)


def test_the_file_is_described_as_a_dataset_with_header_and_trailer(tmp_path: Path) -> None:
    raw = IQ.astype("<i2").tobytes()
    path = written(tmp_path, chunk(b"fmt ", form(1, 2, 16)), chunk(b"data", raw), chunk(b"id3 ", b"trailer!"))
    opened = room.open_recording(path)
    assert opened.sample_count == 500 and opened.data_size == path.stat().st_size
    beside = tmp_path / "r.sigmf-meta"
    annotations.write_annotated(opened, [], beside, sha512=room.data_digest(opened), force=False)
    again = room.open_recording(beside)
    assert again.data_path == path and room.check_digest(again, room.data_digest(again)) is None
    assert np.array_equal(room.read_samples(again, 0, 500), room.read_samples(opened, 0, 500))
    sigmf.fromfile(str(beside)).validate()


@pytest.mark.parametrize(
    ("times", "centre", "wanted"),
    [
        (struct.pack("<8H", 2026, 11, 2, 24, 12, 0, 0, 0) * 2, 902_400_000, 902.4e6),
        (struct.pack("<8H", 2026, 11, 2, 24, 12, 0, 0, 0) * 2, 0, None),
        ('<?xml version="1.0"?>'.encode("utf-16-le")[:32], 902_400_000, None),  # another program's chunk of that name
    ],
)
def test_the_tuned_frequency_is_read_from_auxi(tmp_path: Path, times: bytes, centre: int, wanted: float | None) -> None:
    auxi = times + struct.pack("<I", centre) + bytes(128)
    parts = (chunk(b"fmt ", form(1, 2, 16)), chunk(b"auxi", auxi), chunk(b"data", IQ.astype("<i2").tobytes()))
    path = written(tmp_path, *parts)
    assert room.open_recording(path).segments[0].centre_hz == wanted
    asked = room.open_recording(path, centre_hz=1e9).segments[0].centre_hz
    assert asked == (1e9 if wanted is None else wanted)


@pytest.mark.parametrize("head", [b"RF64", b"BW64"])
def test_more_than_four_gigabytes_are_told_by_ds64(tmp_path: Path, head: bytes) -> None:
    samples = (1 << 30) + 1_000_000  # of four bytes: 4.3 GB, nearly all of it a hole that takes no room on the disk
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 4 * samples + 80, 4 * samples, samples, 0))
    path = written(tmp_path, ds64, chunk(b"fmt ", form(1, 2, 16)), chunk(b"data", b"", 0xFFFFFFFF), head=head)
    start = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(start + 4 * (samples - 500))
        file.write(IQ.astype("<i2").tobytes() + b"trailer!")
    opened = room.open_recording(path)
    assert opened.sample_count == samples
    np.testing.assert_allclose(room.read_samples(opened, samples - 500, 999) * 2**15, IQ @ [1, 1j])


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_what_a_crashed_recorder_left_is_used_to_the_last_whole_sample(tmp_path: Path, size: int) -> None:
    raw = IQ.astype("<i2").tobytes() + b"abc"
    opened = room.open_recording(written(tmp_path, chunk(b"fmt ", form(1, 2, 16)), chunk(b"data", raw, size)[:-1]))
    assert opened.sample_count == 500


@pytest.mark.parametrize(
    ("chunks", "head", "word"),
    [
        ((chunk(b"fmt ", form(1, 2, 16)), chunk(b"data", bytes(80), 84)), b"RIFF", "fewer samples.*truncated"),
        ((chunk(b"fmt ", form(1, 2, 16)), chunk(b"data", bytes(79), 79)), b"RIFF", "within a sample"),
        ((chunk(b"fmt ", form(1, 2, 16)), chunk(b"data", b"")), b"RIFF", "empty"),
        ((chunk(b"fmt ", form(1, 2, 16)),), b"RIFF", "no WAV file"),
        ((chunk(b"data", bytes(80)),), b"RIFF", "no WAV file"),
        ((chunk(b"fmt ", form(1, 2, 16)), chunk(b"data", bytes(80))), b"RIFX", "no WAV file"),
        ((chunk(b"fmt ", form(1, 2, 24)), chunk(b"data", bytes(84))), b"RIFF", "24 bits"),
        ((chunk(b"fmt ", form(6, 2, 8)), chunk(b"data", bytes(80))), b"RIFF", "WAV format 6"),
        ((chunk(b"fmt ", form(1, 0, 16)), chunk(b"data", bytes(80))), b"RIFF", "WAV format"),
        ((chunk(b"fmt ", form(1, 6, 16)), chunk(b"data", bytes(84))), b"RIFF", "several channels"),
        ((chunk(b"fmt ", form(1, 2, 16, rate=0)), chunk(b"data", bytes(80))), b"RIFF", "sample_rate"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, chunks: tuple[bytes, ...], head: bytes, word: str) -> None:
    with pytest.raises(RecordingError, match=word) as error:
        room.open_recording(written(tmp_path, *chunks, head=head))
    assert "r.wav" in str(error.value)


@given(place=st.integers(0, 120), content=st.binary(max_size=40), cut=st.integers(0, 2200), auxi=st.binary(max_size=60))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_are_read_or_refused_in_words(
    tmp_path: Path, place: int, content: bytes, cut: int, auxi: bytes
) -> None:
    parts = (chunk(b"fmt ", form(1, 2, 16)), chunk(b"auxi", auxi), chunk(b"data", IQ.astype("<i2").tobytes()))
    path = written(tmp_path, *parts)
    damaged = bytearray(path.read_bytes())
    damaged[place : place + len(content)] = content
    path.write_bytes(damaged[: len(damaged) - cut])
    try:
        list(room.blocks(room.open_recording(path)))
    except RecordingError as error:
        assert "r.wav" in str(error)
