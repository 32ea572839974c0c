"""Gaussian frequency shift keying: what Bluetooth sends, and how its symbols are heard.

    bits      0   1   0   1   1   1   0
    frequency ▁▁╱▔╲▁╱▔▔▔▔▔▔▔▔▔╲▁▁   deviation ± h/2 of the symbol rate, edges rounded by a Gaussian filter
    d[n]      phase gained over one symbol around sample n: ± π h, less where neighbours differ, plus the carrier's turn

A receiver that knows neither phase nor carrier hears such a signal best by the phase d that it gains over one symbol.
The known symbols of a packet are compared with d by their correlation coefficient, which asks for no carrier offset, no
modulation index and no level: 1 is a perfect fit, and σ of noise beside a unit of signal gives 1/√(1 + σ²).

Sources: Bluetooth Core 5.4 Vol 2 Part A §3.1 (BT 0.5, h 0.28…0.35), Vol 6 Part A §3.1 (BT 0.5, h 0.45…0.55).
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.gfsk_kernels import block_decisions, echo_products
from cellwarden.airinterface.resample import filter_table, resample
from cellwarden.detect.filters import low_pass_taps
from cellwarden.detect.kernels import decimate
from cellwarden.model import Block

BANDWIDTH_TIME = 0.5
PER_SYMBOL = 4
"""Samples a symbol that the discriminator works on."""
REACH = 3
"""Symbols before and after a symbol that its phase step is counted over: 4·10⁻⁷ of it lie further off."""
LEAST_PART = 0.05
ECHOES = (-2, 0, 2, 4)
"""Samples by which echoes come later than the strongest path: up to a microsecond at 1 Msymbol/s."""
_SHIFTS = np.array(ECHOES)
CHANNEL_WIDTH = 1.15
"""Width of the channel filter, in symbol rates: what a carrier 40 kHz off still fits in."""
RESAMPLED = 0.75
"""Width of the filter that resamples, in its input's rate; the channel fills a third of that."""
BLOCK = 3
"""Symbols that are decided together."""
NEAR_LINES = 6
"""Carriers tried either way of the one that the discriminator tells, in turns over the length of the known symbols."""
RAMP_SYMBOLS = 2.0
"""Length of our generator's power ramps."""
SIDE = 0.106
"""Part of a symbol's frequency pulse that falls into each neighbouring symbol, with BT 0.5."""


def _pulse_integral(t: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """q(t): the part of its phase step that a symbol which begins at 0 has made by t, in symbols; 0…1.

    The integral of a rectangle of one symbol behind the Gaussian filter.
    """
    sigma = math.sqrt(math.log(2)) / (2 * math.pi * BANDWIDTH_TIME)

    def ramp(x: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        return np.asarray(
            x * scipy.special.ndtr(x / sigma) + sigma / math.sqrt(2 * math.pi) * np.exp(-0.5 * (x / sigma) ** 2)
        )

    return ramp(t) - ramp(t - 1)


def phase(levels: NDArray[np.floating[Any]], t: NDArray[np.floating[Any]], index: float) -> NDArray[np.float64]:
    """Phase in radians at times `t` in symbols of a train of ±1 levels, the first of which begins at 0.

    Each symbol adds π h q(t - k).
    """
    padded = np.concatenate([np.zeros(REACH), levels, np.zeros(REACH + 1)])
    done = np.concatenate([[0.0], np.cumsum(padded)])
    whole = np.clip(np.floor(t).astype(np.int64), 0, len(levels))
    total: NDArray[np.float64] = done[whole].copy()
    for i in range(2 * REACH + 1):
        total += padded[whole + i] * _pulse_integral(t - (whole + i - REACH))
    return math.pi * index * total


@lru_cache
def _steps() -> NDArray[np.float64]:
    """What one symbol adds from each sample to the next, from REACH symbols before it to as much after."""
    t = np.arange(-REACH * PER_SYMBOL, (REACH + 1) * PER_SYMBOL + 1) / PER_SYMBOL
    return np.diff(_pulse_integral(t), prepend=0.0)


def sampled_phase(levels: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """As `phase` with index 1 at PER_SYMBOL times a symbol from the first one's beginning on, but for a constant."""
    spread = np.zeros(PER_SYMBOL * len(levels))
    spread[::PER_SYMBOL] = levels
    first = REACH * PER_SYMBOL
    steps = np.convolve(spread, _steps())[first : first + len(spread)]
    return np.asarray(math.pi * np.cumsum(steps))


def modulate(
    bits: NDArray[np.int64], rate_hz: float, symbol_rate_hz: float, index: float, delay_samples: float = 0.0
) -> tuple[NDArray[np.complex128], float]:
    """A packet of power 1 with ramps around it, and the index at which its first symbol begins."""
    per_symbol = rate_hz / symbol_rate_hz
    start = math.ceil(RAMP_SYMBOLS * per_symbol) + delay_samples
    count = math.ceil(start + (len(bits) + RAMP_SYMBOLS) * per_symbol)
    t = (np.arange(count) - start) / per_symbol
    outside = np.clip(np.maximum(-t, t - len(bits)) / RAMP_SYMBOLS, 0, 1)
    return np.cos(np.pi / 2 * outside) ** 2 * np.exp(1j * phase(2.0 * bits - 1.0, t, index)), start


@dataclass(frozen=True, slots=True)
class Heard:
    """One channel's samples, and the phase that they gain over a symbol."""

    y: NDArray[np.complex64]
    """PER_SYMBOL a symbol."""
    d: NDArray[np.float32]
    """d[n]: from half a symbol before n to half a symbol after, radians."""
    first: int
    """Sample of the block at which y begins."""
    step: float
    """The block's samples for each of y."""
    carrier_hz: float
    noise: float
    """Power of white noise of unit power a sample of the block, behind the channel filter."""


@lru_cache
def _taps(rate_hz: float, symbol_rate_hz: float, step: int) -> NDArray[np.float32]:
    width = CHANNEL_WIDTH * symbol_rate_hz / rate_hz
    if width > 0.95:
        return np.ones(1, np.float32)
    return low_pass_taps(max(8 * step, int(3.2 / width)) | 1, width / 2).astype(np.float32)


def hear(block: Block, first: int, end: int, carrier_hz: float, symbol_rate_hz: float) -> Heard | None:
    """The samples `first`…`end` of a block in the channel around `carrier_hz`; None where they are too few."""
    rate = block.segment.rate_hz
    first, end = max(0, first), min(len(block.iq), end)
    step = max(1, int(rate / (PER_SYMBOL * symbol_rate_hz)))
    count = (end - first) // step
    if count * step / rate * symbol_rate_hz < 16:
        return None
    taps = _taps(rate, symbol_rate_hz, step)
    narrow = np.empty(count, np.complex64)
    decimate(block.iq, block.scale, first, carrier_hz / rate, taps, step, narrow)
    wanted = round(count * step * PER_SYMBOL * symbol_rate_hz / rate)
    y = narrow if wanted == count else _resampled(narrow, wanted)
    d = np.zeros(wanted, np.float32)
    half = PER_SYMBOL // 2
    d[half:-half] = np.angle(y[2 * half :] * y[: -2 * half].conj())
    return Heard(y, d, first, count * step / wanted, carrier_hz, float(np.sum(taps.astype(np.float64) ** 2)))


def _resampled(y: NDArray[np.complex64], count: int) -> NDArray[np.complex64]:
    """The same stretch in `count` samples; what is in y has passed the channel filter, and is slow beside its rate."""
    out = np.empty(count, np.complex64)
    interleaved = y.view(np.float32).reshape(-1, 2)
    resample(interleaved, 1.0, 0.0, len(y) / count, 0.0, filter_table(RESAMPLED), out)
    return out


def mean_frequency(heard: Heard, symbol_rate_hz: float) -> float:
    """Of all power in the channel, in hertz beside its carrier."""
    turned = np.sum(heard.y[1:] * heard.y[:-1].conj())
    return float(np.angle(turned)) / (2 * np.pi) * PER_SYMBOL * symbol_rate_hz


def tuned(block: Block, begin: int, end: int, carrier_hz: float, symbol_rate_hz: float, most_hz: float) -> float | None:
    """The middle of a burst's power near a carrier; None where it lies further off than `most_hz`."""
    start = carrier_hz
    for _ in range(2):
        heard = hear(block, begin, end, carrier_hz, symbol_rate_hz)
        if heard is None:
            return None
        carrier_hz += mean_frequency(heard, symbol_rate_hz)
    return carrier_hz if abs(carrier_hz - start) < most_hz else None


def smeared(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """What d looks like for ±1 levels: each less what its pulse gives to its neighbours."""
    padded = np.concatenate([levels[:1], levels, levels[-1:]])
    return ((1 - 2 * SIDE) * levels + SIDE * (padded[:-2] + padded[2:])).astype(np.float32)


@lru_cache
def _blocks(index: float) -> tuple[NDArray[np.complex64], NDArray[np.uint8]]:
    """Conjugated waves of every BLOCK symbols, and the middle bit of each."""
    t = np.arange(BLOCK * PER_SYMBOL) / PER_SYMBOL + 1
    waves = []
    for number in range(1 << BLOCK):
        levels = np.array([0.0, *(2.0 * (number >> i & 1) - 1 for i in range(BLOCK)), 0.0])
        waves.append(np.exp(-1j * phase(levels, t, index)))
    middle = np.arange(1 << BLOCK) >> BLOCK // 2 & 1
    return np.array(waves, np.complex64), middle.astype(np.uint8)


def decisions(heard: Heard, index: float) -> NDArray[np.float32]:
    """Soft decision for a symbol whose middle each sample is, positive for a 1: float32, shape of y.

    A symbol is weighed together with those beside it (multiple-symbol noncoherent detection), which at 5 dB makes a
    third of the errors of a discriminator. The carrier must be right to some 40 kHz a Msymbol/s.
    """
    waves, middle = _blocks(index)
    soft = np.zeros(len(heard.y), np.float32)
    reach = waves.shape[1]
    if len(soft) > reach:
        block_decisions(heard.y, waves, middle, soft[reach // 2 : len(soft) - reach + reach // 2 + 1])
    return soft


def steadied(heard: Heard, index: float, first: int, end: int, symbol_rate_hz: float) -> Heard:
    """The same channel around a better carrier: the mean of d less what the decided symbols of a burst explain.

    A packet's ones and noughts are not as many, which alone moves the mean frequency by 10 kHz.
    """
    soft = decisions(heard, index)
    middle = PER_SYMBOL // 2
    first, end = max(first, 0), min(end, len(soft) - 2 * PER_SYMBOL)
    count = (end - first) // PER_SYMBOL - 1
    if count < 16:
        return heard
    place = clearest(soft, first, count)
    levels = np.where(soft[place + middle :][: PER_SYMBOL * count : PER_SYMBOL] > 0, 1.0, -1.0).astype(np.float32)
    turn = fit_at(heard.d, place, smeared(levels)).turn
    return turned(heard, turn / (2 * np.pi), symbol_rate_hz)


def clearest(soft: NDArray[np.float32], first: int, count: int) -> int:
    """Where from `first` on symbols begin, as the decisions on `count` of them are clearest there."""
    near = np.abs(soft[first + PER_SYMBOL // 2 :][: PER_SYMBOL * (count + 1) - 1])
    return first + int(
        np.argmax([float(np.sum(near[p:][: PER_SYMBOL * count : PER_SYMBOL])) for p in range(PER_SYMBOL)])
    )


def turned(heard: Heard, offset: float, symbol_rate_hz: float) -> Heard:
    """The same channel around a carrier that lies beside it by a part of the symbol rate."""
    turn = 2 * np.pi * offset
    y = heard.y * np.exp(-1j * turn / PER_SYMBOL * np.arange(len(heard.y)))
    carrier = heard.carrier_hz + offset * symbol_rate_hz
    return replace(heard, y=y.astype(np.complex64), d=heard.d - np.float32(turn), carrier_hz=carrier)


@dataclass(frozen=True, slots=True)
class Fit:
    """How known symbols lie in a channel."""

    correlation: float
    place: int
    """Index in y at which the first of them begins."""
    index: float
    """Modulation index h."""
    turn: float
    """Carrier, radians a symbol beside the channel's."""


def fit_at(d: NDArray[np.float32], place: int, shape: NDArray[np.float32]) -> Fit:
    """Compare the symbols that begin at `place` with a shape made by `smeared`."""
    at = place + PER_SYMBOL // 2 + PER_SYMBOL * np.arange(len(shape))
    x = d[at].astype(np.float64)
    centred = shape - shape.mean()
    power = float(centred @ centred) + 1e-9
    slope = float(x @ centred) / power
    spread = float(np.sum((x - x.mean()) ** 2)) + 1e-9
    return Fit(slope * math.sqrt(power / spread), place, slope / math.pi, float(x.mean()) - slope * float(shape.mean()))


def explained(y: NDArray[np.complex64], wave: NDArray[np.complex128]) -> float:
    """Part of the power of y, 0…1, that a wave and its echoes within a symbol explain (least squares)."""
    overlap = np.empty((len(ECHOES), len(ECHOES)), np.complex128)
    met = np.empty(len(ECHOES), np.complex128)
    echo_products(np.asarray(y, np.complex64), np.asarray(wave, np.complex128), _SHIFTS, overlap, met)
    overlap += np.eye(len(ECHOES)) * (1e-3 * len(y))
    weights = np.linalg.solve(overlap, met)
    return float(np.vdot(weights, met).real / (np.vdot(y, y).real + 1e-30))


def coherence(
    heard: Heard, fit: Fit, bits: NDArray[np.int64], indices: tuple[float, ...]
) -> tuple[float, float, float]:
    """Part of the power of known symbols that their wave explains, 0…1, its carrier (radians a symbol), and its index.

    The wave is sent again with these bits at the fit's place, with every carrier near it and each modulation index.
    """
    count = PER_SYMBOL * len(bits)
    part = heard.y[fit.place : fit.place + count]
    steps = sampled_phase(2.0 * bits - 1.0)
    turn = fit.turn * np.arange(count) / PER_SYMBOL
    near = np.arange(-4 * NEAR_LINES, 4 * NEAR_LINES + 1)
    lines = np.stack([_lines(part * np.exp(-1j * (index * steps + turn)), len(near) // 2) for index in indices])
    which, line = np.unravel_index(int(np.argmax(lines)), lines.shape)
    carrier = fit.turn + 2 * np.pi * int(near[line]) / (4 * len(bits))
    turned = carrier * np.arange(count) / PER_SYMBOL
    return explained(part, np.exp(1j * (indices[which] * steps + turned))), carrier, indices[which]


def _lines(wave: NDArray[np.complex128], reach: int) -> NDArray[np.float64]:
    """Magnitudes of the lines of a transform of four times the wave's length, `reach` to either side of zero."""
    whole = wave.reshape(-1, PER_SYMBOL).sum(axis=1)
    spectrum = np.abs(np.fft.fft(whole, 4 * len(whole)))
    return np.concatenate([spectrum[-reach:], spectrum[: reach + 1]])


def signal_part(samples: NDArray[np.complex64], noise: float) -> float:
    """Part of the samples' power that is signal, at least LEAST_PART; noise: power of the rest."""
    return max(1 - noise / (float(np.mean(np.abs(samples) ** 2)) + 1e-30), LEAST_PART)


def noise_of(heard: Heard, floor_dbfs_hz: float, rate_hz: float) -> float:
    """Power of noise in a sample of y."""
    return float(10 ** (floor_dbfs_hz / 10) * rate_hz * heard.noise)


def level_db(heard: Heard, place: int, symbols: int, floor_dbfs_hz: float, rate_hz: float, width_hz: float) -> float:
    """SNR in `width_hz` of the symbols that begin at `place`."""
    part = heard.y[max(0, place) : place + PER_SYMBOL * symbols]
    signal = float(np.mean(np.abs(part) ** 2)) - noise_of(heard, floor_dbfs_hz, rate_hz)
    return 10 * math.log10(max(signal / (10 ** (floor_dbfs_hz / 10) * width_hz), 1e-3))
