"""A site's receivers and nodes in, who was where out, second by second, while they last.

```
receiver ─► listen ─┐
receiver ─► listen ─┼─ bursts ─► Association ─ Observation ─► levels of each phone ─► Sighting
node ─► line ─► inbox ─► Intake ┘              (all that began within STEP_S)
  a thread each
```

A burst waits LATE_S for what the slowest receiver still has in work, then for its step to end. A receiver that fails
and a node that falls silent are told as deaf; the others go on.
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from cellwarden.airinterface import is_phone
from cellwarden.associate.observe import Association
from cellwarden.console.spectra import Spectra
from cellwarden.errors import CellwardenError
from cellwarden.locate.site import Site, privileged
from cellwarden.locate.whereabouts import Belief
from cellwarden.model import Block, Emission, Observation, Segment, SensorState, Sighting, Stray
from cellwarden.radio.live.stream import Stream
from cellwarden.runtime.carriers import NONE, Carriers
from cellwarden.runtime.evidence import Cut, Cutter
from cellwarden.runtime.inbox import Inbox
from cellwarden.runtime.intake import Intake
from cellwarden.runtime.listen import Health, listen
from cellwarden.runtime.outbox import Message
from cellwarden.runtime.pace import Pace
from cellwarden.runtime.sighted import STEP_S, by_step, nobody, nothing, sightings
from cellwarden.runtime.signing import Signed, Signer
from cellwarden.runtime.strays import Strays
from cellwarden.runtime.tap import Tap
from cellwarden.runtime.vault import BURSTS, Vault
from cellwarden.runtime.whose import Whose

LATE_S = 0.4
"""A receiver has told what it heard after so long: 0.06 s as a rule, 0.5 s at most (lane 17)."""
NODE_LATE_S = 1.2
"""A node has, too: it tells each quarter of a second, and the line takes time."""
ENDS_S = 60.0
"""A receiver's thread has ended so long after its stream at most: a loop that is being compiled is compiled first."""
END_NS = 1 << 62
"""After all that was heard."""


class Step(NamedTuple):
    """What a site heard until a time."""

    end_ns: int
    sightings: tuple[Sighting, ...]
    states: tuple[SensorState, ...]
    """Of sensors that have something to tell."""
    strays: tuple[Stray, ...] = ()
    """What no air interface knows."""


class _Told(NamedTuple):
    """What a receiver's thread hands over: a burst, its health, or why it has ended; or a node's message."""

    sensor: str
    burst: tuple[Emission, Segment] | None = None
    health: Health | None = None
    ended: str | None = None
    message: tuple[str, Message] | None = None
    """With the name of its queue."""
    stray: Stray | None = None
    cut: Cut | None = None
    signed: Signed | None = None


Post = Callable[[Callable[[str, str, Message], None]], Inbox]
"""Begins to hand over the messages of nodes, by node, queue and message, and returns where they are kept."""


def steps(
    streams: Mapping[str, Stream],
    site: Site,
    belief: Belief,
    now_ns: Callable[[], int] = time.time_ns,
    nodes: Collection[str] = (),
    post: Post | None = None,
    vault: Vault | None = None,
    spectra: Spectra | None = None,
    whose: Whose | None = None,
    carriers: Carriers = NONE,
) -> Generator[Step, None, None]:
    """What the sensors' streams and nodes tell, until all streams have ended where there is no node.

    `vault` takes in what receivers cut out of phones' bursts, `spectra` what they hear, where somebody looks at it,
    `whose` phones' signatures; `carriers` are those of cells that receivers know. Whoever stops asking closes it:
    that closes the streams, and waits for their threads.
    """
    told: queue.SimpleQueue[_Told] = queue.SimpleQueue()
    spectra = Spectra(()) if spectra is None else spectra
    threads = []
    for sensor, stream in streams.items():
        cutter, signer = Cutter(*BURSTS) if vault else None, Signer() if whose else None
        given = sensor, stream, told.put, cutter, Tap(sensor, spectra), signer
        threads.append(threading.Thread(target=_receive, args=given, daemon=True))
    for thread in threads:
        thread.start()
    ears = _Ears(site, [*streams, *nodes], belief, now_ns, vault, whose, carriers)
    if post is not None:
        inbox = post(lambda node, origin, one: told.put(_Told(node, message=(origin, one))))
        ears.intake = Intake(inbox, nodes, ears.together)
    late_ns = round((NODE_LATE_S if nodes else LATE_S) * 1e9)
    done_ns = now_ns() - late_ns
    try:
        while ears.alive > set(nodes) or nodes:
            end_ns = now_ns() + round(STEP_S * 1e9)
            states = [state for one in _until(end_ns, told, now_ns) for state in ears.told(one)]
            for until_ns in _ends(done_ns, end_ns - late_ns):
                yield ears.step(until_ns, states)
                ears.taken()
                done_ns, states = until_ns, []
        yield ears.step(END_NS, [])._replace(end_ns=now_ns())
    finally:
        for stream in streams.values():
            stream.close()
        for thread in threads:  # one that Python's end meets in a loop's making or a transform would abort it
            thread.join(ENDS_S)


def _until(end_ns: int, told: "queue.SimpleQueue[_Told]", now_ns: Callable[[], int]) -> Iterator[_Told]:
    """What is handed over until a time."""
    while (left_s := (end_ns - now_ns()) * 1e-9) > 0:
        try:
            yield told.get(timeout=left_s)
        except queue.Empty:
            return


def _ends(done_ns: int, until_ns: int) -> Iterator[int]:
    """Ends of steps, of STEP_S each as nearly as may be: several, where a machine that was busy has to catch up."""
    count = max(1, round((until_ns - done_ns) * 1e-9 / STEP_S))
    return (done_ns + (until_ns - done_ns) * n // count for n in range(1, count + 1))


class _Ears:
    """All that hear at a site, and what they told that waits."""

    def __init__(
        self,
        site: Site,
        sensors: Iterable[str],
        belief: Belief,
        now_ns: Callable[[], int],
        vault: Vault | None,
        whose: Whose | None,
        carriers: Carriers,
    ) -> None:
        self._vault, self._whose, self._carriers = vault, whose, carriers
        self._site, self._belief = site, belief
        self.alive = set(sensors)
        self.together, self._lost = Association(self.alive, now_ns()), Counter[str]()
        self.intake: Intake | None = None
        self._strays: list[Stray] = []
        self._private = privileged(site)
        self._now_ns, self._done_ns = now_ns, 0

    def told(self, one: _Told) -> list[SensorState]:
        """Take in what one of them told."""
        if one.burst is not None:
            self._add(one.sensor, one.burst)
        elif one.stray is not None:
            self._strays += [one.stray] if one.sensor not in self._private else []
        elif one.cut is not None and self._vault is not None:
            self._vault.hold(one.sensor, one.cut)
        elif one.signed is not None:
            self._sign(one.sensor, one.signed)
        elif one.message is not None and self.intake is not None:
            taken = self.intake.message(one.sensor, *one.message, self._now_ns(), self._done_ns)
            self.together.clock_errors_s[one.sensor] = self.intake.nodes[one.sensor].error_s
            for burst in taken.fresh:
                self._add(one.sensor, burst)
            if taken.signed is not None:
                self._sign(one.sensor, taken.signed)
            return [taken.state] if taken.state is not None else []
        else:
            self.alive -= {one.sensor} if one.ended is not None else set()
            return [_state(one, self._now_ns(), self._lost)]
        return []

    def _add(self, sensor: str, burst: tuple[Emission, Segment]) -> None:
        self.together.add(sensor, burst)
        if self.intake is not None:
            self.intake.remember(sensor, burst)

    def _sign(self, sensor: str, signed: Signed) -> None:
        if self._whose is not None and sensor not in self._private:
            self._whose.signed(sensor, *signed)

    def step(self, until_ns: int, states: list[SensorState]) -> Step:
        """What was heard until a time, and what came late."""
        observed = self.together.until((until_ns - self.together.since_ns) * 1e-9)
        found = list(self._sighted(observed, until_ns))
        self._done_ns = until_ns
        if self.intake is not None:
            late = self.intake.late(self._now_ns())
            for second in by_step(late.observed):
                found += self._sighted(second, second[-1].time_ns, late.known)
            states = [*states, *self.intake.silent(self._now_ns())]
        strays, self._strays = tuple(self._strays), []
        return Step(until_ns, tuple(found), tuple(states), strays)

    def _sighted(self, observed: list[Observation], until_ns: int, counted: Collection[int] = ()) -> Iterator[Sighting]:
        """Who was where, as far as those sensors tell that have told until then, or heard it."""
        of = self._vault.of if self._vault is not None else nothing
        whose = self._whose.of if self._whose is not None else nobody
        intake = self.intake
        present = {one for one in self.alive if intake is None or intake.told_until(one, until_ns)}
        absent = {sensor.name for sensor in self._site.sensors} - present
        return sightings(observed, self._site, self._belief, counted, of, whose, self._carriers.of, absent)

    def taken(self) -> None:
        """The last step was kept."""
        if self.intake is not None:
            self.intake.taken(self._done_ns)


def _receive(
    sensor: str,
    stream: Stream,
    tell: Callable[[_Told], None],
    cutter: Cutter | None,
    tap: Tap,
    signer: Signer | None,
) -> None:
    """The life of a receiver's thread."""
    why, strays, pace = "", Strays(sensor), Pace(stream.rate_hz)
    if not stream.patient:
        stream = replace(stream, pieces=pace.pieces(stream.pieces))

    def passing(blocks: Iterable[Block]) -> Iterator[Block]:
        kept = cutter.passing(blocks) if cutter is not None else iter(blocks)
        return signer.passing(kept) if signer is not None else kept

    try:
        for event in listen(
            stream, health=lambda health: tell(_Told(sensor, health=health)), passing=passing, looking=tap.looking
        ):
            tap.event(event)
            if signer is not None and (signed := signer.event(event)) is not None:
                tell(_Told(sensor, signed=signed))
            if cutter is not None and (event.what == "over" or is_phone(event.emission)):
                for whole in cutter.event(event):
                    tell(_Told(sensor, cut=whole))
            if event.what == "burst" and event.segment.start_ns is not None and is_phone(event.emission):
                numbered = {**event.emission.details, "train": event.train}
                segment = replace(event.segment, start_ns=event.segment.start_ns + pace.correction_ns)
                tell(_Told(sensor, burst=(replace(event.emission, details=numbered), segment)))
            for stray in strays.event(event):
                tell(_Told(sensor, stray=stray))
    except CellwardenError as error:
        why = str(error)
    tell(_Told(sensor, ended=why))


def _state(one: _Told, time_ns: int, lost: Counter[str]) -> SensorState:
    """`lost` counts what each sensor's stream has lost so far."""
    if one.health is None:
        return SensorState(one.sensor, time_ns, None, 0, None, "no samples")
    more = one.health.lost - lost[one.sensor]
    lost[one.sensor] += more
    reason, warm, blind = "jammed" if one.health.blind else "", one.health.temperature_c, one.health.blind
    return SensorState(one.sensor, time_ns, one.health.floor_dbfs_hz, more, None, reason, warm, blind)
