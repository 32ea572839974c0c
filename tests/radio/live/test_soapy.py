"""SoapySDR with a loop-back device, and the system's own module where it is installed."""

import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import numpy as np
import pytest
from tests.radio.live import loopback
from tests.radio.live.test_sources import heard

import cellwarden
from cellwarden.errors import SourceError
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.radio.live.soapy import SYSTEM

WAVE = np.random.default_rng(9).integers(-999, 999, (200_000, 2)).astype(np.int16)
TUNED = Tuning(2e6, 897.5e6, 30.0)


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SoapySDR", loopback)
    loopback.wave, loopback.overflows, loopback.has_time = WAVE, {}, True
    loopback.settings.clear()


def test_a_loop_back_device_is_set_and_delivers_what_it_receives() -> None:
    got = heard(open_stream("soapy:driver=loopback", TUNED), len(WAVE))
    assert np.array_equal(np.concatenate([b.iq for b in got]), WAVE)
    assert loopback.settings == {"rate": 2e6, "centre": 897.5e6, "gain": 30.0, "active": False, "closed": True}
    assert len({b.segment for b in got}) == 1


def test_overflows_are_counted_exactly_by_the_receivers_clock() -> None:
    loopback.overflows = {50_000: 1234, 120_000: 1, 130_000: 40_000}
    got = heard(open_stream("soapy:driver=loopback", TUNED), len(WAVE) - 41_235)
    for block in got:
        assert np.array_equal(block.iq, WAVE[block.sample_start : block.sample_start + len(block.iq)])
    starts = sorted({b.segment.sample_start for b in got})
    assert starts == [0, 51_234, 120_001, 170_000]


def test_an_overflow_without_a_clock_is_a_gap_too() -> None:
    loopback.overflows, loopback.has_time = {50_000: 1234}, False
    got = heard(open_stream("soapy:driver=loopback", TUNED), len(WAVE) - 1234)
    assert len({b.segment for b in got}) == 2


@pytest.mark.parametrize(
    ("address", "tuning", "remedy"),
    [
        ("soapy:driver=none", TUNED, "plug it in"),
        ("soapy:driver=loopback", Tuning(5e6, 9e8), "1000000–3200000"),
        ("soapy:driver=loopback", Tuning(2e6, 9e9), "24000000–1800000000"),
        ("soapy:driver=loopback", Tuning(2e6), "--centre"),
        ("soapy:driver=loopback", Tuning(None, 9e8), "--rate"),
    ],
)
def test_a_receiver_that_cannot_do_it_says_what_it_can(address: str, tuning: Tuning, remedy: str) -> None:
    with pytest.raises(SourceError, match=remedy):
        open_stream(address, tuning)


@pytest.mark.parametrize(("driver", "remedy"), [("hackrf", "plug it in"), ("null", "cannot receive")])
def test_the_systems_own_module_is_understood(driver: str, remedy: str) -> None:
    if PathFinder.find_spec("_SoapySDR", [SYSTEM]) is None:
        pytest.skip("python3-soapysdr is not installed")
    path = str(Path(cellwarden.__file__).parents[1])
    command = [sys.executable, "-m", "cellwarden", "listen", f"soapy:driver={driver}", "--rate=2M", "--centre=900M"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": path, "LANG": "C"}, check=False)
    assert done.returncode == 2
    assert remedy in done.stderr.splitlines()[-1]
