"""Recordings: every datatype, and every way in which a file can be wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwarden.errors import CellwardenError, RecordingError
from cellwarden.radio import recording as room

VALUES = np.array([[0, 1], [-3, 7], [100, -100], [5, 0]])


def write(folder: Path, datatype: str = "ci16_le", data: bytes | None = None, **head: object) -> Path:
    meta = {
        "global": {"core:datatype": datatype, "core:sample_rate": 1e6, "core:version": "1.2.5", **head},
        "captures": [
            {"core:sample_start": 0, "core:frequency": 9e8, "core:datetime": "2026-11-24T12:00:00.123456789Z"}
        ],
        "annotations": [],
    }
    path = folder / "r.sigmf-meta"
    path.write_text(json.dumps(meta))
    path.with_suffix(".sigmf-data").write_bytes(VALUES.astype("<i2").tobytes() if data is None else data)
    return path


@pytest.mark.parametrize(
    ("datatype", "dtype", "offset", "scale"),
    [
        ("ci8", "i1", 0, 2**-7),
        ("ci16_le", "<i2", 0, 2**-15),
        ("ci16_be", ">i2", 0, 2**-15),
        ("ci32_le", "<i4", 0, 2**-31),
        ("ci32_be", ">i4", 0, 2**-31),
        ("cu8", "u1", 127.5, 2**-7),
        ("cu16_le", "<u2", 32767.5, 2**-15),
        ("cu16_be", ">u2", 32767.5, 2**-15),
        ("cf32_le", "<f4", 0, 1),
        ("cf32_be", ">f4", 0, 1),
        ("cf64_le", "<f8", 0, 1),
        ("cf64_be", ">f8", 0, 1),
    ],
)
def test_every_datatype_comes_in_with_full_scale_one(
    tmp_path: Path, datatype: str, dtype: str, offset: float, scale: float
) -> None:
    raw = (VALUES + (128 if "u" in datatype else 0)).astype(dtype)
    opened = room.open_recording(write(tmp_path, datatype, raw.tobytes()))
    blocks = [block.iq.astype(float) * block.scale for block in room.blocks(opened, 3)]
    wanted = (raw.astype(float) - offset) * scale
    np.testing.assert_allclose(np.concatenate(blocks), wanted, rtol=1e-6)
    np.testing.assert_allclose(room.read_samples(opened, 1, 2), (wanted @ [1, 1j])[1:3], rtol=1e-6)


def test_a_retune_makes_a_segment_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path)
    meta = json.loads(path.read_text())
    meta["captures"].append({"core:sample_start": 3, "core:frequency": 9.5e8})
    path.write_text(json.dumps(meta))
    opened = room.open_recording(path)
    assert [(s.sample_start, s.sample_count, s.centre_hz) for s in opened.segments] == [(0, 3, 9e8), (3, 1, 9.5e8)]
    assert [len(b.iq) for b in room.blocks(opened, 2)] == [2, 1, 1]


def test_time_is_read_to_the_nanosecond() -> None:
    assert room.nanoseconds("2026-11-24T12:00:00.123456789Z") == 1_795_521_600_123_456_789
    assert room.nanoseconds("yesterday") is None
    assert room.nanoseconds("2026-13-41T12:00:00Z") is None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"core:sample_rate": None}, "sample_rate"),
        ({"core:sample_rate": 0}, "sample_rate"),
        ({"core:sample_rate": float("nan")}, "sample_rate"),
        ({"core:sample_rate": "fast"}, "sample_rate"),
        ({"core:datatype": "cx9"}, "datatype"),
        ({"core:datatype": None}, "datatype"),
        ({"core:num_channels": 2}, "channels"),
    ],
)
def test_wrong_metadata_is_named(tmp_path: Path, change: dict[str, object], word: str) -> None:
    path = write(tmp_path, **change)
    with pytest.raises(RecordingError, match=word) as error:
        room.open_recording(path)
    assert "r.sigmf" in str(error.value)


def test_truncated_empty_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    data = path.with_suffix(".sigmf-data")
    data.write_bytes(b"123")
    with pytest.raises(RecordingError, match="truncated"):
        room.open_recording(path)
    data.write_bytes(b"")
    with pytest.raises(RecordingError, match="empty"):
        room.open_recording(path)
    data.unlink()
    with pytest.raises(RecordingError, match=r"r\.sigmf-data"):
        room.open_recording(path)
    path.write_bytes(b"\xff\xfe no json")
    with pytest.raises(RecordingError, match="JSON"):
        room.open_recording(path)
    path.write_text("[]")
    with pytest.raises(RecordingError, match="SigMF"):
        room.open_recording(path)
    with pytest.raises(RecordingError, match="directory"):
        room.open_recording(tmp_path)
    with pytest.raises(RecordingError, match="--rate"):
        room.open_recording(tmp_path / "x.cs16")


def test_annotations_beyond_the_samples_mean_truncation(tmp_path: Path) -> None:
    path = write(tmp_path)
    meta = json.loads(path.read_text())
    meta["annotations"] = [{"core:sample_start": 2, "core:sample_count": 9}]
    path.write_text(json.dumps(meta))
    with pytest.raises(RecordingError, match="truncated"):
        room.open_recording(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(tmp_path: Path, bad: float) -> None:
    values = VALUES.astype("<f4")
    values[2, 1] = bad
    opened = room.open_recording(write(tmp_path, "cf32_le", values.tobytes()))
    with pytest.raises(RecordingError, match="no numbers"):
        list(room.blocks(opened))


def test_a_file_of_zeros_is_no_recording(tmp_path: Path) -> None:
    opened = room.open_recording(write(tmp_path, data=bytes(4000)))
    with pytest.raises(RecordingError, match="zeros"):
        list(room.blocks(opened))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)


@given(
    section=st.sampled_from(["global", "captures", "annotations"]),
    key=st.sampled_from(
        [
            "core:datatype",
            "core:sample_rate",
            "core:num_channels",
            "core:sample_start",
            "core:sample_count",
            "core:frequency",
            "core:datetime",
            "core:header_bytes",
        ]
    ),
    value=JSON,
    whole=st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_metadata_is_read_or_refused_in_words(
    tmp_path: Path, section: str, key: str, value: object, whole: bool
) -> None:
    path = write(tmp_path)
    meta = json.loads(path.read_text())
    if whole:
        meta[section] = value
    elif section == "global":
        meta[section][key] = value
    else:
        meta[section] = [{key: value}]
    path.write_text(json.dumps(meta))
    try:
        list(room.blocks(room.open_recording(path)))
    except CellwardenError as error:
        assert "r.sigmf" in str(error)


@given(st.binary(max_size=200))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path)
    path.write_bytes(content)
    with pytest.raises(CellwardenError):
        room.open_recording(path)
