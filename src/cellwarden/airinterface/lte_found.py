"""What the uplink of LTE finds before it is an emission, and the evidence that all its channels are asked for."""

import math
from dataclasses import dataclass, replace

from cellwarden.airinterface.lte_receiver import Stretch, stretch
from cellwarden.model import Block, Burst

SURE_DB = 6.0
"""A box as strong as this has edges that are right to some 20 µs; a fainter one may hold but a part of its burst."""
NEIGHBOURS = 1
"""Subcarriers to either side at which a band may begin instead."""
NEAR_NATS = 6.0
"""Most that a neighbour has more: a Zadoff-Chu sequence moved by a subcarrier is itself, at another delay."""
MATCHED = 8
"""Sequences that are matched where a band is wide enough that its tone tells them."""
CERTAIN_NATS = 25.0
"""With this nothing else is tried."""
SURE_NATS = 100.0
"""With this no other place is tried at all: where exactly it lies is measured later."""
LEAST_NATS, LEAST_SHORT_NATS = 12.0, 9.0
"""Of evidence beyond chance; PUSCH of one or two blocks, with two symbols that count, cannot have more."""
LEAST_PREFIXED_NATS = 6.0
"""The same where prefixes, points and length count as well (`lte_points`): of 500 bursts each of one block at 5 dB no
noise has as much, 1 of QPSK and of OFDM, 3 of precoded data without reference symbols and 4 of GMSK."""
EMPTY = 0.3
"""A last symbol whose power is less than this part of the others' was not sent."""


@dataclass(frozen=True, slots=True)
class Found:
    """A burst of the uplink; times in samples of the recording."""

    kind: str
    start: float
    seconds: float
    middle_hz: float
    blocks: int
    group: int
    evidence: float
    snr: float
    fixed: bool = False
    """Its edges are certain, as those of others lie beside it; else a sequence may fit some subcarriers off."""
    comb: float = 0.0
    """Of data's last symbol: power of every other subcarrier as a part of the others', which a sounding leaves."""
    heard: Stretch | None = None
    """The samples that it was found in, where it is alone."""


def samples_of(found: Found, burst: Burst, block: Block, around_s: float, size: int) -> Stretch:
    """The samples that something was found in, or, where they are not at hand, `size` subcarriers around it."""
    if found.heard is not None:
        return found.heard
    lasts = round(found.seconds * block.segment.rate_hz)
    box = replace(burst, sample_start=math.floor(found.start), sample_count=lasts)
    return stretch(box, block, around_s, found.middle_hz, size)


def least_nats(found: Found) -> float:
    """Evidence with which something is as likely what it seems as not."""
    if found.kind == "pusch" and found.blocks <= 2:
        return LEAST_PREFIXED_NATS
    return LEAST_SHORT_NATS - 2.0
