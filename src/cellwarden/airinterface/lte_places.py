"""Where in a box an LTE subframe may lie, told before any sequence is matched: most boxes hold none.

    │p│ symbol │p│ symbol │p│ …      each prefix p is like the end of its symbol, 66.7 µs later; all fourteen together
                                     tell a subframe to a few microseconds, and that there is one

The coherence ρ of D independent values of anything else exceeds r with probability (1 - r²)^(D - 1).

Source: 3GPP TS 36.211 §5.6.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_kernels import prefix_likeness, slot_powers
from cellwarden.airinterface.lte_receiver import Stretch, narrowed
from cellwarden.airinterface.lte_symbols import TURNS
from cellwarden.airinterface.lte_waveform import PREFIX_S, SLOT_S, SUBCARRIER_HZ, SYMBOL_S, SYMBOL_STARTS_S
from cellwarden.airinterface.nr_kernels import prefixed
from cellwarden.model import Burst

SUBFRAME_S = 2 * SLOT_S
PREFIXES_S = np.array([n // 7 * SLOT_S + SYMBOL_STARTS_S[n % 7] - PREFIX_S for n in range(14)])
"""When the prefixes of a subframe begin, the longer ones' last part."""
PREFIX_NATS, PREFIX_PART = 12.0, 0.25
"""Asked of a subframe's prefixes: chance gives 5 to 9 among all places; or this part of what is expected at its SNR."""
TELLING_NATS = 30.0
"""Where less is expected, prefixes are not believed when they say that nothing is there."""
PREFIX_SNR = 4.0
"""Echoes and the edges of symbols make the most of it."""
LIKELY_PART, LIKELY_NATS = 0.4, 4.0
"""Places are tried whose prefixes have this part of the best place's nats, less so much."""
ON, UNSURE = 0.25, 3.0
"""Each slot of a subframe has this part of its box's power; standard deviations by which that may seem less."""
FINE, MOST_ALIKE = 4, 0.6
"""Places of which the mean likelihood of prefixes is taken, and the most likeness expected: echoes take from it."""
WORTH, LEADERS = 24, 2
"""Hypotheses of time and frequency from which on the best of every other one are looked at closely."""


def likely_places(heard: Stretch, burst: Burst, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those of `places` at which a subframe may lie: both slots are on the air, prefixes are alike to symbols' ends."""
    width = burst.high_offset_hz - burst.low_offset_hz
    half_hz = width / 2 + SUBCARRIER_HZ
    y = narrowed(heard, 0.0, half_hz)
    snr = 10 ** (burst.snr_db / 10)
    least = 1 + ON * snr - UNSURE * (1 + ON * snr) / math.sqrt(SLOT_S * width)
    noise = heard.noise * min(1.0, 2 * half_hz / heard.rate_hz)
    powers = np.empty(len(places))
    slot_powers(y, places, SLOT_S * heard.rate_hz, powers)
    places = places[powers > least * noise]
    if not len(places):
        return places
    offsets = PREFIXES_S * heard.rate_hz
    alike = np.empty(len(places), np.float32)
    lag, length = round(SYMBOL_S * heard.rate_hz), max(2, round(PREFIX_S * heard.rate_hz))
    prefix_likeness(y, lag, length, np.round(places).astype(np.int64), np.round(offsets).astype(np.int64), alike)
    freedom = 14 * PREFIX_S * width - 1
    nats = -freedom * np.log1p(-np.minimum(alike**2, 0.9999))
    snr = min(snr, PREFIX_SNR)
    expected = (
        -freedom
        * math.log1p(-((snr / (1 + snr)) ** 2))
        * min(1.0, burst.sample_count / heard.per_sample / heard.rate_hz / SUBFRAME_S)
    )
    most = float(np.max(nats))
    if expected > TELLING_NATS and most < min(PREFIX_NATS, PREFIX_PART * expected):
        return places[:0]
    return places[nats > LIKELY_PART * most - LIKELY_NATS]


def prefix_nats(
    heard: Stretch,
    middle_hz: float,
    length: int,
    starts: NDArray[np.float64],
    apart_s: float,
    level: float,
    turns: Sequence[float] = (0.0,),
) -> NDArray[np.float64]:
    """Log-likelihood ratios that a subframe begins about each of `starts`, by its prefixes: shape (turns, starts).

    Pairs of D values of unit mean power that correlate by ρ, their mean product being r, against pairs that do not:
    D (-ln(1 - ρ²) - 2 ρ (ρ - r) / (1 - ρ²)); a subcarrier lies at zero, or beside it by one of `turns`, parts of the
    pitch, and a phone's frequency error turns r little. `length` subcarriers lie around `middle_hz` of the stretch;
    starts: in its samples, `apart_s` apart, between which the mean likelihood is taken; level: power over noise.
    """
    half = (length / 2 + 0.5) * SUBCARRIER_HZ
    y = narrowed(heard, middle_hz, half)
    fine = starts[:, None] + np.linspace(-3 / 8, 3 / 8, FINE) * apart_s * heard.rate_hz
    first = np.round(fine.reshape(-1, 1) + PREFIXES_S * heard.rate_hz).astype(np.int64)
    lag, count = round(SYMBOL_S * heard.rate_hz), max(2, round(PREFIX_S * heard.rate_hz))
    alike, power = np.empty(len(first), np.complex128), np.empty(len(first))
    prefixed(y, lag, count, np.clip(first, 0, len(y) - lag - count), alike, power)
    onto = np.exp(2j * np.pi * np.array(turns))[:, None]
    part = ((alike * onto).real / np.maximum(power, 1e-30)).reshape(-1, *fine.shape)
    likely = min((level - 1.0) / level, MOST_ALIKE)
    freedom = first.shape[1] * PREFIX_S * length * SUBCARRIER_HZ
    nats = -math.log1p(-(likely**2)) - 2 * likely * (likely - part) / (1 - likely**2)
    return np.asarray(scipy.special.logsumexp(freedom * nats, axis=-1) - math.log(FINE))


def leaders(
    score: Callable[[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]],
    places: NDArray[np.float64],
    turns: NDArray[np.int64],
    lows: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Places, turns and first subcarriers around those that score best among every other place and turn."""
    if len(places) * len(turns) < WORTH:
        return places, turns, lows
    half, step = turns % 2 == 0, 2 if len(places) > 8 else 1
    rough = score(places[::step], turns[half], lows[half])
    best = np.argsort(-rough, axis=None)[:LEADERS]
    place, at = np.divmod(best, rough.shape[1])
    near = np.unique(np.clip(step * place[:, None] + np.arange(1 - step, step), 0, len(places) - 1))
    hz = lows + np.array(TURNS)[turns]
    beside = np.min(np.abs(hz[:, None] - hz[half][at]), axis=1) < 0.3
    return places[near], turns[beside], lows[beside]
