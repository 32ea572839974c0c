"""The audit log: each view of personal data and each action is a line, chained to the one before, never changed.

The database refuses to change or delete lines; who gets around that breaks the chain, and `verify` says where.
"""

import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

from sqlalchemy import Connection, Row, insert, select, update

from cellwarden.ledger.canonical import Plain
from cellwarden.ledger.chain import Head, Line, appended, first_broken
from cellwarden.model.store import AuditLine
from cellwarden.store.tables import audit, audit_head

_FIRST = audit_head.c.id == 1
_TURN = update(audit_head).where(_FIRST).values(number=audit_head.c.number + 1).returning(audit_head)
_LINE = insert(audit)
_HEAD = update(audit_head).where(_FIRST)
"""Made once: SQLAlchemy takes longer to make them than the database to do them."""
ELSEWHERE = "audited_elsewhere"
"""Option of an engine that is a copy of a store which may not be written: what keeps its lines instead."""
Elsewhere: TypeAlias = Callable[[str, str, str, str, int], AuditLine]


def audited(c: Connection, who: str, action: str, what: str, why: str = "", *, now_ns: int | None = None) -> AuditLine:
    """Append a line, in the transaction of what it tells of: both are kept, or neither.

    Writers take turns at the head's row, which is locked before it is read (on SQLite the transaction itself is).
    """
    now_ns = time.time_ns() if now_ns is None else now_ns
    elsewhere: Elsewhere | None = c.get_execution_options().get(ELSEWHERE)
    if elsewhere is not None:
        return elsewhere(who, action, what, why, now_ns)
    last = c.execute(_TURN).one()
    line = chained(Head(last.number - 1, last.digest), now_ns, who, action, what, why)
    c.execute(_LINE, _columns(line))
    c.execute(_HEAD, {"digest": line.digest})
    return line


def head(c: Connection) -> Head:
    """Where the chain ends: print or sign it elsewhere, and nobody can write the log anew unseen."""
    row = c.execute(select(audit_head.c.number, audit_head.c.digest)).one()
    return Head(row.number, row.digest)


def verify(c: Connection) -> int | None:
    """The number of the first line that is not as it was written, or is missing; None where the log is whole."""
    return first_broken((Line(line.number, body(line), line.digest) for line in lines(c)), head(c))


def lines(c: Connection, after: int = 0, limit: int | None = None) -> Iterator[AuditLine]:
    """Lines after a number, the oldest first."""
    asked = select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(limit)
    return (_read(row) for row in c.execute(asked, execution_options={"yield_per": 1000}))


def newest(c: Connection, limit: int, before: int | None = None) -> list[AuditLine]:
    """Lines before a number, the newest first."""
    asked = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        asked = asked.where(audit.c.number < before)
    return [_read(row) for row in c.execute(asked)]


def chained(last: Head, time_ns: int, who: str, action: str, what: str, why: str) -> AuditLine:
    """The line that follows `last`."""
    unsealed = AuditLine(last.number + 1, time_ns, who, action, what, why, "")
    made = appended(last, body(unsealed))
    return AuditLine(made.number, time_ns, who, action, what, why, made.digest)


def body(line: AuditLine) -> dict[str, Plain]:
    """What the digest covers beside the number."""
    return {"time_ns": line.time_ns, "who": line.who, "action": line.action, "what": line.what, "why": line.why}


def _columns(line: AuditLine) -> dict[str, object]:
    return {"number": line.number, **body(line), "digest": line.digest}


def _read(row: Row[tuple[object, ...]]) -> AuditLine:
    return AuditLine(row.number, row.time_ns, row.who, row.action, row.what, row.why, row.digest)
