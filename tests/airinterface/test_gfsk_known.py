"""Known symbols and alternating preambles behind echoes, against waves whose place and carrier are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk_known
from cellwarden.airinterface.ble_waveform import known_symbols
from cellwarden.airinterface.gfsk import PER_SYMBOL, sampled_phase
from cellwarden.airinterface.gfsk_preamble import periodic

LEAD = 40
"""Symbols before the known ones, which are random."""
INDICES = (0.46, 0.5, 0.54)


def heard(rng: np.random.Generator, bits: NDArray[np.int64], carrier: float, index: float) -> NDArray[np.complex64]:
    """Known symbols among random ones on two paths as strong as each other, at 20 dB."""
    rest = rng.integers(0, 2, (2, LEAD))
    wave = np.exp(1j * index * sampled_phase(2.0 * np.concatenate([rest[0], bits, rest[1]]) - 1.0))
    wave *= np.exp(2j * np.pi * carrier / PER_SYMBOL * np.arange(len(wave)))
    y = wave + 1j * np.roll(wave, PER_SYMBOL + 2)
    noise = rng.normal(size=(len(y), 2)).view(np.complex128)[:, 0]
    return np.asarray(y + 0.1 * noise, np.complex64)


@pytest.mark.parametrize("carrier", [-0.21, 0.0, 0.13])
@pytest.mark.parametrize("index", INDICES)
def test_known_symbols_are_found_behind_an_echo_as_strong(carrier: float, index: float) -> None:
    bits = known_symbols("1M")
    y = heard(np.random.default_rng(1), bits, carrier, index)
    found = gfsk_known.find(y, 4 * (LEAD - 20), 4 * (LEAD + 20), bits, INDICES, 0.25, 8)
    assert found is not None and abs(found.place - PER_SYMBOL * LEAD) <= PER_SYMBOL + 2
    assert abs(found.carrier - carrier) < 0.002  # half a line of the transform is 0.0125
    assert found.explained > 0.95  # 0.99 are signal
    again = gfsk_known.fit_at(y, found, bits, INDICES, 8)
    assert again is not None and again.explained > 0.9


def test_other_symbols_are_not_explained() -> None:
    rng, bits = np.random.default_rng(2), known_symbols("1M")
    for _ in range(100):
        y = heard(rng, rng.integers(0, 2, len(bits)), 0.0, 0.5)
        found = gfsk_known.find(y, 4 * (LEAD - 20), 4 * (LEAD + 20), bits, INDICES, 0.25, 8)
        assert found is not None and found.explained < 0.75


def test_too_few_samples_hold_nothing() -> None:
    bits = known_symbols("1M")
    assert gfsk_known.find(np.zeros(100, np.complex64), 0, 40, bits, INDICES, 0.25, 8) is None
    assert periodic(np.zeros(20, np.complex64), 0, 16) is None


@pytest.mark.parametrize("carrier", [-0.23, 0.0, 0.2])
def test_an_alternating_preamble_tells_the_carrier_behind_an_echo_as_strong(carrier: float) -> None:
    for seed in range(10):
        y = heard(np.random.default_rng(seed), np.arange(16) % 2, carrier, 0.5)
        told = periodic(y, PER_SYMBOL * LEAD, 16)
        assert told is not None and told.coherence > 0.8  # where both paths cancel a line, noise weighs more
        assert abs(told.carrier - carrier) < 0.02  # 0.1 of noise turns the sum of 56 products by 0.03 rad
