"""Signatures while one listens: the first bursts of each phone's train are measured, and their mean is told.

 blocks ─► Recent ────────┐
 events ─► a phone's burst┴─► measure ─► Signature ─► joined ─► Signed, after TOLD_AFTER bursts

Samples are used and forgotten; what is told are errors of a transmitter, nothing of who or what.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cellwarden.model import Block, Emission, Session, Signature
from cellwarden.radio.absolute import clock_ns
from cellwarden.runtime.listen import Event
from cellwarden.runtime.recent import Recent
from cellwarden.signature.features import measure
from cellwarden.signature.reference import UNKNOWN, corrected
from cellwarden.signature.sessions import joined

MARGIN_S = 40e-6
"""Samples taken before and behind a burst, for its ramps."""
FULL_SCALE, CLIPPED = 0.995, 0.005
"""A burst of whose samples more than this part lie at the end of the converter's scale is not measured."""
MEASURED = ("gsm:normal", "lte:pusch")
"""What phones send often and a comparator was made for. A preamble takes 0.1 s to measure, and comes alone."""
TOLD_AFTER = (8, 32)
"""Bursts of a train that were measured: 6 to 8 ms of processor each; more than the last are left."""
MOST_TRIED = 64
"""Bursts after which a train is given up that is too faint, clipped or cut off."""


class Signed(NamedTuple):
    """What a train's bursts show of the transmitter."""

    train: int
    session: Session


@dataclass(slots=True)
class _Train:
    """One train, as far as it was measured."""

    tried: int = 0
    by_family: dict[str, list[Signature]] = field(default_factory=dict)


class Signer:
    """The trains of one receiver. Used by its thread alone."""

    def __init__(self) -> None:
        self._recent = Recent()
        self._trains: dict[int, _Train] = {}

    def passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, remembered for a while."""
        return self._recent.passing(blocks)

    def event(self, event: Event) -> Signed | None:
        """What is known with it."""
        if event.what == "over":
            self._trains.pop(event.train, None)
        if event.what != "burst" or event.emission.label not in MEASURED:
            return None
        train = self._trains.setdefault(event.train, _Train())
        if train.tried >= MOST_TRIED or any(len(heard) >= TOLD_AFTER[-1] for heard in train.by_family.values()):
            return None
        train.tried += 1
        signature = self._measured(event.emission, event.segment.rate_hz)
        if signature is None:
            return None
        heard = train.by_family.setdefault(signature.family, [])
        heard.append(signature)
        if len(heard) not in TOLD_AFTER:
            return None
        begun_ns = clock_ns(event.segment, event.emission.sample_start)
        return Signed(event.train, corrected(joined(heard, "watch", begun_ns), UNKNOWN))

    def _measured(self, emission: Emission, rate_hz: float) -> Signature | None:
        block = self._recent.around(emission, round(MARGIN_S * rate_hz))
        if block is None or (block.iq.dtype.kind != "f" and overdriven(block)):
            return None
        return measure(emission, block)


def overdriven(block: Block) -> bool:
    """Whether too many samples lie at the end of the converter's scale."""
    return float(np.mean(np.abs(block.iq * np.float32(block.scale)) >= FULL_SCALE)) > CLIPPED
