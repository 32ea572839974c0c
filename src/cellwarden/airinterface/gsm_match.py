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
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cellwarden.airinterface import gsm_clear
from cellwarden.airinterface import gsm_kernels as kernels
from cellwarden.airinterface.gsm_fit import fit
from cellwarden.airinterface.gsm_judge import (
    CLEAR_DB,
    FIT_GAIN,
    Guess,
    Match,
    Method,
    convinces,
    enough,
    judged,
    level_of,
    ratio_of,
)
from cellwarden.airinterface.gsm_receiver import (
    Receiver,
    equaliser,
    known_symbols,
    pulse_autocorrelation,
    tail_symbols,
)
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SLOT_SYMBOLS, SYMBOL_RATE_HZ, Kind
from cellwarden.detect.evidence import evidence

CFO_HZ = 25_000.0
"""Largest carrier offset tried, either way: 20 ppm of 900 MHz, and the error of a weak box's middle."""
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
RAMP = 4.0
"""Symbols before and after a burst that its ramps and the channel filter fill."""
FEWEST_SYMBOLS = 60
"""A stretch shorter than this is not looked into: it holds too little of an access burst."""
SPLIT = 14.0
"""Nats by which the evidence falls where one stretch ends and another begins."""
LEAST_EVIDENCE = 30.0
"""Least evidence of energy against noise in nats before symbols are looked for. A burst of 2 dB has 58; noise, with
some 10⁶ such stretches a second in 10 MHz, reaches it once in four months."""
SKIRT_HZ = 80_000.0
"""What has its power farther than this from the middle of the channel is the skirt of a burst on the next one."""
MOST_LINE: dict[Kind, float] = {"normal": 0.18, "access": 0.21}
"""Most of its power that a burst may have in one spectral line; one in a thousand has more by chance, a tone always."""
MANY_SCORE = 6.0
"""Asked for on top where a stretch is longer than one burst and every slot of it is looked into."""
STATION_SCORE = 32.0
"""Least score of one that goes on without guard periods: a base station is strong, what is weak is something else."""
WIDEST_SPARE = 16.0
"""Symbols by which the edges of a clear burst may err and it is still guessed from where its middle is."""
FILLED = 0.8
"""Part of all slots that a base station's beacon fills at one level; the rest may be bursts beside it."""
STATION_SLOTS, ENOUGH_STATIONS = 8, 3
"""In a stretch of a frame or more, so many bursts that go on prove a base station; the other slots are left alone."""
PATIENCE = 10
"""Slots of such a stretch after which, without a burst in any, the others are left alone too: phones leave gaps."""
LONGEST_SYMBOLS = 220
"""A stretch longer than this is no single burst, blurred as its edges may be."""
GUARD_DEPTH = 0.4
"""In the guard periods the power falls at least to this part of the burst's; a base station's carrier does not."""
ALIKE = 2.0
"""… and what a base station sends before and after is within this factor of the burst's power."""
SPANS: dict[Method, tuple[float, int]] = {"clear": (1800, 25), "likeliest": (600, 9), "carriers": (3000, 41)}
"""Hertz either way of a guessed carrier in which it is looked for, and in how many steps, by how it was guessed."""
QUARTER = np.pi / 2


class _Channel(NamedTuple):
    """One channel's samples and what is known of them."""

    y: NDArray[np.complex64]
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


def matches(y: NDArray[np.complex64], receiver: Receiver, noise: float) -> list[Match]:
    """GSM bursts among the samples of one channel.

    y: complex64, shape (n,), `receiver.per_symbol` samples a symbol; noise: the variance that white noise would have in
    a sample, before the channel filter.
    """
    alone = _alone(y, receiver, noise)
    if alone is not None:
        return [alone]
    power = kernels.power(y, 1 / (noise * receiver.channel_noise))
    left = power.copy()
    found: list[Match] = []
    for _ in range(MOST_LEVELS):  # a weak burst beside a strong one shows once that is taken away
        fresh = [m for stretch in _stretches(left, receiver) for m in _in_stretch(y, power, noise, receiver, stretch)]
        found += fresh
        for match in fresh:
            first = max(0, int(match.start - RAMP * receiver.per_symbol))
            left[first : int(match.start + (FORMATS[match.kind].symbols + RAMP) * receiver.per_symbol)] = 1.0
        if not fresh:
            break
    return found


def _alone(y: NDArray[np.complex64], receiver: Receiver, noise: float) -> Match | None:
    """The one clear normal burst that explains all, if that is what there is: most boxes hold just that."""
    layout, per = FORMATS["normal"], receiver.per_symbol
    span, steps = SPANS["clear"]
    found, sequence, turn, rho, told = gsm_clear.alone(
        y,
        1 / (noise * receiver.channel_noise),
        ratio_of(CLEAR_DB, receiver),
        (1 / receiver.channel_noise, layout.symbols * per, math.ceil(FEWEST_SYMBOLS * per), SPLIT, LEAST_EVIDENCE),
        round(RAMP * per),
        per,
        receiver.table,
        QUARTER,
        equaliser(QUARTER),
        pulse_autocorrelation(),
        known_symbols("normal"),
        layout.known_at,
        layout.symbols,
        tail_symbols("normal"),
        *gsm_clear.carriers(2 * np.pi * CFO_HZ / SYMBOL_RATE_HZ),
        2 * np.pi * span / SYMBOL_RATE_HZ,
        steps,
    )
    if not found:
        return None
    match = judged("normal", Guess(sequence, told.start, turn, "clear", rho), told, noise, receiver, False)
    return match if convinces(match) and match.training >= enough(match.level_db) else None


def _stretches(power: NDArray[np.float32], receiver: Receiver) -> list[tuple[int, int]]:
    """Where power over noise may hold a burst: first and end index."""
    per = receiver.per_symbol
    whole, fewest = FORMATS["normal"].symbols * per, math.ceil(FEWEST_SYMBOLS * per)
    found = kernels.stretches(power, 1 / receiver.channel_noise, whole, fewest, SPLIT, LEAST_EVIDENCE)
    return [(a, b) for a, b in found.tolist()]


def _in_stretch(
    y: NDArray[np.complex64], power: NDArray[np.float32], noise: float, receiver: Receiver, stretch: tuple[int, int]
) -> Iterator[Match]:
    """The bursts believed in one stretch."""
    a, b = stretch
    limit = 2.0 * math.sqrt(
        float(np.partition(power[a:b], (b - a) // 2)[(b - a) // 2]) * noise * receiver.channel_noise
    )
    channel = _Channel(kernels.limited(y, limit), power, noise, receiver)
    symbols = (b - a) / receiver.per_symbol
    count = max(1, round((symbols - 20) / SLOT_SYMBOLS))
    more = MANY_SCORE * (symbols > LONGEST_SYMBOLS) + math.log(count)
    stations, found = 0, 0
    for number, slot in enumerate(_slots(channel, a, b, count)):
        if count >= STATION_SLOTS and (stations == ENOUGH_STATIONS or (number == PATIENCE and not found)):
            return
        for kind in _kinds(symbols, count, slot.level_db):
            match = _match(channel, slot, kind)
            if match.margin < more or (match.continuous and match.score < STATION_SCORE):
                continue
            if match.training >= enough(match.level_db) or _line_share(channel, match) < MOST_LINE[match.kind]:
                yield match
                stations, found = stations + match.continuous, found + 1


def _line_share(channel: _Channel, match: Match) -> float:
    """Part of the power that lies in one spectral line: GMSK and 8-PSK have none, tones and much of FSK do."""
    first = max(0, int(match.start))
    part = channel.y[first : int(match.start + FORMATS[match.kind].symbols * channel.receiver.per_symbol)]
    spectrum = scipy.fft.fft(part, scipy.fft.next_fast_len(2 * len(part)))
    energy = float(np.vdot(part, part).real)
    return float(np.max(spectrum.real**2 + spectrum.imag**2)) / max(len(part) * energy, 1e-30)


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
        if abs(kernels.turn(y, int(begin), int(end))) * SYMBOL_RATE_HZ * receiver.per_symbol < SKIRT_HZ:
            yield _Stretch(begin, end, level_of(ratio, receiver), sliding)


def _kinds(symbols: float, count: int, level_db: float) -> tuple[Kind, ...]:
    """What a stretch of so many symbols may be; a faint one's edges are blurred by some fifty symbols."""
    if count > 1:
        return ("normal",)
    if level_db < CLEAR_DB:
        return ("access", "normal") if symbols < 190 else ("normal",)
    return ("access",) if symbols < 105 else ("access", "normal") if symbols < 130 else ("normal",)


def _match(channel: _Channel, stretch: _Stretch, kind: Kind) -> Match:
    """The best hypothesis for one burst in a stretch."""
    layout, per = FORMATS[kind], channel.receiver.per_symbol
    clear = _clear(channel, stretch, kind) if stretch.level_db >= CLEAR_DB else None
    if clear is not None:
        match = _fitted(channel, stretch, kind, clear)
        if convinces(match):
            return match
    spare = math.ceil((stretch.end - stretch.begin) / per - layout.symbols)
    missing = max(0, -spare)  # symbols too faint to show, at either end
    base = stretch.begin - (SLACK_SYMBOLS + missing) * per
    places = 2 * SLACK_SYMBOLS + abs(spare) + (int(SLOT_SYMBOLS) - SLACK_SYMBOLS if stretch.sliding else 0)
    z = np.empty((kernels.PHASES, places + layout.symbols + 4), np.complex64)
    e = np.empty_like(z)
    kernels.window(channel.y, base, per, channel.receiver.table, QUARTER, equaliser(QUARTER), z, e)
    if kind == "access":  # too few symbols to find a carrier by their squares
        return _fitted(channel, stretch, kind, _each_carrier(e, kind, channel, base, places))
    guess = _likeliest(z, e, kind, channel, stretch.level_db, base, places)
    match = _fitted(channel, stretch, kind, guess)
    if convinces(match):
        return match
    blind = _fitted(channel, stretch, kind, _each_carrier(e, kind, channel, base, places))
    return max(match, blind, key=attrgetter("margin"))


def _clear(channel: _Channel, stretch: _Stretch, kind: Kind) -> Guess | None:
    """A guess at one clear burst in the middle of a stretch; None where that does not tell its place."""
    layout, receiver = FORMATS[kind], channel.receiver
    per = receiver.per_symbol
    spare = abs((stretch.end - stretch.begin) / per - layout.symbols) / 2
    if stretch.sliding or spare > WIDEST_SPARE:
        return None
    first = (stretch.begin + stretch.end - layout.symbols * per) / 2
    sequence, start, turn, rho = gsm_clear.guess(
        channel.y,
        first,
        gsm_clear.AROUND + math.ceil(spare),
        per,
        receiver.table,
        QUARTER,
        equaliser(QUARTER),
        known_symbols(kind),
        layout.known_at,
        layout.symbols,
        *gsm_clear.carriers(2 * np.pi * CFO_HZ / SYMBOL_RATE_HZ),
    )
    return Guess(sequence, start, turn, "clear", rho)


def _likeliest(
    z: NDArray[np.complex64],
    e: NDArray[np.complex64],
    kind: Kind,
    channel: _Channel,
    level_db: float,
    base: float,
    places: int,
) -> Guess:
    """The likeliest burst on the carriers that its squared symbols tell, then on that carrier once it is tuned."""
    layout, known, tails = FORMATS[kind], known_symbols(kind), tail_symbols(kind)
    receiver, per = channel.receiver, channel.receiver.per_symbol
    power = FIT_GAIN**2 * 10 ** (level_db / 10) * channel.noise * CHANNEL_HZ / (SYMBOL_RATE_HZ * per)
    variance = max(channel.noise * receiver.noise_gain / 2, power / MOST_GAIN)
    gain, expected = math.sqrt(power) / variance, power / variance / 2

    middle = e[:, SLACK_SYMBOLS : e.shape[1] - SLACK_SYMBOLS][:, :TRANSFORM]
    count = LINES if level_db < CLEAR_DB else CLEAR_LINES
    lines = kernels.lines(scipy.fft.fft(middle * middle, TRANSFORM, axis=1), REACH, count, middle.shape[1])
    kernels.turned(lines, -SLACK_SYMBOLS)
    best, _sequence, place = kernels.likeliest(
        z, lines, known, layout.known_at, tails, layout.symbols, places, gain, expected
    )
    line = lines[best : best + 1]
    kernels.turned(line, place)
    kernels.tuned(z[int(line[0, 0]), place : place + layout.symbols], line[0], gain, ROUNDS)
    first = max(0, place - NEAR)
    kernels.turned(line, first - place)
    timings = np.repeat(line, kernels.PHASES, axis=0)
    timings[:, 0] = range(kernels.PHASES)
    near = min(places, place + NEAR + 1) - first
    phase, sequence, place = kernels.likeliest(
        z[:, first:], timings, known, layout.known_at, tails, layout.symbols, near, gain, expected
    )
    return Guess(sequence, base + (first + place + phase / kernels.PHASES) * per, float(line[0, 1]), "likeliest", 0.0)


def _each_carrier(e: NDArray[np.complex64], kind: Kind, channel: _Channel, base: float, places: int) -> Guess:
    """The known symbols at each place, time and carrier offset."""
    layout, known, turns = FORMATS[kind], known_symbols(kind), _turns()
    scratch = np.empty((2, e.shape[1]), np.float32)
    least = channel.noise * channel.receiver.noise_gain
    first, step = layout.known_at, 1 if kind == "access" else 2  # what is weak needs the finer timing
    timings = e[::step]
    rho, sequence, place, phase, index = kernels.best_match(
        timings, known, first, first + places, turns, least, scratch
    )
    start = base + (place - first + phase / len(timings)) * channel.receiver.per_symbol
    return Guess(sequence, start, float(turns[index]), "carriers", rho)


def _fitted(channel: _Channel, stretch: _Stretch, kind: Kind, guess: Guess) -> Match:
    """Time, carrier, level and evidence of a burst that begins near where it was guessed."""
    layout, receiver = FORMATS[kind], channel.receiver
    per, (span, steps) = receiver.per_symbol, SPANS[guess.method]
    told = fit(
        channel.y,
        channel.power,
        guess.start,
        QUARTER + guess.turn,
        per,
        receiver.table,
        equaliser(QUARTER),
        pulse_autocorrelation(),
        layout.symbols,
        layout.known_at,
        known_symbols(kind)[guess.sequence],
        tail_symbols(kind),
        2 * np.pi * span / SYMBOL_RATE_HZ,
        steps,
    )
    end = told.start + layout.symbols * per
    continuous = _goes_on(channel.power, told.start, end, per) or _fills_frames(channel.power, told.start, end, per)
    return judged(kind, guess, told, channel.noise, receiver, continuous)


def _goes_on(power: NDArray[np.float32], start: float, end: float, per_symbol: float) -> bool:
    """Whether a carrier goes on before and after a burst, at its power and without guard periods: no phone's does."""

    def over(at: float, first: float, last: float) -> float:
        return kernels.mean(power, int(at + first * per_symbol), int(at + last * per_symbol))

    level = over(start, 0, (end - start) / per_symbol)
    gaps = over(start, -6, -3), over(end, 3, 6)
    if min(gaps) <= max(GUARD_DEPTH * level, 1.5):
        return False
    beside = over(start, -40, -12) - 1, over(end, 12, 40) - 1
    return min(beside) > (level - 1) / ALIKE and max(beside) < (level - 1) * ALIKE


def _fills_frames(power: NDArray[np.float32], start: float, end: float, per_symbol: float) -> bool:
    """Whether nearly all slots of a frame and more are as loud as a burst's own: a phone sends in four of eight.

    (3GPP TS 45.002 annex B.1, multislot classes of one carrier.) A beacon may have guard periods, yet it never rests.
    """
    level, slot = kernels.mean(power, int(start), int(end)), SLOT_SYMBOLS * per_symbol
    first = start - math.floor(start / slot) * slot
    begins = np.arange(first, len(power) - (end - start), slot)
    if len(begins) < STATION_SLOTS:
        return False
    levels = [kernels.mean(power, int(at), int(at + end - start)) for at in begins.tolist()]
    alike = sum(level / ALIKE < one < level * ALIKE for one in levels)
    return alike >= FILLED * len(levels)


@lru_cache
def _turns() -> NDArray[np.float64]:
    """Carrier offsets to try, in radians a symbol. 8-PSK training, seen as GMSK, lies 1/32 of a turn a symbol lower."""
    psk8 = SYMBOL_RATE_HZ / 16
    offsets = np.arange(-CFO_HZ - psk8, CFO_HZ + CFO_STEP_HZ, CFO_STEP_HZ)
    return 2 * np.pi / SYMBOL_RATE_HZ * offsets
