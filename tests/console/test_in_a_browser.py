"""The console as officers see it. Needs Debian's chromium and the playwright package; says so and skips elsewhere."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.console.conftest import PASSWORD, Wing

from cellwarden.console import page as page_module
from cellwarden.console.serve import address, listening, server
from cellwarden.model import Decision, Note, Role
from cellwarden.register.queries import finds
from cellwarden.store import people
from cellwarden.store.engine import reading
from cellwarden.watch import queries, shifts

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SIZES = {390: 844, 1024: 768, 1920: 1080}
RULES = """{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    resultTypes: ['violations']}"""  # what is well is not written up, which took a third of the time
PAGES: dict[Role, tuple[str, ...]] = {
    "officer": (
        "/",
        "/?wall=1",
        "/alerts",
        "/alerts/{name}",
        "/alerts/{name}/found",
        "/unlock",
        "/handover",
        "/lane",
        "/timeline",
        "/sensors",
        "/sensors/coverage",
        "/notifications",
        "/finds",
    ),
    "investigator": ("/emitters", "/unknown", "/help", "/account"),
    "rf engineer": ("/spectrum", "/site", "/survey", "/sensors/placement"),
    "administrator": ("/people", "/rules"),
    "auditor": ("/audit",),
}


class Served:
    """A console that can be stopped and started again at its address."""

    def __init__(self, wing: Wing) -> None:
        self.wing, self.port = wing, 0
        self.start()

    def start(self) -> None:
        door = listening("127.0.0.1", self.port)
        self.port, self.address = door.getsockname()[1], address(door)
        self._server = server(self.wing.app)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [door]})
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()


@pytest.fixture
def served(wing: Wing) -> Iterator[Served]:
    wing.sensors(deaf="A1-S3")
    running = Served(wing)
    yield running
    running.stop()


@pytest.fixture
def visit(browser: Any, served: Served) -> Iterator[Any]:
    """Opens a page as a role; afterwards nothing was wrong on the browser's console and nothing came from elsewhere."""
    troubles: list[str] = []
    contexts = []

    def opener(path: str = "/", role: Role | None = "officer", width: int = 390, **options: Any) -> Any:
        options = {"locale": "en-GB", "color_scheme": "light", **options}
        context = browser.new_context(viewport={"width": width, "height": SIZES[width]}, **options)
        contexts.append(context)
        if role is not None:
            with served.wing.engine.begin() as c:
                token = people.new_session(c, role, time.time_ns())
            context.add_cookies([{"name": "session", "value": token, "url": served.address, "sameSite": "Strict"}])
        page = context.new_page()
        page.on("console", lambda m: troubles.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith((served.address, "data:", "chrome:", "chrome-extension:"))
                else troubles.append(r.url)
            ),
        )
        page.goto(served.address + path)
        return page

    yield opener
    for context in contexts:
        context.close()
    # a server stopped; a form refused, or sent when the session was over
    meant = ("ERR_CONNECTION", "ERR_INCOMPLETE", "status of 401", "status of 422", "status of 503")
    assert [trouble for trouble in troubles if not any(words in trouble for words in meant)] == []


class Hand:
    """Clicks, counted."""

    def __init__(self, page: Any) -> None:
        self.page, self.clicks = page, 0

    def click(self, name: str) -> None:
        self.page.get_by_role("link", name=re.compile(name)).or_(
            self.page.get_by_role("button", name=re.compile(name))
        ).first.click()
        self.clicks += 1


def test_acknowledging_takes_two_clicks(visit: Any, wing: Wing) -> None:
    name = wing.alert()
    hand = Hand(visit())
    hand.click("A-104")
    hand.click("^Acknowledge$")
    hand.page.locator(".verdict .state", has_text="acknowledged").wait_for()
    assert hand.clicks == 2
    with reading(wing.engine) as c:
        assert [one.state for one in queries.decisions(c, name)] == ["acknowledged"]


def test_the_cell_is_read_without_a_click_and_stands_large_after_one(visit: Any, wing: Wing) -> None:
    wing.alert()
    hand = Hand(visit())
    assert hand.page.locator(".alerts .where").inner_text() == "A-104"
    assert hand.page.locator('[data-room="A-104"]').get_attribute("data-level") == "likely"
    hand.click("A-104")
    heading = hand.page.locator("h1")
    assert heading.inner_text() == "A-104"
    assert heading.bounding_box()["y"] < SIZES[390] / 2  # seen without scrolling
    assert hand.clicks == 1


def test_the_search_sheet_takes_two_clicks(visit: Any, wing: Wing) -> None:
    name = wing.alert()
    hand = Hand(visit())
    hand.click("A-104")
    with hand.page.expect_request(f"**/alerts/{name}/sheet.pdf") as asked:
        hand.click("Search sheet")
    assert hand.clicks == 2
    assert asked.value.method == "GET"


def test_recording_a_find_takes_three_clicks(visit: Any, wing: Wing) -> None:
    name = wing.alert()
    with wing.engine.begin() as c:
        queries.decide(c, Decision(name, "acknowledged", "officer", time.time_ns(), ""), "new")
    hand = Hand(visit())
    hand.click("A-104")
    hand.click("^Phone found$")
    assert hand.page.get_by_label("Where it was found").input_value() == "A-104"
    hand.page.get_by_label("Model as seen").fill("a tiny one")
    hand.page.get_by_label("Seal number").fill("S-77")
    hand.click("Keep the find")
    hand.page.locator(".verdict .state", has_text="phone found").wait_for()
    assert hand.clicks == 3
    with reading(wing.engine) as c:
        assert [(find.alert, find.seal) for find in finds(c)] == [(name, "S-77")]


@pytest.mark.long
def test_a_room_is_ticked_off_in_two_clicks_and_a_colleagues_tick_shows_by_itself(visit: Any, wing: Wing) -> None:
    wing.alert()
    colleague = visit("/unlock", role="investigator", width=1024)
    hand = Hand(visit("/"))
    hand.click("^Unlock$")
    hand.click("go on with A-106")
    hand.page.locator(".queue h2", has_text="A-106").wait_for()
    assert hand.clicks == 2
    colleague.locator(".queue h2", has_text="A-106").wait_for(timeout=10_000)
    assert "Searched in vain: A-104" in colleague.locator("#queue").inner_text()


def test_what_is_printed_has_boxes_for_a_pen_and_no_buttons(visit: Any, wing: Wing) -> None:
    wing.alert()
    page = visit("/unlock", width=1024)
    tick, button = page.locator(".due .paper"), page.get_by_role("button", name="end the search")
    assert (tick.is_visible(), button.is_visible()) == (False, True)
    page.emulate_media(media="print")
    assert (tick.is_visible(), button.is_visible()) == (True, False)


def test_a_deaf_sensor_is_seen_after_one_click(visit: Any) -> None:
    hand = Hand(visit())
    hand.click("1 sensor is deaf")
    row = hand.page.locator("tbody tr").first
    assert "A1-S3" in row.inner_text()
    assert "no samples" in row.inner_text()
    assert hand.clicks == 1


def test_a_list_is_not_replaced_under_a_finger(visit: Any, wing: Wing) -> None:
    page = visit()
    link = page.get_by_role("link", name="1 sensor is deaf")
    link.hover()  # waits until it stays: the first news replace it soon after the page has come
    page.mouse.down()
    link.evaluate("link => { window.pressed = link; }")
    wing.alert(ago_s=0)
    page.locator('[data-room="A-104"][data-level="likely"]').wait_for(timeout=10_000)  # the news have come
    assert page.evaluate("window.pressed.isConnected")
    page.mouse.up()
    page.wait_for_url("**/sensors")


def test_a_new_alert_comes_by_itself_is_heard_and_goes_when_it_is_settled(visit: Any, wing: Wing) -> None:
    page = visit(width=1920)
    page.get_by_role("button", name="Sound is off").click()
    page.get_by_role("button", name="Sound is on").wait_for()
    rung = int(page.locator("html").get_attribute("data-rung"))
    assert page.locator(".alerts a").count() == 0
    page.evaluate("window.sameDocument = true")
    name = wing.alert(ago_s=0)
    page.locator(".alerts .where", has_text="A-104").wait_for(timeout=10_000)
    assert page.locator('[data-room="A-104"]').get_attribute("data-level") == "likely"
    assert page.locator("#said").text_content() == "New alert: A-104"
    assert page.title().startswith("(1) ")
    assert int(page.locator("html").get_attribute("data-rung")) == rung + 1
    with wing.engine.begin() as c:
        queries.decide(c, Decision(name, "false", "officer", time.time_ns(), ""), "new")
    page.locator(".alerts a").wait_for(state="detached", timeout=10_000)
    assert page.locator('[data-room="A-104"]').get_attribute("data-level") == ""
    assert page.evaluate("window.sameDocument")


def test_a_sensor_that_falls_deaf_shows_on_the_plan_by_itself(visit: Any, wing: Wing) -> None:
    page = visit(width=1024)
    deaf = page.locator('[data-sensor="A0-S1"]')
    assert deaf.get_attribute("data-deaf") == ""
    wing.sensors(deaf="A0-S1")
    page.locator('[data-sensor="A0-S1"][data-deaf="no samples"]').wait_for(timeout=10_000)
    assert deaf.locator(".deaf").is_visible()
    assert not deaf.locator(".hears").is_visible()


@pytest.mark.long
def test_words_without_an_end_make_no_page_wider_than_its_screen(visit: Any, served: Served, wing: Wing) -> None:
    """An address in a note, and a name as directories give them."""
    name, word = wing.alert(), "https://intranet.example/" + "a" * 180
    long = "Maximilienne-Alexandrine de la Rochefoucauld-Montmorency " + "W" * 43
    with wing.engine.begin() as c:
        people.accept(c, people.invite(c, long, "officer", time.time_ns()), "", "", time.time_ns())
        queries.decide(c, Decision(name, "acknowledged", long, time.time_ns(), word), "new")
        shifts.keep_note(c, Note(time.time_ns(), long, word))
        token = people.new_session(c, long, time.time_ns())
    pages = [visit(f"/alerts/{name}"), visit("/people", "administrator"), visit("/audit", "auditor")]
    pages[0].context.add_cookies([{"name": "session", "value": token, "url": served.address, "sameSite": "Strict"}])
    for page, path in ((pages[0], "/handover"), (pages[0], f"/alerts/{name}"), (pages[1], ""), (pages[2], "")):
        if path:
            page.goto(served.address + path)
        for width in SIZES:
            page.set_viewport_size({"width": width, "height": SIZES[width]})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)


def test_a_tablet_by_another_clock_shows_that_of_the_alerts(visit: Any, wing: Wing) -> None:
    """Else an alert of just now would seem to be of hours ago."""
    wing.alert()
    page = visit(timezone_id="Pacific/Apia")  # nobody who runs this test is likely to live by that clock
    shown = datetime.strptime(page.locator("[data-clock]").inner_text(), "%H:%M:%S")
    here = datetime.now()
    behind_s = (here - datetime.combine(here, shown.time())).total_seconds() % 86400
    assert behind_s < 60


@pytest.mark.long
def test_the_page_says_since_when_it_is_old_and_recovers(
    visit: Any, served: Served, wing: Wing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "PATIENCE_MS", 4_000)
    page = visit(width=1024)
    page.wait_for_timeout(5_000)
    assert not page.locator("#stale").is_visible()  # news come: it is live
    served.stop()
    page.locator("#stale").wait_for(timeout=15_000)
    assert re.search(r"No news since \d\d:\d\d:\d\d", page.locator("#stale").inner_text())
    wing.alert(ago_s=0)
    served.start()
    page.locator("#stale").wait_for(state="hidden", timeout=20_000)
    page.locator(".alerts .where", has_text="A-104").wait_for(timeout=10_000)  # what was missed is made up for


def test_a_decision_elsewhere_shows_on_an_open_alert_and_keeps_what_is_being_written(visit: Any, wing: Wing) -> None:
    name = wing.alert()
    page = visit(f"/alerts/{name}", role="investigator", width=1024)
    page.locator("#why").fill("half a sent")
    with wing.engine.begin() as c:
        queries.decide(c, Decision(name, "acknowledged", "officer", time.time_ns(), "I go"), "new")
    page.locator("#history", has_text="I go").wait_for(timeout=10_000)
    assert page.locator("#why").input_value() == "half a sent"
    with wing.engine.begin() as c:  # the phone calls on, elsewhere
        queries.keep_alert(c, replace(queries.alert(c, name), odds=(("A-212", 0.7),)))
    page.locator("h1", has_text="A-212").wait_for(timeout=10_000)
    assert page.locator('[data-room="A-212"]').get_attribute("data-level") == "likely"
    assert page.locator("#why").input_value() == "half a sent"
    page.get_by_role("button", name="Order a search").click()
    page.locator(".verdict .state", has_text="search ordered").wait_for()


def test_the_keyboard_alone_signs_in_and_acknowledges(visit: Any, wing: Wing) -> None:
    wing.alert()
    page = visit("/sign-in", role=None, width=1024)
    page.locator("#name:focus").wait_for()  # by itself, but at a browser's next drawing: maybe after it has loaded
    page.keyboard.type("officer")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/$"))

    def go_to(words: str) -> None:
        for _step in range(40):
            page.keyboard.press("Tab")
            said = page.evaluate("document.activeElement.innerText")
            if words in said:
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline == "solid"  # one sees where one is
                page.keyboard.press("Enter")
                return
        raise AssertionError(words)

    go_to("A-104")
    page.wait_for_url(re.compile("/alerts/A-"))
    go_to("Acknowledge")
    page.locator(".verdict .state", has_text="acknowledged").wait_for()


def pages(visit: Any, served: Served, wing: Wing, width: int, language: str, scheme: str) -> Iterator[tuple[str, Any]]:
    """Every page as those see it who use it, on a wing where there is something of all kinds."""
    name = wing.alert()
    other = wing.alert(odds=(("A-107", 0.3), ("A-109", 0.1)))
    with wing.engine.begin() as c:
        queries.decide(c, Decision(other, "acknowledged", "officer", time.time_ns(), "I go"), "new")
    wing.presence()
    wing.strays()
    wing.passed()
    for role, paths in {None: ("/sign-in",), **PAGES}.items():
        options = {"locale": language, "color_scheme": scheme, "reduced_motion": "reduce"}
        page = visit(paths[0].format(name=name), role=role, width=width, **options)
        for path in paths:
            if path != paths[0]:
                page.goto(served.address + path.format(name=name))
            assert page.locator("html").get_attribute("lang") == language[:2]
            page.evaluate(AXE.read_text())
            yield path, page


def broken(page: Any, rules: str) -> Iterator[tuple[str, str]]:
    """Rules that a page breaks, each with the place."""
    for rule in page.evaluate(f"axe.run(document, {rules})")["violations"]:
        yield from ((rule["id"], node["html"][:120]) for node in rule["nodes"])


def too_wide(page: Any, width: int) -> Iterator[tuple[str, str]]:
    """On a screen of that width, which the page is given."""
    page.set_viewport_size({"width": width, "height": SIZES[width]})
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield "wider than the screen", str(wide)


@pytest.mark.parametrize("many", [5, pytest.param(None, marks=pytest.mark.long)])
def test_every_page_fits_its_screen_and_breaks_no_rule_of_accessibility(
    visit: Any, served: Served, wing: Wing, many: int | None
) -> None:
    found = []
    for path, page in islice(pages(visit, served, wing, 390, "fr-FR", "light"), many):
        found += [(path, *one) for one in broken(page, RULES)]
        for width in SIZES:
            found += [(path, *one) for one in too_wide(page, width)]
        page.set_viewport_size({"width": 390, "height": SIZES[390]})
    assert found == []


@pytest.mark.long
@pytest.mark.parametrize(("width", "language", "scheme"), [(390, "en-GB", "dark"), (1920, "en-GB", "dark")])
def test_every_page_keeps_all_rules_of_accessibility_on_other_screens_too(
    visit: Any, served: Served, wing: Wing, width: int, language: str, scheme: str
) -> None:
    found = []
    for path, page in pages(visit, served, wing, width, language, scheme):
        found += [(path, *one) for one in (*broken(page, RULES), *too_wide(page, width))]
    assert found == []


def test_an_address_that_is_taken_is_told_in_one_line() -> None:
    from cellwarden.errors import ConsoleError

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConsoleError, match=rf"^127\.0\.0\.1:{port} cannot be listened at: .*: choose another"):
            listening("127.0.0.1", port)
