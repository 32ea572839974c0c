"""Where the next sensors would help most: asked of a process of its own, so that the console goes on meanwhile.

```
 page ── start ──► Placing ──► process: propose ─► worth with 0, 1, … of them
      ◄── look ───    ▲            │ (done, all) … Proposal
                      └── pipe ◄───┘
```

One question goes on at a time; its answer is kept beside the site's file until the next one, also where the watch ends
meanwhile.
"""

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from cellwarden.errors import OutputError
from cellwarden.locate.placement import Worth, propose, worth
from cellwarden.locate.site import Sensor, Site
from cellwarden.radio.annotations import write_text

DRAWS = 400
"""Phones that each number of sensors is asked about; to find a place takes about as long."""
EACH = 20
"""Draws between two words of progress."""
NICE = 10
"""The watch, which runs beside it, comes first."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Sensors beside those of a site, and what they are worth."""

    sensors: tuple[Sensor, ...]
    """The most telling first; fewer than were asked for where there is no room."""
    worths: tuple[Worth, ...]
    """With none of them, with the first, with the first two, …"""
    when_ns: int
    """When it was found."""


@dataclass(frozen=True, slots=True)
class Look:
    """How far it is."""

    running: bool = False
    done: int = 0
    all: int = 1
    found: Proposal | None = None
    failed: bool = False
    """It ended without an answer."""


class Placing:
    """The question that was asked last; its answer is kept in a file, where one is named."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._one = threading.Lock()
        self._process: SpawnProcess | None = None
        self._told: Connection | None = None
        self._look = Look(found=None if file is None else kept(file))

    def start(self, site: Site, count: int, kinds: tuple[str, ...]) -> bool:
        """Ask how `count` more sensors in rooms of these kinds; False where a question goes on."""
        with self._one:
            self._hear()
            if self._look.running:
                return False
            if self._file is not None:
                self._file.unlink(missing_ok=True)
            context = get_context("spawn")
            self._told, telling = context.Pipe(duplex=False)
            self._process = context.Process(target=work, args=(telling, site, count, kinds, self._file), daemon=True)
            self._process.start()
            telling.close()
            self._look = Look(running=True)
            return True

    def look(self) -> Look:
        """How far it is by now."""
        with self._one:
            self._hear()
            return self._look

    def stop(self) -> None:
        """End a question that goes on: there is then no answer."""
        with self._one:
            self._hear()
            if self._look.running and self._process is not None:
                self._process.terminate()
                self._process.join()
                self._look = Look()

    def _hear(self) -> None:
        """Take what was told since."""
        if not self._look.running or self._told is None:
            return
        try:
            while self._told.poll():
                told = self._told.recv()
                if isinstance(told, Proposal):
                    self._look = Look(found=told)
                    return
                self._look = replace(self._look, done=told[0], all=told[1])
        except (EOFError, OSError):  # it went without an answer
            self._look = Look(failed=True)


def kept(file: Path) -> Proposal | None:
    """The proposal in a file; None where there is none that can be read."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        sensors = tuple(Sensor(one["name"], tuple(one["place_m"])) for one in told["sensors"])
        return Proposal(sensors, tuple(Worth(**one) for one in told["worths"]), int(told["when_ns"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def work(telling: Connection, site: Site, count: int, kinds: tuple[str, ...], file: Path | None) -> None:
    """Answer a question, telling how far it is."""
    with suppress(OSError):
        os.nice(NICE)
    telling.send((0, 1))
    before, done, all_ = len(site.sensors), 0, DRAWS * (2 * count + 1)

    def tell(more: int = 1) -> None:
        nonlocal done
        done += more
        if not done % EACH:
            telling.send((done, all_))

    made = propose(site, count, kinds, keep=True, tell=lambda: tell(DRAWS))
    numbers = range(before, len(made.sensors) + 1)
    worths = tuple(worth(replace(made, sensors=made.sensors[:number]), DRAWS, tell=tell) for number in numbers)
    found = Proposal(made.sensors[before:], worths, time.time_ns())
    if file is not None:
        with suppress(OutputError):  # who asked is there, and sees it all the same
            write_text(file, json.dumps(asdict(found)), force=True)
    telling.send(found)
