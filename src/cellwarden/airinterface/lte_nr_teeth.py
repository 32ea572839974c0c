"""LTE's sounding signal of 24 blocks and NR's preambles of 30 kHz: one sequence, of 144 teeth or of 139.

    SRS, 24 blocks  │p│R│R│     a symbol on every other subcarrier: halves of 33 µs alike, 71.4 µs in all
    A1, 30 kHz      │p│R│R│     the same times
    C0, 30 kHz      │  p │R│    over 18 µs sooner

The sounding sequence is the preamble's, five teeth longer. They show where the band does not leak beside itself: how
far it lies beside the grid is told by how much it turns from one symbol to the next. Of all bands of 139 and of 144 the
fullest are compared, as a fade may lie where the five are.

Sources: 3GPP TS 36.211 §5.5.1.1, §5.5.3; TS 38.211 §6.3.3.1.
"""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.nr_waveform import SHORT_PREAMBLE
from cellwarden.measure.power import squared

LONGER = 5
"""Teeth that the sounding sequence has more."""
LEAKED, CHANCE = 0.05, 3.0
"""Of what a tooth has, what lies beside a band on the grid; and standard deviations of the noise."""
SURE_TURN = 20.0
"""Of how sure a turn is, with which no other is tried: 1 is the mean of chance."""
NEAR = 12
"""Teeth by which the band may lie beside where it was found."""


def turned_by(y: NDArray[np.complex64], first: int, last: int, lag: int) -> tuple[float, float]:
    """Cycles by which samples from `first` to `last` turn within `lag`, -0.5 to 0.5, and how sure that is.

    |Σ y[n] y*[n + lag]|² over what chance gives it, 1 in the mean.
    """
    here, there = y[first : last - lag], y[first + lag : last]
    if len(here) < 2:
        return 0.0, 0.0
    whole = complex(np.vdot(here, there))
    chance = float(np.linalg.norm(here)) ** 2 * float(np.linalg.norm(there)) ** 2 / len(here)
    return math.atan2(whole.imag, whole.real) / (2 * math.pi), abs(whole) ** 2 / max(chance, 1e-30)


def fullest(y: NDArray[np.complex64], first: int, count: int, size: int) -> int:
    """Where a window of `size` begins: in the middle of a box of `count` samples, or, where that is shorter, where it
    holds most energy together with the box."""
    if count >= size:
        return min(max(0, first + (count - size) // 2), len(y) - size)
    low = max(0, first + count - size)
    total = np.concatenate([[0.0], np.cumsum(squared(y[low : first + size]), dtype=np.float64)])
    return low + int(np.argmax(total[size:] - total[:-size]))


def windows(y: NDArray[np.complex64], starts: NDArray[np.int64], ramp: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Subcarriers of the symbols that begin at `starts`, moved by a ramp: shape (starts, size), lowest first."""
    values = scipy.fft.fft(y[starts[:, None] + np.arange(len(ramp))] * ramp, axis=-1, overwrite_x=True)
    return np.asarray(values, np.complex64)


def moving(fraction: float | NDArray[np.float64], size: int, count: int | None = None) -> NDArray[np.complex64]:
    """The ramp that moves down by a fraction of a subcarrier, and the lowest of `size` to the first place.

    Shape (count,), or (fractions, count); `count` is `size` where it is not told.
    """
    cycles = np.asarray(fraction)[..., None] / size - 0.5
    return np.asarray(np.exp(-2j * np.pi * cycles * np.arange(count or size)), np.complex64)


def is_longer(values: NDArray[np.complex64], low: int, noise: float) -> bool:
    """Whether more than 139 teeth beside each other are filled, be it in a fade.

    values: subcarriers of one symbol or of the same one twice, on the grid, shape (1 or 2, size); low: about the first
    of the 139; noise: power of noise in a subcarrier.
    """
    again = values[-1] * np.exp(-1j * np.angle(np.vdot(values[0], values[-1])))
    around = slice(max(0, low - NEAR - LONGER), low + SHORT_PREAMBLE + NEAR + LONGER)
    power = squared((values[0] + again)[around] / 2)
    noise /= len(values)
    total = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    long = SHORT_PREAMBLE + LONGER
    inside = float(np.max(total[SHORT_PREAMBLE:] - total[:-SHORT_PREAMBLE]))
    beyond = float(np.max(total[long:] - total[:-long])) - inside - LONGER * noise
    return beyond > LEAKED * (inside / SHORT_PREAMBLE - noise) + CHANCE * noise * math.sqrt(LONGER)
