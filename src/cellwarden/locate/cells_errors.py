"""How wrong a plan is here, learned from phones that were heard at places nobody knows.

Levels of one phone say little about how large the plan's errors are; levels of a hundred say it well, since levels that
no place in any cell explains within the errors believed are rare where those are right.

    p(levels of a phone | c) = Σ cells  p(cell) p(levels | cell, all errors c times as large)        c ~ FACTORS, alike

The plan that comes out has its errors multiplied by the mean of c. Which phones were where is summed over, not told.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.locate.cells import Places, Plan, cell_nats
from cellwarden.locate.likelihood import LOG_PRECISION, PRECISION, ROWS, SPREAD

FACTORS = np.geomspace(0.5, 1.8, 8)
HONEST = 0.005
"""Probability that a sensor lies, while errors are learned: who believes lies common takes errors for lies."""
ENOUGH = 200
"""More phones than these teach nothing that matters: the last ones are taken."""


def learned_from(plan: Plan, levels_dbm: NDArray[np.float64]) -> Plan:
    """The plan with errors as large as phones' levels say, shape (m, n), nan where a sensor heard nothing."""
    heard = levels_dbm[:, np.isfinite(levels_dbm).any(axis=0)][:, -ENOUGH:]
    honest = plan._replace(beliefs=replace(plan.beliefs, lying=HONEST))
    plans = [with_errors(honest, float(factor)) for factor in FACTORS]
    nats = [sum(np.logaddexp.reduce(cell_nats(one, each)) for each in heard.T) for one in plans]
    weight = np.exp(np.array(nats, np.float64) - max(nats))
    return with_errors(plan, float(np.exp(np.log(FACTORS) @ weight / weight.sum())))


def with_errors(plan: Plan, factor: float) -> Plan:
    """The plan with all errors multiplied by a factor."""
    return plan._replace(all=_scaled(plan.all, factor), few=_scaled(plan.few, factor))


def _scaled(places: Places, factor: float) -> Places:
    table = places.table.copy()
    table[:, :, PRECISION] /= factor**2
    table[:, :, LOG_PRECISION] -= np.float32(2 * np.log(factor))
    table[:, :, SPREAD] *= factor
    table[:, :, ROWS:] *= factor
    return places._replace(table=table)
