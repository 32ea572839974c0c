"""The plan drawn as engineers draw it: by a finger or a mouse, and by the keyboard alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.console.conftest import Wing
from tests.console.test_in_a_browser import Served, served, visit

from cellwarden.locate.site import Site, load

__all__ = ["Served", "served", "visit"]


@pytest.fixture
def page(visit: Any) -> Any:
    opened = visit("/site", role="rf engineer", width=1024)
    opened.locator("#sheet").scroll_into_view_if_needed()
    return opened


def plan(page: Any) -> Any:
    return json.loads(page.locator("#plan").input_value())


def at(page: Any, x_m: float, y_m: float) -> tuple[float, float]:
    """Where a place of the site lies on the screen."""
    box = page.locator("#sheet").bounding_box()
    x, y, wide, tall = map(float, page.locator("#sheet").get_attribute("viewBox").split())
    return box["x"] + (x_m - x) / wide * box["width"], box["y"] + (-y_m - y) / tall * box["height"]


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def kept(page: Any, wing: Wing, why: str = "as it is") -> Site:
    page.get_by_label("Reason").fill(why)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_text("Kept. The watch takes it").wait_for()
    return load(wing.folder / "site.toml")


def test_a_sensor_is_drawn_to_its_place_and_kept(page: Any, wing: Wing) -> None:
    before = wing.site.sensors[0]
    x, y, z = before.place_m
    drag(page, at(page, x, y), at(page, x + 3.0, y - 1.0))
    moved = plan(page)["sensor"][0]["place_m"]
    assert moved == pytest.approx([x + 3.0, y - 1.0, z], abs=0.15)  # to the grid of 0.1 m, from pixels
    assert kept(page, wing).sensors[0].place_m == pytest.approx(tuple(moved))


def test_the_keyboard_alone_places_and_moves_a_sensor_and_undo_takes_it_back(page: Any, wing: Wing) -> None:
    page.get_by_role("button", name="Place a sensor").focus()
    page.keyboard.press("Enter")
    for key in ("Shift+ArrowUp", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    count = len(wing.site.sensors)
    placed = plan(page)["sensor"]
    assert len(placed) == count + 1 and page.evaluate("document.activeElement.id") == "sheet"
    page.keyboard.press("Shift+ArrowRight")
    moved = plan(page)["sensor"][-1]["place_m"]
    assert moved == pytest.approx([placed[-1]["place_m"][0] + 1, *placed[-1]["place_m"][1:]])
    page.get_by_label("Name", exact=True).fill("A0-S9")
    page.get_by_label("Name", exact=True).press("Tab")
    assert plan(page)["sensor"][-1]["name"] == "A0-S9"
    page.get_by_role("button", name="Undo").click()
    assert plan(page)["sensor"][-1]["name"] != "A0-S9" and len(plan(page)["sensor"]) == count + 1
    for _turn in range(2):
        page.get_by_role("button", name="Undo").click()
    assert len(plan(page)["sensor"]) == count


def test_a_room_is_drawn_corner_by_corner_and_snaps_to_its_neighbours(page: Any, wing: Wing) -> None:
    page.get_by_role("button", name="Draw a room").click()
    page.locator("#sheet").scroll_into_view_if_needed()
    room = next(one for one in wing.site.rooms if one.name == "A-001")
    x0, y0 = min(room.outline_m)
    corners = [(x0, y0), (x0 + 2, y0), (x0 + 2, y0 - 2), (x0, y0 - 2)]
    for x, y in [*corners, corners[0]]:
        page.mouse.click(*(value + 2 for value in at(page, x, y)))  # a finger is two pixels off
    made = plan(page)["room"][-1]
    assert made["outline_m"][0] == [x0, y0]  # the neighbour's corner, to the millimetre
    assert len(made["outline_m"]) == 4 and made["floor"] == 0
    page.get_by_label("Kind").select_option("corridor")
    assert plan(page)["room"][-1]["kind"] == "corridor"
    page.get_by_role("button", name="Take out").click()
    assert len(plan(page)["room"]) == len(wing.site.rooms)


def test_what_is_refused_is_told_and_the_drawing_is_still_there(page: Any, wing: Wing) -> None:
    page.locator("#list button", has_text="A0-S1").click()
    page.get_by_label("x (m)", exact=True).fill("900")
    page.get_by_label("Reason").fill("far away")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_text("is outside of every room").wait_for()
    assert plan(page)["sensor"][0]["place_m"][0] == 900
    page.get_by_text("not kept yet").wait_for()
    assert load(wing.folder / "site.toml") == wing.site


def test_a_drawing_is_imported_from_a_file(page: Any, wing: Wing, tmp_path: Path) -> None:
    path, ring = tmp_path / "wing.geojson", [[0, 0], [30, 0], [30, 20], [0, 20], [0, 0]]
    feature = {"type": "Feature", "properties": {"name": "Hall", "kind": "room"}}
    feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}  # type: ignore[assignment]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    page.get_by_label("GeoJSON, DXF or IFC").set_input_files(path)
    page.get_by_role("button", name="Import").click()
    page.get_by_text("1 room was imported").wait_for()
    assert [one["name"] for one in plan(page)["room"]] == ["Hall"]
    assert load(wing.folder / "site.toml") == wing.site
