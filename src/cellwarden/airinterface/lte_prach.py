"""LTE's random access preamble: found blind by the tone in the products of its neighbouring subcarriers.

      ├── prefix 103 µs ──┤├──────── 800 µs: 839 subcarriers of 1.25 kHz ────────┤      format 0
                     ├── any window of 800 µs that begins in the prefix ──┤

A Zadoff-Chu sequence of root u has a Zadoff-Chu spectrum, X(k) X*(k+1) ~ exp(-j 2π u⁻¹ k / 839): one Fourier transform
of these products shows the root, whatever the time, the cyclic shift and the whole subcarriers of frequency error. With
the root known, all of the preamble is matched at once; the match tells where it begins and ends, and which wave it is.

Source: 3GPP TS 36.211 §5.7. NR's long preambles (TS 38.211 §6.3.3) are the same waves: `preamble_name` tells whose.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_kernels import prefix_likeness
from cellwarden.airinterface.lte_receiver import Stretch, logistic, mixed, stretch
from cellwarden.airinterface.lte_waveform import PREAMBLE, PREAMBLE_HZ, PREAMBLE_S, zadoff_chu
from cellwarden.airinterface.preamble_fills import EVEN, evenness
from cellwarden.airinterface.preamble_name import WAVES, named
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

WIDTH_HZ = PREAMBLE * PREAMBLE_HZ
SUBCARRIERS = 128
"""1.92 MHz are looked at: a preamble's band and what a rough box may miss of it."""
NARROWEST_HZ, WIDEST_HZ = 0.25e6, 1.8e6
SHORTEST_S, LONGEST_S = 0.35e-3, 4.2e-3
CLEAR_DB, MOST_SNR = 3.0, 4.0
"""From which on a box of a preamble's size begins with its prefix; echoes and neighbours make the most of it."""
LATE_S, EARLY_S, LOOKED_S = 60e-6, 40e-6, 60e-6
"""How far a box may begin after and before its preamble, and how much of the prefix (103 µs and more) is looked at."""
ROUGH_S = 60e-6
"""By which a rough box's edges lie outside of its preamble, about."""
FORMAT_0_S, MIDDLE_S, EACH_S = 0.9e-3, 55e-6, 100e-6
"""The shortest preamble with its prefix, the middle of that, and how far apart windows are tried."""
LOOSE_S = 1.3e-3
"""Box that may still hold but a format 0, somewhere; in a longer one its prefix is longer, or it comes again."""
PREFIX_NATS, PREFIX_PART = 8.0, 0.25
"""Asked of the prefix: so much, or this part of what the SNR lets expect."""
BLIND_NATS = 9.0
"""Asked of the tone beyond what the number of places tried gives by chance, before the root is matched."""
MATCHED_NATS = 14.0
EXPLAINED = 0.7
"""Part of the energy above the noise that the match must explain: what else is loud and long is no preamble."""
DEVIATIONS = 1.0
"""By which noise may have made that energy more than it is: at -3 dB a deviation is a tenth of it."""
SPREAD = 3
"""Delays to either side that count as one: echoes within 3 µs."""


@dataclass(frozen=True, slots=True)
class Preamble:
    """A preamble found in a stretch; `start` and `count` in samples of the stretch."""

    root: int
    start: float
    count: float
    kind: int
    """Which of `preamble_name.WAVES`."""
    middle_hz: float
    snr: float
    evidence: float


@lru_cache(maxsize=256)
def spectrum_of(root: int, length: int = PREAMBLE) -> NDArray[np.complex64]:
    """Subcarriers of a preamble of LTE or NR, each of magnitude 1: complex64, shape (length,)."""
    return np.asarray(scipy.fft.fft(zadoff_chu(root, length)) / math.sqrt(length), np.complex64)


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """The preamble in a box, if one is there."""
    rate = block.segment.rate_hz
    seconds, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    if not (SHORTEST_S < seconds < LONGEST_S and NARROWEST_HZ < width < WIDEST_HZ) or rate < 1.1 * WIDTH_HZ:
        return []
    whole = seconds > 0.85e-3 and width > 0.85 * WIDTH_HZ
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    heard = stretch(burst, block, 0.2e-3 if whole else 0.6e-3, middle, SUBCARRIERS)
    begin = heard.index(burst.sample_start)
    if whole and burst.snr_db > CLEAR_DB and not _is_prefixed(heard, begin, burst.snr_db):
        return []
    late = begin + round((min(seconds, LOOSE_S) - FORMAT_0_S) * heard.rate_hz)  # for an end where the box has it
    first, last = (begin, max(begin, late)) if whole else (min(begin, late), begin)
    inside = round(MIDDLE_S * heard.rate_hz) if whole else 0
    starts = list(range(first + inside, last + inside + 1, round(EACH_S * heard.rate_hz)))
    found = _blind(heard, starts)
    if found is None:
        return []
    centre = block.segment.centre_hz
    return [
        named(_emission(found, heard, burst), WAVES[found.kind], None if centre is None else centre + found.middle_hz)
    ]


def in_rough(burst: Burst, block: Block) -> list[Emission]:
    """The preamble that fills a rough box, if one does: echoes cut the sweep that one is into boxes for each period.

    A rough box begins before what it holds and ends after it.
    """
    rate = block.segment.rate_hz
    sooner = round(ROUGH_S * rate)
    inner = replace(
        burst, sample_start=burst.sample_start + sooner, sample_count=max(1, burst.sample_count - 2 * sooner)
    )
    if inner.sample_count < 0.85e-3 * rate or burst.high_offset_hz - burst.low_offset_hz < 0.7 * WIDTH_HZ:
        return []
    return recognise(inner, block)


def _is_prefixed(heard: Stretch, begin: int, snr_db: float) -> bool:
    """Whether what a whole and clear box begins with returns 800 µs later, as every preamble's prefix does.

    The coherence ρ of D independent values of anything else exceeds r with probability (1 - r²)^(D - 1).
    """
    places = begin + np.round(np.arange(-LATE_S, EARLY_S, LOOKED_S / 4) * heard.rate_hz).astype(np.int64)
    alike = np.empty(len(places), np.float32)
    lag, length = round(PREAMBLE_S * heard.rate_hz), round(LOOKED_S * heard.rate_hz)
    prefix_likeness(heard.y, lag, length, places, np.zeros(1, np.int64), alike)
    snr = min(10 ** (snr_db / 10), MOST_SNR) * WIDTH_HZ / heard.rate_hz
    told, expected = (
        -(LOOKED_S * WIDTH_HZ - 1) * math.log1p(-min(r * r, 0.9999)) for r in (float(np.max(alike)), snr / (1 + snr))
    )
    return told > min(PREFIX_NATS, PREFIX_PART * expected)


def _window(heard: Stretch, start: int, fraction: float) -> NDArray[np.complex64]:
    """The subcarriers of the 800 µs that begin at a sample, lowest first, moved down by a fraction of one."""
    count = round(PREAMBLE_S * heard.rate_hz)
    part = np.zeros(count, np.complex64)
    low, high = max(0, start), min(len(heard.y), start + count)
    if high > low:
        part[low - start : high - start] = heard.y[low:high]
    if fraction:
        part = mixed(part, fraction / count)
    return np.asarray(scipy.fft.fftshift(scipy.fft.fft(part)), np.complex64)


def _band(power: NDArray[np.float32]) -> int:
    """First of the 839 subcarriers that hold the most energy."""
    total = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    return int(np.argmax(total[PREAMBLE:] - total[:-PREAMBLE]))


def _blind(heard: Stretch, starts: list[int]) -> Preamble | None:
    best: tuple[float, int, int, float, NDArray[np.complex64]] | None = None
    for start in starts:
        for fraction in (0.0, 0.5):
            spectrum = _window(heard, start, fraction)
            low = _band(squared(spectrum))
            part = spectrum[low : low + PREAMBLE]
            products = part[:-1] * np.conj(part[1:])
            tones = squared(scipy.fft.fft(products, PREAMBLE)) / max(float(np.sum(squared(products))), 1e-30)
            tone = int(np.argmax(tones[1:])) + 1
            if best is None or tones[tone] > best[0]:
                best = (float(tones[tone]), tone, start, fraction, part)
    if best is None or best[0] < BLIND_NATS + math.log(PREAMBLE * 2 * len(starts)):
        return None
    _, tone, start, fraction, part = best
    root = pow(PREAMBLE - tone, -1, PREAMBLE)
    return _matched(heard, root, start, fraction, part)


def _matched(heard: Stretch, root: int, start: int, fraction: float, part: NDArray[np.complex64]) -> Preamble | None:
    """Match a window with the sequence of a root; then see how far the match goes on to either side."""
    response = scipy.fft.ifft(part * np.conj(spectrum_of(root)))
    delays = np.abs(response) ** 2 * PREAMBLE
    energy = float(np.sum(np.abs(part) ** 2))
    peak = int(np.argmax(delays))
    near = float(np.sum(delays[np.arange(peak - SPREAD, peak + SPREAD + 1) % PREAMBLE]))
    noise = heard.noise * PREAMBLE_S * heard.rate_hz
    above = energy - PREAMBLE * noise
    chance = DEVIATIONS * math.sqrt(noise * max(PREAMBLE * noise + 2 * above, 0.0))  # what noise adds to it
    explained = near / max(above - chance, 0.05 * energy)
    evidence = -(PREAMBLE - 1) * math.log1p(-min(delays[peak] / energy, 0.999)) - math.log(PREAMBLE**2 * 4)
    if evidence < MATCHED_NATS or explained < EXPLAINED or evenness(response, peak, SPREAD) < EVEN:
        return None
    spectrum = _window(heard, start, fraction)
    low = _band(squared(spectrum))
    template = np.zeros(len(spectrum), np.complex64)
    delay = np.exp(-2j * np.pi * peak / PREAMBLE * np.arange(PREAMBLE))
    template[low : low + PREAMBLE] = spectrum_of(root) * delay
    wave = np.asarray(scipy.fft.ifft(scipy.fft.ifftshift(template)), np.complex64)
    conjugate = np.conj(wave) / np.float32(math.sqrt(float(np.mean(squared(wave)))))
    n = (np.arange(len(heard.y)) - start) % len(wave)
    matched = mixed(heard.y * conjugate[n], fraction / len(wave), start)
    tone_hz = _tone_hz(matched, heard)
    first, last, kind = _extent(matched, tone_hz, heard)
    middle = heard.centre_hz + (low + (PREAMBLE - 1) / 2 - len(spectrum) // 2 + fraction) * PREAMBLE_HZ + tone_hz
    snr = max(energy / (PREAMBLE * noise) - 1.0, 1e-3)
    return Preamble(root, first, last - first, kind, middle, snr, evidence)


def _extent(matched: NDArray[np.complex64], tone_hz: float, heard: Stretch) -> tuple[float, float, int]:
    """Where the matched wave begins and ends, and the format of that length: the largest |sum|² / length."""
    total = np.concatenate([[0.0], np.cumsum(mixed(matched, tone_hz / heard.rate_hz), dtype=np.complex128)])
    best = (-1.0, 0.0, 1.0, 0)
    for kind, wave in enumerate(WAVES):
        count = round((wave.prefix_s + wave.repeats * PREAMBLE_S) * heard.rate_hz)
        if count >= len(total):
            continue
        strength = np.abs(total[count:] - total[:-count]) ** 2 / count
        at = int(np.argmax(strength))
        if strength[at] > best[0] * (1 + 0.05 * (best[0] > 0)):
            best = (float(strength[at]), float(at), float(at + count), kind)
    return best[1], best[2], best[3]


def _tone_hz(matched: NDArray[np.complex64], heard: Stretch) -> float:
    """What frequency error is left: the tone of the matched wave, within a subcarrier."""
    size = scipy.fft.next_fast_len(max(len(matched), 8 * round(PREAMBLE_S * heard.rate_hz)))
    spectrum = squared(scipy.fft.fft(matched, size))
    reach = max(1, round(0.6 * PREAMBLE_HZ / heard.rate_hz * size))
    bins = np.arange(-reach, reach + 1)
    return int(bins[np.argmax(spectrum[bins % size])]) / size * heard.rate_hz


def _emission(found: Preamble, heard: Stretch, burst: Burst) -> Emission:
    start = heard.sample(found.start)
    return Emission(
        label="lte:prach",
        sample_start=math.floor(start),
        sample_count=round(found.count * heard.per_sample),
        low_offset_hz=found.middle_hz - WIDTH_HZ / 2,
        high_offset_hz=found.middle_hz + WIDTH_HZ / 2,
        snr_db=10 * math.log10(found.snr),
        confidence=logistic(found.evidence - MATCHED_NATS + 3.0),
        carrier_offset_hz=found.middle_hz,
        timing_samples=start - math.floor(start),
        direction="uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={"root": found.root, "evidence": round(found.evidence, 1)},
    )
