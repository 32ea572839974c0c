"""What LoRa chirps show of the transmitter: how its synthesiser settles where the frequency falls back.

    frequency      ╱│ ╱        Each symbol is one rising chirp that begins at another frequency and falls back once by
                  ╱ │╱         the bandwidth. The fall is a step for the loop of the synthesiser, which overshoots and
                 ╱  ╱          settles: that curve of the phase behind the fall is the board's own.

The curve is told in cells behind each fall, and while the loop swings the magnitude too: what it sends then is wider
than a chirp, and filters cut it. Later on the magnitude is the channel's. A fit of a linear loop's answer to all steps
at once, those between symbols too, was tried: it is so much like a delay that it tells the boards apart less well.

The phase of the chirps goes on from symbol to symbol, so that one fit over all of them gives the carrier (radians of a
slow turn), the delay (a phase in proportion to the frequency) and the clock (a delay that grows). The values of the
symbols live and die here.

    phase(u) = 2π N (u²/2 + u (v/N - 1/2) - max(0, u - (1 - v/N))),   u in symbols, N chips each, v its value

Source: Semtech AN1200.22; L. Vangelista, IEEE Signal Process. Lett. 24 (2017) 1818 (the waveform).
"""

import cmath
import math
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.model import Block, Emission, Measured, Signature

LABEL = "other:lora"
SETTLING_CHIPS = (1, 3, 5, 7, 9, 12, 16, 22, 30, 40)
"""Chips behind a fall between which the phase is averaged: a loop of 50 µs at 250 kHz is over in 13."""
SWINGING_CHIPS = 9
"""Behind a fall, as far as the magnitude is told."""
EDGE_CHIPS = 3
"""Left out of the fit at both sides of a step."""
FEWEST_SYMBOLS = 6
ROUNDS = 4
AROUND = (-2, -1, 0, 1, 2)
"""Chips by which the symbols may begin early or late: a synchroniser mistakes whole chips for whole bins."""
PARTS = (-0.5, 0.0, 0.5)
"""Parts of a chip beside each: a bin too many and a chip too few differ only in where symbols begin and fall."""


class Chirps(NamedTuple):
    """Symbols of one emission."""

    x: NDArray[np.complex128]
    """Samples, shape (n,)."""
    chips: NDArray[np.float64]
    """Time of each in chips."""
    size: int
    """Chips a symbol."""


class Placed(NamedTuple):
    """Where symbols begin and what they are."""

    values: NDArray[np.int64]
    start: float
    """In chips."""
    turn: float
    """Cycles a chip."""


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of chirps; None for other emissions, and where there are too few symbols.

    The emission begins within two chips of a symbol, which `details` may describe: `spreading_factor`, `bandwidth_hz`.
    """
    if emission.label != LABEL:
        return None
    size = 1 << int(emission.details.get("spreading_factor", 7))
    bandwidth = float(emission.details.get("bandwidth_hz", 250e3))
    rate = block.segment.rate_hz
    first = emission.sample_start - block.sample_start
    symbols = int(min(emission.sample_count, len(block.iq) - first) / rate * bandwidth / size + 1e-9)
    if first < 0 or symbols < FEWEST_SYMBOLS or rate < bandwidth * 0.999:
        return None
    count = math.floor(symbols * size * rate / bandwidth + 1e-9)
    raw = block.iq[first : first + count].astype(np.float64)
    t = np.arange(count, dtype=np.float64)
    x = (raw[:, 0] + 1j * raw[:, 1]) * np.exp(-2j * np.pi * (emission.carrier_offset_hz or 0.0) / rate * t)
    chirps = Chirps(x, np.asarray(t * (bandwidth / rate), np.float64), size)
    features, snr = _told(chirps, _place(chirps, symbols), bandwidth)
    features["carrier_hz"] = Measured(
        features["carrier_hz"].value + (emission.carrier_offset_hz or 0.0), features["carrier_hz"].deviation
    )
    return Signature(LABEL, emission.sample_start, 10 * math.log10(max(snr, 1e-3)), features)


def _wave(
    chirps: Chirps, values: NDArray[np.int64], start: float, edge: float = EDGE_CHIPS
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Phase in cycles, frequency in cycles a chip, chips since the fall; what is known, off its steps."""
    at = (chirps.chips - start) / chirps.size
    symbol = np.floor(at).astype(np.int64)
    inside = (symbol >= 0) & (symbol < len(values))
    u, v = at - symbol, values[np.clip(symbol, 0, len(values) - 1)] / chirps.size
    since = u - (1 - v)
    phase = chirps.size * (u * u / 2 + u * (v - 0.5) - np.maximum(0, since))
    frequency = u + v - 0.5 - (since > 0)
    away = np.minimum(np.minimum(u, 1 - u), np.abs(since)) * chirps.size
    return phase, frequency, since * chirps.size, inside & (away >= edge)


def _place(chirps: Chirps, symbols: int) -> Placed:
    """The values of the symbols, and the whole chip at which they begin, by the coherence of all of them."""
    size = chirps.size
    n = chirps.chips[: len(chirps.x) // symbols]
    rows = chirps.x[: len(n) * symbols].reshape(symbols, -1) * np.exp(-2j * np.pi * (n * n / (2 * size) - n / 2))
    spectrum = np.abs(np.fft.fft(rows, 16 * rows.shape[1], axis=1))
    bins = np.argmax(spectrum, axis=1) / 16 % size
    fraction = float(np.angle(np.mean(np.exp(2j * np.pi * bins)))) / (2 * np.pi)
    seen = np.rint(bins - fraction).astype(np.int64)
    found = []
    points = 4 * len(chirps.x)
    for late, part in product(AROUND, PARTS):
        values = (seen + late) % size
        phase, _frequency, _since, known = _wave(chirps, values, late + part, edge=0.0)
        line = np.abs(np.fft.fft(chirps.x * np.exp(-2j * np.pi * phase) * known, points))
        top = int(np.argmax(line))
        turn = float(np.fft.fftfreq(points)[top]) * len(n) / size
        found.append((float(line[top]), Placed(values, late + part, turn)))
    return max(found, key=lambda one: one[0])[1]


def _told(chirps: Chirps, placed: Placed, bandwidth: float) -> tuple[dict[str, Measured], float]:
    """Features and the SNR, from a fit of carrier, delay and clock."""
    middle = chirps.chips - chirps.chips.mean()
    start, turn, clock = placed.start, placed.turn, 0.0
    for _ in range(ROUNDS):
        phase, frequency, since, known = _wave(chirps, placed.values, start)
        r = chirps.x * np.exp(-2j * np.pi * (phase + turn * middle - clock * frequency * middle))
        r /= r[known].mean()
        error = np.angle(r[known]) / (2 * np.pi)
        columns = np.array([np.ones(len(middle)), middle, -frequency, -frequency * middle])[:, known]
        inverse = np.linalg.inv(columns @ columns.T)
        _phase, more, late, faster = inverse @ (columns @ error)
        turn, start, clock = turn + more, start + late, clock + faster
    noise = float(np.mean(np.abs(r[known] - 1) ** 2))
    spread = np.sqrt(np.diag(inverse) * noise / 2) / (2 * np.pi)
    droop = float(np.polyfit(middle[known] / middle[-1], np.abs(r[known]), 1)[0])
    features = {
        "carrier_hz": Measured(float(turn) * bandwidth, float(spread[1]) * bandwidth),
        "clock_ppm": Measured(float(clock) * 1e6, float(spread[3]) * 1e6),
        "droop": Measured(droop, math.sqrt(1.5 * noise / known.sum())),
    }
    end = np.arange(1, len(placed.values) + 1) * chirps.size + start
    until = end[np.clip(np.searchsorted(end, chirps.chips), 0, len(end) - 1)] - chirps.chips
    inside = (chirps.chips >= start) & (until > 1)
    for low, high in pairwise(SETTLING_CHIPS):
        cell = r[inside & (since >= low) & (since < high)]
        if len(cell):
            deviation = math.sqrt(noise / 2 / len(cell))
            mean = complex(cell.mean())
            features[f"settling_{low}"] = Measured(cmath.phase(mean), deviation)
            if high <= SWINGING_CHIPS:
                features[f"swing_{low}"] = Measured(abs(mean), deviation)
    return features, 1 / noise
