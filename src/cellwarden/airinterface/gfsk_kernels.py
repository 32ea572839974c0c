"""Compiled loops of the receiver for Gaussian frequency shift keying."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import fast, put


@fast
def block_decisions(
    y: NDArray[np.complex64], waves: NDArray[np.complex64], middle: NDArray[np.uint8], out: NDArray[np.float32]
) -> None:
    """For a block of symbols that begins at each sample, how much better a 1 in its middle fits than a 0.

    y: complex64; waves: complex64, shape (hypotheses, L), conjugated; middle: uint8, shape (hypotheses,), the middle
    bit of each; out: float32, shape (len(y) - L + 1,): the largest |Σ y w| of a 1 less that of a 0.
    """
    length = waves.shape[1]
    for n in range(len(out)):
        one = np.float32(0)
        nought = np.float32(0)
        for h in range(waves.shape[0]):
            re = np.float32(0)
            im = np.float32(0)
            for i in range(length):
                a = y[n + i]
                b = waves[h, i]
                re += a.real * b.real - a.imag * b.imag
                im += a.real * b.imag + a.imag * b.real
            fit = re * re + im * im
            if middle[h]:
                one = max(one, fit)
            else:
                nought = max(nought, fit)
        out[n] = np.sqrt(one) - np.sqrt(nought)


@fast
def echo_products(
    y: NDArray[np.complex64],
    wave: NDArray[np.complex128],
    shifts: NDArray[np.int64],
    overlap: NDArray[np.complex128],
    met: NDArray[np.complex128],
) -> None:
    """Products of a wave's copies, turned around by `shifts` samples, with each other and with y.

    overlap[a, b] = Σ conj(w[n - s_a]) w[n - s_b], met[a] = Σ conj(w[n - s_a]) y[n], indices modulo the length. y, wave:
    shape (n,); overlap: shape (copies, copies), met: shape (copies,), out. No shift is longer than y.
    """
    n = len(wave)
    copies = np.empty((len(shifts), n), np.complex128)
    for a in range(len(shifts)):
        shift = shifts[a] % n
        put(copies[a, shift:], wave[: n - shift])
        put(copies[a, :shift], wave[n - shift :])
    for a in range(len(shifts)):
        one = copies[a]
        re = 0.0
        im = 0.0
        for i in range(n):
            re += one[i].real * y[i].real + one[i].imag * y[i].imag
            im += one[i].real * y[i].imag - one[i].imag * y[i].real
        met[a] = complex(re, im)
        for b in range(a, len(shifts)):
            other = copies[b]
            re = 0.0
            im = 0.0
            for i in range(n):
                re += one[i].real * other[i].real + one[i].imag * other[i].imag
                im += one[i].real * other[i].imag - one[i].imag * other[i].real
            overlap[a, b] = complex(re, im)
            overlap[b, a] = complex(re, -im)


@fast
def likeliest_symbols(
    y: NDArray[np.complex64],
    waves: NDArray[np.complex64],
    turn: np.complex64,
    forget: np.float32,
    out: NDArray[np.uint8],
) -> float:
    """The likeliest symbols of a stretch and the sum of the amplitudes at which their wave lies in it.

    y: complex64, shape (n, L), L samples of each symbol; waves: complex64, shape (8, L), conjugated waves of a symbol
    after one and before one, numbered with the first symbol's bit highest, from the phase at the first one's beginning
    on; turn: what a 1 turns the phase by, of modulus 1; forget: part of a survivor's reference that is left a symbol
    later; out: uint8, shape (n,).

    A state is 4 phase + 2 (symbol before) + symbol, phase: ones less noughts of all before, modulo 4. Each survivor's
    phase is that of its own symbols, whatever the index.
    """
    states = 16
    low = np.float32(-1e30)
    metric = np.full(states, low, np.float32)
    metric[:4] = 0
    next_metric = np.empty(states, np.float32)
    reference = np.zeros((2, states), np.complex64)
    back_turned = np.ones((2, states), np.complex64)  # conjugated phase of all symbols before a state's two
    came = np.zeros((len(y), states), np.uint8)
    z = np.empty(8, np.complex64)
    old, new = 0, 1
    for k in range(len(y)):
        for h in range(8):
            re = np.float32(0)
            im = np.float32(0)
            for i in range(waves.shape[1]):
                a = y[k, i]
                b = waves[h, i]
                re += a.real * b.real - a.imag * b.imag
                im += a.real * b.imag + a.imag * b.real
            z[h] = complex(re, im)
        next_metric[:] = low
        for s in range(states):
            if metric[s] == low:
                continue
            before = s >> 1 & 1
            phase = (s >> 2) + (1 if before else 3) & 3
            r = reference[old, s]
            size = np.sqrt(r.real * r.real + r.imag * r.imag)
            for follows in range(2):
                w = z[(s & 3) << 1 | follows] * back_turned[old, s]
                if size > 0:
                    gain = (w.real * r.real + w.imag * r.imag) / size
                else:
                    gain = np.sqrt(w.real * w.real + w.imag * w.imag)
                total = metric[s] + gain
                t = phase << 2 | (s & 1) << 1 | follows
                if total > next_metric[t]:
                    next_metric[t] = total
                    reference[new, t] = complex(forget * r.real + w.real, forget * r.imag + w.imag)
                    back_turned[new, t] = back_turned[old, s] * (turn.conjugate() if before else turn)
                    came[k, t] = s
        put(metric, next_metric)
        old, new = new, old
    state = int(np.argmax(metric))
    best = float(metric[state])
    for k in range(len(y) - 1, -1, -1):
        state = came[k, state]
        out[k] = state & 1
    return best


@fast
def copies_explain(
    part: NDArray[np.complex64], phase: NDArray[np.float64], copies: int, ridge: float
) -> tuple[float, float]:
    """Part of the power of samples that copies of a wave fit by least squares, and what carrier is left in them.

    part: complex64, phase: float64, radians, both of one length; each copy is a sample later than the one before. Only
    samples that all of them reach are compared. ridge: part of the power that keeps the fit small; the carrier is in
    radians a sample, by the two halves of what the copies fit.
    """
    count = len(part) - copies + 1
    wave = np.empty(len(part), np.complex64)
    for n in range(len(part)):
        wave[n] = complex(np.cos(phase[n]), np.sin(phase[n]))
    products = np.empty((copies, copies), np.complex128)
    weights = np.empty(copies, np.complex128)
    for a in range(copies):
        late = copies - 1 - a
        re = np.float32(0)
        im = np.float32(0)
        for n in range(count):
            u = wave[late + n]
            v = part[copies - 1 + n]
            re += u.real * v.real + u.imag * v.imag
            im += u.real * v.imag - u.imag * v.real
        weights[a] = complex(re, im)
        re = np.float32(0)
        im = np.float32(0)
        for n in range(count):
            u = wave[copies - 1 + n]
            v = wave[late + n]
            re += u.real * v.real + u.imag * v.imag
            im += u.real * v.imag - u.imag * v.real
        products[0, a] = complex(re, im)
    for a in range(1, copies):  # one copy further on, a sample enters at the beginning and one leaves at the end
        for b in range(a, copies):
            enters = wave[copies - 1 - a].conjugate() * wave[copies - 1 - b]
            leaves = wave[copies - a + count - 1].conjugate() * wave[copies - b + count - 1]
            products[a, b] = products[a - 1, b - 1] + enters - leaves
    power = 0.0
    for n in range(count):
        power += part[copies - 1 + n].real ** 2 + part[copies - 1 + n].imag ** 2
    explained = _solved(products, weights, ridge * count) / (power + 1e-30)
    half = count // 2
    first = 0j
    second = 0j
    for n in range(2 * half):
        fit = 0j
        for a in range(copies):
            fit += weights[a] * wave[copies - 1 - a + n]
        turned = part[copies - 1 + n] * fit.conjugate()
        if n < half:
            first += turned
        else:
            second += turned
    left = second * first.conjugate()
    return explained, np.arctan2(left.imag, left.real) / half


@fast
def _solved(products: NDArray[np.complex128], weights: NDArray[np.complex128], ridge: float) -> float:
    """Solve for what a Hermitian matrix, given by its upper half, makes of weights, in place; their product with it.

    products: its lower triangle becomes the Cholesky factor's; weights: the right side, then the solution.
    """
    size = len(weights)
    met = weights.copy()
    for a in range(size):
        for b in range(a + 1):
            value = products[b, a].conjugate() if b < a else products[a, a] + ridge
            for k in range(b):
                value -= products[a, k] * products[b, k].conjugate()
            if b < a:
                products[a, b] = value / products[b, b].real
            else:
                products[a, a] = np.sqrt(max(value.real, 1e-30))
    for a in range(size):
        for k in range(a):
            weights[a] -= products[a, k] * weights[k]
        weights[a] /= products[a, a].real
    for a in range(size - 1, -1, -1):
        for k in range(a + 1, size):
            weights[a] -= products[k, a].conjugate() * weights[k]
        weights[a] /= products[a, a].real
    total = 0.0
    for a in range(size):
        total += (met[a].conjugate() * weights[a]).real
    return total
