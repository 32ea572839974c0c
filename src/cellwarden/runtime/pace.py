"""Time at a node: what its samples' numbers say, brought back to the clock again and again.

A receiver's crystal is wrong by some millionths, 0.1 to 2 s a week. So where it does not stamp its samples itself, the
moment at which each piece comes is compared with what its number says. A piece may come late but never early: the least
of a minute's differences is the delay of the line, which stays, and how it moves is the crystal's error.

    come − said   ·· ·  ·    ·· · ·     ·      ·
                  · · ·· · · · ·  ·· ·· · ··
                  ────────── ──────────        the least of each minute: their slope is the crystal
"""

import math
import time
from collections.abc import Callable, Iterator

from cellwarden.model.span import MINUTE_NS
from cellwarden.radio.clock import Clock, late_ns
from cellwarden.radio.live.stream import Piece

STEP_NS = 50_000_000
"""A clock that goes against the machine's steady counter by this much from one piece to the next was set."""


class Pace:
    """Watches pieces as they are received. `correction_ns` is to be added to what sample numbers say."""

    def __init__(
        self,
        rate_hz: float,
        now_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.rate_hz, self._now_ns, self._steady_ns = rate_hz, now_ns, steady_ns
        self.correction_ns = 0
        self.steps = 0
        """How often the clock was set since the beginning."""
        self.stamped = False
        """Whether the source stamps its samples itself: then nothing is corrected."""
        self.scale = 0.0
        """What one unit of a sample is worth."""
        self.received = 0
        """Samples so far, lost ones among them."""
        self.heard_s = math.inf
        """When the last piece came, or receiving began, by the steady counter."""
        self._begun_ns = self._between_ns = 0
        self._least: float = math.inf
        self._first: float | None = None
        self._moved = 0.0
        self._since_ns = self._ends_ns = 0

    def pieces(self, received: Iterator[Piece]) -> Iterator[Piece]:
        """The same pieces."""
        count, self.heard_s = 0, time.monotonic()
        for piece in received:
            self.heard_s = time.monotonic()
            now_ns, steady_ns = self._now_ns(), self._steady_ns()
            count += piece.lost + len(piece.iq)
            self.received = count
            said_ns = round(count / self.rate_hz * 1e9)
            if not self.scale:
                self._begun_ns, self._ends_ns = now_ns - said_ns, said_ns + MINUTE_NS
            elif abs(step := (now_ns - steady_ns) - self._between_ns) > STEP_NS:
                self.steps += 1
                self._begun_ns += step
                self.correction_ns += 0 if piece.start_ns is not None else step
            self._between_ns, self.scale = now_ns - steady_ns, piece.scale
            self.stamped = piece.start_ns is not None
            self._compare(now_ns - self._begun_ns - said_ns, said_ns)
            yield piece

    def _compare(self, late_ns: int, said_ns: int) -> None:
        self._least = min(self._least, late_ns)
        if said_ns < self._ends_ns:
            return
        if self._first is None:
            self._first, self._since_ns = self._least, said_ns
        else:
            moved = self._least - self._first
            self.correction_ns += 0 if self.stamped else round(moved - self._moved)
            self._moved = moved
        self._least, self._ends_ns = math.inf, said_ns + MINUTE_NS

    @property
    def crystal_ppm(self) -> float | None:
        """By how many millionths the receiver's samples come too slowly; None in the first minutes."""
        span = self._ends_ns - MINUTE_NS - self._since_ns if self._first is not None else 0
        return self._moved / span * 1e6 if span > 0 else None


def error_ns(clock: Clock, pace: Pace, own_error_ns: int | None) -> int | None:
    """One standard deviation of a burst's time; None where nobody can tell it."""
    if pace.stamped:
        return own_error_ns
    return late_ns(clock)
