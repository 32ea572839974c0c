"""The two small pictures of one emission: its spectrogram and its instantaneous frequency, without what it carries."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface import is_phone
from cellwarden.model import Emission
from cellwarden.radio.annotations import segment_of
from cellwarden.radio.recording import Recording, read_samples
from cellwarden.runtime.pictures import Frame, Scale, decibels, path, png, power_columns
from cellwarden.runtime.report_shown import is_guarded, payload_samples, shown_samples, symbol_rate_hz

MOST_PICTURES = 50
EACH_KIND = 3
"""So many of each label and frequency come before more of the same."""
UNKNOWN_PARTS = 50
"""The frequency of an unknown burst is drawn as so many medians: too few for data to be read from."""
LEAST_PART_S = 30e-6
"""None of them is shorter than this, eight GSM symbols: the burst may be a phone's that was not recognised."""
PART_SAMPLES = 20_000
MOST_COLUMNS = 160
LEAST_SYMBOLS = 8.0
"""Shortest transform over a phone's burst, in symbols: none of them shows by itself."""
LEAST_LEVEL = 0.2
"""Of the burst's magnitude: what is weaker has no frequency worth drawing."""
WIDE, HIGH = 440.0, 230.0
Pieces: TypeAlias = list[tuple[NDArray[np.float64], NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Plot:
    """One small drawing. The box is left, top, width, height in the frame's pixels; bands are from, to."""

    frame: Frame
    image: str | None
    curve: str
    box: tuple[float, float, float, float] | None
    hidden: tuple[tuple[float, float], ...]
    unit: str


def chosen(emissions: tuple[Emission, ...], most: int = MOST_PICTURES) -> list[int]:
    """Indices of the emissions to be pictured: phones first, some of every kind, then the surest and strongest."""
    seen: dict[tuple[str, int], int] = {}
    keys = {}
    for index in sorted(range(len(emissions)), key=lambda i: _weakness(emissions[i])):
        e = emissions[index]
        kind = (e.label, round((e.low_offset_hz + e.high_offset_hz) / 2 / 1e5))
        seen[kind] = seen.get(kind, 0) + 1
        keys[index] = (not is_phone(e), seen[kind] > EACH_KIND, _weakness(e))
    return sorted(sorted(keys, key=keys.__getitem__)[:most], key=lambda i: (keys[i][0], i))


def _weakness(e: Emission) -> tuple[float, float]:
    return -round(e.confidence, 2), -e.snr_db


def centre_offset_hz(e: Emission) -> float:
    """The carrier where it was measured, else the middle of the box."""
    return e.carrier_offset_hz if e.carrier_offset_hz is not None else (e.low_offset_hz + e.high_offset_hz) / 2


def _units(seconds: float) -> tuple[float, str]:
    if seconds < 10e-3:
        return 1e6, "µs"
    return (1e3, "ms") if seconds < 10 else (1.0, "s")


def crop(recording: Recording, e: Emission, emissions: tuple[Emission, ...]) -> Plot:
    """Spectrogram around an emission: half its length before and after, its width below and above.

    A transform lasts as long as splits the box evenly in time and frequency, and at least eight symbols of a phone.
    Within payload, the emission's own or that of any other which lies in the picture, all columns are replaced by
    their mean, so that its course in time is gone.
    """
    rate, segment = recording.rate_hz, segment_of(recording, e)
    margin = max(e.sample_count // 2, 32)
    first = max(segment.sample_start, e.sample_start - margin)
    end = max(first + 1, min(segment.sample_start + segment.sample_count, e.sample_start + e.sample_count + margin))
    width = max(e.high_offset_hz - e.low_offset_hz, 6 * rate / max(e.sample_count, 64))
    low = max(-rate / 2, e.low_offset_hz - width)
    high = min(rate / 2, max(e.high_offset_hz, e.low_offset_hz) + width)

    length = math.sqrt(max(e.sample_count, 1) / rate / width)
    least = LEAST_SYMBOLS / symbol_rate_hz(e) if is_guarded(e) else 0.0
    size = int(min(max(length * rate, least * rate, 16), max(16, end - first), 16_384))
    bins = 2 ** math.ceil(math.log2(size) + 2)  # four times the resolution: smooth, not more detailed
    columns = max(1, min(MOST_COLUMNS, 2 * (end - first) // size))
    frames = max(1, min((end - first) // columns // size, 16))
    power = power_columns(recording, (first, end), size, columns, frames, bins)
    near = [o for o in emissions if is_guarded(o) and _meets(o, first, end)]
    _blank(power, first, end, near, rate, frames * size / 2)
    rows = slice(
        int((low / rate + 0.5) * bins), max(int((low / rate + 0.5) * bins) + 2, int((high / rate + 0.5) * bins))
    )
    image = decibels(power[:, rows])
    floor = float(np.quantile(image, 0.2))
    scale = Scale(floor, max(floor + 15.0, float(image.max())))

    factor, unit = _units((end - first) / rate)
    centre = segment.centre_hz or 0.0
    frame = Frame(
        WIDE, HIGH, 62, 8, 8, 40,
        ((first - e.sample_start) / rate * factor, (end - e.sample_start) / rate * factor),
        ((centre + low) / 1e6, (centre + high) / 1e6),
    )  # fmt: skip
    left, right = frame.at_x(0.0), frame.at_x(e.sample_count / rate * factor)
    top, bottom = frame.at_y((centre + e.high_offset_hz) / 1e6), frame.at_y((centre + e.low_offset_hz) / 1e6)
    return Plot(frame, png(image, scale), "", (left, top, max(2.0, right - left), max(2.0, bottom - top)), (), unit)


def _meets(e: Emission, first: int, end: int) -> bool:
    return e.sample_start < end and e.sample_start + e.sample_count > first


def _blank(
    power: NDArray[np.float32], first: int, end: int, emissions: list[Emission], rate_hz: float, reach: float
) -> None:
    """Replace the columns that see a payload part by their mean.

    `power`, shape (columns, bins), covers the samples `first` to `end`; a column sees `reach` samples to either side.
    """
    per_column = (end - first) / len(power)
    for e in emissions:
        for low, high in payload_samples(e, rate_hz):
            a = math.floor((e.sample_start + low - reach - first) / per_column)
            b = math.ceil((e.sample_start + high + reach - first) / per_column)
            part = power[max(0, a) : max(0, b)]
            if len(part):
                part[:] = part.mean(axis=0)


def course(recording: Recording, e: Emission) -> Plot:
    """Instantaneous frequency of an emission over its own length, with the hidden parts as bands."""
    rate = recording.rate_hz
    width = max(e.high_offset_hz - e.low_offset_hz, 4 * rate / max(e.sample_count, 64))
    guarded = is_guarded(e)
    pieces = known_course(recording, e) if guarded else smoothed_course(recording, e)
    factor, unit = _units(e.sample_count / rate)
    around = 8 / symbol_rate_hz(e) if guarded else 0.0
    span = (-around * factor, (e.sample_count / rate + around) * factor)
    frame = Frame(WIDE, HIGH, 62, 8, 8, 40, span, (-0.8 * width / 1e3, 0.8 * width / 1e3))
    if len(pieces) == 1 and len(pieces[0][0]) == 1:  # a single median is drawn as a line
        seconds, hertz = pieces[0]
        pieces = [(np.array([0.0, 2 * seconds[0]]), np.repeat(hertz, 2))]
    curve = "".join(path(frame, seconds * factor, hertz / 1e3) for seconds, hertz in pieces)
    hidden = [(a / rate * factor, b / rate * factor) for a, b in payload_samples(e, rate)] if guarded else []
    bands = tuple((max(frame.left, frame.at_x(a)), frame.at_x(b)) for a, b in hidden)
    return Plot(frame, None, curve, None, bands, unit)


def known_course(recording: Recording, e: Emission) -> Pieces:
    """Seconds after the first symbol, and hertz from the carrier, over those parts that every phone sends alike.

    Every sample of payload is set to zero before it is filtered, and nothing is drawn that the filter mixed with those
    zeros: what is not there cannot be read. float64, each shape (n,).
    """
    rate = recording.rate_hz
    spans = shown_samples(e, rate)
    if not spans:
        return []
    taps, step = _channel_filter(e, rate)
    half = len(taps) // 2
    base = e.sample_start + math.floor(spans[0][0]) - half
    count = math.ceil(spans[-1][1] - spans[0][0]) + 2 * half + 2
    x = np.zeros(count, np.complex64)
    first = max(0, base)
    got = read_samples(recording, first, count - (first - base))
    x[first - base : first - base + len(got)] = got
    places = np.arange(count) + (base - e.sample_start)
    # Outside the burst nothing is payload of its own, but another phone's may lie there: only the shown parts remain.
    x[~np.any([(places >= a) & (places < b) for a, b in spans], axis=0)] = 0
    hertz, level = _hertz(x, taps, e, rate)
    loud = level > LEAST_LEVEL * level.max()  # beyond the ramps there is only noise
    middles = np.asarray(places[half : half + len(hertz)] + 0.5, np.float64)
    found: Pieces = []
    for a, b in spans:
        inside = (middles >= a + half + 1) & (middles < b - half - 1)
        if inside.any():
            found.append((middles[inside][::step] / rate, np.where(loud, hertz, np.nan)[inside][::step]))
    return found


def smoothed_course(recording: Recording, e: Emission) -> Pieces:
    """The same of an unknown burst, as UNKNOWN_PARTS medians. Of each part at most PART_SAMPLES samples are read."""
    rate = recording.rate_hz
    taps, _step = _channel_filter(e, rate)
    parts = max(1, min(UNKNOWN_PARTS, int(e.sample_count / rate / LEAST_PART_S)))
    seconds, hertz = np.full(parts, np.nan), np.full(parts, np.nan)
    for part in range(parts):
        a = e.sample_start + part * e.sample_count // parts
        b = e.sample_start + (part + 1) * e.sample_count // parts
        seconds[part] = ((a + b) / 2 - e.sample_start) / rate
        middle, reach = (a + b) // 2, min(b - a, PART_SAMPLES) // 2 + len(taps) // 2
        x = read_samples(recording, middle - reach, 2 * reach + 2)
        if len(x) > len(taps):
            hertz[part] = np.median(_hertz(x, taps, e, rate)[0])
    return [(seconds, hertz)]


def _channel_filter(e: Emission, rate_hz: float) -> tuple[NDArray[np.float32], int]:
    """Low-pass taps for an emission's band, and a step to draw at.

    Three reciprocal bandwidths long where payload lies beside what is shown, longer and so steeper elsewhere.
    """
    width = max(e.high_offset_hz - e.low_offset_hz, 4 * rate_hz / max(e.sample_count, 64))
    step = max(1, int(rate_hz / (5 * width)))
    if rate_hz < 1.5 * width:
        return np.ones(1, np.float32), step
    length = min(int((3 if is_guarded(e) else 8) * rate_hz / width), PART_SAMPLES) | 1
    return scipy.signal.firwin(length, 0.6 * width, fs=rate_hz).astype(np.float32), step


def _hertz(
    x: NDArray[np.complex64], taps: NDArray[np.float32], e: Emission, rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Behind the filter, frequency relative to the carrier between neighbouring samples, and the first one's magnitude.

    float64, each shape (n - taps,).
    """
    turns = centre_offset_hz(e) / rate_hz * np.arange(len(x))
    mixed = x * np.exp(-2j * np.pi * turns).astype(np.complex64)
    y = scipy.signal.fftconvolve(mixed, taps, "valid") if len(taps) > 1 else mixed
    hertz = np.angle(y[1:] * np.conj(y[:-1])).astype(np.float64) * rate_hz / (2 * np.pi)
    return hertz, np.abs(y[:-1]).astype(np.float64)
