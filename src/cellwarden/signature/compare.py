"""Are two sessions of one transmitter? The likelihood ratio of a model with two kinds of spread, learned from examples.

    x = m + b + s + w        b ~ N(0, B)            what tells one transmitter from another
                             s ~ N(0, S)            what differs from session to session: place, receiver, warmth
                             w ~ N(0, (W + D) / n)  what differs from burst to burst, and the measured noise D

    LLR(x₁, x₂) = log N(x₁, x₂ | same b) - log N(x₁ | m, B + Σ₁) - log N(x₂ | m, B + Σ₂),   Σ = S / k + (W + D) / n

of means over k sessions and n bursts. The noise is each measurement's own, so that a faint session says less by itself.
Few examples make poor covariances: each is drawn towards its diagonal as far as its own errors ask (shrinkage). At last
a straight line, fitted to scores of known pairs, makes the ratio one that can be believed.

Sources: N. Brümmer and E. de Villiers, The Speaker Partitioning Problem, Odyssey 2010 (two covariances); J. Schäfer and
K. Strimmer, Stat. Appl. Genet. Mol. Biol. 4 (2005) 32 (target D); D. Ramos and J. Gonzalez-Rodriguez, Forensic Science
International 230 (2013) 156 (calibration).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.measure.calibration import fit_logistic
from cellwarden.model import Session, Signature

LEFT_OUT = ("carrier_hz", "carrier_slope_hz_s", "carrier_step_hz", "error_peak", "clock_beside_carrier_ppm")
"""A phone locks to its cell: its carrier is no part of it. What a crystal of its own is off is `carrier_ppm`."""
FEWEST_EMITTERS = 3
FLOOR = 1e-6
"""Of a variance, as a part of the whole spread of its feature: what is constant tells nothing."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Comparator:
    """What was learned of a family. All in units of each feature's whole spread."""

    family: str
    names: tuple[str, ...]
    centre: Matrix
    """Mean of each feature, shape (d,)."""
    unit: Matrix
    """Its whole spread, shape (d,)."""
    between: Matrix
    """B, shape (d, d)."""
    session: Matrix
    """S."""
    burst: Matrix
    """W."""
    slope: float = 1.0
    intercept: float = 0.0
    """Of the line that makes a believable logarithm of the ratio from the model's."""
    learned_from: str = "simulation"
    """`simulation` or `phones`. In which words its ratios may be told is for a `calibration` to say."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One emitter's sessions as a comparator sees them."""

    at: Matrix
    """Shape (d,)."""
    spread: Matrix
    """Σ, shape (d, d)."""


def point(comparator: Comparator, sessions: Sequence[Session]) -> Point:
    """The mean of sessions of one emitter. A feature that none of them has lies at the centre with endless spread."""
    size = len(comparator.names)
    weight, total = np.zeros(size), np.zeros(size)
    noise, bursts = np.zeros(size), 0
    for one in sessions:
        has = np.array([name in one.features for name in comparator.names])
        told = np.array([one.features.get(name, (0.0, 0.0)) for name in comparator.names], np.float64)
        total += np.where(has, (told[:, 0] - comparator.centre) / comparator.unit, 0.0)
        noise += np.where(has, (told[:, 1] / comparator.unit) ** 2, 0.0)
        weight += has
        bursts += one.bursts
    counted = np.maximum(weight, 1)
    spread = comparator.session / len(sessions) + comparator.burst / bursts + np.diag(noise / counted**2)
    spread[weight == 0, weight == 0] += 1e6
    return Point(total / counted, spread)


def log_ratio(comparator: Comparator, one: Point, other: Point) -> float:
    """Natural logarithm of the likelihood ratio, calibrated: above 0 the two are rather one emitter's."""
    return float(log_ratios(comparator, [one], other)[0])


def log_ratios(comparator: Comparator, several: Sequence[Point], other: Point) -> Matrix:
    """That of each of several points against one, shape (points,).

    From what the first says of b: b | x₁ ~ N(G x₁, B - G B), G = B (B + Σ₁)⁻¹.
    """
    between = comparator.between
    spreads = np.array([one.spread for one in several])
    gains = np.linalg.solve(between + spreads, np.broadcast_to(between, spreads.shape)).transpose(0, 2, 1)
    known = between - gains @ between + other.spread
    left = other.at - np.einsum("kij,kj->ki", gains, np.array([one.at for one in several]))
    raw = _densities(left, known) - _densities(other.at[None], (between + other.spread)[None])
    return np.asarray(comparator.slope * raw + comparator.intercept, np.float64)


def pair_ratios(comparator: Comparator, sessions: Mapping[str, Sequence[Session]]) -> tuple[Matrix, NDArray[np.int64]]:
    """Those of all pairs of sessions, shape (pairs,), and the numbers of both emitters, shape (pairs, 2)."""
    points = [point(comparator, [one]) for several in sessions.values() for one in several]
    whose = np.repeat(np.arange(len(sessions)), [len(several) for several in sessions.values()])
    scores = [log_ratios(comparator, points[:n], points[n]) for n in range(1, len(points))]
    first, second = np.tril_indices(len(points), -1)[::-1]
    return np.concatenate(scores), np.stack([whose[first], whose[second]], axis=1)


def _densities(x: Matrix, covariances: Matrix) -> Matrix:
    """Logarithms of normal densities, but for the constant: shapes (k, d) and (k, d, d)."""
    roots = np.linalg.cholesky(covariances)
    white = np.linalg.solve(roots, x[..., None])[..., 0]
    return np.asarray(-0.5 * np.sum(white**2, axis=1) - np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1))


def learn(
    examples: Mapping[str, Sequence[Sequence[Signature]]],
    *,
    learned_from: str = "simulation",
    left_out: Sequence[str] = LEFT_OUT,
) -> Comparator:
    """A comparator from the signatures of each session of each emitter; not calibrated yet.

    Raises ValueError where there are too few emitters, or none has two sessions of two bursts.
    """
    heard = [(name, one) for name, several in examples.items() for one in several]
    bursts = [(k, signature) for k, (_name, one) in enumerate(heard) for signature in one]
    if len(examples) < FEWEST_EMITTERS or not len(examples) < len(heard) < len(bursts):
        raise ValueError("a comparator needs three emitters, and two sessions of two bursts of one of them")
    names = tuple(n for n in bursts[0][1].features if n not in left_out)
    names = tuple(n for n in names if all(n in signature.features for _k, signature in bursts))
    values = np.array([[signature.features[n].value for n in names] for _k, signature in bursts])
    noise = np.array([[signature.features[n].deviation for n in names] for _k, signature in bursts])
    centre, unit = values.mean(axis=0), values.std(axis=0) + 1e-300
    x, noise = (values - centre) / unit, ((noise / unit) ** 2).mean(axis=0)
    session_of = np.array([k for k, _signature in bursts])
    emitter_of = np.array([list(examples).index(name) for name, _one in heard])
    means, counts = _means(x, session_of)
    centres, repeats = _means(means, emitter_of)
    # What is seen of each spread holds a share of the next smaller one, which is taken off.
    scatter = _pooled(x - means[session_of], len(bursts) - len(heard))
    apart = _pooled((means - centres[emitter_of])[repeats[emitter_of] > 1], len(heard) - len(examples))
    whole = _pooled(centres - centres.mean(axis=0), len(examples) - 1)
    burst = _positive(scatter - np.diag(noise))
    session = _positive(apart - scatter * float(np.mean(1 / counts)))
    between = _positive(whole - apart * float(np.mean(1 / repeats)))
    return Comparator(bursts[0][1].family, names, centre, unit, between, session, burst, learned_from=learned_from)


def _means(x: Matrix, of: NDArray[np.int64]) -> tuple[Matrix, NDArray[np.int64]]:
    """Mean of the rows of each group, shape (groups, d), and how many they are."""
    counts = np.bincount(of)
    total = np.zeros((len(counts), x.shape[1]))
    np.add.at(total, of, x)
    return total / counts[:, None], counts


def _pooled(x: Matrix, freedom: int) -> Matrix:
    """Shrunk covariance of rows whose means were taken off, with what those took of their freedom."""
    return shrunk(x) * len(x) / max(1, freedom)


def calibrated(comparator: Comparator, sessions: Mapping[str, Sequence[Session]]) -> Comparator:
    """With the line fitted to all pairs of sessions of other emitters than it was learned from."""
    plain = replace(comparator, slope=1.0, intercept=0.0)
    scores, whose = pair_ratios(plain, sessions)
    slope, intercept = fitted_line(scores, whose[:, 0] == whose[:, 1])
    return replace(comparator, slope=slope, intercept=intercept)


def fitted_line(scores: Matrix, same: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept that make ratios of pairs, shape (n,), believable, by which of them are of one emitter."""
    line = fit_logistic(*_balanced(scores, same))
    return line.slope, line.intercept


def _balanced(scores: Matrix, same: NDArray[np.bool_]) -> tuple[Matrix, NDArray[np.bool_]]:
    """As many pairs of one emitter as of two, by repetition, so that the line's intercept holds no prior."""
    times = max(1, round(float((~same).sum() / max(1, same.sum()))))
    return np.concatenate([scores[~same], np.tile(scores[same], times)]), np.concatenate(
        [same[~same], np.ones(times * int(same.sum()), np.bool_)]
    )


def shrunk(x: Matrix) -> Matrix:
    """Covariance of centred rows, shape (n, d), its off-diagonal part shortened by λ = Σ Var(s_ij) / Σ s_ij², i ≠ j."""
    count, size = x.shape
    covariance = x.T @ x / count
    if size == 1 or count < 2:
        return np.asarray(covariance + FLOOR * np.eye(size), np.float64)
    squares = (x**2).T @ x**2 / count - covariance**2
    off = ~np.eye(size, dtype=bool)
    error, strength = float(squares[off].sum() / (count - 1)), float((covariance[off] ** 2).sum())
    keep = 1 - min(1.0, error / max(strength, 1e-300))
    return np.asarray(np.where(off, keep * covariance, covariance) + FLOOR * np.eye(size), np.float64)


def _positive(matrix: Matrix) -> Matrix:
    """The nearest covariance: eigenvalues below the floor are raised to it."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.maximum(values, FLOOR)) @ vectors.T, np.float64)
