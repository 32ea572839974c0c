"""Who looked at what, in the audit log before they see it: views that come together are one transaction.

A page that opened a transaction of its own would hold the writers' place while it reads, and each viewer would wait for
all the others and for the watch. Here one of those who wait takes the place, and writes the lines of all.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from cellwarden.store.audit import audited


@dataclass(slots=True)
class _View:
    """A line to be kept."""

    who: str
    what: str
    why: str
    kept: bool = False
    error: Exception | None = None


@dataclass(slots=True)
class Views:
    """The views that wait to be kept."""

    engine: Engine
    now_ns: Callable[[], int]
    _waiting: list[_View] = field(default_factory=list)
    _list: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, who: str, what: str, why: str = "") -> None:
        """Returns when the line is on the disk. Raises what the store says where it cannot be."""
        one = _View(who, what, why)
        with self._list:
            self._waiting.append(one)
        with self._turn:
            if not one.kept and one.error is None:
                self._commit(one)
        if one.error is not None:
            raise one.error

    def _commit(self, mine: _View) -> None:
        """All that wait when the writers' place is had; `mine` at least."""
        batch = [mine]
        try:
            with self.engine.begin() as c:
                batch = self._taken()
                for one in batch:
                    audited(c, one.who, "view", one.what, one.why, now_ns=self.now_ns())
        except Exception as error:  # noqa: BLE001 each of those who wait is told, and raises it
            for one in batch:
                one.error = error
            with self._list:
                self._waiting = [one for one in self._waiting if one is not mine]
        else:
            for one in batch:
                one.kept = True

    def _taken(self) -> list[_View]:
        with self._list:
            taken, self._waiting = self._waiting, []
        return taken
