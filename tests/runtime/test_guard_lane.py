"""Passages at a harmonic radar while a site is guarded: told once, on their way, ended by the second check."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cellwarden.model import Alert, JunctionReading, Passage
from cellwarden.runtime.guard import PROGRAM, guard
from cellwarden.runtime.site import Step
from cellwarden.simulate.week import site
from cellwarden.store import audit
from cellwarden.store.engine import opened
from cellwarden.watch import passages, queries
from cellwarden.watch.deliveries import due_deliveries
from cellwarden.watch.lawful import Mandate
from cellwarden.watch.rules_file import Rules

NOON_NS = 1_795_694_400 * 10**9
S_NS = 10**9
ADDRESS = "http://127.0.0.1:1/a"
ALLOWED = Mandate("law", "order 7", date(2026, 11, 30))
PHONE = JunctionReading("semiconductor", 0.97, "P-1", 2.0, 0.1, room="A-101")
NOTHING = JunctionReading("nothing", 0.99, "P-2")


def passed(reading: JunctionReading, when_ns: int) -> Passage:
    return Passage(0, when_ns, reading.person, (reading,), True, True, "officer")


def test_a_passage_is_told_once_also_over_a_restart_and_its_outcome_decides(tmp_path: Path) -> None:
    engine = opened(str(tmp_path / "s.sqlite"))
    now_ns = NOON_NS

    def quiet(*readings: JunctionReading) -> Iterator[Step]:
        nonlocal now_ns
        for reading in readings:
            with engine.begin() as c:
                passages.keep(c, passed(reading, now_ns))
            now_ns += S_NS
            yield Step(now_ns, (), ())

    def watched(*readings: JunctionReading) -> list[Alert]:
        return list(guard(engine, site(), Rules(), ALLOWED, quiet(*readings), lambda: now_ns, (ADDRESS,)))

    (alert,) = watched(PHONE, NOTHING)
    assert alert.odds == (("A-101", 1.0),) and now_ns - alert.told_ns <= S_NS
    with engine.begin() as c:
        passages.keep(c, passed(PHONE, now_ns))  # while nobody watches
    (late,) = watched(NOTHING)
    assert late.phone == "L-000003"
    with engine.begin() as c:
        assert {one.alert for one in due_deliveries(c, (ADDRESS,), now_ns, 10)} == {alert.name, late.name}
        assert [line.what for line in audit.lines(c) if (line.who, line.action) == (PROGRAM, "alert")] == [
            alert.name,
            late.name,
        ]
        passages.check(c, 1, "hand", "other", "", "officer", now_ns, "a watch")
        passages.check(c, 3, "hand", "phone", "", "officer", now_ns, "in a shoe")
        ended = {name: queries.decisions(c, name)[-1] for name in (alert.name, late.name)}
    assert (ended[alert.name].state, ended[alert.name].why) == ("false", "a watch")
    assert ended[late.name].state == "acknowledged"  # a find has a seal, and is recorded by hand
    assert watched(NOTHING) == []
