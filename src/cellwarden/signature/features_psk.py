"""What an 8-PSK burst of GSM (EDGE) shows of the transmitter: its error vector and what that is made of.

    samples ► channel from the training symbols ► all symbols at once (least squares) ► the nearest of eight phases,
            ► sent once more: s ► `fit`           └─ they live and die here

Each symbol is turned by 3/16 of a turn from the one before and carried by the same pulse as GMSK's, so that its level
is not steady: an amplifier's bending shows in the error vector, whose mean square and peak TS 45.005 §4.6.2 limits.

Source: 3GPP TS 45.004 §3 (modulation), TS 45.005 §4.6.2 and annex G (error vector).
"""

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ, antipodal, main_pulse
from cellwarden.model import Block, Emission, Signature
from cellwarden.signature.baseband import Channel, Heard, baseband, floor_power
from cellwarden.signature.fit import Known, Wave, both, error_power, explains, fitted, in_units, solved
from cellwarden.signature.oscillator import beside_carrier
from cellwarden.signature.turn_on import ramp

FAMILY = "gsm:8psk"
CHANNEL = Channel(SYMBOL_RATE_HZ, 160e3, 240e3, 4)
LAYOUT = FORMATS["normal"]
TURN = np.exp(0.375j * np.pi * np.arange(LAYOUT.symbols))
"""By which each symbol is turned."""
RAMP_SYMBOLS = 5.0
RAMP = tuple(np.arange(-RAMP_SYMBOLS + 1, RAMP_SYMBOLS - 1.5, 0.5).tolist())
EDGE_SYMBOLS, PULSE_SYMBOLS, STEP, FINE = 3.0, 2.5, 0.25, 256
MOST_LATE = 1.0
POINTS, BENDS = 4096, 6
"""Carriers, and bends either way, that are tried."""
MOST_TURNED, MOST_BENT = 0.01, 10.0
"""Radians a symbol (400 Hz) by which a carrier may lie beside what was told, and eight times those by which a drift
bends it at a burst's end."""
LEAST_SNR_DB = 19.0
"""Below, symbols are decided wrongly, and what was sent is not known."""


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of an 8-PSK normal burst; None for other emissions, faint ones, and where samples are missing.

    `block` holds the burst and some six symbols on both sides.
    """
    if emission.label != "gsm:normal" or emission.details.get("modulation") != "8psk":
        return None
    at, rate = emission.carrier_offset_hz, block.segment.rate_hz
    if at is None or rate < 2 * SYMBOL_RATE_HZ or emission.snr_db < LEAST_SNR_DB:
        return None
    heard = baseband(emission, block, CHANNEL, -RAMP_SYMBOLS - 1, LAYOUT.symbols + RAMP_SYMBOLS + 1, at)
    if heard is None:
        return None
    symbols: Wave = _decided(heard, int(emission.details.get("training_sequence", 0)))
    inside = (heard.t > EDGE_SYMBOLS) & (heard.t < LAYOUT.symbols - EDGE_SYMBOLS)
    t, half = heard.t[inside], LAYOUT.symbols / 2
    made = _basis(symbols, t)
    known = Known(made, half * np.array([*made[1:], np.zeros(len(t))], np.complex128), np.array([1.0, 0.0, 0.0, 0.0]))
    zero = 2 * np.pi * at / SYMBOL_RATE_HZ * t if abs(at) < CHANNEL_HZ else None
    found = fitted(heard.y[inside], (t - half) / half, known, heard.white, baseband_zero=zero)
    late = -float((found.taps[1] / found.taps[0]).real)
    if abs(late) > MOST_LATE or not explains(found):
        return None
    told = in_units(found.told, half / SYMBOL_RATE_HZ, at)
    told |= error_power(found, floor_power(emission, block, heard), heard.white)
    told |= beside_carrier(emission, told["carrier_hz"], told["clock_ppm"], block.segment.centre_hz)
    power = float(np.mean(np.abs(found.sent) ** 2))
    told |= ramp("up", heard, late, power, found.noise, RAMP)
    told |= ramp("down", heard, late, power, found.noise, RAMP, LAYOUT.symbols)
    return Signature(FAMILY, emission.sample_start, emission.snr_db, told)


def _pulses(t: NDArray[np.float64], late: float = 0.0) -> NDArray[np.float64]:
    """Each symbol's pulse at each time: shape (symbols, n)."""
    pulse = main_pulse(FINE)
    at = (t[None, :] - np.arange(LAYOUT.symbols)[:, None] - 0.5 - late) * FINE + len(pulse) // 2
    return np.asarray(np.interp(at, np.arange(len(pulse)), pulse, left=0.0, right=0.0))


def _basis(symbols: Wave, t: NDArray[np.float64]) -> Wave:
    """The burst and its first derivatives by symbols, by central differences: complex128, shape (4, n)."""
    early2, early, s, late, late2 = (symbols @ _pulses(t, -k * STEP) for k in (-2, -1, 0, 1, 2))
    third = (late2 - 2 * late + 2 * early - early2) / (2 * STEP**3)
    return np.array([s, (late - early) / (2 * STEP), (late - 2 * s + early) / STEP**2, third], np.complex128)


def _decided(heard: Heard, sequence: int) -> Wave:
    """Symbols of a burst, known ones as they are known, turned as they were sent: complex128, shape (symbols,)."""
    known = np.zeros(LAYOUT.symbols, np.complex128)
    span = slice(LAYOUT.known_at, LAYOUT.known_at + len(LAYOUT.known[sequence]))
    known[span] = antipodal(LAYOUT.known[sequence])
    known[list(LAYOUT.tails)] = 1.0
    known *= TURN
    t = heard.t
    middle = (t > span.start + PULSE_SYMBOLS) & (t < span.stop - PULSE_SYMBOLS)
    made = _basis(known, t[middle])[:3]
    x = solved(both(made), heard.y[middle])[0]
    gain = x[0] + 1j * x[1]
    late = -float(((x[2] + 1j * x[3]) / gain).real)
    carriers = _pulses(t, late)
    within = (t > -PULSE_SYMBOLS) & (t < LAYOUT.symbols + PULSE_SYMBOLS)
    carriers = carriers[:, within]
    matched = carriers @ heard.y[within] / gain
    normal = carriers @ carriers.T
    said = np.linalg.solve(normal + 0.02 * normal[0, 0] * np.eye(LAYOUT.symbols), matched)
    free = known == 0
    straight = said / TURN
    start = float(np.angle(np.sum((straight * np.conj(known / TURN))[span])))
    eighths = np.rint((np.angle(straight) - _drift(straight, start, (span.start + span.stop) // 2)) / (np.pi / 4))
    return np.where(free, np.exp(0.25j * np.pi * eighths) * TURN, known)


def _drift(straight: Wave, start: float, middle: int) -> NDArray[np.float64]:
    """By what angle the symbols are turned besides their own, shape (symbols,): `start` where the training is.

    The eighth power of a symbol has its drift alone, eight times as large: a line, or a chirp that is mixed to one.
    """
    eighth = np.exp(8j * np.angle(straight))
    k = np.arange(len(straight)) - middle
    bends = np.linspace(-1, 1, 2 * BENDS + 1) * MOST_BENT / np.max(k * k)
    lines = np.abs(np.fft.fft(eighth * np.exp(-1j * bends[:, None] * k * k), POINTS, axis=1))
    turns = 2 * np.pi * np.fft.fftfreq(POINTS)
    lines[:, np.abs(turns) > 8 * MOST_TURNED] = 0.0
    bend, turn = np.unravel_index(int(np.argmax(lines)), lines.shape)
    return np.asarray(start + (turns[turn] * k + bends[bend] * k * k) / 8, np.float64)
