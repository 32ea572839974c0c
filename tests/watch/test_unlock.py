"""Which rooms are searched at unlock, and in which order."""

from dataclasses import replace

from tests.store.values import SECOND, T0, alert

from cellwarden.model import Alert, Odds, Search, State
from cellwarden.watch.unlock import rooms_left, visits

ODDS: Odds = (("A-001", 0.6), ("outside", 0.2), ("A-002", 0.1), ("A-003", 0.06), ("A-004", 0.05), ("A-005", 0.04))


def told(name: str, late_s: int = 0, odds: Odds = ODDS, severity: str = "high") -> tuple[Alert, State]:
    return replace(alert(name, T0 + late_s * SECOND), odds=odds, severity=severity), "new"  # type: ignore[arg-type]


def searched(room: str) -> Search:
    return Search("A-2026-000001", room, T0, "Zoé", "")


def test_a_room_after_the_other_is_searched_and_what_lies_outside_is_not() -> None:
    one, _state = told("A-2026-000001")
    assert [room for room, _p in rooms_left(one, ())] == ["A-001", "A-002", "A-003"]
    assert [room for room, _p in rooms_left(one, (searched("A-001"),))] == ["A-002", "A-003"]
    assert rooms_left(one, tuple(searched(room) for room in ("A-001", "A-002", "A-003"))) == []


def test_alerts_of_one_room_are_one_visit_with_what_comes_after() -> None:
    first, second = told("A-2026-000001"), told("A-2026-000002", 10, (("A-002", 0.9),))
    (visit,) = visits([first, second], {"A-2026-000001": [searched("A-001")]}, "severity")
    assert visit.room == "A-002"
    assert [(due.alert.name, due.share, due.then) for due in visit.due] == [
        ("A-2026-000002", 0.9, ""),  # equally grave, but newer
        ("A-2026-000001", 0.1, "A-003"),
    ]


def test_the_order_is_by_severity_or_time_or_room_and_an_unknown_place_is_not_lost() -> None:
    several = [
        told("A-2026-000001", 0, (("A-009", 0.9),), "low"),
        told("A-2026-000002", 10, (("A-003", 0.9),)),
        told("A-2026-000003", 20, (("A-001", 0.9),)),
        told("A-2026-000004", 30, ()),
    ]
    assert [visit.room for visit in visits(several, {}, "severity")] == ["", "A-001", "A-003", "A-009"]
    assert [visit.room for visit in visits(several, {}, "time")] == ["A-009", "A-003", "A-001", ""]
    assert [visit.room for visit in visits(several, {}, "room")] == ["A-001", "A-003", "A-009", ""]
