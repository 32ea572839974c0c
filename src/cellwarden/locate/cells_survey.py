"""Which cell, where somebody has surveyed: what levels at known places teach about a plan.

A survey speaks of both things that a plan does not know. What each material loses is common to all paths, so all levels
of a survey tell it; what furniture adds is alike at places near each other, so it is told where the survey was.

```
 level of sensor s at x = plan + K e + g_s(x) + fading          e ~ N(0, 1): materials, and the survey phone's power
                                                                g_s ~ Gaussian process, s² exp(−distance / 4 m)
 survey ─► N(ê, Λ⁻¹) ─► at each place:  plan + K ê + cᵀ C⁻¹ (y − plan − A ê),   own s² − cᵀ C⁻¹ c + fading²,
                                        in common (K − cᵀ C⁻¹ A) Λ^(−½)
```

with A the K of the survey's places, C their covariance and c that with the place asked about: the universal kriging of
geostatistics (C. Rasmussen and C. Williams, Gaussian Processes for Machine Learning (2006) §2.7).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.spatial.distance import cdist

from cellwarden.locate.cells import POWERS_DBM, Beliefs, Plan, believed, model_loss_db, unsure_db
from cellwarden.locate.likelihood import LEVEL
from cellwarden.locate.propagation import paths
from cellwarden.locate.readings import Survey
from cellwarden.locate.site import Site

Array = NDArray[np.float64]

POWER_DB = 10.0
"""Standard deviation of the survey phone's power about the middle of `POWERS_DBM`."""


def learned(site: Site, plan: Plan, survey: Survey, frequency_hz: float = 900e6) -> Plan:
    """The plan of a site after its survey."""
    lines = paths(site, survey.place_m)
    middle = float(POWERS_DBM.mean())
    residual = survey.power_dbm.T - middle + model_loss_db(lines, frequency_hz)
    common = unsure_db(lines, plan.beliefs)
    common = np.concatenate([common, np.full((*common.shape[:2], 1), POWER_DB)], axis=2)
    covariance = _covariance(survey.place_m, survey.place_m, plan.beliefs)
    covariance[np.diag_indices(len(covariance))] += plan.beliefs.fading_db**2
    precision, seen = np.eye(common.shape[2]), np.zeros(common.shape[2])
    factors = []
    for heard, level, column in zip(survey.count.T > 0, residual, common, strict=True):
        factor = cho_factor(covariance[np.ix_(heard, heard)], lower=True) if heard.any() else None
        factors.append(factor)
        if factor is not None:
            solved = cho_solve(factor, column[heard])
            precision += column[heard].T @ solved
            seen += solved.T @ level[heard]
    known = np.linalg.solve(precision, seen)
    root = np.linalg.inv(np.linalg.cholesky(precision)).T  # root rootᵀ is the inverse of precision
    near = _covariance(plan.places_m, survey.place_m, plan.beliefs)
    levels = plan.all.row(LEVEL).astype(np.float64)
    own = np.full(levels.shape, plan.beliefs.own_db2)
    there = np.concatenate([plan.all.unsure.transpose(0, 2, 1), np.zeros((*levels.shape, 1))], axis=2)
    shared = np.empty_like(there)
    for s, (heard, factor) in enumerate(zip(survey.count.T > 0, factors, strict=True)):
        if factor is None:
            levels[s] += there[s] @ known
            shared[s] = there[s] @ root
            continue
        turned = solve_triangular(factor[0], near[:, heard].T, lower=True)
        columns = solve_triangular(factor[0], np.column_stack([common[s, heard], residual[s, heard]]), lower=True)
        left = there[s] - turned.T @ columns[:, :-1]
        levels[s] += left @ known + turned.T @ columns[:, -1]
        own[s] -= np.square(turned).sum(axis=0)
        shared[s] = left @ root
    owner = plan.all.cell[plan.all.cell >= 0]
    return believed(plan.cells, plan.places_m, owner, levels, own, shared, plan.beliefs)


def _covariance(one_m: Array, other_m: Array, beliefs: Beliefs) -> Array:
    """Of shadowing between places, dB², shape (n, m)."""
    return np.asarray(beliefs.shadowing_db**2 * np.exp(-cdist(one_m, other_m) / beliefs.shadowing_m))
