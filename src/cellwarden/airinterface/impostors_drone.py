"""A drone tells its position: DroneID, two Zadoff–Chu symbols of length 601 among OFDM symbols of 15 kHz spacing.

Source: Schiller et al., NDSS 2023 (roots 600 and 147).
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import named, narrow, resampled, rounded, template_match
from cellwarden.model import Block, Burst, Emission

DRONE_RATE_HZ, DRONE_SIZE, DRONE_LENGTH, DRONE_ROOTS = 15.36e6, 1024, 601, (600, 147)
DRONE_MATCH = 0.25


@lru_cache
def drone_symbol(root: int) -> NDArray[np.complex64]:
    """One DroneID synchronisation symbol at 15.36 MHz, of unit energy."""
    n = np.arange(DRONE_LENGTH)
    sequence = np.exp(-1j * np.pi * root * n * (n + 1) / DRONE_LENGTH)
    sequence[DRONE_LENGTH // 2] = 0
    spectrum = np.zeros(DRONE_SIZE, np.complex128)
    spectrum[(n - DRONE_LENGTH // 2) % DRONE_SIZE] = sequence
    wave = np.fft.ifft(spectrum)
    return (wave / math.sqrt(float(np.sum(np.abs(wave) ** 2)))).astype(np.complex64)


def drone(burst: Burst, block: Block) -> Emission | None:
    """The DroneID in a box, by both of its synchronisation symbols; None where it has not both."""
    box = narrow(burst, block, 10e6, 2 * DRONE_RATE_HZ)
    values = resampled(box, DRONE_RATE_HZ)
    if len(values) < 2 * DRONE_SIZE:
        return None
    shares = [template_match(values, drone_symbol(root))[1] for root in DRONE_ROOTS]
    if min(shares) < DRONE_MATCH:
        return None
    return named("other:dji-droneid", burst, min(0.98, 0.6 + min(shares)), {"synchronisation": rounded(min(shares))})
