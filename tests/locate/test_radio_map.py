"""The radio map against a site whose levels are known."""

from dataclasses import replace

import numpy as np
import pytest
from tests.locate.heard import FADING_DB, SITE, levels, surveyed

from cellwarden.locate.radio_map import fit, fitted, predict
from cellwarden.locate.readings import Survey, survey_of
from cellwarden.locate.site import NOWHERE, Room

PLACES = np.array([(x, y, 1.2) for x in (1.3, 6.2, 11.4, 18.1) for y in (1.1, 6.4, 13.7)])


def test_levels_between_the_places_of_a_survey_are_as_doubtful_as_is_said() -> None:
    survey = surveyed(1)
    process = fitted(SITE, survey.place_m, survey.mean_dbm)
    mean, variance = predict(SITE, process, PLACES, np.zeros(len(PLACES), np.int64))
    error = mean - levels(PLACES)
    assert np.sqrt(np.mean(error**2)) < 1.5  # the wave alone has 3 dB · ½ rms, fading of a mean of 20 another 0.9
    # A chi square of mean 1 if the wave were as rough as shadowing is; it is smoother, so it is foretold better.
    assert 0.2 < np.mean(error**2 / variance) < 1.3


def test_the_map_tells_what_a_packet_has_and_what_is_not_known() -> None:
    survey = surveyed(2)
    radio_map = fit(SITE, survey)
    assert radio_map.fading_db == pytest.approx(FADING_DB, rel=0.15)
    i, j = (round((v - o) / radio_map.spacing_m) for v, o in zip((10.0, 7.5), radio_map.origin_m, strict=True))
    corner = radio_map.variance_db2[0, 0, 0].mean()
    assert radio_map.variance_db2[0, i, j].mean() < corner  # in the middle of the survey, and a metre beyond its edge
    assert radio_map.mean_dbm[0, i, j] == pytest.approx(levels(np.array([[10.0, 7.5, 1.2]]))[0], abs=3.0)
    # A packet's mean, not the level of the mean power, which lies above it by 0.115 σ² = 1.8 dB for σ = 4 dB
    assert np.mean(radio_map.mean_dbm[0, i, j] - levels(np.array([[10.0, 7.5, 1.2]]))[0]) == pytest.approx(0, abs=0.9)
    assert (radio_map.faintest_dbm == -np.inf).all()


def test_a_sensor_that_was_silent_somewhere_has_a_faintest_level() -> None:
    survey = surveyed(3)
    row, sensor = np.nonzero(survey.mean_dbm > -75)
    partial = survey_of(survey.place_m, row, sensor, survey.mean_dbm[row, sensor], len(SITE.sensors))
    radio_map = fit(SITE, partial)
    assert (radio_map.faintest_dbm >= -75).all() and (radio_map.faintest_dbm < -70).all()


def test_rooms_are_found_on_the_lattice() -> None:
    radio_map = fit(SITE, surveyed(4))
    half = radio_map.spacing_m / 2
    i, j = (round((v - o) / half) for v, o in zip((7.5, 12.0), radio_map.origin_m, strict=True))
    assert SITE.rooms[radio_map.room[0, i, j]].name == "C12"


def test_a_sensor_that_heard_nothing_of_the_survey_says_nothing_later() -> None:
    survey = surveyed(5, each=3)
    row, sensor = np.nonzero(np.isfinite(survey.mean_dbm) & (np.arange(len(SITE.sensors)) != 4))
    partial = survey_of(survey.place_m, row, sensor, survey.mean_dbm[row, sensor], len(SITE.sensors))
    radio_map = fit(SITE, partial)
    assert radio_map.fading_db[4] > 100 and (np.delete(radio_map.fading_db, 4) < 10).all()
    assert np.isfinite(radio_map.mean_dbm).all() and radio_map.faintest_dbm[4] == -np.inf


def test_a_phone_is_looked_for_in_all_rooms_under_a_roof_not_only_where_somebody_surveyed() -> None:
    upper = replace(SITE.rooms[0], name="upstairs", floor=1)
    street = Room("street", "outside", 0, ((-50.0, -50.0), (70.0, -50.0), (70.0, 65.0), (-50.0, 65.0)))
    floors = (*SITE.floors, replace(SITE.floors[0], number=1, base_m=3.0))
    yard = replace(street, name="yard", kind="yard", outline_m=((20.0, 0.0), (60.0, 0.0), (60.0, 15.0), (20.0, 15.0)))
    site = replace(SITE, floors=floors, rooms=(*SITE.rooms, upper, street, yard))
    survey = surveyed(6)
    left = survey.place_m[:, 0] < 6.0
    some = (value[left] for value in (survey.power_dbm, survey.mean_dbm, survey.square_db2, survey.count))
    radio_map = fit(site, Survey(survey.place_m[left], *some))
    named = {site.rooms[n].name for n in np.unique(radio_map.room) if n != NOWHERE}
    assert named == {"yard", "street", *(room.name for room in site.rooms[:-2])}  # a metre around is of these
    assert radio_map.floor.tolist() == [0, 1] and radio_map.height_m == pytest.approx([1.2, 4.2])
    assert radio_map.origin_m == (-1.0, -1.0) and radio_map.mean_dbm.shape[1:3] == (44, 36)
    seen, guessed = (radio_map.variance_db2[0, round((x + 1) / 0.5), 17].mean() for x in (3.0, 17.0))
    assert guessed > 2 * seen


def test_a_sensor_that_was_missed_by_chance_at_a_place_was_not_silent_there() -> None:
    survey = surveyed(7, each=20)
    rng = np.random.default_rng(7)
    count = np.where(survey.place_m[:, :1] < 10.0, survey.count, rng.random(survey.count.shape) < 0.7)
    row, sensor = (np.repeat(a.ravel(), count.ravel()) for a in np.indices(count.shape))
    level = levels(survey.place_m)[row, sensor] + rng.normal(0, FADING_DB, len(row))
    radio_map = fit(SITE, survey_of(survey.place_m, row, sensor, level, len(SITE.sensors)))
    assert (radio_map.faintest_dbm == -np.inf).all()
    i, j = ((PLACES[PLACES[:, 0] > 10, k] - radio_map.origin_m[k]) / radio_map.spacing_m for k in (0, 1))
    error = radio_map.mean_dbm[0, np.rint(i).astype(int), np.rint(j).astype(int)] - levels(PLACES[PLACES[:, 0] > 10])
    # One packet's fading of 4 dB a place and half of a wave of 3 dB; taken for silent, a third of places would be at
    # the faintest level, some 20 dB off
    assert np.sqrt(np.mean(error**2)) < 4.0
