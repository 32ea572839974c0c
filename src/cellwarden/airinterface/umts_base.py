"""A UMTS base station: 256 known chips at the beginning of every slot of 2560.

Source: 3GPP TS 25.211 §5.3.3.5, TS 25.213 §5.2.3.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.lte_receiver import mixed
from cellwarden.airinterface.umts_carrier import CLEAR_DB, FIRST_CFO_HZ, Carrier, mean_power, on_raster
from cellwarden.airinterface.umts_emission import emission
from cellwarden.airinterface.umts_waveform import CHIP_RATE_HZ, PRIMARY_A, PRIMARY_SIGNS, SLOT_CHIPS
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

SYNCHRONISATION_NATS = 35.0
MOST_SHIFTED = 7 * SLOT_CHIPS
"""Chips in which a clear base station's carrier is looked for beside its spectrum's middle."""
BESIDE_STEP_HZ = 120e3
"""From one carrier that is tried to the next: sixteen chips half as much beside their carrier lose 0.9 dB."""


def base_of(carrier: Carrier, burst: Burst, block: Block) -> Emission | None:
    """A base station's carrier: the known chips at the beginning of each slot."""
    if carrier.end - carrier.first < 4 * SLOT_CHIPS:
        return None
    best = _synchronised(carrier, 0.0)
    if burst.snr_db > CLEAR_DB and (best < SYNCHRONISATION_NATS or block.segment.centre_hz is None):
        # Echoes move the spectrum's middle by some hundred kilohertz, and the code bears but some kilohertz.
        beside_hz = _beside(carrier)
        there = _synchronised(carrier, beside_hz)
        if there > best:
            best, carrier = there, replace(carrier, offset_hz=on_raster(carrier.offset_hz + beside_hz, block))
    if best < SYNCHRONISATION_NATS:
        return None
    z = carrier.z[0, carrier.first : carrier.end]
    power = mean_power(z) - carrier.noise
    where = (float(burst.sample_start - block.sample_start), round(burst.sample_count / carrier.per_chip))
    details: dict[str, str | int | float] = {"score": round(best, 1)}
    return emission("umts:downlink", carrier, burst, block, where, power, None, 1 - math.exp(-best / 10), details)


def _beside(carrier: Carrier) -> float:
    """How far beside the carrier that was tried, in hertz, the known chips are clearest: by their turns."""
    inner, outer = np.array(PRIMARY_A, np.float32), np.array(PRIMARY_SIGNS, np.float32)
    end = min(carrier.end, carrier.first + MOST_SHIFTED)
    turns = np.empty(SLOT_CHIPS, np.complex64)
    steps = math.ceil(FIRST_CFO_HZ / BESIDE_STEP_HZ)
    best, beside_hz = 0.0, 0.0
    for phase in range(0, kernels.PHASES, 2):
        for tried_hz in BESIDE_STEP_HZ * np.arange(-steps, steps + 1):
            kernels.code_turns(_turned(carrier.z[phase, carrier.first : end], tried_hz), inner, outer, turns)
            power = squared(turns)
            at = int(np.argmax(power))
            ratio = float(power[at]) / max(float(np.mean(power)), 1e-30)
            if ratio > best:
                turn = float(np.angle(turns[at])) / (2 * np.pi * len(inner))
                best, beside_hz = ratio, float(tried_hz) + turn * CHIP_RATE_HZ
    return beside_hz


def _turned(z: NDArray[np.complex64], beside_hz: float) -> NDArray[np.complex64]:
    """Chips of a carrier that lies beside the one that was tried."""
    return mixed(z, beside_hz / CHIP_RATE_HZ) if beside_hz else z


def _synchronised(carrier: Carrier, beside_hz: float) -> float:
    """Nats of the known chips at the beginning of each slot, of a carrier that lies beside the one that was tried."""
    inner, outer = np.array(PRIMARY_A, np.float32), np.array(PRIMARY_SIGNS, np.float32)
    best = 0.0
    for phase in range(0, kernels.PHASES, 2):
        folded = np.zeros(SLOT_CHIPS)
        z = _turned(carrier.z[phase, carrier.first : carrier.end], beside_hz)
        slots = kernels.synchronisation_power(z, inner, outer, folded)
        usual = float(np.mean(folded))
        ratio = float(np.max(folded)) / max(usual, 1e-30)
        best = max(best, slots * (ratio - 1 - math.log(max(ratio, 1e-9))))
    return best
