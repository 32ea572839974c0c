"""`cellwarden watch` with receivers that replay a recording: without a mandate nothing; with one, calls are told."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests import forked
from tests.cli.conftest import interruptible, two_cells
from tests.processes import started

from cellwarden.console.snippets import snippet
from cellwarden.simulate import wing
from cellwarden.store.engine import opened
from cellwarden.watch import queries

SOURCE = f"file:{wing.PLACE.with_suffix('.sigmf-meta')}?loop&realtime"
LEGAL = '[legal]\nbasis = "law"\nauthority = "order 7"\nexpires = {day}\n'
EVIDENCE = '[evidence]\nfolder = "evidence"\n'
STARTED = """\
import atexit, threading
from cellwarden.cli import main
atexit.register(lambda: print("at its end:", *(one.name for one in threading.enumerate())))
main()
"""
"""The program, which tells last of all which of its threads live on."""
SITE = """\
format = 1
name = "Two cells"
{legal}
[[receiver]]
sensor = "S1"
source = "{source}"
[[receiver]]
sensor = "S2"
source = "{source}"
{plan}[[wall]]
floor = 0
start_m = [3.0, 0.0]
end_m = [3.0, 4.0]
material = "concrete"
[[sensor]]
name = "S1"
place_m = [1.5, 2.0, 2.5]
offset_db = 50.0
[[sensor]]
name = "S2"
place_m = [4.5, 2.0, 2.5]
offset_db = 30.0
[[sensor]]
name = "without a receiver"
place_m = [1.5, 1.0, 2.5]
"""


def command(tmp_path: Path, legal: str, store: Path) -> list[str]:
    place = tmp_path / "site.toml"
    place.write_text(SITE.format(legal=legal, source=SOURCE, plan=two_cells(60, 15)))
    return ["watch", "--site", str(place), "--port", "0", "--store", str(store)]


@pytest.mark.parametrize(("legal", "word"), [("", "legal basis"), (LEGAL.format(day="2026-01-01"), "expired")])
def test_nothing_is_heard_without_a_mandate(tmp_path: Path, legal: str, word: str) -> None:
    done = forked.run(command(tmp_path, legal, tmp_path / "s.sqlite"), os.environ | {"LANG": "en_GB.UTF-8"})
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and word in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]


def test_a_survey_of_too_few_places_is_refused_before_anything_is_heard(tmp_path: Path) -> None:
    survey = tmp_path / "survey.csv"
    survey.write_text("x_m,y_m,z_m,sensor,rssi_dbm\n1.5,1.0,1.0,S1,-60\n")
    words = command(tmp_path, LEGAL.format(day="2126-01-01"), tmp_path / "s.sqlite")
    done = forked.run([*words, "--survey", str(survey)], os.environ | {"LANG": "en_GB.UTF-8"})
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "are no survey" in done.stderr
    assert not (tmp_path / "s.sqlite").exists()


def test_a_call_is_told_with_its_cell_and_kept(tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    words = command(tmp_path, LEGAL.format(day="2126-01-01") + EVIDENCE, store)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": os.environ | {"LANG": "en_GB.UTF-8"}}
    with started([sys.executable, "-c", STARTED, *words], preexec_fn=interruptible, **pipes) as running:
        assert running.stdout is not None
        assert re.search(r"Two cells is watched: http://127\.0\.0\.1:\d+", running.stdout.readline())
        assert "/set-up/" in running.stdout.readline()
        line = running.stdout.readline()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=120)
    assert running.returncode == 0 and not err, err
    assert out.splitlines()[-1] == "at its end: MainThread", "Python's end would meet receivers at work, and abort"
    assert re.search(r"A-\d{4}-000001 .* 01 \d\d %", line)
    with opened(str(store)).connect() as c:
        kept = list(queries.sightings(c, 0, 1 << 62))
        alerts = [alert for alert, _decision in queries.alerts(c)]
    names = [alert.name for alert in alerts]
    assert all(alert.evidence and snippet(tmp_path / "evidence", alert.evidence[0]) for alert in alerts)
    assert names[-1] in line and {one.sensors for one in kept} <= {("S1", "S2"), ("S1",), ("S2",)}
    assert all(one.odds[0][0] == "01" for one in kept if one.sensors == ("S1", "S2"))


@pytest.mark.parametrize(
    ("more", "said"),
    [(("--certificate", "site.toml"), "no certificate with its key"), (("--key", "site.toml"), "without its certi")],
)
def test_what_is_no_certificate_is_refused_before_anybody_is_told_an_address(
    tmp_path: Path, more: tuple[str, str], said: str
) -> None:
    words = command(tmp_path, LEGAL.format(day="2126-01-01"), tmp_path / "s.sqlite")
    done = forked.run([*words, more[0], str(tmp_path / more[1])], os.environ | {"LANG": "en_GB.UTF-8"})
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and said in done.stderr
    assert not done.stdout and not (tmp_path / "s.sqlite").exists()
