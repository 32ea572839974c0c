"""The spectrum of the demonstration's sensors: rows of what its phones send, made while somebody looks."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from cellwarden.console.spectra import Spectra
from cellwarden.model import Sighting
from cellwarden.model.span import S_NS
from cellwarden.runtime.site import Step
from cellwarden.simulate.waterfall import rows

ROW_NS = S_NS // 5
BEHIND_NS = 3 * S_NS // 2
"""Rows are as late as that: a step tells a second that is over."""


def on_the_air(steps: Iterable[Step], spectra: Spectra, stopped: threading.Event) -> Iterator[Step]:
    """The same steps; what is sighted in them shows in the spectrum."""
    heard = deque[Sighting](maxlen=1000)
    thread = threading.Thread(target=_play, args=(heard, spectra, stopped), daemon=True)
    thread.start()
    for step in steps:
        heard.extend(step.sightings)
        yield step


def _play(heard: deque[Sighting], spectra: Spectra, stopped: threading.Event) -> None:
    """Rows of all sensors that somebody looks at, as time goes on."""
    rng, end_ns = np.random.default_rng(5), time.time_ns() - BEHIND_NS
    while not stopped.wait(max(0.0, (end_ns + ROW_NS + BEHIND_NS - time.time_ns()) / S_NS)):
        end_ns += ROW_NS
        for sensor in spectra.sensors:
            if spectra.wanted(sensor):
                for row in rows(sensor, end_ns - ROW_NS, end_ns, tuple(heard), rng):
                    spectra.put(sensor, row)
