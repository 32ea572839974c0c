"""The bench's pages as a browser shows them, and what they say."""

from pathlib import Path
from typing import Any

import pytest

from cellwarden import language
from cellwarden.bench import roc, view_field, view_roc
from cellwarden.bench.field import evaluated
from cellwarden.bench.view import rendered


def part(scores: list[float | None], digest: str = "d") -> dict[str, Any]:
    return {
        "scores": scores,
        "found": scores,
        "misnamed": ["lte:pusch"],
        "elsewhere": [],
        "digest": digest,
        "seconds": 1.0,
    }


def result(name: str = "cellwarden") -> dict[str, Any]:
    """A run of forty bursts a level, of which more are named the higher the level, and of two false alarms."""
    points = []
    for level, named in ((-2.0, 0), (0.0, 20), (2.0, 38), (4.0, 40)):
        scores = [0.6 + 0.01 * n if n < named else None for n in range(40)]
        points.append(roc.point(level, [part(scores)], 0.5))
    absent = roc.absence([part([0.65, 0.55, *([None] * 98)])], 0.5, "noise")
    curve = {"label": "gsm:normal", "points": points, "absent": absent, "reaches": roc.reaches(points)}
    return {
        "scene": {"interface": "gsm", "channel": {"name": "awgn"}, "seed": 11},
        "detector": name,
        "threshold": 0.5,
        "provenance": {"cellwarden": "0.1.0", "commit": "0123456789"},
        "date": "2026-11-25",
        "curves": [{**curve, "time_bandwidth": 109.0}],
    }


def test_a_page_has_seed_version_intervals_and_false_alarms() -> None:
    page = rendered(view_roc.view(result()))
    for words in ("commit 0123456789", "<dd>11<", "0.500 (0.352–0.648)", "2 false alarms in 100 windows", "lte:pusch"):
        assert words in page, words


def test_a_page_in_french_has_commas_and_no_english() -> None:
    language.use("fr")
    try:
        page = rendered(view_roc.view(result()))
    finally:
        language.use("en")
    for words in ('<html lang="fr">', "0,500 (0,352–0,648)", "2 fausses alarmes", "Comment c’est fait"):
        assert words in page, words
    assert "share" not in page and "named" not in page


def test_a_detectors_name_cannot_run_in_a_page() -> None:
    page = rendered(view_roc.view(result("<script>alert(1)</script>")))
    assert "<script" not in page


@pytest.mark.parametrize("width", [360, pytest.param(1200, marks=pytest.mark.long)])
def test_pages_show_their_curves_and_fetch_nothing(browser: Any, tmp_path: Path, width: int) -> None:
    table = tmp_path / "t.csv"
    table.write_text(
        "device,present,alarm,score,distance_m\n" + "a,true,true,2,1\na,true,false,1,2\na,false,false,0,1\n" * 5
    )
    pages = {"roc": rendered(view_roc.view(result())), "field": rendered(view_field.view(evaluated(table)))}
    for name, text in pages.items():
        place, troubles = tmp_path / f"{name}.html", []
        place.write_text(text, encoding="utf-8")
        page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
        page.on("console", lambda message, troubles=troubles: troubles.append(message.text))
        page.on(
            "request", lambda r, troubles=troubles: troubles.append(r.url) if not r.url.startswith("file:") else None
        )
        page.goto(place.as_uri())
        assert troubles == []
        charts = page.locator("svg.plot")
        assert charts.count() == 2
        assert page.locator("svg.plot circle").count() == (4 if name == "roc" else 2)
        # Each curve has a line that is drawn, and nothing sticks out of the page.
        for number in range(2):
            assert charts.nth(number).locator("path.line").first.evaluate("p => p.getTotalLength()") > 50
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        # A share of one half stands half way between the edges of the chart.
        if name == "roc":
            middle = page.locator("svg.plot circle").nth(1).evaluate("c => Number(c.getAttribute('cy'))")
            assert middle == pytest.approx(12 + (380 - 12 - 46) / 2, abs=0.2)
