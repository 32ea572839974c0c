"""Recordings of all four waveforms come down to the same readings; ranges come from frequency steps."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellwarden.errors import LaneError, RecordingError
from cellwarden.signature import junction, junction_empty
from cellwarden.signature.junction_iq import read_recordings
from cellwarden.simulate.junction import drawn
from cellwarden.simulate.lane import Item
from cellwarden.simulate.lane_iq import recorded
from cellwarden.simulate.parameters import Junctions

WORLD = replace(Junctions(), mismatch_spread_db=0.0, aspect_db=0.0)


def phone() -> Item:
    return Item("phone", junction=drawn("phone", WORLD, np.random.default_rng(1)))


def both(folder: Path, waveform: str, world: Junctions = WORLD, *, apart: bool = False, reach_m: float = 1.0):  # type: ignore[no-untyped-def]
    """An empty lane and a phone in a pocket."""
    rng = np.random.default_rng(2)
    lane = recorded(folder / "empty", world, [], rng, waveform, somebody=False, apart=apart, reach_m=reach_m)
    person = recorded(folder / "person", world, [phone()], rng, waveform, apart=apart, reach_m=reach_m)
    return lane, person


@pytest.mark.parametrize(("waveform", "apart"), [("cw", True), ("pulsed", False)])
def test_cw_and_pulses_are_read_alike(tmp_path: Path, waveform: str, apart: bool) -> None:
    lane, person = both(tmp_path, waveform, apart=apart)
    log = read_recordings(person, "P-1")
    assert np.unique(log.transmit_dbm) == pytest.approx([21, 24, 27, 30], abs=0.05)
    assert log.position_m[0] == pytest.approx(-1.0, abs=0.01) and log.position_m[-1] == pytest.approx(1.0, abs=0.01)
    reading = junction.examined(log, junction_empty.learned([read_recordings(lane)])).readings[0]
    assert reading.kind == junction.SEMICONDUCTOR and reading.range_m is None
    assert reading.position_m == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("distance_m", [0.7, 1.2])
def test_steps_over_20_megahertz_range_a_phone_to_half_a_metre(tmp_path: Path, distance_m: float) -> None:
    world = replace(WORLD, distance_m=distance_m)
    lane, person = both(tmp_path, "stepped", world)
    log = read_recordings(person)
    assert log.frequency_hz is not None and np.ptp(log.frequency_hz) == pytest.approx(20e6)
    reading = junction.examined(log, junction_empty.learned([read_recordings(lane)])).readings[0]
    assert reading.range_m == pytest.approx(distance_m, abs=0.5)


def test_a_delay_of_cables_is_taken_off(tmp_path: Path) -> None:
    lane, person = both(tmp_path, "stepped")
    for path in (*lane, *person):
        meta = json.loads(path.read_text())
        meta["global"]["cellwarden:delay_s"] = -2 * 3.0 / 299_792_458  # as if 3 m of the way were no cable after all
        path.write_text(json.dumps(meta))
    reading = junction.examined(read_recordings(person), junction_empty.learned([read_recordings(lane)])).readings[0]
    assert reading.range_m == pytest.approx(1.0 + 3.0, abs=0.5)


def test_a_chirp_is_cut_into_frequencies(tmp_path: Path) -> None:
    _lane, person = both(tmp_path, "chirp", reach_m=0.02)
    log = read_recordings(person)
    assert log.frequency_hz is not None
    steps = np.unique(log.frequency_hz)
    assert len(steps) == 16 and np.diff(steps) == pytest.approx(100e3)  # 1.6 MHz in 16 pieces


def changed(path: Path, **values: object) -> None:
    meta = json.loads(path.read_text())
    for key, value in values.items():
        name = key.replace("__", ":")
        if name == "core:frequency" or name == "core:datetime":
            meta["captures"][0][name] = value
        elif value is None:
            del meta["global"][name]
        else:
            meta["global"][name] = value
    path.write_text(json.dumps(meta))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"core__frequency": 868e6 * 2 + 5e3}, "exactly 2f0 and 3f0"),
        ({"core__datetime": "2026-11-24T12:00:00.5Z"}, "are not synchronised"),
        ({"core__datetime": "soon"}, "does not tell its start"),
        ({"core__sample_rate": 200e3}, "are not synchronised"),
    ],
)
def test_channels_that_do_not_belong_together_are_refused(tmp_path: Path, values: dict[str, object], told: str) -> None:
    paths = recorded(tmp_path, WORLD, [], np.random.default_rng(3), "cw", apart=True, reach_m=0.1)
    changed(paths[1], **values)
    with pytest.raises((LaneError, RecordingError), match=told):
        read_recordings(paths)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("speed_m_s", 1000, "cellwarden:speed_m_s is 1000: write 20 at most"),
        ("second_dbm", 5000, "cellwarden:second_dbm is 5000: write 200 at most"),
        ("reading_s", 1e9, "cellwarden:reading_s is 1e\\+09: write 10 at most"),
    ],
)
def test_a_scale_that_no_instrument_has_is_refused(tmp_path: Path, name: str, value: float, told: str) -> None:
    (path,) = recorded(tmp_path, WORLD, [], np.random.default_rng(4), "cw", reach_m=0.1)
    changed(path, **{f"cellwarden__{name}": value})
    with pytest.raises(LaneError, match=told):
        read_recordings([path])


def test_who_does_not_move_is_refused_and_an_empty_lane_may_stand(tmp_path: Path) -> None:
    (path,) = recorded(tmp_path, WORLD, [], np.random.default_rng(4), "cw", reach_m=0.1)
    changed(path, cellwarden__speed_m_s=0)
    log = read_recordings([path])
    junction_empty.learned([log])
    with pytest.raises(LaneError, match="passage: position_m is the same in all readings"):
        junction.examined(log)


def test_two_channels_a_missing_scale_and_clipping_are_told(tmp_path: Path) -> None:
    (path,) = recorded(tmp_path, WORLD, [], np.random.default_rng(4), "cw", reach_m=0.1)
    whole = path.read_text()
    with pytest.raises(RecordingError, match="one recording of 3 channels, or 3 recordings"):
        read_recordings([path, path])
    changed(path, core__num_channels=2)
    with pytest.raises(RecordingError, match="holds 2 channels: 3 are needed"):
        read_recordings([path])
    path.write_text(whole)
    changed(path, cellwarden__second_dbm=None)
    with pytest.raises(LaneError, match="cellwarden:second_dbm is missing"):
        read_recordings([path])
    path.write_text(whole)
    samples = np.fromfile(path.with_suffix(".sigmf-data"), "<c8").reshape(-1, 3)
    samples[::50, 1] = 1.0
    samples.tofile(path.with_suffix(".sigmf-data"))
    with pytest.raises(LaneError, match="2f0 is clipped"):
        read_recordings([path])
    samples[7, 2] = np.nan
    samples.tofile(path.with_suffix(".sigmf-data"))
    with pytest.raises(RecordingError, match="sample 7 is no number"):
        read_recordings([path])
