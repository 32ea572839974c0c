"""Curves from recordings with truth."""

import json
from pathlib import Path
from typing import Any

import pytest

from cellwarden.bench import recorded
from cellwarden.bench.plan import known_labels
from cellwarden.bench.recorded import run
from cellwarden.errors import BenchError
from cellwarden.simulate.wing import PLACE

WING = PLACE.with_suffix(".sigmf-meta")
LEVELS = (10.0, 20.0)


def changed(folder: Path, **head: Any) -> Path:
    """The bundled recording beside other metadata."""
    meta = json.loads(WING.read_text())
    meta["global"] |= head
    path = folder / "w.sigmf-meta"
    path.write_text(json.dumps(meta))
    path.with_suffix(".sigmf-data").symlink_to(PLACE.with_suffix(".sigmf-data"))
    return path


def test_our_own_finds_what_the_bundled_recording_holds(tmp_path: Path) -> None:
    result = run("gsm", known_labels("gsm"), LEVELS, [WING], "cellwarden", 0.5, tmp_path / "part")
    curves = {curve["label"]: curve for curve in result["curves"]}
    # 8 bursts of a dialogue at 14 dB, 42 of a call at 22 dB, one access burst at 14 dB.
    assert [(p["snr_db"], p["named"], p["trials"]) for p in curves["gsm:normal"]["points"]] == [
        (10.0, 8, 8),
        (20.0, 42, 42),
    ]
    assert [(p["named"], p["trials"]) for p in curves["gsm:access"]["points"]] == [(1, 1)]
    assert curves["gsm:normal"]["absent"]["false"] == 0
    assert curves["gsm:normal"]["absent"]["seconds"] == pytest.approx(0.2, rel=1e-3)


def test_a_detector_cannot_read_the_truth(tmp_path: Path) -> None:
    result = run("gsm", known_labels("gsm"), LEVELS, [WING], "cp {input} {output}", None, tmp_path / "part")
    assert all(p["named"] == 0 for curve in result["curves"] for p in curve["points"])


def test_what_lies_on_no_truth_is_false_unless_the_truth_is_incomplete(tmp_path: Path) -> None:
    meta = json.loads(WING.read_text())
    kept = [a for a in meta["annotations"] if a["core:label"] == "gsm:access" or a["core:sample_start"] < 200_000]
    path = changed(tmp_path)
    path.write_text(json.dumps({**meta, "annotations": kept}))
    curve = next(
        c
        for c in run("gsm", known_labels("gsm"), LEVELS, [path], "cellwarden", 0.5, tmp_path / "part", force=True)[
            "curves"
        ]
        if "normal" in c["label"]
    )
    missing = sum(a["core:label"] == "gsm:normal" for a in meta["annotations"] if a not in kept)
    assert curve["absent"]["false"] == missing > 10
    meta["global"]["truth:complete"] = False
    path.write_text(json.dumps({**meta, "annotations": kept}))
    curve = next(
        c
        for c in run("gsm", known_labels("gsm"), LEVELS, [path], "cellwarden", 0.5, tmp_path / "part", force=True)[
            "curves"
        ]
        if "normal" in c["label"]
    )
    assert curve["absent"]["false"] == 0


def test_recordings_without_the_interface_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="choose another interface"):
        run("lte", known_labels("lte"), LEVELS, [WING], "cellwarden", 0.5, tmp_path / "part")
    with pytest.raises(BenchError, match="holds no"):
        recorded.found_at([tmp_path])


def test_a_malformed_truth_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path)
    meta = json.loads(path.read_text())
    meta["annotations"][0]["truth:snr_db"] = "loud"
    path.write_text(json.dumps(meta))
    with pytest.raises(BenchError, match="no truth"):
        run("gsm", known_labels("gsm"), LEVELS, [path], "cellwarden", 0.5, tmp_path / "part", force=True)
