"""What waits to be sent: a queue on the disk, so that neither a lost line nor a restart loses or doubles anything.

    node ─ put ─► outbox ─ waiting ─► line ─► site keeps it, answers ─ forget ─►

Each message has a number that is never given twice, and the queue a name made when it began (`origin`), so that the
other side knows a message that it has already. When a queue has grown too long, because the line was down for longer
than it can hold, the oldest go: that is counted, and the numbers show it.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Condition
from typing import Any, NamedTuple

from cellwarden.errors import NodeError
from cellwarden.language import gettext as _

TABLES = """
    CREATE TABLE IF NOT EXISTS message (
        number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
MOST = 5_000_000
"""Messages that may wait: a week of eight a second."""


class Message(NamedTuple):
    """One thing to be told."""

    number: int
    kind: str
    body: dict[str, Any]


def message_in(told: Mapping[str, Any]) -> Message:
    """The message in what a line or a file says. Raises KeyError, TypeError or ValueError where there is none."""
    return Message(int(told["number"]), str(told["kind"]), dict(told["body"]))


class Outbox:
    """The queue in a file. Its methods may be called from several threads; `put` and `note` raise NodeError."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self.path, self.most = path, most
        self._changed = Condition()
        try:
            self._base = sqlite3.connect(path, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")  # a message is on the disk when `put` returns
            self._base.executescript(TABLES)
        except sqlite3.Error as error:
            raise _failed(path, error) from error
        if self.fact("origin") is None:
            self.note("origin", secrets.token_hex(16))
        self.origin = self.fact("origin") or ""

    def put(self, kind: str, body: Mapping[str, Any]) -> int:
        """Add a message, and let the oldest go where there are too many; returns its number."""
        with self._changed:
            try:
                with self._base:
                    made = self._base.execute(
                        "INSERT INTO message (kind, body) VALUES (?, ?)", (kind, json.dumps(body))
                    ).lastrowid
                    self._base.execute("DELETE FROM message WHERE number <= ?", ((made or 0) - self.most,))
            except sqlite3.Error as error:
                raise _failed(self.path, error) from error
            self._changed.notify_all()
            return int(made or 0)

    def waiting(self, after: int, most: int, seconds: float) -> list[Message]:
        """The first messages behind a number, in their order; waits for one up to so many seconds."""
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                rows = self._base.execute(
                    "SELECT number, kind, body FROM message WHERE number > ? ORDER BY number LIMIT ?", (after, most)
                ).fetchall()
                left = until - time.monotonic()
                if rows or left <= 0:
                    return [Message(number, kind, json.loads(body)) for number, kind, body in rows]
                self._changed.wait(left)

    def forget(self, number: int) -> None:
        """All up to a number are kept by the other side."""
        with self._changed, self._base:
            self._base.execute("DELETE FROM message WHERE number <= ?", (number,))

    def count(self) -> int:
        """How many wait."""
        with self._changed:
            return int(self._base.execute("SELECT count(*) FROM message").fetchone()[0])

    def fact(self, name: str) -> str | None:
        """Something to be known again after a restart."""
        with self._changed:
            row = self._base.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
            return None if row is None else str(row[0])

    def note(self, name: str, value: str) -> None:
        """Keep a fact."""
        try:
            with self._changed, self._base:
                self._base.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))
        except sqlite3.Error as error:
            raise _failed(self.path, error) from error

    def close(self) -> None:
        """Nobody uses it any more."""
        with self._changed:
            self._base.close()


def _failed(path: Path, error: sqlite3.Error) -> NodeError:
    return NodeError(_("{path} cannot be used ({why}): make room, or mend its place").format(path=path, why=error))
