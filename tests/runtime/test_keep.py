"""What is kept while listening, and that a disk that cannot be written makes nobody deaf."""

from pathlib import Path

import pytest
from tests.cli.test_commands import WING

from cellwarden.errors import OutputError
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.runtime import evidence
from cellwarden.runtime.evidence_index import verify
from cellwarden.runtime.keep import Keeper
from cellwarden.runtime.listen import listen


def heard(keeper: Keeper) -> int:
    bursts = 0
    with keeper:
        for event in listen(open_stream(f"file:{WING}", Tuning()), passing=keeper.passing):
            keeper.event(event)
            bursts += event.what == "burst"
    return bursts


def test_a_disk_that_is_full_is_told_once_and_listening_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise OutputError("no space left")

    monkeypatch.setattr(evidence, "write", full)
    said: list[str] = []
    assert heard(Keeper(tmp_path, 1e9, 1e9, None, None, said.append)) == 51
    assert said == ["no space left"]
    assert verify(tmp_path).good


def test_nothing_is_written_where_nothing_is_to_be_kept(tmp_path: Path) -> None:
    assert heard(Keeper(None, 1e9, 1e9, None, None, print)) == 51
