"""Carrier and timing of a GMSK burst at once, from the two lines in the spectrum of its squared samples.

    y     ~  ±e^{jφ} at each symbol's middle, a quarter of a turn on from symbol to symbol
    y²    ~  e^{2jφ} cos(π (t - c)/T), c the middle of a symbol: what was sent squares away

              2f - 1/2T           2f            2f + 1/2T
                  │                                 │
    ──────────────┴─────────────────────────────────┴──────────────
     their sum tells carrier and phase, their difference the timing

Of GMSK with BT = 0.3 each line has a sixth of the power. What is looked for is the largest product of the two, so that
one alone, a tone's or a neighbour's, does not win.

Source: 3GPP TS 45.004 §2; R. de Buda, "Coherent demodulation of frequency-shift keying with low deviation ratio", 1972.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_symbols import Parts, line_power
from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ
from cellwarden.compiled import fast
from cellwarden.detect.dots import crossed

CFO_HZ = 25_000.0
"""Largest carrier offset tried, either way: 20 ppm of 900 MHz, and the error of a weak box's middle."""
BLOCKS = 64
"""Sums of squares that are transformed, of two symbols each or a little less: 127 symbols at most."""


class Waves(NamedTuple):
    """What squares are correlated with, at a number of samples a symbol."""

    halves: Parts
    """Half a turn a symbol back, shape (2, BLOCKS · block length); the middle is turned by nothing."""
    turns: NDArray[np.float32]
    """Cosines and sines, shape (turns, 2, BLOCKS); the i-th turns by i / 2 BLOCKS in a block, its middle by nothing."""


@lru_cache
def waves(per_symbol: float) -> Waves:
    """The table for `lines`. Twice the largest carrier offset turns less than half a turn in a block."""
    length = max(1, int(2 * per_symbol))
    count = BLOCKS * length
    halves = np.exp(-1j * np.pi / per_symbol * (np.arange(count) - (count - 1) / 2))
    most = 2 * CFO_HZ / SYMBOL_RATE_HZ / per_symbol * length * 2 * BLOCKS
    turns = np.arange(int(np.ceil(most / 2)) * 2 + 2) / (2 * BLOCKS)
    angles = 2 * np.pi * turns[:, None] * (np.arange(BLOCKS) - (BLOCKS - 1) / 2)
    return Waves(
        np.stack([halves.real, halves.imag]).astype(np.float32),
        np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32),
    )


@fast
def sums(y: Parts, first: int, end: int, halves: Parts) -> Parts:
    """Squares in the middle of samples `first` to before `end`, turned back and on by half a turn a symbol, summed in
    BLOCKS blocks.

    halves: as in `Waves`. Returns float32, shape (4, BLOCKS): real and imaginary parts of those turned back, where the
    upper line lies around zero, and of those turned on.
    """
    count = halves.shape[1]
    begin = (first + end - count) // 2
    low = min(max(0, max(first, 0) - begin), count)
    high = max(low, min(count, min(end, y.shape[1]) - begin))
    turned = np.zeros((4, count), np.float32)  # outside, there is nothing
    a, b, c, d = turned[0, low:high], turned[1, low:high], turned[2, low:high], turned[3, low:high]
    re, im = y[0, begin + low : begin + high], y[1, begin + low : begin + high]
    cosine, sine = halves[0, low:high], halves[1, low:high]
    for n in range(len(a)):
        x, z = re[n] * re[n] - im[n] * im[n], 2 * re[n] * im[n]
        a[n] = x * cosine[n] - z * sine[n]
        b[n] = z * cosine[n] + x * sine[n]
        c[n] = x * cosine[n] + z * sine[n]
        d[n] = z * cosine[n] - x * sine[n]
    made = np.empty((4, BLOCKS), np.float32)
    length = count // BLOCKS
    for i in range(4):
        part, to = turned[i], made[i]
        for k in range(BLOCKS):
            to[k] = part[k * length]
        for n in range(1, length):
            for k in range(BLOCKS):
                to[k] += part[k * length + n]
    return made


@fast
def pairs(s: Parts, wave: Parts, made: NDArray[np.float32]) -> tuple[complex, complex, complex, complex]:
    """The upper and the lower line on one turn, then on its opposite: Σ s conj(w), and Σ s w.

    s: as from `sums`; wave: shape (2, BLOCKS); made: float32, shape (8,), of no use afterwards.
    """
    crossed(s, wave, s.shape[1], made)
    ac, bc, cc, dc, az, bz, cz, dz = made[0], made[1], made[2], made[3], made[4], made[5], made[6], made[7]
    return complex(ac + bz, bc - az), complex(cc + dz, dc - cz), complex(ac - bz, bc + az), complex(cc - dz, dc + cz)


@fast
def lines(y: Parts, first: int, end: int, per_symbol: float, waves: Waves) -> tuple[float, float]:
    """Carrier in radians a symbol, and a sample at which the middle of a symbol lies.

    first, end: of the samples that are looked at, all of them within a burst; waves: as from `waves`.
    """
    s = sums(y, first, end, waves.halves)
    zero = len(waves.turns) - 1
    room = np.empty(8, np.float32)
    strength = np.zeros(2 * zero + 1)
    for i in range(0, zero, 2):
        _weigh(s, waves.turns[i], room, strength, zero, i)
    top = abs(int(np.argmax(strength)) - zero)
    for i in (abs(top - 1), top + 1):
        _weigh(s, waves.turns[i], room, strength, zero, i)
    top = min(max(int(np.argmax(strength)), 1), 2 * zero - 1)
    left, middle, right = strength[top - 1], strength[top], strength[top + 1]
    bend = left - 2 * middle + right
    shift = min(max(0.5 * (left - right) / bend, -0.5), 0.5) if bend < 0 else 0.0
    up, low, back_up, back_low = pairs(s, waves.turns[abs(top - zero)], room)
    both = up * np.conj(low) if top >= zero else back_up * np.conj(back_low)
    count = waves.halves.shape[1]
    turn = np.pi * (top + shift - zero) / (2 * count) * per_symbol
    return turn, (first + end - count) // 2 + (count - 1) / 2 - np.angle(both) / (2 * np.pi) * per_symbol


@fast
def _weigh(s: Parts, wave: Parts, room: NDArray[np.float32], strength: NDArray[np.float64], zero: int, i: int) -> None:
    """The geometric mean of both lines' power on the i-th turn and on its opposite."""
    up, low, back_up, back_low = pairs(s, wave, room)
    strength[zero + i] = np.sqrt(line_power(up) * line_power(low))
    strength[zero - i] = np.sqrt(line_power(back_up) * line_power(back_low))
