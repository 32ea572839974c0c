"""Judges what was fitted: how sure it is that a burst is GSM, and how strong it is.

    nats of the known symbols ─┐
    nats of the payload's lying on one axis ─┴► score ─ what is asked for at that level ► margin ► probability

Thresholds rest on signals that are no phone's: Gaussian noise, other systems, remotes (`make soak LANE=2`, `LANE=3`).
"""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import log_ndtr

from cellwarden.airinterface.gsm_fit import Fit
from cellwarden.airinterface.gsm_receiver import Receiver, known_symbols
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SYMBOL_RATE_HZ, Kind

WEAK_DB, CLEAR_DB = 2.0, 6.0
"""SNR up to which a burst is too weak, and from which it is clear enough, to tell its noise without the floor."""
PRIOR_VALUES = 60.0
"""Values that the noise floor counts as when the variance of a weak burst's symbols is estimated."""
LEAST_SCORE: dict[Kind, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "normal": ((0.0, 1.5, 3.0), (24.0, 14.5, 16.5)),
    "access": ((0.0, 2.0), (21.0, 17.0)),
}
"""SNR in dB, and the least score in nats there. Of a thousand other signals of a burst's size and level (Gaussian, or
one resource block of SC-FDMA) fewer than one reaches it, but for some ten between 2 and 3 dB."""
UNFIT_NATS = 8.0
"""Taken off for each decibel of its energy that a burst's symbols leave unexplained."""
LEAST_TRAINING = ((1.5, 3.0, 5.0, 8.0), (7.5, 10.0, 14.0, 18.0))
"""SNR in dB, and the least nats of the known symbols by themselves."""
ENOUGH_TRAINING = ((CLEAR_DB - 1.0, CLEAR_DB), (28.0, 23.0))
"""SNR in dB, and the nats of known symbols that need no others beside them: 8-PSK, and echoes."""
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


@dataclass(frozen=True, slots=True)
class Match:
    """One recognised burst in symbols of a channel's samples."""

    kind: Kind
    modulation: str
    sequence: int
    score: float
    """Nats of all symbols."""
    training: float
    """The known symbols' part of the score."""
    start: float
    """Index of the beginning of symbol 0 among the channel's samples."""
    turn: float
    """Carrier offset in radians a symbol."""
    snr_db: float
    """Of the part that fits the hypothesis."""
    level_db: float
    """Of all energy in the channel."""
    continuous: bool
    margin: float
    """Nats that it has more than it needs."""


Method = Literal["clear", "likeliest", "carriers"]


class Guess(NamedTuple):
    """A burst's sequence, index of symbol 0, carrier (radians a symbol), and how it was guessed."""

    sequence: int
    start: float
    turn: float
    method: Method
    rho: float
    """Squared correlation coefficient of the known symbols."""


def judged(kind: Kind, guess: Guess, told: Fit, noise: float, receiver: Receiver, continuous: bool) -> Match:
    """The match that a fitted guess makes. noise: the variance that white noise would have in a sample."""
    level_db = level_of(told.ratio, receiver)
    training = _training_nats(told.told, told.energy, told.values, noise * receiver.noise_gain / 2, level_db)
    length = known_symbols(kind).shape[1]
    if guess.method == "carriers" and kind == "normal":
        training = max(training, _nats(length - 1, guess.rho))
    modulation, turn, amplitude = "gmsk", guess.turn + told.turn, told.amplitude
    if kind == "normal" and told.coherence < ONE_AXIS and training >= enough(level_db):
        # The training is antipodal, the payload is not; and all turns by 3/16 a symbol, not by a quarter.
        modulation, turn, amplitude = "8psk", guess.turn + np.pi / 2 - 3 * np.pi / 8, told.strength / length
        score = training
    else:
        score = training - float(log_ndtr(-told.coherence * math.sqrt(told.payload)))
    snr = (amplitude / FIT_GAIN) ** 2 / (noise * CHANNEL_HZ / (SYMBOL_RATE_HZ * receiver.per_symbol))
    snr_db = 10 * math.log10(max(snr, 1e-3))
    left = _margin(kind, modulation, score, training, snr_db, level_db)
    return Match(
        kind, modulation, guess.sequence, score, training, told.start, turn, snr_db, level_db, continuous, left
    )


def _margin(kind: Kind, modulation: str, score: float, training: float, snr_db: float, level_db: float) -> float:
    """Nats that a match has more than it needs: of all symbols together, or of the known ones by themselves."""
    alone = training - enough(level_db)
    if modulation == "8psk" or training < _between(level_db, *LEAST_TRAINING):
        return alone
    unfit = min(snr_db - level_db, 0.0)
    return max(alone, score + UNFIT_NATS * unfit - _between(level_db, *LEAST_SCORE[kind]))


def _between(x: float, at: tuple[float, ...], values: tuple[float, ...]) -> float:
    """Straight lines through the points (at, values), level outside."""
    if x <= at[0]:
        return values[0]
    for left, right, low, high in zip(at, at[1:], values, values[1:], strict=False):
        if x < right:
            return low + (high - low) * (x - left) / (right - left)
    return values[-1]


def enough(level_db: float) -> float:
    """Nats of known symbols that need no others beside them, at a level."""
    return _between(level_db, *ENOUGH_TRAINING)


def confidence(match: Match) -> float:
    """Probability that the name is right, fitted to what half phones and half impostors gave (`make soak LANE=3`)."""
    return 1.0 / (1.0 + math.exp(-(CONFIDENCE[0] * match.margin + CONFIDENCE[1])))


def convinces(match: Match) -> bool:
    """Whether a match leaves no doubt that is worth another search: known symbols and payload speak for it."""
    return match.margin > 0 and match.score - match.training > PAYLOAD_NATS


def _training_nats(told: float, energy: float, count: int, variance: float, level_db: float) -> float:
    """Evidence that the known symbols are there against as much energy without them.

    A likelihood ratio in which the variance is estimated from `count` values on the real axis and, for a weak burst,
    from the floor, which then counts as PRIOR_VALUES more: what is weak can be little else than noise, what is strong
    may be any other signal.
    """
    prior = _between(level_db, (WEAK_DB, CLEAR_DB), (PRIOR_VALUES, 0.0))
    total = energy + prior * variance
    return _nats(0.5 * (count - 1 + prior), told / max(total, 1e-30))


def _nats(freedom: float, share: float) -> float:
    """Evidence of a share ρ² of energy explained: -f ln(1 - ρ²)."""
    return -freedom * math.log1p(-min(share, 0.999999))


def level_of(ratio: float, receiver: Receiver) -> float:
    """SNR in 200 kHz from the power over the noise behind the channel filter."""
    noise_hz = receiver.channel_noise * SYMBOL_RATE_HZ * receiver.per_symbol
    return 10 * math.log10(max((ratio - 1) * noise_hz / (PASSED * CHANNEL_HZ), 1e-3))


def ratio_of(level_db: float, receiver: Receiver) -> float:
    """The way back: power over the noise behind the channel filter from the SNR in 200 kHz."""
    noise_hz = receiver.channel_noise * SYMBOL_RATE_HZ * receiver.per_symbol
    return 1 + 10 ** (level_db / 10) * PASSED * CHANNEL_HZ / noise_hz
