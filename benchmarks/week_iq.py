"""Lane 26: half an hour of the simulated wing from samples to alerts, through all that a site runs but its clock.

    simulate.week_air ─► samples of each sensor ─► listen, signatures          a part for each sensor
                                                      │ as a node tells them
                         association ─► place ─► law, tracker, rules ─► alerts  all sensors together

Sixty cells, nine phones, staff, a lawyer and a car park at noon, everybody at a pace at which a call comes each 100 s.
Phones of the house are enrolled; all others are met for the first time. A call counts as told as in `benchmarks.week`.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from benchmarks.week import DAY_NS, START_NS, counted, played
from cellwarden.airinterface import is_phone
from cellwarden.associate.observe import observations
from cellwarden.locate.whereabouts import believing
from cellwarden.measure.proportion import wilson
from cellwarden.model import Emitter, Observation, Sighting
from cellwarden.model.span import S_NS
from cellwarden.radio.live.stream import Address, Piece, Stream
from cellwarden.runtime.burst_rows import bursts, row, start_ns
from cellwarden.runtime.known import Known
from cellwarden.runtime.listen import listen
from cellwarden.runtime.sighted import by_step, sightings
from cellwarden.runtime.signing import Signer
from cellwarden.runtime.whose import Whose
from cellwarden.signature.gallery_file import save, session_in, session_row
from cellwarden.signature.sessions import joined
from cellwarden.simulate import transmitters
from cellwarden.simulate.parameters import Twins
from cellwarden.simulate.week import LIVELY, Truth, site, truth_of
from cellwarden.simulate.week_air import CENTRE_HZ, FULL_DBM, RATE_HZ, Scene, transmitter
from cellwarden.simulate.week_ear import Ear, Waves
from cellwarden.simulate.week_people import Act, staff_emitter
from cellwarden.simulate.week_rules import rules_of

SEED = 32
"""In its half hour phones of both standards call, and so do staff, a lawyer and cars; by 30 faults were found and
mended, so it is no witness any more."""
SECONDS = 1800.0
PACE = replace(
    LIVELY, calls_a_day=45.0, call_median_s=9.0, call_sigma=0.2, texts_a_day=20.0, staff_calls_a_day=10.0,
    lawyers_calls_a_day=20.0, cars_a_day=200.0,
)  # fmt: skip
"""Of people who look on, but calls are few and short, the less of them to tell by: a second of a call over LTE takes a
sensor half a second of processor or more, and there are 26 of them."""
NOON_NS = START_NS + DAY_NS // 2
LAST_S = 15.0
"""A call that begins later than so long before the end need not be told any more."""
CLOCK_ERROR_S = 2e-3
"""What sensors say of their clocks."""
SAME_NS = 8 * 10**6
"""A burst that was sent so near to one that was heard, on its frequency, is that one."""
SAME_HZ = 150e3
GALLERY_BURSTS, GALLERY_SNR_DB = 40, 30.0


@cache
def waves(seconds: float) -> Waves:
    """What phones send in the wing at noon, the same for all sensors."""
    return Waves(Scene(SEED, seconds, PACE, (NOON_NS // S_NS) % 86_400))


def scene(seconds: float) -> Scene:
    """The wing at noon."""
    return waves(seconds).scene


def heard(seconds: float, number: int) -> dict[str, Any]:
    """What a sensor tells of its samples: bursts of phones and signatures, as a node would."""
    ear = Ear(waves(seconds), number)
    begins_ns = NOON_NS + round(ear.late_s * 1e9)

    def pieces() -> Iterator[Piece]:
        at = 0
        for lost, iq in ear.without_silence():
            at += lost
            yield Piece(iq, 1 / 32768, lost, begins_ns + round(at / RATE_HZ * 1e9), CENTRE_HZ)
            at += len(iq)

    stream = Stream(Address("air", "air", "", {}), RATE_HZ, pieces(), lambda: None, patient=True)
    signer, rows, signed, labels = Signer(), list[list[Any]](), list[list[Any]](), Counter[str]()
    for event in listen(stream, passing=signer.passing):
        if (one := signer.event(event)) is not None:
            signed.append([one.train, session_row(one.session)])
        if event.what == "burst":
            labels[event.emission.label] += 1
            if is_phone(event.emission):
                since_ns = start_ns(event.emission, event.segment) - NOON_NS
                rows.append(row(event.emission, event.segment, event.train, since_ns))
    return {"bursts": rows, "signed": signed, "labels": labels}


def parts(scale: float) -> dict[str, Any]:
    """One for each sensor; at a small scale a shorter time."""
    seconds = max(30.0, SECONDS * scale)
    return {sensor.name: partial(heard, seconds, n) for n, sensor in enumerate(site().sensors)} | {
        "seconds": lambda: seconds
    }


def gallery(place: Path) -> Whose:
    """The site's signatures: phones of the house, enrolled on the bench."""
    rng, known = np.random.default_rng([SEED, 1]), []
    for n in range(PACE.corridors):
        phone = transmitter(f"corridor {n + 1}", SEED)
        told = transmitters.session(phone, transmitters.SENSORS[0], Twins(), rng, GALLERY_BURSTS, GALLERY_SNR_DB)
        known.append(Emitter(staff_emitter(n), (joined(told, "bench"),)))
    save(place, known)
    return Whose(Known(place, print), lambda: 0.0)


def truly(acts: tuple[Act, ...], number: int | None, sighting: Sighting) -> Truth:
    """What a sighting really was: part of an act, or noise where it is of none."""
    if number is None:
        return Truth(-1, "noise", "noise", "burst", "", sighting.start_ns, sighting.end_ns)
    return truth_of(acts[number], number, NOON_NS)


class Truths:
    """Which act a burst that was heard is of."""

    def __init__(self, air: Scene) -> None:
        places = [(one.act, *place) for one in air.bursts for place in air.places(one)]
        self._act, at_s, self._hz = (np.array(column) for column in zip(*places, strict=True))
        self._at_ns = NOON_NS + np.rint(at_s * S_NS).astype(np.int64)
        order = np.argsort(self._at_ns, kind="stable")
        self._act, self._at_ns, self._hz = self._act[order], self._at_ns[order], self._hz[order]

    def act(self, observed: Iterable[Observation]) -> int | None:
        """Of bursts of one phone: the act of the most of them, None where none of them was sent."""
        votes: Counter[int] = Counter()
        for one in observed:
            low, high = np.searchsorted(self._at_ns, (one.time_ns - SAME_NS, one.time_ns + SAME_NS))
            near = np.flatnonzero(np.abs(self._hz[low:high] - one.frequency_hz) < SAME_HZ) + low
            if len(near):
                votes[int(self._act[near[np.argmin(np.abs(self._at_ns[near] - one.time_ns))]])] += 1
        return max(votes, key=lambda act: votes[act]) if votes else None


def sighted(air: Scene, told: Mapping[str, Any], whose: Whose) -> Iterator[tuple[Sighting, Truth]]:
    """What all sensors heard, put together second by second, each with its truth."""
    wing = site()
    wing = replace(wing, sensors=tuple(replace(one, offset_db=FULL_DBM) for one in wing.sensors))
    belief, truths = believing(wing), Truths(air)
    nodes = {
        name: bursts({"run_ns": 0, "time_ns": NOON_NS, "bursts": one["bursts"]}, lambda _run, train: train)
        for name, one in told.items()
    }
    signed = [(name, train, session_in(each)) for name, one in told.items() for train, each in one["signed"]]
    signed.sort(key=lambda one: one[2].start_ns or 0)
    at = 0
    for second in by_step(observations(nodes, NOON_NS, CLOCK_ERROR_S)):
        while at < len(signed) and (signed[at][2].start_ns or 0) <= second[-1].time_ns:
            whose.signed(*signed[at])
            at += 1
        by_phone: dict[str, list[Observation]] = {}
        for one in second:
            by_phone.setdefault(one.phone, []).append(one)
        for sighting in sightings(second, wing, belief, whose=whose.of):
            yield sighting, truly(air.acts, truths.act(by_phone[sighting.phone]), sighting)


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """All sensors together: calls that were told and where, alerts that were false."""
    seconds = float(done["seconds"])
    air, told = scene(seconds), {sensor.name: done[sensor.name] for sensor in site().sensors}
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        pairs = list(sighted(air, told, gallery(Path(folder) / "emitters.json")))
    end_ns = NOON_NS + round(seconds * S_NS)
    acts, found, alerts = played(iter(pairs), rules_of(PACE), end_ns, NOON_NS)
    last_ns = end_ns - round(LAST_S * S_NS)
    calls = {n for n, act in enumerate(air.acts) if act.who == "contraband" and act.kind == "call"}
    calls = {n for n in calls if NOON_NS + air.acts[n].start_s * S_NS < last_ns}
    figures = counted({n: act for n, act in acts.items() if act.kind != "call" or n in calls}, found, alerts)
    missed = [[n, air.acts[n].name, air.acts[n].interface, round(air.acts[n].seconds)] for n in sorted(calls)
              if not found.get(n, {}).get("by")]  # fmt: skip
    staff = [(sighting.emitter, truth.name) for sighting, truth in pairs if truth.name.startswith("corridor")]
    return {
        "seconds": seconds,
        "calls": len(calls),
        "lte_calls": sum(air.acts[n].interface == "lte" for n in calls),
        "told": [figures["told"] / max(1, len(calls)), *wilson(figures["told"], len(calls))],
        "missed": missed,
        "first": figures["first"],
        "three": figures["three"],
        "alerts": len(alerts),
        "false": [[truth.who, alert.activity.interface, alert.activity.kind] for alert, truth in alerts
                  if truth.who != "contraband"],
        "acts": Counter(act.who for act in air.acts),
        "staff_seconds": len(staff),
        "staff_named": sum(name == staff_emitter(int(truth.split()[1]) - 1) for name, truth in staff),
        "staff_misnamed": sum(bool(name) and name != staff_emitter(int(truth.split()[1]) - 1) for name, truth in staff),
        "bursts": sum(len(one["bursts"]) for one in told.values()),
        "labels": sum((Counter(one["labels"]) for one in told.values()), Counter()),
    }  # fmt: skip


LANE = Lane("week-iq", parts, summary)
