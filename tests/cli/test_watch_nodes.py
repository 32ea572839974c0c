"""Two nodes, a server of NATS and a watch, each a process of its own: one call, told with both sensors as evidence, and
nothing lost nor doubled by a line that is cut and restored."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.cli.conftest import interruptible, two_cells
from tests.cli.test_commands import run
from tests.processes import started, until

import cellwarden
from cellwarden.airinterface.gsm_waveform import FORMATS, FRAME_SYMBOLS, SYMBOL_RATE_HZ, generate
from cellwarden.locate.cells import model_loss_db
from cellwarden.locate.propagation import paths
from cellwarden.locate.site import load
from cellwarden.model import Sighting
from cellwarden.simulate.scenes import CHANNEL_HZ, NOISE_STEPS, Air, Placed, Truth, amplitude, write
from cellwarden.store.engine import opened
from cellwarden.watch import queries

SERVER = shutil.which("nats-server", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin")
FRAME_S = FRAME_SYMBOLS / SYMBOL_RATE_HZ
AIR = Air(rate_hz=4 * SYMBOL_RATE_HZ, centre_hz=902.4e6, seconds=3.0)
MULTIFRAME, MULTIFRAMES = 26, 20
"""A full-rate call sends in all but the last of 26 frames (3GPP TS 45.002 §7 table 1); 2.4 s of it in 3 s of air: its
silences are shorter than those after which a train is over."""
SENT_S = 0.1 + FRAME_S * np.array([n for n in range(MULTIFRAME * MULTIFRAMES) if n % MULTIFRAME != MULTIFRAME - 1])
"""When bursts begin, from the beginning of the air."""
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
{plan}{walls}[[sensor]]
name = "S1"
place_m = [1.5, 2.0, 2.5]
offset_db = 27.0
[[sensor]]
name = "S2"
place_m = [4.5, 2.0, 2.5]
offset_db = 22.7
"""
WALL = """\
[[wall]]
floor = 0
start_m = [{:.1f}, {:.1f}]
end_m = [{:.1f}, {:.1f}]
material = "concrete"
"""
WALLS = ((0, 0, 6, 0), (6, 0, 6, 4), (6, 4, 0, 4), (0, 4, 0, 0), (3, 0, 3, 4))
PLACE_M, POWER_DBM = (1.5, 1.0, 1.0), 33.0
HEARD = {"S1": (24.0, 90.0), "S2": (15.0, -300.0)}
"""SNR in dB and carrier offset in Hz at each sensor; that the levels are those of PLACE_M is asserted."""


def call(path: Path, snr_db: float, cfo_hz: float, seed: int) -> Path:
    """One phone's call as one sensor hears it; the phone's own bits are the same for each."""
    bits = np.random.default_rng(7)

    def placed() -> Iterator[Placed]:
        for second in SENT_S:
            wave, start = generate("normal", bits, rate_hz=AIR.rate_hz, sequence=0, carrier_offset_hz=200e3 + cfo_hz)
            at = round(second * AIR.rate_hz)
            count = round(FORMATS["normal"].symbols * AIR.rate_hz / SYMBOL_RATE_HZ)
            truth = Truth("gsm:normal", at + start, count, 100e3, 300e3, snr_db, 200e3 + cfo_hz)
            yield Placed(truth, at, wave * np.float32(amplitude(snr_db, AIR.rate_hz)))

    write(path, AIR, placed(), seed)
    return path


@contextmanager
def running(*words: object) -> Iterator[subprocess.Popen[str]]:
    """A command of ours, ended by Ctrl-C; what it says on standard error is in `stderr` of the folder's name."""
    environment = os.environ | {"LANG": "en_GB.UTF-8", "PYTHONPATH": str(Path(cellwarden.__file__).parents[1])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-m", "cellwarden", *words]
    with started(command, env=environment, preexec_fn=interruptible, **pipes) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(60)


@contextmanager
def serving(port: int) -> Iterator[None]:
    assert SERVER is not None
    with started([SERVER, "-a", "127.0.0.1", "-p", port], stderr=subprocess.DEVNULL):
        until(lambda: answers(port))
        yield


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@cache
def engine(store: Path) -> Engine:
    """Opened once: what is awaited is asked many times."""
    return opened(str(store))


def sightings(store: Path) -> list[Sighting]:
    with engine(store).connect() as c:
        return list(queries.sightings(c, 0, 1 << 62))


def test_the_levels_are_those_of_a_phone_in_the_first_cell(tmp_path: Path) -> None:
    lines = paths(load(written(tmp_path, port=1)), np.array([PLACE_M]))
    floor_dbfs = 20 * np.log10(NOISE_STEPS / 2**15) + 10 * np.log10(2 * CHANNEL_HZ / AIR.rate_hz)
    offset_db = {"S1": 27.0, "S2": 22.7}
    levels = [floor_dbfs + snr_db + offset_db[name] for name, (snr_db, _cfo) in HEARD.items()]
    assert levels == pytest.approx(POWER_DBM - model_loss_db(lines, AIR.centre_hz).ravel(), abs=0.5)


@pytest.mark.long
@pytest.mark.skipif(SERVER is None, reason="nats-server is not installed")
def test_what_nodes_hear_becomes_one_alert_and_a_cut_line_loses_and_doubles_nothing(tmp_path: Path, port: int) -> None:
    store, site = tmp_path / "s.sqlite", written(tmp_path, port)
    for name, (snr_db, cfo_hz) in HEARD.items():
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
                for name in HEARD:
                    token = run("node", "token", "--site", site, name).stdout.strip()
                    until(lambda: enrolled(tmp_path / f"{name}.toml", token))  # noqa: B023 waited for here
                    assert not enrolled(tmp_path / f"{name}.toml", token)  # a token is good once
                    nodes.enter_context(running("node", "--config", tmp_path / f"{name}.toml"))
                until(lambda: any(set(one.sensors) == set(HEARD) for one in sightings(store)))
                time.sleep(2.0)
                cut_ns = time.time_ns()
            time.sleep(CUT_S)
            assert max(one.end_ns for one in sightings(store)) < cut_ns + S_NS
            restored_ns = time.time_ns()
            with serving(port):
                until(lambda: min(newest(store, name) for name in HEARD) > restored_ns)
        until(lambda: told(store))  # at the latest when the call is over
    every = sightings(store)
    within = [one for one in every if cut_ns + S_NS <= one.start_ns < restored_ns - S_NS]
    calling = [one for one in within if bursts(one) > 3]
    assert len({one.phone for one in calling}) == 1
    # What both kept, with its own times. Of a machine so busy that nodes lose samples, more than half is asked.
    kept = sum(bursts(one) for one in calling if set(one.sensors) == set(HEARD))
    assert kept > 0.5 * sent(cut_ns + S_NS, restored_ns - 2 * S_NS)
    # A phone sends one burst a frame: none is counted twice, neither in a second nor in all from the cut on. What came
    # before is not asked: clocks that follow nothing are found by and by, and until then each node tells for itself.
    after = [one for one in every if one.start_ns >= cut_ns]
    told_of = [(one.phone, (one.start_ns - cut_ns) / S_NS, one.sensors, bursts(one)) for one in after]
    assert {one.phone for one in after} == {calling[0].phone}, told_of
    assert all(bursts(one) <= (one.end_ns - one.start_ns) * 1e-9 / FRAME_S + 2 for one in after)
    first_ns, last_ns = min(one.start_ns for one in after), max(one.end_ns for one in after)
    assert sum(bursts(one) for one in after) <= 1.01 * sent(first_ns - S_NS // 10, last_ns + S_NS // 10)


def written(folder: Path, port: int) -> Path:
    """The site's file."""
    path = folder / "site.toml"
    walls = "".join(WALL.format(*map(float, wall)) for wall in WALLS)
    path.write_text(SITE.format(port=port, plan=two_cells(90, 30), walls=walls))
    return path


def bursts(one: Sighting) -> int:
    return sum(one.labels.values())


def sent(begin_ns: int, end_ns: int) -> int:
    """How many bursts the phone sends from one time to another: the air begins at each whole multiple of its length."""
    begin_s, end_s = begin_ns / S_NS, end_ns / S_NS
    airs = AIR.seconds * np.arange(begin_s // AIR.seconds, end_s // AIR.seconds + 1)
    times = (airs[:, None] + SENT_S).ravel()
    return int(((times >= begin_s) & (times < end_s)).sum())


def told(store: Path) -> bool:
    """Whether a call was told with both sensors as evidence. Until clocks are found each may be told of alone."""
    with engine(store).connect() as c:
        calls = [alert for alert, _decision in queries.alerts(c) if alert.activity.kind == "call"]
    return any(set(alert.sensors) == set(HEARD) for alert in calls)


def newest(store: Path, sensor: str) -> int:
    """When a sensor heard the last that is kept."""
    return max((one.end_ns for one in sightings(store) if sensor in one.sensors), default=0)


def enrolled(config: Path, token: str) -> bool:
    done = run("node", "enrol", "--config", config, token)
    assert "Traceback" not in done.stderr
    return done.returncode == 0
