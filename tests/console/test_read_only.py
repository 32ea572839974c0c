"""The console over a damaged store: read on what could be read, and nowhere written to."""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.console.conftest import PASSWORD, Wing
from tests.console.test_in_a_browser import AXE, RULES, SIZES, Served, visit
from tests.console.test_rights import program_of, routes
from tests.store.spoilt import spoil

from cellwarden.console.app import application
from cellwarden.console.guard import API, COMING, form_token
from cellwarden.console.rights import RIGHTS
from cellwarden.runtime.read_only import salvaged
from cellwarden.store import beside, people
from cellwarden.store.engine import reading
from cellwarden.store.photographs import folder_of
from cellwarden.watch import queries

__all__ = ["visit"]  # a fixture

NOT_KEPT = "The store is damaged and is not written to: this was not kept. Restore a backup."
SHOTS = Path(__file__).parents[2] / "out" / "screens"


@pytest.fixture
def damaged(wing: Wing, tmp_path: Path) -> Iterator[Wing]:
    """What the console shows of the wing's store, of whose alerts one page of many was lost."""
    for k in range(60):
        wing.alert(ago_s=9000 + k)
    wing.alert()
    wing.presence()
    wing.engine.dispose()
    store = Path(shutil.copy(tmp_path / "site.db", tmp_path / "damaged.db"))
    spoil(store, "leaf")
    with salvaged(store, time.time_ns) as shown:
        app = application(shown.engine, wing.site, photographs=folder_of(store), read_only=shown.read_only)
        yield replace(wing, engine=shown.engine, app=app)


@pytest.fixture
def served(damaged: Wing) -> Iterator[Served]:
    running = Served(damaged)
    yield running
    running.stop()


def test_no_form_is_taken_but_those_by_which_people_come_and_go(damaged: Wing) -> None:
    with reading(damaged.engine) as c:
        before = queries.counted(c), queries.newest_change(c), people.persons(c)
    asked = 0
    for method, path in routes(damaged):
        if method == "GET" or path in COMING:
            continue
        role = sorted(RIGHTS[method, path] - {None})[0]
        client = damaged.client(role)
        there = re.sub(r"\{\w+\}", "1", path)
        form = {"csrf": form_token(client.cookies["session"])}
        headers = {"Authorization": f"Bearer {program_of(damaged, role)}"} if path.startswith(API) else {}
        answer = client.post(there, data=form, headers=headers)
        assert answer.status_code == 503 and NOT_KEPT in answer.text, path
        asked += 1
    assert asked > 20
    with reading(damaged.engine) as c:
        assert (queries.counted(c), queries.newest_change(c), people.persons(c)) == before


def test_all_pages_are_read_and_each_look_is_kept_beside_the_store(damaged: Wing, tmp_path: Path) -> None:
    for path in ("/", "/alerts", "/timeline", "/finds", "/handover", "/sensors", "/rules", "/unlock"):
        answer = damaged.client("officer").get(path)
        assert answer.status_code == 200 and "Read-only since" in answer.text, path
        assert 'id="stale"' not in answer.text  # nothing is live here
    assert damaged.client("investigator").get("/finds.csv").status_code == 200
    told = damaged.client("officer").get("/api/v1/alerts", headers=bearer(damaged, "officer"))
    assert told.status_code == 200 and told.json()
    done = [(line.who, line.action, line.what) for line in beside.read(tmp_path / "damaged.db-views")]
    assert {("officer", "view", "now"), ("officer", "view", "timeline"), ("investigator", "take along", "finds")} <= {
        *done
    }
    with reading(damaged.engine) as c:
        assert not any(True for _line in c.exec_driver_sql("SELECT 1 FROM audit"))


def bearer(wing: Wing, role: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {program_of(wing, role)}"}


@pytest.mark.long
def test_pages_of_a_damaged_store_say_so_in_a_browser_and_refuse_what_is_decided(visit: Any, damaged: Wing) -> None:
    with reading(damaged.engine) as c:
        name = queries.alerts(c)[0][0].name
    page = visit("/sign-in", role=None, width=1024)
    page.get_by_label("Name").fill("officer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("#read-only", has_text="cellwarden store restore BACKUP").wait_for()
    assert "nobody listens" in page.get_by_role("heading", level=2).first.inner_text()
    page.evaluate(AXE.read_text())
    assert page.evaluate(f"axe.run(document, {RULES})")["violations"] == []
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS.is_dir():
            page.screenshot(path=SHOTS / f"read-only-{width}.png")
    page.goto(re.sub(r"/[^/]*$", f"/alerts/{name}", page.url))
    with page.expect_response("**/decide") as answer:
        page.get_by_role("button", name="Acknowledge").click()
    assert answer.value.status == 503
    page.get_by_text(NOT_KEPT).wait_for()
    page.get_by_role("link", name="Français").click()
    page.locator("#read-only", has_text="Lecture seule depuis").wait_for()
