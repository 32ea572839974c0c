"""A burst that was named, sent once more and taken out of what was heard.

What a strong burst sends is known as soon as its symbols are decided. Its modulation is made anew and comes through a
short filter, fitted by least squares, for its echoes, its phase, and the error of its timing.

Decisions live and die here. Source: TS 45.004 §2 (modulation).
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_receiver import FILTER_HZ, FILTER_SYMBOLS, Layout, layout, receiver
from cellwarden.airinterface.gsm_symbols import QUARTER, Parts, equalise, filtered, spin, turning
from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ, frequency_pulse_integral
from cellwarden.compiled import fast, put
from cellwarden.detect.dots import picked
from cellwarden.detect.filters import low_pass_taps
from cellwarden.detect.kernels import padded, phasors

LEAST_WIDE_HZ = 1e6
"""Samples a second at which a channel and both beside it are whole."""
WIDE_HZ = 900e3
WIDE_TAPS = 7
"""Filter before those samples: its width, and its length in samples that are kept."""
RAMP = 6.0
"""Symbols before and after a named burst that are its own."""
TAPS = 5
"""Of the filter that a burst is held to have come through."""
RIDGE = 1e-4
"""Added to the diagonal of its equations, as a part of it: neighbouring samples of one burst are much alike."""
FINE = 64
"""Places in a symbol at which the phase pulse is tabled."""
REACH = 3
"""Symbols either way in which a symbol's phase pulse rises."""
CIRCLE = 1024
"""Angles at which cosines are tabled."""


class Wide(NamedTuple):
    """How three channels are heard at once, and then one of them."""

    taps: NDArray[np.float32]
    step: int
    channel_taps: NDArray[np.float32]
    channel_step: int
    per_symbol: float
    """Wide samples a symbol."""
    form: Layout
    """Of a channel cut out of the wide samples."""


@lru_cache
def wide(rate_hz: float) -> Wide:
    """For a sample rate: the steps multiply to that of `gsm_receiver`, so that what follows is the same."""
    whole = receiver(rate_hz).step
    steps = [s for s in range(1, whole + 1) if whole % s == 0 and rate_hz / s >= LEAST_WIDE_HZ]
    step = max(steps, default=1)
    made, again = rate_hz / step, whole // step
    taps = low_pass_taps(WIDE_TAPS * step | 1, WIDE_HZ / rate_hz / 2) if rate_hz > 1.2 * WIDE_HZ else np.ones(1)
    channel = padded(low_pass_taps(int(FILTER_SYMBOLS * made / SYMBOL_RATE_HZ) | 1, FILTER_HZ / made / 2).astype("f4"))
    noise = again * float(np.sum(channel.astype(np.float64) ** 2))
    form = layout("normal", rate_hz)._replace(channel_noise=noise)
    return Wide(padded(taps.astype(np.float32)), step, channel, again, made / SYMBOL_RATE_HZ, form)


@lru_cache
def tables() -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """What 2 REACH symbols add to the phase, and cosine and sine around (2, CIRCLE).

    The first has a row for each way in which they may turn, the last of them being the lowest bit, and a column for
    each place in a symbol: shape (2^(2 REACH), FINE + 1), in quarters of a turn.
    """
    rise = frequency_pulse_integral(np.arange(-REACH * FINE, REACH * FINE + 1) / FINE)
    ways = 1.0 - 2.0 * (np.arange(1 << 2 * REACH)[:, None] >> np.arange(2 * REACH)[::-1] & 1)
    later = np.arange(2 * REACH - 1, -1, -1)[:, None] * FINE + np.arange(FINE + 1)
    angle = 2 * np.pi * np.arange(CIRCLE) / CIRCLE
    return ways @ rise[later], np.array([np.cos(angle), np.sin(angle)], np.float32)


@fast
def take_out(
    heard: NDArray[np.complex64],
    start: float,
    other: Any,
    carrier_hz: float,
    how: Wide,
    rise: NDArray[np.float64],
    circle: NDArray[np.float32],
) -> None:
    """Take a named burst out of the wide samples around a channel at `carrier_hz`. start: of it, in these samples.

    What lies outside of the samples is not needed; where little of it is inside, it is left alone.
    """
    form, per = how.form, how.per_symbol
    low, high = max(0, math.ceil(start)), min(len(heard), int(start + form.symbols * per))
    if high - low < form.symbols * per / 4:
        return
    radians = 2 * np.pi * (other.carrier_hz - carrier_hz) / SYMBOL_RATE_HZ + other.turn  # a symbol
    signs = _decided(heard, start, radians, form.known[other.sequence], how)
    first = max(0, int(start - RAMP * per))
    end = min(len(heard), int(start + (form.symbols + RAMP) * per) + 1)
    sent = _sent(signs, first - TAPS // 2, end + TAPS // 2, start, radians, per, rise, circle)
    weights = _echoes(heard, sent, first, low, high)
    for i in range(TAPS):
        weight = weights[i]
        for k in range(first, end):
            heard[k] -= weight * sent[k - first + i]


@fast
def channel_of(heard: NDArray[np.complex64], first: int, end: int, turns: float, how: Wide) -> Parts:
    """One channel, cut out of wide samples in which its carrier turns on by so many turns a sample.

    From wide sample `first` to before `end`, but for what makes no four of a channel's samples. Outside, all is zero.
    """
    taps, step = how.channel_taps, how.channel_step
    low, count = first - len(taps) // 2, (end - first) // step // 4 * 4
    x = np.zeros((2, count * step + len(taps)), np.float32)
    wave = phasors(turns, 1.0, x.shape[1])
    re, im, cosine, sine = x[0], x[1], wave[0], wave[1]
    for i in range(max(0, -low), min(x.shape[1], len(heard) - low)):
        a, b = heard[low + i].real, heard[low + i].imag
        re[i] = a * cosine[i] - b * sine[i]
        im[i] = a * sine[i] + b * cosine[i]
    y = np.empty((2, count), np.float32)
    for m in range(0, count, 4):
        places = (m * step, (m + 1) * step, (m + 2) * step, (m + 3) * step)
        picked(x, x.shape[1], places, taps, (0, 0, 0, 0), len(taps), y, m, count)
    return y


@fast
def _decided(
    heard: NDArray[np.complex64], start: float, radians: float, known: NDArray[np.float32], how: Wide
) -> NDArray[np.float32]:
    """The symbols of a burst, ±1, those that are known as they are: float32, shape (symbols,)."""
    form, step = how.form, how.channel_step
    around = form.table.shape[1]
    first = (int(start / step) - around) * step
    end = first + (int(form.symbols * form.per_symbol) + 2 * around) * step
    y = channel_of(heard, first, end, radians / (2 * np.pi * how.per_symbol), how)
    z = np.empty((2, form.symbols), np.float32)
    e = np.empty_like(z)
    filtered(y, (start - first) / step, form.per_symbol, form.table, z)
    spin(z, turning(QUARTER, form.symbols), 1.0 + 0.0j)
    equalise(z, form.weights, e)
    re, im = 0.0, 0.0
    for k in range(len(known)):
        re += known[k] * e[0, form.known_at + k]
        im += known[k] * e[1, form.known_at + k]
    signs = np.empty(form.symbols, np.float32)
    for k in range(form.symbols):
        signs[k] = 1.0 if re * e[0, k] + im * e[1, k] >= 0 else -1.0
    put(signs[form.known_at : form.known_at + len(known)], known)
    for k in form.tails:
        signs[k] = 1.0
    return signs


@fast
def _sent(
    signs: NDArray[np.float32],
    first: int,
    end: int,
    start: float,
    radians: float,
    per: float,
    rise: NDArray[np.float64],
    circle: NDArray[np.float32],
) -> NDArray[np.complex64]:
    """GMSK of some symbols at wide samples from `first` to before `end`, turned on by `radians` a symbol.

    complex64, shape (end - first,). Before and after the burst all symbols are -1, and it fades over its ramps.
    """
    pad, n, ways = REACH + 8, len(signs), (1 << 2 * REACH) - 1
    whole = np.full(n + 2 * pad, -1.0)
    put(whole[pad : pad + n], signs)
    way = np.zeros(len(whole), np.int64)  # bits of the turns up to each symbol and of those before it
    done = np.empty(len(whole) + 1)
    done[0] = 0.0
    for k in range(len(whole)):
        turn = whole[k] * whole[k - 1] if k else 1.0
        way[k] = (way[k - 1] << 1 | (turn < 0)) & ways if k else 0
        done[k + 1] = done[k] + turn
    made = np.empty(end - first, np.complex64)
    mask = CIRCLE - 1
    for i in range(end - first):
        t = (first + i - start) / per
        at = int(np.floor(t))
        fine = int((t - at) * FINE + 0.5)
        k = min(max(at + pad, REACH), len(whole) - REACH - 1)
        phase = done[k - REACH + 1] + rise[way[k + REACH], fine]
        angle = int(np.floor(CIRCLE * (phase / 4 + radians * t / (2 * np.pi)) + 0.5)) & mask
        outside = max(-t, t - n)
        fade = 1.0 if outside <= 0 else max(0.0, 1.0 - outside / 2.5)
        made[i] = complex(fade * circle[0, angle], fade * circle[1, angle])
    return made


@fast
def _echoes(
    heard: NDArray[np.complex64], sent: NDArray[np.complex64], first: int, low: int, high: int
) -> NDArray[np.complex128]:
    """The filter, of TAPS taps, through which what was sent comes nearest to what was heard from `low` to `high`.

    Least squares by the normal equations, solved by Cholesky's factors. sent: from TAPS // 2 samples before `first` on.
    """
    gram = np.zeros((TAPS, TAPS), np.complex128)
    made = np.zeros(TAPS, np.complex128)
    start, end = low - first, high - first
    for i in range(TAPS):
        made[i] = _product(sent[start + i : end + i], heard[low:high])
        gram[i, 0] = _product(sent[start + i : end + i], sent[start:end])
        for j in range(i):  # the same a sample later
            before, after = np.conj(sent[start + i - 1]) * sent[start + j], np.conj(sent[end + i - 1]) * sent[end + j]
            gram[i, j + 1] = gram[i - 1, j] - before + after
    ridge = RIDGE * gram[0, 0].real + 1e-30
    for i in range(TAPS):  # gram becomes its lower factor
        gram[i, i] += ridge
        for j in range(i + 1):
            total = gram[i, j]
            for k in range(j):
                total -= gram[i, k] * np.conj(gram[j, k])
            gram[i, j] = np.sqrt(max(total.real, 1e-30)) if i == j else total / gram[j, j]
    for i in range(TAPS):
        for k in range(i):
            made[i] -= gram[i, k] * made[k]
        made[i] /= gram[i, i]
    for i in range(TAPS - 1, -1, -1):
        for k in range(i + 1, TAPS):
            made[i] -= np.conj(gram[k, i]) * made[k]
        made[i] /= gram[i, i]
    return made


@fast
def _product(a: NDArray[np.complex64], b: NDArray[np.complex64]) -> complex:
    """Σ conj(a) b."""
    re = np.float32(0)
    im = np.float32(0)
    for k in range(len(a)):
        re += a[k].real * b[k].real + a[k].imag * b[k].imag
        im += a[k].real * b[k].imag - a[k].imag * b[k].real
    return complex(re, im)
