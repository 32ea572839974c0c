"""From the recording's sample rate to the one that a standard thinks in.

A burst is mixed down, low-passed and resampled in one go, so that a recogniser's lags and chips are whole numbers of
samples whatever the receiver's rate was:

        y[m] = sum_k h(k - p) x[⌊p⌋ + k] exp(-2πj turn (⌊p⌋ + k)),   p = first + m step

with h a sinc under Kaiser's window, kept in a table of PHASES fractions of a sample.
"""

import math
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.compiled import fast
from cellwarden.model import Block, Interleaved

PHASES = 128
REACH = 6.0
"""Zeros of the sinc to either side that the filter spans."""
KAISER = 6.0
"""Shape of the window: stopband some 60 dB down."""


@lru_cache(maxsize=64)
def filter_table(width: float) -> NDArray[np.float32]:
    """Low-pass filters that pass `width` cycles a sample, one for each fraction: float32, shape (PHASES, taps)."""
    half = math.ceil(REACH / width)
    k = np.arange(-half + 1, half + 1)
    t = k[None, :] - np.arange(PHASES)[:, None] / PHASES
    inside = np.clip(1.0 - (t / half) ** 2, 0.0, 1.0)
    taps = width * np.sinc(width * t) * np.i0(KAISER * np.sqrt(inside)) / np.i0(KAISER)
    return (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)


@fast
def resample(
    iq: Interleaved,
    scale: float,
    first: float,
    step: float,
    turn: float,
    table: NDArray[np.float32],
    out: NDArray[np.complex64],
) -> None:
    """The formula above. iq: int16 or float32, shape (n, 2), zero outside; turn: cycles a sample."""
    phases, taps = table.shape
    low = int(np.floor(first)) - taps // 2 + 1
    count = int(np.floor(first + (len(out) - 1) * step)) + taps // 2 + 2 - low
    real = np.zeros(count, np.float32)
    imaginary = np.zeros(count, np.float32)
    turning = np.exp(-2j * np.pi * turn)
    phasor = 0j
    for i in range(max(0, -low), min(count, len(iq) - low)):
        if i % 512 == 0 or phasor == 0j:
            cycles = turn * (low + i)
            phasor = np.exp(-2j * np.pi * (cycles - np.floor(cycles))) * scale
        x = iq[low + i, 0]
        y = iq[low + i, 1]
        real[i] = x * phasor.real - y * phasor.imag
        imaginary[i] = x * phasor.imag + y * phasor.real
        phasor *= turning
    for m in range(len(out)):
        position = first + m * step
        base = int(np.floor(position))
        row = int(np.floor((position - base) * phases + 0.5))
        if row == phases:
            row = 0
            base += 1
        start = base - taps // 2 + 1 - low
        re = np.float32(0)
        im = np.float32(0)
        for k in range(taps):
            re += table[row, k] * real[start + k]
            im += table[row, k] * imaginary[start + k]
        out[m] = complex(re, im)


def at_rate(
    block: Block, first: float, duration_s: float, rate_hz: float, offset_hz: float, width_hz: float
) -> NDArray[np.complex64]:
    """`duration_s` of a block from sample `first` of it on, around `offset_hz`, at another rate.

    complex64, shape (round(duration_s · rate_hz),); the filter passes `width_hz`, or what the recording holds.
    """
    own = block.segment.rate_hz
    table = filter_table(round(min(1.0, width_hz / own), 3))
    out = np.empty(max(0, round(duration_s * rate_hz)), np.complex64)
    if len(out):
        resample(block.iq, block.scale, first, own / rate_hz, offset_hz / own, table, out)
    return out


def effective_width(y: NDArray[np.complex64], rate_hz: float) -> float:
    """(∫S df)² / ∫S² df of the spectrum S of `y`: how many independent values a second it has, in hertz."""
    if len(y) < 64:
        return rate_hz
    values = scipy.fft.fft(y[: len(y) // 64 * 64].reshape(-1, 64), axis=1)
    spectrum = np.sum(values.real**2 + values.imag**2, axis=0, dtype=np.float64)
    return float(np.sum(spectrum) ** 2 / max(float(np.sum(spectrum**2)), 1e-60) / 64 * rate_hz)
