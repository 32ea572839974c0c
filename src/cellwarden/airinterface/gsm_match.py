"""Looks for GSM bursts in the samples of one channel.

Power tells where a burst may lie; what follows reads the drawing above `gsm` from left to right.

    samples ► matched filter, 4 timings a symbol ► z, and equalised e
    normal burst:  lines of e² (carrier, phase) ► likelihood of each line, sequence and place on the real axis of z
    access burst:  the known symbols slide over e for every carrier offset; so do those of a normal burst of 8-PSK
    then:          time and carrier to a fraction; nats of the known symbols, nats of the payload's lying on one axis;
                   the decisions are sent once more, and the difference tells carrier offset and SNR

Decisions never leave the compiled loops. Carrier offset and SNR come near the Cramér–Rao bound.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface import gsm_clear, gsm_eight, gsm_symbols
from cellwarden.airinterface import gsm_kernels as kernels
from cellwarden.airinterface.gsm_clear import FOUND, MOST_CLEAR, RAMP, SKIRT, WIDEST_SPARE
from cellwarden.airinterface.gsm_fit import fit
from cellwarden.airinterface.gsm_judge import (
    CLEAR_DB,
    FIT_GAIN,
    LONGEST_SYMBOLS,
    Match,
    asked,
    convinces,
    judged,
    level_of,
    lined,
)
from cellwarden.airinterface.gsm_kernels import LEAST_EVIDENCE
from cellwarden.airinterface.gsm_lines import CFO_HZ
from cellwarden.airinterface.gsm_receiver import Layout, Receiver, layout
from cellwarden.airinterface.gsm_station import STATION_SLOTS, fills_frames, goes_on, one_clock
from cellwarden.airinterface.gsm_symbols import QUARTER, Parts
from cellwarden.airinterface.gsm_trials import trials
from cellwarden.airinterface.gsm_twins import settled
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SLOT_SYMBOLS, SYMBOL_RATE_HZ, Kind
from cellwarden.detect.evidence import evidence

CFO_STEP_HZ = 4_000.0
SLACK_SYMBOLS = 14
"""How far from the edges that power tells a burst may begin or end."""
TRANSFORM = 256
"""Bins of the transform that finds the carrier: 529 Hz each, since squares turn twice as fast."""
REACH = math.ceil(2 * CFO_HZ * TRANSFORM / SYMBOL_RATE_HZ)
LINES, CLEAR_LINES = 8, 2
"""Carriers tried for a normal burst, the strongest lines of its squared symbols; fewer where it is clear."""
ROUNDS = 2
"""Of tuning carrier and phase to a burst's own symbols."""
NEAR = 6
"""Symbols either way in which a burst is looked for again once its carrier is tuned."""
MOST_GAIN = 10.0
"""Most signal over noise that a symbol is believed to have: what is left then is its neighbours."""
MOST_LEVELS = 3
"""Bursts of how many different levels are looked for in a box."""
STATION_SCORE = 32.0
"""Least score of one that goes on without guard periods: a base station is strong, what is weak is something else."""
LEAST_HINT = 0.38
"""Squared correlation of known symbols, searched on every carrier, from which it is asked whether they are 8-PSK's: by
chance one search in a few has it, 98 in 100 bursts at 6 dB do."""
ENOUGH_STATIONS, ONE_CLOCK = 3, 3.0
"""In a stretch of a frame or more, so many bursts that go on, and nats that all come from one clock, prove a base
station; the other slots are left alone."""
PATIENCE = 10
"""Slots of such a stretch after which, without a burst in any, the others are left alone too: phones leave gaps."""
Method = Literal["clear", "likeliest", "carriers"]
SPANS: dict[Method, tuple[float, int]] = {"clear": (1800, 25), "likeliest": (600, 9), "carriers": (3000, 41)}
"""Hertz either way of a guessed carrier in which it is looked for, and in how many steps, by how it was guessed."""


class Guess(NamedTuple):
    """A burst's sequence, index of symbol 0, carrier (radians a symbol), and how it was guessed."""

    sequence: int
    start: float
    turn: float
    method: Method
    rho: float
    """Squared correlation coefficient of the known symbols, where these alone were searched."""


class _Channel(NamedTuple):
    """One channel's samples and what is known of them."""

    y: Parts
    power: NDArray[np.float32]
    """Over the noise."""
    noise: float
    """Variance that white noise would have in a sample of y."""
    receiver: Receiver


class _Stretch(NamedTuple):
    """Where a burst may lie: its first and last sample index, SNR, and whether it may begin anywhere in a slot."""

    begin: float
    end: float
    level_db: float
    sliding: bool


def matches(samples: NDArray[np.complex64], receiver: Receiver, noise: float, side: str = "unknown") -> list[Match]:
    """GSM bursts among the samples of one channel; of a base station's stretch no more than prove it.

    samples: complex64, shape (n,), `receiver.per_symbol` a symbol; noise: the variance that white noise would have in
    a sample, before the channel filter; side: who sends there, `uplink`, `downlink` or `unknown`.
    """
    clear, y = np.empty(MOST_CLEAR, FOUND), gsm_symbols.parts(samples)
    count, explained = gsm_clear.plain(y, noise, layout("normal", receiver.rate_hz), 0.0, clear)
    if count and explained:
        return gsm_clear.matches(clear[:count])
    power = gsm_symbols.power(y, 1 / (noise * receiver.channel_noise))
    left = power.copy()
    found: list[Match] = []
    tried: set[tuple[int, int]] = set()
    for _ in range(MOST_LEVELS):  # a weak burst beside a strong one shows once that is taken away
        fresh: list[Match] = []
        for stretch in _stretches(left, receiver):
            if stretch in tried:
                continue
            tried.add(stretch)
            clock = next((m.start for m in (*found, *fresh)), None) if side == "downlink" else None
            told, station = _in_stretch(y, power, noise, receiver, stretch, side, clock)
            fresh += told
            if station:
                left[slice(*stretch)] = 1.0
        found += fresh
        for match in fresh:
            first = max(0, int(match.start - RAMP * receiver.per_symbol))
            left[first : int(match.start + (FORMATS[match.kind].symbols + RAMP) * receiver.per_symbol)] = 1.0
        if not fresh:
            break
    return found


def _stretches(power: NDArray[np.float32], receiver: Receiver) -> list[tuple[int, int]]:
    """Where power over noise may hold a burst: first and end index."""
    found = kernels.stretches(power, 1 / receiver.channel_noise, receiver.per_symbol, LEAST_EVIDENCE)
    return [(a, b) for a, b in found.tolist()]


def _in_stretch(
    y: Parts,
    power: NDArray[np.float32],
    noise: float,
    receiver: Receiver,
    stretch: tuple[int, int],
    side: str,
    clock: float | None,
) -> tuple[list[Match], bool]:
    """The bursts believed in one stretch, and whether they are enough of it: a base station alone sends there.

    clock: start of a burst of the station that alone sends there, None where there is none known.
    """
    a, b = stretch
    limit = 2.0 * math.sqrt(
        float(np.partition(power[a:b], (b - a) // 2)[(b - a) // 2]) * noise * receiver.channel_noise
    )
    channel = _Channel(gsm_symbols.limited(y, 0, y.shape[1], limit), power, noise, receiver)
    symbols = (b - a) / receiver.per_symbol
    count = max(1, round((symbols - 20) / SLOT_SYMBOLS))
    more = asked(symbols, count)
    stations = 0
    found: list[Match] = []
    for number, slot in enumerate(_slots(channel, a, b, count)):
        if count >= STATION_SLOTS:
            if side == "downlink" and len(found) >= ENOUGH_STATIONS:
                return found, True
            if _is_station(found, stations, receiver):
                break
            if number == PATIENCE and not found:
                break
        if clock is not None and slot.sliding:
            slot = _clocked(slot, clock, receiver)
            if any(abs(match.start - slot.begin) < SLACK_SYMBOLS * receiver.per_symbol for match in found):
                continue
        for kind in _kinds(symbols, count, slot.level_db):
            match = _match(channel, slot, kind)
            told = match.verdict
            if told.margin < more or (match.continuous and told.score < STATION_SCORE):
                continue
            form = layout(kind, receiver.rate_hz)
            if lined(channel.y, match.start, told, form):
                stations += match.continuous
                found.append(match)
                clock = match.start if side == "downlink" else None
    return found, False


def _is_station(found: list[Match], stations: int, receiver: Receiver) -> bool:
    """Whether bursts of one stretch, so many of which go on, are surely a base station's."""
    if stations < ENOUGH_STATIONS:
        return False
    starts = np.array([match.start / receiver.per_symbol for match in found])
    return one_clock(starts, np.array([match.verdict.snr_db for match in found])) > ONE_CLOCK


def _slots(channel: _Channel, a: int, b: int, count: int) -> Iterator[_Stretch]:
    """A stretch cut into `count` slots, those left out that hold nothing or the skirt of the next channel."""
    y, power, _noise, receiver = channel
    slot = SLOT_SYMBOLS * receiver.per_symbol
    sliding = (b - a) / receiver.per_symbol > LONGEST_SYMBOLS
    for number in range(count):
        begin = a + number * slot
        end = b if number == count - 1 else begin + slot
        ratio = kernels.mean(power, int(begin), int(end))
        if evidence(ratio, (end - begin) * receiver.channel_noise) < LEAST_EVIDENCE:
            continue
        if abs(gsm_symbols.turn(y, int(begin), int(end))) * receiver.per_symbol < SKIRT:
            yield _Stretch(begin, end, level_of(ratio, receiver.channel_noise, receiver.per_symbol), sliding)


def _clocked(slot: _Stretch, clock: float, receiver: Receiver) -> _Stretch:
    """The slot of a station's clock that has most of one of a stretch: its burst begins there and nowhere else."""
    pitch = SLOT_SYMBOLS * receiver.per_symbol
    begin = clock + round((slot.begin - clock) / pitch) * pitch
    return slot._replace(begin=begin, end=begin + FORMATS["normal"].symbols * receiver.per_symbol, sliding=False)


def _kinds(symbols: float, count: int, level_db: float) -> tuple[Kind, ...]:
    """What a stretch of so many symbols may be; a faint one's edges are blurred by some fifty symbols."""
    if count > 1:
        return ("normal",)
    if level_db < CLEAR_DB:
        return ("access", "normal") if symbols < 190 else ("normal",)
    return ("access",) if symbols < 105 else ("access", "normal") if symbols < 130 else ("normal",)


def _match(channel: _Channel, stretch: _Stretch, kind: Kind) -> Match:
    """The best hypothesis for one burst in a stretch."""
    form = layout(kind, channel.receiver.rate_hz)
    per = form.per_symbol
    clear = _clear(channel, stretch, form) if stretch.level_db >= CLEAR_DB else None
    if clear is not None:
        match = _fitted(channel, kind, form, clear)
        if _convinces(match, channel, form):
            return match
    spare = math.ceil((stretch.end - stretch.begin) / per - form.symbols)
    missing = max(0, -spare)  # symbols too faint to show, at either end
    base = stretch.begin - (SLACK_SYMBOLS + missing) * per
    places = 2 * SLACK_SYMBOLS + abs(spare) + (int(SLOT_SYMBOLS) - SLACK_SYMBOLS if stretch.sliding else 0)
    z = np.empty((kernels.PHASES, places + form.symbols + 4), np.complex64)
    e = np.empty_like(z)
    gsm_symbols.window(channel.y, base, per, form.table, QUARTER, form.weights, z, e)
    if kind == "access":  # too few symbols to find a carrier by their squares
        return _fitted(channel, kind, form, _each_carrier(e, form, channel, base, places))
    match = _fitted(channel, kind, form, _likeliest(z, e, form, channel, stretch.level_db, base, places))
    if _convinces(match, channel, form):
        return match
    blind = _fitted(channel, kind, form, _each_carrier(e, form, channel, base, places))
    return max(match, blind, key=lambda m: (m.verdict.margin > 0 and _lined(m, channel, form), m.verdict.margin))


def _convinces(match: Match, channel: _Channel, form: Layout) -> bool:
    told = match.verdict
    return convinces(told.score, told.training, told.margin) and _lined(match, channel, form)


def _lined(match: Match, channel: _Channel, form: Layout) -> bool:
    return lined(channel.y, match.start, match.verdict, form)


def _clear(channel: _Channel, stretch: _Stretch, form: Layout) -> Guess | None:
    """A guess at one clear burst in the middle of a stretch; None where that does not tell its place."""
    spare = abs((stretch.end - stretch.begin) / form.per_symbol - form.symbols) / 2
    if stretch.sliding or spare > WIDEST_SPARE:
        return None
    first = (stretch.begin + stretch.end - form.symbols * form.per_symbol) / 2
    around = gsm_clear.AROUND + math.ceil(spare)
    heard = gsm_clear.guess(channel.y, first, around, form)
    return Guess(heard.sequence, heard.start, heard.turn, "clear", 0.0)


def _likeliest(
    z: NDArray[np.complex64],
    e: NDArray[np.complex64],
    form: Layout,
    channel: _Channel,
    level_db: float,
    base: float,
    places: int,
) -> Guess:
    """The likeliest burst on the carriers that its squared symbols tell, then on that carrier once it is tuned."""
    per = form.per_symbol
    power = FIT_GAIN**2 * 10 ** (level_db / 10) * channel.noise * CHANNEL_HZ / (SYMBOL_RATE_HZ * per)
    variance = max(channel.noise * form.noise_gain / 2, power / MOST_GAIN)
    gain, expected = math.sqrt(power) / variance, power / variance / 2

    middle = e[:, SLACK_SYMBOLS : e.shape[1] - SLACK_SYMBOLS][:, :TRANSFORM]
    count = LINES if level_db < CLEAR_DB else CLEAR_LINES
    lines = kernels.lines(scipy.fft.fft(middle * middle, TRANSFORM, axis=1), REACH, count, middle.shape[1])
    kernels.turned(lines, -SLACK_SYMBOLS)
    known = (form.known, form.known_at, form.tails, form.symbols)
    best, _sequence, place = kernels.likeliest(z, lines, *known, places, gain, expected)
    line = lines[best : best + 1]
    kernels.turned(line, place)
    kernels.tuned(z[int(line[0, 0]), place : place + form.symbols], line[0], gain, ROUNDS)
    first = max(0, place - NEAR)
    kernels.turned(line, first - place)
    timings = np.repeat(line, kernels.PHASES, axis=0)
    timings[:, 0] = range(kernels.PHASES)
    near = min(places, place + NEAR + 1) - first
    phase, sequence, place = kernels.likeliest(z[:, first:], timings, *known, near, gain, expected)
    return Guess(sequence, base + (first + place + phase / kernels.PHASES) * per, float(line[0, 1]), "likeliest", 0.0)


def _each_carrier(e: NDArray[np.complex64], form: Layout, channel: _Channel, base: float, places: int) -> Guess:
    """The known symbols at each place, time and carrier offset."""
    turns, scratch = _turns(), np.empty((2, e.shape[1]), np.float32)
    least = channel.noise * form.noise_gain
    first, step = form.known_at, 2 if form.normal else 1  # what is weak needs the finer timing
    timings = e[::step]
    rho, sequence, place, phase, index = kernels.best_match(
        timings, form.known, first, first + places, turns, least, scratch
    )
    start = base + (place - first + phase / len(timings)) * form.per_symbol
    return Guess(sequence, start, float(turns[index]), "carriers", rho if form.normal else 0.0)


def _fitted(channel: _Channel, kind: Kind, form: Layout, guess: Guess) -> Match:
    """Time, carrier, level and evidence of a burst that begins near where it was guessed."""
    per, known = form.per_symbol, form.known[guess.sequence]
    tried = trials(*SPANS[guess.method], form.symbols, len(known))
    told = fit(channel.y, channel.power, guess.start, guess.turn, known, form, tried)
    told, sequence, turned = settled(channel.y, channel.power, told, guess.sequence, guess.turn, form)
    end = told.start + form.symbols * per
    continuous = goes_on(channel.power, told.start, end, per) or fills_frames(channel.power, told.start, end, per)
    hint = guess.rho > LEAST_HINT
    psk8 = gsm_eight.eight(channel.y, guess.start, guess.turn, guess.sequence, form) if hint else gsm_eight.UNASKED
    verdict = judged(told, turned, guess.rho, psk8, channel.noise, form)
    return Match(kind, sequence, told.start, continuous, verdict)


@lru_cache
def _turns() -> NDArray[np.float64]:
    """Carrier offsets to try, in radians a symbol. 8-PSK training, seen as GMSK, lies 1/32 of a turn a symbol lower."""
    psk8 = SYMBOL_RATE_HZ / 16
    offsets = np.arange(-CFO_HZ - psk8, CFO_HZ + CFO_STEP_HZ, CFO_STEP_HZ)
    return 2 * np.pi / SYMBOL_RATE_HZ * offsets
