"""What `cellwarden emitter` cannot answer: one line that says why and what to do, exit code 2, and no guess."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_emitter import ONE, TWIN, recorded

from cellwarden.cli import main
from cellwarden.model import Emitter, Measured, Session
from cellwarden.runtime.fingerprint import Taken
from cellwarden.signature.gallery_file import PREVIOUS, save
from cellwarden.simulate.transmitters import Sensor, call

SESSION = Session("r", "gsm:normal", 20, 25.0, {"droop": Measured(0.0, 0.1)})
WIFI = Session("r", "wifi:ofdm", 20, 25.0, {"carrier_ppm": Measured(3.0, 2.0)})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    recorded(folder / "few", ONE, 1, bursts=2)
    recorded(folder / "faint", TWIN, 2, snr_db=6.5)
    recorded(folder / "quiet", ONE, 3, bursts=0)
    samples = call(ONE, Sensor(), np.random.default_rng(4), 8, 25.0).view(np.float32)
    full = np.clip(samples / np.max(np.abs(samples)) * 2.5, -1, 1)
    (full * 32767).astype("<i2").tofile(folder / "clipped.sigmf-data")
    meta = json.loads((folder / "few.sigmf-meta").read_text())
    meta["global"]["core:datatype"] = "ci16_le"
    (folder / "clipped.sigmf-meta").write_text(json.dumps(meta))
    save(folder / "g.json", [Emitter("E-0001", (SESSION,)), Emitter("E-0002", (WIFI,))])
    good = (folder / "g.json").read_text()
    (folder / "old.json").write_text(good.replace('"version": 1', '"version": 0'))
    (folder / "cut.json").write_text(good[:-40])
    return folder


def said(words: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> tuple[object, str]:
    monkeypatch.setenv("CELLWARDEN_LANGUAGE", "en")
    monkeypatch.setattr(sys, "argv", ["cellwarden", "emitter", *words])
    try:
        main()
    except SystemExit as end:
        return end.code, capfd.readouterr().err
    return 0, capfd.readouterr().err


BAD = {
    "too few bursts": (["enrol", "few.sigmf-meta"], "few.sigmf-meta: cannot say: too few bursts"),
    "too faint": (["same", "E-0001", "faint.sigmf-meta"], "faint.sigmf-meta: cannot say: too faint"),
    "no burst": (["enrol", "quiet.sigmf-meta"], "record bursts whole, at 1 MS/s or more"),
    "clipped": (["enrol", "clipped.sigmf-meta"], "bursts are clipped and were not measured: turn the gain down"),
    "another version": (["list", "--gallery", "old.json"], "old.json is of version 0, not 1"),
    "damaged": (["list", "--gallery", "cut.json"], "cut.json is damaged or no gallery: restore it"),
    "damaged, not written over": (["merge", "E-0001", "E-0002", "--gallery", "cut.json"], "cut.json is damaged"),
    "other kinds of bursts": (["same", "E-0001", "E-0002"], "sent different kinds of bursts: compare like with like"),
    "no gallery": (["list", "--gallery", "none.json"], "none.json does not exist: enrol an emitter first"),
    "no calibration": (["calibration", "--calibration", "g.json"], "g.json is damaged or no calibration"),
    "a set too small": (
        ["calibration", "make", "--receiver", "R1", "--phones", "real", "-o", "lab.json"],
        "0 phones were heard twice or more on gsm:normal by R1, and 5 are needed",
    ),
    "a family without a comparator": (
        ["calibration", "make", "--family", "dect:base", "--receiver", "R1", "--phones", "real", "-o", "lab.json"],
        "cannot say: no comparator was trained for dect:base",
    ),
}


@pytest.mark.parametrize(("words", "told"), BAD.values(), ids=BAD.keys())
def test_it_is_one_line_and_exit_code_2(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("CELLWARDEN_GALLERY", "g.json")
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    code, line = said(words, monkeypatch, capfd)
    assert code == 2 and line.startswith("cellwarden: ") and line.count("\n") == 1 and told in line
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_a_receiver_that_is_not_calibrated_is_told(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # of Wi-Fi the carrier is compared, which is its own crystal's; of GSM, which locks to its cell, it is not
    for session, warned in ((WIFI, True), (SESSION, False)):
        monkeypatch.setattr("cellwarden.runtime.fingerprint.sessions", lambda *_a, one=session: Taken((one,), 0))
        gallery = str(tmp_path / f"{session.family}.json")
        code, line = said(["enrol", str(place / "few.sigmf-meta"), "--gallery", gallery], monkeypatch, capfd)
        assert code == 0 and ("the receiver is not calibrated: of carriers only 2 millionths" in line) == warned


def test_the_last_good_gallery_is_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    gallery = tmp_path / "g.json"
    for emitters in ([Emitter("E-0001", (SESSION,))], [Emitter("E-0001", (SESSION,)), Emitter("E-0002", (SESSION,))]):
        save(gallery, emitters)
    kept = gallery.with_name(gallery.name + PREVIOUS)
    gallery.write_text(gallery.read_text()[:-40])
    code, line = said(["list", "--gallery", str(gallery)], monkeypatch, capfd)
    assert code == 2 and f"put the last good one, {kept}, in its place" in line and line.count("\n") == 1
    code, _line = said(["list", "--gallery", str(kept)], monkeypatch, capfd)
    assert code == 0
