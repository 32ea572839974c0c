"""Clear bursts, guessed and judged in one compiled pass: what is strong need not be searched for as what is weak.

    energy of a burst's length                      ► place, to some symbols
    squares of its symbols turn at twice the carrier offset; the spectrum of these has a line
                                                    ► carrier offset
    on the real axis that is left, the known sequences at each place and timing
                                                    ► sequence, place, timing

It is but a guess: the same evidence is asked for as of any other.
"""

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_fit import fit
from cellwarden.airinterface.gsm_judge import Match, Verdict, convinces, enough, judged
from cellwarden.airinterface.gsm_kernels import QUARTER, limited, mean, power, stretches, turn, window
from cellwarden.airinterface.gsm_receiver import Layout
from cellwarden.airinterface.gsm_station import STATION_SLOTS, goes_on
from cellwarden.airinterface.gsm_waveform import SLOT_SYMBOLS, SYMBOL_RATE_HZ

CFO_HZ = 25_000.0
"""Largest carrier offset tried, either way: 20 ppm of 900 MHz, and the error of a weak box's middle."""
TIMINGS = 2
"""Timing hypotheses a symbol: enough for what is clear."""
FIRST_LAG, LAST_LAG, NEXT_LAG = 3, 55, 2
"""Symbols between squares that are compared. Neighbours are not: the pulse reaches over two symbols."""
TURNS = 61
"""Carriers tried."""
SKIRT = 80e3 / SYMBOL_RATE_HZ
"""Cycles a symbol by which a burst's power may lie off the middle of its channel; a skirt of the next one lies more."""
AROUND = 6
"""Symbols before and after the strongest stretch in which a burst may begin that stands alone."""
WIDEST_SPARE = 16.0
"""Symbols by which the edges of a clear burst may err and it is still guessed from where its middle is."""
RAMP = 4.0
"""Symbols before and after a burst that its ramps and the channel filter fill."""
CLEAR = 2.0
"""Least power over the noise, some 1 dB of SNR: what is weaker does not pass for clear."""
SPAN, STEPS = 2 * np.pi * 600 / SYMBOL_RATE_HZ, 7
"""Radians a symbol either way of a guessed carrier in which it is looked for, and in how many steps."""
MOST_CLEAR = 16
"""Bursts found in one channel at once; a stretch of more slots may be a base station's."""
JUDGED = ("score", "training", "turn", "snr_db", "level_db", "margin")
FOUND = np.dtype(
    [("box", "i8"), ("carrier_hz", "f8"), ("density", "f8"), ("sequence", "i8"), ("start", "f8")]
    + [(name, "f8") for name in JUDGED]
)
"""A burst that was found: the box it lies in, its channel's middle and noise, where it begins, what was judged."""


@lru_cache
def carriers() -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Carriers to try within ±CFO_HZ: by how much their squares turn in a symbol, and what correlates with these.

    float64, shape (TURNS,), and float32, shape (TURNS, 2 lags): cosines, then sines.
    """
    most = 2 * np.pi * CFO_HZ / SYMBOL_RATE_HZ
    turns = np.linspace(-2 * most, 2 * most, TURNS)
    angles = turns[:, None] * np.arange(FIRST_LAG, LAST_LAG + 1, NEXT_LAG)
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
            total += correlation(real[p], imaginary[p], FIRST_LAG + i * NEXT_LAG)
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
    layout: Layout,
    turns: NDArray[np.float64],
    waves: NDArray[np.float32],
) -> tuple[int, float, float]:
    """Sequence, index of symbol 0, and carrier in radians a symbol, of a burst that begins near `first`.

    y: complex64, shape (n,); first: sample index, within `around` symbols; turns, waves: as from `carriers`.
    """
    per_symbol, known, symbols = layout.per_symbol, layout.known, layout.symbols
    base = first - around * per_symbol
    places = 2 * around + 1
    count = places + symbols - 1
    z = np.empty((TIMINGS, count), np.complex64)
    e = np.empty_like(z)
    window(y, base, per_symbol, layout.table, QUARTER, layout.weights, z, e)
    middle, end = 2 * around, symbols  # within the burst wherever it begins
    offset = carrier(e[:, middle:end], turns, waves)
    step = np.exp(-1j * offset)
    length = known.shape[1]
    axis = np.empty(places + length - 1, np.float32)
    told = np.float32(0)
    sequence = 0
    begins = base
    for phase in range(TIMINGS):
        total = 0j
        rotation = np.exp(-1j * offset * middle)
        for k in range(middle, end):
            v = e[phase, k] * rotation
            total += v * v
            rotation *= step
        rotation = np.exp(-1j * offset * layout.known_at) * np.exp(-0.5j * np.angle(total))
        for k in range(len(axis)):
            v = e[phase, layout.known_at + k] * rotation
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
                    begins = base + (place + phase / TIMINGS) * per_symbol
    return sequence, begins, offset


@njit(cache=True, fastmath=True, nogil=True)
def plain(
    y: NDArray[np.complex64],
    noise: float,
    layout: Layout,
    turns: NDArray[np.float64],
    waves: NDArray[np.float32],
    found: NDArray[np.void],
) -> tuple[int, bool]:
    """The normal bursts of one channel that are clear, and whether nothing else is there.

    y: complex64, shape (n,); noise: the variance that white noise would have in a sample before the channel filter;
    layout: of normal bursts; found: FOUND, filled from its beginning; returns how many there are.
    """
    per, symbols = layout.per_symbol, layout.symbols
    strength = power(y, 1 / (noise * layout.channel_noise))
    left = strength.copy()
    whole, slot, ramp = symbols * per, SLOT_SYMBOLS * per, RAMP * per
    count = 0
    explained = True
    for a, b in stretches(strength, 1 / layout.channel_noise, per):
        slots = max(1, int((b - a) / slot + 0.4))
        spare = abs(b - a - (slots - 1) * slot - whole) / 2
        if slots >= STATION_SLOTS or spare > WIDEST_SPARE * per:
            return count, False
        for number in range(slots):
            first = (a + b - (slots - 1) * slot - whole) / 2 + number * slot
            ratio = mean(strength, int(first), int(first + whole))
            if abs(turn(y, int(max(first, 0)), int(first + whole))) * per > SKIRT:
                continue  # of a burst on the next channel
            if ratio < CLEAR or count == len(found):
                explained = False
                continue
            low = max(int(first - spare - AROUND * per - ramp), 0)
            limit = 2 * np.sqrt(ratio * noise * layout.channel_noise)
            kept = limited(y[low : int(first + whole + spare + AROUND * per + ramp)], limit)
            beside = strength[low : low + len(kept)]
            sequence, begins, offset = guess(kept, first - low, AROUND + int(spare / per + 1), layout, turns, waves)
            told = fit(kept, beside, begins, offset, layout.known[sequence], layout, SPAN, STEPS)
            verdict = judged(told, offset, 0.0, noise, layout)
            sure = convinces(verdict.score, verdict.training, verdict.margin)
            start = low + told.start
            if not sure or verdict.training < enough(verdict.level_db) or goes_on(strength, start, start + whole, per):
                explained = False
                continue
            one = found[count]
            one.sequence = sequence
            one.start = start
            one.turn = verdict.turn
            one.score = verdict.score
            one.training = verdict.training
            one.snr_db = verdict.snr_db
            one.level_db = verdict.level_db
            one.margin = verdict.margin
            count += 1
            left[max(int(start - ramp), 0) : int(start + whole + ramp)] = 1
    return count, explained and not len(stretches(left, 1 / layout.channel_noise, per))


def matches(found: NDArray[np.void]) -> list[Match]:
    """What `plain` found, as any other bursts of GMSK."""
    told = (found[name].tolist() for name in ("sequence", "start", *JUDGED))
    return [
        Match("normal", sequence, start, False, Verdict(False, *v)) for sequence, start, *v in zip(*told, strict=True)
    ]
