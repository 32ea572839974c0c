"""The audit log beside a store that may not be written."""

import os
import stat
from pathlib import Path

import pytest

from cellwarden.errors import StoreError, StoreFullError
from cellwarden.store.audit import ELSEWHERE, audited, lines
from cellwarden.store.beside import Beside
from cellwarden.store.engine import opened, reading


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "site.db"


def test_lines_go_on_where_they_ended_and_only_their_owner_reads_them(store: Path) -> None:
    for k in range(2):
        log = Beside(store)
        log.append("zoé", "view", "now", f"a line separator \u2028 {k}", k)
        told, broken = log.checked()
        assert (broken, [one.number for one in told]) == (None, list(range(1, k + 2)))
        log.close()
    assert told[1].why == "a line separator \u2028 1" and told[1].who == "zoé"
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_what_an_engine_audits_goes_there_and_not_into_its_store(store: Path) -> None:
    engine, log = opened(str(store)), Beside(store)
    shown = engine.execution_options(**{ELSEWHERE: log.append})
    with shown.begin() as c:
        line = audited(c, "zoe", "view", "alerts", now_ns=5)
    with reading(shown) as c:
        assert list(lines(c)) == []
    assert log.checked() == ([line], None)
    log.close()
    engine.dispose()


def test_a_line_that_was_torn_gives_way_and_one_that_was_changed_is_told(store: Path) -> None:
    log = Beside(store)
    for k in range(3):
        log.append("zoe", "view", "now", "", k)
    log.close()
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + b'{"number": 4, "who"')
    again = Beside(store)
    assert again.append("zoe", "view", "now", "", 4).number == 4 and again.checked()[1] is None
    again.path.write_bytes(whole.replace(b"zoe", b"yan", 1))
    assert again.checked()[1] == 1
    again.path.write_bytes(whole)
    assert again.checked()[1] == 4  # the last one was taken off
    again.close()
    for bad in (whole.replace(b"zoe", b"yan", 1), b"nonsense\n", b'{"other": 1}\n', b"\xff\n"):
        log.path.write_bytes(bad)
        with pytest.raises(StoreError, match="is not as it was written"):
            Beside(store)
        assert log.path.read_bytes() == bad


def test_two_cannot_keep_it_at_once(store: Path) -> None:
    log = Beside(store)
    with pytest.raises(StoreError, match="is in use"):
        Beside(store)
    log.close()
    Beside(store).close()


def test_where_there_is_no_room_it_is_told_and_the_line_is_not_there(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreFullError, match="cannot be written"):
        Beside(store.parent / "nowhere" / "site.db")
    log, write = Beside(store), os.write
    log.append("zoe", "view", "now", "", 1)
    monkeypatch.setattr(os, "write", lambda file, words: write(file, words[:9]))
    with pytest.raises(StoreFullError, match="cannot be written: No space left on device"):
        log.append("zoe", "view", "alerts", "", 2)
    monkeypatch.undo()
    assert log.append("zoe", "view", "alerts", "", 3).number == 2
    assert log.checked()[1] is None
    log.close()
