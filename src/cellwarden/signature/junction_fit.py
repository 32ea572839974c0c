"""Where along the lane something answers at 2f0 and 3f0, how strongly, and how that grows with the transmit power.

```
 power above the empty lane                    an answer of order k at place x0, d off the way, fades as
          ▁▃▆█▇▄▂                                 s_k(x) = (G(θ) / R²)^(k+1),  tan θ = (x - x0) / d
 ▁▂▁▁▂▁▁▂        ▁▂▁▁▁▂▁                       with R² = d² + (x - x0)², and grows as 10^(k P / 10):
                                               k dB per dB of transmit power P
 ─────────────┬──────────► position
              x0
```

Lit k-fold and sent back once, hence k + 1. What was heard is r = a s + noise, whose mean and variance at each
transmit power come from the empty lane. By weighted least squares (S. Kay, Detection Theory (1998) §7.4)

    a = Σ s r / v  /  Σ s² / v          z = Σ s r / v  /  sqrt(Σ s² / v)           z: standard deviations above nothing
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cellwarden.signature.junction_instrument import LANE, Instrument

ORDERS = (2, 3)
SETTLED = 3
"""Rounds in which several answers are placed anew."""
KEPT = 32
"""Tracks that are remembered, of some hundred kilobytes each."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What an empty lane does not explain; arrays over n readings, the first axis of two is the order: 2f0, 3f0."""

    position_m: NDArray[np.float64]
    """Of who passes, 0 opposite the antennas: shape (n,)."""
    transmit_dbm: NDArray[np.float64]
    excess_mw: NDArray[np.float64]
    """Power less that of the empty lane: shape (2, n)."""
    variance_mw2: NDArray[np.float64]
    """Of `excess_mw` where nothing answers: shape (2, n)."""
    instrument: Instrument = LANE


@dataclass(frozen=True, slots=True)
class Place:
    """An answer that was found."""

    position_m: float
    aside_m: float
    level_mw: tuple[float, float]
    """At 2f0 and 3f0, opposite the antennas at the highest transmit power."""
    error_mw: tuple[float, float]
    """Their standard deviations, from noise alone."""

    @property
    def sigmas(self) -> tuple[float, float]:
        """Standard deviations of noise by which each harmonic stands out."""
        return self.level_mw[0] / self.error_mw[0], self.level_mw[1] / self.error_mw[1]


def track(
    position_m: NDArray[np.float64],
    at_m: NDArray[np.float64],
    aside_m: float,
    order: int,
    beam_deg: float = LANE.beam_deg,
) -> NDArray[np.float64]:
    """s of an answer at places `at_m`, 1 opposite the antennas: shape (m, n) of m places and n positions; not to be
    written to."""
    return _track(position_m.tobytes(), at_m.tobytes(), aside_m, order, beam_deg)


@lru_cache(maxsize=KEPT)
def _track(position: bytes, at: bytes, aside_m: float, order: int, beam_deg: float) -> NDArray[np.float64]:
    """The same: a passage asks for its own again and again, and an instrument logs many at the same places."""
    along = (np.frombuffer(position)[None, :] - np.frombuffer(at)[:, None]) / aside_m
    fall = 1.2 * math.log(10) * (180 / math.pi / beam_deg) ** 2  # a Gaussian lobe's, nepers per square radian
    once = np.exp(-fall * np.arctan(along) ** 2) / (1 + along**2)
    made = once * once * once * (once if order == 3 else 1.0)
    made.flags.writeable = False
    return np.asarray(made, np.float64)


def places(heard: Heard, least: float, apart_m: float, weakest: float) -> list[Place]:
    """Answers whose z at 2f0 or 3f0 is `least` or more, the strongest first.

    A further one must lie `apart_m` from those found, have `weakest` of the strongest's level, and stand out of what
    their tracks leave unexplained; half of the level is allowed for that, as bodies turn.
    """
    grid = _grid(heard)
    left, variance, found = heard.excess_mw.copy(), heard.variance_mw2.copy(), list[Place]()
    free = np.ones(len(grid), np.bool_)
    while free.any():
        best = _best(heard, left, variance, grid[free])
        strong = sum(best.level_mw) >= weakest * sum(found[0].level_mw) if found else True
        if max(best.sigmas) < least or not strong:
            break
        found.append(best)
        part = _part(heard, best)
        left -= part
        variance += (part / 2) ** 2
        free &= np.abs(grid - best.position_m) >= apart_m
    return _settled(heard, found, grid, apart_m) if len(found) > 1 else found


def _settled(heard: Heard, found: Sequence[Place], grid: NDArray[np.float64], apart_m: float) -> list[Place]:
    """Each answer placed anew beside where it was found, with the others taken off: the first one leaned towards
    them."""
    settled = list(found)
    for _ in range(SETTLED):
        for n, place in enumerate(found):
            others = sum((_part(heard, one) for k, one in enumerate(settled) if k != n), np.zeros_like(heard.excess_mw))
            near = grid[np.abs(grid - place.position_m) <= apart_m / 2]
            settled[n] = _best(heard, heard.excess_mw - others, heard.variance_mw2, near)
    return settled


def _part(heard: Heard, place: Place) -> NDArray[np.float64]:
    """What an answer brings at each reading, shape (2, n)."""
    at = np.array([place.position_m])
    pairs = zip(place.level_mw, ORDERS, strict=True)
    return np.array([max(level, 0.0) * _template(heard, at, place.aside_m, order)[0] for level, order in pairs])


def _grid(heard: Heard) -> NDArray[np.float64]:
    """Places that are tried."""
    step = heard.instrument.step_m
    return np.arange(heard.position_m.min(), heard.position_m.max() + step / 2, step)


def strongest(heard: Heard) -> Place:
    """The likeliest place of an answer, whether there is one or not."""
    return _best(heard, heard.excess_mw, heard.variance_mw2, _grid(heard))


def growth(heard: Heard, place: Place, row: int) -> NDArray[np.float64]:
    """Level at each transmit power: rows of dBm sent, mW opposite the antennas, its standard deviation; shape (m,
    3)."""
    at, beam = np.array([place.position_m]), heard.instrument.beam_deg
    shape = track(heard.position_m, at, place.aside_m, ORDERS[row], beam)[0]
    made = []
    for power in np.unique(heard.transmit_dbm):
        here = heard.transmit_dbm == power
        weight = shape[here] / heard.variance_mw2[row, here]
        norm = float(weight @ shape[here])
        if norm > 0:
            made.append((float(power), float(weight @ heard.excess_mw[row, here]) / norm, norm**-0.5))
    return np.array(made, np.float64).reshape(-1, 3)


def slope(levels: NDArray[np.float64], least: float = 3.0) -> tuple[float, float] | None:
    """Decibels of answer per decibel sent, and its standard deviation; None where fewer than two powers stand out.

    levels: as `growth` gives them. Bodies that turn add 1 dB of error to each level.
    """
    clear = levels[levels[:, 1] >= least * levels[:, 2]]
    if len(clear) < 2:
        return None
    heard_db = 10 * np.log10(clear[:, 1])
    weight = 1 / ((10 / np.log(10) * clear[:, 2] / clear[:, 1]) ** 2 + 1.0)
    sent = clear[:, 0] - np.average(clear[:, 0], weights=weight)
    norm = float(weight @ sent**2)
    return float(weight * sent @ heard_db) / norm, norm**-0.5


def _template(heard: Heard, at_m: NDArray[np.float64], aside_m: float, order: int) -> NDArray[np.float64]:
    """s with the growth with transmit power in it: shape (m, n)."""
    grown = 10 ** (order * (heard.transmit_dbm - heard.transmit_dbm.max()) / 10)
    return track(heard.position_m, at_m, aside_m, order, heard.instrument.beam_deg) * grown


def _best(heard: Heard, excess: NDArray[np.float64], variance: NDArray[np.float64], grid: NDArray[np.float64]) -> Place:
    """The place where both harmonics together stand out most."""
    made: list[tuple[float, Place]] = []
    for aside in heard.instrument.asides_m:
        levels, errors = [], []
        for row, order in enumerate(ORDERS):
            shape = _template(heard, grid, aside, order)
            weight = shape / variance[row]
            norm = (weight * shape).sum(axis=1)
            levels.append(weight @ excess[row] / norm)
            errors.append(norm**-0.5)
        sigmas = np.array(levels) / np.array(errors)
        total = (np.maximum(sigmas, 0) ** 2).sum(axis=0)
        at = int(total.argmax())
        level, error = (float(levels[0][at]), float(levels[1][at])), (float(errors[0][at]), float(errors[1][at]))
        made.append((float(total[at]), Place(float(grid[at]), aside, level, error)))
    return max(made, key=lambda one: one[0])[1]
