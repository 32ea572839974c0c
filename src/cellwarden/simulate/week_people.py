"""What people in and around a prison do with their phones: an endless list of acts for each, in the order of time.

```
 contraband   call ··· text ··············· registration (54 min of silence) ··· call, off ······· on: registration
 staff        06:00 ── call ── registration ── 20:00                    in an office; in a corridor, known by signature
 lawyer       09:00 ── call ── 17:00                                    in the room of privileged talk
 car park     a phone that passes by: a registration or a call
 mistakes     base stations, strange transmitters, noise                no phones at all
```
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal

import numpy as np

from cellwarden.locate.site import Room, Site
from cellwarden.simulate.parameters import Week

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
EVENING_H, END_H = 19, 1
STAFF_H, LAWYER_H, CARS_H = (6, 20), (9, 17), (6, 22)
SHARE_OF_CALLS = 1 / 3
"""Of what is heard from the car park."""

Who = Literal["contraband", "staff", "privileged", "outside", "station", "stranger", "noise"]
Kind = Literal["call", "text", "registration", "burst"]


@dataclass(frozen=True, slots=True)
class Act:
    """One transmission of somebody."""

    start_s: float
    """Since the world began."""
    seconds: float
    who: Who
    name: str
    """The same for all acts of one phone."""
    kind: Kind
    interface: str
    room: Room | None
    """Where; None for noise, which is nowhere."""
    emitter: str = ""
    """Which the gallery would know it by, if it does."""


def hour(start_s: float, midnight_s: float) -> float:
    """Of the day, 0 to 24, where the world began so many seconds after midnight."""
    return (start_s + midnight_s) % DAY_S / 3600


def people(week: Week, site: Site, midnight_s: float, rng: np.random.Generator) -> list[Iterator[Act]]:
    """Everybody's acts."""
    cells = [room for room in site.rooms if room.kind == "cell"]
    homes = rng.permutation(len(cells))[: week.phones]
    homes[1 : 1 + week.shared] = homes[:1]
    on_lte = round(week.lte * week.phones)
    each = iter(rng.spawn(week.phones + week.offices + week.corridors + 6))
    found: list[Iterator[Act]] = []
    for n, home in enumerate(homes):
        standard = "lte" if n < on_lte else "gsm"
        found.append(
            _contraband(week, f"phone {n + 1}", standard, f"E-{100 + n:04}", cells, int(home), midnight_s, next(each))
        )
    found += _staff(week, site, midnight_s, each)
    rooms = [room for room in site.rooms if room.kind == "privileged"]
    if rooms:
        found.append(
            _by_day(
                week,
                "privileged",
                "lawyer",
                "lte",
                rooms,
                LAWYER_H,
                week.lawyers_calls_a_day,
                "",
                midnight_s,
                next(each),
            )
        )
    beyond = [room for room in site.rooms if room.kind == "outside"]
    if beyond:
        found.append(_cars(week, beyond, midnight_s, next(each)))
        found.append(_mistakes(week.stations_a_week, "station", beyond, (1, 30), next(each)))
    inside = [room for room in site.rooms if room.kind not in ("outside", "yard")]
    found.append(_mistakes(week.strangers_a_week, "stranger", inside, (1, 3), next(each)))
    a_week = week.noise_per_s * week.heard_mhz / 10 * len(site.sensors) * WEEK_S
    found.append(_mistakes(a_week, "noise", [None], (1, 1), next(each)))
    return found


def call_seconds(week: Week, rng: np.random.Generator) -> float:
    """How long one lasts."""
    lasts = week.call_median_s * np.exp(week.call_sigma * rng.normal())
    return float(np.clip(lasts, week.shortest_call_s, 3600.0))


def short_seconds(kind: Kind, interface: str, rng: np.random.Generator) -> float:
    """Of a registration or a text, as `watch.doing` reckons with them."""
    if kind == "text":
        return float(rng.uniform(4.5, 8.0))
    return float(rng.uniform(1.5, 3.5) if interface == "gsm" else rng.uniform(0.5, 2.0))


def _contraband(
    week: Week, name: str, interface: str, emitter: str, cells: list[Room], home: int, midnight_s: float,
    rng: np.random.Generator,
) -> Iterator[Act]:  # fmt: skip
    """A phone in a cell: used when it is used, else it registers each 54 minutes, or is off."""
    now, silent_since = float(rng.uniform(0, 60 * week.registration_min)), 0.0
    silent_since = now
    often = (week.calls_a_day + week.texts_a_day) / DAY_S
    busiest = often * max(1.0, week.night)
    moved_s = rng.exponential(DAY_S / week.moves_a_day) if week.moves_a_day else np.inf
    while True:
        now += rng.exponential(1 / busiest)
        evening = hour(now, midnight_s) >= EVENING_H or hour(now, midnight_s) < END_H
        if rng.random() > (week.night if evening else 1.0) / max(1.0, week.night):
            continue  # thinned: less is sent by day
        while now - silent_since > 60 * week.registration_min:
            at = silent_since + 60 * week.registration_min
            lasts = short_seconds("registration", interface, rng)
            yield Act(at, lasts, "contraband", name, "registration", interface, cells[home], emitter)
            silent_since = at + lasts
        if now >= moved_s:
            home = int(rng.integers(len(cells)))
            moved_s = now + rng.exponential(DAY_S / week.moves_a_day)
        kind: Kind = "call" if rng.random() < week.calls_a_day / (week.calls_a_day + week.texts_a_day) else "text"
        now = max(now, silent_since + 1.0)
        lasts = call_seconds(week, rng) if kind == "call" else short_seconds(kind, interface, rng)
        yield Act(now, lasts, "contraband", name, kind, interface, cells[home], emitter)
        now += lasts
        silent_since = now
        if rng.random() < week.off:
            now += 60.0 + rng.exponential(3600 * week.off_hours)
            lasts = short_seconds("registration", interface, rng)
            yield Act(now, lasts, "contraband", name, "registration", interface, cells[home], emitter)
            now += lasts
            silent_since = now


def _staff(week: Week, site: Site, midnight_s: float, each: Iterator[np.random.Generator]) -> list[Iterator[Act]]:
    offices = [room for room in site.rooms if room.kind == "office"]
    corridors = [room for room in site.rooms if room.kind == "corridor"]
    found = []
    for n in range(week.offices if offices else 0):
        standard = "lte" if n < round(week.lte * week.offices) else "gsm"
        mine = [offices[n % len(offices)]]
        found.append(
            _by_day(
                week,
                "staff",
                f"office {n + 1}",
                standard,
                mine,
                STAFF_H,
                week.staff_calls_a_day,
                "",
                midnight_s,
                next(each),
            )
        )
    for n in range(week.corridors if corridors else 0):
        emitter, rng = staff_emitter(n), next(each)
        calls = week.staff_calls_a_day
        acts = _by_day(week, "staff", f"corridor {n + 1}", "gsm", corridors, STAFF_H, calls, emitter, midnight_s, rng)
        found += [acts]
    return found


def staff_emitter(number: int) -> str:
    """Of the phones of the house, counted from 0."""
    return f"E-{number + 1:04}"


def _by_day(
    week: Week, who: Who, name: str, interface: str, rooms: list[Room], hours: tuple[int, int], calls_a_day: float,
    emitter: str, midnight_s: float, rng: np.random.Generator,
) -> Iterator[Act]:  # fmt: skip
    """Somebody who is there in some hours, each day in one of some rooms: registers, calls, registers in silence."""
    first, every_s = int(rng.integers(len(rooms))), 60 * week.registration_min
    day_s = -(midnight_s % DAY_S)
    for day in count():
        room = rooms[(first + day) % len(rooms)]
        now, close_s = day_s + 3600.0 * hours[0] + rng.uniform(0, 600), day_s + 3600.0 * hours[1]
        kind: Kind = "registration"
        while now < close_s:
            lasts = call_seconds(week, rng) if kind == "call" else short_seconds(kind, interface, rng)
            if now >= 0:
                yield Act(now, lasts, who, name, kind, interface, room, emitter)
            called_s = rng.exponential((close_s - day_s - 3600.0 * hours[0]) / max(calls_a_day, 1e-6))
            kind = "call" if called_s < every_s else "registration"
            now += lasts + min(called_s, every_s)
        day_s += DAY_S


def _cars(week: Week, beyond: list[Room], midnight_s: float, rng: np.random.Generator) -> Iterator[Act]:
    now, number, open_s = 0.0, 0, 3600.0 * (CARS_H[1] - CARS_H[0])
    while True:
        now += rng.exponential(open_s / week.cars_a_day)
        if not CARS_H[0] <= hour(now, midnight_s) < CARS_H[1]:
            now += (3600.0 * CARS_H[0] - (now + midnight_s)) % DAY_S
            continue
        number += 1
        interface = "lte" if rng.random() < week.lte else "gsm"
        kind: Kind = "call" if rng.random() < SHARE_OF_CALLS else "registration"
        lasts = call_seconds(week, rng) if kind == "call" else short_seconds(kind, interface, rng)
        room = beyond[int(rng.integers(len(beyond)))]
        yield Act(now, lasts, "outside", f"car {number}", kind, interface, room)


def _mistakes(
    a_week: float, who: Who, rooms: "list[Room] | list[None]", seconds: tuple[int, int], rng: np.random.Generator
) -> Iterator[Act]:
    """What is no phone and is taken for one."""
    now, number = 0.0, 0
    while a_week > 0:
        now += rng.exponential(WEEK_S / a_week)
        number += 1
        interface = "lte" if rng.random() < 0.5 else "gsm"
        lasts = float(rng.integers(seconds[0], seconds[1] + 1))
        yield Act(now, lasts, who, f"{who} {number}", "burst", interface, rooms[int(rng.integers(len(rooms)))])
