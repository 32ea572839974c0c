"""A UMTS phone's dedicated channel: chips 2m and 2m + 1 differ by ±90°, chips 2m + 1 and 2m + 2 by any quarter turn.

Squared turns point to -1 within pairs and cancel between them, at any code, data, carrier, and echo.

Source: 3GPP TS 25.213 §4.2 and §4.3.2.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.lte_symbols import rarity
from cellwarden.airinterface.umts_carrier import (
    CFO_HZ,
    CLEAR_DB,
    ECHO_CHIPS,
    FIRST_CFO_HZ,
    LINE_NATS,
    MOST_CHIPS,
    Carrier,
    chips_of,
    mean_power,
)
from cellwarden.airinterface.umts_emission import emission
from cellwarden.airinterface.umts_waveform import CHIP_RATE_HZ, SLOT_CHIPS
from cellwarden.detect.evidence import log_likelihood_ratio
from cellwarden.detect.kernels import best_runs
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

TOGETHER = 8
"""Chips that are added before their line is looked for: it is a slow one, and at LINE_CFO_HZ loses 0.4 dB."""
LINE_CFO_HZ = 20e3
"""Largest offset that the line of fourth powers tells: a phone keeps 0.1 ppm to its cell, a receiver some ppm."""
FINE = 8192
"""Places in the spectrum of fourth powers, at least: 15 Hz apart."""
TURN_BLOCK = 64
"""Chips whose turns are added before their scatter is measured: narrow signals turn alike from one to the next."""
FEWEST_BLOCKS = 30
PAIR_NATS = 22.0
"""Least nats of the pairs' turns: e⁻²² for each of 8 hypotheses a carrier is 2·10⁻⁹; a block counts at most one."""
BETWEEN = 0.35
"""Most that turns between pairs may add up to, beside those within."""
LEAST_TURN = 0.4
"""Least coherence of the pairs' turns, of what an echo-free channel at that SNR has."""
ECHOED_LAGS, ECHOED_TURN, SQUARE_LINE = 6, 0.1, 0.02
"""Chips over which echoes smear the pairs' turns, their least coherence then, and the most of the squares' power that a
line may have: chips of two phases have one, a phone's channel has none."""
SHARP_DB = 5.0
"""SNR of a box whose edges are as sharp as its own chips tell."""
SPLIT = 30.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """How sure it is that chips come in pairs, at which phase they have their middle, how far the carrier is off."""

    nats: float
    phase: int = 0
    rough_hz: float = 0.0
    told: bool = False
    """Whether they are those of a dedicated channel."""


def pairs_of(carrier: Carrier, burst: Burst) -> Pairs:
    """The pairs of chips in the box's time, by the turns within them."""
    blocks = (carrier.end - carrier.first - 1) // TURN_BLOCK
    if blocks < FEWEST_BLOCKS:
        return Pairs(0.0)
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
    power = mean_power(z)
    snr = max(power / carrier.noise - 1, 1e-3)
    angle, coherence = float(np.angle(-within)), abs(within) / max(blocks * TURN_BLOCK / 2 * power, 1e-30)
    near = abs(angle) <= 4 * np.pi * FIRST_CFO_HZ / CHIP_RATE_HZ
    if best >= PAIR_NATS and near and coherence >= LEAST_TURN * (snr / (1 + snr)) ** 2:
        return Pairs(best, phase, angle / (4 * np.pi) * CHIP_RATE_HZ, told=True)
    best, phase, coherence = _echoed(carrier, blocks)
    unlike = Pairs(max(best, float(np.max(nats))))
    if best < PAIR_NATS or coherence < ECHOED_TURN * (snr / (1 + snr)) ** 2:
        return unlike
    if _line_of_squares(carrier.z[phase, carrier.first : carrier.end]) > SQUARE_LINE:
        return unlike
    return Pairs(best, phase, told=True)


def dedicated(carrier: Carrier, pairs: Pairs, burst: Burst, block: Block) -> Emission:
    """The dedicated channel in a box, whose pairs were seen."""
    count = round(burst.sample_count / carrier.per_chip)
    if carrier.end - carrier.first < count - 2 and burst.snr_db > SHARP_DB:  # a piece of a box with sharp edges
        z = carrier.z[pairs.phase, carrier.first : carrier.end]
        at, chips, noise = float(burst.sample_start - block.sample_start), count, carrier.noise
    else:
        around = ECHO_CHIPS if burst.snr_db > CLEAR_DB else MOST_CHIPS // 2  # of what is faint the box may hold a part
        wide = chips_of(burst, block, carrier.offset_hz, around, pairs.phase, places=1) or carrier
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
    where, power = (at, chips), mean_power(z) - noise
    return emission("umts:dpch", carrier, burst, block, where, power, cfo, confidence, details, pairs.rough_hz)


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
            scale = blocks * TURN_BLOCK / 2 * mean_power(z)
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
