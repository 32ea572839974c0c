"""Fits one GSM burst whose sequence, place and carrier are nearly known: the second half of the recogniser's loops.

    guess ► time to a fraction of a symbol ► carrier ► what the symbols explain ► decisions, sent once more ► level

Decisions never leave these loops.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_kernels import mean
from cellwarden.airinterface.gsm_receiver import Layout
from cellwarden.airinterface.gsm_symbols import QUARTER, Parts, equalise, filtered, spin, turning
from cellwarden.airinterface.gsm_trials import Trials, finest_turn
from cellwarden.compiled import fast, put


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


@fast
def correlated(z: Parts, at: int, wave: Parts, wave_at: int, known: NDArray[np.float32]) -> complex:
    """Σ known z wave, over the length of known, ±1, from symbol `at` and wave's place `wave_at` on."""
    re, im = np.float32(0), np.float32(0)
    end, wave_end = at + len(known), wave_at + len(known)
    a, b, c, s = z[0, at:end], z[1, at:end], wave[0, wave_at:wave_end], wave[1, wave_at:wave_end]
    for k in range(len(known)):
        re += known[k] * (a[k] * c[k] - b[k] * s[k])
        im += known[k] * (a[k] * s[k] + b[k] * c[k])
    return complex(re, im)


@fast
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


@fast
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


@fast
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


@fast
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
        put(a[known_at + 2 : known_at + 2 + len(known)], known)
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


@fast
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


@fast
def fit(
    y: Parts,
    power: NDArray[np.float32],
    start: float,
    turn: float,
    known: NDArray[np.float32],
    layout: Layout,
    trials: Trials,
) -> Fit:
    """All of the above for a burst that begins near `start` and turns by some `turn` radians a symbol.

    The carrier is looked for around that, by the trials. power: float32, as long as y; known: the sequence that it has,
    float32 ±1.
    """
    symbols = layout.symbols
    wave = turning(QUARTER + turn, symbols)
    begins = placed(y, start, layout.per_symbol, layout.table, wave, layout.known_at, known)
    z = np.empty((2, symbols), np.float32)
    e = np.empty_like(z)
    filtered(y, begins, layout.per_symbol, layout.table, z)
    spin(z, wave, 1.0 + 0.0j)
    equalise(z, layout.weights, e)
    more = finest_turn(e, layout.known_at, known, trials)
    ratio = mean(power, int(begins), int(begins + symbols * layout.per_symbol))
    return read(z, e, begins, more, ratio, known, layout)
