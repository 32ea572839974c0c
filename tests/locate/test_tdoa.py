"""Places from differences of time and from angles."""

import numpy as np
import pytest

from benchmarks import tdoa as lane
from cellwarden.locate import tdoa
from cellwarden.locate.propagation import LIGHT_M_S
from cellwarden.measure.agreement import rmse

RING = np.array([(x, y, 3.0) for x, y in ((0, 0), (60, 0), (120, 0), (120, 80), (60, 80), (0, 80))], np.float64)
HEIGHT_M = 1.2


def measured(place: np.ndarray, error_s: float, rng: np.random.Generator, sensors: np.ndarray = RING) -> tdoa.Heard:
    distance = np.linalg.norm(sensors - np.array([*place, HEIGHT_M]), axis=1)
    return tdoa.heard(sensors, 5.0 + distance / LIGHT_M_S + rng.normal(0, error_s, len(sensors)), error_s)


@pytest.mark.long
@pytest.mark.parametrize("error_s", [20e-9, pytest.param(1e-9, marks=pytest.mark.long)])
def test_errors_come_near_the_bound_and_radii_hold_the_truth(error_s: float) -> None:
    rng = np.random.default_rng(1)
    errors, bounds, held = [], [], []
    for _ in range(150):
        place = rng.uniform((5, 5), (115, 75))
        one = measured(place, error_s, rng)
        found = tdoa.position(one, HEIGHT_M)
        assert found is not None
        errors.append(float(np.linalg.norm(found.place_m - place)))
        bounds.append(tdoa.bound_m(one, place, HEIGHT_M))
        held.append(errors[-1] <= found.radius90_m)
    assert 0.8 <= rmse(errors) / rmse(bounds) <= 1.5
    assert 0.83 <= np.mean(held) <= 0.97


def test_the_bound_is_that_of_the_textbook_in_the_middle_of_a_ring() -> None:
    """n sensors on a circle: information n / (2 σ² c²) on each axis, so the error is 2 σ c / √n."""
    angle = 2 * np.pi * np.arange(8) / 8
    ring = np.column_stack([50 * np.cos(angle), 50 * np.sin(angle), np.full(8, HEIGHT_M)])
    one = measured(np.zeros(2), 10e-9, np.random.default_rng(2), ring)
    assert tdoa.bound_m(one, np.zeros(2), HEIGHT_M) == pytest.approx(2 * 10e-9 * LIGHT_M_S / np.sqrt(8), rel=1e-9)


def test_an_angle_helps_and_two_alone_tell_a_place() -> None:
    rng, place = np.random.default_rng(3), np.array([40.0, 30.0])
    timed = measured(place, 20e-9, rng)
    bearing = np.arctan2(place[1] - RING[:, 1], place[0] - RING[:, 0])
    error = np.full(len(RING), np.deg2rad(2.0))
    both = tdoa.Heard(RING, timed.arrival_s, timed.arrival_error_s, bearing, error)
    assert tdoa.bound_m(both, place, HEIGHT_M) < tdoa.bound_m(timed, place, HEIGHT_M)
    alone = tdoa.Heard(RING, np.full(6, np.nan), np.full(6, 1e-8), np.where(np.arange(6) < 2, bearing, np.nan), error)
    found = tdoa.position(alone, HEIGHT_M)
    assert found is not None and found.place_m == pytest.approx(place, abs=0.5)


def test_a_sensor_whose_clock_is_wrong_shows_in_the_fit() -> None:
    one = measured(np.array([70.0, 20.0]), 10e-9, np.random.default_rng(4))
    right = tdoa.position(one, HEIGHT_M)
    one.arrival_s[2] += 300e-9
    wrong = tdoa.position(one, HEIGHT_M)
    assert right is not None and wrong is not None
    assert right.fit > 0.01 and wrong.fit < 1e-4


def test_one_difference_tells_no_place() -> None:
    rng = np.random.default_rng(5)
    assert tdoa.position(measured(np.array([10.0, 10.0]), 1e-8, rng, RING[:2]), HEIGHT_M) is None
    missing = measured(np.array([10.0, 10.0]), 1e-8, rng)
    missing.arrival_s[2:] = np.nan
    assert tdoa.position(missing, HEIGHT_M) is None


def test_what_is_far_away_is_no_place() -> None:
    assert tdoa.position(measured(np.array([900.0, 900.0]), 10e-9, np.random.default_rng(6)), HEIGHT_M) is None


@pytest.mark.long
def test_bursts_as_samples_are_located_within_one_and_a_half_times_the_bound() -> None:
    part = lane.located("large prison", False, 25, 1)
    assert rmse(part["errors"]) <= 1.5 * rmse(part["bounds"]) * 1.3  # 25 bursts tell the ratio to some 15 %
    assert 1e9 * rmse(part["times"]) <= 1.2 * 1e9 * lane.delay_bound()
