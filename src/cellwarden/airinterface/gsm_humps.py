"""Where in a wide box a GSM carrier may lie, told before any symbol is looked for: its spectrum is a hump.

    GMSK     ▁▃▆█▇▃▁            100 kHz beside the carrier its density has fallen by some 9 dB
    OFDM     ████████████       as dense there as anywhere: no carrier, but at the edges of the box
             l   c   r

The density is that of half a millisecond, about a burst, so that a burst shows also where another channel is louder at
another time. A carrier is left out where in none of these it stands out from one side at least, and where it lies but
on the slope of something stronger: a burst 12 dB below its neighbour still has a hump of its own.

Source: 3GPP TS 45.004 §2, TS 45.005 annex A.1 (the spectrum of the modulation).
"""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.compiled import fast
from cellwarden.detect.filters import low_pass
from cellwarden.detect.kernels import decimate
from cellwarden.model import Block, Burst

ROOM_HZ = 130e3
"""Looked at beyond the box's edges."""
CORE_HZ, SIDE_HZ = 50e3, (80e3, 125e3)
"""How far from a carrier its core ends, and where its sides lie."""
BESIDE, SLOPE = 0.5, 2.0
"""Of the core's density that one side falls below, and that the other does not exceed: a burst 20 kHz off has 0.3 on
the one and 0.1 on the other."""
UNSURE = 2.0
"""Standard deviations by which noise alone may hide that."""
SLICE_S = 0.5e-3
BIN_HZ = 20e3
WINDOW_BINS = 1.5
"""Noise bandwidth of Hann's window."""


def humps(burst: Burst, block: Block, carriers: list[float]) -> list[float]:
    """Those of the carriers, in hertz of baseband, that a burst of GSM in the box may have."""
    density, first_hz, bin_hz, frames = _densities(burst, block)
    if not len(density):
        return carriers
    noise = 10 ** (burst.floor_dbfs_hz / 10)
    kept = np.empty(len(carriers), np.bool_)
    chance = UNSURE * noise / math.sqrt(max(1.0, frames * (SIDE_HZ[1] - SIDE_HZ[0]) / bin_hz / WINDOW_BINS))
    at = (np.array(carriers) - first_hz) / bin_hz
    standing_out(density, at, CORE_HZ / bin_hz, SIDE_HZ[0] / bin_hz, SIDE_HZ[1] / bin_hz, noise, chance, kept)
    return [carrier for carrier, one in zip(carriers, kept.tolist(), strict=True) if one]


def _densities(burst: Burst, block: Block) -> tuple[NDArray[np.float32], float, float, float]:
    """Power in full scale per hertz, shape (slices, bins), lowest first; where bin 0 lies, a bin's width, and how many
    frames of their own a slice has."""
    rate = block.segment.rate_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    width = burst.high_offset_hz - burst.low_offset_hz + 2 * ROOM_HZ
    step = max(1, int(rate / (2 * width)))
    taps = low_pass(step, round(min(1.0, 1.3 * width / rate), 3))
    size = scipy.fft.next_fast_len(math.ceil(rate / step / BIN_HZ))
    y = np.empty(max(burst.sample_count // step, size), np.complex64)
    first = burst.sample_start - block.sample_start + (burst.sample_count - len(y) * step) // 2
    decimate(block.iq, block.scale, first, middle / rate, taps, step, y)
    window = np.hanning(size + 2)[1:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(y, size)[:: max(1, size // 2)]
    spectra = scipy.fft.fftshift(scipy.fft.fft(frames * window, axis=1), axes=1)
    power = (spectra.real**2 + spectra.imag**2) * np.float32(step / rate / float(np.sum(window**2)))
    each = max(1, round(SLICE_S * rate / step / (size / 2)))
    starts = np.arange(0, max(1, len(power) - each // 2), max(1, each // 2))
    total = np.concatenate([np.zeros((1, size)), np.cumsum(power, axis=0, dtype=np.float64)])
    ends = np.minimum(starts + each, len(power))
    density = (total[ends] - total[starts]) / (ends - starts)[:, None]
    bin_hz = rate / step / size
    shown = int(min(width / 2, rate / 2) / bin_hz)
    low = size // 2 - shown
    return density[:, low : size // 2 + shown + 1].astype(np.float32), middle - shown * bin_hz, bin_hz, each / 2


@fast
def standing_out(
    density: NDArray[np.float32],
    at: NDArray[np.float64],
    core: float,
    near: float,
    far: float,
    noise: float,
    chance: float,
    out: NDArray[np.bool_],
) -> None:
    """Whether, in any slice, the density around a place falls on one side and does not rise on the other.

    density: float32, shape (slices, bins); at: float64, bins; core, near, far: bins from there to the core's end and to
    a side's beginning and end; noise, chance: densities, of noise and by which that may err; out: bool, shape of at.
    What lies outside of all bins is empty.
    """
    slices, bins = density.shape
    for c in range(len(at)):
        edges = np.array([at[c] - far, at[c] - near, at[c] - core, at[c] + core, at[c] + near, at[c] + far])
        places = np.minimum(np.maximum(np.rint(edges), 0), bins - 1).astype(np.int64)
        out[c] = False
        for s in range(slices):
            means = np.zeros(3)
            for part in range(3):
                first, last = places[2 * part], places[2 * part + 1]
                if last > first or part == 1:
                    for i in range(first, last + 1):
                        means[part] += density[s, i]
                    means[part] /= last + 1 - first
            own = means[1] - noise
            lower, upper = min(means[0], means[2]) - noise, max(means[0], means[2]) - noise
            if own > chance and lower < BESIDE * own + chance and upper < SLOPE * own + chance:
                out[c] = True
                break
