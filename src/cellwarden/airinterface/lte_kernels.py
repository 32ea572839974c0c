"""LTE's loops over samples and subcarriers: windows, prefixes, powers, bands."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast


@fast
def symbols_at(
    y: NDArray[np.complex64], starts: NDArray[np.int64], turns: NDArray[np.float64], out: NDArray[np.complex64]
) -> None:
    """Windows of the samples, once for each turn: out[t, s, n] = y[starts[s] + n] exp(-j 2π turns[t] n), 0 beside y.

    y: complex64, shape (n,); turns: cycles a sample; out: complex64, shape (turns, windows, size).
    """
    many, windows, size = out.shape
    along, across = np.empty(size, np.float32), np.empty(size, np.float32)
    for t in range(many):
        step, phasor = np.exp(-2j * np.pi * turns[t]), 1.0 + 0j
        for n in range(size):
            along[n], across[n] = phasor.real, phasor.imag
            phasor *= step
        for s in range(windows):
            row = out[t, s]
            first = min(max(starts[s], -size), len(y))
            low, high = max(0, -first), max(0, min(size, len(y) - first))
            row[:low] = 0
            row[high:] = 0
            part, to, c, d = y[first + low : first + high], row[low:high], along[low:high], across[low:high]
            for n in range(len(to)):
                a, b = part[n].real, part[n].imag
                to[n] = complex(a * c[n] - b * d[n], a * d[n] + b * c[n])


@fast
def slot_powers(y: NDArray[np.complex64], places: NDArray[np.float64], slot: float, out: NDArray[np.float64]) -> None:
    """The lower mean power of the two slots from each place on, all but their ends. out: float64, shape of places.

    y: complex64; places and the length of a slot in samples.
    """
    n = len(y)
    total = np.zeros(n + 1)
    for i in range(n):
        total[i + 1] = total[i] + y[i].real * y[i].real + y[i].imag * y[i].imag
    for p in range(len(places)):
        least = np.inf
        for number in range(2):
            begin = places[p] + (number + 0.1) * slot
            low, high = min(max(round(begin), 0), n), min(max(round(begin + 0.8 * slot), 0), n)
            least = min(least, (total[high] - total[low]) / max(high - low, 1))
        out[p] = least


@fast
def tones(
    products: NDArray[np.complex64],
    turns: NDArray[np.float64],
    starts: NDArray[np.int64],
    length: int,
    out: NDArray[np.float64],
) -> None:
    """Strengths of tones in stretches of products, mean 1 each by chance, summed over rows.

    out[p, t] = Σ_rows |Σ_k y[k] exp(j turns[t] k)|² / Σ_k |y[k]|² over the `length` products from starts[p] on.
    products: complex64, shape (rows, n); out: float64, shape (places, turns).
    """
    rows, n = products.shape
    sums = np.zeros(n + 1, np.complex128)
    powers = np.zeros(n + 1)
    out[:] = 0
    for r in range(rows):
        row = products[r]
        for k in range(n):
            powers[k + 1] = powers[k] + row[k].real * row[k].real + row[k].imag * row[k].imag
        for t in range(len(turns)):
            step = np.exp(1j * turns[t])
            phasor = 1.0 + 0j
            for k in range(n):
                sums[k + 1] = sums[k] + row[k] * phasor
                phasor *= step
            for p in range(len(starts)):
                low, end = starts[p], starts[p] + length
                whole = sums[end] - sums[low]
                power = max(powers[end] - powers[low], 1e-30)
                out[p, t] += (whole.real * whole.real + whole.imag * whole.imag) / power


@fast
def best_stretches(
    power: NDArray[np.float64],
    freedom: int,
    per_block: int,
    numbers: NDArray[np.int64],
    nats: NDArray[np.float64],
    first: NDArray[np.int64],
) -> None:
    """Where a band of each number of blocks has the most evidence: for each, nats and its first subcarrier.

    A subcarrier of power p over the noise (mean of `freedom` values) gives freedom (p' γ/(1 + γ) - ln(1 + γ)) for a
    band γ times as strong as what lies beside it, p' its power over that. power: float64, shape (n,); `numbers`, nats
    and first: of one shape, numbers * per_block <= n.
    """
    n = len(power)
    total = np.zeros(n + 1)
    for i in range(n):
        total[i + 1] = total[i] + power[i]
    strong = 0.0
    for i in range(n - per_block + 1):
        strong = max(strong, total[i + per_block] - total[i])
    strong /= per_block
    level = max(1.0, strong / 200)
    gamma = min(max(strong / level - 1.0, 0.3), 20.0) * 0.7
    slope = freedom / level * gamma / (1 + gamma)
    cost = freedom * np.log1p(gamma)
    for k in range(len(numbers)):
        width = numbers[k] * per_block
        most = -1.0
        first[k] = 0
        for i in range(n - width + 1):
            inside = total[i + width] - total[i]
            if inside > most:
                most = inside
                first[k] = i
        nats[k] = slope * most - cost * width


@fast
def prefix_likeness(
    y: NDArray[np.complex64],
    lag: int,
    length: int,
    places: NDArray[np.int64],
    offsets: NDArray[np.int64],
    out: NDArray[np.float32],
) -> None:
    """How alike the prefixes of symbols are to the symbols' ends: coherence, 0 to 1, for each place.

    Prefixes of `length` samples begin at each place plus each of `offsets`; what lies outside of y is left out.
    y: complex64, shape (n,); out: float32, shape of places.
    """
    for p in range(len(places)):
        re = np.float32(0)
        im = np.float32(0)
        energy = np.float32(1e-30)
        for offset in offsets:
            low = max(0, places[p] + offset)
            high = min(len(y) - lag, places[p] + offset + length)
            if high <= low:
                continue
            here = y[low:high]
            there = y[low + lag : high + lag]
            for i in range(len(here)):
                a = here[i].real
                b = here[i].imag
                c = there[i].real
                d = there[i].imag
                re += a * c + b * d
                im += b * c - a * d
                energy += 0.5 * (a * a + b * b + c * c + d * d)
        out[p] = np.sqrt(re * re + im * im) / energy


@fast
def slot_power(y: NDArray[np.complex64], lag: int, slot: int, out: NDArray[np.float64]) -> None:
    """Sum over each slot of the mean power of what lies `lag` apart. y: complex64; out: float64, shape (slots,)."""
    for n in range(len(out)):
        here, there = y[n * slot : (n + 1) * slot], y[n * slot + lag : (n + 1) * slot + lag]
        total = np.float32(0)
        for i in range(slot):
            a, b, c, d = here[i].real, here[i].imag, there[i].real, there[i].imag
            total += a * a + b * b + c * c + d * d
        out[n] = 0.5 * total


@fast
def folded_prefixes(
    y: NDArray[np.complex64],
    lag: int,
    slots: NDArray[np.int64],
    alike: NDArray[np.complex128],
    power: NDArray[np.float64],
) -> None:
    """Add y[n] y*[n + lag] and the mean power of both, of some slots, laid upon each other.

    y: complex64, shape (n,); alike: complex128, power: float64, shape (samples of a slot,).
    """
    length = len(power)
    for slot in slots:
        here, there = y[slot * length : (slot + 1) * length], y[slot * length + lag : (slot + 1) * length + lag]
        for i in range(length):
            a, b, c, d = here[i].real, here[i].imag, there[i].real, there[i].imag
            alike[i] += complex(a * c + b * d, b * c - a * d)
            power[i] += np.float32(0.5) * (a * a + b * b + c * c + d * d)


@fast
def cropped(spectrum: NDArray[np.complex64], centre: float, edge: float, out: NDArray[np.complex64]) -> None:
    """The lowest frequencies of a spectrum, or all of it with zeros beside it, for another number of samples.

    centre: what lies at zero, edge: what is heard at most, in bins; beyond that is silence. complex64, shapes (n,) and
    (m,), zero first; scaled so that the inverse transform has the samples' own size.
    """
    n, m = len(spectrum), len(out)
    upper, lower = min(m - m // 2, (n + 1) // 2), min(m // 2, n // 2)
    scale = np.float32(m / n)
    out[upper : m - lower] = 0
    above, below, from_below = out[:upper], out[m - lower :], spectrum[n - lower :]
    for k in range(upper):
        above[k] = spectrum[k] * scale if abs(centre + k) <= edge else np.complex64(0)
    for k in range(lower):
        below[k] = from_below[k] * scale if abs(centre + k - lower) <= edge else np.complex64(0)


@fast
def turned(y: NDArray[np.complex64], cycles: float, origin: float, out: NDArray[np.complex64]) -> None:
    """out[n] = y[n] exp(-j 2π cycles (n - origin)). y and out: complex64, shape (n,)."""
    step = np.exp(-2j * np.pi * cycles)
    phasor = 1.0 + 0j
    for first in range(0, len(y), 256):
        whole = cycles * (first - origin)
        phasor = np.exp(-2j * np.pi * (whole - np.floor(whole)))
        for n in range(first, min(first + 256, len(y))):
            a = np.float32(phasor.real)
            b = np.float32(phasor.imag)
            out[n] = complex(y[n].real * a - y[n].imag * b, y[n].real * b + y[n].imag * a)
            phasor *= step
