"""A process that writes is killed with -9: what it had acknowledged is there, once."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.killed import killed, wrong

from cellwarden.store.engine import opened


@pytest.mark.parametrize("kills", [1, pytest.param(3, marks=pytest.mark.long)])
def test_what_was_acknowledged_outlives_kill_nine(place: str, tmp_path: Path, kills: int) -> None:
    opened(place).dispose()
    rng = np.random.default_rng(7)
    for _ in range(kills):
        killed(place, tmp_path, rng)
        assert wrong(place, tmp_path) == []


def test_what_is_lost_or_doubled_would_be_told(place: str, tmp_path: Path) -> None:
    opened(place).dispose()
    killed(place, tmp_path, np.random.default_rng(8), writers=1)
    with next(tmp_path.glob("*.notes")).open("a") as notes:
        notes.write("alert A-2026-999999\nsightings nobody 1\n")
    assert wrong(place, tmp_path) == [
        "lost: alert A-2026-999999",
        "sightings of nobody: 0 kept, 1 times 20 noted",
    ]
