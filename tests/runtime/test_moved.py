"""A store whose file goes while it is watched is noticed between two steps, and told once."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cellwarden.language import speaking
from cellwarden.model.span import S_NS
from cellwarden.runtime import moved
from cellwarden.runtime.site import Step
from cellwarden.store.audit import lines
from cellwarden.store.engine import opened, reading
from cellwarden.store.moved import Followed, Moved
from cellwarden.watch.notify.message import Message

SAVED = Moved(Path("s.db"), S_NS, Path("s.db.saved-1"))


def test_it_is_noticed_within_a_minute_and_told_once(tmp_path: Path) -> None:
    store, told, seconds = tmp_path / "s.db", list[Moved](), [0]
    engine = opened(str(store))

    def now_ns() -> int:
        return seconds[0] * S_NS

    def steps() -> Iterator[Step]:
        for seconds[0] in range(1, 200):
            yield Step(now_ns(), (), ())

    with closing(Followed(engine, now_ns)) as followed:
        for _step in moved.looking(steps(), followed, told.append, now_ns):
            if seconds[0] == 100:
                assert told == []
                store.unlink()
    engine.dispose()
    assert len(told) == 1 and told[0].path == store and told[0].since_ns <= 160 * S_NS


def test_who_ends_before_the_next_look_is_told_at_the_end(tmp_path: Path) -> None:
    store, told = tmp_path / "s.db", list[Moved]()
    engine = opened(str(store))
    with closing(Followed(engine, lambda: S_NS)) as followed:
        for _step in moved.looking([Step(S_NS, (), ())] * 2, followed, told.append, lambda: S_NS):
            store.unlink(missing_ok=True)
    engine.dispose()
    assert [one.path for one in told] == [store]


def test_it_is_told_in_the_log_to_each_address_and_in_the_audit_log_of_the_copy(tmp_path: Path) -> None:
    store, warned, sent = tmp_path / "s.db", list[str](), list[Message]()
    engine = opened(str(store))
    with closing(Followed(engine, lambda: S_NS)) as followed:
        store.unlink()
        found = followed.look()
        assert found is not None and found.saved is not None
        moved.telling("Wing", engine, sent.append, warned.append)(found)
        with reading(engine) as c:
            assert [(line.action, line.what) for line in lines(c)] == [("store moved", str(found.saved))]
    engine.dispose()
    assert f"cellwarden store restore {found.saved} -o {store} --force" in warned[0]
    assert [(one.severity, one.title.split(":")[0]) for one in sent] == [("high", "Wing")]


@pytest.mark.parametrize(("language", "word"), [("en", "nothing is lost"), ("fr", "rien n’est perdu")])
def test_the_remedy_is_told_in_both_languages(language: str, word: str) -> None:
    with speaking(language):
        assert word in moved.words("Wing", SAVED).body
        assert "No space" in moved.words("Wing", Moved(Path("s.db"), S_NS, None, "No space")).body


def test_who_begins_anew_is_told_of_a_copy_that_was_left(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    assert moved.left(store) == ""
    for name in ("s.db.saved-20261128T194500Z", "s.db.saved-20261128T194500Z-wal", "s.db.saved-20261127T194500Z"):
        (tmp_path / name).touch()
    assert moved.left(store).startswith(f"{store}.saved-20261128T194500Z lies beside")
