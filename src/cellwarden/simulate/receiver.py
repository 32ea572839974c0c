"""What a receiver adds by itself, each fault a function of its own.

    antenna ─► amplifier that bends ─► phase noise of the mixer ─► I and Q that differ ─► leak of the oscillator
            ─► converter: clips, rounds

Source: T. Schenk, RF Imperfections in High-rate Wireless Systems (2008): phase noise §4.2, I/Q §5.2, converters §6.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.simulate.waves import Wave


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a receiver; as it stands here, nothing."""

    iq_gain_db: float = 0.0
    """Gain of Q over that of I."""
    iq_phase_deg: float = 0.0
    """By how much Q is not at a right angle to I."""
    dc_db: float | None = None
    """Power of the leak over that of the noise of the whole band."""
    phase_noise_hz: float = 0.0
    """Width of the oscillator's line (of the Lorentzian at half its power)."""
    bits: int | None = None
    """Of the converter, sign included."""
    intercept_db: float | None = None
    """Power over that of the noise of the whole band at which two equal lines would make products of the third order as
    strong as they are themselves (input intercept point)."""
    clip_db: float | None = None
    """Power of a full-scale exponential over that of the noise of the whole band; without it, with `bits`, CLIP_DB."""


CLIP_DB = 40.0
"""Room above the noise that a converter has where nothing else is said."""


def received(
    wave: Wave, faults: Faults, noise: float, rate_hz: float, rng: np.random.Generator, turned: float
) -> float:
    """Put all faults on a stretch of what the antenna hears, in place; returns the oscillator's angle at its end.

    wave: complex64, shape (n,); `noise`: standard deviation of the noise of I and of Q; `turned`: the oscillator's
    angle where the stretch begins.
    """
    if faults.intercept_db is not None:
        wave[:] = bent(wave, 2 * noise**2 * 10 ** (faults.intercept_db / 10))
    if faults.phase_noise_hz:
        angles = oscillator(len(wave), faults.phase_noise_hz, rate_hz, rng, turned)
        wave *= np.exp(1j * angles).astype(np.complex64)
        turned = float(angles[-1])
    if faults.iq_gain_db or faults.iq_phase_deg:
        wave[:] = iq_imbalance(wave, faults.iq_gain_db, faults.iq_phase_deg)
    if faults.dc_db is not None:
        wave += np.complex64(math.sqrt(2) * noise * 10 ** (faults.dc_db / 20))
    if faults.bits is not None or faults.clip_db is not None:
        room_db = CLIP_DB if faults.clip_db is None else faults.clip_db
        wave[:] = converted(wave, math.sqrt(2) * noise * 10 ** (room_db / 20), faults.bits)
    return turned


def bent(wave: Wave, intercept: float) -> Wave:
    """x - x |x|² / P: two lines of amplitude A make others of A³ / P, as strong as they where A² = P."""
    return np.asarray(wave * (1 - (wave.real**2 + wave.imag**2) / np.float32(intercept)), np.complex64)


def oscillator(
    count: int, width_hz: float, rate_hz: float, rng: np.random.Generator, turned: float = 0.0
) -> NDArray[np.float64]:
    """Angles of an oscillator that nothing holds, a Wiener process: variance 2π width a second; shape (count,)."""
    return np.asarray(turned + np.cumsum(rng.normal(0, math.sqrt(2 * math.pi * width_hz / rate_hz), count)), np.float64)


def iq_imbalance(wave: Wave, gain_db: float, phase_deg: float) -> Wave:
    """K₁ x + K₂ x*, with K₁ = (1 + g e^{-jφ}) / 2 and K₂ = (1 - g e^{jφ}) / 2; the image lies at |K₂ / K₁|²."""
    turn = 10 ** (gain_db / 20) * np.exp(1j * math.radians(phase_deg))
    return np.asarray((1 + np.conj(turn)) / 2 * wave + (1 - turn) / 2 * np.conj(wave), np.complex64)


def converted(wave: Wave, full_scale: float, bits: int | None) -> Wave:
    """I and Q clipped at ± `full_scale`, and rounded to one of 2^bits levels where `bits` are given."""
    parts = np.clip(np.ascontiguousarray(wave).view(np.float32), -full_scale, full_scale)
    if bits is not None:
        step = 2 * full_scale / 2**bits
        highest = 2 ** (bits - 1) - 1
        parts = np.clip(np.floor(parts / step), -highest - 1, highest) * step + step / 2
    return np.asarray(parts, np.float32).view(np.complex64)
