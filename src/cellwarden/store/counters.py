"""Numbers that are never given twice.

The row of a counter stays locked until the transaction ends: who comes second waits, and numbers appear to readers in
the order in which they were given, with no gap that fills later.
"""

from sqlalchemy import Connection, text

NEXT = text(
    "INSERT INTO counters (name, value) VALUES (:name, :many)"
    " ON CONFLICT (name) DO UPDATE SET value = counters.value + :many RETURNING value"
)


def following(c: Connection, name: str, many: int = 1) -> int:
    """The next number of a counter, from 1; the last of so many."""
    return int(c.execute(NEXT, {"name": name, "many": many}).scalar_one())


def last(c: Connection, name: str) -> int:
    """The number given last; 0 where none was."""
    return int(c.execute(text("SELECT value FROM counters WHERE name = :name"), {"name": name}).scalar() or 0)
