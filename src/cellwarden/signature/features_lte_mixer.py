"""What an LTE phone's mixer adds: its image, mirrored at the middle of the whole carrier, and its leak in that middle.

    │ ▁▁▁ image ▁▁▁ │ leak │ ▇▇▇ the phone's blocks ▇▇▇ │        frequency ►

The image carries the conjugate of the known sequence, by which it is told from another phone's blocks beneath it; of
both only the power over that of the burst is told.

Source: 3GPP TS 36.101 §6.5.2.2 (carrier leakage), §6.5.2.3 (in-band emissions: IQ image).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_waveform import BLOCK_HZ
from cellwarden.model import Block, Emission, Measured

EARLY_S = 2e-6
OWN_HZ = 20e3
"""Nearer to baseband zero the receiver's own image and leak lie upon the phone's."""
Known = tuple[float, float, NDArray[np.float64], NDArray[np.complex128]]
"""Of a known symbol: its beginning and length in microseconds, subcarriers in hertz, what they carry as it comes."""


def mixer(emission: Emission, block: Block, middle_hz: float, symbols: Sequence[Known]) -> dict[str, Measured]:
    """`image_power` and `leak_power` over the burst's; nothing where the carrier's middle is not beside its blocks, or
    lies where the receiver is tuned to, or the mirrored blocks were not recorded.

    middle_hz: of the whole carrier, from baseband zero.
    """
    rate, at = block.segment.rate_hz, float(emission.carrier_offset_hz or 0.0)
    away = at - middle_hz
    width = float(np.ptp(symbols[0][2]))
    beside = abs(away) >= width / 2 + BLOCK_HZ and abs(middle_hz - away) + width / 2 <= 0.45 * rate
    if not beside or abs(middle_hz) < OWN_HZ:
        return {}
    begin = emission.sample_start + (emission.timing_samples or 0.0) - block.sample_start
    images, noises = [], []
    for begin_us, lasts_us, hz, sent in symbols:
        first = math.ceil(begin + (begin_us * 1e-6 - EARLY_S) * rate)
        end = first + round(lasts_us * 1e-6 * rate)
        t = (np.arange(first, end) - begin) / rate
        raw = block.iq[first:end].astype(np.float64) @ np.array([1, 1j])
        if abs(at) > width / 2 + BLOCK_HZ:
            raw -= raw.mean()  # the receiver's own leak, which may lie upon the image
        since = t - begin_us * 1e-6
        turned = np.exp(-2j * np.pi * np.outer(hz, since))
        own = turned @ (raw * np.exp(-2j * np.pi * at * t))
        other = np.conj(turned @ (np.conj(raw) * np.exp(2j * np.pi * (2 * middle_hz - at) * t)))
        strength = abs(np.vdot(sent, own)) ** 2
        # as much noise lies in any other mixture of the mirrored subcarriers
        noise = (float(np.sum(np.abs(other) ** 2)) * len(hz) - abs(other @ sent) ** 2) / (len(hz) - 1)
        images.append((abs(other @ sent) ** 2 - noise) / strength)
        noises.append(noise / strength)
    image = float(np.mean(images))
    spread = [math.sqrt(n * n + 2 * n * max(image, 0.0)) for n in noises]
    told = {"image_power": Measured(image, math.sqrt(float(np.mean(np.square(spread))) / len(spread)))}
    return told | _leak(emission, block, middle_hz, begin)


def _leak(emission: Emission, block: Block, middle_hz: float, begin: float) -> dict[str, Measured]:
    """Of a whole burst behind Hann's window, which its own blocks do not reach; without the floor's noise."""
    if emission.floor_dbfs_hz is None:
        return {}
    rate = block.segment.rate_hz
    first, count = math.ceil(begin), emission.sample_count
    raw = (block.iq[first : first + count].astype(np.float64) * block.scale) @ np.array([1, 1j])
    window = np.hanning(len(raw))
    line = window @ (raw * np.exp(-2j * np.pi * middle_hz / rate * np.arange(len(raw)))) / window.sum()
    density = 10 ** (emission.floor_dbfs_hz / 10)
    noise = density * rate * float(np.sum(window**2)) / float(window.sum()) ** 2
    signal = 10 ** (emission.snr_db / 10) * density * (emission.high_offset_hz - emission.low_offset_hz)
    power = (abs(line) ** 2 - noise) / signal
    spread = math.sqrt((noise / signal) ** 2 + 2 * noise / signal * max(power, 0.0))
    return {"leak_power": Measured(power, spread)}
