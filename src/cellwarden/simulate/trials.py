"""Scenes for trials: bursts of one label one after another, each at a carrier, timing and place of its own.

    │◄── window 1 ──►│◄──── window 2 ────►│◄ window 3 …
     noise ▓▓▓▓▓▓▓▓▓  noise ▓▓▓▓▓▓▓▓▓▓▓▓▓  noise ▓▓▓▓        at least APART_S of silence between two

A window is a trial: it holds one burst, or none of that label: the same scene without bursts, or with others'.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cellwarden.simulate.channel import Channel, behind, delayed
from cellwarden.simulate.drawings import DRAWINGS, Drawing
from cellwarden.simulate.receiver import Faults
from cellwarden.simulate.scenes import Air, Placed, Truth, amplitude

APART_S = 1.5e-3
"""Silence between bursts, at least."""
LATER_S = 1e-3
"""Of silence that varies besides."""
LEAD_S = 2e-3
"""Before the first burst and after the last."""
TURNED = 0.3
"""Part of the recorded band to either side of its centre in which carriers lie."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which bursts are heard."""

    channel: Channel = Channel()  # noqa: RUF009 (frozen)
    cfo_ppm: float = 2.0
    """Carrier offset: even between this much below and above, each burst its own (`Parameters.receiver_ppm`)."""
    timing_samples: float = 1.0
    """Each burst begins up to so much of a sample later than the raster of samples."""
    faults: Faults = Faults()  # noqa: RUF009 (frozen)


def bursts(
    label: str,
    trials: int,
    snr_db: float,
    conditions: Conditions,
    rng: np.random.Generator,
    *,
    drawing: Drawing | None = None,
    within: Drawing | None = None,
) -> Iterator[Placed]:
    """Bursts of one label, as its drawing or another one makes them, in their own band or in a third one's.

    The band of `within` is as wide as theirs at least.
    """
    drawing = drawing or DRAWINGS[label]
    place = within or drawing
    rate = place.rate_hz
    reach = int(max(0.0, TURNED * rate - drawing.width_hz / 2) / place.raster_hz)
    at = round(LEAD_S * rate)
    for _ in range(trials):
        error = rng.uniform(-1, 1) * conditions.cfo_ppm * 1e-6 * place.centre_hz
        nominal = int(rng.integers(-reach, reach + 1)) * place.raster_hz
        wave, start, width = drawing.make(rng, rate, nominal + error)
        count = len(wave)
        late = rng.uniform(0, conditions.timing_samples)
        wave = behind(delayed(wave, late), conditions.channel, rate, rng)
        edges = nominal - width / 2, nominal + width / 2
        truth = Truth(label, at + start + late, count - math.ceil(start), *edges, snr_db, nominal + error)
        yield Placed(truth, at, wave * np.float32(amplitude(snr_db, rate, width)))
        at += len(wave) + round((APART_S + rng.uniform(0, LATER_S)) * rate)


def air_of(place: Drawing, placed: list[Placed]) -> Air:
    """The recording that holds bursts, the last one with silence behind it."""
    end = placed[-1].first + len(placed[-1].wave)
    return Air(place.rate_hz, place.centre_hz, math.ceil(end + LEAD_S * place.rate_hz) / place.rate_hz)


def windows(placed: list[Placed], air: Air) -> list[tuple[int, int]]:
    """First sample and end of each burst's window; they tile the recording, and meet in the middle of silences."""
    ends = [(a.first + len(a.wave) + b.first) // 2 for a, b in pairwise(placed)]
    return list(zip([0, *ends], [*ends, air.samples], strict=True))
