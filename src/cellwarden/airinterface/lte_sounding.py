"""LTE's sounding reference signal: one symbol on every other subcarrier, of a multiple of four blocks.

    │R│   half a symbol is like the other half; a Zadoff-Chu sequence on the comb

Source: 3GPP TS 36.211 §5.5.3.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_found import (
    CERTAIN_NATS,
    LEAST_NATS,
    MATCHED,
    NEAR_NATS,
    NEIGHBOURS,
    SURE_DB,
    SURE_NATS,
    Found,
)
from cellwarden.airinterface.lte_kernels import prefix_likeness
from cellwarden.airinterface.lte_receiver import Stretch, stretch
from cellwarden.airinterface.lte_symbols import (
    STEPS,
    TURNS,
    best_band,
    is_longer,
    likely,
    long_matches,
    middle_hz,
    squared,
    surprise,
    transforms,
)
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    PREFIX_S,
    SHORT_PREAMBLE,
    SUBCARRIER_HZ,
    SYMBOL_S,
)
from cellwarden.model import Block, Burst

COMB_NATS, COMB_PART, COMB_SNR = 8.0, 0.25, 4.0
"""Asked of a comb's likeness to itself half a symbol later: so much, or this part of what its SNR lets expect."""
COMB = 0.5
"""Largest part of a comb's power above the noise that may lie between its teeth."""
FOURS = tuple(range(1, 25))
"""Multiples of four blocks that are sounded."""


def sounding(burst: Burst, block: Block) -> Found | None:
    """SRS: one symbol whose every other subcarrier is empty, of a multiple of four blocks."""
    rate = block.segment.rate_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    width = (burst.high_offset_hz - burst.low_offset_hz) / SUBCARRIER_HZ
    least = 3 * width if burst.snr_db < 10 else 1.5 * width
    size = 1 << math.ceil(math.log2(min(max(128, least, 512 if burst.snr_db < 10 else 0), rate / SUBCARRIER_HZ * 1.1)))
    heard = stretch(burst, block, 0.1e-3, middle, size)
    if not _is_periodic(heard, burst, width):
        return None
    grid = size / STEPS
    seconds = burst.sample_count / rate
    slack = 8e-6 if burst.snr_db > SURE_DB else 24e-6
    early = PREFIX_S / 2 - slack + min(0.0, seconds - SYMBOL_S - PREFIX_S)
    late = PREFIX_S / 2 + slack + max(0.0, seconds - SYMBOL_S - PREFIX_S)
    places = (
        heard.index(burst.sample_start + early * rate)
        + np.arange(int((late - early) * heard.rate_hz / grid) + 1) * grid
    )
    values = transforms(heard, size, np.round(places).astype(np.int64))
    tries = []
    levels = squared(values) / np.float32(size * heard.noise)
    for parity, turn, place in _combs(levels, width):
        bands = best_band(levels[turn, place, parity::2], 1, FOURS, 4 * BLOCK // 2)
        other = levels[turn, place, 1 - parity :: 2]
        tries += [(nats - float(np.sum(other[at : at + 24 * n])), parity, turn, place, at, n) for nats, at, n in bands]
    best: Found | None = None
    for number, (_, parity, turn, place, at, fours) in enumerate(sorted(tries, reverse=True)[:12]):
        if best is not None and best.evidence > (SURE_NATS if number < 6 else CERTAIN_NATS):
            break
        comb, length = values[turn, place, parity::2], fours * 24
        trials = 2 * length * 12 * 5 * len(TURNS) * len(places)
        chosen = likely(comb[None, at : at + length], MATCHED)
        for low in sorted(range(max(0, at - NEIGHBOURS), min(len(comb) - length, at + NEIGHBOURS) + 1), key=at.__ne__):
            band = comb[low : low + length]
            if length > SHORT_PREAMBLE and not is_longer(squared(band), SHORT_PREAMBLE, size * heard.noise, 1):
                continue  # NR's, and empty but for its 139
            parts = surprise(long_matches(band, chosen), length)
            if low == at:  # the first
                if float(np.max(parts)) - math.log(trials * len(parts)) < LEAST_NATS - NEAR_NATS:
                    break
                chosen = np.array([int(np.argmax(parts))])
            group = int(np.argmax(parts))
            evidence = float(parts[group]) - math.log(trials * len(parts))
            between = values[turn, place, 1 - parity :: 2][low : low + length]
            if evidence < LEAST_NATS or (best is not None and evidence <= best.evidence):
                continue
            energy, empty = float(np.mean(np.abs(band) ** 2)), float(np.mean(np.abs(between) ** 2))
            noise = size * heard.noise
            if empty - noise > 0.3 * (energy - noise):
                continue
            snr = max((energy + empty) / 2 / noise - 1.0, 1e-3)
            middle = middle_hz(heard, size, TURNS[turn], 2 * low + parity, 2 * length - 1)
            start = heard.sample(places[place] - PREFIX_S / 2 * heard.rate_hz)
            best = Found("srs", start, SYMBOL_S + PREFIX_S, middle, 4 * fours, group % 30, evidence, snr)
    return best


def _is_periodic(heard: Stretch, burst: Burst, width: float) -> bool:
    """Whether a box is like itself half a symbol later, as every comb is; width: of the box, in subcarriers."""
    half = round(SYMBOL_S / 2 * heard.rate_hz)
    first, last = heard.index(burst.sample_start), heard.index(burst.sample_start + burst.sample_count)
    places = np.arange(first - half // 2, max(first, last - 2 * half) + half // 2 + 1, max(1, half // 4))
    alike = np.empty(len(places), np.float32)
    prefix_likeness(heard.y, half, half, places, np.zeros(1, np.int64), alike)
    snr = min(10 ** (burst.snr_db / 10), COMB_SNR) * min(1.0, width * SUBCARRIER_HZ / heard.rate_hz)
    found, expected = (-half * math.log1p(-min(r * r, 0.9999)) for r in (float(np.max(alike)), snr / (1 + snr)))
    return found > min(COMB_NATS, COMB_PART * expected)


def _combs(levels: NDArray[np.float32], width: float) -> list[tuple[int, int, int]]:
    """Parity, turn and place of symbols that are a comb within the box: every other subcarrier is but noise.

    levels: powers over the noise, shape (turns, places, subcarriers); width: of the box, in subcarriers.
    """
    size = levels.shape[-1]
    half = max(2, min(size // 2, int(width / 2))) // 2 * 2
    inside = levels[..., size // 2 - half : size // 2 + half]
    sums = np.stack([inside[..., parity::2].sum(axis=-1) - half for parity in range(2)])
    chance = 3.0 * math.sqrt(half)
    between = sums[::-1] < COMB * sums + chance
    return [(int(p), int(t), int(n)) for p, t, n in np.argwhere(between)]
