"""What simple measurements of a box say: its samples alone, its line, its envelope, its frequency over time.

samples of the box ─ mixed down ─ filtered to its width ─ y ─┬─ |y|: envelope
                                                             ├─ arg y[n] y*[n-1]: frequency
                                                             └─ transform: how much of the power is one line

All arrays are samples in their order, shape (n,).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.detect.filters import low_pass
from cellwarden.detect.kernels import decimate
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

DRIFT_HZ = 1500.0
"""How far a cheap remote's carrier wanders within a pulse."""


@dataclass(frozen=True, slots=True)
class Narrow:
    """The samples of a box around its middle frequency, or around another."""

    y: NDArray[np.complex64]
    rate_hz: float
    first: int
    """Sample of the block that y[0] is."""
    step: int
    noise: float
    """Mean power of y where only noise is."""
    middle_hz: float


def narrow(burst: Burst, block: Block, width_hz: float, rate_hz: float, middle_hz: float | None = None) -> Narrow:
    """A box's samples, filtered to `width_hz` and at no less than `rate_hz` where the recording has that much."""
    rate = block.segment.rate_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2 if middle_hz is None else middle_hz
    step = max(1, int(rate / rate_hz))
    width = round(min(1.0, max(width_hz / rate, 2e-3)), 3)
    taps = low_pass(step, width)
    first = max(0, burst.sample_start - block.sample_start)
    end = min(len(block.iq), burst.sample_start - block.sample_start + burst.sample_count)
    y = np.empty(max(0, end - first) // step, np.complex64)
    decimate(block.iq, block.scale, first, middle / rate, taps, step, y)
    noise = 10 ** (burst.floor_dbfs_hz / 10) * rate * _passed(step, width)
    return Narrow(y, rate / step, first, step, noise, middle)


@lru_cache
def _passed(step: int, width: float) -> float:
    """Part of white noise that the filter passes."""
    return float(np.sum(low_pass(step, width).astype(np.float64) ** 2))


def resampled(box: Narrow, rate_hz: float) -> NDArray[np.complex64]:
    """The samples at another rate, by straight lines between them: good enough where they are oversampled."""
    count = int(len(box.y) * rate_hz / box.rate_hz)
    at = np.arange(count) * (box.rate_hz / rate_hz)
    whole = np.minimum(at.astype(int), len(box.y) - 2)
    part = (at - whole).astype(np.float32)
    return np.asarray(box.y[whole] * (1 - part) + box.y[whole + 1] * part, np.complex64)


def frequency(y: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Instantaneous frequency in radians a sample: float32, shape (n - 1,)."""
    return np.angle(y[1:] * y[:-1].conj()).astype(np.float32)


def line_share(box: Narrow) -> tuple[float, float]:
    """Part of the power over the noise that lies in one line as narrow as its duration allows, and its offset.

    Bins within two, or within DRIFT_HZ, of the strongest of the windowed transform hold it.
    """
    y = box.y[: 1 << 16]
    size = scipy.fft.next_fast_len(len(y))
    spectrum = squared(scipy.fft.fft(y * np.hanning(len(y)).astype(np.float32), size))
    bin_hz = box.rate_hz / size
    at = int(np.argmax(spectrum))
    reach = max(2, round(DRIFT_HZ / bin_hz))
    line = float(np.sum(spectrum[np.arange(at - reach, at + reach + 1) % size]))
    total = float(np.sum(spectrum)) * (1 - min(0.9, box.noise / float(np.mean(squared(y)))))
    offset = (at if at < size / 2 else at - size) * bin_hz
    return line / max(total, 1e-30), box.middle_hz + offset


def envelope_spread(box: Narrow) -> float:
    """Variance of the power over its squared mean, less what the noise adds: 0 for a constant envelope, 1 for noise."""
    power = np.abs(box.y.astype(np.complex128)) ** 2
    mean = float(np.mean(power))
    signal = max(mean - box.noise, 1e-3 * mean)
    added = 2 * signal * box.noise + box.noise**2
    return (float(np.var(power)) - added) / signal**2


def levels(values: NDArray[np.float32]) -> tuple[float, float, float]:
    """Two levels that values gather at, and the part of the values that lies near one of them.

    Near is within a quarter of their distance: a keyed frequency always is but for its edges, a smooth one is half
    the time.
    """
    ordered = np.sort(values)
    low, high = (float(ordered[round(q * (len(ordered) - 1))]) for q in (0.1, 0.9))
    for _ in range(4):
        split = int(np.searchsorted(ordered, (low + high) / 2))
        if not 0 < split < len(ordered):
            return low, high, 0.0
        low, high = float(ordered[split // 2]), float(ordered[(split + len(ordered)) // 2])
    reach = (high - low) / 4
    near = [np.searchsorted(ordered, level + reach) - np.searchsorted(ordered, level - reach) for level in (low, high)]
    return low, high, float(sum(near)) / len(ordered)


def switches_hz(values: NDArray[np.float32], middle: float, rate_hz: float) -> float:
    """How many times a second values cross their middle."""
    return float(np.count_nonzero(np.diff(values > middle))) * rate_hz / max(1, len(values))


def template_match(values: NDArray[np.complex64], template: NDArray[np.complex64]) -> tuple[int, float]:
    """Place and strength (0…1: part of the energy there) at which a template of unit energy fits best."""
    size = scipy.fft.next_fast_len(len(values) + len(template))
    product = scipy.fft.ifft(scipy.fft.fft(values, size) * scipy.fft.fft(template, size).conj())
    inside = len(values) - len(template) + 1
    energy = np.cumsum(np.concatenate([[0.0], np.abs(values.astype(np.complex128)) ** 2]))
    share = np.abs(product[:inside]) ** 2 / np.maximum(energy[len(template) :] - energy[: -len(template)], 1e-30)
    at = int(np.argmax(share))
    return at, float(share[at])


def rounded(value: float, digits: int = 3) -> float:
    """A number with so many digits that matter."""
    return round(value, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0.0


def named(
    label: str, burst: Burst, confidence: float, details: dict[str, str | int | float], middle_hz: float | None = None
) -> Emission:
    """An emission that fills its burst's box."""
    return Emission(
        label=label,
        sample_start=burst.sample_start,
        sample_count=burst.sample_count,
        low_offset_hz=burst.low_offset_hz,
        high_offset_hz=burst.high_offset_hz,
        snr_db=burst.snr_db,
        confidence=confidence,
        carrier_offset_hz=middle_hz,
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )
