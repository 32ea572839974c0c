"""Carriers of GSM in a wide box, by the shape of its spectrum: bursts at known places, and what is flat."""

import math

import numpy as np
import pytest

from cellwarden.airinterface.gsm_humps import humps, standing_out
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, generate
from cellwarden.model import Block, Burst, Segment

RATE, DENSITY = 4e6, 2 / 4e6
RASTER = [n * CHANNEL_HZ for n in range(-2, 3)]


def white(count: int, rng: np.random.Generator) -> np.ndarray:
    """Complex noise of power 2."""
    return np.asarray(rng.normal(size=count) + 1j * rng.normal(size=count))


def asked(wave: np.ndarray, noise: np.ndarray, carriers: list[float], snr_db: float) -> list[float]:
    """The carriers left of a box of 1.1 MHz that holds a wave in noise of power 2."""
    heard = noise + wave
    iq = np.stack([heard.real, heard.imag], axis=1).astype(np.float32)
    block = Block(iq, 1.0, 0, Segment(0, len(iq), RATE))
    box = Burst(400, len(iq) - 800, -0.55e6, 0.55e6, snr_db, 10 * math.log10(DENSITY))
    return humps(box, block, carriers)


def burst(snr_db: float, carrier_hz: float, at: int, count: int, rng: np.random.Generator) -> np.ndarray:
    wave, _ = generate("normal", rng, rate_hz=RATE, carrier_offset_hz=carrier_hz)
    placed = np.zeros(count, np.complex128)
    placed[at : at + len(wave)] = wave * math.sqrt(10 ** (snr_db / 10) * DENSITY * CHANNEL_HZ)
    return placed


@pytest.mark.parametrize("snr_db", [5.0, 10.0, 30.0])
@pytest.mark.parametrize("carrier_hz", RASTER)
def test_a_burst_beside_another_keeps_its_carrier(snr_db: float, carrier_hz: float) -> None:
    rng = np.random.default_rng(round(snr_db + carrier_hz / 1e3) % 2**32)
    count = 8000
    beside = carrier_hz + (2 * CHANNEL_HZ if carrier_hz <= 0 else -2 * CHANNEL_HZ)
    wave = burst(snr_db, carrier_hz + rng.uniform(-5e3, 5e3), 1500, count, rng)
    wave += burst(snr_db + 6, beside, 4500, count, rng)
    kept = asked(wave, white(count, rng), RASTER, snr_db)
    assert carrier_hz in kept
    assert beside in kept


def test_a_burst_ten_decibels_below_its_neighbour_keeps_its_carrier() -> None:
    rng = np.random.default_rng(5)
    wave = burst(30.0, 0.0, 1500, 6000, rng) + burst(20.0, CHANNEL_HZ, 1500, 6000, rng)
    assert {0.0, CHANNEL_HZ} <= set(asked(wave, white(6000, rng), RASTER, 25.0))


def test_what_is_flat_has_carriers_at_its_edges_at_most() -> None:
    """A hundred draws of a flat megahertz: each of 13 inner carriers has 3 slices in which chance may carve a hump."""
    rng = np.random.default_rng(6)
    inner = [n * 40e3 for n in range(-6, 7)]
    left = 0
    for _ in range(100):
        spectrum = np.fft.fft(white(4800, rng))
        spectrum[np.abs(np.fft.fftfreq(4800, 1 / RATE)) > 0.5e6] = 0
        wave = np.fft.ifft(spectrum) * math.sqrt(10**1.5)
        left += len(asked(wave, white(4800, rng), inner, 15.0))
    assert left < 0.1 * 100 * len(inner)


def test_humps_are_those_of_plain_means() -> None:
    rng = np.random.default_rng(7)
    density = rng.exponential(size=(3, 60)).astype(np.float32)
    at = np.array([3.0, 20.4, 58.0])
    out = np.empty(3, np.bool_)
    standing_out(density, at, 2.5, 4.0, 6.25, 0.1, 0.05, out)
    for place, told in zip(at, out, strict=True):
        edges = np.clip(np.rint(place + np.array([-6.25, -4, -2.5, 2.5, 4, 6.25])), 0, 59).astype(int)
        low, core, high = (
            density[:, a : b + 1].mean(axis=1) if b > a or part == 1 else np.zeros(3)
            for part, (a, b) in enumerate(edges.reshape(3, 2))
        )
        own, lower, upper = core - 0.1, np.minimum(low, high) - 0.1, np.maximum(low, high) - 0.1
        assert told == bool(np.any((own > 0.05) & (lower < 0.5 * own + 0.05) & (upper < 2 * own + 0.05)))
