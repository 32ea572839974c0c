"""What the times tell that a receiver's own clock gives its samples: how many are missing, or that the clock was set.

due  ────┬────────────┬─────            come ────┬───────┬─────   a packet may come late but not early:
         │ last one   │ this one                 │ late  │        who comes a second sooner than any
told ────┴────────────┴──·lost·─┬──              └───────┘        before it was stamped by another clock
"""

import time
from collections.abc import Callable

SET_NS = 1_000_000_000


class Stamps:
    """Follows one receiver's clock."""

    def __init__(self, steady_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._steady_ns = steady_ns
        self._due_ns: float | None = None
        self._least_ns = 0
        """From a stamp to when it came, at the least."""

    def lost(self, start_ns: int, count: int, rate_hz: float) -> int | None:
        """How many samples are missing before `count` that begin then; None at the first, and where the clock was set.

        A time that lies a second before the one that is due, or that comes a second sooner by our steady counter than
        any before it, is that of a clock that was set, as where a receiver begins to see satellites.
        """
        lost, delay_ns = None, self._steady_ns() - start_ns
        if self._due_ns is None or start_ns < self._due_ns - SET_NS or delay_ns < self._least_ns - SET_NS:
            self._least_ns = delay_ns
        else:
            lost = max(0, round((start_ns - self._due_ns) * rate_hz / 1e9))
        self._least_ns = min(self._least_ns, delay_ns)
        self._due_ns = start_ns + count / rate_hz * 1e9
        return lost
