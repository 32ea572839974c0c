"""How exactly a random access preamble lies in frequency, once its root is known.

      ├ prefix ┤├──── 800 µs: 839 subcarriers ────┤       the same wave, delayed by its cyclic shift

The fraction of a subcarrier is that at which one delay gathers the most. A Zadoff-Chu sequence that lies a whole
subcarrier higher is itself at another delay, but for the subcarriers at its edges, which tell the rest. The bound for
839 known symbols of unknown phase is that of `lte_estimate`.

Source: 3GPP TS 36.211 §5.7.
"""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_estimate import peaks
from cellwarden.airinterface.lte_prach import SUBCARRIERS, WIDTH_HZ, spectrum_of
from cellwarden.airinterface.lte_receiver import mixed, stretch
from cellwarden.airinterface.lte_waveform import PREAMBLE, PREAMBLE_S
from cellwarden.airinterface.preamble_name import wave_of
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

STEP = 1 / 16
FRACTIONS = np.arange(-4, 5) * STEP
"""Of a subcarrier, beside where the match told it to within an eighth."""
DELAYS = 1680
"""At which a match is looked at: twice as many as the preamble is long, and quickly transformed."""
BESIDE = 8
"""Subcarriers to either side of where it was found that its band may begin."""
FIRST_HZ = 625.0
"""A preamble's lower edge lies so far above a multiple of 15 kHz from the carrier (TS 36.211 §5.7.3: φ = 7, and half a
subcarrier of its own)."""


@lru_cache(maxsize=8)
def _ramps(count: int) -> NDArray[np.complex64]:
    """What moves samples down by each of the fractions: shape (fractions, count)."""
    return np.exp(-2j * np.pi / count * FRACTIONS[:, None] * np.arange(count)).astype(np.complex64)


def refined(e: Emission, burst: Burst, block: Block, raster_hz: float) -> Emission:
    """A long preamble with its carrier measured, and the offset from the raster if the centre is known."""
    root, wave, middle = e.details.get("root"), wave_of(e), e.carrier_offset_hz
    if not isinstance(root, int) or wave is None or middle is None:
        return e
    box = replace(burst, sample_start=e.sample_start, sample_count=e.sample_count)
    heard = stretch(box, block, 0.05e-3, middle, SUBCARRIERS)
    count = round(PREAMBLE_S * heard.rate_hz)
    first = heard.index(e.sample_start + wave.prefix_s / 2 * block.segment.rate_hz)
    part = heard.y[first : first + count]
    if len(part) < count:
        return e
    grid_hz = heard.rate_hz / count
    nearest = (middle - heard.centre_hz) / grid_hz  # of the middle subcarrier, from the transform's zero
    reference = np.conj(spectrum_of(root))
    at = count // 2 + round(nearest) - PREAMBLE // 2
    spectra = scipy.fft.fft(mixed(part, (nearest - round(nearest)) / count) * _ramps(count), axis=-1, overwrite_x=True)
    near = spectra[:, np.arange(at - BESIDE, at + PREAMBLE + BESIDE) - count // 2]
    power = np.concatenate(
        [np.zeros((len(FRACTIONS), 1)), np.cumsum(squared(near), axis=-1, dtype=np.float64)], axis=-1
    )
    lows = np.argmax(power[:, PREAMBLE:] - power[:, :-PREAMBLE], axis=-1)
    bands = np.take_along_axis(near, lows[:, None] + np.arange(PREAMBLE), axis=-1) * reference
    gathered = squared(scipy.fft.ifft(bands, DELAYS, axis=-1, overwrite_x=True)).max(axis=-1).astype(np.float64)
    place = int(np.argmax(gathered))
    step = 0.0
    if 0 < place < len(gathered) - 1:
        before, at_peak, after = gathered[place - 1 : place + 2]
        step = 0.5 * (before - after) / min(before - 2 * at_peak + after, -1e-30)
    fraction = FRACTIONS[place] + (nearest - round(nearest)) + step * STEP
    spectrum = scipy.fft.fftshift(scipy.fft.fft(mixed(part, fraction / count)))
    lows = np.arange(-BESIDE, BESIDE + 1) + at
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
