"""A UMTS base station: 256 known chips at the beginning of every slot of 2560.

Source: 3GPP TS 25.211 §5.3.3.5, TS 25.213 §5.2.3.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.umts_carrier import CLEAR_DB, Carrier, mean_power, on_raster
from cellwarden.airinterface.umts_emission import emission
from cellwarden.airinterface.umts_repeated import repeated, strength
from cellwarden.airinterface.umts_waveform import PRIMARY_A, PRIMARY_SIGNS, SLOT_CHIPS
from cellwarden.model import Block, Burst, Emission

SYNCHRONISATION_NATS = 35.0
FEWEST_SLOTS, FEW_SLOTS = 4, 7
"""That tell a base station's carrier; and in which a clear one's is looked for first."""
PLACES = 2
"""Of each chip at which the known ones are looked for."""


def base_of(carrier: Carrier, burst: Burst, block: Block) -> Emission | None:
    """A base station's carrier: the known chips at the beginning of each slot."""
    if carrier.end - carrier.first < FEWEST_SLOTS * SLOT_CHIPS:
        return None
    z = carrier.z[:: max(1, len(carrier.z) // PLACES), carrier.first : carrier.end]
    if burst.snr_db > CLEAR_DB:
        # Echoes move the spectrum's middle by some hundred kilohertz, and the code bears but some kilohertz.
        found = repeated(z[0])
        if found:
            carrier = replace(carrier, offset_hz=on_raster(carrier.offset_hz + found.beside_hz, block))
        elif block.segment.centre_hz is None:
            return None
        best = _nats(*strength(z, found)) if found else _synchronised(z)
    else:
        best = _synchronised(z)
    if best < SYNCHRONISATION_NATS:
        return None
    power = mean_power(z[0]) - carrier.noise
    where = (float(burst.sample_start - block.sample_start), round(burst.sample_count / carrier.per_chip))
    details: dict[str, str | int | float] = {"score": round(best, 1)}
    return emission("umts:downlink", carrier, burst, block, where, power, None, 1 - math.exp(-best / 10), details)


def _synchronised(z: NDArray[np.complex64]) -> float:
    """Nats of the known chips at the beginning of each slot. z: complex64, shape (places of a chip, chips)."""
    inner, outer = np.array(PRIMARY_A, np.float32), np.array(PRIMARY_SIGNS, np.float32)
    best = 0.0
    for row in z:
        folded = np.zeros(SLOT_CHIPS)
        slots = kernels.synchronisation_power(row, inner, outer, folded)
        best = max(best, _nats(slots, float(np.max(folded)) / max(float(np.mean(folded)), 1e-30)))
    return best


def _nats(slots: int, ratio: float) -> float:
    """Of the code in so many slots, so many times as strong as usual."""
    return slots * (ratio - 1 - math.log(max(ratio, 1e-9)))
