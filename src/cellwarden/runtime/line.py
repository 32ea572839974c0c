"""The line between a node and its site: lines of JSON, each answered when it is on the other side's disk.

    node  {"node": "A0-S1", "origin": "5f…", "version": 1}      site  {"kept": 41}       the last one that it has
    node  {"number": 42, "kind": "train", "body": {…}}          site  {"kept": 42}
    node  {"number": 43, …}                                     …

What the site has is neither sent nor kept twice. `nats://HOST:PORT` goes over a server of NATS, sealed and signed
(`sealed_line`); `tls://HOST:PORT` proves each to the other by its certificate; `tcp://` is for a machine talking to
itself alone; `file:PATH` appends the lines to a file, to be carried by others.
"""

import json
import os
import socket
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from cellwarden.errors import NodeError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.runtime import enrolment
from cellwarden.runtime.outbox import Outbox

VERSION = 1
AT_ONCE = 200
"""Messages sent before their answers are waited for."""
SILENT_S = 20.0
"""A site that answers nothing for so long is down."""
RETRY_S = 1.0
MOST_RETRY_S = 30.0
MOST_LINE = 1 << 20
BEGINS = b'{"node":'
"""What each line of a file begins with."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where messages go."""

    address: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def check(site: Site) -> None:
    """Raises NodeError for an address that no message could ever be sent to."""
    scheme = check_place(site)
    if scheme == "tls":
        _context(site)
    elif scheme == "nats":
        enrolment.read(site.key)


def check_place(site: Site) -> str:
    """The kind of an address's line. Raises NodeError where it is none."""
    scheme, place, port = parts(site)
    if scheme == "file" and place:
        return scheme
    if scheme not in ("nats", "tls", "tcp") or not port or not place:
        raise NodeError(
            _("{address} is no place to send to: write nats://HOST:PORT, tls://HOST:PORT or file:PATH").format(
                address=site.address
            )
        )
    if scheme == "tcp" and place not in ("127.0.0.1", "::1", "localhost"):
        raise NodeError(
            _("{address}: anybody could listen and speak on that line: use nats:// or tls://").format(
                address=site.address
            )
        )
    return scheme


def send(outbox: Outbox, node: str, site: Site, closed: Event, told: Callable[[str], None]) -> None:
    """Send what waits, for ever; a line that is down is told once, and tried again. What a thread does."""
    wait_s, down = RETRY_S, False
    while not closed.is_set():
        try:
            with _opened(site, node, outbox.origin) as (kept, line):
                if down:
                    told(_("the line to {address} is up again").format(address=site.address))
                wait_s, down = RETRY_S, False
                outbox.forget(kept)
                _pump(outbox, kept, line, closed)
        except (
            OSError,
            EOFError,
            ValueError,
            NodeError,
            sqlite3.Error,
        ) as error:  # the last: a full disk, or a queue closed
            if not down and not closed.is_set():
                told(
                    _("the line to {address} is down ({why}); what is heard waits").format(
                        address=site.address, why=reason_of(error)
                    )
                )
            down = True
            closed.wait(wait_s)
            wait_s = min(2 * wait_s, MOST_RETRY_S)


Line = Callable[[bytes, int], int]
"""Sends lines, of which the last has that number; returns the number up to which they are kept."""


def _pump(outbox: Outbox, kept: int, line: Line, closed: Event) -> None:
    """Send until closed and nothing waits."""
    while True:
        messages = outbox.waiting(kept, AT_ONCE, 0.0 if closed.is_set() else 0.5)
        if messages:
            text = b"".join(_line(message._asdict()) for message in messages)
            kept = line(text, messages[-1].number)
            outbox.forget(kept)
        elif closed.is_set():
            return


@contextmanager
def _opened(site: Site, node: str, origin: str) -> Iterator[tuple[int, Line]]:
    """A line that is up, and the number of the last message that the other side has."""
    scheme, place, port = parts(site)
    if scheme == "file":
        with _file(Path(place), origin, node) as opened:
            yield opened
        return
    if scheme == "nats":
        from cellwarden.runtime import sealed_line

        with sealed_line.opened(site.address, node, origin, enrolment.read(site.key)) as opened:
            yield opened
        return
    with socket.create_connection((place, port), timeout=SILENT_S) as plain:
        wrapped = _context(site).wrap_socket(plain, server_hostname=place) if scheme == "tls" else plain
        with wrapped, wrapped.makefile("rb") as answers:
            wrapped.sendall(_line({"node": node, "origin": origin, "version": VERSION}))

            def line(text: bytes, last: int) -> int:
                wrapped.sendall(text)
                kept = -1
                while kept < last:
                    kept = _kept(answers)
                return kept

            yield _kept(answers), line


@contextmanager
def _file(path: Path, origin: str, node: str) -> Iterator[tuple[int, Line]]:
    """The same for a file: half a line at its end is taken off, and its last whole line tells what it has."""
    with path.open("a+b") as file:
        kept = _last(file, origin)

        def line(text: bytes, last: int) -> int:
            head = {"node": node, "origin": origin}
            for one in text.splitlines():
                file.write(_line(head | json.loads(one)))
            file.flush()
            os.fsync(file.fileno())
            return last

        yield kept, line


def _last(file: BinaryIO, origin: str) -> int:
    """The highest number of an origin in a file of lines. Raises NodeError where it is none of those."""
    file.seek(0)
    whole = kept = 0
    try:
        for text in file:
            if not text.endswith(b"\n") and text[: len(BEGINS)] == BEGINS[: len(text)]:
                break  # half a line of ours
            told = json.loads(text)
            kept = max(kept, int(told["number"])) if told["origin"] == origin else kept
            whole += len(text)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NodeError(
            _("{path} holds something else than what nodes tell: name another file").format(path=file.name)
        ) from error
    file.truncate(whole)
    return kept


def _kept(answers: BinaryIO) -> int:
    told = read_line(answers)
    kept = told.get("kept")
    if not isinstance(kept, int):
        raise ValueError(str(told.get("refused", "an answer without a number"))[:200])
    return kept


def read_line(file: BinaryIO) -> dict[str, Any]:
    """One line of JSON. Raises EOFError at the end, ValueError for what is none."""
    text = file.readline(MOST_LINE)
    if not text.endswith(b"\n"):
        raise EOFError("the line was closed")
    told = json.loads(text)
    if not isinstance(told, dict):
        raise ValueError("no JSON object")
    return told


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def parts(site: Site) -> tuple[str, str, int]:
    """Kind, host and port of an address; of a file its path in the host's place."""
    scheme, _colon, rest = site.address.partition(":")
    if scheme == "file":
        return scheme, rest.removeprefix("//"), 0
    host, _colon, port = rest.removeprefix("//").rpartition("@")[2].rpartition(":")
    return scheme, host.strip("[]"), int(port) if port.isdigit() and int(port) < 65536 else 0


def _context(site: Site) -> ssl.SSLContext:
    """What proves this node to its site, and the site to it. Raises NodeError."""
    if site.ca is None or site.certificate is None or site.key is None:
        raise NodeError(_("tls:// needs ca, certificate and key of this node under [site]"))
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(site.ca))
        context.load_cert_chain(site.certificate, site.key)
    except OSError as error:  # what ssl raises is one
        places = f"{site.ca}, {site.certificate}, {site.key}"
        raise NodeError(_("{path} cannot be used: {why}").format(path=places, why=reason_of(error))) from error
    return context
