"""The screen at the gate: what the instrument wrote comes in, what answered stands large, and how it ended is kept."""

import csv
import io
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.console.conftest import HOSTILE, Wing, token_of
from tests.console.test_in_a_browser import served, visit
from tests.console.test_rights import program_of

from cellwarden.console.routes import shift
from cellwarden.model import Role
from cellwarden.model.span import DAY_NS
from cellwarden.signature.junction_table import HEAD
from cellwarden.simulate.junction import METAL, drawn
from cellwarden.simulate.lane import Item, log_csv, passage
from cellwarden.simulate.parameters import Junctions
from cellwarden.store import audit
from cellwarden.store.engine import reading
from cellwarden.store.retention import forget
from cellwarden.watch import junctions, passages, queries
from cellwarden.watch.rules_file import Rules

__all__ = ["served", "visit"]
WORLD = replace(Junctions(), mismatch_spread_db=0.0, aspect_db=0.0, contact_flicker_db=0.0)


def made(kind: str, person: str = "", seed: int = 2) -> str:
    """What the instrument writes when a kind of thing passes."""
    rng = np.random.default_rng(seed)
    gain = 20.0 if kind == METAL else 0.0
    things = [Item(kind, junction=drawn(kind, WORLD, np.random.default_rng(1)), gain_db=(gain, gain))] if kind else []
    return log_csv([(person, passage(WORLD, things, rng)[0])])


def empty() -> str:
    return log_csv([("", passage(WORLD, [], np.random.default_rng(3), somebody=False)[0])])


def sent(
    wing: Wing, path: str, table: str | bytes, role: Role = "officer", name: str = "LOG.csv", **values: str
) -> Any:
    client = wing.client(role)
    given = {"csrf": token_of(client.get("/account").text), **values}
    content = table.encode() if isinstance(table, str) else table
    return client.post(path, data=given, files={"log": (name, content, "text/csv")})


def test_a_phone_at_the_gate_is_told_checked_and_kept_by_number(wing: Wing, send: Callable[..., Any]) -> None:
    client = wing.client("officer")
    assert "The lane is free" in client.get("/lane").text and "Not calibrated" in client.get("/lane").text
    assert sent(wing, "/lane/empty", empty(), "rf engineer").status_code == 303
    assert sent(wing, "/lane", made("phone"), person="p-77", warning="yes").status_code == 303
    page = client.get("/lane").text
    assert "P-77</span> semiconductor" in page and "A second check decides." in page and "hearing aid" in page
    assert "Calibrated" in page
    answer = send(client, "/lane/1/check", second_check="hand", outcome="phone", why="in the left shoe")
    assert answer.status_code == 303
    page = client.get("/lane").text
    assert "in the left shoe" in page and "searched by hand" in page and 'action="/lane/1/check"' not in page
    rows = list(csv.DictReader(io.StringIO(wing.client("rf engineer").get("/lane.csv").text)))
    assert [(r["person"], r["result"], r["second_check"], r["outcome"]) for r in rows] == [
        ("P-77", "semiconductor", "hand", "phone")
    ]
    assert set(rows[0]) == set(HEAD) and (rows[0]["calibrated"], rows[0]["warning_read"]) == ("yes", "yes")
    with reading(wing.engine) as c:
        told = [(line.who, line.action) for line in audit.lines(c) if line.action not in ("view", "sign in")]
        assert told == [
            ("rf engineer", "calibrate"),
            ("officer", "examine"),
            ("officer", "check"),
            ("rf engineer", "take along"),
        ]
        assert audit.verify(c) is None


@pytest.mark.parametrize(
    ("kind", "said"), [("", "Let them pass."), (METAL, "A metal contact may hide weaker electronics")]
)
def test_nothing_and_metal_are_told_as_what_they_are(wing: Wing, kind: str, said: str) -> None:
    sent(wing, "/lane/empty", empty(), "rf engineer")
    assert sent(wing, "/lane", made(kind), person="C-1", warning="yes").status_code == 303
    assert said in wing.client().get("/lane").text


def test_a_name_a_missing_warning_and_a_wrong_table_are_refused_and_nothing_is_kept(wing: Wing) -> None:
    good = made("phone")
    refused = [
        (good, {"person": "Jean", "warning": "yes"}, "never a name"),
        (good, {"person": "P-1"}, "Ask for pacemakers first"),
        (
            made("phone", "P-1") + made("phone", "P-2").partition("\n")[2],
            {"person": "P-3", "warning": "yes"},
            "holds 2",
        ),
        (b"\xff\xfe\x00", {"warning": "yes"}, "no table of text"),
        ("", {"warning": "yes"}, "needs one column"),
        (good.replace("third_dbm", "x"), {"warning": "yes"}, "no third harmonic"),
        (good.replace("30", HOSTILE, 1), {"warning": "yes"}, "write a number"),
        ("x" * (5 << 20), {"warning": "yes"}, "too large"),
    ]
    for table, values, said in refused:
        answer = sent(wing, "/lane", table, name="../../etc/" + HOSTILE, **values)
        assert answer.status_code == 422 and said in answer.text, said
        assert HOSTILE not in answer.text and "/etc/" not in answer.text and "Traceback" not in answer.text
    assert sent(wing, "/lane/empty", made("phone", "P-1"), "rf engineer").status_code == 422
    with reading(wing.engine) as c:
        assert passages.passages(c, 0, 10) == [] and passages.empty(c) is None


def test_of_two_who_say_how_it_ended_the_first_holds(wing: Wing, send: Callable[..., Any]) -> None:
    number = wing.passed()
    first = send(wing.client("officer"), f"/lane/{number}/check", outcome="other", second_check="again")
    second = send(wing.client("investigator"), f"/lane/{number}/check", outcome="phone", second_check="hand")
    assert first.status_code == 303 and second.status_code == 409 and "meanwhile" in second.text
    with reading(wing.engine) as c:
        one = passages.passage(c, number)
    assert one is not None and (one.outcome, one.checked_by) == ("other", "officer")
    assert send(wing.client(), "/lane/99/check", outcome="phone").status_code == 404
    assert send(wing.client(), f"/lane/{number}/check", outcome="guilty").status_code == 422


def test_who_went_before_does_not_stand_large_for_who_comes_next(wing: Wing) -> None:
    wing.passed("P-0001", ago_s=400)
    page = wing.client(language="fr").get("/lane").text
    assert "Le portique est libre" in page and "P-0001" in page.split('id="h-waiting"')[1]
    wing.passed("P-0002", kind="nothing")
    page = wing.client().get("/lane").text
    assert "P-0002</span> nothing" in page and page.index("P-0002") < page.index("P-0001")
    assert page.count("Say how it ended") == 1  # of whom something answered


def test_what_is_kept_comes_back_and_goes_after_its_time(wing: Wing) -> None:
    old = wing.passed("P-1", ago_s=91 * 86400)
    new = wing.passed("P-2")
    with wing.engine.begin() as c:
        passages.keep_empty(c, "a", "zoe", 1)
        passages.keep_empty(c, "b", "zoe", 2)
        one = passages.passage(c, new)
        assert one is not None and one.readings[0].second_slope == (2.0, 0.1)
        counts = forget(c, time.time_ns()).counts
        assert (counts["passages"], counts["empty lanes"]) == (1, 1)
        assert passages.passage(c, old) is None and passages.empty(c) == (2, "b", "zoe", 2)
        assert [one.number for one in passages.passages(c, time.time_ns() - DAY_NS, 10)] == [new]


def test_an_instrument_sends_its_table_and_the_screen_shows_it_by_itself(visit: Any, wing: Wing) -> None:
    page = visit("/lane", width=1024)
    page.get_by_text("The lane is free").wait_for()
    headers = {"Authorization": f"Bearer {program_of(wing, 'officer')}"}
    log = {"table": made("phone"), "person": "P-0815", "warning_read": True}
    answer = wing.client(None).post("/api/v1/lane", json=log, headers=headers)
    assert answer.status_code == 201 and answer.json()[0]["readings"][0]["kind"] == "semiconductor"
    page.locator(".verdict", has_text="P-0815").wait_for(timeout=15_000)
    page.get_by_role("button", name="Other electronics").click()
    page.get_by_text("Other electronics").first.wait_for()
    page.locator("#h-do").wait_for()
    listed = wing.client(None).get("/api/v1/lane?since_ns=0", headers=headers).json()
    assert [(one["person"], one["outcome"]) for one in listed] == [("P-0815", "other")]
    wrong = wing.client(None).post("/api/v1/lane", json=log | {"person": "Jean"}, headers=headers)
    assert wrong.status_code == 422 and "never a name" in wrong.json()["detail"]


def test_a_passage_with_an_alert_is_ended_at_the_gate_and_a_phone_goes_on_to_its_find(
    wing: Wing, send: Callable[..., Any]
) -> None:
    room = wing.site.rooms[0].name
    answer = sent(wing, "/lane", made("phone"), person="P-5", warning="yes", instrument="lane", room=room)
    assert answer.status_code == 303
    with wing.engine.begin() as c:
        (one,) = passages.passages(c, 0, 1)
        alert = junctions.alerted(Rules(), one, "A-2026-000007", time.time_ns())  # as the watch does
        assert alert is not None and alert.odds == ((room, 1.0),)
        queries.keep_alert(c, alert)
    client = wing.client("officer")
    assert "/alerts/A-2026-000007" in client.get("/lane").text
    page = client.get("/alerts/A-2026-000007").text
    assert "electronics that may be off, lane" in page and "which a watch has too" in page and room in page
    assert "électronique peut-être éteinte, portique" in wing.client(language="fr").get("/alerts/A-2026-000007").text
    answer = send(client, f"/lane/{one.number}/check", second_check="hand", outcome="phone", why="left shoe")
    assert answer.status_code == 303 and answer.headers["location"] == "/alerts/A-2026-000007/found"
    with reading(wing.engine) as c:
        decided = queries.decisions(c, "A-2026-000007")
    assert [(made.state, made.why, made.who) for made in decided] == [("acknowledged", "left shoe", "officer")]
    assert sent(wing, "/lane", made("phone"), warning="yes", room="no such room").status_code == 422


def lane_alert(wing: Wing, instrument: str = "lane", room: str = "A-104", ago_s: int = 5) -> tuple[int, str]:
    """A passage that waits, and the alert that the watch told of it."""
    number = wing.passed("P-9", ago_s)
    with wing.engine.begin() as c:
        one = passages.passage(c, number)
        assert one is not None
        one = replace(one, readings=(replace(one.readings[0], instrument=instrument, room=room),))
        alert = junctions.alerted(Rules(), one, queries.next_alert_name(c, 2026), time.time_ns())
        assert alert is not None
        queries.keep_alert(c, alert)
    return number, alert.name


@pytest.mark.parametrize(("state", "outcome"), [("false", "other"), ("not found", "nothing"), ("found", "phone")])
def test_an_alert_that_is_ended_on_its_own_page_ends_its_passage(
    wing: Wing, send: Callable[..., Any], state: str, outcome: str
) -> None:
    number, name = lane_alert(wing)
    client = wing.client("officer")
    assert f'action="/lane/{number}/check"' in client.get("/lane").text
    send(client, f"/alerts/{name}/decide", state="acknowledged", seen="new")
    assert f'action="/lane/{number}/check"' in client.get("/lane").text  # it is not over yet
    if state == "found":
        send(client, f"/alerts/{name}/found", seen="acknowledged", cell="A-104", why="left shoe")
    else:
        send(client, f"/alerts/{name}/decide", state=state, seen="acknowledged", why="left shoe")
    page = client.get("/lane").text
    assert f'action="/lane/{number}/check"' not in page and "told on its alert&#39;s page" in page
    with reading(wing.engine) as c:
        one = passages.passage(c, number)
    assert one is not None and (one.outcome, one.why, one.checked_by) == (outcome, "left shoe", "officer")
    assert send(client, f"/lane/{number}/check", outcome="other").status_code == 409


def test_what_was_said_at_the_lane_stays_when_its_find_is_recorded(wing: Wing, send: Callable[..., Any]) -> None:
    number, name = lane_alert(wing)
    client = wing.client("officer")
    send(client, f"/lane/{number}/check", second_check="x-ray", outcome="phone", why="seen in the heel")
    send(client, f"/alerts/{name}/found", seen="acknowledged", cell="A-104", why="cut open")
    with reading(wing.engine) as c:
        one = passages.passage(c, number)
        assert queries.decisions(c, name)[-1].state == "found"
    assert one is not None and (one.second_check, one.why) == ("x-ray", "seen in the heel")


@pytest.mark.parametrize("instrument", ["lane", "mail", "wand"])
def test_for_a_person_or_parcel_the_thing_to_do_is_a_second_check_and_for_a_wand_a_search(
    wing: Wing, send: Callable[..., Any], instrument: str
) -> None:
    _number, name = lane_alert(wing, instrument)
    client = wing.client("officer")
    send(client, f"/alerts/{name}/decide", state="acknowledged", seen="new")
    told = [client.get(f"/alerts/{name}").text]
    send(client, f"/alerts/{name}/decide", state="search ordered", seen="acknowledged")
    told.append(client.get(f"/alerts/{name}").text)
    for page in told:
        assert ("Check the person or parcel a second time" in page) == (instrument != "wand")
        assert ("A-104 searched" in page or "Search A-104 first" in page) == (instrument == "wand")


@pytest.mark.parametrize("instrument", ["lane", "mail", "wand"])
def test_a_person_or_parcel_at_the_gate_is_no_room_to_search_at_unlock(
    wing: Wing, send: Callable[..., Any], instrument: str
) -> None:
    _number, name = lane_alert(wing, instrument)
    client, gate = wing.client("officer"), instrument != "wand"
    page = client.get("/unlock").text
    assert ("1 alert at the gate" in page) == gate and (">A-104</h2>" in page) != gate
    assert ("No room is to be searched." in page) == gate
    answer = send(client, f"/unlock/{name}", room="A-104", seen="new", outcome="end")
    assert answer.status_code == (422 if gate else 303)
    send(client, f"/alerts/{name}/decide", state="acknowledged", seen="new")
    send(client, f"/alerts/{name}/decide", state="false", seen="acknowledged", why="a watch")
    assert ("Settled in the last 12 hours" in client.get("/unlock").text) != gate


def test_the_queue_is_full_of_rooms_however_many_wait_at_the_gate(wing: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shift, "QUEUED", 2)
    for room in ("A-101", "A-102", "A-103"):
        wing.alert(((room, 0.9),))
    lane_alert(wing)
    lane_alert(wing, "mail")
    page = wing.client("officer").get("/unlock").text
    assert ">A-102</h2>" in page and ">A-103</h2>" in page and "1 more alert" in page and "0 of 3" in page


def test_where_somebody_passed_stands_in_words_and_without_a_share(wing: Wing) -> None:
    lane_alert(wing, room="")
    page = wing.client("officer").get("/alerts").text
    assert "P-9 · at the gate" in page and "place unknown" not in page
    lane_alert(wing)
    page = wing.client("officer").get("/alerts").text
    assert "P-9 · A-104" in page and ">99" not in page
    assert "P-9 · à l’entrée" in wing.client("officer", "fr").get("/").text


def test_an_alert_that_nobody_ended_stays_at_the_lane_after_its_day(wing: Wing) -> None:
    number, name = lane_alert(wing, ago_s=3 * 24 * 3600)
    page = wing.client("officer").get("/lane").text
    assert "Not ended yet" in page and name in page and f'action="/lane/{number}/check"' in page


def test_the_handover_tells_alerts_at_the_gate_beside_those_of_rooms(
    wing: Wing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "MANY", 3)
    room = wing.alert(ago_s=900)
    for k in range(5):  # a day at the gate: they push no room out of the list
        number = wing.passed(f"P-{k:04}", ago_s=60 - k)
        with wing.engine.begin() as c:
            one = passages.passage(c, number)
            assert one is not None
            alert = junctions.alerted(Rules(), one, queries.next_alert_name(c, 2026), one.when_ns)
            assert alert is not None
            queries.keep_alert(c, alert)
    log = wing.client("officer").get("/handover").text
    rooms, gate = log[: log.index("h-gate")], log[log.index("h-gate") :]
    assert "Alerts told (1)" in rooms and room in rooms and "P-0004" not in rooms
    assert "Alerts told at the gate (5)" in gate and "P-0004" in gate and "… and 2 more" in gate
    assert "1 open alert:" in log and '<a href="/lane">5 alerts at the gate: no room to search</a>' in log
    assert '<a href="/alerts">5 alerts at the gate' in wing.client("administrator").get("/handover").text
