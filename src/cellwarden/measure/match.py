"""Which claims are which truth's: boxes in time and frequency, laid over each other.

truth   ┌──────────┐         a claim is a truth's when it covers half of the truth's time, touches its band, and is
claim     ┌──────────┐       no more than so many times as large; one claim may be several truths'
"""

from collections.abc import Sequence
from typing import TypeVar

from cellwarden.model import Boxed

NEAR = 0.5
"""Part of a truth's time that a claim has to cover; so the shared scores have it."""


B = TypeVar("B", bound=Boxed)


def common_samples(one: Boxed, other: Boxed) -> float:
    """Samples that both last, 0 where their bands do not touch."""
    touch = min(one.high_offset_hz, other.high_offset_hz) > max(one.low_offset_hz, other.low_offset_hz)
    end = min(one.sample_start + one.sample_count, other.sample_start + other.sample_count)
    return max(0.0, end - max(one.sample_start, other.sample_start)) if touch else 0.0


def lying_on(truths: Sequence[Boxed], claims: Sequence[B]) -> list[tuple[B, ...]]:
    """For each truth the claims that are its; both come in the order of time."""
    found, first = [], 0
    longest = max((t.sample_count for t in truths), default=0) + max((c.sample_count for c in claims), default=0)
    for truth in truths:
        while first < len(claims) and claims[first].sample_start < truth.sample_start - longest:
            first += 1
        on = []
        for claim in claims[first:]:
            if claim.sample_start > truth.sample_start + truth.sample_count:
                break
            if common_samples(truth, claim) >= NEAR * truth.sample_count:
                on.append(claim)
        found.append(tuple(on))
    return found
