"""NR's preambles of several symbols: 139 subcarriers of 15 or 30 kHz, or 839 of 5 kHz, one symbol sent again and again.

      ├ prefix ┤├ 66.7 µs ┤├ 66.7 µs ┤ …        B4 of 15 kHz: 30 µs and twelve times the same symbol
            ├──window──┤├──window──┤            any window is the symbol, turned

As with LTE's preambles the products of neighbouring subcarriers are a tone whose frequency is the root; here those of
all windows in the box are summed before the tone is looked for. The root known, the whole burst is matched at once.
The long preamble of format 3 is 903 µs of symbols of 200 µs.

Source: 3GPP TS 38.211 §6.3.3.1, tables 6.3.3.1-1, 6.3.3.1-2 and 6.3.3.2-1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_nr_teeth import SURE_TURN, fullest, is_longer, moving, sounded, turned_by, windows
from cellwarden.airinterface.lte_prach import spectrum_of
from cellwarden.airinterface.lte_receiver import Stretch, logistic, mixed, narrowed, stretch
from cellwarden.airinterface.lte_waveform import PREAMBLE, SUBCARRIER_HZ
from cellwarden.airinterface.nr_likeness import Look
from cellwarden.airinterface.nr_waveform import LONG_FORMATS, SHORT_FORMATS, SHORT_PREAMBLE
from cellwarden.airinterface.preamble_fills import EVEN, evenness
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission

NARROWEST, WIDEST = 0.25, 1.6
"""Parts of the preamble's width that its box may have."""
FAINT_DB, NARROWEST_FAINT = 3.0, 0.06
"""A faint preamble's box may be but a piece of it."""
SHORTEST, LONGEST = 0.75, 14.0
"""Symbols that a box may last: formats C0 to B4."""
LONGEST_LONG = 6.0
"""The same of the long preamble."""
FRACTIONS = (0.0, 0.25, 0.5, 0.75)
"""Parts of a subcarrier by which a band may lie beside the grid, where its turn within a symbol does not tell."""
TELLING_DB = 6.0
"""SNR of a box from which on symbols that do not turn alike are no preamble's."""
CUT = 1.5
"""Symbols that a box lasts at least which holds all of a preamble."""
BLIND_NATS = 7.0
MATCHED_NATS = 14.0
EXPLAINED = 0.55
"""Part of the energy above the noise that the match must explain."""
REPEATED = 0.5
"""Of the likeness with itself a symbol later that noise leaves of a preamble, the part that is asked: a sweep that
crosses the preamble's band at its pace matches a symbol, and is elsewhere a symbol later. Preambles have 0.93."""
LONGER_NATS = 4.0
"""That a faint one is LTE's sounding signal: LTE has been asked before, and has found none."""
NEAR = 12
"""Subcarriers by which the strongest band may err."""
SPREAD = 2
"""Delays to either side that count as one, of a short preamble: echoes within a microsecond."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A preamble's subcarriers, their spacing, and prefix in seconds and repetitions of its formats."""

    length: int
    hz: float
    size: int
    """Subcarriers looked at: the preamble's and what a faint one's box may miss of it."""
    formats: Mapping[str, tuple[float, int]]

    @property
    def multiple(self) -> float:
        """Spacing in 15 kHz."""
        return self.hz / SUBCARRIER_HZ

    @property
    def width_hz(self) -> float:
        """Of all subcarriers."""
        return self.length * self.hz


def _short(multiple: int) -> Wave:
    formats = {kind: (prefix / multiple, repeats) for kind, (prefix, repeats) in SHORT_FORMATS.items()}
    return Wave(SHORT_PREAMBLE, SUBCARRIER_HZ * multiple, 512, formats)


LONG_WAVE = Wave(PREAMBLE, LONG_FORMATS["3"][2], 1536, {"3": LONG_FORMATS["3"][:2]})
WAVES = (_short(1), _short(2), LONG_WAVE)


@dataclass(frozen=True, slots=True)
class Tone:
    """What the products show: their tone's strength, the root, the band's first subcarrier and fraction."""

    strength: float
    root: int
    low: int
    fraction: float


def recognise(burst: Burst, block: Block, alike: Look) -> list[Emission]:
    """The preamble in a box, if one is there."""
    rate = block.segment.rate_hz
    seconds, width = burst.sample_count / rate, burst.high_offset_hz - burst.low_offset_hz
    for wave in WAVES:
        lasts = seconds * wave.hz
        longest = LONGEST if wave.length == SHORT_PREAMBLE else LONGEST_LONG
        least = NARROWEST_FAINT if burst.snr_db < FAINT_DB else NARROWEST
        part = width / wave.width_hz
        if not (least < part < WIDEST and SHORTEST < lasts < longest and rate > wave.width_hz):
            continue
        if alike.repeats(wave.multiple):
            found = _preamble(burst, block, wave)
            if found is not None:
                return [found]
    return []


@lru_cache(maxsize=8)
def _ramp(fraction: float, size: int) -> NDArray[np.complex64]:
    return moving(fraction, size)


def _starts(heard: Stretch, burst: Burst, size: int) -> NDArray[np.int64]:
    """Windows beside each other in the middle of a box, or, where a dip has cut it, one where most energy is."""
    first, samples = heard.index(burst.sample_start), round(burst.sample_count / heard.per_sample)
    if samples < CUT * size:
        return np.array([fullest(heard.y, first, samples, size)])
    count = samples // size
    begin = first + (samples - count * size) // 2
    return np.clip(begin + size * np.arange(count), 0, len(heard.y) - size)


def _tone(heard: Stretch, starts: NDArray[np.int64], wave: Wave, fractions: tuple[float, ...]) -> Tone:
    best, length = Tone(0.0, 1, 0, 0.0), wave.length
    for fraction in fractions:
        values = windows(heard.y, starts, _ramp(fraction, wave.size))
        total = np.concatenate([[0.0], np.cumsum(np.sum(squared(values), axis=0, dtype=np.float64))])
        low = int(np.argmax(total[length:] - total[:-length]))
        products = np.sum(values[:, :-1] * np.conj(values[:, 1:]), axis=0)[low : low + length - 1]
        tones = squared(scipy.fft.fft(products, length)) / max(float(np.sum(squared(products))), 1e-30)
        tone = int(np.argmax(tones[1:])) + 1
        if tones[tone] > best.strength:
            root = pow(length - tone, -1, length)
            best = Tone(float(tones[tone]), root, low, fraction)
    return best


def _response(values: NDArray[np.complex64], root: int) -> NDArray[np.complex64]:
    """What answers to a root's sequence at each delay, in each window: complex64, shape (windows, length)."""
    return np.asarray(scipy.fft.ifft(values * np.conj(spectrum_of(root, values.shape[-1])), axis=-1))


def _delays(response: NDArray[np.complex64]) -> NDArray[np.float64]:
    """Power of a response at each delay, summed over windows: float64, shape (length,)."""
    return np.asarray(np.sum(squared(response), axis=0) * response.shape[-1], np.float64)


def _placed(symbols: NDArray[np.complex64], tone: Tone, length: int) -> Tone:
    """The same preamble at the first subcarrier where its root matches most: noise moves the band's energy.

    A sequence that lies a subcarrier higher is itself, but for its edges, at a delay that differs by ±1/root.
    """
    lows = np.arange(max(0, tone.low - NEAR), min(symbols.shape[-1] - length, tone.low + NEAR) + 1)
    k = np.arange(length)
    delay = int(np.argmax(_delays(_response(symbols[:, tone.low : tone.low + length], tone.root))))
    moved = (lows - tone.low) * pow(tone.root, -1, length)
    delays = delay + np.stack([moved, -moved], axis=-1)
    turns = _unity(length)[k[:, None] * delays[:, None, :] % length]
    matched = np.swapaxes(symbols[:, lows[:, None] + k] * np.conj(spectrum_of(tone.root, length)), 0, 1) @ turns
    return replace(tone, low=int(lows[int(np.argmax(squared(matched).sum(axis=1).max(axis=-1)))]))


@lru_cache(maxsize=2)
def _unity(length: int) -> NDArray[np.complex64]:
    """Roots of unity: shape (length,)."""
    return np.exp(2j * np.pi / length * np.arange(length)).astype(np.complex64)


def _preamble(burst: Burst, block: Block, wave: Wave) -> Emission | None:
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    around = (2 if burst.snr_db > FAINT_DB else 6) / wave.hz
    heard = stretch(burst, block, around, middle, round(wave.size * wave.multiple))
    length, starts = wave.length, _starts(heard, burst, wave.size)
    begin, end = max(0, int(starts[0]) - wave.size // 2), int(starts[-1]) + 3 * wave.size // 2
    fraction, sure = turned_by(heard.y, begin, end, wave.size)
    if sure < SURE_TURN and len(starts) > 1 and burst.snr_db > TELLING_DB:
        return None
    tone = _tone(heard, starts, wave, (fraction,) if sure > SURE_TURN else FRACTIONS)
    if tone.strength < BLIND_NATS + math.log(length * len(FRACTIONS)):
        return None
    symbols = windows(heard.y, starts, moving(tone.fraction, wave.size))
    tone = _placed(symbols, tone, length)
    values = symbols[:, tone.low : tone.low + length]
    response = _response(values, tone.root)
    delays = _delays(response)
    energy = float(np.sum(squared(values), dtype=np.float64))
    peak = int(np.argmax(delays))
    spread = SPREAD * length // SHORT_PREAMBLE
    near = float(np.sum(delays[np.arange(peak - spread, peak + spread + 1) % length]))
    noise = wave.size * heard.noise * length * len(starts)
    evidence = _nats(float(delays[peak]) / energy, length, len(starts))
    if evidence < MATCHED_NATS or near < EXPLAINED * max(energy - noise, 0.05 * energy):
        return None
    if evenness(response, peak, spread) < EVEN:
        return None
    if _is_sounding(symbols, tone, wave, heard.noise):
        return None
    first, count, kind = _extent(heard, int(starts[0]), tone, peak, wave)
    start = heard.sample(first)
    carrier = heard.centre_hz + (tone.low + (length - 1) / 2 - wave.size // 2 + tone.fraction) * wave.hz
    snr = max(energy / noise - 1.0, 1e-3)
    if snr > 1.0 and _alike(heard, round(first), round(count), carrier, wave) < REPEATED * snr / (1 + snr):
        return None
    return Emission(
        label="nr:prach",
        sample_start=math.floor(start),
        sample_count=round(count * heard.per_sample),
        low_offset_hz=carrier - wave.width_hz / 2,
        high_offset_hz=carrier + wave.width_hz / 2,
        snr_db=10 * math.log10(snr),
        confidence=logistic(evidence - MATCHED_NATS + 3.0),
        carrier_offset_hz=carrier,
        timing_samples=start - math.floor(start),
        direction="uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={
            "root": tone.root,
            "format": kind,
            "spacing_khz": round(wave.hz / 1e3),
            "evidence": round(evidence, 1),
        },
    )


def _nats(part: float, length: int, count: int) -> float:
    """Evidence of a root that explains this part of the energy of `count` symbols; what was tried is taken off."""
    tried = length**2 * len(FRACTIONS) * math.comb(count + 2, 2)
    return -(length - 1) * count * math.log1p(-min(part, 0.999)) - math.log(tried) - count


def _is_sounding(symbols: NDArray[np.complex64], tone: Tone, wave: Wave, noise: float) -> bool:
    """Whether one or two symbols of a preamble are LTE's sounding signal of as many teeth and five more."""
    if wave.multiple != 2 or len(symbols) > 2 or tone.root not in sounded():
        return False
    return is_longer(symbols, tone.low, wave.size * noise, spectrum_of(tone.root, wave.length), LONGER_NATS)


def _alike(heard: Stretch, first: int, count: int, carrier_hz: float, wave: Wave) -> float:
    """Coherence of all of a preamble with what comes a symbol later: of a single symbol, of its prefix."""
    band = narrowed(heard, carrier_hz - heard.centre_hz, wave.width_hz / 2)[first : first + count]
    before, after = band[: -wave.size], band[wave.size :]
    energy = float(np.linalg.norm(before) * np.linalg.norm(after))
    return abs(complex(np.vdot(before, after))) / max(energy, 1e-30)


def _extent(heard: Stretch, at: int, tone: Tone, delay: int, wave: Wave) -> tuple[float, float, str]:
    """Where the matched wave begins, how long it lasts, and the format of that length: the largest |sum|² / length."""
    length, size = wave.length, wave.size
    spectrum = np.zeros(size, np.complex64)
    ramp = np.exp(-2j * np.pi * delay / length * np.arange(length))
    spectrum[tone.low : tone.low + length] = spectrum_of(tone.root, length) * ramp
    symbol = np.asarray(scipy.fft.ifft(scipy.fft.ifftshift(spectrum)))
    symbol /= np.float32(math.sqrt(float(np.mean(squared(symbol)))))
    n = np.arange(len(heard.y)) - at
    matched = mixed(heard.y * np.conj(symbol[n % size]), tone.fraction / size, at)
    bins_of = max(8 * size, scipy.fft.next_fast_len(len(matched)))
    level = squared(scipy.fft.fft(matched, bins_of))
    bins = np.arange(-(bins_of // size) // 3, (bins_of // size) // 3 + 1)
    left = int(bins[np.argmax(level[bins])])
    total = np.concatenate([[0.0], np.cumsum(mixed(matched, left / bins_of, at), dtype=np.complex128)])
    best = (-1.0, 0.0, 1.0, "")
    for kind, (prefix, repeats) in wave.formats.items():
        count = round((prefix + repeats / wave.hz) * heard.rate_hz)
        if count >= len(total):
            continue
        strength = np.abs(total[count:] - total[:-count]) ** 2 / count
        first = int(np.argmax(strength))
        if strength[first] > best[0]:
            best = (float(strength[first]), float(first), float(count), kind)
    return best[1], best[2], best[3]
