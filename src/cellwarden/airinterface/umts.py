"""UMTS (FDD): names a phone's preambles and dedicated channels, and base stations, by what their codes leave behind.

    preamble          ±1 on an axis that turns by 90° a chip: squares are a line, at any code, carrier and time.
                      Its code then lies in a linear space of 13 + 4 bits over GF(2): one Walsh–Hadamard transform
                      correlates with all 8192 scrambling codes and 16 signatures at once, which proves it
    dedicated channel chips 2m and 2m + 1 differ by ±90°, chips 2m + 1 and 2m + 2 by any quarter turn: squared turns
                      point to -1 within pairs and cancel between them, at any code, data, carrier, and echo
    base station      256 known chips at the beginning of every slot of 2560

A box may hold only a part of the 4.7 MHz that a faint carrier fills, or two carriers beside each other: carriers are
looked for in the spectrum of the box's time, with the pulse's own shape.

Sources: 3GPP TS 25.211 §5, TS 25.213 §4 and §5, TS 25.101 §5.4.2 (raster) and §6.8.1 (pulse). A phone that sends
enhanced data with codes of spreading factor 2 breaks the pairs and is not named.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.umts_waveform import (
    BANDWIDTH_HZ,
    CHIP_RATE_HZ,
    PREAMBLE_CHIPS,
    PRIMARY_A,
    PRIMARY_SIGNS,
    RASTER_HZ,
    SIGNATURES,
    SLOT_CHIPS,
    X_TAPS,
    Y_TAPS,
    hadamard,
    root_raised_cosine,
    shift_mask,
    shift_register,
)
from cellwarden.detect.bursts import low_pass
from cellwarden.detect.evidence import log_likelihood_ratio
from cellwarden.detect.kernels import best_runs, decimate
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.bands import allocations_at

SHORTEST_S, NARROWEST_HZ, WIDEST_HZ = 0.25e-3, 150e3, 16e6
"""A box shorter, narrower or wider than this is not looked into: a faint preamble's pieces are larger."""
LEAST_SHARE = 0.01
"""Each eighth of a carrier's flat part holds at least this part of its power, whatever the echoes."""
SATURATION = 0.2
"""Part of a box's power density from which on a bin counts as filled."""
LEAST_SNR = 10**-1.0
REACH_HZ = 5e6
"""How far beyond a box its carrier's middle is looked for, less what the box itself covers."""
CARRIERS = 4
MOST_CHIPS = 38_400
"""A frame: what is looked at of a long box."""
CFO_HZ = 60e3
"""How far a carrier may lie from where it is looked for, at last."""
FIRST_CFO_HZ = 600e3
"""And at first: the spectrum's middle errs where echoes notch it."""
LINE_NATS = 13.0
"""Least nats of the line of squares before codes are tried."""
CODE_NATS = 40.0
"""Least nats of a preamble's code. Gaussian chips reach it with probability e⁻⁴⁰ times 4 million tries a box."""
TIMING_CHIPS, TIMING_NATS, MOST_TIMING_CHIPS = 24, 8000.0, 250
"""How far from the place that squares tell a preamble's beginning may be: the fainter their line, the farther."""
TURN_BLOCK = 64
"""Chips whose turns are added before their scatter is measured: narrow signals turn alike from one to the next."""
FEWEST_BLOCKS = 30
PAIR_NATS = 22.0
"""Least nats of the pairs' turns: e⁻²² for each of 8 hypotheses a carrier is 2·10⁻⁹; a block counts at most one."""
BETWEEN = 0.35
"""Most that turns between pairs may add up to, beside those within."""
LEAST_TURN = 0.4
"""Least coherence of the pairs' turns, of what an echo-free channel at that SNR has."""
ECHO_CHIPS = 4
SYNCHRONISATION_NATS = 35.0
SPLIT = 30.0


@dataclass(frozen=True, slots=True)
class _Carrier:
    """Chips of one carrier: matched filter outputs at PHASES places a chip, and where they lie."""

    offset_hz: float
    z: NDArray[np.complex64]
    base: float
    """Sample of the block at which chip 0 of phase 0 has its middle."""
    per_chip: float
    noise: float
    """Mean power of z where only noise is."""
    first: int
    end: int
    """Chips that the box holds."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the UMTS carriers that a box touches; several pieces of one carrier give the same emission."""
    rate = block.segment.rate_hz
    duration, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    if rate < CHIP_RATE_HZ or duration < SHORTEST_S or not NARROWEST_HZ < width < WIDEST_HZ:
        return []
    found: list[Emission] = []
    for offset in _carriers(burst, block):
        named = _on_carrier(burst, block, offset)
        if named:
            found.append(named)
    return found


def _on_carrier(burst: Burst, block: Block, offset_hz: float, again: bool = True) -> Emission | None:
    """What is sent on a carrier; once more on the carrier that it tells itself, where the spectrum told another."""
    carrier = _chips(burst, block, offset_hz)
    if carrier is None:
        return None
    named = _preamble(carrier, burst, block) or _dedicated(carrier, burst, block) or _base(carrier, burst, block)
    if named is None or named.carrier_offset_hz is None or abs(named.carrier_offset_hz - offset_hz) < CFO_HZ:
        return named
    return _on_carrier(burst, block, _on_raster(named.carrier_offset_hz, block), again=False) if again else None


def _carriers(burst: Burst, block: Block) -> list[float]:
    """Offsets at which the spectrum of the box's time has the pulse's shape, the strongest first."""
    rate = block.segment.rate_hz
    size = 1 << max(6, math.ceil(math.log2(rate / 60e3)))
    first = burst.sample_start - block.sample_start
    last = min(first + burst.sample_count, len(block.iq)) - size
    if first < 0 or last <= first:
        return []
    starts = np.linspace(first, last, min(64, 1 + 2 * (last - first) // size)).astype(int)
    frames = block.iq[starts[:, None] + np.arange(size)].astype(np.float32) * np.float32(block.scale)
    window = np.hanning(size).astype(np.float32)
    spectrum = scipy.fft.fft((frames[..., 0] + 1j * frames[..., 1]) * window, axis=1)
    density = np.fft.fftshift(np.mean(np.abs(spectrum) ** 2, axis=0)) / float(np.sum(window**2)) / rate
    # A busy channel lifts the floor that the box tells: what lies lowest here is one too.
    lowest = float(np.quantile(density.reshape(-1, 4).mean(axis=1), 0.1))
    excess = density / min(10 ** (burst.floor_dbfs_hz / 10), lowest) - 1
    bin_hz = rate / size
    reach = math.floor(BANDWIDTH_HZ / 2 / bin_hz)
    # Echoes tilt and notch the spectrum: its edges tell the middle, so that what lies well above the noise counts alike.
    inside = excess[_bin(burst.low_offset_hz, size, bin_hz) : _bin(burst.high_offset_hz, size, bin_hz) + 1]
    usual = SATURATION * max(float(np.mean(inside)), 0.1)
    shape = _shape(bin_hz, reach)
    filled = np.pad(np.maximum(excess, 0) / (np.maximum(excess, 0) + usual), len(shape) // 2, "wrap")
    score = np.correlate(filled, shape, "valid")
    middle = (np.arange(size) - size // 2) * bin_hz
    low, high = burst.high_offset_hz - REACH_HZ / 2, burst.low_offset_hz + REACH_HZ / 2
    allowed = (middle > min(low, burst.low_offset_hz)) & (middle < max(high, burst.high_offset_hz))
    allowed &= np.abs(middle) < rate / 2 - 0.4 * CHIP_RATE_HZ
    found: list[float] = []
    score = np.where(allowed, score, -np.inf)
    for _ in range(CARRIERS):
        at = int(np.argmax(score))
        if not score[at] > 0:
            break
        if _fills(excess, at, bin_hz):
            found.append(_on_raster(float(middle[at]), block))
        score[max(0, at - reach // 2) : at + reach // 2 + 1] = -np.inf
    return list(dict.fromkeys(found))


def _bin(offset_hz: float, size: int, bin_hz: float) -> int:
    return min(max(round(offset_hz / bin_hz) + size // 2, 0), size - 1)


@lru_cache
def _shape(bin_hz: float, reach: int) -> NDArray[np.float64]:
    """The pulse's power spectrum by bins, less its mean over half as much again."""
    f = np.abs(np.arange(-reach - reach // 4, reach + reach // 4 + 1) * bin_hz) / CHIP_RATE_HZ
    edge = np.clip((f - 0.39) / 0.22, 0, 1)
    power = 0.5 * (1 + np.cos(np.pi * edge))
    return np.asarray(power - np.mean(power))


def _fills(excess: NDArray[np.float64], at: int, bin_hz: float) -> bool:
    """Whether there is power in all of a carrier's flat part."""
    half = round(0.36 * CHIP_RATE_HZ / bin_hz)
    inside = excess[max(0, at - half) : at + half + 1]
    parts = [float(np.mean(part)) for part in np.array_split(inside, 8)]
    return float(np.mean(inside)) > LEAST_SNR and min(parts) > LEAST_SHARE * sum(parts) / 8


def _on_raster(offset_hz: float, block: Block) -> float:
    centre = block.segment.centre_hz
    if centre is None:
        return offset_hz
    return round((centre + offset_hz) / RASTER_HZ) * RASTER_HZ - centre


@lru_cache
def _table(per_chip: float) -> NDArray[np.float32]:
    """The matched filter at each fraction of a sample; white noise keeps its variance."""
    half = math.ceil(5 * per_chip)
    m = np.arange(-half, half + 1)
    rows = [root_raised_cosine((m - row / kernels.SUBSTEPS) / per_chip) for row in range(kernels.SUBSTEPS)]
    return (np.array(rows) / math.sqrt(per_chip)).astype(np.float32)


def _chips(burst: Burst, block: Block, offset_hz: float, around: int = PREAMBLE_CHIPS) -> _Carrier | None:
    """The carrier's chips in the box's time and `around` chips more, of a long box a frame from its middle."""
    rate = block.segment.rate_hz
    step = max(1, int(rate / (1.6 * BANDWIDTH_HZ)))
    taps = low_pass(step, round(1.25 * BANDWIDTH_HZ / rate, 3)) if step > 1 else np.ones(1, np.float32)
    start = burst.sample_start - block.sample_start
    count = burst.sample_count
    most = round(MOST_CHIPS * rate / CHIP_RATE_HZ)
    if count > most:
        start, count = start + (count - most) // 2, most
    margin = round(around * rate / CHIP_RATE_HZ)
    first, end = max(0, start - margin), min(len(block.iq), start + count + margin)
    per_chip = rate / step / CHIP_RATE_HZ
    y = np.empty((end - first) // step, np.complex64)
    chips = int(len(y) / per_chip) - 1
    if chips < PREAMBLE_CHIPS // 4:
        return None
    decimate(block.iq, block.scale, first, offset_hz / rate, taps, step, y)
    z = np.empty((kernels.PHASES, chips), np.complex64)
    re, im = np.ascontiguousarray(y.real), np.ascontiguousarray(y.imag)
    kernels.matched(re, im, 0.5 * per_chip, per_chip, _table(per_chip), z)
    inside = (int((start - first) / step / per_chip), int((start + count - first) / step / per_chip))
    noise = 10 ** (burst.floor_dbfs_hz / 10) * rate / step
    base = first + 0.5 * per_chip * step
    return _Carrier(offset_hz, z, base, per_chip * step, noise, max(0, inside[0]), min(chips, inside[1]))


# Preambles


@lru_cache
def _code_space() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each chip which of 17 bits (13 of the code, 4 of the signature) its sign depends on, and the sign besides.

    int64, shape (4096,), an index among 2^17; float32, shape (4096,), ±1.
    """
    masks = [shift_mask(k, X_TAPS) for k in range(PREAMBLE_CHIPS)]
    code = np.array([mask & 8191 for mask in masks])
    fixed = np.array([mask >> 24 & 1 for mask in masks]) ^ shift_register((1 << 25) - 1, Y_TAPS, PREAMBLE_CHIPS)
    place = code | (np.arange(PREAMBLE_CHIPS) % SIGNATURES) << 13
    return place.astype(np.int64), (1 - 2 * fixed.astype(np.float32)).astype(np.float32)


def _preamble(carrier: _Carrier, burst: Burst, block: Block) -> Emission | None:
    """A preamble in the box's time, proven by its code."""
    if carrier.end - carrier.first > 2 * PREAMBLE_CHIPS:
        return None
    chips = carrier.z.shape[1]
    turned = carrier.z * np.tile(np.array([1, -1j, -1, 1j], np.complex64), chips // 4 + 1)[:chips]
    squares = turned**2
    part = squares[:, max(0, carrier.end - PREAMBLE_CHIPS - 512) : carrier.first + PREAMBLE_CHIPS + 512]
    size = scipy.fft.next_fast_len(2 * part.shape[1])  # padded: half a bin would let the axis turn within the preamble
    lines = np.abs(scipy.fft.fft(part, size, axis=1)) ** 2 / np.sum(np.abs(part) ** 2, axis=1, keepdims=True)
    frequency = np.fft.fftfreq(size) / 2
    lines[:, np.abs(frequency) > FIRST_CFO_HZ / CHIP_RATE_HZ] = 0
    phase, line = np.unravel_index(int(np.argmax(lines)), lines.shape)
    if lines[phase, line] < LINE_NATS:
        return None
    v = turned * np.exp(-2j * np.pi * frequency[line] * np.arange(chips)).astype(np.complex64)
    gain = np.cumsum(np.concatenate([[0], squares[phase] * np.exp(-4j * np.pi * frequency[line] * np.arange(chips))]))
    if len(gain) <= PREAMBLE_CHIPS:
        return None
    sums = gain[PREAMBLE_CHIPS:] - gain[:-PREAMBLE_CHIPS]
    guess = int(np.argmax(np.abs(sums)))
    axis = np.exp(-0.5j * np.angle(sums[guess]))
    real = np.ascontiguousarray((v[phase] * axis).real.astype(np.float32))
    reach = TIMING_CHIPS + min(MOST_TIMING_CHIPS, round(TIMING_NATS / float(lines[phase, line])))
    for at in _near(guess, reach, len(sums)):
        nats, code, signature = _decode(real[at : at + PREAMBLE_CHIPS])
        if nats >= CODE_NATS:
            break
    else:
        return None
    return _preamble_emission(carrier, burst, block, v, float(frequency[line]), at, code, signature, nats)


def _near(guess: int, reach: int, count: int) -> list[int]:
    """Places within `reach` of a guess, the nearest first."""
    near = sorted(range(guess - reach, guess + reach + 1), key=lambda at: abs(at - guess))
    return [at for at in near if 0 <= at < count]


def _decode(chips: NDArray[np.float32]) -> tuple[float, int, int]:
    """Best code of a preamble on the real axis: nats against Gaussian chips, code, signature."""
    place, fixed = _code_space()
    sums = np.zeros(SIGNATURES << 13, np.float32)
    kernels.gather(chips, place, fixed, sums)
    kernels.walsh(sums)
    at = int(np.argmax(np.abs(sums)))
    share = float(sums[at]) ** 2 / (PREAMBLE_CHIPS * float(np.sum(chips.astype(np.float64) ** 2)) + 1e-30)
    return -0.5 * PREAMBLE_CHIPS * math.log(max(1 - share, 1e-9)), at & 8191, at >> 13


def _preamble_emission(
    carrier: _Carrier,
    burst: Burst,
    block: Block,
    v: NDArray[np.complex64],
    frequency: float,
    start: int,
    code: int,
    signature: int,
    nats: float,
) -> Emission:
    """Despread chips tell time to a fraction, carrier and level."""
    place, fixed = _code_space()
    known = fixed * (1 - 2 * _parity(place & 8191 & code)) * hadamard(signature, PREAMBLE_CHIPS, SIGNATURES)
    # The pulse's own tails pass for the code too, a chip beside: of all near places the strongest.
    near = [at for at in range(start - ECHO_CHIPS, start + ECHO_CHIPS + 1) if 0 <= at <= v.shape[1] - PREAMBLE_CHIPS]
    levels = np.array([np.abs(v[:, at : at + PREAMBLE_CHIPS] @ known) for at in near])
    which, phase = np.unravel_index(int(np.argmax(levels)), levels.shape)
    start = near[int(which)]
    despread = v[phase, start : start + PREAMBLE_CHIPS] * known
    quarters = despread.reshape(32, -1).sum(axis=1)
    drift = float(np.angle(np.sum(quarters[1:] * quarters[:-1].conj()))) / 128 / (2 * np.pi)
    turn = np.exp(-2j * np.pi * drift * np.arange(PREAMBLE_CHIPS))
    power = abs(np.mean(despread * turn)) ** 2
    at = carrier.base + (start + int(phase) / kernels.PHASES - 0.5) * carrier.per_chip
    cfo = (frequency + drift) * CHIP_RATE_HZ
    details: dict[str, str | int | float] = {"preamble_code": code, "signature": signature, "score": round(nats, 1)}
    return _emission(
        "umts:prach", carrier, burst, block, (at, PREAMBLE_CHIPS), power, cfo, 1 - math.exp(-nats / 10), details
    )


def _parity(values: NDArray[np.int64]) -> NDArray[np.int64]:
    for shift in (8, 4, 2, 1):
        values = values ^ values >> shift
    return values & 1


# Dedicated channels


def _dedicated(carrier: _Carrier, burst: Burst, block: Block) -> Emission | None:
    """A dedicated channel in the box's time, by the turns within its pairs of chips."""
    chips = carrier.end - carrier.first - 1
    blocks = chips // TURN_BLOCK
    if blocks < FEWEST_BLOCKS:
        return None
    best = (0.0, 0, 0.0, 0.0)
    turns = np.empty((blocks, 2), np.complex64)
    for phase in range(kernels.PHASES):
        z = carrier.z[phase, carrier.first : carrier.first + blocks * TURN_BLOCK + 1]
        kernels.pair_turns(z, turns)
        for parity in (0, 1):
            within, between = complex(np.sum(turns[:, parity])), complex(np.sum(turns[:, 1 - parity]))
            contrast = turns[:, parity] - turns[:, 1 - parity]
            nats = abs(np.sum(contrast)) ** 2 / max(float(np.sum(np.abs(contrast) ** 2)), 1e-30)
            if nats > best[0] and abs(between) < BETWEEN * abs(within):
                coherence = abs(within) / (blocks * TURN_BLOCK / 2 * float(np.mean(np.abs(z) ** 2)))
                best = (float(nats), phase, float(np.angle(-within)), coherence)
    nats, phase, angle, coherence = best
    if nats < PAIR_NATS or abs(angle) > 4 * np.pi * FIRST_CFO_HZ / CHIP_RATE_HZ:
        return None
    z = carrier.z[phase, carrier.first : carrier.end]
    snr = max(float(np.mean(np.abs(z) ** 2)) / carrier.noise - 1, 1e-3)
    if coherence < LEAST_TURN * (snr / (1 + snr)) ** 2:
        return None
    wide = _chips(burst, block, carrier.offset_hz, MOST_CHIPS // 2) or carrier
    low, high = _extent(wide, phase)
    at = wide.base + (low - 0.5) * wide.per_chip
    power = float(np.mean(np.abs(wide.z[phase, low:high]) ** 2)) - wide.noise
    cfo = angle / (4 * np.pi) * CHIP_RATE_HZ
    details: dict[str, str | int | float] = {"slots": round((high - low) / SLOT_CHIPS, 1), "score": round(float(nats), 1)}
    confidence = 1 - math.exp(-(nats - 10) / 6)
    if wide.end - wide.first >= MOST_CHIPS - 2:  # a long box: it says best itself how long it goes on
        at, high, low = burst.sample_start - block.sample_start, round(burst.sample_count / carrier.per_chip), 0
    return _emission("umts:dpch", carrier, burst, block, (at, high - low), power, cfo, confidence, details)


def _extent(carrier: _Carrier, phase: int) -> tuple[int, int]:
    """First and end chip of the stretch of power that lies over the box."""
    power = (np.abs(carrier.z[phase]) ** 2 / np.float32(carrier.noise)).astype(np.float32)
    strength = max(float(np.mean(power[carrier.first : carrier.end])) - 1, 0.1)
    runs = best_runs(log_likelihood_ratio(power, 0.6 * min(strength, 20.0), 1.0), SPLIT, 0.0)
    over = [(min(b, carrier.end) - max(a, carrier.first), int(a), int(b)) for a, b in runs.tolist()]
    best = max(over, default=(0, carrier.first, carrier.end))
    return (best[1], best[2]) if best[0] > 0 else (carrier.first, carrier.end)


# Base stations


def _base(carrier: _Carrier, burst: Burst, block: Block) -> Emission | None:
    """A base station's carrier: the known chips at the beginning of each slot."""
    if carrier.end - carrier.first < 4 * SLOT_CHIPS:
        return None
    inner, outer = np.array(PRIMARY_A, np.float32), np.array(PRIMARY_SIGNS, np.float32)
    best = 0.0
    for phase in range(0, kernels.PHASES, 2):
        folded = np.zeros(SLOT_CHIPS)
        z = carrier.z[phase, carrier.first : carrier.end]
        slots = kernels.synchronisation_power(z, inner, outer, folded)
        usual = float(np.mean(folded))
        ratio = float(np.max(folded)) / max(usual, 1e-30)
        best = max(best, slots * (ratio - 1 - math.log(max(ratio, 1e-9))))
    if best < SYNCHRONISATION_NATS:
        return None
    z = carrier.z[0, carrier.first : carrier.end]
    power = float(np.mean(np.abs(z) ** 2)) - carrier.noise
    where = (float(burst.sample_start - block.sample_start), round(burst.sample_count / carrier.per_chip))
    details: dict[str, str | int | float] = {"score": round(best, 1)}
    return _emission("umts:downlink", carrier, burst, block, where, power, None, 1 - math.exp(-best / 10), details)


def _emission(
    label: str,
    carrier: _Carrier,
    burst: Burst,
    block: Block,
    where: tuple[float, int],
    power: float,
    cfo_hz: float | None,
    confidence: float,
    details: dict[str, str | int | float],
) -> Emission:
    """What leaves this room. `where`: the first chip's beginning as a sample of the block, and how many chips."""
    at, chips = where
    start = block.sample_start + at
    centre = block.segment.centre_hz
    downlink = label == "umts:downlink"
    sides = set() if centre is None else _sides(centre + carrier.offset_hz)
    if centre is not None and not downlink and sides and "uplink" not in sides and "both" not in sides:
        confidence *= 0.5  # a phone's structure on a band that only base stations use
    return Emission(
        label=label,
        sample_start=math.floor(start),
        sample_count=round(chips * carrier.per_chip),
        low_offset_hz=carrier.offset_hz - BANDWIDTH_HZ / 2,
        high_offset_hz=carrier.offset_hz + BANDWIDTH_HZ / 2,
        snr_db=10 * math.log10(max(power / carrier.noise, 1e-3) * CHIP_RATE_HZ / BANDWIDTH_HZ),
        confidence=confidence,
        cfo_hz=cfo_hz if centre is not None else None,
        carrier_offset_hz=carrier.offset_hz + (cfo_hz or 0.0),
        timing_samples=start - math.floor(start),
        direction="downlink" if downlink else "uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )


def _sides(frequency_hz: float) -> set[str]:
    return {a.direction for a in allocations_at(frequency_hz) if a.system.startswith("UMTS")}


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Pieces of one carrier's box gave the same emission several times: keep the surest."""
    kept: list[Emission] = []
    for e in sorted(emissions, key=lambda e: -e.confidence):
        if not any(k.label == e.label and _same(k, e, rate_hz) for k in kept):
            kept.append(e)
    return kept


def _same(one: Emission, other: Emission, rate_hz: float) -> bool:
    shared = min(one.sample_start + one.sample_count, other.sample_start + other.sample_count) - max(
        one.sample_start, other.sample_start
    )
    apart = abs((one.low_offset_hz + one.high_offset_hz) - (other.low_offset_hz + other.high_offset_hz)) / 2
    return shared > 0.3 * min(one.sample_count, other.sample_count) and apart < min(0.5 * BANDWIDTH_HZ, rate_hz)


INTERFACE = Interface(
    name="umts",
    standard="3GPP TS 25.211, TS 25.213",
    kinds={
        "umts:prach": "a 3G phone asks for a channel (preamble)",
        "umts:dpch": "a 3G phone talks or sends data (dedicated channel)",
        "umts:downlink": "a 3G base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=CHIP_RATE_HZ,
    bandwidth_hz=BANDWIDTH_HZ,
    longest_s=0.0,
    recognise=recognise,
    settle=settle,
)
