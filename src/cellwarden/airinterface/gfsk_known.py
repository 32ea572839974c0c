"""Known symbols found behind echoes: no decision is made, their wave itself is laid over the samples, late by late.

wave  ╱╲╱▔╲╱╲        met(place, carrier) = |Σ conj(wave) y|², one transform for each place
echo   ╱╲╱▔╲╱╲       found where these add up to most over the places that echoes lie in,
echo     ╱╲╱▔╲╱╲     explained: what all the copies together fit there, by least squares
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.gfsk import PER_SYMBOL, sampled_phase
from cellwarden.airinterface.gfsk_kernels import copies_explain
from cellwarden.measure.power import squared

APART = PER_SYMBOL // 2
"""Samples from one place to the next: what a channel filter of little more than the symbol rate lets tell apart."""
FINER = 2
"""Carriers tried in a line's width."""
HOPELESS = 0.35
"""Part that the middle one of the indices explains below which no other is tried: a true one loses a third at most."""
RIDGE = 1e-3
"""Part of the power that keeps the fit small."""


@dataclass(frozen=True, slots=True)
class Known:
    """Where known symbols lie."""

    place: int
    """Index in y at which the first of them begins on the strongest path."""
    carrier: float
    """In symbol rates beside that of the samples."""
    index: float
    """Modulation index."""
    explained: float
    """Part of the power there that their wave and its echoes explain, 0…1."""


def find(
    y: NDArray[np.complex64],
    first: int,
    end: int,
    bits: NDArray[np.int64],
    indices: tuple[float, ...],
    reach: float,
    copies: int,
) -> Known | None:
    """Known symbols that begin at samples `first`…`end` of y; None where y is too short.

    y: complex64, PER_SYMBOL a symbol; bits: int64, shape (n,); indices: modulation indices, of which the middle one is
    looked for; reach: largest carrier offset in symbol rates; copies: echoes looked for, half a symbol apart.
    """
    phase = sampled_phase(2.0 * bits - 1.0)[::APART]
    first = max(first, 0)
    heard = y[first:][::APART]
    places = min((end - first) // APART, len(heard) - len(phase) - copies)
    if places < copies:
        return None
    met, turns = _met(heard[: places + len(phase)], phase * indices[len(indices) // 2], reach)
    total = np.cumsum(met, axis=0)
    total[copies:] -= total[:-copies].copy()
    place, line = divmod(int(np.argmax(total[copies - 1 :])), len(turns))
    strongest = place + int(np.argmax(met[place : place + copies, line]))
    found = _fitted(heard[place : place + len(phase)], phase, float(turns[line]), indices, copies)
    return replace(found, place=first + APART * strongest)


def fit_at(
    y: NDArray[np.complex64], known: Known, bits: NDArray[np.int64], indices: tuple[float, ...], copies: int
) -> Known | None:
    """The same for symbols that begin where others were found, on their carrier; None where y is too short."""
    phase = sampled_phase(2.0 * bits - 1.0)[::APART]
    first = known.place - copies // 2 * APART
    part = y[max(first, 0) :][::APART][: len(phase)]
    if first < 0 or len(part) < len(phase):
        return None
    turn = known.carrier * 2 * np.pi * APART / PER_SYMBOL
    return replace(_fitted(part, phase, turn, indices, copies), place=known.place)


def _fitted(
    part: NDArray[np.complex64], phase: NDArray[np.float64], turn: float, indices: tuple[float, ...], copies: int
) -> Known:
    """What the copies of a wave of the best index explain of samples, with a carrier in radians a sample mended."""
    n = np.arange(len(phase))
    best = Known(0, 0.0, 0.0, 0.0)
    for index in sorted(indices, key=lambda one: abs(one - indices[len(indices) // 2])):
        # symbols of which more are ones lie on another carrier with each index
        _, rest = copies_explain(part, index * phase + turn * n, copies, RIDGE)
        explained, more = copies_explain(part, index * phase + (turn + rest) * n, copies, RIDGE)
        if explained > best.explained:
            carrier = (turn + rest + more) / (2 * np.pi) * PER_SYMBOL / APART
            best = Known(0, carrier, index, explained)
        if best.explained < HOPELESS:
            break
    return best


def _met(
    heard: NDArray[np.complex64], phase: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """|Σ conj(wave) y|² at each place and carrier, shape (places, carriers); and the carriers, in radians a sample."""
    rows = np.lib.stride_tricks.sliding_window_view(heard, len(phase))[:-1]
    size = scipy.fft.next_fast_len(FINER * len(phase))
    most = min(round(reach * size * APART / PER_SYMBOL), size // 2 - 1)
    lines = np.arange(-most, most + 1)
    spectra = scipy.fft.fft(rows * np.exp(-1j * phase).astype(np.complex64), size, axis=1)
    return squared(spectra[:, lines]), 2 * np.pi * lines / size
