"""Where sensors go."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from cellwarden.locate.placement import candidates, chosen_one_by_one, propose, worth
from cellwarden.locate.site import room_at
from cellwarden.locate.site_check import faults
from cellwarden.simulate.prison import remand_wing

WING = remand_wing()


@pytest.mark.parametrize(
    ("kinds", "allowed"), [(("corridor",), {"corridor"}), (("corridor", "cell"), {"corridor", "cell"})]
)
def test_proposed_sensors_are_where_they_may_be_and_apart(kinds: tuple[str, ...], allowed: set[str]) -> None:
    made = propose(WING, 8, kinds)
    places = np.array([sensor.place_m for sensor in made.sensors])
    rooms = [room_at(made, *sensor.place_m) for sensor in made.sensors]
    assert {room.kind for room in rooms if room is not None} <= allowed and None not in rooms
    apart = np.linalg.norm(places[:, None] - places, axis=2) + 99 * np.eye(8)
    assert apart.min() >= 4.0 and faults(made, {}) == ()


def test_the_first_of_a_proposal_are_the_proposal_for_fewer() -> None:
    assert propose(WING, 6, ("corridor",)).sensors[:3] == propose(WING, 3, ("corridor",)).sensors


def test_each_sensor_is_the_one_that_leaves_the_least_confusion() -> None:
    """Against the formula written out for every candidate of a small case."""
    rng = np.random.default_rng(3)
    differences, places = rng.normal(0, 9, (12, 40)), rng.uniform(0, 50, (12, 3))
    chosen = chosen_one_by_one(differences, places, 4, 36.0)
    assert len(set(chosen)) == 4
    for number in (2, 3, 4):
        before = chosen[: number - 1]

        def confusion(last: int, before: list[int] = before) -> float:
            those = differences[[*before, last]]
            apart = ((those - those.mean(axis=0)) ** 2).sum(axis=0)
            return float(ndtr(-np.sqrt(apart / 36.0) / 2).sum())

        free = [n for n in range(12) if all(np.linalg.norm(places[n] - places[b]) >= 4.0 for b in before)]
        assert chosen[number - 1] == min((n for n in free if n not in before), key=confusion)


def test_more_sensors_are_worth_more_and_proposed_ones_no_less_than_evenly_spread_ones() -> None:
    made = propose(WING, 12, ("corridor",))
    few, many, even = (worth(site, 300) for site in (replace(made, sensors=made.sensors[:3]), made, WING))
    assert few.first < many.first and few.error_m > many.error_m and many.three >= many.first
    assert many.first > even.first - 3 * np.sqrt(2 * 0.25 / 300)  # three standard errors of a difference of shares


def test_candidates_stay_off_walls_and_under_the_ceiling() -> None:
    places = candidates(WING, ("corridor",))
    assert set(np.round(places[:, 2], 6)) == {2.5, 5.5, 8.5}
    corridor = next(np.array(room.outline_m) for room in WING.rooms if room.kind == "corridor")
    assert (places[:, 1] - corridor[:, 1].min()).min() == pytest.approx(0.3)


@pytest.mark.long
def test_sensors_that_hang_already_stay_and_the_next_ones_lower_the_error() -> None:
    own = replace(WING, sensors=WING.sensors[:4])
    told: list[int] = []
    made = propose(own, 3, ("corridor",), keep=True, tell=lambda: told.append(1))
    assert len(told) == 3
    assert made.sensors[:4] == own.sensors and [one.name for one in made.sensors[4:]] == ["S-01", "S-02", "S-03"]
    places = np.array([sensor.place_m for sensor in made.sensors])
    assert (np.linalg.norm(places[4:, None] - places, axis=2) + 99 * np.eye(3, 7, 4)).min() >= 4.0
    again = propose(made, 1, ("corridor",), keep=True)
    assert again.sensors[-1].name == "S-04"
    before, after = worth(own, 300), worth(made, 300)
    assert after.error_m < before.error_m and after.first > before.first
