"""The site's end of the line (`runtime.line`): each message is kept once, and answered when it is on the disk."""

import json
import socketserver
import sqlite3
import ssl
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from cellwarden.runtime.line import SILENT_S, VERSION, read_line
from cellwarden.runtime.outbox import Message, message_in

TABLE = """
    CREATE TABLE IF NOT EXISTS heard (
        node TEXT NOT NULL, origin TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (node, origin, number)) WITHOUT ROWID;
"""
FRESH = """
    INSERT INTO heard SELECT ?, ?, ?, ?, ?
    WHERE NOT EXISTS (SELECT 1 FROM heard WHERE node = ? AND origin = ? AND number >= ?)
"""
TAKEN = "taken"
"""Kind of a message whose words are gone."""
IDLE_S = 3600.0
"""A node that says nothing for so long, not even how it is, is gone: it calls again."""


class Inbox:
    """What nodes sent, in a file."""

    def __init__(self, path: Path, told: Callable[[str, str, Message], None] = lambda *told: None) -> None:
        """`told` is called with node, queue and each new message after it is on the disk."""
        self._lock, self.told = Lock(), told
        self._base = sqlite3.connect(path, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.executescript(TABLE)

    def last(self, node: str, origin: str) -> int:
        """The highest number of a node's queue; 0 where there is none."""
        query = "SELECT max(number) FROM heard WHERE node = ? AND origin = ?"
        with self._lock:
            return int(self._base.execute(query, (node, origin)).fetchone()[0] or 0)

    def keep(self, node: str, origin: str, message: Message) -> None:
        """Keep a message, once: those of a queue come in the order of their numbers."""
        row = (node, origin, message.number, message.kind, json.dumps(message.body))
        with self._lock, self._base:
            fresh = self._base.execute(FRESH, (*row, *row[:3])).rowcount
        if fresh:
            self.told(node, origin, message)

    def messages(self, node: str) -> list[Message]:
        """All of a node that are not taken in yet, in the order of its queues."""
        return [message for _origin, message in self.waiting(node)]

    def waiting(self, node: str) -> list[tuple[str, Message]]:
        """The same, each with the name of its queue."""
        query = "SELECT origin, number, kind, body FROM heard WHERE node = ? AND kind != ? ORDER BY origin, number"
        with self._lock:
            rows = self._base.execute(query, (node, TAKEN)).fetchall()
        return [(origin, Message(number, kind, json.loads(body))) for origin, number, kind, body in rows]

    def taken(self, node: str, origin: str, number: int) -> None:
        """All up to a number were taken in: nothing of them stays but that they came."""
        up_to = (node, origin, number)
        with self._lock, self._base:
            self._base.execute("DELETE FROM heard WHERE node = ? AND origin = ? AND number < ?", up_to)
            self._base.execute(
                "UPDATE heard SET kind = ?, body = '{}' WHERE node = ? AND origin = ? AND number = ?", (TAKEN, *up_to)
            )

    def close(self) -> None:
        """Nobody uses it any more."""
        with self._lock:
            self._base.close()


class Server(socketserver.ThreadingTCPServer):
    """Answers nodes until `shutdown`. With a context of ssl that asks for certificates, they must be who they say."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(
        self,
        place: tuple[str, int],
        inbox: Inbox,
        context: ssl.SSLContext | None = None,
        nodes: Collection[str] | None = None,
    ) -> None:
        """Only `nodes` are let in, where they are told."""
        self.inbox, self.context, self.nodes = inbox, context, nodes
        super().__init__(place, _Node)

    def begin(self) -> Thread:
        """Serve in a thread of its own."""
        thread = Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        return thread

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A line that breaks is the node's matter: it calls again."""


class _Node(socketserver.BaseRequestHandler):
    """One call of one node."""

    server: Server

    def handle(self) -> None:
        self.request.settimeout(SILENT_S)
        line, name = self.request, None
        if self.server.context is not None:
            line = self.server.context.wrap_socket(line, server_side=True)
            name = _name(line.getpeercert())
        with line, line.makefile("rb") as lines:
            try:
                head = read_line(lines)
                node, origin = str(head["node"]), str(head["origin"])
                known = self.server.nodes is None or node in self.server.nodes
                itself = self.server.context is None or node == name
                if head.get("version") != VERSION or not known or not itself:
                    line.sendall(b'{"refused": "another version, an unknown node, or another\'s certificate"}\n')
                    return
                self._kept(line, self.server.inbox.last(node, origin))
                line.settimeout(IDLE_S)
                while True:
                    told = read_line(lines)
                    message = message_in(told)
                    self.server.inbox.keep(node, origin, message)
                    self._kept(line, message.number)
            except EOFError:
                pass
            except (KeyError, TypeError, ValueError):
                with suppress(OSError):
                    line.sendall(b'{"refused": "not what a node says"}\n')

    def _kept(self, line: Any, number: int) -> None:
        line.sendall(b'{"kept": %d}\n' % number)


def _name(certificate: Any) -> str | None:
    """The common name in a certificate that was checked already."""
    for part in (certificate or {}).get("subject", ()):
        for key, value in part:
            if key == "commonName":
                return str(value)
    return None
