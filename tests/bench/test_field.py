"""Trials in the field: tables as people write them, and what is made of them."""

from pathlib import Path

import numpy as np
import pytest

from cellwarden.bench import view_field
from cellwarden.bench.field import MOST_DISTANCES, evaluated, ranges
from cellwarden.bench.field_table import Trial, read
from cellwarden.bench.view import rendered
from cellwarden.errors import BenchError
from cellwarden.measure.proportion import wilson

ENGLISH = """device,present,alarm,score,distance_m,posture,phone
portal,true,true,2.5,1.5,standing,Mini
portal,true,false,0.5,3,sitting,Mini
portal,false,false,0.1,1.5,standing,
portal,false,true,0.9,3,sitting,
wand,true,true,,0.1,,
wand,false,false,,0.1,,
"""


def table(folder: Path, text: str | bytes) -> Path:
    path = folder / "trials.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_table_is_read_as_it_is_written(tmp_path: Path) -> None:
    trials = read(table(tmp_path, ENGLISH))
    assert trials[0] == Trial("portal", True, True, 2.5, 1.5, "standing", "Mini")
    assert trials[4] == Trial("wand", True, True, None, 0.1, "", "")


def test_french_tables_with_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    text = "﻿Téléphone;Distance;Portique;Présent;Alarme;Remarque\r\nMini;1,5;A;oui;non;pluie\r\n\r\n;;A;NON;Vrai;\r\n"
    assert read(table(tmp_path, text)) == [
        Trial("A", True, False, None, 1.5, "", "Mini"),
        Trial("A", False, True, None, None, "", ""),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("device,present,alarm\n", "no trial"),
        ("a,b,c\n1,2,3\n", "lacks the column device, present, alarm; it has 'a', 'b', 'c'"),
        ("device,present\nx,true\n", "lacks the column alarm"),
        ("device,portal,present,alarm\nx,y,true,true\n", "two columns for device"),
        ("device,present,alarm\nx,true,true\nx,perhaps,true\n", "line 3: present is 'perhaps': write true or false"),
        ("device,present,alarm,score\nx,true,true,high\n", "line 2: score is 'high'"),
        ("device,present,alarm,score\nx,true,true,nan\n", "line 2: score is 'nan'"),
        ("device,present,alarm,distance\nx,true,true,-1\n", "line 2: distance_m is '-1'"),
        ("device,present,alarm\nx,,true\n", "line 2: present is empty"),
        ("device,present,alarm\n,true,true\n", "line 2: device is empty"),
        ("device,present,alarm\nx,true\n", "line 2: alarm is empty"),
        ("device,present,alarm\nx,true,yes\xff", "not UTF-8"),
        ('device,present,alarm\n"' + "x" * 200_000 + '",true,yes\n', "is no table"),
    ],
)
def test_a_bad_table_says_where_and_what_to_do(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=words):
        read(table(tmp_path, text.encode("latin-1")))


def test_a_folder_or_nothing_is_no_table(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(BenchError, match="is no file"):
            read(path)


def test_shares_are_counted_by_device_distance_posture_and_phone(tmp_path: Path) -> None:
    portal, wand = evaluated(table(tmp_path, ENGLISH))["devices"]
    assert portal["found"] == {"hits": 1, "trials": 2, "share": 0.5, "interval": list(wilson(1, 2))}
    assert portal["false"]["hits"] == 1
    assert [(g["value"], g["hits"], g["trials"]) for g in portal["groups"]["distance_m"]] == [(1.5, 1, 1), (3.0, 0, 1)]
    assert [(g["value"], g["hits"]) for g in portal["groups"]["posture"]] == [("sitting", 0), ("standing", 1)]
    assert [(g["value"], g["trials"]) for g in portal["groups"]["phone"]] == [("Mini", 2)]
    # Scores 2.5 and 0.5 with a phone, 0.1 and 0.9 without: three of four pairs in order.
    assert portal["roc"]["area"][0] == pytest.approx(0.75)
    assert wand["roc"] is None


def test_a_score_alone_needs_a_threshold(tmp_path: Path) -> None:
    path = table(tmp_path, "device,present,score\nx,true,3\nx,true,1\nx,false,2\n")
    with pytest.raises(BenchError, match="--threshold"):
        evaluated(path)
    (device,) = evaluated(path, 2.0)["devices"]
    assert (device["found"]["hits"], device["false"]["hits"]) == (1, 1)


def test_devices_that_differ_are_told_apart_and_alike_ones_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lines = ["device,present,alarm"]
    for name, found in (("a", 0.9), ("b", 0.5), ("c", 0.5)):
        lines += [f"{name},true,{rng.random() < found}" for _ in range(100)]
        lines += [f"{name},false,{rng.random() < 0.1}" for _ in range(100)]
    rows = evaluated(table(tmp_path, "\n".join(lines)))["differences"]
    sure = {(r["first"], r["second"], r["what"]) for r in rows if r["p_holm"] < 0.05}
    assert sure == {("a", "b", "found"), ("a", "c", "found")}


def test_a_column_of_numbers_is_no_device(tmp_path: Path) -> None:
    lines = ["device,present,alarm", *(f"{n},true,true" for n in range(50))]
    with pytest.raises(BenchError, match="50 devices"):
        evaluated(table(tmp_path, "\n".join(lines)))


def test_many_distances_are_put_into_ranges_that_hold_all() -> None:
    distances = np.random.default_rng(2).uniform(0, 5, 300).tolist()
    found = ranges(distances)
    assert len(found) == MOST_DISTANCES
    counts = [sum(low <= d <= high for d in distances) for low, high in found]
    assert sum(counts) == 300 and max(counts) - min(counts) <= 2
    assert ranges([1.0, 2.0, 1.0]) == [(1.0, 1.0), (2.0, 2.0)]


def test_a_device_that_was_never_tried_without_a_phone_is_told(tmp_path: Path) -> None:
    result = evaluated(table(tmp_path, "device,present,alarm\n<i>x</i>,true,true\n"))
    page = rendered(view_field.view(result))
    assert "nothing is known of its false alarms" in page
    assert "<i>x</i>" not in page
