"""The last samples of a receiver, held for what is known of them only a while later."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from cellwarden.model import Block, Emission

HISTORY_S = 2.0
"""Samples that are held: a burst is told a chunk or two after it was heard, LTE's half a second later."""


@dataclass(slots=True)
class Recent:
    """Blocks of the last HISTORY_S. Changed by `passing`."""

    _blocks: deque[Block] = field(default_factory=deque)

    def passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, remembered for a while."""
        for block in blocks:
            self._blocks.append(block)
            newest = block.sample_start + len(block.iq)
            while newest - self._blocks[0].sample_start > HISTORY_S * block.segment.rate_hz and len(self._blocks) > 1:
                self._blocks.popleft()
            yield block

    def around(self, emission: Emission, margin: int) -> Block | None:
        """One block with the samples of a burst and `margin` before and behind it, as far as there is no gap."""
        first, end = emission.sample_start - margin, emission.sample_start + emission.sample_count + margin
        some = [b for b in self._blocks if b.sample_start < end and b.sample_start + len(b.iq) > first]
        while some and some[-1].segment != some[0].segment:
            middle = emission.sample_start + emission.sample_count // 2
            del some[-1 if middle < some[-1].segment.sample_start else 0]
        if not some:
            return None
        iq = np.concatenate([b.iq[max(0, first - b.sample_start) : end - b.sample_start] for b in some])
        return replace(some[0], iq=iq, sample_start=max(first, some[0].sample_start))
