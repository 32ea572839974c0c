"""Faults of a receiver against theory."""

import math

import numpy as np
import pytest

from cellwarden.simulate.receiver import Faults, converted, iq_imbalance, oscillator, received

TURN = np.exp(2j * np.pi * 0.125 * np.arange(800)).astype(np.complex64)


def test_an_image_lies_where_theory_has_it() -> None:
    spectrum = np.abs(np.fft.fft(iq_imbalance(TURN, 1.0, 3.0))) ** 2
    g = 10 ** (1 / 20)
    phi = math.radians(3)
    # Image rejection |K2 / K1|^2 = (1 - 2 g cos φ + g²) / (1 + 2 g cos φ + g²).
    expected = (1 - 2 * g * math.cos(phi) + g * g) / (1 + 2 * g * math.cos(phi) + g * g)
    assert spectrum[-100] / spectrum[100] == pytest.approx(expected, rel=1e-4)


def test_an_oscillators_line_has_the_width_asked_for() -> None:
    rng, rate, width = np.random.default_rng(1), 1e6, 500.0
    angles = [oscillator(500, width, rate, rng) for _ in range(4000)]
    # E[exp(j(φ(t) - φ(0)))] = exp(-π Δf t) for a Lorentzian of width Δf.
    coherence = np.mean([np.exp(1j * (a[-1] - a[0])) for a in angles])
    assert abs(coherence) == pytest.approx(math.exp(-math.pi * width * 499 / rate), abs=0.03)


def test_an_oscillator_goes_on_where_the_last_stretch_ended() -> None:
    wave = np.ones(1000, np.complex64)
    end = received(wave, Faults(phase_noise_hz=100.0), 1.0, 1e6, np.random.default_rng(2), 0.7)
    assert np.angle(wave[-1]) == pytest.approx(math.remainder(end, 2 * math.pi), abs=1e-5)
    assert np.angle(wave[0]) == pytest.approx(0.7, abs=0.2)


def test_rounding_leaves_the_noise_of_a_uniform_error() -> None:
    rng = np.random.default_rng(3)
    wave = rng.uniform(-1, 1, (50_000, 2)).astype(np.float32).view(np.complex64)[:, 0]
    error = converted(wave, 1.0, 6) - wave
    step = 2 / 2**6
    assert np.mean(error.real**2) == pytest.approx(step**2 / 12, rel=0.03)


def test_a_converter_clips_i_and_q_at_full_scale() -> None:
    assert converted(np.array([3 - 0.5j], np.complex64), 1.0, None)[0] == pytest.approx(1 - 0.5j)


def test_a_leak_has_the_power_over_the_noise_that_was_asked_for() -> None:
    wave = np.zeros(10, np.complex64)
    received(wave, Faults(dc_db=10.0), 100.0, 1e6, np.random.default_rng(4), 0.0)
    assert np.abs(wave[0]) ** 2 == pytest.approx(10 * 2 * 100**2, rel=1e-5)


def test_a_receiver_without_faults_changes_nothing() -> None:
    wave = TURN.copy()
    received(wave, Faults(), 100.0, 1e6, np.random.default_rng(5), 0.0)
    assert np.array_equal(wave, TURN)
