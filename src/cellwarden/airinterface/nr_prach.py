"""NR's short preambles: 139 subcarriers of 15 or 30 kHz, one symbol sent again and again behind one prefix.

      ├ prefix ┤├ 66.7 µs ┤├ 66.7 µs ┤ …        B4 of 15 kHz: 30 µs and twelve times the same symbol
            ├──window──┤├──window──┤            any window is the symbol, turned

As with LTE's preambles the products of neighbouring subcarriers are a tone whose frequency is the root; here those of
all windows in the box are summed before the tone is looked for. The root known, the whole burst is matched at once.

Source: 3GPP TS 38.211 §6.3.3.1, tables 6.3.3.1-2 and 6.3.3.2-1.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cellwarden.airinterface.lte_receiver import Stretch, logistic, mixed, stretch
from cellwarden.airinterface.lte_symbols import squared
from cellwarden.airinterface.lte_waveform import SUBCARRIER_HZ, SYMBOL_S, zadoff_chu
from cellwarden.airinterface.nr_likeness import Look
from cellwarden.airinterface.nr_waveform import SHORT_FORMATS, SHORT_PREAMBLE
from cellwarden.model import Block, Burst, Emission

SIZE = 512
"""Subcarriers looked at: a preamble's 139 and what a faint one's box may miss of it."""
MULTIPLES = (1, 2)
NARROWEST, WIDEST = 0.25, 1.6
"""Parts of the preamble's width that its box may have."""
FAINT_DB, NARROWEST_FAINT = 3.0, 0.06
"""A faint preamble's box may be but a piece of it."""
SHORTEST, LONGEST = 0.75, 14.0
"""Symbols that a box may last: formats C0 to B4."""
FRACTIONS = (0.0, 0.25, 0.5, 0.75)
"""Parts of a subcarrier by which a band may lie beside the grid."""
BLIND_NATS = 7.0
MATCHED_NATS = 14.0
EXPLAINED = 0.4
"""Part of the energy above the noise that the match must explain."""
LONGER = 5
"""Subcarriers that LTE's sounding sequence of 144 has more (TS 36.211 §5.5.3)."""
NEAR = 12
"""Subcarriers by which the strongest band may err."""
SPREAD = 2
"""Delays to either side that count as one: echoes within a microsecond."""


@dataclass(frozen=True, slots=True)
class Tone:
    """What the products show: their tone's strength, the root, the band's first subcarrier and fraction."""

    strength: float
    root: int
    low: int
    fraction: float


def recognise(burst: Burst, block: Block, alike: Look) -> list[Emission]:
    """The short preamble in a box, if one is there."""
    rate = block.segment.rate_hz
    seconds, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    for multiple in MULTIPLES:
        whole_hz = SHORT_PREAMBLE * SUBCARRIER_HZ * multiple
        lasts = seconds * multiple / SYMBOL_S
        least = NARROWEST_FAINT if burst.snr_db < FAINT_DB else NARROWEST
        if not (least < width / whole_hz < WIDEST and SHORTEST < lasts < LONGEST and rate > whole_hz):
            continue
        if alike.repeats(multiple):
            found = _preamble(burst, block, multiple)
            if found is not None:
                return [found]
    return []


@lru_cache(maxsize=256)
def _spectrum(root: int) -> NDArray[np.complex64]:
    return np.asarray(fft.fft(zadoff_chu(root, SHORT_PREAMBLE)) / math.sqrt(SHORT_PREAMBLE), np.complex64)


def _windows(y: NDArray[np.complex64], starts: NDArray[np.int64], fraction: float) -> NDArray[np.complex64]:
    """Subcarriers of the symbols that begin at `starts`: shape (len(starts), SIZE), lowest first."""
    return np.asarray(fft.fft(y[starts[:, None] + np.arange(SIZE)] * _ramp(fraction), axis=-1, overwrite_x=True))


@lru_cache(maxsize=8)
def _ramp(fraction: float) -> NDArray[np.complex64]:
    """What moves samples down by a fraction of a subcarrier, and the lowest of SIZE to the first place."""
    return np.exp(-2j * np.pi * (fraction / SIZE - 0.5) * np.arange(SIZE)).astype(np.complex64)


def _starts(heard: Stretch, burst: Burst) -> NDArray[np.int64]:
    """Windows beside each other in the middle of a box, one at least."""
    first, last = heard.index(burst.sample_start), heard.index(burst.sample_start + burst.sample_count)
    count = max(1, (last - first) // SIZE)
    begin = first + (last - first - count * SIZE) // 2
    return np.clip(begin + SIZE * np.arange(count), 0, len(heard.y) - SIZE)


def _tone(heard: Stretch, starts: NDArray[np.int64]) -> Tone:
    best = Tone(0.0, 1, 0, 0.0)
    for fraction in FRACTIONS:
        values = _windows(heard.y, starts, fraction)
        total = np.concatenate([[0.0], np.cumsum(np.sum(squared(values), axis=0, dtype=np.float64))])
        low = int(np.argmax(total[SHORT_PREAMBLE:] - total[:-SHORT_PREAMBLE]))
        products = np.sum(values[:, :-1] * np.conj(values[:, 1:]), axis=0)[low : low + SHORT_PREAMBLE - 1]
        tones = squared(fft.fft(products, SHORT_PREAMBLE)) / max(float(np.sum(squared(products))), 1e-30)
        tone = int(np.argmax(tones[1:])) + 1
        if tones[tone] > best.strength:
            root = pow(SHORT_PREAMBLE - tone, -1, SHORT_PREAMBLE)
            best = Tone(float(tones[tone]), root, low, fraction)
    return best


def _delays(values: NDArray[np.complex64], root: int) -> NDArray[np.float64]:
    """Power of a root's sequence at each delay, summed over windows: float64, shape (139,)."""
    matched = fft.ifft(values * np.conj(_spectrum(root)), axis=-1)
    return np.asarray(np.sum(squared(matched), axis=0) * SHORT_PREAMBLE, np.float64)


def _placed(windows: NDArray[np.complex64], tone: Tone) -> Tone:
    """The same preamble at the first subcarrier where its root matches most: noise moves the band's energy.

    A sequence that lies a subcarrier higher is itself, but for its edges, at a delay that differs by ±1/root.
    """
    lows = np.arange(max(0, tone.low - NEAR), min(SIZE - SHORT_PREAMBLE, tone.low + NEAR) + 1)
    k = np.arange(SHORT_PREAMBLE)
    delay = int(np.argmax(_delays(windows[:, tone.low : tone.low + SHORT_PREAMBLE], tone.root)))
    moved = (lows - tone.low) * pow(tone.root, -1, SHORT_PREAMBLE)
    delays = delay + np.stack([moved, -moved], axis=-1)
    turns = _unity()[k[:, None] * delays[:, None, :] % SHORT_PREAMBLE]
    matched = np.swapaxes(windows[:, lows[:, None] + k] * np.conj(_spectrum(tone.root)), 0, 1) @ turns
    return replace(tone, low=int(lows[int(np.argmax(squared(matched).sum(axis=1).max(axis=-1)))]))


@lru_cache(maxsize=1)
def _unity() -> NDArray[np.complex64]:
    """Roots of unity: shape (SHORT_PREAMBLE,)."""
    return np.exp(2j * np.pi / SHORT_PREAMBLE * np.arange(SHORT_PREAMBLE)).astype(np.complex64)


def _preamble(burst: Burst, block: Block, multiple: int) -> Emission | None:
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    around = 2 * SYMBOL_S / multiple if burst.snr_db > 3.0 else 6 * SYMBOL_S / multiple
    heard = stretch(burst, block, around, middle, SIZE * multiple)
    starts = _starts(heard, burst)
    tone = _tone(heard, starts)
    if tone.strength < BLIND_NATS + math.log(SHORT_PREAMBLE * len(FRACTIONS)):
        return None
    windows = _windows(heard.y, starts, tone.fraction)
    tone = _placed(windows, tone)
    values = windows[:, tone.low : tone.low + SHORT_PREAMBLE]
    delays = _delays(values, tone.root)
    energy = float(np.sum(squared(values), dtype=np.float64))
    peak = int(np.argmax(delays))
    near = float(np.sum(delays[np.arange(peak - SPREAD, peak + SPREAD + 1) % SHORT_PREAMBLE]))
    noise = SIZE * heard.noise * SHORT_PREAMBLE * len(starts)
    freedom = (SHORT_PREAMBLE - 1) * len(starts)
    tried = SHORT_PREAMBLE**2 * len(FRACTIONS) * math.comb(len(starts) + 2, 2)
    evidence = -freedom * math.log1p(-min(float(delays[peak]) / energy, 0.999)) - math.log(tried) - len(starts)
    if evidence < MATCHED_NATS or near < EXPLAINED * max(energy - noise, 0.05 * energy):
        return None
    if multiple == 2 and len(starts) <= 2 and _is_sounding(windows, tone.low, SIZE * heard.noise):
        return None
    first, count, kind = _extent(heard, int(starts[0]), tone, peak, multiple)
    start = heard.sample(first)
    unit_hz = SUBCARRIER_HZ * multiple
    carrier = heard.centre_hz + (tone.low + (SHORT_PREAMBLE - 1) / 2 - SIZE // 2 + tone.fraction) * unit_hz
    return Emission(
        label="nr:prach",
        sample_start=math.floor(start),
        sample_count=round(count * heard.per_sample),
        low_offset_hz=carrier - SHORT_PREAMBLE / 2 * unit_hz,
        high_offset_hz=carrier + SHORT_PREAMBLE / 2 * unit_hz,
        snr_db=10 * math.log10(max(energy / noise - 1.0, 1e-3)),
        confidence=logistic(evidence - MATCHED_NATS + 3.0),
        carrier_offset_hz=carrier,
        timing_samples=start - math.floor(start),
        direction="uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={"root": tone.root, "format": kind, "spacing_khz": 15 * multiple, "evidence": round(evidence, 1)},
    )


def _is_sounding(values: NDArray[np.complex64], low: int, noise: float) -> bool:
    """Whether five subcarriers beside the 139 are filled: LTE's sounding signal of 144 is the same sequence, longer.

    noise: power of noise in a subcarrier.
    """
    power = np.mean(np.abs(values) ** 2, axis=0)
    beside = np.concatenate([power[max(0, low - LONGER) : low], power[low + SHORT_PREAMBLE :][:LONGER]])
    inside = float(np.mean(power[low : low + SHORT_PREAMBLE]))
    unsure = noise * math.sqrt(2 * LONGER / len(values))
    return float(np.sum(beside - noise)) > LONGER / 2 * (inside - noise) + unsure


def _extent(heard: Stretch, at: int, tone: Tone, delay: int, multiple: int) -> tuple[float, float, str]:
    """Where the matched wave begins, how long it lasts, and the format of that length: the largest |sum|² / length."""
    spectrum = np.zeros(SIZE, np.complex64)
    ramp = np.exp(-2j * np.pi * delay / SHORT_PREAMBLE * np.arange(SHORT_PREAMBLE))
    spectrum[tone.low : tone.low + SHORT_PREAMBLE] = _spectrum(tone.root) * ramp
    wave = np.asarray(fft.ifft(fft.ifftshift(spectrum)))
    wave /= np.float32(math.sqrt(float(np.mean(squared(wave)))))
    n = np.arange(len(heard.y)) - at
    matched = mixed(heard.y * np.conj(wave[n % SIZE]), tone.fraction / SIZE, at)
    size = max(8 * SIZE, fft.next_fast_len(len(matched)))
    level = squared(fft.fft(matched, size))
    bins = np.arange(-(size // SIZE) // 3, (size // SIZE) // 3 + 1)
    turn = int(bins[np.argmax(level[bins])])
    total = np.concatenate([[0.0], np.cumsum(mixed(matched, turn / size, at), dtype=np.complex128)])
    best = (-1.0, 0.0, 1.0, "")
    for kind, (prefix, repeats) in SHORT_FORMATS.items():
        count = round((prefix + repeats * SYMBOL_S) / multiple * heard.rate_hz)
        if count >= len(total):
            continue
        strength = np.abs(total[count:] - total[:-count]) ** 2 / count
        first = int(np.argmax(strength))
        if strength[first] > best[0]:
            best = (float(strength[first]), float(first), float(count), kind)
    return best[1], best[2], best[3]
