"""What a DSSS frame's preamble shows of the transmitter: 72 or 144 symbols of a known code.

    SYNC (ones or noughts, scrambled) and delimiter, each symbol 11 chips of one code, of one sign or the other

The signs are decided, sent once more and compared with what came through a channel of some delays, which takes the
shape of the chips in as well (the standard leaves it open). All of a preamble lies on one axis: an image cannot be told
from the channel, and is not. Header and data are not looked at.

Source: IEEE 802.11-2020 §15.4 (DSSS), §16.2.3 (preambles), §16.3.7 (what a transmitter may do wrong).
"""

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.wifi_dsss import PREAMBLE_SYMBOLS
from cellwarden.airinterface.wifi_waveform import BARKER, CHIP_RATE_HZ, root_raised_cosine
from cellwarden.model import Block, Emission, Signature
from cellwarden.signature.baseband import Channel, Heard, baseband, floor_power
from cellwarden.signature.fit import Known, Wave, error_power, explains, fitted, in_units
from cellwarden.signature.oscillator import beside_carrier
from cellwarden.signature.turn_on import ramp

Real = NDArray[np.float64]
LABEL = "wifi:dsss"
CHANNEL = Channel(CHIP_RATE_HZ, 10e6, 12e6, 2)
"""A "symbol" is a chip here."""
DELAYS_CHIPS = np.arange(-6, 11) / 2
"""Of the channel's ways: the chip's pulse, filters and 0.4 µs of echoes."""
EDGE_SYMBOLS = 2
BEFORE_CHIPS = 24.0
RAMP = tuple(np.arange(-22.0, 12.0, 5.5).tolist())
PULSE_CHIPS, FINE, ROLL_OFF = 8, 32, 0.4
"""The pulse that a chip is given before the delays make what it was of it: its reach, its steps, its shape."""
CODE = np.array(BARKER, np.float64)


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of a frame whose preamble was found; None for others, and where samples are missing or fewer than
    two a chip."""
    symbols = PREAMBLE_SYMBOLS.get(str(emission.details.get("preamble")), 0)
    at, rate = emission.carrier_offset_hz, block.segment.rate_hz
    if emission.label != LABEL or not symbols or at is None or rate < 2 * CHIP_RATE_HZ:
        return None
    chips = symbols * len(CODE)
    heard = baseband(emission, block, CHANNEL, -BEFORE_CHIPS, float(chips), at)
    if heard is None:
        return None
    sent = _decided(heard, symbols)
    edge = EDGE_SYMBOLS * len(CODE)
    inside = (heard.t > edge) & (heard.t < chips - edge)
    t = heard.t[inside]
    middle, half = float(t[0] + t[-1]) / 2, float(t[-1] - t[0]) / 2
    known = Known(*_ways(sent, t, half), np.ones(len(DELAYS_CHIPS)))
    zero = np.asarray(2 * np.pi * at / CHIP_RATE_HZ * t)
    found = fitted(heard.y[inside], (t - middle) / half, known, heard.white, baseband_zero=zero, left_out=("image",))
    if not explains(found):
        return None
    told = in_units(found.told, half / CHIP_RATE_HZ, at)
    told |= error_power(found, floor_power(emission, block, heard), heard.white)
    told |= beside_carrier(emission, told["carrier_hz"], told["clock_ppm"], block.segment.centre_hz)
    told |= ramp("up", heard, 0.0, float(np.mean(np.abs(found.sent) ** 2)), found.noise, RAMP)
    return Signature(LABEL, emission.sample_start, emission.snr_db, told)


def _decided(heard: Heard, symbols: int) -> Real:
    """Chips of a preamble, ±1, each symbol's sign as it was heard: float64, shape (11 symbols,).

    Signs follow from each symbol to the next: a carrier that was told right to 250 kHz is right enough.
    """
    inside = (heard.t >= 0) & (heard.t < symbols * len(CODE))
    chip = heard.t[inside].astype(np.int64)
    values = np.zeros(symbols, np.complex128)
    np.add.at(values, chip // len(CODE), heard.y[inside] * CODE[chip % len(CODE)])
    steps = values[1:] * np.conj(values[:-1])
    straight = steps * np.exp(-0.5j * np.angle(np.sum(steps**2)))
    signs = np.cumprod(np.concatenate([[1.0], np.where(straight.real < 0, -1.0, 1.0)]))
    return np.asarray(np.outer(signs, CODE).ravel())


def _ways(chips: Real, t: Real, half: float) -> tuple[Wave, Wave]:
    """The code behind each delay, and its slopes over half of what is fitted: each complex128, shape (delays, n)."""
    reach = np.arange(-PULSE_CHIPS * FINE, PULSE_CHIPS * FINE + 1) / FINE
    wave = scipy.signal.upfirdn(root_raised_cosine(reach, ROLL_OFF), chips, FINE)
    grid = 0.5 - PULSE_CHIPS + np.arange(len(wave)) / FINE
    at = t[None, :] - DELAYS_CHIPS[:, None]
    slope = np.gradient(wave, 1 / FINE) * half
    return np.interp(at, grid, wave).astype(np.complex128), np.interp(at, grid, slope).astype(np.complex128)
