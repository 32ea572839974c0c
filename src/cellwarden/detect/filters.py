"""Low-pass filters by the window method, as `scipy.signal.firwin` has them; importing that takes over a second."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Window = Callable[[int], NDArray[np.float64]]


def low_pass_taps(length: int, cutoff: float, window: Window = np.hamming) -> NDArray[np.float64]:
    """Taps that pass what lies below `cutoff` cycles a sample: float64, shape (length,), gain 1 at zero.

    Source: A. Oppenheim, R. Schafer, Discrete-Time Signal Processing (1989) §7.4.
    """
    at = np.arange(length) - (length - 1) / 2
    taps = np.sinc(2 * cutoff * at) * window(length)
    made: NDArray[np.float64] = taps / np.sum(taps)
    return made


@lru_cache
def low_pass(step: int, width: float) -> NDArray[np.float32]:
    """Filter before keeping every `step`-th sample: passes `width` cycles a sample, odd length, gain 1 at zero."""
    if width > 0.8:
        return np.ones(1, np.float32)
    return low_pass_taps(8 * max(step, math.ceil(1 / width)) | 1, width / 2).astype(np.float32)
