"""The audit log: chained, append-only, whole with several writers."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from cellwarden.store.audit import audited, head, lines, newest, verify
from cellwarden.store.engine import opened, reading

WRITER = """
import sys
from cellwarden.store.audit import audited
from cellwarden.store.engine import opened
engine = opened(sys.argv[1])
for k in range(25):
    with engine.begin() as c:
        audited(c, sys.argv[2], "looked", f"alert {k}")
"""


def filled(engine: Engine, count: int = 5) -> None:
    for k in range(count):
        with engine.begin() as c:
            audited(c, "Zoé", "decided", f"A-2026-{k:06d}", "seen on the plan", now_ns=10**18 + k)


def test_lines_are_numbered_and_read_back(engine: Engine) -> None:
    filled(engine)
    with reading(engine) as c:
        told = list(lines(c))
        assert [line.number for line in told] == [1, 2, 3, 4, 5]
        assert (told[2].who, told[2].what, told[2].why) == ("Zoé", "A-2026-000002", "seen on the plan")
        assert told[2].time_ns == 10**18 + 2
        assert [line.number for line in lines(c, after=3)] == [4, 5]
        assert [line.number for line in newest(c, 2)] == [5, 4]
        assert [line.number for line in newest(c, 2, before=4)] == [3, 2]
        assert verify(c) is None
        assert head(c) == (5, told[-1].digest)


def test_an_empty_log_is_whole(engine: Engine) -> None:
    with reading(engine) as c:
        assert verify(c) is None


@pytest.mark.parametrize("table", ["audit", "finds"])
@pytest.mark.parametrize("change", ["UPDATE {} SET who = 'somebody else'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_only_grows(engine: Engine, table: str, change: str) -> None:
    filled(engine, 1)
    with engine.begin() as c:
        c.execute(
            text(
                "INSERT INTO alerts (name, told_ns, since_ns, phone, emitter, activity, odds, probability, severity,"
                " sensors, evidence, details, state) VALUES ('A', 0, 0, '', '', '{}', '[]', 0, 'low', '[]', '[]', '{}',"
                " 'found')"
            )
        )
        c.execute(
            text(
                "INSERT INTO finds (alert, cell, when_ns, model, seal, photographs, who)"
                " VALUES ('A', 'A-001', 0, '', '', '[]', 'Zoé')"
            )
        )
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as c:
        c.execute(text(change.format(table)))


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit SET why = 'no reason' WHERE number = 3", 3),
        ("UPDATE audit SET time_ns = time_ns + 1 WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 5", 5),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET number = 9 WHERE number = 4", 4),
        ("UPDATE audit_head SET number = 4", 5),
        ("UPDATE audit_head SET digest = '00'", 5),
    ],
)
def test_who_gets_around_the_triggers_is_seen_at_the_first_line(engine: Engine, change: str, broken: int) -> None:
    filled(engine)
    with engine.begin() as c:
        if c.dialect.name == "sqlite":
            c.execute(text("DROP TRIGGER audit_refuses_update"))
            c.execute(text("DROP TRIGGER audit_refuses_delete"))
        else:
            c.execute(text("DROP TRIGGER audit_refuses ON audit"))
        c.execute(text(change))
        assert verify(c) == broken


def test_a_line_goes_with_what_it_tells_of(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), engine.begin() as c:
        audited(c, "Zoé", "looked", "all")
        _ = 1 / 0
    with engine.begin() as c:
        assert audited(c, "Zoé", "looked", "all").number == 1
        assert verify(c) is None


def test_several_processes_write_one_chain(place: str, tmp_path: Path) -> None:
    opened(place).dispose()
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, place, who]) for who in ("one", "two", "three")]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    engine = opened(place)
    with reading(engine) as c:
        told = list(lines(c))
        assert verify(c) is None
    for who in ("one", "two", "three"):
        assert [line.what for line in told if line.who == who] == [f"alert {k}" for k in range(25)]
    engine.dispose()
