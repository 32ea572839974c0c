"""Aircraft: Mode S answers and squitters at 1090 MHz.

    µs  0 1    3.5 4.5      8              pulses of half a microsecond: four of the preamble, then for each bit
        ▌ ▌    ▐ ▐          ▌▌ ▐▌▐▐▌▌▐…    the first or the second half of a microsecond

Echoes as long as a pulse fill the gaps. Then a filter is looked for, by least squares, behind which the halves are the
preamble's, and of each bit's one is on and the other off:

    y ─ windows of 4 µs around each half ─ A w ≈ 1 0 1 0 0 0 0 1 0 1 0 …, then (1 0) or (0 1) for each bit

Source: ICAO Annex 10 vol. IV §3.1.2.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import Narrow, line_share, named, narrow, resampled, rounded
from cellwarden.airinterface.impostors_kernels import fitted, pulse_contrasts
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

FAINT_DB, MODE_S_LEAST_S, MODE_S_LEAST_HZ = 2.0, 38e-6, 0.4e6
MODE_S_MOST_HZ = 12e6
"""Of a box: the power of pulses of half a microsecond has fallen by 20 dB at 6 MHz."""
MODE_S_HZ, MODE_S_SLACK_HZ, MODE_S_BAND_HZ, MODE_S_CFO_HZ, NEAR_HZ = 1090e6, 1.3e6, 1.9e6, 1e6, 2e4
"""Nominal carrier; how far a box may lie beside it; what a frame fills; how far an aircraft's may be off besides, and
how far most are."""
MODE_S_RATIO, MODE_S_CONTRAST = 1.5, 0.46
"""Least ratio of the preamble's pulses to its gaps, and least contrast of the halves of a bit; noise has 1 and 0.3, and
in a real recording no frame whose parity is right has less than 0.48."""
PHASES = 4
"""Places within half a bit at which samples are taken where that has but one or two."""
MODE_S_US = {"other:adsb": 120, "other:mode-s": 64}
MODE_S_PULSES, MODE_S_GAPS = (0.0, 1.0, 3.5, 4.5), (0.5, 2.0, 2.5, 5.5, 6.5)
"""Microseconds at which half a microsecond of the preamble is on, or off."""

LONGEST_US, EDGE_US, MOST_BLURRED_US, CUT = 120, 8.0, 40.0, 0.6
"""Of a frame; how far a box's length may be off, and a narrow one's besides; and what is left in it of one that a fade
cuts."""
SQUARED_APART_HZ = 1e6
"""Half of what strong lines of a frame's square are apart: those of the pulses' rate, 2 MHz."""
LONG_S, STEADY_RATE_HZ, STEADY = 1e-3, 1e6, 2.2
"""Length of a box that can be but frames of many aircraft, at random; and the fourth moment of its samples, at so many
a second, over the squared power: noise has 2 and a steady carrier 1, boxes of frames in a real recording 2.4 and more.
"""
ECHO_RATE_HZ, ECHO_TAPS, ECHO_TRIES = 4e6, 17, (0, 2, -2, 1, -1, 3, -3)
"""Samples a second behind which echoes are taken out, how many a filter has, and how far a box's beginning may err."""
ECHO_ROUNDS, ECHO_RIDGE, DESPAIR, PAIR_WEIGHT = 5, 0.03, 0.3, 0.7
"""Rounds of deciding bits and fitting the filter to them; part of the power that keeps it small; what ends them."""
ECHO_FIT = 0.6
"""Least part of the halves' variance that the filter explains: noise and tones reach 0.28 in 200 draws, frames have 0.9
at 15 dB behind echoes of 30 to 300 ns."""
GLIMPSES, GLIMPSED = 2, 0.2
"""Tries after which something must fit a little, as a filter makes up for a beginning that errs: in 1,400 boxes of
noise and keying nothing has more than 0.06, of 238 frames all have 0.3."""


def mode_s(burst: Burst, block: Block) -> list[Emission]:
    """The frames in a box, which may hold several."""
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    width, duration = burst.high_offset_hz - burst.low_offset_hz, burst.sample_count / rate
    if burst.snr_db < FAINT_DB or duration < MODE_S_LEAST_S or width > MODE_S_MOST_HZ:
        return []
    if width < MODE_S_LEAST_HZ and duration > (LONGEST_US + _edge_us(burst)) * 1e-6:
        return []
    middles = _carriers(burst, block) if centre is None else [MODE_S_HZ - centre]
    for middle in middles:
        if burst.low_offset_hz - MODE_S_SLACK_HZ < middle < burst.high_offset_hz + MODE_S_SLACK_HZ:
            if duration > LONG_S and _is_steady(burst, block, middle):
                return []
            found = _frames(burst, block, middle)
            if found:
                return found
    return []


def _is_steady(burst: Burst, block: Block, middle: float) -> bool:
    """Whether power is as even as that of one sender: frames of several have pauses, beside those between pulses.

    In pieces of LONG_S, so that slow changes do not show.
    """
    box = narrow(burst, block, 2 * MODE_S_SLACK_HZ, STEADY_RATE_HZ, middle)
    piece = round(LONG_S * box.rate_hz)
    power = squared(box.y[: len(box.y) // piece * piece]).reshape(-1, piece)
    return float(np.sum(power**2)) < STEADY * piece * float(np.sum(power.mean(axis=1) ** 2))


def _frames(burst: Burst, block: Block, middle: float) -> list[Emission]:
    """The frames of one carrier in a box."""
    rate = block.segment.rate_hz
    width, duration = burst.high_offset_hz - burst.low_offset_hz, burst.sample_count / rate
    edge_us = _edge_us(burst)
    lacks_s = max(edge_us * 1e-6, LONGEST_US * 1e-6 - duration) + 5e-6  # of a frame that a fade has cut; and echoes
    slack = min(round(lacks_s * rate), max(0, burst.sample_start - block.sample_start))
    count = burst.sample_count + slack + round(lacks_s * rate)
    wider = replace(burst, sample_start=burst.sample_start - slack, sample_count=count)
    box = narrow(wider, block, 2 * MODE_S_SLACK_HZ, 8e6, middle)
    found = _clear_frames(burst, block, box) if width >= MODE_S_LEAST_HZ else []
    told_us = sum(MODE_S_US[e.label] for e in found)
    if told_us > duration * 1e6 - EDGE_US:
        return found
    return _echoed_frame(burst, block, box) or found  # a short frame may seem to lie in what is one long one


def _edge_us(burst: Burst) -> float:
    """How far a box's length may be off: the narrower, the further."""
    return EDGE_US + min(1.5e6 / (burst.high_offset_hz - burst.low_offset_hz), MOST_BLURRED_US)


def _carriers(burst: Burst, block: Block) -> list[float]:
    """Frequencies that the carrier of a frame in or beside a box may have; of a long box, its middle.

    First that of the strongest line. A fade may have taken that; the square of pulses, with lines at twice the carrier
    and 2 MHz from each other, fades otherwise.
    """
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    if burst.sample_count > 2 * LONGEST_US * 1e-6 * block.segment.rate_hz:
        return [middle]
    width = burst.high_offset_hz - burst.low_offset_hz + 2 * MODE_S_SLACK_HZ
    box = narrow(burst, block, width, 2 * width)
    first = line_share(box)[1]
    size = 4 * len(box.y)
    square = np.abs(np.fft.fft(box.y**2 * np.hanning(len(box.y)), size))
    line = box.middle_hz + float(np.fft.fftfreq(size)[np.argmax(square)]) * box.rate_hz / 2
    places = line + SQUARED_APART_HZ * (np.arange(-1, 2) + round((middle - line) / SQUARED_APART_HZ))
    others = sorted(places.tolist(), key=lambda place: abs(place - middle))
    return [first, *(place for place in others if abs(place - first) > NEAR_HZ)]


def _clear_frames(burst: Burst, block: Block, box: Narrow) -> list[Emission]:
    """Frames whose pulses stand by themselves."""
    rate = block.segment.rate_hz
    found: list[Emission] = []
    taken: list[tuple[float, float]] = []
    for at, contrasts in _candidates(box):
        if any(first < at < last for first, last in taken):
            continue
        for (label, length_us), contrast in zip(MODE_S_US.items(), contrasts, strict=True):  # the long one first
            last = at + length_us * 1e-6 * rate
            if contrast > MODE_S_CONTRAST and not any(at < b and a < last for a, b in taken):
                start = block.sample_start + box.first + round(at)
                frame = _frame(burst, start, round(length_us * 1e-6 * rate), box.middle_hz)
                if _shared(frame, burst) < CUT * frame.sample_count:
                    continue
                sure = min(0.97, 0.35 + contrast)
                found.append(named(label, frame, sure, {"contrast": rounded(contrast)}, box.middle_hz))
                taken.append((at - box.step, last - box.step))
                break
    return found


def _candidates(box: Narrow) -> list[tuple[float, list[float]]]:
    """Where frames may begin, in samples of the block after the box's first, and the contrast of each of MODE_S_US.

    The clearest preamble comes first.
    """
    told: list[tuple[float, float, list[float]]] = []
    for magnitudes, first, step, half in _looks(box):
        total = np.cumsum(np.concatenate([[0.0], magnitudes]))
        places, clear = _preambles(total, half)
        contrasts = np.stack([_contrasts(total, places, half, us) for us in MODE_S_US.values()], axis=1)
        likely = contrasts.max(axis=1) > MODE_S_CONTRAST
        starts = first + places[likely] * step
        told += zip(clear[likely].tolist(), starts.tolist(), contrasts[likely].tolist(), strict=True)
    return [(at, contrasts) for _clear, at, contrasts in sorted(told, key=lambda one: -one[0])]


def _looks(box: Narrow) -> Iterator[tuple[NDArray[np.float32], float, float, float]]:
    """Magnitudes, samples of the block at which they begin and from one to the next, and how many half a bit has.

    Where half a bit has but a sample or two, pulses are as wide as the recording's band allows: only one sample in the
    middle of each half tells them apart, wherever that falls.
    """
    half = 0.5e-6 * box.rate_hz
    if half >= 2:
        yield np.abs(box.y), 0.0, box.step, half
        return
    finer = _finer(box)
    step = 0.5e-6 * box.rate_hz * box.step
    for phase in range(PHASES):
        yield np.abs(finer[phase::PHASES]), phase * step / PHASES, step, 1.0


def _finer(box: Narrow) -> NDArray[np.complex64]:
    """The samples at PHASES a half of a bit, by a longer transform and straight lines between what that makes."""
    wanted_hz = PHASES / 0.5e-6
    times = math.ceil(wanted_hz / box.rate_hz)
    count = scipy.fft.next_fast_len(len(box.y))
    spectrum, longer = scipy.fft.fft(box.y, count), np.zeros(count * times, np.complex64)
    half = (count + 1) // 2
    longer[:half], longer[half - count :] = spectrum[:half], spectrum[half:]
    made = np.asarray(scipy.fft.ifft(longer)[: len(box.y) * times] * times, np.complex64)
    return resampled(replace(box, y=made, rate_hz=box.rate_hz * times), wanted_hz)


def _shared(frame: Burst, burst: Burst) -> int:
    """Samples of a frame in a box: halves of bits differ in noise as well, and a box's end may look like a preamble."""
    ends = (one.sample_start + one.sample_count for one in (frame, burst))
    return min(ends) - max(frame.sample_start, burst.sample_start)


def _frame(burst: Burst, start: int, count: int, middle_hz: float) -> Burst:
    """A frame's box: its carrier and sidebands, whatever piece of them was seen."""
    low, high = middle_hz - MODE_S_BAND_HZ / 2, middle_hz + MODE_S_BAND_HZ / 2
    low, high = min(burst.low_offset_hz, low), max(burst.high_offset_hz, high)
    return replace(burst, sample_start=start, sample_count=count, low_offset_hz=low, high_offset_hz=high)


def _echoed_frame(burst: Burst, block: Block, box: Narrow) -> list[Emission]:
    """The frame that a box is, or all of it that fades left, if a filter takes the echoes out of it."""
    rate = block.segment.rate_hz
    y = resampled(box, ECHO_RATE_HZ) if len(box.y) > 1 else box.y
    begin = (burst.sample_start - block.sample_start - box.first) / rate * ECHO_RATE_HZ
    duration_us, edge_us = burst.sample_count / rate * 1e6, _edge_us(burst)
    for label, us in MODE_S_US.items():
        if not CUT * us < duration_us < us + edge_us:
            continue
        lacks = max(0.0, (us - duration_us) * ECHO_RATE_HZ * 1e-6)
        for edge in (begin, begin - lacks) if lacks else (begin,):
            first = _fullest(y, edge, us, edge_us)
            turned = list(_without_carrier(y, first, us))
            late, fit = _echo_tries(turned, first, 2 * us)
            if fit > ECHO_FIT:
                start = block.sample_start + box.first + round((first + late) / ECHO_RATE_HZ * rate)
                frame = _frame(burst, start, round(us * 1e-6 * rate), box.middle_hz)
                return [named(label, frame, min(0.97, fit), {"fit": rounded(fit)}, box.middle_hz)]
    return []


def _echo_tries(turned: Sequence[NDArray[np.complex64]], begin: float, halves: int) -> tuple[int, float]:
    """How late a frame begins that a filter gives back, and how well; the best of no frame's."""
    best = (0, 0.0)
    for number, late in enumerate(ECHO_TRIES):
        if number == GLIMPSES and best[1] < GLIMPSED:
            break
        best = max(best, *((late, _echo_fit(y, begin + late, halves)) for y in turned), key=lambda one: one[1])
        if best[1] > ECHO_FIT:
            break
    return best


def _fullest(y: NDArray[np.complex64], begin: float, length_us: int, edge_us: float) -> float:
    """The beginning, near one that a box tells, from which a frame's length has the most power."""
    reach, count = round(edge_us * 1e-6 * ECHO_RATE_HZ), round(length_us * 1e-6 * ECHO_RATE_HZ)
    total = np.concatenate([[0.0], np.cumsum(np.abs(y) ** 2, dtype=np.float64)])
    firsts = round(begin) + np.arange(-reach, reach + 1)
    firsts = firsts[(firsts >= 0) & (firsts + count < len(total))]
    return float(firsts[np.argmax(total[firsts + count] - total[firsts])]) if len(firsts) else begin


def _without_carrier(y: NDArray[np.complex64], begin: float, length_us: int) -> Iterator[NDArray[np.complex64]]:
    """The samples turned back by the frequency of a frame's line: pulses, on for half the time, have a carrier.

    And, where that is far from the nominal one, by that of the line next to it: a fade may have taken the carrier.
    """
    part = y[max(0, round(begin)) : max(2, round(begin + length_us * 1e-6 * ECHO_RATE_HZ))]
    size = 4 * max(2, len(part))
    turns = np.fft.fftfreq(size)
    lines = np.abs(np.fft.fft(part * np.hanning(len(part)), size))
    for most_hz in (MODE_S_CFO_HZ, NEAR_HZ):
        turn = float(turns[np.argmax(lines * (np.abs(turns) * ECHO_RATE_HZ < most_hz))])
        yield np.asarray(y * np.exp(-2j * np.pi * turn * np.arange(len(y))), np.complex64)
        if abs(turn) * ECHO_RATE_HZ < NEAR_HZ:
            return


def _echo_fit(y: NDArray[np.complex64], begin: float, halves: int) -> float:
    """How much of the variance of a frame's halves a filter gives back, that begins at a sample; 0 of one cut short."""
    middles = np.round(begin + (np.arange(halves) + 0.5) * ECHO_RATE_HZ * 0.5e-6 - 0.5).astype(np.int64)
    if middles[0] < ECHO_TAPS // 2 or middles[-1] + ECHO_TAPS // 2 >= len(y):
        return 0.0
    seen = y[middles[:, None] + np.arange(ECHO_TAPS) - ECHO_TAPS // 2]
    sent = np.zeros(halves, np.float32)
    sent[[round(2 * t) for t in MODE_S_PULSES]] = 1.0
    return fitted(seen, sent, PAIR_WEIGHT, ECHO_RIDGE, ECHO_ROUNDS, DESPAIR)


def _contrasts(
    total: NDArray[np.float64], places: NDArray[np.int64], half: float, length_us: int
) -> NDArray[np.float64]:
    """How different the halves of a frame's bits are at each place; 0 where it does not fit in."""
    contrasts = np.zeros(len(places))
    pulse_contrasts(total, places, half, length_us, contrasts)
    return contrasts


def _preambles(total: NDArray[np.float64], half: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Samples at which a preamble may begin, and how clear it is; total: float64, the running sum of magnitudes."""
    count = len(total) - 1 - math.ceil(17 * half)
    if count <= 0:
        return np.empty(0, np.int64), np.empty(0)
    wide = max(1, round(half))

    def mean(times: tuple[float, ...]) -> NDArray[np.float64]:
        starts = [round(2 * t * half) for t in times]
        sums = [total[s + wide : s + wide + count] - total[s : s + count] for s in starts]
        return np.asarray(sum(sums[1:], sums[0]) / (len(sums) * wide))

    on, off = mean(MODE_S_PULSES), mean(MODE_S_GAPS)
    clear = on - off
    peaks = np.flatnonzero((on > MODE_S_RATIO * off) & (clear >= scipy.ndimage.maximum_filter1d(clear, 5)))
    return peaks, clear[peaks]


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
