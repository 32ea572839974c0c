"""Low-pass filters by the window method, as `scipy.signal.firwin` has them; importing that takes over a second."""

from collections.abc import Callable

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
