"""The week's unknown bursts: who sees them, what is said of them, and who named them."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from tests.console.conftest import HOSTILE, Wing
from tests.console.test_in_a_browser import served, visit
from tests.console.test_rights import program_of

from cellwarden.model import Stray
from cellwarden.store import audit
from cellwarden.store.engine import reading
from cellwarden.watch import strays

__all__ = ["served", "visit"]
FIELDS = ("frequency_hz", "width_hz", "burst_s")


def looks(html: str, of: str) -> dict[str, str]:
    """What the form of a shape carries."""
    card = next(card for card in html.split('<li class="card">')[1:] if of in card)
    return {name: re.findall(f'name="{name}" value="([^"]+)"', card)[0] for name in FIELDS}


def test_a_week_is_told_by_looks_and_habits_in_both_languages(wing: Wing) -> None:
    wing.strays()
    page = wing.client("rf engineer").get("/unknown").text
    assert len(re.findall('<li class="card">', page)) == 4
    assert "hops over" in page and "every 7.5 ms" in page  # the relay
    assert "every 90 ms" in page and re.search(r"3[12] kHz wide, 8\.[234] ms", page)  # the satellite phone
    assert "stays on its channel; keeps no time" in page and "433.9 MHz" in page  # the remote
    assert "trains are like few others" in page
    french = wing.client("investigator", "fr").get("/unknown").text
    assert "saute entre" in french and "7,5 ms" in french


def test_an_empty_week_is_calm_and_what_was_not_kept_is_told(wing: Wing) -> None:
    assert "Nothing that comes again." in wing.client("rf engineer").get("/unknown").text
    now = time.time_ns()
    with wing.engine.begin() as c:
        strays.keep(c, [Stray(now, now + 10**6, "A1-S1", 868.0e6, 868.1e6, 1, 1e-3, None, 12.0, 40)])
    page = wing.client("rf engineer").get("/unknown").text
    assert "1 train is like few others." in page and "40 more were too many to be kept." in page


def test_a_name_is_kept_with_its_reason_audited_and_holds_for_what_looks_like_it(
    wing: Wing, send: Callable[..., Any]
) -> None:
    wing.strays()
    client = wing.client("rf engineer")
    given = looks(client.get("/unknown").text, "every 90 ms")
    answer = send(client, "/unknown/name", name=HOSTILE, why="a dish on the roof", **given)
    assert answer.status_code == 303
    wing.strays(seed=2)  # more of the same, measured anew
    page = client.get("/unknown").text
    assert HOSTILE not in page and "&lt;script&gt;" in page and "a dish on the roof" in page
    assert page.count("without a name") == 3
    with reading(wing.engine) as c:
        (line,) = [line for line in audit.lines(c) if line.action == "name"]
        assert (line.who, line.what) == ("rf engineer", "unknown")
        assert HOSTILE in line.why and "MHz" in line.why and "a dish on the roof" in line.why
        assert audit.verify(c) is None
    assert send(client, "/unknown/name", name="a relay after all", **given).status_code == 303
    assert "a relay after all" in client.get("/unknown").text
    with reading(wing.engine) as c:
        assert [one.name for one in strays.names(c)] == [HOSTILE, "a relay after all"]


def test_what_is_no_shape_of_the_week_or_no_number_is_not_named(wing: Wing, send: Callable[..., Any]) -> None:
    wing.strays()
    client = wing.client("investigator")
    given = looks(client.get("/unknown").text, "every 90 ms")
    assert send(client, "/unknown/name", name="x", **given | {"width_hz": "9e7"}).status_code == 409
    for wrong in ("nan", "inf", "-1", "0", "many"):
        assert send(client, "/unknown/name", name="x", **given | {"burst_s": wrong}).status_code == 422, wrong
    assert send(client, "/unknown/name", name="  ", **given).status_code == 422
    with reading(wing.engine) as c:
        assert strays.names(c) == []


def test_programs_are_told_the_same(wing: Wing) -> None:
    wing.strays()
    token = program_of(wing, "rf engineer")
    answer = wing.client(None).get("/api/v1/unknown", headers={"Authorization": f"Bearer {token}"})
    told = json.loads(answer.text)
    assert len(told["shapes"]) == 4 and told["names"] == []
    assert {round(one["frequency_hz"] / 1e6) for one in told["shapes"]} >= {434, 884}


def test_naming_takes_two_clicks(visit: Any, wing: Wing) -> None:
    wing.strays()
    page = visit("/", role="rf engineer", width=390)
    page.get_by_role("link", name="Unknown").click()
    card = page.locator(".shapes li", has_text="every 90 ms")
    card.get_by_label("What it is").fill("satellite phone")
    card.get_by_role("button", name="Name it").click()
    page.locator(".shapes h2", has_text="satellite phone").wait_for()
