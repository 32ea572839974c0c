"""LTE's waveforms, made by the standard: reference sequences, preambles, SC-FDMA symbols (3GPP TS 36.211).

One slot of the uplink, 0.5 ms, is seven symbols of 66.7 µs, each behind a cyclic prefix:

    │5.2 µs│ 0 │4.7│ 1 │4.7│ 2 │4.7│ 3 │4.7│ 4 │4.7│ 5 │4.7│ 6 │
                                  └ PUSCH: reference                 PUCCH: all seven are cyclic shifts of a sequence

All waves are complex64 around zero frequency, of mean power 1.
"""

import math
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_tables import ONE_BLOCK, TWO_BLOCKS

Kind: TypeAlias = Literal["prach", "pusch", "pucch", "srs"]
Complex: TypeAlias = NDArray[np.complex128]

SUBCARRIER_HZ = 15e3
BLOCK = 12
"""Subcarriers of a resource block."""
BLOCK_HZ = BLOCK * SUBCARRIER_HZ
GROUPS = 30
"""Of base sequences (TS 36.211 §5.5.1.3); long ones are two a group."""
SYMBOL_S = 1 / SUBCARRIER_HZ
TICK_S = 1 / 30.72e6
SLOT_S = 0.5e-3
FIRST_PREFIX_S, PREFIX_S = 160 * TICK_S, 144 * TICK_S
"""Cyclic prefix of a slot's first symbol and of the other six (TS 36.211 table 5.6-1)."""
SYMBOL_STARTS_S = tuple(FIRST_PREFIX_S + n * (SYMBOL_S + PREFIX_S) for n in range(7))
"""From a slot's start to the end of each symbol's prefix."""
REFERENCE = 3
"""The symbol of each slot that is PUSCH's demodulation reference signal (TS 36.211 §5.5.2.1.2)."""

PREAMBLE = 839
PREAMBLE_HZ = 1.25e3
PREAMBLE_S = 24576 * TICK_S
PREAMBLE_FORMATS: tuple[tuple[float, int], ...] = (
    (3168 * TICK_S, 1),
    (21024 * TICK_S, 1),
    (6240 * TICK_S, 2),
    (21024 * TICK_S, 2),
)
"""Cyclic prefix in seconds and repetitions of formats 0 to 3 (TS 36.211 table 5.7.1-1)."""
SHORT_PREAMBLE = 139
SHORT_PREAMBLE_HZ = 7.5e3
SHORT_PREFIX_S = 448 * TICK_S
"""Format 4, of time division duplex: 139 subcarriers of 7.5 kHz in 133 µs."""


def zadoff_chu(root: int, length: int) -> Complex:
    """x_u(n) = exp(-j π u n (n + 1) / N), n < N."""
    n = np.arange(length)
    return np.asarray(np.exp(-1j * np.pi * ((root * n * (n + 1)) % (2 * length)) / length))


def largest_prime_below(number: int) -> int:
    """The largest prime that is smaller than a number."""
    return next(n for n in range(number - 1, 1, -1) if all(n % d for d in range(2, math.isqrt(n) + 1)))


@lru_cache(maxsize=512)
def base_sequence(group: int, version: int, length: int) -> Complex:
    """The base sequence r_{u,v}(n) of `length` subcarriers (TS 36.211 §5.5.1)."""
    if length in (12, 24):
        table = ONE_BLOCK if length == 12 else TWO_BLOCKS
        return np.asarray(np.exp(0.25j * np.pi * table[group].astype(np.float64)))
    prime = largest_prime_below(length)
    mean = prime * (group + 1) / 31
    root = math.floor(mean + 0.5) + version * (-1) ** math.floor(2 * mean)
    return zadoff_chu(root, prime)[np.arange(length) % prime]


@lru_cache(maxsize=256)
def base_sequences(length: int) -> Complex:
    """All base sequences of a length: shape (30, length), or (60, length) where there are two versions."""
    versions = (0, 1) if length >= 6 * BLOCK else (0,)
    return np.array([base_sequence(group, version, length) for version in versions for group in range(GROUPS)])


@lru_cache
def allowed_blocks(most: int = 110) -> tuple[int, ...]:
    """Numbers of resource blocks that PUSCH may have: products of powers of 2, 3 and 5 (TS 36.211 §5.3.3)."""
    return tuple(
        n for n in range(1, most + 1) if n in {2**a * 3**b * 5**c for a in range(7) for b in range(5) for c in range(4)}
    )


def carrier_wave(
    values: Complex,
    starts_s: NDArray[np.float64],
    prefixes_s: NDArray[np.float64],
    hz: float,
    rate_hz: float,
    window_s: float = 0.0,
) -> Complex:
    """Symbols after each other, sampled at any rate: a sum of subcarriers within each symbol.

    values: shape (symbols, subcarriers), the middle of the subcarriers at zero frequency; `starts_s`: where each
    symbol's useful part begins; the wave begins at time 0. window_s: in which one symbol goes over into the next, at
    the beginning of its prefix; without it symbols are cut off, and what that sends beside the carrier stays.
    """
    symbols, width = values.shape
    count = math.ceil((starts_s[-1] + 1 / hz + window_s) * rate_hz - 1e-6)
    wave = np.zeros(count, np.complex128)
    turns = (np.arange(width) - (width - 1) / 2) * hz
    for symbol in range(symbols):
        low = math.ceil((starts_s[symbol] - prefixes_s[symbol]) * rate_hz - 1e-6)
        high = min(count, math.ceil((starts_s[symbol] + 1 / hz + window_s) * rate_hz - 1e-6))
        t = np.arange(low, high) / rate_hz - starts_s[symbol]
        first, step = np.exp(2j * np.pi * turns[0] * t), np.exp(2j * np.pi * hz * t)
        part = np.zeros(len(t), np.complex128)
        for value in values[symbol][::-1]:  # Horner's rule
            part = part * step + value
        if window_s:
            inside = np.clip(np.minimum(t + prefixes_s[symbol], 1 / hz + window_s - t) / window_s, 0.0, 1.0)
            part *= np.sin(np.pi / 2 * inside) ** 2
        wave[low:high] += part * first
    return wave


def _slots(values: Complex, rate_hz: float) -> Complex:
    symbols = len(values)
    starts = np.array([SLOT_S * (n // 7) + SYMBOL_STARTS_S[n % 7] for n in range(symbols)])
    prefixes = np.array([FIRST_PREFIX_S if n % 7 == 0 else PREFIX_S for n in range(symbols)])
    return carrier_wave(values, starts, prefixes, SUBCARRIER_HZ, rate_hz)


def shifted(sequence: Complex, shift: float) -> Complex:
    """A sequence, shape (n,), in time moved cyclically by `shift` of a symbol: its n-th value turned by 2π n shift."""
    return np.asarray(sequence * np.exp(2j * np.pi * shift * np.arange(len(sequence))))


def _pusch(rng: np.random.Generator, rate_hz: float, blocks: int) -> Complex:
    width = blocks * BLOCK
    points = {2: [-1.0, 1.0], 4: [-3.0, -1.0, 1.0, 3.0]}[int(rng.choice([2, 4]))]
    data = rng.choice(points, (14, width)) + 1j * rng.choice(points, (14, width))
    data /= math.sqrt(2 * float(np.mean(np.square(points))))
    values = np.fft.fft(data, axis=1, norm="ortho")
    group = int(rng.integers(30))
    for slot in range(2):
        values[7 * slot + REFERENCE] = shifted(base_sequence(group, 0, width), int(rng.integers(12)) / 12)
    return _slots(values, rate_hz)


def _pucch(rng: np.random.Generator, rate_hz: float) -> Complex:
    sequence = base_sequence(int(rng.integers(30)), 0, BLOCK)
    sent = np.exp(0.5j * np.pi * rng.integers(0, 4, 7))
    return _slots(np.array([sent[n] * shifted(sequence, int(rng.integers(12)) / 12) for n in range(7)]), rate_hz)


def _srs(rng: np.random.Generator, rate_hz: float, blocks: int) -> Complex:
    values = np.zeros((1, blocks * BLOCK), np.complex128)
    sequence = base_sequence(int(rng.integers(30)), 0, blocks * BLOCK // 2)
    values[0, int(rng.integers(2)) :: 2] = shifted(sequence, int(rng.integers(8)) / 8)
    return carrier_wave(values, np.array([PREFIX_S]), np.array([PREFIX_S]), SUBCARRIER_HZ, rate_hz)


def preamble(root: int, shift: int, rate_hz: float, kind: int = 0) -> Complex:
    """A random access preamble of format `kind`, 0 to 4 (TS 36.211 §5.7.3)."""
    length, hz = (SHORT_PREAMBLE, SHORT_PREAMBLE_HZ) if kind == 4 else (PREAMBLE, PREAMBLE_HZ)
    prefix, repeats = (SHORT_PREFIX_S, 1) if kind == 4 else PREAMBLE_FORMATS[kind]
    values = np.fft.fft(np.roll(zadoff_chu(root, length), -shift))[None, :] / math.sqrt(length)
    before = prefix + (repeats - 1) / hz
    return carrier_wave(values, np.array([before]), np.array([before]), hz, rate_hz)


def synchronisation(sector: int) -> Complex:
    """The primary synchronisation signal, 62 subcarriers around the carrier (TS 36.211 §6.11.1)."""
    return np.delete(zadoff_chu((25, 29, 34)[sector], 63), 31)


def generate(
    kind: Kind,
    rng: np.random.Generator,
    *,
    rate_hz: float,
    blocks: int = 6,
    root: int | None = None,
    preamble_format: int = 0,
    carrier_offset_hz: float = 0.0,
) -> NDArray[np.complex64]:
    """A phone's burst, its middle at `carrier_offset_hz`, of mean power 1; base stations: `lte_cell_waveform`.

    `blocks` is the width in resource blocks (PUCCH has one, PRACH six); all that is left open is random.
    """
    if kind == "prach":
        length = SHORT_PREAMBLE if preamble_format == 4 else PREAMBLE
        chosen = int(rng.integers(1, length)) if root is None else root
        wave = preamble(chosen, int(rng.integers(length)), rate_hz, preamble_format)
    elif kind == "pusch":
        wave = _pusch(rng, rate_hz, blocks)
    elif kind == "pucch":
        wave = _pucch(rng, rate_hz)
    else:
        wave = _srs(rng, rate_hz, blocks)
    wave = wave * np.exp(2j * np.pi * (carrier_offset_hz / rate_hz * np.arange(len(wave)) + rng.random()))
    return np.asarray(wave / math.sqrt(float(np.mean(np.abs(wave) ** 2))), np.complex64)
