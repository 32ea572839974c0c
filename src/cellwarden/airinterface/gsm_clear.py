"""A clear burst, guessed in one compiled pass: what is strong need not be searched for as what is weak.

    energy of a burst's length is largest here     ► place, to some symbols
    squares of its symbols turn at twice the carrier offset; the spectrum of these has a line
                                                    ► carrier offset
    on the real axis that is left, the known sequences at each place and timing
                                                    ► sequence, place, timing

It is but a guess: `gsm_match` asks for the same evidence as of any other.
"""

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_fit import Fit, fit
from cellwarden.airinterface.gsm_kernels import PHASES, limited, power, stretches, turn, window

FIRST_LAG, LAST_LAG = 3, 56
"""Symbols between squares that are compared. Neighbours are not: the pulse reaches over two symbols."""
TURNS = 121
"""Carriers tried."""
SKIRT = 0.25
"""Cycles a symbol by which a burst's power may lie off the middle of its channel; a skirt of the next one lies more."""
AROUND = 6
"""Symbols before and after the strongest stretch in which a burst may begin that stands alone."""


@njit(cache=True, fastmath=True, nogil=True)
def strongest(power: NDArray[np.float32], length: int) -> tuple[int, float, float]:
    """The stretch of `length` samples with the most power: its first index, its mean, and its largest value.

    power: float32, shape (n,), n ≥ length.
    """
    total = 0.0
    for i in range(length):
        total += power[i]
    best = total
    first = 0
    for i in range(length, len(power)):
        total += power[i] - power[i - length]
        if total > best:
            best = total
            first = i - length + 1
    peak = np.float32(0)
    for value in power[first : first + length]:
        peak = max(peak, value)
    return first, best / length, float(peak)


@lru_cache
def carriers(most: float) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Carriers to try within ±most radians a symbol: the turns of their squares, and what correlates with these.

    float64, shape (TURNS,), and float32, shape (TURNS, 2 lags): cosines, then sines.
    """
    turns = np.linspace(-2 * most, 2 * most, TURNS)
    angles = turns[:, None] * np.arange(FIRST_LAG, LAST_LAG + 1)
    return turns, np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@njit(cache=True, fastmath=True, nogil=True)
def correlation(real: NDArray[np.float32], imaginary: NDArray[np.float32], lag: int) -> complex:
    """Σ x[k + lag] conj(x[k]) of a number sequence given by its parts: float32, shape (n,)."""
    n = len(real) - lag
    re = np.float32(0)
    im = np.float32(0)
    a, b, c, d = real[lag:], imaginary[lag:], real[:n], imaginary[:n]
    for k in range(n):
        re += a[k] * c[k] + b[k] * d[k]
        im += b[k] * c[k] - a[k] * d[k]
    return complex(re, im)


@njit(cache=True, fastmath=True, nogil=True)
def carrier(e: NDArray[np.complex64], turns: NDArray[np.float64], waves: NDArray[np.float32]) -> float:
    """Carrier of antipodal symbols, in radians a symbol: the line in the spectrum of their squares.

    e: complex64, shape (timings, n), the same symbols at several timings, n > LAST_LAG; turns, waves: as from
    `carriers`. The spectrum is that of the squares' autocorrelation; its phase at a lag of two thirds of the symbols,
    by which turns can still be counted, makes the line's place finer.
    """
    timings, n = e.shape
    real = np.empty((timings, n), np.float32)
    imaginary = np.empty((timings, n), np.float32)
    for p in range(timings):
        for k in range(n):
            v = e[p, k]
            real[p, k] = v.real * v.real - v.imag * v.imag
            imaginary[p, k] = 2 * v.real * v.imag
    lags = waves.shape[1] // 2
    told = np.zeros(2 * lags, np.float32)
    for i in range(lags):
        total = 0j
        for p in range(timings):
            total += correlation(real[p], imaginary[p], FIRST_LAG + i)
        told[i] = total.real
        told[lags + i] = total.imag
    best = -np.inf
    double = 0.0
    for i in range(len(turns)):
        wave = waves[i]
        strength = np.float32(0)
        for k in range(2 * lags):
            strength += wave[k] * told[k]
        if strength > best:
            best = float(strength)
            double = float(turns[i])
    far = 2 * n // 3
    total = 0j
    for p in range(timings):
        total += correlation(real[p], imaginary[p], far)
    angle = np.angle(total)
    double = (angle + 2 * np.pi * np.round((double * far - angle) / (2 * np.pi))) / far
    return double / 2


@njit(cache=True, fastmath=True, nogil=True)
def guess(
    y: NDArray[np.complex64],
    first: float,
    around: int,
    per_symbol: float,
    table: NDArray[np.float32],
    quarter: float,
    weights: NDArray[np.complex64],
    known: NDArray[np.float32],
    known_at: int,
    symbols: int,
    turns: NDArray[np.float64],
    waves: NDArray[np.float32],
) -> tuple[int, float, float, float]:
    """Sequence, index of symbol 0, carrier in radians a symbol beyond `quarter`, and how much the training stands out.

    y: complex64, shape (n,); first: sample index near which the burst begins, within `around`
    symbols; known: float32 ±1, shape (sequences, L);
    turns, waves: as from `carriers`. The last is the normalised correlation ρ² of the known symbols, 0 to 1.
    """
    base = first - around * per_symbol
    places = 2 * around + 1
    count = places + symbols - 1
    z = np.empty((PHASES, count), np.complex64)
    e = np.empty_like(z)
    window(y, base, per_symbol, table, quarter, weights, z, e)
    middle, end = 2 * around, symbols  # within the burst wherever it begins
    offset = carrier(e[::2, middle:end], turns, waves)
    step = np.exp(-1j * offset)
    length = known.shape[1]
    axis = np.empty(places + length - 1, np.float32)
    told = np.float32(0)
    sequence = 0
    begins = base
    for phase in range(PHASES):
        total = 0j
        rotation = np.exp(-1j * offset * middle)
        for k in range(middle, end):
            v = e[phase, k] * rotation
            total += v * v
            rotation *= step
        rotation = np.exp(-1j * offset * known_at) * np.exp(-0.5j * np.angle(total))
        for k in range(len(axis)):
            v = e[phase, known_at + k] * rotation
            axis[k] = v.real
            rotation *= step
        for place in range(places):
            part = axis[place : place + length]
            energy = np.float32(1e-30)
            for value in part:
                energy += value * value
            for s in range(known.shape[0]):
                signs = known[s]
                agreement = np.float32(0)
                for i in range(length):
                    agreement += signs[i] * part[i]
                rho = agreement * agreement / (energy * length)
                if rho > told:
                    told = rho
                    sequence = s
                    begins = base + (place + phase / PHASES) * per_symbol
    return sequence, begins, offset, float(told)


@njit(cache=True, fastmath=True, nogil=True)
def alone(
    y: NDArray[np.complex64],
    scale: float,
    clear: float,
    asked: tuple[float, float, int, float, float],
    ramp: int,
    per_symbol: float,
    table: NDArray[np.float32],
    quarter: float,
    weights: NDArray[np.complex64],
    pulse: NDArray[np.float64],
    known: NDArray[np.float32],
    known_at: int,
    symbols: int,
    tails: NDArray[np.int64],
    turns: NDArray[np.float64],
    waves: NDArray[np.float32],
    span: float,
    steps: int,
) -> tuple[bool, int, float, float, Fit]:
    """Guess and fit of a burst that is clear and has nothing beside it; False where that is not what there is.

    y: complex64, samples of one channel; scale: one over their noise; clear: least power over the noise; asked: what
    `stretches` takes, by which something is beside it; ramp: samples of the burst's ramps; the rest as in `guess` and
    `fit`. Returns whether it is so, sequence, carrier in radians a symbol, ρ², and the fit.
    """
    nothing = Fit(0.0, 0.0, 0.0, 0, 0.0, 0.0, 0, 0.0, 0.0, 0.0)
    length = int(symbols * per_symbol + 0.5)
    strength = power(y, scale)
    if len(strength) < length:
        return False, 0, 0.0, 0.0, nothing
    first, ratio, _peak = strongest(strength, length)
    if ratio < clear or abs(turn(y, first, first + length)) * per_symbol > SKIRT:
        return False, 0, 0.0, 0.0, nothing
    beside = strength.copy()
    beside[max(first - ramp, 0) : first + length + ramp] = 1
    if len(stretches(beside, *asked)):
        return False, 0, 0.0, 0.0, nothing
    kept = limited(y, 2 * np.sqrt(ratio / scale))
    sequence, begins, offset, rho = guess(
        kept, first, AROUND, per_symbol, table, quarter, weights, known, known_at, symbols, turns, waves
    )
    told = fit(
        kept, strength, begins, quarter + offset, per_symbol, table, weights, pulse, symbols, known_at,
        known[sequence], tails, span, steps,
    )  # fmt: skip
    return True, sequence, offset, rho, told
