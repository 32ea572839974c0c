"""The simulated week: it repeats, keeps to its order, and holds what it says that it holds."""

from collections import Counter
from dataclasses import fields
from itertools import islice, pairwise, takewhile

import numpy as np
import pytest

from cellwarden.locate.whereabouts import OUTSIDE, room_names
from cellwarden.model.span import S_NS
from cellwarden.simulate.parameters import FIXED, Week, varied
from cellwarden.simulate.week import LIVELY, PRIVILEGED, events, site
from cellwarden.simulate.week_people import Act, hour, people, staff_emitter

START_NS = 1_767_571_200 * S_NS
"""Midnight."""


def acts(days: float, seed: int = 1, week: Week = Week()) -> list[Act]:  # noqa: B008
    """What everybody does in some days, without levels."""
    found: list[Act] = []
    for one in people(week, site(), 0.0, np.random.default_rng(seed)):
        found += takewhile(lambda act: act.start_s < 86_400 * days, one)
    return sorted(found, key=lambda act: act.start_s)


def test_the_same_seed_is_the_same_world_and_another_is_another() -> None:
    one, again, other = (list(islice(events(seed, START_NS), 40)) for seed in (3, 3, 4))
    assert one == again and one != other


def test_sightings_come_in_order_and_belong_to_their_truth() -> None:
    told = list(islice(events(5, START_NS + 12 * 3600 * S_NS, LIVELY), 1500))
    starts = [sighting.start_ns for sighting, _truth in told]
    assert starts == sorted(starts)
    names = set(room_names(site()))
    of_name: dict[str, set[int]] = {}
    for sighting, truth in told:
        assert truth.first_ns <= sighting.start_ns < sighting.end_ns <= truth.last_ns
        assert sighting.end_ns - sighting.start_ns <= S_NS
        assert {room for room, _p in sighting.odds} <= names
        assert sum(p for _room, p in sighting.odds) == pytest.approx(1.0, abs=0.01)
        assert sighting.sensors
        of_name.setdefault(sighting.phone, set()).add(truth.act)
    assert all(len(each) == 1 for each in of_name.values())  # two phones never share a name


def test_a_lively_world_has_a_call_in_about_a_minute() -> None:
    calls = [act for act in acts(0.25, week=LIVELY) if act.who == "contraband" and act.kind == "call"]
    # nine phones, 200 calls a day each: 1.25 a minute, less what busy and hidden phones cannot
    assert 0.5 <= len(calls) / (6 * 60) <= 1.25


def test_phones_do_one_thing_at_a_time_and_register_when_they_were_silent() -> None:
    mine: dict[str, list[Act]] = {}
    for act in acts(4):
        if act.who == "contraband":
            mine.setdefault(act.name, []).append(act)
    assert len(mine) == 9
    for each in mine.values():
        gaps = [b.start_s - a.start_s - a.seconds for a, b in pairwise(each)]
        assert min(gaps) >= 0
        on = [gap for gap, after in zip(gaps, each[1:], strict=True) if after.kind != "registration"]
        assert max(on) <= 54 * 60 + 1  # T3412: no longer silence while it is on
        silences = [
            gap for gap, after in zip(gaps, each[1:], strict=True) if after.kind == "registration" and gap < 54 * 60 - 1
        ]
        assert len(silences) < len(each)


def test_at_least_seven_calls_in_ten_are_lte() -> None:
    share = Counter(
        act.interface for act in acts(28) if act.who == "contraband" and act.kind == "call"
    )  # a thousand or so
    assert share["lte"] / share.total() >= 0.7


def test_everybody_keeps_to_their_place_and_hours() -> None:
    told = acts(7)
    kinds = {
        "contraband": {"cell"},
        "staff": {"office", "corridor"},
        "privileged": {"privileged"},
        "outside": {"outside"},
    }
    seen = set()
    for act in told:
        seen.add(act.who)
        if act.who in kinds:
            assert act.room is not None and act.room.kind in kinds[act.who]
        if act.who == "staff":
            assert 6 <= hour(act.start_s, 0.0) < 20
        if act.who == "staff" and act.room is not None and act.room.kind == "corridor":
            assert act.interface == "gsm" and act.emitter in {staff_emitter(n) for n in range(4)}
        if act.who == "noise":
            assert act.room is None
    assert seen >= {"contraband", "staff", "privileged", "outside", "station", "stranger"}


def test_people_start_in_the_middle_of_a_day_where_the_world_does() -> None:
    found = []
    for one in people(Week(), site(), 43_200.0, np.random.default_rng(2)):  # begun at noon
        found += takewhile(lambda act: act.start_s < 86_400, one)
    staff = [act for act in found if act.who == "staff"]
    assert staff and all(6 <= hour(act.start_s, 43_200.0) < 20 for act in staff)
    assert all(act.start_s >= 0 for act in found)


def test_noise_comes_as_often_as_its_tail_says() -> None:
    loud = Week(noise_per_s=1.1e-6)
    noise = [act for act in acts(14, week=loud) if act.who == "noise"]
    expected = 1.1e-6 * 30 * len(site().sensors) * 14 * 86_400  # a second, in each 10 of 300 MHz, at each sensor
    assert len(noise) == pytest.approx(expected, abs=4 * expected**0.5)


def test_the_site_has_a_room_of_privileged_talk_and_both_sides_of_a_wall() -> None:
    kinds = {room.name: room.kind for room in site().rooms}
    assert kinds[PRIVILEGED] == "privileged" and OUTSIDE in kinds.values()
    assert sum(kind == "cell" for kind in kinds.values()) == 60


def test_a_varied_week_stays_within_half_of_each_parameter_and_keeps_what_was_asked() -> None:
    plain, moved = Week(), varied(Week(), np.random.default_rng(1))
    for field in fields(Week):
        before, after = getattr(plain, field.name), getattr(moved, field.name)
        assert 0.5 <= after / before <= 1.5
        assert (after == before) == (field.name in FIXED)
