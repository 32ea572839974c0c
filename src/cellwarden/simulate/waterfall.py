"""What a sensor's spectrum looks like while phones send: rows for a live picture, made without samples.

Noise is what the loudest of a row's frames shows of it; a burst stands in its channel, louder at a sensor that hears it
better. No figure is taken from it.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from cellwarden.model import Heard, Row, Sighting
from cellwarden.simulate.week import BAND_HZ

PARTS = 350
NOISE_DB, NOISE_SIGMA_DB = 8.8, 0.6
"""The loudest of 2,000 frames of two bins each: ln(2,000) times the mean, more or less."""
LOUDEST_DB, EACH_DB = 36.0, 5.0
"""Over noise at the sensor that hears a phone best; less at each next one."""
LEAST_DB = 3.5
"""Weaker, a sensor does not name it."""
WIDTH_HZ = {"gsm": 200e3, "lte": 720e3}
HOPS = 24
"""Places of an LTE phone's data within its carrier of 10 MHz, which the cell grants anew each millisecond."""
LTE_HZ = 9e6
SKIRT_DB = 24.0
"""By which a GSM burst is weaker one channel away (3GPP TS 45.005 annex A)."""


def rows(sensor: str, start_ns: int, end_ns: int, heard: Iterable[Sighting], rng: np.random.Generator) -> list[Row]:
    """A row of each band, with what of `heard` lies in that time and the sensor hears."""
    there = [one for one in heard if sensor in one.sensors and one.start_ns < end_ns and one.end_ns > start_ns]
    return [
        _row(sensor, start_ns, end_ns, band, [one for one in there if one.interface == interface], rng)
        for interface, band in BAND_HZ.items()
    ]


def _row(
    sensor: str, start_ns: int, end_ns: int, band_hz: tuple[float, float], heard: Sequence[Sighting],
    rng: np.random.Generator,
) -> Row:  # fmt: skip
    low, high = band_hz
    part_hz = (high - low) / PARTS
    power = 10 ** (rng.normal(NOISE_DB, NOISE_SIGMA_DB, PARTS) / 10)
    middle_hz = low + (np.arange(PARTS) + 0.5) * part_hz
    boxes = []
    for one in heard:
        level_db = LOUDEST_DB - EACH_DB * one.sensors.index(sensor) + rng.normal(0.0, 2.0)
        width, at = WIDTH_HZ.get(one.interface, 200e3), one.frequency_hz
        if one.interface == "lte":
            at += (rng.integers(HOPS) / (HOPS - 1) - 0.5) * (LTE_HZ - width)
        away = np.maximum(0.0, np.abs(middle_hz - at) - width / 2) / 200e3
        power += 10 ** ((level_db - SKIRT_DB * away) / 10)
        if level_db < LEAST_DB:
            continue
        label = max(one.labels, key=lambda name: one.labels[name])
        begin, end = max(one.start_ns, start_ns), min(one.end_ns, end_ns)
        box = at if one.interface == "gsm" else one.frequency_hz
        half = (width if one.interface == "gsm" else LTE_HZ) / 2
        boxes.append(Heard(begin, end, box - half, box + half, label, level_db, True, int(one.phone[2:])))
    levels = np.clip(20.0 * np.log10(power), 0, 255).astype(np.uint8)
    return Row(start_ns, end_ns, low, high, levels.tobytes(), tuple(boxes))
