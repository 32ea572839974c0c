"""The radio map: which level each sensor hears from each place, and how well that is known.

```
 level of one packet = a_s - 10 n_s log10(distance) - f_s floors - w_s walls     trend, per sensor
                       + g_s(place)                                            what walls and furniture do
                       + fading                                                new with each packet

 g_s ~ Gaussian process, covariance  v_s exp(-distance / length) (times e^-1.5 a floor between)
```

A survey tells mean powers at places (of powers, not of decibels: fading of Rayleigh's kind is best averaged so, and
the survey itself, each place foretold by the others, says the same). Of fading a mean keeps a part, however many
levels it has: a phone that does not move sends on few channels, each faded in its own way (Bluetooth advertises on
three). So what the means scatter beyond g (the nugget of the process) and what single levels scatter about their mean
are added: that is one packet's fading elsewhere, and it lies about a level that is lower than that of the mean power by
what it was in the survey. Length, variance and nugget are those of greatest marginal likelihood over all sensors; each
sensor's own variance is drawn to the common one. Where a sensor was not heard at a place, its level there is taken to
be its faintest, and from then on its silence is evidence too; but where so little was heard that it may have missed it
by chance, nothing is known of it there. Walls count by the loss that `propagation` computes,
times a share that is fitted.

Sources: C. Rasmussen and C. Williams, Gaussian Processes for Machine Learning (2006) §2.2, §2.7 and §5.4;
M. Gudmundson, Electronics Letters 27 (1991) 2145 (the exponential covariance of shadowing); ITU-R P.1238-12 §3 (the
trend).
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.locate.propagation import paths, wall_loss_db
from cellwarden.locate.readings import Survey
from cellwarden.locate.site import OUTDOOR, Site, floors_at, rooms_at

Array = NDArray[np.float64]

SPACING_M = 0.5
MARGIN_M = 1.0
"""How far beyond the survey a phone is looked for, and anywhere under a roof."""
MOST_VALUES = 6_000_000
"""Nodes times sensors of a map; a larger site gets a coarser lattice."""
TREND_MEAN = np.array([-50.0, 2.0, 15.0, 0.7])
TREND_SD = np.array([30.0, 1.0, 8.0, 0.4])
"""Before any survey: level at 1 m in dBm, exponent, decibels a floor, share of
the walls' computed loss (P.1238 tables 2 and 3 lie well within; energy
goes round walls too)."""
WALLS_HZ = 900e6
"""Where walls' losses are computed: their share of it, which is fitted, makes up for another band."""
FLOOR_FADE = 1.5
"""How much less the residuals of two floors are alike, as an exponent a floor."""
OWN_WEIGHT = 10.0
"""As many places speak for the common variance when a sensor's own is estimated."""
START, START_SD = np.log([5.0, 4.0, 0.7]), np.array([0.8, 0.7, 1.0])
"""Logarithms of length in metres, deviation in dB, and root of the nugget over it, before any survey; their doubt."""
NODES_AT_ONCE = 2000
MOST_FITTED = 250
"""Places from which length, variance and nugget are found; the map itself is made from all."""
ENOUGH = 5.0
"""Levels of each sensor that was heard at a place: another one that would have as many has none by chance in 1 of 150
(Poisson). A survey that has fewer at all of its places tells means, and a sensor that is missing there was silent."""
UNHEARD_DB = 1e3
"""Fading of a sensor that heard nothing of the survey: what it hears later says nothing about a place."""
LEAST_FADING_DB = 1.0
"""Levels are told in whole decibels by receivers that differ; nobody's noise is less."""


@dataclass(frozen=True, slots=True, eq=False)
class RadioMap:
    """Levels on a lattice of nodes: `layers` storeys of nx by ny nodes."""

    origin_m: tuple[float, float]
    spacing_m: float
    floor: NDArray[np.int64]
    """Number of each layer's floor, shape (layers,)."""
    height_m: Array
    """Height of a phone on each layer, shape (layers,)."""
    mean_dbm: NDArray[np.float32]
    """Shape (layers, nx, ny, s)."""
    variance_db2: NDArray[np.float32]
    """Of what is not known of the mean, same shape."""
    fading_db: Array
    """Standard deviation of one packet's level about the mean, shape (s,)."""
    still_db: Array
    """That of packets from one and the same spot about their own mean, shape (s,)."""
    faintest_dbm: Array
    """Level below which each sensor is silent, shape (s,); -inf where the survey knows no silence of it."""
    length_m: float
    """How far one must go for the map's error to be another one."""
    room: NDArray[np.int64]
    """Index in `site.rooms` of the room that holds a place, or NOWHERE, at half the spacing: (layers, 2 nx, 2 ny)."""


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    """A fitted process, ready to be asked about places."""

    place_m: Array
    floor: NDArray[np.int64]
    factor: tuple[Array, bool]
    """Cholesky factor of the covariance of the survey's places in units of each sensor's variance."""
    trend: Array
    """Coefficients, shape (s, c)."""
    spread: Array
    """Inverse of the trend's precision in units of each sensor's variance, shape (s, c, c)."""
    solved: Array
    """Covariance inverse times residuals, shape (p, s)."""
    weighted: Array
    """Covariance inverse times the trend's columns, shape (s, p, c)."""
    variance_db2: Array
    length_m: float
    nugget: float
    """In units of the variance."""


def fit(site: Site, survey: Survey) -> RadioMap:
    """The map of a site from its survey."""
    silent = _silent(survey)
    faintest = _faintest(survey, silent)
    heard = survey.count > 0
    least = np.where(np.isfinite(faintest), faintest, survey.power_dbm[heard].min())
    known = _foretold(site, survey.place_m, np.where(heard, survey.power_dbm, least), ~heard & ~silent)
    process = fitted(site, survey.place_m, known)
    levels = np.maximum(survey.count.sum(axis=0), 1)
    below = np.where(heard, survey.power_dbm - survey.mean_dbm, 0.0)
    dip = (below * survey.count).sum(axis=0) / levels
    within = (survey.square_db2 * survey.count).sum(axis=0) / levels
    fading = np.sqrt(np.maximum(within + process.nugget * process.variance_db2, LEAST_FADING_DB**2))
    still = np.sqrt(np.maximum(within, LEAST_FADING_DB**2))
    for one in (fading, still):
        one[~heard.any(axis=0)] = UNHEARD_DB
    return _on_lattice(site, survey, process, dip, (fading, still), faintest)


def _silent(survey: Survey) -> NDArray[np.bool_]:
    """Where a sensor was not heard although the survey listened for long enough, shape (p, s)."""
    none = survey.count == 0
    each = survey.count.sum(axis=1) / np.maximum((~none).sum(axis=1), 1)
    return np.asarray(none & (each >= min(ENOUGH, each.max()))[:, None])


def _faintest(survey: Survey, silent: NDArray[np.bool_]) -> Array:
    """Of sensors that were silent at some place the faintest mean level heard; -inf of the others."""
    heard = np.where(survey.count > 0, survey.power_dbm, np.inf).min(axis=0)
    return np.where(silent.any(axis=0) & np.isfinite(heard), heard, -np.inf)


def _foretold(site: Site, place_m: Array, levels: Array, missing: NDArray[np.bool_]) -> Array:
    """Levels with those that are missing, shape (p, s), as each sensor's other ones foretell them."""
    floor = floors_at(site, place_m[:, 2])
    for s in np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0)):
        own, gone = replace(site, sensors=(site.sensors[s],)), missing[:, s]
        rest, where = place_m[~gone], floor[~gone]
        length, deviation, ratio = np.exp(START).tolist()
        process = _process(
            rest, where, levels[~gone, s : s + 1], features(own, rest, where), (length, deviation, ratio)
        )
        levels[gone, s] = predict(own, process, place_m[gone], floor[gone])[0][:, 0]
    return levels


def features(site: Site, place_m: Array, floor: NDArray[np.int64]) -> Array:
    """The trend's columns at places, float64, shape (s, n, c): level at 1 m, exponent, floors and walls between."""
    lines = paths(site, place_m)
    own = floors_at(site, np.array([sensor.place_m[2] for sensor in site.sensors]))
    walls = np.zeros(lines.distance_m.shape)
    if lines.materials:
        walls = lines.walls @ np.array([wall_loss_db(material, WALLS_HZ) for material in lines.materials])
    distance = -10 * np.log10(lines.distance_m)
    return np.stack((np.ones_like(walls), distance, -np.abs(floor - own[:, None]), -walls), axis=2)


def alike(a: Array, a_floor: NDArray[np.int64], b: Array, b_floor: NDArray[np.int64], length_m: float) -> Array:
    """Correlation of the residuals at two sets of places, shape (n, m)."""
    gap = a[:, None, :2] - b[None, :, :2]
    distance = np.sqrt((gap**2).sum(axis=2))
    return np.asarray(np.exp(-distance / length_m - FLOOR_FADE * np.abs(a_floor[:, None] - b_floor[None, :])))


def fitted(site: Site, place_m: Array, levels: Array) -> Process:
    """The process of greatest marginal likelihood. levels: float64, shape (p, s), none missing."""
    floor = floors_at(site, place_m[:, 2])
    columns = features(site, place_m, floor)
    some = np.linspace(0, len(place_m) - 1, min(len(place_m), MOST_FITTED)).astype(np.int64)
    few = columns[:, some]

    def cost(x: Array) -> float:
        """Negative log marginal likelihood, with weak beliefs that keep small surveys sane."""
        length, deviation, ratio = np.exp(x)
        factor = _factor(place_m[some], floor[some], length, ratio)
        trend, spread, _weighted = _trend(factor, few, levels[some], deviation)
        residual = levels[some] - np.einsum("spc,sc->ps", few, trend)
        whitened = scipy.linalg.solve_triangular(factor[0], residual, lower=True, check_finite=False)
        log_det = 2 * np.log(np.diag(factor[0])).sum() + 2 * (len(some) - trend.shape[1]) * np.log(deviation)
        total = float((whitened**2).sum()) / deviation**2 + len(trend) * log_det
        total += float((((trend - TREND_MEAN) / TREND_SD) ** 2).sum()) - float(np.linalg.slogdet(spread)[1].sum())
        return 0.5 * (total + float((((x - START) / START_SD) ** 2).sum()))

    best = scipy.optimize.minimize(
        cost, START, method="Nelder-Mead", options={"xatol": 0.02, "fatol": 0.05, "maxfev": 120}
    )
    length, deviation, ratio = np.exp(best.x)
    return _process(place_m, floor, levels, columns, (float(length), float(deviation), float(ratio)))


def _factor(place_m: Array, floor: NDArray[np.int64], length_m: float, ratio: float) -> tuple[Array, bool]:
    covariance = alike(place_m, floor, place_m, floor, length_m)
    covariance[np.diag_indices(len(place_m))] += ratio**2 + 1e-6
    factor, lower = scipy.linalg.cho_factor(covariance, lower=True, check_finite=False)
    return factor, bool(lower)


def _trend(factor: tuple[Array, bool], columns: Array, level: Array, deviation: float) -> tuple[Array, Array, Array]:
    """Coefficients of each sensor, the inverse of their precision, and covariance inverse times columns."""
    sensors, places, count = columns.shape
    solved = scipy.linalg.cho_solve(factor, columns.transpose(1, 0, 2).reshape(places, -1), check_finite=False)
    weighted = np.ascontiguousarray(solved.reshape(places, sensors, count).transpose(1, 0, 2))
    belief = deviation**2 / TREND_SD**2
    spread = np.linalg.inv(columns.transpose(0, 2, 1) @ weighted + np.diag(belief))
    seen = np.einsum("spc,ps->sc", weighted, level) + belief * TREND_MEAN
    return np.einsum("scd,sd->sc", spread, seen), spread, weighted


def _process(
    place_m: Array, floor: NDArray[np.int64], levels: Array, columns: Array, found: tuple[float, float, float]
) -> Process:
    length, deviation, ratio = found
    factor = _factor(place_m, floor, length, ratio)
    trend, spread, weighted = _trend(factor, columns, levels, deviation)
    residual = levels - np.einsum("spc,sc->ps", columns, trend)
    solved = np.asarray(scipy.linalg.cho_solve(factor, residual, check_finite=False))
    own = (residual * solved).sum(axis=0)
    variance = (own + OWN_WEIGHT * deviation**2) / (len(place_m) + OWN_WEIGHT)
    return Process(place_m, floor, factor, trend, spread, solved, weighted, variance, length, ratio**2)


def predict(site: Site, process: Process, place_m: Array, floor: NDArray[np.int64]) -> tuple[Array, Array]:
    """Mean in dBm and variance in dB² of the local mean level, float64, shape (n, s)."""
    near = alike(place_m, floor, process.place_m, process.floor, process.length_m)
    explained = (scipy.linalg.solve_triangular(process.factor[0], near.T, lower=True, check_finite=False) ** 2).sum(
        axis=0
    )
    columns = features(site, place_m, floor)
    left = columns - near @ process.weighted
    mean = near @ process.solved + np.einsum("snc,sc->ns", columns, process.trend)
    doubt = np.maximum(1 - explained, 0)[:, None] + ((left @ process.spread) * left).sum(axis=2).T
    return mean, doubt * process.variance_db2


def _heights(bases: dict[int, float], floors: NDArray[np.int64], process: Process) -> Array:
    """Of a phone on each floor: as surveyed there, else as high above the floor as on the others."""
    base = np.array([bases.get(f, 0.0) for f in process.floor.tolist()])
    above = np.median(process.place_m[:, 2] - base)
    own = [process.place_m[process.floor == f, 2] for f in floors]
    return np.array([np.median(z) if len(z) else bases[f] + above for f, z in zip(floors.tolist(), own, strict=True)])


def _on_lattice(
    site: Site, survey: Survey, process: Process, dip: Array, fading: tuple[Array, Array], faintest: Array
) -> RadioMap:
    """Ask the process about every node."""
    low, high = survey.place_m[:, :2].min(axis=0) - MARGIN_M, survey.place_m[:, :2].max(axis=0) + MARGIN_M
    rooms = [room for room in site.rooms if room.kind not in OUTDOOR]
    corners = np.array([corner for room in rooms for corner in room.outline_m]).reshape(-1, 2)
    low, high = np.vstack((low, corners)).min(axis=0), np.vstack((high, corners)).max(axis=0)
    bases = {floor.number: floor.base_m for floor in site.floors}
    floors = np.array(sorted({room.floor for room in rooms if room.floor in bases} | set(process.floor.tolist())))
    heights = _heights(bases, floors, process)
    values = float(np.prod(high - low)) * len(floors) * len(site.sensors)
    spacing = max(SPACING_M, float(np.sqrt(values / MOST_VALUES)))
    nx, ny = (int(n) + 2 for n in np.ceil((high - low) / spacing))
    shape = (len(floors), nx, ny, len(site.sensors))
    mean, variance = np.empty(shape, np.float32), np.empty(shape, np.float32)
    x, y = (corner + spacing * np.arange(n) for corner, n in zip(low, (nx, ny), strict=True))
    rows = max(1, NODES_AT_ONCE // ny)
    for k, (floor, height) in enumerate(zip(floors, heights, strict=True)):
        for i in range(0, nx, rows):
            some = slice(i, min(i + rows, nx))
            nodes = np.stack(np.meshgrid(x[some], y, [height], indexing="ij"), axis=-1).reshape(-1, 3)
            level, doubt = predict(site, process, nodes, np.full(len(nodes), floor))
            mean[k, some] = (level - dip).reshape(-1, ny, len(dip))
            variance[k, some] = doubt.reshape(-1, ny, len(dip))
    half = [corner + spacing / 2 * np.arange(2 * n) for corner, n in zip(low, (nx, ny), strict=True)]
    fine = np.stack(np.meshgrid(heights, *half, indexing="ij"), axis=-1)[..., [1, 2, 0]]
    room = rooms_at(site, fine.reshape(-1, 3)).reshape(fine.shape[:3])
    return RadioMap(
        (float(low[0]), float(low[1])), spacing, floors, heights, mean, variance, *fading, faintest,
        process.length_m, room,
    )  # fmt: skip
