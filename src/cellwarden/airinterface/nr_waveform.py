"""NR's waveforms, made by the standard: synchronisation blocks, preambles, PUSCH (3GPP TS 38.211).

All waves are complex64 around zero frequency, of mean power 1. The spacing of subcarriers is 15 kHz times 1, 2 or 4,
and all times of LTE's grid are divided by the same number.
"""

import math
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    FIRST_PREFIX_S,
    GROUPS,
    PREAMBLE,
    PREAMBLE_HZ,
    PREFIX_S,
    SUBCARRIER_HZ,
    SYMBOL_S,
    TICK_S,
    base_sequence,
    carrier_wave,
    zadoff_chu,
)
from cellwarden.airinterface.nr_tables import EIGHTEEN, SIX, TWELVE, TWENTY_FOUR
from cellwarden.compiled import exact

Kind: TypeAlias = Literal["prach", "pusch", "downlink"]
Complex: TypeAlias = NDArray[np.complex128]

MULTIPLES = (1, 2, 4)
"""Spacings of subcarriers below 6 GHz, in 15 kHz (TS 38.211 table 4.2-1)."""
SLOT_SYMBOLS = 14

SYNCHRONISATION = 127
"""Length of the primary and the secondary synchronisation sequences (TS 38.211 §7.4.2)."""
BLOCK_SUBCARRIERS, BLOCK_SYMBOLS = 240, 4
FIRST_SYNCHRONISATION = 56
"""Of a block's 240 subcarriers the first that the sequences have (TS 38.211 table 7.4.3.1-1)."""

SHORT_PREAMBLE = 139
SHORT_FORMATS: dict[str, tuple[float, int]] = {
    "A1": (288 * TICK_S, 2),
    "A2": (576 * TICK_S, 4),
    "A3": (864 * TICK_S, 6),
    "B1": (216 * TICK_S, 2),
    "B2": (360 * TICK_S, 4),
    "B3": (504 * TICK_S, 6),
    "B4": (936 * TICK_S, 12),
    "C0": (1240 * TICK_S, 1),
    "C2": (2048 * TICK_S, 4),
}
"""Cyclic prefix in seconds at 15 kHz and repetitions (TS 38.211 table 6.3.3.1-2)."""
LONG_FORMATS: dict[str, tuple[float, int, float]] = {
    "0": (3168 * TICK_S, 1, PREAMBLE_HZ),
    "1": (21024 * TICK_S, 2, PREAMBLE_HZ),
    "2": (4688 * TICK_S, 4, PREAMBLE_HZ),
    "3": (3168 * TICK_S, 4, 5e3),
}
"""Cyclic prefix in seconds, repetitions and spacing of the 839 subcarriers in hertz (TS 38.211 table 6.3.3.1-1)."""

THIRTY = 30
"""Subcarriers of the one short sequence that is told by a formula (TS 38.211 §5.2.2.2)."""
REFERENCES: tuple[tuple[int, ...], ...] = (
    (2,),
    (3,),
    (2, 7),
    (3, 7),
    (2, 9),
    (3, 9),
    (2, 11),
    (3, 11),
    (2, 6, 9),
    (3, 6, 9),
    (2, 7, 11),
    (3, 7, 11),
    (2, 5, 8, 11),
    (3, 5, 8, 11),
)
"""Symbols of a slot that are reference signals, for mapping type A (TS 38.211 table 6.4.1.1.3-3)."""


def _register(taps: tuple[int, ...], state: tuple[int, ...]) -> NDArray[np.int64]:
    """An m-sequence of period 127: x(i + 7) = sum of x(i + tap) modulo 2; `state` is x(0) … x(6)."""
    x = list(state)
    while len(x) < SYNCHRONISATION:
        x.append(sum(x[len(x) - 7 + tap] for tap in taps) % 2)
    return np.array(x)


@lru_cache(maxsize=4)
def primary(sector: int) -> NDArray[np.float64]:
    """The primary synchronisation sequence of N_ID2 = `sector` (TS 38.211 §7.4.2.2)."""
    x = _register((4, 0), (0, 1, 1, 0, 1, 1, 1))
    return np.asarray(1.0 - 2.0 * np.roll(x, -43 * sector), np.float64)


@lru_cache(maxsize=4)
def secondaries(sector: int) -> NDArray[np.float64]:
    """All secondary synchronisation sequences of a sector: shape (336, 127) (TS 38.211 §7.4.2.3)."""
    one = 1.0 - 2.0 * _register((4, 0), (1, 0, 0, 0, 0, 0, 0))
    two = 1.0 - 2.0 * _register((1, 0), (1, 0, 0, 0, 0, 0, 0))
    return np.array([np.roll(one, -(15 * (n // 112) + 5 * sector)) * np.roll(two, -(n % 112)) for n in range(336)])


@exact
def gold(seed: int, count: int) -> NDArray[np.int64]:
    """The pseudo-random sequence c(n), n < `count`, of c_init = `seed` (TS 38.211 §5.2.1)."""
    total = 1600 + count
    one, two = np.zeros(total, np.int64), np.zeros(total, np.int64)
    one[0] = 1
    for n in range(min(31, total)):
        two[n] = seed >> n & 1
    for n in range(total - 31):
        one[n + 31] = one[n + 3] ^ one[n]
        two[n + 31] = two[n + 3] ^ two[n + 2] ^ two[n + 1] ^ two[n]
    return one[1600:] ^ two[1600:]


@lru_cache(maxsize=512)
def reference_sequence(group: int, version: int, length: int) -> Complex:
    """The low-PAPR base sequence r_{u,v}(n) of `length` subcarriers (TS 38.211 §5.2.2)."""
    for table in (SIX, TWELVE, EIGHTEEN, TWENTY_FOUR):
        if length == table.shape[1]:
            return np.asarray(np.exp(0.25j * np.pi * table[group].astype(np.float64)))
    if length == THIRTY:
        n = np.arange(1, THIRTY + 1)
        return np.asarray(np.exp(-1j * np.pi * (group + 1) * n * (n + 1) / (THIRTY + 1)))
    return base_sequence(group, version, length)


@lru_cache(maxsize=128)
def reference_sequences(length: int) -> Complex:
    """All base sequences of a length: shape (30, length), or (60, length) where there are two versions."""
    versions = (0, 1) if length >= 6 * BLOCK else (0,)
    return np.array([reference_sequence(group, version, length) for version in versions for group in range(GROUPS)])


def short_preamble(root: int, shift: int, rate_hz: float, kind: str, multiple: int) -> Complex:
    """A random access preamble of 139 subcarriers (TS 38.211 §6.3.3)."""
    prefix, repeats = SHORT_FORMATS[kind]
    hz = SUBCARRIER_HZ * multiple
    values = np.fft.fft(np.roll(zadoff_chu(root, SHORT_PREAMBLE), -shift))[None, :] / math.sqrt(SHORT_PREAMBLE)
    before = prefix / multiple + (repeats - 1) / hz
    return carrier_wave(values, np.array([before]), np.array([before]), hz, rate_hz)


def long_preamble(root: int, shift: int, rate_hz: float, kind: str) -> Complex:
    """A random access preamble of 839 subcarriers (TS 38.211 §6.3.3)."""
    prefix, repeats, hz = LONG_FORMATS[kind]
    values = np.fft.fft(np.roll(zadoff_chu(root, PREAMBLE), -shift))[None, :] / math.sqrt(PREAMBLE)
    before = prefix + (repeats - 1) / hz
    return carrier_wave(values, np.array([before]), np.array([before]), hz, rate_hz)


def symbols_wave(values: Complex, rate_hz: float, multiple: int, *, first_long: bool) -> Complex:
    """Symbols one after another: shape (symbols, subcarriers); a prefix is longer each half millisecond."""
    often = 7 * multiple
    prefixes = np.array(
        [FIRST_PREFIX_S + (multiple - 1) * (FIRST_PREFIX_S - PREFIX_S) if first_long and n % often == 0 else PREFIX_S
         for n in range(len(values))]
    ) / multiple  # fmt: skip
    starts = np.cumsum(prefixes + SYMBOL_S / multiple) - SYMBOL_S / multiple
    return carrier_wave(values, starts, prefixes, SUBCARRIER_HZ * multiple, rate_hz)


def _quadrature(rng: np.random.Generator, shape: tuple[int, ...]) -> Complex:
    return np.asarray(np.exp(0.5j * np.pi * (rng.integers(0, 4, shape) + 0.5)))


def _pusch(
    rng: np.random.Generator, rate_hz: float, blocks: int, multiple: int, symbols: int, precoded: bool
) -> Complex:
    width = blocks * BLOCK
    values = _quadrature(rng, (symbols, width))
    if precoded:
        values = np.asarray(np.fft.fft(values, axis=1, norm="ortho"), np.complex128)
    fitting = [r for r in REFERENCES if symbols - 6 <= r[-1] < symbols]
    identity, slot = int(rng.integers(1008)), int(rng.integers(10 * multiple))
    parity = 0 if precoded else int(rng.integers(2))
    for symbol in fitting[int(rng.integers(len(fitting)))]:
        values[symbol] = 0
        comb: Complex
        if precoded:
            comb = reference_sequence(identity % GROUPS, 0, width // 2)
        else:
            seed = ((SLOT_SYMBOLS * slot + symbol + 1) * (2 * identity + 1) << 17) + 2 * identity
            bits = 1.0 - 2.0 * gold(seed % 2**31, width)
            comb = np.asarray((bits[0::2] + 1j * bits[1::2]) / math.sqrt(2), np.complex128)
        values[symbol, parity::2] = comb * math.sqrt(2)
    return symbols_wave(values, rate_hz, multiple, first_long=True)


def _downlink(rng: np.random.Generator, rate_hz: float, multiple: int) -> Complex:
    """A synchronisation block; its broadcast channel is random."""
    values = np.zeros((BLOCK_SYMBOLS, BLOCK_SUBCARRIERS), np.complex128)
    sector = int(rng.integers(3))
    sequences = slice(FIRST_SYNCHRONISATION, FIRST_SYNCHRONISATION + SYNCHRONISATION)
    values[[1, 3]] = _quadrature(rng, (2, BLOCK_SUBCARRIERS))
    values[2, :48], values[2, 192:] = _quadrature(rng, (48,)), _quadrature(rng, (48,))
    values[0, sequences] = primary(sector)
    values[2, sequences] = secondaries(sector)[int(rng.integers(336))]
    return symbols_wave(values, rate_hz, multiple, first_long=False)


def generate(
    kind: Kind,
    rng: np.random.Generator,
    *,
    rate_hz: float,
    multiple: int = 1,
    blocks: int = 6,
    symbols: int = SLOT_SYMBOLS,
    precoded: bool = False,
    root: int | None = None,
    preamble_format: str = "A2",
    carrier_offset_hz: float = 0.0,
) -> NDArray[np.complex64]:
    """A preamble, a PUSCH or a synchronisation block, its middle at `carrier_offset_hz`, with mean power 1.

    `multiple`: spacing of subcarriers in 15 kHz; `blocks`, `symbols`, `precoded` (DFT-s-OFDM) are PUSCH's.
    """
    if kind == "prach":
        length = PREAMBLE if preamble_format in LONG_FORMATS else SHORT_PREAMBLE
        chosen, shift = int(rng.integers(1, length)) if root is None else root, int(rng.integers(length))
        if preamble_format in LONG_FORMATS:
            wave = long_preamble(chosen, shift, rate_hz, preamble_format)
        else:
            wave = short_preamble(chosen, shift, rate_hz, preamble_format, multiple)
    elif kind == "pusch":
        wave = _pusch(rng, rate_hz, blocks, multiple, symbols, precoded)
    else:
        wave = _downlink(rng, rate_hz, multiple)
    wave = wave * np.exp(2j * np.pi * (carrier_offset_hz / rate_hz * np.arange(len(wave)) + rng.random()))
    return np.asarray(wave / math.sqrt(float(np.mean(np.abs(wave) ** 2))), np.complex64)
