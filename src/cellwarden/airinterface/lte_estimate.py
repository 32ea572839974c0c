"""How exactly an LTE burst lies in time and frequency: carrier offset, arrival, and habits of its reference signals.

    slot 0                    slot 1
    │d d d R d d d│           │d d d R d d d│        R: known sequence, turned by a cyclic shift of n/12 symbol
           └──────── 0.5 ms ─────────┘
    phase between the two R  ─►  carrier offset, but for multiples of 2 kHz
    slope of phase over R    ─►  arrival, but for multiples of 1/12 symbol (the unknown cyclic shift)
    prefixes, energy at both ends, and R itself from beginning to end  ─►  which multiples

The seven symbols of PUCCH are known but for quarter turns (its data) and a cover of three phases: the fourth power of
their phases tells a frequency, `turn_hz`, but for multiples of 3.5 kHz. It is that of the whole carrier's middle, not
of the block's, as a phone turns all its subcarriers from there in each symbol: `lte_pairs` makes use of it. SRS fills
every other subcarrier of one symbol, whose frequency is all that it tells. A reference symbol of the other sign (the
orthogonal cover of TS 36.211 §5.5.2.1.1) is not thought of: it would look like 1 kHz more.

Sources: 3GPP TS 36.211 §5.3 to §5.6; S. Kay, Fundamentals of Statistical Signal Processing I (1993) §3 for the bounds
of known symbols at unknown phase.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cellwarden.airinterface.lte_estimate_kernels import matched, repeated, sharpened, steepest
from cellwarden.airinterface.lte_found import Found
from cellwarden.airinterface.lte_receiver import Stretch, mixed, stretch
from cellwarden.airinterface.lte_symbols import long_matches
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    FIRST_PREFIX_S,
    PREFIX_S,
    REFERENCE,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_S,
    SYMBOL_STARTS_S,
    base_sequence,
)
from cellwarden.measure.power import squared
from cellwarden.measure.vertex import vertex
from cellwarden.model import Block, Burst

Complex: TypeAlias = NDArray[np.complexfloating]
Real: TypeAlias = NDArray[np.float64]

MARGIN_S = 0.1e-3
GUARD_S = PREFIX_S / 4
"""Symbols are read from this much before the end of their prefix: echoes lie behind, errors on either side."""
REACH = (5, 0)
"""Cyclic shifts to either side at which a burst may begin instead: at first, and the second time."""
ASTRAY = 4
"""Subcarriers by which a band may lie beside where it was found: a Zadoff-Chu sequence hardly tells."""
PITCH_S = SYMBOL_S + PREFIX_S
ALIAS_HZ = 1 / (4 * PITCH_S)
"""`turn_hz` is known but for multiples of this."""
COVERS = (
    *(np.exp(2j * np.pi * n * np.array([0, 0, 0, 1, 2, 0, 0]) / 3) for n in range(3)),
    np.exp(0.25j * np.pi * np.array([1, 0, 1, 1, 1, 0, 1])),
)
"""PUCCH's symbols 2 to 4 have one of three covers in format 1 (TS 36.211 table 5.5.2.2.1-2); in format 2 all but 1 and
5 carry data an eighth of a turn off the axes."""
FARTHEST_HZ, NEAREST_HZ, STEP_HZ = 6e3, 500.0, 250.0
"""As far as a burst may lie beside where it was found, and steps in which that is tried."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Where a burst lies; times in samples of the recording."""

    start: float
    middle_hz: float
    carrier_error_hz: float
    start_error_s: float
    """Standard deviations, by their bounds."""
    details: dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class _Band:
    """The samples of one allocation, its middle at frequency zero and nothing beside it."""

    z: NDArray[np.complex64]
    rate_hz: float
    at: float
    """Where the burst begins among the samples, so far as is known."""
    seconds: float
    size: int
    """Samples of a symbol."""
    count: int
    """Subcarriers from the lowest to the highest."""
    every: int
    """Of which every first or second is filled."""
    snr: float
    noise: float
    """Variance of the noise in one sample, without that outside of the band."""


def estimate(found: Found, burst: Burst, block: Block) -> Estimate:
    """Where exactly lies what was found in a box."""
    rate, every = block.segment.rate_hz, 2 if found.kind == "srs" else 1
    count = found.blocks * BLOCK - (every - 1)
    size = 1 << math.ceil(math.log2(count + 4 * ASTRAY))
    box = replace(burst, sample_start=math.floor(found.start), sample_count=round(found.seconds * rate))
    heard = stretch(box, block, MARGIN_S, found.middle_hz, size)
    start, middle_hz = found.start, found.middle_hz
    band = _band(heard, found, start, middle_hz, size, count, every)
    places_s = _references_s(found)
    sequences = _sequences(_symbols(band, places_s, 0)[:, ::every], found)
    if not found.fixed:
        middle_hz += _astray(band, places_s, sequences, found) * SUBCARRIER_HZ
    for reach in REACH:  # the second time, what the first one found is taken out before
        band = _band(heard, found, start, middle_hz, size, count, every)
        late_s, off_hz, details = _fit(found, band, places_s, sequences, min(reach, 1) if found.fixed else reach)
        start, middle_hz = start + late_s * rate, middle_hz + off_hz
    if "turn_hz" in details:
        details["turn_hz"] = round((float(details["turn_hz"]) + middle_hz - off_hz) % ALIAS_HZ, 1)
    return Estimate(start, middle_hz, *_bounds(found, len(places_s), sequences.shape[1], every), details)


def _references_s(found: Found) -> Real:
    """From a burst's start to the useful part of each of its known symbols."""
    if found.kind == "pusch":
        return np.array([0.0, SLOT_S]) + SYMBOL_STARTS_S[REFERENCE]
    if found.kind == "pucch":
        return np.array(SYMBOL_STARTS_S[: round(found.seconds / SLOT_S * 7)])
    return np.array([PREFIX_S])


def _band(heard: Stretch, found: Found, start: float, middle_hz: float, size: int, count: int, every: int) -> _Band:
    """Mixed to the middle of the allocation, and only its own subcarriers kept (with a half on either side)."""
    z = mixed(heard.y, (middle_hz - heard.centre_hz) / heard.rate_hz)
    at = (start - heard.first) / heard.per_sample
    return _Band(z, heard.rate_hz, at, found.seconds, size, count, every, found.snr, heard.noise)


def _narrowed(band: _Band) -> Complex:
    """Only the band's own subcarriers, with a half on either side."""
    spectrum = fft.fft(band.z)
    reach = int((band.count / 2 + 0.3) * SUBCARRIER_HZ / band.rate_hz * len(band.z))
    spectrum[reach + 1 : len(band.z) - reach] = 0
    return np.asarray(fft.ifft(spectrum, overwrite_x=True))


def _symbols(band: _Band, places_s: Real, beside: int) -> Complex:
    """Subcarriers, and `beside` more on either side, of symbols whose useful parts begin at `places_s`.

    Shape (symbols, count + 2 beside).
    """
    begins = band.at + places_s * band.rate_hz
    first = np.round(begins - GUARD_S * band.rate_hz).astype(np.int64)
    n, width = np.arange(band.size), band.count + 2 * beside
    at = np.minimum(np.maximum(first[:, None] + n, 0), len(band.z) - 1)  # `np.clip` asks for the limits of integers
    ramp, hz = _grid(band.size, width, band.rate_hz)
    values = fft.fft(band.z[at] * ramp, axis=-1, overwrite_x=True)[:, :width]
    return np.asarray(values * np.exp(-2j * np.pi * hz * ((first - begins) / band.rate_hz)[:, None]))


@lru_cache(maxsize=64)
def _grid(size: int, width: int, rate_hz: float) -> tuple[NDArray[np.complex64], Real]:
    """What brings the lowest of `width` subcarriers around zero to the first place, and their frequencies."""
    hz = (np.arange(width) - (width - 1) / 2) * SUBCARRIER_HZ
    return np.exp(-2j * np.pi * hz[0] / rate_hz * np.arange(size)).astype(np.complex64), np.asarray(hz, np.float64)


def _sequences(values: Complex, found: Found) -> Complex:
    """The base sequence of each known symbol: that of the group found, or else the one that fits best."""
    length = values.shape[-1]
    versions = [base_sequence(found.group, v, length) for v in range(2 if length >= 6 * BLOCK else 1)]
    if found.kind == "pucch":
        return np.array(versions[:1] * len(values))
    tried = np.asarray(values, np.complex64)[:, None] * np.conj(np.array(versions, np.complex64))
    delays = squared(fft.fft(tried, 2 * length, axis=-1, overwrite_x=True)).max(axis=-1)
    parts = delays / np.maximum(np.sum(squared(values), axis=-1), 1e-30)[:, None] / length
    rows = []
    for row, part in zip(values, parts, strict=True):
        best = int(np.argmax(part))
        if part[best] > 0.5 * found.snr / (1 + found.snr):
            rows.append(versions[best])
        else:  # groups hop from slot to slot
            best = int(np.argmax(long_matches(np.asarray(row, np.complex64))))
            rows.append(base_sequence(best % 30, best // 30, length))
    return np.array(rows)


def _astray(band: _Band, places_s: Real, sequences: Complex, found: Found) -> int:
    """By how many subcarriers the band lies beside where it was found: where all its energy is, known and unknown."""
    known = _symbols(band, places_s, ASTRAY)
    noise = band.noise * band.size
    gain = np.zeros(2 * ASTRAY + 1)
    if found.kind == "pusch":
        others_s = np.array([n // 7 * SLOT_S + SYMBOL_STARTS_S[n % 7] for n in range(14) if n % 7 != REFERENCE])
        energy = squared(_symbols(band, others_s[others_s < found.seconds - SYMBOL_S / 2], ASTRAY)).sum(axis=0)
        total = np.concatenate([[0.0], np.cumsum(energy, dtype=np.float64)])
        gain += (total[band.count :] - total[: -band.count]) * found.snr / (1 + found.snr) / noise
    lows = np.arange(0, 2 * ASTRAY + 1, band.every)
    rows = np.stack([known[:, low : low + band.count : band.every] * np.conj(sequences) for low in lows])
    teeth = rows.shape[-1]
    gain[lows] += peaks(rows.reshape(-1, teeth)).reshape(len(lows), -1).sum(axis=1) / (teeth * noise)
    if band.every == 2:
        gain[1::2] = -math.inf
    return int(np.argmax(gain)) - ASTRAY


def peaks(rows: Complex) -> Real:
    """The largest |Σ_k h_k exp(j 2π k d)|² of each row over the delay d. rows: shape (n, subcarriers)."""
    size = fft.next_fast_len(2 * rows.shape[-1])
    delays = np.argmax(squared(fft.ifft(rows, size, axis=-1)), axis=-1) / size
    out = np.empty(len(rows))
    sharpened(np.ascontiguousarray(rows, np.complex128), delays, 3, out)
    return out


def _shared_delay(matched: Complex, shifts: int) -> tuple[float, NDArray[np.int64]]:
    """One delay within 1/shifts that all rows share, and by how many shifts each row lies beyond it.

    matched: shape (rows, n). Delays are parts of the time in which the phase of neighbours turns once.
    """
    steps = math.ceil(4 * matched.shape[-1] / shifts)
    power = squared(fft.ifft(matched, shifts * steps, axis=-1)).reshape(len(matched), shifts, steps)
    place = int(np.argmax(power.max(axis=1).sum(axis=0)))
    return place / (shifts * steps), np.asarray(np.argmax(power[:, :, place], axis=1), np.int64)


def _steepest(rows: Complex, guess: float) -> float:
    """The d near `guess` at which Σ_rows |Σ_k h_k exp(j 2π k d)|² is largest, by Newton's steps; shape (rows, n)."""
    return steepest(np.ascontiguousarray(rows, np.complex128), guess, 4)


def _fit(
    found: Found, band: _Band, places_s: Real, sequences: Complex, reach: int
) -> tuple[float, float, dict[str, str | int | float]]:
    """Seconds later and hertz higher than thought, and habits."""
    shifts = 8 if band.every == 2 else 12
    period_s = SYMBOL_S / band.every
    heard = _symbols(band, places_s, 0)[:, :: band.every] * np.conj(sequences)
    delay, turns = _shared_delay(heard, shifts)
    k = np.arange(heard.shape[-1])
    aligned = heard * np.exp(2j * np.pi * k * turns[:, None] / shifts)
    delay = _steepest(aligned, delay)
    sums = (aligned * np.exp(2j * np.pi * k * delay)).sum(axis=-1)
    hz = np.arange(-FARTHEST_HZ, FARTHEST_HZ + 1, STEP_HZ)
    if not reach:
        hz = hz[np.abs(hz) <= NEAREST_HZ]
    if found.kind == "pusch":
        fine = float(np.angle(sums[1] * np.conj(sums[0]))) / (2 * np.pi * SLOT_S)
        hz = fine + np.arange(-round(FARTHEST_HZ * SLOT_S), round(FARTHEST_HZ * SLOT_S) + 1) / SLOT_S
    sent = sequences * np.exp(-2j * np.pi * k * (delay + turns[:, None] / shifts))
    early = delay - round(delay * shifts) / shifts
    lates_s = [(early + step / shifts) * period_s for step in range(-reach, reach + 1)]
    nats = _known(band, places_s, sent, lates_s, hz)
    if reach or found.kind == "pusch":  # else the same for all
        nats += _repeated_and_ends(band, found, lates_s, hz)
    place, at = np.unravel_index(int(np.argmax(nats)), nats.shape)
    late_s, off_hz = lates_s[int(place)], float(hz[at])
    if found.kind != "pusch":
        off_hz += STEP_HZ * vertex(nats[place], int(at))
    shift = (round((late_s / period_s - delay) * shifts) - int(turns[0])) % shifts
    details: dict[str, str | int | float] = {"cyclic_shift": shift}
    if found.kind == "pucch":
        turn, cover = _fourth_power(sums, places_s)
        details = {"turn_hz": turn, "cover": cover}
    return late_s, off_hz, details


def _known(band: _Band, places_s: Real, sent: Complex, lates_s: list[float], hz: Real) -> Real:
    """Nats of the known symbols, prefixes included, in a burst that begins later and lies higher.

    sent: subcarriers as they arrive, shape (symbols, n); returns shape (lates, frequencies).
    """
    nats = np.zeros((len(lates_s), len(hz)))
    rate, lowest = band.rate_hz, -(band.count - 1) / 2 * SUBCARRIER_HZ
    teeth = np.arange(sent.shape[-1]) * band.every
    useful = band.at + places_s * rate
    origins = np.round(useful).astype(np.int64)
    spectra = np.zeros((len(sent), band.size), np.complex128)
    spectra[:, teeth] = sent * np.exp(2j * np.pi * SUBCARRIER_HZ / rate * (origins - useful)[:, None] * teeth)
    periods = fft.ifft(spectra, axis=-1, overwrite_x=True) * band.size
    begins = useful[:, None] + np.array(lates_s) * rate
    lows = np.round(begins - PREFIX_S * rate).astype(np.int64)
    highs = np.round(begins + SYMBOL_S * rate).astype(np.int64)
    for period, origin, low, high in zip(periods, origins.tolist(), lows, highs, strict=True):
        matched(band.z, period, origin, lowest / rate, low, high, hz / rate, nats)
    return nats / band.noise


def _repeated_and_ends(band: _Band, found: Found, lates_s: list[float], hz: Real) -> Real:
    """Nats of PUSCH's prefixes, which repeat the ends of its symbols, and of the energy from beginning to end."""
    z, rate = _narrowed(band), band.rate_hz
    dense, noise = band.count / band.size, band.noise * band.count / band.size
    rho, count = found.snr / (1 + found.snr), len(lates_s)
    begins = band.at + np.array(lates_s) * rate
    edges = np.round(np.stack([begins, begins + found.seconds * rate])).astype(np.int64)
    edges = np.minimum(np.maximum(edges, 0), len(z))
    starts_s, prefixes_s = _prefixes_s(round(found.seconds / SLOT_S * 7) if found.kind == "pusch" else 0)
    first = np.round(begins[:, None] + starts_s * rate).astype(np.int64)
    last = first + np.round(prefixes_s * rate).astype(np.int64)
    most = len(z) - band.size
    first, last = (np.minimum(np.maximum(edge, 0), most) for edge in (first, last))
    level, turn, energy = np.empty(count), np.empty(count, np.complex128), np.empty(count)
    # what is much louder is another's
    repeated(z, band.size, 3 * (1 + found.snr) * noise, edges, first, last, level, turn, energy)
    ends = dense * (rho / noise * level - math.log1p(found.snr) * (edges[1] - edges[0]))
    if found.kind != "pusch":
        return np.repeat(ends[:, None], len(hz), axis=1)
    scale = dense / (noise * (1 + found.snr) * (1 - rho**2))
    alike = -np.real(turn[:, None] * np.exp(-2j * np.pi * hz * SYMBOL_S))  # subcarriers lie halfway between multiples
    return np.asarray(ends[:, None] + scale * (2 * rho * alike - rho**2 * energy[:, None]), np.float64)


@lru_cache(maxsize=8)
def _prefixes_s(symbols: int) -> tuple[Real, Real]:
    """When the prefixes of a burst's first `symbols` begin, and how long they last."""
    n = np.arange(symbols)
    lasts = np.where(n % 7 == 0, FIRST_PREFIX_S, PREFIX_S)
    return n // 7 * SLOT_S + np.array(SYMBOL_STARTS_S)[n % 7] - lasts, lasts


def _fourth_power(sums: Complex, starts_s: Real) -> tuple[float, int]:
    """Frequency within ±ALIAS_HZ / 2 at which phases turn that are known but for quarter turns, and their cover."""
    weights = np.abs(sums)
    phases = sums / np.maximum(weights, 1e-30)
    hz, turns, covers = _turns(tuple(starts_s.tolist()))
    fourths = weights * (phases * covers) ** 4
    strength = np.abs(fourths @ turns)
    cover, place = (int(i) for i in np.unravel_index(int(np.argmax(strength)), strength.shape))
    return -_steepest(fourths[cover][None], -4 * hz[place] * PITCH_S) / (4 * PITCH_S), cover


@lru_cache(maxsize=4)
def _turns(starts_s: tuple[float, ...]) -> tuple[Real, Complex, Complex]:
    """Frequencies tried, what turns fourth powers back by them, shape (symbols, frequencies), and conjugate covers."""
    hz = np.linspace(-ALIAS_HZ / 2, ALIAS_HZ / 2, 129)[:-1]
    turns = np.exp(-8j * np.pi * np.array(starts_s)[:, None] * hz)
    return hz, turns, np.conj(np.array(COVERS))[:, : len(starts_s)]


def _bounds(found: Found, symbols: int, teeth: int, every: int) -> tuple[float, float]:
    """Cramér–Rao bounds of carrier in hertz and arrival in seconds: known symbols, each at a phase of its own.

    var f = 1 / (2 γ (2π)² Σ (t - t̄)²), var τ = 1 / (2 γ (2π)² Σ (f - f̄)²), sums over all that is known. For PUSCH both
    symbols share a phase, so that time counts from one to the other.
    """
    snr = found.snr * every  # of a filled subcarrier
    spread_hz2 = symbols * teeth * (teeth**2 - 1) / 12 * (every * SUBCARRIER_HZ) ** 2
    within = symbols * teeth * PITCH_S**3 / SYMBOL_S / 12  # with its prefix
    spread_s2 = within + (teeth * SLOT_S**2 / 2 if found.kind == "pusch" else 0.0)
    return tuple(1 / (2 * np.pi * math.sqrt(2 * snr * spread)) for spread in (spread_s2, spread_hz2))  # type: ignore[return-value]
