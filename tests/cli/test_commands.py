"""The commands as people type them, in processes of their own."""

import json
import py_compile
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import forked

import cellwarden
from cellwarden.cli.quantity import parse
from cellwarden.simulate.wing import PLACE

WING = PLACE.with_suffix(".sigmf-meta")
SOURCE = Path(cellwarden.__file__).parents[1]


def run(
    *words: object, language: str = "en", before: Callable[[], None] | None = None, place: Path = SOURCE
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LANG": f"{language}_GB.UTF-8", "HOME": "/tmp", "COLUMNS": "80"}
    if before is None and place == SOURCE:
        return forked.run(list(map(str, words)), environment)
    environment["PYTHONPATH"] = str(place)
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"} if before else {}  # a disk kept small would cut it short for others
    command = [sys.executable, "-m", "cellwarden", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, preexec_fn=before)


def copied(folder: Path, name: str = "wing") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for ending in (".sigmf-meta", ".sigmf-data"):
        shutil.copy(PLACE.with_suffix(ending), folder / f"{name}{ending}")
    return folder / f"{name}.sigmf-meta"


def test_scan_says_shows_and_writes_what_was_heard(tmp_path: Path) -> None:
    done = run("scan", WING, "-o", tmp_path / "o.sigmf-meta", "--report", tmp_path / "r.html")
    assert done.returncode == 0 and "A phone spoke: 51 GSM bursts" in done.stdout
    assert "ARFCN 59" in done.stdout and "and 11 more" in done.stdout
    assert len(json.loads((tmp_path / "o.sigmf-meta").read_text())["annotations"]) == 102
    page = (tmp_path / "r.html").read_text()
    assert page.count("<rect ") == 51 and "http" not in page.replace("http-equiv", "")


def test_the_table_fits_eighty_columns_and_tells_the_clock() -> None:
    lines = run("scan", WING, "--no-hash").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "2026-11-24" in lines[1]
    assert re.match(
        r" *12:00:00\.003010 901\.8000 ARFCN 59 gsm:normal +2[12]\.\d dB -14\d Hz +(1\.000|0\.999)", lines[3]
    )
    assert [line[:15] for line in lines[3:43]] == sorted(line[:15] for line in lines[3:43])


def test_a_scan_has_its_first_sample_before_it_imports_any_part_of_scipy() -> None:
    parts = ("fft", "linalg", "ndimage", "optimize", "signal", "special", "stats")
    code = f"import sys, cellwarden.runtime.files; print([one for one in {parts} if 'scipy.' + one in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_scan_speaks_french() -> None:
    done = run("scan", WING, "--no-hash", language="fr")
    assert "Un téléphone a parlé\xa0: 51 salves GSM (ARFCN 59, 64)" in done.stdout


@pytest.mark.parametrize("words", [(), ("scan",), ("interfaces",), ("bands",)])
def test_help_is_whole_in_both_languages_by_wish_and_by_locale(words: tuple[str, ...]) -> None:
    english = run(*words, "--help")
    wished, located = run(*words, "--language", "fr", "--help"), run(*words, "--help", language="fr")
    assert english.returncode == wished.returncode == 0 and wished.stdout == located.stdout
    assert "Usage: cellwarden" in english.stdout and "Usage\xa0: cellwarden" in wished.stdout
    same = set(map(str.strip, english.stdout.splitlines())) & set(map(str.strip, wished.stdout.splitlines()))
    sentences = {line for line in same if len(line.split()) > 3 and not line.startswith(("cellwarden ", "-"))}
    assert sentences == set()  # what reads the same in both was not translated


def test_help_in_the_wrong_place_of_a_wish_is_not_taken_for_one() -> None:
    assert run("--language=fr", "interfaces").stdout.count("salve") >= 2
    assert "'xx'" in run("--language", "xx", "interfaces").stderr
    assert "--language" in run("scan", "--jobs", "1", "--", "--language", "fr").stderr  # after -- it is a file's name


def test_every_command_at_whatever_depth_takes_a_language_and_names_its_values_in_it() -> None:
    done = run("emitter", "calibration", "make", "--help", "--language", "fr")
    assert done.returncode == 0 and "--language [en|fr]" in done.stdout
    assert "--output CHEMIN" in done.stdout and "--note TEXTE" in done.stdout
    assert "[OPTIONS] COMMANDE [ARGUMENTS]..." in run("emitter", "calibration", "--help", language="fr").stdout


def test_whoever_stops_reading_ends_a_command_in_peace() -> None:
    for words in (["interfaces"], ["bands", "902.4MHz"]):
        command = [sys.executable, "-m", "cellwarden", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SOURCE) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b"" and process.wait() == 0


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_bare_command_shows_what_it_can_do_on_one_screen(language: str) -> None:
    done = run(language=language)
    assert done.returncode == 0 and len(done.stdout.splitlines()) <= 24
    for word in ("scan", "watch", "interfaces", "bands", "--help"):
        assert word in done.stdout
    for word in ("scan", "--report", "--language"):
        assert word in run("--help").stdout


def test_trains_are_told_in_the_table() -> None:
    done = run("scan", WING, "--no-hash", "--trains")
    assert "gsm:normal ×42" in done.stdout and "gsm:access ×1" in done.stdout and "51 GSM bursts" in done.stdout
    assert "more" not in done.stdout


def test_quiet_is_silent() -> None:
    done = run("scan", WING, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_samples_that_were_changed_are_warned_of_and_refused_when_strict(tmp_path: Path) -> None:
    path = copied(tmp_path)
    meta = json.loads(path.read_text())
    meta["global"]["core:sha512"] = "0" * 128
    path.write_text(json.dumps(meta))
    lax = run("scan", path)
    assert lax.returncode == 0 and "core:sha512" in lax.stderr and lax.stderr.count("\n") == 1
    strict = run("scan", path, "--strict")
    assert strict.returncode == 2 and "core:sha512" in strict.stderr and not strict.stdout


@pytest.mark.parametrize("option", ["-o", pytest.param("--report", marks=pytest.mark.long)])
def test_a_full_disk_leaves_what_was_there_and_is_one_line(tmp_path: Path, option: str) -> None:
    output = tmp_path / "o.sigmf-meta"
    output.write_text("mine")

    assert run("scan", WING).returncode == 0  # so that loops are compiled, which takes room too

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))  # bytes; 51 annotations take more

    done = run("scan", WING, option, output, "--force", before=little_room)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert str(tmp_path) in done.stderr and "make room" in done.stderr
    assert output.read_text() == "mine" and [p.name for p in tmp_path.iterdir()] == ["o.sigmf-meta"]


def test_a_program_cut_short_says_what_to_remove(tmp_path: Path) -> None:
    program = tmp_path / "cellwarden"
    shutil.copytree(Path(cellwarden.__file__).parent, program, ignore=shutil.ignore_patterns("__pycache__"))
    compiled = Path(py_compile.compile(str(program / "runtime/scan.py"), doraise=True) or "")
    compiled.write_bytes(compiled.read_bytes()[:8_000])
    done = run("scan", WING, place=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"remove each __pycache__ in {program}" in done.stderr


def test_several_recordings_have_a_report_each_an_index_and_no_clash(tmp_path: Path) -> None:
    monday, tuesday = copied(tmp_path / "monday"), copied(tmp_path / "tuesday")
    (tmp_path / "bad.sigmf-meta").write_text("no JSON")
    reports, outputs = tmp_path / "reports", tmp_path / "found"
    words = ("scan", monday, tmp_path / "bad.sigmf-meta", tuesday, "--report", reports, "-o", outputs)
    done = run(*words, "--jobs", 2)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "bad.sigmf-meta" in done.stderr
    assert done.stdout.count("A phone spoke: 51 GSM bursts") == 2
    assert sorted(p.name for p in reports.iterdir()) == ["index.html", "monday-wing.html", "tuesday-wing.html"]
    assert sorted(p.name for p in outputs.iterdir()) == ["monday-wing.sigmf-meta", "tuesday-wing.sigmf-meta"]
    page = (reports / "index.html").read_text()
    assert 'href="monday-wing.html"' in page and 'href="tuesday-wing.html"' in page and "no JSON" in page
    again = run(*words)
    assert again.returncode == 2 and "index.html" in again.stderr and "--force" in again.stderr


@pytest.mark.long
def test_the_index_speaks_french(tmp_path: Path) -> None:
    run("scan", WING, copied(tmp_path), "--jobs", 1, "--report", tmp_path / "r", language="fr")
    assert "Un téléphone a été entendu dans 2 enregistrements sur 2." in (tmp_path / "r" / "index.html").read_text()


@pytest.mark.long
def test_several_recordings_are_one_line_of_json_each_in_their_order(tmp_path: Path) -> None:
    done = run("scan", WING, tmp_path / "none.sigmf-meta", copied(tmp_path), "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["recording"] for one in told] == [str(WING), str(tmp_path / "wing.sigmf-meta")]
    assert [len(one["annotations"]) for one in told] == [51, 51]
    assert done.returncode == 2 and "none.sigmf-meta" in done.stderr


def test_one_recording_may_go_into_a_folder(tmp_path: Path) -> None:
    assert run("scan", WING, "-o", tmp_path, "--report", tmp_path).returncode == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["wing.html", "wing.sigmf-meta"]


def test_mistakes_are_told_in_french_too() -> None:
    for words, word in (
        (("scan",), "Il manque l’argument"),
        (("dance",), "n’existe pas"),
        (("scan", "x", "--jbs"), "Vouliez-vous dire"),
        (("scan", "x", "--jobs", "0"), "intervalle"),
        (("scan", "x", "--jobs", "many"), "n’est pas un nombre"),
        (("scan", "x", "--jobs"), "demande une valeur"),
        (("scan", "x", "--strict", "--no-hash"), "retirez --no-hash"),
        (("interfaces", "x"), "de trop"),
        (("--language", "de", "interfaces"), "de"),
    ):
        done = run(*words, language="fr")
        assert done.returncode == 2 and word in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_json_is_alone_on_standard_output() -> None:
    done = run("scan", WING, "--json")
    assert len(json.loads(done.stdout)["annotations"]) == 51


@pytest.mark.parametrize(
    "words",
    [
        ("scan", "/nowhere.sigmf-meta"),
        ("scan", "/"),
        ("scan", "x.cs16", "--rate", "quick"),
        ("scan", "x.cs16"),
        ("scan",),
        ("scan", "x", "--strict", "--no-hash"),
        ("scan", "x", "--jobs", "0"),
        ("bands", "loud"),
        ("dance",),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("cellwarden: ") and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr and not done.stdout


def test_an_output_that_exists_is_refused_without_force(tmp_path: Path) -> None:
    (tmp_path / "o.sigmf-meta").write_text("mine")
    done = run("scan", WING, "-o", tmp_path / "o.sigmf-meta")
    assert done.returncode == 2 and "--force" in done.stderr
    assert (tmp_path / "o.sigmf-meta").read_text() == "mine"


def test_bands_and_interfaces_answer() -> None:
    assert "ARFCN 62" in run("bands", "902.4MHz").stdout
    assert "uplink" in run("bands", "902.4MHz").stdout
    told = run("interfaces").stdout
    for word in ("GSM", "3GPP TS 45.002", "a phone's", "gsm:access", "asks for a channel"):
        assert word in told
    assert max(map(len, told.splitlines())) <= 80


def test_frequencies_are_read_as_people_write_them() -> None:
    for text in ("902.4MHz", "902.4 MHz", "902.4M", "902400kHz", "902.4e6", "0.9024GHz"):
        assert parse(text) == pytest.approx(902.4e6)
    for text in ("", "MHz", "-1M", "0", "1e999", "nan", "1.2.3M", "10 miles"):
        assert parse(text) is None


@given(st.text(max_size=12))
def test_no_text_breaks_the_parser(text: str) -> None:
    value = parse(text)
    assert value is None or value > 0
