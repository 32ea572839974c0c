"""Is the confidence a probability? Phones' bursts and impostors of every level, through the whole chain.

What is claimed is compared with what was placed: a `gsm:*` emission is right where a burst of that very kind lies under
it, an `unknown:burst` where anything at all does. Beside each claim stands the margin that it was made from, so that a
logistic map from margin to probability can be fitted to it.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth import common_samples, heard
from cellwarden.airinterface import gsm
from cellwarden.airinterface.gsm_match import Match, margin
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ
from cellwarden.model import Emission
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.scenes import Air, Placed, Truth, gsm_burst, impostor, indoor_paths
from cellwarden.simulate.waves import IMPOSTORS

PHONES = 0.5
"""Share of the placed signals that are phones': no other share is known for a wing, so neither side is preferred."""
ECHOED = 0.5
DURATIONS_S = (325e-6, 547e-6)
"""Half of the impostors last as long as a GSM burst, the others anything from 0.25 to 0.9 ms."""
HIDDEN = 200.0


@dataclass(frozen=True, slots=True)
class Claim:
    """One emission and whether it is right."""

    label: str
    confidence: float
    margin: float
    """NaN for what no interface named."""
    snr_db: float
    symbols: float
    """Time-bandwidth product of the box."""
    right: bool
    of: str
    """Label of the truth that it lies on most, or nothing."""


def mixture(air: Air, rng: np.random.Generator, parameters: Parameters) -> Iterator[Placed]:
    """Phones and impostors in turn at random channels, levels, lengths and echoes."""
    names = list(IMPOSTORS)
    half = int(air.rate_hz / 2 / CHANNEL_HZ) - 5
    spacing = 1 / parameters.bursts_per_s
    order = rng.permutation(np.arange(-half, half + 1))
    for number in range(int(air.seconds / spacing) - 1):
        if number % len(order) == 0:
            order = rng.permutation(order)
        channel = int(order[number % len(order)])
        at = round((number + 0.3 + rng.uniform(-0.2, 0.2)) * spacing * air.rate_hz)
        snr_db = rng.uniform(parameters.snr_low_db, parameters.snr_high_db)
        if rng.random() < PHONES:
            paths = indoor_paths(parameters, rng) if rng.random() < ECHOED else None
            kind = ("normal", "access")[int(rng.integers(2))]
            yield gsm_burst(air, at, kind, channel, snr_db, rng, parameters=parameters, paths=paths)  # type: ignore[arg-type]
        else:
            lasts = rng.choice(DURATIONS_S) if rng.random() < 0.5 else rng.uniform(0.25e-3, 0.9e-3)
            offset = (channel + rng.uniform(-0.5, 0.5)) * CHANNEL_HZ
            yield impostor(air, at, names[int(rng.integers(len(names)))], offset, snr_db, lasts, rng)


@contextmanager
def _margins() -> Iterator[None]:
    """Within this, the confidence of a GSM emission carries its margin, as `_margin_of` reads it."""

    def carried(match: Match) -> float:
        return 1.0 - 0.5 * math.exp(-max(0.0, margin(match)) / HIDDEN)

    with patch.object(gsm, "confidence", carried):
        yield


def _margin_of(emission: Emission) -> float:
    return -HIDDEN * math.log(2 * (1.0 - emission.confidence))


def claims(seconds: float, seed: int, parameters: Parameters | None = None) -> list[Claim]:
    """All emissions of one scene, judged."""
    world, air, rng = parameters or Parameters(), Air(seconds=seconds), np.random.default_rng(seed)
    with _margins():
        truths, emissions = heard(air, mixture(air, rng, world), int(rng.integers(1 << 31)))
    return judged(truths, emissions)


def judged(truths: list[Truth], emissions: list[Emission]) -> list[Claim]:
    """Each emission with the truth that it lies on, if at least half of the shorter of the two is common to both."""
    starts = np.array([t.start for t in truths])
    longest = max((t.count for t in truths), default=0)
    made = []
    for e in emissions:
        first = int(np.searchsorted(starts, e.sample_start - longest))
        end = int(np.searchsorted(starts, e.sample_start + e.sample_count))
        near = [t for t in truths[first:end] if common_samples(t, e) >= 0.5 * min(t.count, e.sample_count)]
        best = max(near, key=lambda t: (t.label == e.label, common_samples(t, e)), default=None)
        phone = e.label.startswith("gsm:")
        made.append(
            Claim(
                e.label,
                e.confidence,
                _margin_of(e) if phone else math.nan,
                e.snr_db,
                e.sample_count / 10e6 * (e.high_offset_hz - e.low_offset_hz),
                best is not None and (best.label == e.label or not phone),
                best.label if best else "",
            )
        )
    return made
