"""By which clock pages tell the time."""

import time
from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient
from tests.console.conftest import Wing

from cellwarden.console import words
from cellwarden.console.app import application
from cellwarden.console.live import shown, state_of
from cellwarden.store import people
from cellwarden.store.engine import reading
from cellwarden.watch.rules_file import Rules
from cellwarden.watch.rules_held import Held

TOKYO = Held(Rules(timezone="Asia/Tokyo"), "")
"""It knows no summer time, and nobody who runs these tests is likely to live by it."""


def there(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns / 1e9, UTC) + timedelta(hours=9):%H:%M}"


def client(wing: Wing, language: str) -> TestClient:
    one = TestClient(application(wing.engine, wing.site, rules=TOKYO), headers={"Accept-Language": language})
    with wing.engine.begin() as c:
        one.cookies.set("session", people.new_session(c, "officer", time.time_ns()))
    return one


def test_pages_go_by_the_zone_that_the_rules_name_and_say_so(wing: Wing) -> None:
    name = wing.alert(ago_s=3600)
    for language, said in (("en", "Times: Asia/Tokyo, UTC+09:00."), ("fr", "Heures\u00a0: Asia/Tokyo, UTC+09:00.")):
        page = client(wing, language).get(f"/alerts/{name}").text
        assert f'>{there(time.time_ns() - 3600 * 10**9)} (<span data-ago="' in page
        assert said in page and 'data-east="540"' in page


def test_times_that_come_live_go_by_it_as_well(wing: Wing) -> None:
    wing.alert(ago_s=3600)
    live = application(wing.engine, wing.site, rules=TOKYO).state.desk.live
    with reading(wing.engine) as c:
        here = state_of(shown(c, TOKYO.rules, time.time_ns()), wing.site)
    told = live._whole("en")
    assert '"east": 540' in told and there(time.time_ns() - 3600 * 10**9) in told
    assert here["east"] == words.east(time.time_ns())  # elsewhere the machine's clock holds
