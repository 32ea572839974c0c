"""A prison's days and nights as its sensors would tell them: sightings in the order of time, each with its truth.

```
 people ─► acts ─► seconds ─► levels at sensors ─► locate.whereabouts ─► Sighting, Truth
           call, text, …       simulate.levels      the code that a real site runs
```

The site is the remand wing with sensors in its corridors, its offices and on its wall, and a room of privileged talk.
No samples are made: what recognisers say is drawn from `parameters.Week`; what sensors hear is drawn from
`parameters.Air`; where it came from is computed as at a real site. Each act gets a new name from association, as phones
do that were silent.

`events` never ends. Of a call each second is told, its place anew after FIX_S, ever more rarely the longer it lasts:
what a place is held to be is a mean, which changes less and less.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import count

import numpy as np
from numpy.typing import NDArray

from cellwarden.locate.site import Room, Sensor, Site, rooms_at
from cellwarden.locate.whereabouts import LOUDEST_DBM, OUTSIDE, Whereabouts, room_odds, whereabouts
from cellwarden.model import Odds, Sighting
from cellwarden.model.span import S_NS
from cellwarden.simulate.levels import World, fading_dbm, mean_levels_dbm, place_in, world
from cellwarden.simulate.parameters import Air, Week
from cellwarden.simulate.prison import FLOOR_M, SENSOR_M, on_the_wall, remand_wing
from cellwarden.simulate.week_people import Act, Kind, Who, people

FIX_S = frozenset({0, 20, 40, 80, 160, 320, 640, 1280, 2560})
AROUND = ("yard", "outside")
"""Kinds of rooms that hold others."""
SPOTS = 4000
"""Places in the box of such a room, of which those in no smaller one are used."""
PRIVILEGED = "A-1 office"
"""The remand wing's room that becomes one of privileged talk."""
BAND_HZ = {"gsm": (880e6, 915e6), "lte": (1710e6, 1785e6)}
"""Uplinks of GSM 900 and of band 3 of LTE. Networks share them evenly: GSM's in blocks, LTE's two carriers each."""
PLAN_HZ = {"gsm": 900e6, "lte": 1750e6}
SETUP_S = {"gsm": 4.0, "lte": 1.0}
"""Of a call, before speech."""
STATION_DBM = 20.0
"""By how much a base station is louder than a phone beside the wall would be."""
TALKS = 0.45
"""Share of a call in which one speaks oneself; else comfort noise is sent (3GPP TS 26.092 and its like)."""
RATES: dict[tuple[str, str], dict[str, float]] = {
    ("gsm", "signalling"): {"gsm:normal": 25.0},
    ("gsm", "speech"): {"gsm:normal": 208.0},
    ("gsm", "pause"): {"gsm:normal": 33.0},
    ("lte", "signalling"): {"lte:pusch": 8.0, "lte:pucch": 25.0},
    ("lte", "speech"): {"lte:pusch": 50.0, "lte:pucch": 25.0},
    ("lte", "pause"): {"lte:pusch": 6.25, "lte:pucch": 25.0},
}
"""Bursts a second: see `watch.doing`."""
ACCESS = {"gsm": "gsm:access", "lte": "lte:prach"}
LIVELY = Week(
    calls_a_day=200.0, texts_a_day=60.0, call_median_s=25.0, call_sigma=0.5, registration_min=20.0, off=0.1,
    off_hours=0.1, moves_a_day=20.0, night=1.0, staff_calls_a_day=30.0, lawyers_calls_a_day=40.0, cars_a_day=400.0,
    stations_a_week=200.0, strangers_a_week=400.0,
)  # fmt: skip
"""A pace for people who look on: a call each minute or so, and all else as often as in days."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a sighting really was."""

    act: int
    """Number of the transmission it is part of."""
    who: Who
    name: str
    """Of the phone, over all its acts."""
    kind: Kind
    room: str
    """`outside` beyond the wall; empty where it is nowhere."""
    first_ns: int
    last_ns: int
    """Of the act."""


@cache
def site() -> Site:
    """The remand wing as it is watched. Where phones may be beside cells, two sensors tell them apart."""
    wing = remand_wing()
    rooms = tuple(replace(room, kind="privileged") if room.name == PRIVILEGED else room for room in wing.rooms)
    listening = tuple(
        Sensor(f"R{room.floor}-{n + 1}", (*_within(room, 0.25, along), FLOOR_M * room.floor + SENSOR_M))
        for room in rooms
        if room.kind in ("office", "privileged")
        for n, along in enumerate((0.25, 0.75))
    )
    return replace(wing, rooms=rooms, sensors=wing.sensors + on_the_wall(wing) + listening)


def _within(room: Room, x: float, y: float) -> tuple[float, float]:
    """A place in a room, in parts of its width and depth."""
    low, high = np.min(room.outline_m, axis=0), np.max(room.outline_m, axis=0)
    at = low + np.array([x, y]) * (high - low)
    return float(at[0]), float(at[1])


@cache
def _located(interface: str) -> Whereabouts:
    return whereabouts(site(), interface, PLAN_HZ[interface])


def events(seed: int, start_ns: int, week: Week = Week(), air: Air = Air()) -> Iterator[tuple[Sighting, Truth]]:  # noqa: B008
    """Sightings from `start_ns` on, by their start, without end: the same for the same seed. Hours are UTC."""
    rng = np.random.default_rng([8, seed])
    midnight_s = start_ns / S_NS % 86_400
    built = int(rng.integers(1 << 32))  # walls and furniture are the same for both standards
    worlds = {key: world(site(), np.random.default_rng(built), hertz, air) for key, hertz in PLAN_HZ.items()}
    numbers = count(1)
    waiting: list[tuple[float, int, Iterator[Act], Act]] = []
    for n, acts in enumerate(people(week, site(), midnight_s, rng.spawn(1)[0])):
        if (act := next(acts, None)) is not None:
            heapq.heappush(waiting, (act.start_s, n, acts, act))
    going: list[tuple[float, int, Iterator[tuple[float, Sighting, Truth]], Sighting, Truth]] = []
    while waiting:
        at, n, acts, act = heapq.heappop(waiting)
        while going and going[0][0] <= at:
            yield _next(going)
        number = next(numbers)
        mine = np.random.default_rng([built, *act.name.encode()])  # what stays the same of a phone
        told = sightings(act, number, start_ns, worlds[act.interface], week, rng.spawn(1)[0], mine)
        _push(going, number, told)
        if (following := next(acts, None)) is not None:
            heapq.heappush(waiting, (following.start_s, n, acts, following))


def _next(
    going: list[tuple[float, int, Iterator[tuple[float, Sighting, Truth]], Sighting, Truth]],
) -> tuple[Sighting, Truth]:
    """The earliest sighting of all acts that go on."""
    _at, number, told, sighting, truth = heapq.heappop(going)
    _push(going, number, told)
    return sighting, truth


def _push(
    going: list[tuple[float, int, Iterator[tuple[float, Sighting, Truth]], Sighting, Truth]], number: int,
    told: Iterator[tuple[float, Sighting, Truth]],
) -> None:  # fmt: skip
    if (one := next(told, None)) is not None:
        heapq.heappush(going, (one[0], number, told, one[1], one[2]))


def sightings(
    act: Act, number: int, start_ns: int, there: World, week: Week, rng: np.random.Generator, mine: np.random.Generator
) -> Iterator[tuple[float, Sighting, Truth]]:
    """An act second by second, with the time since the world began, as far as any sensor hears it."""
    truth = truth_of(act, number, start_ns)
    place = None if act.room is None else place_of(act.room, rng)
    power_dbm = LOUDEST_DBM[act.interface] - rng.uniform(0, there.air.control_db)
    power_dbm += STATION_DBM if act.who == "station" else 0.0
    mean_dbm = None if place is None else mean_levels_dbm(there, place)[:, 0] + power_dbm
    emitter, log_ratio = _signature(act, week, rng)
    frequency_hz, offset_hz = _carrier(act, week, rng, mine)
    odds: Odds = ()
    sensors: tuple[str, ...] = ()
    for n, second in enumerate(np.arange(0.0, act.seconds, 1.0)):
        if n in FIX_S:
            odds, sensors = _fix(act.interface, mean_dbm, there, rng)
        labels = _labels(act, float(second), week, rng)
        if not sensors or not labels:
            continue
        begins = truth.first_ns + round(second * S_NS)
        ends = min(truth.last_ns, begins + S_NS)
        sighting = Sighting(
            begins, ends, f"P-{number:06}", act.interface, labels, frequency_hz,
            _confidence(act, week, rng), odds, sensors, (), emitter, log_ratio, offset_hz, week.offset_error_hz,
        )  # fmt: skip
        yield act.start_s + float(second), sighting, truth


def truth_of(act: Act, number: int, start_ns: int) -> Truth:
    """What the sightings of an act really were, in a world that began at `start_ns`."""
    first_ns = start_ns + round(act.start_s * S_NS)
    room = "" if act.room is None else OUTSIDE if act.room.kind == "outside" else act.room.name
    return Truth(number, act.who, act.name, act.kind, room, first_ns, first_ns + round(act.seconds * S_NS))


def place_of(room: Room, rng: np.random.Generator) -> NDArray[np.float64]:
    """Somewhere in a room and in no smaller one, shape (1, 3)."""
    if room.kind in AROUND:
        spots = _spots(room)
        return spots[rng.integers(len(spots))][None]
    return np.array([place_in(room, _base_m(room), rng)])


@cache
def _spots(room: Room) -> NDArray[np.float64]:
    """Places in a room and in no smaller one, shape (n, 3)."""
    rng = np.random.default_rng(len(room.name))
    spots = np.array([place_in(room, _base_m(room), rng) for _ in range(SPOTS)])
    return spots[rooms_at(site(), spots) == site().rooms.index(room)]


def _base_m(room: Room) -> float:
    return next(floor.base_m for floor in site().floors if floor.number == room.floor)


def _carrier(act: Act, week: Week, rng: np.random.Generator, mine: np.random.Generator) -> tuple[float, float]:
    """The channel of an act, and how far beside its cell's carrier a phone sends there; both in Hz."""
    low, high = BAND_HZ[act.interface]
    network, ppm = int(mine.integers(week.networks)), mine.normal(0.0, week.offset_ppm)
    if act.interface == "gsm":
        width = (high - low) / week.networks
        middle = low + (network + rng.random()) * width
    else:
        width = (high - low) / (2 * week.networks)
        other = rng.random() < week.other_carrier
        middle = low + (network + week.networks * other + 0.5) * width
    offset = middle * 1e-6 * (ppm + rng.normal(0.0, week.wander_ppm)) + rng.normal(0.0, week.offset_error_hz)
    return float(middle), float(offset)


def _fix(
    interface: str, mean_dbm: NDArray[np.float64] | None, there: World, rng: np.random.Generator
) -> tuple[Odds, tuple[str, ...]]:
    """Where it seems to be, and who heard it; noise is heard by one sensor, at its floor."""
    names = [sensor.name for sensor in site().sensors]
    if mean_dbm is None:
        levels = np.full(len(names), np.nan)
        levels[rng.integers(len(names))] = there.air.floor_dbm + rng.uniform(0, 3)
    else:
        levels = fading_dbm(there, mean_dbm, rng)
    heard = [int(n) for n in np.argsort(-np.nan_to_num(levels, nan=-np.inf)) if np.isfinite(levels[n])]
    return (room_odds(_located(interface), levels), tuple(names[n] for n in heard)) if heard else ((), ())


def _labels(act: Act, second: float, week: Week, rng: np.random.Generator) -> dict[str, int]:
    """Bursts of one second, by what they are taken for; none in a second in which nothing is recognised."""
    if act.kind == "burst":
        label = {"gsm": "gsm:normal", "lte": "lte:pusch"}[act.interface]
        most = 1 if act.who == "noise" else 2 if act.who == "stranger" else 20
        return {label: int(rng.integers(1, most + 1))}
    phase = "signalling"
    if act.kind == "call" and second >= SETUP_S[act.interface]:
        phase = "speech" if rng.random() < TALKS else "pause"
    lasts = min(1.0, act.seconds - second)
    heard = {label: int(rng.poisson(rate * lasts * week.heard)) for label, rate in RATES[act.interface, phase].items()}
    if second == 0:
        heard[ACCESS[act.interface]] = 1
    elif rng.random() > week.heard:
        return {}
    return {label: bursts for label, bursts in heard.items() if bursts}


def _confidence(act: Act, week: Week, rng: np.random.Generator) -> float:
    """What the recogniser says of its name; of what is no phone it is never sure, as the lane `confidence` found."""
    if act.kind == "burst":
        return float(rng.uniform(0.5, 0.95))
    if rng.random() < week.doubtful:
        return float(rng.uniform(0.6, 0.99))
    return float(1 - 10 ** -rng.uniform(2, 4))


def _signature(act: Act, week: Week, rng: np.random.Generator) -> tuple[str, float]:
    """What the gallery says of a GSM phone: it knows it, or not; now and then it takes it for one of the house."""
    if act.interface != "gsm" or act.kind == "burst" or not act.emitter:
        return "", 0.0
    if act.who == "contraband" and rng.random() < week.false_match:
        return f"E-{int(rng.integers(max(1, week.corridors))) + 1:04}", float(rng.uniform(7.0, 8.0))
    # phones of the house were enrolled with many bursts; of others it knows what it has heard
    if act.who != "staff" and rng.random() > week.known:
        return "", 0.0
    return act.emitter, float(max(0.1, rng.normal(week.log_ratio, (2 * week.log_ratio) ** 0.5)))
