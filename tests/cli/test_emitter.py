"""`cellwarden emitter` from recordings to verdicts, and what it says to bad input."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cellwarden.cli import commands
from cellwarden.errors import CellwardenError
from cellwarden.model import Emitter
from cellwarden.signature.gallery_file import load, save
from cellwarden.signature.sessions import joined
from cellwarden.simulate.parameters import Twins
from cellwarden.simulate.transmitters import SENSORS, Sensor, Transmitter, call, drawn, image_of, session

BURSTS = 12
ONE = Transmitter(image=image_of(0.4, 2.5), leak=0.015 - 0.01j, rise_s=14e-6)
TWIN = Transmitter(image=image_of(-0.3, -1.0), leak=-0.01j, rise_s=10e-6)


def run(*words: str) -> Result:
    return CliRunner().invoke(commands(), ["emitter", *words])


def recorded(
    place: Path, phone: Transmitter, seed: int, bursts: int = BURSTS, snr_db: float = 25.0, receiver: str = ""
) -> str:
    samples = call(phone, Sensor(), np.random.default_rng(seed), bursts, snr_db)
    (0.02 * samples).astype(np.complex64).tofile(place.with_suffix(".sigmf-data"))
    meta = {
        "global": {"core:datatype": "cf32_le", "core:sample_rate": 2e6, "core:version": "1.2.5", "core:hw": receiver},
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
    for title in ("gsm:normal", "gsm:normal, models of phones", "lte:pusch", "wifi:ofdm", "bluetooth:br", "ble:adv"):
        assert f"\n{title}" in f"\n{told}", title
    assert "gsm:normal: Cllr 0." in told and "investigative lead only" in told
    assert picture.read_text().startswith("<svg") and "two sources" in picture.read_text()
    again = run("calibration", "-o", str(picture))
    assert isinstance(again.exception, CellwardenError) and "--force" in str(again.exception)


RECEIVER = "Stand-in R1"


@pytest.fixture(scope="module")
def set_of_phones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery as a laboratory would have it: thirty phones, two recordings each. A stand-in: all are simulated."""
    rng, every = np.random.default_rng(17), []
    for k in range(30):
        phone = drawn(Twins(), rng)
        heard = [joined(session(phone, SENSORS[0], Twins(), rng, 5, 25.0), f"{k}-{day}") for day in range(2)]
        every.append(Emitter(f"E-{k + 1:04d}", tuple(replace(s, receiver=RECEIVER) for s in heard)))
    place = tmp_path_factory.mktemp("lab") / "g.json"
    save(place, every)
    return place


def calibrated(gallery: Path, out: Path, phones: str, note: str = "stand-in of a test: all simulated") -> Result:
    words = ("calibration", "make", "--receiver", RECEIVER, "--phones", phones, "--note", note, "-o", str(out))
    return run(*words, "--gallery", str(gallery))


@pytest.mark.long
def test_words_of_a_court_are_for_a_calibration_on_real_phones(set_of_phones: Path, tmp_path: Path) -> None:
    # what a laboratory reads; that its phones are real is what it attests, here of a stand-in set that says so
    lab, gallery = str(tmp_path / "lab.json"), ("--gallery", str(set_of_phones))
    made = calibrated(set_of_phones, Path(lab), "real")
    assert made.exit_code == 0, made.output
    assert "calibrated on 30 real phones and 0 more heard once, gsm:normal, receiver Stand-in R1" in made.output
    assert "stand-in of a test" in made.output and "lead" not in made.output
    told = run("same", "E-0001", "E-0002", *gallery, "--calibration", lab).output
    assert "support for two transmitters against one (ENFSI scale)" in told and "lead" not in told
    # 30 phones show no ratio below 1 in 31
    assert "10^1.5 times" in told and "stand-in of a test" in told
    assert "lead only: learned from simulated" in run("same", "E-0001", "E-0002", *gallery).output
    shown = run("calibration", "--calibration", lab, "-o", str(tmp_path / "t.svg")).output
    assert "gsm:normal, Stand-in R1: Cllr 0." in shown and "with this type of receiver and interface only" in shown
    assert "Stand-in R1" in (tmp_path / "t.svg").read_text()


@pytest.mark.long
def test_simulated_phones_never_speak_in_words_of_a_court(set_of_phones: Path, tmp_path: Path) -> None:
    lab, gallery = tmp_path / "lab.json", ("--gallery", str(set_of_phones))
    made = calibrated(set_of_phones, lab, "simulated")
    assert "30 simulated phones" in made.output and "lead only: calibrated on simulated phones" in made.output
    told = run("same", "E-0001", "E-0002", *gallery, "--calibration", str(lab)).output
    assert "lead only: calibrated on simulated phones" in told and "ENFSI" not in told


def test_another_type_of_receiver_has_no_words(set_of_phones: Path, bench: Path, tmp_path: Path) -> None:
    lab = tmp_path / "lab.json"
    calibrated(set_of_phones, lab, "real")
    common = ("--gallery", str(set_of_phones), "--calibration", str(lab))
    tuesday = str(bench / "tuesday.sigmf-meta")
    assert "another type of receiver, or nobody said" in run("same", "E-0001", tuesday, *common).output
    assert "(ENFSI scale)" in run("same", "E-0001", tuesday, *common, "--receiver", "stand-in R1").output
    other = recorded(tmp_path / "other", ONE, 6, receiver="Stand-in R2")
    assert "another type of receiver" in run("same", "E-0001", other, *common).output


def test_enrolments_keep_their_receiver_and_make_a_calibration(tmp_path: Path) -> None:
    gallery = ("--gallery", str(tmp_path / "g.json"))
    for day in (1, 2):
        place = recorded(tmp_path / f"day{day}", ONE, 20 + day, receiver=RECEIVER)
        told = run("enrol", place, *gallery, *(("--as", "E-0001") if day == 2 else ()))
        assert told.exit_code == 0, told.output
    assert [s.receiver for s in load(tmp_path / "g.json")[0].sessions] == [RECEIVER, RECEIVER]
    assert " dB  Stand-in R1\n" in run("show", "E-0001", *gallery).output
    few = calibrated(tmp_path / "g.json", tmp_path / "lab.json", "real")
    assert isinstance(few.exception, CellwardenError) and "1 phones were heard twice or more" in str(few.exception)
    assert not (tmp_path / "lab.json").exists()


def test_what_has_no_comparator_says_so(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellwarden.signature.comparators.comparator", lambda family, kind="phones": None)
    gallery, tuesday = ("--gallery", str(bench / "g.json")), str(bench / "tuesday.sigmf-meta")
    assert "cannot say: no comparator was trained for gsm:normal" in run("identify", tuesday, *gallery).output
    for words in (("same", "E-0001", tuesday), ("enrol", tuesday)):
        told = run(*words, *gallery)
        assert isinstance(told.exception, CellwardenError)
        assert str(told.exception).startswith("cannot say: no comparator was trained for gsm:normal: use ble:adv")


def test_what_a_whole_call_shows_is_told(tmp_path: Path) -> None:
    gallery = ("--gallery", str(tmp_path / "g.json"))
    assert run("enrol", recorded(tmp_path / "long", ONE, 4, bursts=45), *gallery).exit_code == 0
    told = run("show", "E-0001", *gallery).output
    assert all(name in told for name in ("busy_share", "jitter_us", "power_step_db", "clock_beside", "skirt_200"))


def test_french_is_spoken(bench: Path, set_of_phones: Path, tmp_path: Path) -> None:
    from cellwarden import language

    language.use("fr")
    try:
        told = run("same", "E-0001", "E-0002", "--gallery", str(bench / "g.json")).output
        lab = tmp_path / "lab.json"
        made = calibrated(set_of_phones, lab, "real").output
        words = run("same", "E-0001", "E-0002", "--gallery", str(set_of_phones), "--calibration", str(lab)).output
    finally:
        language.use("en")
    assert "sont deux émetteurs" in told and "simple piste d’enquête" in told
    assert "étalonné sur 30 vrais téléphones" in made
    assert "soutien modéré en faveur de deux émetteurs plutôt que d’un seul (échelle de l’ENFSI)" in words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--gallery", "none.json"), "enrol an emitter first"),
        (("show", "E-0099", "--gallery", "{bench}/g.json"), "E-0099 is not in the gallery"),
        (("same", "E-0001", "none.cf32", "--gallery", "{bench}/g.json"), "none.cf32"),
        (("split", "E-0001", "1", "--gallery", "{bench}/g.json"), "1 sessions"),
        (("list", "--gallery", "{bench}/one.sigmf-meta"), "damaged or no gallery"),
        (
            ("same", "E-0001", "E-0002", "--gallery", "{bench}/g.json", "--calibration", "{bench}/g.json"),
            "damaged or no",
        ),
        (("calibration", "--calibration", "none.json"), "none.json"),
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
