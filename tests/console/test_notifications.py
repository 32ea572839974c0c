"""That an address takes no alerts is seen where people look."""

import time
from dataclasses import replace

from tests.console.conftest import HOSTILE, S_NS, Wing

from cellwarden.console.live import shown
from cellwarden.store.engine import reading
from cellwarden.watch.deliveries import keep_deliveries, keep_delivery
from cellwarden.watch.notify.queue import Delivery, begun

GOOD, BAD = "https://good.example/hook", "https://name:secret@bad.example/hook"


def sent(wing: Wing, failure: str = "no such host") -> Delivery:
    """An alert on its way to two addresses, one of which takes it; the other's."""
    name, now = wing.alert(), time.time_ns()
    good, bad = begun(name, [GOOD, BAD], now)
    with wing.engine.begin() as c:
        keep_deliveries(c, (good, bad))
        keep_delivery(c, good, "taken")
        tried = replace(bad, tries=1, failure=failure, next_ns=now + 60 * S_NS)
        keep_delivery(c, tried)
    return tried


def test_the_first_page_and_its_own_say_which_address_fails_and_no_password(wing: Wing) -> None:
    sent(wing)
    officer = wing.client("officer")
    assert "1 address takes no alerts" in officer.get("/").text
    page = officer.get("/notifications").text
    assert "no such host" in page
    assert "secret" not in page
    assert page.index("bad.example") < page.index("good.example")


def test_what_was_taken_at_last_is_no_failure_any_more(wing: Wing) -> None:
    keep = sent(wing)
    with wing.engine.begin() as c:
        keep_delivery(c, replace(keep, tries=2), "taken")
    with reading(wing.engine) as c:
        assert shown(c, wing.app.state.desk.rules.rules, time.time_ns()).failing == ()
    page = wing.client("officer").get("/notifications").text
    assert "Every address takes what is sent to it." in page


def test_what_was_given_up_is_told_for_a_day(wing: Wing) -> None:
    keep = sent(wing)
    with wing.engine.begin() as c:
        keep_delivery(c, keep, "given up")
    with reading(wing.engine) as c:
        force, now_ns = wing.app.state.desk.rules.rules, time.time_ns()
        assert len(shown(c, force, now_ns).failing) == 1
        assert shown(c, force, now_ns + 25 * 3600 * S_NS).failing == ()


def test_what_a_server_says_is_shown_as_text(wing: Wing) -> None:
    sent(wing, HOSTILE)
    page = wing.client("auditor").get("/notifications").text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_who_sees_that_nothing_was_sent_reads_where_addresses_are_named(wing: Wing) -> None:
    page = wing.client("officer").get("/notifications").text
    assert "Nothing was to be sent" in page and "[notify]" in page
