"""Signals that are no GSM phone's, as long and as wide as its bursts or nearly so: what a recogniser must not fall for.

Each makes `count` samples of mean power 1 around zero frequency, with edges that rise within 10 µs. One table lists
them with the bandwidth that they fill.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Wave = NDArray[np.complex64]
EDGE_S = 10e-6
SUBCARRIER_HZ = 15e3
"""LTE's (3GPP TS 36.211 §5.6), with the normal cyclic prefix of 4.7 µs."""
PREFIX_S = 144 / 30.72e6


@dataclass(frozen=True, slots=True)
class Impostor:
    """One kind of signal that is no phone's."""

    width_hz: float
    make: Callable[[int, float, np.random.Generator], Wave]
    """From the number of samples, the sample rate, and randomness."""


def shaped(wave: NDArray[np.complex128], rate_hz: float) -> Wave:
    """A wave with soft edges and mean power 1."""
    count = len(wave)
    ramp = max(1, round(EDGE_S * rate_hz))
    edge = np.minimum(1.0, np.minimum(np.arange(count) + 0.5, count - np.arange(count) - 0.5) / ramp)
    made = wave * np.sin(np.pi / 2 * edge) ** 2
    return (made / math.sqrt(float(np.mean(np.abs(made) ** 2)))).astype(np.complex64)


def gaussian(count: int, rate_hz: float, rng: np.random.Generator, width_hz: float = 180e3) -> Wave:
    """Gaussian noise of a band: the signal of which nothing but its power is known."""
    taps = scipy.signal.firwin(int(4 * rate_hz / width_hz) | 1, width_hz / 2, fs=rate_hz)
    white = rng.normal(size=(count + len(taps) - 1, 2)).view(np.complex128)[:, 0]
    return shaped(np.convolve(white, taps, "valid"), rate_hz)


def tone(count: int, rate_hz: float, rng: np.random.Generator) -> Wave:
    """An unmodulated carrier."""
    return shaped(np.exp(2j * np.pi * (rng.uniform(-5e3, 5e3) / rate_hz * np.arange(count) + rng.random())), rate_hz)


def frequency_shift(
    count: int, rate_hz: float, rng: np.random.Generator, *, bits_per_s: float, deviation_hz: float, bt: float | None
) -> Wave:
    """Binary frequency shift keying of random bits, behind a Gaussian filter where `bt` is given."""
    per_bit = rate_hz / bits_per_s
    at = ((np.arange(count) + rng.random() * per_bit) / per_bit).astype(np.int64)
    steps = rng.choice([-1.0, 1.0], size=int(at[-1]) + 1)[at]
    if bt is not None:
        sigma = math.sqrt(math.log(2)) / (2 * math.pi * bt) * per_bit
        reach = math.ceil(4 * sigma)
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        steps = np.convolve(steps, kernel / kernel.sum(), "same")
    return shaped(np.exp(1j * (2 * np.pi * deviation_hz / rate_hz * np.cumsum(steps) + rng.random() * 6.28)), rate_hz)


def fsk(count: int, rate_hz: float, rng: np.random.Generator) -> Wave:
    """A remote's keying: 100 kbit/s, ±50 kHz."""
    return frequency_shift(count, rate_hz, rng, bits_per_s=100e3, deviation_hz=50e3, bt=None)


def dect(count: int, rate_hz: float, rng: np.random.Generator) -> Wave:
    """DECT's modulation: 1.152 Mbit/s, BT 0.5, ±288 kHz (ETSI EN 300 175-2 §5)."""
    return frequency_shift(count, rate_hz, rng, bits_per_s=1.152e6, deviation_hz=288e3, bt=0.5)


def _subcarriers(
    count: int, rate_hz: float, rng: np.random.Generator, width: int, spread: bool
) -> NDArray[np.complex128]:
    """Consecutive symbols of `width` subcarriers of random 4-PSK, each set spread by a Fourier transform or not."""
    symbol = 1 / SUBCARRIER_HZ + PREFIX_S
    t = np.arange(count) / rate_hz + rng.random() * symbol
    number = (t / symbol).astype(np.int64)
    values = np.exp(0.5j * np.pi * (rng.integers(0, 4, (int(number[-1]) + 1, width)) + 0.5))
    values = np.fft.fft(values, axis=1, norm="ortho") if spread else values
    wave = np.zeros(count, np.complex128)
    within = t - number * symbol - PREFIX_S
    step = np.exp(2j * np.pi * SUBCARRIER_HZ * within)
    turning = np.exp(-1j * np.pi * (width - 1) * SUBCARRIER_HZ * within)
    for subcarrier in range(width):
        wave += values[number, subcarrier] * turning
        turning *= step
    return wave


def single_carrier_block(count: int, rate_hz: float, rng: np.random.Generator) -> Wave:
    """One resource block of an LTE uplink: 12 subcarriers of SC-FDMA (3GPP TS 36.211 §5.3)."""
    return shaped(_subcarriers(count, rate_hz, rng, 12, spread=True), rate_hz)


def ofdm(count: int, rate_hz: float, rng: np.random.Generator) -> Wave:
    """Six resource blocks of OFDM (3GPP TS 36.211 §6)."""
    return shaped(_subcarriers(count, rate_hz, rng, 72, spread=False), rate_hz)


def supply(count: int, rate_hz: float, rng: np.random.Generator) -> Wave:
    """What a switching supply radiates: noise of 2.4 MHz whose level follows the mains, 100 times a second."""
    level = 1 + 0.5 * np.cos(2 * np.pi * (100.0 / rate_hz * np.arange(count) + rng.random()))
    return shaped(level * gaussian(count, rate_hz, rng, 2.4e6).astype(np.complex128), rate_hz)


def swept(count: int, rate_hz: float, rng: np.random.Generator, width_hz: float = 2.4e6) -> Wave:
    """A jammer's carrier: it sweeps up and falls back, or up and down, in 10 to 100 µs."""
    period = rate_hz * 10 ** rng.uniform(-5, -4)
    ramp = (np.arange(count) / period + rng.random()) % 1.0
    ramp = ramp if rng.random() < 0.5 else 1 - np.abs(2 * ramp - 1)
    return shaped(np.exp(2j * np.pi * np.cumsum((ramp - 0.5) * width_hz / rate_hz)), rate_hz)


IMPOSTORS: Mapping[str, Impostor] = {
    "gaussian": Impostor(180e3, gaussian),
    "sc-fdma": Impostor(180e3, single_carrier_block),
    "tone": Impostor(20e3, tone),
    "fsk": Impostor(200e3, fsk),
    "gfsk": Impostor(1.2e6, dect),
    "ofdm": Impostor(1.08e6, ofdm),
    "supply": Impostor(2.4e6, supply),
    "swept": Impostor(2.4e6, swept),
}
