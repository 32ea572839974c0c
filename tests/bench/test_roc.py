"""A run of the bench with detectors whose answers are known: all-knowing, blind, alarmist, broken."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellwarden.bench import roc
from cellwarden.bench.detector import Claim, claims, detector
from cellwarden.bench.journal import Journal
from cellwarden.bench.plan import Plan
from cellwarden.bench.unit import Unit, false_scores, judged, tried, units
from cellwarden.errors import BenchError, DetectorError
from cellwarden.measure.proportion import wilson
from cellwarden.radio.recording import open_recording
from cellwarden.simulate.scenes import Truth
from cellwarden.simulate.wing import PLACE

PLAN = Plan("gsm:normal", ("gsm:normal",), (0.0, 30.0), 6, 8, seed=3)


def strong(path: Path) -> list[dict[str, Any]]:
    """Boxes of half a millisecond where the power is twice its median: finds what lies 30 dB up, without a name."""
    rate = json.loads(path.read_text())["global"]["core:sample_rate"]
    samples = np.fromfile(path.with_suffix(".sigmf-data"), "<i2").astype(float).reshape(-1, 2)
    size = round(0.1e-3 * rate)
    power = np.square(samples[: len(samples) // size * size]).sum(axis=1).reshape(-1, size).mean(axis=1)
    loud = np.flatnonzero(np.diff(np.concatenate([[False], power > 2 * np.median(power), [False]]).astype(int)))
    return [
        {"core:sample_start": int(a * size), "core:sample_count": int((b - a) * size), "cellwarden:score": 3.5}
        for a, b in loud.reshape(-1, 2)
    ]


def alarmist(path: Path) -> list[dict[str, Any]]:
    """Says that there is something in every half millisecond."""
    rate = json.loads(path.read_text())["global"]["core:sample_rate"]
    count = path.with_suffix(".sigmf-data").stat().st_size // 4
    size = round(0.5e-3 * rate)
    return [{"core:sample_start": n, "core:sample_count": size} for n in range(0, count, size)]


def broken(path: Path) -> list[dict[str, Any]]:
    raise KeyError(path.suffix)


def malformed(_path: Path) -> list[Any]:
    return [{"core:sample_start": "soon"}]


def knows_no_truth(path: Path) -> list[dict[str, Any]]:
    assert json.loads(path.read_text())["annotations"] == []
    return []


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> str:
    """This module's name for detectors, wherever pytest runs."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return Path(__file__).stem


def run(name: str, folder: Path, plan: Plan = PLAN, **wanted: Any) -> dict[str, Any]:
    return roc.run(plan, name, roc.threshold_of(name, None), folder / "part", processes=1, **wanted)


def test_a_detector_of_energy_finds_the_strong_and_not_the_weak(here: str, tmp_path: Path) -> None:
    result = run(f"{here}:strong", tmp_path)
    weak, loud = result["curves"][0]["points"]
    assert (weak["named"], loud["named"]) == (0, 6)
    assert loud["interval"] == list(wilson(6, 6))
    absent = result["curves"][0]["absent"]
    assert (absent["false"], absent["windows"]) == (0, 8)
    assert absent["interval"] == list(wilson(0, 8))


def test_a_detector_that_always_cries_has_no_window_without_an_alarm(here: str, tmp_path: Path) -> None:
    absent = run(f"{here}:alarmist", tmp_path)["curves"][0]["absent"]
    assert absent["false"] == absent["windows"] == 8


def test_detectors_are_not_told_the_truth(here: str, tmp_path: Path) -> None:
    assert run(f"{here}:knows_no_truth", tmp_path)["curves"][0]["points"][1]["named"] == 0


def test_our_own_names_what_lies_thirty_decibels_up(tmp_path: Path) -> None:
    result = run("cellwarden", tmp_path)
    assert result["curves"][0]["points"][1]["named"] == 6
    assert result["curves"][0]["points"][0]["found"] <= 6
    assert result["curves"][0]["absent"]["false"] == 0
    assert result["threshold"] == 0.5


def test_the_same_seed_gives_the_same_samples_and_another_others() -> None:
    unit = units(PLAN)[0]
    digests = [tried(unit, plan, lambda _path: [])["digest"] for plan in (PLAN, PLAN)]
    other = Plan("gsm:normal", ("gsm:normal",), (0.0, 30.0), 6, 8, seed=4)
    assert digests[0] == digests[1] != tried(unit, other, lambda _path: [])["digest"]


def test_windows_with_others_hold_signals_of_other_interfaces() -> None:
    plan = Plan("gsm:normal", ("gsm:normal",), (20.0,), 2, 4, "others", seed=3)
    heard: list[float] = []

    def power(path: Path) -> list[Claim]:
        heard.append(float(np.mean(np.fromfile(path.with_suffix(".sigmf-data"), "<i2").astype(float) ** 2)))
        return []

    absent = next(unit for unit in units(plan) if unit.absent)
    tried(absent, plan, power)
    tried(absent, Plan("gsm:normal", ("gsm:normal",), (20.0,), 2, 4, "noise", seed=3), power)
    assert heard[0] > 1.2 * heard[1]


def test_units_cover_every_window_once() -> None:
    made = units(Plan("gsm", ("gsm:normal", "gsm:access"), (0.0, 1.0), 120, 70))
    assert len({unit.name for unit in made}) == len(made)
    assert sum(u.windows for u in made if not u.absent) == 2 * 2 * 120
    assert sum(u.windows for u in made if u.absent) == 2 * 70


def test_a_run_that_was_broken_off_goes_on_and_ends_as_if_it_had_not_been(here: str, tmp_path: Path) -> None:
    whole = run(f"{here}:strong", tmp_path)
    (tmp_path / "part").unlink()

    def interrupt(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(f"{here}:strong", tmp_path, progress=interrupt)
    kept = (tmp_path / "part").read_text()
    assert kept.count("\n") == 3  # what it is for, and two units
    (tmp_path / "part").write_text(kept + '{"unit": "gsm:normal 30 pre')  # as a loss of power may leave it
    told: list[int] = []
    again = run(f"{here}:strong", tmp_path, progress=lambda done, _total: told.append(done))
    assert told[0] == 2
    assert again["curves"] == whole["curves"]


@pytest.mark.long
def test_processes_give_the_same_as_one(tmp_path: Path) -> None:
    plan = Plan("gsm:normal", ("gsm:normal",), (0.0, 30.0), 6, 8, seed=3)
    one = roc.run(plan, "cellwarden", 0.5, tmp_path / "one", processes=1)
    two = roc.run(plan, "cellwarden", 0.5, tmp_path / "two", processes=2)
    assert one["curves"] == two["curves"]


def test_an_unfinished_run_of_other_settings_is_not_gone_on_with(tmp_path: Path) -> None:
    with Journal(tmp_path / "part", {"a": 1}) as journal:
        journal.keep({"unit": "x"})
    with pytest.raises(BenchError, match="--force"):
        Journal(tmp_path / "part", {"a": 2})
    with Journal(tmp_path / "part", {"a": 1}, force=True) as journal:
        assert journal.done == {"x": {"unit": "x"}}  # the same settings: nothing is lost
    with Journal(tmp_path / "part", {"a": 2}, force=True) as journal:
        assert journal.done == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{here}:broken", "KeyError: '.sigmf-meta'"),
        ("{here}:malformed", "annotation 0 .* malformed"),
        ("{here}:nothing", "cannot be loaded"),
        ("{here}:PLAN", "is no function"),
        ("nowhere.at.all:f", "cannot be loaded"),
        ("neither", "is no detector"),
        ("prog {{input}}", "needs both"),
        ("'prog {{input}} {{output}}", "cannot be read as a command"),
        ("/nowhere/prog {{input}} {{output}}", "cannot be started"),
        ("false {{input}} {{output}}", "exit code 1"),
        ("true {{input}} {{output}}", "wrote no"),
        ("cp /dev/null {{output}} {{input}}", "exit code 1"),
        ("cp {{input}}.none {{output}}", "exit code 1"),
    ],
)
def test_a_detector_that_fails_is_named_with_its_fault(here: str, name: str, words: str) -> None:
    with pytest.raises(DetectorError, match=words):
        detector(name.format(here=here))(PLACE.with_suffix(".sigmf-meta"))


def test_a_command_reads_and_writes_sigmf() -> None:
    # The bundled recording's own annotations, copied by a command, come back as claims.
    found = detector("cp {input} {output}")(PLACE.with_suffix(".sigmf-meta"))
    assert len(found) == 51
    assert {claim.label for claim in found} == {"gsm:normal", "gsm:access"}


@pytest.mark.parametrize(
    "annotation",
    [
        3,
        {},
        {"core:sample_start": 0, "core:sample_count": -1},
        {"core:sample_start": math.nan},
        {"core:sample_start": 0, "cellwarden:score": math.inf},
        {"core:sample_start": 0, "core:freq_lower_edge": "low"},
    ],
)
def test_an_annotation_that_cannot_be_understood_is_refused(annotation: object) -> None:
    recording = open_recording(PLACE.with_suffix(".sigmf-meta"))
    with pytest.raises(DetectorError, match="malformed"):
        claims("any", [annotation], recording)


def truth(start: int = 1000) -> Truth:
    return Truth("gsm:normal", start, 500, -100e3, 100e3, 10.0, 0.0)


def claim(label: str, score: float, start: int = 1000, count: int = 500, banded: bool = True) -> Claim:
    edge = 100e3 if banded else 2e6
    return Claim(label, start, count, -edge, edge, score, banded)


def test_a_burst_is_named_by_the_surest_right_name() -> None:
    found = judged([truth()], [claim("gsm:normal", 0.4), claim("gsm:normal", 0.7), claim("gsm:access", 0.9)])
    assert (found["scores"], found["found"], found["misnamed"]) == ([0.7], [0.9], [])


def test_another_name_is_no_detection_but_a_find() -> None:
    found = judged([truth()], [claim("unknown:burst", 0.8)])
    assert (found["scores"], found["found"], found["misnamed"]) == ([None], [0.8], ["unknown:burst"])


def test_a_name_that_denies_is_no_find() -> None:
    found = judged([truth()], [claim("image:gsm:normal", 0.8), claim("noise:impulse", 0.9)])
    assert (found["found"], found["misnamed"]) == ([None], [])


def test_a_claim_without_a_name_or_a_band_is_judged_by_its_time() -> None:
    assert judged([truth()], [claim("", 1.0, banded=False)])["scores"] == [1.0]


def test_a_box_around_everything_finds_nothing() -> None:
    assert judged([truth()], [claim("gsm:normal", 1.0, start=0, count=5000)])["scores"] == [None]
    assert judged([truth()], [Claim("gsm:normal", 1000, 500, -2e6, 2e6, 1.0)])["scores"] == [None]


def test_a_name_of_the_interface_beside_a_burst_is_counted() -> None:
    found = judged([truth()], [claim("gsm:access", 0.6, start=9000), claim("lte:pusch", 0.9, start=9000)])
    assert found["elsewhere"] == [0.6]


def test_a_false_alarm_is_its_windows_and_its_interfaces() -> None:
    said = [claim("gsm:access", 0.6, start=100), claim("lte:pusch", 0.9, start=100), claim("", 0.2, start=2900)]
    assert false_scores(said, [(0, 1000), (1000, 2000), (2000, 3000), (3000, 4000)], "gsm:normal") == [
        0.6,
        None,
        None,
        0.2,
    ]


def test_a_unit_has_a_name_of_its_own() -> None:
    assert Unit("gsm:normal", -1.5, True, 2, 50).name == "gsm:normal -1.5 absent 2 50"
