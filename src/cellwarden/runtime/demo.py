"""The remand wing of `simulate.week` as if it were on the air: phones call, text, register, move, at a lively pace.

Nothing here is a phone's: it shows what a site's service does. The same chain, store and console run on it.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from cellwarden.locate.site import Site
from cellwarden.model import Passage, Role, SensorState, Sighting
from cellwarden.model.span import HOUR_NS, MINUTE_NS, S_NS, WEEK_NS
from cellwarden.runtime.guard import PROGRAM
from cellwarden.runtime.sighted import STEP_S
from cellwarden.runtime.site import Step
from cellwarden.signature.junction import examined
from cellwarden.signature.junction_empty import learned
from cellwarden.signature.junction_log import parsed
from cellwarden.simulate import strays as simulated
from cellwarden.simulate.junction import METAL
from cellwarden.simulate.lane import Item, log_csv, passage
from cellwarden.simulate.parameters import Junctions
from cellwarden.simulate.week import LIVELY, events, site
from cellwarden.store import people as persons
from cellwarden.watch import passages, strays
from cellwarden.watch.lawful import Mandate

HEALTH_S = 5.0
"""Between two words of the sensors on their health."""
DEAF_S = 40.0
"""After so long one sensor goes deaf, so that one sees what that looks like."""
FLOOR_DBFS_HZ, OFFSET_DB = -150.0, -14.0
"""Noise of the receivers, and their calibration: a noise figure of 10 dB."""
FIRST_S = 5.0
"""After so long the first phone is heard."""
PACE = replace(LIVELY, calls_a_day=360.0, texts_a_day=120.0, registration_min=5.0)
"""Livelier still: who looks on has a minute."""
OTHERS: dict[str, Role] = {
    "engineer": "rf engineer",
    "examiner": "examiner",
    "investigator": "investigator",
    "administrator": "administrator",
    "auditor": "auditor",
}
"""Who else may look on, so that each page can be seen."""
GATE = replace(Junctions(), mismatch_spread_db=0.0, aspect_db=0.0, contact_flicker_db=0.0)
"""A lane on a good day: each thing answers as it does in the mean."""


@cache
def calibrated() -> Site:
    """The wing; its sensors know their noise in dBm, and hear all bands."""
    return replace(site(), sensors=tuple(replace(one, offset_db=OFFSET_DB, bands=()) for one in site().sensors))


def mandate(today: date) -> Mandate:
    """Nobody is listened to, so anybody may allow it."""
    return Mandate("demonstration", "nobody: all phones are simulated", today + timedelta(days=1))


def people(engine: Engine, officer: str, password: str, now_ns: int) -> None:
    """An officer, and one of each other role, with one password."""
    hashed = persons.hashed(password)
    with engine.begin() as c:
        for name, role in {officer: "officer", **OTHERS}.items():
            persons.accept(c, persons.invite(c, name, role, now_ns), hashed, "", now_ns)


def past(engine: Engine, seed: int, now_ns: int) -> None:
    """A week of unknown bursts, which people may name, and who passed the gate, the last a minute ago."""
    names = [sensor.name for sensor in site().sensors]
    rng, world = np.random.default_rng([10, seed]), GATE
    empty = log_csv([("", passage(world, [], rng, somebody=False)[0])])
    carried = {"P-0412": [], "C-0038": [Item(METAL, gain_db=(20.0, 20.0))], "P-0413": [], "P-0414": [Item("phone")]}
    table = log_csv([(person, passage(world, items, rng)[0]) for person, items in carried.items()])
    own = learned(parsed(empty.splitlines(), Path("EMPTY.csv")))
    with engine.begin() as c:
        strays.keep(c, (one for one, _kind in simulated.strays(seed, now_ns - WEEK_NS, now_ns, names)))
        passages.keep_empty(c, empty, PROGRAM, now_ns - 2 * HOUR_NS)
        for k, log in enumerate(parsed(table.splitlines(), Path("LOG.csv"))):
            when_ns = now_ns - (len(carried) - k) * MINUTE_NS
            passages.keep(c, Passage(0, when_ns, log.person, examined(log, own).readings, True, True, PROGRAM))


def steps(seed: int, start_ns: int, stopped: threading.Event) -> Iterator[Step]:
    """What the wing's sensors tell, each step when its time has come, until `stopped` is set."""
    coming = _soon(seed, start_ns)
    waiting = next(coming)
    rng = np.random.default_rng([9, seed])
    length = round(STEP_S * S_NS)
    for number in count():
        end_ns = start_ns + (number + 1) * length
        if stopped.wait(max(0.0, (end_ns - time.time_ns()) / S_NS)):
            return
        heard = []
        while waiting.end_ns <= end_ns:
            heard.append(waiting)
            waiting = next(coming)
        yield Step(end_ns, tuple(heard), _health(number, end_ns, rng))


def _soon(seed: int, start_ns: int) -> Iterator[Sighting]:
    """The wing's sightings, from shortly before its first contraband call on."""
    coming = events(seed, start_ns, PACE)
    late_ns = None
    for sighting, truth in coming:
        if late_ns is None and truth.who == "contraband" and truth.kind == "call":
            late_ns = sighting.start_ns - start_ns - round(FIRST_S * S_NS)
        if late_ns is not None:
            yield replace(sighting, start_ns=sighting.start_ns - late_ns, end_ns=sighting.end_ns - late_ns)


def _health(number: int, end_ns: int, rng: np.random.Generator) -> tuple[SensorState, ...]:
    """Of all sensors, now and then; the last of them goes deaf."""
    if number % round(HEALTH_S / STEP_S):
        return ()
    names = [sensor.name for sensor in site().sensors]
    deaf = names[-1] if number * STEP_S >= DEAF_S else ""
    floors = FLOOR_DBFS_HZ + rng.normal(0.0, 0.3, len(names))
    return tuple(
        SensorState(name, end_ns, float(floor), 0, float(rng.normal(0.0, 2e6)), "no samples" if name == deaf else "")
        for name, floor in zip(names, floors, strict=True)
    )
