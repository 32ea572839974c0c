"""Rules are read as written, and a mistake is told with its line and remedy."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cellwarden.errors import RulesError
from cellwarden.watch.rules_file import Rules, Staff, Zone, load, parse
from cellwarden.watch.rules_held import held

FILE = """\
format = 1
timezone = "Europe/Paris"

[alert]
kinds = ["call", "text"]
bursts = 8
probability = 0.8

[[zone]]
name = "offices"
rooms = ["A-0 office"]
hours = ["06:00-21:00"]
phones = "allowed"
weight = 20

[[zone]]
name = "corridors"
rooms = ["A-0 corridor", "A-1 corridor"]

[[staff]]
emitter = "E-0042"
zones = ["corridors"]
hours = ["06:00-14:00", "22:00-02:00"]

[quiet]
hours = ["22:00-06:00"]
severity = "medium"

[budget]
false_a_week = 1.5

[escalation]
minutes = 5
steps = 2
"""
PATH = Path("rules.toml")
ROOMS = ("A-0 office", "A-0 corridor", "A-1 corridor", "A-001")


def test_a_file_of_rules_says_what_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(FILE, "utf-8")
    found = load(path, ROOMS)
    assert found == Rules(
        kinds=("call", "text"), bursts=8, probability=0.8,
        zones=(
            Zone("offices", ("A-0 office",), ((360, 1260),), "allowed", 20.0),
            Zone("corridors", ("A-0 corridor", "A-1 corridor")),
        ),
        staff=(Staff("E-0042", ("corridors",), ((360, 840), (1320, 120))),),
        quiet=((1320, 360),), quiet_severity="medium", false_a_week=1.5, escalate_minutes=5.0, escalate_steps=2,
        timezone="Europe/Paris",
    )  # fmt: skip


def test_an_empty_file_of_rules_means_the_default() -> None:
    assert parse("format = 1\n", PATH) == Rules()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("format = 1", "format = 2", 1, "format must be 1"),
        ("Europe/Paris", "Europe/Parsi", 2, "timezone Europe/Parsi is unknown"),
        ("bursts = 8", "burst = 8", 6, "[alert]: burst is unknown: write bursts"),
        ("bursts = 8", "bursts = 1", 6, "bursts must be a number from 2"),
        ("bursts = 8", "bursts = 2.7", 6, "[alert]: bursts must be a whole number from 2 to 1000000"),
        ("steps = 2", "steps = 0.5", 34, "steps must be a whole number from 0 to 10"),
        ('"text"]', '"txt"]', 5, "kinds txt is unknown: write call, text, registration"),
        ("probability = 0.8", "probability = true", 7, "probability must be a number from 0 to 1"),
        ('rooms = ["A-0 office"]', "rooms = []", 11, "rooms must be one or more texts"),
        ('"A-0 office"]', '"A-0 ofice"]', 11, "room A-0 ofice is not in the site: write A-0 office"),
        ("06:00-21:00", "6-21", 12, "hours 6-21 cannot be read"),
        ("06:00-21:00", "06:00-25:00", 12, "hours 06:00-25:00 cannot be read"),
        ('phones = "allowed"', 'phones = "yes"', 13, "phones yes is unknown: write allowed, staff"),
        ('name = "corridors"', 'name = "offices"', 10, "two zones have the name offices"),
        ('zones = ["corridors"]', 'zones = ["yard"]', 22, "zone yard is unknown: add a [[zone]] of that name"),
        ('zones = ["corridors"]\n', "", 20, "zones must be one or more texts"),
        ('hours = ["06:00-14:00", "22:00-02:00"]\n', "", 20, "hours are missing"),
        ('severity = "medium"', 'severity = "urgent"', 27, "severity urgent is unknown"),
        ("false_a_week = 1.5", "false_a_week = -1", 30, "false_a_week must be a number from 0"),
        ("[escalation]", "[escalations]", 32, "escalations is unknown: write escalation"),
        ("[budget]", "[[budget]]\nfalse_a_week = 1\n[[budget]]", 31, "[budget] stands twice"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_remedy(old: str, new: str, line: int, said: str) -> None:
    text = FILE.replace(old, new, 1)
    assert text != FILE
    with pytest.raises(RulesError) as wrong:
        parse(text, PATH, ROOMS)
    message = str(wrong.value)
    assert message.startswith(f"rules.toml:{line}: ") and said in message and "\n" not in message


def test_what_cannot_be_read_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        load(tmp_path / "missing.toml")
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RulesError, match="no text in UTF-8"):
        load(path)
    with pytest.raises(RulesError, match="is no TOML"):
        parse("format = ", PATH)
    with pytest.raises(RulesError, match="is no TOML"):  # Python reads numbers of 4300 digits
        parse(f"format = {'9' * 5000}", PATH)


def test_the_mark_that_some_editors_put_before_a_text_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(FILE, encoding="utf-8-sig")
    assert load(path, ROOMS) == parse(FILE, PATH, ROOMS)
    assert held(path, ROOMS).text == FILE


@given(some.text(max_size=200), some.integers(0, len(FILE)))
def test_no_text_does_worse_than_be_refused(inserted: str, at: int) -> None:
    try:
        parse(FILE[:at] + inserted + FILE[at:], PATH, ROOMS)
    except RulesError as wrong:
        assert str(wrong).startswith("rules.toml")
