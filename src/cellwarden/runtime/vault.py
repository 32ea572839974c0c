"""Evidence that a site's receivers cut out of what they hear: in memory until the law has spoken, then in a folder.

```
 receiver ─► Cutter ─► hold ─┐                                 ┌─► keep: sightings that the law lets pass ─► folder
 receiver ─► Cutter ─► hold ─┴─ of: hashes for the sighting ─► ┤
                                                               └─► burn: those that it drops; HELD_NS: all else
```

Nothing that the law may drop is ever on a disk. One thread uses it: the one that makes steps of what receivers tell.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cellwarden.model.span import HOUR_NS, S_NS
from cellwarden.runtime.evidence import Cut
from cellwarden.runtime.keep import Keeper
from cellwarden.runtime.snippet import digest

BURSTS = (1, 7)
"""Of a train's snippets. The first is told with its burst, so that no alert comes before its evidence."""
HELD_NS = 60 * S_NS
"""The law speaks within 55 s of a sighting (`watch.lawful`), which is told within two of its bursts."""
STALL_NS = 5 * S_NS
"""Most of the time between two steps that counts: while a machine compiles or sleeps, the law cannot speak."""
MOST_BYTES = 64 << 20
"""Of samples that wait; the oldest go."""


class _Held(NamedTuple):
    """A snippet that waits."""

    cut: Cut
    sensor: str
    since_ns: int
    octets: int


@dataclass(slots=True)
class _Train:
    """A receiver's train whose snippets wait or are kept."""

    asked_ns: int = 0
    """When something was cut out of it, or asked of it, last."""
    hashes: list[str] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)
    """Phone and hash."""


class Vault:
    """Snippets that wait, and the folder in which the others are."""

    def __init__(self, keeper: Keeper, now_ns: Callable[[], int]) -> None:
        self._keeper, self._now_ns = keeper, now_ns
        self._held: dict[str, _Held] = {}
        """By hash, the oldest first."""
        self._trains: dict[tuple[str, int], _Train] = {}
        """By sensor and number."""
        self._octets, self._cleaned_ns = 0, now_ns()
        self._looked_ns, self._stalled_ns = now_ns(), 0

    @property
    def waits(self) -> int:
        """How many snippets wait."""
        return len(self._held)

    def hold(self, sensor: str, cut: Cut) -> None:
        """Take in what a receiver cut. The same samples twice, as of a recording that is played again, wait once."""
        name, octets = digest(cut.snippets), sum(one.samples.nbytes for one in cut.snippets)
        train = self._trains.setdefault((sensor, cut.train), _Train())
        train.hashes.append(name)
        train.asked_ns = self._worked_ns()
        if name in self._held:
            return
        self._held[name] = _Held(cut, sensor, train.asked_ns, octets)
        self._octets += octets
        while self._octets > MOST_BYTES:
            self.burn((next(iter(self._held)),))

    def of(self, sensor: str, train: int, phone: str) -> tuple[str, ...]:
        """Hashes of a train's snippets, each told once for a phone: association may give it another name."""
        known = self._trains.get((sensor, train))
        if known is None:
            return ()
        known.asked_ns = self._worked_ns()
        fresh = tuple(name for name in known.hashes if (phone, name) not in known.told)
        known.told.update((phone, name) for name in fresh)
        return fresh

    def keep(self, hashes: Iterable[str]) -> None:
        """Write them: the law lets pass what they are of."""
        for name in hashes:
            if (held := self._held.pop(name, None)) is not None:
                self._octets -= held.octets
                self._keeper.put(held.cut.snippets, f"{_plain(held.sensor)}-{held.cut.train}")

    def burn(self, hashes: Iterable[str]) -> None:
        """Forget those that wait."""
        for name in hashes:
            if (held := self._held.pop(name, None)) is not None:
                self._octets -= held.octets
                for train in self._trains.values():
                    train.hashes[:] = [one for one in train.hashes if one != name]

    def tidy(self) -> None:
        """Forget what has waited too long, and each hour remove what was kept too long ago; for each second."""
        now_ns = self._now_ns()
        self._stalled_ns += max(0, now_ns - self._looked_ns - STALL_NS)
        self._looked_ns = now_ns
        oldest_ns = self._worked_ns() - HELD_NS
        self.burn([name for name, held in self._held.items() if held.since_ns <= oldest_ns])
        self._trains = {key: one for key, one in self._trains.items() if one.asked_ns > oldest_ns}
        if now_ns - self._cleaned_ns >= HOUR_NS:
            self._cleaned_ns = now_ns
            self._keeper.tidy()

    def _worked_ns(self) -> int:
        """Now, on a clock that stood still while nothing was done."""
        return self._now_ns() - self._stalled_ns


def _plain(name: str) -> str:
    """A sensor's name as a part of a file's."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
