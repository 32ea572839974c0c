"""From an open source to blocks: a thread receives, gaps begin new segments, and time goes on by the samples' count."""

import time
from collections.abc import Generator
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import SourceError
from cellwarden.language import gettext as _
from cellwarden.model import ENDLESS, Block, Segment
from cellwarden.radio.live.ring import Ring
from cellwarden.radio.live.stream import Piece, Stream

HELD_S = 2.0
"""What may wait between receiving and working."""
LARGEST = 1e15
SET_NS = 1_000_000
"""By which a source's clock may differ from what its samples' numbers say: more begins a new segment."""


def ring_of(stream: Stream, held_s: float = HELD_S) -> Ring:
    """Room for `held_s` of a stream's samples."""
    return Ring(max(1, int(held_s * stream.rate_hz)))


def blocks(stream: Stream, ring: Ring) -> Generator[Block, None, None]:
    """The samples of a stream, each gap beginning a new segment. Raises what the source raises.

    Samples that were lost are counted as if they were there, so that sample numbers tell time. The stream is closed
    when nobody asks for more.
    """
    come_ns: list[int] = []
    thread = Thread(target=_received, args=(stream, ring, come_ns), name="receiver", daemon=True)
    thread.start()
    segment: Segment | None = None
    position = 0
    try:
        while (piece := ring.get()) is not None:
            if segment is None or piece.lost or piece.centre_hz != segment.centre_hz or _set(segment, position, piece):
                position += piece.lost
                segment = _segment(stream, position, piece, segment, come_ns[0])
            _check(stream, piece.iq)
            yield Block(piece.iq, piece.scale, position, segment)
            position += len(piece.iq)
    finally:
        stream.close()
        ring.end()
        thread.join(timeout=5)


def _received(stream: Stream, ring: Ring, come_ns: list[int]) -> None:
    """What the receiving thread does. An error, whatever it is, is told to the one that works.

    `come_ns` takes in when the first piece had come: who works may be busy then, and get it seconds later.
    """
    try:
        for piece in stream.pieces:
            if not come_ns:
                come_ns.append(time.time_ns())
            ring.put(piece, wait=stream.patient)
            if ring.ended:
                break
        ring.end()
    except BaseException as error:  # noqa: BLE001 the other thread raises it
        ring.end(error)


def _segment(stream: Stream, position: int, piece: Piece, before: Segment | None, come_ns: int) -> Segment:
    """The segment that a piece begins. Without a clock in the source, ours told when the first piece was complete."""
    start_ns, clock = piece.start_ns, "machine" if piece.start_ns is None else "receiver"
    if start_ns is None and before is not None and before.start_ns is not None:
        start_ns = before.start_ns + round((position - before.sample_start) / stream.rate_hz * 1e9)
        clock = before.clock
    elif start_ns is None:
        start_ns = come_ns - round(len(piece.iq) / stream.rate_hz * 1e9)
    return Segment(position, ENDLESS, stream.rate_hz, piece.centre_hz, start_ns, clock)


def _set(segment: Segment, position: int, piece: Piece) -> bool:
    """Whether the source's clock goes against its samples by so much that it was set, or ran away by and by."""
    if piece.start_ns is None or segment.start_ns is None:
        return False
    due_ns = segment.start_ns + (position - segment.sample_start) / segment.rate_hz * 1e9
    return abs(piece.start_ns - due_ns) > SET_NS


def _check(stream: Stream, iq: NDArray[Any]) -> None:
    """Raises SourceError where samples are no numbers."""
    if iq.dtype == np.float32 and len(iq) and not float(np.abs(iq).max()) <= LARGEST:
        raise SourceError(
            _("{source} sends what is no number (NaN, infinite or beyond 1e15): tell its ?datatype=").format(
                source=stream.address.text
            )
        )
