"""A UMTS phone's preamble: ±1 on an axis that turns by 90° a chip, and a code in a linear space.

Squares are a line, at any code, carrier and time. The code then lies in a linear space of 13 + 4 bits over GF(2): one
Walsh–Hadamard transform correlates with all 8192 scrambling codes and 16 signatures at once, which proves it.

Sources: 3GPP TS 25.211 §5.2.2, TS 25.213 §4.3.
"""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.lte_receiver import mixed
from cellwarden.airinterface.umts_carrier import ECHO_CHIPS, FIRST_CFO_HZ, LINE_NATS, Carrier
from cellwarden.airinterface.umts_emission import emission
from cellwarden.airinterface.umts_waveform import (
    CHIP_RATE_HZ,
    PREAMBLE_CHIPS,
    SIGNATURES,
    X_TAPS,
    Y_TAPS,
    hadamard,
    shift_masks,
    shift_register,
)
from cellwarden.model import Block, Burst, Emission

HALF_LINE, SURE_LINE = 0.6, 30.0
"""Of that, asked at every other phase first: an eighth of a chip beside the right one costs less; and with so many
times that the phases between are not looked at, as a quarter of a chip leaves enough."""
CODE_NATS = 40.0
"""Least nats of a preamble's code. Gaussian chips reach it with probability e⁻⁴⁰ times 4 million tries a box."""
CHECKED, CHANCE = 0.4, 6.0
"""Part of the correlation with the check of all codes, of what a preamble with that line has; deviations of chance."""
TIMING_CHIPS, TIMING_NATS, MOST_TIMING_CHIPS = 24, 8000.0, 250
"""How far from the place that squares tell a preamble's beginning may be: the fainter their line, the farther."""
BESIDE_CHIPS = 512
"""How far a preamble that holds a box may reach beyond it, besides what the box lacks."""
PLACES = 3
"""Places at which all codes are tried."""


@lru_cache
def _code_space() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each chip which of 17 bits (13 of the code, 4 of the signature) its sign depends on, and the sign besides.

    int64, shape (4096,), an index among 2^17; float32, shape (4096,), ±1.
    """
    masks = shift_masks(PREAMBLE_CHIPS, X_TAPS)
    code = np.array([mask & 8191 for mask in masks])
    fixed = np.array([mask >> 24 & 1 for mask in masks]) ^ shift_register((1 << 25) - 1, Y_TAPS, PREAMBLE_CHIPS)
    place = code | (np.arange(PREAMBLE_CHIPS) % SIGNATURES) << 13
    return place.astype(np.int64), (1 - 2 * fixed.astype(np.float32)).astype(np.float32)


def preamble_of(carrier: Carrier, burst: Burst, block: Block) -> Emission | None:
    """A preamble in the box's time, proven by its code."""
    if carrier.end - carrier.first > 2 * PREAMBLE_CHIPS:
        return None
    low, high = max(0, carrier.end - PREAMBLE_CHIPS - BESIDE_CHIPS), carrier.first + PREAMBLE_CHIPS + BESIDE_CHIPS
    part = replace(carrier, z=carrier.z[:, low:high], base=carrier.base + low * carrier.per_chip)
    chips = part.z.shape[1]
    back = _quarter_turns(chips)
    squares = part.z * part.z
    squares *= back * back
    frequency, some = _lines(squares[::2])
    if float(np.max(some)) < HALF_LINE * LINE_NATS:
        return None
    lines = np.zeros((kernels.PHASES, len(frequency)))
    lines[::2] = some
    if float(np.max(some)) < SURE_LINE * LINE_NATS:
        lines[1::2] = _lines(squares[1::2])[1]
    phase, line = np.unravel_index(int(np.argmax(lines)), lines.shape)
    if lines[phase, line] < LINE_NATS:
        return None
    ramp = np.exp((-2j * np.pi * frequency[line] * np.arange(chips)).astype(np.complex64))
    gain = np.cumsum(np.concatenate([[0], squares[phase] * ramp * ramp]))
    ramp *= back
    if len(gain) <= PREAMBLE_CHIPS:
        return None
    sums = gain[PREAMBLE_CHIPS:] - gain[:-PREAMBLE_CHIPS]
    guess = int(np.argmax(np.abs(sums)))
    axis = np.exp(-0.5j * np.angle(sums[guess]))
    real = np.ascontiguousarray((part.z[phase] * (ramp * np.complex64(axis))).real)
    reach = TIMING_CHIPS + min(MOST_TIMING_CHIPS, round(TIMING_NATS / float(lines[phase, line])))
    axial = 2 / (1 + math.sqrt(chips / float(lines[phase, line])))  # part of the power that lies on the axis
    least = CHECKED * min(axial, 1.0) ** 1.5
    for at in _places(real, max(0, guess - reach), min(len(sums), guess + reach + 1), least):
        nats, code, signature = _decode(real[at : at + PREAMBLE_CHIPS])
        if nats >= CODE_NATS:
            break
    else:
        return None
    return _preamble_emission(part, burst, block, ramp, float(frequency[line]), at, code, signature, nats)


@lru_cache(maxsize=8)
def _quarter_turns(chips: int) -> NDArray[np.complex64]:
    """What turns each chip's axis back."""
    return np.resize(np.array([1, -1j, -1, 1j], np.complex64), chips)


def _lines(squares: NDArray[np.complex64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Carrier offsets in cycles a chip, and for each phase the nats of the line that squared chips have there."""
    size = scipy.fft.next_fast_len(2 * squares.shape[1])  # padded: half a bin would let the axis turn in a preamble
    spectrum = scipy.fft.fft(squares, size, axis=1)
    energy = np.sum(squares.real**2 + squares.imag**2, axis=1, keepdims=True, dtype=np.float64)
    frequency = np.fft.fftfreq(size) / 2
    lines = (spectrum.real**2 + spectrum.imag**2) / np.maximum(energy, 1e-30)
    lines[:, np.abs(frequency) > FIRST_CFO_HZ / CHIP_RATE_HZ] = 0
    return frequency, lines


@lru_cache
def _check() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What chips k, k + 3 and k + 25 multiplied are, whatever the code, for each signature by the remainder of k.

    Those three bits of every code's x add up to 0, so that only y, the same for all, and the signature are left.
    Returns ±1: float32, shape (4064,), and float32, shape (16 remainders, 16 signatures).
    """
    _, fixed = _code_space()
    count = (PREAMBLE_CHIPS - 25) // SIGNATURES * SIGNATURES
    signs = fixed[:count] * fixed[3 : count + 3] * fixed[25 : count + 25]
    rows = np.array([hadamard(s, 3 * SIGNATURES, SIGNATURES) for s in range(SIGNATURES)], np.float32).T
    return signs, np.ascontiguousarray(rows[:16] * rows[3:19] * rows[25:41])


def _places(real: NDArray[np.float32], low: int, end: int, least: float) -> list[int]:
    """Where between `low` and `end` a preamble may begin: places whose chips pass the check of all codes best.

    None where that is less than `least`, by correlation, and more than chance would give.
    """
    signs, by_signature = _check()
    products = real[:-25] * real[3:-22] * real[25:]
    offsets = min(end, len(products) - len(signs) + 1) - low
    if offsets <= 0:
        return []
    sums = np.empty((offsets, SIGNATURES), np.float32)
    kernels.residue_sums(products[low:], signs, sums)
    score = np.max(np.abs(sums @ by_signature), axis=1)
    usual = math.sqrt(len(signs) * float(np.mean(products[low : low + offsets + len(signs) - 1] ** 2)))
    if least * math.sqrt(len(signs)) > CHANCE and float(np.max(score)) < least * math.sqrt(len(signs)) * usual:
        return []
    return [low + int(at) for at in np.argsort(-score)[:PLACES]]


def _decode(chips: NDArray[np.float32]) -> tuple[float, int, int]:
    """Best code of a preamble on the real axis: nats against Gaussian chips, code, signature."""
    place, fixed = _code_space()
    sums = np.zeros(SIGNATURES << 13, np.float32)
    kernels.gather(chips, place, fixed, sums)
    kernels.walsh(sums)
    at = int(np.argmax(np.abs(sums)))
    share = float(sums[at]) ** 2 / (PREAMBLE_CHIPS * float(np.sum(chips.astype(np.float64) ** 2)) + 1e-30)
    return -0.5 * PREAMBLE_CHIPS * math.log(max(1 - share, 1e-9)), at & 8191, at >> 13


def _preamble_emission(
    carrier: Carrier,
    burst: Burst,
    block: Block,
    ramp: NDArray[np.complex64],
    frequency: float,
    start: int,
    code: int,
    signature: int,
    nats: float,
) -> Emission:
    """Despread chips tell time to a fraction, carrier and level; `ramp` turns all onto one axis."""
    place, fixed = _code_space()
    signs = (1 - 2 * _parity(place & 8191 & code)) * hadamard(signature, PREAMBLE_CHIPS, SIGNATURES)
    known = (fixed * signs).astype(np.complex64)
    # The pulse's own tails pass for the code too, a chip beside: of all near places the strongest.
    near = [at for at in range(start - ECHO_CHIPS, start + ECHO_CHIPS + 1) if 0 <= at <= len(ramp) - PREAMBLE_CHIPS]
    z = carrier.z[:, near[0] : near[-1] + PREAMBLE_CHIPS] * ramp[near[0] : near[-1] + PREAMBLE_CHIPS]
    levels = np.array([np.abs(z[:, n : n + PREAMBLE_CHIPS] @ known) for n in range(len(near))])
    which, phase = np.unravel_index(int(np.argmax(levels)), levels.shape)
    start = near[int(which)]
    despread = z[phase, which : which + PREAMBLE_CHIPS] * known
    quarters = despread.reshape(32, -1).sum(axis=1)
    drift = float(np.angle(np.sum(quarters[1:] * quarters[:-1].conj()))) / 128 / (2 * np.pi)
    power = float(np.abs(np.mean(mixed(despread, drift)))) ** 2
    at = carrier.base + (start + int(phase) / kernels.PHASES - 0.5) * carrier.per_chip
    cfo = (frequency + drift) * CHIP_RATE_HZ
    details: dict[str, str | int | float] = {"preamble_code": code, "signature": signature, "score": round(nats, 1)}
    return emission(
        "umts:prach", carrier, burst, block, (at, PREAMBLE_CHIPS), power, cfo, 1 - math.exp(-nats / 10), details
    )


def _parity(values: NDArray[np.int64]) -> NDArray[np.int64]:
    for shift in (8, 4, 2, 1):
        values = values ^ values >> shift
    return values & 1
