"""A line that breaks: connect again, and say by the clock how many samples are missing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

from cellwarden.radio.live.stream import Piece

RETRY_S = 1.0


def steady(
    connect: Callable[[], Iterator[Piece]], rate_hz: float, closed: Event, retry_s: float = RETRY_S
) -> Iterator[Piece]:
    """What connections give one after the other, until `closed`. The first is opened at once, by the caller's thread.

    `connect` opens one; it and its pieces raise OSError or EOFError where the line is down. The first failure to open
    is raised, later ones are tried again. What was sent in between is lost: a second of silence is `rate_hz` samples.
    """
    first = connect()
    return _for_ever(first, connect, rate_hz, closed, retry_s)


def _for_ever(
    pieces: Iterator[Piece], connect: Callable[[], Iterator[Piece]], rate_hz: float, closed: Event, retry_s: float
) -> Iterator[Piece]:
    last = time.monotonic()  # when the last sample had come
    missing = False
    while not closed.is_set():
        try:
            for piece in pieces:
                now = time.monotonic()
                if missing:
                    gap = round((now - last) * rate_hz) - len(piece.iq)
                    piece = replace(piece, lost=piece.lost + max(1, gap))
                last, missing = now, False
                yield piece
                if closed.is_set():
                    return
        except (OSError, EOFError):
            pass
        missing = True
        pieces = _again(connect, closed, retry_s)


def _again(connect: Callable[[], Iterator[Piece]], closed: Event, retry_s: float) -> Iterator[Piece]:
    while not closed.wait(retry_s):
        try:
            return connect()
        except (OSError, EOFError):
            continue
    return iter(())
