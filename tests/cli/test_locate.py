"""`cellwarden locate` at the real command line."""

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.cli.test_commands import run
from tests.locate import heard

from cellwarden.document.sheet import Text
from cellwarden.locate.picture import picture
from cellwarden.model import Fix


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    readings, _place = heard.walked(1, 20.0)
    return {
        "--site": heard.site_file(tmp_path),
        "--survey": heard.survey_file(tmp_path / "survey.csv"),
        "": heard.readings_file(tmp_path / "readings.csv", readings),
        "-o": tmp_path / "fixes.csv",
    }


def locate(files: dict[str, Path], *words: object, language: str = "en") -> tuple[int, str, str]:
    given = [word for name, path in files.items() for word in ((name, path) if name else (path,))]
    done = run("locate", *given, *words, language=language)
    return done.returncode, done.stdout, done.stderr


def test_fixes_are_written_one_a_second_with_their_cell_and_drawn(files: dict[str, Path], tmp_path: Path) -> None:
    assert locate(files, "--picture", tmp_path / "p.svg") == (0, f"20 fixes in {files['-o']}\n", "")
    rows = list(csv.DictReader(files["-o"].read_text().splitlines()))
    assert list(rows[0]) == ["time_s", "x_m", "y_m", "z_m", "radius90_m", "cell", "probability"]
    assert [row["time_s"] for row in rows] == [str(n) for n in range(1, 21)]
    assert all(row["cell"] in {room.name for room in heard.ROOMS} for row in rows)
    words = "".join(ElementTree.fromstring((tmp_path / "p.svg").read_text()).itertext())
    assert "start" in words and "end" in words
    assert locate(files, "--force", "--smooth", "--quiet") == (0, "", "")
    assert [row["time_s"] for row in csv.DictReader(files["-o"].read_text().splitlines())] == [
        row["time_s"] for row in rows
    ]


def test_ends_of_a_way_are_legible_where_a_phone_stands_still() -> None:
    for step in (0.0, 0.1, 0.5):
        way = [Fix(n, (8.0 + step * n, 6.0 - step * n, 1.2), 1.0, "C11", 0.9) for n in range(1, 4)]
        ends = [
            one for one in picture(heard.SITE, way).marks if isinstance(one, Text) and one.words in ("start", "end")
        ]
        apart = [abs(a - b) for a, b in zip(*(one.place for one in ends), strict=True)]
        assert apart[0] > 40 or apart[1] > max(one.size for one in ends)


def test_it_speaks_french(files: dict[str, Path], tmp_path: Path) -> None:
    files[""].write_text("time_s,sensor,rssi_dbm\n5,S0,127\n")
    code, out, err = locate(files, language="fr")
    assert (code, out) == (0, "")
    assert "1 positions sur 1 sont inconnues\u00a0: aucun capteur n’a rien entendu" in err
    assert "1 ligne ne contient aucun niveau" in err
    assert files["-o"].read_text().splitlines()[1] == "5,,,,,unknown,"


@pytest.mark.parametrize(
    ("which", "text", "told"),
    [
        ("", "time_s,sensor,rssi_dbm\n1,S7,-60\n", "line 2: sensor 'S7' is not in the site"),
        ("", "sensor,rssi_dbm\nS1,-60\n", "needs one column time_s"),
        ("--survey", "x_m,y_m,z_m,sensor,rssi_dbm\n0,0,0,S0,127\n", "are no survey: walk to 4 or more"),
        ("--site", "format = 1\nname = 'x'\n", "the site has no sensor"),
        ("-o", "mine", "exists: choose another name or give --force"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(files: dict[str, Path], which: str, text: str, told: str) -> None:
    files[which].write_text(text)
    code, out, err = locate(files)
    assert (code, out) == (2, "") and err.count("\n") == 1 and told in err
    assert files["-o"].exists() == (which == "-o")
