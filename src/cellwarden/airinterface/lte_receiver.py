"""From a recording at any rate to samples at a multiple of 15 kHz around one band: what LTE's symbols are read from.

Where the recording is much faster, it is mixed down and filtered to twice the band first. Cutting the spectrum of a
stretch and transforming it back resamples by any ratio; the stretch lasts a multiple of 0.2 ms, which is three symbols
of LTE and a whole number of samples at the rates that receivers have.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_kernels import cropped, turned
from cellwarden.airinterface.lte_waveform import SUBCARRIER_HZ
from cellwarden.detect.filters import low_pass_taps
from cellwarden.detect.kernels import decimate
from cellwarden.measure.power import squared
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
    spectrum: NDArray[np.complex64] | None = None
    """Of `y`, zero first, where it was at hand."""

    def index(self, sample: float) -> int:
        """Where a sample of the recording lies among these."""
        return round((sample - self.first) / self.per_sample)

    def holding(self, y: NDArray[np.complex64], centre_hz: float | None = None) -> "Stretch":
        """The same time with other samples, perhaps around another frequency."""
        return replace(self, y=y, centre_hz=self.centre_hz if centre_hz is None else centre_hz, spectrum=None)

    def sample(self, index: float) -> float:
        """Where one of these lies in the recording."""
        return self.first + index * self.per_sample


@lru_cache(maxsize=64)
def low_pass(step: int) -> NDArray[np.float32]:
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
    decimate(block.iq, block.scale, low, centre_hz / own, low_pass(step), step, x)
    kept = round(count / rate * subcarriers * SUBCARRIER_HZ)
    if kept == count and centre_hz == 0.0:  # as it was heard
        return Stretch(x, rate, float(block.sample_start + low), float(step), centre_hz, _noise(burst, rate))
    spectrum, part = scipy.fft.fft(x, overwrite_x=True), np.empty(kept, np.complex64)
    cropped(spectrum, centre_hz * count / rate, own / 2 * count / rate, part)
    out_hz = kept * rate / count
    noise = _noise(burst, out_hz)
    return Stretch(
        scipy.fft.ifft(part), out_hz, float(block.sample_start + low), count * step / kept, centre_hz, noise, part
    )


def narrowed(heard: Stretch, middle_hz: float, half_hz: float) -> NDArray[np.complex64]:
    """The samples without what lies more than `half_hz` beside a frequency of a stretch: shape (n,)."""
    n, unit = len(heard.y), heard.rate_hz / len(heard.y)
    lowest, highest = math.ceil((middle_hz - half_hz) / unit), math.floor((middle_hz + half_hz) / unit)
    inside = np.arange(max(lowest, -(n // 2)), min(highest, (n - 1) // 2) + 1)  # negative ones count from the end
    spectrum, part = scipy.fft.fft(heard.y) if heard.spectrum is None else heard.spectrum, np.zeros(n, np.complex64)
    part[inside] = spectrum[inside]
    return np.asarray(scipy.fft.ifft(part, overwrite_x=True))


def unevenness(band: Stretch, burst: Burst, noise: float) -> float:
    """Mean square of a signal's power over its squared mean: 2 of noise or OFDM, 1 of a constant envelope.

    noise: power of the noise in the band, whose own part is taken off.
    """
    first, last = band.index(burst.sample_start), band.index(burst.sample_start + burst.sample_count)
    power = squared(band.y[max(0, first) : last]).astype(np.float64)
    signal = max(float(np.mean(power)) - noise, 1e-30)
    return (float(np.mean(power**2)) - 4 * noise * signal - 2 * noise**2) / signal**2


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
