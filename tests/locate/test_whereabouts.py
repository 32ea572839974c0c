"""One belief over all rooms: sides of the wall, kinds of rooms and cells fit together."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cellwarden.errors import SiteError
from cellwarden.locate.cells import ABSENT_DBM, cell_probabilities
from cellwarden.locate.geofence import level_nats
from cellwarden.locate.readings import survey_of
from cellwarden.locate.whereabouts import (
    HOPELESS_NATS,
    OUTSIDE,
    Whereabouts,
    believing,
    room_names,
    room_odds,
    room_probabilities,
    whereabouts,
)
from cellwarden.simulate.levels import heard_dbm, place_in, world
from cellwarden.simulate.prison import on_the_wall, remand_wing
from cellwarden.watch.lawful import CLEAR

WING = remand_wing()
SITE = replace(WING, sensors=WING.sensors + on_the_wall(WING))


@cache
def gsm() -> Whereabouts:
    return whereabouts(SITE)


def levels(room_name: str, seed: int, power_dbm: float = 25.0) -> np.ndarray:
    """What the sensors hear of a phone in the middle of a room."""
    rng = np.random.default_rng(seed)
    room = next(room for room in SITE.rooms if room.name == room_name)
    place = np.array([(*np.mean(room.outline_m, axis=0), 3.0 * room.floor + 1.0)])
    return heard_dbm(world(SITE, rng), place, np.array([power_dbm]), rng)[:, 0]


def test_a_belief_is_whole_and_agrees_with_fence_and_cells() -> None:
    heard = levels("A-107", 1)
    outside = room_probabilities(gsm(), heard, inside=0.5)[gsm().names.index(OUTSIDE)]
    assert outside == pytest.approx(np.exp(-level_nats(gsm().bounds, heard)), abs=np.exp(-HOPELESS_NATS))
    heard[np.argsort(-np.nan_to_num(heard, nan=-200.0))[5:]] = ABSENT_DBM  # what all hear leaves nothing unsure
    found = room_probabilities(gsm(), heard, inside=0.5)
    assert found.sum() == pytest.approx(1.0)
    outside = found[gsm().names.index(OUTSIDE)]
    # with as many phones on both sides the odds are the evidence of the fence
    assert np.log((1 - outside) / outside) == pytest.approx(level_nats(gsm().bounds, heard), abs=1e-6)
    cells = found[: len(gsm().plan.cells)]
    assert cells / cells.sum() == pytest.approx(cell_probabilities(gsm().plan, heard))


@pytest.mark.parametrize("room", ["A-107", "A-1 corridor", "A-0 office"])
def test_the_room_of_a_phone_is_among_the_likeliest(room: str) -> None:
    ranks = []
    for seed in range(6):
        found = room_probabilities(gsm(), levels(room, seed))
        ranks.append(int((found > found[gsm().names.index(room)]).sum()))
    assert np.mean(np.array(ranks) < 3) >= 5 / 6


def test_phones_beyond_the_wall_are_outside() -> None:
    rng = np.random.default_rng(5)
    beyond = next(room for room in SITE.rooms if room.kind == "outside")
    place = np.array([place_in(beyond, 0.0, rng)])
    place[0, 1] = np.min(beyond.outline_m, axis=0)[1] + 10.0  # twenty metres from the wall
    heard = heard_dbm(world(SITE, rng), place, np.array([33.0]), rng)[:, 0]
    odds = room_odds(gsm(), heard)
    assert odds[0][0] == OUTSIDE and odds[0][1] > 0.9


def test_a_sensor_that_misses_a_loud_phone_does_not_send_it_beyond_the_wall() -> None:
    heard = levels("A-107", 1, 33.0)
    loudest, next_one = np.argsort(-np.nan_to_num(heard, nan=-200.0))[:2]
    pair = whereabouts(replace(SITE, sensors=tuple(SITE.sensors[n] for n in (loudest, next_one))))
    missed = np.array([heard[loudest], np.nan])
    assert room_probabilities(pair, missed)[-1] < CLEAR
    # were no sensor ever deaf, so loud a phone that its neighbour does not hear would be far from both
    beliefs = replace(pair.bounds.beliefs, deaf=0.0)
    sure = pair._replace(bounds=replace(pair.bounds, beliefs=beliefs))
    assert room_probabilities(sure, missed)[-1] > CLEAR


def test_a_phone_of_another_standard_is_placed_as_one_of_gsm_that_is_so_much_louder() -> None:
    lte = whereabouts(SITE, "lte")
    heard = levels("A-107", 2, 15.0)
    silent = np.isnan(heard)
    louder = whereabouts(SITE, "gsm")._replace(plan=lte.plan, bounds=lte.bounds)
    assert lte.shift_db == 10.0  # 33 dBm less 23 dBm
    assert room_probabilities(lte, heard) == pytest.approx(room_probabilities(louder, heard + 10.0))
    assert silent.any() or heard.min() > -110


def test_silence_leaves_what_was_believed_before_and_odds_tell_the_outside() -> None:
    nothing = np.full(len(SITE.sensors), np.nan)
    odds = dict(room_odds(gsm(), nothing, inside=0.7))
    assert odds[OUTSIDE] == pytest.approx(0.3)
    assert gsm().names[-1] == OUTSIDE and room_names(SITE)[-1] == OUTSIDE
    assert sorted(gsm().names) == sorted(room_names(SITE))


def test_a_site_without_an_outside_is_refused() -> None:
    with pytest.raises(SiteError, match="one of the kind outside"):
        whereabouts(replace(SITE, rooms=tuple(room for room in SITE.rooms if room.kind != "outside")))


def test_a_sites_belief_takes_the_plan_of_the_nearest_frequency_and_of_the_standard() -> None:
    heard = levels("A-107", 3)
    belief = believing(SITE)
    assert belief(heard, "gsm", 902.4e6) == room_odds(gsm(), heard)
    assert belief(heard, "gsm", 1747e6) == room_odds(whereabouts(SITE, "gsm", 1.8e9), heard)


def test_a_sensor_that_is_not_there_is_as_if_the_site_had_none() -> None:
    left = np.arange(len(SITE.sensors)) != 2
    fewer = replace(SITE, sensors=tuple(one for one, kept in zip(SITE.sensors, left, strict=True) if kept))
    for seed in range(8):
        heard = levels("A-107", seed)
        wanted = dict(room_odds(whereabouts(fewer), heard[left]))
        heard[2] = ABSENT_DBM
        odds = dict(room_odds(gsm(), heard))
        assert odds == pytest.approx(wanted, rel=1e-4) and odds != dict(room_odds(gsm(), np.where(left, heard, np.nan)))


def test_a_surveyed_site_names_cells_better_also_where_a_sensor_is_gone() -> None:
    rng = np.random.default_rng(8)
    there, cells = world(SITE, rng), [room for room in SITE.rooms if room.kind == "cell"]
    middles = np.array([(*np.mean(cell.outline_m, axis=0), 3.0 * cell.floor + 1.0) for cell in cells])
    told = heard_dbm(there, middles, np.full(60, 33.0), rng)
    sensor, place = np.nonzero(np.isfinite(told))
    survey = survey_of(middles, place, sensor, told[sensor, place], len(SITE.sensors))
    phones = np.array([place_in(cell, 3.0 * cell.floor, rng) for cell in cells])
    heard = heard_dbm(there, phones, np.full(60, 25.0), rng)
    heard[2] = ABSENT_DBM
    right = []
    for belief in (believing(SITE), believing(SITE, survey=survey)):
        named = [belief(one, "gsm", 900e6)[0][0] for one in heard.T]
        right.append(np.mean([name == cell.name for name, cell in zip(named, cells, strict=True)]))
    assert right[1] >= 0.85 and right[1] > right[0]
