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
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.lte_symbols import rarity, squared
from cellwarden.airinterface.umts_carrier import MOST_CHIPS, Carrier, carriers, chips_of, on_raster
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
    shift_masks,
    shift_register,
)
from cellwarden.detect.evidence import log_likelihood_ratio
from cellwarden.detect.kernels import best_runs
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.bands import allocations_at

SHORTEST_S, NARROWEST_HZ, WIDEST_HZ = 0.25e-3, 150e3, 16e6
"""A box shorter, narrower or wider than this is not looked into: a faint preamble's pieces are larger."""
QUICK_CHIPS, CLEAR_DB = 9600, 3.0
"""What is looked at first of a long box, where it is so clear that this tells a dedicated channel, and not its carrier.
"""
CFO_HZ = 60e3
"""How far a carrier may lie from where it is looked for: echoes turn a dedicated channel's pairs by as much."""
FIRST_CFO_HZ = 600e3
"""And at first: the spectrum's middle errs where echoes notch it."""
TOGETHER = 8
"""Chips that are added before their line is looked for: it is a slow one, and at LINE_CFO_HZ loses 0.4 dB."""
LINE_CFO_HZ = 20e3
"""Largest offset that the line of fourth powers tells: a phone keeps 0.1 ppm to its cell, a receiver some ppm."""
FINE = 8192
"""Places in the spectrum of fourth powers, at least: 15 Hz apart."""
LINE_NATS = 13.0
"""Least nats of the line of squares before codes are tried."""
HALF_LINE, SURE_LINE = 0.6, 30.0
"""Of that, asked at every other phase first: an eighth of a chip beside the right one costs less; and with so many
times that the phases between are not looked at, as a quarter of a chip leaves enough."""
CODE_NATS = 40.0
"""Least nats of a preamble's code. Gaussian chips reach it with probability e⁻⁴⁰ times 4 million tries a box."""
CHECKED, CHANCE = 0.4, 6.0
"""Part of the correlation with the check of all codes, of what a preamble with that line has; deviations of chance."""
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
BESIDE_CHIPS = 512
"""How far a preamble that holds a box may reach beyond it, besides what the box lacks."""
ECHOED_LAGS, ECHOED_TURN, SQUARE_LINE = 6, 0.1, 0.02
"""Chips over which echoes smear the pairs' turns, their least coherence then, and the most of the squares' power that a
line may have: chips of two phases have one, a phone's channel has none."""
PLACES = 3
"""Places at which all codes are tried."""
ECHO_CHIPS = 4
SHARP_DB = 10.0
"""SNR of a box whose edges are as sharp as its own chips tell."""
SYNCHRONISATION_NATS = 35.0
SHIFTED, MOST_SHIFTED = (-2, -1, 1, 2), 7 * SLOT_CHIPS
"""Places of the raster at which a clear base station is looked for beside its spectrum's middle, and in how much of it.
"""
SPLIT = 30.0


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the UMTS carriers that a box touches; several pieces of one carrier give the same emission."""
    rate = block.segment.rate_hz
    duration, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    if rate < CHIP_RATE_HZ or duration < SHORTEST_S or not NARROWEST_HZ < width < WIDEST_HZ:
        return []
    found: list[Emission] = []
    for offset in carriers(burst, block):
        if any(abs(offset - (e.low_offset_hz + e.high_offset_hz) / 2) < BANDWIDTH_HZ / 2 for e in found):
            continue
        named = _on_carrier(burst, block, offset)
        if named:
            found.append(named)
    return found


def _on_carrier(burst: Burst, block: Block, offset_hz: float, again: bool = True) -> Emission | None:
    """What is sent on a carrier; once more on the carrier that it tells itself, where the spectrum told another."""
    count = round(burst.sample_count / block.segment.rate_hz * CHIP_RATE_HZ)
    clear = burst.snr_db > CLEAR_DB and block.segment.centre_hz is not None
    if clear and _of_bases_only(block, offset_hz):
        carrier = chips_of(burst, block, offset_hz, ECHO_CHIPS, None, MOST_SHIFTED)
        base = _base(carrier, burst, block) if carrier else None
        if base is not None:
            return base
    quick = clear and count > 2 * PREAMBLE_CHIPS + QUICK_CHIPS
    carrier = chips_of(burst, block, offset_hz, ECHO_CHIPS, None, QUICK_CHIPS) if quick else None
    pairs = _pairs(carrier, burst) if carrier else None
    if pairs is None:
        around = PREAMBLE_CHIPS + BESIDE_CHIPS - min(count, PREAMBLE_CHIPS)  # what `_preamble` looks at
        carrier = chips_of(burst, block, offset_hz, around if count < 3 * PREAMBLE_CHIPS else ECHO_CHIPS)
        if carrier is None:
            return None
        preamble = _preamble(carrier, burst, block)
        pairs = None if preamble else _pairs(carrier, burst)
        if pairs is None:
            named = preamble or _base(carrier, burst, block)
            at_hz = None if named is None else named.carrier_offset_hz
            return named if named is None or at_hz is None else _placed(named, burst, block, offset_hz, again)
    assert carrier is not None
    if again and abs(on_raster(offset_hz + pairs.rough_hz, block) - offset_hz) >= CFO_HZ * 1.5:
        return _on_carrier(burst, block, on_raster(offset_hz + pairs.rough_hz, block), again=False)
    return _placed(_dedicated(carrier, pairs, burst, block), burst, block, offset_hz, again)


def _placed(named: Emission, burst: Burst, block: Block, offset_hz: float, again: bool) -> Emission | None:
    """What was named on a carrier, if it lies there; what the carrier holds that it tells, `again`, if it does not."""
    at_hz = named.carrier_offset_hz or 0.0
    told = on_raster(at_hz, block)
    if abs(told - offset_hz) < CFO_HZ or not again:
        return named if abs(at_hz - offset_hz) < RASTER_HZ else None
    return _on_carrier(burst, block, told, again=False)


def _of_bases_only(block: Block, offset_hz: float) -> bool:
    """Whether nothing but base stations sends on a carrier."""
    centre = block.segment.centre_hz
    return centre is not None and _sides(round((centre + offset_hz) / RASTER_HZ)) == {"downlink"}


# Preambles


@lru_cache
def _code_space() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each chip which of 17 bits (13 of the code, 4 of the signature) its sign depends on, and the sign besides.

    int64, shape (4096,), an index among 2^17; float32, shape (4096,), ±1.
    """
    masks = shift_masks(PREAMBLE_CHIPS, X_TAPS)
    code = np.array([mask & 8191 for mask in masks])
    fixed = np.array([mask >> 24 & 1 for mask in masks]) ^ shift_register((1 << 25) - 1, Y_TAPS, PREAMBLE_CHIPS)
    place = code | (np.arange(PREAMBLE_CHIPS) % SIGNATURES) << 13
    return place.astype(np.int64), (1 - 2 * fixed.astype(np.float32)).astype(np.float32)


def _preamble(carrier: Carrier, burst: Burst, block: Block) -> Emission | None:
    """A preamble in the box's time, proven by its code."""
    if carrier.end - carrier.first > 2 * PREAMBLE_CHIPS:
        return None
    low, high = max(0, carrier.end - PREAMBLE_CHIPS - BESIDE_CHIPS), carrier.first + PREAMBLE_CHIPS + BESIDE_CHIPS
    part = replace(carrier, z=carrier.z[:, low:high], base=carrier.base + low * carrier.per_chip)
    chips = part.z.shape[1]
    turned = part.z * np.tile(np.array([1, -1j, -1, 1j], np.complex64), chips // 4 + 1)[:chips]
    squares = turned * turned
    frequency, some = _lines(squares[::2])
    if float(np.max(some)) < HALF_LINE * LINE_NATS:
        return None
    lines = np.zeros((kernels.PHASES, len(frequency)))
    lines[::2] = some
    if float(np.max(some)) < SURE_LINE * LINE_NATS:
        lines[1::2] = _lines(squares[1::2])[1]
    phase, line = np.unravel_index(int(np.argmax(lines)), lines.shape)
    if lines[phase, line] < LINE_NATS:
        return None
    ramp = np.exp((-2j * np.pi * frequency[line] * np.arange(chips)).astype(np.complex64))
    v = turned * ramp
    gain = np.cumsum(np.concatenate([[0], squares[phase] * ramp * ramp]))
    if len(gain) <= PREAMBLE_CHIPS:
        return None
    sums = gain[PREAMBLE_CHIPS:] - gain[:-PREAMBLE_CHIPS]
    guess = int(np.argmax(np.abs(sums)))
    axis = np.exp(-0.5j * np.angle(sums[guess]))
    real = np.ascontiguousarray((v[phase] * axis).real.astype(np.float32))
    reach = TIMING_CHIPS + min(MOST_TIMING_CHIPS, round(TIMING_NATS / float(lines[phase, line])))
    axial = 2 / (1 + math.sqrt(chips / float(lines[phase, line])))  # part of the power that lies on the axis
    least = CHECKED * min(axial, 1.0) ** 1.5
    for at in _places(real, max(0, guess - reach), min(len(sums), guess + reach + 1), least):
        nats, code, signature = _decode(real[at : at + PREAMBLE_CHIPS])
        if nats >= CODE_NATS:
            break
    else:
        return None
    return _preamble_emission(part, burst, block, v, float(frequency[line]), at, code, signature, nats)


def _lines(squares: NDArray[np.complex64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Carrier offsets in cycles a chip, and for each phase the nats of the line that squared chips have there."""
    size = scipy.fft.next_fast_len(2 * squares.shape[1])  # padded: half a bin would let the axis turn in a preamble
    spectrum = scipy.fft.fft(squares, size, axis=1)
    energy = np.sum(squares.real**2 + squares.imag**2, axis=1, keepdims=True, dtype=np.float64)
    frequency = np.fft.fftfreq(size) / 2
    lines = (spectrum.real**2 + spectrum.imag**2) / np.maximum(energy, 1e-30)
    lines[:, np.abs(frequency) > FIRST_CFO_HZ / CHIP_RATE_HZ] = 0
    return frequency, lines


@lru_cache
def _check() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What chips k, k + 3 and k + 25 multiplied are, whatever the code, for each signature by the remainder of k.

    Those three bits of every code's x add up to 0, so that only y, the same for all, and the signature are left.
    Returns ±1: float32, shape (4064,), and float32, shape (16 remainders, 16 signatures).
    """
    _, fixed = _code_space()
    count = (PREAMBLE_CHIPS - 25) // SIGNATURES * SIGNATURES
    signs = fixed[:count] * fixed[3 : count + 3] * fixed[25 : count + 25]
    rows = np.array([hadamard(s, 3 * SIGNATURES, SIGNATURES) for s in range(SIGNATURES)], np.float32).T
    return signs, np.ascontiguousarray(rows[:16] * rows[3:19] * rows[25:41])


def _places(real: NDArray[np.float32], low: int, end: int, least: float) -> list[int]:
    """Where between `low` and `end` a preamble may begin: places whose chips pass the check of all codes best.

    None where that is less than `least`, by correlation, and more than chance would give.
    """
    signs, by_signature = _check()
    products = real[:-25] * real[3:-22] * real[25:]
    offsets = min(end, len(products) - len(signs) + 1) - low
    if offsets <= 0:
        return []
    sums = np.empty((offsets, SIGNATURES), np.float32)
    kernels.residue_sums(products[low:], signs, sums)
    score = np.max(np.abs(sums @ by_signature), axis=1)
    usual = math.sqrt(len(signs) * float(np.mean(products[low : low + offsets + len(signs) - 1] ** 2)))
    if least * math.sqrt(len(signs)) > CHANCE and float(np.max(score)) < least * math.sqrt(len(signs)) * usual:
        return []
    return [low + int(at) for at in np.argsort(-score)[:PLACES]]


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
    carrier: Carrier,
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
    signs = (1 - 2 * _parity(place & 8191 & code)) * hadamard(signature, PREAMBLE_CHIPS, SIGNATURES)
    known = fixed * signs.astype(np.float32)
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


@dataclass(frozen=True, slots=True)
class _Pairs:
    """How sure it is that chips come in pairs, at which phase they have their middle, how far the carrier is off."""

    nats: float
    phase: int
    rough_hz: float


def _pairs(carrier: Carrier, burst: Burst) -> _Pairs | None:
    """The pairs of chips of a dedicated channel in the box's time, by the turns within them."""
    blocks = (carrier.end - carrier.first - 1) // TURN_BLOCK
    if blocks < FEWEST_BLOCKS:
        return None
    turns = np.empty((kernels.PHASES, blocks, 2), np.complex64)
    for phase in range(kernels.PHASES):
        kernels.pair_turns(carrier.z[phase, carrier.first : carrier.first + blocks * TURN_BLOCK + 1], turns[phase])
    sums, spread = turns.sum(axis=1), np.sqrt(squared(turns).sum(axis=1))
    contrast = turns[..., 0] - turns[..., 1]
    nats = squared(contrast.sum(axis=1)) / np.maximum(squared(contrast).sum(axis=1), 1e-30)
    beside = np.abs(sums[:, ::-1]) < BETWEEN * np.abs(sums) + 2 * spread[:, ::-1]  # phases, parities
    score = np.where(beside, nats[:, None], 0.0)
    phase, parity = (int(i) for i in np.unravel_index(int(np.argmax(score)), score.shape))
    within, best = complex(sums[phase, parity]), float(score[phase, parity])
    z = carrier.z[phase, carrier.first : carrier.end]
    power = _power(z)
    snr = max(power / carrier.noise - 1, 1e-3)
    angle, coherence = float(np.angle(-within)), abs(within) / max(blocks * TURN_BLOCK / 2 * power, 1e-30)
    near = abs(angle) <= 4 * np.pi * FIRST_CFO_HZ / CHIP_RATE_HZ
    if best >= PAIR_NATS and near and coherence >= LEAST_TURN * (snr / (1 + snr)) ** 2:
        return _Pairs(best, phase, angle / (4 * np.pi) * CHIP_RATE_HZ)
    best, phase, coherence = _echoed(carrier, blocks)
    if best < PAIR_NATS or coherence < ECHOED_TURN * (snr / (1 + snr)) ** 2:
        return None
    if _line_of_squares(carrier.z[phase, carrier.first : carrier.end]) > SQUARE_LINE:
        return None
    return _Pairs(best, phase, 0.0)


def _dedicated(carrier: Carrier, pairs: _Pairs, burst: Burst, block: Block) -> Emission:
    """The dedicated channel in a box, whose pairs were seen."""
    count = round(burst.sample_count / carrier.per_chip)
    if carrier.end - carrier.first < count - 2 and burst.snr_db > SHARP_DB:  # a piece of a box with sharp edges
        z = carrier.z[pairs.phase, carrier.first : carrier.end]
        at, chips, noise = float(burst.sample_start - block.sample_start), count, carrier.noise
    else:
        around = ECHO_CHIPS if burst.snr_db > CLEAR_DB else MOST_CHIPS // 2  # of what is faint the box may hold a part
        wide = chips_of(burst, block, carrier.offset_hz, around, pairs.phase) or carrier
        low, high = _extent(wide)
        z, noise = wide.z[0, low:high], wide.noise
        at, chips = wide.base + (low - 0.5) * wide.per_chip, high - low
        if wide.end - wide.first >= MOST_CHIPS - 2:  # a long box: it says best itself how long it goes on
            at, chips = float(burst.sample_start - block.sample_start), count
    cfo = _line_of_fourths(z) if abs(pairs.rough_hz) < CFO_HZ * 1.5 else None
    details: dict[str, str | int | float] = {
        "slots": round(chips / SLOT_CHIPS, 1),
        "score": round(pairs.nats, 1),
    }
    confidence = 1 - math.exp(-(pairs.nats - 10) / 6)
    where, power = (at, chips), _power(z) - noise
    return _emission("umts:dpch", carrier, burst, block, where, power, cfo, confidence, details, pairs.rough_hz)


def _power(z: NDArray[np.complex64]) -> float:
    """Mean squared magnitude."""
    return float(np.vdot(z, z).real) / max(1, len(z))


def _echoed(carrier: Carrier, blocks: int) -> tuple[float, int, float]:
    """Nats, phase and coherence of the pairs' turns behind echoes.

    The squares of chips are there a random signal of alternating pairs behind a filter, plus what is no signal: the
    product of one with a later one still changes its sign from chip to chip, at lags as long as the filter.
    """
    best = (0.0, 0, 0.0)
    turns = np.empty((blocks, ECHOED_LAGS), np.complex64)
    for phase in range(kernels.PHASES):
        z = carrier.z[phase, carrier.first : carrier.first + blocks * TURN_BLOCK + ECHOED_LAGS]
        if len(z) < blocks * TURN_BLOCK + ECHOED_LAGS:
            continue
        kernels.alternating_turns(z, turns)
        sums = np.abs(np.sum(turns, axis=0)) ** 2
        each = sums / np.maximum(np.sum(np.abs(turns) ** 2, axis=0), 1e-30)
        nats = rarity(float(np.sum(each)), ECHOED_LAGS) - math.log(kernels.PHASES)
        if nats > best[0]:
            scale = blocks * TURN_BLOCK / 2 * _power(z)
            best = (nats, phase, math.sqrt(float(np.sum(sums))) / scale)
    return best


def _line_of_squares(z: NDArray[np.complex64]) -> float:
    """Largest part of the power of the chips' squares that is in one line, 0 to 1."""
    squares = z * z / np.maximum(np.abs(z), 1e-20)
    lines = np.abs(scipy.fft.fft(squares, scipy.fft.next_fast_len(2 * len(squares)))) ** 2
    return float(np.max(lines)) / (len(squares) * float(np.sum(np.abs(squares) ** 2)) + 1e-30)


def _line_of_fourths(z: NDArray[np.complex64]) -> float | None:
    """Carrier offset in hertz by the line of the chips' fourth powers; None where the gains leave none."""
    sums = np.empty(min(MOST_CHIPS, len(z)) // TOGETHER, np.complex64)
    energy = kernels.fourths(z, TOGETHER, sums)
    size = scipy.fft.next_fast_len(max(2 * len(sums), FINE))
    lines = squared(scipy.fft.fft(sums, size)) / np.float32(max(energy, 1e-30))
    offset = np.fft.fftfreq(size) * CHIP_RATE_HZ / 4 / TOGETHER
    lines[np.abs(offset) > LINE_CFO_HZ] = 0
    at = int(np.argmax(lines))
    return float(offset[at]) if lines[at] > LINE_NATS else None


def _extent(carrier: Carrier) -> tuple[int, int]:
    """First and end chip of the stretch of power that lies over the box."""
    power = squared(carrier.z[0]) / np.float32(carrier.noise)
    strength = max(float(np.mean(power[carrier.first : carrier.end])) - 1, 0.1)
    runs = best_runs(log_likelihood_ratio(power, 0.6 * min(strength, 20.0), 1.0), SPLIT, 0.0)
    over = np.minimum(runs[:, 1], carrier.end) - np.maximum(runs[:, 0], carrier.first)
    if not len(over) or over.max() <= 0:
        return carrier.first, carrier.end
    low, high = runs[len(over) - 1 - int(np.argmax(over[::-1]))].tolist()
    return low, high


# Base stations


def _base(carrier: Carrier, burst: Burst, block: Block) -> Emission | None:
    """A base station's carrier: the known chips at the beginning of each slot."""
    if carrier.end - carrier.first < 4 * SLOT_CHIPS:
        return None
    best = _synchronised(carrier, 0.0)
    if best < SYNCHRONISATION_NATS and burst.snr_db > CLEAR_DB and block.segment.centre_hz is not None:
        # Echoes move the spectrum's middle by a place or two of the raster, and the code bears but some kilohertz.
        part = replace(carrier, end=min(carrier.end, carrier.first + MOST_SHIFTED))
        at = max(SHIFTED, key=lambda places: _synchronised(part, places * RASTER_HZ))
        best = _synchronised(carrier, at * RASTER_HZ)
        carrier = replace(carrier, offset_hz=carrier.offset_hz + at * RASTER_HZ)
    if best < SYNCHRONISATION_NATS:
        return None
    z = carrier.z[0, carrier.first : carrier.end]
    power = _power(z) - carrier.noise
    where = (float(burst.sample_start - block.sample_start), round(burst.sample_count / carrier.per_chip))
    details: dict[str, str | int | float] = {"score": round(best, 1)}
    return _emission("umts:downlink", carrier, burst, block, where, power, None, 1 - math.exp(-best / 10), details)


def _synchronised(carrier: Carrier, beside_hz: float) -> float:
    """Nats of the known chips at the beginning of each slot, of a carrier that lies beside the one that was tried."""
    inner, outer = np.array(PRIMARY_A, np.float32), np.array(PRIMARY_SIGNS, np.float32)
    best = 0.0
    for phase in range(0, kernels.PHASES, 2):
        folded = np.zeros(SLOT_CHIPS)
        z = carrier.z[phase, carrier.first : carrier.end]
        if beside_hz:
            z = z * np.exp((-2j * np.pi * beside_hz / CHIP_RATE_HZ * np.arange(len(z))).astype(np.complex64))
        slots = kernels.synchronisation_power(z, inner, outer, folded)
        usual = float(np.mean(folded))
        ratio = float(np.max(folded)) / max(usual, 1e-30)
        best = max(best, slots * (ratio - 1 - math.log(max(ratio, 1e-9))))
    return best


def _emission(
    label: str,
    carrier: Carrier,
    burst: Burst,
    block: Block,
    where: tuple[float, int],
    power: float,
    cfo_hz: float | None,
    confidence: float,
    details: dict[str, str | int | float],
    rough_hz: float = 0.0,
) -> Emission:
    """What leaves this room. `where`: the first chip's beginning as a sample of the block, and how many chips."""
    at, chips = where
    start = block.sample_start + at
    centre = block.segment.centre_hz
    downlink = label == "umts:downlink"
    sides = set() if centre is None else _sides(round((centre + carrier.offset_hz) / RASTER_HZ))
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
        carrier_offset_hz=carrier.offset_hz + (rough_hz if cfo_hz is None else cfo_hz),
        timing_samples=start - math.floor(start),
        direction="downlink" if downlink else "uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )


@lru_cache(maxsize=4096)
def _sides(place: int) -> frozenset[str]:
    """Which sides send at a multiple of the raster."""
    return frozenset(a.direction for a in allocations_at(place * RASTER_HZ) if a.system.startswith("UMTS"))


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
    title="UMTS",
    standard="3GPP TS 25.211, TS 25.213",
    kinds={
        "umts:prach": "a 3G phone asks for a channel (preamble)",
        "umts:dpch": "a 3G phone talks or sends data (dedicated channel)",
        "umts:downlink": "a 3G base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=CHIP_RATE_HZ,
    bandwidth_hz=BANDWIDTH_HZ,
    least_rate_hz=CHIP_RATE_HZ,
    longest_s=0.0,
    recognise=recognise,
    settle=settle,
)
