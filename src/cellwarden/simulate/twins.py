"""How much twins differ: the numbers behind a population of phones, each with where it comes from.

Figures from them are worth as much as they are. `varied` moves all of them within ±50 %.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from cellwarden.simulate.parameters import VARIATION


@dataclass(frozen=True, slots=True)
class Twins:
    """One population. Pairs are the least and the most of a size that is drawn evenly, with either sign."""

    polar: float = 0.5
    """Part of the phones that have a polar transmitter. An assumption."""
    gain_db: tuple[float, float] = (0.1, 0.5)
    phase_deg: tuple[float, float] = (0.5, 3.0)
    """I/Q imbalance of a quadrature modulator: as asked of this bench. T. Schenk, RF Imperfections in High-rate
    Wireless Systems (2008) §5 reckons with up to 1 dB and 5° [unread]."""
    leak_db: tuple[float, float] = (-45.0, -33.0)
    """Of the oscillator, over the carrier. An assumption; 3GPP TS 45.005 asks only for the whole phase error."""
    polar_leak_db: float = 12.0
    """By which a polar transmitter leaks less: its synthesiser is the modulator. An assumption."""
    loop: tuple[float, float] = (0.005, 0.04)
    """Mismatch of the two points at which a polar loop is modulated: some percent. An assumption; 5° of phase error
    are allowed (TS 45.005 §4.6)."""
    loop_hz: float = 20e3
    loop_hz_spread: float = 0.5
    """Corner of that loop. An assumption."""
    droop: float = 0.01
    """Standard deviation of the amplitude's fall from a burst's middle to its end. An assumption."""
    ramps: tuple[tuple[float, float, float], ...] = (
        (10e-6, 10e-6, 1.0),
        (12e-6, 11e-6, 1.2),
        (14e-6, 14e-6, 1.0),
        (11e-6, 15e-6, 1.5),
    )
    """(rise, fall, exponent) of each model's power ramps; TS 45.005 annex B allows 28 µs from -70 dB on."""
    ramp_spread: float = 0.08
    """By which part a unit's ramps differ from its model's. An assumption."""
    ramp_at_s: float = 0.6e-6
    """By how much its ramps come early or late. An assumption: a sixth of a symbol."""
    overshoot: float = 0.05
    """Most amplitude too much behind the rise: TS 45.005 annex B allows 1 dB and, while it settles, 4 dB."""
    settle_s: float = 8e-6
    drift: float = 0.1
    """Standard deviation of what a session changes of each error, as a part of it: warmth, battery, power step. An
    assumption."""
    ramp_drift: float = 0.01
    """The same of the ramps. An assumption."""


def varied(twins: Twins, rng: np.random.Generator) -> Twins:
    """A population whose numbers are drawn, each by itself, from ±50 % around those given; decibels by ±3."""
    drawn: dict[str, Any] = {}
    for field in fields(twins):
        value = getattr(twins, field.name)
        if field.name == "ramps":
            continue
        if field.name == "leak_db":
            by = float(rng.uniform(-3, 3))
            drawn[field.name] = (value[0] + by, value[1] + by)
        elif isinstance(value, tuple):
            factor = float(rng.uniform(1 - VARIATION, 1 + VARIATION))
            drawn[field.name] = (value[0] * factor, value[1] * factor)
        else:
            drawn[field.name] = value * float(rng.uniform(1 - VARIATION, 1 + VARIATION))
    return replace(twins, **drawn)
