"""The page of the last metres: who sees it, what it shows, and that it shows nothing old."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.console.conftest import Wing
from tests.console.test_in_a_browser import AXE, RULES, SIZES

from cellwarden.console.near import application
from cellwarden.console.page import HERE
from cellwarden.console.serve import address, listening, server
from cellwarden.watch import queries

KEY = "k3y"


def phone(number: int, heat: float | None, trend: str = "steady", hottest: float = 0.7) -> dict[str, object]:
    return {
        "phone": number, "name": f"GSM, 90{number}.0 MHz", "silent_s": 0 if heat is not None else 12, "heat": heat,
        "over_db": None if heat is None else round(70 * heat), "hottest": hottest, "trend": trend if heat else "",
        "past": [None] * 20 + [0.1 * k for k in range(10)],
    }  # fmt: skip


class Air:
    """What is heard, as a test says."""

    def __init__(self) -> None:
        self.now: dict[str, object] = {"phones": [], "wanted": None, "any": True, "clipped": False}

    def __call__(self) -> dict[str, object]:
        return self.now

    def hears(self, *phones: dict[str, object], **more: object) -> None:
        self.now = {"phones": list(phones), "wanted": None, "any": True, "clipped": False, **more}


def test_without_the_key_there_is_nothing_and_with_it_a_page_in_the_readers_language() -> None:
    client = TestClient(application(Air(), KEY), follow_redirects=False)
    for path in ("/", "/near/", "/near/other", "/near/other/live", f"/near/{KEY}x", "/near/{given}", "/openapi.json"):
        assert client.get(path).status_code == 404, path
    page = client.get(f"/near/{KEY}", headers={"Accept-Language": "fr"})
    assert 'lang="fr"' in page.text and "brûlant" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "style=" not in page.text and "onclick" not in page.text
    switched = client.get(f"/near/{KEY}?speak=fr")
    assert switched.headers["location"] == f"/near/{KEY}" and "language=fr" in switched.headers["set-cookie"]
    assert client.post(f"/near/{KEY}").status_code == 405


def test_it_makes_no_sound() -> None:
    script = (HERE / "static" / "near.js").read_text()
    assert not any(word in script for word in ("AudioContext", "Audio(", "vibrate", "speechSynthesis"))
    assert "<audio" not in (HERE / "templates" / "near.html").read_text()


@pytest.fixture
def air() -> Air:
    return Air()


@pytest.fixture
def served(air: Air) -> Iterator[tuple[str, Any]]:
    door = listening("127.0.0.1", 0)
    running = server(application(air, KEY))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [door]})
    thread.start()
    deadline = time.monotonic() + 30
    while not running.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"{address(door)}/near/{KEY}", running
    running.should_exit = True
    thread.join(30)


def opened(browser: Any, address: str, width: int = 390, **options: Any) -> Any:
    options = {"locale": "en-GB", "color_scheme": "light", **options}
    page = browser.new_context(viewport={"width": width, "height": SIZES[width]}, **options).new_page()
    page.goto(address)
    return page


def test_the_bar_follows_the_loudest_until_one_is_chosen(browser: Any, served: tuple[str, Any], air: Air) -> None:
    page = opened(browser, served[0])
    bar, trend, name = page.locator("#bar"), page.locator("#trend"), page.locator("#h-name")
    name.get_by_text("No phone is heard").wait_for()
    air.hears(phone(2, 0.8, "warmer"), phone(1, 0.3, "colder"))
    trend.get_by_text("▲ warmer").wait_for()
    assert (name.inner_text(), bar.get_attribute("aria-valuenow")) == ("GSM, 902.0 MHz", "80")
    tube, fill = (page.locator(one).bounding_box()["height"] for one in (".tube", ".fill"))
    assert fill == pytest.approx(0.8 * tube, abs=6)
    page.get_by_label("GSM, 901.0 MHz").first.check()
    trend.get_by_text("▼ colder").wait_for()
    assert bar.get_attribute("aria-valuenow") == "30"
    air.hears(phone(2, 0.8, "warmer"), phone(1, None))
    trend.get_by_text("silent for 12 s").wait_for()
    assert bar.get_attribute("aria-valuenow") == "0" and page.locator(".fill").bounding_box()["height"] == 0
    page.context.close()


def test_an_alerts_channel_that_is_silent_is_not_replaced_by_another(
    browser: Any, served: tuple[str, Any], air: Air
) -> None:
    page = opened(browser, served[0])
    air.hears(phone(2, 0.8, "warmer"), any=False)
    page.get_by_label("GSM, 902.0 MHz").first.wait_for()
    assert page.locator("#h-name").inner_text() == "No phone is heard"
    air.hears(phone(2, 0.8, "warmer"), any=False, wanted=2, clipped=True)
    page.locator("#trend").get_by_text("▲ warmer").wait_for()
    assert page.get_by_text("Too strong for the receiver").is_visible()
    page.context.close()


@pytest.mark.long
def test_what_is_old_is_not_shown(browser: Any, served: tuple[str, Any], air: Air) -> None:
    air.hears(phone(2, 0.8, "warmer"))
    page = opened(browser, served[0])
    page.locator("#trend").get_by_text("▲ warmer").wait_for()
    served[1].should_exit = True
    page.locator("#h-name").get_by_text("No news from the receiver").wait_for(timeout=15_000)
    assert page.locator("#bar").get_attribute("aria-valuenow") == "0"
    assert page.locator("#trend").inner_text() == "" and page.locator("#level").inner_text() == ""
    page.context.close()


@pytest.mark.parametrize(
    ("width", "language", "scheme"), [(390, "fr-FR", "light"), (1024, "en-GB", "dark"), (1920, "fr-FR", "dark")]
)
def test_it_fits_each_screen_and_breaks_no_rule_of_accessibility(
    browser: Any, served: tuple[str, Any], air: Air, width: int, language: str, scheme: str
) -> None:
    air.hears(phone(2, 0.8, "warmer"), phone(1, 0.3, "colder"), phone(3, None), clipped=True)
    page = opened(browser, served[0], width, locale=language, color_scheme=scheme)
    page.locator("label[data-phone='3']").wait_for()
    page.evaluate(AXE.read_text())
    assert page.evaluate(f"axe.run(document, {RULES})")["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".tube").bounding_box()["y"] + page.locator(".tube").bounding_box()["height"] <= SIZES[width]
    page.context.close()


def test_an_alerts_page_names_the_channel_to_follow(wing: Wing) -> None:
    name = wing.alert()
    assert "cellwarden near" not in wing.client().get(f"/alerts/{name}").text  # its channel is not known
    with wing.engine.begin() as c:
        one = queries.alert(c, name)
        queries.keep_alert(c, replace(one, activity=replace(one.activity, frequency_hz=897.4e6)))
    assert "--at 897.4MHz" in wing.client(language="fr").get(f"/alerts/{name}").text
