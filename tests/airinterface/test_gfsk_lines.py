"""Lines of a square: the carrier of keying of index 0.5 behind echoes, and none of other keying."""

import numpy as np
import pytest

from cellwarden.airinterface import gfsk
from cellwarden.airinterface.gfsk_lines import lines

RATE = 8e6
ECHOES = ((0.0, 1.0), (0.25e-6, 0.5j), (0.625e-6, -0.3))
"""Three paths within two thirds of a symbol of 1 µs."""


def square_lines(index: float, carrier_hz: float, rate_hz: float, seed: int) -> tuple[float, float, float]:
    """Nats, part of the weaker line, and carrier in hertz, of 200 symbols at 12 dB looked at as 1 Msymbol/s."""
    rng = np.random.default_rng(seed)
    sent, _ = gfsk.modulate(rng.integers(0, 2, round(200e-6 * rate_hz)), RATE, rate_hz, index, 0.0)
    wave = np.zeros(len(sent), np.complex128)
    for delay, gain in ECHOES:
        wave += gain * np.roll(sent, round(delay * RATE))
    wave *= np.exp(2j * np.pi * carrier_hz / RATE * np.arange(len(wave)))
    noise = rng.normal(size=(len(wave), 2)).view(np.complex128)[:, 0]
    y = wave / np.sqrt(np.mean(np.abs(wave) ** 2)) + noise * np.sqrt(0.5 * 10**-1.2 * RATE / 2 / 2e6)
    told = lines(y[:: round(RATE / 1e6 / gfsk.PER_SYMBOL)].astype(np.complex64))
    return (0.0, 0.0, 0.0) if told is None else (told.nats, told.weaker, told.carrier * 1e6)


@pytest.mark.parametrize("index", [0.46, 0.5, 0.54])
def test_the_carrier_is_told_behind_echoes(index: float) -> None:
    told = []
    for seed in range(20):
        carrier = np.random.default_rng(seed).uniform(-100e3, 100e3)
        nats, weaker, found = square_lines(index, carrier, 1e6, seed)
        told += [abs(found - carrier)] if weaker > 0.05 and nats > 20 else []
    assert len(told) >= 16  # echoes may notch a line, and then nothing is told
    assert max(told) < 8e3  # a block of 32 symbols has lines 31 kHz wide, of twice the carrier


@pytest.mark.parametrize(("index", "rate_hz"), [(0.32, 1e6), (0.5, 270_833.0), (0.5, 1.152e6)])
def test_other_keying_has_no_such_lines(index: float, rate_hz: float) -> None:
    for seed in range(10):
        nats, weaker, _ = square_lines(index, 0.0, rate_hz, seed)
        assert nats < 20 or weaker < 0.12


def test_too_few_samples_have_no_lines() -> None:
    assert lines(np.ones(100, np.complex64)) is None
