"""A scene is written, scanned and compared with its truth: the step that most figures share."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.scenes import Air, Placed, Truth, write

NEAR = 0.5
"""An emission is a truth's when it covers this part of its time and touches its band; so the shared scores have it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A truth and all emissions that lie on it."""

    truth: Truth
    emissions: tuple[Emission, ...]

    @property
    def recognised(self) -> Emission | None:
        """The emission that has the truth's label, if any."""
        return next((e for e in self.emissions if e.label == self.truth.label), None)


def heard(air: Air, placed: Iterable[Placed], seed: int) -> tuple[list[Truth], list[Emission]]:
    """Write a scene to a temporary file and scan it through the whole chain: what there was, what was heard."""
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "scene.sigmf-meta"
        truths = write(path, air, placed, seed)
        return truths, list(scan(open_recording(path), min_confidence=0.0))


def common_samples(truth: Truth, emission: Emission) -> float:
    """Samples that both last, 0 where their bands do not touch."""
    touch = min(truth.high_offset_hz, emission.high_offset_hz) > max(truth.low_offset_hz, emission.low_offset_hz)
    end = min(truth.start + truth.count, emission.sample_start + emission.sample_count)
    return max(0.0, end - max(truth.start, emission.sample_start)) if touch else 0.0


def paired(truths: list[Truth], emissions: list[Emission]) -> list[Pair]:
    """Each truth with the emissions that cover half of its time in its band; both are in the order of time."""
    pairs, first = [], 0
    longest = max((t.count for t in truths), default=0) + max((e.sample_count for e in emissions), default=0)
    for truth in truths:
        while first < len(emissions) and emissions[first].sample_start < truth.start - longest:
            first += 1
        on = []
        for emission in emissions[first:]:
            if emission.sample_start > truth.start + truth.count:
                break
            if common_samples(truth, emission) >= NEAR * truth.count:
                on.append(emission)
        pairs.append(Pair(truth, tuple(on)))
    return pairs
