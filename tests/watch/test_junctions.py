"""What passed a harmonic radar becomes an alert by the watch's rules, and its second check ends it."""

from dataclasses import replace

import pytest

from cellwarden.model import Decision, JunctionReading, Passage
from cellwarden.watch import cases, junctions, rules
from cellwarden.watch.rules_file import Rules, Zone

NOON_NS = 1_795_694_400 * 10**9
HOUR_NS = 3600 * 10**9
PHONE = JunctionReading("semiconductor", 0.97, "P-1", 2.0, 0.1, instrument="wand", room="A-101")


def passed(*readings: JunctionReading, outcome: str = "") -> Passage:
    return Passage(17, NOON_NS, "P-1", readings or (PHONE,), True, True, "officer", outcome=outcome)


def test_an_alert_has_its_place_its_passage_and_no_more_severity_than_a_watch_deserves() -> None:
    alert = junctions.alerted(Rules(), passed(), "A-1", NOON_NS + 1)
    assert alert is not None
    assert (alert.odds, alert.phone, alert.severity, alert.probability) == (
        (("A-101", 1.0),),
        "L-000017",
        "medium",
        0.97,
    )
    assert (alert.activity.kind, alert.activity.interface) == ("junction", "wand")
    assert alert.details["passage"] == 17 and alert.details["person"] == "P-1"


@pytest.mark.parametrize(
    ("wanted", "passage", "told"),
    [
        (Rules(kinds=("call",)), passed(), False),
        (Rules(probability=0.98), passed(), False),
        (Rules(), passed(replace(PHONE, kind="metal"), replace(PHONE, kind="nothing")), False),
        (Rules(), passed(replace(PHONE, kind="metal"), PHONE), True),
        (Rules(), passed(outcome="other"), False),  # checked before the watch looked
        (Rules(), passed(outcome="phone"), True),
        (Rules(zones=(Zone("offices", ("A-101",), phones="allowed"),)), passed(), False),
        (Rules(zones=(Zone("offices", ("A-101",), phones="staff"),)), passed(), True),
    ],
)
def test_rules_say_which_passage_is_told(wanted: Rules, passage: Passage, told: bool) -> None:
    assert (junctions.alerted(wanted, passage, "A-1", NOON_NS) is not None) is told


def test_an_instrument_whose_place_nobody_said_gives_an_alert_without_one() -> None:
    alert = junctions.alerted(Rules(), passed(replace(PHONE, room="", probability=0.6)), "A-1", NOON_NS)
    assert alert is not None and alert.odds == () and alert.severity == "low"


def test_in_quiet_hours_it_does_not_sound() -> None:
    alert = junctions.alerted(Rules(quiet=((0, 1439),)), passed(), "A-1", NOON_NS)
    assert alert is not None and alert.details["silent"] == 1


def test_watches_at_the_gate_raise_no_threshold_of_what_is_heard() -> None:
    alert = junctions.alerted(Rules(), passed(), "A-1", NOON_NS)
    assert alert is not None
    false = [(replace(alert, name=f"A-{n}"), Decision(f"A-{n}", "false", "o", NOON_NS, "a watch")) for n in range(50)]
    assert rules.control(Rules(), false, NOON_NS + HOUR_NS).raised_nats == 0
    found = [(one, replace(made, state="found")) for one, made in false[:25]]
    assert rules.calibration([*false, *found]) is None
    told = cases.Told()
    cases.resumed(told, false, NOON_NS)
    assert told.cases == {}
