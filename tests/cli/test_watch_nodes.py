"""Two nodes, a server of NATS and a watch, each a process of its own: one call, told with both sensors as evidence, and
nothing lost nor doubled by a line that is cut and restored."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import interruptible
from tests.cli.test_commands import run

import cellwarden
from cellwarden.airinterface.gsm_waveform import FORMATS, FRAME_SYMBOLS, SYMBOL_RATE_HZ, generate
from cellwarden.model import Sighting
from cellwarden.simulate.scenes import Air, Placed, Truth, amplitude, write
from cellwarden.store.engine import opened
from cellwarden.watch import queries

SERVER = shutil.which("nats-server", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin")
FRAME_S = FRAME_SYMBOLS / SYMBOL_RATE_HZ
AIR = Air(rate_hz=4 * SYMBOL_RATE_HZ, centre_hz=902.4e6, seconds=3.0)
FRAMES = round(2.4 / FRAME_S)
"""A call of 2.4 s in 3 s of air: its silences are shorter than those after which a train is over."""
CUT_S = 6.0
S_NS = 10**9
SITE = """\
format = 1
name = "Two cells"
[legal]
basis = "law"
authority = "order 7"
expires = 2126-01-01
[nodes]
address = "nats://127.0.0.1:{port}"
[[node]]
sensor = "S1"
[[node]]
sensor = "S2"
[[floor]]
number = 0
name = "Ground"
base_m = 0.0
height_m = 3.0
[[room]]
name = "outside"
kind = "outside"
floor = 0
outline_m = [[-60, -60], [60, -60], [60, 60], [-60, 60]]
[[room]]
name = "Yard"
kind = "yard"
floor = 0
outline_m = [[-15, -15], [15, -15], [15, 15], [-15, 15]]
[[room]]
name = "01"
kind = "cell"
floor = 0
outline_m = [[0, 0], [3, 0], [3, 4], [0, 4]]
[[room]]
name = "02"
kind = "cell"
floor = 0
outline_m = [[3, 0], [6, 0], [6, 4], [3, 4]]
[[wall]]
floor = 0
start_m = [3.0, 0.0]
end_m = [3.0, 4.0]
material = "concrete"
[[sensor]]
name = "S1"
place_m = [1.5, 2.0, 2.5]
offset_db = 25.0
[[sensor]]
name = "S2"
place_m = [4.5, 2.0, 2.5]
offset_db = 20.0
"""
"""A phone of 33 dBm beside S1: some -6 dBm there, and -20 dBm behind the wall."""


def call(path: Path, snr_db: float, cfo_hz: float, seed: int) -> Path:
    """One phone's call as one sensor hears it; the phone's own bits are the same for each."""
    bits = np.random.default_rng(7)

    def placed() -> Iterator[Placed]:
        for n in range(FRAMES):
            wave, start = generate("normal", bits, rate_hz=AIR.rate_hz, sequence=5, carrier_offset_hz=200e3 + cfo_hz)
            at = round((0.1 + n * FRAME_S) * AIR.rate_hz)
            count = round(FORMATS["normal"].symbols * AIR.rate_hz / SYMBOL_RATE_HZ)
            truth = Truth("gsm:normal", at + start, count, 100e3, 300e3, snr_db, 200e3 + cfo_hz)
            yield Placed(truth, at, wave * np.float32(amplitude(snr_db, AIR.rate_hz)))

    write(path, AIR, placed(), seed)
    return path


@contextmanager
def running(*words: object) -> Iterator[subprocess.Popen[str]]:
    """A command of ours, ended by Ctrl-C; what it says on standard error is in `stderr` of the folder's name."""
    environment = os.environ | {"LANG": "en_GB.UTF-8", "PYTHONPATH": str(Path(cellwarden.__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-m", "cellwarden", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=interruptible,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        finally:
            process.kill()


@contextmanager
def serving(port: int) -> Iterator[None]:
    assert SERVER is not None
    process = subprocess.Popen([SERVER, "-a", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port))
        yield
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.2)


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def sightings(store: Path) -> list[Sighting]:
    with opened(str(store)).connect() as c:
        return list(queries.sightings(c, 0, 1 << 62))


@pytest.mark.skipif(SERVER is None, reason="nats-server is not installed")
def test_what_nodes_hear_becomes_one_alert_and_a_cut_line_loses_and_doubles_nothing(tmp_path: Path, port: int) -> None:
    store, site = tmp_path / "s.sqlite", tmp_path / "site.toml"
    site.write_text(SITE.format(port=port))
    for name, snr_db, cfo_hz in (("S1", 24.0, 90.0), ("S2", 15.0, -300.0)):
        air = call(tmp_path / f"{name}.sigmf-meta", snr_db, cfo_hz, seed=int(name[1]))
        (tmp_path / f"{name}.toml").write_text(
            f'[node]\nname = "{name}"\nqueue = "{name}.sqlite"\n'
            f'[receiver]\nsource = "file:{air}?loop&realtime&together"\n'
            f'[site]\naddress = "nats://127.0.0.1:{port}"\nkey = "{name}.key"\n'
        )
    with running("watch", "--site", site, "--port", 0, "--store", store) as watch:
        assert watch.stdout is not None
        assert "is watched" in watch.stdout.readline()
        with ExitStack() as nodes:
            with serving(port):
                for name in ("S1", "S2"):
                    token = run("node", "token", "--site", site, name).stdout.strip()
                    until(lambda: enrolled(tmp_path / f"{name}.toml", token))  # noqa: B023 waited for here
                    assert not enrolled(tmp_path / f"{name}.toml", token)  # a token is good once
                    nodes.enter_context(running("node", "--config", tmp_path / f"{name}.toml"))
                until(lambda: any(set(one.sensors) == {"S1", "S2"} for one in sightings(store)))
                time.sleep(2.0)
                cut_ns = time.time_ns()
            time.sleep(CUT_S)
            assert max(one.end_ns for one in sightings(store)) < cut_ns + S_NS
            restored_ns = time.time_ns()
            with serving(port):
                until(lambda: min(newest(store, "S1"), newest(store, "S2")) > restored_ns)
    within = [one for one in sightings(store) if cut_ns + S_NS <= one.start_ns < restored_ns - S_NS]
    calling = [one for one in within if sum(one.labels.values()) > 3]
    assert any(set(one.sensors) == {"S1", "S2"} for one in calling)  # what both kept, with its own times
    assert len({one.phone for one in calling}) == 1
    bursts = sum(sum(one.labels.values()) for one in within)
    spoken_s = 2.4 / AIR.seconds * (restored_ns - cut_ns - 2 * S_NS) * 1e-9
    assert 0.5 * spoken_s / FRAME_S < bursts  # of a machine so busy that a node drops samples, more than half is asked
    first, last = min(one.start_ns for one in within), max(one.end_ns for one in within)
    assert bursts <= 1.02 * ((last - first) * 1e-9 / FRAME_S + 1)  # one burst a frame: not doubled
    with opened(str(store)).connect() as c:
        alerts = [alert for alert, _decision in queries.alerts(c)]
    assert any(set(alert.sensors) == {"S1", "S2"} and alert.activity.interface == "gsm" for alert in alerts)


def newest(store: Path, sensor: str) -> int:
    """When a sensor heard the last that is kept."""
    return max((one.end_ns for one in sightings(store) if sensor in one.sensors), default=0)


def enrolled(config: Path, token: str) -> bool:
    done = run("node", "enrol", "--config", config, token)
    assert "Traceback" not in done.stderr
    return done.returncode == 0
