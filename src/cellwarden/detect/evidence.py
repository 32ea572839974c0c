"""What power says for a burst and against noise, in nats. The one place where these two formulas stand."""

import math

import numpy as np
from numpy.typing import NDArray


def log_likelihood_ratio(power: NDArray[np.float32], gamma: float, per_freedom: float) -> NDArray[np.float32]:
    """p γ / (1 + γ) - ln(1 + γ) for each sample, shared among the samples that one degree of freedom spans.

    power: float32, over the noise, whose mean is 1; gamma: SNR under test; per_freedom: samples a degree of freedom.
    """
    return (power * np.float32(gamma / (1 + gamma)) - np.float32(math.log1p(gamma))) / np.float32(per_freedom)


def evidence(ratio: float, freedom: float) -> float:
    """Chernoff's bound on the tail of a gamma distribution: f (r - 1 - ln r) nats against noise having a mean of r.

    0 where the ratio is not above the noise.
    """
    return freedom * (ratio - 1.0 - math.log(ratio)) if ratio > 1.0 else 0.0
