"""What each rule did, counted."""

from dataclasses import replace

from sqlalchemy import Engine
from tests.store.values import SECOND, T0, alert, presence

from cellwarden.model import Decision
from cellwarden.store.engine import reading
from cellwarden.watch import queries, told
from cellwarden.watch.deliveries import keep_deliveries
from cellwarden.watch.notify.queue import begun
from cellwarden.watch.rules_file import Rules, Staff, Zone

RULES = Rules(zones=(Zone("cells", ("A-001",)), Zone("yard", ("Yard",))), staff=(Staff("E-1", ("yard",), ((0, 60),)),))


def test_alerts_are_counted_by_kind_and_by_how_they_ended() -> None:
    first, second, third = (alert(f"A-2026-00000{n}") for n in (1, 2, 3))
    text = replace(third, activity=replace(third.activity, kind="text"), details={"silent": True})
    made = Decision(first.name, "not found", "Zoé", T0, "")
    several = [(first, made), (second, None), (text, replace(made, state="found"))]
    did = told.by_kind(RULES, several)
    assert did["call"] == told.Did(told=2, not_found=1, open=1)
    assert did["text"] == told.Did(told=1, found=1)
    assert did["registration"] == told.Did()
    assert told.silent(several) == 1


def test_presences_count_to_the_zone_of_their_likeliest_room_and_to_their_phone() -> None:
    there = presence()  # in A-001, from T0 on
    staff = replace(presence("P-2"), emitter="E-1", odds=(("Yard", 0.6), ("A-001", 0.4)))
    one = replace(alert("A-2026-000001"), phone=there.phone, since_ns=there.start_ns)
    assert told.by_zone(RULES, [there, staff], [one]) == {"cells": told.Held(1, 1), "yard": told.Held(1, 0)}
    assert told.by_staff(RULES, [there, staff], [one]) == {"E-1": told.Held(1, 0)}


def test_an_alert_that_escalated_twice_is_one_that_nobody_took(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_alert(c, alert("A-2026-000001"))
        for step in (0, 1, 2):
            keep_deliveries(c, begun("A-2026-000001", ["http://one", "http://two"], T0, step))
    with reading(engine) as c:
        assert told.escalated(c, T0) == 1
        assert told.escalated(c, T0 + SECOND) == 0
