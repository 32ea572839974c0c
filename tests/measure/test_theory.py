"""Bounds against closed forms, published values and drawn noise."""

import numpy as np
import pytest
from scipy.stats import chi2

from cellwarden.measure.theory import (
    SignalKind,
    delay_bound_s,
    energy_detection,
    frequency_bound_hz,
    matched_filter,
    per_symbol_db,
    rms_bandwidth_hz,
    snr_for_energy_detection,
    snr_for_matched_filter,
)

GSM_RATE_HZ = 1_625_000 / 6
NORMAL, ACCESS = 148 / GSM_RATE_HZ * 200e3, 88 / GSM_RATE_HZ * 200e3
"""Time-bandwidth products of GSM's bursts in their 200 kHz: 109.3 and 65.0."""


@pytest.mark.parametrize("kind", ["fixed", "gaussian"])
def test_the_energy_detector_does_in_drawn_noise_what_is_said(kind: SignalKind) -> None:
    # TW complex samples of noise power 1, the threshold on their energy: 2 E is chi-squared with 2 TW degrees.
    rng, samples, trials, false_alarm, snr_db = np.random.default_rng(8), 12, 40_000, 0.02, 1.0
    noise = rng.normal(size=(trials, samples, 2)).view(np.complex128)[..., 0] / np.sqrt(2)
    amplitude = 10 ** (snr_db / 20)
    if kind == "fixed":
        signal = amplitude * np.exp(2j * np.pi * rng.random((trials, samples)))  # constant envelope
    else:
        signal = amplitude * rng.normal(size=(trials, samples, 2)).view(np.complex128)[..., 0] / np.sqrt(2)
    threshold = chi2.isf(false_alarm, 2 * samples) / 2
    empty = np.mean((np.abs(noise) ** 2).sum(axis=1) > threshold)
    found = np.mean((np.abs(noise + signal) ** 2).sum(axis=1) > threshold)
    assert empty == pytest.approx(false_alarm, abs=4 * np.sqrt(0.02 * 0.98 / trials))
    assert found == pytest.approx(float(energy_detection(snr_db, samples, false_alarm, kind)), abs=4 * 0.5 / 200)


def test_without_a_signal_detection_is_false_alarm() -> None:
    assert energy_detection([-300.0], 65, 1e-3, "gaussian") == pytest.approx([1e-3], rel=1e-6)
    assert energy_detection([-70.0], 65, 1e-3) == pytest.approx([1e-3], rel=1e-3)
    assert matched_filter([-70.0], 26, 1e-3, 7) == pytest.approx([1 - (1 - 1e-3) ** (1 / 7)], rel=1e-3)


@pytest.mark.parametrize(("time_bandwidth", "fixed_db", "gaussian_db"), [(NORMAL, -0.28, -0.02), (ACCESS, 1.14, 1.55)])
def test_what_an_ideal_energy_detector_needs_for_a_gsm_burst(
    time_bandwidth: float, fixed_db: float, gaussian_db: float
) -> None:
    # P_fa 1e-7, P_d 0.99. A signal like noise has a closed form: 1 + snr = ratio of two chi-squared quantiles.
    closed = chi2.isf(1e-7, 2 * time_bandwidth) / chi2.isf(0.99, 2 * time_bandwidth) - 1
    like_noise = snr_for_energy_detection(0.99, time_bandwidth, 1e-7, "gaussian")
    assert like_noise == pytest.approx(10 * np.log10(closed), abs=1e-6)
    assert like_noise == pytest.approx(gaussian_db, abs=0.005)
    assert snr_for_energy_detection(0.99, time_bandwidth, 1e-7) == pytest.approx(fixed_db, abs=0.005)


@pytest.mark.parametrize("samples", [1, 10, 100])
def test_the_energy_detector_follows_albersheim(samples: int) -> None:
    # Albersheim 1981, as in M. Richards, Fundamentals of Radar Signal Processing §6.3.3: within 0.2 dB of a steady
    # target after non-coherent integration (linear detector, 0.1 dB more) for P_fa 1e-7…1e-3, P_d 0.1…0.9.
    a, b = np.log(0.62 / 1e-6), np.log(0.9 / 0.1)
    needed = -5 * np.log10(samples) + (6.2 + 4.54 / np.sqrt(samples + 0.44)) * np.log10(a + 0.12 * a * b + 1.7 * b)
    assert snr_for_energy_detection(0.9, samples, 1e-6) == pytest.approx(needed, abs=0.3)


def test_the_matched_filter_needs_what_radar_books_say() -> None:
    # Skolnik, Introduction to Radar Systems: a steady pulse, P_d 0.9 at P_fa 1e-6, needs 13.2 dB.
    assert snr_for_matched_filter(0.9, 1, 1e-6) == pytest.approx(13.2, abs=0.05)
    # 26 symbols add coherently, 10 log 26 = 14.15 dB; more hypotheses cost what a smaller P_fa costs.
    assert snr_for_matched_filter(0.9, 26, 1e-6) == pytest.approx(13.2 - 14.15, abs=0.05)
    assert snr_for_matched_filter(0.9, 26, 1e-4, 100) == pytest.approx(snr_for_matched_filter(0.9, 26, 1e-6), abs=1e-3)


def test_the_matched_filter_does_in_drawn_noise_what_is_said() -> None:
    rng, symbols, trials = np.random.default_rng(9), 16, 100_000
    amplitude = 10 ** (-6.0 / 20)
    noise = rng.normal(size=(trials, 2)).view(np.complex128)[:, 0] * np.sqrt(symbols / 2)
    statistic = np.abs(noise + amplitude * symbols * np.exp(2j * np.pi * rng.random(trials))) ** 2 / symbols
    found = np.mean(statistic > -np.log(0.01))
    assert found == pytest.approx(float(matched_filter(-6.0, symbols, 0.01)), abs=4 * 0.5 / np.sqrt(trials))


def test_a_detection_below_chance_has_no_snr() -> None:
    with pytest.raises(ValueError, match="sign"):
        snr_for_matched_filter(0.001, 26, 0.01)


def test_the_frequency_bound_is_the_inverse_of_fishers_information() -> None:
    snr_db, symbols = 7.0, 88
    k = np.arange(symbols)
    information = 2 * 10 ** (snr_db / 10) * np.array([[symbols, k.sum()], [k.sum(), (k**2).sum()]])  # phase, frequency
    sigma = np.sqrt(np.linalg.inv(information)[1, 1]) * GSM_RATE_HZ / (2 * np.pi)
    assert frequency_bound_hz(snr_db, symbols, GSM_RATE_HZ) == pytest.approx(sigma)


def test_a_normal_burst_at_15_decibels_tells_its_carrier_to_12_hertz() -> None:
    per_symbol = per_symbol_db(15.0, 200e3, GSM_RATE_HZ)
    assert per_symbol == pytest.approx(13.68, abs=0.01)
    assert frequency_bound_hz(per_symbol, 148, GSM_RATE_HZ) == pytest.approx(12.1, abs=0.05)


def test_the_bound_of_a_delay_is_that_of_a_flat_spectrum() -> None:
    """A spectrum flat over B has the rms width B / √12."""
    rng = np.random.default_rng(1)
    spectrum = np.where(np.abs(np.fft.fftfreq(4096)) < 0.125, np.exp(2j * np.pi * rng.random(4096)), 0)
    width = rms_bandwidth_hz(np.fft.ifft(spectrum), 4e6)
    assert width == pytest.approx(1e6 / 12**0.5, rel=2e-3)
    # var ≥ 1 / (2 · SNR · TW · (2π β)²): at 20 dB and TW 100 it is 1 / (2·10⁴) of the square of 1 / 2πβ.
    assert delay_bound_s(20.0, 100.0, width) == pytest.approx(1 / (2 * np.pi * width) / 2e4**0.5)
