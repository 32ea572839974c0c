"""Clear bursts, guessed and judged in one compiled pass: what is strong need not be searched for as what is weak.

    energy of a burst's length                      ► place, to some symbols
    squares of its symbols turn at twice the carrier offset; the spectrum of these has a line
                                                    ► carrier offset
    on the real axis that is left, the known sequences at each place and timing
                                                    ► sequence, place, timing

It is but a guess: the same evidence is asked for as of any other.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_fit import fit
from cellwarden.airinterface.gsm_judge import Match, Verdict, asked, convinces, enough, judged, no_line
from cellwarden.airinterface.gsm_kernels import mean, stretches
from cellwarden.airinterface.gsm_receiver import Layout
from cellwarden.airinterface.gsm_station import STATION_SLOTS, goes_on
from cellwarden.airinterface.gsm_symbols import QUARTER, Parts, equalise, filtered, limited, power, spin, turn, turning
from cellwarden.airinterface.gsm_waveform import SLOT_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.detect.kernels import VECTOR

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
ROUNDS = 3
"""In which bursts are taken out of a channel's power."""
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
def correlation(real: NDArray[np.float32], imaginary: NDArray[np.float32], lag: int, count: int) -> complex:
    """Σ x[k + lag] conj(x[k]) for k < count, of numbers given by their parts: float32, shape (n,)."""
    re = np.float32(0)
    im = np.float32(0)
    a, b, c, d = real[lag : lag + count], imaginary[lag : lag + count], real[:count], imaginary[:count]
    for k in range(len(c)):
        re += a[k] * c[k] + b[k] * d[k]
        im += b[k] * c[k] - a[k] * d[k]
    return complex(re, im)


@njit(cache=True, fastmath=True, nogil=True)
def carrier(
    timings: NDArray[np.float32], first: int, end: int, turns: NDArray[np.float64], waves: NDArray[np.float32]
) -> float:
    """Carrier of antipodal symbols, in radians a symbol: the line in the spectrum of their squares.

    timings: float32, shape (timings, 2, n), the same symbols at several timings, of which those from `first` to before
    `end` are looked at, more than LAST_LAG; turns, waves: as from `carriers`. The spectrum is that of the squares'
    autocorrelation; its phase at a lag of half the symbols, by which turns can still be counted, makes the line's
    place finer.
    """
    n = end - first
    count = -(-n // VECTOR) * VECTOR
    far, lags = n // 2, waves.shape[1] // 2
    squares = np.zeros((2, 2 * count), np.float32)  # the zeros behind them let every sum run over whole vectors
    real, imaginary = squares[0], squares[1]
    told = np.zeros(2 * lags, np.float32)
    last = 0j
    for p in range(len(timings)):
        a, b = timings[p, 0, first:end], timings[p, 1, first:end]
        for k in range(n):
            real[k] = a[k] * a[k] - b[k] * b[k]
            imaginary[k] = 2 * a[k] * b[k]
        for i in range(lags):
            one = correlation(real, imaginary, FIRST_LAG + i * NEXT_LAG, count)
            told[i] += one.real
            told[lags + i] += one.imag
        last += correlation(real, imaginary, far, count)
    strength = np.empty(len(turns), np.float32)
    for i in range(len(turns)):
        wave = waves[i]
        total = np.float32(0)
        for k in range(2 * lags):
            total += wave[k] * told[k]
        strength[i] = total
    top = min(max(int(np.argmax(strength)), 1), len(turns) - 2)
    left, middle, right = strength[top - 1], strength[top], strength[top + 1]
    bend = left - 2 * middle + right
    double = turns[top] + (0.5 * (left - right) / bend * (turns[1] - turns[0]) if bend < 0 else 0.0)
    angle = np.angle(last)
    double = (angle + 2 * np.pi * np.round((double * far - angle) / (2 * np.pi))) / far
    return double / 2


@njit(cache=True, fastmath=True, nogil=True)
def agreed(axis: NDArray[np.float32], known: NDArray[np.float32], places: int) -> tuple[float, int, int]:
    """Squared correlation coefficient of the best known sequence with numbers on one axis: (ρ², sequence, place).

    axis: float32, shape (n,), n at least `places`, in whole vectors, and a sequence more; known: ±1, shape (m, L).
    """
    length = known.shape[1]
    count = -(-places // VECTOR) * VECTOR
    energy = np.full(count, np.float32(1e-30))
    for i in range(length):
        part = axis[i : i + count]
        for k in range(count):
            energy[k] += part[k] * part[k]
    agreement = np.empty(count, np.float32)
    best = (0.0, 0, 0)
    for s in range(len(known)):
        agreement[:] = 0
        for i in range(length):
            sign, part = known[s, i], axis[i : i + count]
            for k in range(count):
                agreement[k] += sign * part[k]
        for k in range(places):
            rho = agreement[k] * agreement[k] / (energy[k] * length)
            if rho > best[0]:
                best = (float(rho), s, k)
    return best


@njit(cache=True, fastmath=True, nogil=True)
def squared(e: Parts) -> complex:
    """Sum of the squares."""
    re, im, a, b = np.float32(0), np.float32(0), e[0], e[1]
    for k in range(len(a)):
        re += a[k] * a[k] - b[k] * b[k]
        im += 2 * a[k] * b[k]
    return complex(re, im)


@njit(cache=True, fastmath=True, nogil=True)
def guess(
    y: Parts, first: float, around: int, layout: Layout, turns: NDArray[np.float64], waves: NDArray[np.float32]
) -> tuple[int, float, float]:
    """Sequence, index of symbol 0, and carrier in radians a symbol, of a burst that begins near `first`.

    first: sample index, within `around` symbols; turns, waves: as from `carriers`.
    """
    per_symbol, symbols, length = layout.per_symbol, layout.symbols, layout.known.shape[1]
    base = first - around * per_symbol
    places = 2 * around + 1
    middle, end = 2 * around, symbols  # within the burst wherever it begins
    z = np.empty((2, places + symbols - 1), np.float32)
    timings = np.empty((TIMINGS, *z.shape), np.float32)
    wave = turning(QUARTER, z.shape[1])
    for phase in range(TIMINGS):
        filtered(y, base + phase / TIMINGS * per_symbol, per_symbol, layout.table, z)
        spin(z, wave, 1.0 + 0.0j)
        equalise(z, layout.weights, timings[phase])
    offset = carrier(timings, middle, end, turns, waves)
    wave = turning(offset, z.shape[1])
    most = 0j
    timing = 0
    for phase in range(TIMINGS):
        spin(timings[phase], wave, 1.0 + 0.0j)
        line = squared(timings[phase, :, middle:end])
        if abs(line) > abs(most):
            most = line
            timing = phase
    e = timings[timing]
    angle = np.angle(most) / 2
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    axis = np.zeros(places + VECTOR + length, np.float32)
    for k in range(places + length - 1):
        axis[k] = e[0, layout.known_at + k] * cosine + e[1, layout.known_at + k] * sine
    _rho, sequence, place = agreed(axis, layout.known, places)
    return sequence, base + (place + timing / TIMINGS) * per_symbol, offset


@njit(cache=True, fastmath=True, nogil=True)
def strongest(power: NDArray[np.float32], first: int, end: int, length: int) -> int:
    """Where, from `first` to before `end`, the most power lies within a `length`."""
    most = 0.0
    for i in range(first, first + length):
        most += power[i]
    running = most
    best = first
    for i in range(first, end - length):
        running += power[i + length] - power[i]
        if running > most:
            most = running
            best = i + 1
    return best


@njit(cache=True, fastmath=True, nogil=True)
def plain(
    y: Parts,
    noise: float,
    layout: Layout,
    turns: NDArray[np.float64],
    waves: NDArray[np.float32],
    more: float,
    found: NDArray[np.void],
) -> tuple[int, bool]:
    """The normal bursts of one channel that are clear, and whether nothing else is there.

    noise: the variance that white noise would have in a sample before the channel filter; layout: of normal bursts;
    more: nats asked for on top; found: FOUND, filled from its beginning; returns how many there are.
    """
    per, freedom = layout.per_symbol, 1 / layout.channel_noise
    strength = power(y, freedom / noise)
    left = strength.copy()
    whole, slot, ramp = layout.symbols * per, SLOT_SYMBOLS * per, RAMP * per
    count = 0
    for _ in range(ROUNDS):  # what is weaker, or out of step, shows once the rest is taken away
        before = count
        doubtful = False
        told = stretches(left, freedom, per)
        for a, b in told:
            slots = max(1, int((b - a) / slot + 0.4))
            least = more + asked((b - a) / per, slots)
            if slots >= STATION_SLOTS:
                return count, False
            begin = (a + b - (slots - 1) * slot - whole) / 2
            spare = abs(b - a - (slots - 1) * slot - whole) / 2
            if spare > WIDEST_SPARE * per:  # something else lies before or after it
                if b - a < whole:
                    doubtful = True
                    continue
                slots, begin, spare = 1, float(strongest(left, a, b, int(whole))), 0.0
            for number in range(slots):
                first = begin + number * slot
                if abs(turn(y, int(max(first, 0)), int(first + whole))) * per > SKIRT:
                    continue  # of a burst on the next channel
                room = count < len(found)
                if room and _one(y, strength, first, spare, least, noise, layout, turns, waves, found[count]):
                    start = found[count].start
                    left[max(int(start - ramp), 0) : int(start + whole + ramp)] = 1
                    count += 1
                else:
                    doubtful = True
        if not len(told):
            return count, True
        if doubtful or count == before:
            break
    return count, False


@njit(cache=True, fastmath=True, nogil=True)
def _one(
    y: Parts,
    strength: NDArray[np.float32],
    first: float,
    spare: float,
    least: float,
    noise: float,
    layout: Layout,
    turns: NDArray[np.float64],
    waves: NDArray[np.float32],
    one: Any,
) -> bool:
    """Whether a clear burst begins within some symbols and `spare` samples of `first`; if so, `one` is filled in.

    least: nats of margin that it needs.
    """
    per, whole = layout.per_symbol, layout.symbols * layout.per_symbol
    ratio = mean(strength, int(first), int(first + whole))
    if ratio < CLEAR:
        return False
    low = max(int(first - spare - (AROUND + RAMP) * per), 0)
    end = int(first + whole + spare + (AROUND + RAMP) * per)
    kept = limited(y, low, end, 2 * np.sqrt(ratio * noise * layout.channel_noise))
    sequence, begins, offset = guess(kept, first - low, AROUND + int(spare / per + 1), layout, turns, waves)
    told = fit(kept, strength[low:end], begins, offset, layout.known[sequence], layout, SPAN, STEPS)
    verdict = judged(told, offset, 0.0, noise, layout)
    start = low + told.start
    if verdict.margin < least or not convinces(verdict.score, verdict.training, verdict.margin):
        return False
    if goes_on(strength, start, start + whole, per):
        return False
    if verdict.training < enough(verdict.level_db) and not no_line(kept, told.start, layout):
        return False
    one.sequence = sequence
    one.start = start
    one.turn = verdict.turn
    one.score = verdict.score
    one.training = verdict.training
    one.snr_db = verdict.snr_db
    one.level_db = verdict.level_db
    one.margin = verdict.margin
    return True


def matches(found: NDArray[np.void]) -> list[Match]:
    """What `plain` found, as any other bursts of GMSK."""
    told = (found[name].tolist() for name in ("sequence", "start", *JUDGED))
    return [
        Match("normal", sequence, start, False, Verdict(False, *v)) for sequence, start, *v in zip(*told, strict=True)
    ]
