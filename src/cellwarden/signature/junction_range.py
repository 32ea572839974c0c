"""How far away an answer comes from, by its phase over steps of f0.

    phase of order k:  φ = -2π k f0 · 2R / c        lit with f0 on the way there, times k, k f0 on the way back

so f0 in steps over B spans k B: c / 2kB = 3.75 m apart two answers are told from each other with B = 20 MHz at 2f0,
though one alone is placed much better. A walker moves during a sweep; hence R is that along his track, R² = d² + (x -
x0)², and what is sought is d: for each sweep the phasors are turned back and added, and the sweeps' powers added, as
each has a phase of its own (S. Kay, Estimation Theory (1993) §7.10: maximum likelihood of a sinusoid's frequency). A
wrong x0 makes phases run along the sweep as a wrong d does, so both are sought together.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.measure.vertex import vertex
from cellwarden.signature.junction_fit import Place, track
from cellwarden.signature.junction_instrument import LANE
from cellwarden.signature.junction_log import Log

LIGHT_M_S = 299_792_458.0
LEAST_SPAN_HZ = 1e6
"""Less than this places nothing in a room."""
FEWEST_STEPS = 4
FARTHEST_M = 15.0
STEP_M = 0.05
ABOUT = 20
"""Steps about the first distance that are tried with each place along the way."""
ALONG = np.arange(-0.3, 0.301, 0.05)
"""Places along the way beside the one that levels tell, in parts of the distance: bodies that turn move it, and a sweep
that lasts takes a wrong place for another distance."""
HELD = 0.1
"""Part of the strongest response along the way down to which readings count."""


def ranged(
    log: Log, net: NDArray[np.complex128], place: Place, noise_mw: tuple[float, float], beam_deg: float = LANE.beam_deg
) -> tuple[float, float] | None:
    """Distance from the antennas when opposite them and its standard deviation, in metres; None without frequency
    steps.

    net: amplitudes less the instrument's own, shape (2, n). noise_mw: power of the noise in them at 2f0 and 3f0.
    """
    if log.frequency_hz is None or np.ptp(log.frequency_hz) < LEAST_SPAN_HZ:
        return None
    near = track(log.position_m, np.array([place.position_m]), place.aside_m, 2, beam_deg)[0] >= HELD
    if len(np.unique(np.round(log.frequency_hz[near], -4))) < FEWEST_STEPS:
        return None
    f0, waves = log.frequency_hz[near], net[:, near]
    sweeps = _sweeps(f0)

    def likely(aside_m: NDArray[np.float64], at_m: float) -> NDArray[np.float64]:
        along = log.position_m[near] - at_m
        both = zip(waves, noise_mw, (2, 3), strict=True)
        return np.sum([_likelihood(wave, f0, along, sweeps, aside_m, k) / noise for wave, noise, k in both], axis=0)

    aside = np.arange(STEP_M, FARTHEST_M, STEP_M)
    first = int(likely(aside, place.position_m).argmax())
    aside = aside[max(0, first - ABOUT) : first + ABOUT + 1]
    asked = place.position_m + place.aside_m * ALONG
    found = np.array([likely(aside, float(at)) for at in asked])
    row, at = np.unravel_index(int(found.argmax()), found.shape)
    distance_m = float(aside[at] + STEP_M * vertex(found[row], int(at)))
    return distance_m, _bound(waves, f0, noise_mw)


def _bound(waves: NDArray[np.complex128], f0: NDArray[np.float64], noise_mw: tuple[float, float]) -> float:
    """The Cramér–Rao bound of a distance whose phase is not known, in metres."""
    bits, spread = 0.0, float(np.average((f0 - f0.mean()) ** 2))
    for wave, noise, order in zip(waves, noise_mw, (2, 3), strict=True):
        energy = max(float((np.abs(wave) ** 2).sum()) / noise - wave.size, 1e-9)
        bits += 2 * energy * (4 * math.pi * order / LIGHT_M_S) ** 2 * spread
    return float(bits**-0.5)


def _likelihood(
    wave: NDArray[np.complex128],
    f0: NDArray[np.float64],
    along: NDArray[np.float64],
    sweeps: NDArray[np.int64],
    aside: NDArray[np.float64],
    order: int,
) -> NDArray[np.float64]:
    """Power of the sums over each sweep, by its readings, summed over sweeps: shape (m,) of m distances."""
    way = np.hypot(aside[:, None], along[None, :])
    turned = wave * np.exp(4j * np.pi * order / LIGHT_M_S * f0 * way)
    count = np.bincount(sweeps)
    sums = np.array([np.bincount(sweeps, one.real) + 1j * np.bincount(sweeps, one.imag) for one in turned])
    return np.asarray((np.abs(sums) ** 2 / count).sum(axis=1), np.float64)


def _sweeps(f0: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the sweep of each reading: one ends where a frequency comes again after others. Shape (n,)."""
    made, seen, sweep, last = np.empty(len(f0), np.int64), set[float](), 0, math.nan
    for n, value in enumerate(np.round(f0, -4)):
        if value != last and value in seen:
            sweep += 1
            seen.clear()
        seen.add(float(value))
        made[n], last = sweep, value
    return made
