"""Floor plans."""

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cellwarden import language
from cellwarden.document import sheet
from cellwarden.document.sheet import Area, Dot, Text, png, svg, text_width
from cellwarden.locate.plan import FILLS, KIND_WORDS, MATERIAL_WORDS, STROKES, plan
from cellwarden.locate.propagation import MATERIALS
from cellwarden.locate.site import KINDS, Floor, Room, Sensor, Site
from cellwarden.simulate.prison import large_prison, remand_wing

SVG = "{http://www.w3.org/2000/svg}"


def test_every_room_and_sensor_has_its_name_and_its_mark() -> None:
    for site in (remand_wing(), large_prison()):
        drawn = plan(site, site.floors)
        words = [mark.words for mark in drawn.marks if isinstance(mark, Text)]
        for thing in (*site.rooms, *site.sensors):
            assert words.count(thing.name) == 1, thing.name
        titles = [mark.words for mark in drawn.marks if isinstance(mark, Area) and mark.words]
        assert len(titles) == len(site.rooms) - 1  # the outside is the ground that all lies on
        assert sum(isinstance(mark, Dot) and bool(mark.words) for mark in drawn.marks) == len(site.sensors)


def test_a_name_lies_within_its_room() -> None:
    """The middle of the words, in pixels, within the room's polygon, in pixels; and cells' names fit between walls."""
    site = large_prison()
    drawn = plan(site, site.floors)
    areas = {mark.words.rpartition(" (")[0]: mark for mark in drawn.marks if isinstance(mark, Area) and mark.words}
    for mark in drawn.marks:
        if isinstance(mark, Text) and mark.words in areas and mark.words != "Yard":
            corners = np.array(areas[mark.words].points)
            (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
            across, down = text_width(mark.words, mark.size) / 2, mark.size / 2
            across, down = (down, across) if mark.upright else (across, down)
            assert x0 <= mark.place[0] - across and mark.place[0] + across <= x1, mark.words
            assert y0 <= mark.place[1] - down and mark.place[1] + down <= y1, mark.words


def test_one_floor_is_drawn_alone() -> None:
    site = remand_wing()
    words = svg(plan(site, site.floors[1:2]))
    assert "A-101" in words and "A-001" not in words and "A-201" not in words


def test_the_drawing_is_well_formed_and_escapes_names() -> None:
    nasty = '<script>"&'
    site = replace(remand_wing(), name=nasty, sensors=(Sensor(nasty, (9.0, 5.0, 1.0)),))
    tree = ET.fromstring(svg(plan(site, site.floors)))
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert texts.count(nasty) == 2 and not list(tree.iter(f"{SVG}script"))
    assert tree.find(f"{SVG}title") is not None


def test_both_pictures_have_one_size_and_show_the_same_colours() -> None:
    site = remand_wing()
    drawn = plan(site, site.floors[:1])
    picture = np.asarray(Image.open(io.BytesIO(png(drawn))).convert("RGB"))
    assert picture.shape[:2] == (round(drawn.height), round(drawn.width))
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg(drawn))
    assert box and (round(float(box[1])), round(float(box[2]))) == (picture.shape[1], picture.shape[0])
    for colour in (FILLS["cell"], FILLS["yard"], STROKES["thick_concrete"][0]):
        wanted = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
        assert (picture == wanted).all(axis=2).sum() > 100, colour


def test_upright_names_are_drawn_too() -> None:
    site = large_prison()
    drawn = plan(site, site.floors)
    upright = next(mark for mark in drawn.marks if isinstance(mark, Text) and mark.upright)
    picture = np.asarray(Image.open(io.BytesIO(png(replace(drawn, marks=(upright,))))).convert("L"))
    rows, columns = np.nonzero(picture < 128)
    assert np.ptp(rows) > np.ptp(columns) > 0
    assert abs(rows.mean() - upright.place[1]) < 3 and abs(columns.mean() - upright.place[0]) < 3


def test_letters_without_accents_stand_in_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's own letters show a box for é; then e is written."""
    monkeypatch.setattr(sheet, "FONTS", ())
    sheet._font.cache_clear()
    try:
        pictures = [
            png(sheet.Sheet(120, 30, (Text((60, 15), words, 14, upright=False),)))
            for words in ("pièce\u00a0é", "piece e")
        ]
    finally:
        sheet._font.cache_clear()
    assert pictures[0] == pictures[1]


def test_the_legend_speaks_the_language() -> None:
    site = remand_wing()
    language.use("fr")
    try:
        words = svg(plan(site, site.floors))
    finally:
        language.use("en")
    assert "couloir" in words and "béton" in words and "capteur" in words


def test_tables_of_colours_and_words_have_every_kind_and_material() -> None:
    assert set(FILLS) == set(KIND_WORDS) == set(KINDS)
    assert set(STROKES) == set(MATERIAL_WORDS) == set(MATERIALS)


def test_an_empty_site_and_a_sensor_on_the_roof_can_be_drawn() -> None:
    floor = Floor(0, "G", 0.0, 3.0)
    assert svg(plan(Site("s", (floor,), (), (), ()), (floor,)))
    roof = Site("s", (floor,), (Room("a", "room", 0, ((0, 0), (9, 0), (9, 9))),), (), (Sensor("R", (5, 2, 3.5)),))
    assert ">R<" in svg(plan(roof, (floor,)))
