"""The loop in which known symbols are matched at every time and frequency that their references leave open."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast

PARTS = 32
"""Of a symbol, in each of which a frequency error of some kilohertz turns nothing."""


@fast
def running(
    z: NDArray[np.complex64], period: NDArray[np.complex128], origin: int, turn: float, first: int, last: int
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Running sums of z conj(w) and of |w|² from sample `first` to `last`: shape (last - first + 1,) each.

    w is a wave of the given period, which begins at `origin` and turns by `turn` cycles a sample besides.
    """
    size = len(period)
    total = np.zeros(max(0, last - first) + 1, np.complex128)
    powers = np.zeros(len(total))
    step = np.exp(-2j * np.pi * turn)
    phasor = np.exp(-2j * np.pi * turn * (first - origin))
    place = (first - origin) % size
    for n in range(len(total) - 1):
        w = period[place]
        place = place + 1 if place + 1 < size else 0
        total[n + 1] = total[n] + z[first + n] * np.conj(w) * phasor
        powers[n + 1] = powers[n] + w.real * w.real + w.imag * w.imag
        phasor *= step
    return total, powers


@fast
def turning(cycles: NDArray[np.float64], count: float, out: NDArray[np.float32]) -> None:
    """What turns the PARTS of `count` samples back by each frequency: out[0] cosines, out[1] sines of -2π f n.

    cycles: in a sample, float64, shape (frequencies,); out: float32, shape (2, PARTS, frequencies).
    """
    for f in range(len(cycles)):
        each, phase = np.exp(-2j * np.pi * cycles[f] * count / PARTS), 1.0 + 0j
        for part in range(PARTS):
            out[0, part, f], out[1, part, f] = phase.real, phase.imag
            phase *= each


@fast
def matched(
    z: NDArray[np.complex64],
    period: NDArray[np.complex128],
    origin: int,
    turn: float,
    lows: NDArray[np.int64],
    highs: NDArray[np.int64],
    turns: NDArray[np.float32],
    out: NDArray[np.float64],
) -> None:
    """Add |Σ z conj(w) exp(-j 2π f n)|² / Σ |w|² for each stretch and frequency to `out`.

    z: samples, complex64, shape (n,); period: one period of the known wave, which begins at `origin` and turns by
    `turn` cycles a sample besides; lows, highs: first and end of each stretch, int64, shape (stretches,); turns: of
    the frequencies, by `turning`; out: float64, shape (stretches, frequencies).
    """
    first, last = max(int(lows.min()), 0), min(int(highs.max()), len(z))
    total, powers = running(z, period, origin, turn, first, last)
    count_f = turns.shape[2]
    real, imaginary = np.empty(count_f, np.float32), np.empty(count_f, np.float32)
    for row in range(len(lows)):
        low, high = max(lows[row], 0) - first, min(highs[row], len(z)) - first
        count = high - low
        if count <= PARTS:
            continue
        real[:] = 0
        imaginary[:] = 0
        for part in range(PARTS):
            one = total[low + -(-(part + 1) * count // PARTS)] - total[low + -(-part * count // PARTS)]
            a, b, c, s = np.float32(one.real), np.float32(one.imag), turns[0, part], turns[1, part]
            for f in range(count_f):  # side by side, so that it becomes vector instructions
                real[f] += a * c[f] - b * s[f]
                imaginary[f] += a * s[f] + b * c[f]
        energy = max(powers[high] - powers[low], 1e-30)
        for f in range(count_f):
            out[row, f] += (real[f] * real[f] + imaginary[f] * imaginary[f]) / energy


@fast
def tilted(row: NDArray[np.complexfloating], delay: float) -> tuple[float, float]:
    """|Σ_k h_k exp(j 2π k d)|² at a delay d, and how it tilts there: Im(Σ k … (Σ …)*). k is counted from the middle."""
    middle = (len(row) - 1) / 2
    turn = np.exp(2j * np.pi * delay)
    phasor = np.exp(-2j * np.pi * middle * delay)
    whole = 0j
    tilt = 0j
    for k in range(len(row)):
        turned = row[k] * phasor
        whole += turned
        tilt += turned * (k - middle)
        phasor *= turn
    return whole.real * whole.real + whole.imag * whole.imag, (tilt * whole.conjugate()).imag


@fast
def sharpened(
    rows: NDArray[np.complexfloating], delays: NDArray[np.float64], steps: int, out: NDArray[np.float64]
) -> None:
    """Newton's `steps` towards the delay at which the power of `tilted` is largest, for each row; and that power.

    rows: complex128, shape (n, m); delays: float64, shape (n,), where to begin, and where that ends; out: float64,
    shape (n,).
    """
    n, m = rows.shape
    variance = (m * m - 1) / 12
    for r in range(n):
        for _ in range(steps):
            power, slope = tilted(rows[r], delays[r])
            delays[r] -= slope / (2 * np.pi * variance * max(power, 1e-30))
        out[r], _slope = tilted(rows[r], delays[r])


@fast
def steepest(rows: NDArray[np.complex128], guess: float, steps: int) -> float:
    """Newton's `steps` from a guess towards the delay at which the power of `tilted`, summed over rows, is largest.

    rows: complex128, shape (n, m).
    """
    n, m = rows.shape
    variance = (m * m - 1) / 12
    for _ in range(steps):
        power = 0.0
        slope = 0.0
        for r in range(n):
            one, tilt = tilted(rows[r], guess)
            power += one
            slope += tilt
        guess -= slope / (2 * np.pi * variance * max(power, 1e-30))
    return guess


@fast
def running_sums(z: NDArray[np.complex64], lag: int, most: float) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Running sums over z: of |z[n]|² and min(|z[n]|², most), shape (2, n + 1); of z*[n] z[n + lag], (n - lag + 1,)."""
    n = len(z)
    powers, turns = np.zeros((2, n + 1)), np.zeros(max(0, n - lag) + 1, np.complex128)
    for i in range(n):
        power = z[i].real * z[i].real + z[i].imag * z[i].imag
        powers[0, i + 1] = powers[0, i] + power
        powers[1, i + 1] = powers[1, i] + min(power, most)
    for i in range(n - lag):
        a, b = z[i], z[i + lag]
        turns[i + 1] = turns[i] + complex(a.real * b.real + a.imag * b.imag, a.real * b.imag - a.imag * b.real)
    return powers, turns


@fast
def repeated(
    sums: NDArray[np.float64],
    turns: NDArray[np.complex128],
    begins: NDArray[np.float64],
    count: float,
    starts: NDArray[np.float64],
    lengths: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Of each place a burst may begin at: its power, and its prefixes' likeness to what comes a lag later.

    sums, turns: `running_sums`. For each place: Σ min(|z[n]|², most) and the number of samples over the burst of
    `count` samples; then over all prefixes, which begin so many samples after the burst and last so long, real and
    imaginary part of Σ z*[n] z[n + lag], and Σ |z[n]|² + |z[n + lag]|². begins: float64, shape (places,); starts,
    lengths: float64, shape (prefixes,); out: float64, shape (places, 5).
    """
    powers, capped = sums[0], sums[1]
    n, lag = len(powers) - 1, len(powers) - len(turns)
    for p in range(len(begins)):
        low, high = min(max(round(begins[p]), 0), n), min(max(round(begins[p] + count), 0), n)
        turn, energy = 0j, 0.0
        for k in range(len(starts)):
            first = round(begins[p] + starts[k])
            last = min(max(first + round(lengths[k]), 0), n - lag)
            first = min(max(first, 0), n - lag)
            turn += turns[last] - turns[first]
            energy += powers[last] - powers[first] + powers[last + lag] - powers[first + lag]
        out[p, 0], out[p, 1] = capped[high] - capped[low], high - low
        out[p, 2], out[p, 3], out[p, 4] = turn.real, turn.imag, energy


@fast
def gathered(y: NDArray[np.complex64], first: NDArray[np.int64], cycles: float, out: NDArray[np.complex64]) -> None:
    """Windows out[s, n] = y[first[s] + n] exp(-j 2π cycles n), the nearest sample where there is none.

    y: complex64, shape (n,); first: int64, shape (windows,); out: complex64, shape (windows, size).
    """
    windows, size = out.shape
    along, across = np.empty(size, np.float32), np.empty(size, np.float32)
    step, phasor = np.exp(-2j * np.pi * cycles), 1.0 + 0j
    for n in range(size):
        along[n], across[n] = phasor.real, phasor.imag
        phasor *= step
    most = len(y) - 1
    for s in range(windows):
        row = out[s]
        if first[s] >= 0 and first[s] + size <= len(y):
            part = y[first[s] : first[s] + size]
            for n in range(size):
                a, b = part[n].real, part[n].imag
                row[n] = complex(a * along[n] - b * across[n], a * across[n] + b * along[n])
            continue
        for n in range(size):
            x = y[min(max(first[s] + n, 0), most)]
            row[n] = complex(x.real * along[n] - x.imag * across[n], x.real * across[n] + x.imag * along[n])


@fast
def referred(
    spectra: NDArray[np.complex64],
    first: NDArray[np.int64],
    begins: NDArray[np.float64],
    lowest: float,
    spacing: float,
    off: float,
    out: NDArray[np.complex128],
) -> None:
    """Subcarriers of windows as their symbols had them at `begins`, in samples, all turned down by `off` from 0 on.

    out[s, k] = spectra[s, k] exp(-j 2π ((lowest + k spacing) (first[s] - begins[s]) + off first[s])), in cycles a
    sample. spectra: complex64, shape (windows, size); out: complex128, shape (windows, subcarriers).
    """
    for s in range(len(first)):
        late = first[s] - begins[s]
        phasor = np.exp(-2j * np.pi * (lowest * late + off * first[s]))
        step = np.exp(-2j * np.pi * spacing * late)
        for k in range(out.shape[1]):
            out[s, k] = spectra[s, k] * phasor
            phasor *= step


@fast
def shifted_products(
    values: NDArray[np.complex128], sequences: NDArray[np.complex128], every: int, out: NDArray[np.complex64]
) -> None:
    """Subcarriers from each place on that a sequence may begin at, times the conjugate sequence.

    values: complex128, shape (symbols, n); sequences: complex128, shape (symbols, teeth), on every `every`-th
    subcarrier; out: complex64, shape (places * symbols, teeth), places `every` apart.
    """
    symbols, teeth = sequences.shape
    for row in range(len(out)):
        low, s = row // symbols * every, row % symbols
        for k in range(teeth):
            a, b = values[s, low + k * every], sequences[s, k]
            out[row, k] = complex(a.real * b.real + a.imag * b.imag, a.imag * b.real - a.real * b.imag)


@fast
def peak_powers(
    rows: NDArray[np.complex64], delays: NDArray[np.complex64], steps: int, out: NDArray[np.float64]
) -> None:
    """The largest power of `tilted` over the delay, for each row: by Newton's `steps` from the largest of its `delays`.

    rows: complex64, shape (n, m); delays: their inverse transforms, shape (n, size); out: float64, shape (n,).
    """
    size = delays.shape[1]
    places = np.empty(len(rows))
    for r in range(len(rows)):
        most, at = np.float32(-1), 0
        row = delays[r]
        for d in range(size):
            power = row[d].real * row[d].real + row[d].imag * row[d].imag
            if power > most:
                most, at = power, d
        places[r] = at / size
    sharpened(rows, places, steps, out)


@fast
def shared_delay(
    rows: NDArray[np.complex128],
    delays: NDArray[np.complex128],
    shifts: int,
    turns: NDArray[np.int64],
    sums: NDArray[np.complex128],
) -> float:
    """One delay that all rows share but for some shifts of a symbol, and each row's shifts and sum there.

    rows: subcarriers times the conjugate sequences, complex128, shape (n, m); delays: their inverse transforms, shape
    (n, shifts * steps); turns: int64, sums: complex128, shape (n,). Delays are parts of the time in which the phase of
    neighbours turns once.
    """
    n, m = rows.shape
    steps = delays.shape[1] // shifts
    best, place = -1.0, 0
    for p in range(steps):
        total = 0.0
        for r in range(n):
            most = -1.0
            for s in range(shifts):
                value = delays[r, s * steps + p]
                most = max(most, value.real * value.real + value.imag * value.imag)
            total += most
        if total > best:
            best, place = total, p
    aligned = np.empty_like(rows)
    for r in range(n):
        most, turns[r] = -1.0, 0
        for s in range(shifts):
            value = delays[r, s * steps + place]
            power = value.real * value.real + value.imag * value.imag
            if power > most:
                most, turns[r] = power, s
        turned_on(rows[r], turns[r] / shifts, aligned[r])
    delay = steepest(aligned, place / (shifts * steps), 4)
    for r in range(n):
        turned_on(aligned[r], delay, aligned[r])
        total_row = 0j
        for k in range(m):
            total_row += aligned[r, k]
        sums[r] = total_row
    return delay


@fast
def turned_on(row: NDArray[np.complex128], cycles: float, out: NDArray[np.complex128]) -> None:
    """out[k] = row[k] exp(j 2π k cycles). complex128, shape (n,)."""
    step, phasor = np.exp(2j * np.pi * cycles), 1.0 + 0j
    for k in range(len(row)):
        out[k] = row[k] * phasor
        phasor *= step


@fast
def waves(
    sequences: NDArray[np.complex128], lates: NDArray[np.float64], every: int, out: NDArray[np.complex128]
) -> None:
    """Spectra of symbols whose sequences come later by a part of a symbol: out[s, k every] = r[s, k] exp(-j 2π k late).

    sequences: complex128, shape (symbols, n); lates: float64, shape (symbols,); out: complex128, shape (symbols, size).
    """
    out[:] = 0
    for s in range(len(sequences)):
        step, phasor = np.exp(-2j * np.pi * lates[s]), 1.0 + 0j
        for k in range(sequences.shape[1]):
            out[s, k * every] = sequences[s, k] * phasor
            phasor *= step


@fast
def known(
    y: NDArray[np.complex64],
    periods: NDArray[np.complex128],
    useful: NDArray[np.float64],
    lates: NDArray[np.float64],
    around: tuple[float, float],
    turn: float,
    cycles: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """`matched` of all symbols together: out[late, frequency].

    Each symbol lasts from around[0] samples before its useful part, at useful[symbol] plus lates[late], to around[1]
    after that; periods: complex128, shape (symbols, size), each as it is at the sample nearest to its useful part.
    """
    out[:] = 0
    turns = np.empty((2, PARTS, len(cycles)), np.float32)
    turning(cycles, around[0] + around[1], turns)
    lows, highs = np.empty(len(lates), np.int64), np.empty(len(lates), np.int64)
    for s in range(len(periods)):
        for p in range(len(lates)):
            begin = useful[s] + lates[p]
            lows[p], highs[p] = round(begin - around[0]), round(begin + around[1])
        matched(y, periods[s], round(useful[s]), turn, lows, highs, turns, out)
