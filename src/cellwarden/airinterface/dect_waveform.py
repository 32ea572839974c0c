"""What DECT sends: S-field, packets and the modulator, straight from the standard.

    │ preamble 16 │ sync word 16 │ A-field 64 │ B-field and X, Z …          │
    │ 1010…  RFP  │ 0xE98A  RFP  │            P32: 424 bits in all, 368 µs  │   1.152 Mbit/s, a slot has 480 bits
    │ 0101…  PP   │ 0x1675  PP   │            of a slot of 417 µs           │   24 slots in a frame of 10 ms
    └────── S-field, 28 µs ──────┘

The portable's S-field is the fixed part's inverted (ETSI EN 300 175-2 §4.6). GFSK: a 1 is a rise of frequency by
nominally 288 kHz (202 to 403 kHz are allowed) behind a Gaussian filter of BT 0.5 (§5.1, §5.4).
"""

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BIT_RATE_HZ = 1_152_000.0
SLOT_BITS = 480
FRAME_S = 10e-3
CARRIER_RASTER_HZ = 1_728_000.0
CARRIER_HZ = 1_881_792_000.0
"""Of channel 9, the lowest one at 1880 to 1900 MHz; all others lie on the raster above (§4.1.1)."""
DEVIATION_HZ = 288e3
BANDWIDTH_TIME = 0.5
SYNCHRONISATION: dict[str, int] = {"base": 0xAAAAE98A, "portable": 0x55551675}
"""The S-fields of a fixed part (RFP) and a portable part (PP), sent most significant bit first."""
PACKETS = {"P00": (96,), "P32": (420, 424), "P80": (900, 904)}
"""Bits of a packet without and with the Z-field (§4.4)."""

Side = Literal["base", "portable"]
FINE = 16


def field_bits(side: Side) -> NDArray[np.int64]:
    """The S-field: int64, shape (32,)."""
    return np.array([SYNCHRONISATION[side] >> (31 - i) & 1 for i in range(32)])


@lru_cache
def _gaussian() -> NDArray[np.float64]:
    sigma = math.sqrt(math.log(2)) / (2 * math.pi * BANDWIDTH_TIME) * FINE
    reach = math.ceil(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.asarray(kernel / kernel.sum())


def phase(bits: NDArray[np.int64], t: NDArray[np.float64], deviation_hz: float = DEVIATION_HZ) -> NDArray[np.float64]:
    """Phase in radians at times `t` in bits, 0 at the beginning of bit 0; the first and last bit go on outside."""
    pad = 4
    padded = np.concatenate([np.full(pad, bits[0]), bits, np.full(pad, bits[-1])])
    frequency = np.convolve(np.repeat(2.0 * padded - 1.0, FINE), _gaussian(), "same")
    turned = np.concatenate([[0.0], np.cumsum(frequency)]) * 2 * np.pi * deviation_hz / BIT_RATE_HZ / FINE
    place = (t + pad) * FINE
    return np.interp(place, np.arange(len(turned)), turned)


def generate(
    side: Side,
    rng: np.random.Generator,
    *,
    rate_hz: float,
    bits: int = 424,
    deviation_hz: float = DEVIATION_HZ,
    carrier_offset_hz: float = 0.0,
    delay_samples: float = 0.0,
) -> tuple[NDArray[np.complex64], float]:
    """One packet of `bits` bits with random fields behind its S-field, mean power 1 between its ramps of 5 µs.

    Returns complex64 samples, shape (n,), and the (fractional) index of the beginning of its first bit.
    """
    sent = np.concatenate([field_bits(side), rng.integers(0, 2, bits - 32)])
    ramp = 5e-6 * BIT_RATE_HZ
    start = math.ceil(ramp * rate_hz / BIT_RATE_HZ) + 1 + delay_samples
    count = math.ceil(start + (bits + ramp) * rate_hz / BIT_RATE_HZ) + 1
    t = ((np.arange(count) - start) * BIT_RATE_HZ / rate_hz).astype(np.float64)
    wave = np.exp(1j * phase(sent, t, deviation_hz))
    outside = np.maximum(-t, t - bits)
    wave *= np.where(outside <= 0, 1.0, np.cos(np.pi / 2 * np.clip(outside / ramp, 0, 1)) ** 2)
    wave *= np.exp(2j * np.pi * (carrier_offset_hz / rate_hz * np.arange(count) + rng.random()))
    return wave.astype(np.complex64), start
