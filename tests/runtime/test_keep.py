"""What is kept while listening, and that a disk that cannot be written makes nobody deaf."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_commands import WING

from cellwarden.errors import OutputError
from cellwarden.model import Block, Segment
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.runtime import evidence, evidence_index, snippet
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


@pytest.mark.parametrize("fails_at", ["meta", "index"])
def test_a_disk_that_fills_up_leaves_no_half_of_a_snippet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    whole = snippet.write_bytes

    def filled(place: Path, pieces: Iterable[bytes], *, force: bool) -> None:
        if place.suffix == f".sigmf-{fails_at}":
            raise OutputError("no space left")
        whole(place, pieces, force=force)

    def unheard(*_given: object) -> None:
        raise OutputError("no space left")

    monkeypatch.setattr(snippet, "write_bytes", filled)
    if fails_at == "index":
        monkeypatch.setattr(evidence_index.Index, "kept", unheard)
    said: list[str] = []
    assert heard(Keeper(tmp_path, 1e9, 1e9, None, None, said.append)) == 51
    assert said == ["no space left"]
    assert [path.suffix for path in tmp_path.iterdir()] == [".jsonl"]
    assert verify(tmp_path).good


def test_what_is_too_old_goes_although_the_disk_is_full_and_although_nothing_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard(Keeper(tmp_path, 1e9, 1e9, None, None, print))
    old = list(tmp_path.glob("*.sigmf-*"))
    for path in old:
        os.utime(path, (0, 0))

    def full(*_given: object) -> None:
        raise OutputError("no space left")

    monkeypatch.setattr(evidence, "write", full)
    noise = Block(np.ones((100, 2), np.int16), 1.0, 0, Segment(0, 100, 1e6))
    with Keeper(tmp_path, 1e9, 86_400.0, None, None, print) as keeper:
        assert list(keeper.passing([noise])) == [noise]
    assert len(old) == 6 and not any(path.exists() for path in old)
    assert verify(tmp_path).removed == 6


def test_nothing_is_written_where_nothing_is_to_be_kept(tmp_path: Path) -> None:
    assert heard(Keeper(None, 1e9, 1e9, None, None, print)) == 51
