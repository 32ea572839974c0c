"""Recordings with truth that lie beside the checkout, scored by the tool that lies with them."""

import importlib.util
import json
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.lane import Lane
from benchmarks.results import ROOT
from cellwarden.radio.annotations import annotation, segment_of
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan

SHARED = ROOT.parent / "shared"
FOLDERS = ("gsm", "real")
PHONES = ("gsm:access", "gsm:normal")


def scored(path: Path) -> dict[str, Any]:
    """What the score tool says of a scan, and how many phone labels there were."""
    spec = importlib.util.spec_from_file_location("score", SHARED / "tools/score.py")
    assert spec and spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    recording = open_recording(path)
    emissions = list(scan(recording))
    truth = json.loads(path.read_text(encoding="utf-8"))
    found = {**truth, "annotations": [annotation(e, segment_of(recording, e)) for e in emissions]}
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        place = Path(folder) / "found.sigmf-meta"
        place.write_text(json.dumps(found), encoding="utf-8")
        score = tool.score(str(path), str(place))
    labels = [a.get("core:label", "") for a in truth["annotations"]]
    return {
        **score,
        "phones": sum(e.label in PHONES for e in emissions),
        "true_phones": sum(label in PHONES for label in labels),
    }


def parts(scale: float) -> dict[str, Any]:
    """One for each file; a small scale takes the first few."""
    paths = [p for folder in FOLDERS for p in sorted((SHARED / "recordings" / folder).glob("*.sigmf-meta"))]
    return {p.stem: partial(scored, p) for p in paths[: None if scale >= 0.01 else 1]}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """As scored."""
    return {"files": dict(done)}


LANE = Lane("recordings", parts, summary)
