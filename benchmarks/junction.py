"""Simulated lanes: what is found of phones, and how often persons without any are taken for one.

`python -m benchmarks.junction fit` prints the constants of `signature.junction`, from seeds that no figure uses.
"""

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellwarden.measure.calibration import fit_logistic
from cellwarden.signature import junction, junction_empty
from cellwarden.signature.junction_fit import Place, strongest
from cellwarden.signature.junction_log import Log
from cellwarden.simulate.junction import METAL
from cellwarden.simulate.lane import Item, Passage, passage
from cellwarden.simulate.parameters import Junctions, varied


def log_of(one: Passage, person: str = "") -> Log:
    """A passage as the program reads it."""
    powers = 10 ** (np.array([one.second_dbm, one.third_dbm]) / 10)
    return Log(person, one.time_s, one.position_m, one.transmit_dbm, powers)


def empty_of(world: Junctions, rng: np.random.Generator) -> junction_empty.Empty:
    """What is learned of the empty lane of a world."""
    return junction_empty.learned([log_of(passage(world, [], rng, somebody=False)[0])])


def found(items: Sequence[Item], count: int, seed: int) -> list[Place]:
    """The strongest answer of each of `count` passages, each in a world of its own."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        world = varied(Junctions(), rng)
        empty = empty_of(world, rng)
        made.append(strongest(junction_empty.heard(log_of(passage(world, items, rng)[0]), empty)))
    return made


def _decibels(places: Sequence[Place]) -> NDArray[np.float64]:
    return np.array([junction_empty.decibels(place) for place in places]).T


def fit(count: int = 2000) -> None:
    """Thresholds from tails, then both logistics."""
    noise = []
    rng = np.random.default_rng(900)
    for _ in range(count // 2):
        world = varied(Junctions(), rng)
        empty = empty_of(world, rng)
        lane = log_of(passage(world, [], rng, somebody=False)[0])
        noise.append(strongest(junction_empty.heard(lane, empty)))
    persons, phones = found([], count, 901), found([Item("phone")], count // 2, 902)
    metal = found([Item(METAL)], count // 2, 903)
    noise_db = max(junction_empty.threshold_db(row) for row in _decibels(noise))
    limits = tuple(junction_empty.threshold_db(row) for row in _decibels(persons))
    print(f"NOISE_DB = {noise_db:.2f}\nPERSONS_DB = ({limits[0]:.2f}, {limits[1]:.2f})")
    margins = [junction.margin_db(p, limits) for p in [*persons[: count // 2], *phones, *metal]]
    there = [False] * (count // 2) + [True] * len([*phones, *metal])
    present = fit_logistic(margins, there)
    heard = [p for p in [*phones, *metal] if junction.margin_db(p, limits) >= 0]
    semi = fit_logistic([junction.asymmetry_db(p) for p in heard], [p in phones for p in heard])
    print(f"PRESENT = Logistic({present.slope:.3f}, {present.intercept:.3f})")
    print(f"SEMI = Logistic({semi.slope:.3f}, {semi.intercept:.3f})  # boundary {-semi.intercept / semi.slope:.1f} dB")
    for name, group in (("persons", persons), ("phones", phones), ("metal", metal)):
        above = [p for p in group if junction.margin_db(p, limits) >= 0]
        called = sum(semi.probability(junction.asymmetry_db(p)) >= 0.5 for p in above)
        print(f"# {name}: {len(above)} of {len(group)} answer, {called} called semiconductor")


if __name__ == "__main__" and sys.argv[1:] == ["fit"]:
    fit()
