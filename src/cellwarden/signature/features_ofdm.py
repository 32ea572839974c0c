"""What a Wi-Fi frame's training fields show of the transmitter: all that is known of an OFDM frame, and no more.

    │ short training, 0.8 µs ×10 │ long training, 1.6 + 2 × 3.2 µs │ what follows is not looked at
    └ turned on, settling ┘└─────────── fitted ────────────────────┘

The fields, led through a channel of some delays, are compared with what came (`fit`). What both halves of the long
training have in common besides is the error vector: noise differs in them. A coarse carrier (short training) beside the
fine one (long training) tells how the synthesiser still moves. A station does not lock to a cell: its carrier is its
own crystal's, within the millionths that the receiver's own adds.

Source: IEEE 802.11-2020 §17.3.3 (training fields), §17.3.9.7 (what a transmitter may do wrong).
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.wifi_waveform import (
    LONG_S,
    SHORT_S,
    SPACING_HZ,
    long_training,
    short_training,
    tones_at,
)
from cellwarden.model import Block, Emission, Measured, Signature
from cellwarden.signature.baseband import Channel, Heard, baseband, floor_power
from cellwarden.signature.fit import (
    Fitted,
    Known,
    Wave,
    error_power,
    explains,
    fitted,
    in_units,
    peak,
    turned_back,
    unsure,
)
from cellwarden.signature.oscillator import beside_carrier
from cellwarden.signature.turn_on import ramp, settling

Real = NDArray[np.float64]
LABEL = "wifi:ofdm"
CHANNEL = Channel(1e6, 8.6e6, 10e6, 20)
"""A "symbol" is a microsecond here."""
DELAYS_US = np.arange(-4, 11) / 20
"""Of the channel's ways: half a microsecond of echoes and filters."""
BORDER_US, GUARD_US, LONG_PERIOD_US = SHORT_S * 1e6, 1.6, 3.2
SETTLED_US = 3.2
LATER_US = 0.7
"""Behind a change of fields, where echoes of the one before are not reckoned with."""
EARLY_US = 0.3
BEFORE_US = 1.6
RAMP = tuple(np.arange(-BEFORE_US + 0.4, 0.9, 0.4).tolist())
SETTLING = (0.0, 0.4, 0.8, 1.2, 1.6, 2.4, SETTLED_US)
MOST_LATE_US = 0.2


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of a frame of 20 MHz that begins with its training fields; None for others, and where samples are
    missing or fewer than 20 million a second."""
    details = emission.details
    if emission.label != LABEL or details.get("preamble") != "training" or details.get("channels_20mhz") != 1:
        return None
    at, rate = emission.carrier_offset_hz, block.segment.rate_hz
    if at is None or rate < 19.9e6 or emission.sample_count < 1e-6 * 20 * rate:
        return None
    heard = baseband(emission, block, CHANNEL, -BEFORE_US, (SHORT_S + LONG_S) * 1e6 - EARLY_US, at)
    if heard is None:
        return None
    found, late, inside = _fitted(heard, at, _fitted(heard, at, 0.0)[1])
    if abs(late) > MOST_LATE_US or not explains(found):
        return None
    t = heard.t[inside]
    middle, half = _span(t)
    told = in_units(found.told, half * 1e-6, at)
    told |= _error(found, t, floor_power(emission, block, heard), heard.white)
    told |= beside_carrier(emission, told["carrier_hz"], told["clock_ppm"], block.segment.centre_hz)
    told["carrier_step_hz"] = _step(found, t, heard.white)
    told |= ramp("up", heard, late, float(np.mean(np.abs(found.sent) ** 2)), found.noise, RAMP)
    early = (heard.t > 0.0) & (heard.t < SETTLED_US)
    before = (heard.t[early] - middle) / half
    came = turned_back(found, heard.y[early], before)
    expected = found.taps @ _ways(heard.t[early] - late, half)[0]
    noise = found.noise * heard.white
    told |= settling(came, expected, heard.t[early] - late, noise, unsure(found, before), SETTLING)
    return Signature(LABEL, emission.sample_start, emission.snr_db, told)


def _span(t: Real) -> tuple[float, float]:
    """Middle and half of what is fitted."""
    return float(t[0] + t[-1]) / 2, float(t[-1] - t[0]) / 2


def _fitted(heard: Heard, carrier_hz: float, late: float) -> tuple[Fitted, float, NDArray[np.bool_]]:
    """A fit of a frame that begins so late, where its channel's middle lies by that, and which samples were fitted."""
    inside = (heard.t > SETTLED_US) & ((heard.t < BORDER_US - EARLY_US) | (heard.t > BORDER_US + LATER_US))
    t = heard.t[inside]
    middle, half = _span(t)
    known = Known(*_ways(t - late, half), np.ones(len(DELAYS_US)))
    zero = np.asarray(2e-6 * np.pi * carrier_hz * t)
    found = fitted(heard.y[inside], (t - middle) / half, known, heard.white, baseband_zero=zero)
    weights = np.abs(found.taps) ** 2
    return found, late + float(weights @ DELAYS_US / weights.sum()), inside


def _ways(t: Real, half: float) -> tuple[Wave, Wave]:
    """Both fields behind each delay, and their slopes over half of what is fitted: complex128, shape (delays, n)."""
    at = (t[None, :] - DELAYS_US[:, None]).ravel()
    k = 2j * np.pi * SPACING_HZ * np.arange(-26, 27)
    made = []
    for order in (0, 1):
        short, long = (tones * (k * half * 1e-6) ** order for tones in (short_training(), long_training()))
        wave = np.zeros(len(at), np.complex128)
        first, second = (at > 0) & (at < BORDER_US), at >= BORDER_US
        wave[first] = tones_at(short, at[first] * 1e-6)
        wave[second] = tones_at(long, (at[second] - BORDER_US - GUARD_US) * 1e-6)
        made.append(wave.reshape(len(DELAYS_US), -1) / math.sqrt(52))
    return made[0], made[1]


def _error(found: Fitted, t: Real, floor: float | None, white: float) -> dict[str, Measured]:
    """The error vector of the long training: what its halves have in common that was not sent; else as of others."""
    step = float(np.min(np.diff(t)))
    lag = LONG_PERIOD_US / step
    if abs(lag - round(lag)) > 1e-3:
        return error_power(found, floor, white)
    error = found.error[t > BORDER_US + LATER_US]
    count = len(error) - round(lag)
    power = float(np.mean(np.abs(found.sent) ** 2))
    alike = float(np.mean((error[:count] * np.conj(error[-count:])).real)) / power
    noise = float(np.mean(np.abs(error[:count] - error[-count:]) ** 2)) / 2 / power
    noise /= 1 - found.taken
    alike += found.taken * noise  # a fit takes away the same of both halves
    each = np.abs(error) ** 2 / power
    spread = math.sqrt(white * (noise**2 / 2 + noise * max(alike, 0.0)) / count)
    return {
        "error_power": Measured(alike, spread),
        "error_peak": peak(math.sqrt(float(np.max(each))), float(np.mean(each)) / 2),
    }


def _step(found: Fitted, t: Real, white: float) -> Measured:
    """By how many hertz the short training's carrier lies above that of both fields."""
    first = t < BORDER_US
    came, sent = found.turned[first], found.sent[first]
    at = (t[first] - t[first].mean()) * 1e-6
    weights = np.abs(sent) ** 2
    phase = np.angle(np.vdot(sent, came))
    turned = np.imag(came * np.conj(sent) * np.exp(-1j * phase))
    spread = float(weights @ at**2)
    deviation = math.sqrt(found.noise * white / 2 / spread) / (2 * math.pi)
    return Measured(float(turned @ at) / spread / (2 * math.pi), deviation)
