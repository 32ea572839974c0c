"""The search sheet on paper: what is filled, framed and named, on a small wing and in a large prison."""

import re

import pytest

from cellwarden.console.sheet_plan import plan
from cellwarden.document.pdf import begun
from cellwarden.locate.site import Site
from cellwarden.model import Odds
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
