"""What an officer does most, measured small."""

import shutil

import pytest
from benchmarks.lane import run

from benchmarks import tasks

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
CLICKS = {"acknowledge": 2, "read the cell": 1, "print the sheet": 2, "record a find": 3, "see a deaf sensor": 1}


@pytest.fixture(autouse=True)
def playwright() -> None:
    pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")


@pytest.mark.long
def test_no_task_takes_more_than_three_clicks() -> None:
    figures = run(tasks.LANE, 0.0, tell=lambda _line: None)
    assert {name: one["clicks"] for name, one in figures["tasks"].items()} == CLICKS
    assert all(0 < one["seconds"][0] <= one["seconds"][1] for one in figures["tasks"].values())
    assert "acknowledge 2, " in tasks.cell({"tasks": figures})


def test_two_tasks_in_a_store_that_is_nearly_empty_take_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' clicks are counted in `tests/console/test_in_a_browser.py` too."""
    names = "acknowledge", "see a deaf sensor"
    monkeypatch.setattr(tasks, "TASKS", {name: tasks.TASKS[name] for name in names})
    for amount in ("OPEN", "SETTLED", "PRESENCES"):
        monkeypatch.setattr(tasks, amount, 2)
    figures = tasks.summary({"tasks": tasks.tasks(1)})
    assert {name: one["clicks"] for name, one in figures["tasks"].items()} == {name: CLICKS[name] for name in names}
    assert all(0 < one["seconds"][0] <= one["seconds"][1] for one in figures["tasks"].values())
    assert "acknowledge 2, " in tasks.cell({"tasks": figures})
