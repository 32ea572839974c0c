"""What recognises, compiled before the first sample: on a machine where it never was, the first calls would come late.

A few bursts of each kind are drawn and scanned, as a recording of them would be. The loops that take longest are called
before, with nothing to do, so that no core waits for another. That it was done lies as an empty file beside what the
compiler keeps, with its ending, so that whoever removes the one removes the other.
"""

import json
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import cellwarden
from cellwarden.airinterface.gsm_beside import beside
from cellwarden.airinterface.gsm_clear import FOUND
from cellwarden.airinterface.gsm_sweep import sweep
from cellwarden.associate.observe import Association
from cellwarden.detect import spectrum
from cellwarden.detect.coarse import NO_BOXES, Chunk, Region
from cellwarden.detect.finds import Find, finds
from cellwarden.detect.kernels import group_power
from cellwarden.locate.site import Site
from cellwarden.locate.whereabouts import Belief
from cellwarden.model import ENDLESS, Block, Emission, Segment
from cellwarden.radio.recording import blocks, open_recording
from cellwarden.runtime.compiling import Part, Told, side_by_side
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
FIRST = "gsm:normal"
"""What most of the time is for. It is drawn in fractions too, as some receivers give them; all are in whole numbers."""


def ready(what: str) -> bool:
    """Whether `all`, or what a recording of `gsm` needs, was compiled of the program as it is now."""
    return place(what).exists() or place("all").exists()


def make_ready(what: str, told: Told = lambda _done, _of: None) -> None:
    """Compile it, which takes minutes; `told` how many parts of how many are done."""
    if side_by_side(PARTS[what], told):
        noted(what)


def noted(what: str) -> None:
    """That it was compiled, or that something was scanned."""
    kept = place(what)
    with suppress(OSError):  # where nothing can be kept, each start compiles
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch()


def unused() -> bool:
    """Whether the program as it is now scanned nothing on this machine yet: the first scans compile what they need."""
    return not (ready("gsm") or place("scan").exists())


def rehearsed(site: Site, belief: Belief) -> None:
    """Put together and place a burst that nobody sent: the first call waits for nothing that is done but once."""
    together = Association([sensor.name for sensor in site.sensors], 0)
    for sensor in site.sensors:
        together.add(sensor.name, UNSENT)
    list(sightings(together.until(1.0), site, belief))


def place(what: str) -> Path:
    """What is there once it is compiled."""
    newest = max(path.stat().st_mtime_ns for path in Path(cellwarden.__file__).parent.rglob("*.py"))
    loop: Any = group_power  # typed as the function that it compiles
    return Path(loop.stats.cache_path) / f"ready-{what}-{newest}.nbc"


def swept() -> None:
    """Look for clear bursts where nothing is."""
    sweep(_nothing())


def left_beside() -> None:
    """Look beside a burst where nothing is."""
    beside(_nothing(), np.zeros(1, FOUND))


def found() -> None:
    """Find a few bursts, whosoever they are."""
    with _drawn(FIRST) as path:
        deque(finds(blocks(open_recording(path)), Counter()), 0)


def scanned(label: str, datatype: str = "ci16_le") -> None:
    """Scan a few bursts."""
    with _drawn(label, datatype) as path:
        deque(scan(open_recording(path)), 0)


GSM: tuple[Part, ...] = (swept, found, left_beside)
"""What takes longest of all that a recording of calls needs."""
PARTS: Mapping[str, tuple[Part, ...]] = {
    "gsm": GSM,
    "all": (
        *GSM,
        *(partial(scanned, FIRST, datatype) for datatype in ("ci16_le", "cf32_le")),
        *(partial(scanned, label) for label in DRAWINGS if label != FIRST),
    ),
}


def _nothing() -> Find:
    """A chunk in which nothing was found, as a receiver of whole numbers would give it."""
    drawing, regions = DRAWINGS[FIRST], (Region(0, 1, 0, 1, 1.0),)
    grid = spectrum.grid(drawing.rate_hz)
    segment = Segment(0, ENDLESS, drawing.rate_hz, drawing.centre_hz, 0)
    samples = Block(np.zeros((grid.size, 2), np.int16), 2.0**-15, 0, segment)
    hot, ratio = np.zeros((1, grid.bands), np.uint8), np.ones((1, grid.bands), np.float32)
    return Find(regions, samples, 0, Chunk(samples, grid, np.ones(grid.size), regions, NO_BOXES, 0, hot, ratio))


@contextmanager
def _drawn(label: str, datatype: str = "ci16_le") -> Iterator[Path]:
    """A recording of a few bursts, in whole numbers or in fractions."""
    placed = list(bursts(label, BURSTS, SNR_DB, Conditions(), np.random.default_rng(0)))
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "drawn.sigmf-meta"
        write(path, air_of(DRAWINGS[label], placed), placed, 0)
        if datatype == "cf32_le":
            head, data = json.loads(path.read_text(encoding="utf-8")), path.with_suffix(".sigmf-data")
            head["global"]["core:datatype"] = datatype
            path.write_text(json.dumps(head), encoding="utf-8")
            data.write_bytes((np.fromfile(data, "<i2").astype("<f4") / 2**15).tobytes())
        yield path
