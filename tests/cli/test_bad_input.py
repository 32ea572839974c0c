"""Bad input at the real command line: exit code 2, one line that names the file and the remedy, and no traceback."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import forked
from tests.processes import started

from cellwarden.cli import complain, main

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


def fifo(name: str) -> Make:
    """Makes a pipe, which nobody will ever write to."""

    def make(folder: Path) -> Path:
        os.mkfifo(folder / name)
        return folder / name

    return make


def nested() -> Make:
    """An archive in an archive."""

    def make(folder: Path) -> Path:
        inner = archive("a/a.sigmf-meta")(folder)
        inner.rename(folder / "inner.sigmf")
        with tarfile.open(folder / "a.sigmf", "w") as tar:
            tar.add(folder / "inner.sigmf", "a.sigmf")
        return folder / "a.sigmf"

    return make


def bomb() -> Make:
    """An archive whose metadata says that it is a sparse file of a terabyte (GNU tar's old format)."""

    def make(folder: Path) -> Path:
        member = tarfile.TarInfo("a.sigmf-meta")
        member.type = tarfile.GNUTYPE_SPARSE
        header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
        header[483:495] = b"%011o\0" % ((1 << 33) - 1)
        header[148:156] = b"        "
        header[148:156] = b"%06o\0 " % sum(header)
        (folder / "a.sigmf").write_bytes(bytes(header) + bytes(1024))
        return folder / "a.sigmf"

    return make


def written(text: bytes) -> Make:
    """Writes a recording whose metadata are these bytes."""

    def make(folder: Path) -> Path:
        path = recording()(folder)
        path.write_bytes(text)
        return path

    return make


DEEP = b'{"global": ' + b'{"a": ' * 100_000 + b"1" + b"}" * 100_001


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
    "an archive in an archive": (nested(), "a.sigmf", "holds no recording"),
    "an archive that is a bomb": (bomb(), "a.sigmf", "no place in a SigMF archive: pack it again"),
    "a pipe": (fifo("r.sigmf-meta"), "r.sigmf-meta", "is no file: name a recording"),
    "a pipe of samples": (fifo("r.wav"), "r.wav", "is no file: name a recording"),
    "a device": (lambda _folder: Path("/dev/zero"), "/dev/zero", "is no file: name a recording"),
    "JSON as deep as a well": (written(DEEP), "r.sigmf-meta", "name a .sigmf-meta file"),
    "JSON in another encoding": (written('{"global": "é"}'.encode("latin-1")), "r.sigmf-meta", "name a .sigmf-meta"),
    "a number beyond numbers": (written(b'{"global": 1e400}'), "r.sigmf-meta", "1e400, which is no number in JSON"),
    "a rate beyond receivers": (recording(**{"core:sample_rate": 9e11}), "r.sigmf-meta", "9e+11 Hz is none between"),
    "a rate below bursts": (recording(**{"core:sample_rate": 5}), "r.sigmf-meta", "5 Hz is none between"),
    "a frequency beyond radio": (
        recording(captures=[{"core:sample_start": 0, "core:frequency": 1e200}]),
        "r.sigmf-meta",
        "core:frequency 1e+200 is no radio's: mend it",
    ),
    "a sample beyond all": (
        recording(captures=[{"core:sample_start": 10**30}]),
        "r.sigmf-data",
        "truncated, copy it again",
    ),
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
    return forked.run(["scan", *map(str, words)], environment)


def test_the_line_is_french_where_the_user_is(tmp_path: Path) -> None:
    bad = recording(with_float(3331, np.nan), **{"core:datatype": "cf32_le"})(tmp_path)
    done = scan(bad)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout
    assert "l’échantillon 1665 n’est pas un nombre" in done.stderr and "Traceback" not in done.stderr


def test_french_no_break_spaces_outlast_the_way_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    complain(" un\n  défaut\u00a0: 3\u202f% \t")
    assert capsys.readouterr().err == "cellwarden: un défaut\u00a0: 3\u202f%\n"


def test_why_a_file_cannot_be_read_is_french_too(tmp_path: Path) -> None:
    done = scan(tmp_path / "gone.sigmf-meta")
    assert done.returncode == 2 and done.stderr.endswith(": ce fichier ou dossier n’existe pas\n")


@pytest.mark.parametrize("ending", [".sigmf-meta", ".sigmf-data"])
def test_what_may_not_be_read_is_told(tmp_path: Path, ending: str) -> None:
    path = recording()(tmp_path)
    locked = path.with_suffix(ending)
    locked.chmod(0)
    if os.access(locked, os.R_OK):
        pytest.skip("this user may read everything")
    done = scan(path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert str(locked) in done.stderr and "accès refusé" in done.stderr


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


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("-o", "r.sigmf-data", "--force"), "r.sigmf-data is the recording itself: choose another name"),
        (("--report", "r.sigmf-data", "--force"), "r.sigmf-data is the recording itself: choose another name"),
        (("--report", "r.sigmf-meta", "--force"), "r.sigmf-meta is the recording itself: choose another name"),
        (("--report", "link", "--force"), "link is the recording itself: choose another name"),
        (("-o", "x", "--report", "./x"), "x is to be two outputs at once: give each a name"),
        (("-o", "gone/x.sigmf-meta"), "gone/x.sigmf-meta: there is no folder gone: make it first"),
        (("--report", "gone/x.html"), "gone/x.html: there is no folder gone: make it first"),
        (("--report", "pipe", "--force"), "pipe is no ordinary file: choose another name"),
        (("-o", "r.sigmf-meta"), "r.sigmf-meta exists: choose another name or give --force"),
        (("r.sigmf-meta", "-o", "r.sigmf-data"), "r.sigmf-data is a file: several recordings need a folder"),
    ],
)
def test_no_output_takes_the_place_of_a_recording_or_of_what_is_no_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    remedy: str,
) -> None:
    recording()(tmp_path)
    (tmp_path / "link").symlink_to("r.sigmf-data")
    os.mkfifo(tmp_path / "pipe")
    before = {path.name: path.lstat() for path in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CELLWARDEN_LANGUAGE", "en")
    monkeypatch.setattr(sys, "argv", ["cellwarden", "scan", "r.sigmf-meta", *words])
    with pytest.raises(SystemExit) as end:
        main()
    told = capfd.readouterr()
    assert end.value.code == 2 and told.err == f"cellwarden: {remedy}\n" and not told.out
    after = {path.name: path.lstat() for path in tmp_path.iterdir()}
    assert {n: (s.st_ino, s.st_mtime_ns) for n, s in after.items()} == {
        n: (s.st_ino, s.st_mtime_ns) for n, s in before.items()
    }


def test_metadata_may_be_written_over_and_keep_what_they_said(tmp_path: Path) -> None:
    path = recording(annotations=[{"core:sample_start": 7, "core:comment": "mine"}])(tmp_path)
    assert scan(path, "-o", path, "--force", "--quiet").returncode == 0
    assert {"core:sample_start": 7, "core:comment": "mine"} in json.loads(path.read_text())["annotations"]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no device that is always full")
@pytest.mark.parametrize("words", [("scan", "r.sigmf-meta"), ("scan", "r.sigmf-meta", "--json"), ("interfaces",), ()])
def test_a_full_disk_behind_standard_output_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    recording()(tmp_path)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cellwarden", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=tmp_path,
            env=os.environ | {"CELLWARDEN_LANGUAGE": "en"},
        )
    assert done.returncode == 2
    assert done.stderr.endswith(
        "cellwarden: the output cannot be written: No space left on device: make room or choose another place\n"
    )


@pytest.mark.parametrize("copies", [1, 2])
def test_an_interrupt_in_mid_scan_leaves_nothing_behind_and_waits_for_nothing(tmp_path: Path, copies: int) -> None:
    paths = [tmp_path / f"r{number}.cs16" for number in range(copies)]
    for path in paths:
        with path.open("wb") as sparse:
            sparse.truncate(1 << 42)  # four terabytes, which would be hashed for an hour
    out, page = (tmp_path / "o", tmp_path / "p")
    for folder in (out, page):
        folder.mkdir()
    words = ["scan", *map(str, paths), "--rate", "10M", "-o", str(out), "--report", str(page)]
    # As from a terminal; the child of a shell's background job would ignore it. The words are said when work begins.
    start = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f" sys.argv = ['cellwarden', *{words!r}];"
        " from cellwarden.cli import main;"
        " from cellwarden.runtime import files, parallel; print('begun', flush=True); main()"
    )
    with started([sys.executable, "-c", start], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err
    assert not list(out.iterdir()) and not list(page.iterdir())


@pytest.mark.parametrize("option", ["-o", "--report"])
def test_a_folder_that_may_not_be_written_to_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], option: str
) -> None:
    path, locked = recording()(tmp_path), tmp_path / "locked"
    locked.mkdir()
    real = os.access
    # Root may write everywhere, so the system's answer is given for it.
    monkeypatch.setattr(os, "access", lambda place, mode: place != locked and real(place, mode))
    monkeypatch.setattr("cellwarden.runtime.files.open_recording", lambda *_a, **_n: pytest.fail("the work began"))
    monkeypatch.setenv("CELLWARDEN_LANGUAGE", "en")
    monkeypatch.setattr(sys, "argv", ["cellwarden", "scan", str(path), option, str(locked / "x")])
    with pytest.raises(SystemExit) as end:
        main()
    told = capfd.readouterr().err
    assert end.value.code == 2 and told.count("\n") == 1
    assert f"the folder {locked} may not be written to: choose another one" in told


def test_a_downlink_recording_without_a_cell_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording()(tmp_path)
    monkeypatch.setattr("sys.argv", ["cellwarden", "scan", str(path), "--learn", str(path), "--language", "fr"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr().err.strip()
    assert "\n" not in told
    assert told.startswith(f"cellwarden: {path}\u00a0: aucune cellule")
