"""Archives: read where they lie, and refused where they are not what they say."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sigmf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwarden.errors import RecordingError
from cellwarden.radio import archive
from cellwarden.radio import recording as room

DATA = np.arange(1, 401, dtype="<i2").tobytes()
Entry = tuple[str, bytes] | tarfile.TarInfo


def meta(**head: Any) -> bytes:
    """Metadata of one recording."""
    known = {"core:datatype": "ci16_le", "core:sample_rate": 1e6, "core:version": "1.2.5"}
    return json.dumps({"global": known | head, "captures": [], "annotations": []}).encode()


def packed(folder: Path, *entries: Entry, form: int = tarfile.PAX_FORMAT) -> Path:
    """An archive of files, and of members without content."""
    path = folder / "a.sigmf"
    with tarfile.open(path, "w", format=form) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            member = tarfile.TarInfo(entry[0])
            member.size = len(entry[1])
            tar.addfile(member, io.BytesIO(entry[1]))
    return path


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """A member that is no file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


GOOD: tuple[Entry, ...] = (special("r", tarfile.DIRTYPE), ("r/r.sigmf-meta", meta()), ("r/r.sigmf-data", DATA))


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("swapped", [False, True])
def test_the_samples_are_read_where_they_lie(tmp_path: Path, form: int, swapped: bool) -> None:
    path = packed(tmp_path, *(reversed(GOOD) if swapped else GOOD), form=form)
    opened = room.open_recording(path)
    assert opened.data_path == path and path.read_bytes()[opened.data_offset :][:800] == DATA
    assert np.concatenate([b.iq.copy() for b in room.blocks(opened, 7)]).tobytes() == DATA
    assert room.data_digest(opened) == hashlib.sha512(DATA).hexdigest()
    assert sorted(tmp_path.iterdir()) == [path]


def test_an_archive_of_the_library_of_sigmf_is_read_as_it_reads_it(tmp_path: Path) -> None:
    data = tmp_path / "x.sigmf-data"
    data.write_bytes(DATA)
    theirs = sigmf.SigMFFile(
        data_file=str(data), global_info={"core:datatype": "ci16_le", "core:sample_rate": 1e6, "core:version": "1.2.5"}
    )
    theirs.add_capture(0)
    theirs.archive(str(tmp_path / "x.sigmf"))
    opened = room.open_recording(tmp_path / "x.sigmf")
    np.testing.assert_allclose(room.read_samples(opened, 0, 200), theirs.read_samples(), atol=1e-7)
    assert room.check_digest(opened, room.data_digest(opened)) is None
    assert opened.metadata["global"]["core:sha512"] == room.data_digest(opened)


def test_a_dataset_of_another_name_lies_in_the_same_folder(tmp_path: Path) -> None:
    described = ("r/r.sigmf-meta", meta(**{"core:dataset": "raw.cs16"}))
    opened = room.open_recording(packed(tmp_path, described, ("raw.cs16", b"wrong one"), ("r/raw.cs16", DATA)))
    assert opened.sample_count == 200


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ((), "no recording"),
        ((("r/readme", b"x"),), "no recording"),
        (GOOD[:2], r"no r/r\.sigmf-data"),
        ((*GOOD, ("s/s.sigmf-meta", meta()), ("s/s.sigmf-data", DATA)), r"several.*r/r\.sigmf-meta, s/s\.sigmf-meta"),
        ((*GOOD, ("../x", b"x")), r"\.\./x, which has no place"),
        ((*GOOD, ("/etc/passwd", b"x")), "/etc/passwd, which has no place"),
        ((*GOOD, ("r/a/../../../x", b"x")), "no place"),
        ((*GOOD[:2], special("r/r.sigmf-data", tarfile.SYMTYPE, "/etc/shadow")), "no place"),
        ((*GOOD[:2], special("r/r.sigmf-data", tarfile.LNKTYPE, "r/r.sigmf-meta")), "no place"),
        ((*GOOD[:2], special("r/r.sigmf-data", tarfile.CHRTYPE)), "no place"),
        ((*GOOD[:2], special("r/r.sigmf-data", tarfile.FIFOTYPE)), "no place"),
        ((*GOOD[:2], special("r/r.sigmf-data", tarfile.GNUTYPE_SPARSE)), "no place|no whole tar"),
        ((("r/r.sigmf-meta", b"{}"), GOOD[2]), "no global section"),
        ((("r/r.sigmf-meta", b"\xff"), GOOD[2]), "no JSON"),
        ((("r/r.sigmf-meta", meta(**{"core:dataset": "../../etc/passwd"})), GOOD[2]), "no name of a file"),
        ((GOOD[1], ("r/r.sigmf-data", b"")), "empty"),
        ((GOOD[1], ("r/r.sigmf-data", b"123")), "truncated"),
    ],
)
def test_what_has_no_place_in_an_archive_is_named(tmp_path: Path, entries: tuple[Entry, ...], word: str) -> None:
    with pytest.raises(RecordingError, match=word) as error:
        room.open_recording(packed(tmp_path, *entries))
    assert "a.sigmf" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("suffix", ["gz", "xz", "bz2"])
@pytest.mark.parametrize("told", [True, False])
def test_compressed_archives_are_refused_with_the_remedy(tmp_path: Path, suffix: str, told: bool) -> None:
    path = tmp_path / (f"a.sigmf.{suffix}" if told else "a.sigmf")
    with tarfile.open(path, f"w:{suffix}") as tar:  # type: ignore[call-overload]
        tar.addfile(special("r", tarfile.DIRTYPE))
    with pytest.raises(RecordingError, match="decompress it first"):
        room.open_recording(path)


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, *GOOD)
    whole = path.read_bytes()
    end = room.open_recording(path).data_offset + len(DATA)
    for length in [*range(0, end, 128), end - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(RecordingError, match=r"a\.sigmf"):
            room.open_recording(path)


def test_sizes_beyond_the_file_and_below_zero_are_refused(tmp_path: Path) -> None:
    for size in (b"77777777777\0", b"\x80" + bytes(3) + b"\x7f" + bytes(7), b"\xff" * 12, b"\xff" * 11 + b"\x00"):
        content = bytearray(packed(tmp_path, *GOOD).read_bytes())
        header = content.index(b"r/r.sigmf-data")
        content[header + 124 : header + 136] = size
        content[header + 148 : header + 156] = b" " * 8
        content[header + 148 : header + 156] = b"%06o\0 " % sum(content[header : header + 512])
        (tmp_path / "a.sigmf").write_bytes(content)
        with pytest.raises(RecordingError):
            room.open_recording(tmp_path / "a.sigmf")


def test_a_header_as_long_as_a_film_is_not_read_into_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 1 << 33
    path = tmp_path / "a.sigmf"
    path.write_bytes(header.tobuf())
    with path.open("r+b") as file:
        file.truncate(1 << 34)  # a hole: takes no room on the disk
    with pytest.raises(RecordingError, match="no whole tar"):
        room.open_recording(path)


def test_names_without_end_are_refused(tmp_path: Path) -> None:
    long_names = [special("x", tarfile.GNUTYPE_LONGNAME) for _ in range(2000)]
    with pytest.raises(RecordingError):
        room.open_recording(packed(tmp_path, *long_names, *GOOD, form=tarfile.USTAR_FORMAT))
    many = [special(f"d{n}", tarfile.DIRTYPE) for n in range(archive._MOST_MEMBERS)]
    with pytest.raises(RecordingError, match="no whole tar"):
        room.open_recording(packed(tmp_path, *many, *GOOD))


@given(place=st.integers(0, 4000), content=st.binary(max_size=200), cut=st.integers(0, 9000))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_archives_are_read_or_refused_in_words(tmp_path: Path, place: int, content: bytes, cut: int) -> None:
    damaged = bytearray(packed(tmp_path, *GOOD).read_bytes())
    damaged[place : place + len(content)] = content
    path = tmp_path / "a.sigmf"
    path.write_bytes(damaged[: len(damaged) - cut])
    try:
        list(room.blocks(room.open_recording(path)))
    except RecordingError as error:
        assert "a.sigmf" in str(error)
