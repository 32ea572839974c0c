"""Channels against the standard's tables and against what fading is in theory."""

import math

import numpy as np
import pytest
from scipy.special import j0

from cellwarden.simulate.channel import CHANNELS, PROFILES, TDL_A, Channel, behind, delayed, gains, later, taps

RATE_HZ = 10e6
# TR 38.901 table 7.7.2-1 as printed: normalised delay and power of taps 1 to 23, all with Rayleigh fading.
PRINTED_DELAYS = (
    "0.0000 0.3819 0.4025 0.5868 0.4610 0.5375 0.6708 0.5750 0.7618 1.5375 1.8978 2.2242 2.1718 2.4942 2.5119 3.0582"
    " 4.0810 4.4579 4.5695 4.7966 5.0066 5.3043 9.6586"
)
PRINTED_POWERS = (
    "-13.4 0 -2.2 -4 -6 -8.2 -9.9 -10.5 -7.5 -15.9 -6.6 -16.7 -12.4 -15.2 -10.8 -11.3 -12.7 -16.2 -18.3 -18.9 -16.6"
    " -19.9 -29.7"
)


def burst(count: int = 4000) -> np.ndarray:
    """A wide wave of power 1."""
    rng = np.random.default_rng(5)
    return (rng.normal(size=(count, 2)) / math.sqrt(2)).view(np.complex128)[:, 0].astype(np.complex64)


def test_tdl_a_has_the_delays_and_powers_that_the_standard_prints() -> None:
    assert [delay for delay, _ in TDL_A] == [float(word) for word in PRINTED_DELAYS.split()]
    assert [power for _, power in TDL_A] == [float(word) for word in PRINTED_POWERS.split()]


@pytest.mark.parametrize("name", PROFILES)
def test_a_tables_delay_spread_is_one_because_the_standard_normalises_it(name: str) -> None:
    delays, powers = taps(PROFILES[name])
    mean = float(np.sum(powers * delays))
    # TR 38.901 §7.7.3: delays are normalised so that the root mean square is 1; the table rounds to four digits.
    assert math.sqrt(float(np.sum(powers * delays**2)) - mean**2) == pytest.approx(1.0, abs=2e-4)


@pytest.mark.parametrize("places", [400, pytest.param(2000, marks=pytest.mark.long)])
def test_the_mean_power_over_places_is_one_and_a_narrow_signals_power_is_exponential(places: int) -> None:
    rng, wave = np.random.default_rng(6), np.ones(200, np.complex64)
    channel = Channel("tdl-a", (30e-9, 30e-9), 0.0)
    powers = np.array([np.mean(np.abs(behind(wave, channel, 1e6, rng)[50:150]) ** 2) for _ in range(places)])
    # An exponential distribution: mean and standard deviation 1, a tenth below 0.105; within 4 sigma.
    assert powers.mean() == pytest.approx(1.0, abs=4 / math.sqrt(places))
    assert np.mean(powers < -math.log(0.9)) == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / places))


def test_a_power_that_is_held_is_each_bursts_own() -> None:
    rng, wave = np.random.default_rng(7), burst()
    heard = behind(wave, Channel("tdl-c", fading="received"), RATE_HZ, rng)
    assert np.sum(np.abs(heard) ** 2) == pytest.approx(np.sum(np.abs(wave) ** 2), rel=1e-4)


def test_a_gain_turns_as_jakes_says() -> None:
    rng, doppler_hz, lag = np.random.default_rng(8), 100.0, 20
    drawn = [gains(101, 10e3, doppler_hz, rng) for _ in range(4000)]
    correlation = np.mean([g[0].conjugate() * g[lag] for g in drawn])
    # E[g* (t) g(t + s)] = J0(2 π f_D s); its error is about 1 / sqrt(4000) = 0.016.
    assert correlation == pytest.approx(j0(2 * np.pi * doppler_hz * lag / 10e3), abs=0.06)


@pytest.mark.parametrize("places", [600, pytest.param(3000, marks=pytest.mark.long)])
def test_the_delay_spread_of_what_is_heard_is_the_one_asked_for(places: int) -> None:
    rng, spread_s, rate = np.random.default_rng(9), 300e-9, 50e6
    pulse = np.exp(-(((np.arange(64) - 32) / 6) ** 2)).astype(np.complex64)

    def variance(profile: np.ndarray) -> float:
        t = np.arange(len(profile)) / rate
        mean = np.sum(profile * t) / profile.sum()
        return float(np.sum(profile * t**2) / profile.sum() - mean**2)

    channel = Channel("tdl-a", (spread_s, spread_s), 0.0)
    mean_profile = np.mean([np.abs(behind(pulse, channel, rate, rng)) ** 2 for _ in range(places)], axis=0)
    # Variances of a pulse and of the echoes add up.
    spread = math.sqrt(variance(mean_profile) - variance(np.abs(pulse) ** 2))
    assert spread == pytest.approx(spread_s, rel=0.1)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 1000])
def test_a_delay_turns_each_frequency_as_the_plain_exponential(size: int) -> None:
    plain = np.exp(-2j * np.pi * np.fft.fftfreq(size) * 3.7)
    assert np.abs(later(size, 3.7) - plain).max() < 1e-12


def test_white_noise_alone_changes_no_wave() -> None:
    assert np.array_equal(behind(burst(), Channel(), RATE_HZ, np.random.default_rng(1)), burst())


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_gives_finite_samples(name: str) -> None:
    assert np.isfinite(behind(burst(), Channel(name), RATE_HZ, np.random.default_rng(2))).all()


def test_a_wave_is_late_by_a_part_of_a_sample() -> None:
    t = np.arange(200) - 100
    pulse = np.exp(-((t / 8) ** 2)).astype(np.complex64)
    late = np.exp(-(((np.arange(201) - 100 - 0.25) / 8) ** 2))
    assert np.abs(delayed(pulse, 0.25) - late).max() < 1e-5
