"""What a survey teaches about a plan."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from benchmarks.referee import heard
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from cellwarden.locate.cells import Plan, cell_probabilities, model_loss_db, plan_levels
from cellwarden.locate.cells_survey import MOST_FITTED, SENSOR_DB, Process, learned, likeliest, unsure_after
from cellwarden.locate.likelihood import LEVEL, PRECISION, SPREAD
from cellwarden.locate.propagation import paths
from cellwarden.locate.readings import Survey, survey_of
from cellwarden.simulate.levels import mean_levels_dbm, place_in, powers_dbm, world
from cellwarden.simulate.parameters import Air
from cellwarden.simulate.prison import remand_wing

SITE = remand_wing()
CELLS = [room for room in SITE.rooms if room.kind == "cell"]
MIDDLES = np.array([(*np.mean(cell.outline_m, axis=0), 3.0 * cell.floor + 1.0) for cell in CELLS])


@cache
def plan() -> Plan:
    """Not made by a worker that only collects: it is compiled first."""
    return plan_levels(SITE)


def surveyed(levels_dbm: NDArray[np.float64], at_m: NDArray[np.float64] = MIDDLES) -> Survey:
    """Levels, shape (m, p), nan where nothing was heard."""
    sensor, place = np.nonzero(np.isfinite(levels_dbm))
    return survey_of(at_m, place, sensor, levels_dbm[sensor, place], len(levels_dbm))


def drawn(process: Process, rng: np.random.Generator, at_m: NDArray[np.float64], wrong: float) -> NDArray[np.float64]:
    """Levels of a phone of 30 dBm where the plan errs as `learned` believes, by `wrong` deviations of each cause."""
    lines, b = paths(SITE, at_m), plan().beliefs
    common = unsure_after(lines, b, 900e6)[..., :-1]
    here = plan_at(at_m) + wrong * common.sum(axis=2) + 30.0
    residual = multivariate_normal(cov=process.covariance(at_m, at_m)).rvs(len(here), random_state=rng)
    return np.asarray(here + residual + rng.normal(0, process.spot_db, here.shape))


def plan_at(at_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Levels of a phone of 0 dBm as the plan has them, shape (m, p)."""
    return -model_loss_db(paths(SITE, at_m), 900e6)


@pytest.mark.parametrize("process", [Process(8.0, 10.0, 1.5), Process(4.0, 2.5, 4.0)])
def test_how_large_and_how_long_errors_are_is_found_from_the_survey(process: Process) -> None:
    rng = np.random.default_rng(1)
    at = np.concatenate([MIDDLES + rng.uniform(-0.9, 0.9, MIDDLES.shape) for _ in range(3)])
    found = likeliest(SITE, surveyed(drawn(process, rng, at, 0.3), at), plan().beliefs, 900e6)
    # 180 places of 12 sensors: some hundred independent values of g, of which half as many tell its length
    assert found.deviation_db == pytest.approx(process.deviation_db, rel=0.25)
    assert found.length_m == pytest.approx(process.length_m, rel=0.45)
    assert found.spot_db == pytest.approx(process.spot_db, rel=0.35)


def test_levels_are_foretold_within_the_errors_said() -> None:
    rng, process = np.random.default_rng(2), Process(6.0, 5.0, 2.0)
    at = np.concatenate([MIDDLES, plan().places_m[::7]])
    levels = drawn(process, rng, at, -0.3)
    known = learned(SITE, plan(), surveyed(levels[:, :60]))
    own = levels[:, 60:] - levels[:, 60:].mean(axis=0)  # the phone's power is not known
    said = known.all.row(LEVEL)[:, ::7]
    error = own - (said - said.mean(axis=0))
    # What all sensors err alike goes away with the power; what is each one's own stays
    assert np.std(error * np.sqrt(known.all.row(PRECISION)[:, ::7])) == pytest.approx(1.0, abs=0.12)
    assert np.std(error) < 0.75 * np.std(levels[:, 60:] - 30.0 - plan_at(at[60:]))


def asked(plan: Plan, gain_db: NDArray[np.float64], rng: np.random.Generator) -> float:
    """Share of cells in which a phone is named rightly."""
    levels = heard(gain_db, powers_dbm(Air(), 60, rng), rng)
    return float(np.mean([int(np.argmax(cell_probabilities(plan, one))) == n for n, one in enumerate(levels.T)]))


def test_a_world_whose_walls_lose_a_third_of_what_they_should_is_learned() -> None:
    """As a ray tracer has it, since energy goes round: the plan alone names few cells there."""
    rng = np.random.default_rng(3)
    there = world(SITE, rng)
    there = replace(there, walls_db=there.walls_db / 3)
    phones = np.array([place_in(cell, 3.0 * cell.floor, rng) for cell in plan().cells])
    survey = surveyed(heard(mean_levels_dbm(there, MIDDLES), 33.0, rng))
    gain = mean_levels_dbm(there, phones)
    alone, after = asked(plan(), gain, rng), asked(learned(SITE, plan(), survey), gain, rng)
    assert after >= 0.55 and after > alone + 0.2  # sixty phones: two standard errors are 0.13


def test_a_sensor_that_heard_nothing_of_a_survey_keeps_its_plan_and_its_doubt() -> None:
    rng = np.random.default_rng(4)
    levels = heard(mean_levels_dbm(world(SITE, rng), MIDDLES), 33.0, rng)
    levels[3] = np.nan
    known = learned(SITE, plan(), surveyed(levels))
    spread = known.all.row(SPREAD)
    assert spread[3].min() > SENSOR_DB and np.median(spread[3]) > 1.3 * np.median(np.delete(spread, 3, axis=0))
    assert np.isfinite(known.all.row(LEVEL)).all()


def test_of_a_large_survey_some_places_tell_the_process_and_all_tell_levels() -> None:
    rng = np.random.default_rng(5)
    at = np.concatenate([MIDDLES + rng.uniform(-0.9, 0.9, MIDDLES.shape) for _ in range(5)])
    assert len(at) > MOST_FITTED
    gain = mean_levels_dbm(world(SITE, rng), at)
    known = learned(SITE, plan(), surveyed(heard(gain, 33.0, rng), at))
    few = learned(SITE, plan(), surveyed(heard(gain[:, :60], 33.0, rng), at[:60]))
    assert known.all.row(SPREAD).mean() < few.all.row(SPREAD).mean()
