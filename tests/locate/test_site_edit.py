"""A site's file changed by a program: what is wrong is told as `site check` tells it, and nothing is lost."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cellwarden.errors import SiteError
from cellwarden.locate.site import load
from cellwarden.locate.site_check import check
from cellwarden.locate.site_edit import Overtaken, changed, opened, problems, tables_of
from cellwarden.locate.site_file import of_tables, others
from cellwarden.locate.site_write import to_toml
from cellwarden.simulate.prison import remand_wing

OTHERS = {"receiver": [{"sensor": "A0-S1", "source": "rtltcp://h:1"}], "notify": {"addresses": ["https://a.example"]}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "site.toml"
    made.write_text("# by hand\n" + to_toml(remand_wing(), OTHERS))
    return made


def test_a_plan_goes_through_tables_unchanged(path: Path) -> None:
    site, _seen = opened(path)
    assert of_tables(path, tables_of(site)) == site == load(path)


def test_what_is_kept_has_the_new_plan_and_all_that_others_read_in_it(path: Path) -> None:
    site, seen = opened(path)
    first = site.sensors[0]
    moved = replace(site, sensors=(replace(first, place_m=(2.0, 3.5, 2.5)), *site.sensors[1:]))
    before = path.read_text()
    changed(path, moved, seen)
    assert load(path) == moved and others(path) == OTHERS
    assert path.with_name("site.toml.before").read_text() == before  # comments are in it
    assert sorted(one.name for one in path.parent.iterdir()) == ["site.toml", "site.toml.before"]


def test_problems_are_those_of_site_check_and_nothing_is_changed(path: Path) -> None:
    site, _seen = opened(path)
    lost = replace(site, sensors=(replace(site.sensors[0], place_m=(900.0, 0.0, 2.0)), *site.sensors[1:]))
    twice = replace(lost, rooms=(*lost.rooms, replace(lost.rooms[3], name=lost.rooms[4].name)))
    other = path.with_name("other.toml")
    other.write_text(to_toml(twice, OTHERS))
    there = {re.sub(r" \(line \d+\)", "", fault.words) for fault in check(other)[1]}
    told = problems(path, twice, lambda draft, _site: [f"{draft}: {draft.exists()} {others(draft) == OTHERS}"])
    assert set(told[:-1]) == there and len(there) >= 3
    assert told[-1] == "site.toml: True True"  # whoever reads more is shown a file in the same folder
    assert load(path) == site and len(list(path.parent.iterdir())) == 2


def test_who_comes_second_changes_nothing(path: Path) -> None:
    site, seen = opened(path)
    changed(path, replace(site, name="first"), seen)
    with pytest.raises(Overtaken, match="somebody else"):
        changed(path, replace(site, name="second"), seen)
    assert load(path).name == "first"


def test_a_folder_that_cannot_be_written_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> int:
        raise OSError(28, "No space left on device")

    site, seen = opened(path)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SiteError, match=r"site\.toml cannot be written: No space left on device: make room"):
        changed(path, replace(site, name="new"), seen)
    assert load(path) == site
