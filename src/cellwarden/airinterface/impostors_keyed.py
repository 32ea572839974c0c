"""A carrier that is switched on and off, keyed between two frequencies, or turned by a voice; or left alone.

    keyed carrier   |████  █ █ ████  |   other:ook      frequency keyed  ▔▁▔▔▁▁▔▁      other:fsk
    voice           slow frequency, steady envelope: other:voice-fm                    a line: spur:cw

Source: ETSI EN 300 220 (remotes and meters of the ISM bands below 1 GHz).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import (
    Narrow,
    envelope_spread,
    frequency,
    levels,
    line_share,
    named,
    narrow,
    rounded,
    switches_hz,
)
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

WIDEST_KEYED_HZ = 300e3
"""Remotes and meters of the ISM bands below 1 GHz are narrower."""
LINE_SHARE = 0.85
STEADY = 0.15
"""Most spread of the power of a constant envelope behind a filter."""
TWO_LEVELS, WIDE_LEVELS, WIDE = 0.8, 0.72, 2.5
"""Least part of a keyed frequency near its two levels; GMSK of BT 0.3 or 0.5 has less than 0.7. A little less is asked
where the levels lie as wide apart as no phone's: by so many switches a second."""
FASTEST_KEYED_HZ, FEWEST_SWITCHES = 60e3, 6
"""Switches a second; GSM has some 135,000. And the fewest in all: a slow chirp that falls back has one."""
VOICE_HZ, VOICE_WIDTH_HZ, VOICE_S = 4e3, 20e3, 15e-3
"""Of a voice: what moves the carrier lies below, the channel is as wide, and it speaks for so long; fades cut it into
boxes at every step of who speaks."""
TONE_HZ, APART_HZ, REACH_S = 120e3, 125e3, 5e-3
"""Widest box of one of two frequencies alone, how far off the other may be, and for how long before and after the box
it is looked for."""
FAINT, SMOOTH = 0.05, 16
"""A keyed carrier ends where its power, of so many samples together, falls below this part of that in the box."""
BINS, TAIL, PASSED = 128, 0.02, 1.5
"""A box's cells of time and frequency are wider than a slow signal: its own band holds all but the tail of the power at
either side, and so much of its width is listened to."""
PIECES = 16
"""Of a burst, in each of which its fades leave the power as it is."""
KEYED_S, KEYED_HZ, FEWEST_PULSES = 20e-3, 10e3, 4
"""A keyed carrier's longest pulse, how far its pulses may differ in frequency, and how many there are."""


def line(burst: Burst, block: Block) -> Emission | None:
    """A carrier without modulation; `settle` tells a keyed one by its many pulses."""
    width = burst.high_offset_hz - burst.low_offset_hz
    share, middle = line_share(narrow(burst, block, 2 * width, 4 * width))
    if share < LINE_SHARE:
        return None
    return named("spur:cw", burst, 0.5 + 0.25 * min(1.0, (share - LINE_SHARE) / 0.1), {}, middle)


def keyed_frequency(burst: Burst, block: Block) -> Emission | None:
    """Two frequencies, each held for longer than its edges take; or the slow frequency of a voice."""
    middle, width = _occupied(burst, block)
    box = _loud(narrow(burst, block, PASSED * width, 2 * PASSED * width, middle))
    keyed = _keyed_between(burst, box)
    if keyed or width >= VOICE_WIDTH_HZ or burst.sample_count < VOICE_S * block.segment.rate_hz or len(box.y) < 64:
        return keyed
    turns = frequency(box.y)
    if envelope_spread(_levelled(box)) > STEADY or not _is_voice(turns, box.rate_hz):
        return None
    return named("other:voice-fm", burst, 0.8, {"deviation_hz": rounded(float(np.std(turns)) * box.rate_hz / 6.28)})


def one_of_two(burst: Burst, block: Block) -> Emission | None:
    """A box that is one of two frequencies which lie so far apart that each has boxes of its own."""
    rate = block.segment.rate_hz
    reach = round(REACH_S * rate)
    start = max(block.sample_start, burst.sample_start - reach)
    end = min(block.sample_start + len(block.iq), burst.sample_start + burst.sample_count + reach)
    around = replace(
        burst,
        sample_start=start,
        sample_count=end - start,
        low_offset_hz=max(-rate / 2, burst.low_offset_hz - APART_HZ),
        high_offset_hz=min(rate / 2, burst.high_offset_hz + APART_HZ),
    )
    width = around.high_offset_hz - around.low_offset_hz
    box = narrow(around, block, width, 1.25 * width)
    inside = slice(
        (burst.sample_start - start) // box.step, (burst.sample_start + burst.sample_count - start) // box.step
    )
    part = _lasting(squared(box.y), inside, box.noise)
    whole = replace(
        around, sample_start=start + part.start * box.step, sample_count=(part.stop - part.start) * box.step
    )
    middle, filled = _occupied(whole, block)
    if filled >= WIDEST_KEYED_HZ:
        return None
    whole = replace(whole, low_offset_hz=middle - filled / 2, high_offset_hz=middle + filled / 2)
    return _keyed_between(whole, _loud(narrow(whole, block, PASSED * filled, 2 * PASSED * filled, middle)))


def _lasting(power: NDArray[np.float32], inside: slice, noise: float) -> slice:
    """The samples around those of a box over which the power goes on."""
    smooth = np.convolve(power, np.ones(SMOOTH, np.float32) / SMOOTH, "same")
    level = float(np.median(smooth[inside])) if inside.stop > inside.start else 0.0
    faint = np.flatnonzero(smooth < max(FAINT * level, 2 * noise))
    before, after = faint[faint < inside.start], faint[faint >= inside.stop]
    return slice(int(before[-1]) + 1 if len(before) else 0, int(after[0]) if len(after) else len(power))


def _keyed_between(burst: Burst, box: Narrow) -> Emission | None:
    """A burst as keying between two frequencies, as its samples tell."""
    if len(box.y) < 64:
        return None
    turns = frequency(box.y)
    low, high, near = levels(turns)
    switches = switches_hz(turns, (low + high) / 2, box.rate_hz)
    apart = (high - low) / (2 * np.pi) * box.rate_hz
    held = apart / max(switches, 1.0)
    least = WIDE_LEVELS if held > WIDE else TWO_LEVELS
    if near <= least or switches >= FASTEST_KEYED_HZ or held <= 0.5:
        return None
    if switches * len(turns) < FEWEST_SWITCHES * box.rate_hz:
        return None
    if _unsteadiness(box, turns > (low + high) / 2) > STEADY:
        return None
    details: dict[str, str | int | float] = {"deviation_hz": rounded(apart / 2), "switches_hz": rounded(switches)}
    return named("other:fsk", burst, min(0.97, 0.6 + 2 * (near - least)), details)


def _unsteadiness(box: Narrow, is_high: NDArray[np.bool_]) -> float:
    """How much the power spreads while a frequency is held: echoes give each of the two a level of its own."""
    parts = [replace(box, y=box.y[1:][chosen]) for chosen in (is_high, ~is_high)]
    return sum(envelope_spread(_levelled(part)) * len(part.y) for part in parts if len(part.y)) / len(is_high)


def _occupied(burst: Burst, block: Block) -> tuple[float, float]:
    """Middle and width in hertz of what a box's signal fills, as its mean spectrum tells."""
    width = burst.high_offset_hz - burst.low_offset_hz
    box = narrow(burst, block, 1.5 * width, 3 * width)
    y = box.y[: 1 << 16]
    size = min(len(y), BINS)
    if size < 2:
        return box.middle_hz, width
    rows = y[: len(y) // size * size].reshape(-1, size) * np.hanning(size)
    power = np.mean(np.abs(np.fft.fftshift(np.fft.fft(rows, axis=1), axes=1)) ** 2, axis=0)
    power = np.maximum(power - np.quantile(power, 0.1), 0.0)
    total = np.cumsum(power)
    low, high = np.searchsorted(total, [TAIL * total[-1], (1 - TAIL) * total[-1]]).tolist()
    bin_hz = box.rate_hz / size
    return box.middle_hz + ((low + high) / 2 - size // 2) * bin_hz, min(width, (high - low + 1) * bin_hz)


def _levelled(box: Narrow) -> Narrow:
    """With slow fades taken out of the power, and the noise as it is beside the mean."""
    reach = max(16, len(box.y) // PIECES)
    total = np.concatenate([[0.0], np.cumsum(squared(box.y), dtype=np.float64)])
    middle = np.arange(len(box.y))
    first, end = np.maximum(middle - reach // 2, 0), np.minimum(middle + (reach + 1) // 2, len(box.y))
    level = (total[end] - total[first]) / (end - first)
    return replace(box, y=(box.y / np.sqrt(level / level.mean())).astype(np.complex64))


def _loud(box: Narrow) -> Narrow:
    """Without what lies before and after the burst in a box that is a little long."""
    power = np.convolve(np.abs(box.y) ** 2, np.ones(9) / 9, "same")
    loud = np.flatnonzero(power > 0.25 * float(np.quantile(power, 0.7)))
    return replace(box, y=box.y[loud[0] : loud[-1] + 1]) if len(loud) else box


def _is_voice(turns: NDArray[np.float32], rate_hz: float) -> bool:
    """Whether nearly all of the frequency's movement lies below what speech has."""
    spectrum = np.abs(np.fft.rfft(turns - turns.mean())) ** 2
    voice = round(VOICE_HZ / rate_hz * len(turns))
    return float(np.sum(spectrum[1:voice])) > 0.9 * float(np.sum(spectrum[1:]))


def trains(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Many short lines on one frequency are one keyed carrier: a remote's, not the receiver's spur.

    Its pulses become one emission, from the first to the last.
    """
    lines = sorted(
        (e for e in emissions if e.label == "spur:cw" and e.sample_count < KEYED_S * rate_hz),
        key=lambda e: e.sample_start,
    )
    settled = [e for e in emissions if e not in lines]
    while lines:
        train = [lines[0]]
        for e in lines[1:]:
            gap = e.sample_start - train[-1].sample_start - train[-1].sample_count
            if (
                gap < KEYED_S * rate_hz
                and abs((e.carrier_offset_hz or 0) - (train[0].carrier_offset_hz or 0)) < KEYED_HZ
            ):
                train.append(e)
        lines = [e for e in lines if e not in train]
        settled += [_keyed(train)] if len(train) >= FEWEST_PULSES else train
    return settled


def _keyed(train: list[Emission]) -> Emission:
    end = max(e.sample_start + e.sample_count for e in train)
    return replace(
        train[0],
        label="other:ook",
        sample_count=end - train[0].sample_start,
        low_offset_hz=min(e.low_offset_hz for e in train),
        high_offset_hz=max(e.high_offset_hz for e in train),
        confidence=0.9,
        details={"pulses": len(train)},
    )
