"""What the watch keeps comes back as it was, and live pages are told."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.store.values import SECOND, T0, alert, presence, sensor, sighting

from cellwarden.errors import StoreError
from cellwarden.model import Blind, Change, Decision, State
from cellwarden.store.audit import audited, lines, verify
from cellwarden.store.engine import reading
from cellwarden.watch import queries

BARE: dict[str, Any] = {"emitter": "", "evidence": (), "odds": (), "offset_hz": None, "offset_error_hz": 0.0}


def test_sightings_come_back_whole_and_in_the_order_of_time(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_sighting(c, sighting(5))
        queries.keep_sightings(c, [sighting(3), sighting(0), replace(sighting(4), **BARE)])
        queries.keep_sightings(c, [])
    with reading(engine) as c:
        told = list(queries.sightings(c, T0, T0 + 5 * SECOND))
    assert told == [sighting(0), sighting(3), replace(sighting(4), **BARE)]


def test_a_presence_that_goes_on_stays_one(engine: Engine) -> None:
    with engine.begin() as c:
        number = queries.keep_presence(c, presence())
        other = queries.keep_presence(c, presence("P-2"))
        assert queries.keep_presence(c, presence(seconds=120)) == number != other
        assert queries.presences(c, T0 + 61 * SECOND, T0 + 62 * SECOND) == [presence(seconds=120)]
        assert queries.presences(c, T0 - SECOND, T0) == []
        assert len(queries.presences(c, T0, T0 + SECOND)) == 2
        assert queries.presence(c, number) == presence(seconds=120)
        assert queries.presence(c, 99) is None


def test_a_name_is_never_given_twice_and_each_year_begins_anew(engine: Engine) -> None:
    names = []
    for year in (2026, 2026, 2027, 2026):
        with engine.begin() as c:
            names.append(queries.next_alert_name(c, year))
    assert names == ["A-2026-000001", "A-2026-000002", "A-2027-000001", "A-2026-000003"]


def test_alerts_come_with_their_newest_decision_the_newest_first(engine: Engine) -> None:
    with engine.begin() as c:
        for k in range(4):
            queries.keep_alert(c, alert(f"A-2026-{k:06d}", T0 + k))
        seen = Decision("A-2026-000001", "acknowledged", "zoe", T0, "")
        found = Decision("A-2026-000001", "found", "yan", T0 + 9, "in the mattress")
        queries.decide(c, seen, "new")
        queries.decide(c, found, "acknowledged")
    with reading(engine) as c:
        told = queries.alerts(c)
        assert [(one.name[-1], decision) for one, decision in told] == [
            ("3", None),
            ("2", None),
            ("1", found),
            ("0", None),
        ]
        assert told[2][0] == alert("A-2026-000001", T0 + 1)
        assert [one.name[-1] for one, _ in queries.alerts(c, states=("new",), since_ns=T0 + 2)] == ["3", "2"]
        assert [one.name[-1] for one, _ in queries.alerts(c, limit=2, skipped=1)] == ["2", "1"]
        assert queries.decisions(c, "A-2026-000001") == [seen, found]
        assert queries.counted(c) == {"new": 3, "found": 1}
        with pytest.raises(StoreError, match="A-1 is no alert"):
            queries.alert(c, "A-1")


def test_an_alert_kept_again_stays_one_and_keeps_its_decision(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_alert(c, alert("A-2026-000001"))
        decision = Decision("A-2026-000001", "acknowledged", "zoe", T0, "")
        queries.decide(c, decision, "new")
        grown = replace(alert("A-2026-000001"), severity="low")
        queries.keep_alert(c, grown)
        assert queries.alerts(c) == [(grown, decision)]


def test_who_decides_second_sees_the_first_ones_decision_and_changes_nothing(engine: Engine) -> None:
    first = Decision("A-2026-000001", "false", "zoe", T0, "a guard's own phone")
    with engine.begin() as c:
        queries.keep_alert(c, alert("A-2026-000001"))
        queries.decide(c, first, "new")
    with pytest.raises(queries.AlreadyDecided, match="decided by zoe") as told, engine.begin() as c:
        queries.decide(c, Decision("A-2026-000001", "search ordered", "yan", T0, ""), "new")
    assert told.value.decision == first
    with reading(engine) as c:
        assert queries.decisions(c, "A-2026-000001") == [first]
        assert queries.alerts(c)[0][1] == first


def test_of_two_who_decide_at_once_one_is_kept_whatever_each_writes_first(engine: Engine) -> None:
    names = [f"A-2026-{k:06d}" for k in range(12)]
    with engine.begin() as c:
        for name in names:
            queries.keep_alert(c, alert(name))
    together = Barrier(2, timeout=60)

    def decide(who: str) -> list[str]:
        """What somebody decided; zoe writes to the audit log first, yan afterwards."""
        mine = []
        for name in names:
            together.wait()
            with contextlib.suppress(queries.AlreadyDecided), engine.begin() as c:
                if who == "zoe":
                    audited(c, who, "decided", name)
                queries.decide(c, Decision(name, "false", who, T0, ""), "new")
                if who == "yan":
                    audited(c, who, "decided", name)
                mine.append(name)
        return mine

    with ThreadPoolExecutor(2) as pool:
        zoes, yans = pool.map(decide, ("zoe", "yan"))
    assert sorted(zoes + yans) == names
    with reading(engine) as c:
        assert [(line.what, line.who) for line in sorted(lines(c), key=lambda line: line.what)] == [
            (name, "zoe" if name in zoes else "yan") for name in names
        ]
        assert [queries.decisions(c, name)[0].who for name in names] == ["zoe" if n in zoes else "yan" for n in names]
        assert verify(c) is None


def test_nobody_decides_about_an_alert_that_is_not_there(engine: Engine) -> None:
    with pytest.raises(StoreError, match="is no alert"), engine.begin() as c:
        queries.decide(c, Decision("A-2026-000009", "false", "zoe", T0, ""), "new")


def test_the_newest_state_of_a_sensor_is_the_one_that_came_last_also_when_its_clock_jumps(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_sensor_state(c, sensor("A0-S2"))
        queries.keep_sensor_state(c, sensor("A0-S1", T0 + 60 * SECOND))
        queries.keep_sensor_state(c, sensor("A0-S1", T0, "clock"))
        assert queries.sensor_states(c) == [sensor("A0-S1", T0, "clock"), sensor("A0-S2")]


def test_a_sensors_temperature_and_where_it_is_blind_are_kept(engine: Engine) -> None:
    state = replace(sensor("A0-S1", T0, "jammed"), temperature_c=41.5, blind=(Blind("20", T0 - SECOND), Blind("8", T0)))
    with engine.begin() as c:
        queries.keep_sensor_state(c, state)
        assert queries.sensor_states(c) == [state]


def test_changes_are_told_once_and_in_order(engine: Engine) -> None:
    with engine.begin() as c:
        assert queries.newest_change(c) == 0
        queries.keep_sighting(c, sighting())
        number = queries.keep_presence(c, presence())
        queries.keep_alert(c, alert("A-2026-000001"))
        queries.decide(c, Decision("A-2026-000001", "acknowledged", "zoe", T0, ""), "new")
        queries.keep_sensor_state(c, sensor())
        told = queries.changes_since(c, 0)
        assert told == [
            Change(1, "presence", str(number)),
            Change(2, "alert", "A-2026-000001"),
            Change(3, "decision", "A-2026-000001"),
            Change(4, "sensor", "A0-S1"),
        ]
        assert queries.changes_since(c, 2) == told[2:]
        assert queries.changes_since(c, 0, limit=1) == told[:1]
        assert queries.newest_change(c) == 4
        assert queries.changes_since(c, 4) == []


def test_a_page_of_alerts_in_several_states_is_that_page_of_all_of_them(engine: Engine) -> None:
    rng = np.random.default_rng(7)
    states: tuple[State, ...] = ("new", "acknowledged", "false")
    expected = []
    with engine.begin() as c:
        for number in range(1, 41):
            name, told = f"A-2026-{number:06d}", T0 + int(rng.integers(12)) * SECOND  # many at one moment
            state = states[rng.integers(3)]
            queries.keep_alert(c, alert(name, told))
            if state != "new":
                queries.decide(c, Decision(name, state, "Zoé", told, ""), "new")
            if state != "false":
                expected.append((told, name))
        expected.sort(reverse=True)
        for skipped in (0, 7, len(expected) - 2, len(expected)):
            found = queries.alerts(c, ("new", "acknowledged"), limit=9, skipped=skipped)
            assert [(one.told_ns, one.name) for one, _made in found] == expected[skipped : skipped + 9]
        late = queries.alerts(c, ("new", "acknowledged"), since_ns=T0 + 6 * SECOND, limit=9)
        assert [one.name for one, _made in late] == [name for told, name in expected if told >= T0 + 6 * SECOND][:9]
        assert queries.alerts(c, (), limit=9) == []
