"""`cellwarden emitter` from recordings to verdicts, and what it says to bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cellwarden.cli import commands
from cellwarden.errors import CellwardenError
from cellwarden.simulate.transmitters import Sensor, Transmitter, call, image_of

BURSTS = 12
ONE = Transmitter(image=image_of(0.4, 2.5), leak=0.015 - 0.01j, rise_s=14e-6)
TWIN = Transmitter(image=image_of(-0.3, -1.0), leak=-0.01j, rise_s=10e-6)


def run(*words: str) -> Result:
    return CliRunner().invoke(commands(), ["emitter", *words])


def recorded(place: Path, phone: Transmitter, seed: int, bursts: int = BURSTS, snr_db: float = 25.0) -> str:
    samples = call(phone, Sensor(), np.random.default_rng(seed), bursts, snr_db)
    (0.02 * samples).astype(np.complex64).tofile(place.with_suffix(".sigmf-data"))
    meta = {
        "global": {"core:datatype": "cf32_le", "core:sample_rate": 2e6, "core:version": "1.2.5"},
        "captures": [{"core:sample_start": 0, "core:frequency": 900e6, "core:datetime": "2026-11-24T10:00:00Z"}],
        "annotations": [],
    }
    place.with_suffix(".sigmf-meta").write_text(json.dumps(meta))
    return str(place.with_suffix(".sigmf-meta"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phones on Monday, the first one again on Tuesday, and a gallery of Monday's."""
    place = tmp_path_factory.mktemp("bench")
    recorded(place / "one", ONE, 1)
    recorded(place / "twin", TWIN, 2)
    recorded(place / "tuesday", ONE, 3)
    for name in ("one", "twin"):
        told = run("enrol", str(place / f"{name}.sigmf-meta"), "--gallery", str(place / "g.json"))
        assert told.exit_code == 0, told.output
    return place


def test_the_phone_of_tuesday_is_the_one_of_monday_and_no_twin(bench: Path) -> None:
    gallery = ("--gallery", str(bench / "g.json"))
    tuesday = str(bench / "tuesday.sigmf-meta")
    assert "E-0001  12 bursts  one.sigmf-meta" in run("list", *gallery).output
    told = run("identify", tuesday, *gallery).output
    assert "known emitter E-0001" in told and "investigative lead only" in told
    assert "are one transmitter" in run("same", "E-0001", tuesday, *gallery).output
    told = run("same", "E-0002", tuesday, *gallery).output
    assert "are two transmitters" in told and "investigative lead only" in told


def test_emitters_are_shown_merged_and_split(bench: Path, tmp_path: Path) -> None:
    copy = tmp_path / "g.json"
    copy.write_text((bench / "g.json").read_text())
    gallery = ("--gallery", str(copy))
    assert "image_real" in run("show", "E-0001", *gallery).output
    assert "E-0001  24 bursts in 2 sessions" in run("merge", "E-0001", "E-0002", *gallery).output
    assert "E-0002  12 bursts" in run("split", "E-0001", "2", *gallery).output
    assert len(run("list", *gallery).output.splitlines()) == 2


def test_a_model_that_is_known_is_told_of_a_phone_that_is_not(bench: Path, tmp_path: Path) -> None:
    gallery = ("--gallery", str(tmp_path / "g.json"))
    assert (
        "E-0001 (credit card)  12 bursts"
        in run("enrol", str(bench / "one.sigmf-meta"), "--model", "credit card", *gallery).output
    )
    assert "model: credit card" in run("show", "E-0001", *gallery).output
    told = run("identify", str(bench / "twin.sigmf-meta"), *gallery).output
    assert "model" in told and "known emitter" not in told
    told = run("identify", str(bench / "tuesday.sigmf-meta"), *gallery).output
    assert "known emitter E-0001 (credit card), p = " in told and "likely" not in told


def test_the_ratios_calibration_is_told_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "tippett.svg"
    told = run("calibration", "-o", str(picture)).output
    assert "phones: Cllr 0." in told and "investigative lead only" in told
    assert picture.read_text().startswith("<svg") and "two sources" in picture.read_text()
    again = run("calibration", "-o", str(picture))
    assert isinstance(again.exception, CellwardenError) and "--force" in str(again.exception)


def test_what_a_whole_call_shows_is_told(tmp_path: Path) -> None:
    gallery = ("--gallery", str(tmp_path / "g.json"))
    assert run("enrol", recorded(tmp_path / "long", ONE, 4, bursts=45), *gallery).exit_code == 0
    told = run("show", "E-0001", *gallery).output
    assert all(name in told for name in ("busy_share", "jitter_us", "power_step_db", "clock_beside", "skirt_200"))


def test_french_is_spoken(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cellwarden import language

    language.use("fr")
    try:
        told = run("same", "E-0001", "E-0002", "--gallery", str(bench / "g.json")).output
    finally:
        language.use("en")
    assert "sont deux émetteurs" in told and "simple piste d’enquête" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--gallery", "none.json"), "enrol an emitter first"),
        (("show", "E-0099", "--gallery", "{bench}/g.json"), "E-0099 is not in the gallery"),
        (("same", "E-0001", "none.cf32", "--gallery", "{bench}/g.json"), "none.cf32"),
        (("split", "E-0001", "1", "--gallery", "{bench}/g.json"), "1 sessions"),
        (("list", "--gallery", "{bench}/one.sigmf-meta"), "damaged or no gallery"),
    ],
)
def test_bad_input_is_told_in_one_line(bench: Path, words: tuple[str, ...], said: str) -> None:
    told = run(*(word.format(bench=bench) for word in words))
    assert isinstance(told.exception, CellwardenError)
    assert said in str(told.exception) and "\n" not in str(told.exception)


def test_too_few_or_too_faint_bursts_say_nothing(bench: Path, tmp_path: Path) -> None:
    gallery = ("--gallery", str(bench / "g.json"))
    few = recorded(tmp_path / "few", ONE, 4, bursts=2)
    assert "cannot say: too few bursts" in run("identify", few, *gallery).output
    told = run("same", "E-0001", few, *gallery)
    assert "too few bursts" in str(told.exception)


def test_a_recording_without_a_burst_is_told(tmp_path: Path) -> None:
    quiet = recorded(tmp_path / "quiet", ONE, 5, bursts=0)
    told = run("enrol", quiet, "--gallery", str(tmp_path / "g.json"))
    assert "holds no burst whose transmitter can be measured" in str(told.exception)
    assert not (tmp_path / "g.json").exists()
