"""Filters tuned to a carrier make what mixing down and filtering makes."""

import numpy as np
import pytest

from cellwarden.detect.kernels import decimate
from cellwarden.detect.tuned import MOST, bank, tuned

TURNS = np.array([-0.31, 0.02, 0.4])


def low_pass(length: int) -> np.ndarray:
    taps = np.hanning(length + 2)[1:-1] * np.sinc((np.arange(length) - (length - 1) / 2) / 20)
    return (taps / taps.sum()).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize(("start", "count"), [(200, 50), (-30, 8), (0, 1), (1900, 21), (980, 3)])
@pytest.mark.parametrize(("length", "step"), [(147, 18), (31, 3), (1, 1)])
def test_a_tuned_filter_is_mixing_down_and_filtering(
    dtype: type, start: int, count: int, length: int, step: int
) -> None:
    iq = (np.random.default_rng(1).normal(size=(2000, 2)) * 1000).astype(dtype)
    taps, out = low_pass(length), np.empty((2, count), np.float32)
    for number, turn in enumerate(TURNS):
        tuned(iq, start, turn, number, bank(TURNS, taps, dtype), step, out)
        wanted = np.empty(count, np.complex64)
        decimate(iq, 1.0, start, turn, taps, step, wanted)
        # Rounding 16-bit taps leaves 60 dB between noise and what it makes of noise.
        np.testing.assert_allclose(out[0] + 1j * out[1], wanted, atol=2.0 if dtype == np.int16 else 0.02)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_taps_of_zero_are_left_out_and_change_nothing(dtype: type) -> None:
    iq = (np.random.default_rng(2).normal(size=(2000, 2)) * 1000).astype(dtype)
    taps, turn = np.pad(low_pass(147), (7, 6)), 0.13
    made = bank(np.array([turn]), taps, dtype)
    # Left out are four at a time in front, and behind all but what fills groups of eight: 7 → 4, 3 + 147 → 152.
    assert (made.zeros, made.taps.shape[2]) == (4, 2 * 152)
    for start in (900, 3, 1990):  # in the middle, and where the filter sticks out
        out, wanted = np.empty((2, 5), np.float32), np.empty(5, np.complex64)
        tuned(iq, start, turn, 0, made, 18, out)
        decimate(iq, 1.0, start, turn, taps, 18, wanted)
        np.testing.assert_allclose(out[0] + 1j * out[1], wanted, atol=2.0 if dtype == np.int16 else 0.02)


def test_full_scale_does_not_run_over() -> None:
    turn, taps = 0.0, low_pass(147)
    for sign in (-1, 1):  # the largest sum that samples of 16 bits can make, each of the sign of its tap
        iq = np.where(np.sign(taps)[:, None] == sign, -32768, 32767).astype(np.int16) * np.ones((1, 2), np.int16)
        out = np.empty((2, 1), np.float32)
        tuned(iq, len(taps) // 2, turn, 0, bank(np.array([turn]), taps, np.int16), 1, out)
        wanted = iq.T.astype(float) @ taps.astype(float)
        np.testing.assert_allclose(out[:, 0], wanted, rtol=1e-3)


def test_what_a_channel_filter_stops_stays_stopped_with_taps_of_16_bits() -> None:
    taps = low_pass(147)
    exact, rounded = bank(TURNS, taps, np.float32).taps, bank(TURNS, taps, np.int16)
    error = np.abs(exact - rounded.taps * rounded.unit).max()
    assert np.abs(rounded.taps.astype(float)).sum(axis=2).max() < np.sqrt(2) * MOST
    assert 20 * np.log10(error * np.sqrt(147 / 3)) < -78  # a uniform error's, spread over so many taps
