"""Bursts beside stronger ones, heard once those are taken away (successive interference cancellation).

    power      ▇▇▇▇▇▇          a burst that was named: it is sent once more from its own decisions, and taken out
               ▇▇▇▇▇▇▁▁▁▁▁     its skirt, which lies 15 dB below it and over the middle of the next channel
             ▁▁▇▇▇▇▇▇▄▄▄▄▁▁    … and here the other one shows, 20 dB below it
              n       n + 1    channels

The filter of one channel lets through what the next one's burst sends at its edge: beside a burst 10 dB stronger one in
ten is heard. What a strong burst sends is known, though, as soon as its symbols are decided. Its modulation is made
anew and comes through a short filter, fitted by least squares, for its echoes, its phase, and the error of its timing.

Decisions live and die here. Source: TS 45.004 §2 (modulation), TS 45.005 §6.3 (adjacent channels).
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_clear import FOUND, MOST_CLEAR, plain
from cellwarden.airinterface.gsm_judge import MANY_SCORE
from cellwarden.airinterface.gsm_receiver import FILTER_HZ, FILTER_SYMBOLS, Layout, layout, receiver
from cellwarden.airinterface.gsm_sweep import raster
from cellwarden.airinterface.gsm_symbols import QUARTER, equalise, filtered, parts, spin, turning
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SYMBOL_RATE_HZ, frequency_pulse_integral
from cellwarden.detect.bursts import Find
from cellwarden.detect.filters import low_pass_taps
from cellwarden.detect.kernels import decimate, padded
from cellwarden.model import Interleaved

LEAST_WIDE_HZ = 1e6
"""Samples a second at which a channel and both beside it are whole."""
WIDE_HZ = 900e3
WIDE_TAPS = 7
"""Filter before those samples: its width, and its length in samples that are kept."""
SHORTEST_S, LONGEST_S = 400e-6, 3e-3
"""Runs of hot rows that are looked into; longer ones are cut, each piece reaching a burst's length into the next."""
AROUND = 12.0
"""Symbols before and after such a run that are heard too."""
RAMP = 6.0
"""Symbols before and after a named burst that are its own."""
HALF_HZ = 85e3
"""Either way of a channel's middle, what of its bands must lie within to be counted."""
SKIRT = 0.02
"""What has less than this part of the power of the channel beside it is its skirt alone."""
LEAST = 1.5
"""Mean power over noise below which a run of rows holds nothing that could be told from noise by its symbols."""
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


class _Wide(NamedTuple):
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
def wide(rate_hz: float) -> _Wide:
    """For a sample rate: the steps multiply to that of `gsm_receiver`, so that what follows is the same."""
    whole = receiver(rate_hz).step
    steps = [s for s in range(1, whole + 1) if whole % s == 0 and rate_hz / s >= LEAST_WIDE_HZ]
    step = max(steps, default=1)
    made, again = rate_hz / step, whole // step
    taps = low_pass_taps(WIDE_TAPS * step | 1, WIDE_HZ / rate_hz / 2) if rate_hz > 1.2 * WIDE_HZ else np.ones(1)
    channel = padded(low_pass_taps(int(FILTER_SYMBOLS * made / SYMBOL_RATE_HZ) | 1, FILTER_HZ / made / 2).astype("f4"))
    noise = again * float(np.sum(channel.astype(np.float64) ** 2))
    form = layout("normal", rate_hz)._replace(channel_noise=noise)
    return _Wide(padded(taps.astype(np.float32)), step, channel, again, made / SYMBOL_RATE_HZ, form)


@lru_cache
def _tables() -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """The phase pulse from -REACH to REACH symbols, (2 REACH FINE + 1,), and cosine and sine around (2, CIRCLE)."""
    rise = frequency_pulse_integral(np.arange(-REACH * FINE, REACH * FINE + 1) / FINE)
    angle = 2 * np.pi * np.arange(CIRCLE) / CIRCLE
    return rise, np.array([np.cos(angle), np.sin(angle)], np.float32)


def beside(find: Find, known: NDArray[np.void]) -> NDArray[np.void]:
    """Normal bursts in what those `known` leave of a chunk's rough boxes: FOUND, shape (n,), as `gsm_sweep` has it."""
    centre, rate = find.samples.segment.centre_hz, find.samples.segment.rate_hz
    if centre is None or not len(known) or rate < LEAST_WIDE_HZ:
        return known[:0]
    chunk, (first, allowed) = find.chunk, raster(centre, rate)
    return _beside(
        find.samples.iq,
        chunk.ratio,
        chunk.hot,
        chunk.noise,
        np.array([(r.first_row, r.end_row, r.first_band, r.end_band) for r in find.regions]),
        known[np.lexsort((known["start"], known["carrier_hz"]))],
        first * CHANNEL_HZ - centre,
        allowed,
        chunk.grid.size,
        chunk.grid.per_band,
        rate,
        wide(rate),
        *_tables(),
    )


@njit(cache=True, nogil=True)
def _beside(
    iq: Interleaved,
    ratio: NDArray[np.float32],
    hot: NDArray[np.uint8],
    noise: NDArray[np.float64],
    regions: NDArray[np.int64],
    known: NDArray[np.void],
    lowest_hz: float,
    allowed: NDArray[np.bool_],
    size: int,
    per_band: int,
    rate_hz: float,
    how: _Wide,
    rise: NDArray[np.float64],
    circle: NDArray[np.float32],
) -> NDArray[np.void]:
    bin_hz, step = rate_hz / size, how.step
    band_hz, edge_hz = bin_hz * per_band, -(size / 2 + 0.5) * bin_hz
    whole = how.form.symbols * how.per_symbol * step
    around, ramp = int(AROUND * how.per_symbol * step), RAMP * how.per_symbol * step
    channel = np.rint((known["carrier_hz"] - lowest_hz) / CHANNEL_HZ).astype(np.int64)
    first_of = np.searchsorted(channel, np.arange(len(allowed) + 1))
    found = np.empty(64, FOUND)
    count = 0
    for box in range(len(regions)):
        first_row, end_row, first_band, end_band = regions[box]
        low = max(0, math.ceil((edge_hz + first_band * band_hz - lowest_hz) / CHANNEL_HZ - 0.3))
        high = min(len(allowed) - 1, math.floor((edge_hz + end_band * band_hz - lowest_hz) / CHANNEL_HZ + 0.3))
        for number in range(low, high + 1):
            if not allowed[number]:
                continue
            carrier_hz = lowest_hz + number * CHANNEL_HZ
            own = known[first_of[number] : first_of[number + 1]]
            near = (
                known[first_of[max(number - 1, 0)] : first_of[number]],
                known[first_of[number + 1] : first_of[min(number + 2, len(allowed))]],
            )
            rows = (first_row, end_row)
            at = (carrier_hz - edge_hz) / band_hz
            apart = CHANNEL_HZ / band_hz
            for first, end in _left(ratio, hot, rows, at, apart, HALF_HZ / band_hz, own, whole, ramp, size, rate_hz):
                begin = max(0, first * size - around)
                stop = min(len(iq), end * size + around)
                samples = np.empty(((stop - begin) // step, 2), np.float32)
                heard = np.empty(len(samples), np.complex64)
                if len(heard) < how.form.symbols * how.per_symbol:
                    continue
                decimate(iq, 1.0, begin, carrier_hz / rate_hz, how.taps, step, heard)
                for others in near:
                    for other in others:
                        if other.start < stop and other.start + whole > begin:
                            _take_out(heard, (other.start - begin) / step, other, carrier_hz, how, rise, circle)
                for i in range(len(heard)):
                    samples[i, 0] = heard[i].real
                    samples[i, 1] = heard[i].imag
                y = np.empty(len(samples) // how.channel_step, np.complex64)
                decimate(samples, 1.0, 0, 0.0, how.channel_taps, how.channel_step, y)
                middle, reach = int((carrier_hz - edge_hz) / bin_hz), int(CHANNEL_HZ / 2 / bin_hz)
                density = float(np.mean(noise[max(0, middle - reach) : middle + reach + 1]))
                if len(found) - count < MOST_CLEAR:
                    found = np.concatenate((found, np.empty(len(found), FOUND)))
                room = found[count : count + MOST_CLEAR]
                spacing = step * how.channel_step
                fresh, _clear = plain(parts(y), density / spacing, how.form, MANY_SCORE, room)
                for one in room[:fresh]:
                    one.box = box
                    one.carrier_hz = carrier_hz
                    one.density = density
                    one.start = begin + one.start * spacing
                    if _new(one, own, whole) and _new(one, found[:count], whole):
                        found[count] = one
                        count += 1
    return found[:count]


@njit(cache=True, nogil=True)
def _new(one: Any, known: NDArray[np.void], whole: float) -> bool:
    """Whether a burst is none of those known: none on its carrier begins within half its length."""
    new = True
    for other in known:
        new &= other.carrier_hz != one.carrier_hz or abs(other.start - one.start) >= whole / 2
    return new


@njit(cache=True, fastmath=True, nogil=True)
def _band_mean(row: NDArray[np.float32], at: float, half: float) -> float:
    """Mean over the bands that lie within `half` bands of the place `at`; 1, which is noise, where there are none."""
    low, high = max(0, math.ceil(at - half - 0.25)), min(len(row), math.floor(at + half + 0.25))
    total = np.float32(0)
    for b in range(low, high):
        total += row[b]
    return float(total) / (high - low) if high > low else 1.0


@njit(cache=True, nogil=True)
def _left(
    ratio: NDArray[np.float32],
    hot: NDArray[np.uint8],
    rows: tuple[int, int],
    at: float,
    apart: float,
    half: float,
    own: NDArray[np.void],
    whole: float,
    ramp: float,
    size: int,
    rate_hz: float,
) -> list[tuple[int, int]]:
    """Runs of rows in which a channel is hot and none of its `own` named bursts lies, long enough for one burst.

    at: the channel's middle in bands; apart: to the next channel; half: what is looked at either way of it. What is
    but noise, or the skirt of the next channel, is left out.
    """
    first_row, end_row = rows
    on = np.zeros(end_row - first_row, np.bool_)
    low, high = max(0, math.ceil(at - half - 0.25)), min(ratio.shape[1], math.floor(at + half + 0.25))
    for row in range(first_row, end_row):
        burning = 0
        for b in range(low, high):
            burning += hot[row, b]
        on[row - first_row] = high > low and 2 * burning >= high - low
    for one in own:
        begin, end = math.floor((one.start - ramp) / size), math.ceil((one.start + whole + ramp) / size)
        on[max(begin - first_row, 0) : max(end - first_row, 0)] = False
    shortest, longest = int(SHORTEST_S * rate_hz / size), int(LONGEST_S * rate_hz / size)
    length = int(whole / size) + 2
    runs = [(0, 0) for _ in range(0)]
    begin = -1
    for row in range(len(on) + 1):
        lit = row < len(on) and (on[row] or (begin >= 0 and row + 1 < len(on) and on[row + 1]))
        if lit and begin < 0:
            begin = row
        if begin >= 0 and (not lit or row - begin >= longest):
            if row - begin >= shortest and _worth(ratio, first_row + begin, first_row + row, at, apart, half):
                runs.append((first_row + begin, first_row + row))
            begin = row - length if lit else -1
    return runs


@njit(cache=True, nogil=True)
def _worth(ratio: NDArray[np.float32], first: int, end: int, at: float, apart: float, half: float) -> bool:
    """Whether the power of a channel in some rows is neither noise nor all of it the skirt of the next."""
    told, below, above = 0.0, 0.0, 0.0
    for row in range(first, end):
        told += _band_mean(ratio[row], at, half) - 1
        below += _band_mean(ratio[row], at - apart, half) - 1
        above += _band_mean(ratio[row], at + apart, half) - 1
    return told > (LEAST - 1) * (end - first) and told > SKIRT * (below + above)


@njit(cache=True, fastmath=True, nogil=True)
def _take_out(
    heard: NDArray[np.complex64],
    start: float,
    other: Any,
    carrier_hz: float,
    how: _Wide,
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


@njit(cache=True, fastmath=True, nogil=True)
def _decided(
    heard: NDArray[np.complex64], start: float, radians: float, known: NDArray[np.float32], how: _Wide
) -> NDArray[np.float32]:
    """The symbols of a burst, ±1, those that are known as they are: float32, shape (symbols,)."""
    form, step = how.form, how.channel_step
    samples = np.empty((len(heard), 2), np.float32)
    for i in range(len(heard)):
        samples[i, 0] = heard[i].real
        samples[i, 1] = heard[i].imag
    y = np.empty(len(heard) // step, np.complex64)
    decimate(samples, 1.0, 0, radians / (2 * np.pi * how.per_symbol), how.channel_taps, step, y)
    z = np.empty((2, form.symbols), np.float32)
    e = np.empty_like(z)
    filtered(parts(y), start / step, form.per_symbol, form.table, z)
    spin(z, turning(QUARTER, form.symbols), 1.0 + 0.0j)
    equalise(z, form.weights, e)
    re, im = 0.0, 0.0
    for k in range(len(known)):
        re += known[k] * e[0, form.known_at + k]
        im += known[k] * e[1, form.known_at + k]
    signs = np.empty(form.symbols, np.float32)
    for k in range(form.symbols):
        signs[k] = 1.0 if re * e[0, k] + im * e[1, k] >= 0 else -1.0
    signs[form.known_at : form.known_at + len(known)] = known
    for k in form.tails:
        signs[k] = 1.0
    return signs


@njit(cache=True, fastmath=True, nogil=True)
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
    pad, n = REACH + 8, len(signs)
    whole = np.full(n + 2 * pad, -1.0)
    whole[pad : pad + n] = signs
    turns = np.empty(len(whole))
    done = np.empty(len(whole) + 1)
    turns[0] = 1.0
    done[0] = 0.0
    for k in range(len(whole)):
        if k:
            turns[k] = whole[k] * whole[k - 1]
        done[k + 1] = done[k] + turns[k]
    made = np.empty(end - first, np.complex64)
    mask = CIRCLE - 1
    for i in range(end - first):
        t = (first + i - start) / per
        at = int(np.floor(t))
        fine = int((t - at) * FINE + 0.5)
        k = min(max(at + pad, REACH), len(whole) - REACH - 1)
        phase = done[k - REACH + 1]
        for j in range(1 - REACH, REACH + 1):
            phase += turns[k + j] * rise[fine + (REACH - j) * FINE]
        angle = int(np.floor(CIRCLE * (phase / 4 + radians * t / (2 * np.pi)) + 0.5)) & mask
        outside = max(-t, t - n)
        fade = 1.0 if outside <= 0 else max(0.0, 1.0 - outside / 2.5)
        made[i] = complex(fade * circle[0, angle], fade * circle[1, angle])
    return made


@njit(cache=True, fastmath=True, nogil=True)
def _echoes(
    heard: NDArray[np.complex64], sent: NDArray[np.complex64], first: int, low: int, high: int
) -> NDArray[np.complex128]:
    """The filter, of TAPS taps, through which what was sent comes nearest to what was heard from `low` to `high`.

    Least squares by the normal equations, solved by Cholesky's factors. sent: from TAPS // 2 samples before `first` on.
    """
    gram = np.zeros((TAPS, TAPS), np.complex128)
    made = np.zeros(TAPS, np.complex128)
    for i in range(TAPS):
        one = sent[low - first + i : high - first + i]
        made[i] = _product(one, heard[low:high])
        for j in range(i + 1):
            gram[i, j] = _product(one, sent[low - first + j : high - first + j])
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


@njit(cache=True, fastmath=True, nogil=True)
def _product(a: NDArray[np.complex64], b: NDArray[np.complex64]) -> complex:
    """Σ conj(a) b."""
    re = np.float32(0)
    im = np.float32(0)
    for k in range(len(a)):
        re += a[k].real * b[k].real + a[k].imag * b[k].imag
        im += a[k].real * b[k].imag - a[k].imag * b[k].real
    return complex(re, im)
