"""Aircraft: Mode S answers and squitters at 1090 MHz.

    µs  0 1    3.5 4.5      8              pulses of half a microsecond: four of the preamble, then for each bit
        ▌ ▌    ▐ ▐          ▌▌ ▐▌▐▐▌▌▐…    the first or the second half of a microsecond

Source: ICAO Annex 10 vol. IV §3.1.2.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from cellwarden.airinterface.impostors_features import named, narrow, rounded
from cellwarden.airinterface.impostors_kernels import pulse_contrasts
from cellwarden.model import Block, Burst, Emission

FAINT_DB, MODE_S_LEAST_S, MODE_S_LEAST_HZ = 2.0, 45e-6, 0.4e6
MODE_S_MOST_HZ = 12e6
"""Of a box: the power of pulses of half a microsecond has fallen by 20 dB at 6 MHz."""
MODE_S_HZ, MODE_S_SLACK_HZ = 1090e6, 1.3e6
MODE_S_RATIO, MODE_S_CONTRAST = 1.5, 0.42
"""Least ratio of the preamble's pulses to its gaps, and least contrast of the halves of a bit; noise has 1 and 0.3."""
MODE_S_US = {"other:adsb": 120, "other:mode-s": 64}
MODE_S_PULSES, MODE_S_GAPS = (0.0, 1.0, 3.5, 4.5), (0.5, 2.0, 2.5, 5.5, 6.5)
"""Microseconds at which half a microsecond of the preamble is on, or off."""


def mode_s(burst: Burst, block: Block) -> list[Emission]:
    """The frames in a box, which may hold several."""
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    width, duration = burst.high_offset_hz - burst.low_offset_hz, burst.sample_count / rate
    if burst.snr_db < FAINT_DB or duration < MODE_S_LEAST_S or not MODE_S_LEAST_HZ <= width <= MODE_S_MOST_HZ:
        return []
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2 if centre is None else MODE_S_HZ - centre
    if not burst.low_offset_hz - MODE_S_SLACK_HZ < middle < burst.high_offset_hz + MODE_S_SLACK_HZ:
        return []
    slack = round(10e-6 * rate)
    wider = replace(burst, sample_start=burst.sample_start - slack, sample_count=burst.sample_count + 2 * slack)
    box = narrow(wider, block, 2 * MODE_S_SLACK_HZ, 8e6, middle)
    half = 0.5e-6 * box.rate_hz
    total = np.cumsum(np.concatenate([[0.0], np.abs(box.y)]))
    found: list[Emission] = []
    taken: list[tuple[float, float]] = []
    places = _preambles(total, half)
    contrasts = {label: _contrasts(total, places, half, us) for label, us in MODE_S_US.items()}
    likely = np.flatnonzero(np.max(list(contrasts.values()), axis=0) > MODE_S_CONTRAST)
    for number, at in zip(likely.tolist(), places[likely].tolist(), strict=True):
        if any(first - 1 < at < last for first, last in taken):
            continue
        for label, length_us in MODE_S_US.items():  # the long one first
            last, contrast = at + 2 * length_us * half, float(contrasts[label][number])
            if contrast > MODE_S_CONTRAST and not any(at < b and a < last - 1 for a, b in taken):
                start = block.sample_start + box.first + round(at * box.step)
                frame = replace(burst, sample_start=start, sample_count=round(length_us * 1e-6 * rate))
                sure = min(0.97, 0.35 + contrast)
                found.append(named(label, frame, sure, {"contrast": rounded(contrast)}, middle))
                taken.append((at, last))
                break
    return found


def _contrasts(
    total: NDArray[np.float64], places: NDArray[np.int64], half: float, length_us: int
) -> NDArray[np.float64]:
    """How different the halves of a frame's bits are at each place; 0 where it does not fit in."""
    contrasts = np.zeros(len(places))
    pulse_contrasts(total, places, half, length_us, contrasts)
    return contrasts


def _preambles(total: NDArray[np.float64], half: float) -> NDArray[np.int64]:
    """Samples at which a preamble may begin, the clearest first; total: float64, the running sum of magnitudes."""
    count = len(total) - 1 - math.ceil(17 * half)
    if count <= 0:
        return np.empty(0, np.int64)
    wide = max(1, round(half))

    def mean(times: tuple[float, ...]) -> NDArray[np.float64]:
        starts = [round(2 * t * half) for t in times]
        sums = [total[s + wide : s + wide + count] - total[s : s + count] for s in starts]
        return np.asarray(sum(sums[1:], sums[0]) / (len(sums) * wide))

    on, off = mean(MODE_S_PULSES), mean(MODE_S_GAPS)
    clear = on - off
    peaks = np.flatnonzero((on > MODE_S_RATIO * off) & (clear >= maximum_filter1d(clear, 5)))
    return peaks[np.argsort(-clear[peaks], kind="stable")]


def frames_once(emissions: list[Emission]) -> list[Emission]:
    """A frame of Mode S that two boxes touch is found in both: keep the surer."""
    kept: list[Emission] = []
    ends: list[tuple[int, int]] = []
    for e in sorted(emissions, key=lambda e: -e.confidence):
        if e.label in MODE_S_US:
            if any(a < e.sample_start + e.sample_count and e.sample_start < b for a, b in ends):
                continue
            ends.append((e.sample_start, e.sample_start + e.sample_count))
        kept.append(e)
    return kept
