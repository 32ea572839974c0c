"""The line between a node and its site over a server of NATS that neither need trust (`enrolment` says by which keys).

    node  {"node": "A0-S1", "mark": "…"} ⏎ sealed( {"origin": …, "version": 1} ⏎ {"number": 42, …} ⏎ … )
    site  {"kept": 42, "mark": "…"}                    the last that it has, signed together with what it answers
    node  {"node": "A0-S1", "enrol": true} ⏎ sealed( {"token": …, "key": …} )
    site  {"enrolled": true, "mark": "…"}

A request without messages asks what the site has. Whoever sends an old request anew changes nothing: messages have
numbers. Each site has a subject of its own, its public key.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from cellwarden.errors import NodeError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.runtime import enrolment
from cellwarden.runtime.enrolment import Credentials, is_signed, signed
from cellwarden.runtime.inbox import Inbox
from cellwarden.runtime.line import MOST_RETRY_S, RETRY_S, SILENT_S, VERSION, Line
from cellwarden.runtime.nats import Nats
from cellwarden.runtime.outbox import message_in
from cellwarden.seal import age

ASKED, ANSWERED = b"node", b"site"
"""Who signs."""
DEAD_S = 300.0
"""A server of NATS asks each two minutes whether we are there; one that does not is gone."""
KEY_OCTETS = 32


def subject(public: str) -> str:
    """Where a site's nodes send."""
    return f"cellwarden.{public}"


@contextmanager
def opened(address: str, node: str, origin: str, own: Credentials) -> Iterator[tuple[int, Line]]:
    """A line that is up, and the number of the last message that the site has."""
    with Nats(address, SILENT_S) as nats:
        head = _json({"origin": origin, "version": VERSION})

        def kept(text: bytes) -> int:
            sealed = age.sealed(head + text, own.site)
            mark = signed(own.key, ASKED, node.encode(), sealed)
            answer = _told(nats.ask(subject(own.site), _json({"node": node, "mark": mark}) + sealed))
            number = answer.get("kept")
            if not is_signed(own.key, answer.get("mark"), ANSWERED, sealed, str(number).encode()):
                raise ValueError(str(answer.get("refused", "an answer that is not the site's"))[:200])
            return int(str(number))

        def line(text: bytes, last: int) -> int:
            for part in _parts(text, nats.longest // 2):
                last = kept(part)
            return last

        yield kept(b""), line


def enrol(address: str, node: str, token: str) -> Credentials:
    """Bring a new key of a node to its site. Raises NodeError where it was not taken."""
    public, secret = enrolment.parted(token)
    own = Credentials(secrets.token_bytes(KEY_OCTETS), public)
    sealed = age.sealed(_json({"token": secret, "key": own.key.hex()}), public)
    try:
        with Nats(address, SILENT_S) as nats:
            answer = _told(nats.ask(subject(public), _json({"node": node, "enrol": True}) + sealed))
    except (OSError, EOFError, ValueError) as error:
        why = reason_of(error)
        raise NodeError(
            _("{address}: the site does not answer ({why}): is cellwarden watch running there?").format(
                address=address, why=why
            )
        ) from error
    if not is_signed(own.key, answer.get("mark"), ANSWERED, sealed, b"enrolled"):
        raise NodeError(
            _("the site does not know {node} with this token: ask there for a new one, cellwarden node token").format(
                node=node
            )
        )
    return own


def answered(octets: bytes, keys: sqlite3.Connection, inbox: Inbox, nodes: Collection[str], now_ns: int) -> bytes:
    """What the site does with a request, and its answer. Only `nodes` are let in."""
    try:
        head, _line, sealed = octets.partition(b"\n")
        told = _told(head)
        node = str(told["node"])
        plain = age.unsealed(sealed, enrolment.secret_of(keys))
        if node not in nodes:
            return _json({"refused": "no such node"})
        if told.get("enrol") is True:
            return _enrolled(node, sealed, _told(plain), keys, now_ns)
        key = enrolment.key_of(keys, node)
        if key is None or not is_signed(key, told.get("mark"), ASKED, node.encode(), sealed):
            return _json({"refused": "another key: enrol the node"})
        kept = str(_kept(node, plain, inbox)).encode()
    except (KeyError, TypeError, ValueError, OverflowError):
        return _json({"refused": "not what a node says"})
    return _json({"kept": int(kept), "mark": signed(key, ANSWERED, sealed, kept)})


def _enrolled(node: str, sealed: bytes, told: dict[str, Any], keys: sqlite3.Connection, now_ns: int) -> bytes:
    key = bytes.fromhex(told["key"])
    if len(key) != KEY_OCTETS or not enrolment.enrolled(keys, node, str(told["token"]), key, now_ns):
        return _json({"refused": "no such token"})
    return _json({"enrolled": True, "mark": signed(key, ANSWERED, sealed, b"enrolled")})


def _kept(node: str, plain: bytes, inbox: Inbox) -> int:
    head, *lines = plain.splitlines()
    told = _told(head)
    if told.get("version") != VERSION:
        raise ValueError("another version")
    origin = str(told["origin"])
    for text in lines:
        inbox.keep(node, origin, message_in(_told(text)))
    return inbox.last(node, origin)


def serve(
    address: str,
    keys: sqlite3.Connection,
    inbox: Inbox,
    nodes: Collection[str],
    closed: Event,
    tell: Callable[[str], None],
) -> Callable[[], None]:
    """Answer nodes in a thread of its own, for ever, over a server that may come and go; returns what ends it."""
    open_: list[Nats] = []

    def work() -> None:
        wait_s, down = RETRY_S, False
        while not closed.is_set():
            try:
                with Nats(address, DEAD_S) as nats:
                    open_[:] = [nats]
                    nats.subscribe(subject(str(keys.execute("SELECT public FROM site").fetchone()[0])))
                    if down:
                        tell(_("the line to {address} is up again").format(address=address))
                    wait_s, down = RETRY_S, False
                    while not closed.is_set():
                        said = nats.said()
                        if said.reply:
                            nats.publish(said.reply, answered(said.body, keys, inbox, nodes, time.time_ns()))
            except (OSError, EOFError, ValueError, sqlite3.Error) as error:
                if not down and not closed.is_set():
                    why = reason_of(error)
                    tell(_("the line to {address} is down ({why}): nodes keep what they hear").format(
                        address=address, why=why
                    ))  # fmt: skip
                down = True
                closed.wait(wait_s)
                wait_s = min(2 * wait_s, MOST_RETRY_S)

    thread = Thread(target=work, name="nodes", daemon=True)
    thread.start()

    def end() -> None:
        closed.set()
        for nats in open_:
            nats.close()
        thread.join(timeout=5)

    return end


def _parts(text: bytes, most: int) -> Iterator[bytes]:
    """Lines in parts of so many octets, one line at least."""
    part: list[bytes] = []
    for one in text.splitlines(keepends=True):
        if part and sum(map(len, part)) + len(one) > most:
            yield b"".join(part)
            part = []
        part.append(one)
    if part:
        yield b"".join(part)


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _told(text: bytes) -> dict[str, Any]:
    """Raises ValueError for what is no JSON object."""
    try:
        told = json.loads(text)
    except RecursionError as error:
        raise ValueError("no JSON object") from error
    if not isinstance(told, dict):
        raise ValueError("no JSON object")
    return told
