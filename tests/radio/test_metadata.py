"""Metadata from outside: captures, headers between samples, other names, and what is no SigMF at all."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sigmf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwarden.errors import RecordingError
from cellwarden.radio import recording as room

Write = Callable[..., Path]
DATA = bytes(range(1, 81))


def spans(recording: room.Recording) -> list[tuple[int, int]]:
    """First sample and number of samples of each segment."""
    return [(s.sample_start, s.sample_count) for s in recording.segments]


def test_a_retune_makes_a_segment_of_its_own(write: Write) -> None:
    captures = [
        {"core:sample_start": 0, "core:frequency": 9e8, "core:datetime": "2026-11-24T12:00:00.123456789Z"},
        {"core:sample_start": 30, "core:frequency": 9.5e8},
        {"core:sample_start": 30, "core:frequency": 9.6e8},
        {"core:sample_start": 40, "core:frequency": 9.7e8},
    ]
    opened = room.open_recording(write("ci8", DATA, captures=captures))
    assert spans(opened) == [(0, 30), (30, 10)]  # a capture without samples makes no segment
    assert [s.centre_hz for s in opened.segments] == [9e8, 9.6e8]
    assert [s.start_ns for s in opened.segments] == [1_795_521_600_123_456_789, None]
    assert [len(b.iq) for b in room.blocks(opened, 20)] == [20, 10, 10]


def test_time_is_read_to_the_nanosecond() -> None:
    assert room.nanoseconds("2026-11-24T12:00:00.123456789Z") == 1_795_521_600_123_456_789
    assert room.nanoseconds("yesterday") is None
    assert room.nanoseconds("2026-13-41T12:00:00Z") is None


def test_headers_between_captures_are_skipped_as_the_specification_says(write: Write) -> None:
    """The example of SigMF 1.2, core:header_bytes: two captures of cu8 with 4 bytes before each; and a trailer here."""
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 255, (2, 500, 2), np.uint8)
    data = b"HEAD" + first.tobytes() + b"HEAD" + second.tobytes() + b"trailer"
    captures = [{"core:sample_start": 0, "core:header_bytes": 4}, {"core:sample_start": 500, "core:header_bytes": 4}]
    extra = {"core:dataset": "non-conforming-dataset-01.dat", "core:trailing_bytes": 7}
    path = write("cu8", data, captures=captures, **extra)
    opened = room.open_recording(path)
    assert opened.data_path.name == "non-conforming-dataset-01.dat"
    assert spans(opened) == [(0, 500), (500, 500)]
    wanted = (np.concatenate((first, second)).astype(float) - 127.5) / 128 @ [1, 1j]
    np.testing.assert_allclose(room.read_samples(opened, 490, 20), wanted[490:510], rtol=1e-6)
    streamed = np.concatenate([b.iq * b.scale for b in room.blocks(opened, 300)]) @ [1, 1j]
    np.testing.assert_allclose(streamed, wanted, rtol=1e-6)
    theirs = sigmf.fromfile(str(path)).get_capture_byte_boundaries(1)
    assert (opened.stretches[1].position, opened.data_size - 7) == theirs


def test_before_the_first_capture_is_nothing(write: Write) -> None:
    opened = room.open_recording(write("ci8", DATA, captures=[{"core:sample_start": 10}]))
    assert spans(opened) == [(10, 30)] and opened.sample_count == 40
    assert np.array_equal(room.read_samples(opened, 8, 3), np.array([0, 0, 21 + 22j], np.complex64) / 128)


def test_a_part_of_a_longer_recording_is_counted_from_its_own_start(write: Write) -> None:
    captures = [{"core:sample_start": 1000}, {"core:sample_start": 1010, "core:global_index": 5}]
    notes = [{"core:sample_start": 1039, "core:sample_count": 1}]
    opened = room.open_recording(write("ci8", DATA, captures=captures, annotations=notes, **{"core:offset": 1000}))
    assert spans(opened) == [(0, 10), (10, 30)]
    assert opened.metadata["captures"] == [
        {"core:sample_start": 0, "core:global_index": 1000},
        {"core:sample_start": 10, "core:global_index": 5},
    ]
    assert opened.metadata["annotations"][0]["core:sample_start"] == 39
    assert "core:offset" not in opened.metadata["global"]


@pytest.mark.parametrize("name", ["r.sigmf-meta", "r.sigmf-data", "r"])
def test_a_recording_is_found_by_any_of_its_names(write: Write, tmp_path: Path, name: str) -> None:
    path = write("ci8", DATA)
    assert room.open_recording(tmp_path / name).path == path


def test_what_the_file_does_not_tell_may_be_told_beside_it(write: Write) -> None:
    path = write("ci8", DATA, captures=[], **{"core:sample_rate": 2e6})
    told = room.open_recording(path, rate_hz=1e6, centre_hz=9e8)
    assert told.rate_hz == 2e6 and told.segments[0].centre_hz == 9e8


@pytest.mark.parametrize("zero", [0, 0.0, -0.0])
def test_a_tuned_frequency_of_zero_was_told_by_nobody(write: Write, zero: float) -> None:
    path = write("ci8", DATA, captures=[{"core:sample_start": 0, "core:frequency": zero}])
    assert room.open_recording(path).segments[0].centre_hz is None
    assert room.open_recording(path, centre_hz=9e8).segments[0].centre_hz == 9e8


@pytest.mark.parametrize(
    ("ending", "datatype", "samples"),
    [
        (".cs8", None, 40),
        (".cu8", None, 40),
        (".CS16", None, 20),
        (".cf32", None, 10),
        (".cfile", None, 10),
        (".complex", None, 10),
        (".sc16", None, 20),
        (".raw", "ci16_be", 20),
        (".unheard", "ri8", 40),
        (".cs16", "ci8", 40),
    ],
)
def test_bare_files_are_read_by_their_ending_or_as_they_are_told(
    tmp_path: Path, ending: str, datatype: str | None, samples: int
) -> None:
    path = tmp_path / f"12:00 h{ending}"
    path.write_bytes(DATA)
    opened = room.open_recording(path, rate_hz=1e6, centre_hz=9e8, datatype=datatype)
    assert opened.sample_count == samples and opened.metadata["global"]["core:dataset"] == path.name
    assert opened.segments[0].centre_hz == 9e8 + (2.5e5 if opened.real else 0)


def test_pipes_and_folders_with_the_name_of_samples_are_no_files(write: Write) -> None:
    import os

    path = write("ci8", DATA)
    data = path.with_suffix(".sigmf-data")
    data.unlink()
    os.mkfifo(data)
    with pytest.raises(RecordingError, match="no file"):
        room.open_recording(path)
    data.unlink()
    data.mkdir()
    with pytest.raises(RecordingError, match="no file"):
        room.open_recording(path)


CAPTURES = [{"core:sample_start": 0}]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"captures": [{"core:sample_start": 9}, {"core:sample_start": 5}]}, "out of order"),
        ({"captures": [{"core:sample_start": -1}]}, "out of order"),
        ({"captures": [{"core:sample_start": 1.5}]}, "out of order"),
        ({"captures": [{"core:sample_start": "0"}]}, "out of order"),
        ({"captures": [{"core:sample_start": 40}]}, "a capture lies beyond.*truncated"),
        ({"captures": [*CAPTURES, {"core:sample_start": 41}]}, "a capture lies beyond.*truncated"),
        ({"captures": [{"core:header_bytes": -1}]}, "header_bytes"),
        ({"captures": [{"core:header_bytes": 1e20}]}, "empty"),
        ({"captures": [{"core:header_bytes": 1}]}, "within a sample"),
        ({"captures": ["zero"]}, "section captures"),
        ({"annotations": [{"core:sample_start": 39, "core:sample_count": 2}]}, "annotation lies beyond.*truncated"),
        ({"annotations": [{"core:sample_start": True}]}, "annotation"),
        ({"core:trailing_bytes": "few"}, "trailing_bytes"),
        ({"core:trailing_bytes": 80}, "empty"),
        ({"core:offset": -3}, "core:offset"),
        ({"core:offset": 7, "captures": CAPTURES}, "core:offset"),
        ({"core:extensions": 3}, "core:extensions"),
        ({"core:sample_rate": None}, "sample_rate"),
        ({"core:sample_rate": True}, "sample_rate"),
        ({"core:sample_rate": 0}, "sample_rate"),
        ({"core:sample_rate": 10**400}, "sample_rate"),
        ({"core:sample_rate": "fast"}, "sample_rate"),
        ({"core:sample_rate": float("nan")}, "NaN, which is no number in JSON"),
        ({"core:comment": float("-inf")}, "-Infinity, which is no number in JSON"),
        ({"datatype": "cx9"}, "datatype cx9 is unknown"),
        ({"datatype": "cf32_le\n\x1b[2J"}, r"datatype cf32_le..\[2J is"),
        ({"datatype": None}, "datatype"),
        ({"core:num_channels": 2}, "several channels"),
    ],
)
def test_wrong_metadata_is_named_with_the_remedy(write: Write, change: dict[str, Any], word: str) -> None:
    path = write(change.pop("datatype", "ci8"), DATA, **change)
    with pytest.raises(RecordingError, match=word) as error:
        room.open_recording(path)
    assert "r.sigmf" in str(error.value) and str(error.value).isprintable()


@pytest.mark.parametrize("name", ["", "..", "/etc/passwd", "../r.sigmf-data", "a\\b", "a\0b", 7, ["r.sigmf-data"]])
def test_a_dataset_lies_beside_its_metadata_or_nowhere(write: Write, name: object) -> None:
    path = write("ci8", DATA)
    meta = json.loads(path.read_text())
    meta["global"]["core:dataset"] = name
    path.write_text(json.dumps(meta))
    with pytest.raises(RecordingError, match="no name of a file"):
        room.open_recording(path)


@pytest.mark.parametrize("name", ["gone.dat", "x" * 300])
def test_a_dataset_that_is_not_there_is_named(write: Write, name: str) -> None:
    path = write("ci8", DATA)
    meta = json.loads(path.read_text())
    meta["global"] |= {"core:dataset": name, "core:metadata_only": False}
    path.write_text(json.dumps(meta))
    with pytest.raises(RecordingError, match=f"its samples .*{name} cannot be read"):
        room.open_recording(path)


def test_metadata_alone_is_told_apart_from_lost_samples(write: Write) -> None:
    path = write("ci8", DATA, **{"core:metadata_only": True})
    assert room.open_recording(path).sample_count == 40  # the specification: where samples exist, they count
    path.with_suffix(".sigmf-data").unlink()
    with pytest.raises(RecordingError, match="comes without samples"):
        room.open_recording(path)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xff\xfe no json", "no JSON"),
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"global": {"core:author": "\\ud800"}}', "no JSON"),
        (b'{"global": {"core:author": 1e999}}', "1e999, which is no number"),
        (b'{"global": {"core:author": ' + b"9" * 5000 + b"}}", "no JSON"),
        (b"[]", "no SigMF"),
        (b'{"global": []}', "no SigMF"),
        (b'{"global": {}, "captures": {}}', "section captures"),
    ],
)
def test_what_is_no_metadata_is_told(write: Write, content: bytes, word: str) -> None:
    path = write("ci8", DATA)
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=word):
        room.open_recording(path)


def test_a_file_of_something_else_is_not_read_to_its_end(write: Write) -> None:
    path = write("ci8", DATA)
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole of a terabyte takes no room on the disk
    tracemalloc.start()
    try:
        with pytest.raises(RecordingError, match="no JSON"):
            room.open_recording(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.integers(-(10**40), 10**40),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)
KEYS = [
    *("datatype", "sample_rate", "num_channels", "dataset", "metadata_only", "trailing_bytes", "offset", "sha512"),
    *("sample_start", "sample_count", "header_bytes", "frequency", "datetime", "global_index", "extensions"),
]


@given(
    section=st.sampled_from(["global", "captures", "annotations"]),
    values=st.dictionaries(st.sampled_from(KEYS).map("core:{}".format), JSON, max_size=3),
    whole=st.none() | JSON,
)
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("error")
def test_mutated_metadata_is_read_or_refused_in_words(
    write: Write, section: str, values: dict[str, object], whole: object
) -> None:
    path = write("cf32_le", np.ones(80, "<f4").tobytes())
    meta = json.loads(path.read_text())
    if whole is not None:
        meta[section] = whole
    elif section == "global":
        meta[section] |= values
    else:
        meta[section] = [values]
    path.write_text(json.dumps(meta))
    try:
        opened = room.open_recording(path)
        list(room.blocks(opened))
        room.check_digest(opened, room.data_digest(opened))
    except RecordingError as error:
        assert "\n" not in str(error) and ("r.sigmf" in str(error) or "core:dataset" in json.dumps(meta))


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_no_metadata(write: Write, content: bytes) -> None:
    path = write("ci8", DATA)
    path.write_bytes(content)
    with pytest.raises(RecordingError):
        room.open_recording(path)


@given(content=st.binary(max_size=300), datatype=st.sampled_from(["cf32_le", "rf64_be", "cu8", "ri16_le", "ci32_be"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("error")
def test_random_bytes_are_samples_or_refused_in_words(write: Write, content: bytes, datatype: str) -> None:
    try:
        for block in room.blocks(room.open_recording(write(datatype, content))):
            assert np.isfinite(block.iq.astype(float)).all()
    except RecordingError as error:
        assert "r.sigmf-data" in str(error)
