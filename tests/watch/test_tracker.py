"""Presences outlast silence, follow a phone, and never make one phone of two."""

import numpy as np
import pytest
from tests.watch.sightings import ROOMS, S_NS, SIGNALLING, START_NS, many, one, sure

from cellwarden.model import Presence, Sighting
from cellwarden.watch.tracker import FORGET_NS, MOST_ACTIVITIES, MOST_NAMES, News, Tracks, fresh, presences, quiet, seen


def follow(*sightings: Sighting) -> tuple[Tracks, list[News]]:
    state, told = fresh(ROOMS), []
    for sighting in sorted(sightings, key=lambda one: one.start_ns):
        told += quiet(state, sighting.start_ns)[1]
        told += seen(state, sighting)[1]
    return state, told


def kinds(told: list[News]) -> list[str]:
    return [news.activity.kind for news in told if news.over and news.activity is not None]


def rooms(found: tuple[Presence, ...]) -> list[str]:
    return [presence.odds[0][0] for presence in found]


@pytest.mark.parametrize("interface", ["gsm", "lte"])
def test_what_is_short_is_a_registration_and_what_lasts_is_a_call(interface: str) -> None:
    faint = {"interface": interface, "labels": SIGNALLING[interface]}
    state, told = follow(*many(0, 2, **faint), *many(600, 6, **faint), *many(1200, 40, **faint))
    told += quiet(state, START_NS + 1300 * S_NS)[1]
    assert kinds(told) == ["registration", "text", "call"]


def test_speech_is_known_by_its_density_before_it_has_lasted() -> None:
    _state, told = follow(*many(0, 2))  # 200 bursts a second: a control channel sends at most 25
    assert told[-1].activity is not None and told[-1].activity.kind == "call"
    _state, told = follow(*many(0, 4, interface="lte"))
    assert told[-1].activity is not None and told[-1].activity.kind == "call"


def test_a_call_that_grows_out_of_signalling_is_told_as_it_grows() -> None:
    _state, told = follow(*many(0, 6, labels=SIGNALLING["gsm"]), *many(6, 3))
    names = [news.activity.kind for news in told if news.what in ("began", "activity") and news.activity is not None]
    assert names == ["registration", "text", "call"]


def test_two_calls_a_minute_apart_are_two_activities_of_one_presence() -> None:
    state, _told = follow(*many(0, 30), *many(90, 30))
    (presence,) = presences(state)
    assert [one.kind for one in presence.activities] == ["call", "call"]
    assert presence.activities[0].end_ns == START_NS + 30 * S_NS


def test_a_presence_outlasts_the_silence_between_registrations() -> None:
    hours = [one(3240.0 * n, labels=SIGNALLING["gsm"]) for n in range(6)]  # each 54 minutes, T3412's default
    state, told = follow(*hours)
    assert [news.what for news in told].count("began") == 1
    (presence,) = presences(state)
    assert presence.start_ns == START_NS and presence.end_ns == hours[-1].end_ns


def test_a_presence_ends_when_silence_lasts_too_long() -> None:
    state, _told = follow(*many(0, 5))
    _state, told = quiet(state, START_NS + 5 * S_NS + FORGET_NS + 1)
    assert [news.what for news in told] == ["activity", "gone"]
    assert presences(state) == ()
    _state, told = seen(state, one(FORGET_NS / S_NS + 10))
    assert told[0].what == "began"


def test_two_phones_in_one_cell_are_two() -> None:
    state, _told = follow(*many(0, 20, "P-1"), *many(0.4, 20, "P-2"))
    assert rooms(presences(state)) == ["A-001", "A-001"]
    state, _told = follow(*many(0, 20, "P-1"), *many(60, 20, "P-2"), *many(79.5, 20, "P-1"))  # it took them for one
    assert len(presences(state)) == 2


@pytest.mark.parametrize("interface", ["gsm", "lte"])
def test_a_phone_under_a_new_name_in_the_same_place_is_the_same_presence(interface: str) -> None:
    hours = [second for n in range(5) for second in many(3240.0 * n, 3, f"P-{n}", interface=interface)]
    state, told = follow(*hours)
    (presence,) = presences(state)
    assert [news.what for news in told].count("began") == 1 and presence.phone == "P-0"
    assert len(presence.activities) == 5


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ({}, 1),
        ({"frequency_hz": 1735e6}, 1),  # another block of the same carrier of 20 MHz
        ({"frequency_hz": 1722e6}, 2),  # another carrier: among so few rooms a place is no proof against it
        ({"offset_hz": 60.0}, 1),  # nearer than it wanders
        ({"offset_hz": -90.0}, 2),  # 140 Hz away: five deviations of wander and errors, 26 and 5 Hz
        ({"interface": "gsm"}, 2),
        ({"room": "A-015"}, 2),
        ({"emitter": "E-0042", "log_ratio": 9.0}, 2),  # the gallery knows the one and not the other
    ],
)
def test_what_is_measured_tells_two_phones_apart(other: dict[str, object], count: int) -> None:
    lte = {"interface": "lte", "offset_hz": 50.0, "offset_error_hz": 5.0}
    state, _told = follow(*many(0, 10, "P-1", **lte), *many(600, 10, "P-2", **{**lte, **other}))
    assert len(presences(state)) == count


def test_a_name_that_follows_at_once_is_another_phone() -> None:
    state, _told = follow(*many(0, 10, "P-1"), *many(12, 10, "P-2"))  # a call may be silent for 5 s and go on
    assert len(presences(state)) == 2


def test_a_guest_that_turns_out_to_be_elsewhere_is_shown_out_and_the_host_stays() -> None:
    doubtful = (("A-001", 0.5), ("A-015", 0.499), ("outside", 1e-6))
    later = [one(600, "P-2", odds=doubtful), *many(601, 20, "P-2", room="A-015")]
    state, told = follow(*many(0, 20, "P-1"), *later)
    assert sorted(rooms(presences(state))) == ["A-001", "A-015"]
    home, away = presences(state)
    assert home.end_ns == START_NS + 20 * S_NS and [one.phone for one in home.activities] == ["P-1"]
    assert away.start_ns == START_NS + 600 * S_NS and [one.phone for one in away.activities] == ["P-2"]
    assert "moved" not in [news.what for news in told]


def test_a_place_follows_the_last_transmissions() -> None:
    here, next_door = (("A-001", 0.7), ("A-002", 0.29)), (("A-002", 0.7), ("A-001", 0.29))
    calls = [second for n in range(12) for second in many(600.0 * n, 5, f"P-{n}", odds=here if n < 6 else next_door)]
    state, _told = follow(*calls)
    assert rooms(presences(state)) == ["A-002"]  # by a mean of all, six each, nobody could say


def test_a_phone_known_by_its_signature_stays_one_under_a_new_name() -> None:
    known = {"emitter": "E-0042", "log_ratio": 9.0}
    state, told = follow(*many(0, 20, "P-1", **known), *many(1800, 20, "P-2", **known))
    (presence,) = presences(state)
    assert presence.emitter == "E-0042" and presence.phone == "P-1"
    assert [news.what for news in told].count("began") == 1


def test_a_signature_alone_merges_neither_what_places_nor_what_time_contradicts() -> None:
    known = {"emitter": "E-0042", "log_ratio": 30.0}
    state, _told = follow(*many(0, 20, "P-1", "A-001", **known), *many(1800, 20, "P-2", "A-020", **known))
    assert sorted(rooms(presences(state))) == ["A-001", "A-020"]
    state, _told = follow(*many(0, 20, "P-1", **known), *many(10.5, 20, "P-2", **known))
    assert len(presences(state)) == 2


def test_a_signature_that_speaks_against_a_phone_merges_nothing() -> None:
    against = {"emitter": "E-0042", "log_ratio": -1.0}
    state, _told = follow(*many(0, 20, "P-1", **against), *many(1800, 20, "P-2", **against))
    assert len(presences(state)) == 2


def test_names_that_turn_out_to_be_two_phones_are_parted_again() -> None:
    known = {"emitter": "E-0042", "log_ratio": 9.0}
    state, _told = follow(*many(0, 10, "P-1", **known), *many(60, 10, "P-2", **known), *many(69.5, 10, "P-1", **known))
    assert len(presences(state)) == 2


def test_a_phone_moves_when_several_sightings_say_so_and_not_at_one_doubtful_fix() -> None:
    doubtful = one(20, room="A-015")
    state, told = follow(*many(0, 20), doubtful, *many(21, 20))
    assert rooms(presences(state)) == ["A-001"] and "moved" not in [news.what for news in told]
    state, told = follow(*many(0, 20), *many(120, 20, room="A-015"))
    moved = [news for news in told if news.what == "moved"]
    assert len(moved) == 1 and rooms(presences(state)) == ["A-015"]
    gone = [news.presence for news in told if news.what == "gone"]
    assert rooms(tuple(gone)) == ["A-001"] and gone[0].end_ns <= START_NS + 121 * S_NS
    assert presences(state)[0].start_ns >= START_NS + 120 * S_NS


def test_fixes_that_waver_between_neighbours_are_no_movement() -> None:
    rng = np.random.default_rng(3)
    unsure = []
    for n in range(60):
        first = rng.uniform(0.3, 0.6)
        unsure.append(one(n, odds=(("A-001", first), ("A-002", 0.98 - first), ("A-003", 0.02))))
    _state, told = follow(*unsure)
    assert "moved" not in [news.what for news in told]


def test_places_of_many_sightings_are_no_surer_than_each_of_them() -> None:
    odds = (("A-001", 0.5), ("A-002", 0.4), ("A-003", 0.1))
    state, _told = follow(*(one(n, odds=odds) for n in range(300)))
    told = dict(presences(state)[0].odds)
    # the errors of fixes of one place are the same each time: three hundred of them are worth one
    assert told["A-001"] == pytest.approx(0.5, abs=0.01) and told["A-002"] == pytest.approx(0.4, abs=0.01)


def test_a_base_stations_bursts_and_other_standards_are_nobodys_presence() -> None:
    state, told = follow(one(0, labels={"gsm:downlink": 200}), one(5, interface="wifi"))
    assert told == [] and presences(state) == ()


def test_a_call_that_falls_back_to_another_standard_is_two_activities() -> None:
    state, _told = follow(*many(0, 5, interface="lte"), *many(5, 10, interface="gsm"))
    assert [one.interface for one in presences(state)[0].activities] == ["lte", "gsm"]
    assert [one.band for one in presences(state)[0].activities] == ["LTE 3", "GSM 900"]


def test_what_is_kept_does_not_grow_with_time() -> None:
    state = fresh(ROOMS)
    for day in range(40):
        for n in range(24):
            at_s = 86_400.0 * day + 3600.0 * n
            quiet(state, START_NS + round(at_s * S_NS))
            for name in (f"P-{day}-{n}", "P-always"):
                seen(state, one(at_s, name, emitter="E-1" if name == "P-always" else "", log_ratio=0.0))
    assert len(state.tracks) <= 5 and len(state.by_name) <= 2 * MOST_NAMES
    (always,) = [one for one in presences(state) if one.phone == "P-always"]
    assert len(always.activities) <= MOST_ACTIVITIES + 1


def test_a_room_that_the_site_lacks_is_told() -> None:
    with pytest.raises(ValueError, match="B-999"):
        seen(fresh(ROOMS), one(0, odds=(("B-999", 1.0),)))


def test_odds_always_tell_what_lies_outside() -> None:
    state, _told = follow(one(0, odds=sure("A-004", 0.999)))
    assert dict(presences(state)[0].odds)["outside"] < 1e-4
