"""Between the thread that receives and the one that works: pieces wait here, and what finds no room is counted."""

from collections import deque
from dataclasses import replace
from threading import Condition

from cellwarden.radio.live.stream import Piece


class Ring:
    """At most so many samples. Receiving never waits for working, but where the source is patient."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.dropped = 0
        """Samples that found no room."""
        self._pieces: deque[Piece] = deque()
        self._held = 0
        self._missing = 0  # dropped since the last piece that found room
        self._ended = False
        self._error: BaseException | None = None
        self._changed = Condition()

    def put(self, piece: Piece, *, wait: bool) -> None:
        """Give a piece; where there is no room, wait for it or drop the piece. A piece alone always has room."""
        count = len(piece.iq)
        with self._changed:
            if not count:  # as of a datagram that holds nothing
                self._missing += piece.lost
                return
            while wait and self._held and self._held + count > self.most and not self._ended:
                self._changed.wait()
            if self._held and self._held + count > self.most:
                self._missing += count + piece.lost
                self.dropped += count
                return
            self._pieces.append(replace(piece, lost=piece.lost + self._missing))
            self._held, self._missing = self._held + count, 0
            self._changed.notify_all()

    def get(self) -> Piece | None:
        """The next piece, when there is one; None at the end. Raises what the source raised."""
        with self._changed:
            while not self._pieces and not self._ended:
                self._changed.wait()
            if self._pieces:
                piece = self._pieces.popleft()
                self._held -= len(piece.iq)
                self._changed.notify_all()
                return piece
            if self._error is not None:
                raise self._error
            return None

    @property
    def ended(self) -> bool:
        """Whether nobody puts or gets any more."""
        return self._ended

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more comes, because of an error or not."""
        with self._changed:
            self._ended, self._error = True, self._error or error
            self._changed.notify_all()
