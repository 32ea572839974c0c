"""Lane 17: a receiver at true speed. What is lost, how busy a core is, how long after its end a burst is told.

The scenes of lane 6 are played from a file at the speed of their clock, ten minutes each in full. Lost samples are
those that found no room because the work did not keep up.
"""

import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from benchmarks.speed import SCENES, SEED
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.runtime.listen import Health, listen
from cellwarden.simulate.scenes import Air, write

SECONDS = 600.0
SCENE_S = 4.0
"""Of the scene, which is played again and again."""


def measured(name: str, seconds: float) -> dict[str, Any]:
    """One scene at 10 MS/s."""
    air = Air(seconds=SCENE_S)
    late_s: list[float] = []
    health: list[Health] = []
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "scene.sigmf-meta"
        write(path, air, SCENES[name](air), SEED)
        stream = open_stream(f"file:{path}?loop&realtime", Tuning())
        for event in listen(stream, seconds=seconds, health=health.append):
            if event.what == "burst":
                e, segment = event.emission, event.segment
                ended_s = (e.sample_start + e.sample_count - segment.sample_start) / segment.rate_hz
                late_s.append(time.time_ns() / 1e9 - (segment.start_ns or 0) / 1e9 - ended_s)
    return {
        "seconds": seconds,
        "samples": health[-1].samples if health else 0,
        "lost": health[-1].lost if health else 0,
        "load": float(np.mean([h.load for h in health])) if health else None,
        "bursts": len(late_s),
        "late_s": [float(q) for q in np.percentile(late_s, (50, 99))] if late_s else None,
    }


def parts(scale: float) -> dict[str, Any]:
    """One for each scene but the densest, which no core keeps up with at this rate while others work."""
    return {name: partial(measured, name, max(3.0, SECONDS * scale)) for name in ("quiet", "5 % of the time")}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """As measured."""
    return {"scenes": dict(done)}


LANE = Lane("live", parts, summary)
