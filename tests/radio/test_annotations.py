"""Annotations out: what is written is valid, keeps what was there, and is whole or not there at all."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sigmf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwarden.errors import OutputError
from cellwarden.model import Emission
from cellwarden.radio import annotations as room
from cellwarden.radio.recording import Recording, data_digest, open_recording

EMISSION = Emission("gsm:normal", 1, 2, -1e5, 1e5, 12.0, 0.9, cfo_hz=3.0, details={"training_sequence": 5})


def opened(folder: Path, annotations: list[dict[str, object]] | None = None) -> Recording:
    meta = {
        "global": {"core:datatype": "ci16_le", "core:sample_rate": 1e6, "core:version": "1.2.5", "core:author": "é"},
        "captures": [
            {"core:sample_start": 0, "core:frequency": 9e8, "core:datetime": "2026-11-24T12:00:00.123456789Z"},
            {"core:sample_start": 8, "core:frequency": 8e8},
        ],
        "annotations": annotations or [],
    }
    path = folder / "r.sigmf-meta"
    path.write_text(json.dumps(meta))
    path.with_suffix(".sigmf-data").write_bytes(bytes(range(40)))
    return open_recording(path)


def test_what_is_written_is_valid_sigmf_and_keeps_what_was_there(tmp_path: Path) -> None:
    mine = {"core:sample_start": 3, "core:sample_count": 1, "core:comment": "mine"}
    recording = opened(tmp_path, [mine])
    folder = tmp_path / "out"
    folder.mkdir()
    shutil.copy(recording.data_path, folder)
    digest = data_digest(recording)
    output = folder / "r.sigmf-meta"
    assert room.write_annotated(recording, [EMISSION], output, sha512=digest, force=False) == 1
    signal = sigmf.fromfile(str(output))
    signal.validate()
    ours, theirs = signal.get_annotations()
    assert ours["core:label"] == "gsm:normal" and ours["core:freq_lower_edge"] == 9e8 - 1e5
    assert ours["cellwarden:training_sequence"] == 5 and theirs == mine
    head = signal.get_global_info()
    assert head["core:author"] == "é" and head["core:datatype"] == "ci16_le" and head["core:sha512"] == digest


@given(
    theirs=st.lists(st.tuples(st.integers(0, 9), st.text(max_size=4)), max_size=6),
    ours=st.lists(st.integers(0, 9), max_size=6),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_own_annotations_of_any_text_come_back_merged_in_order(
    tmp_path: Path, theirs: list[tuple[int, str]], ours: list[int]
) -> None:
    old = [{"core:sample_start": start, "core:sample_count": 1, "core:comment": text} for start, text in theirs]
    recording = opened(tmp_path, old)  # type: ignore[arg-type]
    lines = [(start, json.dumps({"core:sample_start": start, "new": True})) for start in sorted(ours)]
    room.write_merged(recording, lines, tmp_path / "o.sigmf-meta", sha512=None, force=True)
    written = json.loads((tmp_path / "o.sigmf-meta").read_bytes())["annotations"]
    starts = [item["core:sample_start"] for item in written]
    assert starts == sorted(starts)
    assert sorted(map(str, (item for item in written if "new" not in item))) == sorted(map(str, old))
    assert sum("new" in item for item in written) == len(ours)


def test_an_emission_lies_in_the_segment_that_holds_its_middle(tmp_path: Path) -> None:
    recording = opened(tmp_path)
    for start, centre in ((-3, 9e8), (0, 9e8), (7, 9e8), (8, 8e8), (9, 8e8)):
        emission = Emission("unknown:burst", start, 1, 0.0, 1.0, 3.0, 0.9)
        assert room.segment_of(recording, emission).centre_hz == centre


def test_an_existing_output_is_kept_without_force(tmp_path: Path) -> None:
    recording = opened(tmp_path)
    before = recording.path.read_bytes()
    with pytest.raises(OutputError, match="--force"):
        room.write_annotated(recording, [], recording.path, sha512=None, force=False)
    assert recording.path.read_bytes() == before


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = opened(tmp_path).path
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"r\.sigmf-meta cannot be written: No space left.*make room"):
        room.write_text(path, "{}", force=True)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.sigmf-data", "r.sigmf-meta"]


def test_an_end_in_mid_stream_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = opened(tmp_path).path
    before = path.read_bytes()

    def pieces() -> Iterator[str]:
        yield "{"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        room.write_pieces(path, pieces(), force=True)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.sigmf-data", "r.sigmf-meta"]
