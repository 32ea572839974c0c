"""Evidence of what was heard, in a folder that does not grow: a snippet recording for each train, the oldest go first.
What was kept and what was removed stands in an index (`evidence_index`).

Of each train the first bursts are kept, and only the parts of these that its interface declares free of content and of
identity; bursts of which nothing may be kept leave nothing.
"""

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cellwarden.airinterface import INTERFACES
from cellwarden.errors import OutputError
from cellwarden.model import Block
from cellwarden.radio.absolute import middle_hz
from cellwarden.runtime.evidence_index import Index
from cellwarden.runtime.listen import Event
from cellwarden.runtime.recent import Recent
from cellwarden.runtime.snippet import AROUND_S, Snippet, cut, started, write

PARTS = {label: parts for interface in INTERFACES for label, parts in interface.evidence.items()}
MOST_BURSTS = 8
"""Of a train."""
ENDINGS = (".sigmf-data", ".sigmf-meta")


class Cut(NamedTuple):
    """What was cut out of a train."""

    train: int
    snippets: list[Snippet]


class Cutter:
    """Holds the last samples, and cuts bursts out of them: as many of each train as there is room for in its snippets.

    `bursts` are those of a train's first snippet, its second, …; what comes after the last one is left out.
    """

    def __init__(self, *bursts: int) -> None:
        self._bursts = bursts
        self._recent = Recent()
        self._cut: dict[int, list[Snippet]] = {}
        self._told: Counter[int] = Counter()
        """Snippets of each train that goes on."""

    def passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, remembered for a while."""
        return self._recent.passing(blocks)

    def event(self, event: Event) -> list[Cut]:
        """What is whole with it."""
        train = event.train
        if event.what == "over":
            whole = self._whole(train)
            del self._told[train]
            return whole
        parts = PARTS.get(event.emission.label)
        if event.what != "burst" or not parts or self._told[train] >= len(self._bursts):
            return []
        margin = math.ceil(AROUND_S * event.segment.rate_hz)
        block = self._recent.around(event.emission, margin)
        snippet = cut(block, event.emission, event.segment, parts) if block else None
        if snippet is None:
            return []
        mine = self._cut.setdefault(train, [])
        mine.append(snippet)
        return self._whole(train) if len(mine) == self._bursts[self._told[train]] else []

    def close(self) -> list[Cut]:
        """What was cut out of trains that go on."""
        return [one for train in list(self._cut) for one in self._whole(train)]

    def _whole(self, train: int) -> list[Cut]:
        snippets = self._cut.pop(train, [])
        self._told[train] += 1
        return [Cut(train, snippets)] if snippets else []


class Shelf:
    """Keeps a folder of snippets within its size and age. Nobody else writes there meanwhile."""

    def __init__(self, folder: Path, most_bytes: float, index: Index, most_age_s: float = math.inf) -> None:
        self.folder, self.most_bytes, self.index, self.most_age_s = folder, most_bytes, index, most_age_s
        self._pairs = _pairs(folder)
        self._bytes = sum(size for size, _time_s in self._pairs.values())

    def put(self, snippets: Sequence[Snippet], tail: str) -> None:
        """Keep the snippets of one train, which its name ends in. Raises OutputError; nothing of it is kept then."""
        self.make_room()  # first: what is too old may be what fills the disk
        place = self.folder / _name(snippets[0], tail)
        try:
            write(snippets, place)
            self.index.kept(place.with_suffix(ENDINGS[0]), place)
        except OutputError:
            if place.stem not in self._pairs:  # neither half of it, nor what no line tells of
                for ending in ENDINGS:
                    place.with_suffix(ending).unlink(missing_ok=True)
            raise
        size, _time_s = self._pairs.pop(place.stem, (0, 0.0))
        self._pairs[place.stem] = (
            sum((self.folder / f"{place.stem}{ending}").stat().st_size for ending in ENDINGS),
            time.time(),
        )
        self._bytes += self._pairs[place.stem][0] - size
        self.make_room()

    def make_room(self) -> None:
        """Remove what is too old, and the oldest snippets until the others fit."""
        oldest_s = time.time() - self.most_age_s
        while self._pairs:
            stem, (size, time_s) = next(iter(self._pairs.items()))
            if time_s >= oldest_s and self._bytes <= self.most_bytes:
                return
            for ending in ENDINGS:
                path = self.folder / f"{stem}{ending}"
                if path.exists():
                    self.index.removed(path, "age" if time_s < oldest_s else "room")
                    path.unlink(missing_ok=True)
            del self._pairs[stem]
            self._bytes -= size


def _pairs(folder: Path) -> dict[str, tuple[int, float]]:
    """Snippets by name: their octets and when they were written, the oldest first; names sort by time."""
    found: dict[str, tuple[int, float]] = {}
    for path in sorted(path for path in folder.iterdir() if path.suffix in ENDINGS):
        fact, (size, time_s) = path.stat(), found.get(path.stem, (0, 0.0))
        found[path.stem] = size + fact.st_size, max(time_s, fact.st_mtime)
    return found


def _name(first: Snippet, tail: str) -> str:
    """When, what, where, and which train."""
    moment = started(first)
    when = moment.strftime("%Y%m%dT%H%M%S.%fZ") if moment else f"{int(first.first):015d}"
    label, middle_khz = first.emission.label.replace(":", "-"), middle_hz(first.emission, first.segment) / 1e3
    return f"{when}_{label}_{middle_khz:.0f}kHz_{tail}.sigmf-meta"
