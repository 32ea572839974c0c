"""Where the next sensors would help most: asked of a process of its own, so that the console goes on meanwhile.

```
 page ── start ──► Placing ──► process: propose ─► worth with 0, 1, … of them
      ◄── look ───    ▲            │ (done, all) … Proposal
                      └── pipe ◄───┘
```

One question goes on at a time; its answer stays in memory until the next one, or until the watch ends.
"""

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from cellwarden.locate.placement import Worth, propose, worth
from cellwarden.locate.site import Sensor, Site

DRAWS = 400
"""Phones that each number of sensors is asked about."""
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
    """The question that was asked last."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._process: SpawnProcess | None = None
        self._told: Connection | None = None
        self._look = Look()

    def start(self, site: Site, count: int, kinds: tuple[str, ...]) -> bool:
        """Ask how `count` more sensors in rooms of these kinds; False where a question goes on."""
        with self._one:
            self._hear()
            if self._look.running:
                return False
            context = get_context("spawn")
            self._told, telling = context.Pipe(duplex=False)
            self._process = context.Process(target=work, args=(telling, site, count, kinds), daemon=True)
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


def work(telling: Connection, site: Site, count: int, kinds: tuple[str, ...]) -> None:
    """Answer a question, telling how far it is."""
    with suppress(OSError):
        os.nice(NICE)
    telling.send((0, 1))
    made = propose(site, count, kinds, keep=True)
    before, done, all_ = len(site.sensors), 0, DRAWS * (len(made.sensors) - len(site.sensors) + 1)

    def tell() -> None:
        nonlocal done
        done += 1
        if not done % EACH:
            telling.send((done, all_))

    numbers = range(before, len(made.sensors) + 1)
    worths = tuple(worth(replace(made, sensors=made.sensors[:number]), DRAWS, tell=tell) for number in numbers)
    telling.send(Proposal(made.sensors[before:], worths))
