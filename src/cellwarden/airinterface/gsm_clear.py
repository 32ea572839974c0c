"""Clear bursts, guessed and judged in one compiled pass: what is strong need not be searched for as what is weak.

    energy of a burst's length                      ► place, to some symbols
    two lines in the spectrum of its squares        ► carrier offset, timing
    on the real axis that is left, the known sequences at each place
                                                    ► sequence, place

It is but a guess: the same evidence is asked for as of any other.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_eight import UNASKED
from cellwarden.airinterface.gsm_fit import read
from cellwarden.airinterface.gsm_judge import Match, Verdict, asked, convinces, judged, lined
from cellwarden.airinterface.gsm_kernels import FEWEST_SYMBOLS, mean, stretches
from cellwarden.airinterface.gsm_lines import lines
from cellwarden.airinterface.gsm_receiver import Layout
from cellwarden.airinterface.gsm_station import STATION_SLOTS, goes_on
from cellwarden.airinterface.gsm_symbols import (
    QUARTER,
    Parts,
    cut,
    equalise,
    filtered,
    limited,
    power,
    spin,
    turn,
    turning,
)
from cellwarden.airinterface.gsm_trials import finest_turn
from cellwarden.airinterface.gsm_twins import settled
from cellwarden.airinterface.gsm_waveform import SLOT_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.compiled import exact, fast
from cellwarden.detect.dots import PLACES, slid

SKIRT = 80e3 / SYMBOL_RATE_HZ
"""Cycles a symbol by which a burst's power may lie off the middle of its channel; a skirt of the next one lies more."""
AROUND = 6
"""Symbols before and after the strongest stretch in which a burst may begin that stands alone."""
WIDEST_SPARE = 16.0
"""Symbols by which the edges of a clear burst may err and it is still guessed from where its middle is."""
RAMP = 4.0
"""Symbols before and after a burst that its ramps and the channel filter fill."""
CLEAR = 2.0
"""Least power over the noise, some 1 dB of SNR: what is weaker does not pass for clear."""
ROUNDS = 3
"""In which bursts are taken out of a channel's power."""
MOST_CLEAR = 16
"""Bursts found in one channel at once; a stretch of more slots may be a base station's."""
JUDGED = ("score", "training", "turn", "snr_db", "level_db", "margin")
FOUND = np.dtype(
    [("box", "i8"), ("carrier_hz", "f8"), ("density", "f8"), ("sequence", "i8"), ("start", "f8")]
    + [(name, "f8") for name in JUDGED]
)
"""A burst that was found: the box it lies in, its channel's middle and noise, where it begins, what was judged."""


class Heard(NamedTuple):
    """A guess at a burst, and its symbols."""

    sequence: int
    start: float
    """Sample index of the beginning of symbol 0."""
    turn: float
    """Carrier in radians a symbol."""
    z: Parts
    e: Parts
    """Its symbols as matched and as equalised, turned back by the carrier, of any phase."""


@fast
def agreed(axis: NDArray[np.float32], known: NDArray[np.float32], places: int) -> tuple[float, int, int]:
    """Squared correlation coefficient of the best known sequence with numbers on one axis: (ρ², sequence, place).

    axis: float32, shape (n,), n at least `places`, in whole vectors, and a sequence more; known: ±1, shape (m, L).
    """
    length = known.shape[1]
    count = -(-places // PLACES) * PLACES
    energy = np.full(count, np.float32(1e-30))
    for i in range(length):
        part = axis[i : i + count]
        for k in range(count):
            energy[k] += part[k] * part[k]
    agreement = np.empty(PLACES, np.float32)
    signs = known.reshape(-1)
    best = (0.0, 0, 0)
    for s in range(len(known)):
        for first in range(0, count, PLACES):
            slid(axis[first:], signs, s * length, length, agreement)
            for k in range(min(PLACES, places - first)):
                rho = agreement[k] * agreement[k] / (energy[first + k] * length)
                if rho > best[0]:
                    best = (float(rho), s, first + k)
    return best


@fast
def squared(e: Parts, first: int, end: int) -> complex:
    """Sum of the squares from symbol `first` to before `end`."""
    re, im, a, b = np.float32(0), np.float32(0), e[0, first:end], e[1, first:end]
    for k in range(len(a)):
        re += a[k] * a[k] - b[k] * b[k]
        im += 2 * a[k] * b[k]
    return complex(re, im)


@fast
def guess(y: Parts, first: float, around: int, layout: Layout) -> Heard:
    """A burst that begins within `around` symbols of sample `first`."""
    per, symbols, length = layout.per_symbol, layout.symbols, layout.known.shape[1]
    turn, middle = lines(y, int(first + around * per), int(first + (symbols - around) * per), per, layout.waves)
    places = 2 * around + 1
    late = (middle - first) / per - 0.5
    base = first + (late - np.floor(late) - around) * per
    z = np.empty((2, places + symbols - 1), np.float32)
    e = np.empty_like(z)
    filtered(y, base, per, layout.table, z)
    spin(z, turning(QUARTER + turn, z.shape[1]), 1.0 + 0.0j)
    equalise(z, layout.weights, e)
    angle = np.angle(squared(e, places - 1, symbols)) / 2  # of symbols that are the burst's wherever it begins
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    axis = np.zeros(places + PLACES + length, np.float32)
    re, im = e[0, layout.known_at :], e[1, layout.known_at :]
    for k in range(places + length - 1):
        axis[k] = re[k] * cosine + im[k] * sine
    _rho, sequence, place = agreed(axis, layout.known, places)
    end = place + symbols
    return Heard(sequence, base + place * per, turn, cut(z, place, end), cut(e, place, end))


@fast
def strongest(power: NDArray[np.float32], first: int, end: int, length: int) -> int:
    """Where, from `first` to before `end`, the most power lies within a `length`."""
    most = 0.0
    for i in range(first, first + length):
        most += power[i]
    running = most
    best = first
    for i in range(first, end - length):
        running += power[i + length] - power[i]
        if running > most:
            most = running
            best = i + 1
    return best


@fast
def plain(
    y: Parts,
    noise: float,
    layout: Layout,
    more: float,
    found: NDArray[np.void],
) -> tuple[int, bool]:
    """The normal bursts of one channel that are clear, and whether nothing else is there.

    noise: the variance that white noise would have in a sample before the channel filter; layout: of normal bursts;
    more: nats asked for on top; found: FOUND, filled from its beginning; returns how many there are.
    """
    per, freedom = layout.per_symbol, 1 / layout.channel_noise
    strength = power(y, freedom / noise)
    left = strength.copy()
    whole, slot, ramp = layout.symbols * per, SLOT_SYMBOLS * per, RAMP * per
    count = 0
    for _ in range(ROUNDS):  # what is weaker, or out of step, shows once the rest is taken away
        before = count
        doubtful = False
        told = stretches(left, freedom, per)
        for a, b in told:
            slots = max(1, int((b - a) / slot + 0.4))
            least = more + asked((b - a) / per, slots)
            if slots >= STATION_SLOTS:
                return count, False
            begin = (a + b - (slots - 1) * slot - whole) / 2
            spare = abs(b - a - (slots - 1) * slot - whole) / 2
            if spare > WIDEST_SPARE * per:  # something else lies before or after it
                if b - a < whole:
                    doubtful = True
                    continue
                slots, begin, spare = 1, float(strongest(left, a, b, int(whole))), 0.0
            for number in range(slots):
                first = begin + number * slot
                if abs(turn(y, int(max(first, 0)), int(first + whole))) * per > SKIRT:
                    continue  # of a burst on the next channel
                room = count < len(found)
                if room and _one(y, strength, first, spare, least, noise, layout, found[count]):
                    start = found[count].start
                    left[max(int(start - ramp), 0) : int(start + whole + ramp)] = 1
                    count += 1
                else:
                    doubtful = True
        if not len(told):
            return count, True
        if doubtful or count == before:
            break
        if len(told) == 1 and count == 1 and _alone(found[0].start, y.shape[1], whole, ramp, per):
            return count, True
    return count, False


@exact
def _alone(start: float, count: int, whole: float, ramp: float, per_symbol: float) -> bool:
    """Whether what is left of `count` samples before and after a burst is too short for another one."""
    return max(start - ramp, count - start - whole - ramp) < FEWEST_SYMBOLS * per_symbol


@fast
def _one(
    y: Parts,
    strength: NDArray[np.float32],
    first: float,
    spare: float,
    least: float,
    noise: float,
    layout: Layout,
    one: Any,
) -> bool:
    """Whether a clear burst begins within some symbols and `spare` samples of `first`; if so, `one` is filled in.

    least: nats of margin that it needs.
    """
    per, whole = layout.per_symbol, layout.symbols * layout.per_symbol
    ratio = mean(strength, int(first), int(first + whole))
    if ratio < CLEAR:
        return False
    low = max(int(first - spare - (AROUND + RAMP) * per), 0)
    end = int(first + whole + spare + (AROUND + RAMP) * per)
    kept = limited(y, low, end, 2 * np.sqrt(ratio * noise * layout.channel_noise))
    heard = guess(kept, first - low, AROUND + int(spare / per + 1), layout)
    start = low + heard.start
    known = layout.known[heard.sequence]
    more = finest_turn(heard.e, layout.known_at, known, layout.near)
    told = read(heard.z, heard.e, heard.start, more, mean(strength, int(start), int(start + whole)), known, layout)
    told, sequence, turned = settled(kept, strength[low:], told, heard.sequence, heard.turn, layout)
    start = low + told.start
    verdict = judged(told, turned, 0.0, UNASKED, noise, layout)
    if verdict.margin < least or not convinces(verdict.score, verdict.training, verdict.margin):
        return False
    if goes_on(strength, start, start + whole, per):
        return False
    if not lined(kept, told.start, verdict, layout):
        return False
    one.sequence = sequence
    one.start = start
    one.turn = verdict.turn
    one.score = verdict.score
    one.training = verdict.training
    one.snr_db = verdict.snr_db
    one.level_db = verdict.level_db
    one.margin = verdict.margin
    return True


def matches(found: NDArray[np.void]) -> list[Match]:
    """What `plain` found, as any other bursts of GMSK."""
    told = (found[name].tolist() for name in ("sequence", "start", *JUDGED))
    return [
        Match("normal", sequence, start, False, Verdict(False, *v)) for sequence, start, *v in zip(*told, strict=True)
    ]
