"""Evidence of what was heard, in a folder that does not grow: a snippet recording for each train, the oldest go first.
What was kept and what was removed stands in an index (`evidence_index`).

Of each train the first bursts are kept, and only the parts of these that its interface declares free of content and of
identity; bursts of which nothing may be kept leave nothing.
"""

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from cellwarden.airinterface import INTERFACES
from cellwarden.model import Block, Emission
from cellwarden.radio.absolute import middle_hz
from cellwarden.runtime.evidence_index import Index
from cellwarden.runtime.listen import Event
from cellwarden.runtime.snippet import Snippet, cut, started, write

PARTS = {label: parts for interface in INTERFACES for label, parts in interface.evidence.items()}
MOST_BURSTS = 8
"""Of a train."""
HISTORY_S = 2.0
"""Samples that are held: a burst is told a chunk or two after it was heard, LTE's half a second later."""
ENDINGS = (".sigmf-data", ".sigmf-meta")


class Shelf:
    """Holds the last samples, cuts bursts out of them, and keeps the folder within its size and age."""

    def __init__(self, folder: Path, most_bytes: float, index: Index, most_age_s: float = math.inf) -> None:
        self.folder, self.most_bytes, self.index, self.most_age_s = folder, most_bytes, index, most_age_s
        self._blocks: deque[Block] = deque()
        self._trains: dict[int, list[Snippet]] = {}
        self._full: set[int] = set()

    def passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, remembered for a while."""
        for block in blocks:
            self._blocks.append(block)
            newest = block.sample_start + len(block.iq)
            while newest - self._blocks[0].sample_start > HISTORY_S * block.segment.rate_hz and len(self._blocks) > 1:
                self._blocks.popleft()
            yield block

    def event(self, event: Event) -> None:
        """Keep what may be kept of a burst. Raises OutputError where the folder cannot be written."""
        if event.what == "over":
            self._put(event.train)
            self._full.discard(event.train)
        elif event.what == "burst" and event.train not in self._full:
            parts = PARTS.get(event.emission.label)
            block = self._holding(event.emission)
            snippet = cut(block, event.emission, event.segment, parts) if parts and block else None
            if snippet is not None:
                kept = self._trains.setdefault(event.train, [])
                kept.append(snippet)
                if len(kept) == MOST_BURSTS:
                    self._put(event.train)
                    self._full.add(event.train)

    def _holding(self, emission: Emission) -> Block | None:
        """One block with the samples around a burst, as far as there is no gap."""
        first = emission.sample_start - emission.sample_count
        end = emission.sample_start + 2 * emission.sample_count
        some = [b for b in self._blocks if b.sample_start < end and b.sample_start + len(b.iq) > first]
        while some and some[-1].segment != some[0].segment:
            middle = emission.sample_start + emission.sample_count // 2
            del some[-1 if middle < some[-1].segment.sample_start else 0]
        if not some:
            return None
        return Block(np.concatenate([b.iq for b in some]), some[0].scale, some[0].sample_start, some[0].segment)

    def close(self) -> None:
        """Keep what was cut out of trains that go on. Raises OutputError."""
        for train in list(self._trains):
            self._put(train)

    def _put(self, train: int) -> None:
        snippets = self._trains.pop(train, [])
        if snippets:
            place = self.folder / _name(snippets[0], train)
            write(snippets, place)
            self.index.kept(place.with_suffix(ENDINGS[0]), place)
            self.make_room()

    def make_room(self) -> None:
        """Remove what is too old, and the oldest snippets until the others fit; names sort by time."""
        pairs: dict[str, list[Path]] = {}
        for path in sorted(path for path in self.folder.iterdir() if path.suffix in ENDINGS):
            pairs.setdefault(path.stem, []).append(path)
        facts = {path: path.stat() for paths in pairs.values() for path in paths}
        total, oldest = sum(fact.st_size for fact in facts.values()), time.time() - self.most_age_s
        for paths in pairs.values():
            aged = max(facts[path].st_mtime for path in paths) < oldest
            if not aged and total <= self.most_bytes:
                break
            for path in paths:
                self.index.removed(path, "age" if aged else "room")
                path.unlink(missing_ok=True)
                total -= facts[path].st_size


def _name(first: Snippet, train: int) -> str:
    """When, what, where, and which train."""
    moment = started(first)
    when = moment.strftime("%Y%m%dT%H%M%S.%fZ") if moment else f"{int(first.first):015d}"
    label, middle_khz = first.emission.label.replace(":", "-"), middle_hz(first.emission, first.segment) / 1e3
    return f"{when}_{label}_{middle_khz:.0f}kHz_{train}.sigmf-meta"
