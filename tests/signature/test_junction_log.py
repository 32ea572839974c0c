"""The meter's table: what is read, and what is refused in one line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.errors import LaneError
from cellwarden.signature.junction_log import COLUMNS, check_person, read_log

HEAD = ",".join(COLUMNS)


def table(folder: Path, text: str) -> Path:
    path = folder / "log.csv"
    path.write_text(text)
    return path


def lines(count: int = 30, **changed: str) -> str:
    rows = []
    for n in range(count):
        row = dict(
            zip(
                COLUMNS,
                (f"{n / 100}", f"{n / 10 - 2}", f"{30 - 3 * (n % 4)}", f"-13{n % 7}.5", f"-140.{n}"),
                strict=True,
            )
        )
        rows.append(",".join({**row, **(changed if n == 4 else {})}.values()))
    return "\n".join(rows) + "\n"


def test_a_table_becomes_passages_by_person(tmp_path: Path) -> None:
    text = f"person,{HEAD}\n" + "".join(f"{who},{line}\n" for who in ("", "p-7") for line in lines().splitlines())
    lane, person = read_log(table(tmp_path, text))
    assert (lane.person, person.person) == ("", "P-7")
    assert person.power_mw.shape == (2, 30) and person.amplitude is None
    assert 10 * np.log10(person.power_mw[0, 1]) == pytest.approx(-131.5)
    assert person.transmit_dbm[:4].tolist() == [30, 27, 24, 21]


def test_other_columns_and_their_order_do_not_matter(tmp_path: Path) -> None:
    rows = [line.split(",") for line in (HEAD + "\n" + lines()).splitlines()]
    text = "\n".join(",".join(["x", *reversed(row)]) for row in rows)
    assert read_log(table(tmp_path, text))[0].position_m[0] == -2.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "needs one column time_s"),
        (HEAD.replace("second_dbm", "a") + "\n", "needs one column second_dbm"),
        (HEAD.replace(",third_dbm", "") + "\n1,2,3,4\n", "has no third harmonic"),
        (HEAD + "\n", "holds no reading"),
        (HEAD + "\n" + lines(position_m="200"), "position_m changes by 697 m a second: write metres and seconds"),
        (HEAD + "\n" + lines(5), "5 readings are no passage: 20 or more are needed"),
        (HEAD + "\n" + lines(second_dbm="x"), "line 6: second_dbm is 'x': write a number"),
        (HEAD + "\n" + lines(third_dbm="inf"), "line 6: third_dbm is 'inf': write a number"),
        (HEAD + "\n" + lines(position_m=""), "line 6: position_m is '': write a number"),
        (HEAD + "\n" + lines(time_s="-inf"), "line 6: time_s is '-inf': write a number"),
        (HEAD + "\n" + "".join(f"{n},{n},30,-130,\n" for n in range(30)), "tells no level in third_dbm: write"),
        (HEAD + "\n" + lines(transmit_dbm="inf"), "line 6: transmit_dbm is 'inf'"),
        (HEAD + "\n" + lines(second_dbm="250"), "line 6: second_dbm is '250'"),
        (HEAD + "\n" + "".join(f"{n},{10 * n},30,-130,-140\n" for n in range(30)), "position_m spans 290 m"),
        (HEAD + "\n" + lines() + "1,2\n", "line 32: has too few cells"),
        (HEAD + "\n" + lines(time_s="-4"), "time_s runs backwards"),
        (
            HEAD + "\n" + "".join(f"{n},{n},30,{-60 if n > 40 else -130 - n},-140.{n}\n" for n in range(60)),
            "clipped at -60",
        ),
        ("\0\n", "needs one column"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(LaneError) as error:
        read_log(table(tmp_path, text))
    assert told in str(error.value) and "\n" not in str(error.value) and "log.csv" in str(error.value)


@pytest.mark.parametrize("written", ["", " ", "nan", "NaN", "-inf"])
def test_a_level_below_the_instruments_floor_is_the_lowest_that_the_table_tells(tmp_path: Path, written: str) -> None:
    (log,) = read_log(table(tmp_path, HEAD + "\n" + lines(second_dbm=written)))
    assert 10 * np.log10(log.power_mw[0, 4]) == pytest.approx(-136.5) and log.untold == 1
    (whole,) = read_log(table(tmp_path, HEAD + "\n" + lines()))
    others = np.arange(30) != 4
    assert (log.power_mw[:, others] == whole.power_mw[:, others]).all() and whole.untold == 0


def test_a_missing_file_and_a_binary_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(LaneError, match="is no file"):
        read_log(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe" * 50)
    with pytest.raises(LaneError, match="is no table of text"):
        read_log(tmp_path / "b.csv")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_its_own_error(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_text(HEAD + "\n" + text, encoding="utf-8", errors="replace")
        with pytest.raises(LaneError):
            read_log(path)


@pytest.mark.parametrize(("given_number", "kept"), [(" p-0042 ", "P-0042"), ("17", "17"), ("COLIS-3", "COLIS-3")])
def test_a_number_is_kept(given_number: str, kept: str) -> None:
    assert check_person(given_number) == kept


@pytest.mark.parametrize("name", ["Jean", "Jean Dupont", "", "O'Neill", "123456789012345678901"])
def test_a_name_is_no_number(name: str) -> None:
    with pytest.raises(LaneError, match="never a name"):
        check_person(name)
