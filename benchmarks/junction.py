"""Simulated lanes: what is found of phones, and how often persons without any are taken for one.

`python -m benchmarks.junction fit lane|wand|mail` prints the constants of `signature.junction_instrument`, from seeds
that no figure uses.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lane import Lane, Part
from cellwarden.bench.junction import log_of
from cellwarden.measure.calibration import fit_logistic
from cellwarden.measure.proportion import wilson
from cellwarden.signature import junction, junction_empty
from cellwarden.signature.junction_fit import Place, strongest
from cellwarden.signature.junction_instrument import INSTRUMENTS
from cellwarden.signature.junction_log import Log
from cellwarden.simulate.junction import F0_HZ, METAL
from cellwarden.simulate.lane import Item, passage
from cellwarden.simulate.lane_iq import READING_S, STEP_HZ, STEPS
from cellwarden.simulate.parameters import Junctions, Mail, Wand, varied

KINDS: Mapping[str, Junctions] = {"lane": Junctions(), "wand": Wand(), "mail": Mail()}
"""What instruments stand in."""


def empty_of(world: Junctions, rng: np.random.Generator, instrument: str = "lane") -> junction_empty.Empty:
    """What is learned of the empty lane of a world."""
    logs = [log_of(passage(world, [], rng, somebody=False)[0])]
    return junction_empty.learned(logs, INSTRUMENTS[instrument])


def found(items: Sequence[Item] | None, count: int, seed: int, instrument: str) -> list[Place]:
    """The strongest answer of each of `count` passages, each in a world of its own; None: nobody passes."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        world = varied(KINDS[instrument], rng)
        empty = empty_of(world, rng, instrument)
        one, _wave = passage(world, items or [], rng, somebody=items is not None)
        made.append(strongest(junction_empty.heard(log_of(one), empty)))
    return made


def _decibels(places: Sequence[Place]) -> NDArray[np.float64]:
    return np.array([junction_empty.decibels(place) for place in places]).T


def fit(instrument: str, count: int = 1500) -> None:
    """Thresholds from tails, then the logistics."""
    kinds = {"noise": (None, count // 3), "persons": ([], count), "phones": ([Item("phone")], count // 2)}
    kinds |= {"metal": ([Item(METAL)], count // 2)}
    sets = {name: found(items, n, 900 + at, instrument) for at, (name, (items, n)) in enumerate(kinds.items())}
    noise_db = max(junction_empty.threshold_db(row) for row in _decibels(sets["noise"]))
    tails = [junction_empty.threshold_db(row) for row in _decibels(sets["persons"])]
    limits = max(tails[0], noise_db), max(tails[1], noise_db)
    print(f"noise_db {noise_db:.2f}, clean_db ({tails[0]:.2f}, {tails[1]:.2f})")
    phones, metal = sets["phones"], sets["metal"]
    both = [*sets["persons"][: len(phones)], *phones]
    present = fit_logistic([junction.margin_db(p, limits) for p in both], np.arange(len(both)) >= len(phones))
    print(f"present Logistic({present.slope:.3f}, {present.intercept:.3f})")
    answers = [(p, group is phones) for group in (phones, metal) for p in group if junction.margin_db(p, limits) >= 0]
    quiet = [is_phone for p, is_phone in answers if p.sigmas[1] < junction.HEARD_SIGMAS]
    heard = [(junction.asymmetry_db(p), is_phone) for p, is_phone in answers if p.sigmas[1] >= junction.HEARD_SIGMAS]
    semi = fit_logistic(*zip(*heard, strict=True))
    print(f"semi Logistic({semi.slope:.3f}, {semi.intercept:.3f})")
    print(f"quiet {(sum(quiet) + 1) / (len(quiet) + 2):.4f}  # {sum(quiet)} of {len(quiet)}, and {len(heard)} heard")


CALIBRATION = 300
"""Persons who carry nothing, by which a lane's thresholds are set."""
DEPTHS_CM = (1, 2, 3, 4, 6, 8)
SHAPES = {
    "pocket": Item("phone"),
    "shoe": Item("phone", "shoe"),
    "charger": Item("charger"),
    "watch": Item("watch", "air"),
    "hearing aid": Item("hearing aid", "air"),
    "SIM card": Item("SIM card"),
    "contact": Item(METAL),
    **{f"body {depth} cm": Item("phone", "body", depth) for depth in DEPTHS_CM},
}
"""What is carried."""
WORLDS = 12
"""Worlds with parameters varied by ±50 %."""
SWAY_M = 0.03
"""By which hips leave the straight way of who walks, sideways: some centimetres. An assumption."""
CLEAN = "persons"
"""Persons, doors or parcels with nothing, or with a corroded contact."""
INSIDE = {
    "wand": ("pocket", "body 2 cm", "body 4 cm", "watch", "contact", CLEAN),
    "mail": ("pocket", "charger", "watch", "SIM card", "contact", CLEAN),
}
"""What the other instruments are tried on; what lies in a pocket of the lane lies in bedding or in a parcel there."""


def lane_of(world: Junctions, persons: int, rng: np.random.Generator, instrument: str = "lane") -> junction_empty.Empty:
    """A lane's calibration: half a minute of it empty, and persons who carry nothing."""
    empty = [log_of(passage(world, [], rng, somebody=False)[0]) for _ in range(8)]
    clean = (log_of(passage(world, [], rng)[0], f"S-{n}") for n in range(persons))
    return junction_empty.learned([*empty, *clean], INSTRUMENTS[instrument])


def counted(
    world: Junctions, empty: junction_empty.Empty, name: str, count: int, rng: np.random.Generator
) -> list[int]:
    """Passages, and how many were called semiconductor and metal contact."""
    calls = {junction.SEMICONDUCTOR: 0, junction.METAL: 0, junction.NOTHING: 0}
    for _ in range(count):
        items = [SHAPES[name]] if name in SHAPES else [Item(METAL)] if rng.random() < world.contact_share else []
        said = {r.kind for r in junction.examined(log_of(passage(world, items, rng)[0]), empty).readings}
        calls[next(kind for kind in calls if kind in said)] += 1
    return [count, calls[junction.SEMICONDUCTOR], calls[junction.METAL]]


def nominal(
    names: Sequence[str], count: int, seed: int, leak_db: float = 0.0, instrument: str = "lane"
) -> dict[str, list[int]]:
    """Passages of kinds in the world as it is written down; leak_db: more of the transmitter's own harmonics."""
    rng = np.random.default_rng(seed)
    world = KINDS[instrument]
    world = replace(world, own_leak_dbm=world.own_leak_dbm + leak_db)
    empty = lane_of(world, CALIBRATION, rng, instrument)
    return {name: counted(world, empty, name, count, rng) for name in names}


def world_of(seed: int, count: int, instrument: str = "lane") -> dict[str, list[int]]:
    """Every kind in a world of its own."""
    rng = np.random.default_rng(seed)
    world = varied(KINDS[instrument], rng)
    empty = lane_of(world, CALIBRATION, rng, instrument)
    names = INSIDE.get(instrument, (*SHAPES, CLEAN))
    return {name: counted(world, empty, name, count, rng) for name in names}


def ranges(count: int, seed: int, sway_m: float = 0.0) -> dict[str, float]:
    """Errors of the range of one phone in a pocket, with 21 steps of 1 MHz, 1 ms each, without frequencies of its
    own, of persons who leave the straight way by so much."""
    rng = np.random.default_rng(seed)
    f0 = F0_HZ + (np.arange(STEPS) - STEPS // 2) * STEP_HZ
    errors = []
    for _ in range(count):
        world = replace(varied(Junctions(), rng), distance_m=float(rng.uniform(0.7, 1.4)))
        logs = []
        for items, somebody in ((None, False), ([Item("phone")], True)):
            one, wave = passage(
                world,
                items or [],
                rng,
                somebody=somebody,
                frequencies_hz=f0.tolist(),
                reading_s=READING_S,
                sway_m=sway_m,
            )
            noise = math.sqrt(10 ** (world.noise_dbm / 10) / (1e3 * READING_S) / 2)
            wave = wave + noise * (rng.normal(size=wave.shape) + 1j * rng.normal(size=wave.shape))
            tuned = np.resize(f0, len(one.time_s))
            logs.append(Log("", one.time_s, one.position_m, one.transmit_dbm, np.abs(wave) ** 2, wave, tuned))
        first = junction.examined(logs[1], junction_empty.learned(logs[:1])).readings[0]
        if first.range_m is not None:
            errors.append(first.range_m - world.distance_m)
    return {"count": len(errors), "rmse_m": float(np.sqrt(np.mean(np.square(errors)))),
            "p95_m": float(np.quantile(np.abs(errors), 0.95))}  # fmt: skip


def parts(scale: float) -> dict[str, Part]:
    """Persons in parts, each with a calibration of its own; all kinds; the worlds; the range."""
    count = max(20, round(1000 * scale))
    made: dict[str, Part] = {}
    for n in range(max(1, round(40 * min(1.0, 2 * scale)))):
        made[f"persons-{n}"] = partial(nominal, ("persons",), 1000 if scale >= 0.05 else 60, 7000 + n)
    made["kinds"] = partial(nominal, tuple(SHAPES), count, 7100)
    made["leak"] = partial(nominal, ("pocket", "persons"), count, 7200, 10.0)
    for n in range(max(2, round(WORLDS * scale))):
        made[f"world-{n}"] = partial(world_of, 7300 + n, max(20, round(100 * scale)))
    for at, (instrument, names) in enumerate(INSIDE.items()):
        seed = 7500 + 100 * at
        made[instrument] = partial(nominal, names, count, seed, 0.0, instrument)
        for n in range(max(1, round(4 * scale))):
            few = 1000 if scale >= 0.05 else 60
            made[f"{instrument}-clean-{n}"] = partial(nominal, (CLEAN,), few, seed + 10 + n, 0.0, instrument)
        for n in range(max(2, round(WORLDS * scale / 2))):
            made[f"{instrument}-world-{n}"] = partial(world_of, seed + 50 + n, max(20, round(100 * scale)), instrument)
    made["range"] = partial(ranges, max(6, round(200 * scale)), 7400)
    made["range-swaying"] = partial(ranges, max(6, round(200 * scale)), 7450, SWAY_M)
    return made


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Shares called semiconductor with their intervals, and their range over worlds."""
    persons = np.sum([one["persons"] for name, one in done.items() if name.startswith("persons-")], axis=0).tolist()
    made = {"persons": _share(persons), **{name: _share(one) for name, one in done["kinds"].items()}}
    worlds = [one for name, one in done.items() if name.startswith("world-")]
    for name, one in made.items():
        shares = sorted(world[name][1] / world[name][0] for world in worlds)
        one["worlds"] = [shares[0], float(np.median(shares)), shares[-1]]
    leak = {name: _share(one) for name, one in done["leak"].items()}
    others = {instrument: _instrument(instrument, done) for instrument in INSIDE}
    return {"kinds": made, "leak_10_db": leak, "worlds": len(worlds), "range": done["range"],
            "range_swaying": done["range-swaying"], **others}  # fmt: skip


def _instrument(instrument: str, done: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a wand or a scanner."""
    clean = [one[CLEAN] for name, one in done.items() if name.startswith(f"{instrument}-clean-")]
    every = {**done[instrument], CLEAN: np.sum([done[instrument][CLEAN], *clean], axis=0).tolist()}
    made = {name: _share(one) for name, one in every.items()}
    worlds = [one for name, one in done.items() if name.startswith(f"{instrument}-world-")]
    for name, one in made.items():
        shares = sorted(world[name][1] / world[name][0] for world in worlds)
        one["worlds"] = [shares[0], float(np.median(shares)), shares[-1]]
    return made


def _share(one: Sequence[int]) -> dict[str, Any]:
    count, semiconductor, metal = one
    interval = list(wilson(semiconductor, count))
    return {"share": semiconductor / count, "interval": interval, "passages": count, "metal": metal}


LANE = Lane("junction", parts, summary)

if __name__ == "__main__" and sys.argv[1:2] == ["fit"]:
    fit(sys.argv[2])
