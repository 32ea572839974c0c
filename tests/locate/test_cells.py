"""Which cell, from the plan alone."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_t, norm

from cellwarden.locate import cells
from cellwarden.locate.cells import POWERS_DBM, WRONG, Plan, cell_probabilities, plan_levels
from cellwarden.locate.cells_errors import learned_from
from cellwarden.locate.likelihood import LEVEL, SPREAD
from cellwarden.measure.calibration import expected_calibration_error, reliability
from cellwarden.simulate.levels import faulty, heard_dbm, place_in, powers_dbm, world
from cellwarden.simulate.prison import remand_wing


def written_out(plan: Plan, levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The formula with dense covariances and scipy's densities, place by place."""
    heard, b = np.isfinite(levels), plan.beliefs
    owner, mean, unsure = plan.all.cell[plan.all.cell >= 0], plan.all.row(LEVEL), plan.all.unsure
    likely = np.zeros(len(owner))
    for place in range(len(likely)):
        k = unsure[:, :, place].astype(float)
        sigma = k @ k.T + np.eye(len(levels)) * (b.shadowing_db**2 + b.fading_db**2)
        lies = [(b.lying, b.lie_db**2 * np.diag(liar)) for liar in np.eye(len(levels))[heard]]
        covariances = [(1 - b.lying * len(lies), sigma), *((prior, sigma + lie) for prior, lie in lies)]
        gaps = levels - mean[:, place] - POWERS_DBM[:, None]
        density = sum(
            prior * multivariate_t(np.zeros(heard.sum()), one[np.ix_(heard, heard)], df=b.freedom).pdf(gaps[:, heard])
            for prior, one in covariances
        )
        below = (b.floor_dbm - mean[~heard, place] - POWERS_DBM[:, None]) / np.sqrt(np.diag(sigma)[~heard])
        likely[place] = density @ (b.deaf + (1 - b.deaf) * norm.cdf(below)).prod(axis=1)
    return np.bincount(owner, likely) / np.bincount(owner)


@pytest.mark.parametrize("lie_db", [0.0, 25.0])
def test_probabilities_are_those_of_the_formula_written_out(lie_db: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "SPOTS", 3)
    plan = plan_levels(remand_wing())
    rng = np.random.default_rng(1)
    levels = plan.all.row(LEVEL)[:, 2] + 13.0 + rng.normal(0, 6, 12)
    levels[levels < -110] = np.nan
    heard = np.isfinite(levels)
    assert 3 < heard.sum() < 12
    levels[np.flatnonzero(heard)[2]] += lie_db
    cell = written_out(plan, levels)
    assert cell_probabilities(plan, levels) == pytest.approx((1 - WRONG) * cell / cell.sum() + WRONG / 60, abs=1e-4)


def test_cells_that_are_passed_over_had_no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, rng = plan_levels(remand_wing(places="cells")), np.random.default_rng(3)
    levels = plan.all.row(LEVEL)[:, rng.integers(0, len(plan.places_m), 20)] + 23 + rng.normal(0, 9, (12, 20))
    levels[levels < -110] = np.nan
    swift = np.array([cell_probabilities(plan, heard) for heard in levels.T])
    monkeypatch.setattr(cells, "WIDE_NATS", np.inf)
    monkeypatch.setattr(cells, "NARROW_NATS", np.inf)
    monkeypatch.setattr(cells, "CLOSE_NATS", np.inf)
    # What is passed over might still be where a sensor lies, which has a probability of some percent
    assert swift == pytest.approx(np.array([cell_probabilities(plan, heard) for heard in levels.T]), abs=2e-3)


def test_where_nothing_was_heard_all_cells_are_alike() -> None:
    plan = plan_levels(remand_wing())
    assert cell_probabilities(plan, np.full(12, np.nan)) == pytest.approx(np.full(60, 1 / 60))


@pytest.mark.parametrize(
    ("places", "first", "three"), [pytest.param("corridor", 0.40, 0.85, marks=pytest.mark.long), ("cells", 0.70, 0.98)]
)
def test_the_right_cell_is_found_as_often_as_is_asked_and_as_is_said(places: str, first: float, three: float) -> None:
    """The issue's targets without a survey; walls, shadows and powers are drawn anew for each of 120 worlds."""
    site = remand_wing(places=places)
    plan = plan_levels(site)
    rng = np.random.default_rng(7)
    ranks: dict[str, list[int]] = {"": [], "lying": [], "dead": []}
    said = []
    for _ in range(120):
        there = world(site, rng)
        at = rng.integers(0, 60, 6)
        spots = np.array([place_in(plan.cells[n], 3.0 * plan.cells[n].floor, rng) for n in at])
        levels = heard_dbm(there, spots, powers_dbm(there.air, 6, rng), rng)
        for fault, found in ranks.items():
            for n, heard in zip(at, faulty(levels, fault, there.air, rng).T, strict=True):
                probable = cell_probabilities(plan, heard)
                found.append(int((probable > probable[n]).sum()))
                if not fault:
                    said.append(probable.max())
    right, among = np.array(ranks[""]) == 0, {fault: np.mean(np.array(found) < 3) for fault, found in ranks.items()}
    assert right.mean() >= first and among[""] >= three
    assert min(among["lying"], among["dead"]) >= among[""] - 0.05
    # 720 claims in ten bins: some 0.02 of the error are chance
    assert expected_calibration_error(reliability(said, right)) <= 0.05


@pytest.mark.parametrize("factor", [0.6, 1.4])
def test_how_wrong_a_plan_is_is_learned_from_phones_at_unknown_places(factor: float) -> None:
    """Levels drawn from the belief itself, with all errors larger or smaller by one factor."""
    plan, rng = plan_levels(remand_wing()), np.random.default_rng(5)
    place = rng.integers(0, len(plan.places_m), 100)
    own = rng.normal(0, plan.beliefs.own_db2**0.5, (12, 100))
    shared = np.einsum("mkn,kn->mn", plan.all.unsure[:, :, place], rng.normal(size=(plan.all.unsure.shape[1], 100)))
    levels = plan.all.row(LEVEL)[:, place] + rng.choice(POWERS_DBM, 100) + factor * (own + shared)
    levels[levels < plan.beliefs.floor_dbm] = np.nan
    known = learned_from(plan, levels)
    # A hundred phones of nine levels each tell a standard deviation to 2.4 %; factors lie 20 % apart
    assert np.nanmean(known.all.row(SPREAD) / plan.all.row(SPREAD)) == pytest.approx(factor, rel=0.15)
