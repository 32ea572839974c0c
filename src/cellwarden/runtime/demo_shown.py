"""What the demonstration shows besides its alerts: its sensors' spectrum, evidence, and a plan that can be changed."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cellwarden.console.editing import Editing
from cellwarden.console.spectra import Spectra
from cellwarden.locate.site_write import to_toml
from cellwarden.runtime.demo import calibrated
from cellwarden.runtime.demo_evidence import evidenced
from cellwarden.runtime.demo_spectrum import on_the_air
from cellwarden.runtime.keep import Keeper
from cellwarden.runtime.site import Step
from cellwarden.runtime.tap import open_sensors
from cellwarden.runtime.vault import Vault
from cellwarden.simulate.week import site

MOST_BYTES = 50e6


class Shown(NamedTuple):
    """What the watch and its console are given."""

    steps: Iterator[Step]
    vault: Vault
    evidence: Path
    spectra: Spectra
    editing: Editing


@contextmanager
def shown(
    folder: Path, steps: Iterable[Step], seed: int, stopped: threading.Event, warn: Callable[[str], None]
) -> Iterator[Shown]:
    """All of it within a folder, whose evidence is whole when this is left."""
    plan, evidence = folder / "site.toml", folder / "evidence"
    plan.write_text(to_toml(calibrated()), encoding="utf-8")
    spectra = Spectra(open_sensors(site(), (sensor.name for sensor in site().sensors)))
    with Keeper(evidence, MOST_BYTES, float("inf"), None, None, warn) as keeper:
        vault = Vault(keeper, time.time_ns)
        heard = evidenced(on_the_air(steps, spectra, stopped), vault, seed)
        yield Shown(heard, vault, evidence, spectra, Editing(plan))
