"""Fits one GSM burst whose sequence, place and carrier are nearly known: the second half of the recogniser's loops.

    guess ► time to a fraction of a symbol ► carrier ► what the symbols explain ► decisions, sent once more ► level

Decisions never leave these loops.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_kernels import QUARTER, equalise, matched, mean
from cellwarden.airinterface.gsm_receiver import Layout


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
def placed(
    y: NDArray[np.complex64],
    start: float,
    per_symbol: float,
    table: NDArray[np.float32],
    turn: float,
    known_at: int,
    known: NDArray[np.float32],
    out: NDArray[np.complex64],
) -> tuple[float, float]:
    """Where symbol 0 begins, to a fraction of the guess `start`: the top of the parabola through three correlations.

    Leaves the matched filter's output in `out`, a value a symbol. Returns (start, correlation with the known symbols).
    """
    strength = np.empty(3)
    part = np.empty(len(known), np.complex64)
    for _ in range(2):  # once more where the guess was far off
        for i in range(3):
            first = start + (0.25 * (i - 1) + known_at) * per_symbol
            matched(y, first, per_symbol, table, turn, part)
            total = 0j
            for k in range(len(known)):
                total += known[k] * part[k]
            strength[i] = abs(total)
        bend = strength[0] - 2 * strength[1] + strength[2]
        shift = 0.125 * (strength[0] - strength[2]) / bend if bend < 0 else 0.0
        start += per_symbol * min(max(shift, -0.25), 0.25)
        if abs(shift) < 0.125:
            break
    matched(y, start, per_symbol, table, turn, out)
    total = 0j
    for k in range(len(known)):
        total += known[k] * out[known_at + k]
    return start, abs(total)


@njit(cache=True, fastmath=True, nogil=True)
def finest_turn(
    e: NDArray[np.complex64],
    known_at: int,
    known: NDArray[np.float32],
    span: float,
    steps: int,
) -> tuple[float, complex]:
    """Carrier offset from the whole burst: the ω with the largest |Σ e² exp(-2jωk)| + 2/L |Σ_known a e exp(-jωk)|².

    e: complex64, one burst from symbol 0 on; known: float32 ±1 from symbol known_at on. Tries `steps` turns within
    ±span. Returns the turn (radians a symbol) and the phase of the known symbols there as a unit complex number.
    """
    scores = np.empty(steps)
    for s in range(steps):
        turn = span * (2.0 * s / (steps - 1) - 1.0)
        step = np.exp(-1j * turn)
        rotation = 1.0 + 0j
        squares = 0j
        coherent = 0j
        for k in range(len(e)):
            v = e[k] * rotation
            rotation = rotation * step
            i = k - known_at
            if 0 <= i < len(known):
                coherent += known[i] * v
            else:
                squares += v * v
        scores[s] = abs(squares) + 2 * abs(coherent) * abs(coherent) / len(known)
    top = int(np.argmax(scores))
    shift = 0.0
    if 0 < top < steps - 1:
        left, middle, right = scores[top - 1], scores[top], scores[top + 1]
        bend = left - 2 * middle + right
        if bend < 0:
            shift = 0.5 * (left - right) / bend
    turn = span * (2.0 * (top + shift) / (steps - 1) - 1.0)
    phase = 0j
    step = np.exp(-1j * turn)
    rotation = np.exp(-1j * turn * known_at)
    for i in range(len(known)):
        phase += known[i] * e[known_at + i] * rotation
        rotation *= step
    return turn, phase / (abs(phase) + 1e-30)


@njit(cache=True, fastmath=True, nogil=True)
def coherence(e: NDArray[np.complex64], known_at: int, length: int, turn: float, phase: complex) -> tuple[float, int]:
    """How much of the payload's power lies on the real axis: Σ Re(v²) / Σ |v|², -1 to 1, and over how many symbols."""
    real = 0.0
    power = 1e-30
    count = 0
    step = np.exp(-1j * turn)
    rotation = np.conj(phase)
    for k in range(len(e)):
        v = e[k] * rotation
        rotation *= step
        if known_at <= k < known_at + length:
            continue
        real += v.real * v.real - v.imag * v.imag
        power += v.real * v.real + v.imag * v.imag
        count += 1
    return real / power, count


@njit(cache=True, fastmath=True, nogil=True)
def explained(
    z: NDArray[np.complex64],
    known_at: int,
    known: NDArray[np.float32],
    tails: NDArray[np.int64],
    turn: float,
    phase: complex,
) -> tuple[float, float, int]:
    """How much of the known symbols' energy on the real axis is theirs: (Σ s r)² / n, Σ r², and their number n.

    z: complex64, matched symbols of one burst; known: float32 ±1, from symbol known_at on; tails: int64, symbols that
    are +1; turn: radians a symbol; phase: unit, of symbol 0.
    """
    told = 0.0
    energy = 0.0
    for i in range(len(known) + len(tails)):
        k = known_at + i if i < len(known) else tails[i - len(known)]
        r = (z[k] * np.exp(-1j * turn * k) * np.conj(phase)).real
        told += r * (known[i] if i < len(known) else 1.0)
        energy += r * r
    count = len(known) + len(tails)
    return told * told / count, energy, count


@njit(cache=True, fastmath=True, nogil=True)
def remodulated(
    z: NDArray[np.complex64],
    known_at: int,
    known: NDArray[np.float32],
    pulse: NDArray[np.float64],
    turn: float,
    phase: complex,
) -> tuple[float, float]:
    """Fit the burst with its own decisions: finer turn, and amplitude.

    With the model m of what the decisions would send, p[k] = z[k] conj(m[k]) turns by what the carrier is off; the
    phase a and turn b with the largest Σ Re(p exp(-j(a + bk))) follow from one step of Newton's method.

    z: complex64, matched filter output from symbol 0 on, turned back a quarter turn a symbol; pulse: autocorrelation
    of the pulse at whole symbols. The decisions live and die here. Returns (turn in radians a symbol, amplitude).
    """
    symbols = len(z)
    a = np.zeros(symbols + 4)
    re = np.empty(symbols)
    im = np.empty(symbols)
    amplitude = 0.0
    middle = (symbols - 1) / 2
    for _ in range(2):
        step = np.exp(-1j * turn)
        rotation = np.conj(phase)
        for k in range(symbols):
            v = z[k] * rotation
            rotation *= step
            re[k] = v.real
            im[k] = v.imag
            a[k + 2] = 1.0 if v.real >= 0 else -1.0
        a[known_at + 2 : known_at + 2 + len(known)] = known
        norm = 0.0
        s0 = 0.0
        s1 = 0.0
        s2 = 0.0
        q0 = 0.0
        q1 = 0.0
        for k in range(2, symbols - 2):
            x = a[k + 2] * pulse[0] - pulse[2] * (a[k] + a[k + 4])
            y = pulse[1] * (a[k + 3] - a[k + 1])
            along = re[k] * x + im[k] * y
            across = im[k] * x - re[k] * y
            t = k - middle
            norm += x * x + y * y
            s0 += along
            s1 += along * t
            s2 += along * t * t
            q0 += across
            q1 += across * t
        spread = s0 * s2 - s1 * s1
        if spread <= 0 or s0 <= 0:
            break
        slope = (s0 * q1 - s1 * q0) / spread
        turn += slope
        phase *= np.exp(1j * ((q0 - slope * s1) / s0 - slope * middle))
        amplitude = s0 / norm
    return turn, amplitude


@njit(cache=True, fastmath=True, nogil=True)
def fit(
    y: NDArray[np.complex64],
    power: NDArray[np.float32],
    start: float,
    turn: float,
    known: NDArray[np.float32],
    layout: Layout,
    span: float,
    steps: int,
) -> Fit:
    """All of the above for a burst that begins near `start` and turns by some `turn` radians a symbol.

    The carrier is looked for within ±span radians a symbol of that. y: complex64, shape (n,), and power: float32, as
    long; known: the sequence that it has, float32 ±1.
    """
    z = np.empty(layout.symbols, np.complex64)
    e = np.empty_like(z)
    known_at = layout.known_at
    begins, strength = placed(y, start, layout.per_symbol, layout.table, QUARTER + turn, known_at, known, z)
    equalise(z, layout.weights, e)
    more, phase = finest_turn(e, known_at, known, span, steps)
    on_axis, payload = coherence(e, known_at, len(known), more, phase)
    told, energy, count = explained(z, known_at, known, layout.tails, more, phase)
    fine, amplitude = remodulated(z, known_at, known, layout.pulse, more, phase)
    ratio = mean(power, int(begins), int(begins + layout.symbols * layout.per_symbol))
    return Fit(begins, strength, on_axis, payload, told, energy, count, fine, amplitude, ratio)
