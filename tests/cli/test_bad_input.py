"""Bad input at the real command line: exit code 2, one line that names the file and the remedy, and no traceback."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellwarden.cli import main

HEAD = {"core:datatype": "ci16_le", "core:sample_rate": 1e6, "core:version": "1.2.5"}
NOISE = np.random.default_rng(1).integers(-500, 500, 4000).astype("<i2").tobytes()
FLOATS = np.random.default_rng(1).normal(size=4000).astype("<f4")
Make = Callable[[Path], Path]


def recording(
    data: bytes | None = NOISE, *, captures: Any = None, annotations: Any = (), missing: str = "", **head: Any
) -> Make:
    """Writes a recording with these things wrong."""

    def make(folder: Path) -> Path:
        meta = {"global": HEAD | head, "captures": captures or [], "annotations": list(annotations)}
        meta["global"].pop(missing, None)
        path = folder / "r.sigmf-meta"
        path.write_text(json.dumps(meta))
        if data is not None:
            path.with_suffix(".sigmf-data").write_bytes(data)
        return path

    return make


def file(name: str, content: bytes) -> Make:
    """Writes one file."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def archive(*names: str) -> Make:
    """Writes an archive of empty files."""

    def make(folder: Path) -> Path:
        with tarfile.open(folder / "a.sigmf", "w") as tar:
            for name in names:
                tar.addfile(tarfile.TarInfo(name))
        return folder / "a.sigmf"

    return make


def with_float(place: int, value: float) -> bytes:
    """Floats of noise, one of which is something else; two make a sample."""
    changed = FLOATS.copy()
    changed[place] = value
    return changed.tobytes()


BAD: dict[str, tuple[Make, str, str]] = {
    "no such file": (lambda folder: folder / "r.sigmf-meta", "r.sigmf-meta", "No such file"),
    "a folder": (lambda folder: folder, "", "is a directory: name a recording in it"),
    "lost samples": (recording(None), "r.sigmf-data", "cannot be read: No such file"),
    "metadata only": (
        recording(None, **{"core:metadata_only": True}),
        "r.sigmf-meta",
        "name a recording that has them",
    ),
    "odd bytes": (recording(NOISE[:-1]), "r.sigmf-data", "truncated, copy it again"),
    "half a sample": (recording(NOISE[:-2]), "r.sigmf-data", "truncated, copy it again"),
    "fewer samples than annotated": (
        recording(annotations=[{"core:sample_start": 1990, "core:sample_count": 11}]),
        "r.sigmf-data",
        "truncated, copy it again",
    ),
    "fewer samples than captured": (
        recording(captures=[{"core:sample_start": 2000}]),
        "r.sigmf-data",
        "truncated, copy it again",
    ),
    "captures out of order": (
        recording(captures=[{"core:sample_start": 9}, {"core:sample_start": 3}]),
        "r.sigmf-meta",
        "out of order or unknown: mend them",
    ),
    "no sample rate": (recording(missing="core:sample_rate"), "r.sigmf-meta", "core:sample_rate is missing or wrong"),
    "wrong sample rate": (
        recording(**{"core:sample_rate": -1}),
        "r.sigmf-meta",
        "core:sample_rate is missing or wrong",
    ),
    "NaN in JSON": (recording(**{"core:sample_rate": float("nan")}), "r.sigmf-meta", "NaN, which is no number in JSON"),
    "unknown datatype": (recording(**{"core:datatype": "cf16_le"}), "r.sigmf-meta", "cf16_le is unknown: convert it"),
    "no datatype": (recording(missing="core:datatype"), "r.sigmf-meta", "convert it"),
    "several channels": (recording(**{"core:num_channels": 2}), "r.sigmf-meta", "split it into one file each"),
    "NaN": (
        recording(with_float(3331, np.nan), **{"core:datatype": "cf32_le"}),
        "r.sigmf-data",
        "sample 1665 is no num",
    ),
    "infinity": (
        recording(with_float(0, -np.inf), **{"core:datatype": "cf32_le"}),
        "r.sigmf-data",
        "sample 0 is no num",
    ),
    "NaN, real": (
        recording(with_float(3331, np.nan), **{"core:datatype": "rf32_le"}),
        "r.sigmf-data",
        "sample 3331 is no",
    ),
    "JSON but no SigMF": (file("r.sigmf-meta", b'{"name": "x"}'), "r.sigmf-meta", "no SigMF metadata"),
    "no JSON": (file("r.sigmf-meta", b"\x00\x01"), "r.sigmf-meta", "name a .sigmf-meta file"),
    "a picture": (file("r.png", b"\x89PNG\r\n\x1a\n"), "r.png", "name a .sigmf-meta file"),
    "no metadata": (file("r.sigmf-data", NOISE), "r.sigmf-meta", "cannot be read: No such file"),
    "empty metadata": (file("r.sigmf-meta", b""), "r.sigmf-meta", "name a .sigmf-meta file"),
    "empty samples": (recording(b""), "r.sigmf-data", "is empty: record again"),
    "all zero": (recording(bytes(8000)), "r.sigmf-data", "only zeros: check the receiver"),
    "another folder's samples": (recording(**{"core:dataset": "../x"}), "r.sigmf-meta", "no name of a file beside it"),
    "a bare file without its rate": (file("r.cs16", NOISE), "r.cs16", "give --rate"),
    "a bare file without its type": (file("r.raw", NOISE), "r.raw", "give --datatype"),
    "no WAV": (file("r.wav", NOISE), "r.wav", "no WAV file with samples: convert it"),
    "no archive": (file("a.sigmf", NOISE), "a.sigmf", "no whole tar archive: copy it again"),
    "a compressed archive": (file("a.sigmf", b"\x1f\x8b" + NOISE), "a.sigmf", "decompress it first"),
    "an empty archive": (archive(), "a.sigmf", "holds no recording"),
    "an archive of two": (archive("a/a.sigmf-meta", "b/b.sigmf-meta"), "a.sigmf", "a/a.sigmf-meta, b/b.sigmf-meta"),
    "an archive that climbs": (archive("../../x"), "a.sigmf", "no place in a SigMF archive: pack it again"),
    "a collection": (file("c.sigmf-collection", b"{}"), "c.sigmf-collection", "name one of its recordings"),
    "an interrupted line": (file("a\nb.sigmf-meta", b"{}"), "a b.sigmf-meta", "no SigMF metadata"),
}


@pytest.mark.parametrize(("make", "name", "remedy"), BAD.values(), ids=BAD.keys())
@pytest.mark.filterwarnings("error")
def test_bad_input_is_one_line_with_the_file_and_the_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    make: Make,
    name: str,
    remedy: str,
) -> None:
    path = make(tmp_path)
    monkeypatch.setenv("CELLWARDEN_LANGUAGE", "en")
    monkeypatch.setattr(sys, "argv", ["cellwarden", "scan", str(path), "--json"])
    with pytest.raises(SystemExit) as end:
        main()
    told = capfd.readouterr()
    assert end.value.code == 2 and not told.out
    assert told.err.startswith("cellwarden: ") and told.err.count("\n") == 1 and told.err.endswith("\n")
    assert remedy in told.err and str(tmp_path / name).replace("\n", " ") in told.err


def scan(*words: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "fr_FR.UTF-8"}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    command = [sys.executable, "-m", "cellwarden", "scan", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_line_is_french_where_the_user_is(tmp_path: Path) -> None:
    bad = recording(with_float(3331, np.nan), **{"core:datatype": "cf32_le"})(tmp_path)
    done = scan(bad)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout
    assert "l’échantillon 1665 n’est pas un nombre" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("ending", [".sigmf-meta", ".sigmf-data"])
def test_what_may_not_be_read_is_told(tmp_path: Path, ending: str) -> None:
    path = recording()(tmp_path)
    locked = path.with_suffix(ending)
    locked.chmod(0)
    if os.access(locked, os.R_OK):
        pytest.skip("this user may read everything")
    done = scan(path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert str(locked) in done.stderr and "Permission denied" in done.stderr


def test_a_disk_that_denies_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = recording()(tmp_path)
    real = Path.stat

    def denied(self: Path, **options: Any) -> os.stat_result:
        if self == path.with_suffix(".sigmf-data"):
            raise PermissionError(13, "Permission denied")
        return real(self, **options)

    monkeypatch.setattr(Path, "stat", denied)
    monkeypatch.setattr(sys, "argv", ["cellwarden", "scan", str(path)])
    with pytest.raises(SystemExit) as end:
        main()
    told = capfd.readouterr().err
    assert end.value.code == 2 and told.count("\n") == 1 and "r.sigmf-data cannot be read: Permission denied" in told


def test_one_bad_recording_does_not_hide_behind_a_good_one(tmp_path: Path) -> None:
    good = recording()(tmp_path)
    done = scan(good, tmp_path / "gone.sigmf-meta", "--quiet")
    assert done.returncode == 2 and "gone.sigmf-meta" in done.stderr and done.stderr.count("\n") == 1
