"""The echoes' loop of the receiver for Gaussian frequency shift keying against a plain numpy twin."""

import numpy as np
import pytest

from cellwarden.airinterface.gfsk import explained
from cellwarden.airinterface.gfsk_kernels import echo_products


@pytest.mark.parametrize("count", [8, 272, 1201])
def test_products_are_those_of_the_twin(count: int) -> None:
    rng = np.random.default_rng(count)
    y = (rng.normal(size=count) + 1j * rng.normal(size=count)).astype(np.complex64)
    wave = np.exp(1j * rng.uniform(0, 6, count))
    shifts = np.array([-2, 0, 2, 4])
    overlap, met = np.empty((4, 4), np.complex128), np.empty(4, np.complex128)
    echo_products(y, wave, shifts, overlap, met)
    paths = np.stack([np.roll(wave, int(shift)) for shift in shifts])
    assert overlap == pytest.approx(paths.conj() @ paths.T, abs=1e-9 * count)
    assert met == pytest.approx(paths.conj() @ y, abs=1e-5 * count)


def test_a_wave_and_its_echo_explain_all_but_the_noise() -> None:
    rng = np.random.default_rng(1)
    wave = np.exp(1j * np.cumsum(rng.uniform(-0.4, 0.4, 400)))
    noise = (rng.normal(size=400) + 1j * rng.normal(size=400)) * np.sqrt(0.05)
    y = (wave + 0.5 * np.roll(wave, 2) + noise).astype(np.complex64)
    signal = float(np.mean(np.abs(wave + 0.5 * np.roll(wave, 2)) ** 2))
    assert explained(y, wave) == pytest.approx(signal / (signal + 0.1), abs=0.02)
