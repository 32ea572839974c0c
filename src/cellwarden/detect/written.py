"""Samples that are written over others: rounded, and held within what 16 bits can tell, where those are of 16 bits."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.model import Interleaved


def over(iq: Interleaved, values: NDArray[np.float32]) -> None:
    """Write values over samples of as many elements, in place. iq: int16 or float32, shape (n, 2)."""
    fitting = np.clip(np.rint(values), -32768, 32767) if iq.dtype == np.int16 else values
    iq[:] = fitting.reshape(iq.shape)
