"""A packet in white noise, boxed as `detect` boxes it: what a recogniser of packets is tried with."""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.model import Block, Burst, Segment

RATE = 8e6
MARGIN = 1000


def boxed(
    wave: NDArray[np.complex64],
    snr_db: float,
    rng: np.random.Generator,
    *,
    centre_hz: float | None,
    width_hz: float = 0.9e6,
    rate: float = RATE,
) -> tuple[Burst, Block]:
    """A wave of power 1 at `snr_db` in 1 MHz; its box begins up to 3 µs, and lies up to 100 kHz, beside it."""
    count = len(wave) + 2 * MARGIN
    noise = rng.normal(size=(count, 2)) / math.sqrt(2)
    noise[MARGIN : MARGIN + len(wave)] += wave.view(np.float32).reshape(-1, 2) * math.sqrt(
        10 ** (snr_db / 10) / rate * 1e6
    )
    block = Block(noise.astype(np.float32), 1.0, 0, Segment(0, count, rate, centre_hz))
    late = int(rng.integers(round(-3e-6 * rate), round(3e-6 * rate)))
    low, high = -width_hz / 2 + rng.uniform(-1e5, 1e5), width_hz / 2 + rng.uniform(-1e5, 1e5)
    return Burst(MARGIN + late, len(wave) - late, low, high, snr_db, 10 * math.log10(1 / rate)), block
