"""Compiled loops of the fingerprint."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import frequency_pulse_integral
from cellwarden.compiled import fast

FINE, REACH = 256, 4
"""Points a symbol of the tabulated pulse, and symbols on either side of its middle."""
PAD = 8
"""Bits that are 1 before and behind a burst."""


@lru_cache
def pulse_table() -> NDArray[np.float64]:
    """The phase that a symbol has contributed by each point of time, from 0 to 1: shape (2 REACH FINE + 1,)."""
    return frequency_pulse_integral(np.arange(-REACH * FINE, REACH * FINE + 1) / FINE)


def gmsk(bits: NDArray[np.int64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """As `gsm_waveform.gmsk_phase`, from a table: radians, to 1e-5, shape (n,)."""
    padded = np.ones(len(bits) + 2 * PAD, np.int64)
    padded[PAD:-PAD] = bits
    turns = 1.0 - 2.0 * (padded ^ np.concatenate([[1], padded[:-1]]))
    return _phases(turns, np.concatenate([[0.0], np.cumsum(turns)]), t, pulse_table())


@fast
def _phases(
    turns: NDArray[np.float64], done: NDArray[np.float64], t: NDArray[np.float64], table: NDArray[np.float64]
) -> NDArray[np.float64]:
    made = np.empty(len(t))
    for n in range(len(t)):
        first = min(max(int(np.floor(t[n])) + PAD - 3, 0), len(turns) - 7)
        phase = done[first]
        for symbol in range(first, first + 7):
            at = (t[n] - (symbol - PAD) + REACH) * FINE
            if at >= len(table) - 1:
                phase += turns[symbol]
            elif at > 0:
                k = int(at)
                phase += turns[symbol] * (table[k] + (at - k) * (table[k + 1] - table[k]))
        made[n] = np.pi / 2 * phase
    return made
