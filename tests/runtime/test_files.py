"""From a file to what is written: counts, trains, warnings, in bounded memory."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sigmf
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.errors import OutputError, RecordingError
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime import files
from cellwarden.runtime.files import Job, hear
from cellwarden.runtime.heard import Best, Heard
from cellwarden.simulate.wing import PLACE

WING = PLACE.with_suffix(".sigmf-meta")


@pytest.fixture
def wing(tmp_path: Path) -> Path:
    for ending in (".sigmf-meta", ".sigmf-data"):
        shutil.copy(PLACE.with_suffix(ending), tmp_path / f"wing{ending}")
    return tmp_path / "wing.sigmf-meta"


def ours(path: Path) -> list[dict[str, Any]]:
    return [a for a in json.loads(path.read_text())["annotations"] if "core:generator" in a]


def test_each_burst_tells_its_train_and_the_two_phones_share_none(wing: Path) -> None:
    heard = hear(Job(wing, output=wing.parent / "found.sigmf-meta"))
    made = ours(wing.parent / "found.sigmf-meta")
    assert (heard.total, heard.phones, heard.trains, heard.merged) == (51, 51, 3, False)
    middles: dict[int, set[float]] = {}
    for a in made:
        middles.setdefault(a["cellwarden:train"], set()).add(a["core:freq_lower_edge"])
    assert sorted(map(len, middles.values())) == [1, 1, 1]


def test_trains_are_one_annotation_for_each_call_and_valid_sigmf(wing: Path) -> None:
    output = wing.parent / "trains.sigmf-meta"
    shutil.copy(wing.with_suffix(".sigmf-data"), output.with_suffix(".sigmf-data"))
    heard = hear(Job(wing, output=output, trains=True))
    sigmf.fromfile(str(output)).validate()
    made = ours(output)
    assert [a["cellwarden:bursts"] for a in made] == [42, 1, 8]  # in the order of their start
    assert len(heard.emissions) == 3 and heard.total == 51
    assert len(json.loads(output.read_text())["annotations"]) == 51 + 3  # the truth of the bundled recording stays


def test_many_annotations_become_trains_by_themselves_and_it_is_said(
    wing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_ANNOTATIONS", 50)
    output = wing.parent / "o.sigmf-meta"
    heard = hear(Job(wing, output=output))
    assert heard.merged and len(ours(output)) == 3
    assert "--no-trains" in heard.warnings[0] and "51" in heard.warnings[0]
    kept = hear(Job(wing, output=output, trains=False, force=True))
    assert not kept.merged and len(ours(output)) == 51 and kept.warnings == ()


def test_json_is_one_line_with_the_same_annotations(wing: Path) -> None:
    job = Job(wing, output=wing.parent / "o.sigmf-meta", json=wing.parent / "o.json")
    heard = hear(job)
    assert job.json is not None and job.output is not None
    text = job.json.read_text()
    assert text.count("\n") == 1
    told = json.loads(text)
    assert told["annotations"] == ours(job.output)
    assert told["phone_bursts"] == heard.phones == 51 and told["sha512"] == heard.sha512


def test_samples_that_were_changed_are_a_warning_and_with_strict_an_error(wing: Path) -> None:
    meta = json.loads(wing.read_text())
    meta["global"]["core:sha512"] = "0" * 128
    wing.write_text(json.dumps(meta))
    output = wing.parent / "o.sigmf-meta"
    with pytest.raises(RecordingError, match=r"wing.*core:sha512"):
        hear(Job(wing, output=output, strict=True))
    assert not output.exists()
    heard = hear(Job(wing, output=output))
    assert "core:sha512" in heard.warnings[0]
    assert json.loads(output.read_text())["global"]["core:sha512"] == heard.sha512
    assert hear(Job(output.with_suffix(".sigmf-meta").rename(wing), strict=True)).warnings == ()


def test_an_output_in_no_folder_is_refused_before_the_work(wing: Path) -> None:
    def never(_done: int, _total: int) -> None:
        raise AssertionError("it was scanned")

    with pytest.raises(OutputError, match="nowhere"):
        hear(Job(wing, output=wing.parent / "nowhere" / "o.sigmf-meta"), never)


def test_a_datatype_is_passed_on_only_when_given(wing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def opened(path: Path, **given: Any) -> Any:
        asked.append(given)
        return open_recording(WING)

    monkeypatch.setattr(files, "open_recording", opened)
    hear(Job(wing))
    hear(Job(wing, datatype="ci8"))
    assert "datatype" not in asked[0] and asked[1]["datatype"] == "ci8"


def emission(start: int, phone: bool, confidence: float) -> Emission:
    return Emission("gsm:normal" if phone else "unknown:burst", start, 1, 0.0, 1.0, 5.0, confidence)


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.5, 0.7, 0.9])), max_size=30),
    st.integers(1, 8),
)
def test_the_best_are_phones_then_the_surest_then_the_first(found: list[tuple[bool, float]], most: int) -> None:
    emissions = [emission(start, phone, confidence) for start, (phone, confidence) in enumerate(found)]
    best = Best(most)
    for e in emissions:
        best.add(e)
    wanted = sorted(emissions, key=lambda e: (e.label != "gsm:normal", -e.confidence, e.sample_start))[:most]
    assert list(best.in_order()) == sorted(wanted, key=lambda e: e.sample_start)


def test_the_verdict_names_bursts_and_channels_in_one_sentence() -> None:
    recording = open_recording(WING)  # tuned to 902.4 MHz, which is ARFCN 62
    found = [Emission("gsm:normal", i, 1, n * 2e5 - 1e5, n * 2e5 + 1e5, 9.0, 0.9) for i, n in enumerate((0, 0, 1))]
    found.append(emission(9, False, 0.9))
    assert Heard(recording, tuple(found), Counter(), None).verdict() == (
        "A phone spoke: 3 GSM bursts (ARFCN 62, 63); 1 other emission"
    )
    assert Heard(recording, (), Counter(), None).verdict() == "No phone was recognised; 0 other emissions"


def test_the_clock_of_a_burst_is_that_of_the_recordings_start() -> None:
    recording = open_recording(WING)  # begins 2026-11-24T12:00:00Z at 13/6 MS/s
    clock = Heard(recording, (), Counter(), None).clock(emission(6_500_000, True, 0.9))
    assert clock is not None and clock.isoformat() == "2026-11-24T12:00:03+00:00"
