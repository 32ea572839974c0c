"""Which known emitter a phone is, of what each sensor measured of its trains.

    Signed, by sensor and train ─► Known ─► Identified ─┐
    sighting: phone, its trains ────────────────────────┴─► emitter and ratio, where sensors do not contradict

Sensors hear the same phone, so that what one says is no further proof of what another said: the session of the most
bursts speaks. A phone that made an alert and is surely new is enrolled, so that it is known the next time.

What was measured is in memory alone, and for no longer than HELD_S unless the law lets the phone pass meanwhile.
"""

import time
from collections.abc import Callable, Container, Iterable
from typing import NamedTuple

from cellwarden.model import Identified, Session
from cellwarden.runtime.known import Known

HELD_S = 55.0
"""The law speaks within this, and what it drops is gone within a minute."""

Train = tuple[str, int]
"""Sensor, and its number there."""


class _Said(NamedTuple):
    session: Session
    verdict: Identified
    since_s: float


class Whose:
    """What is known of the trains of a site. Used by one thread."""

    def __init__(self, known: Known, now_s: Callable[[], float] = time.monotonic) -> None:
        self._known, self._now_s = known, now_s
        self._said: dict[Train, _Said] = {}
        """Those that passed last, last."""
        self._phones: dict[str, frozenset[Train]] = {}

    def signed(self, sensor: str, train: int, session: Session) -> None:
        """A sensor measured a train; of two families that can be compared the one of more bursts counts."""
        self._forget()
        before, verdict = self._said.get((sensor, train)), self._known.who(session)
        if verdict is not None and (before is None or session.bursts >= before.session.bursts):
            self._put((sensor, train), _Said(session, verdict, self._now_s()))

    def of(self, phone: str, trains: Iterable[Train]) -> tuple[str, float]:
        """The emitter that a phone with these trains is known as, and the logarithm of its ratio; or nothing."""
        self._forget()
        if mine := (self._phones.get(phone, frozenset()) | frozenset(trains)) & self._said.keys():
            self._phones[phone] = mine
        said = self._of(phone)
        names = {one.verdict.name for one in said if one.verdict.verdict == "known"}
        best = max(said, key=_weight, default=None)
        if best is None or best.verdict.verdict != "known" or len(names) > 1:
            return "", 0.0
        return best.verdict.name, best.verdict.log_ratio

    def passed(self, phones: Iterable[str]) -> None:
        """The law lets these phones pass: what was measured of them may be kept on."""
        for phone in phones:
            for train in self._phones.get(phone, ()):
                if (one := self._said.get(train)) is not None:
                    self._put(train, one._replace(since_s=self._now_s()))

    def enrol(self, phone: str) -> str:
        """Remember a phone that is surely new, by its best session; its name, or nothing."""
        said = self._of(phone)
        if not said or any(one.verdict.verdict == "known" for one in said):
            return ""
        best = max(said, key=_weight)
        return self._known.enrol([best.session]) if best.verdict.verdict == "new" else ""

    def forget(self, names: Container[str]) -> list[str]:
        """Known emitters that may go; returns those that went."""
        return self._known.forget(names)

    def _of(self, phone: str) -> list[_Said]:
        return [self._said[one] for one in self._phones.get(phone, ()) if one in self._said]

    def _put(self, train: Train, one: _Said) -> None:
        self._said.pop(train, None)
        self._said[train] = one

    def _forget(self) -> None:
        """What is older than the law allows, and phones of which nothing is left."""
        oldest_s, before = self._now_s() - HELD_S, len(self._said)
        while self._said and next(iter(self._said.values())).since_s < oldest_s:
            del self._said[next(iter(self._said))]
        if len(self._said) < before:
            self._phones = {phone: left for phone, one in self._phones.items() if (left := one & self._said.keys())}


def _weight(one: _Said) -> tuple[int, float]:
    return one.session.bursts, one.session.snr_db
