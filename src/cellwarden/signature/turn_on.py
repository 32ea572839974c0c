"""How a transmitter is turned on and off: its power outside of what it sends, and how it settles within."""

import cmath
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cellwarden.model import Measured
from cellwarden.signature.baseband import Heard


def ramp(
    name: str, heard: Heard, late: float, power: float, noise: float, edges: Sequence[float], end: float | None = None
) -> dict[str, Measured]:
    """Power in cells over that of the burst, noise taken off: `ramp_NAME_EDGE`.

    late: by how much the burst begins after what `heard` counts from; noise: variance of a sample; edges: of the cells,
    in symbols from the burst's beginning, or, where its `end` is given, backwards from there.
    """
    at = heard.t - late if end is None else end - (heard.t - late)
    level, floor = np.abs(heard.y) ** 2 / power, noise / power
    told = {}
    for low, high in pairwise(edges):
        cell = level[(at >= low) & (at < high)]
        if len(cell):
            mean = float(cell.mean()) - floor
            deviation = math.sqrt((2 * max(mean, 0.0) * floor + floor**2) * heard.white / len(cell))
            told[f"ramp_{name}_{low:+.1f}"] = Measured(mean, deviation)
    return told


def settling(
    came: NDArray[np.complex128],
    expected: NDArray[np.complex128],
    at: NDArray[np.float64],
    noise: float,
    unsure: NDArray[np.float64],
    edges: Sequence[float],
) -> dict[str, Measured]:
    """Level and phase of what came in cells, over what a fit further on expects: `swing_EDGE`, `settling_EDGE`.

    came, expected: shape (n,); at: their times, shape (n,), in the unit of the edges; noise: variance of a sample that
    is independent of its neighbours; unsure: deviation of the expected phase at each time, shape (n,).
    """
    told = {}
    for low, high in pairwise(edges):
        cell = (at >= low) & (at < high)
        energy = float(np.sum(np.abs(expected[cell]) ** 2))
        if energy > 0:
            mean = complex(np.vdot(expected[cell], came[cell])) / energy
            deviation = math.sqrt(noise / 2 / energy)
            told[f"swing_{low:g}"] = Measured(abs(mean), deviation)
            phase = deviation / max(abs(mean), deviation)
            told[f"settling_{low:g}"] = Measured(cmath.phase(mean), math.hypot(phase, float(unsure[cell].mean())))
    return told
