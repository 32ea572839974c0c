"""One recording in, its emissions out, in the order of their start: the chain radio → detect → airinterface."""

from collections import Counter
from collections.abc import Callable, Iterator

from cellwarden.model import Emission
from cellwarden.radio.recording import Recording


def scan(
    recording: Recording,
    *,
    min_confidence: float = 0.5,
    block_samples: int = 1 << 20,
    rejected: Counter[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Emission]:
    """Find and name every burst of `recording`, lazily and in bounded memory.

    `rejected` counts what was looked at and refused, by reason. `progress` is told, after each block, the number of
    samples done since it was last called.
    """
    raise NotImplementedError
    yield
