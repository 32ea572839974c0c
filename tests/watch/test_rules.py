"""What is told, what is not, and that neither a signature nor a budget hides a call."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

import pytest
from tests.watch.sightings import MINUTE_NS, ROOMS, S_NS, SIGNALLING, START_NS, many, one, sure

from cellwarden.model import Alert, Decision, Sighting, State
from cellwarden.watch.cases import Told, alerted, continued, decided, resumed
from cellwarden.watch.rules import (
    MOST_RAISED,
    WEEK_NS,
    Control,
    calibration,
    control,
    control_words,
    escalations,
    sounds_ns,
    within,
)
from cellwarden.watch.rules_file import Rules, Staff, Zone
from cellwarden.watch.tracker import fresh, quiet, seen

DAY = ((6 * 60, 20 * 60),)
NOON_S, NIGHT_S = 12 * 3600.0, 23 * 3600.0
PLAIN = Rules()
HOUSE = Rules(
    zones=(Zone("offices", ("Office",), DAY, "allowed"), Zone("corridors", ("Corridor",), DAY)),
    staff=(Staff("E-0001", ("corridors",), DAY),),
)
KNOWN = {"emitter": "E-0001", "log_ratio": math.log(1000) + 0.1}


def told_of(
    rules: Rules, sightings: Iterable[Sighting], raised: Control = Control(), told: Told | None = None,  # noqa: B008
    decisions: Iterable[Decision] = (), numbers: Iterator[int] | None = None,
) -> list[Alert]:  # fmt: skip
    """All alerts, in the order of time, each as it stands at last."""
    tracks, told, numbers = fresh(ROOMS), told or Told(len(ROOMS)), numbers or count(1)
    waiting = sorted(decisions, key=lambda one: one.when_ns)
    found: dict[str, Alert] = {}
    for sighting in sorted(sightings, key=lambda one: one.start_ns):
        while waiting and waiting[0].when_ns <= sighting.start_ns:
            decided(told, waiting.pop(0))
        news = quiet(tracks, sighting.start_ns)[1] + seen(tracks, sighting)[1]
        for one_news in news:
            graver = continued(rules, told, one_news)
            made = alerted(rules, told, one_news, lambda: f"A-{next(numbers)}", sighting.end_ns, raised)
            found.update({alert.name: alert for alert in (graver, made) if alert is not None})
    return list(found.values())


def test_a_call_in_a_cell_is_told_with_place_evidence_and_what_it_is() -> None:
    (alert,) = told_of(PLAIN, many(NOON_S, 30, evidence=("hash",)))
    assert alert.odds[0][0] == "A-001" and alert.activity.kind == "call"
    assert alert.severity == "high" and alert.probability == pytest.approx(0.999, abs=0.001)
    assert alert.sensors == ("S1", "S2") and alert.evidence[0] == "hash"
    assert alert.since_ns == START_NS + round(NOON_S) * S_NS


def test_a_presence_is_told_once_however_long_it_speaks() -> None:
    assert len(told_of(PLAIN, [*many(0, 60), *many(1800, 60), *many(3600, 60)])) == 1


def test_two_phones_in_one_cell_are_told_twice() -> None:
    assert len(told_of(PLAIN, [*many(0, 30, "P-1"), *many(0.5, 30, "P-2")])) == 2


@pytest.mark.parametrize(
    ("labels", "confidence", "alerts"),
    [
        ({"gsm:normal": 1}, 0.95, 0),  # what noise gives: one burst, not quite sure
        ({"gsm:normal": 4}, 0.98, 0),
        ({"gsm:normal": 5}, 0.98, 1),  # several, sure in the mean
        ({"gsm:access": 1}, 0.9995, 1),  # one that proves itself
        ({"gsm:normal": 500}, 0.8, 0),  # a strange transmitter is as wrong five hundred times as once
        ({"gsm:downlink": 500}, 1.0, 0),  # a base station
    ],
)
def test_an_alert_needs_evidence_that_noise_cannot_give(labels: dict[str, int], confidence: float, alerts: int) -> None:
    assert len(told_of(PLAIN, [one(0, labels=labels, confidence=confidence)])) == alerts


def test_bursts_of_noise_do_not_add_up_over_hours_to_an_alert() -> None:
    scattered = [one(60.0 * n, labels={"gsm:normal": 1}, confidence=0.95) for n in range(120)]
    assert told_of(PLAIN, scattered) == []


def test_a_phone_that_may_be_beyond_the_wall_is_not_told() -> None:
    assert told_of(PLAIN, many(0, 30, odds=(("A-001", 0.998), ("outside", 0.002)))) == []
    assert told_of(PLAIN, many(0, 30, odds=(("A-001", 0.99995), ("outside", 0.00005)))) != []


@pytest.mark.parametrize(
    ("at_s", "room", "more", "alerts"),
    [
        (NOON_S, "Corridor", KNOWN, 0),
        (NOON_S, "Corridor", {}, 1),  # zone and hours without the signature
        (NOON_S, "A-001", KNOWN, 1),  # signature and hours without the zone
        (NIGHT_S, "Corridor", KNOWN, 1),  # signature and zone without the hours
        (NOON_S, "Corridor", {**KNOWN, "log_ratio": math.log(1000) - 0.1}, 1),  # a ratio below 1,000
        (NOON_S, "Corridor", {**KNOWN, "emitter": "E-0002"}, 1),  # another phone's
        (NOON_S, "Office", {}, 0),  # where any phone may be by day
        (NIGHT_S, "Office", {}, 1),
    ],
)
def test_a_signature_silences_only_with_zone_and_hours_and_a_ratio_of_a_thousand(
    at_s: float, room: str, more: dict[str, object], alerts: int
) -> None:
    assert len(told_of(HOUSE, many(at_s, 20, room=room, **more))) == alerts


def test_a_phone_of_staff_is_told_from_when_it_is_heard_in_a_cell() -> None:
    alerts = told_of(
        HOUSE, [*many(NOON_S, 20, room="Corridor", **KNOWN), *many(NOON_S + 60, 20, room="A-010", **KNOWN)]
    )
    assert [alert.odds[0][0] for alert in alerts] == ["A-010"]


DOUBTED = {**KNOWN, "log_ratio": math.log(1000) - 2, "labels": SIGNALLING["gsm"]}
HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("later", "alerts"),
    [
        (many(NOON_S + HOUR_S, 2, room="Corridor", **{**KNOWN, "labels": SIGNALLING["gsm"]}), 0),  # it was staff's
        (many(NOON_S + HOUR_S, 2, room="Corridor", **DOUBTED), 1),  # doubtful again
        (many(NOON_S + 1, 20, room="Corridor", **DOUBTED), 1),  # a call after all
        (
            many(NOON_S + HOUR_S, 2, "P-2", room="A-010", **{**DOUBTED, "emitter": ""}),
            2,
        ),  # another's: this one said no more
    ],
)
def test_a_lone_registration_that_is_likely_of_staff_waits_for_the_next_sign_of_life(
    later: Iterable[Sighting], alerts: int
) -> None:
    first = list(many(NOON_S, 2, room="Corridor", **DOUBTED))
    assert told_of(HOUSE, first) == []
    much_later = list(many(NOON_S + 5 * HOUR_S, 2, "P-9", room="Office"))  # when all presences are gone
    assert len(told_of(HOUSE, [*first, *much_later])) == 1
    assert len(told_of(HOUSE, [*first, *later, *much_later])) == alerts


@pytest.mark.parametrize(
    ("later", "alerts"),
    [
        (many(NOON_S + 1, 20, room="Corridor", **KNOWN), 0),  # the call's signature is known by now, and is staff's
        (many(NOON_S + 1, 20, room="Corridor"), 1),  # it is not known, and it is a call
        (many(NOON_S + 1, 20, room="Corridor", emitter="E-0002", log_ratio=9.0), 1),  # another's
        ([], 1),  # nothing more came
    ],
)
def test_the_first_bursts_where_staff_may_be_wait_for_a_signature(later: Iterable[Sighting], alerts: int) -> None:
    first = list(many(NOON_S, 1, room="Corridor", labels=SIGNALLING["gsm"]))
    assert told_of(HOUSE, first) == []
    much_later = list(many(NOON_S + 5 * HOUR_S, 2, "P-9", room="Office"))
    assert len(told_of(HOUSE, [*first, *later, *much_later])) == alerts
    elsewhere = list(many(NOON_S, 1, room="A-010", labels=SIGNALLING["gsm"]))
    assert len(told_of(HOUSE, elsewhere)) == 1


def test_a_zones_weight_moves_what_is_doubtful_and_not_what_is_clear() -> None:
    heavy = replace(HOUSE, zones=(replace(HOUSE.zones[0], weight=20.0), HOUSE.zones[1]))
    doubtful = (("A-001", 0.94), ("Office", 0.06))  # 20 · 0.06 against 0.94: more likely the office
    assert len(told_of(HOUSE, many(NOON_S, 10, odds=doubtful))) == 1
    assert told_of(heavy, many(NOON_S, 10, odds=doubtful)) == []
    assert len(told_of(heavy, many(NOON_S, 10, room="A-010"))) == 1
    heavy = replace(HOUSE, zones=(HOUSE.zones[0], replace(HOUSE.zones[1], weight=10.0)))
    doubtful = (("A-001", 0.995), ("Corridor", 0.005))
    assert len(told_of(HOUSE, many(NOON_S, 10, odds=doubtful, **KNOWN))) == 1
    assert told_of(heavy, many(NOON_S, 10, odds=doubtful, **KNOWN)) == []


SHORT = {"labels": SIGNALLING["gsm"]}


def test_what_a_phone_does_later_is_counted_to_its_open_alert_and_makes_it_graver() -> None:
    (alert,) = told_of(PLAIN, [*many(0, 2, "P-1", **SHORT), *many(1800, 2, "P-2", **SHORT)])
    assert alert.severity == "low" and alert.details["again"] == 1
    (alert,) = told_of(PLAIN, [*many(0, 2, "P-1", **SHORT), *many(1800, 30, "P-2")])
    assert alert.severity == "high" and alert.activity.kind == "call" and alert.details["again"] == 1
    four = [second for n in range(4) for second in many(1800.0 * n, 2, f"P-{n}", **SHORT)]
    (alert,) = told_of(PLAIN, four)  # the third sign of life since
    assert alert.severity == "medium" and alert.details["again"] == 3


def test_an_open_alert_outlasts_the_presence() -> None:
    day = [*many(0, 30, "P-1"), *many(9 * HOUR_S, 30, "P-2")]  # it was off in between
    (alert,) = told_of(PLAIN, day)
    assert alert.details["again"] == 1
    assert len(told_of(PLAIN, [*many(0, 30, "P-1"), *many(9 * 24 * HOUR_S, 30, "P-2")])) == 2  # silent for a week


def test_phones_that_differ_in_what_is_measured_are_told_twice() -> None:
    first = many(0, 30, "P-1", offset_hz=60.0, offset_error_hz=5.0)
    for other in (
        {"room": "A-007"}, {"interface": "lte"}, {"offset_hz": -60.0, "offset_error_hz": 5.0},  # 9 deviations of wander
    ):  # fmt: skip
        assert (
            len(
                told_of(
                    PLAIN, [*many(0, 30, "P-1", offset_hz=60.0, offset_error_hz=5.0), *many(600, 30, "P-2", **other)]
                )
            )
            == 2
        )
    assert len(told_of(PLAIN, [*first, *many(600, 30, "P-2", offset_hz=65.0, offset_error_hz=5.0)])) == 1


@pytest.mark.parametrize("state", ["found", "not found", "false"])
def test_a_sign_of_life_after_a_decision_is_a_new_alert_that_names_the_old_one(state: State) -> None:
    calls = [*many(0, 60, "P-1"), *many(1800, 30, "P-2"), *many(3600, 30, "P-3")]
    while_it_calls = Decision("A-1", state, "officer", START_NS + 30 * S_NS, "looked")
    first, second = told_of(PLAIN, calls, decisions=[while_it_calls])
    assert "before" not in first.details and "again" not in first.details  # what went on was no new sign
    assert second.details["before"] == "A-1" and second.details["again"] == 1
    open_ = Decision("A-1", "search ordered", "officer", START_NS + 30 * S_NS, "seen")
    assert len(told_of(PLAIN, calls, decisions=[open_])) == 1


def test_a_phone_that_comes_back_long_after_a_decision_is_told_with_the_old_alert() -> None:
    calls = [*many(0, 30, "P-1"), *many(12 * HOUR_S, 30, "P-2")]
    found = Decision("A-1", "found", "officer", START_NS + round(HOUR_S) * S_NS, "under the mattress")
    assert [alert.details.get("before") for alert in told_of(PLAIN, calls, decisions=[found])] == [None, "A-1"]


def test_a_restart_forgets_no_open_alert() -> None:
    before = told_of(PLAIN, many(0, 30, "P-1"))
    told = Told(len(ROOMS))
    resumed(told, [(before[0], None)], START_NS + 600 * S_NS)
    (same,) = told_of(PLAIN, many(900, 30, "P-7"), told=told, numbers=count(2))
    assert same.name == "A-1" and same.details["again"] == 1
    ended = Told(len(ROOMS))
    resumed(ended, [decided_on(before[0], "found")], START_NS + 600 * S_NS)
    (new,) = told_of(PLAIN, many(900, 30, "P-7"), told=ended, numbers=count(2))
    assert new.name == "A-2" and new.details["before"] == "A-1"


def test_a_phone_with_a_signature_of_staff_hides_nobody_beside_it() -> None:
    near = (("Corridor", 0.5), ("A-001", 0.49), ("outside", 1e-6))
    staff = many(NOON_S, 10, "P-1", odds=near, **KNOWN)
    assert told_of(HOUSE, staff) == []
    assert (
        len(told_of(HOUSE, [*many(NOON_S, 10, "P-1", odds=near, **KNOWN), *many(NOON_S + 60, 10, "P-2", odds=near)]))
        == 1
    )


def test_kinds_that_are_not_asked_for_are_not_told() -> None:
    calls = replace(PLAIN, kinds=("call",))
    assert told_of(calls, many(0, 3, labels=SIGNALLING["gsm"])) == []
    assert len(told_of(calls, many(0, 30))) == 1


def test_severity_comes_from_the_evidence_and_grows_with_it() -> None:
    (short,) = told_of(PLAIN, many(0, 2, labels=SIGNALLING["gsm"]))
    (text,) = told_of(PLAIN, many(0, 8, labels=SIGNALLING["gsm"]))
    (call,) = told_of(PLAIN, many(0, 30))
    (nowhere,) = told_of(PLAIN, many(0, 30, odds=tuple((room, 0.2) for room in ROOMS[:5])))
    assert [one.severity for one in (short, text, call, nowhere)] == ["low", "medium", "high", "medium"]


def decided_on(alert: Alert, state: State) -> tuple[Alert, Decision]:
    return alert, Decision(alert.name, state, "officer", alert.told_ns + MINUTE_NS, "looked")


def many_decided(states: Iterable[State], believed: float = 0.95) -> list[tuple[Alert, Decision]]:
    (alert,) = told_of(PLAIN, many(0, 30))
    return [
        decided_on(replace(alert, name=f"A-{n}", details={**alert.details, "believed": believed}), state)
        for n, state in enumerate(states)
    ]


def test_too_many_false_alerts_raise_what_is_asked_by_the_logarithm_of_their_excess_and_say_so() -> None:
    within_budget = control(PLAIN, many_decided(["false", "false", "found"]), START_NS + WEEK_NS)
    assert within_budget.raised_nats == 0 and control_words(within_budget) == ""
    raised = control(PLAIN, many_decided(["false"] * 6 + ["found"]), START_NS + WEEK_NS)
    assert raised.raised_nats == pytest.approx(math.log(6 / 2))  # 6 false ones, 2 allowed
    assert "6 false alerts in seven days, 2.0 are allowed" in control_words(raised)
    assert "3.0 times the evidence" in control_words(raised)
    assert control(PLAIN, many_decided(["false"] * 500), START_NS + WEEK_NS).raised_nats == MOST_RAISED
    assert control(PLAIN, many_decided(["false"] * 6), START_NS + 2 * WEEK_NS).raised_nats == 0  # a week later


def test_what_is_doubtful_is_told_no_more_when_the_budget_is_spent_but_calls_are() -> None:
    doubtful = [one(0, labels={"gsm:normal": 6}, confidence=0.95)]
    most = Control(MOST_RAISED, 20, 2.0)
    assert len(told_of(PLAIN, doubtful)) == 1 and told_of(PLAIN, doubtful, most) == []
    (call,) = told_of(PLAIN, many(0, 10), most)
    assert call.details["raised_nats"] == pytest.approx(MOST_RAISED)


def test_an_alert_that_nobody_acknowledges_escalates_step_by_step() -> None:
    (alert,) = told_of(PLAIN, many(NOON_S, 30))
    after = [escalations(PLAIN, [(alert, None)], alert.told_ns + minutes * MINUTE_NS) for minutes in (5, 10, 25, 500)]
    assert [[step for _alert, step in found] for found in after] == [[], [1], [2], [3]]
    assert escalations(PLAIN, [decided_on(alert, "acknowledged")], alert.told_ns + 500 * MINUTE_NS) == ()


def test_in_quiet_hours_less_severe_alerts_wait_without_sound_until_morning() -> None:
    quiet_rules = replace(PLAIN, quiet=((22 * 60, 6 * 60),))
    (short,) = told_of(quiet_rules, many(NIGHT_S, 2, labels=SIGNALLING["gsm"]))
    assert short.details["silent"] == 1
    assert sounds_ns(quiet_rules, short) - short.told_ns == 7 * 60 * MINUTE_NS  # from 23:00 to 06:00
    assert escalations(quiet_rules, [(short, None)], short.told_ns + 60 * MINUTE_NS) == ()
    assert len(escalations(quiet_rules, [(short, None)], short.told_ns + 8 * 60 * MINUTE_NS)) == 1
    (call,) = told_of(quiet_rules, many(NIGHT_S, 30))
    assert call.severity == "high" and "silent" not in call.details
    (noon,) = told_of(quiet_rules, many(NOON_S, 2, labels=SIGNALLING["gsm"]))
    assert "silent" not in noon.details


def test_outcomes_teach_what_a_probability_is_worth() -> None:
    outcomes = [
        *many_decided(["found"] * 8 + ["false"] * 12, 0.91), *many_decided(["found"] * 18 + ["false"] * 2, 0.999)
    ]  # fmt: skip
    fitted = calibration(outcomes)
    assert fitted is not None
    low, high = fitted.probability([math.log(0.91 / 0.09), math.log(999)])
    # with two groups a line through their log-odds meets both shares, but for Platt's softening
    assert low == pytest.approx(0.4, abs=0.06) and high == pytest.approx(0.9, abs=0.06)
    assert calibration(many_decided(["found"] * 5 + ["false"] * 5)) is None  # too few
    assert calibration(many_decided(["not found"] * 40)) is None  # a search in vain proves nothing


@pytest.mark.parametrize(
    ("hours", "minute", "inside"),
    [((), 5, True), (((360, 1200),), 360, True), (((360, 1200),), 1200, False), (((1320, 360),), 1380, True),
     (((1320, 360),), 100, True), (((1320, 360),), 700, False), (((0, 1440),), 1439, True)],
)  # fmt: skip
def test_hours_may_cross_midnight(hours: tuple[tuple[int, int], ...], minute: int, inside: bool) -> None:
    assert within(hours, minute) is inside


def test_hours_are_those_of_the_site() -> None:
    paris = replace(HOUSE, timezone="Europe/Paris")
    half_past_five_utc = 5 * 3600 + 1800.0  # 06:30 in Paris in winter
    assert told_of(paris, many(half_past_five_utc, 10, room="Office")) == []
    assert len(told_of(HOUSE, many(half_past_five_utc, 10, room="Office"))) == 1


def test_nothing_is_remembered_of_what_was_silent_for_a_week() -> None:
    tracks, told = fresh(ROOMS), Told(len(ROOMS))
    for day in range(40):
        at_s = 86_400.0 * day
        room = ROOMS[day % 20]  # each a phone of its own
        for news in quiet(tracks, START_NS + round(at_s) * S_NS)[1]:
            alerted(PLAIN, told, news, lambda: "A", START_NS + round(at_s) * S_NS)
        for sighting in many(at_s, 3, f"P-{day}", odds=sure(room)):
            for news in seen(tracks, sighting)[1]:
                alerted(PLAIN, told, news, lambda day=day: f"A-{day}", sighting.end_ns)  # type: ignore[misc]
    assert 7 <= len(told.cases) <= 9 and len(told.of_presence) <= 2
