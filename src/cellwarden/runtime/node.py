"""A node at an antenna: radio to emissions here, and what is heard, not samples, to its site.

source ─► pace ─► listen ─┬─ bursts, trains, signatures ─► queue ─► line ─► site
                          ├─ health ─► self-test ─► queue
                          └─ snippets ─► evidence
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import astuple, replace
from threading import Event, Lock, Thread
from typing import Any

from cellwarden.airinterface import is_phone
from cellwarden.errors import NodeError, SourceError
from cellwarden.model import Block, Emission, Segment
from cellwarden.radio.absolute import middle_hz
from cellwarden.radio.annotations import annotation
from cellwarden.radio.clock import Clock, clock
from cellwarden.radio.live import Stream, open_stream
from cellwarden.runtime import listen
from cellwarden.runtime.alone import alone
from cellwarden.runtime.burst_rows import row, start_ns
from cellwarden.runtime.hourly import OF_THE_TEST, Hourly, Station
from cellwarden.runtime.keep import AGAIN_S, Keeper
from cellwarden.runtime.line import send
from cellwarden.runtime.looking import looking
from cellwarden.runtime.node_file import Settings
from cellwarden.runtime.outbox import Outbox
from cellwarden.runtime.pace import Pace, error_ns
from cellwarden.runtime.selftest import faults, usual
from cellwarden.runtime.signing import Signed, Signer
from cellwarden.signature.gallery_file import session_row

STATE_S = 1.0
"""Between two words on how it is, where nothing changes."""
SILENT_S = 5.0
"""Without a second of samples for so long, a node is deaf."""
TELL_S = 0.25
"""Bursts of so long go into one message."""
MOST_ROWS = 2000
"""Of one message, which is some 200,000 octets then."""
WORK_NS = 500_000_000
"""A burst is told so long after its samples were taken up, at most: LTE's search waits."""
LAST_S = 3.0
"""For which a node that ends goes on sending."""


def run(
    settings: Settings, told: Callable[[str], None], opened: Callable[[Stream], None] = lambda stream: None
) -> None:
    """Until the source ends or is closed; `opened` is given the stream.

    Raises NodeError, SourceError, OutputError, and InUseError where a node runs on this queue already.
    """
    outbox = Outbox(settings.queue)
    try:
        with alone(settings.queue):
            _run(settings, outbox, told, opened)
    finally:
        outbox.close()


def _run(settings: Settings, outbox: Outbox, told: Callable[[str], None], opened: Callable[[Stream], None]) -> None:
    stream = open_stream(settings.source, settings.tuning)
    opened(stream)
    pace = Pace(stream.rate_hz)
    if not stream.patient:  # what comes as fast as it is taken tells no time
        stream = replace(stream, pieces=pace.pieces(stream.pieces))
    reporter = Reporter(settings, outbox, stream.rate_hz, pace, told)
    keeper = Keeper(settings.evidence, settings.keep_bytes, settings.keep_s, None, None, told)
    test, signer = reporter.test, Signer()

    def passing(blocks: Iterable[Block]) -> Iterator[Block]:
        return test.passing(signer.passing(keeper.passing(blocks)))

    with _sending(outbox, settings, told), reporter.watched(), keeper:
        try:
            for event in test.events(listen.listen(stream, health=reporter.health, passing=passing)):
                keeper.event(event)
                reporter.event(event)
                if (signed := signer.event(event)) is not None:
                    reporter.signed(signed)
        except SourceError:
            reporter.state(("no samples",))
            raise
        reporter.end()


class Reporter:
    """Makes messages of what is heard and of how the receiver does; several threads may have it tell."""

    def __init__(
        self,
        settings: Settings,
        outbox: Outbox,
        rate_hz: float,
        pace: Pace,
        complain: Callable[[str], None],
        clock: Callable[[], Clock] = clock,
    ) -> None:
        self._complain, self._complained_s = complain, -AGAIN_S
        self.settings, self.outbox, self.rate_hz, self.pace, self._clock = settings, outbox, rate_hz, pace, clock
        self.run_ns = time.time_ns()
        """Tells trains of this run from those of others."""
        self._floor_name = f"usual floor of {settings.source} {settings.tuning}"
        known = outbox.fact(self._floor_name)
        self._usual_db = None if known is None else float(known)
        self._stations_name = f"stations of {settings.source} {settings.tuning}"
        self.test = Hourly(rate_hz, self._tested, stations=_stations(outbox.fact(self._stations_name)))
        self._now = clock()
        self._health: listen.Health | None = None
        self._told_s = -STATE_S
        self._found: tuple[str, ...] = ()
        self._steps = 0
        self._told_ns = 0
        """Up to when what was heard is told: samples that wait are not."""
        self._bursts: Counter[str] = Counter()
        self._rows: list[tuple[int, Emission, Segment, int]] = []
        """Bursts that are not told yet: time, emission, segment, train."""
        self._lock = Lock()

    def event(self, event: listen.Event) -> None:
        """A burst, or a train that begins or is over."""
        segment, emission = event.segment, event.emission
        if event.what == "burst":
            self._bursts[emission.label] += 1
            if segment.start_ns is not None and is_phone(emission):
                moment = start_ns(emission, segment) + self.pace.correction_ns
                with self._lock:
                    self._rows.append((moment, emission, segment, event.train))
                if len(self._rows) >= MOST_ROWS:
                    self.tell()
            return
        body: dict[str, Any] = {"what": event.what, "run_ns": self.run_ns, "train": event.train}
        body |= annotation(emission, segment)
        body["frequency_hz"] = middle_hz(emission, segment)
        if segment.start_ns is not None:
            body["time_ns"] = start_ns(emission, segment) + self.pace.correction_ns
            body["end_ns"] = body["time_ns"] + round(emission.sample_count / segment.rate_hz * 1e9)
            body["time_error_ns"] = self._error_ns()
        self._put("train", body)

    def signed(self, signed: Signed) -> None:
        """What a train's bursts show of the transmitter."""
        body = {"run_ns": self.run_ns, "train": signed.train, "session": session_row(signed.session)}
        self._put("signature", body)

    def tell(self) -> None:
        """Send the bursts of phones that were heard since the last time."""
        with self._lock:
            rows, self._rows = self._rows, []
            if not rows:
                return
            since_ns = min(moment for moment, *_burst in rows)
            body = {
                "run_ns": self.run_ns,
                "told_ns": self._told_ns,
                "time_ns": since_ns,
                "time_error_ns": self._error_ns(),
                "bursts": [row(emission, segment, train, at - since_ns) for at, emission, segment, train in rows],
            }
            self._put("bursts", body)

    def _error_ns(self) -> int | None:
        return error_ns(self._now, self.pace, self.settings.clock_error_ns)

    def health(self, health: listen.Health) -> None:
        """A second of samples has passed."""
        self._now = self._clock()
        waiting = max(0, self.pace.received - health.samples - health.lost)
        self._told_ns = time.time_ns() - WORK_NS - round(waiting / self.rate_hz * 1e9)
        stepped, self._steps = self.pace.steps > self._steps, self.pace.steps
        found = faults(
            health,
            self._health,
            self._usual_db,
            self.rate_hz,
            self.pace.scale,
            self._now,
            stepped=stepped,
            crystal_ppm=self.pace.crystal_ppm,
        )
        self.test.health(health)
        found = tuple(dict.fromkeys((*self.test.faults, *found)))
        self._usual_db = usual(self._usual_db, health.floor_dbfs_hz, found)
        self._health = health
        if found != self._found or time.monotonic() >= self._told_s + STATE_S:
            self.state(found)

    def _tested(self, faults: tuple[str, ...]) -> None:
        """What the hourly test found is told at once; health tells it on."""
        self.state(tuple(dict.fromkeys((*faults, *(one for one in self._found if one not in OF_THE_TEST)))))

    def state(self, found: tuple[str, ...]) -> None:
        """How the node is, to be told."""
        self.tell()
        health, self._found, self._told_s = self._health, found, time.monotonic()
        body: dict[str, Any] = {
            "run_ns": self.run_ns,
            "time_ns": time.time_ns(),
            "told_ns": self._told_ns,
            "faults": list(found),
            "clock": self._now.follows,
            "clock_error_ns": self._now.error_ns,
            "time_error_ns": self._error_ns(),
            "crystal_ppm": self.pace.crystal_ppm,
            "usual_floor_dbfs_hz": self._usual_db,
            "bursts": dict(self._bursts),
            "waiting": self.outbox.count(),
        }
        for name in ("samples", "lost", "dropped", "clipped", "products", "floor_dbfs_hz", "load", "temperature_c"):
            body[name] = getattr(health, name, None)
        body["blind"] = [astuple(one) for one in health.blind] if health is not None else []
        self._put("state", body)
        self._bursts.clear()

    def _put(self, kind: str, body: dict[str, Any]) -> None:
        """Into the queue; a disk that is full is told now and then, and what could not be kept is lost."""
        try:
            self.outbox.put(kind, body)
            if kind == "state" and self._usual_db is not None:
                self.outbox.note(self._floor_name, repr(self._usual_db))
            if kind == "state" and self.test.stations:
                self.outbox.note(
                    self._stations_name, json.dumps({n: astuple(s) for n, s in self.test.stations.items()})
                )
        except NodeError as error:
            if time.monotonic() >= self._complained_s + AGAIN_S:
                self._complained_s = time.monotonic()
                self._complain(str(error))

    def end(self) -> None:
        """The last word."""
        self.state(self._found)

    def watched(self) -> AbstractContextManager[None]:
        """Within this a receiver that gives nothing is told of, too."""
        return looking(self._look, TELL_S, "node")

    def _look(self) -> None:
        self.tell()
        silent = time.monotonic() > self.pace.heard_s + SILENT_S
        if silent and ("no samples" not in self._found or time.monotonic() >= self._told_s + STATE_S):
            self.state(("no samples",))


def _stations(known: str | None) -> dict[str, Station]:
    """Base stations that an earlier run always heard."""
    return {} if known is None else {name: Station(*told) for name, told in json.loads(known).items()}


@contextmanager
def _sending(outbox: Outbox, settings: Settings, told: Callable[[str], None]) -> Iterator[None]:
    closed = Event()
    thread = Thread(target=send, args=(outbox, settings.name, settings.site, closed, told), daemon=True)
    thread.start()
    try:
        yield
    finally:
        closed.set()
        thread.join(LAST_S)
