"""From a recording at any rate to samples at a multiple of 15 kHz around one band: what LTE's symbols are read from.

Where the recording is much faster, it is mixed down and filtered to twice the band first. Cutting the spectrum of a
stretch and transforming it back resamples by any ratio; the stretch lasts a multiple of 0.2 ms, which is three symbols
of LTE and a whole number of samples at the rates that receivers have.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cellwarden.airinterface.lte_kernels import turned
from cellwarden.airinterface.lte_waveform import SUBCARRIER_HZ
from cellwarden.detect.filters import low_pass_taps
from cellwarden.detect.kernels import decimate
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


@lru_cache(maxsize=64)
def _low_pass(step: int) -> NDArray[np.float32]:
    """Filter before every `step`-th sample is kept: flat in the middle half of that, 74 dB down where it folds.

    Blackman's window falls within 5.5 / n cycles a sample.
    """
    if step == 1:
        return np.ones(1, np.float32)
    return low_pass_taps(12 * step | 1, 0.5 / step, np.blackman).astype(np.float32)


def _step(rate_hz: float, width_hz: float) -> int:
    """Every how manieth sample is kept for twice a width, where STEP_S stays a whole number of those."""
    most = max(1, int(rate_hz / (2 * width_hz)))
    per_step = round(rate_hz * STEP_S)
    return next(step for step in range(most, 0, -1) if per_step % step == 0)


def stretch(burst: Burst, block: Block, around_s: float, centre_hz: float, subcarriers: int) -> Stretch:
    """A burst's box with `around_s` on either side, mixed down and resampled to `subcarriers` times 15 kHz.

    What lies outside the block is silence.
    """
    own = block.segment.rate_hz
    low = burst.sample_start - block.sample_start - round(around_s * own)
    duration = math.ceil((burst.sample_count / own + 2 * around_s) / STEP_S) * STEP_S
    step = _step(own, subcarriers * SUBCARRIER_HZ)
    rate, count = own / step, round(duration * own / step)
    x = np.empty(count, np.complex64)
    decimate(block.iq, block.scale, low, centre_hz / own, _low_pass(step), step, x)
    kept = round(count / rate * subcarriers * SUBCARRIER_HZ)
    if kept == count and centre_hz == 0.0:  # as it was heard
        return Stretch(x, rate, float(block.sample_start + low), float(step), centre_hz, _noise(burst, rate))
    spectrum, half = fft.fft(x, overwrite_x=True), kept // 2
    part = np.zeros(kept, np.complex64)
    upper, lower = min(kept - half, (count + 1) // 2), min(half, count // 2)
    part[:upper] = spectrum[:upper]
    part[kept - lower :] = spectrum[count - lower :]
    beside = np.arange(kept)
    beside[kept - half :] -= kept
    part[np.abs(centre_hz + beside * (rate / count)) > own / 2] = 0
    part *= np.float32(kept / count)
    out_hz = kept * rate / count
    y = np.asarray(fft.ifft(part, overwrite_x=True), np.complex64)
    return Stretch(y, out_hz, float(block.sample_start + low), count * step / kept, centre_hz, _noise(burst, out_hz))


def _noise(burst: Burst, rate_hz: float) -> float:
    """Variance of the noise in a sample."""
    return 10 ** (burst.floor_dbfs_hz / 10) * rate_hz


def mixed(y: NDArray[np.complex64], cycles: float, origin: float = 0.0) -> NDArray[np.complex64]:
    """Samples moved down by `cycles` a sample, with phase 0 at index `origin`."""
    out = np.empty(len(y), np.complex64)
    turned(np.ascontiguousarray(y, np.complex64), cycles, origin, out)
    return out


def logistic(nats: float) -> float:
    """A probability from its odds."""
    return 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, nats))))
