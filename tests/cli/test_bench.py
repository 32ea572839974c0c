"""`cellwarden bench` as it is typed: results, pages in both languages, interrupts, bad input in one line."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests import forked

from cellwarden import language
from cellwarden.cli import main

SMALL = ["--snr", "0:20:20", "--trials", "3", "--absent-trials", "3", "--jobs", "1"]
FIELD = "device,present,alarm,distance_m\na,true,true,1\na,false,false,1\nb,true,false,2\nb,false,true,2\n"


def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["cellwarden", *words])
    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    said = capsys.readouterr()
    return int(code), said.out, said.err


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("CELLWARDEN_LANGUAGE", "en")
    yield lambda *words: say(monkeypatch, capsys, *words)
    language.use("en")


def test_a_curve_is_measured_printed_and_written_and_compared(speak: Any, tmp_path: Path) -> None:
    code, out, err = speak("bench", "roc", "gsm:normal", *SMALL)
    assert (code, err) == (0, "")
    assert "20 dB 3/3 1.000 (0.439–1.000)" in " ".join(out.split())
    result = json.loads((tmp_path / "roc-gsm-normal.json").read_text())
    assert result["scene"]["seed"] == 1 and "numpy" in result["provenance"]
    page = (tmp_path / "roc-gsm-normal.html").read_text()
    assert "http" not in page.replace("http-equiv", "") and '<html lang="en">' in page
    assert result["provenance"]["python"] in page and ">seed</dt><dd>1<" in page
    assert not (tmp_path / "roc-gsm-normal.json.part").exists()
    code, _out, err = speak("bench", "roc", "gsm:normal", *SMALL)
    assert (code, err.count("\n")) == (2, 1) and "exists" in err
    assert speak("bench", "roc", "gsm:normal", *SMALL, "--channel", "tdl-a", "-o", "b.json", "--quiet") == (0, "", "")
    code, _out, err = speak("bench", "compare", "roc-gsm-normal.json", "b.json")
    assert (code, err.count("\n")) == (2, 1) and "channel.name: awgn / tdl-a" in err
    code, out, _err = speak(
        "bench", "compare", "roc-gsm-normal.json", "b.json", "--anyway", "--report", "c.html", "--language", "fr"
    )
    assert code == 0 and "Pas sur un pied d’égalité" in out
    assert '<html lang="fr">' in (tmp_path / "c.html").read_text()


def test_trials_in_the_field_are_evaluated_in_french(speak: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(FIELD)
    code, out, _err = speak("bench", "field", "t.csv", "-o", "t.json", "--report", "t.html", "--language", "fr")
    assert code == 0 and "Essais sur le terrain" in out and "0,500" not in out
    assert json.loads((tmp_path / "t.json").read_text())["trials"] == 4
    assert "Trouvés, selon la distance" in (tmp_path / "t.html").read_text()


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["roc", "tetra"], "choose one of gsm, umts, lte"),
        (["roc", "gsm", "--snr", "low"], "low:high:step"),
        (["roc", "gsm", "--channel", "etu"], "awgn, tdl-a, tdl-c, indoor"),
        (["roc", "gsm", "--delay-spread", "0"], "nanoseconds"),
        (["roc", "gsm", "--impairments", "rain=1"], "phase-noise"),
        (["roc", "gsm", "--trials", "0"], "--trials"),
        (["roc", "gsm", "--detector", "nobody"], "module:function"),
        (["roc", "gsm", "--recordings", "nowhere.sigmf-meta"], "cannot be read"),
        (["roc", "gsm", "-o", "nowhere/a.json"], "cannot be written"),
        (["roc", "gsm", "-o", "a.html"], "cannot both be"),
        (["compare", "none.json", "none.json"], "cannot be read"),
        (["compare", "t.csv", "t.csv"], "no JSON"),
        (["field", "none.csv"], "no file"),
        (["field", "bad.csv"], "lacks the column"),
    ],
)
def test_bad_input_is_one_line_with_a_remedy(speak: Any, tmp_path: Path, words: list[str], remedy: str) -> None:
    (tmp_path / "t.csv").write_text(FIELD)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    code, out, err = speak("bench", *words)
    assert (code, out) == (2, "")
    assert err.startswith("cellwarden: ") and err.count("\n") == 1
    assert remedy in err


def test_bench_alone_shows_what_it_can_do() -> None:
    done = forked.run(["bench", "--language", "fr"], os.environ)  # a process speaks one language
    assert done.returncode == 0
    assert "compare" in done.stdout and "Comparer deux résultats" in done.stdout


@pytest.mark.long
def test_an_interrupt_from_the_terminal_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cellwarden", "bench", "roc", "gsm:normal", "--snr", "0:20:10"]
    command += ["--trials", "60", "--absent-trials", "60", "--jobs", "2", "-o", "a.json", "--quiet"]
    part = tmp_path / "a.json.part"
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background job would ignore it
    options: Any = {"stderr": subprocess.PIPE, "text": True, "start_new_session": True, "preexec_fn": heard}
    running = subprocess.Popen(command, cwd=tmp_path, **options)
    deadline = time.monotonic() + 300
    while not (part.exists() and part.read_text().count("\n") >= 3):
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)  # less than it takes to measure what is left
    os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C does: to every process of the command
    _out, err = running.communicate(timeout=300)
    assert running.returncode == 130
    assert "the same command goes on" in err and "Traceback" not in err
    before = part.read_text()
    assert json.loads(before.splitlines()[-1])["unit"]
    units = {json.loads(line)["unit"] for line in before.splitlines()[1:]}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    assert not part.exists() and len(units) >= 2
    points = json.loads((tmp_path / "a.json").read_text())["curves"][0]["points"]
    assert [point["trials"] for point in points] == [60] * 3
