"""A scene is written, scanned and compared with its truth: the step that most figures share."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cellwarden.measure.match import lying_on
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.scenes import Air, Placed, Truth, write


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


def paired(truths: list[Truth], emissions: list[Emission]) -> list[Pair]:
    """Each truth with the emissions that cover half of its time in its band; both are in the order of time."""
    return [Pair(truth, on) for truth, on in zip(truths, lying_on(truths, emissions), strict=True)]
