"""The plan on a page: who may change it, what is refused in the words of `site check`, what is kept; guided surveys."""

import html
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.console.conftest import HOSTILE, LEGAL, Wing, token_of

from cellwarden.console.app import application
from cellwarden.console.editing import Editing
from cellwarden.locate.site import load
from cellwarden.locate.site_edit import tables_of
from cellwarden.locate.site_file import others
from cellwarden.locate.site_write import to_toml
from cellwarden.locate.survey_guide import stands
from cellwarden.model.span import S_NS
from cellwarden.runtime.site_settings import problems
from cellwarden.store import audit
from cellwarden.store.engine import reading


def plan_of(page: str) -> dict[str, Any]:
    found = re.search(r'<textarea id="plan"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return json.loads(html.unescape(found[1]))


def seen_of(page: str) -> str:
    found = re.search('name="seen" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


class Desk:
    """Somebody with the page open."""

    def __init__(self, wing: Wing, role: Any = "rf engineer") -> None:
        self.client = wing.client(role)
        self.page = self.client.get("/site").text
        self.plan, self.seen = plan_of(self.page), seen_of(self.page)

    def send(self, what: str = "save", why: str = "a new wall", **more: Any) -> Any:
        values = {"csrf": token_of(self.page), "seen": self.seen, "plan": json.dumps(self.plan)}
        return self.client.post("/site", data=values | {"what": what, "why": why, **more})


@pytest.fixture
def path(wing: Wing) -> Path:
    return wing.folder / "site.toml"


def test_the_page_has_the_plan_of_the_file(wing: Wing, path: Path) -> None:
    assert Desk(wing, "administrator").plan == json.loads(json.dumps(tables_of(load(path))))
    assert wing.client("officer").get("/site").status_code == 403


def test_a_moved_sensor_is_kept_with_its_reason_and_the_mandate_stays(wing: Wing, path: Path) -> None:
    desk = Desk(wing)
    desk.plan["sensor"][0]["place_m"] = [4.0, 6.0, 2.4]
    answer = desk.send()
    assert (answer.status_code, answer.headers["location"]) == (303, "/site?kept=1")
    assert load(path).sensors[0].place_m == (4.0, 6.0, 2.4) and others(path) == LEGAL
    assert "when it is started anew" in desk.client.get("/site?kept=1").text
    with reading(wing.engine) as c:
        lines = [(line.who, line.action, line.what, line.why) for line in audit.lines(c)]
    assert ("rf engineer", "change", "site", "a new wall") in lines


def test_what_site_check_refuses_is_told_in_its_words_and_what_was_drawn_stays(wing: Wing, path: Path) -> None:
    before, desk = path.read_text(), Desk(wing)
    desk.plan["sensor"][0]["place_m"][0] = 900.0
    desk.plan["room"][3]["name"] = HOSTILE
    desk.plan["room"][4]["name"] = HOSTILE
    answer = desk.send()
    assert answer.status_code == 422 and path.read_text() == before
    assert "is outside of every room: mend place_m" in answer.text
    assert "has the name of another one: give it its own" in answer.text
    assert "<script>alert" not in answer.text
    assert plan_of(answer.text) == desk.plan and seen_of(answer.text) == desk.seen


def test_a_receiver_whose_sensor_was_taken_out_is_told(wing: Wing, path: Path) -> None:
    path.write_text(to_toml(wing.site, {"receiver": [{"sensor": wing.site.sensors[0].name, "source": "rtltcp://h:1"}]}))
    wing.app = application(wing.engine, wing.site, editing=Editing(path, problems))
    desk = Desk(wing)
    del desk.plan["sensor"][0]
    answer = desk.send()
    assert answer.status_code == 422
    assert f"site.toml: receiver 1: the site has no sensor {wing.site.sensors[0].name}" in html.unescape(answer.text)


def test_a_check_changes_nothing_and_keeping_takes_a_reason(wing: Wing, path: Path) -> None:
    before, desk = path.read_text(), Desk(wing)
    desk.plan["name"] = "New wing"
    assert "Nothing is wrong with it" in desk.send("check").text
    assert desk.send(why=" ").status_code == 422
    assert path.read_text() == before


def test_who_comes_second_is_told_and_keeps_what_they_drew(wing: Wing, path: Path) -> None:
    first, second = Desk(wing), Desk(wing, "administrator")
    first.plan["name"], second.plan["name"] = "First", "Second"
    assert first.send().status_code == 303
    answer = second.send()
    assert answer.status_code == 409 and plan_of(answer.text)["name"] == "Second"
    assert load(path).name == "First"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "no", '{"legal": {}}', '{"format": 1}', '{"format": 1, "name": "x", "room": [{"name": 3}]}', "[" * 9999],
)
def test_what_no_page_sends_is_refused_and_changes_nothing(wing: Wing, path: Path, text: str) -> None:
    before, desk = path.read_text(), Desk(wing)
    assert desk.send(plan=text).status_code in (409, 422)
    assert path.read_text() == before


def test_a_drawing_becomes_a_plan_that_is_not_kept_yet(wing: Wing, path: Path) -> None:
    before, desk = path.read_text(), Desk(wing)
    square = [[0, 0], [60, 0], [60, 20], [0, 20], [0, 0]]
    feature = {"type": "Feature", "properties": {"name": HOSTILE[:20], "kind": "cell"}}
    feature["geometry"] = {"type": "Polygon", "coordinates": [square]}  # type: ignore[assignment]
    files = {"drawing": ("../new.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}))}
    values = {"csrf": token_of(desk.page), "seen": desk.seen, "height": "2.8", "walls": "concrete"}
    answer = desk.client.post("/site/import", data=values, files=files)
    made = plan_of(answer.text)
    assert answer.status_code == 200 and "1 room was imported" in answer.text
    assert len(made["room"]) == 1 and len(made["wall"]) == 4 and made["floor"][0]["height_m"] == 2.8
    assert [one["name"] for one in made["sensor"]] == [one.name for one in wing.site.sensors]
    assert path.read_text() == before
    for name, text in (("x.exe", "x"), ("new.geojson", "{"), ("new.dxf", "no drawing"), ("new.ifc", "nor this")):
        answer = desk.client.post("/site/import", data=values, files={"drawing": (name, text)})
        assert answer.status_code == 422 and "/tmp" not in answer.text, name
        assert name in answer.text


def test_without_a_file_there_is_nothing_to_change(wing: Wing) -> None:
    wing.app = application(wing.engine, wing.site)
    client = wing.client("administrator")
    assert "without a site" in client.get("/site").text and "without a site" in client.get("/survey").text
    values = {"csrf": token_of(client.get("/account").text), "plan": "{}", "seen": "x"}
    assert client.post("/site", data=values).status_code == 409


@pytest.mark.long
def test_a_walk_goes_from_place_to_place_and_leaves_its_stays(wing: Wing, path: Path) -> None:
    clock = [time.time_ns()]
    wing.app = application(wing.engine, wing.site, editing=Editing(path), now_ns=lambda: clock[0])
    client, places = wing.client("rf engineer"), stands(load(path))
    csrf = token_of(client.get("/survey").text)
    for place in places[:2]:
        page = client.get("/survey").text
        assert "Stand here" in page and f">{place.room}<" in page
        at = re.search('name="at" value="([0-9]+)"', page)
        assert at is not None
        begun = client.post("/survey", data={"csrf": csrf, "what": "begin", "at": at[1]})
        page = client.get(begun.headers["location"]).text
        since = re.search('name="since_ns" value="([0-9]+)"', page)
        assert "You stand here" in page and since is not None
        values = {"csrf": csrf, "what": "end", "at": at[1], "since_ns": since[1]}
        clock[0] += 2 * S_NS
        assert "10 s at least" in client.post("/survey", data=values).text
        clock[0] += 30 * S_NS
        assert client.post("/survey", data=values).status_code == 303
    rows = client.get("/survey/stays.csv").text.splitlines()
    assert rows[0] == "start_s,end_s,x_m,y_m,z_m" and len(rows) == 3
    assert f"2 of {len(places)} places done" in client.get("/survey").text
    with reading(wing.engine) as c:
        assert [line.why for line in audit.lines(c) if line.action == "write"] == [one.room for one in places[:2]]
    client.post("/survey", data={"csrf": csrf, "what": "anew"})
    assert client.get("/survey/stays.csv").status_code == 404


def test_places_of_a_changed_plan_are_its_own(wing: Wing, path: Path) -> None:
    site = load(path)
    path.write_text(to_toml(replace(site, rooms=site.rooms[:2])))
    assert f"of {len(stands(load(path)))} places done" in wing.client("rf engineer").get("/survey").text
