"""What tells LTE's data of one or two blocks beside their reference symbols: their points, prefixes and length.

    subcarriers of a symbol ─► transform back ─► points of 4-PSK (one power) or 16-QAM (three)       SC-FDMA
                                                 values of all powers, exponentially distributed      OFDM, noise

None of it alone is LTE's: OFDM has prefixes, keyed carriers are of one power. What else a burst may be is a mixture of
these, and what they tell against all of it together is what counts.

Source: 3GPP TS 36.211 §5.3.2, §5.3.3.
"""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

OTHERS_NATS = math.log(20.0)
"""One in twenty of other bursts has prefixes, and one in twenty is of one power."""
BOTH_NATS = 6.0
"""One in 400 has both: NR's precoded data."""
RINGS: tuple[tuple[tuple[float, float], ...], ...] = (((1.0, 1.0),), ((0.25, 0.2), (0.5, 1.0), (0.25, 1.8)))
"""Share and power of a modulation's points."""
SHIFTS = 8
"""Delays that are tried, within the distance of two points: the whole ones only change their order."""
SMEARED = 0.05
"""Of a point's power that echoes and errors of timing and frequency make noise of."""


def points_nats(values: NDArray[np.complexfloating], noise: float) -> float:
    """Log-likelihood ratio that symbols carry points of few powers, against values of a normal distribution.

    values: subcarriers of symbols, shape (symbols, length); noise: power of a subcarrier's. With signal S and noise N
    a point's power w has the density exp(-(w + S) / N) I0(2 √(w S) / N) / N, else exp(-w / (S + N)) / (S + N).
    """
    length = values.shape[1]
    ramps = np.exp(2j * np.pi * np.arange(SHIFTS)[:, None] / SHIFTS * np.arange(length) / length)
    points = scipy.fft.ifft(values[None] * ramps[:, None, :], axis=-1, norm="ortho")
    power = (points.real**2 + points.imag**2).reshape(SHIFTS, -1) / noise
    signal = max(float(np.mean(power)) - 1.0, 0.05)
    spread = 1.0 + SMEARED * signal
    plain = -power / (signal + 1.0) - math.log(signal + 1.0)
    told = []
    for rings in RINGS:
        density = np.zeros_like(power)
        for share, part in rings:
            s = part * signal
            x = 2 * np.sqrt(power * s) / spread
            density += share * scipy.special.i0e(x) * np.exp(x - (power + s) / spread) / spread
        told.append(np.sum(np.log(density + 1e-30) - plain, axis=1))
    return float(scipy.special.logsumexp(told)) - math.log(len(RINGS) * SHIFTS)


def together(prefixes: float, points: float, length: float) -> float:
    """Nats of three tellings against a mixture of what else a burst may be: noise, OFDM, a keyed carrier, or both."""
    others = -(prefixes + points + length), -(OTHERS_NATS + points), -(OTHERS_NATS + prefixes), -BOTH_NATS
    return -float(scipy.special.logsumexp(others))
