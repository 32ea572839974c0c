"""From a recording at any rate to samples at a multiple of 15 kHz around one band: what LTE's symbols are read from.

Cutting the spectrum of a stretch and transforming it back resamples by any ratio; the stretch lasts a multiple of
0.2 ms, which is three symbols of LTE and a whole number of samples at the rates that receivers have.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cellwarden.airinterface.lte_waveform import SUBCARRIER_HZ
from cellwarden.model import Block, Burst

STEP_S = 0.2e-3


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples of one band, `rate_hz` a second, from `first` (index into the recording, with its fraction) on."""

    y: NDArray[np.complex64]
    rate_hz: float
    first: float
    per_sample: float
    """Samples of the recording for each of these."""
    centre_hz: float
    noise: float
    """Variance of the noise in one sample."""

    def index(self, sample: float) -> int:
        """Where a sample of the recording lies among these."""
        return round((sample - self.first) / self.per_sample)

    def sample(self, index: float) -> float:
        """Where one of these lies in the recording."""
        return self.first + index * self.per_sample


def stretch(burst: Burst, block: Block, around_s: float, centre_hz: float, subcarriers: int) -> Stretch:
    """A burst's box with `around_s` on either side, mixed down and resampled to `subcarriers` times 15 kHz.

    What lies outside the block is silence.
    """
    rate = block.segment.rate_hz
    low = burst.sample_start - block.sample_start - round(around_s * rate)
    duration = math.ceil((burst.sample_count / rate + 2 * around_s) / STEP_S) * STEP_S
    count = round(duration * rate)
    x = np.zeros(count, np.complex64)
    begin, end = max(0, low), min(len(block.iq), low + count)
    if end > begin:
        part = np.ascontiguousarray(block.iq[begin:end], np.float32) * np.float32(block.scale)
        x[begin - low : end - low] = part.view(np.complex64)[:, 0]
    spectrum = fft.fft(x)
    kept = round(count / rate * subcarriers * SUBCARRIER_HZ)
    shift = round(centre_hz / rate * count)
    half = kept // 2
    chosen = np.arange(shift - half, shift - half + kept)
    inside = (chosen >= -(count // 2)) & (chosen < (count + 1) // 2)
    part = np.where(inside, spectrum[chosen % count], 0).astype(np.complex64)
    y = np.asarray(fft.ifft(np.roll(part, -half)) * (kept / count), np.complex64)
    out_hz = kept * rate / count
    noise = 10 ** (burst.floor_dbfs_hz / 10) * out_hz
    return Stretch(y, out_hz, float(block.sample_start + low), count / kept, shift * rate / count, noise)


def logistic(nats: float) -> float:
    """A probability from its odds."""
    return 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, nats))))
