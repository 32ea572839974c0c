"""A wand and a mail scanner ask the lane's questions in a geometry of their own."""

from dataclasses import replace

import numpy as np
import pytest

from cellwarden.signature import junction, junction_empty
from cellwarden.signature.junction_instrument import INSTRUMENTS
from cellwarden.signature.junction_log import Log
from cellwarden.simulate.junction import METAL, drawn
from cellwarden.simulate.lane import Item, passage
from cellwarden.simulate.parameters import Junctions, Mail, Wand

WORLDS: dict[str, Junctions] = {"wand": Wand(), "mail": Mail()}


def logged(name: str, items: list[Item], seed: int, *, somebody: bool = True) -> Log:
    world = replace(WORLDS[name], mismatch_spread_db=0.0)
    one, _wave = passage(world, items, np.random.default_rng(seed), somebody=somebody)
    powers = 10 ** (np.array([one.second_dbm, one.third_dbm]) / 10)
    return Log("", one.time_s, one.position_m, one.transmit_dbm, powers)


def thing(name: str, kind: str, along_m: float = 0.0) -> Item:
    world = replace(WORLDS[name], mismatch_spread_db=0.0)
    return Item(kind, along_m=along_m, junction=drawn(kind, world, np.random.default_rng(1)))


@pytest.mark.parametrize("name", ["wand", "mail"])
def test_phone_contact_and_nothing_are_told_apart_and_placed(name: str) -> None:
    empty = junction_empty.learned([logged(name, [], 1, somebody=False)], INSTRUMENTS[name])
    phone = junction.examined(logged(name, [thing(name, "phone", -0.2)], 2), empty).readings[0]
    assert (phone.kind, phone.instrument) == ("semiconductor", name)
    assert phone.position_m == pytest.approx(0.2, abs=0.1)  # a hand's place wanders by 3 cm
    assert phone.second_slope is not None and phone.second_slope[0] == pytest.approx(2.0, abs=0.5)
    assert junction.examined(logged(name, [thing(name, METAL)], 3), empty).readings[0].kind == "metal"
    assert junction.examined(logged(name, [], 4), empty).readings[0].kind == "nothing"


def test_two_phones_in_one_bed_are_two() -> None:
    empty = junction_empty.learned([logged("wand", [], 5, somebody=False)], INSTRUMENTS["wand"])
    both = [thing("wand", "phone", -0.35), thing("wand", "phone", 0.35)]
    found = sorted(one.position_m or 0.0 for one in junction.examined(logged("wand", both, 6), empty).readings)
    assert found == pytest.approx([-0.35, 0.35], abs=0.1)


def test_a_geometry_of_the_lane_finds_no_place_within_a_hand() -> None:
    log = logged("wand", [thing("wand", "phone", -0.2)], 7)
    by_wand, by_lane = (junction.examined(log, None, INSTRUMENTS[name]).answers[0].place for name in ("wand", "lane"))
    assert by_wand.aside_m < by_lane.aside_m
    assert abs(by_wand.position_m - 0.2) <= abs(by_lane.position_m - 0.2)
