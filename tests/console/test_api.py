"""The API of programs."""

import time

import pytest
from fastapi.testclient import TestClient
from tests.console.conftest import PASSWORD, Wing, token_of

from cellwarden.console.rights import RIGHTS
from cellwarden.model import Role
from cellwarden.store import audit, people
from cellwarden.store.engine import reading
from cellwarden.watch import queries


def program(wing: Wing, role: Role) -> TestClient:
    with wing.engine.begin() as c:
        token = people.program_token(c, role, time.time_ns())
    return TestClient(wing.app, base_url="http://testserver/api/v1", headers={"Authorization": f"Bearer {token}"})


def test_alerts_are_told_with_their_state_and_decided_once(wing: Wing) -> None:
    name = wing.alert()
    client = program(wing, "officer")
    (told,) = client.get("alerts", params={"state": "new"}).json()
    assert (told["alert"]["name"], told["state"], told["decision"]) == (name, "new", None)
    assert told["alert"]["odds"][0] == ["A-104", 0.83]
    wish = {"state": "acknowledged", "seen": "new", "why": "by a program"}
    assert client.post(f"alerts/{name}/decisions", json=wish).status_code == 201
    assert client.post(f"alerts/{name}/decisions", json=wish).status_code == 409
    assert client.get("alerts", params={"state": "new"}).json() == []
    (made,) = client.get(f"alerts/{name}/decisions").json()
    assert (made["who"], made["why"]) == ("officer", "by a program")
    assert client.get(f"alerts/{name}").json()["state"] == "acknowledged"


def test_a_program_records_no_find_since_that_takes_a_pair_of_hands(wing: Wing) -> None:
    name = wing.alert()
    wish = {"state": "found", "seen": "acknowledged"}
    assert program(wing, "officer").post(f"alerts/{name}/decisions", json=wish).status_code == 422


def test_what_cannot_be_read_is_named_with_what_is_allowed(wing: Wing) -> None:
    client, name = program(wing, "officer"), wing.alert()
    states = "new, acknowledged, search ordered, found, not found, false"
    for asked, said in (
        ({"state": "zz"}, f"state must be one of these: {states}"),
        ({"limit": 0}, "limit must be 1 or more"),
        ({"limit": 1001}, "limit must be 1,000 or less"),
        ({"since_ns": "x"}, "since_ns must be a whole number"),
    ):
        assert client.get("alerts", params=asked).json()["detail"] == f"This cannot be read: {said}."
    torn = client.post(f"alerts/{name}/decisions", content='{"state": ', headers={"Content-Type": "application/json"})
    assert torn.status_code == 422 and "the body is no JSON from character 11 on" in torn.json()["detail"]
    lacking = client.post(f"alerts/{name}/decisions", json={"state": "acknowledged"}).json()["detail"]
    assert lacking == "This cannot be read: seen is missing."


def test_each_view_by_a_program_is_audited(wing: Wing) -> None:
    name = wing.alert()
    client = program(wing, "investigator")
    for path in ("alerts", f"alerts/{name}", f"alerts/{name}/decisions", "plan", "finds"):
        assert client.get(path).status_code == 200
    assert client.get("presences", params={"since_ns": 0, "until_ns": 1}).status_code == 200
    with reading(wing.engine) as c:
        assert [(line.who, line.action) for line in audit.lines(c)] == [("investigator", "view")] * 6


def test_the_plan_is_geojson_with_closed_rings_and_marks(wing: Wing) -> None:
    wing.alert()
    plan = program(wing, "officer").get("plan").json()
    rooms = {f["properties"]["name"]: f for f in plan["features"] if f["geometry"]["type"] == "Polygon"}
    assert plan["type"] == "FeatureCollection"
    assert len(plan["features"]) == len(wing.site.rooms) + len(wing.site.sensors)
    assert all(f["geometry"]["coordinates"][0][0] == f["geometry"]["coordinates"][0][-1] for f in rooms.values())
    assert rooms["A-104"]["properties"]["level"] == "likely"
    assert rooms["A-101"]["properties"]["level"] == ""


def test_presences_are_given_for_a_week_at_most(wing: Wing) -> None:
    wing.presence()
    client = program(wing, "investigator")
    now = time.time_ns()
    day, week = 86_400 * 10**9, 7 * 86_400 * 10**9
    (told,) = client.get("presences", params={"since_ns": now - day, "until_ns": now}).json()
    assert told["emitter"] == "E-0042"
    assert client.get("presences", params={"since_ns": now - week - 1, "until_ns": now}).status_code == 422
    assert client.get("presences", params={"since_ns": now, "until_ns": now - 1}).status_code == 422


def test_sensors_tell_their_newest_state(wing: Wing) -> None:
    wing.sensors()
    wing.sensors(deaf="A1-S3")
    told = program(wing, "rf engineer").get("sensors").json()
    assert {one["sensor"]: one["reason"] for one in told if one["reason"]} == {"A1-S3": "no samples"}
    assert len(told) == len(wing.site.sensors)


def test_the_description_lists_every_route_of_the_api(wing: Wing) -> None:
    schema = program(wing, "officer").get("openapi.json").json()
    told = {(method.upper(), path) for path, methods in schema["paths"].items() for method in methods}
    assert told == {key for key in RIGHTS if key[1].startswith("/api/")} - {("GET", "/api/v1/openapi.json")}


def test_a_token_is_made_on_the_account_page_works_90_days_and_ends_with_the_person(wing: Wing) -> None:
    page = wing.client("officer")
    sent = {"csrf": token_of(page.get("/account").text), "password": PASSWORD}
    answer = page.post("/account/token", data=sent)
    token = answer.text.split('class="code">')[1].split("<")[0]
    client = TestClient(wing.app, headers={"Authorization": f"Bearer {token}"})
    assert client.get("/api/v1/alerts").status_code == 200
    days = 86_400 * 10**9
    with reading(wing.engine) as c:
        assert people.session(c, people.PROGRAM + token, time.time_ns() + 89 * days) is not None
        assert people.session(c, people.PROGRAM + token, time.time_ns() + 91 * days) is None
    with wing.engine.begin() as c:
        people.set_disabled(c, "officer", True)
    assert client.get("/api/v1/alerts").status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic b2ZmaWNlcjp4", "bearer " + "x" * 9000])
def test_without_a_token_there_is_nothing(wing: Wing, header: str) -> None:
    answer = TestClient(wing.app).get("/api/v1/alerts", headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Sign in first."})


def test_an_alert_that_is_not_there_is_told(wing: Wing) -> None:
    with reading(wing.engine) as c:
        assert queries.alerts(c) == []
    assert program(wing, "officer").get("alerts/A-2026-999999").status_code == 404
