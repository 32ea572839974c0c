"""What receivers tell of their spectrum: rows where somebody looks, nothing where nobody does."""

import time
from itertools import pairwise

import numpy as np
import pytest
from tests.runtime.test_listen import SCENE

from cellwarden.console.spectra import KEPT_S, Spectra
from cellwarden.model import Row
from cellwarden.model.span import S_NS
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.runtime.listen import listen
from cellwarden.runtime.tap import MOST_PARTS, Tap, levels, open_sensors
from cellwarden.simulate.week import site


def heard(spectra: Spectra) -> list[Row]:
    """The example scene through a tap: two carriers of GSM at 901.8 and 902.8 MHz."""
    tap = Tap("A", spectra)
    for event in listen(open_stream(f"file:{SCENE}", Tuning()), looking=tap.looking):
        tap.event(event)
    return [row for _number, row in spectra.after("A", 0)]


def test_a_call_stands_in_its_channel_and_has_its_name() -> None:
    spectra = Spectra(("A",))
    spectra.begin("A")
    rows = heard(spectra)
    assert rows and all(a.end_ns <= b.start_ns + 1_000 for a, b in pairwise(rows))
    low, high = rows[0].low_hz, rows[0].high_hz
    loudest = np.max([np.frombuffer(row.levels, np.uint8) for row in rows], axis=0)
    part = low + (np.argmax(loudest) + 0.5) * (high - low) / len(loudest)
    assert min(abs(part - 901.8e6), abs(part - 902.8e6)) < 150e3
    assert loudest.max() / 2 > np.median(loudest) / 2 + 6
    boxes = [box for row in rows for box in row.heard]
    assert {box.label for box in boxes} == {"gsm:normal", "gsm:access"} and all(box.phone for box in boxes)
    assert all(abs(box.high_hz - box.low_hz - 200e3) < 1 for box in boxes)


def test_where_nobody_looks_nothing_is_kept() -> None:
    assert heard(Spectra(("A",))) == []


def test_rows_are_gone_when_the_last_one_stops_looking() -> None:
    spectra = Spectra(("A",))
    spectra.begin("A")
    spectra.begin("A")
    spectra.put("A", row(0))
    spectra.end("A")
    assert spectra.wanted("A") and len(spectra.after("A", 0)) == 1
    spectra.end("A")
    assert not spectra.wanted("A") and spectra.after("A", 0) == []


def test_no_row_is_kept_as_long_as_the_law_forbids() -> None:
    spectra = Spectra(("A",))
    spectra.begin("A")
    for second in range(2 * KEPT_S):
        spectra.put("A", row(second))
    kept = [one for _number, one in spectra.after("A", 0)]
    assert kept[-1].end_ns - kept[0].start_ns <= (KEPT_S + 1) * S_NS < 60 * S_NS


def test_a_sensor_where_people_speak_under_privilege_is_not_looked_at() -> None:
    names = [one.name for one in site().sensors]
    kept = open_sensors(site(), names)
    assert set(names) - set(kept) == {"R1-1", "R1-2"}  # in the week's room of privileged talk


def row(second: int) -> Row:
    start = time.time_ns() // S_NS * S_NS + second * S_NS
    return Row(start, start + S_NS, 880e6, 915e6, b"\0" * 10, ())


@pytest.mark.parametrize("bands", [1, 48, MOST_PARTS, MOST_PARTS + 1, 1200])
def test_wide_bands_are_told_coarsely_and_their_loudest_part_stays(bands: int) -> None:
    ratio = np.ones(bands, np.float32)
    ratio[-1] = 1e4  # 40 dB
    told = np.frombuffer(levels(ratio), np.uint8)
    assert len(told) <= MOST_PARTS and told[-1] == 80 and set(told[:-1]) <= {0}
