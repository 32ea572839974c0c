"""SoapySDR with a loop-back device, and the system's own module where it is installed."""

import subprocess
import sys
import time
from importlib.machinery import PathFinder
from pathlib import Path

import numpy as np
import pytest
from tests.radio.live import loopback
from tests.radio.live.test_sources import heard

import cellwarden
from cellwarden.errors import SourceError
from cellwarden.radio.band_plan import Schedule
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.radio.live.hop import hopping
from cellwarden.radio.live.soapy import SYSTEM

WAVE = np.random.default_rng(9).integers(-999, 999, (200_000, 2)).astype(np.int16)
DATE_NS = 1_796_000_000_000_000_000
TUNED = Tuning(2e6, 897.5e6, 30.0)


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SoapySDR", loopback)
    loopback.wave, loopback.overflows, loopback.has_time, loopback.since_ns = WAVE, {}, True, 10**18
    loopback.settings.clear()
    loopback.sensors.clear()


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


def test_a_receiver_whose_clock_knows_the_date_stamps_each_segment_itself() -> None:
    loopback.since_ns, loopback.overflows = DATE_NS, {50_000: 1234}
    got = heard(open_stream("soapy:driver=loopback", TUNED), len(WAVE) - 1234)
    first, second = list(dict.fromkeys(b.segment for b in got))
    assert (first.clock, first.start_ns) == ("receiver", DATE_NS)
    assert (second.clock, second.start_ns) == ("receiver", DATE_NS + 51_234 * 500)  # 2 MS/s: 500 ns a sample


@pytest.mark.parametrize(("has_time", "since_ns"), [(False, 0), (True, 17_000_000_000)])
def test_a_clock_that_counts_from_when_it_was_switched_on_stamps_nothing(has_time: bool, since_ns: int) -> None:
    loopback.has_time, loopback.since_ns = has_time, since_ns
    (block, *_more) = heard(open_stream("soapy:driver=loopback", TUNED), len(WAVE))
    assert block.segment.clock == "machine" and abs((block.segment.start_ns or 0) - time.time_ns()) < 60e9


def test_a_receivers_clock_that_is_set_loses_nothing() -> None:
    """As where it begins to see satellites: what comes next is stamped by the new time."""
    stream = open_stream("soapy:driver=loopback", TUNED)
    first = next(stream.pieces)
    loopback.since_ns = DATE_NS
    second = next(stream.pieces)
    stream.close()
    assert (first.start_ns, second.lost, second.start_ns) == (None, 0, DATE_NS + len(first.iq) * 500)


def test_visits_of_a_band_plan_keep_the_receivers_stamps() -> None:
    loopback.since_ns = DATE_NS
    schedule = Schedule(2e6, 0.01, 0.001, (897.5e6, 899.5e6))
    stream = hopping(open_stream("soapy:driver=loopback", TUNED), schedule)
    pieces = [next(stream.pieces) for _visit in range(12)]
    stream.close()
    assert len({piece.centre_hz for piece in pieces}) == 2
    at = 0
    for piece in pieces:
        at += piece.lost
        assert piece.start_ns == DATE_NS + at * 500
        at += len(piece.iq)


@pytest.mark.parametrize(
    ("sensors", "celsius"),
    [
        ({"lms7_temp": ("41.25", "C"), "board_temp": ("38", "")}, 41.25),  # the hottest
        ({"xadc_temp0": ("", "C"), "ad9361-phy_temp0": ("36.3 °C", "C")}, 36.3),  # one is broken
        ({"temp": ("", "")}, None),
        ({"temp": ("27000", "")}, None),  # what a converter shows
    ],
)
def test_a_device_tells_how_warm_it_is(sensors: dict[str, tuple[str, str]], celsius: float | None) -> None:
    loopback.sensors.update(sensors)
    stream = open_stream("soapy:driver=loopback", TUNED)
    assert stream.temperature is not None and stream.temperature() == celsius
    stream.close()


@pytest.mark.parametrize("sensors", [{}, {"gps_locked": ("true", ""), "temp": ("300", "K")}])
def test_a_device_without_a_thermometer_is_not_asked(sensors: dict[str, tuple[str, str]]) -> None:
    loopback.sensors.update(sensors)
    stream = open_stream("soapy:driver=loopback", TUNED)
    assert stream.temperature is None
    stream.close()


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
