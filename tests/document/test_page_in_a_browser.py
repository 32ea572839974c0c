"""The report as a browser shows it. Needs Debian's chromium and the playwright package; says so and skips elsewhere."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cellwarden import language
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.files import Job, hear
from cellwarden.runtime.heard import Heard
from cellwarden.runtime.report import write_report
from cellwarden.simulate import wing

WING = wing.PLACE.with_suffix(".sigmf-meta")
HOSTILE = '<script>document.title="taken"</script>'


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """The bundled recording as scanned, with a burst of something else added, so that there are both kinds."""
    found = hear(Job(WING, None, None, hashed=False))
    other = Emission("unknown:burst", 400_000, 2_000, 600e3, 650e3, 9.0, 0.9)
    return replace(found, emissions=(*found.emissions, other))


@pytest.fixture
def open_page(browser: Any, heard: Heard, tmp_path: Path) -> Iterator[Any]:
    """Opens a report and returns its page; afterwards, nothing was wrong on the console and nothing left the file."""
    troubles: list[str] = []
    contexts = []

    def opener(what: Heard = heard, width: int = 1280, **options: Any) -> Any:
        place = tmp_path / "report.html"
        write_report(what, place, force=True)
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "data:")) else troubles.append(request.url),
        )
        page.goto(place.as_uri())
        page.locator(".where", has_text="MHz").first.wait_for()  # the script writes it
        return page

    yield opener
    for context in contexts:
        context.close()
    language.use("en")
    assert troubles == []


def axis(page: Any, name: str = "x") -> list[float]:
    """Numbers on an axis of the first panel, once the next frame is painted."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    texts = page.locator(f"svg.map .axis.{name} text").all_text_contents()
    return [float(text.replace("−", "-").replace(",", ".")) for text in texts]


def test_every_emission_has_a_box_and_a_row(open_page: Any, heard: Heard) -> None:
    page = open_page()
    assert page.locator("svg.map rect").count() == len(heard.emissions) == 52
    assert page.locator("tbody tr").count() == 52
    assert page.locator("svg.map rect.other").count() == 1


def test_the_wheel_narrows_both_axes_around_the_pointer(open_page: Any) -> None:
    page = open_page()
    assert min(axis(page)) == 0.0 and max(axis(page)) >= 180.0  # the recording lasts 200 ms
    place = page.locator("svg.map").bounding_box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    before_y = axis(page, "y")
    for _turn in range(8):
        page.mouse.wheel(0, -100)
    after, after_y = axis(page), axis(page, "y")
    # Eight turns of 0.8 leave 0.17 of 200 ms around the middle.
    assert 20 < max(after) - min(after) < 35 and 75 <= min(after) < max(after) <= 120
    assert max(after_y) - min(after_y) < 0.25 * (max(before_y) - min(before_y))
    page.get_by_role("button", name="Whole recording").click()
    assert max(axis(page)) - min(axis(page)) >= 180


def test_a_click_on_a_box_marks_its_row_and_one_on_a_row_zooms_to_its_box(open_page: Any) -> None:
    page = open_page()
    page.locator('svg.map rect[data-row="20"]').click()
    assert page.locator("tr.chosen").get_attribute("data-row") == "20"
    assert page.locator("rect.chosen").get_attribute("data-row") == "20"
    assert "#21" in page.locator("#said").text_content()
    page.locator('tr[data-row="30"] td:nth-child(3)').click()
    assert page.locator("tr.chosen").get_attribute("data-row") == "30"
    start = float(page.locator('tr[data-row="30"] td:nth-child(2)').text_content().removesuffix(" ms"))
    shown = axis(page)
    assert max(shown) - min(shown) < 10 and min(shown) - 3 < start < max(shown) + 3


@pytest.mark.long
def test_columns_sort_as_numbers_and_phones_come_first_only_while_asked(open_page: Any) -> None:
    page = open_page()
    snr = page.locator("thead th:nth-child(7) button")

    def values() -> list[float]:
        cells = page.locator("tbody tr:not([hidden]) td:nth-child(7)").all_text_contents()
        return [float(text.split()[0]) for text in cells]

    snr.click()
    phones, other = values()[:-1], values()[-1]
    assert phones == sorted(phones) and other == 9.0  # weaker than all, yet last: it is no phone
    page.locator("#first").uncheck()
    assert values() == sorted(values())
    snr.click()
    assert values() == sorted(values(), reverse=True)
    assert page.locator("thead th:nth-child(7)").get_attribute("aria-sort") == "descending"
    page.locator("#only").check()
    assert len(values()) == 51


def test_the_keyboard_zooms_moves_and_chooses(open_page: Any) -> None:
    page = open_page()
    page.locator("svg.map").focus()
    for _press in range(6):
        page.keyboard.press("+")
    middle = sum(axis(page)) / len(axis(page))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert sum(axis(page)) / len(axis(page)) > middle + 5
    page.locator('tr[data-row="3"] button').focus()
    page.keyboard.press("Enter")
    assert page.locator("rect.chosen").get_attribute("data-row") == "3"


@pytest.mark.long
def test_narrow_boxes_stay_large_enough_to_be_hit(open_page: Any) -> None:
    page = open_page(width=390)
    sizes = page.locator("svg.map rect").evaluate_all("all => all.map(r => r.getBoundingClientRect().width)")
    assert min(sizes) >= 7.5


def test_a_small_screen_does_not_scroll_sideways(open_page: Any) -> None:
    page = open_page(width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_page_speaks_french_where_asked(open_page: Any) -> None:
    language.use("fr")
    page = open_page()
    assert page.locator("html").get_attribute("lang") == "fr"
    said = page.locator("body").inner_text()
    for words in ("Un téléphone a été entendu", "probablement un appel", "Comment lire cette image", "non montré"):
        assert words in said
    ours = page.locator("header, .legend, .lesson, thead, .pair, dl, figcaption, h2, .tools").all_inner_texts()
    assert not re.search(r"\b(burst|phone|heard|noise|time|frequency|the)s?\b", " ".join(ours))
    assert any("," in text for text in page.locator("svg.map .axis.y text").all_text_contents())


def test_hostile_names_are_shown_as_text(open_page: Any, heard: Heard, tmp_path: Path) -> None:
    evil = tmp_path / HOSTILE.replace("/", "∕")
    recording = replace(open_recording(WING), path=evil)
    other = replace(heard.emissions[-1], label=f"unknown:{HOSTILE}", details={HOSTILE: HOSTILE})
    page = open_page(Heard(recording, (other,), Counter({HOSTILE: 1}), None))
    assert page.title() == f"{evil.name} – Cellwarden"
    assert HOSTILE in page.locator("tbody").inner_text()
    page.locator("svg.map rect").hover()
    assert HOSTILE in page.locator(".tip").inner_text()


def test_without_script_the_page_still_has_boxes_axes_and_pictures(browser: Any, heard: Heard, tmp_path: Path) -> None:
    write_report(heard, tmp_path / "report.html", force=True)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("svg.map rect").first.is_visible()
    assert page.locator("svg.map .axis.x text").count() >= 4
    context.close()
