"""The first register."""

import csv
import io

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from tests.store.values import T0, alert

from cellwarden.model import Find
from cellwarden.register.queries import finds, finds_csv, keep_find
from cellwarden.watch.queries import keep_alert

ONE = Find("A-2026-000001", "A-001", T0, "L8STAR, “Zanco”; thumb-sized", "S-77", ("ab" * 32, "cd" * 32), "zoe")
TWO = Find("A-2026-000001", "A-001", T0 + 1, '=HYPERLINK("http://x")', "S-78", (), "yan")


def test_finds_are_listed_and_exported_in_their_order(engine: Engine) -> None:
    with engine.begin() as c:
        keep_alert(c, alert("A-2026-000001"))
        assert [keep_find(c, ONE), keep_find(c, TWO)] == [1, 2]
        assert finds(c) == [ONE, TWO] == finds(c, "A-2026-000001")
        assert finds(c, "A-2026-000002") == []
        rows = list(csv.DictReader(io.StringIO(finds_csv(c))))
    assert [row["number"] for row in rows] == ["1", "2"]
    assert rows[0]["model"] == ONE.model and rows[0]["when"] == "2026-09-21T14:13:20Z"
    assert rows[0]["photographs"].split() == list(ONE.photographs)
    assert rows[1]["model"] == "'" + TWO.model  # no spreadsheet runs it


def test_a_find_needs_its_alert(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as c:
        keep_find(c, ONE)
