"""`cellwarden lane` at the real command line."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.cli.test_commands import run

from cellwarden.simulate.junction import METAL, drawn
from cellwarden.simulate.lane import Item, log_csv, passage
from cellwarden.simulate.lane_iq import recorded
from cellwarden.simulate.parameters import Junctions, Mail, Wand

WORLD = replace(Junctions(), mismatch_spread_db=0.0, aspect_db=0.0, contact_flicker_db=0.0)


def item(kind: str, gain_db: float = 0.0) -> Item:
    return Item(kind, junction=drawn(kind, WORLD, np.random.default_rng(1)), gain_db=(gain_db, gain_db))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("lane"), np.random.default_rng(2)
    carried = {"P-1": [item("phone")], "P-2": [], "P-3": [item(METAL, 20.0)]}
    passages = [(number, passage(WORLD, items, rng)[0]) for number, items in carried.items()]
    (folder / "log.csv").write_text(log_csv(passages))
    (folder / "one.csv").write_text(log_csv([("", passages[0][1])]))
    (folder / "empty.csv").write_text(log_csv([("", passage(WORLD, [], rng, somebody=False)[0])]))
    return folder


def test_the_portal_answers_in_words_a_table_and_a_picture(place: Path, tmp_path: Path) -> None:
    out, drawing = tmp_path / "out.csv", tmp_path / "out.svg"
    words = ("--empty", place / "empty.csv", "-o", out, "--picture", drawing, "--warning-read")
    done = run("lane", place / "log.csv", *words)
    assert done.returncode == 0
    assert "P-1: SEMICONDUCTOR" in done.stdout and "hearing aid" in done.stdout and "watch" in done.stdout
    assert "P-2: nothing found" in done.stdout and "P-3: metal contact" in done.stdout
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(row["person"], row["result"]) for row in rows] == [
        ("P-1", "semiconductor"),
        ("P-2", "nothing"),
        ("P-3", "metal"),
    ]
    assert {(row["calibrated"], row["warning_read"], row["outcome"]) for row in rows} == {("yes", "yes", "")}
    assert float(rows[0]["second_slope"]) == pytest.approx(2.0, abs=0.3)  # an answer of the second order
    assert "2f0" in "".join(ElementTree.fromstring(drawing.read_text()).itertext())


def test_levels_that_are_missing_or_stand_still_are_told(place: Path, tmp_path: Path) -> None:
    head, *rows = (place / "one.csv").read_text().splitlines()
    short, still = tmp_path / "short.csv", tmp_path / "still.csv"
    short.write_text(
        "\n".join([head, *(row.rpartition(",")[0] + "," if n in (0, 9) else row for n, row in enumerate(rows))])
    )
    done = run("lane", short, "--person", "p-1", "--empty", place / "empty.csv", "--warning-read")
    assert done.returncode == 0 and "P-1: SEMICONDUCTOR" in done.stdout
    assert "2 levels are missing and taken for the lowest one that is told" in done.stderr
    still.write_text("\n".join([head, *(",".join([*row.split(",")[:4], "-120", "-125"]) for row in rows)]))
    done = run("lane", still, "--person", "p-1", "--warning-read")
    assert done.returncode == 0 and "the instrument is stuck, or all lies below its floor" in done.stderr
    done = run("lane", still, "--person", "p-1", "--empty", place / "empty.csv", "--warning-read")
    assert done.returncode == 2 and "P-1: the instrument seems stuck" in done.stderr


@pytest.mark.long
def test_the_warning_is_shown_and_that_nobody_confirmed_it_is_written(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = run("lane", place / "one.csv", "--person", "p-77", "-o", out)
    assert done.returncode == 0 and "pacemaker" in done.stderr and "without --empty" in done.stderr
    (row,) = csv.DictReader(out.read_text().splitlines())
    assert (row["person"], row["calibrated"], row["warning_read"]) == ("P-77", "no", "no")


def test_it_speaks_french(place: Path) -> None:
    done = run("lane", place / "log.csv", "--empty", place / "empty.csv", language="fr")
    assert "P-1\xa0: SEMI-CONDUCTEUR" in done.stdout and "appareil auditif" in done.stdout
    assert "stimulateur cardiaque" in done.stderr


def written(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("\n".join(",".join(row) for row in [list(rows[0]), *(row.values() for row in rows)]) + "\n")


def unsynchronised(folder: Path) -> None:
    """Three recordings, of which one began half a second late."""
    folder.mkdir(exist_ok=True)
    paths = recorded(folder / "one", WORLD, [], np.random.default_rng(3), "cw", apart=True, reach_m=0.1)
    for name, path in zip(("f0", "2f0", "3f0"), paths, strict=True):
        meta = json.loads(path.read_text())
        if name == "2f0":
            meta["captures"][0]["core:datetime"] = "2026-11-24T12:00:00.5Z"
        (folder / f"{name}.sigmf-meta").write_text(json.dumps(meta))
        (folder / f"{name}.sigmf-data").write_bytes(path.with_suffix(".sigmf-data").read_bytes())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("log.csv", "--person", "Jean"), "is one person, and the table holds 3 passages"),
        (("one.csv", "--person", "Jean"), "never a name"),
        (("none.csv",), "is no file"),
        (("one.csv", "none.sigmf-meta"), "give one kind at a time"),
        (("none.sigmf-meta",), "is no .sigmf-meta file"),
        (("one.csv", "--empty", "named.csv"), "the empty lane is missing"),
        (("one.csv", "-o", "log.csv"), "exists: choose another name"),
        (("second.csv",), "has no third harmonic"),
        (("clipped.csv",), "is clipped at"),
        (("few.csv",), "readings are no passage"),
        (("late/f0.sigmf-meta", "late/2f0.sigmf-meta", "late/3f0.sigmf-meta"), "are not synchronised"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(place: Path, words: tuple[str, ...], told: str) -> None:
    (place / "named.csv").write_text((place / "log.csv").read_text())
    whole = list(csv.DictReader((place / "one.csv").read_text().splitlines()))
    end = max(float(row["second_dbm"]) for row in whole) - 6
    rest = [{**row, "second_dbm": f"{min(end, float(row['second_dbm'])):.2f}"} for row in whole]
    written(place / "second.csv", [{k: v for k, v in row.items() if k != "third_dbm"} for row in whole])
    written(place / "clipped.csv", rest)
    written(place / "few.csv", whole[:5])
    unsynchronised(place / "late")
    here = [str(place / word) if "." in word else word for word in words]
    done = run("lane", *here, "--warning-read")
    lines = [line for line in done.stderr.splitlines() if line]
    assert (done.returncode, done.stdout) == (2, "") and len(lines) == 1 and told in lines[0]


@pytest.mark.parametrize(("name", "world"), [("wand", Wand()), ("mail", Mail())])
def test_a_wand_and_a_mail_scanner_say_what_lies_where(tmp_path: Path, name: str, world: Junctions) -> None:
    phone = Item("phone", along_m=-0.2, junction=drawn("phone", WORLD, np.random.default_rng(1)))
    (tmp_path / "log.csv").write_text(log_csv([("C-7", passage(world, [phone], np.random.default_rng(4))[0])]))
    done = run("lane", tmp_path / "log.csv", "--instrument", name, "--warning-read")
    assert done.returncode == 0 and "C-7: SEMICONDUCTOR" in done.stdout and "0.2" in done.stdout
    assert "m along the way" in done.stdout
    french = run("lane", tmp_path / "log.csv", "--instrument", name, "--warning-read", "--language", "fr")
    assert "le long du trajet" in french.stdout
