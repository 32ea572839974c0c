"""Power of complex samples."""

import numpy as np
from numpy.typing import NDArray


def squared(values: NDArray[np.complexfloating]) -> NDArray[np.float32]:
    """Squared magnitudes, float32, of the shape of `values`: `abs` takes a root that nobody asked for."""
    return np.asarray(values.real**2 + values.imag**2, np.float32)
