"""What officers see and would stumble over: words that are hidden, cut off or not kept, in a browser."""

from itertools import pairwise
from typing import Any

import pytest
from tests.console.conftest import PASSWORD, Wing
from tests.console.test_in_a_browser import Served, served, visit

__all__ = ["served", "visit"]


def bottom(page: Any, selector: str) -> float:
    return max(box["y"] + box["height"] for one in page.locator(selector).all() if (box := one.bounding_box()))


def test_the_switch_of_the_sound_is_seen_however_many_alerts_there_are(visit: Any, wing: Wing) -> None:
    for _n in range(14):
        wing.alert()
    for width, height in ((1920, 1080), (1024, 768), (390, 844)):
        assert bottom(visit("/", width=width), "#bell") < height


@pytest.mark.parametrize("count", [7, 12, 18])
def test_a_wall_that_nobody_scrolls_shows_many_alerts(visit: Any, wing: Wing, count: int) -> None:
    for number in range(count):
        wing.alert(odds=((f"A-{100 + number}", 0.9),))
    page = visit("/?wall=1", width=1920)
    assert page.locator(".alerts li").count() == count and bottom(page, ".alerts li") <= 1080
    assert page.evaluate("document.documentElement.scrollWidth") <= 1920


def test_names_are_not_torn_at_their_hyphens(visit: Any, wing: Wing) -> None:
    name = wing.alert()
    for path in (f"/alerts/{name}", "/handover"):
        page = visit(path)
        lines = page.locator("main .name").evaluate_all("all => all.map((one) => one.getClientRects().length)")
        heights = page.locator("main .name").evaluate_all("all => all.map((one) => one.offsetHeight)")
        assert lines and {*lines} == {1} and max(heights) < 40


def test_hours_of_the_timeline_are_not_written_one_on_the_other(visit: Any, wing: Wing) -> None:
    wing.presence()
    page = visit("/timeline")
    texts = page.locator(".hours text").all()
    seen = [one.bounding_box() for one in texts if one.is_visible()]
    assert len(texts) >= 3 and len(seen) == (len(texts) + 1) // 2  # the last one leans on the one before at some hours
    assert all(left["x"] + left["width"] <= right["x"] for left, right in pairwise(seen))


def test_paper_tells_of_which_prison_it_is_when_it_was_printed_and_by_whom(visit: Any, wing: Wing) -> None:
    name = wing.alert()
    for path in ("/unlock", "/handover", f"/alerts/{name}"):
        page = visit(path, width=1024)
        assert not page.locator("p.paper", has_text="Printed by").is_visible()
        page.emulate_media(media="print")
        head = page.locator("p.paper", has_text="Printed by officer")
        assert head.is_visible() and wing.site.name in head.inner_text()
        assert page.locator("button:visible, .button:visible").count() == 0
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert str(page.evaluate("new Date().getUTCFullYear()")) in head.inner_text()


def test_what_was_written_is_in_the_form_again_for_the_same_person_alone(visit: Any, served: Served) -> None:
    def too_late(page: Any) -> None:
        page.locator("#text").fill("Watch A-104,\nthe light flickers.")
        page.context.clear_cookies()
        page.get_by_role("button", name="Keep the note").click()
        page.get_by_role("link", name="Sign in").click()

    def sign_in(page: Any, name: str) -> None:
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{served.address}/handover")

    page = visit("/handover", width=1024)
    too_late(page)
    sign_in(page, "officer")
    assert page.locator("#text").input_value() == "Watch A-104,\nthe light flickers."
    page.reload()
    assert page.locator("#text").input_value() == ""  # once
    too_late(page)
    sign_in(page, "investigator")
    assert page.locator("#text").input_value() == ""
    page.context.clear_cookies()
    page.goto(served.address + "/handover")
    sign_in(page, "officer")
    assert page.locator("#text").input_value() == ""
