"""Where a phone would be heard, and by how many."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from cellwarden.locate.cells import Beliefs
from cellwarden.locate.coverage import BANDS, BEYOND, ENOUGH, SURE, counted, heard_by, raster, reach, threshold_dbm
from cellwarden.simulate.prison import large_prison, remand_wing

WING = remand_wing()
GSM = BANDS[0]


def test_so_many_are_sure_as_all_ways_of_hearing_say() -> None:
    """Against the sum over all 2^5 ways in which five sensors hear or do not."""
    heard = np.random.default_rng(1).uniform(0, 1, (5, 40))
    expected = []
    for each in heard.T:
        ways = [
            (sum(way), math.prod(p if on else 1 - p for p, on in zip(each, way, strict=True)))
            for way in product((0, 1), repeat=5)
        ]
        expected.append(sum(sum(p for count, p in ways if count >= k) >= SURE for k in range(1, ENOUGH + 1)))
    assert counted(heard).tolist() == expected and len(set(expected)) > 2


def test_places_lie_in_the_building_and_are_no_more_than_a_page_can_draw() -> None:
    for site in (WING, large_prison()):
        places = raster(site)
        assert 1000 < len(places.places_m) <= 9000
        assert not {site.rooms[n].kind for n in places.room} & set(BEYOND)
        assert {site.rooms[n].name for n in places.room} >= {room.name for room in site.rooms if room.kind == "cell"}


def test_a_threshold_is_noise_and_calibration_and_what_recognition_needs() -> None:
    sensor = replace(WING.sensors[0], offset_db=-14.0)
    noise_dbm = -150.0 - 14.0 + 10 * math.log10(200e3)
    assert threshold_dbm(sensor, -150.0, GSM) == pytest.approx(noise_dbm + 3.5)
    assert threshold_dbm(WING.sensors[0], -150.0, GSM) == Beliefs().floor_dbm  # dBFS alone say nothing
    assert threshold_dbm(sensor, None, GSM) == Beliefs().floor_dbm
    assert threshold_dbm(sensor, -150.0, BANDS[2]) == math.inf  # the wing's sensors hear GSM alone


def test_who_stands_beside_a_sensor_is_heard_by_it_and_by_no_deaf_one() -> None:
    """One sensor of twelve hears, and badly: its level minus its threshold decides, at 1.28 deviations (0.9)."""
    thresholds = [math.inf] * len(WING.sensors)
    thresholds[0] = -60.0
    heard, there = heard_by(WING, GSM, thresholds), reach(WING, GSM.frequency_hz)
    margin = (GSM.power_dbm + there.level_db[0] + 60.0) / there.spread_db[0]
    assert ((heard == 1) == (margin >= 1.2816)).mean() > 0.999 and set(heard) == {0, 1}
    assert heard_by(WING, GSM, [math.inf] * len(WING.sensors)).max() == 0


def test_more_noise_is_heard_by_no_more() -> None:
    quiet, loud = (heard_by(WING, GSM, [level] * len(WING.sensors)) for level in (-90.0, -65.0))
    assert (loud <= quiet).all() and (loud < quiet).any()
