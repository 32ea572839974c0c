"""Which cell, from the plan alone."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from cellwarden.locate.cells import POWERS_DBM, Beliefs, cell_probabilities, plan_levels
from cellwarden.simulate.levels import heard_dbm, place_in, powers_dbm, world
from cellwarden.simulate.prison import remand_wing


def test_probabilities_are_those_of_the_formula_written_out() -> None:
    """Against a dense covariance and scipy's densities, place by place."""
    plan = plan_levels(remand_wing())
    rng = np.random.default_rng(1)
    levels = plan.levels_dbm[:, 700] - 5.0 + rng.normal(0, 6, 12)
    levels[levels < -110] = np.nan
    heard = np.isfinite(levels)
    assert 3 < heard.sum() < 12
    b = Beliefs()
    likely = np.zeros(len(plan.places_m))
    for place in range(len(likely)):
        k = plan.unsure[:, place]
        sigma = k @ k.T + np.eye(12) * (b.shadowing_db**2 + b.fading_db**2 + b.between_db**2)
        for power in POWERS_DBM:
            mean = plan.levels_dbm[:, place] + power
            density = multivariate_normal(mean[heard], sigma[np.ix_(heard, heard)]).pdf(levels[heard])
            silent = norm.cdf((b.floor_dbm - mean[~heard]) / np.sqrt(np.diag(sigma)[~heard])).prod()
            likely[place] += density * silent
    cell = np.bincount(plan.cell, likely) / np.bincount(plan.cell)
    assert cell_probabilities(plan, levels) == pytest.approx(cell / cell.sum(), abs=1e-9)


def test_where_nothing_was_heard_all_cells_are_alike() -> None:
    plan = plan_levels(remand_wing())
    assert cell_probabilities(plan, np.full(12, np.nan)) == pytest.approx(np.full(60, 1 / 60))


@pytest.mark.parametrize(("places", "first", "three"), [("corridor", 0.40, 0.85), ("cells", 0.70, 0.98)])
def test_the_right_cell_is_found_as_often_as_is_asked(places: str, first: float, three: float) -> None:
    """The issue's targets without a survey; walls, shadows and powers are drawn anew for each of 40 worlds."""
    site = remand_wing(places=places)
    plan = plan_levels(site)
    rng = np.random.default_rng(7)
    ranks, sure = [], []
    for _ in range(40):
        there = world(site, rng)
        at = rng.integers(0, 60, 10)
        spots = np.array([place_in(plan.cells[n], 3.0 * plan.cells[n].floor, rng) for n in at])
        levels = heard_dbm(there, spots, powers_dbm(there.air, 10, rng), rng)
        for n, heard in zip(at, levels.T, strict=True):
            probable = cell_probabilities(plan, heard)
            ranks.append(int((probable > probable[n]).sum()))
            sure.append(probable.max())
    found = np.array(ranks)
    assert (found == 0).mean() >= first and (found < 3).mean() >= three
    assert np.mean(sure) == pytest.approx((found == 0).mean(), abs=0.06)  # and it knows how often
