"""`site check` looks at all that a watch reads in a site's file, and who writes the file keeps it."""

import tomllib
from pathlib import Path

import pytest
from tests.cli.conftest import two_cells
from tests.cli.test_commands import run
from tests.cli.test_watch import EVIDENCE, LEGAL, SITE

from cellwarden.locate.site import load
from cellwarden.locate.site_file import others
from cellwarden.locate.site_write import to_toml
from cellwarden.runtime import retention_settings
from cellwarden.runtime.site_settings import problems

GOOD = (
    LEGAL.format(day="2126-01-01")
    + '[notify]\naddresses = ["https://a:b@c.example/d"]\n'
    + EVIDENCE
    + '[signatures]\ngallery = "emitters.json"\n'
    + "[retention]\nsightings = 30\nsensor_states = 14\n"
)


def written(folder: Path, more: str, source: str = "rtltcp://h:1") -> Path:
    path = folder / "site.toml"
    path.write_text(SITE.format(legal=more, source=source, plan=two_cells(60, 15)))
    return path


def test_a_file_that_a_watch_would_take_has_no_fault(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert problems(path, load(path)) == []
    assert retention_settings.read(path) == {"sightings": 30, "sensor states": 14}


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (LEGAL.format(day="2026-01-01"), "expired"),
        ('[legal]\nbasis = "law"\n', "authority"),
        ('[notify]\naddresses = ["nowhere"]\n', "no address"),
        ('[notify]\nadresses = ["https://a"]\n', "addresses"),
        ("[evidence]\nkeep_mb = 5\n", "folder"),
        ("[signatures]\ngallery = 5\n", "gallery"),
        ("[retention]\nfinds = 30\n", "finds is unknown"),
        ("[retention]\nsessions = 30\n", "sessions is unknown"),
        ("[retention]\nsightings = 6\n", "from 7"),
        ("[retention]\nsightings = 30.5\n", "whole number"),
        ("retention = 30\n", "table"),
        ('[[receiver]]\nsensor = "S9"\nsource = "x"\n', "S9"),
        ('[[node]]\nsensor = "S1"\nfile = "f"\n', "receiver and a node"),
        ('[[node]]\nsensor = "without a receiver"\n', "nats://"),
    ],
)
def test_what_a_watch_would_refuse_is_a_line_of_site_check(tmp_path: Path, more: str, word: str) -> None:
    path = written(tmp_path, more)
    (told,) = problems(path, load(path))
    assert word in told and "\n" not in told and str(path) in told


def test_site_check_tells_them_and_ends_with_two(tmp_path: Path) -> None:
    done = run("site", "check", written(tmp_path, '[notify]\naddresses = ["nowhere"]\n[[node]]\nsensor = "S9"\n'))
    assert done.returncode == 2 and "[notify]" in done.stdout and "S9" in done.stdout
    assert "Traceback" not in done.stderr


def test_who_writes_a_site_keeps_what_other_rooms_read_in_it(tmp_path: Path) -> None:
    there = {"legal", "notify", "evidence", "signatures", "retention", "receiver", "nodes", "node"}
    more = GOOD + '[nodes]\naddress = "nats://h:1"\n[[node]]\nsensor = "without a receiver"\nfile = "a\\"b\\tc"\n'
    path = written(tmp_path, more)
    again = tmp_path / "again.toml"
    again.write_text(to_toml(load(path), others(path)))
    assert others(again) == others(path) and set(others(path)) == there
    assert load(again) == load(path)


def test_whatever_toml_holds_is_written_back(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    told = tomllib.loads(
        'a = [1, -2.5, true, "é\\u007f\\n"]\nd = 2026-01-02\nt = 07:32:00\nm = 1979-05-27T07:32:00Z\ne = []\n'
        '["a b".c]\nx = 1e300\n[[l]]\ny = [[1], [{z = 2}]]\n[[l.k]]\nw = 0\n[[l]]\n'
    )
    site = load(written(tmp_path, ""))
    path.write_text(to_toml(site, {"legal": told}))
    assert tomllib.loads(path.read_text())["legal"] == told
