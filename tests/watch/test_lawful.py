"""No watch without a mandate, and nothing kept of what must not be."""

from datetime import date
from pathlib import Path

import pytest
from tests.watch.sightings import ROOMS, S_NS, START_NS, many, one

from cellwarden.errors import MandateError
from cellwarden.locate.plan import plan
from cellwarden.locate.site import KINDS, Floor, Room, Site, load
from cellwarden.model import Odds, Sighting
from cellwarden.simulate.prison import PLACE
from cellwarden.watch.lawful import WAIT_NS, Mandate, due, fresh, heard, mandate, to_delete, valid, waiting

SITE = Site(
    "small",
    (Floor(0, "ground", 0.0, 3.0),),
    tuple(
        Room(name, "privileged" if name == "Lawyers" else "cell", 0, ((n, 0.0), (n + 1.0, 0.0), (n + 1.0, 1.0)))
        for n, name in enumerate(ROOMS[:-1])
    ),
    (),
    (),
)
LEGAL = '[legal]\nbasis = "art. 1"\nauthority = "DISP, ref. 7"\nexpires = 2026-12-31\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_mandate_is_read_and_holds_on_its_last_day(tmp_path: Path) -> None:
    found = mandate(written(tmp_path, LEGAL), date(2026, 12, 31))
    assert found == Mandate("art. 1", "DISP, ref. 7", date(2026, 12, 31))
    assert valid(found, 1_798_761_599 * S_NS)  # 2026-12-31, 23:59:59
    assert not valid(found, 1_798_761_600 * S_NS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no legal basis"),
        ('[legal]\nbasis = "x"\nexpires = 2027-01-01\n', "authority in [legal] must be a text"),
        (LEGAL.replace('"art. 1"', '" "'), "basis in [legal] must be a text"),
        (LEGAL.replace("2026-12-31", '"2026-12-31"'), "expires in [legal] must be a day"),
        (LEGAL.replace("2026-12-31", "2026-12-31T10:00:00"), "expires in [legal] must be a day"),
        (LEGAL.replace("2026-12-31", "2026-06-30"), "expired on 2026-06-30: have it renewed"),
        ("[legal\n", "is no TOML"),
    ],
)
def test_a_site_without_a_mandate_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(MandateError) as refused:
        mandate(path, date(2026, 11, 26))
    assert said in str(refused.value) and str(path) in str(refused.value) and "\n" not in str(refused.value)


def test_a_sites_file_with_a_mandate_is_still_a_sites_file(tmp_path: Path) -> None:
    text = (PLACE / "remand-wing.toml").read_text("utf-8")
    assert load(written(tmp_path, text + "\n" + LEGAL)).name == "Remand wing"


def test_a_privileged_room_is_a_kind_and_is_drawn() -> None:
    assert "privileged" in KINDS
    words = [getattr(mark, "words", "") for mark in plan(SITE, SITE.floors).marks]
    assert "Lawyers (privileged talk)" in words and "privileged talk" in words


def test_what_is_clearly_in_a_cell_passes_at_once() -> None:
    sieve = fresh(SITE, ROOMS)
    sighting = one(0)
    assert heard(sieve, sighting) == (sieve, (sighting,))
    assert waiting(sieve) == 0


@pytest.mark.parametrize(("room", "reason"), [("Lawyers", "privileged"), ("outside", "outside")])
def test_what_is_clearly_forbidden_is_dropped_at_once_and_only_counted(room: str, reason: str) -> None:
    sieve = fresh(SITE, ROOMS)
    for sighting in many(0, 10, room=room, odds=((room, 0.98), ("A-001", 0.02)), evidence=("abc",)):
        assert heard(sieve, sighting)[1] == ()
    assert sieve.dropped[reason] == 10 and waiting(sieve) == 0
    assert to_delete(sieve) == ("abc",) * 10 and to_delete(sieve) == ()


def settled(odds: Odds, *more: Sighting) -> tuple[int, dict[str, int]]:
    """How many pass of one doubtful sighting and what follows, and what is dropped, a minute after."""
    sieve = fresh(SITE, ROOMS)
    passed = 0
    for sighting in (one(0, odds=odds), *more):
        passed += len(heard(sieve, sighting)[1])
    passed += len(due(sieve, START_NS + 60 * S_NS)[1])
    assert waiting(sieve) == 0
    return passed, sieve.dropped


def test_a_doubtful_sighting_waits_for_others_and_never_longer_than_a_minute() -> None:
    doubtful: Odds = (("A-001", 0.95), ("Lawyers", 0.05))
    sieve = fresh(SITE, ROOMS)
    assert heard(sieve, one(0, odds=doubtful))[1] == () and waiting(sieve) == 1
    assert due(sieve, START_NS + 30 * S_NS)[1] == ()
    assert WAIT_NS < 60 * S_NS
    assert len(due(sieve, START_NS + S_NS + WAIT_NS)[1]) == 1


def test_the_rule_weighs_privilege_nine_times_and_outside_once() -> None:
    assert settled((("A-001", 0.92), ("Lawyers", 0.08)))[0] == 1
    assert settled((("A-001", 0.88), ("Lawyers", 0.12))) == (0, {"outside": 0, "privileged": 1})
    assert settled((("A-001", 0.6), ("outside", 0.4)))[0] == 1
    assert settled((("A-001", 0.4), ("outside", 0.6))) == (0, {"outside": 1, "privileged": 0})


def test_clear_sightings_settle_what_waited() -> None:
    passed, dropped = settled((("A-001", 0.9), ("Lawyers", 0.1)), *many(1, 30, odds=(("A-001", 1.0),)))
    assert passed == 31 and sum(dropped.values()) == 0


def test_nothing_of_a_phone_is_remembered_after_a_minute_of_silence() -> None:
    sieve = fresh(SITE, ROOMS)
    for n in range(100):
        heard(sieve, one(n, f"P-{n}"))
    due(sieve, START_NS + 200 * S_NS)
    assert sieve.phones == {}
