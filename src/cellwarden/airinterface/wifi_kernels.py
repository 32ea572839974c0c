"""The loops of the Wi-Fi recognisers. Plain numpy twins are in the tests."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast


@fast
def coherence(y: NDArray[np.complex64], lag: int, window: int) -> NDArray[np.complex64]:
    """How alike a signal is to itself `lag` samples later, over `window` samples from each place on.

    out[t] = sum y[u] y*[u + lag] / sqrt(sum |y[u]|² sum |y[u + lag]|²), u = t … t + window - 1: complex64, magnitude at
    most 1, shape (len(y) - lag - window + 1,).
    """
    count = max(0, len(y) - lag - window + 1)
    out = np.zeros(count, np.complex64)
    if count == 0:
        return out
    power = np.empty(len(y), np.float64)
    for i in range(len(y)):
        power[i] = y[i].real ** 2 + y[i].imag ** 2
    cross = 0j
    here = 0.0
    there = 0.0
    for u in range(window):
        cross += np.complex128(y[u]) * np.conj(np.complex128(y[u + lag]))
        here += power[u]
        there += power[u + lag]
    for t in range(count):
        scale = here * there
        out[t] = cross / np.sqrt(scale) if scale > 0.0 else 0.0
        last = t + window
        if t + 1 < count:
            cross += np.complex128(y[last]) * np.conj(np.complex128(y[last + lag]))
            cross -= np.complex128(y[t]) * np.conj(np.complex128(y[t + lag]))
            here += power[last] - power[t]
            there += power[last + lag] - power[t + lag]
            here = max(here, 1e-30)
            there = max(there, 1e-30)
    return out


@fast
def folded(
    y: NDArray[np.complex64], lag: int, period: int, cross: NDArray[np.complex128], power: NDArray[np.float64]
) -> None:
    """Sum y[u] y*[u + lag], and the mean power of the two, over all u that are the same modulo `period`.

    cross: complex128, power: float64, both of shape (period,).
    """
    cross[:] = 0.0
    power[:] = 0.0
    phase = 0
    for u in range(len(y) - lag):
        a = np.complex128(y[u])
        b = np.complex128(y[u + lag])
        cross[phase] += a * np.conj(b)
        power[phase] += 0.5 * (a.real**2 + a.imag**2 + b.real**2 + b.imag**2)
        phase += 1
        if phase == period:
            phase = 0


@fast
def despread(y: NDArray[np.complex64], code: NDArray[np.complex64], per_chip: int) -> NDArray[np.complex64]:
    """out[t] = sum code*[k] y[t + k per_chip]: complex64, shape (len(y) - (len(code) - 1) per_chip,)."""
    count = max(0, len(y) - (len(code) - 1) * per_chip)
    here_re = np.empty(len(y), np.float32)
    here_im = np.empty(len(y), np.float32)
    for t in range(len(y)):
        here_re[t] = y[t].real
        here_im[t] = y[t].imag
    re = np.zeros(count, np.float32)
    im = np.zeros(count, np.float32)
    for k in range(len(code)):  # the code outside, so that neighbours in memory are worked on together
        a = np.float32(code[k].real)
        b = np.float32(-code[k].imag)
        first = k * per_chip
        for t in range(count):
            re[t] += here_re[first + t] * a - here_im[first + t] * b
            im[t] += here_re[first + t] * b + here_im[first + t] * a
    out = np.empty(count, np.complex64)
    for t in range(count):
        out[t] = complex(re[t], im[t])
    return out


@fast
def folded_peak(z: NDArray[np.complex64], symbol: int, near: int) -> tuple[float, float, float, int]:
    """|z|² folded over `symbol` samples, each row first brought to a mean of 1 so that no loud one decides.

    Returns the peak, the mean of what is not within `near` of it, the peak's mean |z|² as it was, and its place.
    """
    rows = len(z) // symbol
    fold = np.zeros(symbol, np.float64)
    loud = np.zeros(symbol, np.float64)
    for row in range(rows):
        energy = 1e-30
        for i in range(symbol):
            value = z[row * symbol + i]
            energy += value.real**2 + value.imag**2
        for i in range(symbol):
            value = z[row * symbol + i]
            power = value.real**2 + value.imag**2
            loud[i] += power
            fold[i] += power * symbol / energy
    top = int(np.argmax(fold))
    beside = 0.0
    for i in range(near + 1, symbol - near):
        beside += fold[(top + i) % symbol]
    rows = max(rows, 1)
    return fold[top] / rows, beside / (symbol - 2 * near - 1) / rows, loud[top] / rows, top


@exact
def training_nats(
    short: NDArray[np.complex64],
    long: NDArray[np.complex64],
    early: NDArray[np.complex64],
    late: NDArray[np.complex64],
    freedoms: tuple[float, float],
    least: float,
    half: float,
    out: NDArray[np.float64],
) -> None:
    """Nats of the coherences of both training fields: -Σ (D - 1) ln(1 - |ρ|²), their freedoms D.

    0 where either, or the better half of the short one, is below `least`, or its halves differ by more than the factor
    `half`. All complex64 and float64, shape (n,).
    """
    for n in range(len(out)):
        out[n] = 0.0
        one, two = np.abs(short[n]), np.abs(long[n])
        if one < least or two < least:
            continue
        first, second = np.abs(early[n]), np.abs(late[n])
        if max(first, second) < least or min(first, second) < half * max(first, second):
            continue
        for value, freedom in ((one, freedoms[0]), (two, freedoms[1])):
            power = min(np.float64(value) * np.float64(value), 1 - 1e-9)
            out[n] -= (freedom - 1) * np.log1p(-power)
