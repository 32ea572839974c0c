"""Where nodes' messages come in at a site: by NATS, by a line of TLS, or in files that somebody carries.

All are kept in one inbox before they are answered; what an earlier run of the watch did not take in comes first.
"""

import json
import sqlite3
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from cellwarden.errors import NodeError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.runtime import enrolment, sealed_line
from cellwarden.runtime.inbox import Inbox, Server
from cellwarden.runtime.line import MOST_LINE, Site, parts
from cellwarden.runtime.nodes_file import Nodes
from cellwarden.runtime.outbox import Message, message_in

LOOK_S = 1.0
"""Between two looks at a file that is carried."""

Told = Callable[[str, str, Message], None]


def opened(nodes: Nodes, tell: Callable[[str], None]) -> tuple[Callable[[Told], Inbox], Callable[[], None]]:
    """What begins to hand messages over and returns where they are kept, and what ends it. Raises NodeError."""
    closed, ends = Event(), list[Callable[[], None]]()
    keys = enrolment.opened(nodes.state)
    inbox = Inbox(nodes.state)
    server = _server(nodes, inbox)

    def begin(told: Told) -> Inbox:
        for name in nodes.files:
            for origin, message in inbox.waiting(name):
                told(name, origin, message)
        inbox.told = told
        for name, path in nodes.files.items():
            if path is not None:
                Thread(target=_follow, args=(path, name, inbox, closed), daemon=True).start()
        by_line = [name for name, path in nodes.files.items() if path is None]
        if server is not None:
            server.begin()
        elif nodes.place is not None:
            ends.append(sealed_line.serve(nodes.place.address, keys, inbox, by_line, closed, tell))
        return inbox

    def end() -> None:
        closed.set()
        for one in ends:
            one()
        if server is not None:
            server.shutdown()
            server.server_close()

    return begin, end


def _server(nodes: Nodes, inbox: Inbox) -> Server | None:
    """The site's own end of tls:// and tcp://, its door open; None where there is none."""
    if nodes.place is None:
        return None
    scheme, host, port = parts(nodes.place)
    if scheme not in ("tls", "tcp"):
        return None
    try:
        context = _context(nodes.place) if scheme == "tls" else None
        return Server((host, port), inbox, context, [name for name, path in nodes.files.items() if path is None])
    except OSError as error:
        raise NodeError(
            _("{address} cannot be listened at: {why}").format(address=nodes.place.address, why=reason_of(error))
        ) from error


def _context(place: Site) -> ssl.SSLContext:
    """What proves the site to its nodes, and asks them to prove themselves. Raises NodeError."""
    if place.ca is None or place.certificate is None or place.key is None:
        raise NodeError(_("tls:// needs ca, certificate and key of this site under [nodes]"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(place.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(place.certificate, place.key)
    return context


def _follow(path: Path, name: str, inbox: Inbox, closed: Event) -> None:
    """Take in the lines of a file as they are appended; another file, as its first line tells, is read anew."""
    first, read = b"", 0
    while True:
        with suppress(OSError, sqlite3.Error), path.open("rb") as file:
            begins = file.readline(MOST_LINE)
            first, read = begins, read if begins == first and path.stat().st_size >= read else 0
            file.seek(read)
            while (text := file.readline()).endswith(b"\n"):
                _take(text, name, inbox)
                read += len(text)
        if closed.wait(LOOK_S):
            return


def _take(text: bytes, name: str, inbox: Inbox) -> None:
    """One line, which says nothing of importance where it is of another node or no message at all."""
    with suppress(KeyError, TypeError, ValueError, OverflowError, RecursionError):
        told = json.loads(text)
        if told["node"] == name:
            inbox.keep(name, str(told["origin"]), message_in(told))
