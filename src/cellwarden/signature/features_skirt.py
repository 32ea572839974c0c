"""What a GSM burst sends beside its channel: the shape of its spectrum where an ideal one has fallen.

    0 dB  ▁▃▆█▆▃▁            power in 30 kHz at the carrier
    -30        ▔▔▂▁▁         at 200 and 250 kHz: GMSK's own, which is taken off, and what else is sent
    -60             ▔▔       at 400 kHz: the noise of a synthesiser, regrowth of an amplifier

A neighbour's burst lies to one side, a transmitter's skirts lie to both: where the two differ, the lower one counts. In
noise little is told: at 20 dB one burst shows -35 dB and more. Told for what somebody looks at, never compared.

Source: 3GPP TS 45.005 §4.2.1 (spectrum due to the modulation), measured between half and nine tenths of a burst there.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ
from cellwarden.model import Block, Measured
from cellwarden.signature.kernels import gmsk

OFFSETS_HZ = (200e3, 250e3, 400e3)
BAND_HZ = 30e3
HANN = 1.5
"""Bins of a spectrum behind Hann's window that are one independent value."""
EDGE_SYMBOLS = 6.0
"""Left out at both ends: ramps, and what they splash."""
APART = 3.0
"""Deviations by which both sides differ where one has a neighbour's burst in it."""


def skirts(
    block: Block, begin: float, carrier_hz: float, bits: NDArray[np.int64], floor_dbfs_hz: float
) -> Mapping[str, Measured]:
    """Power in 30 kHz beside the carrier over that at the carrier, without noise and what GMSK has there.

    begin: of symbol 0, in samples of the block; bits: of the burst, int64, shape (n,). Offsets beyond what was recorded
    are left out.
    """
    rate = block.segment.rate_hz
    first = math.ceil(begin + EDGE_SYMBOLS * rate / SYMBOL_RATE_HZ)
    end = math.floor(begin + (len(bits) - EDGE_SYMBOLS) * rate / SYMBOL_RATE_HZ)
    if first < 0 or end > len(block.iq):
        return {}
    raw = block.iq[first:end].astype(np.float64) * block.scale
    window = np.hanning(end - first + 2)[1:-1]
    t: NDArray[np.float64] = (np.arange(first, end, dtype=np.float64) - begin) / rate
    heard = (raw[:, 0] + 1j * raw[:, 1]) * np.exp(-2j * np.pi * carrier_hz * t)
    ideal = np.exp(1j * gmsk(bits, t * SYMBOL_RATE_HZ))
    density, own = (np.abs(np.fft.fft(one * window)) ** 2 for one in (heard, ideal))
    energy = float(np.sum(window**2))
    noise = 10 ** (floor_dbfs_hz / 10) * rate * energy
    at = np.fft.fftfreq(end - first, 1 / rate).astype(np.float64)
    values = BAND_HZ * (end - first) / rate / HANN
    carrier, whole = _within(density, at, 0.0) - noise, _within(own, at, 0.0)
    found = {}
    for offset in OFFSETS_HZ:
        if carrier <= 0 or not _recorded(carrier_hz, offset, rate):
            continue
        sides = []
        for place in (-offset, offset):
            told = _within(density, at, place)
            deviation = max(told, noise) / carrier / math.sqrt(values)
            sides.append(Measured((told - noise) / carrier - _within(own, at, place) / whole, deviation))
        found[f"skirt_{offset / 1e3:.0f}"] = _either(*sides)
    return found


def _within(density: NDArray[np.float64], at_hz: NDArray[np.float64], middle_hz: float) -> float:
    return float(density[np.abs(at_hz - middle_hz) <= BAND_HZ / 2].mean())


def _recorded(carrier_hz: float, offset_hz: float, rate_hz: float) -> bool:
    """Whether both sides lie within what a receiver's filter passes."""
    return abs(carrier_hz) + offset_hz + BAND_HZ / 2 < 0.45 * rate_hz


def _either(below: Measured, above: Measured) -> Measured:
    """The mean of both sides; the lower one where they differ by more than noise does."""
    both = math.hypot(below.deviation, above.deviation)
    if abs(below.value - above.value) > APART * both:
        return min(below, above)
    return Measured((below.value + above.value) / 2, both / 2)
