"""Evidence on the page of an alert: pictures for those who see it, samples for those who may take them along."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.console.conftest import HOSTILE, Wing

from cellwarden.console.snippets import snippet, spectrogram
from cellwarden.store import audit
from cellwarden.store.engine import reading

RATE_HZ = 400_000.0


def kept(folder: Path, name: str = "one", label: str = "gsm:normal") -> str:
    """A snippet of a tone a quarter of the rate above the middle, and its line in an index; its hash."""
    folder.mkdir(exist_ok=True)
    tone = np.exp(2j * np.pi * 0.25 * np.arange(2000)).astype("<c8")
    tone[800:1200] = 0  # payload, blanked
    (folder / f"{name}.sigmf-data").write_bytes(tone.tobytes())
    meta = {
        "global": {"core:sample_rate": RATE_HZ},
        "captures": [{"core:sample_start": 0, "core:frequency": 897.4e6}],
        "annotations": [{"core:label": label, "cellwarden:snr_db": 21.5}],
    }
    (folder / f"{name}.sigmf-meta").write_text(json.dumps(meta))
    digest = hashlib.sha256(tone.tobytes()).hexdigest()
    line = {"number": 1, "body": {"what": "kept", "file": f"{name}.sigmf-data", "sha256": digest}, "digest": ""}
    with (folder / "index-1.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return digest


@pytest.fixture
def folder(wing: Wing) -> Path:
    return wing.folder / "evidence"


def test_a_tone_shows_at_its_frequency_and_blanked_parts_show_as_nothing() -> None:
    tone = np.exp(2j * np.pi * 0.25 * np.arange(2000)).astype(np.complex64)
    tone[800:1200] = 0
    levels = spectrogram(tone, 64, 480)
    loud = levels.max(axis=1) > -100
    assert set(levels[loud].argmax(axis=1)) == {32 + 16}  # a quarter of the rate above the middle of 64 bins
    assert 0.15 < 1 - loud.mean() < 0.2  # 400 of 2,000 samples, less a window of 64


def test_who_sees_the_alert_sees_the_picture(wing: Wing, folder: Path) -> None:
    digest = kept(folder)
    name = wing.alert(evidence=(digest, "ab" * 32))
    page = wing.client("officer").get(f"/alerts/{name}").text
    assert f"/alerts/{name}/evidence/{digest}.png" in page
    assert "897.400 MHz" in page
    assert "Not kept here" in page  # the other one
    assert ".sigmf" not in page
    answer = wing.client("officer").get(f"/alerts/{name}/evidence/{digest}.png")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (480, 128)


def test_an_examiner_takes_the_samples_along_and_that_is_audited(wing: Wing, folder: Path) -> None:
    digest = kept(folder)
    name = wing.alert(evidence=(digest,))
    answer = wing.client("examiner").get(f"/alerts/{name}/evidence/{digest}.sigmf")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        assert tar.getnames() == ["one/one.sigmf-meta", "one/one.sigmf-data"]
        data = tar.extractfile("one/one.sigmf-data")
        assert data is not None
        assert hashlib.sha256(data.read()).hexdigest() == digest
    assert wing.client("officer").get(f"/alerts/{name}/evidence/{digest}.sigmf").status_code == 403
    with reading(wing.engine) as c:
        assert [(line.who, line.action, line.why) for line in audit.lines(c)] == [("examiner", "take along", digest)]


def test_what_was_altered_is_not_shown_as_evidence(wing: Wing, folder: Path) -> None:
    digest = kept(folder)
    name = wing.alert(evidence=(digest,))
    path = folder / "one.sigmf-data"
    path.write_bytes(path.read_bytes()[:-8] + b"\1" * 8)
    assert wing.client("officer").get(f"/alerts/{name}/evidence/{digest}.png").status_code == 404
    assert "no longer as it was written" in wing.client("officer").get(f"/alerts/{name}").text


def test_evidence_of_another_alert_is_not_this_ones(wing: Wing, folder: Path) -> None:
    digest = kept(folder)
    name = wing.alert()
    assert wing.client("examiner").get(f"/alerts/{name}/evidence/{digest}.png").status_code == 404


@pytest.mark.parametrize("name", ["../site", "/etc/passwd", "..%2fsite", "a/../../site.db"])
def test_no_index_leads_out_of_its_folder(folder: Path, name: str) -> None:
    folder.mkdir()
    line = {"body": {"what": "kept", "file": f"{name}.sigmf-data", "sha256": "cd" * 32}}
    (folder / "index-1.jsonl").write_text(json.dumps(line) + "\nno line\n[]\n")
    (folder.parent / "site.sigmf-data").write_bytes(b"")
    assert snippet(folder, "cd" * 32) is None
    assert snippet(folder, name) is None


def test_what_a_file_says_is_shown_as_text(wing: Wing, folder: Path) -> None:
    name = wing.alert(evidence=(kept(folder, label=HOSTILE),))
    page = wing.client("officer").get(f"/alerts/{name}").text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
