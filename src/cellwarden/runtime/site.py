"""A site's receivers in, who was where out, second by second, while they last.

```
receiver ─► listen ─┐
receiver ─► listen ─┼─ bursts ─► Association ─ Observation ─► levels of each phone ─► Sighting
receiver ─► listen ─┘                     (all that began within STEP_S)
  a thread each
```

A burst waits LATE_S for what the slowest receiver still has in work, then for its step to end. A receiver that fails
is told as deaf; the others go on.
"""

import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cellwarden.airinterface import is_phone
from cellwarden.associate.observe import Association
from cellwarden.errors import CellwardenError
from cellwarden.locate.site import Sensor, Site
from cellwarden.locate.whereabouts import Belief
from cellwarden.model import Emission, Observation, Segment, SensorState, Sighting
from cellwarden.radio.live.stream import Stream
from cellwarden.runtime.listen import Health, listen

STEP_S = 1.0
"""A phone is sighted once in so long."""
LATE_S = 0.4
"""A receiver has told what it heard after so long: 0.06 s as a rule, 0.5 s at most (lane 17)."""


class Step(NamedTuple):
    """What a site heard until a time."""

    end_ns: int
    sightings: tuple[Sighting, ...]
    states: tuple[SensorState, ...]
    """Of sensors that have something to tell."""


class _Told(NamedTuple):
    """What a receiver's thread hands over: a burst, its health, or why it has ended."""

    sensor: str
    burst: tuple[Emission, Segment] | None = None
    health: Health | None = None
    ended: str | None = None


def steps(
    streams: Mapping[str, Stream], site: Site, belief: Belief, now_ns: Callable[[], int] = time.time_ns
) -> Iterator[Step]:
    """What the sensors' streams tell, until all of them have ended. Whoever stops asking closes them."""
    told: queue.SimpleQueue[_Told] = queue.SimpleQueue()
    for sensor, stream in streams.items():
        threading.Thread(target=_receive, args=(sensor, stream, told.put), daemon=True).start()
    together, alive, lost = Association(streams, now_ns()), set(streams), Counter[str]()
    try:
        while alive:
            end_ns = now_ns() + round(STEP_S * 1e9)
            states = []
            while (left_s := (end_ns - now_ns()) * 1e-9) > 0:
                try:
                    one = told.get(timeout=left_s)
                except queue.Empty:
                    break
                if one.burst is not None:
                    together.add(one.sensor, one.burst)
                else:
                    alive -= {one.sensor} if one.ended is not None else set()
                    states.append(_state(one, now_ns(), lost))
            until_ns = end_ns - round(LATE_S * 1e9)
            observed = together.until((until_ns - together.since_ns) * 1e-9)
            yield Step(until_ns, tuple(sightings(observed, site, belief)), tuple(states))
        observed = together.until(float("inf"))
        yield Step(now_ns(), tuple(sightings(observed, site, belief)), ())
    finally:
        for stream in streams.values():
            stream.close()


def _receive(sensor: str, stream: Stream, tell: Callable[[_Told], None]) -> None:
    """The life of a receiver's thread."""
    why = ""
    try:
        for event in listen(stream, health=lambda health: tell(_Told(sensor, health=health))):
            if event.what == "burst" and event.segment.start_ns is not None and is_phone(event.emission):
                numbered = {**event.emission.details, "train": event.train}
                tell(_Told(sensor, burst=(replace(event.emission, details=numbered), event.segment)))
    except CellwardenError as error:
        why = str(error)
    tell(_Told(sensor, ended=why))


def _state(one: _Told, time_ns: int, lost: Counter[str]) -> SensorState:
    """`lost` counts what each sensor's stream has lost so far."""
    if one.health is None:
        return SensorState(one.sensor, time_ns, None, 0, None, "no samples")
    more = one.health.lost - lost[one.sensor]
    lost[one.sensor] += more
    return SensorState(one.sensor, time_ns, one.health.floor_dbfs_hz, more, None)


def sightings(observed: Iterable[Observation], site: Site, belief: Belief) -> Iterator[Sighting]:
    """One for each phone. Bursts of no train are left out: nobody knows which phone sent them."""
    sensors = {sensor.name: sensor for sensor in site.sensors}
    phones: dict[str, list[Observation]] = defaultdict(list)
    for one in observed:
        if one.phone:
            phones[one.phone].append(one)
    for phone, bursts in phones.items():
        levels = mean_dbm(bursts, sensors)
        loudest = sorted((name for name in sensors if name in levels), key=lambda name: -levels[name])
        emissions = [heard.emission for burst in bursts for heard in burst.heard]
        row = np.array([levels.get(name, np.nan) for name in sensors])
        interface, frequency = bursts[0].label.partition(":")[0], bursts[0].frequency_hz
        yield Sighting(
            start_ns=bursts[0].time_ns,
            end_ns=bursts[-1].time_ns,
            phone=phone,
            interface=interface,
            labels=Counter(burst.label for burst in bursts),
            frequency_hz=frequency,
            confidence=max(emission.confidence for emission in emissions),
            odds=belief(row, interface, frequency),
            sensors=tuple(loudest),
        )


def mean_dbm(bursts: Iterable[Observation], sensors: Mapping[str, Sensor]) -> dict[str, float]:
    """Level of the mean power at each sensor that heard any, by its calibration."""
    powers: dict[str, list[float]] = defaultdict(list)
    for burst in bursts:
        for heard in burst.heard:
            if np.isfinite(heard.level_dbfs):
                powers[heard.sensor].append(10 ** ((heard.level_dbfs + sensors[heard.sensor].offset_db) / 10))
    return {name: 10 * float(np.log10(np.mean(each))) for name, each in powers.items()}
