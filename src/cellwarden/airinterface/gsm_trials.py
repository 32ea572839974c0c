"""The carrier of one GSM burst, by trial: turns around a guess, of which the one that explains most is taken.

Turns lie as far below the guess as above it, so that the same products make a turn and its opposite.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_symbols import Parts
from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ
from cellwarden.compiled import fast
from cellwarden.detect.dots import crossed
from cellwarden.detect.vectors import LANES


class Trials(NamedTuple):
    """Turns that are tried either way of none, for `finest_turn`."""

    apart: float
    """Radians a symbol."""
    squares: NDArray[np.float32]
    """exp(-2j i apart k) for the i-th turn and the k-th symbol, real and imaginary parts: shape (turns, 2, symbols)."""
    known: NDArray[np.float32]
    """exp(-j i apart k) of the known symbols, counted from the first one."""


@lru_cache
def trials(span_hz: float, steps: int, symbols: int, known: int) -> Trials:
    """Of `steps` turns, an odd number, within ±span_hz, for a burst of so many symbols, some of them known."""
    apart = 2 * np.pi * 2 * span_hz / SYMBOL_RATE_HZ / (steps - 1)
    turns = np.arange(steps // 2 + 1, dtype=np.float64)
    return Trials(apart, _waves(2 * apart * turns, symbols), _waves(apart * turns, known))


def _waves(turns: NDArray[np.float64], count: int) -> NDArray[np.float32]:
    """exp(-j turn k): shape (turns, 2, n), n whole vectors of at least `count`."""
    angles = turns[:, None] * np.arange(-(-count // LANES) * LANES)
    return np.stack([np.cos(angles), -np.sin(angles)], axis=1).astype(np.float32)


@fast
def finest_turn(e: Parts, known_at: int, known: NDArray[np.float32], trials: Trials) -> float:
    """Carrier offset from the whole burst: the ω with the largest |Σ e² exp(-2jωk)| + 2/L |Σ_known a e exp(-jωk)|².

    e: one burst from symbol 0 on; known: float32 ±1 from symbol known_at on, whose squares do not count; trials: the
    turns that are tried. Returns radians a symbol.
    """
    n, length = e.shape[1], len(known)
    squares = np.zeros((4, trials.squares.shape[2]), np.float32)  # `crossed` takes four rows
    told = np.zeros((4, trials.known.shape[2]), np.float32)
    re, im, along, across = squares[0, :n], squares[1, :n], e[0], e[1]
    for k in range(n):
        re[k] = along[k] * along[k] - across[k] * across[k]
        im[k] = 2 * along[k] * across[k]
    re[known_at : known_at + length] = 0
    im[known_at : known_at + length] = 0
    for k in range(length):
        told[0, k] = known[k] * e[0, known_at + k]
        told[1, k] = known[k] * e[1, known_at + k]
    middle = len(trials.squares) - 1
    scores, s, t = np.empty(2 * middle + 1), np.empty(2 * LANES, np.float32), np.empty(2 * LANES, np.float32)
    for i in range(middle + 1):
        crossed(squares, trials.squares[i], squares.shape[1], s)
        crossed(told, trials.known[i], told.shape[1], t)
        for sign in (-1, 1):  # the opposite turn is made of the same products
            line = (s[0] - sign * s[5]) ** 2 + (s[1] + sign * s[4]) ** 2
            coherent = (t[0] - sign * t[5]) ** 2 + (t[1] + sign * t[4]) ** 2
            scores[middle + sign * i] = np.sqrt(line) + 2 * coherent / length
    top = int(np.argmax(scores))
    shift = 0.0
    if 0 < top < 2 * middle:
        left, peak, right = scores[top - 1], scores[top], scores[top + 1]
        bend = left - 2 * peak + right
        if bend < 0:
            shift = 0.5 * (left - right) / bend
    return trials.apart * (top + shift - middle)
