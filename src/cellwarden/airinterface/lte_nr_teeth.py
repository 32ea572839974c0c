"""LTE's sounding signal of 24 blocks and NR's preambles of 30 kHz: one sequence, of 144 teeth or of 139.

    SRS, 24 blocks  │p│R│R│     a symbol on every other subcarrier: halves of 33 µs alike, 71.4 µs in all
    A1, 30 kHz      │p│R│R│     the same times
    C0, 30 kHz      │  p │R│    over 18 µs sooner

The sounding sequence is the preamble's, five teeth longer. They show where the band does not leak beside itself: how
far it lies beside the grid is told by how much it turns from one symbol to the next. Of all bands of 139 and of 144 the
fullest are compared, as a fade may lie where the five are. In faint ones power does not tell; what the sequence says of
the five, from the teeth beside them, does.
A piece of a preamble may be like a shorter sounding sequence, whose chirp is as steep: all of it is more like its own.

Sources: 3GPP TS 36.211 §5.5.1.1, §5.5.3; TS 38.211 §6.3.3.1.
"""

import math
from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_waveform import base_sequences, zadoff_chu
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
FAINT = 4.0
"""Power over noise of a tooth of both symbols together, below which the five are told by what they carry."""
OFF, BESIDE, DELAYS = 8, 24, 2048
"""Teeth by which a faint band may lie beside where its sequence fits; teeth that tell what to expect of those beside
them; and delays that are tried."""


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


@cache
def sounded() -> frozenset[int]:
    """Roots of the sequences of 144 teeth (TS 36.211 §5.5.1.1), told as those of preambles' spectra.

    The spectrum of a Zadoff-Chu sequence of root u is one of root -1/u.
    """
    neighbours = base_sequences(SHORT_PREAMBLE + LONGER)[:, :2]
    turns = np.angle(neighbours[:, 0] * np.conj(neighbours[:, 1])) / (2 * math.pi) * SHORT_PREAMBLE
    return frozenset(pow(-round(q), -1, SHORT_PREAMBLE) for q in turns.tolist())


def is_longer(
    values: NDArray[np.complex64],
    low: int,
    noise: float,
    sequence: NDArray[np.complexfloating] | None,
    least_nats: float = 0.0,
) -> bool:
    """Whether more than 139 teeth beside each other are filled, be it in a fade.

    values: subcarriers of one symbol or of the same one twice, on the grid, shape (1 or 2, size); low: about the first
    of the 139; noise: power of noise in a subcarrier; sequence: what the teeth from `low` on carry, shape (139,),
    if they carry that of 144; least_nats: asked of a faint one.
    """
    again = values[-1] * np.exp(-1j * np.angle(np.vdot(values[0], values[-1])))
    both, noise = (values[0] + again) / 2, noise / len(values)
    around = slice(max(0, low - NEAR - LONGER), low + SHORT_PREAMBLE + NEAR + LONGER)
    total = np.concatenate([[0.0], np.cumsum(squared(both[around]), dtype=np.float64)])
    long = SHORT_PREAMBLE + LONGER
    inside = float(np.max(total[SHORT_PREAMBLE:] - total[:-SHORT_PREAMBLE]))
    if sequence is not None and inside < (1 + FAINT) * noise * SHORT_PREAMBLE:
        return longer_nats(both, low, noise, sequence) > least_nats
    beyond = float(np.max(total[long:] - total[:-long])) - inside - LONGER * noise
    return beyond > LEAKED * (inside / SHORT_PREAMBLE - noise) + CHANCE * noise * math.sqrt(LONGER)


def longer_nats(
    teeth: NDArray[np.complexfloating], low: int, noise: float, sequence: NDArray[np.complexfloating]
) -> float:
    """Log-likelihood ratio that 144 teeth carry a sequence, against 139 of them, wherever about `low` they begin.

    A tooth y that a is expected of, against one of noise N alone: (2 Re y a* - |a|²) / N. teeth: shape (size,). A
    Zadoff-Chu sequence has a period of its length, and moved by some teeth it is itself at another delay.
    """
    k = np.arange(-OFF, SHORT_PREAMBLE + LONGER + OFF)
    inside = (low + k >= 0) & (low + k < len(teeth))
    flat = np.where(inside, teeth[np.clip(low + k, 0, len(teeth) - 1)], 0) * np.conj(sequence[k % SHORT_PREAMBLE])
    edge = OFF + LONGER
    delay = int(np.argmax(squared(scipy.fft.fft(flat[edge:-edge], DELAYS))))
    flat *= np.exp(-2j * np.pi * delay / DELAYS * k)
    sides = np.mean(flat[edge : edge + BESIDE]), np.mean(flat[-edge - BESIDE : -edge])
    expected = np.where(k < SHORT_PREAMBLE // 2, *sides)
    total = np.concatenate([[0.0], np.cumsum(2 * (flat * np.conj(expected)).real - np.abs(expected) ** 2) / noise])
    long, short = (total[n:] - total[:-n] for n in (SHORT_PREAMBLE + LONGER, SHORT_PREAMBLE))
    return float(scipy.special.logsumexp(long) - scipy.special.logsumexp(short) + math.log(len(short) / len(long)))


def preamble_nats(teeth: NDArray[np.complex64], low: int, length: int) -> float:
    """Evidence beyond chance that `length` teeth from `low` on are but a part of a preamble of 139, of whatever root.

    Of noise the part F of 139 teeth in one direction has 1 - F to the power of 138 as its tail. teeth: shape (size,).
    """
    lows = np.arange(max(0, low + length - SHORT_PREAMBLE), min(low, len(teeth) - SHORT_PREAMBLE) + 1)
    if not len(lows):
        return 0.0
    values = teeth[lows[:, None] + np.arange(SHORT_PREAMBLE)]
    tones = squared(scipy.fft.fft(values[:, :-1] * np.conj(values[:, 1:]), SHORT_PREAMBLE))[:, 1:]
    at, tone = divmod(int(np.argmax(tones)), SHORT_PREAMBLE - 1)
    matched = scipy.fft.fft(values[at] * np.conj(zadoff_chu(tone + 1, SHORT_PREAMBLE)), DELAYS)
    part = float(np.max(squared(matched))) / SHORT_PREAMBLE / max(float(np.sum(squared(values[at]))), 1e-30)
    return -(SHORT_PREAMBLE - 1) * math.log1p(-min(part, 0.999)) - math.log(SHORT_PREAMBLE**2 * len(lows))
