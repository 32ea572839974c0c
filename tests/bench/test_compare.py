"""Comparisons of results whose difference is known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellwarden.bench import view_compare
from cellwarden.bench.compare import compared, differences, read
from cellwarden.bench.view import rendered
from cellwarden.errors import BenchError

LEVELS = (-2.0, 0.0, 2.0, 4.0)


def result(
    shares: tuple[float, ...], seed: int, *, trials: int = 200, digest: str = "", **scene: Any
) -> dict[str, Any]:
    """A result with so many named at each level, scores drawn between 0.5 and 1, false ones below 0.5."""
    rng, trials = np.random.default_rng(seed), 200
    points = []
    for level, share in zip(LEVELS, shares, strict=True):
        hits = rng.random(trials) < share
        scores = [round(float(rng.uniform(0.5, 1)), 3) if hit else None for hit in hits]
        points.append({"snr_db": level, "trials": trials, "scores": scores, "digests": [digest or f"{seed} {level}"]})
    false = [round(float(rng.uniform(0, 1)), 3) if rng.random() < 0.1 else None for _ in range(500)]
    absent = {"holds": "noise", "seconds": 1.0, "windows": 500, "scores": false}
    whole = {
        "interface": "gsm",
        "labels": ["gsm:normal"],
        "snrs_db": list(LEVELS),
        "seed": seed,
        "channel": {"name": "awgn"},
    }
    return {
        "kind": "cellwarden:roc",
        "format": 1,
        "scene": whole | {"seed": seed} | scene,
        "detector": "any",
        "provenance": {"cellwarden": "0"},
        "threshold": None,
        "date": "2026-11-25",
        "curves": [{"label": "gsm:normal", "points": points, "absent": absent}],
    }


BETTER, WORSE = (0.05, 0.6, 0.95, 1.0), (0.05, 0.2, 0.6, 1.0)


def test_a_difference_that_is_there_is_shown_and_one_that_is_not_is_not() -> None:
    rows = compared(result(WORSE, 1), result(BETTER, 2))["curves"][0]["rows"]
    assert [row["p_holm"] < 0.05 for row in rows] == [False, True, True, False]
    for row, true in zip(rows, np.subtract(BETTER, WORSE), strict=True):
        assert row["difference"][1] <= true <= row["difference"][2]
    assert not any(row["paired"] for row in rows)


def test_the_same_bursts_are_compared_in_pairs() -> None:
    one, other = (result(shares, 1, digest="same") for shares in (WORSE, BETTER))
    # Of one seed, and a share that only grows: the second names all that the first does.
    rows = compared(one, other)["curves"][0]["rows"]
    assert all(row["paired"] for row in rows)
    assert rows[1]["p"] < 1e-10


def test_the_shift_is_how_much_less_level_is_needed() -> None:
    curve = compared(result(WORSE, 1), result(BETTER, 2))["curves"][0]
    # Half is reached at 1.5 dB by the first and at -0.4 dB by the second.
    value, low, high = curve["shift_db"]["0.5"]
    assert low < -1.9 < high and value == pytest.approx(-1.9, abs=0.5)


def test_both_at_one_share_of_false_alarms_stand_at_other_thresholds() -> None:
    found = compared(result(WORSE, 1), result(BETTER, 2), false_alarm=0.02)["curves"][0]
    for threshold, (share, _low, _high) in zip(found["thresholds"], found["false"]["shares"], strict=True):
        # A tenth of the windows have a score, even between 0 and 1: a fifth of these lies above 0.8.
        assert threshold == pytest.approx(0.8, abs=0.1)
        assert 0.015 <= share <= 0.02
    free = compared(result(WORSE, 1), result(BETTER, 2), false_alarm=0.5)["curves"][0]
    assert free["thresholds"] == [None, None]


def test_a_share_of_false_alarms_needs_so_many_windows() -> None:
    with pytest.raises(BenchError, match="1000 empty windows"):
        compared(result(WORSE, 1), result(BETTER, 2), false_alarm=0.001)


def test_scenes_that_differ_are_told() -> None:
    one = result(WORSE, 1)
    assert differences(one, result(WORSE, 2)) == []  # another sample of the same world
    other = result(WORSE, 2, channel={"name": "tdl-a", "doppler_hz": 6.0})
    assert differences(one, other) == ["channel.name: awgn / tdl-a", "channel.doppler_hz: – / 6"]


def test_results_without_a_level_in_common_are_refused() -> None:
    other = result(WORSE, 2)
    for point in other["curves"][0]["points"]:
        point["snr_db"] += 0.5
    with pytest.raises(BenchError, match="no level"):
        compared(result(WORSE, 1), other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no result"),
        ('{"kind": "cellwarden:field"}', "no result"),
        ('{"kind": "cellwarden:roc", "format": 99}', "another version or is damaged"),
        ('{"kind": "cellwarden:roc", "format": 1}', "another version or is damaged"),
        ('{"kind": "cellwarden:roc", "format": 1, "scene": {}, "curves": [{"label": "a"}]}', "damaged"),
    ],
)
def test_a_file_that_is_no_result_is_refused(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BenchError, match=words):
        read(path)


def test_a_result_whose_numbers_do_not_add_up_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for place, key, value in (
        ("points", "trials", 3),
        ("points", "scores", ["a"] * 200),
        ("points", "snr_db", 99.0),
        ("absent", "windows", 7),
        ("absent", "seconds", "long"),
    ):
        bad = result(WORSE, 1)
        part = bad["curves"][0][place]
        (part[0] if place == "points" else part)[key] = value
        path.write_text(json.dumps(bad))
        with pytest.raises(BenchError, match="damaged"):
            read(path)


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(result(WORSE, 1)))
    assert read(path) == result(WORSE, 1)


def test_a_page_says_that_the_footing_differs_and_escapes_names() -> None:
    found = compared(result(WORSE, 1), result(BETTER, 2, absent="others"))
    page = rendered(view_compare.view(found, ("<b>a</b>", "b")))
    assert "Not on the same footing" in page
    assert "<b>a</b>" not in page and "&lt;b&gt;a&lt;/b&gt;" in page
