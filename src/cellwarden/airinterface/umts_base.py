"""A UMTS base station: 256 known chips at the beginning of every slot of 2560.

Source: 3GPP TS 25.211 §5.3.3.5, TS 25.213 §5.2.3.
"""

import math
from dataclasses import replace

import numpy as np

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.umts_carrier import CLEAR_DB, Carrier, mean_power
from cellwarden.airinterface.umts_emission import emission
from cellwarden.airinterface.umts_waveform import CHIP_RATE_HZ, PRIMARY_A, PRIMARY_SIGNS, RASTER_HZ, SLOT_CHIPS
from cellwarden.model import Block, Burst, Emission

SYNCHRONISATION_NATS = 35.0
SHIFTED, MOST_SHIFTED = (-2, -1, 1, 2), 7 * SLOT_CHIPS
"""Places of the raster at which a clear base station is looked for beside its spectrum's middle, and in how much of it.
"""


def base_of(carrier: Carrier, burst: Burst, block: Block) -> Emission | None:
    """A base station's carrier: the known chips at the beginning of each slot."""
    if carrier.end - carrier.first < 4 * SLOT_CHIPS:
        return None
    best = _synchronised(carrier, 0.0)
    if best < SYNCHRONISATION_NATS and burst.snr_db > CLEAR_DB and block.segment.centre_hz is not None:
        # Echoes move the spectrum's middle by a place or two of the raster, and the code bears but some kilohertz.
        part = replace(carrier, end=min(carrier.end, carrier.first + MOST_SHIFTED))
        at = max(SHIFTED, key=lambda places: _synchronised(part, places * RASTER_HZ))
        best = _synchronised(carrier, at * RASTER_HZ)
        carrier = replace(carrier, offset_hz=carrier.offset_hz + at * RASTER_HZ)
    if best < SYNCHRONISATION_NATS:
        return None
    z = carrier.z[0, carrier.first : carrier.end]
    power = mean_power(z) - carrier.noise
    where = (float(burst.sample_start - block.sample_start), round(burst.sample_count / carrier.per_chip))
    details: dict[str, str | int | float] = {"score": round(best, 1)}
    return emission("umts:downlink", carrier, burst, block, where, power, None, 1 - math.exp(-best / 10), details)


def _synchronised(carrier: Carrier, beside_hz: float) -> float:
    """Nats of the known chips at the beginning of each slot, of a carrier that lies beside the one that was tried."""
    inner, outer = np.array(PRIMARY_A, np.float32), np.array(PRIMARY_SIGNS, np.float32)
    best = 0.0
    for phase in range(0, kernels.PHASES, 2):
        folded = np.zeros(SLOT_CHIPS)
        z = carrier.z[phase, carrier.first : carrier.end]
        if beside_hz:
            z = z * np.exp((-2j * np.pi * beside_hz / CHIP_RATE_HZ * np.arange(len(z))).astype(np.complex64))
        slots = kernels.synchronisation_power(z, inner, outer, folded)
        usual = float(np.mean(folded))
        ratio = float(np.max(folded)) / max(usual, 1e-30)
        best = max(best, slots * (ratio - 1 - math.log(max(ratio, 1e-9))))
    return best
