"""Which cell, where somebody has surveyed: what levels at known places teach about a plan.

A survey speaks of all that a plan does not know. How fast levels fall, and what each material loses, is common to all
paths, so all levels of a survey tell it; what furniture adds is alike at places near each other, so it is told where
the survey was; and how much that is, and how near, the survey's own scatter tells.

```
 level of sensor s at x = plan + K e + o_s + g_s(x) + spot   e ~ N(0, 1): materials, exponent, the survey phone's power
                                                             g_s ~ Gaussian process, v² exp(−distance / length)
                                                             spot ~ N(0, n²): what another step would change, fading
 survey ─► v, length, n of greatest marginal likelihood, e and g summed over
        ─► N(ê, Λ⁻¹) ─► at each place:  plan + K ê + cᵀ C⁻¹ (y − plan − A ê),   own v² + o² − cᵀ C⁻¹ c + n²,
                                        in common (K − cᵀ C⁻¹ A) Λ^(−½)
```

with A the K of the survey's places, C their covariance and c that with the place asked about: the universal kriging of
geostatistics (C. Rasmussen and C. Williams, Gaussian Processes for Machine Learning (2006) §2.7 and §5.4). Before its
survey a plan is taken to be much less right than where there is none: where energy goes round through corridors and
doors, ten walls in a row cost a third of their sum, and a survey finds it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.locate.cells import POWERS_DBM, Beliefs, Plan, believed, model_loss_db, unsure_db
from cellwarden.locate.likelihood import LEVEL
from cellwarden.locate.propagation import FLOOR_DB, Paths, paths, wall_loss_db
from cellwarden.locate.readings import Survey
from cellwarden.locate.site import Site

Array = NDArray[np.float64]

POWER_DB = 10.0
"""Standard deviation of the survey phone's power about the middle of `POWERS_DBM`. Levels tell it as badly as what
antennas and walls lose, so other phones may seem to send as much more or less than they can."""
WALL_SHARE = 0.5
"""Standard deviation of what walls lose, as a part of what they should."""
EXPONENT = 1.0
"""Standard deviation of the exponent of distance about that of free space (ITU-R P.1238-11 table 2: 1.5 to 3)."""
SENSOR_DB = 3.0
"""Standard deviation of a sensor's own error, of its antenna and calibration: o_s."""
DOUBT = np.array([0.6, 0.7, 0.6])
"""Standard deviations of the logarithms of v, length and n about what was believed, before any survey."""
MOST_FITTED = 250
"""Places from which v, length and n are found; levels are foretold from all."""


class Process(NamedTuple):
    """What is believed of the residuals: v and n in dB, length in metres."""

    deviation_db: float
    length_m: float
    spot_db: float

    def covariance(self, one_m: Array, other_m: Array) -> Array:
        """Of residuals at places but for what a spot has of its own, dB², shape (n, m)."""
        near = np.exp(-scipy.spatial.distance.cdist(one_m, other_m) / self.length_m)
        return np.asarray(self.deviation_db**2 * near + SENSOR_DB**2)


class Known(NamedTuple):
    """What a survey says: residuals and columns K of its levels, by sensor, and what follows for e."""

    heard: NDArray[np.bool_]
    """Shape (m, p)."""
    residual: Array
    """Shape (m, p)."""
    common: Array
    """Shape (m, p, k)."""
    factors: list[Array | None]
    """Lower Cholesky factor of the covariance at the places where each sensor heard; None where it heard nothing."""
    precision: Array
    """Of e, shape (k, k)."""
    mean: Array
    """Of e, shape (k,)."""


def learned(site: Site, plan: Plan, survey: Survey, frequency_hz: float = 900e6) -> Plan:
    """The plan of a site after its survey."""
    process = likeliest(site, survey, plan.beliefs, frequency_hz)
    known = _known(*_columns(site, survey, plan.beliefs, frequency_hz), survey.place_m, process)
    there = unsure_after(paths(site, plan.places_m), plan.beliefs, frequency_hz)
    there[..., -1] = 0.0  # the survey phone's power is no other phone's
    near = process.covariance(plan.places_m, survey.place_m)
    spot = max(process.spot_db, plan.beliefs.fading_db)  # a survey may have averaged its fading away
    levels = plan.all.row(LEVEL).astype(np.float64)
    own = np.full(levels.shape, process.deviation_db**2 + SENSOR_DB**2 + spot**2)
    root = np.linalg.inv(np.linalg.cholesky(known.precision)).T  # root rootᵀ is the inverse of precision
    shared = np.empty_like(there)
    for s, (heard, factor) in enumerate(zip(known.heard, known.factors, strict=True)):
        left = there[s]
        if factor is not None:
            turned = scipy.linalg.solve_triangular(factor, near[:, heard].T, lower=True)
            seen = np.column_stack([known.common[s, heard], known.residual[s, heard]])
            columns = scipy.linalg.solve_triangular(factor, seen, lower=True)
            left = left - turned.T @ columns[:, :-1]
            levels[s] += turned.T @ columns[:, -1]
            own[s] -= np.square(turned).sum(axis=0)
        levels[s] += left @ known.mean
        shared[s] = left @ root
    owner = plan.all.cell[plan.all.cell >= 0]
    return believed(plan.cells, plan.places_m, owner, levels, own, shared, replace(plan.beliefs, spare_db=POWER_DB))


def likeliest(site: Site, survey: Survey, beliefs: Beliefs, frequency_hz: float) -> Process:
    """The process of greatest marginal likelihood, about that of the beliefs."""
    places = len(survey.place_m)
    some = np.linspace(0, places - 1, min(places, MOST_FITTED)).astype(np.int64)
    heard, residual, common = _columns(site, survey, beliefs, frequency_hz)
    heard, residual, common = heard[:, some], residual[:, some], common[:, some]
    start = np.log([beliefs.shadowing_db, beliefs.shadowing_m, beliefs.fading_db])

    def cost(x: Array) -> float:
        known = _known(heard, residual, common, survey.place_m[some], Process(*np.exp(x)))
        total = float(np.linalg.slogdet(known.precision)[1] - known.mean @ known.precision @ known.mean)
        for mine, factor, left in zip(heard, known.factors, residual, strict=True):
            if factor is not None:
                total += float(np.square(scipy.linalg.solve_triangular(factor, left[mine], lower=True)).sum())
                total += 2 * float(np.log(np.diag(factor)).sum())
        return 0.5 * (total + float(np.square((x - start) / DOUBT).sum()))

    best = scipy.optimize.minimize(
        cost, start, method="Nelder-Mead", options={"xatol": 0.02, "fatol": 0.05, "maxfev": 120}
    )
    return Process(*(float(value) for value in np.exp(best.x)))


def unsure_after(lines: Paths, beliefs: Beliefs, frequency_hz: float) -> Array:
    """K: what a standard deviation of each material, floors, exponent and power changes on lines, shape (m, n, k)."""
    walls_db = WALL_SHARE * np.array([wall_loss_db(material, frequency_hz) for material in lines.materials])
    wider = unsure_db(lines, replace(beliefs, wall_db=1.0))
    wider[..., :-1] *= np.maximum(walls_db, beliefs.wall_db)
    wider[..., -1] *= max(WALL_SHARE * FLOOR_DB, beliefs.wall_db)
    distance = -10 * EXPONENT * np.log10(lines.distance_m)
    return np.concatenate([wider, distance[..., None], np.full((*distance.shape, 1), POWER_DB)], axis=2)


def _columns(
    site: Site, survey: Survey, beliefs: Beliefs, frequency_hz: float
) -> tuple[NDArray[np.bool_], Array, Array]:
    """Where each sensor heard, what its levels differ from the plan's, and K."""
    lines = paths(site, survey.place_m)
    residual = survey.power_dbm.T - float(POWERS_DBM.mean()) + model_loss_db(lines, frequency_hz)
    return survey.count.T > 0, residual, unsure_after(lines, beliefs, frequency_hz)


def _known(heard: NDArray[np.bool_], residual: Array, common: Array, places_m: Array, process: Process) -> Known:
    """What e is, given the process. Sensors that heard at the same places have one factor."""
    covariance = process.covariance(places_m, places_m)
    covariance[np.diag_indices(len(covariance))] += process.spot_db**2
    made: dict[bytes, Array] = {}
    factors: list[Array | None] = []
    precision, seen = np.eye(common.shape[2]), np.zeros(common.shape[2])
    for mine, left, columns in zip(heard, residual, common, strict=True):
        key = mine.tobytes()
        if not mine.any():
            factors.append(None)
            continue
        if key not in made:
            made[key] = scipy.linalg.cho_factor(covariance[np.ix_(mine, mine)], lower=True)[0]
        factors.append(made[key])
        solved = scipy.linalg.cho_solve((made[key], True), columns[mine])
        precision += columns[mine].T @ solved
        seen += solved.T @ left[mine]
    return Known(heard, residual, common, factors, precision, np.asarray(np.linalg.solve(precision, seen)))
