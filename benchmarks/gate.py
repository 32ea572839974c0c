"""Watches the gate of the GSM recogniser: how much evidence of energy each box has that the chain asks it about.

The only place where a lane reaches into the recogniser. What it needs of it: that `gsm_match._stretches(power,
receiver)` gives first and end index of all stretches whose evidence reaches `gsm_match.LEAST_EVIDENCE`, a name of the
module that is read anew each time.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gsm_match
from cellwarden.airinterface.gsm_receiver import Receiver
from cellwarden.detect.evidence import evidence
from cellwarden.model import Block, Burst, Emission
from cellwarden.runtime import scan

LEAST_NATS = gsm_match.LEAST_EVIDENCE


@dataclass
class Asked:
    """A box that the recogniser was asked about."""

    burst: Burst
    nats: float = 0.0
    """Most evidence of a stretch in it, on any carrier tried; 0 where there was no stretch to judge."""


@contextmanager
def watching_gate() -> Iterator[list[Asked]]:
    """Within this, each box that a scan of this process asks GSM about is listed."""
    asked: list[Asked] = []
    all_stretches = gsm_match._stretches

    def stretches(power: NDArray[np.float32], receiver: Receiver) -> list[tuple[int, int]]:
        found = all_stretches(power, receiver)
        each = [evidence(float(np.mean(power[a:b])), (b - a) * receiver.channel_noise) for a, b in found]
        asked[-1].nats = max(asked[-1].nats, *each, 0.0)
        return [stretch for stretch, nats in zip(found, each, strict=True) if nats >= LEAST_NATS]

    def watched(recognise: Callable[[Burst, Block], list[Emission]]) -> Callable[[Burst, Block], list[Emission]]:
        def recognised(burst: Burst, block: Block) -> list[Emission]:
            asked.append(Asked(burst))
            return recognise(burst, block)

        return recognised

    interfaces = tuple(
        replace(one, recognise=watched(one.recognise), recognise_all=None) if one.name == "gsm" else one
        for one in scan.INTERFACES
    )
    with ExitStack() as patches:
        patches.enter_context(patch.object(gsm_match, "LEAST_EVIDENCE", 0.0))
        patches.enter_context(patch.object(gsm_match, "_stretches", stretches))
        patches.enter_context(patch.object(scan, "INTERFACES", interfaces))
        yield asked
