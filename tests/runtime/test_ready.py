"""What recognises is compiled before anything is received."""

from pathlib import Path

import numpy as np
import pytest

from cellwarden.locate.site import Sensor, Site
from cellwarden.model import Odds
from cellwarden.runtime import ready as room
from cellwarden.simulate.drawings import DRAWINGS


@pytest.fixture
def scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The data types of what is scanned, of two labels, on a machine where nothing was compiled yet."""
    types: list[str] = []
    heard = room.scan

    def scan(recording: object) -> object:
        types.append(recording.dtype.str)  # type: ignore[attr-defined]
        return heard(recording)  # type: ignore[arg-type]

    monkeypatch.setattr(room, "scan", scan)
    monkeypatch.setattr(room, "DRAWINGS", {label: DRAWINGS[label] for label in ("gsm:normal", "spur:cw")})
    monkeypatch.setattr(room, "place", lambda: tmp_path / "cache" / "ready.nbc")
    return types


def test_it_is_said_and_done_once_in_whole_numbers_and_fractions(scanned: list[str]) -> None:
    said: list[str] = []
    room.ready(said.append)
    assert len(said) == 1 and "once" in said[0]
    assert scanned == ["<i2", "<f4", "<i2"]
    room.ready(said.append)
    assert len(said) == 1 and len(scanned) == 3


def test_where_nothing_can_be_kept_it_is_done_each_time(scanned: list[str], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    said: list[str] = []
    for _start in range(2):
        room.ready(said.append)
    assert len(said) == 2 and len(scanned) == 6


def test_another_program_is_compiled_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = room.place()
    assert before == room.place() and before.suffix == ".nbc"  # `make` removes it with what was compiled
    (tmp_path / "new.py").touch()
    monkeypatch.setattr(room.cellwarden, "__file__", str(tmp_path / "__init__.py"))
    assert room.place() != before


def test_a_site_believes_once_where_a_burst_is_that_all_its_sensors_heard() -> None:
    asked: list[np.ndarray] = []

    def belief(levels_dbm: np.ndarray, interface: str, frequency_hz: float) -> Odds:
        asked.append(levels_dbm)
        return (("01", 1.0),)

    sensors = (Sensor("A", (0, 0, 2)), Sensor("B", (9, 0, 2)))
    room.rehearsed(Site("two", (), (), (), sensors), belief)
    (levels_dbm,) = asked
    assert np.isfinite(levels_dbm).all() and len(levels_dbm) == 2
