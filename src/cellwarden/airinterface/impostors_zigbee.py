"""Home automation: the preamble of IEEE 802.15.4 is 32 chips at 2 MHz, eight times those of symbol 0.

    chips of I   1   0   0   1   1   0 …    each half a sine of 1 µs
    chips of Q     1   1   1   1   0 …      half a microsecond later

Source: IEEE 802.15.4-2015 §12.
"""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import named, narrow, resampled, rounded, template_match
from cellwarden.airinterface.wifi_kernels import coherence
from cellwarden.model import Block, Burst, Emission

ZIGBEE_CHIPS = "11011001110000110101001000101110"
"""Symbol 0, first chip first (table 12-1)."""
ZIGBEE_RATE_HZ = 8e6
ZIGBEE_MATCH = 0.28
"""Least part of the preamble that turns explain: behind echoes of 30 to 300 ns one in 50 has less than 0.5, and of 600
other bursts (Bluetooth, Wi-Fi, UMTS, LTE, noise) none had 0.18."""
ECHOED_MATCH, REPEATED = 0.12, 0.6
"""Enough where what matches also returns after each symbol of 16 µs, whatever the echoes: of 100 preambles at 15 dB
behind echoes all have a coherence of 0.82 and more, of 74 other bursts none has more than 0.3."""
SYMBOL_S, SYMBOLS, LEAST_REPEATED = 16e-6, 8, 0.4
"""Of the preamble, and the least coherence with a symbol before; where it is more the preamble is looked for."""


@lru_cache
def _zigbee_preamble() -> NDArray[np.complex64]:
    """Eight times symbol 0: even chips on I, odd ones half a period later on Q, each half a sine."""
    per_chip = round(ZIGBEE_RATE_HZ / 2e6)
    chips = [1.0 if c == "1" else -1.0 for c in ZIGBEE_CHIPS * 8]
    pulse = np.sin(np.pi * np.arange(2 * per_chip) / (2 * per_chip))
    wave = np.zeros((len(chips) + 1) * per_chip, np.complex128)
    for k, chip in enumerate(chips):
        wave[k * per_chip : (k + 2) * per_chip] += chip * pulse * (1j if k & 1 else 1)
    return (wave / math.sqrt(float(np.sum(np.abs(wave) ** 2)))).astype(np.complex64)


def zigbee(burst: Burst, block: Block) -> Emission | None:
    """The preamble of eight zeros; the turns from sample to sample know no carrier."""
    near = _likeliest(burst, block)
    if near is None:
        return None
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    values = resampled(narrow(near, block, 2.4e6, 2 * ZIGBEE_RATE_HZ, middle), ZIGBEE_RATE_HZ)
    template = _zigbee_preamble()
    if len(values) <= len(template) + 2:
        return None
    at, share = template_match(_turns(values), _turns(template, unit=True))
    if share < ZIGBEE_MATCH and not (share > ECHOED_MATCH and _repeated(values[at : at + len(template)]) > REPEATED):
        return None
    late = near.sample_start - burst.sample_start + round(at / ZIGBEE_RATE_HZ * block.segment.rate_hz)
    rest = replace(burst, sample_start=burst.sample_start + late, sample_count=burst.sample_count - late)
    return named("other:zigbee", rest, min(0.99, 0.5 + share), {"preamble": rounded(share)}, middle)


def _likeliest(burst: Burst, block: Block) -> Burst | None:
    """The part of a box, two symbols longer than the preamble, that is likest to itself a symbol later; or None."""
    rate = block.segment.rate_hz
    box = narrow(burst, block, 2.4e6, 2 * 2.4e6)
    lag = round(SYMBOL_S * box.rate_hz)
    alike = np.abs(coherence(box.y, lag, (SYMBOLS - 1) * lag))
    if not len(alike) or float(alike.max()) < LEAST_REPEATED:
        return None
    start = max(burst.sample_start, burst.sample_start + (int(np.argmax(alike)) - lag) * box.step)
    end = min(start + round((SYMBOLS + 3) * SYMBOL_S * rate), burst.sample_start + burst.sample_count)
    return replace(burst, sample_start=start, sample_count=end - start)


def _repeated(values: NDArray[np.complex64]) -> float:
    """Coherence, 0 … 1, of samples with those of a symbol before."""
    lag = round(len(ZIGBEE_CHIPS) * 0.5e-6 * ZIGBEE_RATE_HZ)
    size = float(np.linalg.norm(values[lag:]) * np.linalg.norm(values[:-lag]))
    return abs(complex(np.vdot(values[:-lag], values[lag:]))) / max(size, 1e-30)


def _turns(values: NDArray[np.complex64], *, unit: bool = False) -> NDArray[np.complex64]:
    """Each sample times the conjugate of the one half a microsecond before, all of one size."""
    lag = round(ZIGBEE_RATE_HZ * 0.5e-6)
    product = values[lag:] * values[:-lag].conj()
    product /= np.maximum(np.abs(product), 1e-30)
    return np.asarray(product / math.sqrt(len(product)) if unit else product, np.complex64)
