"""The noise floor: what a receiver's filter passes belongs to it, a wide signal that never stops does not."""

import numpy as np
import pytest
from scipy.ndimage import median_filter, uniform_filter1d

from cellwarden.detect import spectrum

ROWS = 512


def quantiles(level_db: np.ndarray, seed: int) -> np.ndarray:
    """What `chunk_quantile` tells of noise of such levels: about level (1 ± 2.2 / √rows)."""
    chance = 1 + 2.2 / np.sqrt(ROWS) * np.random.default_rng(seed).normal(size=len(level_db))
    return np.asarray(10 ** (level_db / 10) * chance)


@pytest.mark.parametrize("passed", [0.35, 0.5, 0.6, 0.7, 0.8, 0.95])
@pytest.mark.parametrize("down_db", [12.0, 60.0])
def test_a_passband_is_floor_all_over(passed: float, down_db: float) -> None:
    n, bin_hz = 512, 20e3
    place = np.abs(np.arange(n) - n / 2 + 0.5) / n
    level = -np.clip((place - passed / 2) / 0.02, 0, 1) * down_db
    found = 10 * np.log10(spectrum.floor(quantiles(level, 1), ROWS, bin_hz))
    assert np.all(found[place < passed / 2] > -2.0)  # a bin beside the edge has 10 % chance error and few neighbours
    assert np.all(found < level + 3.0)


@pytest.mark.parametrize("width_hz", [200e3, 400e3, 1.1e6, 1.6e6])
@pytest.mark.parametrize("middle_hz", [-3.5e6, 0.0, 1.2e6, 3.8e6])
@pytest.mark.parametrize("above_db", [10.0, 40.0])
def test_a_carrier_is_none_of_the_floor(width_hz: float, middle_hz: float, above_db: float) -> None:
    n, bin_hz = 512, 20e3
    offset = (np.arange(n) - n / 2) * bin_hz
    level = np.where(np.abs(offset - middle_hz) < width_hz / 2, above_db, 0.0)
    found = 10 * np.log10(spectrum.floor(quantiles(level, 2), ROWS, bin_hz))
    inside = np.abs(offset - middle_hz) < width_hz / 2 - 3 * bin_hz
    assert np.all(np.abs(found[inside]) < 1.5)


def test_a_carrier_of_gsm_is_none_of_the_floor_of_a_narrow_recording() -> None:
    offset = (np.arange(32) - 16) * 15625.0
    level = np.where(np.abs(offset) < 100e3, 10.0, 0.0)
    found = 10 * np.log10(spectrum.floor(quantiles(level, 3), ROWS, 15625.0))
    assert np.all(np.abs(found[np.abs(offset) < 60e3]) < 1.5)


@pytest.mark.parametrize("n", [64, 512, 2048])
@pytest.mark.parametrize("passed", [0.25, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("above_db", [30.0, 60.0])
def test_a_filter_shows_where_nothing_is_left_beyond_it(n: int, passed: float, above_db: float) -> None:
    place = np.abs(np.arange(n) - n / 2 + 0.5) / n
    level = above_db - np.clip((place - passed / 2) / 0.03, 0, 1) * above_db
    level += np.where(np.abs(place - passed / 8) < passed / 16, 25.0, 0.0)  # carriers that never stop are heard within
    found = spectrum.passband(quantiles(level, 4), 1.0)
    assert abs((found.stop - found.start) / n - passed) < 0.06
    assert abs(found.start - (n - found.stop)) <= 0.02 * n + 2


@pytest.mark.parametrize("lopsided", [False, True])
def test_a_carrier_in_noise_is_no_passband(lopsided: bool) -> None:
    place = (np.arange(512) - 256) / 512 + (0.25 if lopsided else 0.0)
    level = np.where(np.abs(place) < 0.2, 40.0, 15.0)  # the noise is more than rounding makes by itself
    assert spectrum.passband(quantiles(level, 5), 1.0) == slice(0, 512)


def test_the_hump_of_one_carrier_is_no_passband() -> None:
    place = np.abs(np.arange(64) - 32) / 64
    level = np.maximum(67.0 - 600.0 * place**2, -8.0)  # GSM's, heard through a filter as wide as its channel
    assert spectrum.passband(quantiles(level, 6), 1 / 6) == slice(0, 64)


def test_half_a_band_that_is_empty_is_no_filter() -> None:
    level = np.where(np.arange(512) < 256, 40.0, -5.0)
    assert spectrum.passband(quantiles(level, 7), 1.0) == slice(0, 512)


@pytest.mark.parametrize("bins", [1, 5, 21, 63])
@pytest.mark.parametrize("seed", range(4))
def test_medians_and_means_of_neighbours_are_the_plain_ones(bins: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.exponential(size=128) * rng.choice([1, 1, 1, 30], 128)
    values[rng.random(128) < 0.2] = values[0]  # several alike
    middle = median_filter(values, bins, mode="nearest")
    np.testing.assert_array_equal(spectrum.medians(values, bins), middle)
    mean, noise = spectrum._smooth(values, bins, 0.1)
    plain = uniform_filter1d(np.minimum(values, 2.5 * middle), bins, mode="nearest")
    np.testing.assert_allclose(mean, plain, rtol=1e-12)
    own = np.where(np.abs(plain - middle) > spectrum.SLOPE * middle, middle * (1 + 0.1 * spectrum.CAUTIOUS), plain)
    np.testing.assert_allclose(noise, np.where(values > 2.5 * plain, values, own), rtol=1e-12)
