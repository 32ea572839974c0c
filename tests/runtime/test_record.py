"""Whole samples: only under a mandate, only sealed, and whole again for who holds the key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_commands import WING, run

from cellwarden.errors import MandateError
from cellwarden.model import ENDLESS, Block, Segment
from cellwarden.radio.recording import blocks, open_recording
from cellwarden.runtime import record
from cellwarden.runtime.evidence_index import Index, verify
from cellwarden.runtime.mandate import Mandate, read

pyrage = pytest.importorskip("pyrage")
SECRET = pyrage.x25519.Identity.generate()
KEY = str(SECRET.to_public())
FAR_NS = 1 << 62


def opened(sealed: Path, folder: Path) -> Path:
    plain = folder / sealed.stem
    plain.write_bytes(pyrage.decrypt(sealed.read_bytes(), [SECRET]))
    return plain


def recorded(folder: Path, given: list[Block], mandate: Mandate) -> list[Path]:
    index = Index(folder)
    recorder = record.Recorder(folder, mandate, index)
    for block in given:
        recorder.add(block)
    recorder.close()
    index.close()
    return sorted(folder.glob("*.age"))


def test_what_was_recorded_is_whole_again_for_the_holder_of_the_key_sample_for_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MOST_BYTES", 400_000)
    recording = open_recording(WING)
    given = [Block(b.iq.copy(), b.scale, b.sample_start, b.segment) for b in blocks(recording, 50_000)]
    (tmp_path / "plain").mkdir()
    sealed = recorded(tmp_path, given, Mandate("x", FAR_NS, KEY, 1.0))
    assert len(sealed) > 3
    parts = []
    for path in sealed:
        assert b"sigmf" not in path.read_bytes()  # nothing of a SigMF archive shows
        whole = open_recording(opened(path, tmp_path / "plain"))
        assert whole.rate_hz == recording.rate_hz
        assert whole.segments[0].centre_hz == recording.segments[0].centre_hz
        parts += [b.iq.copy() for b in blocks(whole, 1 << 20)]
    assert np.array_equal(np.concatenate(parts), np.concatenate([b.iq for b in given]))
    assert verify(tmp_path).good


@pytest.mark.parametrize(("scale", "exact"), [(2.0**-15, True), (2.0**-7, True), (0.013, False)])
def test_levels_stay_what_they_were(tmp_path: Path, scale: float, exact: bool) -> None:
    iq = np.random.default_rng(1).integers(-128, 128, (1000, 2)).astype(np.int16)
    (path,) = recorded(tmp_path, [Block(iq, scale, 0, Segment(0, ENDLESS, 1e6))], Mandate("x", FAR_NS, KEY, 1.0))
    (tmp_path / "plain").mkdir()
    (block,) = blocks(open_recording(opened(path, tmp_path / "plain")), 2000)
    told = block.iq * np.float64(block.scale)
    assert np.allclose(told, iq * scale, rtol=0 if exact else 1e-6, atol=0)


def test_a_mandate_that_expires_while_recording_ends_it_and_the_index_says_so(tmp_path: Path) -> None:
    block = Block(np.zeros((10, 2), np.int16), 2.0**-15, 0, Segment(0, ENDLESS, 1e6))
    assert recorded(tmp_path, [block], Mandate("x", 0, KEY, 1.0)) == []
    (place,) = tmp_path.glob("index-*")
    assert '"expired"' in place.read_text()


def test_a_gap_begins_a_new_file(tmp_path: Path) -> None:
    iq = np.zeros((10, 2), np.int16)
    given = [Block(iq, 1.0, at, Segment(at, ENDLESS, 1e6, 9e8, at * 1000)) for at in (0, 500)]
    assert len(recorded(tmp_path, given, Mandate("x", FAR_NS, KEY, 1.0))) == 2


def written(folder: Path, **changed: str) -> Path:
    until = datetime.now(UTC) + timedelta(days=1)
    told = {"reference": '"TJ 1/26"', "expires": f"{until:%Y-%m-%dT%H:%M:%SZ}", "key": f'"{KEY}"', "keep_days": "90"}
    path = folder / "mandate.toml"
    path.write_text("[mandate]\n" + "".join(f"{n} = {v}\n" for n, v in (told | changed).items() if v))
    return path


def test_a_mandate_without_an_end_west_of_greenwich_is_read(tmp_path: Path) -> None:
    """In UTC its end lies in the year 10,000, which no clock can say."""
    mandate = read(written(tmp_path, expires="9999-12-31T23:59:59-03:00"), 0)
    assert mandate.expires_ns == 253_402_311_599 * 10**9


def test_a_mandate_is_read(tmp_path: Path) -> None:
    mandate = read(written(tmp_path), 0)
    assert (mandate.reference, mandate.key, mandate.keep_days) == ("TJ 1/26", KEY, 90.0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"expires": "2020-01-01T00:00:00Z"}, "expired"),
        ({"expires": "2099-01-01T00:00:00"}, "zone"),
        ({"expires": ""}, "expires"),
        ({"reference": '" "'}, "reference"),
        ({"key": '"age1nonsense"'}, "public key"),
        ({"keep_days": "0"}, "keep_days"),
        ({"more": "1"}, "nothing else"),
        ({"key": "="}, "TOML"),
    ],
)
def test_a_mandate_that_does_not_hold_is_refused(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    path = written(tmp_path, **changed)
    now_ns = int(datetime.now(UTC).timestamp() * 1e9)
    with pytest.raises(MandateError, match=said):
        read(path, now_ns)


def test_listen_records_under_a_mandate_and_verify_tells_what_was_altered_since(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    done = run("listen", f"file:{WING}", "--record", folder, "--mandate", written(tmp_path))
    assert done.returncode == 0, done.stderr
    (sealed,) = folder.glob("*.age")
    found = run("scan", opened(sealed, tmp_path), "--json", "--quiet")
    assert '"phone_bursts": 51' in found.stdout
    assert run("evidence", "verify", folder).returncode == 0
    sealed.write_bytes(sealed.read_bytes()[:-1])
    after = run("evidence", "verify", folder)
    assert after.returncode == 2
    assert f"{sealed.name} was altered" in after.stdout
    assert "Traceback" not in after.stderr


def test_whole_samples_without_a_mandate_are_refused(tmp_path: Path) -> None:
    done = run("listen", f"file:{WING}", "--record", tmp_path / "kept")
    assert done.returncode == 2
    assert "--mandate" in done.stderr
    assert not (tmp_path / "kept").exists()
