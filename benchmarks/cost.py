"""What recognising one burst costs: each interface on its own bursts, on boxes that are none of its own, and all.

The scenes are those of the confusion lane, at 15 dB, with the tuned frequency told and not; strange boxes are all that
an interface was asked about and did not name. Processor time of one core in milliseconds; compiled loops are loaded
before. GSM names most of its bursts in one call for a whole chunk, which is shared among them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import confusion
from benchmarks.lane import Lane
from cellwarden.airinterface import Interface
from cellwarden.detect.finds import Find
from cellwarden.model import Block, Burst, Emission
from cellwarden.runtime import scan
from cellwarden.simulate.drawings import DRAWINGS

LEVEL_DB, TRIALS, SEED = 15.0, 100, 1200
ALL = "all"
"""Of all interfaces together, box by box."""


@dataclass
class Bill:
    """Milliseconds by label of what was named, by interface of what was not, and by box."""

    own: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    strange: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    boxes: defaultdict[tuple[int, int, float], float] = field(default_factory=lambda: defaultdict(float))

    def one(self, interface: Interface) -> Callable[[Burst, Block], list[Emission]]:
        """The interface's `recognise`, on the bill."""

        def recognised(burst: Burst, block: Block) -> list[Emission]:
            began = time.thread_time()
            told = interface.recognise(burst, block)
            spent = 1e3 * (time.thread_time() - began)
            (self.own[told[0].label] if told else self.strange[interface.name]).append(spent)
            self.boxes[burst.sample_start, burst.sample_count, burst.low_offset_hz] += spent
            return told

        return recognised

    def every(self, interface: Interface) -> Callable[[Find], list[list[Emission]]] | None:
        """The interface's `recognise_all`, on the bill."""
        named = interface.recognise_all
        if named is None:
            return None

        def recognised(find: Find) -> list[list[Emission]]:
            began = time.thread_time()
            told = named(find)
            spent = 1e3 * (time.thread_time() - began)
            labels = [emission.label for emissions in told for emission in emissions]
            for label in labels:
                self.own[label].append(spent / len(labels))
            return told

        return recognised


@contextmanager
def billed() -> Iterator[Bill]:
    """Within this, every scan of this process is on a bill."""
    bill = Bill()
    interfaces = tuple(replace(i, recognise=bill.one(i), recognise_all=bill.every(i)) for i in scan.INTERFACES)
    with patch.object(scan, "INTERFACES", interfaces):
        yield bill


def measured(label: str, trials: int, seed: int) -> dict[str, Any]:
    """The bill of scenes of one label."""
    scenes = [partial(confusion.confused, label, trials, LEVEL_DB, told, seed) for told in (True, False)]
    for scene in scenes:  # loads the compiled loops
        scene()
    with billed() as bill:
        for scene in scenes:
            scene()
    return {"own": dict(bill.own), "strange": dict(bill.strange), ALL: list(bill.boxes.values())}


def parts(scale: float) -> dict[str, Any]:
    """One for each label."""
    trials = max(3, round(TRIALS * scale))
    return {
        label.replace(":", "-"): partial(measured, label, trials, SEED + number)
        for number, label in enumerate(DRAWINGS)
    }


def _quantiles(spent: list[float]) -> dict[str, float]:
    return {"n": len(spent), "median": float(np.median(spent)), "p90": float(np.quantile(spent, 0.9))}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Median and 90th percentile: of each label's own bursts, of each interface's strange boxes, of all on a box."""
    own: defaultdict[str, list[float]] = defaultdict(list)
    strange: defaultdict[str, list[float]] = defaultdict(list)
    for part in done.values():
        for label, spent in part["own"].items():
            own[label] += spent
        for name, spent in part["strange"].items():
            strange[name] += spent
    return {
        "seed": SEED,
        "unit": "ms",
        "own": {label: _quantiles(own[label]) for label in sorted(own)},
        "strange": {name: _quantiles(strange[name]) for name in sorted(strange)},
        ALL: _quantiles([spent for part in done.values() for spent in part[ALL]]),
    }


LANE = Lane("cost", parts, summary)
