"""What viewers are told, and how things are worded and marked."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from tests.console.conftest import Wing

from cellwarden.console import live as live_module
from cellwarden.console import words
from cellwarden.console.floor import drawn, marks, sensor_marks
from cellwarden.console.live import Live
from cellwarden.errors import StoreError
from cellwarden.language import speaking
from cellwarden.model import Decision, SensorState
from cellwarden.simulate.prison import remand_wing
from cellwarden.store.engine import reading
from cellwarden.watch import queries

MINUTE_NS = 60 * 10**9


def told(messages: list[str]) -> list[dict[str, Any]]:
    return [json.loads(m.partition("data: ")[2]) for m in messages if m.startswith("event: news")]


async def heard(live: Live, language: str, watching: bool, seconds: float, act: Any = None, **more: bool) -> list[str]:
    """What a viewer hears in so many seconds, while something happens."""
    messages: list[str] = []

    async def listen() -> None:
        with speaking(language):
            async for message in live.news(watching, **more):
                messages.append(message)  # noqa: PERF401 - it never ends

    looking, listening = asyncio.create_task(live.run()), asyncio.create_task(listen())
    await asyncio.sleep(0.5)
    if act is not None:
        await asyncio.to_thread(act)
    await asyncio.sleep(seconds)
    for task in (looking, listening):
        task.cancel()
    return messages


def test_a_viewer_is_told_how_things_stand_then_each_change_in_their_language(wing: Wing) -> None:
    name = wing.alert()
    live = wing.app.state.desk.live
    first, *later = told(asyncio.run(heard(live, "fr", True, 1.5, lambda: wing.alert(odds=(("A-201", 0.9),)))))
    assert name in first["alerts"]
    assert "appel" in first["alerts"]
    assert first["marks"]["rooms"]["A-104"] == ["likely", "83\u00a0%"]
    (news,) = (message for message in later if message["fresh"])
    assert news["fresh"] == ["Nouvelle alerte\u00a0: A-201"]
    assert news["title"].startswith("(2) Direct")


def test_a_program_is_told_by_name_what_changed(wing: Wing) -> None:
    wing.alert()
    live, names = wing.app.state.desk.live, list[str]()
    messages = asyncio.run(heard(live, "en", True, 1.5, lambda: names.append(wing.alert()), program=True))
    first, *later = told(messages)
    assert first == {"open": 1, "changed": []}
    assert later == [{"open": 2, "changed": names}]


def test_an_alert_sounds_once_and_in_quiet_hours_not_at_all(wing: Wing) -> None:
    def act() -> None:
        name = wing.alert(odds=(("A-201", 0.9),))
        time.sleep(1.0)
        with wing.engine.begin() as c:  # its phone calls on
            queries.keep_alert(c, replace(queries.alert(c, name), odds=(("A-202", 0.9),)))
        wing.alert(odds=(("A-220", 0.9),), silent=1)

    known = wing.alert()
    with wing.engine.begin() as c:
        queries.keep_alert(c, queries.alert(c, known))
    news = told(asyncio.run(heard(wing.app.state.desk.live, "en", True, 1.5, act)))
    assert [said for message in news for said in message.get("fresh", ())] == ["New alert: A-201"]
    assert "A-202" in news[-1]["alerts"]
    assert "A-220" in news[-1]["alerts"]


def test_what_rules_weighed_is_told_in_words_and_what_is_strange_as_it_is(wing: Wing) -> None:
    name = wing.alert()
    with reading(wing.engine) as c:
        one = queries.alert(c, name)
    assert words.details(
        replace(one, details={"bursts": 1200, "believed": 0.97, "silent": 1, "moved": 0, "odd": "x"})
    ) == [
        ("Bursts", "1,200"),
        ("As the rules believe", "97 %"),
        ("Quiet hours, no sound", "yes"),
        ("odd", "x"),
    ]


def test_who_may_not_watch_hears_beats_and_nothing_else(wing: Wing) -> None:
    messages = asyncio.run(heard(wing.app.state.desk.live, "en", False, 2.5, wing.alert))
    assert len(messages) >= 2
    assert all(message.startswith("event: beat") for message in messages)


@pytest.mark.long
def test_no_beat_comes_while_the_store_cannot_be_looked_at(wing: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_any: object) -> None:
        raise StoreError("gone")

    def breaks() -> None:
        monkeypatch.setattr(live_module.queries, "changes_since", broken)

    monkeypatch.setattr(live_module, "BEAT_S", 0.1)
    live = wing.app.state.desk.live
    whole = len(asyncio.run(heard(live, "en", False, 2.0)))
    half = len(asyncio.run(heard(live, "en", False, 2.0, breaks)))
    assert half < whole / 2  # it had half a second before it broke, of two and a half


def test_a_viewer_who_does_not_listen_is_let_go_and_takes_no_memory(wing: Wing) -> None:
    live = Live(wing.engine, wing.site, wing.app.state.desk.now_ns, wing.app.state.desk.rules)
    viewer = live_module.Viewer("en")
    live._viewers.add(viewer)
    for _n in range(live_module.BEHIND + 1):
        live._tell(viewer, "x")
    assert viewer.queue.qsize() == 1
    assert viewer.queue.get_nowait() is None
    assert live._viewers == set()


def test_a_room_has_the_mark_of_the_likeliest_alert_and_the_unlikely_have_none() -> None:
    found = marks([(("A", 0.6), ("B", 0.3), ("C", 0.06), ("D", 0.04)), (("B", 0.5), ("C", 0.01))])
    assert {name: level for name, (level, _share) in found.items()} == {"A": "likely", "B": "likely", "C": "faint"}


@pytest.mark.parametrize(
    ("age", "reason", "said"), [(0, "", ""), (0, "clock", "clock"), (3, "", "silent"), (3, "clock", "silent")]
)
def test_a_sensor_that_told_nothing_for_two_minutes_is_not_taken_to_hear(age: int, reason: str, said: str) -> None:
    state = SensorState("S", 0, -100.0, 0, 0.0, reason)
    assert words.deaf(state, age * MINUTE_NS) == said


def test_a_sensor_of_which_nothing_was_ever_told_is_not_taken_to_hear() -> None:
    assert {reason for reason, _words in sensor_marks(remand_wing(), [], 0).values()} == {"silent"}


def test_every_room_and_sensor_of_a_floor_is_drawn_within_it() -> None:
    site = remand_wing()
    floors = drawn(site)
    assert [floor.name for floor in floors] == ["Second floor", "First floor", "Ground floor"]
    names = [room.name for floor in floors for room in floor.rooms] + [
        name for floor in floors for name in floor.beyond
    ]
    assert sorted(names) == sorted("outside" if room.kind == "outside" else room.name for room in site.rooms)
    assert sorted(name for floor in floors for name, _x, _y in floor.sensors) == sorted(s.name for s in site.sensors)
    for floor in floors:
        for room in floor.rooms:
            for x, y in (map(float, point.split(",")) for point in room.points.split()):
                assert 0 <= x <= floor.width
                assert 0 <= y <= floor.height
        for _name, x, y in floor.sensors:  # also those on the prison's wall, far out
            assert 0 < x < floor.width and 0 < y < floor.height


def test_a_span_over_midnight_tells_both_days() -> None:
    noon_ns = int(datetime(2026, 11, 27, 12).timestamp()) * 10**9
    assert words.span(noon_ns - 5 * MINUTE_NS, noon_ns, noon_ns) == "11:55 – 12:00"
    assert words.span(noon_ns - 1440 * MINUTE_NS, noon_ns, noon_ns) == "Nov 26, 2026 12:00 – Nov 27, 2026 12:00"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "1 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h 00 min"), (7505, "2 h 05 min")],
)
def test_durations_are_worded_by_their_size(seconds: int, said: str) -> None:
    assert words.duration(seconds * 10**9) == said


def test_nothing_is_ever_said_to_be_certain() -> None:
    assert [words.percent(p) for p in (0.0, 0.004, 0.5, 0.999, 1.0)] == ["< 1 %", "< 1 %", "50 %", "99 %", "99 %"]


@pytest.mark.parametrize("path", ["/", "/?wall=1", "/handover"])
def test_an_officer_is_told_that_more_evidence_is_asked_than_usual(wing: Wing, path: str) -> None:
    client = wing.client("officer")
    wing.sensors()
    assert "The sensors listen" in client.get("/").text and "tells less" not in client.get(path).text
    for _k in range(6):  # three times what the budget of two a week allows
        name = wing.alert()
        with wing.engine.begin() as c:
            queries.decide(c, Decision(name, "false", "officer", time.time_ns(), "a radio"), "new")
    page = client.get(path).text
    assert "The watch tells less than usual</a>: 6 false alerts in seven days, 2.0 are allowed" in page
    assert "The sensors listen" not in page
    french = wing.client("officer", "fr").get(path).text
    assert "La veille signale moins que d’habitude</a>\u00a0: 6 fausses alertes en sept jours" in french


def test_a_page_that_is_open_is_told_when_the_watch_grows_deafer_and_when_it_hears_again(wing: Wing) -> None:
    live, force = wing.app.state.desk.live, wing.app.state.desk.rules
    names = [wing.alert() for _k in range(3)]

    def act() -> None:
        with wing.engine.begin() as c:
            for name in names:
                queries.decide(c, Decision(name, "false", "officer", time.time_ns(), "a radio"), "new")
        time.sleep(1.5)
        force.rules = replace(force.rules, false_a_week=5.0)  # no change in the store

    messages = told(asyncio.run(heard(live, "en", True, 1.5, act)))
    deafer = ["3 false alerts in seven days, 2.0 are allowed" in one["alerts"] for one in messages]
    assert not deafer[0] and any(deafer) and not deafer[-1]
