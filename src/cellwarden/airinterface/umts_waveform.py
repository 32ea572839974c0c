"""What a UMTS phone sends (FDD uplink): codes, spreading, pulse, straight from the standard.

    preamble, 4096 chips (TS 25.211 §5.2.2.1, TS 25.213 §4.3.3)      dedicated channel, slots of 2560 chips (§5.2.1)
    | 16-chip signature, 256 times | × scrambling × e^{j(π/4+πk/2)}     I: data, code C(SF, SF/4)
    each chip is ±1 on an axis that turns by 90°                        Q: control, code C(256, 0)
                                                                        × c1(k) (1 + j(-1)^k c2(2⌊k/2⌋))

The last line, hybrid phase shift keying, makes the two chips of a pair differ by exactly ±90° whatever is sent, since
data codes of even spreading factor ≥ 4 give both the same value; between pairs any quarter turn may be. Chips are
shaped by a root raised cosine of roll-off 0.22 (TS 25.101 §6.8.1). The long scrambling codes (TS 25.213 §4.3.2.2) are
Gold codes of x: X^25 + X^3 + 1, whose beginning is the code's number, and y: X^25 + X^3 + X^2 + X + 1, all ones.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

CHIP_RATE_HZ = 3.84e6
ROLL_OFF = 0.22
BANDWIDTH_HZ = CHIP_RATE_HZ * (1 + ROLL_OFF)
RASTER_HZ = 200e3
SLOT_CHIPS = 2560
PREAMBLE_CHIPS = 4096
SIGNATURES = 16
SECOND_SHIFT = 16_777_232
"""By which the second long sequence comes after the first, in chips."""
X_TAPS, Y_TAPS = (0, 3), (0, 1, 2, 3)
REGISTER = 25
PRIMARY_A = (1, 1, 1, 1, 1, 1, -1, -1, 1, -1, 1, -1, 1, -1, -1, 1)
"""Primary synchronisation code: this, sixteen times, with the signs below (TS 25.213 §5.2.3.1)."""
PRIMARY_SIGNS = (1, 1, 1, -1, -1, 1, -1, -1, 1, 1, 1, -1, 1, -1, 1, 1)
PULSE_REACH = 8
"""Chips either way to which the generator's pulse extends."""


def shift_register(seed: int, taps: tuple[int, ...], count: int) -> NDArray[np.uint8]:
    """Bits of a register of 25 whose bit i + 25 is the sum of bits i + tap: uint8, shape (count,)."""
    bits = np.zeros(max(count, REGISTER), np.uint8)
    bits[:REGISTER] = [seed >> i & 1 for i in range(REGISTER)]
    done, stride = REGISTER, 1
    while done < count:
        # Squared, a polynomial over two elements is itself with each power doubled: its sums hold at strides 1, 2, 4, …
        while 2 * stride * REGISTER <= done:
            stride *= 2
        end = min(done + (REGISTER - max(taps)) * stride, count)
        for tap in taps:
            back = (REGISTER - tap) * stride
            bits[done:end] ^= bits[done - back : end - back]
        done = end
    return bits[:count]


@lru_cache(maxsize=8)
def shift_mask(shift: int, taps: tuple[int, ...]) -> int:
    """Which of 25 consecutive bits add up to the bit `shift` later: X^shift modulo the register's polynomial."""
    polynomial = 1 << REGISTER | sum(1 << tap for tap in taps)

    def times(a: int, b: int) -> int:
        product = 0
        while b:
            if b & 1:
                product ^= a
            b >>= 1
            a <<= 1
            if a >> REGISTER:
                a ^= polynomial
        return product

    power, square = 1, 2
    while shift:
        if shift & 1:
            power = times(power, square)
        square = times(square, square)
        shift >>= 1
    return power


def shift_masks(count: int, taps: tuple[int, ...]) -> list[int]:
    """`shift_mask` of 0, 1, … count - 1, each from the one before."""
    polynomial = 1 << REGISTER | sum(1 << tap for tap in taps)
    masks = [1]
    while len(masks) < count:
        moved = masks[-1] << 1
        masks.append(moved ^ polynomial if moved >> REGISTER else moved)
    return masks[:count]


def _shifted(bits: NDArray[np.uint8], mask: int, count: int) -> NDArray[np.uint8]:
    parts = [bits[i : i + count] for i in range(REGISTER) if mask >> i & 1]
    return np.bitwise_xor.reduce(np.array(parts, np.uint8))


@lru_cache(8)
def long_codes(number: int, count: int) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """The two long sequences of scrambling code `number` (24 bits), as ±1: int8, shape (count,) each."""
    x = shift_register(1 << 24 | number, X_TAPS, count + REGISTER)
    y = shift_register((1 << REGISTER) - 1, Y_TAPS, count + REGISTER)
    first = x[:count] ^ y[:count]
    second = _shifted(x, shift_mask(SECOND_SHIFT, X_TAPS), count) ^ _shifted(y, shift_mask(SECOND_SHIFT, Y_TAPS), count)
    return (1 - 2 * first.astype(np.int8)), (1 - 2 * second.astype(np.int8))


def hadamard(number: int, count: int, size: int) -> NDArray[np.int8]:
    """Row `number` of the Hadamard matrix of `size` rows, repeated to `count` chips: the preamble's signatures."""
    row = np.array([1 - 2 * ((number & k).bit_count() & 1) for k in range(size)], np.int8)
    return np.resize(row, count)


def channelisation(factor: int, number: int) -> NDArray[np.int8]:
    """Code C(factor, number) of the tree of orthogonal codes (TS 25.213 §4.3.1.1): int8, shape (factor,)."""
    code = np.ones(1, np.int8)
    for level in reversed(range(factor.bit_length() - 1)):
        code = np.concatenate([code, -code if number >> level & 1 else code])
    return code


def preamble_chips(code: int, signature: int) -> NDArray[np.complex128]:
    """The 4096 chips of a preamble, of magnitude 1."""
    k = np.arange(PREAMBLE_CHIPS)
    signs = long_codes(code, PREAMBLE_CHIPS)[0] * hadamard(signature, PREAMBLE_CHIPS, SIGNATURES)
    return np.asarray(signs * np.exp(1j * (np.pi / 4 + np.pi / 2 * k)))


def dedicated_chips(
    number: int, slots: int, rng: np.random.Generator, *, factor: int = 64, data: int = 15, control: int = 10
) -> NDArray[np.complex128]:
    """Chips of a dedicated channel with random data, mean power 1; `data` and `control` are the gains in fifteenths."""
    count = slots * SLOT_CHIPS
    inphase = np.repeat(rng.choice([-1, 1], count // factor), factor) * np.tile(
        channelisation(factor, factor // 4), count // factor
    )
    quadrature = np.repeat(rng.choice([-1, 1], count // 256), 256)
    first, second = long_codes(number, count)
    k = np.arange(count)
    scrambling = first * (1 + 1j * (1 - 2 * (k & 1)) * second[k & ~1])
    return np.asarray((data * inphase + 1j * control * quadrature) * scrambling / math.sqrt(2 * (data**2 + control**2)))


def primary_synchronisation() -> NDArray[np.complex128]:
    """The base stations' primary synchronisation code: 256 chips of magnitude 1."""
    return np.asarray(np.kron(PRIMARY_SIGNS, PRIMARY_A) * (1 + 1j) / math.sqrt(2))


def downlink_chips(slots: int, rng: np.random.Generator, *, synchronisation: float = 0.1) -> NDArray[np.complex128]:
    """A base station's carrier: Gaussian sum of many users, and the primary code at the start of each slot."""
    count = slots * SLOT_CHIPS
    users = rng.normal(size=(count, 2)).view(np.complex128)[:, 0] * math.sqrt((1 - synchronisation) / 2)
    for slot in range(slots):
        users[slot * SLOT_CHIPS : slot * SLOT_CHIPS + 256] += math.sqrt(synchronisation) * primary_synchronisation()
    return users


def root_raised_cosine(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pulse at times `t` in chips, of unit energy a chip (TS 25.101 §6.8.1)."""
    a = ROLL_OFF
    t = np.where(np.abs(t) < 1e-8, 1e-8, t)
    t = np.where(np.abs(np.abs(t) - 1 / (4 * a)) < 1e-8, 1 / (4 * a) + 1e-7, t)
    over = np.pi * t * (1 - (4 * a * t) ** 2)
    return np.asarray((np.sin(np.pi * t * (1 - a)) + 4 * a * t * np.cos(np.pi * t * (1 + a))) / over)


def generate(
    chips: NDArray[np.complex128], *, rate_hz: float, carrier_offset_hz: float = 0.0, delay_samples: float = 0.0
) -> tuple[NDArray[np.complex64], float]:
    """Shape chips of mean power 1 into samples of mean power 1.

    Returns complex64 samples, shape (n,), and the index of the beginning of chip 0, half a chip before its pulse's
    peak.
    """
    per_chip = rate_hz / CHIP_RATE_HZ
    start = math.ceil(PULSE_REACH * per_chip) + 1 + delay_samples
    count = math.ceil(start + (len(chips) + PULSE_REACH) * per_chip) + 1
    t = (np.arange(count) - start) / per_chip - 0.5
    wave = np.zeros(count, np.complex128)
    nearest = np.round(t).astype(int)
    for shift in range(-PULSE_REACH, PULSE_REACH + 1):
        k = nearest + shift
        inside = (k >= 0) & (k < len(chips))
        wave += np.where(inside, chips[np.clip(k, 0, len(chips) - 1)], 0) * root_raised_cosine(t - k)
    wave *= np.exp(2j * np.pi * carrier_offset_hz / rate_hz * np.arange(count))
    return wave.astype(np.complex64), start
