"""The commands as people type them, in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.cli.quantity import parse
from cellwarden.simulate.wing import PLACE

WING = PLACE.with_suffix(".sigmf-meta")


def run(*words: object, language: str = "en") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LANG": f"{language}_GB.UTF-8", "HOME": "/tmp"}
    command = [sys.executable, "-m", "cellwarden", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_scan_says_shows_and_writes_what_was_heard(tmp_path: Path) -> None:
    done = run("scan", WING, "-o", tmp_path / "o.sigmf-meta", "--report", tmp_path / "r.html")
    assert done.returncode == 0 and "A phone spoke: 51 GSM bursts" in done.stdout
    assert "ARFCN 59" in done.stdout and "and 11 more" in done.stdout
    assert len(json.loads((tmp_path / "o.sigmf-meta").read_text())["annotations"]) == 102
    page = (tmp_path / "r.html").read_text()
    assert page.count("<rect ") == 51 and "http" not in page.replace("http-equiv", "")


def test_scan_speaks_french() -> None:
    done = run("scan", WING, "--no-hash", language="fr")
    assert "Un téléphone a parlé" in done.stdout


def test_json_is_alone_on_standard_output() -> None:
    done = run("scan", WING, "--json")
    assert len(json.loads(done.stdout)["annotations"]) == 51


@pytest.mark.parametrize(
    "words",
    [
        ("scan", "/nowhere.sigmf-meta"),
        ("scan", "/"),
        ("scan", "x.cs16", "--rate", "quick"),
        ("scan", "x.cs16"),
        ("scan",),
        ("bands", "loud"),
        ("dance",),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("cellwarden: ") and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr and not done.stdout


def test_an_output_that_exists_is_refused_without_force(tmp_path: Path) -> None:
    (tmp_path / "o.sigmf-meta").write_text("mine")
    done = run("scan", WING, "-o", tmp_path / "o.sigmf-meta")
    assert done.returncode == 2 and "--force" in done.stderr
    assert (tmp_path / "o.sigmf-meta").read_text() == "mine"


def test_bands_and_interfaces_answer() -> None:
    assert "ARFCN 62" in run("bands", "902.4MHz").stdout
    assert "uplink" in run("bands", "902.4MHz").stdout
    assert "gsm:access" in run("interfaces").stdout
    assert "scan" in run().stdout


def test_frequencies_are_read_as_people_write_them() -> None:
    for text in ("902.4MHz", "902.4 MHz", "902.4M", "902400kHz", "902.4e6", "0.9024GHz"):
        assert parse(text) == pytest.approx(902.4e6)
    for text in ("", "MHz", "-1M", "0", "1e999", "nan", "1.2.3M", "10 miles"):
        assert parse(text) is None


@given(st.text(max_size=12))
def test_no_text_breaks_the_parser(text: str) -> None:
    value = parse(text)
    assert value is None or value > 0
