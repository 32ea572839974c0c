"""The little of NATS that a line needs: words of one line each, over TCP.

    server  INFO {…}                                            who it is, and how long a message may be
    we      CONNECT {…}   PING                    server  PONG  or  -ERR '…'
    we      SUB cellwarden.* 1                    server  MSG SUBJECT 1 REPLY 5 ⏎ hello ⏎
    we      PUB SUBJECT REPLY 5 ⏎ hello ⏎         server  HMSG … NATS/1.0 503        where nobody has subscribed

Source: NATS client protocol (docs.nats.io/reference/reference-protocols/nats-protocol). What is said is not hidden from
the server nor from who listens on the wire: `sealed_line` seals it.
"""

import json
import secrets
import socket
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

PORT = 4222
LONGEST = 8192
"""Of a word, in octets."""
MOST = 1 << 23
"""Of a message: a server that sends more is none of ours."""
INBOX = "_INBOX"
NOBODY = b"NATS/1.0 503"


class Said(NamedTuple):
    """A message."""

    subject: str
    reply: str
    """Where an answer goes; empty where none is asked for."""
    body: bytes


class Nats:
    """A connection. Raises OSError or EOFError where it is down, ValueError where the other side speaks no NATS."""

    def __init__(self, address: str, timeout_s: float) -> None:
        parts = urlsplit(address)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or PORT), timeout=timeout_s)
        self._lines = self._socket.makefile("rb")
        try:
            self._begin(unquote(parts.username or ""), unquote(parts.password or ""))
        except BaseException:
            self.close()
            raise

    def _begin(self, user: str, password: str) -> None:
        word, rest = self._word()
        if word != "INFO":
            raise ValueError("no server of NATS")
        try:
            self.longest = int(json.loads(rest).get("max_payload", 1 << 20))
        except (AttributeError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError("no server of NATS") from error
        told = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "lang": "python"}
        if user:
            told |= {"user": user, "pass": password} if password else {"auth_token": user}
        self._send(f"CONNECT {json.dumps(told)}\r\nPING\r\n".encode())
        while (word := self._word()[0]) != "PONG":
            pass

    def subscribe(self, subject: str) -> None:
        """Have the messages of a subject come to `said`."""
        self._send(f"SUB {subject} 1\r\n".encode())

    def publish(self, subject: str, body: bytes, reply: str = "") -> None:
        """Send a message."""
        self._send(f"PUB {subject}{' ' * bool(reply)}{reply} {len(body)}\r\n".encode() + body + b"\r\n")

    def ask(self, subject: str, body: bytes) -> bytes:
        """Send a message and wait for its answer."""
        reply = f"{INBOX}.{secrets.token_hex(12)}"
        self.subscribe(reply)
        self._send(b"UNSUB 1 1\r\n")  # after one answer
        self.publish(subject, body, reply)
        while (said := self.said()).subject != reply:
            pass
        return said.body

    def said(self) -> Said:
        """The next message that comes."""
        try:
            return self._next()
        except IndexError as error:
            raise ValueError("no server of NATS") from error

    def _next(self) -> Said:
        while True:
            word, rest = self._word()
            if word not in ("MSG", "HMSG"):
                continue
            told = rest.split()
            body, head = self._body(int(told[-1])), 0
            if word == "HMSG":
                head = int(told.pop(-2))
                if body.startswith(NOBODY):
                    raise ConnectionRefusedError(111, "nobody takes messages there")
            return Said(told[0], told[2] if len(told) == 4 else "", body[head:])

    def _word(self) -> tuple[str, str]:
        line = self._lines.readline(LONGEST)
        if not line.endswith(b"\n"):
            raise EOFError("the line was closed")
        word, _space, rest = line.decode().strip().partition(" ")
        if word == "PING":
            self._send(b"PONG\r\n")
        elif word == "-ERR":
            raise ValueError(f"the server says {rest[:100]}")
        return word, rest

    def _body(self, count: int) -> bytes:
        if not 0 <= count <= MOST:
            raise ValueError("a message that is too long")
        body = self._lines.read(count + 2)
        if len(body) < count + 2:
            raise EOFError("the line was closed")
        return body[:-2]

    def _send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def close(self) -> None:
        """Make whoever waits for a message end, too."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def __enter__(self) -> "Nats":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
