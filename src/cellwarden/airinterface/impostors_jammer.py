"""A jammer: a carrier that sweeps over a band again and again, so that nothing else is heard there.

    frequency   ╱|╱|╱|╱|╱|  or  ╱╲╱╲╱╲╱     from 5 µs to 1 ms a sweep, over megahertz, for as long as it is on

Where it sweeps faster than a spectrum is taken it looks like a high noise floor, and no box stands out of that. So a
stretch of samples is asked as a whole: the turn from one sample to the next is the frequency, and that returns after
a period. Preambles of LTE and NR are chirps too and may repeat, but none lasts for LONGEST_PREAMBLE_S; what is spread
by chips repeats without sweeping.

Source: R. H. Mitch et al., "Signal characteristics of civil GPS jammers", ION GNSS 2011 (sweeps of 1 to 100 µs; those
against phones are built alike).
"""

import math
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import rounded
from cellwarden.detect.suppress import density_db
from cellwarden.model import Block, Emission

WINDOW = 1 << 12
LONG_WINDOW_S = 5e-3
"""A window for slow sweeps, which are looked for only where something is loud for most of the time."""
SHORTEST_S = 2e-6
LONGEST_PREAMBLE_S = 4.3e-3
"""NR's longest preamble, format 1 (TS 38.211 table 6.3.3.1-1, with its prefix 3 ms), and more."""
NATS, LEAST_RETURN = 40.0, 0.05
"""Noise returns with more than r in a window of N with probability e^(-N r²); and the least r, whatever the window."""
LEAST_SPAN_HZ = 0.8e6
MOST_WAYS = 4.2
"""A sweep and its way back are 2 spans; chips and keying go to and fro many times."""
SAME_PERIOD = 0.03
SMOOTH = np.array([0.25, 0.5, 0.25])
COURSES, FEWEST_PLACES = (64, 256), 8
"""Places of a period at which its frequency is looked at."""
CLIPPED = 3.0
"""Turns stronger than this many times the mean count no more: a click is no period."""
PLACES = 3
OFTEN = 0.1
PIECES = ("unknown:", "spur:", "other:", "noise:impulse", "lte:prach", "nr:prach", "umts:downlink")
"""What pieces of a sweep are named."""
CHIRPED, STANDS_OUT_DB = ("lte:", "nr:", "umts:", "wifi:"), 3.0
"""What pieces may be named too, whose symbols are chirps or repeat: believed where it is denser than the sweep."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A periodic sweep in a window."""

    period: float
    """Samples."""
    returned: float
    low_hz: float
    high_hz: float


def jammer(block: Block, end: int, loud: float, before: Emission | None = None) -> Emission | None:
    """The jammer that sweeps throughout a block, from its first sample to `end` (an index of the recording), or None.

    `loud` is the part of the block's time in which something is loud. Two places must show one period. A block that is
    too short for that, as a recording's last one, has the one that was on `before` it.
    """
    rate, count = block.segment.rate_hz, min(len(block.iq), end - block.sample_start)
    short = False
    for size in (WINDOW, round(LONG_WINDOW_S * rate)) if loud > OFTEN else (WINDOW,):
        if count < size + 2 * LONGEST_PREAMBLE_S * rate:
            short = True
            continue
        sweeps = _alike(block, count, size)
        if len(sweeps) > 1:
            return _emission(sweeps, block, count)
    return replace(before, sample_start=block.sample_start, sample_count=count) if before and short else None


def _alike(block: Block, count: int, size: int) -> list[Sweep]:
    """The sweeps of one period at some places of a block, the first of which must show one."""
    alike: list[Sweep] = []
    for place in range(PLACES):
        first = place * (count - size) // (PLACES - 1)
        found = sweep(block.iq[first : first + size], block.segment.rate_hz)
        if found is None and not alike:
            break
        if found is not None and abs(found.period / (alike or [found])[0].period - 1) < SAME_PERIOD:
            alike.append(found)
    return alike


def beside(jam: Emission, emissions: list[Emission], rejected: Counter[str]) -> list[Emission]:
    """Emissions without those that are but pieces of a sweep: chirps are what preambles are made of."""
    kept = []
    for e in emissions:
        meets = e.low_offset_hz < jam.high_offset_hz and jam.low_offset_hz < e.high_offset_hz
        looks_so = e.label.startswith(PIECES) or (
            e.label.startswith(CHIRPED) and density_db(e) < density_db(jam) + STANDS_OUT_DB
        )
        if meets and looks_so:
            rejected["sweep"] += 1
        else:
            kept.append(e)
    return kept


def _emission(sweeps: list[Sweep], block: Block, count: int) -> Emission:
    rate = block.segment.rate_hz
    low, high = min(s.low_hz for s in sweeps), max(s.high_hz for s in sweeps)
    power = float(np.mean(block.iq[:count:16].astype(np.float32) ** 2)) * 2 * block.scale**2 + 1e-30
    returned = min(s.returned for s in sweeps)
    part = min(math.sqrt(returned), 0.999)  # of the power: the product of two samples has the square of it
    noise = 10 * math.log10(power * (1 - part) / rate)
    return Emission(
        label="noise:jammer",
        sample_start=block.sample_start,
        sample_count=count,
        low_offset_hz=low,
        high_offset_hz=high,
        snr_db=10 * math.log10(power * part / (high - low)) - noise,
        confidence=min(0.99, 0.9 + returned / 8),
        floor_dbfs_hz=noise,
        details={"period_us": rounded(float(np.median([s.period for s in sweeps])) / rate * 1e6)},
    )


def sweep(iq: NDArray[np.generic], rate_hz: float) -> Sweep | None:
    """The periodic sweep in some samples: real, shape (n, 2). None where there is none."""
    x = np.ascontiguousarray(iq, np.float32).view(np.complex64)[:, 0]
    raw = x[1:] * x[:-1].conj()
    size = np.abs(raw)
    most = CLIPPED * float(np.mean(size)) + 1e-30
    turns = raw * (most / np.maximum(size, most))
    period, returned = _period(turns - turns.mean(), SHORTEST_S * rate_hz)
    if returned < max(LEAST_RETURN, math.sqrt(NATS / len(turns))):
        return None
    span = _span(raw, period, rate_hz)
    return Sweep(period, returned, *span) if span else None


def _period(turns: NDArray[np.complex64], least: float) -> tuple[float, float]:
    """Lag from `least` on at which turns return most, and the part of them that does; 0 where twice the lag does not.

    Along a chirp the turns are a steady rotation, so that only where they come back with the phase that they had does
    the frequency return. Later returns tell the period to a fraction of a sample.
    """
    count = len(turns)
    spectrum = scipy.fft.fft(turns, scipy.fft.next_fast_len(2 * count))
    again = scipy.fft.ifft((spectrum * spectrum.conj()).real)[: count // 2].real
    again *= count / np.arange(count, count - len(again), -1) / max(float(again[0]), 1e-30)
    shortest = max(math.ceil(least), 3, int(np.argmax(again < 0)))  # a slow sweep's neighbours are alike
    if len(again) <= 2 * shortest:
        return 0.0, 0.0
    top = float(np.max(again[shortest:]))
    if top <= 0:
        return 0.0, 0.0
    high = np.flatnonzero(again[shortest:] > 0.85 * top) + shortest  # at the period and its multiples
    first = high[high <= 1.25 * high[0]]
    period, times = float(first[np.argmax(again[first])]), 1
    while 2.1 * times * period + 3 < len(again):
        times *= 2
        reach = 2 + round(0.02 * period)
        low = round(times * period) - reach
        at = low + int(np.argmax(again[low : low + 2 * reach + 1]))
        if again[at] < 0.4 * top:
            return (period, 0.0) if times == 2 else (period, top)
        period = at / times
    return period, top if times > 1 else 0.0


def _span(turns: NDArray[np.complex64], period: float, rate_hz: float) -> tuple[float, float] | None:
    """Between which frequencies a period sweeps: once up and once down, through all of them; None where it does not.

    The turns of all periods are averaged at each of some places of the period, of more where it sweeps far beyond what
    was recorded.
    """
    for most in COURSES:
        course = _course(turns, period, min(most, math.floor(period))) / (2 * np.pi) * rate_hz
        if len(course) < FEWEST_PLACES:
            continue
        low, high = (float(np.quantile(course, q)) for q in (0.02, 0.98))
        if high - low < LEAST_SPAN_HZ:
            continue
        ways = float(np.sum(np.abs(np.diff(course)))) / (high - low)
        filled = np.histogram(course, 6, (low, high))[0] / len(course)
        if ways < MOST_WAYS and float(filled.min()) > 0.03 and float(filled.max()) < 0.4:
            return low, high
    return None


def _course(turns: NDArray[np.complex64], period: float, places: int) -> NDArray[np.float64]:
    """Mean turn at each of some places of a period, those where something is: radians a sample."""
    place = (np.arange(len(turns)) % period * (places / period)).astype(np.int64)
    folded = np.bincount(place, turns.real, places + 1) + 1j * np.bincount(place, turns.imag, places + 1)
    folded = np.convolve(folded[np.arange(-1, places + 1) % places], SMOOTH, "valid")
    size = np.abs(folded)
    there = size > 0.3 * float(np.quantile(size, 0.9))
    return np.asarray(np.angle(folded[there]))
