"""Power spectra against numpy's transform, of all sizes that a sample rate may ask for."""

import numpy as np
import pytest

from cellwarden.detect import spectrum


@pytest.mark.parametrize("rate_hz", [0.3e6, 0.6e6, 1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_powers_are_those_of_a_plain_transform(rate_hz: float, dtype: type) -> None:
    grid, rng = spectrum.grid(rate_hz), np.random.default_rng(1)
    n = grid.size
    iq = (rng.normal(size=(5 * n + 7, 2)) * 1000).astype(dtype)
    weight = rng.random(n).astype(np.float32)
    starts = np.array([7, 0, 3 * n + 1])
    frames = np.array([iq[at : at + n].astype(float) @ [1, 1j] for at in starts])
    plain = weight * np.abs(np.fft.fft(frames * grid.window)) ** 2
    made = spectrum.powers(iq, starts, grid, weight)
    # Rounding of 24 bits errs by some 1e-7 of the amplitude at each of log2 n steps.
    np.testing.assert_allclose(made, plain, rtol=1e-5, atol=1e-6 * plain.max())


@pytest.mark.parametrize("rate_hz", [0.6e6, 1.5e6, 10e6, 30.72e6])
def test_bands_are_sums_of_their_bins(rate_hz: float) -> None:
    grid, rng = spectrum.grid(rate_hz), np.random.default_rng(2)
    iq = (rng.normal(size=(4 * grid.size, 2)) * 1000).astype(np.int16)
    weight = rng.random(grid.size).astype(np.float32)
    out = np.empty((4, grid.bands), np.float32)
    spectrum.band_powers(iq, grid, weight, out)
    power = spectrum.powers(iq, np.arange(4) * grid.size, grid, weight)
    plain = power[:, : grid.bands * grid.per_band].reshape(4, grid.bands, grid.per_band).sum(axis=2)
    np.testing.assert_allclose(out, plain, rtol=1e-5)


def test_a_tone_is_where_its_frequency_is_and_has_its_power() -> None:
    grid = spectrum.grid(10e6)
    turn = 2 * np.pi * 57 / grid.size * np.arange(grid.size)
    iq = np.stack([np.cos(turn), np.sin(turn)], 1).astype(np.float32)
    power = spectrum.powers(iq, np.zeros(1, np.int64), grid, np.ones(grid.size, np.float32))[0]
    assert np.argmax(power) == grid.size // 2 + 57  # zero is in the middle
    assert power.sum() == pytest.approx(grid.size, rel=1e-5)  # Parseval, of a window whose squares add up to 1
