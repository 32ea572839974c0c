"""A site under guard on a simulated wing: what is kept, what is told, what may not be kept."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.watch.sightings import one

from cellwarden.errors import MandateError
from cellwarden.model import Alert, Blind, Decision, SensorState, Stray
from cellwarden.runtime.demo import PACE
from cellwarden.runtime.guard import PROGRAM, guard, history_of
from cellwarden.runtime.site import Step
from cellwarden.simulate.week import Truth, events, site
from cellwarden.simulate.week_rules import rules_of
from cellwarden.store import audit
from cellwarden.store.engine import opened
from cellwarden.watch import queries, strays
from cellwarden.watch.deliveries import due_deliveries
from cellwarden.watch.lawful import Mandate
from cellwarden.watch.rules_file import Rules, Staff

NOON_NS = 1_795_694_400 * 10**9
S_NS = 10**9
MINUTES = 15
ADDRESSES = ("http://127.0.0.1:1/a", "mqtt://127.0.0.1:1")
ALLOWED = Mandate("law", "order 7", date(2026, 11, 30))


class Clock:
    """The time of the step that is being worked on."""

    now_ns = NOON_NS

    def __call__(self) -> int:
        return self.now_ns


def steps(clock: Clock, truths: list[Truth]) -> Iterator[Step]:
    """A quarter of an hour of the wing, as fast as it is asked for."""
    seconds = groupby(events(3, NOON_NS, PACE), key=lambda pair: (pair[0].end_ns - NOON_NS) // S_NS)
    for second, pairs in seconds:
        if second > 60 * MINUTES:
            return
        told = list(pairs)
        truths += [truth for _sighting, truth in told]
        clock.now_ns = NOON_NS + (second + 1) * S_NS
        health = SensorState("A0-S1", clock.now_ns, -150.0, 0, 0.0)
        odd = Stray(clock.now_ns, clock.now_ns + 1, "A0-S1", 434e6, 434.1e6, 1, 1e-3, None, 9.0)
        yield Step(clock.now_ns, tuple(sighting for sighting, _truth in told), (health,), (odd,))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, list[Alert], list[Truth]]:
    engine, clock, truths = opened(str(tmp_path_factory.mktemp("store") / "s.sqlite")), Clock(), list[Truth]()
    told = guard(engine, site(), rules_of(PACE), ALLOWED, steps(clock, truths), clock, ADDRESSES)
    alerts = list(told)
    return engine, alerts, truths


@pytest.mark.long
def test_what_no_interface_knows_is_kept_by_its_looks(watched: tuple[Engine, list[Alert], list[Truth]]) -> None:
    with watched[0].connect() as c:
        found, count = strays.strays(c, NOON_NS, NOON_NS + 3600 * S_NS, 10_000)
    assert count == len(found) > 100 and {one.low_hz for one in found} == {434e6}


def test_alerts_are_kept_as_they_are_told_and_each_has_its_line_in_the_audit(
    watched: tuple[Engine, list[Alert], list[Truth]],
) -> None:
    engine, alerts, _truths = watched
    with engine.connect() as c:
        kept = {alert.name for alert, _decision in queries.alerts(c)}
        lines = [line for line in audit.lines(c) if line.who == PROGRAM]
        assert audit.verify(c) is None
    assert alerts and kept == {alert.name for alert in alerts}
    assert [line.what for line in lines if line.action == "alert"] == [alert.name for alert in alerts]
    assert lines[0].action == "watch begins" and "order 7" in lines[0].why


def test_alerts_are_of_phones_in_cells_and_name_the_cell_among_their_first_three(
    watched: tuple[Engine, list[Alert], list[Truth]],
) -> None:
    _engine, alerts, truths = watched
    where: dict[str, set[str]] = {}
    for truth in truths:
        if truth.who == "contraband":
            where.setdefault(truth.room, set()).add(truth.name)
    right = sum(any(room in where for room, _p in alert.odds[:3]) for alert in alerts)
    assert right >= len(alerts) - 1


def test_every_alert_is_on_its_way_to_each_address(watched: tuple[Engine, list[Alert], list[Truth]]) -> None:
    engine, alerts, _truths = watched
    with engine.connect() as c:
        waiting = due_deliveries(c, ADDRESSES, NOON_NS * 2, 10**6)
    pairs = {(delivery.alert, delivery.address) for delivery in waiting}
    assert alerts and pairs == {(alert.name, address) for alert in alerts for address in ADDRESSES}


def test_what_lies_beyond_the_wall_is_never_kept(watched: tuple[Engine, list[Alert], list[Truth]]) -> None:
    engine, _alerts, truths = watched
    with engine.connect() as c:
        kept = list(queries.sightings(c, 0, NOON_NS * 2))
        (state,) = queries.sensor_states(c)
    assert any(truth.room == "outside" for truth in truths) and kept and state.sensor == "A0-S1"
    beyond = sum(sighting.odds[0][0] == "outside" for sighting in kept)
    assert beyond / len(kept) < 0.02


def a_call(clock: Clock, minute: int, phone: str) -> Iterator[Step]:
    """Ten seconds of a call from the same cell."""
    for second in range(10):
        at_ns = NOON_NS + (60 * minute + second) * S_NS
        odds = (("A-101", 0.999), ("outside", 1e-6))
        clock.now_ns = at_ns + S_NS
        heard = replace(one(0, phone, odds=odds), start_ns=at_ns, end_ns=at_ns + S_NS)
        yield Step(clock.now_ns, (heard,), ())


def test_a_restart_goes_on_with_open_alerts_and_a_decision_ends_them_at_once(tmp_path: Path) -> None:
    engine, clock = opened(str(tmp_path / "s.sqlite")), Clock()

    def decided_between() -> Iterator[Step]:
        yield from a_call(clock, 20, "P-2")
        with engine.begin() as c:
            queries.decide(c, Decision(first.name, "not found", "officer", clock.now_ns, "looked"), "new")
        yield from a_call(clock, 40, "P-3")

    (first,) = guard(engine, site(), Rules(), ALLOWED, a_call(clock, 0, "P-1"), clock)
    (second,) = guard(engine, site(), Rules(), ALLOWED, decided_between(), clock)  # started anew
    with engine.connect() as c:
        assert queries.alert(c, first.name).details["again"] == 1
    assert second.details["before"] == first.name


def test_a_sensor_is_told_when_it_is_blind_in_another_band_and_when_it_hears(tmp_path: Path) -> None:
    clock, told = Clock(), list[SensorState]()
    jammed = [("jammed", ("20",)), ("jammed", ("20",)), ("jammed", ("20", "8")), ("", ()), ("", ())]

    def several() -> Iterator[Step]:
        for reason, bands in jammed:
            blind = tuple(Blind(band, clock.now_ns) for band in bands)
            yield Step(clock.now_ns, (), (SensorState("A0-S1", clock.now_ns, -90.0, 0, None, reason, None, blind),))

    engine = opened(str(tmp_path / "site.db"))
    list(guard(engine, site(), Rules(), ALLOWED, several(), clock, tell=told.append))
    assert [[one.band for one in state.blind] for state in told] == [["20"], ["20", "8"], []]
    engine.dispose()


def test_an_expired_mandate_ends_the_watch_before_anything_is_kept(tmp_path: Path) -> None:
    engine, clock = opened(str(tmp_path / "s.sqlite")), Clock()
    late = Mandate("law", "order 7", date(2026, 11, 26) - timedelta(days=1))
    with pytest.raises(MandateError, match="expired"):
        list(guard(engine, site(), Rules(), late, steps(clock, []), clock))
    with engine.connect() as c:
        assert not list(queries.sightings(c, 0, NOON_NS * 2)) and not queries.alerts(c)


@pytest.mark.long
def test_rules_that_change_hold_from_the_next_step_on(tmp_path: Path) -> None:
    engine, clock = opened(str(tmp_path / "s.sqlite")), Clock()
    half_ns = NOON_NS + 30 * MINUTES * S_NS
    first, silent = rules_of(PACE), replace(rules_of(PACE), kinds=("text",), probability=1.0)  # nothing is that sure
    told = list(
        guard(
            engine, site(), first, ALLOWED, steps(clock, []), clock,
            newest=lambda: first if clock.now_ns < half_ns else silent,
        )
    )  # fmt: skip
    assert told and max(alert.told_ns for alert in told) <= half_ns
    engine.dispose()


def test_days_that_are_over_go_to_the_history_and_what_is_too_old_goes_for_good(tmp_path: Path) -> None:
    engine = opened(str(tmp_path / "s.sqlite"))
    first, _truth = next(events(3, NOON_NS, PACE))
    days_ago = (0, 9, 500)
    with engine.begin() as c:
        for days in days_ago:
            shift = days * 86_400 * S_NS
            queries.keep_sighting(c, replace(first, start_ns=NOON_NS - shift, end_ns=NOON_NS - shift + S_NS))
    quiet = Step(NOON_NS, (), ())
    assert not list(guard(engine, site(), Rules(), ALLOWED, [quiet], lambda: NOON_NS))
    with engine.connect() as c:
        (left,) = queries.sightings(c, 0, NOON_NS * 2)
        (line,) = (line for line in audit.lines(c) if line.action == "deleted")
    assert left.start_ns == NOON_NS and line.what.startswith("history days 1 ")
    assert [day.name for day in history_of(engine.url).iterdir()] == ["date=2026-11-17"]


def test_a_site_keeps_what_it_keeps_for_as_many_days_as_its_file_says(tmp_path: Path) -> None:
    engine = opened(str(tmp_path / "s.sqlite"))
    with engine.begin() as c:
        for start in (NOON_NS - days * 86_400 * S_NS for days in (0, 6, 8)):
            strays.keep(c, [Stray(start, start + 1, "A0-S1", 434e6, 434.1e6, 1, 1e-3, None, 9.0)])
    quiet = Step(NOON_NS, (), ())
    days = {"strays": 7}
    assert not list(guard(engine, site(), Rules(), ALLOWED, [quiet], lambda: NOON_NS, retention_days=days))
    with engine.connect() as c:
        (line,) = (line for line in audit.lines(c) if line.action == "deleted")
    assert line.what == "strays 1 (7 d)"


class Enrolling:
    """Signatures of a site at which every phone is new, and is measured a step after its alert."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_pass: set[str] = set()

    def passed(self, phones: Iterable[str]) -> None:
        self.let_pass.update(phones)

    def enrol(self, phone: str) -> str:
        self.asked.append(phone)
        return f"E-{len(self.asked):04}" if self.asked.count(phone) == 2 else ""

    def forget(self, names: set[str]) -> list[str]:
        return sorted(names)


def test_emitters_of_whom_nothing_is_kept_go_but_for_those_of_staff_and_the_log_says_so(tmp_path: Path) -> None:
    engine, clock, whose = opened(str(tmp_path / "s.sqlite")), Clock(), Enrolling()
    with engine.begin() as c:
        for name in ("E-0042", "E-0043"):
            audit.audited(c, "watch", "emitter enrolled", name, "A-2024-000001")
    wanted = replace(rules_of(PACE), staff=(Staff("E-0043", ("corridors",)),))
    list(guard(engine, site(), wanted, ALLOWED, iter([next(steps(clock, []))]), clock, whose=whose))  # type: ignore[arg-type]
    with engine.connect() as c:
        told = [(line.who, line.what) for line in audit.lines(c) if line.action == "deleted"]
    engine.dispose()
    assert told == [("retention", "emitters E-0042")]


@pytest.mark.long
def test_a_phone_that_made_an_alert_is_enrolled_once_as_soon_as_it_was_measured(tmp_path: Path) -> None:
    engine, clock, whose = opened(str(tmp_path / "s.sqlite")), Clock(), Enrolling()
    some = (step for step in steps(clock, []))
    alerts = list(guard(engine, site(), rules_of(PACE), ALLOWED, some, clock, whose=whose))  # type: ignore[arg-type]
    nameless = [alert.activity.phone for alert in alerts if not alert.emitter]
    with engine.connect() as c:
        lines = [line for line in audit.lines(c) if line.action == "emitter enrolled"]
    engine.dispose()
    assert nameless and {line.why for line in lines} <= {alert.name for alert in alerts}
    assert len(lines) >= len(nameless) - 1  # the last step's comes never
    assert all(whose.asked.count(phone) <= 2 for phone in set(nameless))
    assert set(whose.asked) <= whose.let_pass
