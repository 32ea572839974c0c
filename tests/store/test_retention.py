"""What is too old is deleted, and said to be."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, select
from tests.store.values import SECOND, alert, presence, sensor, sighting

from cellwarden.errors import StoreError
from cellwarden.model import Decision, Find
from cellwarden.model.span import DAY_NS
from cellwarden.register.queries import finds, keep_find
from cellwarden.store import history, people, tables
from cellwarden.store.audit import audited, lines, verify
from cellwarden.store.retention import ENROLLED, ESCALATES_NS, RULES, chosen, forget, forsaken
from cellwarden.watch import queries
from cellwarden.watch.deliveries import keep_deliveries, keep_delivery
from cellwarden.watch.notify.queue import KEEP_NS, begun

NOW = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()) * SECOND


def count(c: Connection, table: str) -> int:
    return c.execute(select(func.count()).select_from(tables.METADATA.tables[table])).scalar_one()


def test_sightings_older_than_their_rule_go_and_one_line_says_so(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_sightings(c, [sighting(at_ns=NOW - days * DAY_NS) for days in (200, 91, 89, 1)])
        done = forget(c, NOW)
        assert done.counts["sightings"] == 2
        assert [one.start_ns for one in queries.sightings(c, 0, 2**62)] == [NOW - 89 * DAY_NS, NOW - DAY_NS]
        (line,) = lines(c)
        assert (line.who, line.action, line.what) == ("retention", "deleted", "sightings 2 (90 d)")
        assert verify(c) is None


def test_nothing_too_old_is_nothing_said(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_sighting(c, sighting(at_ns=NOW - DAY_NS))
        assert set(forget(c, NOW).counts.values()) == {0}
        assert list(lines(c)) == []


def test_a_site_has_its_own_days(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_sightings(c, [sighting(at_ns=NOW - days * DAY_NS) for days in (31, 29)])
        queries.keep_presence(c, presence(start_ns=NOW - 31 * DAY_NS))
        assert forget(c, NOW, {"sightings": 30}).counts["sightings"] == 1
        assert [line.what for line in lines(c)] == ["sightings 1 (30 d)"]
    with pytest.raises(StoreError, match="gossip is no kind of data"):
        chosen({"gossip": 1})
    with pytest.raises(StoreError, match="cannot be kept -1 days"):
        chosen({"sightings": -1})


def test_an_alert_goes_with_its_decisions_unless_it_led_to_a_find(engine: Engine) -> None:
    old = NOW - 400 * DAY_NS
    with engine.begin() as c:
        for k, told in enumerate((old, old, NOW)):
            name = f"A-2026-{k:06d}"
            queries.keep_alert(c, alert(name, told))
            queries.decide(c, Decision(name, "found", "zoe", told, ""), "new")
        keep_find(c, Find("A-2026-000001", "A-001", old, "", "", (), "zoe"))
        assert forget(c, NOW).counts["alerts"] == 1
        assert sorted(one.name for one, decision in queries.alerts(c) if decision) == ["A-2026-000001", "A-2026-000002"]
        assert count(c, "decisions") == 2 and len(finds(c)) == 1


def test_an_emitter_goes_once_nothing_that_is_kept_tells_of_it(engine: Engine) -> None:
    old, names = NOW - 400 * DAY_NS, [f"E-{k:04d}" for k in range(1, 6)]
    with engine.begin() as c:
        assert forsaken(c) == set()
        for name in names:
            queries.keep_alert(c, alert(f"A-{name}", old))
            audited(c, "watch", ENROLLED, name, f"A-{name}", now_ns=old)
        keep_find(c, Find("A-E-0001", "A-001", old, "", "", (), "zoe"))
        queries.keep_presence(c, replace(presence(start_ns=NOW - DAY_NS), emitter="E-0002"))
        queries.keep_sighting(c, replace(sighting(at_ns=NOW - DAY_NS), emitter="E-0003"))
        audited(c, "zoe", "emitter enrolled by hand", "E-0009", "")
        assert forsaken(c) == set()
        forget(c, NOW)
        assert forsaken(c) == {"E-0004", "E-0005"}


def test_deliveries_go_by_their_rule_or_with_their_alert_but_not_while_they_wait(engine: Engine) -> None:
    ages = {"A-2026-000001": 400, "A-2026-000002": 100, "A-2026-000003": 92, "A-2026-000004": 100}
    with engine.begin() as c:
        for name, days in ages.items():
            told = NOW - days * DAY_NS
            queries.keep_alert(c, alert(name, told))
            (one,) = begun(name, ["http://one"], told)
            keep_deliveries(c, [one])
            keep_delivery(c, one, "waiting" if days == 100 and name.endswith("2") else "taken")
        assert forget(c, NOW).counts["deliveries"] == 2
        assert sorted(c.execute(select(tables.deliveries.c.alert)).scalars()) == ["A-2026-000002", "A-2026-000003"]
        forget(c, NOW + DAY_NS, {"alerts": 50, "deliveries": 1000})
        assert count(c, "deliveries") == 0 and count(c, "alerts") == 0


def test_what_tells_that_an_alert_escalated_stays_as_long_as_it_may_escalate() -> None:
    assert ESCALATES_NS >= KEEP_NS


def test_the_newest_state_of_a_sensor_stays_however_old(engine: Engine) -> None:
    with engine.begin() as c:
        for days in (60, 50):
            queries.keep_sensor_state(c, sensor(time_ns=NOW - days * DAY_NS))
        assert forget(c, NOW).counts["sensor states"] == 1
        assert queries.sensor_states(c) == [sensor(time_ns=NOW - 50 * DAY_NS)]


def test_sessions_and_links_that_are_over_go_unsaid(engine: Engine) -> None:
    with engine.begin() as c:
        people.invite(c, "zoe", "officer", NOW - people.INVITATION_NS - 1)
        people.invite(c, "yan", "officer", NOW)
        assert forget(c, NOW).counts["invitations"] == 1
        assert count(c, "invitations") == 1 and list(lines(c)) == []


def test_days_of_the_history_go_by_the_rule_of_sightings(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "history"
    with engine.begin() as c:
        queries.keep_sightings(c, [sighting(at_ns=NOW - days * DAY_NS) for days in (100, 91, 90, 3)])
        history.close_days(c, folder, date(2026, 11, 26))
        assert len(history.days(folder)) == 4
        assert forget(c, NOW, forget_history=partial(history.forget, folder)).counts["history days"] == 2
        assert [line.what for line in lines(c)] == ["sightings 2 (90 d), history days 2 (90 d)"]
    assert history.days(folder) == [date(2026, 8, 28), date(2026, 11, 23)]


def test_a_clock_that_jumps_ahead_does_not_empty_the_store(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_sightings(c, [sighting(at_ns=NOW - days * DAY_NS) for days in (89, 80, 1)])
        forget(c, NOW)
        assert forget(c, NOW + 3650 * DAY_NS).counts["sightings"] == 1  # of two days, not of ten years
        assert forget(c, NOW).counts["sightings"] == 0  # the clock is right again
        assert len(list(queries.sightings(c, 0, 2**62))) == 2


def test_after_weeks_without_power_few_runs_catch_up(engine: Engine) -> None:
    with engine.begin() as c:
        queries.keep_sighting(c, sighting(at_ns=NOW - 89 * DAY_NS))
        forget(c, NOW)
        later = NOW + 20 * DAY_NS
        gone = [forget(c, later).counts["sightings"] for _ in range(10)]
        assert sum(gone) == 1
        queries.keep_sighting(c, replace(sighting(), start_ns=later - 91 * DAY_NS))
        assert forget(c, later).counts["sightings"] == 1


def test_every_table_that_grows_has_a_rule_or_only_grows() -> None:
    ruled = {rule.table.name for rule in RULES.values()}
    without = set(tables.METADATA.tables) - ruled - set(tables.APPEND_ONLY)
    going = {"decisions", "searches", "waiting"}  # with their alerts, or when they are decided about
    assert without == {"counters", "audit_head", "people", *going}
