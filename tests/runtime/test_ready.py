"""What recognises is compiled before anything is received."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from cellwarden.locate.site import Sensor, Site
from cellwarden.model import Odds
from cellwarden.runtime import ready as room
from cellwarden.runtime.compiling import Part, Told
from cellwarden.simulate.drawings import DRAWINGS


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Part]:
    """What is done, on a machine where nothing was compiled yet."""
    parts: list[Part] = []

    def side_by_side(asked: Sequence[Part], told: Told = lambda _done, _of: None) -> bool:
        for number, part in enumerate(asked, 1):
            parts.append(part)
            told(number, len(asked))
        return True

    monkeypatch.setattr(room, "side_by_side", side_by_side)
    monkeypatch.setattr(room, "place", lambda what: tmp_path / "cache" / f"{what}.nbc")
    return parts


def test_all_is_compiled_once_and_people_see_how_far_it_is(done: list[Part]) -> None:
    told: list[tuple[int, int]] = []
    assert not room.ready("all") and not room.ready("gsm")
    room.make_ready("all", lambda *far: told.append(far))
    asked = [part.args for part in done if isinstance(part, partial)]
    others = [(label,) for label in DRAWINGS if label != "gsm:normal"]
    assert sorted(asked) == sorted([*others, ("gsm:normal", "ci16_le"), ("gsm:normal", "cf32_le")])
    assert told == [(n + 1, len(done)) for n in range(len(done))]
    assert room.ready("all") and room.ready("gsm")


def test_what_calls_need_is_a_part_of_it(done: list[Part]) -> None:
    room.make_ready("gsm", lambda _done, _of: None)
    assert tuple(done) == room.GSM and room.ready("gsm") and not room.ready("all")


def test_where_nothing_can_be_kept_it_is_done_each_time(done: list[Part], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    for start in (1, 2):
        assert not room.ready("gsm")
        room.make_ready("gsm", lambda _done, _of: None)
        assert len(done) == start * len(room.GSM)


def test_what_a_process_that_ended_left_uncompiled_is_compiled_at_the_next_start(
    done: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "side_by_side", lambda _parts, _told: False)
    room.make_ready("gsm", lambda _done, _of: None)
    assert not room.ready("gsm")


@pytest.mark.parametrize(("datatype", "kept"), [("ci16_le", "<i2"), ("cf32_le", "<f4")])
def test_bursts_are_scanned_in_whole_numbers_and_in_fractions(
    datatype: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, types, labels = room.scan, list[str](), list[str]()

    def scan(recording: object) -> object:
        types.append(recording.dtype.str)  # type: ignore[attr-defined]
        found = list(heard(recording))  # type: ignore[arg-type]
        labels.extend(emission.label for emission in found)
        return found

    monkeypatch.setattr(room, "scan", scan)
    room.scanned("gsm:normal", datatype)
    assert types == [kept] and labels == ["gsm:normal"] * room.BURSTS


def test_what_is_called_with_nothing_to_do_is_what_a_scan_of_calls_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same types, else it would be compiled once for nothing and once for the scan."""
    from cellwarden.airinterface.gsm_beside import _beside
    from cellwarden.airinterface.gsm_sweep import _sweep
    from cellwarden.radio.recording import open_recording
    from cellwarden.simulate.wing import PLACE

    list(room.scan(open_recording(PLACE.with_suffix(".sigmf-meta"))))
    before = [len(loop.signatures) for loop in (_sweep, _beside)]  # type: ignore[attr-defined]
    compiled: list[str] = []
    plain = Dispatcher.compile
    monkeypatch.setattr(
        Dispatcher, "compile", lambda loop, signature: (compiled.append(loop.__name__), plain(loop, signature))[1]
    )
    for part in room.GSM[::2]:
        part()
    assert min(before) > 0 and compiled == []


def test_another_program_is_compiled_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = room.place("all")
    assert before == room.place("all") and before.suffix == ".nbc"  # `make` removes it with what was compiled
    assert before != room.place("gsm")
    (tmp_path / "new.py").touch()
    monkeypatch.setattr(room.cellwarden, "__file__", str(tmp_path / "__init__.py"))
    assert room.place("all") != before


def test_a_site_believes_once_where_a_burst_is_that_all_its_sensors_heard() -> None:
    asked: list[np.ndarray] = []

    def belief(levels_dbm: np.ndarray, interface: str, frequency_hz: float) -> Odds:
        asked.append(levels_dbm)
        return (("01", 1.0),)

    sensors = (Sensor("A", (0, 0, 2)), Sensor("B", (9, 0, 2)))
    room.rehearsed(Site("two", (), (), (), sensors), belief)
    (levels_dbm,) = asked
    assert np.isfinite(levels_dbm).all() and len(levels_dbm) == 2
