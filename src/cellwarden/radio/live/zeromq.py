"""`zmq://HOST:PORT`: samples in messages, as GNU Radio's ZMQ sinks send them; `?pull` takes those of a PUSH sink."""

from collections.abc import Iterator
from threading import Event
from typing import Any

from cellwarden.errors import SourceError
from cellwarden.language import gettext as _
from cellwarden.radio.datatype import Datatype
from cellwarden.radio.live.stream import (
    Address,
    Piece,
    Stream,
    Tuning,
    datatype_of,
    host_and_port,
    piece_of,
    rate_of,
    understood,
)

POLL_MS = 200
"""How soon it is noticed that nobody listens any more."""


def open_stream(address: Address, tuning: Tuning) -> Stream:
    """Raises SourceError. ZeroMQ itself connects again where a line breaks; what is missing then nobody tells."""
    try:
        import zmq
    except ImportError as error:
        raise SourceError(_("{source}: install cellwarden[zmq]").format(source=address.text)) from error
    understood(address, ("datatype", "pull"))
    host, port = host_and_port(address)
    kind, rate = datatype_of(address, "cf32_le"), rate_of(address, tuning)
    line: Any = zmq.Context.instance().socket(zmq.PULL if "pull" in address.options else zmq.SUB)
    line.setsockopt(zmq.LINGER, 0)
    if line.type == zmq.SUB:
        line.setsockopt(zmq.SUBSCRIBE, b"")
    line.setsockopt(zmq.IPV6, 1)  # as well as the older addresses
    line.connect(f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}")
    closed = Event()
    return Stream(address, rate, _pieces(line, kind, tuning.centre_hz, closed), closed.set)


def _pieces(line: Any, kind: Datatype, centre_hz: float | None, closed: Event) -> Iterator[Piece]:
    with line:
        while not closed.is_set():
            if line.poll(POLL_MS):
                yield piece_of(line.recv(), kind, centre_hz=centre_hz)
