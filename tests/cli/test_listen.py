"""`cellwarden listen` as a person runs it: what it says, how it ends, and what it says of sources that do not exist."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_commands import WING, run
from tests.processes import started
from tests.radio.live.servers import RtlTcp

import cellwarden
from cellwarden.model import Blind
from cellwarden.runtime.evidence_index import Index


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "GSM normal on 901.800 MHz (ARFCN 59), SNR 21.5 dB"),
        ("fr", "GSM normal sur 901,800 MHz (ARFCN 59), RSB 21,5 dB"),
    ],
)
def test_each_phone_is_told_when_it_begins_and_when_it_is_over(language: str, said: str) -> None:
    done = run("listen", f"file:{WING}", language=language)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert said in lines[0]
    assert len(lines) == 7  # three trains begin, three end, and a last word
    assert "51" not in lines[-1] and "0" in lines[-1]


def test_machines_get_each_burst_and_the_receivers_health() -> None:
    done = run("listen", f"file:{WING}?loop", "--for", "1.2", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["event"] for one in told} == {"begun", "burst", "over", "health"}
    burst = next(one for one in told if one["event"] == "burst")
    assert burst["core:label"] == "gsm:normal"
    assert burst["time"].endswith("Z")
    assert next(one for one in told if one["event"] == "health")["lost"] == 0


def test_evidence_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    done = run("listen", f"file:{WING}", "--evidence", tmp_path / "kept")
    assert done.returncode == 0, done.stderr
    again = run("scan", *sorted((tmp_path / "kept").glob("*.sigmf-meta")), "--no-hash")
    assert again.returncode == 0, again.stderr
    refused = run("listen", f"file:{WING}", "--evidence", "/proc/evidence")
    assert refused.returncode == 2 and "/proc/evidence" in refused.stderr


def test_a_source_that_cannot_be_used_leaves_no_index_of_a_run(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    done = run("listen", "rtltcp://127.0.0.1:1", "--rate=2M", "--centre=900M", "--evidence", kept)
    assert done.returncode == 2
    assert not kept.exists()


def test_verify_tells_of_files_that_were_taken_in_behind_a_run_that_was_killed(tmp_path: Path) -> None:
    Index(tmp_path)  # killed
    (tmp_path / "1.sigmf-data").write_bytes(b"...")
    Index(tmp_path).close()
    done = run("evidence", "verify", tmp_path)
    assert done.returncode == 0
    assert "1 file was found behind a run that was killed" in done.stdout


@pytest.mark.parametrize("ending", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_a_signal_ends_it_with_all_that_was_heard(ending: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(cellwarden.__file__).parents[1]), "LANG": "C"}
    command = [sys.executable, "-m", "cellwarden", "listen", f"file:{WING}?loop&realtime", "--language", "en"]
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(ending)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "GSM" in first
    lines = rest.splitlines()
    assert lines[-1].startswith("Heard ")
    assert "is over" in lines[-2]  # what was going on is told to its end
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["nowhere"], "write file:"),
        (["file:nothing.sigmf-meta"], "nothing.sigmf-meta"),
        (["rtltcp://127.0.0.1:1", "--rate=2M", "--centre=900M"], "start rtl_tcp"),
        (["zmq://127.0.0.1:1"], "--rate"),
        ([f"file:{WING}", "--for=ever"], "90s, 15m or 1h"),
    ],
)
def test_a_source_that_cannot_be_used_is_one_line_and_exit_code_two(words: list[str], remedy: str) -> None:
    done = run("listen", *words)
    assert done.returncode == 2
    assert remedy in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.long
def test_a_source_from_which_nothing_comes_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
    silent = run("listen", f"udp://127.0.0.1:{port}", "--rate", "1M", "--for", "6.5", language="fr")
    assert silent.returncode == 0
    (said,) = silent.stderr.splitlines()
    assert f"rien ne vient de udp://127.0.0.1:{port}" in said


def test_where_a_jammer_blinds_is_told_once_and_that_phones_are_heard_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from cellwarden.cli.listen import _Words
    from cellwarden.runtime.listen import Health

    words, blind = _Words(everything=False), (Blind("20", 10**18),)
    for one in ((), blind, blind, ()):
        words.health(Health(10_000, 0, 0, 0.0, None, 1.0, blind=one))
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2 and "a jammer sends: blind in band 20 since" in told[0]
    assert told[1] == "cellwarden: phones are heard again in band 20"


def test_what_found_no_room_is_laid_to_this_machine_also_when_it_is_known_late(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A second of samples is dropped while two wait before it, and is missing only when these are worked off."""
    from cellwarden.cli.listen import _Words
    from cellwarden.runtime.listen import Health

    words = _Words(everything=False)
    for lost, dropped in ((0, 900), (0, 900), (900, 900), (950, 900)):
        words.health(Health(10_000, lost, dropped, 0.0, None, 1.0))
    late, unsent = capsys.readouterr().err.splitlines()
    assert late.endswith("this machine is too slow")
    assert unsent.endswith("the source did not send them")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--receiver", "2"], "--plan"),
        (["--plan", "PLAN.toml", "--centre", "897.5MHz"], "--centre"),
        (["--keep-for", "30d"], "--evidence"),
        (["--band", "20", "--centre", "847MHz"], "--centre"),
        (["--band", "wifi"], "gsm-900-uplink"),
    ],
)
def test_options_that_do_not_fit_are_refused(words: list[str], said: str) -> None:
    done = run("listen", f"file:{WING}", *words)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_receiver_goes_through_the_band_that_is_named() -> None:
    octets = np.random.default_rng(1).integers(118, 138, 2 * 1_200_000).astype(np.uint8).tobytes()
    server = RtlTcp(octets)
    try:
        done = run("listen", server.address, "--band", "lte-28-uplink", "--rate", "2.4M", "--for", "0.4s")
        tuned = [hz for command, hz in server.commands if command == 1]
    finally:
        server.close()
    assert done.returncode == 0, done.stderr
    assert len(set(tuned)) > 2 and all(703e6 < hz < 748e6 for hz in tuned)
