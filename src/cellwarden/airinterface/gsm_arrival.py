"""When a GSM burst arrives, as exactly as its whole waveform tells: for positions from differences of time.

```
 samples ─► turned back ─► one decision a symbol ─► the waveform that these make ─► fitted: arrival, carrier, amplitude
                           (local, never kept)       exp(j gmsk_phase(…))            Gauss and Newton, a few steps
```

Recognition places a burst by its 26 training symbols; 148 symbols have nearly six times their energy. At 20 dB no
decision is wrong, so the fit is that of a known waveform in white noise, whose error comes near the Cramér–Rao bound
(S. Kay, Statistical Signal Processing I (1993) §3.11). Wrong decisions of a faint burst cost energy, not much more.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import FORMATS, SYMBOL_RATE_HZ, antipodal, gmsk_phase

Complex = NDArray[np.complex128]

STEPS = 6
ENOUGH = 1e-3
"""Samples: a fit that moves by less has arrived."""
EDGE = 0.5
"""Symbols at either end that are left out: ramps may reach into them."""
BAND_HZ = 110e3
"""To either side of the carrier, for decisions alone."""
FARTHEST = 1.0
"""Symbols by which a fit may move; beyond, the burst is not what it was taken for."""


class Arrival(NamedTuple):
    """When symbol 0 begins, in samples, with one standard deviation as the residual tells it."""

    start: float
    error: float
    carrier_hz: float


def arrival(samples: Complex, rate_hz: float, start: float, carrier_hz: float, sequence: int) -> Arrival | None:
    """Refine the start of a normal GMSK burst; None where the fit runs away.

    samples: complex, shape (n,), which hold the whole burst; `start`: about where symbol 0 begins in them, to a quarter
    of a symbol; `carrier_hz`: from baseband zero, to some hundred hertz; `sequence`: its training sequence.
    """
    per_symbol = rate_hz / SYMBOL_RATE_HZ
    index = np.arange(max(0, math.ceil(start - per_symbol)), min(len(samples), int(start + 149 * per_symbol)))
    if len(index) < 140 * per_symbol:
        return None
    wave = samples[index].astype(np.complex128) * np.exp(-2j * np.pi * carrier_hz / rate_hz * index)
    bits = _decided(wave, rate_hz, start - index[0], sequence)
    first, offset, left, matrix = start - index[0], 0.0, 1.0, np.eye(4)
    time = np.arange(len(index))
    for _step in range(STEPS):
        inside, fitted, matrix, left = _step_of(wave, bits, time, first, offset, per_symbol, rate_hz)
        first, offset = first + fitted[0], offset + fitted[1]
        if abs(first + index[0] - start) > FARTHEST * per_symbol or not inside:
            return None
        if abs(fitted[0]) < ENOUGH:
            break
    error = math.sqrt(left * float(np.linalg.inv(matrix)[0, 0]))
    return Arrival(index[0] + first, error, carrier_hz + offset)


def _decided(wave: Complex, rate_hz: float, first: float, sequence: int) -> NDArray[np.int64]:
    """Hard decisions on all symbols, those that are known set; they leave this module in no value."""
    layout = FORMATS["normal"]
    spectrum = np.fft.fft(wave, 2 * len(wave))
    spectrum[np.abs(np.fft.fftfreq(2 * len(wave), 1 / rate_hz)) > BAND_HZ] = 0
    smooth = np.fft.ifft(spectrum)[: len(wave)]
    at = first + (np.arange(layout.symbols) + 0.5) * rate_hz / SYMBOL_RATE_HZ
    place = np.arange(len(wave))
    symbols = np.interp(at, place, smooth.real) + 1j * np.interp(at, place, smooth.imag)
    symbols *= (-1j) ** np.arange(layout.symbols)
    known = slice(layout.known_at, layout.known_at + 26)
    turn = np.vdot(antipodal(layout.known[sequence]), symbols[known])
    bits = ((symbols * np.conj(turn)).real < 0).astype(np.int64)
    bits[known] = [int(b) for b in layout.known[sequence]]
    bits[list(layout.tails)] = 0
    return bits


def _step_of(
    wave: Complex,
    bits: NDArray[np.int64],
    time: NDArray[np.int64],
    first: float,
    offset_hz: float,
    per_symbol: float,
    rate_hz: float,
) -> tuple[bool, NDArray[np.float64], NDArray[np.float64], float]:
    """One step of Gauss and Newton in arrival (samples), carrier (hertz) and amplitude, and what is left, a sample.

    y / A = r + δτ ∂r/∂τ + δf ∂r/∂f + (δa + j δb) r + noise, solved for the four reals.
    """
    t = np.asarray((time - first) / per_symbol, np.float64)
    inside = (t >= EDGE) & (t <= len(bits) - EDGE)
    t, y, n = t[inside], wave[inside], time[inside] - time[inside].mean()
    phase = gmsk_phase(bits, t)
    r = np.exp(1j * (phase + 2 * np.pi * offset_hz / rate_hz * n))
    small = 1e-3
    slope = (gmsk_phase(bits, t + small) - gmsk_phase(bits, t - small)) / (2 * small)  # radians a symbol
    amplitude = np.vdot(r, y) / len(r)
    columns = np.stack([-1j * slope / per_symbol * r, 2j * np.pi / rate_hz * n * r, r, 1j * r])
    matrix = (columns.conj() @ columns.T).real
    rest = y / amplitude - r
    fitted = np.linalg.solve(matrix, (columns.conj() @ rest).real)
    left = rest - fitted @ columns
    return len(r) > 100 * per_symbol, fitted, matrix, float(np.mean(np.abs(left) ** 2)) / 2
