"""Lane 5: peak memory of a scan of long recordings, real ones repeated.

One is of Wi-Fi, whose frames follow each other as fast as any; one of a base station, which goes on and on.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.lane import Lane
from benchmarks.results import ROOT
from cellwarden.simulate import wing

LONG = {"1GB": 1e9, "10GB": 1e10}
"""Bytes of the base station's."""
BUSY = {"1GB of bursts": 1e9}
"""Of the other: some bursts a millisecond, each of which costs more than silence."""
REAL = ROOT.parent / "shared/recordings/real"
STATION, WIFI = "lte_dl_fdd_1860M_1M92.sigmf-meta", "wifi_dot11n_65mbps.sigmf-meta"
SPARE = 2e9
"""Bytes left free on the disk."""
WATCH = """
import json, os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, 1, 0)])
_child, status, usage = os.wait4(child, 0)
print(json.dumps([status, usage.ru_maxrss, usage.ru_utime + usage.ru_stime]))
"""
"""A small program between us and the scan: a process's peak counts what the one that started it held at that time."""


def source(name: str) -> Path:
    """A real recording where it lies beside the checkout, else the one that ships with the project."""
    return place if (place := REAL / name).exists() else wing.PLACE.with_suffix(".sigmf-meta")


def repeated(meta_path: Path, size: float, place: Path) -> int:
    """Write a recording's samples again and again until the file has `size` bytes; returns how many it has."""
    samples = meta_path.with_suffix(".sigmf-data").read_bytes()
    meta = json.loads(meta_path.read_text(encoding="utf-8"))
    described = {"core:datatype", "core:sample_rate", "core:version"}
    head = {key: value for key, value in meta["global"].items() if key in described}
    captures = [{key: c[key] for key in ("core:sample_start", "core:frequency") if key in c} for c in meta["captures"]]
    place.write_text(json.dumps({"global": head, "captures": captures[:1], "annotations": []}), encoding="utf-8")
    times = max(1, round(size / len(samples)))
    with place.with_suffix(".sigmf-data").open("wb") as file:
        for _ in range(times):
            file.write(samples)
    return times * len(samples)


def peak(size: float, real: Path) -> dict[str, Any]:
    """Peak resident memory of `cellwarden scan` in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        place = Path(folder) / "long.sigmf-meta"
        stat = os.statvfs(folder)
        if stat.f_bavail * stat.f_frsize < size + SPARE:
            return {"why_not": f"{folder} has no room for {size / 1e9:.1f} GB"}
        written = repeated(real, size, place)
        command = [sys.executable, "-m", "cellwarden", "scan", str(place), "-o", f"{folder}/found.sigmf-meta"]
        options = ["--force", "--quiet", "--no-hash"]
        # The inner loops are compiled once on a machine, by whatever is scanned first; that is not what is asked here.
        first = [sys.executable, "-m", "cellwarden", "scan", str(real), "-o", f"{folder}/first.sigmf-meta"]
        subprocess.run([*first, *options], stdout=subprocess.DEVNULL, check=True)
        watched = [sys.executable, "-c", WATCH, *command, *options]
        told = subprocess.run(watched, stdout=subprocess.PIPE, check=True)
        status, kilobytes, seconds = json.loads(told.stdout)
        return {
            "bytes": written,
            "exit": os.waitstatus_to_exitcode(status),
            "peak_mb": kilobytes * 1024 / 1e6,
            "processor_s": seconds,
            "source": real.stem,
        }


def parts(scale: float) -> dict[str, Any]:
    """One for each size."""
    sources = {**dict.fromkeys(LONG, STATION), **dict.fromkeys(BUSY, WIFI)}
    return {name: partial(peak, size * scale, source(sources[name])) for name, size in (LONG | BUSY).items()}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """As measured."""
    return {"sizes": dict(done)}


LANE = Lane("memory", parts, summary)
