"""The search at unlock, and the handover of a shift."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.console.conftest import S_NS, Wing, token_of

from cellwarden.console import words
from cellwarden.model import Decision, SensorState
from cellwarden.model.span import DAY_NS
from cellwarden.store import audit
from cellwarden.store.engine import reading
from cellwarden.watch import queries, shifts


def ticked(client: TestClient, name: str, room: str, seen: str, outcome: str, **more: str) -> Any:
    sent = {"csrf": token_of(client.get("/account").text), "room": room, "seen": seen, "outcome": outcome, **more}
    return client.post(f"/unlock/{name}", data=sent)


def posted(client: TestClient, path: str, **values: str) -> Any:
    return client.post(path, data={"csrf": token_of(client.get("/account").text), **values})


def told(wing: Wing, name: str) -> list[tuple[str, str]]:
    with reading(wing.engine) as c:
        return [(one.state, one.why) for one in queries.decisions(c, name)]


def test_a_search_in_vain_leads_to_the_next_room_and_at_last_to_not_found(wing: Wing) -> None:
    name = wing.alert()  # A-104 83 %, A-106 9 %, A-102 4 %: too little to be searched
    client = wing.client("officer")
    assert "go on with A-106" in client.get("/unlock").text
    assert ticked(client, name, "A-104", "new", "on", why="mattress, window").status_code == 303
    page = client.get("/unlock").text
    assert ">A-106</h2>" in page
    assert ">A-104</h2>" not in page
    assert told(wing, name) == [("search ordered", "Search at unlock.")]
    assert ticked(client, name, "A-106", "search ordered", "end").status_code == 303
    assert told(wing, name)[-1] == ("not found", "Searched, nothing there: A-104, A-106.")
    page = client.get("/unlock").text
    assert "1 of 1 alerts is settled" in page
    shown = client.get(f"/alerts/{name}").text
    assert "mattress, window" in shown
    assert "It may still be there" in shown


def test_who_ticks_off_an_alert_that_was_settled_meanwhile_sees_by_whom_and_when(wing: Wing) -> None:
    name = wing.alert()
    yesterday = time.time_ns() - DAY_NS  # a page may stay open over night
    with wing.engine.begin() as c:
        queries.decide(c, Decision(name, "search ordered", "investigator", yesterday, ""), "new")
        queries.decide(c, Decision(name, "false", "investigator", yesterday, "a radio"), "search ordered")
    for seen in ("new", "search ordered"):
        answer = ticked(wing.client("officer"), name, "A-104", seen, "on")
        assert answer.status_code == 409
        assert f"investigator was first, at {words.day(yesterday)}" in answer.text
    with reading(wing.engine) as c:
        assert shifts.searches(c, (name,)) == {}  # the whole step is undone


@pytest.mark.parametrize(
    ("room", "seen", "outcome"),
    [("A-104", "new", "found"), ("A-104", "found", "on"), ("no room", "new", "on"), ("", "new", "end")],
)
def test_what_cannot_be_ticked_is_refused(wing: Wing, room: str, seen: str, outcome: str) -> None:
    name = wing.alert()
    assert ticked(wing.client("officer"), name, room, seen, outcome).status_code == 422
    assert told(wing, name) == []


def test_an_alert_without_a_place_can_be_ended_too(wing: Wing) -> None:
    name = wing.alert(odds=())
    client = wing.client("officer")
    assert "place unknown" in client.get("/unlock").text
    assert ticked(client, name, "", "new", "end", why="all of the wing").status_code == 303
    assert told(wing, name)[-1] == ("not found", "Searched, nothing there. all of the wing")


def test_the_find_of_a_second_room_begins_with_that_room(wing: Wing) -> None:
    name = wing.alert()
    page = wing.client("officer").get(f"/alerts/{name}/found?cell=A-106").text
    assert 'value="A-106"' in page


def test_the_log_tells_what_happened_since_somebody_took_over_and_no_more(wing: Wing) -> None:
    client, other = wing.client("officer"), wing.client("investigator")
    before = wing.alert(ago_s=3600)
    assert posted(client, "/handover/note", text="the light flickers").status_code == 303
    assert posted(client, "/handover/sign", seen="0", text="read").status_code == 303
    late = wing.alert(ago_s=-1)
    with wing.engine.begin() as c:
        queries.keep_sensor_state(c, SensorState("A0-S1", time.time_ns(), -104.0, 0, 0.0, "floor high"))
        queries.decide(c, Decision(before, "false", "officer", time.time_ns(), "a radio"), "new")
    time.sleep(1.1)  # the late alert is told a second ahead
    log = other.get("/handover").text
    assert late in log
    assert "a radio" in log  # decided now, though told before
    assert "A0-S1" in log
    assert "the light flickers" not in log
    assert "officer has had the watch since" in log
    past = other.get("/handover?number=1").text
    assert "the light flickers" in past
    assert before in past
    assert late not in past
    assert "I take over" not in past
    assert other.get("/handover?number=2").status_code == 404


def test_a_note_may_be_as_long_as_its_field_lets_it_be_and_keeps_its_lines(wing: Wing) -> None:
    """Browsers count the end of a line as one letter, and send two."""
    lines = ["x" * 99] * 20
    assert len("\n".join(lines)) == 1999 < 2000 < len("\r\n".join(lines))
    assert posted(wing.client("officer"), "/handover/note", text="\r\n".join(lines)).status_code == 303
    assert "\n".join(lines) in wing.client("officer").get("/handover").text


def test_of_two_who_take_over_at_once_the_second_is_told(wing: Wing) -> None:
    assert posted(wing.client("officer"), "/handover/sign", seen="0").status_code == 303
    answer = posted(wing.client("investigator"), "/handover/sign", seen="0")
    assert answer.status_code == 409
    assert "somebody else took over meanwhile" in answer.text
    with reading(wing.engine) as c:
        assert [(one.number, one.who) for one in shifts.handovers(c, 9)] == [(1, "officer")]


def test_the_second_shift_begins_where_the_first_ends(wing: Wing) -> None:
    for number in range(2):
        posted(wing.client("officer"), "/handover/sign", seen=f"{number}")
    with reading(wing.engine) as c:
        second, first = shifts.handovers(c, 9)
    assert second.since_ns == first.when_ns
    assert first.when_ns - first.since_ns == 12 * 3600 * S_NS


def test_what_a_shift_does_is_audited(wing: Wing) -> None:
    name = wing.alert()
    client = wing.client("officer")
    ticked(client, name, "A-104", "new", "on")
    posted(client, "/handover/note", text="quiet")
    posted(client, "/handover/sign", seen="0")
    with reading(wing.engine) as c:
        lines = [(line.action, line.what, line.why) for line in audit.lines(c)]
    assert lines == [
        ("search ordered", name, "Search at unlock."),
        ("search", name, "A-104"),
        ("write", "handover", "quiet"),
        ("take over", "handover", "1"),
    ]


def test_a_night_with_more_alerts_than_a_list_holds_says_how_many_there_are(
    wing: Wing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("QUEUED", "MANY"):
        monkeypatch.setattr(f"cellwarden.console.routes.shift.{limit}", 2)
    names = [wing.alert(ago_s=60 - k) for k in range(5)]
    with wing.engine.begin() as c:
        for k, name in enumerate(names[:3]):
            queries.decide(c, Decision(name, "acknowledged", f"{k}-th", time.time_ns() - S_NS, ""), "new")
    officer = wing.client("officer")
    queue, log = officer.get("/unlock").text, officer.get("/handover").text
    assert "0 of 5 alerts are settled" in queue and "3 more alerts" in queue
    assert "Alerts told</h2" not in log and "Alerts told (5)" in log and "… and 3 more" in log
    assert "Decisions (3)" in log and "… and 1 more" in log
    assert [name in log.partition("h-decided")[0] for name in names] == [False, False, False, True, True]
    assert "0-th" not in log and log.index("1-th") < log.index("2-th")


@pytest.mark.parametrize(
    ("told_s", "said"),
    [
        ((20,), "since {first}"),  # the first word of it, which is the last so far
        ((1800, 1200, 60), "since {first}"),
        ((1800, 1200), "{first} – {last}"),
        ((1800,), "{first}"),
        ((12 * 3600 + 60, 12 * 3600 - 60, 30), "since before this shift"),
        ((12 * 3600 + 60, 12 * 3600 - 60), "until {last}"),
    ],
)
def test_a_handover_says_since_when_a_sensor_is_deaf(wing: Wing, told_s: tuple[int, ...], said: str) -> None:
    now = time.time_ns()
    with wing.engine.begin() as c:
        for ago_s in told_s:
            state = SensorState("A1-S2", now - ago_s * 10**9, -104.0, 0, 100.0, "no samples")
            queries.keep_sensor_state(c, state)
    log = wing.client("officer").get("/handover").text
    shown = log.split('no samples <span class="soft">')[1].split("</span>")[0]
    times = {"first": words.moment(now - told_s[0] * 10**9, now), "last": words.moment(now - told_s[-1] * 10**9, now)}
    last = words.clock(now - told_s[-1] * 10**9) if "–" in said else times["last"]
    assert shown == said.format(first=times["first"], last=last)


def test_a_handover_says_since_when_a_sensor_tells_nothing(wing: Wing) -> None:
    with wing.engine.begin() as c:
        queries.keep_sensor_state(c, SensorState("A1-S2", time.time_ns() - 3600 * 10**9, -104.0, 0, 100.0, ""))
    told = words.moment(time.time_ns() - 3600 * 10**9, time.time_ns())
    assert f'A1-S2</b> no news <span class="soft">since {told}</span>' in wing.client("officer").get("/handover").text
