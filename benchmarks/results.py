"""The file that a measurement leaves: benchmarks/results/<commit>.json, and the newest figures of all of them."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cellwarden.bench import provenance

FOLDER = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[1]


def commit() -> str:
    """The commit of the code that is measured and that measures, with `-changed` where it differs from that."""
    found = provenance.commit(beside=[FOLDER.parent])
    assert found is not None, "figures are made in a checkout"
    return found


def machine() -> dict[str, Any]:
    """What the figures of speed depend on."""
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {"processor": names[0] if names else platform.processor(), "cores": os.cpu_count(), "os": platform.system()}


def _lines(path: str) -> list[str]:
    place = Path(path)
    return place.read_text(encoding="utf-8").splitlines() if place.exists() else []


def merged(figures: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Add figures to the file of the present commit; what was measured at a larger scale stays."""
    name = commit()
    path = folder / f"{name}.json"
    held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"figures": {}}
    for lane, fresh in figures.items():
        if held["figures"].get(lane, {}).get("scale", 0.0) <= fresh["scale"]:
            held["figures"][lane] = fresh
    head = {"commit": name, "date": datetime.now(UTC).isoformat(timespec="seconds")}
    content = {**head, "machine": machine(), "versions": provenance.versions(), "figures": held["figures"]}
    folder.mkdir(exist_ok=True)
    fresh_path = path.with_suffix(".new")
    fresh_path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    fresh_path.rename(path)
    return path


def newest(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """The latest figures of each lane, each with the `commit` and `processor` that they were measured with."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return {
        lane: {**figures, "commit": one["commit"], "processor": one["machine"]["processor"]}
        for one in sorted(found, key=lambda one: str(one["date"]))
        for lane, figures in one["figures"].items()
    }
