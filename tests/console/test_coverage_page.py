"""Where sensors would hear a phone, and where the next ones would help most."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.console.conftest import Wing
from tests.console.test_in_a_browser import served, visit
from tests.console.test_site_page import plan_of

from cellwarden.console import placing
from cellwarden.console.placing import Look
from cellwarden.locate.placement import Worth
from cellwarden.locate.site import Sensor, load
from cellwarden.store import audit
from cellwarden.store.engine import reading

__all__ = ["served", "visit"]


def page_of(wing: Wing, band: str = "GSM 900") -> str:
    answer = wing.client("officer").get("/sensors/coverage", params={"band": band})
    assert answer.status_code == 200
    return answer.text


def test_a_wing_whose_sensors_hear_is_covered_and_one_that_is_deaf_everywhere_is_not(wing: Wing) -> None:
    assert "0 of 12 sensors listen there" in page_of(wing)  # nobody told anything
    assert page_of(wing).count('fill="url(#heard-none)" d=') == 3  # one on each floor
    wing.sensors()
    page = page_of(wing)
    assert "12 of 12 sensors listen there" in page and 'fill="url(#heard-none)" d=' not in page
    assert "Every place of the building is heard" in page and "12 sensors have no calibration" in page
    assert "0 of 12 sensors listen there" in page_of(wing, "LTE 800")  # the file says that they hear GSM


def test_a_band_that_there_is_not_is_refused(wing: Wing) -> None:
    assert wing.client("officer").get("/sensors/coverage", params={"band": "X"}).status_code == 422


def finished(wing: Wing) -> Look:
    until = time.monotonic() + 120
    while (look := wing.app.state.desk.placing.look()).running and time.monotonic() < until:
        time.sleep(0.1)
    return look


@pytest.mark.long
def test_a_proposal_is_found_beside_the_console_and_taken_over_into_the_plan(
    wing: Wing, send: Callable[..., Any]
) -> None:
    client = wing.client("rf engineer")
    begun = time.monotonic()
    assert send(client, "/sensors/placement", what="start", count="1", where="cell").status_code == 303
    assert time.monotonic() - begun < 5  # the answer is not waited for
    page = client.get("/sensors/placement").text
    assert "data-poll" in page and "Leave off" in page
    assert send(client, "/sensors/placement", what="start", count="1", where="cell").status_code == 409
    look = finished(wing)
    assert look.found is not None and len(look.found.sensors) == 1
    assert placing.Placing(wing.folder / "site.placement.json").look().found == look.found  # also after a restart
    assert [one.sensors for one in look.found.worths] == [12, 13]
    page = client.get("/sensors/placement").text
    assert "data-poll" not in page and "S-01" in page and "stand next" in page
    kept = load(wing.folder / "site.toml")
    plan = plan_of(send(client, "/site/propose").text)
    assert [one["name"] for one in plan["sensor"][12:]] == ["S-01"]
    assert load(wing.folder / "site.toml") == kept  # not kept before somebody says so
    seen = re.search('name="seen" value="([0-9a-f]+)"', client.get("/site").text)
    assert seen is not None
    told = send(client, "/site", what="save", why="one more", plan=json.dumps(plan), seen=seen[1])
    assert told.status_code == 303 and len(load(wing.folder / "site.toml").sensors) == 13
    assert send(client, "/site/propose").status_code == 409  # they are in it already
    with reading(wing.engine) as c:
        assert ("rf engineer", "try", "sensors") in {(one.who, one.action, one.what) for one in audit.lines(c)}


def test_who_leaves_off_has_no_answer_and_may_ask_again(wing: Wing, send: Callable[..., Any]) -> None:
    client = wing.client("administrator")
    send(client, "/sensors/placement", what="start", count="6", where="both")
    send(client, "/sensors/placement", what="stop")
    assert wing.app.state.desk.placing.look() == Look()
    assert send(client, "/site/propose").status_code == 409
    assert "Look for places" in client.get("/sensors/placement").text


def test_a_proposal_outlives_the_watch_and_what_cannot_be_read_is_none(wing: Wing, tmp_path: Path) -> None:
    file = tmp_path / "site.placement.json"
    asked = placing.Placing(file)
    assert asked.look() == Look()
    found = placing.Proposal((Sensor("S-1", (1.0, 2.0, 3.0)),), (Worth(12, 0.5, 0.8, 2.0, 400),), 7)
    file.write_text(json.dumps(asdict(found)), encoding="utf-8")
    assert placing.Placing(file).look() == Look(found=found)
    asked.start(wing.site, 1, ("cell",))
    assert not file.exists()  # of an old question
    asked.stop()
    file.write_text("{", encoding="utf-8")
    assert placing.Placing(file).look() == Look()


def test_a_process_that_dies_is_told(wing: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = wing.app.state.desk.placing
    monkeypatch.setattr(placing, "work", print)  # which ends without a word
    asked.start(wing.site, 1, ("cell",))
    assert finished(wing).failed
    assert "It ended without an answer" in wing.client("rf engineer").get("/sensors/placement").text


@pytest.mark.long
def test_the_keyboard_alone_asks_for_places_and_takes_them_over(visit: Any) -> None:
    page = visit("/sensors/placement", role="rf engineer", width=1024)
    page.locator("#count").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("progress").wait_for()
    page.evaluate("window.sameDocument = true")
    page.locator("#h-found").wait_for(timeout=120_000)  # by itself
    assert page.evaluate("window.sameDocument")
    page.get_by_role("button", name="Take it over").focus()
    page.keyboard.press("Enter")
    page.locator("#state", has_text="Changed, and not kept yet").wait_for()
