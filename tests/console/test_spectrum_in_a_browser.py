"""The spectrum as engineers see it: rows run down the canvas, and pause, zoom and replay do what they say."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from tests.console.conftest import Wing
from tests.console.test_evidence import kept
from tests.console.test_in_a_browser import Served, served, visit

from cellwarden.model import Sighting
from cellwarden.model.span import S_NS
from cellwarden.simulate.waterfall import rows

__all__ = ["Served", "served", "visit"]

SENSOR = "A1-S2"
HERTZ = 897.4e6
BRIGHT = """part => { const canvas = document.querySelector('#waterfall'), copy = document.createElement('canvas');
  copy.width = canvas.width; copy.height = canvas.height;
  const pen = copy.getContext('2d', { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const line = pen.getImageData(58, 40, canvas.width - 58, 1).data, seen = [];
  for (let x = 0; x < line.length / 4; x++) if (line[4 * x] > 180) seen.push(x / (line.length / 4));
  return seen; }"""
"""Where along the axis a row of the picture is bright, as shares of its width."""


@pytest.fixture
def calling(wing: Wing) -> Iterator[None]:
    """A phone that calls while somebody looks."""
    stopped, rng = threading.Event(), np.random.default_rng(3)

    def play() -> None:
        while not stopped.wait(0.1):
            end = time.time_ns()
            start = end - S_NS // 10
            call = Sighting(start, end, "P-7", "gsm", {"gsm:normal": 20}, HERTZ, 0.99, (), (SENSOR,))
            for row in rows(SENSOR, start, end, [call], rng):
                wing.spectra.put(SENSOR, row)

    thread = threading.Thread(target=play)
    thread.start()
    yield
    stopped.set()
    thread.join()


def until(page: Any, words: str, least: int) -> None:
    """Wait until a count in the page has grown so far; the page's policy lets no condition be sent there."""
    for _turn in range(300):
        if int(page.locator("#spectrum").get_attribute(f"data-{words}") or -1) >= least:
            return
        page.wait_for_timeout(100)
    raise AssertionError(words)


@pytest.fixture
def look(visit: Callable[..., Any], calling: None) -> Callable[..., Any]:
    def opener(**options: Any) -> Any:
        page = visit(f"/spectrum?sensor={SENSOR}", role="rf engineer", **options)
        until(page, "rows", 60)  # of two bands
        return page

    return opener


def test_a_call_runs_down_its_channel_with_its_name_and_zoom_comes_closer(look: Any) -> None:
    page = look(width=1024)
    share = (HERTZ - 880e6) / 35e6
    bright = page.evaluate(BRIGHT)
    assert bright and abs(np.mean(bright) - share) < 0.02
    page.locator("#heard tr", has_text="gsm:normal").wait_for()
    assert "897.400" in page.locator("#heard tr").first.inner_text()
    page.locator("#waterfall").focus()
    page.keyboard.press("+")
    closer = page.evaluate(BRIGHT)
    assert abs(np.mean(closer) - (0.5 + 2 * (share - 0.5))) < 0.03 and len(closer) > 1.4 * len(bright)
    page.get_by_role("button", name="Whole band").click()
    assert abs(np.mean(page.evaluate(BRIGHT)) - share) < 0.02
    page.get_by_label("Band").select_option(index=1)
    page.get_by_role("status").get_by_text("1,710.0 – 1,785.0 MHz").wait_for()


@pytest.mark.long
def test_a_pause_holds_the_picture_and_what_was_missed_is_made_up_for(look: Any) -> None:
    page = look(width=390)
    page.get_by_role("button", name="Pause").click()
    picture = page.evaluate("document.querySelector('#waterfall').toDataURL()")
    count = int(page.locator("#spectrum").get_attribute("data-rows"))
    until(page, "rows", count + 10)
    assert page.evaluate("document.querySelector('#waterfall').toDataURL()") == picture
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("document.querySelector('#waterfall').toDataURL()") != picture


@pytest.mark.long
def test_a_snippet_is_replayed_and_then_the_live_picture_goes_on(look: Any, wing: Wing) -> None:
    wing.alert(evidence=(kept(wing.folder / "evidence"),))
    page = look(width=1024, reduced_motion="reduce")
    page.get_by_role("button", name="Replay").click()
    until(page, "played", 60)
    page.get_by_role("status").get_by_text("Replay, gsm:normal: 5.0 ms").wait_for()
    page.get_by_role("button", name="Back to live").click()
    page.get_by_role("status").get_by_text("Live: 880.0 – 915.0 MHz").wait_for()


@pytest.mark.long
def test_a_receiver_works_for_nobody_once_the_page_is_left(look: Any, wing: Wing) -> None:
    page = look(width=1024)
    assert wing.spectra.wanted(SENSOR)
    page.goto("about:blank")
    deadline = time.monotonic() + 30
    while wing.spectra.wanted(SENSOR) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not wing.spectra.wanted(SENSOR)
