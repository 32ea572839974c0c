"""The clock that people read."""

import threading
from datetime import UTC, datetime

from cellwarden.language.clock import local, standing, zone

SUMMER_NS = round(datetime(2026, 7, 1, 22, 30, tzinfo=UTC).timestamp()) * 10**9
WINTER_NS = round(datetime(2026, 12, 1, 22, 30, tzinfo=UTC).timestamp()) * 10**9


def test_a_zone_has_its_summer_and_its_day() -> None:
    with standing("Europe/Paris"):
        assert f"{local(SUMMER_NS):%d %H:%M}" == "02 00:30"
        assert f"{local(WINTER_NS):%d %H:%M}" == "01 23:30"
        assert (zone(SUMMER_NS), zone(WINTER_NS)) == ("Europe/Paris, UTC+02:00", "Europe/Paris, UTC+01:00")


def test_without_a_zone_it_is_the_machines_clock() -> None:
    assert local(SUMMER_NS) == datetime.fromtimestamp(SUMMER_NS / 1e9).astimezone()
    assert zone(SUMMER_NS).startswith("UTC")
    with standing("UTC"):
        assert zone(SUMMER_NS) == "UTC+00:00"


def test_two_threads_go_by_their_own_clocks() -> None:
    seen: list[str] = []
    with standing("Asia/Tokyo"):
        other = threading.Thread(target=lambda: seen.append(zone(SUMMER_NS)))
        other.start()
        other.join()
        assert zone(SUMMER_NS) == "Asia/Tokyo, UTC+09:00"
    assert seen[0] != "Asia/Tokyo, UTC+09:00"
