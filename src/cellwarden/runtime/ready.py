"""What recognises, compiled before the first sample: on a machine where it never was, the first calls would come late.

A few bursts of each kind are drawn and scanned, as a recording of them would be. That it was done lies as an empty file
beside what the compiler keeps, with its ending, so that whoever removes the one removes the other.
"""

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import cellwarden
from cellwarden.associate.observe import Association
from cellwarden.detect.kernels import group_power
from cellwarden.language import gettext as _
from cellwarden.locate.site import Site
from cellwarden.locate.whereabouts import Belief
from cellwarden.model import ENDLESS, Emission, Segment
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.runtime.sighted import sightings
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.scenes import write
from cellwarden.simulate.trials import Conditions, air_of, bursts

BURSTS, SNR_DB = 2, 20.0
"""Of each label."""
UNSENT = (
    Emission("gsm:normal", 0, 546, -1e5, 1e5, 20.0, 1.0, cfo_hz=0.0, floor_dbfs_hz=-130.0, details={"train": 0}),
    Segment(0, ENDLESS, 1e6, 902.4e6, 0),
)
"""A burst of a phone as a receiver would tell it."""
FRACTIONS = "gsm:normal"
"""The one that is drawn in fractions too, as some receivers give them; all are drawn in whole numbers."""


def ready(tell: Callable[[str], None]) -> None:
    """Compile what was never compiled here, which takes minutes once, and say so first."""
    done = place()
    if done.exists():
        return
    tell(_("Cellwarden is compiled for this machine first: that takes some minutes, once."))
    for seed, label in enumerate(DRAWINGS):
        _scanned(label, seed, fractions=label == FRACTIONS)
    with suppress(OSError):  # where nothing can be kept, each start compiles
        done.parent.mkdir(parents=True, exist_ok=True)
        done.touch()


def rehearsed(site: Site, belief: Belief) -> None:
    """Put together and place a burst that nobody sent: the first call waits for nothing that is done but once."""
    together = Association([sensor.name for sensor in site.sensors], 0)
    for sensor in site.sensors:
        together.add(sensor.name, UNSENT)
    list(sightings(together.until(1.0), site, belief))


def place() -> Path:
    """What is there once all is compiled of the program as it is now."""
    newest = max(path.stat().st_mtime_ns for path in Path(cellwarden.__file__).parent.rglob("*.py"))
    loop: Any = group_power  # typed as the function that it compiles
    return Path(loop.stats.cache_path) / f"ready-{newest}.nbc"


def _scanned(label: str, seed: int, *, fractions: bool) -> None:
    rng = np.random.default_rng(seed)
    placed = list(bursts(label, BURSTS, SNR_DB, Conditions(), rng))
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "drawn.sigmf-meta"
        write(path, air_of(DRAWINGS[label], placed), placed, seed)
        list(scan(open_recording(path)))
        if fractions:
            head, data = json.loads(path.read_text(encoding="utf-8")), path.with_suffix(".sigmf-data")
            head["global"]["core:datatype"] = "cf32_le"
            path.write_text(json.dumps(head), encoding="utf-8")
            data.write_bytes((np.fromfile(data, "<i2").astype("<f4") / 2**15).tobytes())
            list(scan(open_recording(path)))
