"""What power says for a burst and against noise, in nats. The one place where these formulas stand.

Compiled, since loops that are compiled call them too.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast


@fast
def log_likelihood_ratio(power: NDArray[np.float32], gamma: float, per_freedom: float) -> NDArray[np.float32]:
    """p γ / (1 + γ) - ln(1 + γ) for each sample, shared among the samples that one degree of freedom spans.

    power: float32, over the noise, whose mean is 1; gamma: SNR under test; per_freedom: samples a degree of freedom.
    """
    slope = np.float32(gamma / (1 + gamma) / per_freedom)
    offset = np.float32(math.log1p(gamma) / per_freedom)
    out = np.empty(len(power), np.float32)
    for i in range(len(power)):
        out[i] = power[i] * slope - offset
    return out


@fast
def evidence(ratio: float, freedom: float) -> float:
    """Chernoff's bound on the tail of a gamma distribution: f (r - 1 - ln r) nats against noise having a mean of r.

    0 where the ratio is not above the noise.
    """
    return freedom * (ratio - 1.0 - math.log(ratio)) if ratio > 1.0 else 0.0


@exact
def about(excess: float, freedom: float) -> float:
    """`evidence` of a ratio of 1 + excess, without a logarithm: f x² / (2 + 4 x / 3), too low by 5 % at x = 2."""
    return freedom * excess * excess / (2.0 + 4.0 / 3.0 * excess) if excess > 0 else 0.0


@fast
def log_tail(x: float) -> float:
    """Natural logarithm of the probability that a standard normal value exceeds x.

    Beyond x = 20, where the probability itself runs out of digits, its asymptotic series (Abramowitz & Stegun 26.2.12).
    """
    if x < 20.0:
        return math.log(0.5 * math.erfc(x / math.sqrt(2)))
    return -0.5 * x * x - math.log(x * math.sqrt(2 * math.pi)) + math.log1p(-1 / x**2 + 3 / x**4)
