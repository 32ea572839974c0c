"""A watch that is killed or ends, and begins anew: who waited is decided, who is known goes on."""

import math
import os
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.processes import started
from tests.store.conftest import engine, place
from tests.watch.sightings import SIGNALLING, one

from cellwarden.locate.site import Site
from cellwarden.model import Alert
from cellwarden.runtime.guard import guard
from cellwarden.runtime.site import Step
from cellwarden.simulate.week import site
from cellwarden.store.engine import opened
from cellwarden.watch import queries, waiting
from cellwarden.watch.lawful import Mandate
from cellwarden.watch.rules_file import Rules, Staff, Zone

__all__ = ["engine", "place"]

S_NS = 10**9
HOUR_S = 3600
NOON_NS = 1_795_694_400 * S_NS
ALLOWED = Mandate("law", "order 7", date(2026, 11, 30))
CORRIDOR = "A-0 corridor"
RULES = Rules(zones=(Zone("corridors", (CORRIDOR,)),), staff=(Staff("E-0001", ("corridors",)),))
CLEAR, DOUBTFUL = math.log(1000) + 0.1, math.log(1000) - 2
"""Likelihood ratios that silence, and that do not."""


def sent(at_s: int, seconds: int, phone: str, room: str = CORRIDOR, **more: object) -> Iterator[Step]:
    """What a phone of the staff's list sends, second by second."""
    odds = ((room, 0.999), ("outside", 1e-6))
    labels = SIGNALLING["gsm"]
    for second in range(at_s, at_s + seconds):
        at_ns = NOON_NS + second * S_NS
        values: dict[str, object] = {"odds": odds, "emitter": "E-0001", "log_ratio": DOUBTFUL, "labels": labels}
        heard = replace(one(0, phone, **{**values, **more}), start_ns=at_ns, end_ns=at_ns + S_NS)
        yield Step(at_ns + S_NS, (heard,), ())


def silence(at_s: int) -> Iterator[Step]:
    yield Step(NOON_NS + at_s * S_NS, (), ())


def watched(engine: Engine, steps: Iterable[Step], there: Site | None = None) -> list[Alert]:
    """Alerts of one life of the watch, each step at its own time."""
    first, *others = steps
    now = [first.end_ns]

    def timed() -> Iterator[Step]:
        for step in (first, *others):
            now[0] = step.end_ns
            yield step

    return list(guard(engine, there or site(), RULES, ALLOWED, timed(), lambda: now[0]))


def wait_to_be_killed(place: str) -> None:
    """A watch that has heard a lone registration."""

    def then_nothing() -> Iterator[Step]:
        yield from sent(0, 2, "P1")
        print("kept", flush=True)
        signal.pause()

    list(guard(opened(place), site(), RULES, ALLOWED, then_nothing(), lambda: NOON_NS + 2 * S_NS))


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a watch leaves that was killed while a registration waited."""
    folder = tmp_path_factory.mktemp("killed")
    code = f"from tests.runtime.test_restart import wait_to_be_killed; wait_to_be_killed({str(folder / 'site.db')!r})"
    with started([sys.executable, "-c", code], stdout=-1, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}) as one:
        assert one.stdout is not None and one.stdout.readline() == "kept\n"
        one.send_signal(signal.SIGKILL)
        assert one.wait() == -signal.SIGKILL
    return folder


@pytest.fixture
def killed(left: Path, tmp_path: Path) -> Iterator[Engine]:
    """The store of that watch, with its log."""
    engine = opened(str(shutil.copytree(left, tmp_path / "again") / "site.db"))
    with engine.connect() as c:
        assert not queries.alerts(c)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("hours", [3, 72])
def test_a_registration_that_waited_is_told_after_a_kill_when_nothing_follows(killed: Engine, hours: int) -> None:
    assert watched(killed, silence(HOUR_S)) == []  # its presence may still go on
    (alert,) = watched(killed, silence(hours * HOUR_S))
    assert alert.activity.kind == "registration" and alert.details["bursts"] == 48 and alert.sensors == ("S1", "S2")
    assert watched(killed, silence(hours * HOUR_S + 1)) == []
    with killed.connect() as c:
        assert waiting.waiting(c) == {}


@pytest.mark.parametrize(("log_ratio", "alerts"), [(CLEAR, 0), (DOUBTFUL, 1)])
def test_a_registration_that_waited_is_decided_after_a_kill_by_the_next_one(
    killed: Engine, log_ratio: float, alerts: int
) -> None:
    steps = [*sent(HOUR_S, 2, "P7", log_ratio=log_ratio), *silence(8 * HOUR_S)]  # association gives another name
    assert len(watched(killed, steps)) == alerts


def test_another_phone_does_not_decide_about_one_that_waited(killed: Engine) -> None:
    told = watched(killed, [*sent(HOUR_S, 2, "P1", "A-101", emitter="", log_ratio=0.0), *silence(8 * HOUR_S)])
    assert sorted(alert.odds[0][0] for alert in told) == [CORRIDOR, "A-101"]  # though it has the name of the first


def test_a_registration_that_waited_is_told_after_an_end_too(place: str) -> None:
    first = opened(place)
    assert watched(first, sent(0, 2, "P1")) == []
    first.dispose()
    second = opened(place)
    (alert,) = watched(second, silence(3 * HOUR_S))
    assert alert.emitter == "E-0001"
    second.dispose()


def test_a_presence_and_who_has_it_outlast_a_restart(engine: Engine) -> None:
    assert watched(engine, sent(0, 2, "P1", log_ratio=CLEAR)) == []
    assert watched(engine, [*sent(HOUR_S, 2, "P1"), *silence(8 * HOUR_S)]) == []  # doubtful, but it is known who it is
    with engine.connect() as c:
        (presence,) = queries.presences(c, 0, NOON_NS * 2)
    assert len(presence.activities) == 2 and presence.end_ns == NOON_NS + (HOUR_S + 2) * S_NS


def test_of_a_phone_that_moved_only_the_last_place_goes_on(tmp_path: Path) -> None:
    engine = opened(str(tmp_path / "site.db"))
    call = {"emitter": "", "log_ratio": 0.0, "labels": {"gsm:normal": 200}}
    watched(engine, [*sent(0, 20, "P1", "A-101", **call), *sent(30, 20, "P1", "A-110", **call)])
    watched(engine, sent(HOUR_S, 5, "P1", "A-110", **call))
    with engine.connect() as c:
        first, second = queries.presences(c, 0, NOON_NS * 2)
    assert first.odds[0][0] == "A-101" and first.end_ns < second.start_ns + 5 * S_NS
    assert second.odds[0][0] == "A-110" and second.end_ns == NOON_NS + (HOUR_S + 5) * S_NS


def test_a_plan_without_a_phones_room_ends_no_watch(tmp_path: Path) -> None:
    engine = opened(str(tmp_path / "site.db"))
    watched(engine, sent(0, 2, "P1"))
    less = replace(site(), rooms=tuple(room for room in site().rooms if room.name != CORRIDOR))
    told = watched(engine, silence(8 * HOUR_S), less)
    assert [alert.odds[0][0] for alert in told] == [CORRIDOR]
