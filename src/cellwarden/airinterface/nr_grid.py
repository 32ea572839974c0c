"""Where the symbols of NR's data begin, told by their prefixes, and the powers of their subcarriers.

    │p│ symbol │p│ symbol │p│ …     a prefix p is like the end of its symbol: their coherence ρ tells where one begins,
     └────────┘                     its phase which part of a subcarrier the carrier lies beside the grid

Of a clear box the likeliest place is taken, where its coherence is more than chance gives: D independent values of
anything else exceed r with probability (1 - r²)^(D - 1). Of a faint box some places are tried, each with its likelihood

        ln I₀(2 D ρ r / (1 - ρ²)) - D (2 ρ² / (1 - ρ²) + ln (1 - ρ²))       ρ: what the box's level lets expect

Source: 3GPP TS 38.211 §5.3.1.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_receiver import Stretch, stretch
from cellwarden.airinterface.lte_symbols import best_band
from cellwarden.airinterface.lte_waveform import BLOCK, PREFIX_S, SUBCARRIER_HZ, SYMBOL_S
from cellwarden.airinterface.nr_kernels import prefixed
from cellwarden.airinterface.nr_waveform import SLOT_SYMBOLS
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst

SMALLEST = 128
"""Subcarriers looked at, at least: a prefix then has 9 samples."""
WIDEST_BLOCKS = 275
BESIDE = 3
"""Symbols looked at before and after the box, which may have been cut."""
MISSED = ((8.0, 0.0), (4.0, 0.2), (-100.0, 1.2))
"""By a box's signal-to-noise ratio in decibels: part of its width that it may have missed to either side."""
EDGE = 3.0
"""Subcarriers by which any box's edge may be off."""
FOREIGN = 5.0
"""What is stronger than a box by this factor is another burst, beside it."""
PREFIX_NATS = 4.0
"""Asked of a clear box's prefixes beyond chance."""
PLACES, PLACE_NATS = 3, 4.0
"""Of a faint box so many places are tried, and none that is less likely than the first by so much."""
LEAST_FAINT_NATS = -5.0
"""Evidence of a faint box's prefixes below which reference symbols are not looked for."""
LEAST_SNR, MOST_COHERENCE = 0.2, 0.9
"""Taken for a faint box's level, at least, and for the likeness of prefixes, at most: echoes and edges cost some."""
EDGE_S, EDGE_CYCLES, EDGE_PART = 4e-6, 5.0, 0.7
"""A box begins with its burst to within this deviation, in this part of all cases; of a faint box the deviation is so
many cycles of its bandwidth, if that is more."""
CARRIER = 0.5
"""Between prefixes, symbols have less than this part of the prefixes' likeness; what has a carrier has as much."""
STEADY = 0.3
"""All symbols are as strong to within this factor; keyed carriers and pulses are not."""
CHANCE = 3.0
"""Standard deviations of a symbol's level that noise may add."""
CAPPED = 200.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A box at a multiple of its subcarriers' spacing, and the band of it that energy shows."""

    stretch: Stretch
    spectrum: NDArray[np.complex64]
    """Of the stretch: shape of its samples."""
    near: NDArray[np.bool_]
    """Subcarriers in which the band may lie."""
    low: int
    """The band's first subcarrier, of `near`'s."""
    length: int
    multiple: int
    """Of 15 kHz: the spacing of subcarriers."""

    @property
    def size(self) -> int:
        """Subcarriers in all."""
        return len(self.near)

    @property
    def symbol(self) -> float:
        """Samples from one symbol to the next."""
        return (SYMBOL_S + PREFIX_S) / self.multiple * self.stretch.rate_hz

    def filtered(self, low: int, length: int) -> Stretch:
        """The stretch without what lies two subcarriers or more beside a band of `length`, `low` its first."""
        count, size = len(self.spectrum), self.size
        first, end = (math.ceil((low - size // 2 + edge) * count / size) for edge in (-1.5, length + 0.5))
        kept = np.zeros(count, np.complex64)
        for begin, stop in ((max(first, 0), max(end, 0)), (count + min(first, 0), count + min(end, 0))):
            kept[begin:stop] = self.spectrum[begin:stop]
        return self.stretch.holding(np.asarray(scipy.fft.ifft(kept, overwrite_x=True), np.complex64))


@dataclass(frozen=True, slots=True)
class Grid:
    """The subcarriers of a box's symbols, and their powers over the noise: shape (symbols, size).

    The box begins with symbol BESIDE.
    """

    values: NDArray[np.complex64]
    power: NDArray[np.float32]
    start: float
    turn: float
    nats: float
    """Evidence of the prefixes."""
    share: float
    """Logarithm of the part that this place has in the evidence of all places; 0 where only one is likely."""
    count: int


def heard(burst: Burst, block: Block, multiple: int) -> Heard:
    """A box and what it may have missed beside it."""
    width, unit_hz = burst.high_offset_hz - burst.low_offset_hz, SUBCARRIER_HZ * multiple
    missed = next(part for least, part in MISSED if burst.snr_db >= least) * width / unit_hz + EDGE
    size = max(SMALLEST, 1 << math.ceil(math.log2(width / unit_hz + 2 * missed + 4)))
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    around = stretch(burst, block, (BESIDE + 1) * (SYMBOL_S + PREFIX_S) / multiple, middle, size * multiple)
    near = np.abs(np.arange(size) - size // 2) <= width / unit_hz / 2 + missed
    low, length = _rough(around, burst, near)
    spectrum = scipy.fft.fft(around.y) if around.spectrum is None else around.spectrum
    return Heard(around, spectrum, near, low, length, multiple)


def numbers(near: NDArray[np.bool_]) -> tuple[int, ...]:
    """Numbers of resource blocks that fit where a band may lie."""
    return tuple(range(1, max(1, min(WIDEST_BLOCKS, int(np.sum(near)) // BLOCK)) + 1))


def _rough(around: Stretch, burst: Burst, near: NDArray[np.bool_]) -> tuple[int, int]:
    """First subcarrier and width of the band that a box shows, before symbols are known.

    What is far stronger than the box is taken out of `near`.
    """
    size = len(near)
    first, last = around.index(burst.sample_start), around.index(burst.sample_start + burst.sample_count)
    rows = around.y[first:last][: (last - first) // size * size].reshape(-1, size)
    power = scipy.fft.fftshift(np.mean(squared(scipy.fft.fft(rows, axis=-1)), axis=0)) / (size * around.noise)
    beside = np.convolve(power, np.ones(BLOCK) / BLOCK, "same")
    near &= beside < FOREIGN * (1 + 10 ** (burst.snr_db / 10))
    _, low, blocks = best_band(np.where(near, power, 0.0).astype(np.float64), len(rows), numbers(near))[0]
    return low, blocks * BLOCK


def grids(box: Heard, burst: Burst, faint: bool) -> list[Grid]:
    """Where the prefixes say that symbols begin, and the powers of their subcarriers: of a faint box some places."""
    band = box.filtered(box.low, box.length)
    y, size, symbol = band.y, box.size, box.symbol
    prefix = PREFIX_S / box.multiple * band.rate_hz
    count = min(SLOT_SYMBOLS, max(4, round(burst.sample_count / band.per_sample / symbol)))
    begin = band.index(burst.sample_start)
    places = begin + np.arange(-round(symbol / 2), round(symbol / 2))
    first = np.round(places[:, None] + symbol * np.arange(count)).astype(np.int64)
    length, between = round(prefix), round(symbol - 3 * prefix)
    if first[0, 0] < 0 or first[-1, -1] + max(length, round(2 * prefix) + between) > len(y) - size:
        return []
    alike, power = np.empty(len(places), np.complex128), np.empty(len(places))
    prefixed(y, size, length, first, alike, power)
    coherence = np.abs(alike) / np.maximum(power, 1e-30)
    freedom = max(2.0, count * prefix * box.length / size)
    edge_s = max(EDGE_S, EDGE_CYCLES / (box.length / size * band.rate_hz)) if faint else EDGE_S
    near = _near((places - begin) / band.rate_hz / edge_s)
    if faint:
        level = float(np.mean(power)) / (count * length * band.noise * box.length / size)
        told = _likelihood(coherence, freedom, level - 1.0) + near - math.log(len(places))
        likely = _likely(told, round(prefix / 2))
    else:
        told = -(freedom - 1) * np.log1p(-np.minimum(coherence**2, 0.999)) + near
        at = int(np.argmax(told))
        nats = float(told[at]) - math.log(max(1.0, symbol / size * box.length))
        likely = [(at, min(nats, CAPPED), 0.0)] if nats >= PREFIX_NATS else []
    made = []
    for at, nats, share in likely:
        others = first[at : at + 1, :-1] + round(2 * prefix)
        mean, energy = np.empty(1, np.complex128), np.empty(1)
        prefixed(y, size, between, others, mean, energy)
        if abs(mean[0]) > CARRIER * float(coherence[at]) * float(energy[0]):
            continue
        turn = float(np.angle(alike[at])) / (2 * math.pi)
        starts = places[at] + prefix / 2 + symbol * np.arange(-BESIDE, count + BESIDE)
        values = _values(y, starts, turn, size)
        powers = squared(values) / np.float32(size * band.noise)
        if is_steady(powers[BESIDE + 1 : BESIDE + count - 1, box.low : box.low + box.length]):
            made.append(Grid(values, powers, float(places[at]), -turn, nats, share, count))
    return made


def _likelihood(coherence: NDArray[np.float64], freedom: float, snr: float) -> NDArray[np.float64]:
    """Nats for prefixes of a level against anything else, by coherence, whatever its phase."""
    snr = max(snr, LEAST_SNR)
    expected = min(snr / (1 + snr), MOST_COHERENCE)
    rest = 1 - expected**2
    x = 2 * freedom * expected / rest * coherence
    phase = np.log(scipy.special.i0e(x)) + x
    return np.asarray(phase - freedom * (2 * expected**2 / rest + math.log(rest)))


def _likely(told: NDArray[np.float64], half: int) -> list[tuple[int, float, float]]:
    """Likeliest places, no two within a prefix: which, nats of all within half a prefix, and their part of all."""
    everywhere, most = float(np.logaddexp.reduce(told)), float(np.max(told))
    if everywhere < LEAST_FAINT_NATS:
        return []
    left, made = told.copy(), []
    for _ in range(PLACES):
        at = int(np.argmax(left))
        if left[at] < most - PLACE_NATS:
            break
        around = slice(max(0, at - half), at + half + 1)
        nats = float(np.logaddexp.reduce(left[around]))
        made.append((at, nats, nats - everywhere))
        left[around] = -np.inf
    return made


def _near(late: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nats by which symbols are likelier to begin so many deviations later than a box than anywhere in a symbol."""
    near = np.exp(-(late**2) / 2)
    return np.asarray(np.log(1 - EDGE_PART + EDGE_PART * near / np.mean(near)))


def _values(y: NDArray[np.complex64], starts: NDArray[np.float64], turn: float, size: int) -> NDArray[np.complex64]:
    """Subcarriers of the symbols that begin at `starts`, lowest first; silence outside of `y`."""
    padded = np.concatenate([np.zeros(size, np.complex64), y, np.zeros(size, np.complex64)])
    first = np.clip(np.round(starts).astype(np.int64) + size, 0, len(padded) - size)
    ramp = np.exp(2j * np.pi * turn / size * np.arange(size)).astype(np.complex64)
    return np.asarray(
        scipy.fft.fftshift(scipy.fft.fft(padded[first[:, None] + np.arange(size)] * ramp, axis=-1), axes=-1)
    )


def is_steady(power: NDArray[np.float32]) -> bool:
    """Whether the symbols of a box are about as strong as each other, as far as noise lets one see.

    power: over the noise, of the band's subcarriers, shape (symbols, subcarriers).
    """
    levels, unsure = np.mean(power, axis=1), CHANCE / math.sqrt(power.shape[1])
    usual, least, most = float(np.median(levels)), float(np.min(levels)), float(np.max(levels))
    return least - 1 > STEADY * (usual - 1) - unsure and most - 1 < (usual - 1) / STEADY + unsure * usual
