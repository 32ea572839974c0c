"""What lies between a phone and an antenna: nothing but distance, or echoes that fade.

                 ┌─ tap 1 (delay τ₁, power P₁) × g₁(t) ─┐
    wave ────────┼─ tap 2                      × g₂(t) ─┼─ Σ ─► wave behind echoes
                 └─ …                                   ┘
    τ_n = normalised delay × delay spread                                     3GPP TR 38.901 §7.7.3, equation 7.7-1
    g_n(t) = Σ_m a_m exp(j 2π f_D cos θ_m t),  a_m ~ CN(0, 1/M),  θ_m uniform

so that each tap is Rayleigh and, over places, has Jakes' spectrum of the largest Doppler shift f_D (§7.7.2). Either the
mean power over all fading is 1, as conformance tests count SNR, or that of each burst is, which asks what echoes do to
a burst that is heard at a known SNR.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.waves import Wave

Taps: TypeAlias = tuple[tuple[float, float], ...]
"""(normalised delay, power in dB) of each tap."""

TDL_A: Taps = (
    (0.0000, -13.4),
    (0.3819, 0.0),
    (0.4025, -2.2),
    (0.5868, -4.0),
    (0.4610, -6.0),
    (0.5375, -8.2),
    (0.6708, -9.9),
    (0.5750, -10.5),
    (0.7618, -7.5),
    (1.5375, -15.9),
    (1.8978, -6.6),
    (2.2242, -16.7),
    (2.1718, -12.4),
    (2.4942, -15.2),
    (2.5119, -10.8),
    (3.0582, -11.3),
    (4.0810, -12.7),
    (4.4579, -16.2),
    (4.5695, -18.3),
    (4.7966, -18.9),
    (5.0066, -16.6),
    (5.3043, -19.9),
    (9.6586, -29.7),
)
"""No line of sight, all taps Rayleigh (TR 38.901 table 7.7.2-1)."""
TDL_C: Taps = (
    (0.0000, -4.4),
    (0.2099, -1.2),
    (0.2219, -3.5),
    (0.2329, -5.2),
    (0.2176, -2.5),
    (0.6366, 0.0),
    (0.6448, -2.2),
    (0.6560, -3.9),
    (0.6584, -7.4),
    (0.7935, -7.1),
    (0.8213, -10.7),
    (0.9336, -11.1),
    (1.2285, -5.1),
    (1.3083, -6.8),
    (2.1704, -8.7),
    (2.7105, -13.2),
    (4.2589, -13.9),
    (4.6003, -13.9),
    (5.4902, -15.8),
    (5.6077, -17.1),
    (6.3065, -16.0),
    (6.6374, -15.7),
    (7.0427, -21.6),
    (8.6523, -22.8),
)
"""No line of sight, longer echoes (TR 38.901 table 7.7.2-3)."""
PROFILES: Mapping[str, Taps] = {"tdl-a": TDL_A, "tdl-c": TDL_C}
CHANNELS = ("awgn", *PROFILES, "indoor")
"""White noise alone, the standard's tapped delay lines, and the rooms of `indoor_paths`."""
RAYS = 16
"""Directions from which each tap comes."""
BLOCK = 256
"""Turns of one table of `later`."""
FINE = 0.01
"""Part of a turn of the largest Doppler shift between two points at which a gain is computed; it is a line between."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A kind of place. Each burst draws its own: delay spread (even on a logarithmic scale), gains and directions."""

    name: str = "awgn"
    """One of CHANNELS."""
    delay_spread_s: tuple[float, float] = (30e-9, 300e-9)
    """Least and most root-mean-square delay spread of a tapped delay line: TR 38.901 table 7.7.3-1 calls 30 ns short,
    100 ns nominal and 300 ns long."""
    doppler_hz: float = 6.0
    """Largest Doppler shift: a phone at 1 m/s hears 6 Hz at 1.8 GHz."""
    fading: Literal["mean", "received"] = "mean"
    """Whose power the SNR tells: the mean over all fading, or each burst's own as received."""


def behind(wave: Wave, channel: Channel, rate_hz: float, rng: np.random.Generator) -> Wave:
    """A wave of power 1 behind one place of a channel; as long as its longest echo more."""
    if channel.name == "awgn":
        return wave
    if channel.name == "indoor":
        return echoed(wave, indoor_paths(Parameters(), rng), rate_hz, rng)
    low, high = channel.delay_spread_s
    spread_s = math.exp(rng.uniform(math.log(low), math.log(high)))
    delays, powers = taps(PROFILES[channel.name])
    longer = len(wave) + math.ceil(delays[-1] * spread_s * rate_hz) + 1
    size = scipy.fft.next_fast_len(longer)  # a length of large primes takes four times as long to transform
    spectrum = np.fft.fft(wave, size)
    heard = np.zeros(longer, np.complex128)
    for delay, power in zip(delays * spread_s, powers, strict=True):
        late = np.fft.ifft(spectrum * later(size, delay * rate_hz))[:longer]
        heard += math.sqrt(power) * gains(longer, rate_hz, channel.doppler_hz, rng) * late
    if channel.fading == "received":
        heard *= math.sqrt(float(np.sum(np.abs(wave) ** 2) / np.sum(np.abs(heard) ** 2)))
    return heard.astype(np.complex64)


def taps(profile: Taps) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Normalised delays, rising, and powers, which add up to 1; float64, shape (taps,) each."""
    delays, decibels = np.array(sorted(profile), np.float64).T
    powers = 10 ** (decibels / 10)
    return delays, powers / powers.sum()


def later(size: int, samples: float) -> NDArray[np.complex128]:
    """exp(-j 2π f d) at the frequencies f of a transform: what delays by d samples; complex128, shape (size,)."""
    # The k-th turn is a coarse one times a fine one: two short tables instead of an exponential for each.
    step = -2j * np.pi * samples / size
    coarse, fine = np.exp(step * BLOCK * np.arange(-(-size // BLOCK))), np.exp(step * np.arange(BLOCK))
    turns = np.outer(coarse, fine).ravel()[:size]
    turns[(size + 1) // 2 :] *= np.exp(2j * np.pi * samples)  # the upper half stands for negative frequencies
    return turns


def gains(count: int, rate_hz: float, doppler_hz: float, rng: np.random.Generator) -> NDArray[np.complex128]:
    """A Rayleigh gain of mean power 1 at each of `count` samples: complex128, shape (count,)."""
    amplitudes = rng.normal(0, math.sqrt(0.5 / RAYS), (RAYS, 2)).view(np.complex128)[:, 0]
    shifts = doppler_hz * np.cos(rng.uniform(0, 2 * np.pi, RAYS))
    points = 2 + math.ceil(doppler_hz * count / rate_hz / FINE)
    t = np.linspace(0, count / rate_hz, points)
    coarse = np.exp(2j * np.pi * np.outer(t, shifts)) @ amplitudes
    return np.asarray(np.interp(np.arange(count) / rate_hz, t, coarse), np.complex128)


def delayed(wave: Wave, samples: float) -> Wave:
    """A wave that comes later by a part of a sample; complex64, one sample longer."""
    spectrum = np.fft.fft(wave, len(wave) + 1)
    frequency = np.fft.fftfreq(len(wave) + 1)
    return np.fft.ifft(spectrum * np.exp(-2j * np.pi * frequency * samples)).astype(np.complex64)


def echoed(wave: Wave, paths: Iterable[tuple[float, float]], rate_hz: float, rng: np.random.Generator) -> Wave:
    """A wave behind paths of (delay in seconds, mean power in dB) with Rayleigh fading; its mean power stays 1."""
    frequency = np.fft.fftfreq(2 * len(wave))
    response = sum(
        (rng.normal() + 1j * rng.normal()) * 10 ** (power_db / 20) * np.exp(-2j * np.pi * frequency * delay_s * rate_hz)
        for delay_s, power_db in paths
    )
    heard = np.fft.ifft(np.fft.fft(wave, 2 * len(wave)) * response)
    heard *= math.sqrt(float(np.sum(np.abs(wave) ** 2) / np.sum(np.abs(heard) ** 2)))
    return np.asarray(heard[: len(wave) + round(20e-6 * rate_hz)], np.complex64)


def indoor_paths(parameters: Parameters, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Paths of one place in a building: powers that fall exponentially with delay, the first one stronger."""
    delays = np.concatenate([[0.0], rng.exponential(2 * parameters.delay_spread_s, 8)])
    powers = -10 / math.log(10) * delays / parameters.delay_spread_s
    rest = 10 * math.log10(float(np.sum(10 ** (powers[1:] / 10))) + 1e-12)
    powers[0] = rest + parameters.rice_db
    return list(zip(delays.tolist(), powers.tolist(), strict=True))
