"""Whether what matches a preamble's sequence fills the preamble's band.

Any sweep of the right slope matches a Zadoff-Chu sequence, which is a sweep itself, in the part of the band that it
crosses. A preamble is on all of its subcarriers, and echoes within some microseconds make a response of it that changes
slowly: what comes later than these is noise and left out.

    ▔▔▔▔▔╲▁╱▔▔▔▔▔▔▔▔   a preamble behind echoes        ▁▁▁▁▁▁▁▁▁╱▔▔▔▔▁▁   a sweep that crosses a part of the band
"""

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.measure.power import squared

EVEN = 0.3
"""Least median over mean of the response's power: preambles behind echoes of 30 to 300 ns have 0.44 and more, sweeps of
0.3 to 4 MHz through a part of the band 0.15 at most."""


def evenness(response: NDArray[np.complex64], peak: int, spread: int) -> float:
    """Median over mean, over the subcarriers, of the power with which a sequence is received.

    response: complex64, shape (..., delays), what answers to the sequence at each delay, in each window. It is taken
    from `spread` delays before the strongest one, `peak`, to as many behind it.
    """
    near = np.arange(peak - spread, peak + spread + 1) % response.shape[-1]
    kept = np.zeros_like(response)
    kept[..., near] = response[..., near]
    power = squared(scipy.fft.fft(kept, axis=-1)).reshape(-1, response.shape[-1]).sum(axis=0)
    return float(np.median(power) / max(float(np.mean(power)), 1e-30))
