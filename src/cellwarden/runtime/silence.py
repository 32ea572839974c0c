"""A source that gives nothing: its server is down, a cable is out, or nobody sends to that address.

Health is told by the second of signal, so who counts samples alone says nothing of a source that has none.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from cellwarden.radio.live.stream import Piece
from cellwarden.runtime.looking import looking

SILENT_S = 5.0
"""A source that gives nothing for so long is told of."""


class Silence:
    """Tells when a source has given nothing for `after_s` (True), and when it gives again (False)."""

    def __init__(self, told: Callable[[bool], None], after_s: float = SILENT_S) -> None:
        self._told, self._after_s = told, after_s
        self._heard_s = math.inf
        """When the last samples came, or receiving began; never, where it is over."""
        self._silent = False

    def pieces(self, received: Iterator[Piece]) -> Iterator[Piece]:
        """The same pieces."""
        self._heard_s = time.monotonic()
        for piece in received:
            if len(piece.iq):
                self._heard_s = time.monotonic()
            yield piece
        self._heard_s = math.inf

    def watched(self) -> AbstractContextManager[None]:
        """Within this it is told."""
        return looking(self._look, self._after_s / 10, "silence")

    def _look(self) -> None:
        before, self._silent = self._silent, time.monotonic() > self._heard_s + self._after_s
        if self._silent != before and self._heard_s < math.inf:
            self._told(self._silent)
