"""The file that a measurement leaves: benchmarks/results/<commit>.json, and which one is the newest."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[1]
MEASURED = ("src", "benchmarks")
"""Folders whose code makes the figures."""


def commit() -> str:
    """The commit of the code that is measured, with `-changed` where the code differs from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", *(f"{name}/**/*.py" for name in MEASURED))
    return git("rev-parse", "--short=10", "HEAD") + ("-changed" if changed else "")


def machine() -> dict[str, Any]:
    """What the figures of speed depend on."""
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {"processor": names[0] if names else platform.processor(), "cores": os.cpu_count(), "os": platform.system()}


def _lines(path: str) -> list[str]:
    place = Path(path)
    return place.read_text(encoding="utf-8").splitlines() if place.exists() else []


def versions() -> dict[str, str]:
    """Of Python and of the libraries that compute."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("numpy", "scipy", "numba")}}


def merged(figures: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Add figures to the file of the present commit; what was measured at a larger scale stays."""
    name = commit()
    path = folder / f"{name}.json"
    held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"figures": {}}
    for lane, fresh in figures.items():
        if held["figures"].get(lane, {}).get("scale", 0.0) <= fresh["scale"]:
            held["figures"][lane] = fresh
    head = {"commit": name, "date": datetime.now(UTC).isoformat(timespec="seconds")}
    content = {**head, "machine": machine(), "versions": versions(), "figures": held["figures"]}
    folder.mkdir(exist_ok=True)
    fresh_path = path.with_suffix(".new")
    fresh_path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    fresh_path.rename(path)
    return path


def newest(folder: Path = FOLDER) -> dict[str, Any] | None:
    """The results of the latest date, or None where there are none."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return max(found, key=lambda one: str(one["date"]), default=None)
