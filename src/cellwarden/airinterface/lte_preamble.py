"""How exactly a random access preamble lies in frequency, once its root is known.

      ├ prefix ┤├──── 800 µs: 839 subcarriers ────┤       the same wave, delayed by its cyclic shift

The fraction of a subcarrier is that at which one delay gathers the most. A Zadoff-Chu sequence that lies a whole
subcarrier higher is itself at another delay, but for the subcarriers at its edges, which tell the rest. The bound for
839 known symbols of unknown phase is that of `lte_estimate`.

Source: 3GPP TS 36.211 §5.7.
"""

import math
from dataclasses import replace

import numpy as np
from scipy import fft

from cellwarden.airinterface.lte_estimate import peaks
from cellwarden.airinterface.lte_prach import SUBCARRIERS, WIDTH_HZ
from cellwarden.airinterface.lte_receiver import stretch
from cellwarden.airinterface.lte_waveform import PREAMBLE, PREAMBLE_FORMATS, PREAMBLE_S, zadoff_chu
from cellwarden.model import Block, Burst, Emission

FRACTIONS = np.arange(-0.5, 0.5, 1 / 16)
BESIDE = 8
"""Subcarriers to either side of where it was found that its band may begin."""
FIRST_HZ = 625.0
"""A preamble's lower edge lies so far above a multiple of 15 kHz from the carrier (TS 36.211 §5.7.3: φ = 7, and half a
subcarrier of its own)."""


def refined(e: Emission, burst: Burst, block: Block, raster_hz: float) -> Emission:
    """A preamble of format 0 to 3 with its carrier measured, and the offset from the raster if the centre is known."""
    root, kind = e.details.get("root"), e.details.get("format")
    middle = e.carrier_offset_hz
    if not isinstance(root, int) or not isinstance(kind, int) or kind >= len(PREAMBLE_FORMATS) or middle is None:
        return e
    prefix_s = PREAMBLE_FORMATS[kind][0]
    box = replace(burst, sample_start=e.sample_start, sample_count=e.sample_count)
    heard = stretch(box, block, 0.05e-3, middle, SUBCARRIERS)
    count = round(PREAMBLE_S * heard.rate_hz)
    first = heard.index(e.sample_start + prefix_s / 2 * block.segment.rate_hz)
    part = heard.y[first : first + count]
    if len(part) < count:
        return e
    n = np.arange(count)
    grid_hz = heard.rate_hz / count
    nearest = (middle - heard.centre_hz) / grid_hz  # of the middle subcarrier, from the transform's zero
    reference = np.conj(fft.fft(zadoff_chu(root, PREAMBLE))) / math.sqrt(PREAMBLE)
    gathered = np.zeros(len(FRACTIONS))
    for number, fraction in enumerate(FRACTIONS + (nearest - round(nearest))):
        spectrum = fft.fftshift(fft.fft(part * np.exp(-2j * np.pi * fraction / count * n)))
        at = count // 2 + round(nearest) - PREAMBLE // 2
        power = np.concatenate([[0.0], np.cumsum(np.abs(spectrum[at - BESIDE : at + PREAMBLE + BESIDE]) ** 2)])
        low = at - BESIDE + int(np.argmax(power[PREAMBLE:] - power[:-PREAMBLE]))
        delays = np.abs(fft.ifft(spectrum[low : low + PREAMBLE] * reference, 2 * PREAMBLE)) ** 2
        gathered[number] = delays.max()
    place = int(np.argmax(gathered))
    step = 0.0
    if 0 < place < len(gathered) - 1:
        before, at_peak, after = gathered[place - 1 : place + 2]
        step = 0.5 * (before - after) / min(before - 2 * at_peak + after, -1e-30)
    fraction = FRACTIONS[place] + (nearest - round(nearest)) + step / len(FRACTIONS)
    spectrum = fft.fftshift(fft.fft(part * np.exp(-2j * np.pi * fraction / count * n)))
    lows = np.arange(-BESIDE, BESIDE + 1) + count // 2 + round(nearest) - PREAMBLE // 2
    rows = np.array([spectrum[low : low + PREAMBLE] * reference for low in lows])
    low = int(lows[int(np.argmax(peaks(rows)))])
    moved = heard.centre_hz + (low + PREAMBLE // 2 - count // 2 + fraction) * grid_hz
    error = 1 / (2 * np.pi * math.sqrt(2 * 10 ** (e.snr_db / 10) * PREAMBLE * PREAMBLE_S**2 / 12))
    centre = block.segment.centre_hz
    low_hz = moved - WIDTH_HZ / 2
    return replace(
        e,
        low_offset_hz=low_hz,
        high_offset_hz=low_hz + WIDTH_HZ,
        carrier_offset_hz=moved,
        cfo_hz=None if centre is None else math.remainder(centre + low_hz - FIRST_HZ, raster_hz),
        details={**e.details, "carrier_error_hz": round(error, 1)},
    )
