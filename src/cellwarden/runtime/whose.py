"""Which known emitter a phone is, of what each sensor measured of its trains.

    Signed, by sensor and train ─► Known ─► Identified ─┐
    sighting: phone, its trains ────────────────────────┴─► emitter and ratio, where sensors do not contradict

Sensors hear the same phone, so that what one says is no further proof of what another said: the session of the most
bursts speaks. A phone that made an alert and is surely new is enrolled, so that it is known the next time.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from cellwarden.model import Identified, Session
from cellwarden.runtime.known import Known

MOST_HELD = 20_000
"""Trains and phones that are remembered, the newest."""

Key = TypeVar("Key")
Value = TypeVar("Value")
Train = tuple[str, int]
"""Sensor, and its number there."""


class _Said(NamedTuple):
    session: Session
    verdict: Identified


class Whose:
    """What is known of all trains of a site. Used by one thread."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._said: dict[Train, _Said] = {}
        self._phones: dict[str, frozenset[Train]] = {}

    def signed(self, sensor: str, train: int, session: Session) -> None:
        """A sensor measured a train; of two families the one of more bursts counts."""
        before = self._said.get((sensor, train))
        if before is None or session.bursts >= before.session.bursts:
            _newest(self._said, (sensor, train), _Said(session, self._known.who(session)))

    def of(self, phone: str, trains: Iterable[Train]) -> tuple[str, float]:
        """The emitter that a phone with these trains is known as, and the logarithm of its ratio; or nothing."""
        _newest(self._phones, phone, self._phones.get(phone, frozenset()) | frozenset(trains))
        said = self._of(phone)
        names = {one.verdict.name for one in said if one.verdict.verdict == "known"}
        best = max(said, key=_weight, default=None)
        if best is None or best.verdict.verdict != "known" or len(names) > 1:
            return "", 0.0
        return best.verdict.name, best.verdict.log_ratio

    def enrol(self, phone: str) -> str:
        """Remember a phone that is surely new, by its best session; its name, or nothing."""
        said = self._of(phone)
        if not said or any(one.verdict.verdict == "known" for one in said):
            return ""
        best = max(said, key=_weight)
        return self._known.enrol([best.session]) if best.verdict.verdict == "new" else ""

    def _of(self, phone: str) -> list[_Said]:
        return [self._said[one] for one in self._phones.get(phone, ()) if one in self._said]


def _newest(held: dict[Key, Value], key: Key, value: Value) -> None:
    """Put in as the newest; the oldest goes where there are too many."""
    held.pop(key, None)
    held[key] = value
    if len(held) > MOST_HELD:
        del held[next(iter(held))]


def _weight(one: _Said) -> tuple[int, float]:
    return one.session.bursts, one.session.snr_db
