"""Lane 6: samples a second of the whole scan on one core, 10 MS/s from the page cache, and the share of each stage.

    quiet             noise alone
    5 % of the time   one burst after the other, as if the band were one channel (channel occupancy, ITU-R SM.2256 §4)
    now and then      the same for 0.5 % of the time
    5 % of the plane  each of 50 channels is busy in 5 % of its slots (frequency band occupancy, same place)
    40 % of the plane calls in 160 of 400 slots, 34,667 bursts a second; shorter, since it takes so long

Beside them what the machine can do at most, GNU Radio, two processes, and the start (`benchmarks.machine`).

Processor time is what counts, since a machine may be shared; wall time stands beside it.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.lane import Lane
from benchmarks.watched import watching
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SLOT_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.garbage import seldom
from cellwarden.runtime.scan import scan
from cellwarden.simulate.scenes import Air, Placed, gsm_burst, write

SECONDS = 60.0
OCCUPIED, MANY = 0.05, 0.4
SLOTS = 8
"""Of a frame."""
SNRS_DB = (5.0, 25.0)
CHANNELS = 50
SEED = 6
STOCK = 200
"""Bursts made anew; the recording shows them again and again on other channels, in other places."""


def _stock(air: Air, rng: np.random.Generator) -> list[Placed]:
    return [gsm_burst(air, 0, "normal", 0, rng.uniform(*SNRS_DB), rng) for _ in range(STOCK)]


def _moved(placed: Placed, at: int, channel: int, air: Air) -> Placed:
    """The same burst elsewhere; of its truth only the label stays right, which is all that is asked for here."""
    turn = np.exp(2j * np.pi * channel * CHANNEL_HZ / air.rate_hz * np.arange(len(placed.wave)))
    return Placed(placed.truth, at, placed.wave * turn.astype(np.complex64))


def plane(air: Air) -> Iterator[Placed]:
    """A burst in OCCUPIED of all slots of CHANNELS channels."""
    rng = np.random.default_rng(SEED)
    stock, slot = _stock(air, rng), SLOT_SYMBOLS / SYMBOL_RATE_HZ * air.rate_hz
    for number in range(int(air.samples / slot) - 1):
        for channel in np.flatnonzero(rng.random(CHANNELS) < OCCUPIED):
            offset = int(channel) - CHANNELS // 2 + (channel == 0)
            yield _moved(stock[int(rng.integers(STOCK))], round(number * slot), offset, air)


def calls(air: Air) -> Iterator[Placed]:
    """A call in MANY of all slots of CHANNELS channels, each of which sends in its slot of every frame."""
    rng = np.random.default_rng(SEED)
    stock, slot = _stock(air, rng), SLOT_SYMBOLS / SYMBOL_RATE_HZ * air.rate_hz
    taken = rng.random((SLOTS, CHANNELS)) < MANY
    for number in range(int(air.samples / slot) - 1):
        for channel in np.flatnonzero(taken[number % SLOTS]):
            offset = int(channel) - CHANNELS // 2 + (channel == 0)
            yield _moved(stock[int(rng.integers(STOCK))], round(number * slot), offset, air)


def single(air: Air, occupied: float = OCCUPIED) -> Iterator[Placed]:
    """One burst at a time, on the air for that part of the time."""
    rng = np.random.default_rng(SEED)
    stock, slot = _stock(air, rng), SLOT_SYMBOLS / SYMBOL_RATE_HZ * air.rate_hz
    for number in range(int(air.samples / slot * occupied)):
        channel = int(rng.integers(-CHANNELS // 2 + 1, CHANNELS // 2))
        yield _moved(stock[int(rng.integers(STOCK))], round((number + 0.5) * slot / occupied), channel, air)


SCENES: dict[str, Callable[[Air], Iterator[Placed]]] = {
    "40 % of the plane": calls,
    "5 % of the plane": plane,
    "5 % of the time": single,
    "now and then": partial(single, occupied=0.005),
    "quiet": lambda air: iter(()),
}
SHORT = {"40 % of the plane": 0.1}
"""Part of the others' length."""


def measured(name: str, seconds: float) -> dict[str, Any]:
    """Rates and stages for one scene."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    air = Air(seconds=seconds)
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "scene.sigmf-meta"
        truths = write(path, air, SCENES[name](air), SEED)
        recording = open_recording(path)
        for _warm in zip(range(100), scan(recording), strict=False):
            pass
        wall, processor = time.perf_counter(), time.process_time()
        with seldom():
            labels = [e.label for e in scan(recording)]
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        with watching() as watch:
            for _emission in scan(recording):
                pass
            stages = watch.shares()
    return {
        "seconds": seconds,
        "ms_per_processor_s": air.samples / processor / 1e6,
        "ms_per_wall_s": air.samples / wall / 1e6,
        "bursts": len(truths),
        "recognised": labels.count("gsm:normal"),
        "downlink": labels.count("gsm:downlink"),
        "stages": stages,
    }


def parts(scale: float) -> dict[str, Any]:
    """One for each scene, and what they are compared with."""
    seconds = SECONDS * scale
    made: dict[str, Any] = {name: partial(measured, name, max(0.5, seconds * SHORT.get(name, 1.0))) for name in SCENES}
    made["compared"] = partial(machine.compared, max(1.0, seconds / 6))
    made["start"] = machine.start
    return made


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """As measured."""
    beside = {name: done[name] for name in ("compared", "start")}
    return {"seed": SEED, "scenes": {name: done[name] for name in SCENES}, **beside}


LANE = Lane("speed", parts, summary)
