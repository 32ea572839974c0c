"""GSM, uplink: names access and normal bursts by their known symbols.

    access burst, 88 symbols, 325 µs                 normal burst, 148 symbols, 546 µs
    ╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲                 ╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲
     ext tail 8 │ sync 41 │ payload 36 │ 3            3 │ payload 58 │ training 26 │ payload 58 │ 3
     └──── known: 49 ────┘                                            └─ known ────┘

The recogniser reads the drawing from left to right: matched filter at four timings a symbol; equaliser; the known
symbols slide over it for every carrier offset (score one: their correlation coefficient); the payload, turned by the
phase of the known symbols, must lie on the real axis (score two: its coherence); the decisions are then sent once more
and the difference tells carrier offset and SNR to near the Cramér–Rao bound. Decisions never leave the compiled loop.

Sources: 3GPP TS 45.002 §5.2 (bursts), TS 45.004 (modulation), TS 45.005 §2 and §6 (bands, frequency error).
"""

import cmath
import math
from bisect import bisect
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.special import log_ndtr

from cellwarden.airinterface import gsm_kernels as kernels
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.gsm_receiver import FILTER_HZ, Receiver, equaliser, pulse_autocorrelation
from cellwarden.airinterface.gsm_receiver import receiver as receiver_at
from cellwarden.airinterface.gsm_waveform import (
    CHANNEL_HZ,
    FORMATS,
    SLOT_SYMBOLS,
    SYMBOL_RATE_HZ,
    Kind,
    antipodal,
)
from cellwarden.detect.evidence import evidence, log_likelihood_ratio
from cellwarden.detect.kernels import best_runs, decimate
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.bands import channels_at, direction_at

CFO_HZ = 25_000.0
"""Largest carrier offset tried, either way: 20 ppm of 900 MHz, and the error of a weak box's middle."""
CFO_STEP_HZ = 4_000.0
WEAK_DB, CLEAR_DB = 2.0, 6.0
"""Above this SNR the payload itself tells the carrier offset, and no offsets need to be tried."""
SHORT_CUT = 0.6
"""Least squared correlation at which the offset that the payload told is believed."""
SLACK_SYMBOLS = 14
TRANSFORM = 256
"""Bins of the transform that finds the carrier: 529 Hz each, since squares turn twice as fast."""
REACH = math.ceil(2 * CFO_HZ * TRANSFORM / SYMBOL_RATE_HZ)
LEAST_SCORE: dict[Kind, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "normal": ((0.0, 2.0, 3.0), (20.0, 13.5, 16.0)),
    "access": ((0.0, 2.0), (20.0, 18.0)),
}
"""SNR in dB, and the least score in nats there. Of a thousand other signals of a burst's size and level (Gaussian, or
one resource block of SC-FDMA) fewer than one reaches it, but for some ten between 2 and 3 dB."""
UNFIT_NATS = 8.0
"""Taken off for each decibel of its energy that a burst's symbols leave unexplained."""
LEAST_TRAINING = 7.0
ENOUGH_TRAINING = ((CLEAR_DB - 1.0, CLEAR_DB), (26.0, 20.0))
"""SNR in dB, and the nats of known symbols that need no others beside them: 8-PSK, and echoes."""
WIDEST_CHANNELS = 4
"""A box wider than this is not looked into: neighbouring phones seldom fill more, other systems do."""
GUARD_DEPTH = 0.4
"""In the guard periods the power falls at least to this part of the burst's; a base station's carrier does not."""
LEAST_EVIDENCE = 22.0
"""Least evidence of energy against noise in nats before a name is given."""
FIT_GAIN = 0.86
"""Amplitude that the fit finds in a clean burst of 1. With it, the SNR of clean bursts comes out 0.25 dB high at all
rates from 0.5 to 20 MS/s."""
MANY_SCORE = 6.0
"""Asked for on top where a stretch is longer than one burst and every slot of it is looked into."""
STATION_SCORE = 32.0
"""Least score of one that goes on without guard periods: a base station is strong, what is weak is something else."""
LINES = 8
"""Carriers tried for a normal burst, the strongest lines of its squared symbols."""
ROUNDS = 3
PRIOR_VALUES = 60.0
"""Values that the noise floor counts as when the variance of a weak burst's symbols is estimated."""
MOST_GAIN = 10.0
"""Most signal over noise that a symbol is believed to have: what is left then is its neighbours."""
LONGEST_SYMBOLS = 220
"""A stretch longer than this is no single burst."""
QUARTER = np.pi / 2


@dataclass(frozen=True, slots=True)
class _Match:
    """One recognised burst in symbols of a channel's samples."""

    kind: Kind
    modulation: str
    sequence: int
    score: float
    training: float
    """The known symbols' part of the score."""
    start: float
    """Index of the beginning of symbol 0 among the decimated samples."""
    turn: float
    """Carrier offset in radians a symbol."""
    snr_db: float
    """Of the part that fits the hypothesis."""
    level_db: float
    """Of all energy in the channel."""
    continuous: bool


@lru_cache
def _known(kind: Kind) -> NDArray[np.float32]:
    return np.array([antipodal(bits) for bits in FORMATS[kind].known], np.float32)


@lru_cache
def _told(kind: Kind) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """All symbols that are known of a burst, the tails' too: their places, and ±1, shape (sequences, L)."""
    layout, known = FORMATS[kind], _known(kind)
    at = np.array([*range(layout.known_at, layout.known_at + known.shape[1]), *layout.tails])
    return at, np.pad(known, ((0, 0), (0, len(layout.tails))), constant_values=1)


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the GSM bursts in a box, on any channel that it touches.

    `block` holds the box's samples, best with 30 symbols around it. Boxes shorter than an access burst, or wider than
    a few channels, are no GSM and cost nothing.
    """
    rate = block.segment.rate_hz
    symbols = burst.sample_count / rate * SYMBOL_RATE_HZ
    width = burst.high_offset_hz - burst.low_offset_hz
    if symbols < 0.6 * FORMATS["access"].symbols or width > WIDEST_CHANNELS * CHANNEL_HZ or width < 0.25 * CHANNEL_HZ:
        return []
    if rate < 1.5 * CHANNEL_HZ:
        return []
    found: list[Emission] = []
    centre = block.segment.centre_hz
    for carrier in _carriers(burst, block):
        if centre is not None and not channels_at(centre + carrier):
            continue  # no GSM band there
        found += _on_carrier(burst, block, carrier)
    return _one_each(found)


def _carriers(burst: Burst, block: Block) -> list[float]:
    """Offsets at which a carrier may lie: on the raster where the centre is known and the box holds several."""
    low, high = burst.low_offset_hz, burst.high_offset_hz
    centre = block.segment.centre_hz
    if high - low < 1.7 * CHANNEL_HZ:
        middle = (low + high) / 2
        nearest = middle if centre is None else round((centre + middle) / CHANNEL_HZ) * CHANNEL_HZ - centre
        return [nearest, middle] if abs(nearest - middle) > CFO_HZ / 2 else [middle]
    if centre is None:
        return list(np.arange(low + 0.3 * CHANNEL_HZ, high - 0.2 * CHANNEL_HZ, 0.2 * CHANNEL_HZ))
    first = math.ceil((centre + low + 0.2 * CHANNEL_HZ) / CHANNEL_HZ)
    last = math.floor((centre + high - 0.2 * CHANNEL_HZ) / CHANNEL_HZ)
    return [n * CHANNEL_HZ - centre for n in range(first, last + 1)]


def _on_carrier(burst: Burst, block: Block, carrier: float) -> list[Emission]:
    rate = block.segment.rate_hz
    receiver = receiver_at(rate)
    margin = int((SLACK_SYMBOLS + 8) * rate / SYMBOL_RATE_HZ)
    first = max(0, burst.sample_start - block.sample_start - margin)
    end = min(len(block.iq), burst.sample_start - block.sample_start + burst.sample_count + margin)
    y = np.empty(max(0, (end - first) // receiver.step), np.complex64)
    if len(y) < 50 * receiver.per_symbol:
        return []
    decimate(block.iq, block.scale, first, carrier / rate, receiver.taps, receiver.step, y)
    noise = 10 ** (burst.floor_dbfs_hz / 10) * rate / receiver.step  # of a white sample at the decimated rate
    return [
        _emission(match, block, receiver, carrier, first, burst.floor_dbfs_hz) for match in _matches(y, receiver, noise)
    ]


def _matches(y: NDArray[np.complex64], receiver: Receiver, noise: float) -> list[_Match]:
    """GSM bursts among the samples of one channel; `noise` is the variance that white noise would have in a sample."""
    in_channel = noise * receiver.channel_noise
    power = (np.abs(y) ** 2 / in_channel).astype(np.float32)
    freedom = SYMBOL_RATE_HZ * receiver.per_symbol / FILTER_HZ
    level = float(np.mean(power)) - 1.0
    if level < 0.05:
        return []
    gamma = min(0.8 * level, 20.0)
    found: list[_Match] = []
    for a, b in best_runs(log_likelihood_ratio(power, gamma, freedom), 14.0, 5.0):
        symbols = (b - a) / receiver.per_symbol
        ratio = float(np.mean(power[a:b]))
        if symbols < 60 or evidence(ratio, (b - a) / freedom) < LEAST_EVIDENCE:
            continue
        limited = _limited(y, 2.0 * math.sqrt(float(np.median(power[a:b])) * in_channel))
        count = max(1, round((symbols - 20) / SLOT_SYMBOLS))
        more = MANY_SCORE * (symbols > LONGEST_SYMBOLS) + math.log(count)
        for slot in range(count):
            begin = a + slot * SLOT_SYMBOLS * receiver.per_symbol
            end = b if slot == count - 1 else begin + SLOT_SYMBOLS * receiver.per_symbol
            for kind in _kinds(symbols, count):
                match = _match(limited, power, receiver, noise, kind, (begin, end), ratio, symbols > LONGEST_SYMBOLS)
                if match.continuous and match.score < STATION_SCORE:
                    continue
                if _margin(match) >= more:
                    found.append(match)
    return found


def _limited(y: NDArray[np.complex64], most: float) -> NDArray[np.complex64]:
    """Samples with their magnitude limited. GMSK has none to lose; a few pulses must not pass for a whole sequence."""
    return y * np.minimum(1.0, np.float32(most) / (np.abs(y) + np.float32(1e-30)))


def _kinds(symbols: float, count: int) -> tuple[Kind, ...]:
    """What a stretch of so many symbols may be; its edges are blurred by some fifteen symbols when it is weak."""
    if count > 1 or symbols > 130:
        return ("normal",)
    return ("access",) if symbols < 105 else ("access", "normal")


def _margin(match: _Match) -> float:
    """Nats that a match has more than it needs: of all symbols together, or of the known ones by themselves."""
    alone = match.training - float(np.interp(match.level_db, *ENOUGH_TRAINING))
    if match.modulation == "8psk" or match.training < LEAST_TRAINING:
        return alone
    unfit = min(match.snr_db - match.level_db, 0.0)
    least = float(np.interp(match.level_db, *LEAST_SCORE[match.kind]))
    return max(alone, match.score + UNFIT_NATS * unfit - least)


def _match(
    y: NDArray[np.complex64],
    power: NDArray[np.float32],
    receiver: Receiver,
    noise: float,
    kind: Kind,
    stretch: tuple[float, float],
    ratio: float,
    sliding: bool,
) -> _Match:
    """The best hypothesis for one burst that begins and ends near two sample indices."""
    layout, known = FORMATS[kind], _known(kind)
    per = receiver.per_symbol
    base = stretch[0] - SLACK_SYMBOLS * per
    spare = max(0.0, (stretch[1] - stretch[0]) / per - layout.symbols)
    places = 2 * SLACK_SYMBOLS + math.ceil(spare) + (int(SLOT_SYMBOLS) - SLACK_SYMBOLS if sliding else 0)
    sequence, place, phase, turn, blind = _hypothesis(y, receiver, noise, kind, base, places, _level_db(ratio))
    start = base + (place + phase / kernels.PHASES) * per

    z = np.empty(layout.symbols, np.complex64)
    e = np.empty_like(z)
    start, strength = kernels.placed(y, start, per, receiver.table, QUARTER + turn, layout.known_at, known[sequence], z)
    kernels.equalise(z, equaliser(QUARTER), e)
    span, steps = (600, 9) if blind is None else (3000, 41)
    more, unit = kernels.finest_turn(e, layout.known_at, known[sequence], 2 * np.pi * span / SYMBOL_RATE_HZ, steps)
    at, told = _told(kind)
    fit, energy = kernels.explained(z, at, told[sequence], more, unit)
    part = power[max(0, int(start)) : max(1, int(start + layout.symbols * per))]
    level_db = _level_db(float(np.mean(part)) if len(part) else 1.0)
    training = _training_nats(fit, energy, len(at), noise * receiver.noise_gain / 2, level_db)
    lam, payload = kernels.coherence(e, layout.known_at, known.shape[1], more, unit)
    score = training
    modulation, amplitude = "gmsk", strength / known.shape[1]
    if kind == "normal" and blind is not None and lam < 0.25 and blind > 0.6:
        # The training is antipodal, the payload is not; and all turns by 3/16 a symbol, not by a quarter.
        modulation, turn = "8psk", turn + QUARTER - 3 * np.pi / 8
        score = training = -(known.shape[1] - 1) * math.log1p(-min(blind, 0.999999))
    else:
        score += -float(log_ndtr(-lam * math.sqrt(payload)))
        fine, amplitude = kernels.remodulated(z, layout.known_at, known[sequence], pulse_autocorrelation(), more, unit)
        turn += fine
    snr = (amplitude / FIT_GAIN) ** 2 / (noise * CHANNEL_HZ / (SYMBOL_RATE_HZ * per))
    continuous = sliding and not _guarded(power, start, start + layout.symbols * per, per)
    return _Match(
        kind, modulation, sequence, score, training, start, turn, 10 * math.log10(max(snr, 1e-3)), level_db, continuous
    )


def _training_nats(told: float, energy: float, length: int, variance: float, level_db: float) -> float:
    """Evidence that the known symbols are there against as much energy without them.

    A likelihood ratio in which the variance is estimated from `length` values on the real axis and, for a weak burst,
    from the floor, which then counts as PRIOR_VALUES more: what is weak can be little else than noise, what is strong
    may be any other signal.
    """
    prior = float(np.interp(level_db, (WEAK_DB, CLEAR_DB), (PRIOR_VALUES, 0.0)))
    total = energy + prior * variance
    return -0.5 * (length - 1 + prior) * math.log1p(-min(told / max(total, 1e-30), 0.999999))


def _level_db(ratio: float) -> float:
    """SNR in 200 kHz from the power over the noise in the channel filter."""
    return 10 * math.log10(max((ratio - 1) * FILTER_HZ / CHANNEL_HZ, 1e-3))


def _guarded(power: NDArray[np.float32], start: float, end: float, per_symbol: float) -> bool:
    """Whether the power falls before and after a burst, as it does in the guard periods of an uplink."""
    inside = float(np.mean(power[max(0, int(start)) : int(end)]))
    for a, b in ((start - 6 * per_symbol, start - 3 * per_symbol), (end + 3 * per_symbol, end + 6 * per_symbol)):
        guard = power[max(0, int(a)) : max(0, int(b))]
        if len(guard) and float(np.mean(guard)) > max(GUARD_DEPTH * inside, 1.5):
            return False
    return True


def _hypothesis(
    y: NDArray[np.complex64],
    receiver: Receiver,
    noise: float,
    kind: Kind,
    base: float,
    places: int,
    level_db: float,
) -> tuple[int, int, int, float, float | None]:
    """Find the known symbols: sequence, place, phase, turn in radians a symbol, and ρ² where nothing else told it."""
    layout, known = FORMATS[kind], _known(kind)
    total = places + layout.symbols + 4
    z = np.empty((kernels.PHASES, total), np.complex64)
    e = np.empty_like(z)
    kernels.window(y, base, receiver.per_symbol, receiver.table, QUARTER, equaliser(QUARTER), z, e)
    if kind == "normal":
        lines = _lines(e[:, SLACK_SYMBOLS : total - SLACK_SYMBOLS])
        variance = noise * receiver.noise_gain / 2
        power = FIT_GAIN**2 * 10 ** (level_db / 10) * noise * CHANNEL_HZ / (SYMBOL_RATE_HZ * receiver.per_symbol)
        variance = max(variance, power / MOST_GAIN)
        gain, expected = math.sqrt(power) / variance, power / variance / 2
        (at, told), symbols = _told(kind), layout.symbols
        _nats, best, _sequence, place = kernels.likeliest(z, lines, told, at, symbols, places, gain, expected)
        line = lines[best : best + 1]
        phase = int(line[0, 0])
        line[0, 2:] = _turned(line[0, 2:], line[0, 1] * place)
        kernels.tuned(z[phase, place : place + symbols], line[0], gain, ROUNDS)
        line[0, 2:] = _turned(line[0, 2:], -line[0, 1] * place)
        line = np.repeat(line, kernels.PHASES, axis=0)
        line[:, 0] = range(kernels.PHASES)
        _nats, phase, sequence, place = kernels.likeliest(z, line, told, at, symbols, places, gain, expected)
        turn = float(line[0, 1])
        unit = _turned(line[0, 2:], turn * place)
        fit, energy = kernels.explained(z[phase, place:], at, told[sequence], turn, complex(*unit))
        if level_db < CLEAR_DB or fit > SHORT_CUT * energy:
            return sequence, place, phase, turn, None
    # Too few symbols to find a carrier by, or eight phases: try each carrier offset.
    scratch = np.empty((2, total), np.float32)
    least = noise * receiver.noise_gain
    first = layout.known_at
    turns = _turns()
    rho, sequence, place, phase, index = kernels.best_match(e, known, first, first + places, turns, least, scratch)
    return sequence, place - first, phase, float(turns[index]), rho


def _turned(unit: NDArray[np.float64], angle: float) -> tuple[float, float]:
    """A unit complex number (real, imaginary) turned by an angle in radians."""
    turned = complex(unit[0], unit[1]) * cmath.exp(1j * angle)
    return turned.real, turned.imag


def _lines(e: NDArray[np.complex64]) -> NDArray[np.float64]:
    """Timing, carrier (radians a symbol) and phase of antipodal symbols, whatever they say: the tops of |Σ e² e^-2jωk|.

    e: complex64, shape (PHASES, K), symbols from SLACK_SYMBOLS on. float64, shape (LINES, 4): timing, turn, and the
    phase of symbol 0 of the window as a unit complex number, whose sign may be wrong.
    """
    e = e[:, :TRANSFORM]
    spectrum = scipy.fft.fft(e * e, TRANSFORM, axis=1)
    near = np.concatenate([spectrum[:, -REACH:], spectrum[:, : REACH + 1]], axis=1)
    power = near.real**2 + near.imag**2
    lines = np.empty((LINES, 4))
    for i in range(LINES):
        phase, top = divmod(int(np.argmax(power)), power.shape[1])
        row, shift = power[phase], 0.0
        if 0 < top < len(row) - 1:
            left, middle, right = np.sqrt(row[top - 1 : top + 2]).tolist()
            shift = min(max(0.5 * (left - right) / (left - 2 * middle + right - 1e-30), -0.5), 0.5)
        twice = 2 * math.pi * (top - REACH + shift) / TRANSFORM
        angle = cmath.phase(complex(near[phase, top]))
        angle -= twice * SLACK_SYMBOLS + 2 * math.pi * shift / TRANSFORM * (e.shape[1] - 1) / 2
        lines[i] = phase, twice / 2, math.cos(angle / 2), math.sin(angle / 2)
        power[:, max(0, top - 2) : top + 3] = 0
    return lines


@lru_cache
def _turns() -> NDArray[np.float64]:
    """Carrier offsets to try, in radians a symbol. 8-PSK training, seen as GMSK, lies 1/32 of a turn a symbol lower."""
    psk8 = SYMBOL_RATE_HZ / 16
    offsets = np.arange(-CFO_HZ - psk8, CFO_HZ + CFO_STEP_HZ, CFO_STEP_HZ)
    return 2 * np.pi / SYMBOL_RATE_HZ * offsets


def _emission(
    match: _Match, block: Block, receiver: Receiver, carrier: float, first: int, floor_dbfs_hz: float
) -> Emission:
    """What leaves this room: no symbol, no decision."""
    rate = block.segment.rate_hz
    offset = carrier + match.turn / (2 * np.pi) * SYMBOL_RATE_HZ
    start = block.sample_start + first + match.start * receiver.step
    centre = block.segment.centre_hz
    nominal = offset
    if centre is not None:
        nominal = round((centre + offset) / CHANNEL_HZ) * CHANNEL_HZ - centre
    per_symbol = rate / SYMBOL_RATE_HZ
    side = "unknown" if centre is None else direction_at(centre + offset)
    downlink = match.continuous or side == "downlink"
    return Emission(
        label="gsm:downlink" if downlink else f"gsm:{match.kind}",
        sample_start=math.floor(start),
        sample_count=round(FORMATS[match.kind].symbols * per_symbol),
        low_offset_hz=nominal - CHANNEL_HZ / 2,
        high_offset_hz=nominal + CHANNEL_HZ / 2,
        snr_db=match.snr_db,
        confidence=_confidence(match),
        cfo_hz=offset - nominal if centre is not None else None,
        carrier_offset_hz=offset,
        timing_samples=start - math.floor(start),
        direction="downlink" if downlink else "uplink",
        floor_dbfs_hz=floor_dbfs_hz,
        details={
            "training_sequence" if match.kind == "normal" else "synchronisation_sequence": match.sequence,
            "modulation": match.modulation,
            "score": round(match.score, 2),
        },
    )


def _confidence(match: _Match) -> float:
    """Probability that the name is right, from how far the score lies above its threshold."""
    return 1.0 - 0.5 * math.exp(-max(0.0, _margin(match)) / 3.0)


def _one_each(found: list[Emission]) -> list[Emission]:
    """Of emissions that lie over each other, the one with the best score."""
    kept: list[Emission] = []
    for emission in sorted(found, key=lambda e: -float(e.details["score"])):
        middle = emission.sample_start + emission.sample_count / 2
        if all(
            abs(middle - k.sample_start - k.sample_count / 2) > 0.5 * emission.sample_count
            or abs((emission.carrier_offset_hz or 0) - (k.carrier_offset_hz or 0)) > 0.6 * CHANNEL_HZ
            for k in kept
        ):
            kept.append(emission)
    return kept


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Call a carrier downlink that is busy in most of its slots: no phone sends in six of eight, a base station does.

    `emissions` are those of a stretch of a recording, in any order.
    """
    slot = SLOT_SYMBOLS / SYMBOL_RATE_HZ * rate_hz
    carriers: dict[int, list[int]] = {}
    for e in emissions:
        if e.label != "gsm:access":
            carriers.setdefault(_carrier(e), []).append(e.sample_start)
    for starts in carriers.values():
        starts.sort()
    settled = []
    for e in emissions:
        starts = carriers.get(_carrier(e), []) if e.label == "gsm:normal" else []
        near = starts[bisect(starts, e.sample_start - 12 * slot) : bisect(starts, e.sample_start + 12 * slot)]
        busy = len(near) >= 6 and len(near) * slot > 0.5 * (near[-1] - near[0] + slot)
        settled.append(replace(e, label="gsm:downlink", direction="downlink") if busy else e)
    return settled


def _carrier(emission: Emission) -> int:
    return round((emission.low_offset_hz + emission.high_offset_hz) / 2 / CHANNEL_HZ * 2)


INTERFACE = Interface(
    name="gsm",
    standard="3GPP TS 45.002, TS 45.004",
    kinds={
        "gsm:access": "a phone asks for a channel (access burst)",
        "gsm:normal": "a phone talks, texts or sends data (normal burst)",
        "gsm:downlink": "a base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=SYMBOL_RATE_HZ,
    bandwidth_hz=CHANNEL_HZ,
    recognise=recognise,
    settle=settle,
)
