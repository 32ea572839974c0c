"""A node: it sends what is on the air, with its time and how sure that is, and tells when it does not hear."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_commands import WING, run
from tests.processes import started

import cellwarden
from cellwarden.errors import NodeError
from cellwarden.model import Blind
from cellwarden.radio import clock
from cellwarden.radio.clock import Clock
from cellwarden.radio.live.stream import Piece
from cellwarden.runtime import node, pace, selftest
from cellwarden.runtime.listen import Health
from cellwarden.runtime.node import Reporter
from cellwarden.runtime.node_file import read
from cellwarden.runtime.outbox import Outbox
from cellwarden.runtime.pace import Pace

GOOD = Health(samples=10, lost=0, dropped=0, clipped=0.0, floor_dbfs_hz=-120.0, load=0.3)
NTP = Clock("ntp", 2_000_000)


def config(folder: Path, source: str, more: str = "") -> Path:
    path = folder / "node.toml"
    path.write_text(
        f'[node]\nname = "A0-S1"\nqueue = "queue.sqlite"\n[receiver]\nsource = "{source}"\n'
        f'[site]\naddress = "file:{folder / "sent.jsonl"}"\n{more}'
    )
    return path


def sent(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "sent.jsonl").read_text().splitlines()]


def test_a_node_sends_trains_with_their_times_and_its_state_and_no_samples(tmp_path: Path) -> None:
    done = run("node", "--config", config(tmp_path, f"file:{WING}", '[evidence]\nfolder = "kept"\n'))
    assert done.returncode == 0, done.stderr
    told = sent(tmp_path)
    assert [one["number"] for one in told] == list(range(1, len(told) + 1))
    trains = [one["body"] for one in told if one["kind"] == "train"]
    over = [body for body in trains if body["what"] == "over"]
    assert len(trains) == 6 and len(over) == 3
    assert sum(body["cellwarden:bursts"] for body in over) == 51
    for body in over:
        assert body["end_ns"] > body["time_ns"]
        assert "time_error_ns" in body
    (state,) = [one["body"] for one in told if one["kind"] == "state"]
    assert sum(state["bursts"].values()) == 51
    assert (tmp_path / "sent.jsonl").stat().st_size < 40_000  # of 2 MB of samples
    assert run("evidence", "verify", tmp_path / "kept").returncode == 0


def test_a_file_to_send_to_is_meant_from_the_nodes_file(tmp_path: Path) -> None:
    path = config(tmp_path, "file:x")
    path.write_text(path.read_text().replace(f"file:{tmp_path}/", "file:"))
    assert read(path).site.address == f"file:{tmp_path / 'sent.jsonl'}"


@pytest.mark.long
def test_a_node_that_is_killed_goes_on_and_sends_nothing_twice(tmp_path: Path) -> None:
    path = config(tmp_path, f"file:{WING}?loop&realtime")
    environment = os.environ | {"PYTHONPATH": str(Path(cellwarden.__file__).parents[1])}
    command = [sys.executable, "-m", "cellwarden", "node", "--config", str(path)]
    for ending in (signal.SIGKILL, signal.SIGTERM):
        before = len(sent(tmp_path)) if (tmp_path / "sent.jsonl").exists() else 0
        with started(command, env=environment, stderr=subprocess.PIPE) as process:
            until = time.monotonic() + 300
            while not (tmp_path / "sent.jsonl").exists() or len(sent(tmp_path)) < before + 2:
                assert time.monotonic() < until
                time.sleep(0.1)
            process.send_signal(ending)
            _out, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors
    assert process.returncode == 0
    told = sent(tmp_path)
    assert [one["number"] for one in told] == list(range(1, len(told) + 1))
    assert len({one["origin"] for one in told}) == 1
    assert len({one["body"]["run_ns"] for one in told}) == 2
    assert told[-1]["kind"] == "state"  # what SIGTERM left behind was sent


def test_a_queue_that_cannot_be_written_is_told_once_and_the_node_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, said = read(config(tmp_path, "file:x")), list[str]()
    outbox = Outbox(settings.queue)
    reporter = Reporter(settings, outbox, 1e6, Pace(1e6), said.append)

    def full(kind: str, body: object) -> int:
        raise NodeError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "put", full)
        reporter.state(())
        reporter.state(("clock",))
    assert said == ["the disk is full"]
    reporter.state(())
    assert outbox.count() == 1


def test_a_receiver_that_gives_nothing_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "SILENT_S", 0.2)
    settings = read(config(tmp_path, "file:x"))
    outbox = Outbox(settings.queue)
    watched = Pace(1e6)
    assert list(watched.pieces(iter(()))) == []  # receiving has begun, and that was all
    with Reporter(settings, outbox, 1e6, watched, lambda line: None).watched():
        (message,) = outbox.waiting(0, 10, 20.0)
    assert message.body["faults"] == ["no samples"]


def test_a_node_tells_how_warm_its_receiver_is(tmp_path: Path) -> None:
    settings = read(config(tmp_path, "file:x"))
    outbox = Outbox(settings.queue)
    Reporter(settings, outbox, 1e6, Pace(1e6), print).health(replace(GOOD, temperature_c=41.5))
    (message,) = outbox.waiting(0, 9, 0)
    assert message.body["temperature_c"] == 41.5


def test_a_node_tells_in_which_bands_it_is_blind_and_since_when(tmp_path: Path) -> None:
    settings = read(config(tmp_path, "file:x"))
    outbox = Outbox(settings.queue)
    reporter = Reporter(settings, outbox, 1e6, Pace(1e6), print)
    reporter.health(replace(GOOD, blind=(Blind("20", 5),)))
    reporter.health(GOOD)
    bodies = [one.body for one in outbox.waiting(0, 9, 0)]
    assert [("jammed" in body["faults"], body["blind"]) for body in bodies] == [(True, [["20", 5]]), (False, [])]


def test_the_usual_floor_outlasts_a_restart_so_that_an_antenna_lost_meanwhile_is_told(tmp_path: Path) -> None:
    settings = read(config(tmp_path, "file:x"))
    for floor_db, found in ((-120.0, []), (-140.0, ["floor fell"])):
        outbox = Outbox(settings.queue)
        watched = Pace(10e6)
        watched.scale = 2.0**-15
        reporter = Reporter(settings, outbox, 10e6, watched, lambda line: None, clock=lambda: NTP)
        reporter.health(replace(GOOD, floor_dbfs_hz=floor_db))
        assert outbox.waiting(0, 10, 0)[-1].body["faults"] == found
        outbox.close()


def test_a_crystal_that_is_off_is_measured_and_taken_out_of_the_time() -> None:
    """30 millionths, and pieces that come up to 15 ms late: ten minutes' stamps are 18 ms off without correction."""
    rng, rate, ppm, size = np.random.default_rng(3), 1e6, 30.0, 20_000
    true_s = np.arange(1, 30_000) * size / rate * (1 + ppm * 1e-6)
    come_ns = np.round((true_s + 0.005 + rng.uniform(0, 0.015, len(true_s))) * 1e9).astype(np.int64)
    clocks = iter(come_ns)
    now = [0]

    def tick() -> int:
        now[0] = int(next(clocks))
        return now[0]

    watched = Pace(rate, tick, lambda: now[0])
    piece = Piece(np.zeros((size, 2), np.int16), 2.0**-15)
    for _piece in watched.pieces(piece for _ in true_s):
        pass
    off_ns = round((true_s[-1] - len(true_s) * size / rate) * 1e9)
    assert abs(off_ns - 18e6) < 0.1e6
    assert abs(watched.correction_ns - off_ns) < ppm * 1e-6 * 2 * pace.MINUTE_NS + 1e6  # as of a minute or two ago
    assert watched.crystal_ppm is not None and abs(watched.crystal_ppm - ppm) < 3
    assert watched.steps == 0


def test_a_clock_that_is_set_is_noticed_and_followed_at_once() -> None:
    size, rate = 20_000, 1e6
    steady = [0]

    def pieces() -> Iterator[Piece]:
        for _number in range(100):
            steady[0] += 20_000_000
            yield Piece(np.zeros((size, 2), np.int16), 2.0**-15)

    watched = Pace(rate, lambda: steady[0] + (7_000_000_000 if steady[0] > 10**9 else 0), lambda: steady[0])
    for _piece in watched.pieces(pieces()):
        pass
    assert watched.steps == 1
    assert watched.correction_ns == 7_000_000_000


def test_a_source_with_stamps_of_its_own_is_not_corrected() -> None:
    watched = Pace(1e6)
    for _piece in watched.pieces(iter([Piece(np.zeros((20_000, 2), np.int16), 1.0, start_ns=5)] * 3)):
        pass
    assert watched.stamped
    assert pace.error_ns(NTP, watched, 100) == 100
    assert pace.error_ns(NTP, Pace(1e6), None) == round(np.hypot(2e6, 20e6))
    assert pace.error_ns(Clock("nothing", None), Pace(1e6), None) is None


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, ()),
        ({"floor_dbfs_hz": -131.0}, ("floor fell",)),  # an antenna that came off
        ({"floor_dbfs_hz": -109.0}, ("floor high",)),
        ({"clipped": 0.01}, ("clipped",)),
        ({"products": 5}, ("overdriven",)),
        ({"products": 4}, ()),
        ({"lost": 3}, ("lost samples",)),
        ({"blind": (Blind("20", 5),)}, ("jammed",)),
    ],
)
def test_what_is_wrong_with_a_receiver_is_named(changed: dict[str, object], found: tuple[str, ...]) -> None:
    told = selftest.faults(replace(GOOD, **changed), GOOD, -120.0, 10e6, 2.0**-15, NTP)  # type: ignore[arg-type]
    assert told == found


def test_a_gain_so_low_that_the_converter_is_all_that_is_heard_is_named() -> None:
    """Noise of a third of a step before eight bits: rounding makes more than half of what is left."""
    rate, scale = 2.4e6, 2.0**-7
    rounding = 10 * np.log10(2 * scale**2 / 12)
    for above_db, low in ((1.0, True), (10.0, False)):
        health = replace(GOOD, floor_dbfs_hz=float(rounding + above_db - 10 * np.log10(rate)))
        assert ("gain low" in selftest.faults(health, GOOD, None, rate, scale, NTP)) == low


@pytest.mark.parametrize("told", [{"stepped": True}, {"crystal_ppm": -150.0}])
def test_a_clock_that_was_set_or_a_crystal_that_is_far_off_is_named(told: dict[str, float]) -> None:
    assert selftest.faults(GOOD, GOOD, None, 10e6, 2.0**-15, NTP, **told) == ("clock",)  # type: ignore[arg-type]
    assert selftest.faults(GOOD, GOOD, None, 10e6, 2.0**-15, Clock("nothing", None)) == ("clock",)


def test_a_floor_that_fell_is_not_learned_and_stays_told() -> None:
    level: float | None = -120.0
    for _second in range(3600):
        health = replace(GOOD, floor_dbfs_hz=-140.0)
        found = selftest.faults(health, GOOD, level, 10e6, 2.0**-15, NTP)
        level = selftest.usual(level, health.floor_dbfs_hz, found)
    assert found == ("floor fell",)


@pytest.mark.parametrize(
    ("told", "state", "follows", "error_ns"),
    [
        ({"maxerror": 500_000, "esterror": 100}, 0, "ntp", round(500_000_000 / np.sqrt(3))),
        ({"maxerror": 500_000, "status": clock.UNSYNCHRONISED}, 0, "nothing", None),
        ({"maxerror": 16_000_000}, clock.ERROR, "nothing", None),
        ({"status": clock.PPS_TIME | clock.PPS_SIGNAL, "jitter": 3}, 0, "pps", 3000),
        ({"status": clock.PPS_TIME | clock.PPS_SIGNAL | clock.NANOSECONDS, "jitter": 300}, 0, "pps", 300),
        ({"status": clock.PPS_TIME, "maxerror": 1000, "esterror": 900}, 0, "ntp", 900_000),  # the pulse went away
    ],
)
def test_the_kernels_word_on_its_clock_is_understood(
    told: dict[str, int], state: int, follows: str, error_ns: int | None
) -> None:
    assert clock.read(clock.Timex(**told), state) == Clock(follows, error_ns)  # type: ignore[arg-type]


def test_this_machines_clock_can_be_asked() -> None:
    found = clock.clock()
    assert (found.error_ns is None) == (found.follows == "nothing")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"\[node\]: name is missing"),
        ('[node]\nname = "a b"\nqueue = "q"\n[receiver]\nsource = "x"\n[site]\naddress = "file:x"', "letters"),
        ('[node]\nname = "a"\nqueue = "q"\n[receiver]\nsource = 3\n[site]\naddress = "file:x"', "source"),
        ('[node]\nname = "a"\nqueue = "q"\n[receiver]\nsource = "x"\n[site]\naddress = "here"', "no place"),
        (
            '[node]\nname = "a"\nqueue = "q"\ncolour = "red"\n[receiver]\nsource = "x"\n[site]\naddress = "file:x"',
            "colour",
        ),
        ("[mode]", "mode"),
        ("node = 3", "node"),
        ("=", "TOML"),
    ],
)
def test_a_file_that_sets_up_no_node_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "node.toml"
    path.write_text(text)
    with pytest.raises(NodeError, match=said):
        read(path)
