"""What several sightings say together of a place, and whether two of them are of one.

Fixes of one phone in one room share their errors: walls that lose more than the plan says, furniture that stands where
it stands. Multiplied as if each told something new, a hundred doubtful fixes would become one certain and wrong. So
they are pooled as a mean of logarithms, which is right where all errors are shared and never surer than they are:

    log p(room)  =  mean over sightings of log p_i(room)  + constant          logarithmic opinion pool

Whether two such beliefs are of one place is a likelihood ratio: one room against two that have nothing to do with one
another, R rooms being alike probable before:

    B  =  Σ p(room) q(room) R            above 1: likelier one place

Source: C. Genest and J. Zidek, Statistical Science 1 (1986) 114.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.model import Odds

IMPOSSIBLE = 1e-6
"""No room is less likely in one sighting: what odds do not name was left out, not excluded."""
TOLD, MOST_TOLD = 1e-3, 12
"""Rooms in the odds that are told: those at least so likely, and at most so many."""


class Pool(NamedTuple):
    """Beliefs put together."""

    total: NDArray[np.float64]
    """Sum of log-probabilities, shape (rooms,)."""
    fixes: int


def empty(rooms: int) -> Pool:
    """Nothing said yet."""
    return Pool(np.zeros(rooms), 0)


def logs(index: Mapping[str, int], odds: Odds) -> NDArray[np.float64]:
    """Log-probability of each room, shape (rooms,); those not named share what is left.

    Raises ValueError where a room is not of the site.
    """
    if (strange := next((name for name, _p in odds if name not in index), None)) is not None:
        raise ValueError(f"room {strange} is not of this site")
    left = max(0.0, 1.0 - math.fsum(p for _name, p in odds))
    said = np.full(len(index), left / max(1, len(index) - len(odds)))
    said[[index[name] for name, _p in odds]] = [p for _name, p in odds]
    return np.asarray(np.log(np.maximum(said, IMPOSSIBLE)))


def with_one(pool: Pool, said: NDArray[np.float64]) -> Pool:
    """With one more belief, of log-probabilities."""
    return Pool(pool.total + said, pool.fixes + 1)


def joined(one: Pool, other: Pool) -> Pool:
    """Both."""
    return Pool(one.total + other.total, one.fixes + other.fixes)


def times(pool: Pool, weight: int) -> Pool:
    """As if it had been said so often."""
    return Pool(pool.total * weight, pool.fixes * weight)


def mean(pool: Pool) -> Pool:
    """As if it had been said once."""
    return Pool(pool.total / max(1, pool.fixes), min(1, pool.fixes))


def probabilities(pool: Pool, worth: float = 1.0) -> NDArray[np.float64]:
    """Of each room, shape (rooms,); all alike where nothing was said. worth: of how many independent fixes it is."""
    mean = worth * pool.total / max(1, pool.fixes)
    found = np.exp(mean - mean.max())
    return np.asarray(found / found.sum())


def sameness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Likelihood ratio of one room for both against a room for each, from probabilities, shape (rooms,)."""
    return float(one @ other) * len(one)


def as_odds(names: Sequence[str], found: NDArray[np.float64]) -> Odds:
    """The rooms worth telling, the most probable first, and always the last name, which is `outside`."""
    last = len(names) - 1
    kept = [n for n in np.argsort(-found, kind="stable")[:MOST_TOLD].tolist() if found[n] >= TOLD or n == last]
    return tuple((names[n], float(found[n])) for n in (kept if last in kept else [*kept, last]))


def share(odds: Odds, rooms: Iterable[str]) -> float:
    """Probability of being in any of some rooms."""
    wanted = set(rooms)
    return math.fsum(p for name, p in odds if name in wanted)
