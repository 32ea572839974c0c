"""LoRa: every symbol is a chirp over the whole bandwidth that begins at another frequency.

    ╱╱╱╱╱╱╱╱ ╱|╱ |╱╱| ╱|╱     behind the opposite chirp each symbol is one line

Source: Semtech AN1200.22.
"""

import math

import numpy as np

from cellwarden.airinterface.impostors_features import named, narrow, resampled, rounded
from cellwarden.model import Block, Burst, Emission

LORA_WIDTHS_HZ = (125e3, 250e3, 500e3)
LORA_FACTORS = range(7, 13)


def chirps(burst: Burst, block: Block) -> Emission | None:
    """Behind the right opposite chirp every symbol is one line."""
    width = burst.high_offset_hz - burst.low_offset_hz
    bandwidth = min(LORA_WIDTHS_HZ, key=lambda b: abs(math.log(b / width)))
    if not 0.7 < width / bandwidth < 1.4:
        return None
    box = narrow(burst, block, 1.2 * bandwidth, 4 * bandwidth)
    values = resampled(box, bandwidth)
    best = (0.0, 0)
    for factor in LORA_FACTORS:
        count = 1 << factor
        symbols = min(16, len(values) // count)
        if symbols < 6:
            break
        n = np.arange(count)
        down = np.exp(-1j * np.pi * (n * n / count - n)).astype(np.complex64)
        rows = values[: symbols * count].reshape(symbols, count) * down
        spectrum = np.abs(np.fft.fft(rows, axis=1)) ** 2
        total = spectrum.sum(axis=1)
        share = np.max(spectrum + np.roll(spectrum, 1, axis=1), axis=1) / np.maximum(total, 1e-30)
        best = max(best, (float(np.median(share)), factor))
    share, factor = best
    if share < 0.6:
        return None
    return named(
        "other:lora",
        burst,
        min(0.98, 0.4 + share * 0.6),
        {"spreading_factor": factor, "bandwidth_hz": bandwidth, "chirp_share": rounded(share)},
    )
