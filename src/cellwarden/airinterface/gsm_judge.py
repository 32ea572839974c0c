"""Judges what was fitted: how sure it is that a burst is GSM, and how strong it is.

    nats of the known symbols ─┐
    nats of the payload's lying on one axis ─┴► score ─ what is asked for at that level ► margin ► probability

Thresholds rest on signals that are no phone's: Gaussian noise, other systems, remotes (`make soak LANE=2`, `LANE=3`).
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_eight import Eight
from cellwarden.airinterface.gsm_fit import Fit
from cellwarden.airinterface.gsm_receiver import Layout
from cellwarden.airinterface.gsm_symbols import Parts, line_share, squares_lines
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SYMBOL_RATE_HZ, Kind
from cellwarden.compiled import exact
from cellwarden.detect.evidence import log_tail

WEAK_DB, CLEAR_DB = 2.0, 6.0
"""SNR up to which a burst is too weak, and from which it is clear enough, to tell its noise without the floor."""
PRIOR_VALUES = 60.0
"""Values that the noise floor counts as when the variance of a weak burst's symbols is estimated."""
LEAST_NORMAL = ((0.0, 1.5, 3.0), (24.0, 14.5, 16.5))
LEAST_ACCESS = ((0.0, 2.0), (21.0, 17.0))
"""SNR in dB, and the least score in nats there. Of a thousand other signals of a burst's size and level (Gaussian, or
one resource block of SC-FDMA) fewer than one reaches it, but for some ten between 2 and 3 dB."""
UNFIT_NATS = 8.0
"""Taken off for each decibel of its energy that a burst's symbols leave unexplained."""
LEAST_TRAINING = ((1.5, 3.0, 5.0, 8.0), (7.5, 10.0, 14.0, 18.0))
"""SNR in dB, and the least nats of the known symbols by themselves."""
ENOUGH_TRAINING = ((CLEAR_DB - 1.0, CLEAR_DB), (28.0, 23.0))
"""SNR in dB, and the nats of known symbols that need no others beside them: 8-PSK, and echoes."""
ENOUGH_EIGHT = ((3.0, 5.0, 6.0, 8.0, 12.0), (45.0, 30.0, 29.0, 33.0, 41.0))
"""The same of the training of 8-PSK as `gsm_eight` matches it. Of 4,500 to 5,300 other signals of a burst's length at
each level (Gaussian, SC-FDMA, keyed at other rates) one in a thousand has 25, at 14 dB keyed ones 40; what is as faint
as boxes of noise may be one of very many."""
LONGEST_SYMBOLS = 220
"""A stretch longer than this is no single burst, blurred as its edges may be."""
MANY_SCORE = 6.0
"""Asked for on top where a stretch is longer than one burst and every slot of it is looked into."""
MOST_LINE = (0.21, 0.18)
"""Most of its power that an access and a normal burst may have in one spectral line where its known symbols are not
enough; one in a thousand has more by chance, a tone always."""
LEAST_LINE, MORE_TRAINING = 0.02, 12.0
"""Least power of the weaker line of squares over the stronger one's, and by how many nats known symbols must be more
than enough where that is not asked: what has much in common with a sequence has it at a thousand places. Behind echoes
of 300 ns one burst in a hundred has less than 0.09, what two phases at another rate leave there is below 0.01."""
LINE_SYMBOLS = 0.43
"""Cycles a symbol either way in which a line is looked for: as far as the channel filter passes."""
ONE_AXIS = 0.25
"""Least coherence of a payload of two phases; eight have none."""
PAYLOAD_NATS = 6.0
"""Least nats of a payload of two phases in a clear burst."""
FIT_GAIN = 0.885
"""Amplitude that the fit finds in a clean burst of 1."""
PASSED = 0.857
"""Part of a burst's power that passes the channel filter."""
CONFIDENCE = (0.30, 0.26)
"""Slope and intercept of the logistic map from margin to probability."""


class Verdict(NamedTuple):
    """What is believed of a fitted burst."""

    eight_phases: bool
    """Whether its payload is 8-PSK, not GMSK."""
    score: float
    """Nats of all symbols."""
    training: float
    """The known symbols' part of the score."""
    turn: float
    """Carrier offset in radians a symbol."""
    snr_db: float
    """Of the part that fits the hypothesis."""
    level_db: float
    """Of all energy in the channel."""
    margin: float
    """Nats that it has more than it needs."""


class Match(NamedTuple):
    """One recognised burst among a channel's samples."""

    kind: Kind
    sequence: int
    start: float
    """Index of the beginning of symbol 0."""
    continuous: bool
    verdict: Verdict


@exact
def judged(told: Fit, turn: float, rho: float, psk8: Eight, noise: float, layout: Layout) -> Verdict:
    """The verdict on a fitted burst.

    turn: radians a symbol, the guess that `told` refines; rho: squared correlation of the known symbols of a normal
    burst that was searched on every carrier, else 0; psk8: what its training told then, else UNASKED; noise: the
    variance that white noise would have in a sample.
    """
    length = layout.known.shape[1]
    level_db = level_of(told.ratio, layout.channel_noise, layout.per_symbol)
    training = _training_nats(told.told, told.energy, told.values, noise * layout.noise_gain / 2, level_db)
    training = max(training, _nats(length - 1, rho))
    alone = training - enough(level_db)
    eight = layout.normal and told.coherence < ONE_AXIS and alone >= 0
    if psk8.coherence < ONE_AXIS:
        by_eight = _nats(length - 1, psk8.share) - _between(level_db, ENOUGH_EIGHT)
        eight = eight or by_eight >= 0
        alone = max(alone, by_eight)
    score = training
    turned, amplitude = turn + told.turn, told.amplitude
    if eight:  # The training is antipodal, the payload is not; and all turns by 3/16 a symbol, not by a quarter.
        turned = (psk8.turn if psk8.share > 0 else turned) + np.pi / 2 - 3 * np.pi / 8
        amplitude = told.strength / length
    else:
        score -= log_tail(told.coherence * math.sqrt(told.payload))
    snr = (amplitude / FIT_GAIN) ** 2 / (noise * CHANNEL_HZ / (SYMBOL_RATE_HZ * layout.per_symbol))
    snr_db = 10 * math.log10(max(snr, 1e-3))
    margin = alone  # of the known symbols by themselves, or of all symbols together
    if not eight and training >= _between(level_db, LEAST_TRAINING):
        least = _between(level_db, LEAST_NORMAL) if layout.normal else _between(level_db, LEAST_ACCESS)
        margin = max(alone, score + UNFIT_NATS * min(snr_db - level_db, 0.0) - least)
    return Verdict(eight, score, training, turned, snr_db, level_db, margin)


@exact
def _between(x: float, points: tuple[tuple[float, ...], tuple[float, ...]]) -> float:
    """Straight lines through the points (at, values), level outside."""
    at, values = points
    if x <= at[0]:
        return values[0]
    for i in range(1, len(at)):
        if x < at[i]:
            return values[i - 1] + (values[i] - values[i - 1]) * (x - at[i - 1]) / (at[i] - at[i - 1])
    return values[-1]


@exact
def enough(level_db: float) -> float:
    """Nats of known symbols that need no others beside them, at a level."""
    return _between(level_db, ENOUGH_TRAINING)


def confidence(margin: float | NDArray[np.float64]) -> Any:
    """Probability that the name is right, fitted to what half phones and half impostors gave (`make soak LANE=3`)."""
    return 1.0 / (1.0 + np.exp(-(CONFIDENCE[0] * margin + CONFIDENCE[1])))


@exact
def convinces(score: float, training: float, margin: float) -> bool:
    """Whether a verdict leaves no doubt that is worth another search: known symbols and payload speak for it."""
    return margin > 0 and score - training > PAYLOAD_NATS


@exact
def asked(symbols: float, slots: int) -> float:
    """Nats of margin that a burst needs in a stretch of so many symbols, of which so many slots are looked into."""
    return (MANY_SCORE if symbols > LONGEST_SYMBOLS else 0.0) + math.log(slots)


@exact
def lined(y: Parts, start: float, told: Verdict, layout: Layout) -> bool:
    """Whether a burst that begins at a sample has the spectral lines of its kind: none itself, two of its squares.

    GMSK and 8-PSK have no line, tones have. Squares of GMSK have one half the symbol rate to either side of twice the
    carrier; two phases at any other rate have but one of them, a quarter of the symbol rate off, as Bluetooth's coded
    layer has: 250,000 symbols a second pass for GSM's on one axis. More than enough of known symbols need neither.
    """
    first, end = max(int(start), 0), min(int(start + layout.symbols * layout.per_symbol), y.shape[1])
    known = told.training - enough(told.level_db)
    most = MOST_LINE[int(layout.normal)]
    if known < 0 and line_share(y, first, end, LINE_SYMBOLS / layout.per_symbol) >= most:
        return False
    if known > MORE_TRAINING or told.eight_phases:
        return True
    upper, lower = squares_lines(y, first, end, 2 * told.turn / layout.per_symbol, np.pi / layout.per_symbol)
    return min(upper, lower) > LEAST_LINE * max(upper, lower)


@exact
def _training_nats(told: float, energy: float, count: int, variance: float, level_db: float) -> float:
    """Evidence that the known symbols are there against as much energy without them.

    A likelihood ratio in which the variance is estimated from `count` values on the real axis and, for a weak burst,
    from the floor, which then counts as PRIOR_VALUES more: what is weak can be little else than noise, what is strong
    may be any other signal.
    """
    prior = _between(level_db, ((WEAK_DB, CLEAR_DB), (PRIOR_VALUES, 0.0)))
    total = energy + prior * variance
    return _nats(0.5 * (count - 1 + prior), told / max(total, 1e-30))


@exact
def _nats(freedom: float, share: float) -> float:
    """Evidence of a share ρ² of energy explained: -f ln(1 - ρ²)."""
    return -freedom * math.log1p(-min(share, 0.999999))


@exact
def level_of(ratio: float, channel_noise: float, per_symbol: float) -> float:
    """SNR in 200 kHz from the power over the noise behind the channel filter."""
    noise_hz = channel_noise * SYMBOL_RATE_HZ * per_symbol
    return 10 * math.log10(max((ratio - 1) * noise_hz / (PASSED * CHANNEL_HZ), 1e-3))
