"""Bursts that fall between two frames of the coarse pass."""

import numpy as np
import pytest

from cellwarden.detect import between, cells
from cellwarden.detect.spectrum import grid

GRID = grid(7.68e6)
UNITS = 1 << 16


def _sums(ratio: np.ndarray) -> np.ndarray:
    total = np.empty((len(ratio) + 1, ratio.shape[1] + 1), np.int32)
    cells.cumulate(ratio, np.zeros(ratio.shape, np.uint8), 0, 50.0, UNITS, total)
    return total


def test_rows_that_are_neither_noise_nor_surely_more_are_those_of_a_plain_sum() -> None:
    rng = np.random.default_rng(1)
    ratio = rng.gamma(3.0, 1 / 3, (200, 40)).astype(np.float32)
    total, width, step = _sums(ratio), 16, 4
    low, high = round(1.1 * 2 * width * UNITS), round(1.2 * 2 * width * UNITS)
    two = np.cumsum(np.pad((ratio[:-1] + ratio[1:]).astype(float), ((0, 0), (1, 0))), axis=1)
    most = (two[:, width:] - two[:, :-width])[:, ::step].max(axis=1)
    wanted = np.flatnonzero((most * UNITS > low) & (most * UNITS <= high))
    assert 10 < len(wanted) < 150
    np.testing.assert_array_equal(between.doubtful(total, width, step, low, high), wanted)


def _with_a_burst(rng: np.random.Generator, rows: int, at: int, snr_db: float) -> np.ndarray:
    """Noise of power 2, and 54 µs of 4.17 MHz, half of it before sample `at`."""
    iq = rng.normal(size=(rows * GRID.size, 2)).astype(np.float32)
    count = round(54e-6 * GRID.rate_hz)
    spectrum = np.zeros(1 << 12, complex)
    spectrum[np.abs(np.fft.fftfreq(1 << 12, 1 / GRID.rate_hz)) < 4.17e6 / 2] = 1
    wave = np.fft.ifft(spectrum * np.exp(2j * np.pi * rng.random(1 << 12)))[:count]
    wave *= np.sqrt(10 ** (snr_db / 10) * 2.0 * 4.17e6 / GRID.rate_hz / np.mean(np.abs(wave) ** 2))
    iq[at - count // 2 : at - count // 2 + count] += np.column_stack([wave.real, wave.imag])
    return iq


@pytest.mark.parametrize(("snr_db", "asked", "least"), [(0.0, 0, 19), (-2.0, 8, 13)])
def test_a_faint_burst_between_two_frames_stands_in_the_first_of_them(snr_db: float, asked: int, least: int) -> None:
    """Each of two frames has three tenths of a frame's energy, by their window. At 0 dB both are surely hot; at -2 dB
    half of such bursts are asked about, and in the frame between they are nearly whole."""
    rows, weight = 256, np.full(GRID.size, 1 / (2 * GRID.per_band), np.float32)
    middle = slice(GRID.bands // 2 - 40, GRID.bands // 2 + 40)
    seen = filled = 0
    for seed in range(20):
        iq = _with_a_burst(np.random.default_rng(seed), rows, 31 * GRID.size, snr_db)
        ratio = np.empty((rows, GRID.bands), np.float32)
        between.spectrum.band_powers(iq, GRID, weight, ratio)
        sure = ratio[30:32, middle].mean() > 1.25
        if between.fill(iq, GRID, weight, _sums(ratio), UNITS, ratio, 0) == 30:
            assert ratio[30, middle].mean() == pytest.approx(1 + 10 ** (snr_db / 10), abs=0.5)
            filled += 1
        seen += sure or ratio[30, middle].mean() > 1.5
    assert filled >= asked
    assert seen >= least


def test_frames_that_are_no_longer_than_the_burst_miss_nothing() -> None:
    assert not between.misses(grid(10e6))  # of 51 µs
    assert not between.misses(grid(1.92e6))  # narrower than the burst
