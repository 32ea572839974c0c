"""Compiled loops that look for GSM bursts: where power stands out, on which carrier, with which symbols."""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import FORMATS
from cellwarden.compiled import exact, fast
from cellwarden.detect.evidence import evidence, log_likelihood_ratio
from cellwarden.detect.kernels import best_runs

PHASES = 4
"""Timing hypotheses a symbol."""
FEWEST_SYMBOLS = 60
"""A stretch shorter than this is not looked into: it holds too little of an access burst."""
SPLIT = 14.0
"""Nats by which the evidence falls where one stretch ends and another begins."""
LEAST_EVIDENCE = 30.0
"""Least evidence of energy against noise in nats before symbols are looked for. A burst of 2 dB has 58; noise, with
some 10⁶ such stretches a second in 10 MHz, reaches it once in four months."""
WHOLE_SYMBOLS = FORMATS["normal"].symbols
"""Of the longest burst."""


@fast
def mean(power: NDArray[np.float32], first: int, end: int) -> float:
    """Mean from `first` to before `end`, as far as these lie within; 1, which is noise, where nothing does."""
    part = power[max(first, 0) : max(end, 0)]
    if not len(part):
        return 1.0
    total = np.float32(0)
    for i in range(len(part)):
        total += part[i]
    return float(total) / len(part)


@exact
def stretches(
    power: NDArray[np.float32], freedom: float, per_symbol: float, least: float = LEAST_EVIDENCE
) -> NDArray[np.int64]:
    """Where power may hold a burst: int64, shape (count, 2), first and end index.

    power: float32, shape (n,), over the noise; freedom: samples a degree of freedom; per_symbol: samples a symbol;
    least: nats of evidence that a stretch must have. A whole burst may have all that energy by itself.
    """
    level = mean(power, 0, len(power)) - 1.0
    if level < 0.05:
        return np.empty((0, 2), np.int64)
    whole = WHOLE_SYMBOLS * per_symbol
    gamma = min(0.8 * level * min(max(len(power) / whole, 1.0), 2.5), 20.0)
    runs = best_runs(log_likelihood_ratio(power, gamma, freedom), SPLIT, 5.0)
    kept = 0
    for first, end in runs:
        enough = end - first >= FEWEST_SYMBOLS * per_symbol
        if enough and evidence(mean(power, first, end), (end - first) / freedom) >= least:
            runs[kept, 0] = first
            runs[kept, 1] = end
            kept += 1
    return runs[:kept]


@fast
def _add_eight(values: NDArray[np.float32], signs: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """out[n] += Σ signs[i] values[n + i] of eight signs. values: float32, shape (n + 7,); out: shape (n,)."""
    n = len(out)
    a, b, c, d, e, f, g, h = signs[0], signs[1], signs[2], signs[3], signs[4], signs[5], signs[6], signs[7]
    v0, v1, v2, v3 = values[:n], values[1 : n + 1], values[2 : n + 2], values[3 : n + 3]
    v4, v5, v6, v7 = values[4 : n + 4], values[5 : n + 5], values[6 : n + 6], values[7 : n + 7]
    for k in range(n):
        former = (a * v0[k] + b * v1[k]) + (c * v2[k] + d * v3[k])
        out[k] += former + ((e * v4[k] + f * v5[k]) + (g * v6[k] + h * v7[k]))


@fast
def _best_part(re: NDArray[np.float32], im: NDArray[np.float32], inverse: NDArray[np.float32]) -> np.float32:
    """re becomes (re² + im²) inverse; returns the largest. float32, shape (n,) each."""
    most = np.float32(-1)
    for n in range(len(re)):
        re[n] = (re[n] * re[n] + im[n] * im[n]) * inverse[n]
        most = max(most, re[n])
    return most


@fast
def best_match(
    e: NDArray[np.complex64],
    known: NDArray[np.float32],
    first: int,
    last: int,
    turns: NDArray[np.float64],
    least: float,
    scratch: NDArray[np.float32],
) -> tuple[float, int, int, int, int]:
    """The sequence, place, timing and carrier offset that explain most.

    e: complex64, shape (PHASES, K), equalised symbols; known: float32 ±1, shape (sequences, L); places first…last - 1;
    turns: radians a symbol to try; least: energy of a symbol below which nothing is there to correlate with; scratch:
    float32, shape (2, K). Returns (ρ², sequence, place, phase, index of turn), ρ² the squared correlation coefficient.
    """
    best = (-1.0, 0, 0, 0, 0)
    length = known.shape[1]
    count = last - first
    if count <= 0:
        return best
    end = last - 1 + length
    inverse = np.empty(count, np.float32)
    sums = np.empty((2, count), np.float32)
    re, im = sums[0], sums[1]
    for p in range(e.shape[0]):
        energy = 0.0
        for k in range(first, first + length - 1):
            energy += e[p, k].real ** 2 + e[p, k].imag ** 2
        for n in range(count):
            k = first + n + length - 1
            energy += e[p, k].real ** 2 + e[p, k].imag ** 2
            inverse[n] = 1 / (length * max(energy, length * least))
            energy -= e[p, first + n].real ** 2 + e[p, first + n].imag ** 2
        for w in range(len(turns)):
            step = np.exp(-1j * turns[w])
            rotation = np.exp(-1j * turns[w] * first)
            for k in range(first, end):
                v = e[p, k] * rotation
                scratch[0, k] = v.real
                scratch[1, k] = v.imag
                rotation = rotation * step
            for s in range(known.shape[0]):
                signs = known[s]
                sums[:] = 0
                for i in range(0, length - 7, 8):  # eight at once, at all places: that becomes vector instructions
                    _add_eight(scratch[0, first + i : first + i + count + 7], signs[i : i + 8], re)
                    _add_eight(scratch[1, first + i : first + i + count + 7], signs[i : i + 8], im)
                for i in range(length // 8 * 8, length):
                    sign = signs[i]
                    for n in range(count):
                        re[n] += sign * scratch[0, first + i + n]
                        im[n] += sign * scratch[1, first + i + n]
                if _best_part(re, im, inverse) > best[0]:
                    place = int(np.argmax(re))
                    best = (float(re[place]), s, first + place, p, w)
    return best


@fast
def lines(spectrum: NDArray[np.complex64], reach: int, count: int, symbols: int) -> NDArray[np.float64]:
    """Carriers of antipodal symbols, whatever they say: where the spectrum of their squares is strongest.

    spectrum: complex64, shape (PHASES, bins), of `symbols` squared symbols at each timing; reach: bins looked at either
    way. Returns float64, shape (count, 4): timing, turn in radians a symbol, and the phase of symbol 0 as real and
    imaginary part of a unit number, whose sign may be wrong: squares do not tell it.
    """
    bins = spectrum.shape[1]
    power = np.empty((spectrum.shape[0], 2 * reach + 1), np.float32)
    for p in range(power.shape[0]):
        for i in range(power.shape[1]):
            v = spectrum[p, (i - reach) % bins]
            power[p, i] = v.real * v.real + v.imag * v.imag
    size = np.sqrt(power)
    found = np.empty((count, 4))
    for n in range(count):
        phase = 0
        top = 0
        for p in range(power.shape[0]):
            i = int(np.argmax(power[p]))
            if power[p, i] > power[phase, top]:
                phase, top = p, i
        shift = 0.0
        if 0 < top < power.shape[1] - 1:
            bend = size[phase, top - 1] - 2 * size[phase, top] + size[phase, top + 1]
            if bend < 0:
                shift = min(max(0.5 * (size[phase, top - 1] - size[phase, top + 1]) / bend, -0.5), 0.5)
        v = spectrum[phase, (top - reach) % bins]
        # The line's phase at the middle of the symbols does not depend on the shift; from there it goes back to 0.
        angle = np.arctan2(v.imag, v.real) - 2 * np.pi * shift / bins * (symbols - 1) / 2
        found[n, 0] = phase
        found[n, 1] = np.pi * (top - reach + shift) / bins
        found[n, 2] = np.cos(angle / 2)
        found[n, 3] = np.sin(angle / 2)
        power[:, max(0, top - 2) : top + 3] = 0
    return found


@fast
def turned(lines: NDArray[np.float64], symbols: float) -> None:
    """Count symbols from `symbols` later on: the phases in `lines` are turned to those of that symbol, in place."""
    for line in lines:
        unit = complex(line[2], line[3]) * np.exp(1j * line[1] * symbols)
        line[2] = unit.real
        line[3] = unit.imag


@fast
def likeliest(
    z: NDArray[np.complex64],
    lines: NDArray[np.float64],
    known: NDArray[np.float32],
    known_at: int,
    tails: NDArray[np.int64],
    symbols: int,
    places: int,
    gain: float,
    expected: float,
) -> tuple[int, int, int]:
    """The carrier, sequence and place that are likeliest of a burst whose other symbols may be anything.

    On the real axis a symbol ±A in noise of variance σ² is r, and with x = A r / σ² its likelihood over that of noise
    alone is exp(s x - A²/2σ²) where the symbol s is known, cosh(x) exp(-A²/2σ²) where it may be either. Their
    logarithms add up over the burst; the phase of a carrier found from squares has either sign.

    z: complex64, shape (PHASES, K), matched symbols; lines: float64, shape (n, 4), as from `lines`; known: float32 ±1,
    shape (sequences, L), from symbol known_at of `symbols` on; tails: int64, symbols that are +1; gain: A/σ²; expected:
    A²/2σ². Returns (line, sequence, place).
    """
    length = known.shape[1]
    count = places + symbols - 1
    x = np.empty(count, np.float32)
    either = np.empty(count, np.float32)
    best = (0, 0, 0)
    most = -np.inf
    for line in range(len(lines)):
        row = z[int(lines[line, 0])]
        step = np.exp(-1j * lines[line, 1])
        rotation = complex(lines[line, 2], -lines[line, 3]) * gain
        for k in range(count):
            v = row[k]
            x[k] = v.real * rotation.real - v.imag * rotation.imag
            rotation = rotation * step
        for k in range(count):  # ln cosh x, to 0.02
            size = abs(x[k])
            bend = max(np.float32(0), np.float32(1) - size * np.float32(1 / 2.3))
            either[k] = size - np.float32(math.log(2)) * (np.float32(1) - bend * bend * bend) - np.float32(expected)
        whole = 0.0
        for k in range(symbols - 1):
            whole += either[k]
        for place in range(places):
            whole += either[place + symbols - 1]
            rest = whole
            ends = np.float32(0)
            for i in tails:
                rest -= either[place + i]
                ends += x[place + i]
            first = place + known_at
            values, any_of_two = x[first : first + length], either[first : first + length]
            lost = np.float32(0)
            for i in range(length):
                lost += any_of_two[i]
            rest -= lost
            for s in range(known.shape[0]):
                signs = known[s]
                told = ends
                for i in range(length):
                    told += signs[i] * values[i]
                if rest + abs(told) > most:
                    most = rest + abs(told)
                    best = (line, s, place)
            whole -= either[place]
    return best


@fast
def tuned(z: NDArray[np.complex64], line: NDArray[np.float64], gain: float, rounds: int) -> None:
    """Carrier and phase of antipodal symbols by expectation and maximisation; `line` is refined where it stands.

    A symbol is expected to be tanh(x), x as in `likeliest`; the sum S(δ) of the samples times these, turned back by
    δ (k - middle), is largest near δ = Im(S1 S0*) / Re(S2 S0*), with the moments of S(0) about the middle.
    z: complex64, the symbols of one burst as matched; line: float64, as in `likeliest`, for symbol 0 of z.
    """
    turn = line[1]
    unit = complex(line[2], line[3])
    middle = (len(z) - 1) / 2
    for _ in range(rounds):
        step = np.exp(-1j * turn)
        rotation = np.conj(unit)
        s0 = 0j
        s1 = 0j
        s2 = 0j
        for k in range(len(z)):
            v = z[k] * rotation
            rotation = rotation * step
            u = v * np.tanh(gain * v.real)
            s0 += u
            s1 += (k - middle) * u
            s2 += (k - middle) * (k - middle) * u
        bend = (s2 * np.conj(s0)).real
        shift = (s1 * np.conj(s0)).imag / bend if bend > 0 else 0.0
        shift = min(max(shift, -1.0 / len(z)), 1.0 / len(z))
        turn += shift
        unit = unit * (s0 / (abs(s0) + 1e-30)) * np.exp(-1j * shift * middle)
    line[1] = turn
    line[2] = unit.real
    line[3] = unit.imag
