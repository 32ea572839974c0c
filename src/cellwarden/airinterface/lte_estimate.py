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
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_estimate_kernels import (
    gathered,
    known,
    peak_powers,
    referred,
    repeated,
    running_sums,
    shared_delay,
    shifted_products,
    steepest,
    waves,
)
from cellwarden.airinterface.lte_found import Found, samples_of
from cellwarden.airinterface.lte_receiver import Stretch, narrowed
from cellwarden.airinterface.lte_symbols import long_matches
from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    FIRST_PREFIX_S,
    GROUPS,
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

Complex: TypeAlias = NDArray[np.complex128]
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
_STEPS_HZ = np.arange(-FARTHEST_HZ, FARTHEST_HZ + 1, STEP_HZ)
_NEAR_HZ = _STEPS_HZ[np.abs(_STEPS_HZ) <= NEAREST_HZ]
_MULTIPLES_HZ = np.arange(-round(FARTHEST_HZ * SLOT_S), round(FARTHEST_HZ * SLOT_S) + 1) / SLOT_S
"""The first time, the second, and of PUSCH, which two reference symbols tell but for multiples."""


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
    """The samples around one allocation."""

    heard: Stretch
    size: int
    """Samples of a symbol."""
    count: int
    """Subcarriers from the lowest to the highest."""
    every: int
    """Of which every first or second is filled."""
    places_s: Real
    """From a burst's start to the useful part of each of its known symbols."""


@dataclass(frozen=True, slots=True)
class _Fit:
    """Seconds later and hertz higher than thought, and what known symbols were like there."""

    late_s: float
    off_hz: float
    delay: float
    """Of a turn of neighbours' phases, but for shifts."""
    shifts: int
    turns: NDArray[np.int64]
    """Shifts of each known symbol besides."""
    sums: Complex
    """Of the subcarriers of each."""


def estimate(found: Found, burst: Burst, block: Block) -> Estimate:
    """Where exactly lies what was found in a box."""
    every = 2 if found.kind == "srs" else 1
    count = found.blocks * BLOCK - (every - 1)
    heard = samples_of(found, burst, block, MARGIN_S, 1 << math.ceil(math.log2(count + 4 * ASTRAY)))
    band = _Band(heard, round(heard.rate_hz / SUBCARRIER_HZ), count, every, _references_s(found))
    at, off_hz = (found.start - heard.first) / heard.per_sample, found.middle_hz - heard.centre_hz
    values, sequences, astray = _placed(band, at, off_hz, found)
    off_hz += astray * SUBCARRIER_HZ
    sums = _running(found, band, off_hz)
    for reach in REACH:  # the second time, what the first one found is taken out before
        if reach != REACH[0]:
            values = _symbols(band, at, off_hz, band.places_s, 0)[:, ::every]
        fit = _fit(found, band, at, off_hz, values, sequences, sums, min(reach, 1) if found.fixed else reach)
        before_hz, at, off_hz = off_hz, at + fit.late_s * heard.rate_hz, off_hz + fit.off_hz
    bounds = _bounds(found, len(band.places_s), sequences.shape[1], every)
    habits = _habits(found, band, fit, heard.centre_hz + before_hz)
    return Estimate(heard.sample(at), heard.centre_hz + off_hz, *bounds, habits)


def _references_s(found: Found) -> Real:
    """From a burst's start to the useful part of each of its known symbols."""
    if found.kind == "pusch":
        return np.array([0.0, SLOT_S]) + SYMBOL_STARTS_S[REFERENCE]
    if found.kind == "pucch":
        return np.array(SYMBOL_STARTS_S[: round(found.seconds / SLOT_S * 7)])
    return np.array([PREFIX_S])


def _running(found: Found, band: _Band, off_hz: float) -> tuple[Real, NDArray[np.complex128]]:
    """`running_sums` of the band's own subcarriers, with a half on either side; what is much louder is another's."""
    narrow = narrowed(band.heard, off_hz, (band.count / 2 + 0.3) * SUBCARRIER_HZ)
    return running_sums(narrow, band.size, 3 * (1 + found.snr) * band.heard.noise * band.count / band.size)


def _symbols(band: _Band, at: float, off_hz: float, places_s: Real, beside: int) -> Complex:
    """Subcarriers, and `beside` more on either side, of symbols whose useful parts begin at `places_s`.

    The burst begins at sample `at`, its middle lies at `off_hz`. Shape (symbols, count + 2 beside).
    """
    rate, width = band.heard.rate_hz, band.count + 2 * beside
    begins = at + places_s * rate
    first = np.round(begins - GUARD_S * rate).astype(np.int64)
    lowest_hz = (1 - width) / 2 * SUBCARRIER_HZ
    windows, out = np.empty((len(first), band.size), np.complex64), np.empty((len(first), width), np.complex128)
    gathered(band.heard.y, first, (lowest_hz + off_hz) / rate, windows)
    spectra = scipy.fft.fft(windows, axis=-1, overwrite_x=True)
    referred(spectra, first, begins, lowest_hz / rate, SUBCARRIER_HZ / rate, off_hz / rate, out)
    return out


def _placed(band: _Band, at: float, off_hz: float, found: Found) -> tuple[Complex, Complex, int]:
    """Known subcarriers, their sequences, and by how many subcarriers the band lies beside where it was found."""
    if found.fixed:
        values = _symbols(band, at, off_hz, band.places_s, 0)[:, :: band.every]
        return values, _sequences(values, found), 0
    others_s = _others_s(round(found.seconds / SLOT_S * 7)) if found.kind == "pusch" else band.places_s[:0]
    wide = _symbols(band, at, off_hz, np.concatenate([band.places_s, others_s]), ASTRAY)
    references, others = wide[: len(band.places_s)], wide[len(band.places_s) :]
    sequences = _sequences(references[:, ASTRAY : ASTRAY + band.count : band.every], found)
    astray = _astray(band, references, others, sequences, found)
    low, hz = ASTRAY + astray, astray * SUBCARRIER_HZ
    turned = np.exp(-2j * np.pi * hz * (at / band.heard.rate_hz + band.places_s))[:, None]
    return references[:, low : low + band.count : band.every] * turned, sequences, astray


@lru_cache(maxsize=4)
def _others_s(symbols: int) -> Real:
    """When the useful parts of a subframe's symbols begin that are not known."""
    return np.array([n // 7 * SLOT_S + SYMBOL_STARTS_S[n % 7] for n in range(symbols) if n % 7 != REFERENCE])


def _sequences(values: Complex, found: Found) -> Complex:
    """The base sequence of each known symbol: that of the group found, or else the one that fits best."""
    length = values.shape[-1]
    versions = [base_sequence(found.group, v, length) for v in range(2 if length >= 6 * BLOCK else 1)]
    if found.kind == "pucch":
        return np.array(versions[:1] * len(values))
    which, heard = np.array([found.group, found.group + GROUPS][: len(versions)]), values.astype(np.complex64)
    rows = []
    for row, part in zip(heard, long_matches(heard, which)[:, which], strict=True):
        best = int(np.argmax(part))
        if part[best] > 0.5 * found.snr / (1 + found.snr):
            rows.append(versions[best])
        else:  # groups hop from slot to slot
            best = int(np.argmax(long_matches(row)))
            rows.append(base_sequence(best % GROUPS, best // GROUPS, length))
    return np.array(rows)


def _astray(band: _Band, references: Complex, others: Complex, sequences: Complex, found: Found) -> int:
    """By how many subcarriers the band lies beside where it was found: where all its energy is, known and unknown."""
    noise = band.heard.noise * band.size
    gain = np.zeros(2 * ASTRAY + 1)
    if len(others):
        total = np.concatenate([[0.0], np.cumsum(squared(others).sum(axis=0), dtype=np.float64)])
        gain += (total[band.count :] - total[: -band.count]) * found.snr / (1 + found.snr) / noise
    lows, teeth = len(range(0, 2 * ASTRAY + 1, band.every)), sequences.shape[1]
    rows = np.empty((lows * len(references), teeth), np.complex64)
    shifted_products(references, sequences, band.every, rows)
    gain[:: band.every] += peaks(rows).reshape(lows, -1).sum(axis=1) / (teeth * noise)
    if band.every == 2:
        gain[1::2] = -math.inf
    return int(np.argmax(gain)) - ASTRAY


def peaks(rows: NDArray[np.complexfloating]) -> Real:
    """The largest |Σ_k h_k exp(j 2π k d)|² of each row over the delay d. rows: shape (n, subcarriers)."""
    rows, out = np.ascontiguousarray(rows, np.complex64), np.empty(len(rows))
    peak_powers(rows, scipy.fft.ifft(rows, scipy.fft.next_fast_len(2 * rows.shape[-1]), axis=-1), 3, out)
    return out


def _fit(
    found: Found,
    band: _Band,
    at: float,
    off_hz: float,
    values: Complex,
    sequences: Complex,
    running: tuple[Real, NDArray[np.complex128]],
    reach: int,
) -> _Fit:
    """How far a burst lies beside where it is thought to. values: of its known subcarriers, as there."""
    shifts = 8 if band.every == 2 else 12
    period_s = SYMBOL_S / band.every
    rows = values * np.conj(sequences)
    delays = scipy.fft.ifft(rows, shifts * math.ceil(4 * rows.shape[1] / shifts), axis=-1)
    turns, sums = np.empty(len(rows), np.int64), np.empty(len(rows), np.complex128)
    delay = shared_delay(rows, delays, shifts, turns, sums)
    hz = _STEPS_HZ if reach else _NEAR_HZ
    if found.kind == "pusch":
        fine = float(np.angle(sums[1] * np.conj(sums[0]))) / (2 * np.pi * SLOT_S)
        hz = fine + _MULTIPLES_HZ
    early = delay - round(delay * shifts) / shifts
    lates_s = (early + np.arange(-reach, reach + 1) / shifts) * period_s
    nats = _known(band, at, off_hz, sequences, delay + turns / shifts, lates_s, hz)
    if reach or found.kind == "pusch":  # else the same for all
        nats += _repeated_and_ends(band, found, running, at + lates_s * band.heard.rate_hz, off_hz + hz)
    place, best = divmod(int(np.argmax(nats)), len(hz))
    more_hz = float(hz[best])
    if found.kind != "pusch":
        more_hz += STEP_HZ * vertex(nats[place], best)
    return _Fit(float(lates_s[place]), more_hz, delay, shifts, turns, sums)


def _habits(found: Found, band: _Band, fit: _Fit, middle_hz: float) -> dict[str, str | int | float]:
    """What a phone's known symbols are like besides; middle_hz: where the band was thought to lie before the fit."""
    details: dict[str, str | int | float]
    if found.kind == "pucch":
        turn, cover = _fourth_power(fit.sums, band.places_s)
        details = {"turn_hz": round((turn + middle_hz) % ALIAS_HZ, 1), "cover": cover}
    else:
        late = fit.late_s * band.every / SYMBOL_S
        details = {"cyclic_shift": (round((late - fit.delay) * fit.shifts) - int(fit.turns[0])) % fit.shifts}
    return details


def _known(band: _Band, at: float, off_hz: float, sequences: Complex, delays: Real, lates_s: Real, hz: Real) -> Real:
    """Nats of the known symbols, prefixes included, in a burst that begins later and lies higher.

    delays: of each symbol's sequence; returns shape (lates, frequencies).
    """
    rate, lowest_hz = band.heard.rate_hz, (1 - band.count) / 2 * SUBCARRIER_HZ
    useful = at + band.places_s * rate
    begun = (useful - np.round(useful)) * (SUBCARRIER_HZ * band.every / rate)  # each wave begins with a sample
    spectra, nats = np.empty((len(sequences), band.size), np.complex128), np.empty((len(lates_s), len(hz)))
    waves(sequences, delays + begun, band.every, spectra)
    periods = scipy.fft.ifft(spectra, axis=-1, overwrite_x=True)
    around, turn = (PREFIX_S * rate, SYMBOL_S * rate), (lowest_hz + off_hz) / rate
    known(band.heard.y, periods, useful, lates_s * rate, around, turn, hz / rate, nats)
    return nats / band.heard.noise


def _repeated_and_ends(
    band: _Band, found: Found, running: tuple[Real, NDArray[np.complex128]], begins: Real, hz: Real
) -> Real:
    """Nats of PUSCH's prefixes, which repeat the ends of its symbols, and of the energy from beginning to end.

    running: `running_sums`; returns shape (places, frequencies), or (places, 1) where frequencies do not tell.
    """
    rate, rho = band.heard.rate_hz, found.snr / (1 + found.snr)
    dense, noise = band.count / band.size, band.heard.noise * band.count / band.size
    starts_s, lasts_s = _prefixes_s(round(found.seconds / SLOT_S * 7) if found.kind == "pusch" else 0)
    sums = np.empty((len(begins), 5))
    repeated(*running, begins, found.seconds * rate, starts_s * rate, lasts_s * rate, sums)
    level, count, real, imaginary, energy = sums.T[..., None]
    ends = dense * (rho / noise * level - math.log1p(found.snr) * count)
    if found.kind != "pusch":
        return np.asarray(ends)
    scale = dense / (noise * (1 + found.snr) * (1 - rho**2))
    turns = 2 * np.pi * hz * SYMBOL_S
    alike = -(real * np.cos(turns) + imaginary * np.sin(turns))  # subcarriers lie halfway between multiples
    return np.asarray(ends + scale * (2 * rho * alike - rho**2 * energy), np.float64)


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
    return -steepest(fourths[cover][None], -4 * hz[place] * PITCH_S, 4) / (4 * PITCH_S), cover


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
