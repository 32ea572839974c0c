"""How far a receiver's own clock is off, told by base stations, and taken off what it heard.

    base stations on a raster ► each says how fast this receiver's clock is ► one value, with what they differ by
    a phone's carrier and symbol clock, in this receiver's reckoning ► in true hertz and seconds

One oscillator makes a receiver's frequency and its sampling. With e the fraction by which it is fast, what is at f
seems to be at f / (1 + e), and a symbol seems longer by e: both are put right by adding e, whose own deviation goes
into the feature's. What one oscillator of the phone does to both (`clock_beside_carrier_ppm`) needs none of it.

Sources: 3GPP TS 36.104 §6.5.1, TS 45.010 §5.1: a base station's frequency is right to 0.05 millionths, a small one's to
0.1 or 0.25.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from cellwarden.model import Cell, Measured, Session, Signature

Heard = TypeVar("Heard", Signature, Session)
STATION_PPM = 0.1
"""Standard deviation of a base station's own frequency: between what wide and small ones may have."""
CELL_PPM: Mapping[str, float] = {"gsm": 0.04, "lte": 0.02, "nr": 0.1}
"""Deviation of what is measured of one cell: of GSM, a tone of half a millisecond, 38 Hz at 6 dB and 900 MHz."""
UNKNOWN = Measured(0.0, 2.0)
"""A receiver of which nobody told: a temperature-compensated crystal is off by so much and less."""
CARRIERS_HZ = 100e3
APART = 4.0
"""Deviations from the median beyond which a cell counts for nothing: it was taken for the wrong place of its raster."""


def clock(cells: Sequence[Cell]) -> Measured | None:
    """By how many millionths a receiver is fast, from the cells that it heard; None where none tells it.

    Cells on one carrier are likely sectors of one mast, which share its clock: they count once.
    """
    heard = [c for c in cells if c.interface in CELL_PPM and float(c.details.get("clock_ppm", 0.0))]
    told = list({(c.interface, round(c.carriers_hz[0] / CARRIERS_HZ)): c for c in reversed(heard)}.values())
    if not told:
        return None
    values = np.array([float(c.details["clock_ppm"]) for c in told])
    spread = np.array([math.hypot(STATION_PPM, CELL_PPM[c.interface]) for c in told])
    kept = np.abs(values - np.median(values)) <= APART * spread
    values, weights = values[kept], spread[kept] ** -2.0
    if not len(values):  # two that contradict each other
        return None
    mean = float(weights @ values / weights.sum())
    by_chance = 1 / math.sqrt(float(weights.sum()))
    seen = math.sqrt(float(weights @ (values - mean) ** 2 / weights.sum()) / max(1, len(values) - 1))
    return Measured(mean, max(by_chance, seen))


def corrected(heard: Heard, error: Measured) -> Heard:
    """A signature, or a session, with a receiver's clock error of so many millionths taken off carrier and clock."""
    features = dict(heard.features)
    for name in ("clock_ppm", "carrier_ppm"):
        if name in features:
            value, deviation = features[name]
            features[name] = Measured(value + error.value, math.hypot(deviation, error.deviation))
    return replace(heard, features=features)
