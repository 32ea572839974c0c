"""NR's data that was precoded (DFT-s-OFDM): its reference symbols all carry one sequence, of 30 or 60 that are known.

    symbol 3   │r₀  r₁  r₂  r₃  … │     on every other subcarrier, turned along them by the delay; the same in all
    symbol 9   │r₀  r₁  r₂  r₃  … │     reference symbols but for a phase of each

Of S symbols of N values of anything else the part in one sequence at one delay is distributed as beta (S, S (N - 1)).

Source: 3GPP TS 38.211 §5.2.2, §6.4.1.1.1.2 (without hopping), §6.3.1.4.
"""

import math
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_waveform import BLOCK, allowed_blocks
from cellwarden.airinterface.nr_waveform import reference_sequences
from cellwarden.measure.power import squared

FINE, REACH = 4, 1 / 8
"""Delays tried for each subcarrier, and to what part of half a symbol: what begins further off shows no comb."""
INDEPENDENT = 3.0
"""Delays for each subcarrier that count as choices: so many make chance what noise shows."""


@lru_cache(maxsize=32)
def _conjugates(length: int) -> NDArray[np.complex64]:
    return np.asarray(np.conj(reference_sequences(length)) / math.sqrt(length), np.complex64)


def sequence_nats(combs: NDArray[np.complex64]) -> float:
    """Evidence beyond chance that all combs carry one base sequence at one delay, 0 where these do not exist.

    combs: complex64, shape (symbols, subcarriers), all that was sent in each reference symbol.
    """
    symbols, length = combs.shape
    if 2 * length // BLOCK not in allowed_blocks():
        return 0.0
    sent = _conjugates(length)
    matched = squared(scipy.fft.fft(combs * sent[:, None], FINE * length, axis=-1)).sum(axis=1)
    reach = math.ceil(REACH * FINE * length)
    most = float(np.max(matched[:, np.arange(-reach, reach + 1)]))
    part = min(most / max(float(np.sum(squared(combs))), 1e-30), 1.0)
    chance = float(scipy.special.betainc(symbols * (length - 1), symbols, 1.0 - part))
    return max(0.0, -math.log(max(chance, 1e-300)) - math.log(len(sent) * (1 + 2 * REACH * INDEPENDENT * length)))
