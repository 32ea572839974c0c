"""Inside or outside the wall: evidence from levels on both sides, from habits, and what is made of it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from benchmarks import geofence as lane
from cellwarden.errors import SiteError
from cellwarden.locate.cells import ABSENT_DBM, Beliefs, blocks, table_of
from cellwarden.locate.geofence import (
    SURE_NATS,
    Fence,
    evidence,
    fence,
    habit_nats,
    level_nats,
    own_db2,
    presence_dbm,
    side,
)
from cellwarden.locate.likelihood import LEVEL, NORMAL, ROWS, SPREAD, hushed
from cellwarden.locate.readings import Readings
from cellwarden.locate.site import rooms_at
from cellwarden.simulate.levels import heard_dbm, world


def table(mean: np.ndarray, unsure: np.ndarray) -> Fence:
    """A fence with what is believed at some places, shape (p, m) and (p, m, k)."""
    level, count = mean.T, len(mean)
    rows = table_of(level, np.full(level.shape, own_db2(Beliefs())), unsure.transpose(1, 0, 2))
    there = blocks(np.arange(count), rows, np.append(np.arange(0, count, 4), count))
    return Fence(np.zeros((count, 3)), np.ones(count, np.bool_), np.zeros(count), there, Beliefs())


def test_the_compiled_evidence_is_what_the_full_covariance_says() -> None:
    rng = np.random.default_rng(1)
    places, sensors, shared = 7, 6, 3
    mean, unsure = rng.normal(-90, 8, (places, sensors)), rng.uniform(0, 4, (places, sensors, shared))
    levels = rng.normal(-70, 8, sensors)
    levels[[1, 4]] = np.nan
    powers, own = np.arange(13.0, 33.1, 2.5), own_db2(Beliefs())
    levels[2] = np.inf
    found = evidence(table(mean, unsure), levels)
    heard, silents = np.isfinite(levels), np.isnan(levels)
    for p in range(places):
        covariance = unsure[p] @ unsure[p].T + own * np.eye(sensors)
        each = []
        for power in powers:
            normal = multivariate_normal(mean[p, heard] + power, covariance[np.ix_(heard, heard)]).logpdf(levels[heard])
            spread = np.sqrt(np.diag(covariance))[silents]
            below = norm.cdf((-110.0 - mean[p, silents] - power) / spread)
            each.append(normal + np.log(0.02 + 0.98 * below).sum())
        plain = logsumexp(each) - math.log(len(powers))
        left_out = 0.5 * heard.sum() * math.log(2 * math.pi)  # which all places share
        assert found[p] - left_out == pytest.approx(plain, abs=2e-3)


def test_what_is_hopeless_is_told_soon_and_the_rest_as_ever() -> None:
    rng = np.random.default_rng(2)
    bounds = table(rng.normal(-90, 20, (50, 9)), rng.uniform(0, 4, (50, 9, 3)))
    levels = np.where(np.arange(9) < 5, rng.normal(-70, 8, 9), np.nan)
    every, soon = evidence(bounds, levels), evidence(bounds, levels, 5.0)
    near = every > every.max() - 5.0
    assert 0 < near.sum() < 50 and soon[near].tolist() == every[near].tolist()
    assert np.all(soon >= every) and np.any(soon > every) and np.all(soon[~near] < every.max() - 5.0)


def test_silence_agrees_with_scipy_and_never_excludes_a_deaf_sensor() -> None:
    powers, floor_dbm, spread = np.arange(-40, 41, 0.1, np.float32), -100.0, 3.0
    rows, chance = np.zeros((1, ROWS, 1), np.float32), np.empty(len(powers))
    rows[0, LEVEL], rows[0, SPREAD] = floor_dbm, spread
    hushed(rows, 0, np.array([0]), (floor_dbm, 0.02), powers, NORMAL, chance)
    assert chance == pytest.approx(0.02 + 0.98 * norm.cdf(-powers / spread), abs=5e-5)
    assert chance.min() >= 0.02


def test_a_fence_has_places_in_every_room_and_its_shares_add_up_on_each_side() -> None:
    site = lane.site_of("building")
    bounds = fence(site)
    assert set(rooms_at(site, bounds.places_m)) == set(range(len(site.rooms)))
    for at in (bounds.inside, ~bounds.inside):
        assert np.exp(bounds.log_share[at]).sum() == pytest.approx(1.0)
    cells = np.array([site.rooms[n].kind == "cell" for n in rooms_at(site, bounds.places_m)])
    assert np.exp(bounds.log_share[cells]).sum() == pytest.approx(0.8)


def test_a_site_without_an_outside_has_no_fence() -> None:
    site = lane.site_of("building")
    with pytest.raises(SiteError, match="outside"):
        fence(replace(site, rooms=tuple(room for room in site.rooms if room.kind != "outside")))


def test_phones_in_cells_are_told_from_phones_in_the_street_by_sensors_on_both_sides() -> None:
    part = lane.evidence("building and wall", False, 60, 30, 99)
    assert max(part["outside"]) < SURE_NATS
    assert np.mean(np.array(part["inside"]) >= SURE_NATS) >= 0.95
    # Sensors on one side alone say less.
    alone = lane.evidence("building", False, 60, 30, 99)
    assert np.median(alone["inside"]) < np.median(part["inside"])


def test_the_power_of_a_phone_does_not_matter_where_all_hear_it() -> None:
    site = lane.site_of("building and wall")
    bounds, rng = fence(site), np.random.default_rng(3)
    places = lane.inside_places(site, 1, rng)
    levels = heard_dbm(world(site, rng), places, np.array([33.0]), rng)[:, 0]
    heard = np.isfinite(levels)
    levels[~heard] = ABSENT_DBM
    loud, faint = level_nats(bounds, levels), level_nats(bounds, np.where(heard, levels - 8.0, ABSENT_DBM))
    assert loud == pytest.approx(faint, rel=0.3)


def test_what_nobody_heard_says_nothing() -> None:
    bounds = fence(lane.site_of("building"))
    assert level_nats(bounds, np.full(12, np.nan)) == 0.0


def test_habits_are_worth_the_log_of_their_shares_and_a_new_one_little() -> None:
    inside, outside = {("62", 1): 900, ("70", 1): 100}, {("62", 1): 100, ("70", 2): 900}
    assert habit_nats(inside, outside, ("62", 1)) == pytest.approx(math.log(9), abs=0.01)
    assert habit_nats(inside, outside, ("70", 2)) < -5
    assert habit_nats(inside, outside, ("99", 4)) == pytest.approx(0.0, abs=0.01)
    assert habit_nats({}, {}, "anything") == 0.0


def test_a_side_is_called_inside_from_the_odds_that_were_asked_for() -> None:
    assert not side(SURE_NATS - 0.01).inside and side(SURE_NATS).inside
    assert side(0.0).probability == 0.5
    assert side(math.log(3.0), share_inside=0.25).probability == pytest.approx(0.5)
    assert side(-1e6).probability == 0.0 and side(1e6).probability == 1.0


def test_false_alarms_follow_from_phones_inside_alone() -> None:
    """P(nats > T outside) = E[e^−nats; nats > T inside]: for two normal distributions d apart it is Q(T/d + d/2)."""
    d, rng = 3.0, np.random.default_rng(4)
    nats = d * rng.normal(d, 1.0, 200_000) - d * d / 2
    bound = lane._bound({"nats": nats, "cell": np.ones(len(nats), np.bool_)})
    assert bound["nats"] == pytest.approx(d * (3.719 - d / 2), abs=0.1)  # Q(3.719) = 1e-4
    assert bound["missed"] == pytest.approx(0.7639, abs=0.02)  # Φ(3.719 − 3)


def test_a_presence_is_the_mean_power_at_each_sensor() -> None:
    heard = Readings(np.arange(3.0), np.array([0, 0, 2]), np.array([-60.0, -70.0, -80.0]), 0.0, 0)
    levels = presence_dbm(heard, 3)
    assert levels[[0, 2]] == pytest.approx([10 * math.log10(0.55e-6), -80.0])  # (1 + 0.1) / 2 of -60 dBm
    assert math.isnan(levels[1])
