"""`cellwarden demo` as a newcomer meets it: a recording's table, an address, a password, and a phone on the screen."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest
from tests import forked
from tests.cli.conftest import Typed, interruptible
from tests.processes import started

from cellwarden import language
from cellwarden.cli import demo as command
from cellwarden.cli import demo_scan
from cellwarden.errors import OutputError
from cellwarden.runtime import ready
from cellwarden.runtime.demo import OTHERS

WORDS = ["demo", "--for", "10m", "--port"]


@pytest.fixture
def demo() -> Iterator["subprocess.Popen[str]"]:
    environment = os.environ | {"CELLWARDEN_LANGUAGE": "en"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(
        [sys.executable, "-m", "cellwarden", *WORDS, 0], preexec_fn=interruptible, env=environment, **pipes
    ) as running:
        yield running


def test_a_newcomer_signs_in_sees_a_phone_and_ends_it_and_a_second_demo_finds_the_port_taken(
    demo: "subprocess.Popen[str]",
) -> None:
    assert demo.stdout is not None
    told, calls = None, 0
    while told is None:
        line = demo.stdout.readline()
        assert line, "it ended"
        calls += "gsm:normal" in line
        told = re.search(r"Open (\S+) in a browser; name: (\S+), password: (\S+)", line)
    assert calls > 30  # the recording's table comes first: of its 51 bursts 40 are shown, one an access burst
    address, name, password = told.groups()
    port = address.rpartition(":")[2]
    taken = forked.run([*WORDS, port], os.environ)
    assert taken.returncode == 2 and taken.stderr.count("\n") == 1 and port in taken.stderr
    assert ", ".join(OTHERS) in demo.stdout.readline()
    demo.stdout.readline()
    line = demo.stdout.readline()  # comes with the first alert
    alert = re.search(r"A-\d{4}-000001", line)
    assert alert is not None
    with httpx.Client(base_url=address, follow_redirects=True) as browser:
        for _turn in range(100):
            try:
                page = browser.get("/sign-in")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert token is not None
        browser.post("/sign-in", data={"name": name, "password": password, "csrf": token[1]})
        assert alert[0] in browser.get("/alerts").text
    demo.send_signal(signal.SIGINT)
    _out, err = demo.communicate(timeout=60)
    assert demo.returncode == 0 and "Traceback" not in err


def test_without_a_terminal_it_ends_by_itself_and_leaves_what_the_scan_found(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "ALONE_S", 0.5)
    monkeypatch.setattr(sys, "stdin", (tmp_path / "nothing").open("w+"))
    code, out, err = typed("demo", "--port", "0", "-o", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "There is no terminal" in out and "A phone spoke: 51 GSM bursts" in out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["wing.html", "wing.sigmf-meta"]
    code, _out, err = typed("demo", "--port", "0", "-o", tmp_path / "out")
    assert code == 2 and "wing.sigmf-meta exists" in err


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the program was never compiled, as far as the program knows."""
    monkeypatch.setattr(ready, "ready", lambda _what: False)
    monkeypatch.setattr(demo_scan, "BEHIND", 0)  # other tests would go first, for a minute


@pytest.mark.long
@pytest.mark.usefixtures("uncompiled")
def test_what_has_to_be_compiled_is_scanned_beside_what_needs_it_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    language.use("en")
    with demo_scan.scanning(tmp_path, force=False) as finished:
        told = capfd.readouterr().out
        assert "compiled for this machine meanwhile" in told and "gsm" not in told and not list(tmp_path.iterdir())
        finished()
        assert "A phone spoke: 51 GSM bursts" in capfd.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wing.html", "wing.sigmf-meta"]
    with pytest.raises(OutputError, match=r"wing.sigmf-meta exists"), demo_scan.scanning(tmp_path, force=False):
        pass


@pytest.mark.long
@pytest.mark.usefixtures("uncompiled")
def test_who_does_not_wait_for_the_scan_breaks_it_off(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    others = set(multiprocessing.active_children())
    with demo_scan.scanning(tmp_path, force=False):
        (scans,) = set(multiprocessing.active_children()) - others
        time.sleep(4.0)  # processes of its own have begun by then, as a rule
    assert not scans.is_alive() and not list(tmp_path.iterdir()) and capfd.readouterr().err == ""


@pytest.mark.long
@pytest.mark.usefixtures("uncompiled")
def test_a_scan_beside_that_fails_is_told_with_its_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.exceptions.Exit) as end, demo_scan.scanning(tmp_path / "out", force=False) as finished:
        (tmp_path / "out").rmdir()
        (tmp_path / "out").touch()
        finished()
    assert end.value.exit_code == 2 and capfd.readouterr().err.count("\n") == 1
