"""The echoes' loop of the receiver for Gaussian frequency shift keying against a plain numpy twin."""

import numpy as np
import pytest

from cellwarden.airinterface.gfsk import explained
from cellwarden.airinterface.gfsk_kernels import copies_explain, echo_products


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


@pytest.mark.parametrize(("count", "copies"), [(40, 1), (96, 4), (336, 8), (121, 12)])
def test_what_copies_explain_is_that_of_the_twin(count: int, copies: int) -> None:
    rng = np.random.default_rng(count)
    phase = np.cumsum(rng.uniform(-0.8, 0.8, count))
    wave = np.exp(1j * phase)
    noise = rng.normal(size=(count, 2)).view(np.complex128)[:, 0]
    part = ((wave + 0.4j * np.roll(wave, 1)) * np.exp(0.002j * np.arange(count)) + 0.3 * noise).astype(np.complex64)
    told, rest = copies_explain(np.repeat(part, 2)[::2], phase, copies, 1e-3)  # one in two of samples, as it is asked
    heard = part[copies - 1 :].astype(np.complex128)
    late = np.stack([wave[copies - 1 - k : count - k] for k in range(copies)], axis=1)
    ridge = 1e-3 * len(heard) * np.eye(copies)
    weights = np.linalg.solve(late.conj().T @ late + ridge, seen := late.conj().T @ heard)
    turned, half = heard * (late @ weights).conj(), len(heard) // 2
    left = np.angle(np.sum(turned[half : 2 * half]) * np.conj(np.sum(turned[:half]))) / half
    assert told == pytest.approx(np.vdot(seen, weights).real / np.vdot(heard, heard).real, abs=1e-5)
    assert rest == pytest.approx(left, abs=1e-6)
