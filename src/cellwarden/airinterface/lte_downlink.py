"""LTE's downlink, which is no phone: known by the primary synchronisation signal, every 5 ms, in the carrier's middle.

    │ 0 . . . 4 . P │ 0 . . . 4 . . │ …     each slot: cell-specific reference signals in symbols 0 and 4, always on;
                                              P: 62 subcarriers of a Zadoff-Chu sequence of root 25, 29 or 34

An idle cell's boxes are its reference symbols, one by one. Each is looked at with the ten milliseconds it lies in, and
named as the stretch that has no pause longer than those between reference symbols: all of a frame in frequency division
duplex, the downlink subframes in time division duplex.

Source: 3GPP TS 36.211 §6.10.1, §6.11.1.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter1d

from cellwarden.airinterface.lte_receiver import Stretch, logistic, stretch
from cellwarden.airinterface.lte_symbols import squared
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, PREFIX_S, SLOT_S, SUBCARRIER_HZ, SYMBOL_S, synchronisation
from cellwarden.model import Block, Burst, Emission, Interleaved, Segment

SIZE = 128
"""Subcarriers looked at: 1.92 MHz around the carrier."""
NARROWEST_HZ = 0.85e6
LONG_NARROWEST_HZ = 0.1e6
"""Of a box longer than a frame: a carrier that is always there is taken for the noise floor, all but some of it."""
FRAMES_TRIED = 2
SHORTEST_S = 35e-6
FRAME_S = 10e-3
BESIDE_S = 4e-3
"""Looked at on either side of a frame, so that no downlink stretch of time division duplex is cut."""
CENTRE_STEP_HZ = 100e3
"""LTE's raster, as far as a box's middle tells (TS 36.104 §5.7.2)."""
PREFIX_NATS = 9.0
"""Asked of the prefixes before the synchronisation signal is looked for; chance gives 5 among all places in a slot."""
SLOTTED_NATS, ALONE_NATS = 100.0, 30.0
"""With so many of the prefixes and so many of its own, a synchronisation signal may be alone."""
THINNED = 61
"""One of so many samples tells one window from another."""
NEAR_S = 4e-3
"""Around a box, in which slots must show: 8 of them."""
LOUDEST = (4, 12)
"""Slots that are also looked at by themselves."""
OFFSETS_HZ = tuple(n * 5e3 for n in range(-3, 4))
"""Carrier frequency error, and error of a box's middle."""
WIDE_OFFSETS_HZ = tuple(n * 5e3 for n in range(-20, 21))
"""Where the carrier is taken for the floor, so that no edge shows its middle: 50 millionths of 2 GHz."""
PAUSE_S = 0.33e-3
"""Longest pause within a downlink: between reference symbols 0.29 ms."""
QUIET = 0.1
"""A symbol is on the air whose power is this part of the strongest ones'."""
IDLE, ABOVE_NOISE = 0.04, 3.0
"""Of an idle slot's reference symbols, which fill a sixth of their subcarriers at least, and of what is not silence:
the means of whole symbols that are lowest tell it where there are pauses."""
LEAST_S = 2e-3
"""A base station is on the air for this long in ten milliseconds; one subframe of a phone is shorter."""
LEAST_NATS = 14.0
AGAIN_NATS = 9.0
UNCERTAIN_NATS = 3.0
PROVEN_NATS = 60.0
"""With so much evidence no other carrier is looked for: by chance it comes once in 10²⁶."""


@dataclass(frozen=True, slots=True)
class Beacon:
    """A primary synchronisation signal: evidence in nats, which of the three, and its frequency."""

    evidence: float
    sector: int
    offset_hz: float


@dataclass(frozen=True, slots=True)
class Window:
    """Samples that many boxes ask about: the same where a few of them, their number, scale and rate are."""

    thinned: bytes
    count: int
    scale: float
    rate_hz: float
    iq: Interleaved = field(compare=False)


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """The stretch of a base station's carrier that a box is a part of."""
    rate = block.segment.rate_hz
    width = burst.high_offset_hz - burst.low_offset_hz
    frame = round(FRAME_S * rate)
    least = NARROWEST_HZ if burst.sample_count < frame else LONG_NARROWEST_HZ
    if width < least or burst.sample_count < SHORTEST_S * rate or rate < 1.0e6:
        return []
    if burst.sample_count <= frame:
        return _in_frame(burst, block, burst.sample_start + burst.sample_count // 2)
    found: list[Emission] = []
    end = burst.sample_start + burst.sample_count
    for number, middle in enumerate(range(burst.sample_start + frame // 2, end, frame)):
        found += _in_frame(burst, block, middle)
        if number >= FRAMES_TRIED and not found:
            break
    return found


def _in_frame(burst: Burst, block: Block, sample: int) -> list[Emission]:
    """The stretch on the air around a sample, if its frame has a synchronisation signal."""
    rate = block.segment.rate_hz
    frame, beside = round(FRAME_S * rate), round(BESIDE_S * rate)
    last = block.sample_start + len(block.iq)
    first = max(block.sample_start, min(sample // frame * frame, last - frame))
    begin, end = max(block.sample_start, first - beside), min(last, first + frame + beside)
    width, middle = burst.high_offset_hz - burst.low_offset_hz, (burst.low_offset_hz + burst.high_offset_hz) / 2
    centres = {round(middle / CENTRE_STEP_HZ) * CENTRE_STEP_HZ}
    if burst.low_offset_hz < 0.5e6 and burst.high_offset_hz > -0.5e6:
        centres = {0.0} if width > 0.7 * rate else centres | {0.0}
    offsets = WIDE_OFFSETS_HZ if burst.sample_count > frame else OFFSETS_HZ
    window = block.iq[begin - block.sample_start : end - block.sample_start]
    near, whole = _window(block, _near(block, sample)), _window(block, window)
    found = [(centre, *_beacon(whole, centre, offsets)) for centre in sorted(centres) if _is_slotted(near, centre)]
    if not found:
        return []
    centre, beacon, active = max(found, key=lambda f: f[1].evidence)
    if beacon.evidence < LEAST_NATS:
        return []
    step = SYMBOL_S / 8 * rate
    within = (sample - begin) / step
    runs = [(a, b) for a, b in active if a - 1 <= within <= b + 1]
    if not runs:
        return []
    start, stop = (begin + round(edge * step) for edge in runs[0])
    if stop - start > frame:  # never silent: frame by frame, with what a shorter box holds of the next ones
        inside = burst if burst.sample_count <= frame else replace(burst, sample_start=first, sample_count=frame)
        start = max(start, min(first, inside.sample_start))
        stop = min(stop, max(first + frame, inside.sample_start + inside.sample_count))
    return [
        Emission(
            label="lte:downlink",
            sample_start=start,
            sample_count=max(1, stop - start),
            low_offset_hz=min(burst.low_offset_hz, centre - 3 * BLOCK_HZ),
            high_offset_hz=max(burst.high_offset_hz, centre + 3 * BLOCK_HZ),
            snr_db=burst.snr_db,
            confidence=logistic(beacon.evidence - LEAST_NATS + UNCERTAIN_NATS),
            carrier_offset_hz=centre + beacon.offset_hz,
            direction="downlink",
            floor_dbfs_hz=burst.floor_dbfs_hz,
            details={"sector": beacon.sector, "evidence": round(beacon.evidence, 1)},
        )
    ]


def _near(block: Block, sample: int) -> Interleaved:
    """NEAR_S around a sample, the same for all within a quarter of that."""
    step = round(NEAR_S / 4 * block.segment.rate_hz)
    middle = round((sample - block.sample_start) / step) * step
    first = max(0, min(middle - 2 * step, len(block.iq) - 4 * step))
    return block.iq[first : first + 4 * step]


def _window(block: Block, iq: Interleaved) -> Window:
    return Window(iq[::THINNED].tobytes(), len(iq), block.scale, block.segment.rate_hz, iq)


def _heard(window: Window, centre: float) -> Stretch:
    """A window around a carrier, and nothing after its end."""
    block = Block(window.iq, window.scale, 0, Segment(0, window.count, window.rate_hz))
    heard = stretch(Burst(0, window.count, 0.0, 0.0, 0.0, -200.0), block, 0.0, centre, SIZE)
    return replace(heard, y=heard.y[: math.ceil(window.count / heard.per_sample)])


@lru_cache(maxsize=64)
def _is_slotted(window: Window, centre: float) -> bool:
    """Whether symbols' prefixes come again each slot: a look at less than a frame, for what is no LTE at all."""
    heard = _heard(window, centre)
    y = heard.y
    return _prefixes(y, ((0, math.ceil(len(y) / heard.rate_hz / SYMBOL_S * 8)),), heard.rate_hz)[0] > PREFIX_NATS


@lru_cache(maxsize=16)
def _beacon(window: Window, centre: float, offsets: tuple[float, ...]) -> tuple[Beacon, tuple[tuple[int, int], ...]]:
    """The best synchronisation signal in a frame, and where its carrier is on the air in eighths of a symbol.

    Many boxes of one carrier ask for the same frame.
    """
    heard = _heard(window, centre)
    y = heard.y
    active = _active(np.abs(y) ** 2, heard.rate_hz)
    if sum(b - a for a, b in active) * SYMBOL_S / 8 < LEAST_S:
        return Beacon(-math.inf, 0, 0.0), ()
    likely, turn_hz = _prefixes(y, active, heard.rate_hz)
    if likely < PREFIX_NATS:
        return Beacon(-math.inf, 0, 0.0), active
    reach = max(offsets) + SUBCARRIER_HZ / 2
    whole = np.arange(-math.ceil(reach / SUBCARRIER_HZ) - 1, math.ceil(reach / SUBCARRIER_HZ) + 2) * SUBCARRIER_HZ
    shifts = [hz for hz in (turn_hz + whole).tolist() if abs(hz + heard.centre_hz - centre) <= reach]
    size = fft.next_fast_len(len(y) + SIZE)
    spectrum = fft.fft(y, size)
    best = Beacon(-math.inf, 0, 0.0)
    for shift in sorted(shifts, key=lambda hz: abs(hz + heard.centre_hz - centre)):
        offset = shift + heard.centre_hz - centre
        if best.evidence > PROVEN_NATS and abs(offset - best.offset_hz) > 1.5 * SUBCARRIER_HZ:
            continue  # only beside what proves itself may a shift be better still
        for sector, evidence, again in _synchronised(spectrum, shift, len(y), heard.rate_hz):
            evidence -= math.log(3 * len(offsets) * len(y))
            alone = likely > SLOTTED_NATS and evidence > ALONE_NATS
            if evidence > best.evidence and (alone or again):
                best = Beacon(evidence, sector, offset)
    return best, active


def _synchronised(
    spectrum: NDArray[np.complex64], shift_hz: float, count: int, rate: float
) -> Iterator[tuple[int, float, bool]]:
    """Each of the three signals at a shift: which, evidence in nats of its best place, and whether it comes again.

    spectrum: of `count` samples and zeros, complex64, shape (n,).
    """
    size, half = len(spectrum), round(32 * SUBCARRIER_HZ / rate * len(spectrum))
    bins = round(shift_hz / rate * size)
    # what lies beside the 62 subcarriers would leak into the match
    moved = np.zeros(size, np.complex64)
    moved[np.arange(-half + 1, half)] = spectrum[np.arange(-half + 1, half) + bins]
    narrow = fft.ifft(moved)[:count]
    energy = uniform_filter1d(squared(narrow), SIZE, mode="constant", origin=-SIZE // 2) * SIZE
    least = 0.02 * float(np.max(energy)) + 1e-30
    for sector in range(3):
        matched = squared(fft.ifft(moved * _conjugate(sector, size), overwrite_x=True)[:count])
        part = (matched / np.maximum(energy, least))[: count - SIZE]
        at = int(np.argmax(part))
        fit = min(float(part[at]), _phase_fit(narrow[at : at + SIZE], sector))
        yield sector, -61 * math.log1p(-min(fit, 0.999)), _comes_again(part, at, rate)


def _prefixes(y: NDArray[np.complex64], active: tuple[tuple[int, int], ...], rate: float) -> tuple[float, float]:
    """Nats that symbols' prefixes come again each slot, and the carrier's offset from the grid, ±7.5 kHz.

    Folded over the slots, the loudest first: one of time division duplex is silent in most. A line is alike at every
    lag, and what all places have in common is taken out.
    """
    on = np.zeros(len(y), bool)
    for begin, end in active:
        on[int(begin * SYMBOL_S / 8 * rate) : int(end * SYMBOL_S / 8 * rate)] = True
    slot, length = round(SLOT_S * rate), round(PREFIX_S * rate)
    slots = (len(y) - SIZE) // slot
    if slots < 1:
        return 0.0, 0.0
    masked = np.where(on, y, 0)
    alike = (masked[:-SIZE] * np.conj(masked[SIZE:]))[: slots * slot].reshape(slots, slot)
    power = (0.5 * (squared(masked[:-SIZE]) + squared(masked[SIZE:])))[: slots * slot].reshape(slots, slot)
    loud = power.sum(axis=1, dtype=np.float64)
    order = np.argsort(-loud)
    best = (0.0, 0.0)
    for count in sorted({min(slots, n) for n in LOUDEST} | {slots}):
        chosen = order[:count]
        sums = _windows(alike[chosen].sum(axis=0), length)
        sums -= np.mean(sums)
        powers = _windows(power[chosen].sum(axis=0), length).real
        part = np.abs(sums) / np.maximum(powers, np.mean(powers) + 1e-30)
        at = int(np.argmax(part))
        equal = float(np.sum(loud[chosen])) ** 2 / max(float(np.sum(loud[chosen] ** 2)), 1e-60)  # slots of equal power
        nats = -(equal * length - 1) * math.log1p(-(min(float(part[at]), 0.999) ** 2))
        if nats > best[0]:
            best = (nats, float(-np.angle(sums[at])) / (2 * math.pi) * SUBCARRIER_HZ)
    return best


def _windows(values: NDArray[np.generic], length: int) -> NDArray[np.complex128]:
    """Sums of `length` values from each place on, around the end."""
    sums = np.cumsum(np.concatenate([[0], values, values[:length]]))
    return np.asarray(sums[length:-1] - sums[: -length - 1])


def _comes_again(part: NDArray[np.float64], at: int, rate: float) -> bool:
    """Whether a signal is there half a frame before or after as well, or whether that cannot be seen."""
    half = round(FRAME_S / 2 * rate)
    others = [at + n * half for n in range(-4, 5) if n and 2 <= at + n * half < len(part) - 3]
    return not others or any(
        -61 * math.log1p(-min(float(np.max(part[n - 2 : n + 3])), 0.999)) > AGAIN_NATS for n in others
    )


def _phase_fit(symbol: NDArray[np.complex128], sector: int) -> float:
    """How much of a symbol fits when all subcarriers count alike: a few strong ones of another's signal do not."""
    spectrum = fft.fft(symbol)
    turned = np.concatenate([spectrum[-31:], spectrum[1:32]]) * np.conj(synchronisation(sector))
    turned /= np.maximum(np.abs(turned), 1e-30)
    spread = np.concatenate([turned[:31], [0.0], turned[31:]])
    return float(np.max(np.abs(fft.fft(spread, 256)) ** 2)) / 62**2


@lru_cache(maxsize=12)
def _conjugate(sector: int, size: int) -> NDArray[np.complex64]:
    """Conjugate spectrum of `_reference`: complex64, shape (size,)."""
    return np.asarray(np.conj(fft.fft(_reference(sector), size)))


@lru_cache(maxsize=4)
def _reference(sector: int) -> NDArray[np.complex64]:
    """The signal in time, of energy 1: complex64, shape (SIZE,)."""
    spectrum = np.zeros(SIZE, np.complex128)
    sent = synchronisation(sector)
    spectrum[-31:], spectrum[1:32] = sent[:31], sent[31:]
    wave = fft.ifft(spectrum)
    return np.asarray(wave / np.linalg.norm(wave), np.complex64)


def _active(power: NDArray[np.float32], rate: float) -> tuple[tuple[int, int], ...]:
    """Runs, in eighths of a symbol, without a pause longer than PAUSE_S."""
    step = rate * SYMBOL_S / 8
    count = int(len(power) / step)
    edges = np.round(np.arange(count) * step).astype(np.int64)
    level = np.add.reduceat(power[: round(count * step)], edges) / step
    symbols = np.convolve(level, np.ones(8) / 8, "same")
    faint = max(IDLE * float(np.quantile(level, 0.98)), ABOVE_NOISE * float(np.quantile(symbols, 0.05)))
    on = np.flatnonzero((level > QUIET * float(np.quantile(level, 0.98))) | (symbols > faint))
    if not len(on):
        return ()
    pause = PAUSE_S / (SYMBOL_S / 8)
    cuts = np.flatnonzero(np.diff(on) > pause)
    starts, ends = np.concatenate([[on[0]], on[cuts + 1]]), np.concatenate([on[cuts], [on[-1]]]) + 1
    reach = int(pause) + 1
    return tuple(
        (0 if a < reach else int(a), count if b > count - reach else int(b)) for a, b in zip(starts, ends, strict=True)
    )
