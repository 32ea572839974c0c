"""Which base sequence the two reference symbols of a PUSCH of three blocks and more are of, and where its band begins.

Source: 3GPP TS 36.211 §5.5.1.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_found import CERTAIN_NATS, LEAST_NATS, MATCHED, NEAR_NATS, NEIGHBOURS
from cellwarden.airinterface.lte_match_kernels import explained_parts
from cellwarden.airinterface.lte_symbols import likely, long_matches, pair, surprise
from cellwarden.airinterface.lte_waveform import BLOCK

EXPLAINED = 0.25
"""Part of a reference symbol's energy above the noise that one path of its sequence has; echoes have the rest."""


def matched_in(
    references: NDArray[np.complex64], bands: Sequence[tuple[int, int]], tried: int, noise: float
) -> tuple[float, int, int, int] | None:
    """Evidence, first subcarrier, subcarriers and group of the sequences that fit best in one of some bands.

    references: both symbols' subcarriers, shape (2, size); bands: first subcarrier and blocks; `tried`: times and
    frequencies; noise: power of noise in a subcarrier.
    """
    best = (LEAST_NATS, 0, 0, 0)
    size, trials = references.shape[-1], tried * len(bands) * (2 * NEIGHBOURS + 1)
    for at, blocks in bands:
        length = blocks * BLOCK
        if blocks < 3 or best[0] > CERTAIN_NATS:
            continue
        chance = math.log(2 * length)
        chosen = likely(references[:, at : at + length], MATCHED)
        beyond = surprise(long_matches(references[:, at : at + length], chosen), length) - chance
        if float(pair(beyond, trials)[0]) < LEAST_NATS - NEAR_NATS:
            continue
        chosen = np.array(sorted({*beyond.argmax(axis=-1).tolist(), int(beyond.sum(axis=0).argmax())}))
        lows = range(max(0, at - NEIGHBOURS), min(size - length, at + NEIGHBOURS) + 1)
        there = np.stack([references[:, low : low + length] for low in lows], axis=1)
        parts = long_matches(there, chosen)
        nats, groups = pair(surprise(parts, length) - chance, trials)
        explained = np.empty(len(lows))
        explained_parts(there, parts.max(axis=-1), noise, explained)
        for n, low in enumerate(lows):
            if nats[n] > best[0] and explained[n] >= EXPLAINED:
                best = float(nats[n]), low, length, int(groups[n])
    return best if best[2] else None
