"""Points of few powers, told from values of a normal distribution, and what several tellings say together."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.airinterface.lte_points import BOTH_NATS, OTHERS_NATS, points_nats, together

SNR = 10**0.5
"""5 dB."""


def _heard(rng: np.random.Generator, values: NDArray[np.complexfloating]) -> NDArray[np.complexfloating]:
    """Subcarriers of symbols of power SNR behind a delay, in noise of power 1."""
    noise = rng.normal(size=(*values.shape, 2)).view(np.complex128)[..., 0] / math.sqrt(2)
    turns = np.exp(-2j * np.pi * rng.random() * np.arange(values.shape[1]))
    return np.asarray(math.sqrt(SNR) * turns * values + noise)


def _phases(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.complex128]:
    return np.asarray(np.exp(0.5j * np.pi * (rng.integers(0, 4, shape) + 0.5)))


def test_precoded_points_are_told_from_the_same_points_on_subcarriers() -> None:
    """Power w of 4-PSK has a variance of 1 + 2 SNR, of OFDM (1 + SNR)²: 7.3 against 17.3, told by 132 of each."""
    rng = np.random.default_rng(1)
    precoded, plain = [], []
    for _ in range(50):
        points = _phases(rng, (11, 12))
        precoded.append(points_nats(_heard(rng, np.fft.fft(points, axis=1, norm="ortho")), 1.0))
        plain.append(points_nats(_heard(rng, points), 1.0))
    assert np.mean(np.array(precoded) > 3.0) > 0.9
    assert np.mean(np.array(plain) > 3.0) < 0.05  # e to the power of -3


def test_no_telling_counts_more_than_what_shares_it_allows() -> None:
    assert together(50.0, 50.0, 3.0) == pytest.approx(BOTH_NATS, abs=1e-6)
    assert together(50.0, -20.0, 3.0) == pytest.approx(OTHERS_NATS - 20.0, abs=1e-6)  # OFDM
    assert together(-20.0, 50.0, 3.0) == pytest.approx(OTHERS_NATS - 20.0, abs=1e-6)  # keyed carriers
    assert together(0.0, 0.0, 0.0) == pytest.approx(-math.log(1 + 2 / 20 + math.exp(-6)))
