"""What a GSM phone sends: burst formats and modulators, straight from the standard.

    normal burst, 148 symbols in a slot of 156.25 (TS 45.002 §5.2.3)
      0   3                              61            87                             145 148
      | T |      58 payload symbols      |  training   |      58 payload symbols      | T |  guard 8.25
    access burst, 88 symbols (TS 45.002 §5.2.7)
      0          8                     49                       85  88
      | ext tail |  synchronisation    |  36 payload symbols    | T |  guard 68.25

A symbol lasts 48/13 µs (TS 45.004 §2.1: 1625/6 ksymbol/s). GMSK has BT 0.3 and modulation index 1/2 behind a
differential encoder (TS 45.004 §2), so that after turning back by a quarter turn a symbol each bit b is nearly the real
number 1 - 2b, smeared by Laurent's main pulse. 8-PSK (TS 45.004 §3) sends that same pulse, turned by 3/16 of a turn a
symbol; its training symbols are the antipodal pair of the 26 training bits.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

SYMBOL_RATE_HZ = 1_625_000 / 6
CHANNEL_HZ = 200_000.0
SLOT_SYMBOLS = 156.25
FRAME_SYMBOLS = 8 * SLOT_SYMBOLS
BANDWIDTH_TIME = 0.3
RAMP_SYMBOLS = 2.5
"""Length of our generator's cosine power ramps; TS 45.005 annex B allows 28 µs from -70 dB to full power."""

Kind = Literal["normal", "access"]
Modulation = Literal["gmsk", "8psk"]

TRAINING = (  # TS 45.002 table 5.2.3a
    "00100101110000100010010111",
    "00101101110111100010110111",
    "01000011101110100100001110",
    "01000111101101000100011110",
    "00011010111001000001101011",
    "01001110101100000100111010",
    "10100111110110001010011111",
    "11101111000100101110111100",
)
EXTENDED_TAIL = "00111010"
SYNCHRONISATION = (  # TS 45.002 table 5.2.7-3: TS0, TS1, TS2
    "01001011011111111001100110101010001111000",
    "01010100111110001000011000101111001001101",
    "11101111001001110101011000001101101110111",
)


@dataclass(frozen=True, slots=True)
class Format:
    """A burst's layout in symbols, and the sequences known to the receiver."""

    symbols: int
    known_at: int
    known: tuple[str, ...]
    tails: tuple[int, ...]
    """Symbols whose bits are always 0."""


FORMATS: dict[Kind, Format] = {
    "normal": Format(148, 61, TRAINING, (0, 1, 2, 145, 146, 147)),
    "access": Format(88, 0, tuple(EXTENDED_TAIL + s for s in SYNCHRONISATION), (85, 86, 87)),
}


def antipodal(bits: str) -> NDArray[np.float64]:
    """Bits as real symbols: 0 becomes +1 and 1 becomes -1. float64, shape (len(bits),)."""
    return 1.0 - 2.0 * np.array([int(b) for b in bits])


def frequency_pulse_integral(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The phase that one GMSK symbol has contributed by time `t` (in symbols, 0 at the middle), from 0 to 1.

    Integral of the rectangular pulse of one symbol behind a Gaussian filter of BT 0.3 (TS 45.004 §2.5).
    """
    return _integral(t + 0.5) - _integral(t - 0.5)


def _integral(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the distribution function of the Gaussian filter."""
    sigma = math.sqrt(math.log(2)) / (2 * math.pi * BANDWIDTH_TIME)
    u = x / sigma
    return x * 0.5 * (1 + scipy.special.erf(u / math.sqrt(2))) + sigma / math.sqrt(2 * math.pi) * np.exp(-0.5 * u * u)


@lru_cache
def main_pulse(per_symbol: int) -> NDArray[np.float64]:
    """Laurent's main pulse C0 of GMSK BT 0.3 (TS 45.004 §3.5), peak 1.

    float64, shape (5 · per_symbol + 1,), sampled `per_symbol` times a symbol, the middle sample is the middle of the
    pulse.
    """
    length = 4  # symbols over which the frequency pulse is taken to extend
    t = np.arange(-per_symbol, (length + 2) * per_symbol + 1) / per_symbol

    def s(x: NDArray[np.float64]) -> NDArray[np.float64]:
        rising = np.sin(np.pi / 2 * frequency_pulse_integral(x - length / 2))
        falling = np.sin(np.pi / 2 - np.pi / 2 * frequency_pulse_integral(x - length - length / 2))
        inside: NDArray[np.float64] = np.where((x <= 0) | (x >= 2 * length), 0.0, np.where(x < length, rising, falling))
        return inside

    pulse = np.prod([s(t + i) for i in range(length)], axis=0)
    pulse = pulse[per_symbol : -per_symbol or None]
    return pulse / pulse.max()


def burst_bits(kind: Kind, sequence: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Bits of one burst with random payload: int64, shape (148,) or (88,)."""
    layout = FORMATS[kind]
    bits = rng.integers(0, 2, layout.symbols)
    bits[list(layout.tails)] = 0
    known = layout.known[sequence]
    bits[layout.known_at : layout.known_at + len(known)] = [int(b) for b in known]
    return bits


def gmsk_phase(bits: NDArray[np.int64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Phase in radians at times `t` (in symbols, 0 at the beginning of bit 0), all bits outside the burst being 1.

    TS 45.004 §2.3–2.6: bit k's frequency pulse is centred on t = k, so that its main pulse peaks at t = k + 1/2.
    """
    pad = 8
    padded = np.concatenate([np.ones(pad, np.int64), bits, np.ones(pad, np.int64)])
    turns = 1.0 - 2.0 * (padded ^ np.concatenate([[1], padded[:-1]]))
    done = np.concatenate([[0.0], np.cumsum(turns)])
    first = np.clip(np.floor(t).astype(int) + pad - 3, 0, len(turns) - 7)
    phase = done[first].copy()
    since = t - (first - pad) + 0.5
    left = _integral(since)
    for i in range(7):
        right = _integral(since - (i + 1))  # where one symbol's pulse ends the next one's begins
        phase += turns[first + i] * (left - right)
        left = right
    return np.pi / 2 * phase


def generate(
    kind: Kind,
    rng: np.random.Generator,
    *,
    rate_hz: float,
    sequence: int = 0,
    modulation: Modulation = "gmsk",
    carrier_offset_hz: float = 0.0,
    delay_samples: float = 0.0,
) -> tuple[NDArray[np.complex64], float]:
    """One burst with random payload and power ramps, mean power 1 between the ramps.

    Returns complex64 samples, shape (n,), and the (fractional) index of the beginning of symbol 0, which is the ramp's
    length plus `delay_samples` rounded up to whole samples of margin.
    """
    bits = burst_bits(kind, sequence, rng)
    per_symbol = rate_hz / SYMBOL_RATE_HZ
    ramp = RAMP_SYMBOLS * per_symbol
    start = math.ceil(ramp) + 1 + delay_samples
    count = math.ceil(start + len(bits) * per_symbol + ramp) + 1
    t = ((np.arange(count) - start) / per_symbol).astype(np.float64)
    wave = np.exp(1j * gmsk_phase(bits, t)) if modulation == "gmsk" else _psk8(bits, FORMATS[kind], t, rng)
    outside = np.maximum(-t, t - len(bits))
    wave = wave * np.where(outside <= 0, 1.0, np.cos(np.pi / 2 * np.clip(outside / RAMP_SYMBOLS, 0, 1)) ** 2)
    wave = wave * np.exp(2j * np.pi * (carrier_offset_hz / rate_hz * np.arange(count) + rng.random()))
    return wave.astype(np.complex64), start


def _psk8(
    bits: NDArray[np.int64], layout: Format, t: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.complex128]:
    """8-PSK normal burst at times `t` in symbols: any of eight phases, training and tail antipodal (TS 45.004 §3)."""
    eighth = rng.integers(0, 8, len(bits))
    known = np.r_[0:3, layout.known_at : layout.known_at + 26, len(bits) - 3 : len(bits)]
    eighth[known] = 4 * bits[known]
    symbols = np.exp(1j * np.pi * (eighth / 4 + 3 / 8 * np.arange(len(bits))))
    fine = 64
    pulse = main_pulse(fine)
    middle = (len(pulse) - 1) / 2
    wave = np.zeros(len(t), np.complex128)
    nearest = np.floor(t).astype(int)
    for shift in range(-3, 4):
        k = nearest + shift
        inside = (k >= 0) & (k < len(bits))
        position = (t - k - 0.5) * fine + middle
        weight = np.interp(position, np.arange(len(pulse)), pulse, left=0.0, right=0.0)
        wave += np.where(inside, symbols[np.clip(k, 0, len(bits) - 1)], 0) * weight
    useful = wave[(t >= 2) & (t < len(bits) - 2)]
    return wave / math.sqrt(float(np.mean(np.abs(useful) ** 2)))
