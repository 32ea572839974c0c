"""Recordings out: annotations, and files that are written whole or not at all."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import sigmf

from cellwarden.errors import OutputError
from cellwarden.model import Emission
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


EMISSION = Emission("gsm:normal", 1, 2, -1e5, 1e5, 12.0, 0.9, cfo_hz=3.0, details={"training_sequence": 5})


def test_what_is_written_is_valid_sigmf_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = write(tmp_path)
    meta = json.loads(path.read_text())
    meta["annotations"] = [{"core:sample_start": 3, "core:sample_count": 1, "core:comment": "mine"}]
    path.write_text(json.dumps(meta))
    folder = tmp_path / "out"
    folder.mkdir()
    shutil.copy(path.with_suffix(".sigmf-data"), folder)
    opened = room.open_recording(path)
    digest = room.data_digest(opened)
    assert room.write_annotated(opened, [EMISSION], folder / "r.sigmf-meta", sha512=digest, force=False) == 1
    signal = sigmf.fromfile(str(folder / "r.sigmf-meta"))
    signal.validate()
    ours, theirs = signal.get_annotations()
    assert ours["core:label"] == "gsm:normal" and ours["core:freq_lower_edge"] == 9e8 - 1e5
    assert ours["cellwarden:training_sequence"] == 5 and theirs["core:comment"] == "mine"


def test_an_existing_output_is_kept_without_force(tmp_path: Path) -> None:
    path = write(tmp_path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="--force"):
        room.write_annotated(room.open_recording(path), [], path, sha512=None, force=False)
    assert path.read_bytes() == before


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        room.write_text(path, "{}", force=True)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.sigmf-data", "r.sigmf-meta"]
