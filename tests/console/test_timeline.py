"""Who was heard where: rows, whole hours and weekdays, by the clock on the wall."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.console.conftest import S_NS, Wing

from cellwarden.console import words
from cellwarden.console.routes.records import _ticks, lanes
from cellwarden.language import speaking
from cellwarden.model import Activity, Presence
from cellwarden.model.span import DAY_NS, HOUR_NS
from cellwarden.watch import queries


@pytest.fixture
def paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The console stands there."""
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ns(year: int, month: int, day: int, hour: int) -> int:
    """Of a moment in UTC."""
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) * S_NS


def call(start_ns: int, end_ns: int) -> Activity:
    return Activity("P-1", "call", start_ns, end_ns, "gsm", "GSM 900", 800)


@pytest.mark.parametrize(
    ("until_ns", "hours", "expected"),
    [
        # 25 Oct 2026, 01:00 UTC: three o'clock is two again. From 23:00 UTC (01:00 there) to 11:00 UTC (12:00 there).
        (ns(2026, 10, 25, 11), 12, [(250.0, "03:00"), (500.0, "06:00"), (750.0, "09:00")]),
        # 29 March 2026, 01:00 UTC: two o'clock is three. From 22:00 UTC (23:00 there) to 10:00 UTC (12:00 there).
        (ns(2026, 3, 29, 10), 12, [(83.3, "00:00"), (250.0, "03:00"), (500.0, "06:00"), (750.0, "09:00")]),
        (ns(2026, 10, 26, 11), 72, [(152.8, "Oct 24"), (486.1, "Oct 25"), (833.3, "Oct 26")]),
    ],
)
@pytest.mark.usefixtures("paris")
def test_hours_stand_where_they_were_also_on_the_day_when_clocks_change(
    until_ns: int, hours: int, expected: list[tuple[float, str]]
) -> None:
    with speaking("en"):
        assert _ticks(until_ns - hours * HOUR_NS, until_ns, hours) == expected


@pytest.mark.usefixtures("paris")
def test_browsers_are_told_by_which_clock_the_console_stands() -> None:
    assert [words.east(ns(2026, month, 1, 12)) for month in (1, 7)] == [60, 120]


@pytest.mark.usefixtures("paris")
def test_what_was_on_another_day_says_on_which() -> None:
    now = ns(2026, 6, 10, 12)
    long = Presence("P-1", "E-7", (("A-104", 0.8),), now - 2 * DAY_NS, now, (call(now - DAY_NS, now - DAY_NS + S_NS),))
    with speaking("en"):
        (row,) = lanes([long], now - 3 * DAY_NS, now, "cell")
    assert row.spans[0][2] == "E-7, Jun 8, 2026 14:00 – Jun 10, 2026 14:00"
    assert row.doings[0][2] == "Jun 9, 2026 14:00 call, 1 s, GSM 900"


def test_the_table_of_hours_counts_what_was_done_in_the_time_that_is_shown(wing: Wing) -> None:
    """A presence of days brings its calls of all these days along."""
    now = time.time_ns()
    calls = (call(now - 40 * HOUR_NS, now - 40 * HOUR_NS + S_NS), call(now - HOUR_NS, now - HOUR_NS + S_NS))
    with wing.engine.begin() as c:
        queries.keep_presence(c, Presence("P-1", "", (("A-104", 0.8),), now - 41 * HOUR_NS, now, calls))
    client = wing.client("investigator")
    told = {hours: client.get(f"/timeline?hours={hours}").text for hours in (12, 72)}
    assert {hours: len(re.findall(r'<td class="number h4">1</td>', page)) for hours, page in told.items()} == {
        12: 1,
        72: 2,
    }
