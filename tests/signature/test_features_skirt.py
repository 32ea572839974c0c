"""Bursts made here, with what a synthesiser adds beside the channel put in: it comes out, and a neighbour does not."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ, burst_bits
from cellwarden.model import Block, Measured, Segment
from cellwarden.signature.features_skirt import BAND_HZ, skirts
from cellwarden.signature.kernels import gmsk

RATE_HZ, CARRIER_HZ, BEGIN, BURSTS = 2e6, 150e3, 100.5, 80


def told(snr_db: float, phase_noise: float = 0.0, neighbour_db: float | None = None) -> dict[str, NDArray[np.float64]]:
    """Value and deviation of each skirt of some bursts, shape (BURSTS, 2); phase noise: of a sample, squared."""
    rng = np.random.default_rng(8)
    found: dict[str, list[Measured]] = {}
    for _ in range(BURSTS):
        bits, other = burst_bits("normal", 3, rng), burst_bits("normal", 5, rng)
        t = np.arange(round(BEGIN + 160 * RATE_HZ / SYMBOL_RATE_HZ)) - BEGIN
        symbols, turn = t * SYMBOL_RATE_HZ / RATE_HZ, np.exp(2j * np.pi * CARRIER_HZ / RATE_HZ * t)
        wave = np.exp(1j * gmsk(bits, symbols)) * (1 + 1j * math.sqrt(phase_noise) * rng.normal(size=len(t)))
        if neighbour_db is not None:
            wave += 10 ** (neighbour_db / 20) * np.exp(1j * gmsk(other, symbols) + 2j * np.pi * 0.2e6 / RATE_HZ * t)
        density = 10 ** (-snr_db / 10) / 200e3
        noise = rng.normal(0, math.sqrt(density * RATE_HZ / 2), (len(t), 2)).view(np.complex128)[:, 0]
        iq = (wave * turn + noise).astype(np.complex64).view(np.float32).reshape(-1, 2)
        block = Block(iq, 1.0, 0, Segment(0, len(iq), RATE_HZ))
        for name, one in skirts(block, BEGIN, CARRIER_HZ, bits, 10 * math.log10(density)).items():
            found.setdefault(name, []).append(one)
    return {name: np.array(several) for name, several in found.items()}


def test_noise_and_what_gmsk_sends_by_itself_are_no_skirt() -> None:
    for name, several in told(20.0).items():
        values, deviations = several.T
        assert abs(values.mean()) < 4 * values.std() / math.sqrt(BURSTS), name
        assert np.sqrt(np.mean(deviations**2)) == pytest.approx(values.std(), rel=0.4), name


def test_the_noise_of_a_synthesiser_comes_out_at_its_level() -> None:
    rng, noise = np.random.default_rng(9), 1e-3
    shares = []
    for _ in range(40):  # of GMSK's power, what lies in the band at the carrier
        t = np.arange(0, 148, SYMBOL_RATE_HZ / RATE_HZ)
        power = np.abs(np.fft.fft(np.exp(1j * gmsk(burst_bits("normal", 3, rng), t)))) ** 2
        shares.append(power[np.abs(np.fft.fftfreq(len(t), 1 / RATE_HZ)) <= BAND_HZ / 2].sum() / power.sum())
    expected = noise * BAND_HZ / RATE_HZ / float(np.mean(shares))
    values = told(50.0, phase_noise=noise)["skirt_400"][:, 0]
    assert np.median(values) == pytest.approx(expected, rel=0.2)


def test_a_burst_on_the_next_channel_is_not_taken_for_a_skirt() -> None:
    alone, beside = told(40.0)["skirt_200"][:, 0], told(40.0, neighbour_db=0.0)["skirt_200"][:, 0]
    assert np.median(np.abs(beside)) < 0.02 and np.median(np.abs(alone)) < 0.01  # a neighbour as loud has a whole 1


def test_offsets_beyond_what_was_recorded_are_not_told() -> None:
    block = Block(np.ones((1200, 2), np.float32), 1.0, 0, Segment(0, 1200, RATE_HZ))
    bits = burst_bits("normal", 0, np.random.default_rng(1))
    assert not skirts(block, BEGIN, 800e3, bits, -60.0) and not skirts(block, 900.0, 0.0, bits, -60.0)
