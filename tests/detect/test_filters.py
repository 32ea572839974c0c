"""Filters against those of scipy."""

import numpy as np
import pytest
from scipy.signal import firwin

from cellwarden.detect.filters import low_pass_taps


@pytest.mark.parametrize(("length", "cutoff"), [(1, 0.25), (31, 0.1), (147, 0.0115), (200, 0.4)])
def test_taps_are_those_of_scipy(length: int, cutoff: float) -> None:
    np.testing.assert_allclose(low_pass_taps(length, cutoff), firwin(length, cutoff, fs=1.0), atol=1e-12)
    expected = firwin(length, cutoff, fs=1.0, window="blackman") if length > 1 else np.ones(1)
    np.testing.assert_allclose(low_pass_taps(length, cutoff, np.blackman), expected, atol=1e-12)
