"""Which bursts are likely one phone's: clusters of whatever the bursts of half a second have in common.

    bursts        ·  ·· ·    · ·  ··  ·· ·          each a cluster of its own at first
                  └┬─┘└─┬────┘ │  └┬──┘ │
                   └──┬─┘      └─┬─┘    │           the two whose union is likeliest against both apart are joined
                   phone 0    phone 1   phone 2     until no union is likelier by enough

How likely a cluster is, with its own carrier, arrival and levels unknown, has a closed form for each respect:

    known variance    log p = -½ (Σ log 2πv + log(1 + τ² S₀) + S₂ - S₁² / (S₀ + 1/τ²)),   S_n = Σ x^n / v
    habits            Dirichlet-multinomial: counts of tokens that are common to few or to all

All of it adds up when clusters are joined. Two bursts at one time are of two phones.

Source: K. Murphy, Conjugate Bayesian analysis of the Gaussian distribution (2007) §2; C. Fraley and A. Raftery,
J. Am. Stat. Assoc. 97 (2002) 611 for the clustering.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.signature.clusters_kernels import FADING_DB, HABITUAL, LEVEL_SPREAD_DB, unions

Real = NDArray[np.float64]

SLOT_S = 0.5e-3
"""A burst shorter than half of this fills no time: soundings come in between."""
ALIKE_DB = 2.0
"""How phones of a cell differ in by how much their PUCCH is louder than their PUSCH."""
OFFSET_DB = 12.0
"""How far that may be from none where no phone has shown it."""
JOIN_NATS = 2.0
"""By how much a union must be likelier."""


@dataclass(frozen=True, slots=True)
class Bursts:
    """What is asked about: one row for each burst, or for what is known of a phone already."""

    carrier_hz: Real
    """Shape (n,), from a common reference."""
    carrier_variance: Real
    late_s: Real
    late_variance: Real
    level_db: Real
    kind: NDArray[np.int64]
    """Which channel."""
    token: NDArray[np.int64]
    """Which habit it shows; habits of different channels are different."""
    begin_s: Real
    end_s: Real


@dataclass(slots=True)
class Sums:
    """Sufficient statistics of clusters: they add up. Rows are clusters."""

    carrier: Real
    """S₀, S₁, S₂: shape (n, 3)."""
    late: Real
    levels: Real
    """For each kind: count, sum, sum of squares: shape (n, kinds, 3)."""
    habits: Real
    """Counts: shape (n, tokens)."""
    slots: NDArray[np.bool_]
    """Which parts of time it fills: shape (n, parts)."""

    def with_known(self, known: list["Sums"]) -> "Sums":
        """With a row more for each phone that is known."""
        parts = self.slots.shape[1]
        rows = [*known]
        return Sums(
            np.concatenate([self.carrier, *(k.carrier for k in rows)]),
            np.concatenate([self.late, *(k.late for k in rows)]),
            np.concatenate([self.levels, *(k.levels for k in rows)]),
            np.concatenate([self.habits, *(k.habits for k in rows)]),
            np.concatenate([self.slots, np.zeros((len(rows), parts), np.bool_)]),
        )


def clustered(
    sums: Sums, known: int, token_kind: NDArray[np.int64], offsets: tuple[Real, Real], together: list[tuple[int, int]]
) -> NDArray[np.int64]:
    """The number of each row's cluster, shape (n,); that of its known phone's row, where one is in it.

    The last `known` rows are phones known before, which are not joined with each other; `together` are rows known to be
    of one phone. offsets: by how much each kind is louder than kind 0, shape (kinds,), and the variance of that.
    """
    count = len(sums.carrier)
    levels = sums.levels.sum(axis=(0, 1))
    shares = _shares(sums.habits.sum(axis=0), token_kind)
    prior = _Prior(float(levels[1] / max(levels[0], 1.0)), shares, token_kind, *offsets)
    own, number, alive = _likelihood(sums, prior), np.arange(count), np.ones(count, np.bool_)
    is_known = np.arange(count) >= count - known

    def gained(row: int) -> Real:
        return np.where(alive & ~(is_known & is_known[row]), _gains(sums, own, row, prior), -np.inf)

    for one, two in together:
        _join(sums, own, one, two, prior)
        number[two], alive[two] = one, False
    gains = np.full((count, count), -np.inf)
    for row in np.flatnonzero(alive):
        gains[row, row + 1 :] = gained(int(row))[row + 1 :]
    best = gains.max(axis=1) if count else np.zeros(0)
    while count > 1 and best.max() >= JOIN_NATS:
        one = int(np.argmax(best))
        two = int(np.argmax(gains[one]))
        _join(sums, own, one, two, prior)
        number[number == two], alive[two] = one, False
        is_known[one] |= is_known[two]
        gains[two, :], gains[:, two] = -np.inf, -np.inf
        fresh = gained(one)
        gains[one, one + 1 :] = fresh[one + 1 :]
        gains[:one, one] = fresh[:one]
        best = gains.max(axis=1)
    for phone in range(count - known, count):
        number[number == number[phone]] = phone
    return number


@dataclass(frozen=True, slots=True)
class _Prior:
    level_db: float
    shares: Real
    """What of its kind's habits each token is, as bursts that a phone begins with."""
    token_kind: NDArray[np.int64]
    offsets_db: Real
    offsets_variance: Real


def _shares(common: Real, token_kind: NDArray[np.int64]) -> Real:
    """Of how often all phones show each token."""
    seen = common + 1e-3
    return np.asarray(HABITUAL * seen / np.bincount(token_kind, seen)[token_kind])


def summed(bursts: Bursts, kinds: int, tokens: int) -> Sums:
    """Each burst as a cluster of its own."""
    count = len(bursts.kind)
    rows = np.arange(count)
    levels = np.zeros((count, kinds, 3))
    levels[rows, bursts.kind] = np.stack([np.ones(count), bursts.level_db, bursts.level_db**2], axis=1)
    habits = np.zeros((count, tokens))
    habits[rows, bursts.token] = 1
    origin = float(bursts.begin_s.min(initial=0.0))
    first = np.round((bursts.begin_s - origin) / SLOT_S).astype(np.int64)
    last = np.maximum(first + 1, np.round((bursts.end_s - origin) / SLOT_S).astype(np.int64))
    slots = np.zeros((count, int(last.max(initial=0)) + 1), np.bool_)
    for row in rows:
        slots[row, first[row] : last[row]] = bursts.end_s[row] - bursts.begin_s[row] > SLOT_S / 2
    return Sums(
        powers(bursts.carrier_hz, bursts.carrier_variance),
        powers(bursts.late_s, bursts.late_variance),
        levels,
        habits,
        slots,
    )


def powers(x: Real, variance: Real) -> Real:
    """S₀, S₁ and S₂ of values of known variances, a row each."""
    return np.stack([1 / variance, x / variance, x**2 / variance], axis=1)


def _likelihood(sums: Sums, prior: _Prior) -> Real:
    """Of each cluster by itself, shape (n,)."""
    return _unions(sums, None, prior)


def _unions(sums: Sums, one: int | None, prior: _Prior) -> Real:
    """Of each cluster together with cluster `one`, or by itself: shape (n,)."""
    more = [np.zeros(each.shape[1:]) if one is None else each[one] for each in _summands(sums)]
    told = unions(*_summands(sums), more[0], more[1], more[2], more[3], prior.level_db, prior.token_kind, prior.shares)
    return np.asarray(told)


def _summands(sums: Sums) -> tuple[Real, Real, Real, Real]:
    return sums.carrier, sums.late, sums.levels, sums.habits


def _gains(sums: Sums, own: Real, one: int, prior: _Prior) -> Real:
    """Nats by which the union of cluster `one` with each is likelier than both apart; -inf where they meet in time."""
    gains = _unions(sums, one, prior) - own - own[one] + _between(sums, one, prior)
    meet = sums.slots[:, sums.slots[one]].any(axis=1)
    gains[meet] = -np.inf
    gains[one] = -np.inf
    return gains


def _between(sums: Sums, one: int, prior: _Prior) -> Real:
    """Levels of clusters that have no kind in common: nats by which they are one phone's, offsets taken out."""
    level, variance = _reduced(sums.levels, prior)
    away = level - level[one]
    spread = variance + variance[one]
    apart = spread + 2 * LEVEL_SPREAD_DB**2
    nats = -0.5 * (away**2 * (1 / spread - 1 / apart) + np.log(spread / apart))
    shared = ((sums.levels[..., 0] > 0) & (sums.levels[one, :, 0] > 0)).any(axis=1)
    return np.where(shared, 0.0, nats)


def _reduced(levels: Real, prior: _Prior) -> tuple[Real, Real]:
    """Level of each cluster as if it were of kind 0, and the variance of that: shape (n,) both."""
    count = levels[..., 0]
    means = levels[..., 1] / np.maximum(count, 1) - prior.offsets_db
    variances = FADING_DB**2 / np.maximum(count, 1) + prior.offsets_variance + ALIKE_DB**2
    weights = np.where(count > 0, 1 / variances, 0.0)
    total = weights.sum(axis=-1)
    return (weights * means).sum(axis=-1) / total, 1 / total


def _join(sums: Sums, own: Real, one: int, two: int, prior: _Prior) -> None:
    for values in _summands(sums):
        values[one] += values[two]
    sums.slots[one] |= sums.slots[two]
    row = slice(one, one + 1)
    part = Sums(sums.carrier[row], sums.late[row], sums.levels[row], sums.habits[row], sums.slots[row])
    own[one] = _likelihood(part, prior)[0]


def offsets(level_db: Real, kind: NDArray[np.int64], number: NDArray[np.int64], kinds: int) -> tuple[Real, Real]:
    """By how much each kind is louder than kind 0 in the clusters that have both, and the variance of that."""
    shown: list[list[float]] = [[] for _ in range(kinds)]
    for cluster in sorted(set(number.tolist())):
        levels = [level_db[(number == cluster) & (kind == k)] for k in range(kinds)]
        for k in range(1, kinds):
            if len(levels[0]) > 1 and len(levels[k]) > 1:
                shown[k].append(float(np.mean(levels[k]) - np.mean(levels[0])))
    precision = np.array([1e9 if k == 0 else 1 / OFFSET_DB**2 + len(shown[k]) / ALIKE_DB**2 for k in range(kinds)])
    mean = np.array([sum(s) / ALIKE_DB**2 for s in shown]) / precision
    return mean, 1 / precision
