"""Watches the gate of the GSM recogniser: how much evidence of energy each box has that the chain asks it about.

The only place where a lane reaches into the recogniser. What it needs of it: `gsm_match.evidence`, which is called with
each stretch of samples that may hold a burst, and whose result is held against `gsm_match.LEAST_EVIDENCE`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from cellwarden.airinterface import gsm_match
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
    true_evidence = gsm_match.evidence

    def evidence(*given: Any) -> float:
        nats = true_evidence(*given)
        asked[-1].nats = max(asked[-1].nats, nats)
        return nats

    def watched(recognise: Callable[[Burst, Block], list[Emission]]) -> Callable[[Burst, Block], list[Emission]]:
        def recognised(burst: Burst, block: Block) -> list[Emission]:
            asked.append(Asked(burst))
            return recognise(burst, block)

        return recognised

    interfaces = tuple(
        replace(one, recognise=watched(one.recognise)) if one.name == "gsm" else one for one in scan.INTERFACES
    )
    with ExitStack() as patches:
        patches.enter_context(patch.object(gsm_match, "evidence", evidence))
        patches.enter_context(patch.object(scan, "INTERFACES", interfaces))
        yield asked
