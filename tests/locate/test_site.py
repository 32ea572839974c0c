"""Rooms of places, and a site's file."""

from pathlib import Path

from cellwarden.locate.site import Sensor, load, room_at


def test_the_plain_file_of_the_recorded_walks_is_read(shared: Path) -> None:
    site = load(shared / "localisation" / "site.json")
    assert len(site.sensors) == 12 and site.sensors[0] == Sensor("sensor10", (7.0, 7.09, 1.22))
    room = room_at(site, 9.0, 9.0, 1.2)
    assert room is not None and room.outline_m[2] == (18.5, 17.9)
    assert room_at(site, 19.0, 9.0, 1.2) is None
