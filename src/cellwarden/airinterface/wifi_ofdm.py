"""Finds Wi-Fi's OFDM in the samples of one channel by what the standard repeats.

    │ short training: 0.8 µs, ten times │ long training: 3.2 µs, 2½ times │╎ symbol │╎ symbol │ …
    y[t] ≈ y[t + 0.8 µs] for 7.2 µs       y[t] ≈ y[t + 3.2 µs] for 4.8 µs   y[t] ≈ y[t + 3.2 µs] for 0.8 of each 4 µs

A frame's beginning shows by the first two together; a box that begins late shows by the third, the cyclic prefix,
folded over all its symbols (802.11n also 0.4 of 3.6 µs; 802.11ax 12.8 µs behind 0.8, 1.6 or 3.2 µs). The coherence ρ of
D independent values of noise, or of any signal that does not repeat, exceeds r with probability (1 - r²)^(D - 1)
(N. R. Goodman, Ann. Math. Stat. 34 (1963) 152), so that -(D - 1) ln(1 - r²) are nats of evidence. A carrier, or
anything narrow, is like itself at every lag: it must be unlike at half the lag, where training fields cancel.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.wifi_kernels import coherence, folded, training_nats
from cellwarden.airinterface.wifi_waveform import long_training, tones_at

BASE_RATE_HZ = 20e6
LEAST_PREAMBLE_NATS = 32.0
"""Noise and other signals have some 10⁷ places a second where a frame may begin: e⁻³² leaves 10⁻⁷ of one a second."""
LEAST_PREFIX_NATS = 32.0
LEAST_COHERENCE = 0.3
"""Of either training field. Noise as strong as the signal leaves 0.5; echoes and a packed neighbour take of it."""
MOST_HALF_LAG = 0.8
"""Most coherence at half a field's repetition, over that at the repetition itself."""
LEAST_HALF = 0.5
"""Coherence of the weaker half of the short training over that of the stronger: 802.11n repeats half of it amid a
frame (§19.3.9.4.5), and that begins none."""
CLEAR_OF_PREFIX = 2.0
"""A cyclic prefix stands out against the root mean square of the rest of its symbol by this factor."""
LEAST_PREFIX_FIT = 0.55
"""Coherence of a prefix over what its signal-to-noise ratio lets expect: echoes longer than it take of it."""
APART_S = 16e-6
"""Two frames do not begin closer than this: a preamble's length."""
GUARDS = (  # lag (useful symbol), period (symbol), both in µs; IEEE 802.11-2020 §17, §19; 802.11ax-2021 §27
    (3.2, 4.0),
    (3.2, 3.6),
    (12.8, 13.6),
    (12.8, 14.4),
    (12.8, 16.0),
)


@dataclass(frozen=True, slots=True)
class Preamble:
    """A frame's beginning."""

    start: float
    """Sample at which the short training field begins."""
    cfo_hz: float
    nats: float


@dataclass(frozen=True, slots=True)
class Prefix:
    """A stretch of OFDM symbols."""

    guard_s: float
    cfo_hz: float
    nats: float
    ratio: float
    """Coherence within the prefix, 0 to 1: signal over signal and noise."""


def preambles(y: NDArray[np.complex64], channels: int, width_hz: float) -> list[Preamble]:
    """Where frames begin in samples at 20 MS/s times `channels`, which `width_hz` of signal fills."""
    us = 20 * channels
    short_window, long_window = round(7.2 * us), round(4.8 * us)
    long_at = 8 * us
    short = coherence(y, round(0.8 * us), short_window)
    long = coherence(y, round(3.2 * us), long_window)[long_at:]
    count = min(len(short), len(long))
    if count <= 0:
        return []
    halves = coherence(y, round(0.8 * us), round(3.2 * us))
    nats, early, late = np.empty(count), halves[:count], halves[4 * us : 4 * us + count]
    freedoms = width_hz * 7.2e-6, width_hz * 4.8e-6
    training_nats(short[:count], long[:count], early, late, freedoms, LEAST_COHERENCE, LEAST_HALF, nats)
    found: list[Preamble] = []
    while len(found) < 256:
        at = int(np.argmax(nats))
        if nats[at] < LEAST_PREAMBLE_NATS:
            break
        if _repeats_no_faster(y, at, us, abs(short[at]), abs(long[at])):
            cfo = _cfo(complex(short[at]), complex(long[at]))
            found.append(Preamble(_refined(y, at, us, channels, cfo), cfo, float(nats[at])))
        apart = round(APART_S * 1e6 * us)
        nats[max(0, at - apart) : at + apart] = 0.0
    return sorted(found, key=lambda p: p.start)


def _repeats_no_faster(y: NDArray[np.complex64], at: int, us: int, short: float, long: float) -> bool:
    """Whether both training fields are unlike themselves at half their repetition."""
    half_short = np.abs(coherence(y[at : at + 8 * us], round(0.4 * us), round(7.2 * us)))
    half_long = np.abs(coherence(y[at + 8 * us : at + 16 * us], round(1.6 * us), round(4.8 * us)))
    return bool(np.max(half_short) < MOST_HALF_LAG * short and np.max(half_long) < MOST_HALF_LAG * long)


def _cfo(short: complex, long: complex) -> float:
    """Carrier offset: the long field's phase is finer, the short one's tells its turns (±625 kHz)."""
    coarse = -np.angle(short) / (2 * np.pi * 0.8e-6)
    fine = -np.angle(long) / (2 * np.pi * 3.2e-6)
    return float(fine + round((coarse - fine) * 3.2e-6) / 3.2e-6)


def _refined(y: NDArray[np.complex64], at: int, us: int, channels: int, cfo_hz: float) -> float:
    """The start, to a sample and better, by the long training field itself (of the lowest 20 MHz)."""
    reach = us
    first = at + round((8 + 1.6) * us) - reach
    part = y[max(0, first) : first + 2 * reach + round(6.4 * us)].astype(np.complex128)
    t = np.arange(len(part)) / (us * 1e6)
    part = part * np.exp(-2j * np.pi * (cfo_hz - 20e6 * (channels - 1) / 2) * t)
    known = _long_training(us)
    match = np.abs(np.correlate(part, known, "valid")) ** 2
    repeat = round(3.2 * us)
    both = match[:-repeat] + match[repeat:]
    if len(both) < 3:
        return float(at)
    peak = int(np.argmax(both))
    fraction = 0.0
    if 0 < peak < len(both) - 1:
        left, middle, right = np.sqrt(both[peak - 1 : peak + 2])
        fraction = 0.5 * (left - right) / (left - 2 * middle + right)
    return max(0, first) + peak + fraction - (8 + 1.6) * us


@lru_cache(maxsize=8)
def _long_training(us: int) -> NDArray[np.complex128]:
    """One period of the long training field, at so many samples a microsecond."""
    return tones_at(long_training(), np.arange(round(3.2 * us)) / (us * 1e6))


def channel_of(y: NDArray[np.complex64], start: Preamble, rate_hz: float, offsets_hz: NDArray[np.float64]) -> float:
    """Which of some offsets from zero frequency is the middle of the 20 MHz that a frame's long training fills."""
    us = round(rate_hz / 1e6)
    first = max(0, round(start.start) + round(9.6 * us) - us)
    part = y[first : first + 2 * us + round(3.2 * us)].astype(np.complex128)
    t = np.arange(round(3.2 * us)) / rate_hz
    known = tones_at(long_training(), t)
    peaks = []
    for offset in offsets_hz.tolist():
        turned = known * np.exp(2j * np.pi * (offset + start.cfo_hz) * t)
        peaks.append(float(np.max(np.abs(np.correlate(part, turned, "valid")))) if len(part) >= len(t) else 0.0)
    return float(offsets_hz[int(np.argmax(peaks))])


def prefix(y: NDArray[np.complex64], channels: int, width_hz: float) -> Prefix | None:
    """The cyclic prefix of a stretch of symbols in samples at 20 MS/s times `channels`; None where there is none."""
    us = 20 * channels
    best: Prefix | None = None
    for lag_us, period_us in GUARDS:
        lag, period = round(lag_us * us), round(period_us * us)
        window = period - lag
        rows = (len(y) - lag) / period
        if rows < 2:
            continue
        cross, power = np.empty(period, np.complex128), np.empty(period, np.float64)
        folded(y, lag, period, cross, power)
        summed = _circular(cross, window)
        levels = np.abs(summed) / np.maximum(_circular(power, window), 1e-30)
        at = int(np.argmax(levels))
        ratio = min(float(levels[at]), 1 - 1e-6)
        away = np.roll(levels, -at)[window : period - window + 1]
        nats = -(rows * window / us * 1e-6 * width_hz - 1) * math.log1p(-(ratio**2))
        if nats < LEAST_PREFIX_NATS or (best and nats < best.nats):
            continue
        if len(away) and math.sqrt(float(np.mean(away**2))) * CLEAR_OF_PREFIX > ratio:
            continue
        cfo = -float(np.angle(summed[at])) / (2 * np.pi * lag_us * 1e-6)
        best = Prefix((period_us - lag_us) * 1e-6, cfo, nats, ratio)
    return best


def _circular(values: NDArray[np.generic], window: int) -> NDArray[np.complex128]:
    """Sums of `window` values from each place on, around the end."""
    sums = np.cumsum(np.concatenate([[0], values, values[:window]]))
    return np.asarray(sums[window : window + len(values)] - sums[: len(values)])


def envelope(y: NDArray[np.complex64], channels: int) -> NDArray[np.float64]:
    """Mean power over 2 µs from each sample on: float64."""
    window = 40 * channels
    sums = np.cumsum(np.concatenate([[0.0], y.real.astype(np.float64) ** 2 + y.imag.astype(np.float64) ** 2]))
    return (sums[window:] - sums[:-window]) / window
