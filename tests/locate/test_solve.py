"""Fixes of a phone whose way is known."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t as student
from tests.locate.heard import FADING_DB, SITE, levels, surveyed, walked

from benchmarks import walks
from cellwarden.locate import fixes, solve
from cellwarden.locate.motion import Cloud, Motion
from cellwarden.locate.radio_map import RadioMap, fit
from cellwarden.locate.readings import Readings
from cellwarden.locate.site import NOWHERE
from cellwarden.locate.weigh import DEAF, FREEDOM, choose, weigh, weigh_silence


@cache
def small_map() -> RadioMap:
    return fit(SITE, surveyed(1))


def errors(readings: Readings, place: NDArray[np.float64], found: list[solve.Estimate]) -> NDArray[np.float64]:
    true = [[np.interp(e.time_s, readings.time_s, place[:, k]) for k in (0, 1)] for e in found]
    return np.hypot(*(np.array([e.place_m[:2] for e in found]) - true).T)


def part(readings: Readings, wanted: NDArray[np.bool_]) -> Readings:
    return replace(
        readings, time_s=readings.time_s[wanted], sensor=readings.sensor[wanted], level_dbm=readings.level_dbm[wanted]
    )


def test_a_walk_is_followed_and_smoothing_brings_it_nearer() -> None:
    causal, smoothed, inside = [], [], []
    for seed in range(3):
        readings, place = walked(seed)
        found = list(solve.causal(small_map(), readings))
        assert [e.time_s for e in found] == list(np.arange(1.0, 61.0))
        causal.append(errors(readings, place, found))
        inside.append(causal[-1] <= [e.radius90_m for e in found])
        smoothed.append(errors(readings, place, list(solve.smoothed(small_map(), readings))))
    assert np.mean(causal) < 1.5 and np.mean(smoothed) < np.mean(causal)
    assert np.mean(inside) > 0.8


def test_a_causal_fix_knows_nothing_of_what_comes_later() -> None:
    readings, _place = walked(5)
    whole, begun = (list(solve.causal(small_map(), r)) for r in (readings, part(readings, readings.time_s <= 20)))
    assert len(begun) == 20
    for one, other in zip(whole, begun, strict=False):
        assert one.time_s == other.time_s and (one.place_m == other.place_m).all()


def test_another_power_than_the_surveys_is_found_out() -> None:
    readings, place = walked(6, power_db=-6.0)
    found = list(solve.causal(small_map(), readings))
    assert errors(readings, place, found)[10:].mean() < 2.0


def test_one_dead_sensor_does_not_lead_away() -> None:
    readings, place = walked(7)
    heard = readings.sensor != 2
    readings, place = part(readings, heard), place[heard]
    found = list(solve.causal(small_map(), readings))
    assert errors(readings, place, found)[10:].mean() < 2.5


def test_a_lying_sensor_is_found_out() -> None:
    wrong = []
    for seed in range(12, 16):
        readings, place = walked(seed)
        told = replace(readings, level_dbm=readings.level_dbm + np.where(readings.sensor == 2, 15.0, 0.0))
        wrong.append([errors(r, place, list(solve.causal(small_map(), r)))[10:].mean() for r in (readings, told)])
    honest, lied = np.mean(wrong, axis=0)
    # One of six sensors is useless: what is left tells places with 6/5 of the variance, were it known which one it is
    assert lied < 1.5 * honest


def test_who_lies_still_is_not_located_ever_more_surely() -> None:
    """A map's error at one place is the same in each packet: forty seconds tell little more of it than four."""
    held = []
    for seed in range(4):
        readings, _place = walked(seed)
        spot = np.array([[4.0 + 3 * seed, 3.0 + 2 * seed, 1.2]])
        level = levels(spot)[0][readings.sensor] + 2.5 * np.random.default_rng(seed).normal(size=6)[readings.sensor]
        level += np.random.default_rng(seed).normal(0, FADING_DB, len(level))
        found = list(solve.causal(small_map(), replace(readings, level_dbm=level)))
        held += [np.hypot(*(e.place_m[:2] - spot[0, :2])) <= e.radius90_m for e in found[40:]]
    assert np.mean(held) >= 0.7


def test_a_fix_names_the_cell_and_its_probability() -> None:
    readings, place = walked(8)
    found = list(fixes.fixes(SITE, readings, solve.causal(small_map(), readings)))
    true = [SITE.rooms[small_map().room[0, *cell]].name for cell in _cells(readings, place, found)]
    right = np.mean([fix.cell == name for fix, name in zip(found, true, strict=True)])
    assert right > 0.6 and all(0 < fix.probability <= 1 for fix in found)


def _cells(readings: Readings, place: NDArray[np.float64], found: list[fixes.Fix]) -> list[tuple[int, int]]:
    at = np.array([[np.interp(f.time_s, readings.time_s, place[:, k]) for k in (0, 1)] for f in found])
    return [tuple(c) for c in np.rint((at - small_map().origin_m) * 2 / small_map().spacing_m).astype(int).tolist()]


def test_nothing_heard_and_too_few_sensors_are_unknown_with_a_reason() -> None:
    nothing = Readings(np.empty(0), np.empty(0, np.int64), np.empty(0), 7.0, 3)
    (fix,) = fixes.fixes(SITE, nothing, ())
    assert (fix.time_s, fix.cell, fix.place_m, fix.reason) == (7.0, "unknown", None, "no sensor heard anything")
    readings, _place = walked(9, 10.0)
    one = part(readings, readings.sensor == 0)
    found = list(fixes.fixes(SITE, one, solve.causal(small_map(), one)))
    assert {f.cell for f in found} == {"unknown"} and found[0].reason == "fewer than 3 sensors heard it"
    assert list(fixes.lines(found))[1] == "1,,,,,unknown,\n"


def test_there_is_a_fix_a_second_until_a_minute_after_the_last_reading() -> None:
    readings, _place = walked(10, 10.0)
    late = replace(readings, time_s=np.concatenate((readings.time_s, readings.time_s + 1e6)),
                   sensor=np.tile(readings.sensor, 2), level_dbm=np.tile(readings.level_dbm, 2))  # fmt: skip
    for run in (solve.causal, solve.smoothed):
        times = np.array([e.time_s for e in run(small_map(), late)])
        assert len(times) < 100 and times[0] == 1 and times[-1] == 1e6 + 10
        apart = np.diff(times)
        assert (apart[apart < 1e5] == 1).all() and np.sum(apart > 1e5) == 1


def later(readings: Readings, by_s: float) -> Readings:
    """The same once more, after some time."""
    return replace(readings, time_s=np.concatenate((readings.time_s, readings.time_s + by_s)),
                   sensor=np.tile(readings.sensor, 2), level_dbm=np.tile(readings.level_dbm, 2))  # fmt: skip


def test_a_silence_is_told_second_by_second_and_no_longer_than_an_hour() -> None:
    readings, _place = walked(10, 10.0)
    for run in (solve.causal, solve.smoothed):
        quiet = later(readings, 300.0)
        found = list(fixes.fixes(SITE, quiet, run(small_map(), quiet)))
        assert [f.time_s for f in found] == list(range(1, 311))
        assert {f.time_s for f in found if f.place_m is None} == set(range(70, 300))
        assert {f.reason for f in found[69:299]} == {"nobody heard it for a minute"} and not found[299].reason
        assert list(fixes.lines(found))[100] == "100,,,,,unknown,\n" and fixes.cut_gaps(quiet) == 0
    jump = later(readings, 1e9)
    found = list(fixes.fixes(SITE, jump, solve.causal(small_map(), jump)))
    assert 3600 < len(found) < 3700 and found[-1].time_s == 1e9 + 10 and fixes.cut_gaps(jump) == 1
    many = replace(readings, time_s=np.arange(len(readings.time_s)) * 1e6)
    assert fixes.longest_gap_s(many) * (len(many.time_s) - 1) <= fixes.MOST_IN_GAPS
    often = replace(many, time_s=many.time_s / 1e6 * 0.5)
    assert fixes.longest_gap_s(often) == 3600 and fixes.cut_gaps(often) == 0


def test_what_one_sensor_alone_hears_names_no_cell_after_a_minute() -> None:
    readings, _place = walked(9, 200.0)
    left = part(readings, (readings.time_s < 20) | (readings.sensor == 0))
    for run in (solve.causal, solve.smoothed):
        estimates = list(run(small_map(), left))
        found = list(fixes.fixes(SITE, left, iter(estimates)))
        assert len(found) == 200 and not any(f.reason for f in found[:60])
        assert {f.reason for f in found[100:]} == {"fewer than 3 sensors heard it within a minute"}
        assert {f.cell for f in found[100:]} == {"unknown"}
        assert [f.radius90_m for f in found] == [e.radius90_m for e in estimates]
        assert list(fixes.lines(found))[200].endswith(",unknown,\n") and found[199].place_m is not None


def test_a_phone_that_comes_back_is_placed_anew_by_three_sensors() -> None:
    readings, _place = walked(10, 10.0)
    back = later(readings, 300.0)
    back = part(back, (back.time_s < 100) | (back.sensor == 0))
    found = list(fixes.fixes(SITE, back, solve.causal(small_map(), back)))
    assert {f.cell for f in found if f.time_s > 300} == {"unknown"} and found[-1].place_m is None


def test_weights_and_slow_errors_are_those_of_the_formulas() -> None:
    radio_map, rng = small_map(), np.random.default_rng(1)
    spread = np.sqrt(radio_map.variance_db2 + 4).astype(np.float32)
    n, s = 50, len(SITE.sensors)
    node = rng.integers(2, 12, (n, 2))
    velocity = np.where(rng.random((n, 1)) < 0.4, 0.0, 0.3) * np.ones((n, 2))
    cloud = Cloud(
        np.array(radio_map.origin_m) + radio_map.spacing_m * (node + 1e-6), np.zeros(n, np.int64), velocity,
        rng.normal(size=n), rng.normal(size=(n, s)).astype(np.float32), rng.uniform(0.1, 1, (n, s)).astype(np.float32),
        rng.uniform(0.01, 0.9, (n, s)).astype(np.float32), rng.normal(0, 9, (n, s)).astype(np.float32),
        rng.uniform(1, 200, (n, s)).astype(np.float32), np.zeros(n), np.zeros((n, 1, 3), np.float32),
    )  # fmt: skip
    before = [a.astype(float) for a in (cloud.error, cloud.doubt, cloud.lying, cloud.lie, cloud.lie_doubt)]
    sensor, level = np.array([0, 3, 4]), np.array([-60.0, -75.0, -30.0])
    corner, still = np.array(radio_map.origin_m), 0.8 * radio_map.fading_db
    weigh(cloud, radio_map.mean_dbm, spread, corner, radio_map.spacing_m, radio_map.fading_db, still, sensor, level)
    log_weight = np.zeros(n)
    for q, k in enumerate(sensor):
        g = spread[0, node[:, 0], node[:, 1], k].astype(float)
        e, c, lying, lie, v = (one[:, k] for one in before)
        gap = level[q] - radio_map.mean_dbm[0, node[:, 0], node[:, 1], k] - cloud.power_db
        noise = np.where(velocity[:, 0] == 0, still[k], radio_map.fading_db[k]) ** 2
        likely = []
        for r, wide in ((gap - g * e, g**2 * c), (gap - lie, v)):
            scale = np.sqrt(wide + noise)
            likely.append(student.pdf(r / scale, FREEDOM) / scale)
        both = (1 - lying) * likely[0] + lying * likely[1]
        log_weight += np.log(both)
        assert cloud.lying[:, k] == pytest.approx(np.clip(lying * likely[1] / both, 1e-3, 1 - 1e-3), abs=2e-3)
        r = gap - g * e
        trust = np.minimum((FREEDOM + 1) / (FREEDOM + r**2 / (g**2 * c + noise)), 1)
        gain = g * c / (g**2 * c + noise / trust)
        assert cloud.error[:, k] == pytest.approx(e + gain * r, abs=2e-3)
        assert cloud.doubt[:, k] == pytest.approx(c * (1 - gain * g), abs=1e-3)
        r = gap - lie
        trust = np.minimum((FREEDOM + 1) / (FREEDOM + r**2 / (v + noise)), 1)
        gain = v / (v + noise / trust)
        assert cloud.lie[:, k] == pytest.approx(lie + gain * r, abs=1e-2)
        assert cloud.lie_doubt[:, k] == pytest.approx(v * (1 - gain), rel=1e-3)
    # What is the same for all particles is left out.
    assert cloud.log_weight - cloud.log_weight[0] == pytest.approx(log_weight - log_weight[0], abs=5e-3)
    cloud.log_weight[:] = 0
    faintest = np.full(s, -70.0)
    silent = np.array([1, 5])
    weigh_silence(cloud, radio_map.mean_dbm, corner, radio_map.spacing_m, np.full(s, FADING_DB), silent, faintest, 0.5)
    from scipy.stats import norm

    mean = radio_map.mean_dbm[0, node[:, 0], node[:, 1]][:, silent] + cloud.power_db[:, None]
    chance = DEAF + (1 - DEAF) * norm.cdf((-70 - mean) / FADING_DB)
    assert cloud.log_weight == pytest.approx(0.5 * np.log(chance).sum(axis=1), abs=1e-4)


def test_systematic_choice_takes_each_as_often_as_its_weight_says() -> None:
    weight = np.random.default_rng(2).dirichlet(np.full(200, 0.3))
    counts = np.bincount(choose(weight, 0.37), minlength=200)
    assert (np.abs(counts - 200 * weight) < 1).all()


def test_places_are_inside_the_map_and_rooms_are_known_or_nowhere() -> None:
    readings, _place = walked(11, 20.0)
    for e in solve.causal(small_map(), readings, Motion(speed_m_s=5.0)):
        assert -1 <= e.place_m[0] <= 21.5 and -1 <= e.place_m[1] <= 16.5
        assert NOWHERE <= e.room < len(SITE.rooms)


@pytest.mark.skipif(not walks.PLACE.is_dir(), reason="the shared walks are not beside this checkout")
@pytest.mark.parametrize("count", [2, pytest.param(5, marks=pytest.mark.long)])
def test_real_walks_are_followed_as_well_as_is_promised(count: int) -> None:
    figures = walks.LANE.summary({name: part() for name, part in [*walks.LANE.parts(1.0).items()][:count]})
    assert len(figures["walks"]) == count
    assert figures["causal_m"] <= 1.5 and figures["smoothed_m"] <= 1.2
    assert max(one["causal_m"] for one in figures["walks"].values()) <= 2.0
    assert 0.8 <= figures["causal_within"] <= 0.97
