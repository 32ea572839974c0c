"""From sightings to alerts in one go, on the simulated prison."""

from itertools import count

import pytest
from benchmarks.week import played
from tests.watch.sightings import S_NS, START_NS, many, one

from cellwarden.locate.whereabouts import OUTSIDE, room_names
from cellwarden.simulate.parameters import Week
from cellwarden.simulate.week import LIVELY, PRIVILEGED, events, site
from cellwarden.simulate.week_rules import rules_of
from cellwarden.watch import chain as watched
from cellwarden.watch.chain import Chain
from cellwarden.watch.rules_file import Rules


def fresh() -> Chain:
    return watched.fresh(site(), Rules())


@pytest.mark.parametrize(("room", "alerts"), [("A-101", 1), (PRIVILEGED, 0), (OUTSIDE, 0)])
def test_what_must_not_be_kept_never_reaches_a_presence(room: str, alerts: int) -> None:
    chain, numbers, made = fresh(), count(1), 0
    odds = ((room, 1 - 1e-6), ("A-101" if room != "A-101" else OUTSIDE, 1e-6))
    for sighting in many(0, 30, odds=odds):
        step = watched.heard(chain, sighting, lambda: f"A-{next(numbers)}", sighting.end_ns)
        made += len(step.alerts)
    assert made == alerts and len(chain.tracks.tracks) == alerts


def test_a_doubtful_place_delays_an_alert_by_less_than_a_minute() -> None:
    chain = fresh()
    doubtful = one(0, odds=(("A-101", 0.95), (PRIVILEGED, 0.05), (OUTSIDE, 1e-6)))
    assert watched.heard(chain, doubtful, lambda: "A-1", doubtful.end_ns).alerts == ()
    told_s = next(
        s for s in range(61) if watched.passed_time(chain, lambda: "A-1", START_NS + s * S_NS).alerts
    )  # fmt: skip
    assert 50 <= told_s < 60


def test_a_call_is_told_as_soon_as_its_first_second_was_heard() -> None:
    chain, first = fresh(), next(many(0, 1, room="A-001", odds=(("A-101", 0.999), (OUTSIDE, 1e-6))))
    (alert,) = watched.heard(chain, first, lambda: "A-1", first.end_ns).alerts
    assert alert.told_ns - first.start_ns == S_NS


@pytest.mark.long
def test_two_hours_of_a_lively_prison_are_told_and_nothing_else() -> None:
    noon_ns = START_NS + 12 * 3600 * S_NS
    acts, told, alerts = played(events(11, noon_ns, LIVELY), rules_of(Week()), noon_ns + 7200 * S_NS, noon_ns)
    calls = [act for act in acts.values() if act.who == "contraband" and act.kind == "call"]
    assert len(calls) > 60
    found = [call for call in calls if told.get(call.act, {}).get("by") is not None]
    assert len(found) / len(calls) >= 0.95  # 98 % is what the lane measures; three deviations of so few
    wrong = [truth.who for _alert, truth in alerts if truth.who != "contraband"]
    assert len(wrong) <= 2
    assert {room for alert, _truth in alerts for room, _p in alert.odds} <= set(room_names(site()))
