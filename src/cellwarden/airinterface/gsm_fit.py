"""Fits one GSM burst whose sequence, place and carrier are nearly known: the second half of the recogniser's loops.

    guess ► time to a fraction of a symbol ► carrier ► what the symbols explain ► decisions, sent once more ► level

Decisions never leave these loops.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_kernels import mean
from cellwarden.airinterface.gsm_receiver import Layout
from cellwarden.airinterface.gsm_symbols import QUARTER, Parts, equalise, filtered, spin, total, turning


class Fit(NamedTuple):
    """What the symbols of one burst tell."""

    start: float
    """Sample index of the beginning of symbol 0."""
    strength: float
    """Correlation with the known symbols, wherever their phase lies."""
    coherence: float
    payload: int
    """Part of the payload's power on the real axis, -1 to 1, and over how many symbols."""
    told: float
    energy: float
    values: int
    """As `explained` has it."""
    turn: float
    amplitude: float
    """As `remodulated` has them: turn beyond the guessed one."""
    ratio: float
    """Mean power over the noise."""


@njit(cache=True, fastmath=True, nogil=True)
def correlated(z: Parts, at: int, wave: Parts, wave_at: int, known: NDArray[np.float32]) -> complex:
    """Σ known z wave, over the length of known, ±1, from symbol `at` and wave's place `wave_at` on."""
    re, im = np.float32(0), np.float32(0)
    end, wave_end = at + len(known), wave_at + len(known)
    a, b, c, s = z[0, at:end], z[1, at:end], wave[0, wave_at:wave_end], wave[1, wave_at:wave_end]
    for k in range(len(known)):
        re += known[k] * (a[k] * c[k] - b[k] * s[k])
        im += known[k] * (a[k] * s[k] + b[k] * c[k])
    return complex(re, im)


@njit(cache=True, fastmath=True, nogil=True)
def placed(
    y: Parts,
    start: float,
    per_symbol: float,
    table: NDArray[np.float32],
    wave: Parts,
    known_at: int,
    known: NDArray[np.float32],
) -> float:
    """Where symbol 0 begins, to a fraction of the guess `start`: the top of the parabola through three correlations.

    wave: exp(-j turn k).
    """
    strength = np.empty(3)
    part = np.empty((2, len(known)), np.float32)
    for _ in range(2):  # once more where the guess was far off
        for i in range(3):
            filtered(y, start + (0.25 * (i - 1) + known_at) * per_symbol, per_symbol, table, part)
            strength[i] = abs(correlated(part, 0, wave, 0, known))
        bend = strength[0] - 2 * strength[1] + strength[2]
        shift = 0.125 * (strength[0] - strength[2]) / bend if bend < 0 else 0.0
        start += per_symbol * min(max(shift, -0.25), 0.25)
        if abs(shift) < 0.125:
            break
    return start


@njit(cache=True, fastmath=True, nogil=True)
def finest_turn(e: Parts, known_at: int, known: NDArray[np.float32], span: float, steps: int) -> float:
    """Carrier offset from the whole burst: the ω with the largest |Σ e² exp(-2jωk)| + 2/L |Σ_known a e exp(-jωk)|².

    e: one burst from symbol 0 on; known: float32 ±1 from symbol known_at on, whose squares do not count. Tries `steps`
    turns within ±span. Returns radians a symbol.
    """
    n, length = e.shape[1], len(known)
    squares, told = np.empty((2, n), np.float32), np.empty((2, length), np.float32)
    for k in range(n):
        squares[0, k] = e[0, k] * e[0, k] - e[1, k] * e[1, k]
        squares[1, k] = 2 * e[0, k] * e[1, k]
    squares[0, known_at : known_at + length] = 0
    squares[1, known_at : known_at + length] = 0
    for k in range(length):
        told[0, k] = known[k] * e[0, known_at + k]
        told[1, k] = known[k] * e[1, known_at + k]
    apart = 2 * span / (steps - 1)
    spin(squares, turning(-2 * span, n), 1.0 + 0.0j)
    spin(told, turning(-span, length), 1.0 + 0.0j)
    wide, narrow = turning(2 * apart, n), turning(apart, length)
    scores = np.empty(steps)
    for s in range(steps):
        coherent = total(told)
        scores[s] = abs(total(squares)) + 2 * (coherent * np.conj(coherent)).real / length
        spin(squares, wide, 1.0 + 0.0j)
        spin(told, narrow, 1.0 + 0.0j)
    top = int(np.argmax(scores))
    shift = 0.0
    if 0 < top < steps - 1:
        left, middle, right = scores[top - 1], scores[top], scores[top + 1]
        bend = left - 2 * middle + right
        if bend < 0:
            shift = 0.5 * (left - right) / bend
    return apart * (top + shift) - span


@njit(cache=True, fastmath=True, nogil=True)
def coherence(v: Parts, known_at: int, length: int) -> tuple[float, int]:
    """How much of the payload's power lies on the real axis: Σ Re(v²) / Σ |v|², -1 to 1, and over how many symbols."""
    along = np.float32(0)
    across = np.float32(1e-30)
    for first, end in ((0, known_at), (known_at + length, v.shape[1])):
        re, im = v[0, first:end], v[1, first:end]
        for k in range(len(re)):
            along += re[k] * re[k]
            across += im[k] * im[k]
    return float((along - across) / (along + across)), v.shape[1] - length


@njit(cache=True, fastmath=True, nogil=True)
def explained(
    r: NDArray[np.float32], known_at: int, known: NDArray[np.float32], tails: NDArray[np.int64]
) -> tuple[float, float, int]:
    """How much of the known symbols' energy on the real axis is theirs: (Σ s r)² / n, Σ r², and their number n.

    r: matched symbols of one burst on that axis; known: float32 ±1, from symbol known_at on; tails: int64, symbols
    that are +1.
    """
    told = 0.0
    energy = 0.0
    for i in range(len(known)):
        told += known[i] * r[known_at + i]
        energy += r[known_at + i] * r[known_at + i]
    for k in tails:
        told += r[k]
        energy += r[k] * r[k]
    count = len(known) + len(tails)
    return told * told / count, energy, count


@njit(cache=True, fastmath=True, nogil=True)
def remodulated(z: Parts, known_at: int, known: NDArray[np.float32], pulse: NDArray[np.float64]) -> tuple[float, float]:
    """Fit the burst with its own decisions: turn that is left, and amplitude.

    With the model m of what the decisions would send, p[k] = z[k] conj(m[k]) turns by what the carrier is off; the
    phase a and turn b with the largest Σ Re(p exp(-j(a + bk))) follow from one step of Newton's method.

    z: matched symbols from symbol 0 on, on the real axis as far as is known; they are turned further, in place. pulse:
    autocorrelation of the pulse at whole symbols. The decisions live and die here. Returns (turn in radians a symbol,
    amplitude).
    """
    n = z.shape[1]
    a = np.zeros(n + 4, np.float32)
    inner, before, after, early, late = a[4:n], a[3 : n - 1], a[5 : n + 1], a[2 : n - 2], a[6 : n + 2]
    p0, p1, p2 = np.float32(pulse[0]), np.float32(pulse[1]), np.float32(pulse[2])
    re, im = z[0, 2 : n - 2], z[1, 2 : n - 2]
    middle = np.float32((n - 1) / 2 - 2)
    turned = 0.0
    amplitude = 0.0
    for _ in range(2):
        for k in range(n):
            a[k + 2] = 1.0 if z[0, k] >= 0 else -1.0
        a[known_at + 2 : known_at + 2 + len(known)] = known
        norm = s0 = s1 = s2 = q0 = q1 = np.float32(0)
        for k in range(len(re)):
            x = inner[k] * p0 - p2 * (early[k] + late[k])
            y = p1 * (after[k] - before[k])
            along = re[k] * x + im[k] * y
            across = im[k] * x - re[k] * y
            t = np.float32(k) - middle
            norm += x * x + y * y
            s0 += along
            s1 += along * t
            s2 += along * t * t
            q0 += across
            q1 += across * t
        spread = s0 * s2 - s1 * s1
        if spread <= 0 or s0 <= 0:
            break
        slope = float((s0 * q1 - s1 * q0) / spread)
        turned += slope
        amplitude = float(s0 / norm)
        spin(z, turning(slope, n), np.exp(1j * ((q0 - slope * s1) / s0 - slope * (n - 1) / 2)))
    return turned, amplitude


@njit(cache=True, fastmath=True, nogil=True)
def read(
    z: Parts, e: Parts, start: float, turn: float, ratio: float, known: NDArray[np.float32], layout: Layout
) -> Fit:
    """What the symbols of a burst tell, as matched (z) and as equalised (e), once they are turned back by `turn`.

    start: of symbol 0; ratio: mean power over the noise; known: the sequence that it has, float32 ±1.
    """
    known_at = layout.known_at
    wave = turning(turn, z.shape[1])
    phase = correlated(e, known_at, wave, known_at, known)
    strength = abs(correlated(z, known_at, wave, known_at, known))
    phase /= abs(phase) + 1e-30
    spin(e, wave, phase)
    spin(z, wave, phase)
    on_axis, payload = coherence(e, known_at, len(known))
    told, energy, count = explained(z[0], known_at, known, layout.tails)
    fine, amplitude = remodulated(z, known_at, known, layout.pulse)
    return Fit(start, strength, on_axis, payload, told, energy, count, turn + fine, amplitude, ratio)


@njit(cache=True, fastmath=True, nogil=True)
def fit(
    y: Parts,
    power: NDArray[np.float32],
    start: float,
    turn: float,
    known: NDArray[np.float32],
    layout: Layout,
    span: float,
    steps: int,
) -> Fit:
    """All of the above for a burst that begins near `start` and turns by some `turn` radians a symbol.

    The carrier is looked for within ±span radians a symbol of that. power: float32, as long as y; known: the sequence
    that it has, float32 ±1.
    """
    symbols = layout.symbols
    wave = turning(QUARTER + turn, symbols)
    begins = placed(y, start, layout.per_symbol, layout.table, wave, layout.known_at, known)
    z = np.empty((2, symbols), np.float32)
    e = np.empty_like(z)
    filtered(y, begins, layout.per_symbol, layout.table, z)
    spin(z, wave, 1.0 + 0.0j)
    equalise(z, layout.weights, e)
    more = finest_turn(e, layout.known_at, known, span, steps)
    ratio = mean(power, int(begins), int(begins + symbols * layout.per_symbol))
    return read(z, e, begins, more, ratio, known, layout)
