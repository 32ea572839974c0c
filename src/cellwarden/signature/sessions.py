"""Emissions of one transmitter joined to one mean signature: what is compared and kept, never a single burst.

A train of `group` is such a stretch. Louder bursts weigh more, up to the level where what a phone does differently from
burst to burst is larger than the noise.
"""

import math
from collections.abc import Sequence

import numpy as np

from cellwarden.model import Measured, Session, Signature

LEVEL_SNR = 100.0
"""From this SNR on bursts weigh alike: 20 dB."""


def joined(signatures: Sequence[Signature], source: str = "", start_ns: int | None = None) -> Session:
    """The mean of signatures of one family, of each feature that any of them has. Raises ValueError without one."""
    if not signatures or len({s.family for s in signatures}) > 1:
        raise ValueError("a session is of one family, and of one burst at least")
    ratios = [10 ** (s.snr_db / 10) for s in signatures]
    names = dict.fromkeys(name for s in signatures for name in s.features)
    features = {}
    for name in names:
        told = [
            (s.features[name], r / (1 + r / LEVEL_SNR))
            for s, r in zip(signatures, ratios, strict=True)
            if name in s.features
        ]
        weights = np.array([w for _f, w in told])
        weights /= weights.sum()
        values, deviations = np.array([f for f, _w in told]).T
        features[name] = Measured(float(weights @ values), math.sqrt(float(weights**2 @ deviations**2)))
    mean_db = 10 * math.log10(sum(ratios) / len(ratios))
    return Session(source, signatures[0].family, len(signatures), mean_db, features, start_ns)
