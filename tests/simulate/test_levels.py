"""Levels in simulated worlds."""

import numpy as np
import pytest

from cellwarden.locate.propagation import loss_db
from cellwarden.simulate.levels import (
    heard_dbm,
    mean_levels_dbm,
    place_in,
    powers_dbm,
    shadowing_db,
    world,
)
from cellwarden.simulate.parameters import Air, Parameters, varied
from cellwarden.simulate.prison import remand_wing

SITE = remand_wing()


def test_a_world_without_faults_is_what_the_model_says() -> None:
    air = Air(shadowing_db=0.0, wall_error_db=0.0, fading_db=0.0)
    places = np.array([place_in(room, 0.0, np.random.default_rng(1)) for room in SITE.rooms[:20]])
    levels = mean_levels_dbm(world(SITE, np.random.default_rng(2), air=air), places)
    assert levels == pytest.approx(-loss_db(SITE, places, 900e6))


def test_shadowing_has_its_spread_and_falls_to_one_in_e_over_its_distance() -> None:
    """Over many worlds and sensors; the standard error of a correlation of n independent pairs is 1/√n."""
    at = np.array([[10.0, 5.0, 1.0], [14.0, 5.0, 1.0], [10.0, 5.0, 5.0], [10.0, 13.0, 1.0]])
    fields = np.concatenate([shadowing_db(world(SITE, np.random.default_rng(seed)), at) for seed in range(250)])
    assert len(fields) == 3000
    assert fields.std(axis=0) == pytest.approx(6.0, rel=0.06)
    correlation = np.corrcoef(fields.T)[0]
    assert correlation[1:] == pytest.approx([np.exp(-1), np.exp(-1), np.exp(-2)], abs=4 / np.sqrt(3000))


def test_the_same_place_hears_the_same_shadow_each_time() -> None:
    there = world(SITE, np.random.default_rng(3))
    places = np.array([[9.0, 2.0, 1.0], [12.0, 2.0, 1.0]])
    assert shadowing_db(there, places)[:, :1] == pytest.approx(shadowing_db(there, places[:1]))


def test_walls_are_wrong_by_no_more_than_is_said() -> None:
    air = Air(shadowing_db=0.0)
    place = np.array([[9.0, 2.0, 1.0]])
    straight = -loss_db(SITE, place, 900e6)
    errors = [
        mean_levels_dbm(world(SITE, np.random.default_rng(seed), air=air), place) - straight for seed in range(50)
    ]
    through_one = np.argmax(straight)  # the nearest sensor, through one wall or door
    assert 0.5 < np.std([error[through_one] for error in errors]) < 3.0


def test_what_is_too_faint_is_not_heard() -> None:
    there = world(SITE, np.random.default_rng(4))
    rng = np.random.default_rng(5)
    places = np.array([place_in(room, 3.0 * room.floor, rng) for room in SITE.rooms if room.kind == "cell"])
    power = powers_dbm(there.air, len(places), rng)
    assert power.min() >= 13.0 and power.max() <= 33.0
    levels = heard_dbm(there, places, power, rng)
    heard = np.isfinite(levels)
    assert 0.3 < heard.mean() < 1.0 and np.nanmin(levels) >= there.air.floor_dbm
    assert heard.any(axis=0).all()


def test_worlds_vary_but_not_what_stands_in_a_standard() -> None:
    rng = np.random.default_rng(6)
    many = [varied(Air(), rng) for _ in range(100)]
    assert all(3.0 <= one.shadowing_db <= 9.0 and one.power_dbm == 33.0 for one in many)
    assert isinstance(varied(Parameters(), rng), Parameters)
