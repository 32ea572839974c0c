"""What an officer does most, measured small."""

import shutil

import pytest
from benchmarks.lane import run

from benchmarks import tasks


@pytest.mark.long
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_no_task_takes_more_than_three_clicks() -> None:
    pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")
    figures = run(tasks.LANE, 0.0, tell=lambda _line: None)
    assert {name: one["clicks"] for name, one in figures["tasks"].items()} == {
        "acknowledge": 2, "read the cell": 1, "print the sheet": 2, "record a find": 3, "see a deaf sensor": 1,
    }  # fmt: skip
    assert all(0 < one["seconds"][0] <= one["seconds"][1] for one in figures["tasks"].values())
    assert "acknowledge 2, " in tasks.cell({"tasks": figures})


def test_the_line_of_the_table_tells_clicks_and_the_median_and_longest_time() -> None:
    """Clicks themselves are counted in `tests/console/test_in_a_browser.py` too."""
    done = {"rounds": 3, "tasks": {"acknowledge": {"clicks": 2, "seconds": [0.5, 0.2, 1.4]}}}
    figures = tasks.summary({"tasks": done})
    assert tasks.cell({"tasks": figures}) == "acknowledge 2, 0.5 s (longest 1.4 s); 3 times each"
