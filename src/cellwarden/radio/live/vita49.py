"""Packets of VITA 49: samples with their time and number, and, in between, what the receiver is set to.

     31    28 27 26 25 24 23 22 21 20 19    16 15             0
    │ type   │ C │ T │    │ TSI │ TSF │ count  │ size in words │
    │ stream                                                  │   types 1, 3, 4, 5
    │ class, 2 words                                          │   C
    │ seconds                                                 │   TSI: 1 UTC, 2 GPS, 3 other
    │ fraction, 2 words                                       │   TSF: 1 samples, 2 picoseconds, 3 free
    │ samples, or the context: which fields, then these       │
    │ trailer                                                 │   T

All words have their most significant octet first. Source: ANSI/VITA 49.0 (2009) §6 and §7.
"""

import struct
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cellwarden.radio.datatype import Datatype
from cellwarden.radio.live.stamps import Stamps
from cellwarden.radio.live.stream import Piece, piece_of

DATA, CONTEXT = (0, 1), 4
WITH_STREAM = (1, 3, 4, 5)
COUNTS = 16
FIELDS = ((30, 1), (29, 2), (28, 2), (27, 2), (26, 2), (25, 2), (24, 1), (23, 1), (22, 1), (21, 2))
"""Bit of each context field up to the sample rate, in their order, and its words."""
RF_REFERENCE, SAMPLE_RATE = 27, 21
HERTZ = 1 << 20
"""Frequencies are whole numbers of 1/HERTZ, signed, in two words."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a receiver is set to, as far as is known."""

    rate_hz: float | None = None
    centre_hz: float | None = None

    def updated(self, later: "Context") -> "Context":
        """With what a later packet tells."""
        return Context(later.rate_hz or self.rate_hz, self.centre_hz if later.centre_hz is None else later.centre_hz)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of samples, or of context."""

    count: int
    """Modulo COUNTS, of its own kind."""
    start_ns: int | None
    """UTC, where both parts of the time are told."""
    payload: bytes = b""
    context: Context | None = None


def parsed(datagram: bytes) -> Packet | None:
    """The packet in a datagram; None where there is none, or one of another type."""
    if len(datagram) < 4:
        return None
    head = struct.unpack_from(">I", datagram)[0]
    kind, size = head >> 28, 4 * (head & 0xFFFF)
    if kind not in (*DATA, CONTEXT) or size > len(datagram):
        return None
    at = 4 + 4 * (kind in WITH_STREAM) + 8 * (head >> 27 & 1)
    seconds, fraction = head >> 22 & 3, head >> 20 & 3
    end = size - 4 * (head >> 26 & 1 if kind in DATA else 0)
    body = at + 4 * (seconds > 0) + 8 * (fraction > 0)
    if body > end:
        return None
    start_ns = None
    if seconds == 1 and fraction == 2:
        whole, picoseconds = struct.unpack_from(">IQ", datagram, at)
        start_ns = whole * 1_000_000_000 + picoseconds // 1000
    count = head >> 16 & 15
    if kind == CONTEXT:
        return Packet(count, start_ns, context=_context(datagram[body:end]))
    return Packet(count, start_ns, datagram[body:end])


def _context(body: bytes) -> Context:
    """Sample rate and centre, where they are told."""
    if len(body) < 4:
        return Context()
    told, at = struct.unpack_from(">I", body)[0], 4
    found: dict[int, float] = {}
    for bit, words in FIELDS:
        if told >> bit & 1:
            if at + 4 * words > len(body):
                break
            if words == 2:
                found[bit] = struct.unpack_from(">q", body, at)[0] / HERTZ
            at += 4 * words
    rate = found.get(SAMPLE_RATE, 0.0)
    return Context(rate if rate > 0 else None, found.get(RF_REFERENCE))


def pieces(
    datagrams: Iterable[bytes], kind: Datatype, known: Context, steady_ns: Callable[[], int] = time.monotonic_ns
) -> Iterator[Piece]:
    """The samples in packets. What is lost is told by the time where there is one, else by the packets' numbers."""
    following: int | None = None
    stamps = Stamps(steady_ns)
    for datagram in datagrams:
        packet = parsed(datagram)
        if packet is None:
            continue
        if packet.context is not None:
            known = known.updated(packet.context)
            continue
        piece = piece_of(packet.payload, kind, start_ns=packet.start_ns, centre_hz=known.centre_hz)
        count = len(piece.iq)
        if not count:
            continue
        lost = 0 if following is None else (packet.count - following) % COUNTS * count
        if packet.start_ns is not None and known.rate_hz:
            by_time = stamps.lost(packet.start_ns, count, known.rate_hz)
            lost = lost if by_time is None else by_time
        following = (packet.count + 1) % COUNTS
        yield Piece(piece.iq, piece.scale, lost, piece.start_ns, piece.centre_hz)
