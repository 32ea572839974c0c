"""What a classic Bluetooth device sends: access codes and packets, straight from the standard.

    BR   │ preamble 4 │ sync word 64 │ trailer 4 │ header 54: 18 bits thrice │ payload, GFSK …            │
    EDR  │    …                                   │ header 54 │ guard 5 µs │ sync 11 │ payload, DPSK …   │
         0            4              68          72          126          131        142  µs

The sync word is the codeword of an expurgated (64,30) BCH code for the 24 bits of a piconet's address and six bits that
make a Barker sequence of them, laid over a pseudo-random word (Vol 2 Part B §6.3.3). Of 2⁶⁴ words 2²⁴ are sync words,
so that one chance word in 2⁴⁰ is.

Sources: Bluetooth Core 5.4 Vol 2 Part A §3 (modulation), Part B §6.3 (access code), §6.4 (header), §6.6 (EDR), Part G
§3 (sample sync words).
"""

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk

SYMBOL_RATE_HZ = 1e6
CHANNEL_HZ = 1e6
FIRST_CHANNEL_HZ = 2402e6
CHANNELS = 79
SLOT_S = 625e-6
LONGEST_S = 2870e-6
"""A packet of five slots."""
SHORTEST_S = 68e-6
"""An identity packet: preamble and sync word."""
HEADER_END = 126
"""Symbols of access code and header."""
GUARD_S = 5e-6
EDR_SYNC = (3, -3, 3, -3, 3, -3, -3, 3, 3, 3)
"""Phase steps of the EDR synchronisation sequence in quarters of π, behind a symbol of any phase."""
ROLL_OFF = 0.4

GENERATOR = 0o260534236651
"""g(D) of the expurgated code, degree 34."""
OVERLAY = 0x3F2A33DD69B121C1
BARKER = (0b001101, 0b110010)
"""The six bits behind an address that ends in 0 or in 1, first sent first."""

Kind = Literal["br", "edr"]


def _reversed(value: int, width: int) -> int:
    return int(f"{value:0{width}b}"[::-1], 2)


def sync_word(address: int) -> int:
    """The sync word of a 24-bit address part, its first bit sent being bit 63."""
    top = address >> 23
    information = (_reversed(BARKER[top], 6) << 24 | address) ^ _reversed(OVERLAY, 64) >> 34
    rest = information << 34
    for degree in range(63, 33, -1):
        if rest >> degree & 1:
            rest ^= GENERATOR << (degree - 34)
    return _reversed(information << 34 | rest, 64) ^ OVERLAY


@lru_cache
def code_rows() -> tuple[NDArray[np.uint64], int]:
    """Sync words as an affine code: the word of address 0, and what each of the 24 address bits changes in it."""
    zero = sync_word(0)
    return np.array([sync_word(1 << i) ^ zero for i in range(24)], np.uint64), zero


def access_bits(word: int) -> NDArray[np.int64]:
    """Preamble, sync word and trailer: int64, shape (72,). Preamble and trailer alternate on from the word's ends."""
    bits = np.array([int(b) for b in f"{word:064b}"], np.int64)
    first, last = int(bits[0]), int(bits[-1])
    before = [first, 1 - first] * 2
    return np.concatenate([before, bits, [1 - last, last] * 2])


def generate(
    kind: Kind,
    rng: np.random.Generator,
    *,
    rate_hz: float,
    symbols: int = 240,
    index: float = 0.32,
    carrier_offset_hz: float = 0.0,
    delay_samples: float = 0.0,
    phases: int = 4,
) -> tuple[NDArray[np.complex64], float]:
    """A packet of a random address with a random payload of `symbols`, power 1; and where its first symbol begins.

    `phases` of EDR: 4 (π/4-DQPSK) or 8 (8DPSK).
    """
    access = access_bits(sync_word(int(rng.integers(1 << 24))))
    header = np.repeat(rng.integers(0, 2, 18), 3)
    payload = rng.integers(0, 2, symbols if kind == "br" else 0)
    bits = np.concatenate([access, header, payload])
    wave, start = gfsk.modulate(bits, rate_hz, SYMBOL_RATE_HZ, index, delay_samples)
    if kind == "edr":
        wave = np.concatenate([wave, np.zeros(int((symbols + 20) * rate_hz / SYMBOL_RATE_HZ), np.complex128)])
        t = (np.arange(len(wave)) - start) / rate_hz * SYMBOL_RATE_HZ
        wave += _differential(symbols, t - HEADER_END - GUARD_S * SYMBOL_RATE_HZ, rng, phases)
    turns = carrier_offset_hz / rate_hz * np.arange(len(wave)) + rng.random()
    return (wave * np.exp(2j * np.pi * turns)).astype(np.complex64), start


def root_raised_cosine(t: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The EDR pulse of roll-off 0.4 at times in symbols, 1 at its middle (Vol 2 Part A §3.2.1.3)."""
    a = ROLL_OFF
    x = np.where(np.abs(np.abs(4 * a * t) - 1) < 1e-6, t + 1e-5, t)
    x = np.where(np.abs(x) < 1e-6, 1e-6, x)
    top = np.sin(np.pi * x * (1 - a)) + 4 * a * x * np.cos(np.pi * x * (1 + a))
    return np.asarray(top / (np.pi * x * (1 - (4 * a * x) ** 2)) / (1 - a + 4 * a / np.pi))


def _differential(
    symbols: int, t: NDArray[np.floating[Any]], rng: np.random.Generator, phases: int
) -> NDArray[np.complex128]:
    """EDR's synchronisation sequence, payload and two trailing symbols, power 1; t: in symbols, 0 where it begins."""
    free = symbols + 2
    steps = 2 * rng.integers(0, 4, free) + 1 if phases == 4 else rng.integers(0, 8, free)
    turned = np.concatenate([[0.0], np.cumsum(np.concatenate([EDR_SYNC, steps]))]) + 8 * rng.random()
    wave = np.zeros(len(t), np.complex128)
    nearest = np.floor(t).astype(int)
    for shift in range(-5, 6):
        k = nearest + shift
        inside = (k >= 0) & (k < len(turned))
        value = np.exp(1j * np.pi / 4 * turned[np.clip(k, 0, len(turned) - 1)])
        wave += np.where(inside, value * root_raised_cosine(t - k - 0.5), 0)
    body = wave[(t > 2) & (t < len(turned) - 2)]
    return wave / np.sqrt(np.mean(np.abs(body) ** 2))
