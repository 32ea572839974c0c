"""What an officer does most, measured small."""

import shutil

import pytest
from benchmarks.lane import run

from benchmarks import tasks


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_no_task_takes_more_than_three_clicks() -> None:
    pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")
    figures = run(tasks.LANE, 0.0, tell=lambda _line: None)
    assert {name: one["clicks"] for name, one in figures["tasks"].items()} == {
        "acknowledge": 2, "read the cell": 1, "print the sheet": 2, "record a find": 3, "see a deaf sensor": 1,
    }  # fmt: skip
    assert all(0 < one["seconds"][0] <= one["seconds"][1] for one in figures["tasks"].values())
    assert "acknowledge 2, " in tasks.cell({"tasks": figures})
