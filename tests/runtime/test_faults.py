"""What is wrong with a recording is told with its remedy, in one line each, and the remedy works."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cellwarden import language
from cellwarden.airinterface import INTERFACES
from cellwarden.runtime.faults import cannot_show, hertz, too_slow
from cellwarden.runtime.files import Job, hear
from cellwarden.simulate.wing import PLACE

HEAD = json.loads(PLACE.with_suffix(".sigmf-meta").read_text())
WING = np.fromfile(PLACE.with_suffix(".sigmf-data"), "<i2").reshape(-1, 2)
PHONES = {"gsm:normal": 50, "gsm:access": 1}


def spoiled(folder: Path, pairs: np.ndarray, rate_hz: float | None = None) -> Path:
    path = folder / "spoiled.sigmf-meta"
    head = {**HEAD["global"], "core:sample_rate": rate_hz or HEAD["global"]["core:sample_rate"]}
    head.pop("core:sha512", None)
    path.write_text(json.dumps({**HEAD, "global": head, "annotations": []}))
    np.ascontiguousarray(pairs, "<i2").tofile(path.with_suffix(".sigmf-data"))
    return path


def late() -> np.ndarray:
    moved = WING.copy()
    moved[1:, 1] = WING[:-1, 1]
    return moved


def heard(path: Path, **options: bool) -> tuple[Counter[str], tuple[str, ...], tuple[str, ...]]:
    told = hear(Job(path, hashed=False, **options))  # type: ignore[arg-type]
    return Counter(e.label for e in told.emissions), told.faults, told.warnings


def test_a_recording_without_fault_is_told_nothing_of() -> None:
    labels, faults, warnings = heard(PLACE.with_suffix(".sigmf-meta"))
    assert (labels, faults, warnings) == (PHONES, (), ())


@pytest.mark.parametrize(
    ("pairs", "fault", "option"),
    [
        (WING[:, ::-1], "iq_swapped", "swap_iq"),
        (WING.reshape(-1)[1:-1].reshape(-1, 2), "iq_out_of_step", "align_iq"),
        (late(), "iq_out_of_step", "align_iq"),
    ],
)
def test_a_mixed_up_recording_is_told_and_scanned_right_with_the_option_named(
    tmp_path: Path, pairs: np.ndarray, fault: str, option: str
) -> None:
    path = spoiled(tmp_path, pairs)
    labels, faults, warnings = heard(path)
    assert labels != PHONES and faults == (fault,)
    assert len([w for w in warnings if f"--{option.replace('_', '-')}" in w]) == 1
    assert heard(path, **{option: True}) == (PHONES, (), ())


def test_needless_swapping_is_told() -> None:
    _labels, faults, warnings = heard(PLACE.with_suffix(".sigmf-meta"), swap_iq=True)
    assert faults == ("iq_swapped",) and "leave it out where it was given" in warnings[0]


def test_saturated_and_real_recordings_are_told(tmp_path: Path) -> None:
    top = int(np.abs(WING).max()) // 8
    assert heard(spoiled(tmp_path, np.clip(WING, -top, top)))[1] == ("saturated",)
    weak = np.rint(WING * (0.3 / np.std(WING[:2000])))
    _labels, faults, warnings = heard(spoiled(tmp_path, weak))
    assert faults == ("coarse",) and "turn the gain up" in warnings[0]
    real = WING.copy()
    real[:, 1] = 0
    _labels, faults, warnings = heard(spoiled(tmp_path, real))
    assert faults == ("real",) and "--real" in warnings[0]
    assert heard(spoiled(tmp_path, real), only_i=True)[1] == ()


def test_faults_are_written_for_machines_and_for_people(tmp_path: Path) -> None:
    path, out = spoiled(tmp_path, WING[:, ::-1]), tmp_path / "out.sigmf-meta"
    page, lines = tmp_path / "r.html", tmp_path / "o.json"
    try:
        language.use("fr")
        hear(Job(path, output=out, report=page, json=lines, hashed=False))
    finally:
        language.use("en")
    assert json.loads(out.read_text())["global"]["cellwarden:faults"] == ["iq_swapped"]
    told = json.loads(lines.read_text())
    assert told["faults"] == ["iq_swapped"] and "umts" in told["cannot_show"]
    assert "I et Q sont échangés" in page.read_text() and "ne peut pas montrer" in page.read_text()


def test_a_recording_too_slow_says_what_it_cannot_show_in_one_line(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(size=(40_000, 2)) * 100
    _labels, faults, warnings = heard(spoiled(tmp_path, noise, 200e3))
    assert faults == () and len(warnings) == 1
    assert "a 200 kHz recording cannot show" in warnings[0] and "LTE (from 360 kHz on)" in warnings[0]
    assert "WIFI" not in warnings[0]  # nobody looks for that one in so narrow a recording
    assert heard(spoiled(tmp_path, noise, 12e6))[2] == ()


def test_each_interface_tells_the_least_rate_that_shows_it() -> None:
    least = {interface.name: interface.least_rate_hz for interface in INTERFACES}
    assert least.pop("impostors") == 0
    assert all(rate >= 200e3 for rate in least.values())
    assert [i.name for i in cannot_show(3.9e6)] == ["wifi"]
    assert too_slow(3.9e6, cannot_show(3.9e6)) == "a 3.9 MHz recording cannot show Wi-Fi (from 10 MHz on)"
    assert [hertz(value) for value in (200e3, 3.84e6, 10e6)] == ["200 kHz", "3.84 MHz", "10 MHz"]
