"""`udp://HOST:PORT`: samples in datagrams, bare or (`?vita49`) in packets of VITA 49 that tell time, rate and loss.

HOST is the address of ours that they are sent to: 0.0.0.0 for all, or a multicast group.
"""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from threading import Event

from cellwarden.errors import SourceError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.radio.datatype import Datatype
from cellwarden.radio.live import vita49
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

LARGEST = 65_535
RECEIVE_OCTETS = 8 << 20
"""Asked of the system, to bridge moments in which nobody reads."""
POLL_S = 0.2
FIRST_S = 5.0
"""How long a packet that tells the rate is waited for."""


def open_stream(address: Address, tuning: Tuning) -> Stream:
    """Raises SourceError where the port may not be opened, or nobody tells the rate."""
    understood(address, ("datatype", "vita49"))
    closed = Event()
    if "vita49" not in address.options:
        rate, kind = rate_of(address, tuning), datatype_of(address, "ci16_le")
        return Stream(address, rate, _bare(_bound(address), kind, tuning.centre_hz, closed), closed.set)
    kind = datatype_of(address, "ci16_be")
    line = _bound(address)
    told = vita49.Context(tuning.rate_hz, tuning.centre_hz)
    if told.rate_hz is None:
        told = _first_context(line, told)
    if told.rate_hz is None:
        line.close()
        raise SourceError(
            _("{source}: no packet told the sample rate within {seconds} s: give --rate").format(
                source=address.text, seconds=f"{FIRST_S:g}"
            )
        )
    return Stream(address, told.rate_hz, vita49.pieces(_datagrams(line, closed), kind, told), closed.set)


def _bound(address: Address) -> socket.socket:
    host, port = host_and_port(address)
    try:
        group = ip_address(host)
        family = socket.AF_INET6 if group.version == 6 else socket.AF_INET
        with ExitStack() as failed:
            line = failed.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_OCTETS)
            line.bind((host, port))
            if group.is_multicast and group.version == 4:
                member = struct.pack("4s4s", group.packed, socket.inet_aton("0.0.0.0"))  # noqa: S104
                line.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            failed.pop_all()
    except (OSError, ValueError) as error:
        raise SourceError(
            _("{source} cannot be listened to ({why}): name an address of this machine and a free port").format(
                source=address.text, why=reason_of(error)
            )
        ) from error
    line.settimeout(POLL_S)
    return line


def _datagrams(line: socket.socket, closed: Event) -> Iterator[bytes]:
    with line:
        while not closed.is_set():
            with suppress(TimeoutError):
                yield line.recv(LARGEST)


def _bare(line: socket.socket, kind: Datatype, centre_hz: float | None, closed: Event) -> Iterator[Piece]:
    for datagram in _datagrams(line, closed):
        yield piece_of(datagram, kind, centre_hz=centre_hz)


def _first_context(line: socket.socket, known: vita49.Context) -> vita49.Context:
    """What the first packet that tells a rate says; what was known where none comes in time."""
    until = time.monotonic() + FIRST_S
    while time.monotonic() < until:
        with suppress(TimeoutError):
            packet = vita49.parsed(line.recv(LARGEST))
            if packet is not None and packet.context is not None:
                known = known.updated(packet.context)
                if known.rate_hz is not None:
                    break
    return known
