"""Lane 17: a receiver at true speed with faults. What is lost, how busy a core is, how soon a burst is told.

    file at the speed of its clock ─► pieces dropped now and then, as by a receiver's overflow ─► ring ─► listen
                                      stalls: nothing for a second, then all at once

Ten minutes each in full. Every sample that comes out is compared with the file; those that do not must be as many as
were dropped on purpose, but for what found no room because the work did not keep up, which is counted apart.

What two cores carry is measured with one process for each of two receivers, at the same time.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from benchmarks.speed import SCENES, SEED
from cellwarden.model import Block
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.radio.live.stream import Piece
from cellwarden.radio.recording import blocks, open_recording
from cellwarden.runtime.listen import Health, listen
from cellwarden.simulate.scenes import Air, write

SECONDS = 600.0
SCENE_S, SCENE_SAMPLES = 4.0, 80e6
"""Of the scene, which is played again and again."""
DROPPED = 0.005
"""Part of the pieces of 20 ms that a receiver loses; two in a row now and then."""
STALL_EACH_S, STALL_S = 30.0, 1.0
"""The ring holds two seconds."""
RATES = {
    "quiet, 10 MS/s": ("quiet", 10e6, 1),
    "quiet, 20 MS/s": ("quiet", 20e6, 1),
    "now and then, 20 MS/s": ("now and then", 20e6, 1),
    "5 % of the time, 10 MS/s": ("5 % of the time", 10e6, 1),
    "now and then, two receivers of 50 MS/s": ("now and then", 50e6, 2),
}
"""Scene, rate and receivers. The densest scenes are left out: no core keeps up with them while others work."""


@dataclass
class Faults:
    """Drops and delays pieces on their way, and counts."""

    rate_hz: float
    drops: list[tuple[int, int]] = field(default_factory=list)
    """Where the stream goes on, and how many samples are missing before."""
    stalls: int = 0

    def pieces(self, received: Iterable[Piece]) -> Iterator[Piece]:
        """What is left of the pieces; what was dropped is told by the next one, as a receiver's driver does."""
        rng, lost, due = np.random.default_rng(SEED), 0, STALL_EACH_S * self.rate_hz
        count = 0
        for piece in received:
            count += len(piece.iq)
            if count > due:
                due += STALL_EACH_S * self.rate_hz
                self.stalls += 1
                time.sleep(STALL_S)  # the file's clock goes on: afterwards all comes at once
            if rng.random() < DROPPED:
                lost += len(piece.iq)
                continue
            if lost:
                self.drops.append((count - len(piece.iq), lost))
            yield replace(piece, lost=piece.lost + lost)
            lost = 0

    def injected(self, samples: int) -> int:
        """How many are missing among the first samples."""
        return sum(lost for at, lost in self.drops if at < samples)


@dataclass
class Compared:
    """Counts samples that are not the file's at their place."""

    whole: np.ndarray[Any, Any]
    end: int = 0
    same: int = 0
    different: int = 0

    def passing(self, given: Iterable[Block]) -> Iterator[Block]:
        """The same blocks."""
        for block in given:
            first, count = block.sample_start % len(self.whole), len(block.iq)
            due = self.whole[first : first + count]
            if len(due) < count:
                due = np.concatenate([due, self.whole[: count - len(due)]])
            wrong = 0 if np.array_equal(due, block.iq) else int(np.count_nonzero((due != block.iq).any(axis=1)))
            self.end = block.sample_start + count
            self.same, self.different = self.same + count - wrong, self.different + wrong
            yield block


def measured(scene: str, rate_hz: float, seconds: float) -> dict[str, Any]:
    """One receiver in one scene. Its processor time holds the comparison with the file and what plays it."""
    air = Air(seconds=min(SCENE_S, SCENE_SAMPLES / rate_hz), rate_hz=rate_hz)
    late_s: list[float] = []
    health: list[Health] = []
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "scene.sigmf-meta"
        write(path, air, SCENES[scene](air), SEED)
        compared = Compared(np.concatenate([block.iq.copy() for block in blocks(open_recording(path), 1 << 20)]))
        stream = open_stream(f"file:{path}?loop&realtime", Tuning())
        faults = Faults(rate_hz)
        stream = replace(stream, pieces=faults.pieces(stream.pieces))
        began_s = time.process_time()
        for event in listen(stream, seconds=seconds, health=health.append, passing=compared.passing):
            if event.what == "burst":
                e, segment = event.emission, event.segment
                ended_s = (e.sample_start + e.sample_count - segment.sample_start) / segment.rate_hz
                late_s.append(time.time_ns() / 1e9 - (segment.start_ns or 0) / 1e9 - ended_s)
        processor_s = time.process_time() - began_s
    received, injected = compared.same + compared.different, faults.injected(compared.end)
    no_room = health[-1].dropped if health else 0
    return {
        "seconds": seconds,
        "samples": received,
        "lost": compared.end - received,
        "injected": injected,
        "no_room": no_room,
        "unexplained": compared.end - received - injected - no_room,
        "stalls": faults.stalls,
        "different": compared.different,
        "load": float(np.mean([h.load for h in health])) if health else None,
        "cores": processor_s / seconds,
        "bursts": len(late_s),
        "late_s": [float(q) for q in np.percentile(late_s, (50, 99))] if late_s else None,
    }


def together(scene: str, rate_hz: float, seconds: float, receivers: int) -> dict[str, Any]:
    """Several receivers at once, each in a process of its own: their counts added, the latest of their moments."""
    with ProcessPoolExecutor(receivers, get_context("spawn")) as pool:
        heard = list(pool.map(partial(measured, scene, rate_hz), [seconds] * receivers))
    told = [one["late_s"] for one in heard if one["late_s"]]
    added = ("samples", "lost", "injected", "no_room", "unexplained", "stalls", "different", "cores", "bursts")
    return {
        **{key: sum(one[key] for one in heard) for key in added},
        "seconds": seconds,
        "load": max(one["load"] for one in heard),
        "late_s": [max(moments) for moments in zip(*told, strict=True)] if told else None,
    }


def parts(scale: float) -> dict[str, Any]:
    """One for each scene and rate."""
    seconds = max(3.0, SECONDS * scale)
    return {
        name: partial(together, scene, rate_hz, seconds, receivers)
        for name, (scene, rate_hz, receivers) in RATES.items()
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """As measured."""
    return {"scenes": dict(done)}


LANE = Lane("live", parts, summary)
