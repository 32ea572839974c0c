"""The search sheet on paper: what is filled, framed and named, on a small wing and in a large prison."""

import re
import time
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from fpdf import FPDF
from tests.store.values import alert

from cellwarden.console.sheet import search_sheet
from cellwarden.console.sheet_plan import plan
from cellwarden.document.pdf import begun
from cellwarden.locate.site import Site
from cellwarden.model import Alert, Decision, Odds
from cellwarden.simulate.prison import large_prison, remand_wing

RED = "0.702 0.149 0.1176"


def drawn(site: Site, odds: Odds) -> str:
    """What stands on the page, as PDF writes it."""
    pdf = begun("", "en", 14.0)
    pdf.set_compression(False)
    pdf.set_xy(14.0, 80.0)
    plan(pdf, site, odds, 182.0, 112.0)
    assert pdf.get_y() <= 80.0 + 112.0 + 0.01
    return bytes(pdf.output()).decode("latin-1")


def filled(page: str) -> int:
    """Areas in the colour of what is to be searched."""
    colour, found = "", 0
    for line in page.splitlines():
        colour = told[1] if (told := re.search(r"^([\d. ]+) r?g$", line)) else colour
        found += colour == RED and bool(re.search(r"\b[bB]\*?$", line.strip()))
    return found


def test_the_first_room_is_filled_and_each_has_its_rank_by_its_name() -> None:
    page = drawn(remand_wing(), (("A-104", 0.8), ("A-106", 0.1), ("A-204", 0.05)))
    assert filled(page) == 1
    for said in ("(First floor)", "(1. A-104)", "(2. A-106)", "(A-102)", "(A-1 corridor)"):
        assert said in page
    assert "A-204" not in page  # it lies on another floor, and stands in the words above


def test_a_large_floor_is_shown_twice_and_the_rooms_to_search_so_large_that_they_are_read() -> None:
    page = drawn(large_prison(), (("C-121", 0.5), ("C-122", 0.3), ("A-115", 0.1)))
    assert filled(page) == 2
    for said in ("(1. C-121)", "(2. C-122)", "(C-119)", "(C-1 corridor)"):
        assert page.count(said) == 1  # small as the whole is, no cell is named there
    assert "A-115" not in page


def test_a_yard_is_filled_around_its_buildings_and_named_where_none_stands() -> None:
    page = drawn(remand_wing(), (("Yard", 0.7),))
    assert "(1. Yard)" in page and "(A-001)" in page
    assert page.index(RED) < page.index("0.9647 0.9255 0.8235 rg")  # cells lie upon it


@pytest.mark.parametrize("odds", [(), (("outside", 0.9),), (("no such room", 0.5),)])
def test_what_lies_in_no_room_has_no_plan(odds: Odds) -> None:
    assert "floor)" not in drawn(remand_wing(), odds)


LONG = "Quartier des arrivants et de l\u2019isolement, cellule double n\u00b0 104"


def test_rooms_of_long_names_have_their_rank_on_the_plan_and_a_line_each_that_ends_on_the_paper() -> None:
    wing, now = remand_wing(), time.time_ns()
    names = {"A-104": LONG, "A-106": f"{LONG} bis", "A-204": f"{LONG} ter"}
    site = replace(wing, rooms=tuple(replace(room, name=names.get(room.name, room.name)) for room in wing.rooms))
    odds = ((LONG, 0.5), (f"{LONG} bis", 0.3), (f"{LONG} ter", 0.1))
    page = drawn(site, odds)
    assert "(1.)" in page and "(2.)" in page
    sensors = tuple(sensor.name for sensor in site.sensors)
    one = replace(alert("A-2026-000042", now), odds=odds, sensors=sensors)
    decision = Decision(one.name, "acknowledged", "officer", now, "word " * 40)
    page = text_of(site, one, decision)
    for rank, (name, floor) in enumerate(((LONG, ""), (f"{LONG} bis", ""), (f"{LONG} ter", " (Second floor)")), 1):
        assert any(said.startswith(f"{rank}.") and name in said and said.endswith(f"%{floor}") for said in page)
    (heard,) = (said for said in page if said.startswith("Heard by"))
    assert f"\u2026 ({len(sensors)})" in heard and sensors[-1] not in heard
    assert any("officer: word" in said and said.endswith("\u2026") for said in page)


def test_a_sheet_of_a_large_floor_and_long_names_stays_one_page() -> None:
    large = large_prison()
    names = {name: f"{LONG} {name}" for name in ("C-121", "C-123", "A-215")}
    site = replace(large, rooms=tuple(replace(room, name=names.get(room.name, room.name)) for room in large.rooms))
    odds = tuple(zip(names.values(), (0.5, 0.3, 0.1), strict=True))
    one = replace(alert("A-2026-000042"), odds=odds)
    decision = Decision(one.name, "acknowledged", "officer", one.told_ns, "why")
    assert text_of(site, one, decision, decision)


def text_of(site: Site, one: Alert, *decisions: Decision) -> list[str]:
    """Its lines, once each was seen to end on the paper."""
    lines: list[str] = []
    plain = FPDF.cell

    def cell(pdf: FPDF, w: float, h: float, text: str = "", **more: Any) -> Any:
        foot = text.startswith("Printed by")
        assert foot or pdf.get_y() + h <= 297.0 - 14.0 - 4.0, text
        assert pdf.get_x() + pdf.get_string_width(text) <= 210.0 - 14.0 + 3.0, text
        lines.append(text)
        return plain(pdf, w, h, text, **more)

    with patch.object(FPDF, "cell", cell):
        search_sheet(site, one, decisions, "officer", one.told_ns, "en")
    return lines


def test_a_sheet_that_is_found_days_later_tells_of_which_day_it_is() -> None:
    said = text_of(remand_wing(), replace(alert("A-2026-000001"), told_ns=1_796_000_000 * 10**9))
    assert any("Nov 30, 2026, " in one for one in said)  # at its head, large; the foot tells when it was printed
